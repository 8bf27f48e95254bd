"""Session engines that merge their saves; see docs/merging.md.

Each engine replaces the one of Django with the same name. Stored data, cookies and keys
are the same, so a site can change SESSION_ENGINE at any time without logging anyone out.
"""

"""A session model with a column of its own and a store with a name of its own, as Django's documentation shows."""

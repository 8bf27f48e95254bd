"""A session model with columns of its own and a store with a name of its own, as Django's documentation shows."""

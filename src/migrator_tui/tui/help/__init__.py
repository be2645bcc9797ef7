"""The keys of what is focused, from the one table of keys."""

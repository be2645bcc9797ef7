"""A search for a better prompt: tries, one after another, within a budget of calls and money."""

"""The coverage screen: what the cases exercise, what they do not, and what would fill the gaps."""

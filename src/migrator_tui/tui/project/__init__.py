"""Screen 0: which task can move, and on which model."""

"""Tell others: the results of a run in the forms that other programs and people read."""

"""Comparing two arms while the traffic flows: intervals and tests that may be looked at any number of times."""

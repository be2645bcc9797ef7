"""Do the statistics hold what they state? `python -m tests.simulations` prints the figures that docstrings quote.

The suite runs the same functions with fewer numbers: tests/parity/statistics/test_levels.py.
"""

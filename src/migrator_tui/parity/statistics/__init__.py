"""What the counts say, and how surely: pure functions, each with the paper its formula is from.

The standard library does the arithmetic. Only resampling needs numpy, and imports it when it is called.
"""

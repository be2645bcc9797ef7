"""How fast the program is, against the limits in its design: `python -m tests.benchmarks [NAME …]`, or `make bench`.

Each module measures one row or a few that need the same set-up: `measure(runs) -> list[Row]`. They run one after the
other, each in a process of its own with a home of its own. The screens run in a real pseudo-terminal (160×45) and
are looked at from outside: key bytes go in, what is painted comes out.
"""

"""What happened: versions, runs, outputs, check results and verdicts, appended to a database and never lost.

Only this package knows SQLModel; what it hands out are the plain values of `history.records`.
"""

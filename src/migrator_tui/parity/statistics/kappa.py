"""How far two judges agree beyond chance."""


def cohens_kappa(both_pass: int, judge_only_pass: int, human_only_pass: int, both_fail: int) -> float | None:
    """1 is full agreement, 0 what chance would give, below 0 less than that; `None` where it is not defined.

    J. Cohen, "A coefficient of agreement for nominal scales", Educ. Psychol. Meas. 20 (1960) 37-46:
    (observed − expected) / (1 − expected), where two judges who pass as often as these, but independently, would
    agree on the expected share. Not defined without cases, and where both give every case the same one answer.
    """
    n = both_pass + judge_only_pass + human_only_pass + both_fail
    if not n:
        return None
    judge, human = both_pass + judge_only_pass, both_pass + human_only_pass
    observed = (both_pass + both_fail) * n
    expected = judge * human + (n - judge) * (n - human)
    return (observed - expected) / (n * n - expected) if expected != n * n else None

"""How large must harm be to be seen by now?"""

from math import sqrt

SEEN = 0.8416
"""Standard errors that the estimate must lie beyond the interval's reach for four of five to be seen."""
_HALVINGS = 40


def smallest_harm(
    harm: float, error: float, *, away: float, limit: float, share: float | None, own: float
) -> float | None:
    """The true harm that trips a guardrail with a chance of 80 % by now; `None` where no possible harm does.

    `away` is how far the interval's lower end lies below the estimate. A share (`share`: the candidate's, above 0 and
    below 1) varies more the larger it is, so for each supposed harm the candidate's part `own` of the variance is
    what it would be then.
    """
    reach = away / error + SEEN if error > 0 else 0.0
    if share is None:
        return limit + reach * error
    baseline = min(max(share - harm, 0.0), 1.0)
    seen = share * (1 - share)

    def beyond(supposed: float) -> float:
        rate = baseline + supposed
        return supposed - limit - reach * error * sqrt(1 - own + own * rate * (1 - rate) / seen)

    low, high = 0.0, 1 - baseline
    if high <= 0 or beyond(high) <= 0:
        return None
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if beyond(middle) > 0:
            high = middle
        else:
            low = middle
    return high

"""Many tests at once."""

from collections.abc import Sequence


def benjamini_hochberg(ps: Sequence[float]) -> list[float]:
    """Each p adjusted for having looked at all of them, in the same order.

    Y. Benjamini and Y. Hochberg, J. R. Stat. Soc. B 57 (1995) 289-300: calling everything up to q a finding keeps
    the expected share of false ones among the findings at or below q. The i-th smallest of m becomes the smallest
    of p·m/j over all j ≥ i.
    """
    adjusted = [1.0] * len(ps)
    smallest = 1.0
    for rank, place in reversed(list(enumerate(sorted(range(len(ps)), key=ps.__getitem__), start=1))):
        smallest = min(smallest, ps[place] * (len(ps) / rank))
        adjusted[place] = smallest
    return adjusted

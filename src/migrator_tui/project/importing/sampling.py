"""Few rows that show what many hold: stratified, seeded, the most different first.

Each row has labels: its tags, its language, how long it is, how many turns, the tools it calls, the model that
answered. A row is worth the more, the rarer its labels are among those taken already, so the first rows taken bring
something new each, and whatever is left of the sample is spread evenly over what there is.
"""

import heapq
import random
from array import array
from collections.abc import Iterable, Sequence

MOST_LOOKED_AT = 24
"""Rows of one stratum that are looked at for the one least like those taken already."""


class Strata:
    """Rows by their labels; only numbers are kept of them."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._sets: dict[tuple[int, ...], array[int]] = {}

    def add(self, row: int, labels: Iterable[str]) -> None:
        """Take one row."""
        known = tuple(sorted({self._numbers.setdefault(label, len(self._numbers)) for label in labels}))
        self._sets.setdefault(known, array("I")).append(row)

    @property
    def labels(self) -> Sequence[str]:
        """All labels that were seen."""
        return list(self._numbers)

    def sample(self, count: int, seed: int, keys: Sequence[Sequence[int]] | None = None) -> list[int]:
        """The rows to take, in the order they stand in the source.

        `keys` are, by row, those of its text (`likeness.keys_of`): among rows with the same labels the one is taken
        that shares the fewest with those taken already.
        """
        chance = random.Random(seed)  # noqa: S311 - a sample, no secret
        pools = []
        for labels, rows in self._sets.items():
            left = list(rows)
            chance.shuffle(left)
            pools.append((labels, left))
        taken_labels = [0] * len(self._numbers)
        taken_keys: set[int] = set()
        heap = [(-float(len(labels)), chance.random(), n) for n, (labels, _) in enumerate(pools)]
        heapq.heapify(heap)
        taken: list[int] = []
        while heap and len(taken) < count:
            stale, tie, number = heapq.heappop(heap)
            labels, left = pools[number]
            worth = sum(1 / (1 + taken_labels[label]) ** 2 for label in labels)
            # What a row is worth only falls: one whose worth is fresh and still the largest is the largest.
            if -stale > worth + 1e-12:
                heapq.heappush(heap, (-worth, tie, number))
                continue
            taken.append(_least_like(left, keys, taken_keys))
            for label in labels:
                taken_labels[label] += 1
            if keys is not None:
                taken_keys.update(keys[taken[-1]])
            if left:
                heapq.heappush(heap, (-worth, chance.random(), number))
        return sorted(taken)


def _least_like(left: list[int], keys: Sequence[Sequence[int]] | None, taken_keys: set[int]) -> int:
    """Take one row out of those left: of the last few, the one whose text shares least with what was taken."""
    if keys is None:
        return left.pop()
    begin = max(0, len(left) - MOST_LOOKED_AT)
    shared = [len(taken_keys.intersection(keys[row])) for row in left[begin:]]
    return left.pop(begin + shared.index(min(shared)))

"""Judging without knowing which model is which: cases and sides shuffled, names shown once both are judged."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(slots=True)
class BlindSession:
    """One round of blind judging over the cases that were to judge when it began."""

    numbers: list[int]
    """Case numbers in the order in which they are judged."""
    _baseline_left: dict[int, bool] = field(default_factory=dict)
    _judged: dict[int, dict[str, bool]] = field(default_factory=dict)

    @classmethod
    def start(cls, numbers: Sequence[int], seed: int | None = None) -> "BlindSession":
        """Shuffle cases and sides."""
        rng = random.Random(seed)  # noqa: S311 - a shuffle, not a secret
        shuffled = list(numbers)
        rng.shuffle(shuffled)
        return cls(shuffled, {no: rng.random() < 0.5 for no in shuffled})

    def baseline_is_left(self, no: int) -> bool:
        """Whether A is the baseline for this case."""
        return self._baseline_left.setdefault(no, random.random() < 0.5)  # noqa: S311

    def next_side(self, no: int, baseline: str, candidate: str) -> str | None:
        """The model whose output is judged next, left before right; `None` when both are judged."""
        left, right = (baseline, candidate) if self.baseline_is_left(no) else (candidate, baseline)
        judged = self._judged.get(no, {})
        return next((name for name in (left, right) if name not in judged), None)

    def judged(self, no: int, model_name: str, passed: bool) -> None:
        """Remember a verdict of this round."""
        self._judged.setdefault(no, {})[model_name] = passed

    def verdict(self, no: int, model_name: str) -> bool | None:
        """What was said in this round."""
        return self._judged.get(no, {}).get(model_name)

    def forget(self, no: int) -> None:
        """An undo: judge this case again."""
        self._judged.pop(no, None)

    def is_done(self, no: int) -> bool:
        """Both sides of the case are judged."""
        return len(self._judged.get(no, {})) == 2

    def next_case(self, after: int) -> int | None:
        """The next case that is not done, once around."""
        start = self.numbers.index(after) if after in self.numbers else -1
        rotated = self.numbers[start + 1 :] + self.numbers[: start + 1]
        return next((no for no in rotated if not self.is_done(no)), None)

    def revealed(self, no: int, baseline: str) -> str:
        """Which was which, once both are judged."""
        side = "A" if self.baseline_is_left(no) else "B"
        verdicts = self._judged.get(no, {})
        old = verdicts.get(baseline)
        new = next((passed for name, passed in verdicts.items() if name != baseline), None)
        word = ("both pass" if old else "both fail") if old == new else "regression" if old else "fixed"
        return f"baseline was {side} · {word}"

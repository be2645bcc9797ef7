"""Word diff of outputs of 10 KB and 100 KB, to difflib: from two texts to marked spans for both.

difflib compares all words, as ours does: by default it passes over frequent ones, which is faster and finds less.
"""

import difflib
import random
import re
import time
from collections.abc import Callable
from functools import partial
from statistics import median

from migrator_tui.parity.word_diff import word_diff
from tests.benchmarks.rows import Row

SIZES = (10_000, 100_000)
CHANGED = (0.1, 0.5)
"""Share of the words that differ."""


def measure(runs: int) -> list[Row]:
    """Each size with few and with many changes, both ways in turn."""
    rows = []
    for size in SIZES:
        for changed in CHANGED:
            old, new = texts(size, changed)
            assert "".join(span.text for span in word_diff(old, new) if span.kind != "added") == old
            ratios, ours, theirs, quick = [], [], [], []
            for _ in range(runs):
                ours.append(_seconds(partial(word_diff, old, new), times=5))
                theirs.append(_seconds(partial(with_difflib, old, new, autojunk=False), times=20_000 // size))
                quick.append(_seconds(partial(with_difflib, old, new, autojunk=True)))
                ratios.append(ours[-1] / theirs[-1])
            note = (
                f"{median(ours) * 1000:.1f} ms, difflib {median(theirs) * 1000:.1f} ms"
                f" ({median(quick) * 1000:.1f} ms passing over frequent words)"
            )
            what = f"word diff of {size // 1000} KB, {changed:.0%} of the words changed, to difflib"
            rows.append(Row(what, "×", 0.1, ratios, note))
    return rows


def texts(size: int, changed: float) -> tuple[str, str]:
    """Two texts of about that many characters, whose words are as frequent as in a language (Zipf's law)."""
    chance = random.Random(size)
    vocabulary = ["".join(chance.choices("etaoinshrdlu", k=chance.randint(2, 9))) for _ in range(5_000)]
    weights = [1 / (n + 2) for n in range(len(vocabulary))]
    words = chance.choices(vocabulary, weights, k=size // 6)
    others = chance.choices(vocabulary, weights, k=len(words))
    changes = [other if chance.random() < changed else word for word, other in zip(words, others, strict=True)]
    return " ".join(words), " ".join(changes)


def with_difflib(old: str, new: str, *, autojunk: bool) -> list[tuple[str, str]]:
    """The same with difflib: words with the space behind them, opcodes, spans."""
    a, b = (re.findall(r"(?:\w+|[^\w\s])\s*", text) for text in (old, new))
    spans = []
    for kind, i1, i2, j1, j2 in difflib.SequenceMatcher(None, a, b, autojunk=autojunk).get_opcodes():
        if kind == "equal":
            spans.append(("same", "".join(a[i1:i2])))
        else:
            spans += [("removed", "".join(a[i1:i2])), ("added", "".join(b[j1:j2]))]
    return spans


def _seconds(work: Callable[[], object], *, times: int = 1) -> float:
    """CPU time, the best of several: what else goes on has no part in it."""
    found = []
    for _ in range(max(1, times)):
        began = time.thread_time()
        work()
        found.append(time.thread_time() - began)
    return min(found)

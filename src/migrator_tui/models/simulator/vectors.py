"""Simulated embeddings: words and parts of words, hashed into a vector of length 1.

Texts that share words are near each other, whatever their order; texts that share none are far apart.
"""

import re
from collections import Counter
from hashlib import blake2b
from math import sqrt

from migrator_tui.models.simulator.text import fold

DIMENSIONS = 256
MOST_DIMENSIONS = 4096
_WORD = re.compile(r"\w+")


def vector(text: str, dimensions: int = DIMENSIONS) -> list[float]:
    """The vector of a text; of one without words, the first axis."""
    counts: Counter[str] = Counter()
    for word in _WORD.findall(fold(text)):
        counts[word] += 2
        padded = f"<{word}>"
        counts.update(padded[at : at + 3] for at in range(len(padded) - 2))
    values = [0.0] * dimensions
    for feature, count in counts.items():
        digest = int.from_bytes(blake2b(feature.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")
        values[(digest >> 1) % dimensions] += sqrt(count) * (1 if digest & 1 else -1)
    length = sqrt(sum(value * value for value in values))
    if not length:
        return [1.0] + [0.0] * (dimensions - 1)
    return [round(value / length, 7) for value in values]

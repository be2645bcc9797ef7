"""What calls of one conversation sum up to, and how that changes the sums over all conversations. Pure functions.

Sums over conversations need each conversation's own sum squared; so a conversation whose calls grow from a to b takes
what a counted out of the totals and puts in what b counts.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

BUCKETS = 25
"""Buckets of the histogram for each factor of e: one spans 4 %."""

COUNTS = (
    *("requests", "unkeyed", "client_errors", "failures", "fallbacks"),
    *("latency_n", "latency_sum", "first_token_n", "first_token_sum", "cost_n", "cost_sum"),
)
"""The columns of `ConversationRow` that are added up."""

OF_SLICE = (
    "requests",
    "failures",
    "fallbacks",
    "latency_n",
    "latency_sum",
    "cost_n",
    "cost_sum",
    "checked",
    "passed",
)
"""Those of `SliceRow`."""


ALONE = "alone:"
"""Before the metrics of calls that name no conversation. They are counted and not compared: all calls of an API key
are on one side, so the arms would differ by who calls."""


class Group(NamedTuple):
    """One arm in one stage."""

    name: str
    stage: int
    arm: str


class SliceKey(NamedTuple):
    """One minute of it."""

    name: str
    minute: int
    arm: str
    stage: int


def staged(events: Iterable[Any]) -> list[tuple[Any, Any]]:
    """Each event of one rollout, oldest first, with the one that its stage began with.

    A stage is the time during which neither step nor percentage changed, nor whether nobody sees the candidate.
    """
    found: list[tuple[Any, Any]] = []
    for event in events:
        first = found[-1][1] if found else event
        same = (event.step, event.percentage, event.shadow) == (first.step, first.percentage, first.shadow)
        found.append((event, first if same else event))
    return found


@dataclass(slots=True)
class Sums:
    """What a batch of calls adds."""

    conversations: dict[Group, dict[str, dict[str, float]]] = field(default_factory=lambda: defaultdict(dict))
    """By key of the conversation, what its calls add to each of `COUNTS`."""
    latencies: Counter[tuple[Group, str, int]] = field(default_factory=Counter)
    """Calls by bucket; the second is `latency` or `first-token`."""
    slices: dict[SliceKey, dict[str, float]] = field(default_factory=dict)
    last_ts: dict[SliceKey, float] = field(default_factory=dict)

    def add(self, row: Any, stage: int) -> None:
        """Count one row of traffic; attempts that failed on the way are told by the call's own row."""
        if row.kind == "attempt-failed":
            return
        group = Group(row.name, stage, row.assigned)
        place = SliceKey(row.name, int(row.ts // 60), row.assigned, stage)
        # Plain dictionaries made whole at once: there may be a million rows, and a Counter takes its time.
        conversations = self.conversations[group]
        adds = conversations.get(row.key_digest)
        if adds is None:
            adds = conversations[row.key_digest] = dict.fromkeys(COUNTS, 0)
        piece = self.slices.get(place)
        if piece is None:
            piece = self.slices[place] = dict.fromkeys(OF_SLICE, 0)
        self.last_ts[place] = max(row.ts, self.last_ts.get(place, row.ts))
        answered = row.kind == "ok" or (row.kind == "shadow" and row.served is not None)
        fallback = row.kind == "ok" and row.served != row.assigned
        # What another arm or attempt could answer was no mistake of the application, whatever the first one said.
        failed = fallback or (row.kind == "ok" and row.attempts > 1) or (not answered and not row.client_error)
        adds["requests"] += 1
        adds["unkeyed"] += not row.keyed
        adds["client_errors"] += not answered and row.client_error
        adds["failures"] += failed
        adds["fallbacks"] += fallback
        piece["requests"] += 1
        piece["failures"] += failed
        piece["fallbacks"] += fallback
        if answered and row.latency_ms is not None and row.latency_ms > 0:
            logarithm = math.log(row.latency_ms)
            self.latencies[group, "latency", math.floor(logarithm * BUCKETS)] += 1
            for sums in (adds, piece):
                sums["latency_n"] += 1
                sums["latency_sum"] += logarithm
        if answered and row.first_token_ms is not None and row.first_token_ms > 0:
            self.latencies[group, "first-token", bucket_of(row.first_token_ms)] += 1
            adds["first_token_n"] += 1
            adds["first_token_sum"] += math.log(row.first_token_ms)
        if row.cost is not None:
            for sums in (adds, piece):
                sums["cost_n"] += 1
                sums["cost_sum"] += row.cost


def bucket_of(milliseconds: float) -> int:
    """The bucket of the histogram that a time falls into."""
    return math.floor(math.log(milliseconds) * BUCKETS)


def quantile(buckets: Mapping[int, int], share: float) -> float | None:
    """The time in milliseconds below which that share of the calls lies, within a bucket's width; `None` of none."""
    total = sum(buckets.values())
    if not total:
        return None
    wanted, seen = share * total, 0
    for bucket in sorted(buckets):
        count = buckets[bucket]
        if seen + count >= wanted:
            return math.exp((bucket + (wanted - seen) / count) / BUCKETS)
        seen += count
    return math.exp((max(buckets) + 1) / BUCKETS)


def measured(counts: Mapping[str, float]) -> dict[str, tuple[int, float]]:
    """For each metric of one conversation, how many values it has and what they come to."""
    requests = int(counts["requests"])
    sound = requests - int(counts["client_errors"])
    found: dict[str, tuple[int, float]] = {"requests": (1, requests)} if requests else {}
    for measure, n, total in (
        ("unkeyed", requests, counts["unkeyed"]),
        ("client-errors", requests, counts["client_errors"]),
        ("failures", sound, counts["failures"]),
        ("fallbacks", sound, counts["fallbacks"]),
        ("latency", int(counts["latency_n"]), counts["latency_sum"]),
        ("first-token", int(counts["first_token_n"]), counts["first_token_sum"]),
        ("cost", int(counts["cost_n"]), counts["cost_sum"]),
    ):
        if n:
            alone = counts["unkeyed"] and measure != "unkeyed"
            found[f"{ALONE}{measure}" if alone else measure] = (n, total)
    return found


def measured_signal(signal: str, n: int, total: float) -> tuple[str, int, float]:
    """The metric that a signal of one conversation tells of, how many values it has and what they come to.

    Escalations, thumbs and drift are a conversation's, whatever happened in it how often.
    """
    if signal == "escalated":
        return "escalations", 1, float(total > 0)
    if signal == "thumbs":
        return "thumbs-down", 1, float(total < n)
    if signal == "check-pass":
        return "check-pass-rate", n, total
    if signal.startswith("drift:"):
        return signal, 1, float(total > 0)
    return f"feedback:{signal}", n, total


class Change:
    """What changes in the sums over conversations: units, n, total, squares, n_squares, products."""

    def __init__(self) -> None:
        self.by_measure: dict[tuple[Group, str], list[float]] = defaultdict(lambda: [0, 0, 0.0, 0.0, 0, 0.0])

    def replace(self, group: Group, measure: str, old: tuple[int, float] | None, new: tuple[int, float]) -> None:
        """A conversation's values of a metric were `old` and are `new`."""
        n, y = new
        before, was = old if old is not None else (0, 0.0)
        sums = self.by_measure[group, measure]
        sums[0] += old is None
        sums[1] += n - before
        sums[2] += y - was
        sums[3] += y * y - was * was
        sums[4] += n * n - before * before
        sums[5] += y * n - was * before

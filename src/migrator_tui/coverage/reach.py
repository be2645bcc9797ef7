"""How far the cases reach: edges there and absent, and each group's share of the cases against production's."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from migrator_tui.coverage.edges import EDGES, OTHER_LANGUAGE, EdgeKind, makes_sense, usual_length
from migrator_tui.coverage.inputs import Look
from migrator_tui.coverage.names import group_name
from migrator_tui.coverage.values import MOST_IDS, Edge, Share, State
from migrator_tui.project.schema import Task

COUNTS_FROM = 0.05
"""Share of production from which on a group has to be among the cases."""
TOO_FEW = 1 / 3
"""Of its share of production: below, there are too few cases of a group."""
RARE = 0.01
"""Share of production below which an edge need not be among the cases."""
ENOUGH_SEEN = 50
"""Inputs that a sample needs before what it has not is taken to be rare."""
MOST_TAGS = 40
LENGTHS = ((20, "under 20"), (80, "20 – 80"), (300, "80 – 300"))
LONGEST = "over 300"
TURNS = ((1, "1"), (2, "2"), (5, "3 – 5"))
MOST_TURNS = "over 5"
LANGUAGE_UNKNOWN = "too short to tell"


def shares(task: Task, looks: Sequence[Look], sample: Sequence[Look]) -> list[Share]:
    """The groups of cases and of production, kind by kind; within a kind production's largest first."""
    found: list[Share] = []
    found += _kind("tag", looks, sample, lambda look: look.case.tags, limit=MOST_TAGS)
    found += _kind("words", looks, sample, lambda look: [length_of(look)], order=_lengths)
    found += _kind(
        "language", looks, sample, lambda look: [look.language or LANGUAGE_UNKNOWN], skip={LANGUAGE_UNKNOWN}
    )
    if any(look.turns > 1 for look in (*looks, *sample)):
        found += _kind("turns", looks, sample, lambda look: [turns_of(look)], order=_turns)
    if task.tools and any(look.called for look in (*looks, *sample)):
        found += _kind("tool", looks, sample, lambda look: sorted(look.called))
    return _once(found)


def _once(found: Sequence[Share]) -> list[Share]:
    """The groups, none needed twice: a tag that names a language says what that language says as well."""
    languages = [one for one in found if one.kind == "language"]
    said = {(group_name("language", one.name).lower(), one.state) for one in languages}
    return [
        replace(one, state=State.IGNORED) if one.kind == "tag" and (one.name.lower(), one.state) in said else one
        for one in found
    ]


def length_of(look: Look) -> str:
    """The group of an input by its length in words."""
    return next((name for below, name in LENGTHS if look.words < below), LONGEST)


def turns_of(look: Look) -> str:
    """The group of a conversation by how often the user has spoken."""
    return next((name for most, name in TURNS if look.turns <= most), MOST_TURNS)


def in_group(kind: str, name: str) -> Callable[[Look], bool]:
    """Whether an input is in a group of that kind and name."""
    groups: dict[str, Callable[[Look], Iterable[str]]] = {
        "tag": lambda look: look.case.tags,
        "words": lambda look: [length_of(look)],
        "language": lambda look: [look.language or LANGUAGE_UNKNOWN],
        "turns": lambda look: [turns_of(look)],
        "tool": lambda look: look.called,
    }
    return lambda look: name in groups[kind](look)


_lengths = [*(name for _, name in LENGTHS), LONGEST]
_turns = [*(name for _, name in TURNS), MOST_TURNS]


def _kind(
    kind: str,
    looks: Sequence[Look],
    sample: Sequence[Look],
    groups: Callable[[Look], Iterable[str]],
    *,
    order: Sequence[str] | None = None,
    skip: frozenset[str] | set[str] = frozenset(),
    limit: int = 20,
) -> list[Share]:
    ids: dict[str, list[str]] = {}
    for look in looks:
        for name in set(groups(look)):
            ids.setdefault(name, []).append(look.case.id)
    here = Counter({name: len(some) for name, some in ids.items()})
    there = Counter(name for look in sample for name in set(groups(look)))
    compared = bool(there)
    names = sorted(here | there, key=lambda name: (-there[name], -here[name], name))
    if order is not None:
        names = [name for name in order if name in here or name in there]
    found = []
    for name in names[:limit]:
        share = here[name] / len(looks) if looks else 0.0
        production = there[name] / len(sample) if compared else None
        state = State.IGNORED if name in skip or production is None else _state(share, production)
        first = tuple(ids.get(name, ())[:MOST_IDS])
        found.append(Share(kind, name, here[name], share, production, state, there[name], first))
    return found


def _state(share: float, production: float) -> State:
    if production < COUNTS_FROM:
        return State.IGNORED
    return State.GAP if share < TOO_FEW * production else State.COVERED


def edges(task: Task, looks: Sequence[Look], sample: Sequence[Look]) -> list[Edge]:
    """The edges that make sense for the task: absent ones first, then those with a single case, then the others."""
    usual = usual_length(looks)
    longest = max((look.words for look in looks), default=0)
    found = []
    for kind in EDGES:
        if not makes_sense(kind, task, sample or looks):
            continue
        seen = len(found_in(kind, sample, usual_length(sample))) if sample else 0
        if kind.if_seen and not seen:
            found.append(Edge(kind.name, kind.title, (), 0.0 if sample else None, State.IGNORED, ""))
            continue
        ids = tuple(look.case.id for look in found_in(kind, looks, usual))
        production = seen / len(sample) if sample else None
        state = _edge_state(kind, len(ids), len(looks), production, len(sample))
        found.append(Edge(kind.name, kind.title, ids, production, state, _note(kind, ids, production, longest)))
    rank = {State.GAP: 0, State.HALF: 1, State.COVERED: 2, State.IGNORED: 3}
    return sorted(found, key=lambda edge: (rank[edge.state], -(edge.production or 0.0)))


def found_in(kind: EdgeKind, looks: Sequence[Look], usual: float) -> list[Look]:
    """The inputs that are of that kind."""
    if kind.name == OTHER_LANGUAGE:
        languages = Counter(look.language for look in looks if look.language)
        most = languages.most_common(1)[0][0] if languages else None
        return [look for look in looks if look.language not in (None, most)]
    for look in looks:
        if kind.name not in look.found:
            look.found[kind.name] = kind.detect(look, usual)
    return [look for look in looks if look.found[kind.name]]


def _edge_state(kind: EdgeKind, cases: int, of: int, production: float | None, seen: int) -> State:
    if production is not None and production >= COUNTS_FROM and cases / max(1, of) < TOO_FEW * production:
        return State.HALF if cases else State.GAP
    if cases > 1:
        return State.COVERED
    if cases == 1:
        return State.HALF
    if kind.always:
        return State.GAP
    rare = production is not None and production < RARE and seen >= ENOUGH_SEEN
    return State.IGNORED if rare else State.GAP


def _note(kind: EdgeKind, ids: Sequence[str], production: float | None, longest: int) -> str:
    parts = []
    if ids:
        parts.append(f"{len(ids):,} case{'' if len(ids) == 1 else 's'}")
    elif kind.name == "very-long":
        parts.append(f"longest case has {longest:,} words")
    if production:
        parts.append(f"{percent(production)} of production")
    elif production == 0:
        parts.append("none in the production sample")
    return ", ".join(parts)


def percent(share: float) -> str:
    """`6 %`; `under 1 %` for less than that."""
    return "under 1 %" if 0 < share < 0.01 else f"{share * 100:.0f} %"

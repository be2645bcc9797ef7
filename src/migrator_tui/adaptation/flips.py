"""How cases came out before and after."""

from collections.abc import Iterable, Mapping

from migrator_tui.adaptation.values import Flips
from migrator_tui.parity.outcomes import Outcome


def flips(before: Mapping[str, Outcome], after: Mapping[str, Outcome], ids: Iterable[str]) -> Flips:
    """What became of these cases, in their order; one that is not known on a side is open."""
    was, now = ({case_id: one.passed for case_id, one in side.items()} for side in (before, after))
    return flips_of(was, now, ids)


def flips_of(was: Mapping[str, bool | None], now: Mapping[str, bool | None], ids: Iterable[str]) -> Flips:
    """The same of whether they passed; `None`: not judged."""
    found: dict[tuple[bool | None, bool | None], list[str]] = {}
    for case_id in dict.fromkeys(ids):
        both = was.get(case_id), now.get(case_id)
        found.setdefault((None, None) if None in both else both, []).append(case_id)
    return Flips(
        fixed=tuple(found.get((False, True), ())),
        still_failing=tuple(found.get((False, False), ())),
        broken=tuple(found.get((True, False), ())),
        kept=tuple(found.get((True, True), ())),
        open=tuple(found.get((None, None), ())),
    )


def counted_flips(found: Flips) -> dict[str, int]:
    """The same as counts, by the names of the fields: of held-out cases nothing else is kept or shown."""
    return {
        "fixed": len(found.fixed),
        "still_failing": len(found.still_failing),
        "broken": len(found.broken),
        "kept": len(found.kept),
        "open": len(found.open),
    }

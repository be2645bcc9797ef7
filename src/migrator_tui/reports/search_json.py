"""What a search came to, in the JSON that other programs rely on. Unknown is null, never 0."""

from collections.abc import Sequence
from typing import Any

from migrator_tui.adaptation.search.values import HeldOut, SearchResult, Try
from migrator_tui.adaptation.values import Edit, Flips


def search_json(project: str, task: str, candidate: str, held_out: int, result: SearchResult) -> dict[str, Any]:
    """The table of `adapt --format json`; `held_out`: how many cases are held out, asked or not."""
    labels = {one.number: one.label for one in result.tries}
    spent, room = result.spent, result.head_room
    return {
        "project": project,
        "task": task,
        "candidate": candidate,
        "search_id": result.search_id,
        "complete": result.complete,
        "helped": result.helped,
        "ended": result.ended,
        "calls": spent.calls,
        "budget_calls": spent.budget_calls,
        "assistant_calls": spent.assistant_calls,
        "cost": spent.cost,
        "max_cost": spent.max_cost,
        "seconds": round(result.seconds, 3),
        "head_room": None
        if room is None
        else {"likely": room.likely, "why": room.why, "failing": room.failing, "of": room.of},
        "held_out": _held_out(held_out, result.held_out),
        "versions": [_version(one, labels) for one in result.tries],
        "best": {"id": result.best.label, "prompt": result.best.template},
        "advice": [{"what": one.what, "text": one.text, "cases": list(one.case_ids)} for one in result.advice],
    }


def _held_out(cases: int, found: HeldOut | None) -> dict[str, Any]:
    """Null where they were not asked: nothing helped, or it ended before."""
    if found is None:
        return {"cases": cases, "before": None, "after": None, "baseline": None} | dict.fromkeys(
            ("fixed", "broken", "low", "high", "looks")
        )
    return {
        "cases": found.cases,
        "before": found.before,
        "after": found.after,
        "baseline": found.baseline,
        "fixed": len(found.flips.fixed),
        "broken": len(found.flips.broken),
        "low": found.low,
        "high": found.high,
        "looks": found.looks,
    }


def _version(one: Try, labels: dict[int, str | None]) -> dict[str, Any]:
    return {
        "id": one.label,
        "parent": labels.get(one.parent) if one.parent is not None else None,
        "score": one.score,
        "accepted": one.accepted,
        "why": one.why,
        "try": one.number,
        "title": one.title,
        "cases": one.done,
        "flips": _flips(one.flips),
        "edits": _edits(one.edits),
    }


def _flips(flips: Flips | None) -> dict[str, list[str]] | None:
    """Held-out cases are not among them: a try is only asked about those that it may learn from."""
    return None if flips is None else {"fixed": list(flips.fixed), "broken": list(flips.broken)}


def _edits(edits: Sequence[Edit]) -> list[dict[str, Any]]:
    return [
        {
            "op": edit.op.value,
            "anchor": edit.anchor,
            "text": edit.text,
            "title": edit.title,
            "why": edit.why,
            "cases": list(edit.case_ids),
        }
        for edit in edits
    ]

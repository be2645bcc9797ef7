"""How edits and suggestions are kept in the history, and read back: plain JSON, since nothing that a program wrote is
ever run. Of held-out cases there are counts alone."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from migrator_tui.adaptation.flips import counted_flips
from migrator_tui.adaptation.values import Ablation, Acceptance, Advice, Cause, Edit, EditKind, Group, Op, Suggestion


def edit_details(edit: Edit) -> dict[str, Any]:
    """An edit as the history keeps it."""
    return {**asdict(edit), "op": edit.op.value, "kind": edit.kind.value, "case_ids": list(edit.case_ids)}


def edit_of(details: Mapping[str, Any]) -> Edit:
    """An edit as the history kept it."""
    known = dict(details)
    known |= {"op": Op(known["op"]), "kind": EditKind(known["kind"]), "case_ids": tuple(known["case_ids"])}
    return Edit(**known)


def suggestion_details(
    suggestion: Suggestion, edits: Sequence[Edit], base_version_id: int | None, search_id: str | None
) -> dict[str, Any]:
    """Where a version came from: some edits of a suggestion, as they read now, on the text of the version
    `base_version_id`; `search_id`: the search that found them, where one did."""
    return {
        "edits": [edit_details(edit) for edit in edits],
        "of": len(suggestion.edits),
        "causes": [_told(cause) for cause in suggestion.causes],
        "advice": [_told(advice) for advice in suggestion.advice],
        "assistant": suggestion.assistant,
        "exchange_ids": list(suggestion.exchange_ids),
        "search_id": search_id,
        "base_version_id": base_version_id,
        "minimal": suggestion.minimal,
        "rewritten": suggestion.rewritten,
    }


def suggestion_of(details: Mapping[str, Any], task: str, candidate: str, base: str, **more: Any) -> Suggestion:
    """The suggestion that a version came from, made for the text `base`; `more`: what is known of it today."""
    return Suggestion(
        task=task,
        candidate=candidate,
        base=base,
        base_version_id=details.get("base_version_id"),
        edits=tuple(edit_of(edit) for edit in details.get("edits") or ()),
        causes=tuple(Cause(one["text"], tuple(one["case_ids"])) for one in details.get("causes") or ()),
        advice=tuple(advice_of(one) for one in details.get("advice") or ()),
        assistant=str(details.get("assistant") or ""),
        exchange_ids=tuple(details.get("exchange_ids") or ()),
        rewritten=bool(details.get("rewritten")),
        minimal=bool(details.get("minimal")),
        **more,
    )


def whole_suggestion_details(suggestion: Suggestion) -> dict[str, Any]:
    """All of a suggestion that is still under review."""
    details = suggestion_details(suggestion, suggestion.edits, suggestion.base_version_id, None)
    return details | {
        "base": suggestion.base,
        "groups": [{**asdict(group), "case_ids": list(group.case_ids)} for group in suggestion.groups],
        "failing": list(suggestion.failing),
        "of_cases": suggestion.of,
        "held_out": suggestion.held_out,
        "notes": list(suggestion.notes),
    }


def whole_suggestion_of(details: Mapping[str, Any], task: str, candidate: str) -> Suggestion:
    """A suggestion under review as the history kept it."""
    return suggestion_of(
        details,
        task,
        candidate,
        details["base"],
        groups=tuple(Group(one["title"], tuple(one["case_ids"]), tuple(one["names"])) for one in details["groups"]),
        failing=tuple(details["failing"]),
        of=details["of_cases"],
        held_out=details["held_out"],
        notes=tuple(details["notes"]),
    )


def advice_of(details: Mapping[str, Any]) -> Advice:
    """Advice as the history kept it."""
    return Advice(details["what"], details["text"], tuple(details["case_ids"]), details.get("source", ""))


def acceptance_details(
    acceptance: Acceptance | None, *, overridden: bool, ablations: Sequence[Ablation]
) -> dict[str, Any]:
    """How edits were tried before somebody accepted them, and what each is worth."""
    return {
        "tried": acceptance is not None and not acceptance.stopped_because,
        "flips": _flip_counts(acceptance) if acceptance is not None else None,
        "looks": acceptance.looks if acceptance is not None else 0,
        "critical_broken": list(acceptance.critical_broken) if acceptance is not None else [],
        "overridden": overridden,
        "ablation": [
            {"edit": one.edit, "needed_for": list(one.needed_for), "better_without": list(one.better_without)}
            for one in ablations
        ],
    }


def _told(said: Cause | Advice) -> dict[str, Any]:
    return {**asdict(said), "case_ids": list(said.case_ids)}


def _flip_counts(acceptance: Acceptance) -> dict[str, dict[str, int]]:
    parts = {name: getattr(acceptance, name) for name in ("aimed_at", "passed", "others", "held_out")}
    return {name: counted_flips(found) for name, found in parts.items()}

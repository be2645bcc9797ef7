"""Searches as the history keeps them, and back: plain JSON, since nothing that a program wrote is ever run."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from migrator_tui.adaptation.flips import counted_flips
from migrator_tui.adaptation.keeping import advice_of, edit_of, suggestion_details
from migrator_tui.adaptation.search.values import HeadRoom, HeldOut, SearchResult, SearchSettings, Spent, Try
from migrator_tui.adaptation.values import Flips
from migrator_tui.history.adaptation_records import StoredSearch
from migrator_tui.history.digests import digest_of
from migrator_tui.history.records import Version
from migrator_tui.project.schema import ModelSpec, Project, Task
from migrator_tui.running.judging import standing_rules

if TYPE_CHECKING:
    from migrator_tui.history.store import History


def settings_details(settings: SearchSettings, rests_on: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """What the history keeps of what a search was asked for, and of what it rests on."""
    return asdict(settings) | {"rests_on": dict(rests_on)} | more


def settings_of(stored: StoredSearch) -> SearchSettings:
    """What a search was asked for."""
    return SearchSettings(
        budget_calls=stored.settings["budget_calls"],
        max_cost=stored.settings["max_cost"],
        patience=stored.settings["patience"],
        seed=stored.settings["seed"],
        concurrency=stored.settings["concurrency"],
    )


RESTS_ON = {
    "rules": "the cases, the checks or the models",
    "limits": "the table [adaptation]",
    "parts": "which cases are held out",
    "assistant": "the assistant",
}
"""What must be the same for a search to be gone on with, in words."""


def rests_on(
    project: Project, task: Task, candidate: str, assistant: ModelSpec, learn: Sequence[str], held_out: Sequence[str]
) -> dict[str, str]:
    """Digests of all that a search follows from besides its prompts, by the names of `RESTS_ON`."""
    limits = asdict(project.adaptation) | {"guidance": [str(path) for path in project.adaptation.guidance]}
    return {
        "rules": standing_rules(project, task, candidate),
        "limits": digest_of([limits, list(task.frozen)]),
        "parts": digest_of([sorted(learn), sorted(held_out)]),
        "assistant": digest_of([assistant.model, dict(assistant.params), assistant.api_base]),
    }


def changed(stored: StoredSearch, now: Mapping[str, str]) -> list[str]:
    """What is not as it was when the search began, in words."""
    then = stored.settings.get("rests_on", {})
    return [words for name, words in RESTS_ON.items() if then.get(name) != now[name]]


def try_details(one: Try) -> dict[str, Any]:
    """A try as JSON."""
    return asdict(one)


def try_of(details: Mapping[str, Any]) -> Try:
    """A try as the history kept it."""
    known = dict(details)
    known["edits"] = tuple(edit_of(edit) for edit in known["edits"])
    known["flips"] = _flips(known["flips"]) if known["flips"] is not None else None
    return Try(**known)


def _flips(details: Mapping[str, Sequence[str]]) -> Flips:
    return Flips(**{name: tuple(ids) for name, ids in details.items()})


def result_details(result: SearchResult) -> dict[str, Any]:
    """A result as JSON, without its tries and its edits, which are kept by themselves."""
    return {
        "complete": result.complete,
        "ended": result.ended,
        "best": result.best.number,
        "tries": len(result.tries),
        "helped": result.helped,
        "held_out": asdict(result.held_out) if result.held_out is not None else None,
        "spent": asdict(result.spent),
        "seconds": result.seconds,
        "head_room": asdict(result.head_room) if result.head_room is not None else None,
        "advice": [asdict(one) for one in result.advice],
    }


def stored_result(history: "History", stored: StoredSearch) -> SearchResult | None:
    """What came of a search, from the history; `None` where it did not come to an end."""
    if stored.result is None:
        return None
    found = stored.result
    # A sitting that went another way than an earlier one may have made fewer.
    tries = [try_of(details) for details in history.tries(stored.id) if details["number"] <= found["tries"]]
    advice = tuple(advice_of(one) for one in found["advice"])
    return SearchResult(
        search_id=stored.id,
        complete=found["complete"],
        ended=found["ended"],
        tries=tries,
        best=next(one for one in tries if one.number == found["best"]),
        helped=found["helped"],
        held_out=_held_out(found["held_out"]),
        spent=Spent(**found["spent"]),
        seconds=found["seconds"],
        head_room=HeadRoom(**found["head_room"]) if found["head_room"] is not None else None,
        advice=advice,
    )


def keep_winner(history: "History", result: SearchResult, author: str) -> None:
    """Write down how the winner came about, beside its version."""
    suggestion = result.suggestion
    assert suggestion is not None and result.best.version_id is not None
    held_out = result.held_out
    details = suggestion_details(suggestion, suggestion.edits, suggestion.base_version_id, result.search_id)
    if held_out is not None:
        details |= {"flips": {"held_out": counted_flips(held_out.flips)}, "looks": held_out.looks}
    history.keep_adaptation(result.best.version_id, details, author)


def further(earlier: SearchResult | None, now: SearchResult) -> SearchResult:
    """What a search came to: that of an earlier sitting where this one did not get as far again, as where calls that
    gave no answer took what was left."""
    if earlier is None or now.complete or earlier.best.number <= now.best.number:
        return now
    return replace(earlier, complete=False, ended=now.ended, spent=now.spent, seconds=now.seconds)


def calls_before(history: "History", search_id: str) -> dict[tuple[int, str], int]:
    """Of the tries of earlier sittings, by number and text, how many calls had been spent when each began."""
    return {(one["number"], one["template"]): one["calls_before"] for one in history.tries(search_id)}


def earlier_held_out(stored: StoredSearch, history: "History", best: Version) -> HeldOut | None:
    """The test of the same winner in an earlier sitting: it is not made again, unless it left something open."""
    result = stored_result(history, stored)
    if result is None or result.best.version_id != best.id or result.held_out is None:
        return None
    return None if result.held_out.flips.open else result.held_out


def _held_out(details: Mapping[str, Any] | None) -> HeldOut | None:
    if details is None:
        return None
    return HeldOut(**(dict(details) | {"flips": _flips(details["flips"])}))

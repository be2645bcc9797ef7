"""Suggestions under review survive the program: each is kept as it changes, and comes back at the next start."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from migrator_tui.history.errors import HistoryError
from migrator_tui.tui.adaptation.review_state import Choice, Review, take_back

if TYPE_CHECKING:
    from migrator_tui.tui.app import MigratorApp
    from migrator_tui.tui.workspace import Workspace


def keep(program: "MigratorApp", review: Review) -> None:
    """Write down how it stands, where it is the one under review."""
    if program.reviews.get(review.track) is not review:
        return
    try:
        take_back(review, program.workspace)
        program.workspace.history.save_review(*review.track, details_of(review))
    except HistoryError as error:  # it stays on the screen all the same
        program.say(str(error), "error")


def put(program: "MigratorApp", review: Review) -> None:
    """Another suggestion takes the place of the one before."""
    program.reviews.put(review)
    program.workbench.show_suggested()
    keep(program, review)


def drop(program: "MigratorApp", review: Review) -> None:
    """It was accepted: what is left of it is over."""
    if program.reviews.get(review.track) is review:
        program.reviews.drop(review)
        program.workbench.show_suggested()
        try:
            program.workspace.history.drop_review(*review.track)
        except HistoryError as error:
            program.say(str(error), "error")


async def bring_back(program: "MigratorApp") -> None:
    """What was under review when the program ended."""
    if not program.workspace.is_open:
        return
    try:
        found = await asyncio.to_thread(_kept, program.workspace)
    except HistoryError as error:
        program.say(str(error), "error")
        return
    for review in found:
        if program.reviews.get(review.track) is None:
            program.reviews.put(review)
    program.workbench.show_suggested()


def _kept(workspace: "Workspace") -> list[Review]:
    project = workspace.project
    tracks = {(task.name, candidate.name) for task in project.tasks for candidate in project.candidates}
    return [review_of(details, *track) for track, details in workspace.history.reviews().items() if track in tracks]


def details_of(review: Review) -> dict[str, Any]:
    """A review as the history keeps it; what was measured is looked up anew."""
    from migrator_tui.adaptation.keeping import edit_details, whole_suggestion_details

    return {
        "suggestion": whole_suggestion_details(review.suggestion),
        "text": review.text,
        "params": dict(review.params),
        "parent_id": review.parent_id,
        "label": review.label,
        "edits": [edit_details(edit) for edit in review.edits],
        "choices": [choice.value for choice in review.choices],
        "reasons": [[number, reason] for number, reason in review.reasons.items()],
        "remembered": [[number, reason] for number, reason in review.remembered.items()],
        "offered": review.offered,
        "search_id": review.search_id,
        "asked_at": review.asked_at.isoformat() if review.asked_at is not None else None,
    }


def review_of(details: Mapping[str, Any], task: str, candidate: str) -> Review:
    """A review as the history kept it."""
    from migrator_tui.adaptation.keeping import edit_of, whole_suggestion_of

    return Review(
        whole_suggestion_of(details["suggestion"], task, candidate),
        details["text"],
        details["params"],
        details["parent_id"],
        details["label"],
        edits=[edit_of(edit) for edit in details["edits"]],
        choices=[Choice(choice) for choice in details["choices"]],
        reasons=dict(details["reasons"]),
        remembered=dict(details["remembered"]),
        offered=details["offered"],
        search_id=details["search_id"],
        asked_at=datetime.fromisoformat(details["asked_at"]) if details["asked_at"] else None,
    )

"""The way from the prompt a search began with to its winner, as edits that can be reviewed one by one."""

from collections.abc import Sequence
from dataclasses import replace

from migrator_tui.adaptation.search.attempts import Attempt
from migrator_tui.adaptation.values import Edit, Suggestion


def combined_edits(start: str, text: str, steps: Sequence[Sequence[Edit]]) -> tuple[Edit, ...]:
    """The edits of several steps as edits of `start` that give `text`.

    As they are where all of them fit `start`; else the difference, piece by piece, each with the reasons of the edits
    that it came from.
    """
    from migrator_tui.adaptation.edits import EditError, applied
    from migrator_tui.adaptation.rewriting import rewrite_edits

    every = tuple(edit for step in steps for edit in step)
    if not every:
        return ()
    try:
        if applied(start, every) == text:
            return every
    except EditError:
        pass  # a later edit stands on what an earlier one wrote
    return tuple(_explained(piece, every) for piece in rewrite_edits(start, text))


def _explained(piece: Edit, every: Sequence[Edit]) -> Edit:
    """A piece of the difference with the reasons of the edit that it shares most words with."""

    def shared(edit: Edit) -> int:
        return len(_words(piece) & _words(edit))

    origin = max(every, key=shared)
    if not shared(origin):
        return piece
    return replace(
        piece,
        title=origin.title,
        why=origin.why,
        case_ids=origin.case_ids,
        kind=origin.kind,
        rule=origin.rule,
        explained=True,
    )


def _words(edit: Edit) -> set[str]:
    return set(edit.text.split()) | set(edit.anchor.split())


def suggestion_for(attempt: Attempt) -> Suggestion | None:
    """What a try amounts to against the start, for the review; `None` for the start itself."""
    start, *steps = attempt.lineage
    made = [step.suggestion for step in steps if step.suggestion is not None]
    if not made:
        return None
    first = made[0]
    return replace(
        first,
        base=start.text,
        base_version_id=start.version.id if start.version is not None else None,
        edits=combined_edits(start.text, attempt.text, [step.edits for step in steps]),
        causes=tuple(cause for one in made for cause in one.causes),
        advice=tuple(advice for one in made for advice in one.advice),
        exchange_ids=tuple(dict.fromkeys(number for one in made for number in one.exchange_ids)),
        rewritten=any(one.rewritten for one in made),
    )

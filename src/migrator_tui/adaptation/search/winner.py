"""The way from the prompt a search began with to its winner, as edits that can be reviewed one by one."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from migrator_tui.adaptation.search.tries import OpenTry
from migrator_tui.adaptation.values import Advice, Cause, Edit, EditKind, Op, Suggestion


def combined_edits(start: str, text: str, steps: Sequence[Sequence[Edit]]) -> tuple[Edit, ...]:
    """The edits of several steps as edits of `start` that together give `text`.

    An edit that changes what an earlier one wrote becomes part of that one, with both reasons. Where that does not
    work out, the difference is taken apart anew, each piece with the reasons of the edit that it is most like.
    """
    from migrator_tui.adaptation.edits import EditError, applied
    from migrator_tui.adaptation.rewriting import rewrite_edits

    every = [edit for step in steps for edit in step]
    try:
        edits = list(steps[0]) if steps else []
        for edit in (edit for step in steps[1:] for edit in step):
            edits = _with(start, edits, edit)
        if applied(start, edits) == text:
            return tuple(edits)
    except EditError:
        pass  # an edit stands on text of several others
    return tuple(_explained(piece, every) for piece in rewrite_edits(start, text))


def _with(start: str, edits: Sequence[Edit], further: Edit) -> list[Edit]:
    """The edits, and one more that was made for the text they give. Raises `EditError`."""
    from migrator_tui.adaptation.edits import EditError, applied, place

    now = applied(start, edits)
    wanted = applied(now, [further])
    try:
        if applied(start, [*edits, further]) == wanted:
            return [*edits, further]
    except EditError:
        pass
    [at] = place(now, [further])
    for number, begin, end in _written(start, edits):
        if begin <= at.start and at.end <= end:
            old = edits[number]
            text = old.text[: at.start - begin] + at.text + old.text[at.end - begin :]
            # What an earlier edit inserted and this one takes out leaves nothing to do.
            left = [_merged(old, further, text)] if text or old.op in (Op.REPLACE, Op.DELETE) else []
            return [*edits[:number], *left, *edits[number + 1 :]]
    raise EditError("it changes what stood there and what was written, or what several edits wrote")


def _written(start: str, edits: Sequence[Edit]) -> Iterator[tuple[int, int, int]]:
    """By number of the edit, from where to where in the text that they give stands what it wrote."""
    from migrator_tui.adaptation.edits import place

    at, out, last = 0, 0, ""
    for placed in place(start, edits):
        passed = start[at : placed.start]
        last = (passed or last)[-1:]
        # As `applied` does: an append begins a line.
        out += len(passed) + (edits[placed.edit].op is Op.APPEND and last not in ("", "\n", "\r"))
        yield placed.edit, out, out + len(placed.text)
        out += len(placed.text)
        last = (placed.text or last)[-1:]
        at = placed.end


def _merged(old: Edit, further: Edit, text: str) -> Edit:
    """What two edits do together at one place, with the reasons of both."""
    op = old.op
    if op in (Op.REPLACE, Op.DELETE):
        op = Op.REPLACE if text else Op.DELETE
    example = EditKind.EXAMPLE in (old.kind, further.kind)
    return replace(
        old,
        op=op,
        text=text,
        title="; ".join(_once((old.title, further.title))),
        why=" ".join(_once((old.why, further.why))),
        case_ids=tuple(dict.fromkeys((*old.case_ids, *further.case_ids))),
        kind=EditKind.EXAMPLE if example else old.kind,
        rule=old.rule or further.rule,
    )


def _once(words: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(filter(None, words)))


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


def suggestion_for(a_try: OpenTry) -> Suggestion | None:
    """What a try amounts to against the start, for the review; `None` for the start itself."""
    start, *steps = a_try.lineage
    made = [step.suggestion for step in steps if step.suggestion is not None]
    if not made:
        return None
    return replace(
        made[0],
        base=start.text,
        base_version_id=start.version.id if start.version is not None else None,
        edits=combined_edits(start.text, a_try.text, [step.edits for step in steps]),
        causes=_causes(cause for one in made for cause in one.causes),
        advice=_advice(advice for one in made for advice in one.advice),
        exchange_ids=tuple(dict.fromkeys(number for one in made for number in one.exchange_ids)),
        rewritten=any(one.rewritten for one in made),
    )


def _causes(causes: Iterable[Cause]) -> tuple[Cause, ...]:
    """Each cause once, with all cases that it was said of."""
    found: dict[str, Cause] = {}
    for cause in causes:
        known = found.get(cause.text, cause)
        found[cause.text] = replace(known, case_ids=tuple(dict.fromkeys((*known.case_ids, *cause.case_ids))))
    return tuple(found.values())


def _advice(advice: Iterable[Advice]) -> tuple[Advice, ...]:
    found: dict[tuple[str, str], Advice] = {}
    for one in advice:
        known = found.get((one.what, one.text), one)
        ids = tuple(dict.fromkeys((*known.case_ids, *one.case_ids)))
        found[one.what, one.text] = replace(known, case_ids=ids)
    return tuple(found.values())

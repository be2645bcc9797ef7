"""Suggestions as the history keeps them, and back."""

import json

from migrator_tui.adaptation.keeping import suggestion_details, suggestion_of
from migrator_tui.adaptation.values import Advice, Cause, Edit, EditKind, Op, Suggestion


def test_a_suggestion_comes_back_as_it_was_kept() -> None:
    made = Suggestion(
        task="triage",
        candidate="newer",
        base="Sort tickets.",
        base_version_id=3,
        edits=(
            Edit(Op.APPEND, "Be kind.", title="kind", why="They are curt.", case_ids=("c1", "c2")),
            Edit(Op.DELETE, anchor="Sort ", kind=EditKind.EXAMPLE, rule="r", source="page", explained=False),
        ),
        causes=(Cause("It is curt.", ("c1",)),),
        advice=(Advice("parameter", "max_tokens is too small", ("c5",), "page"),),
        assistant="claude-opus-5",
        exchange_ids=(7, 8),
        rewritten=True,
        minimal=True,
    )
    kept = json.loads(json.dumps(suggestion_details(made, made.edits, made.base_version_id, None)))
    assert suggestion_of(kept, "triage", "newer", "Sort tickets.") == made
    taken = json.loads(json.dumps(suggestion_details(made, made.edits[:1], 4, "s1")))
    assert (taken["of"], taken["base_version_id"], taken["search_id"]) == (2, 4, "s1")
    assert suggestion_of(taken, "triage", "newer", "Sort tickets.").edits == made.edits[:1]

"""Proposals of a search: the assistant's edits of a try, asked for as any suggestion, held to the same guards."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from migrator_tui.adaptation.keeping import edit_details
from migrator_tui.adaptation.search.asking import Asking
from migrator_tui.adaptation.search.engine import Over
from migrator_tui.adaptation.search.ground import Ground
from migrator_tui.adaptation.search.tries import OpenTry
from migrator_tui.adaptation.search.winner import combined_edits
from migrator_tui.adaptation.values import Advice, Suggestion
from migrator_tui.checks.base import CheckFailure, NotAsked
from migrator_tui.history.records import Origin, Version
from migrator_tui.project.words import counted

if TYPE_CHECKING:
    from migrator_tui.adaptation.answer import Asked
    from migrator_tui.adaptation.brief import Brief
    from migrator_tui.history.store import History


MOST_TOLD = 12
"""Edits of dropped tries that are told of, the newest first: those that people turned down need room, too."""


class NoProposal(Exception):
    """The assistant gave nothing that can be tried; one line."""

    def __init__(self, why: str, *, final: bool = False) -> None:
        super().__init__(why)
        self.final = final
        """It has nothing more to propose: asked again it would say the same."""


class Proposer:
    """Asks the assistant of one search."""

    def __init__(self, history: "History", ground: Ground, asking: Asking) -> None:
        self._history = history
        self._ground = ground
        self._asking = asking
        self.advice: tuple[Advice, ...] = ()
        """What it said last that no prompt can fix."""

    async def suggest(self, parent: OpenTry, dropped: Sequence[OpenTry]) -> Suggestion:
        """Edits for a try by how its cases came out; edits of dropped tries go along, with what became of them.

        Raises `NoProposal`, and `Over` where nothing more may be asked.
        """
        from migrator_tui.adaptation.suggesting import SuggestionError, talk

        request, asked, advice, notes = await asyncio.to_thread(self._request, parent, dropped)
        try:
            reading, exchange_ids = await talk(request.messages, asked, self._asking.ask_assistant)
        except NotAsked as refusal:
            self._asking.end(str(refusal), complete=False)
            raise Over from None
        except (SuggestionError, CheckFailure) as error:
            raise NoProposal(str(error)) from None
        self.advice = tuple(dict.fromkeys((*reading.advice, *advice)))
        if not reading.edits:
            raise NoProposal("the assistant has nothing more to propose", final=True)
        ground = self._ground
        return Suggestion(
            task=ground.task.name,
            candidate=ground.candidate,
            base=parent.text,
            base_version_id=parent.version.id if parent.version is not None else None,
            edits=reading.edits,
            causes=reading.causes,
            advice=self.advice,
            assistant=ground.assistant.model,
            exchange_ids=exchange_ids,
            groups=request.groups,
            failing=request.failing,
            of=len(ground.learn),
            held_out=len(ground.held_out),
            rewritten=reading.rewritten,
            notes=(*notes, *reading.notes),
        )

    def _request(
        self, parent: OpenTry, dropped: Sequence[OpenTry]
    ) -> "tuple[Brief, Asked, tuple[Advice, ...], tuple[str, ...]]":
        from migrator_tui.adaptation.grouping import came_out
        from migrator_tui.adaptation.material import Rejected
        from migrator_tui.adaptation.suggesting import ask_about

        ground = self._ground
        answers = {case_id: [output] for case_id, output in parent.outputs.items()}
        rejected = [Rejected(edit_details(edit), _why(one)) for one in reversed(dropped) for edit in one.edits]
        found = came_out(ground.project, self._history, ground.task, ground.candidate, ground.learn, answers)
        return ask_about(
            ground.project,
            self._history,
            ground.task,
            ground.candidate,
            parent.text,
            f"try {parent.number}",
            found,
            ground.learn,
            len(ground.held_out),
            rejected=rejected[:MOST_TOLD],
        )

    def quoted(self, parent: OpenTry, suggestion: Suggestion) -> frozenset[str]:
        """The cases to learn from that the edits of a suggestion put into the prompt as examples."""
        from migrator_tui.adaptation.trials import Change, quoted_cases

        ground = self._ground
        change = Change(suggestion, suggestion.edits, parent.text, ground.base.params, suggestion.base_version_id)
        return quoted_cases(ground.task, change, ground.learn, ())

    def version(self, a_try: OpenTry, author: str) -> Version:
        """The prompt of a try, recorded if new as one that only is tried."""
        ground, parent = self._ground, a_try.parent
        return self._history.record_version(
            task=ground.task.name,
            model_name=ground.base.model_name,
            template=a_try.text,
            params=ground.base.params,
            parent_id=parent.version.id if parent is not None and parent.version is not None else None,
            origin=Origin.SEARCH,
            author=author,
            kept=False,
            note=a_try.title,
        )

    @staticmethod
    def text_of(parent: OpenTry, suggestion: Suggestion) -> str:
        """The prompt that a suggestion amounts to."""
        from migrator_tui.adaptation.edits import applied
        from migrator_tui.project.prompts import normal

        return normal(applied(parent.text, suggestion.edits))

    def refusal(self, start: OpenTry, a_try: OpenTry, same: OpenTry | None) -> str | None:
        """Why a proposal is not even tried: it is no new prompt, leads too far from the start, or copies a case."""
        from migrator_tui.adaptation.guards import refusals
        from migrator_tui.adaptation.leaks import leaks, task_texts

        ground, parent = self._ground, a_try.parent
        assert parent is not None
        if a_try.text == parent.text:
            return "changes nothing"
        if same is not None:
            return f"the same as try {same.number}"
        edits = combined_edits(start.text, a_try.text, [step.edits for step in a_try.lineage[1:]])
        # However many small steps it took: what counts is how far they lead.
        limits = replace(ground.project.adaptation, max_edits=max(ground.project.adaptation.max_edits, len(edits)))
        refused = refusals(start.text, edits, None, limits, (), ground.learn)
        if refused:
            return f"from where the search began, {refused[0]}"
        outputs = {case_id: output.text for case_id, output in parent.outputs.items()}
        known = task_texts(ground.task)
        found = [leak for edit in a_try.edits for leak in leaks(parent.text, edit, ground.learn, outputs, known)]
        return f"copies words of case {found[0].case_id}: {found[0].phrase}" if found else None


def _why(dropped: OpenTry) -> str:
    """Why an edit of a dropped try was dropped: alone it may be better than in that company."""
    others = len(dropped.edits) - 1
    return f"{dropped.why} (tried together with {counted(others, 'other edit')})" if others else dropped.why

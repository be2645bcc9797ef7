"""Searches for a better prompt: proposes, tries, keeps what is better, and tests the winner on cases it never saw.

Money goes in this order: what the start must be compared with; the start itself on the cases to learn from; whether a
search is likely to help; proposals, each on a few cases first; the held-out cases, for which calls are kept back from
the beginning. Nothing is applied: the winner is a version that somebody may review.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from migrator_tui.adaptation.search.asking import Asking
from migrator_tui.adaptation.search.engine import Engine, Over, Problem
from migrator_tui.adaptation.search.ground import Ground
from migrator_tui.adaptation.search.head_room import head_room, moved
from migrator_tui.adaptation.search.held_out import ask_held_out, baseline_rate
from migrator_tui.adaptation.search.proposing import NoProposal, Proposer
from migrator_tui.adaptation.search.scores import first_batch, some_of_each, why_dropped, why_kept
from migrator_tui.adaptation.search.stored import (
    calls_before,
    earlier_held_out,
    further,
    keep_winner,
    result_details,
    stored_result,
    try_details,
)
from migrator_tui.adaptation.search.telling import Telling
from migrator_tui.adaptation.search.tries import OpenTry, Tries, worths
from migrator_tui.adaptation.search.values import (
    HeadRoom,
    HeldOut,
    HeldOutBegan,
    SearchBegan,
    SearchEvent,
    SearchResult,
    TryAdvanced,
    TryBegan,
    TryEnded,
)
from migrator_tui.adaptation.search.winner import suggestion_for
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.schema import Case
from migrator_tui.project.words import counted
from migrator_tui.running.run import Runner
from migrator_tui.running.trying import Tried

if TYPE_CHECKING:
    from migrator_tui.history.store import History

NOTHING_FAILS = "every case that it may learn from passes by now"


class Search:
    """One search. Use it once, from one event loop; `ground.begin` and `ground.go_on` give what it stands on.

    `force`: go on where it is unlikely to help.
    """

    def __init__(
        self,
        history: "History",
        runner: Runner,
        ground: Ground,
        *,
        author: str,
        force: bool = False,
        engine: Engine | None = None,
    ) -> None:
        self._history = history
        self._ground = ground
        self._author = author
        self._force = force
        self._engine = engine
        self._asking = Asking(runner, history, ground.stored, ground.task, ground.settings, ground.assistant)
        self._proposer = Proposer(history, ground, self._asking)
        self._cases = {case.id: case for case in ground.learn}
        self._critical = frozenset(case.id for case in ground.learn if case.critical)
        self._start = OpenTry(
            1,
            ground.base.template,
            tuple(self._cases),
            title=ground.base.label,
            version=ground.base,
        )
        self._tries = Tries(self._start)
        self._turns: dict[str, int] = {}
        self._dry = 0
        """Tries in a row without a better one …"""
        self._silent = 0
        """… and, of the last ones in a row, those for which no proposal came."""
        self._room: HeadRoom | None = None
        self._earlier: dict[tuple[int, str], int] = {}
        self._telling = Telling(self._asking)

    @property
    def search_id(self) -> str:
        """By which the history knows it."""
        return self._ground.stored.id

    def pause(self) -> None:
        """Begin no call until `go_on`; those in flight come to their end."""
        self._asking.pause()

    def go_on(self) -> None:
        """After a pause."""
        self._asking.go_on()

    def stop(self) -> None:
        """End at once with the best so far; the history holds what is needed to go on."""
        self._asking.stop()

    async def run(self, on_event: Callable[[SearchEvent], None]) -> SearchResult:
        """Search until it is over. Raises `ProjectError`, before anything is asked, where a cap of money cannot be
        held and where another program is at it."""
        began = time.monotonic()
        self._telling.tell = on_event
        ground = self._ground
        if not await asyncio.to_thread(self._history.claim_search, self.search_id):
            raise ProjectError("that search is going on in another program")
        from migrator_tui.adaptation.suggesting import frozen_notes

        await self._asking.open(ground.models)
        self._asking.cap.held_back = ground.needs.held_back
        self._earlier = await asyncio.to_thread(calls_before, self._history, self.search_id)
        known = await asyncio.to_thread(stored_result, self._history, ground.stored)
        rate = await asyncio.to_thread(self._baseline_rate, ground.learn)
        self._telling.tell(
            SearchBegan(
                self.search_id,
                len(ground.learn),
                len(ground.held_out),
                rate,
                ground.estimate,
                resumed=bool(ground.stored.calls),
            )
        )
        self._telling.spent()
        self._telling.note(frozen_notes(ground.task, ground.base.template))
        held_out: HeldOut | None = None
        try:
            try:
                await self._begin()
                await self._search()
            except Over:
                pass
            held_out = await self._test()
        finally:
            result = further(known, self._result(held_out, time.monotonic() - began))
            # Shielded: whoever gives this up in that moment can go on with it later.
            await asyncio.shield(asyncio.to_thread(self._save, result))
        return result

    async def _begin(self) -> None:
        """The start on the cases to learn from, and what is to be known before the first proposal."""
        ground = self._ground
        if ground.needs.all_references:
            await self._ask_baseline(ground.learn)
        start = self._start
        start.calls_before = self._calls_before(start, self._asking.cap.made)
        self._telling.tell(TryBegan(start.shown()))
        await self._evaluate(start, list(self._cases))
        start.accepted, start.why = True, "where it starts"
        await self._ended(start)
        self._room = head_room(ground.task, self._cases, start.counting())
        if self._room.failing == 0 and self._room.of:
            self._finish("every case that it may learn from passes already")
        if not self._room.likely and not (self._force and self._room.failing):
            self._finish(f"search is unlikely to help here: {self._room.why}")
        if not ground.needs.all_references:
            await self._ask_baseline(
                [self._cases[one] for one in some_of_each(start.counting(), ground.needs.references)]
            )

    async def _search(self) -> None:
        from migrator_tui.adaptation.search import gepa_engine

        problem = Problem(
            start=self._start.text,
            case_ids=list(self._cases),
            evaluate=self._worth,
            batch=self._batch,
            propose=self._propose,
            accept=self._accept,
            over=lambda: bool(self._asking.ended),
            seed=self._ground.settings.seed,
        )
        await (self._engine or gepa_engine.search)(problem)

    async def _worth(self, text: str, case_ids: Sequence[str]) -> Mapping[str, float]:
        a_try = self._tries[text]
        await self._evaluate(a_try, case_ids)
        return worths(a_try, case_ids)

    async def _batch(self, parent: str) -> Sequence[str]:
        turn = self._turns.get(parent, 0)
        self._turns[parent] = turn + 1
        a_try = self._tries[parent]
        batch = first_batch(a_try.counting(), turn, f"{self._ground.settings.seed}/{a_try.number}")
        if not batch:
            self._finish(NOTHING_FAILS)
        return batch

    async def _propose(self, parent_text: str, case_ids: Sequence[str]) -> str | None:
        """A child that the guards let pass, ready to be asked; `None` where they don't, or none came."""
        parent = self._tries[parent_text]
        room = self._asking.cap.left >= self._ground.needs.per_try
        if not room and not await self._asking.replays():
            self._finish(f"the {self._ground.settings.budget_calls} calls leave no room for another try", False)
        calls = self._asking.cap.made
        try:
            suggestion = await self._proposer.suggest(parent, self._tries.dropped)
            self._telling.note(suggestion.notes)
        except NoProposal as nothing:
            self._telling.spent()
            if nothing.final:
                self._finish(str(nothing))
            refused = self._tries.new(parent.text, parent, None)
            refused.calls_before = self._calls_before(refused, calls)
            self._telling.tell(TryBegan(refused.shown()))
            refused.why = str(nothing)
            self._silent += 1
            await self._ended(refused)
            self._count(refused)
            return None
        self._silent = 0
        text = self._proposer.text_of(parent, suggestion)
        a_try = self._tries.new(text, parent, suggestion, self._proposer.quoted(parent, suggestion))
        a_try.calls_before = self._calls_before(a_try, calls)
        why = self._proposer.refusal(self._start, a_try, self._tries.known(text))
        self._telling.tell(TryBegan(a_try.shown()))
        self._telling.spent()
        if why is not None:
            a_try.why = why
            await self._ended(a_try)
            self._count(a_try)
            return None
        self._tries.ask(a_try, await asyncio.to_thread(self._proposer.version, a_try, self._author))
        return text

    async def _accept(self, parent_text: str, child_text: str, case_ids: Sequence[str]) -> bool:
        """Whether a child is kept: by a few cases, then by all of them."""
        parent, child = self._tries[parent_text], self._tries[child_text]
        before = parent.counting()
        some = child.counting(case_ids)
        why = why_dropped(before, some, first=True)
        if self._room is not None and self._room.first_try_tells:
            nothing = "the first proposal changed nothing for the better"
            fine = moved(before, some)
            told = self._room.why if fine else nothing
            self._room = replace(self._room, likely=fine, why=told, first_try_tells=False)
        if why is None:
            await self._evaluate(child, list(self._cases))
            why = why_dropped(before, child.counting(), self._critical, first=False)
        child.accepted = why is None
        child.why = why_kept(before, child.counting()) if why is None else why
        await self._ended(child)
        if self._room is not None and not self._room.likely and not self._force:
            self._finish(f"search is unlikely to help here: {self._room.why}")
        self._count(child)
        return child.accepted

    def _count(self, a_try: OpenTry) -> None:
        """Count what came of a proposal; the search is over where that was the last one."""
        if a_try.accepted and self._tries.furthest is a_try:
            self._dry = 0
            if all(one.passed for one in a_try.counting().values() if one.passed is not None):
                self._asking.end(NOTHING_FAILS, complete=True)
            return
        self._dry += 1
        if self._silent >= self._ground.settings.patience:
            times = "" if self._silent == 1 else f", {self._silent} times in a row"
            self._asking.end(f"no proposal came{times}: {a_try.why}", complete=False)
        elif self._dry >= self._ground.settings.patience:
            tries = "1 try" if self._dry == 1 else f"{self._dry} tries in a row"
            self._asking.end(f"{tries} without a better one", complete=True)

    def _finish(self, why: str, complete: bool = True) -> None:
        self._asking.end(why, complete=complete)
        raise Over

    async def _evaluate(self, a_try: OpenTry, case_ids: Sequence[str]) -> None:
        """Ask a try about those of these cases that it was not asked about yet."""
        assert a_try.version is not None, "what guards refused is not asked"
        open_ids = [case_id for case_id in case_ids if case_id not in a_try.scores]
        if not open_ids:
            return

        def take(tried: Tried) -> None:
            a_try.take(tried)
            self._telling.answered(a_try, tried)

        try:
            await self._asking.ask(a_try.version, [self._cases[case_id] for case_id in open_ids], take)
        except Over:
            if not a_try.why:
                a_try.why = f"not tried to the end: {self._asking.ended}"
                await self._ended(a_try)
            raise
        self._telling.tell(TryAdvanced(a_try.shown()))
        self._telling.spent()
        if all(a_try.outputs[case_id].failed_call for case_id in open_ids):
            self._finish(f"every call ends in an error: {a_try.scores[open_ids[0]].reason}", False)

    async def _ask_baseline(self, cases: Sequence[Case]) -> None:
        """The old model's answers, which then stand for their cases as those of a run."""
        if cases:
            await self._asking.ask(self._ground.baseline, cases, lambda tried: self._telling.advanced())
            self._telling.spent()

    async def _test(self) -> HeldOut | None:
        """Start and winner on the held-out cases; nothing where nothing helped, since that would tell nothing."""
        ground, best = self._ground, self._tries.best if self._start.accepted else self._start
        if best is self._start or not ground.held_out or self._asking.stopped:
            return None
        assert best.version is not None
        known = await asyncio.to_thread(earlier_held_out, ground.stored, self._history, best.version)
        if known is not None:
            return known
        self._asking.cap.held_back = 0
        self._telling.tell(HeldOutBegan(best.number))
        try:
            await self._ask_baseline(ground.held_out if ground.needs.compared else ())
            found = await ask_held_out(
                self._asking,
                self._history,
                ground.project,
                ground.task,
                (ground.base, best.version),
                ground.held_out,
                author=self._author,
            )
        except Over:
            found = None
        if found is None:
            self._asking.unfinished("the held-out cases were not asked to the end")
        self._telling.spent()
        return found

    def _errors_left(self, best: OpenTry) -> None:
        """What it came to rests on answers that some calls did not give: then it is not through."""
        versions = {one.version.id for one in (self._start, best) if one.version is not None}
        left = self._asking.failed(versions)
        if left and self._asking.ended and not self._asking.stopped:
            self._asking.unfinished(f"{counted(left, 'call')} ended in an error")

    def _calls_before(self, a_try: OpenTry, now: int) -> int:
        return self._earlier.get((a_try.number, a_try.text), now)

    async def _ended(self, a_try: OpenTry) -> None:
        """Something came of a try: tell it, and write it down."""
        shown = a_try.shown()
        await asyncio.to_thread(self._history.add_try, self.search_id, try_details(shown))
        self._telling.tell(TryEnded(shown))

    def _baseline_rate(self, cases: Sequence[Case]) -> float | None:
        ground = self._ground
        return baseline_rate(ground.project, self._history, ground.task, ground.base.model_name, cases)

    def _result(self, held_out: HeldOut | None, seconds: float) -> SearchResult:
        best = self._tries.best if self._start.accepted else self._start
        helped = best is not self._start
        self._errors_left(best)
        ended = self._asking.ended or "it broke"
        if not helped and self._asking.complete and any(one.edits for one in self._tries):
            ended = f"nothing helped: {ended}"
        return SearchResult(
            search_id=self.search_id,
            complete=bool(self._asking.ended) and self._asking.complete,
            ended=ended,
            tries=[a_try.shown() for a_try in self._tries],
            best=best.shown(),
            helped=helped,
            held_out=held_out,
            spent=self._asking.spent,
            seconds=seconds,
            head_room=self._room,
            suggestion=suggestion_for(best) if helped else None,
            advice=self._proposer.advice,
        )

    def _save(self, result: SearchResult) -> None:
        spent = result.spent
        if result.suggestion is not None:
            keep_winner(self._history, result, self._author)
        for one in result.tries:
            self._history.add_try(self.search_id, try_details(one))
        self._history.save_search(
            self.search_id,
            state="finished" if result.complete else "stopped",
            calls=spent.calls,
            assistant_calls=spent.assistant_calls,
            cost=spent.cost,
            result=result_details(result),
        )

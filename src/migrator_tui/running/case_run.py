"""One case, asked now and streamed: what `r` does."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from migrator_tui.history.records import Output, RunItem, Version
from migrator_tui.models.requests import Lane, ModelRequest
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.schema import BASELINE, Case, ModelSpec, Project, Task
from migrator_tui.running.cache import source_digest
from migrator_tui.running.calls import Calls, make_call, new_output
from migrator_tui.running.checking.services import Services
from migrator_tui.running.checking.waiting import ask_waiting, can_be_asked
from migrator_tui.running.events import CallStarted, CaseResult, OutputJudged, OutputRecorded, RunEvent
from migrator_tui.running.judging import Judged, judge_cases, standings_of
from migrator_tui.running.placeholders import baseline_version, refuse_placeholders
from migrator_tui.running.plan import key_for, request_for, validate_checks
from migrator_tui.running.spending import Budget, CapReached
from migrator_tui.running.versions import DraftPrompt, version_of_draft, version_of_record

if TYPE_CHECKING:
    from migrator_tui.history.store import History


CHECKS_AT_A_TIME = 8


class CaseJob:
    """One case being asked, once."""

    def __init__(
        self,
        project: Project,
        history: "History",
        pool: Calls,
        budget: Budget,
        *,
        author: str,
        lane: Lane,
        standing: bool = True,
    ) -> None:
        self._project = project
        self._history = history
        self._pool = pool
        self._budget = budget
        self._author = author
        self._lane = lane
        self._standing = standing
        """Whether the candidate's answer stands for the case, or only is tried."""
        self._calls: list[asyncio.Task[Output | None]] = []
        self._asking: asyncio.Task[tuple[int, int]] | None = None
        self._stopped = False

    def stop(self) -> None:
        """Cancel its calls."""
        self._stopped = True
        for call in self._calls:
            call.cancel()
        if self._asking is not None:
            self._asking.cancel()

    async def run(
        self,
        task: Task,
        candidate: str,
        case: Case,
        version: Version | DraftPrompt | None,
        tell: Callable[[RunEvent], None],
        *,
        include_baseline: bool,
    ) -> CaseResult:
        """See `Runner.run_case`."""
        items = await asyncio.to_thread(self._items, task, candidate, case, version, include_baseline)
        new, old = items[0], items[1] if include_baseline else None
        asked = [item for item in (new[0], old[0] if old else None) if item is not None and item.output_id is None]
        versions = {item.model_name: known for item, known in items}
        if not self._stopped:
            # Requests are made before either call starts: a prompt that cannot be rendered costs nothing.
            prepared = self._prepare(task, case, asked, versions)
            self._calls = [asyncio.create_task(self._ask(*call, tell)) for call in prepared]
        done = await asyncio.gather(*self._calls, return_exceptions=True)
        for outcome in done:
            if isinstance(outcome, BaseException) and not isinstance(outcome, asyncio.CancelledError):
                raise outcome
        outputs = {output.model_name: output for output in done if isinstance(output, Output)}
        cached = old[0].output_id if old is not None else None
        if cached is not None:
            outputs[BASELINE] = (await asyncio.to_thread(self._history.outputs, [cached]))[cached]
        asked_baseline = BASELINE in outputs and cached is None
        judged = await asyncio.to_thread(self._look, task, candidate, case, outputs, asked_baseline)
        standing = judged.standings[0]
        shown = {candidate: standing} if self._standing else {}
        told = [(item, outputs[item.model_name]) for item, _ in items if item.model_name in outputs]
        for item, output in told:
            checks = judged.results.get(output.id, {})
            tell(OutputRecorded(item, output, checks, shown, item.cached))
        if await self._ask_judges(task, case, [output for _, output in told], judged):
            judged = await asyncio.to_thread(self._look, task, candidate, case, outputs, asked_baseline)
            standing = judged.standings[0]
            shown = {candidate: standing} if self._standing else {}
            for item, output in told:
                tell(OutputJudged(item, output, judged.results.get(output.id, {}), shown))
        return CaseResult(
            version=versions[candidate],
            candidate=outputs.get(candidate),
            baseline=outputs.get(BASELINE),
            baseline_cached=cached is not None,
            standing=standing,
            unmade=[item.model_name for item in asked if item.model_name not in outputs],
        )

    def _look(
        self, task: Task, candidate: str, case: Case, outputs: Mapping[str, Output], asked_baseline: bool
    ) -> Judged:
        """Check the outputs; where the candidate's only is tried, its row is what it would be, and is not written."""
        project, history, cases = self._project, self._history, {case.id: case}
        if self._standing:
            return judge_cases(project, history, task, candidate, cases)
        if asked_baseline:
            judge_cases(project, history, task, candidate, cases)
        if BASELINE in outputs:
            old: Mapping[str, Sequence[Output]] = {case.id: [outputs[BASELINE]]}
        else:
            old = history.current_outputs(task.name, BASELINE, project.baseline.model, [case.id])
        new = {case.id: [outputs[candidate]]} if candidate in outputs else {}
        return standings_of(project, history, task, candidate, cases, old, new)

    async def _ask_judges(self, task: Task, case: Case, outputs: Sequence[Output], judged: Judged) -> bool:
        """Ask what checks of these outputs wait for; whether there was an answer."""
        records = (record for output in outputs for record in judged.results.get(output.id, {}).values())
        if self._stopped or not any(can_be_asked(record) for record in records):
            return False
        baselines = await asyncio.to_thread(
            self._history.current_outputs, task.name, BASELINE, self._project.baseline.model, [case.id]
        )
        services = Services(self._pool, self._budget, lane=self._lane, concurrency=CHECKS_AT_A_TIME)
        asking = asyncio.create_task(ask_waiting(self._history, task, {case.id: case}, outputs, baselines, services))
        self._asking = asking
        try:
            await asyncio.wait([asking])
        finally:
            asking.cancel()  # where this very case was given up
        if asking.cancelled():
            return True  # some may have answered before
        return asking.result()[0] > 0

    def _items(
        self,
        task: Task,
        candidate: str,
        case: Case,
        version: Version | DraftPrompt | None,
        include_baseline: bool,
    ) -> list[tuple[RunItem, Version]]:
        validate_checks(task, [case])
        if isinstance(version, DraftPrompt):
            version = version_of_draft(self._history, task.name, candidate, version, author=self._author)
        elif version is None:
            version = version_of_record(self._project, self._history, task, candidate, author=self._author)
        refuse_placeholders([self._project.candidate(candidate)], {(task.name, candidate): version})
        items = [(self._item(1, task, self._project.candidate(candidate), version, case), version)]
        if include_baseline:
            known = baseline_version(self._project, self._history, task, [version], author=self._author)
            refuse_placeholders([self._project.baseline], {(task.name, BASELINE): known})
            item = self._item(2, task, self._project.baseline, known, case)
            found = self._history.cached([item.call_key]).get(item.call_key)
            if found is not None and self._standing:
                self._stand(task, item, found)
            items.append((replace(item, output_id=found, cached=found is not None), known))
        return items

    def _stand(self, task: Task, item: RunItem, output_id: int) -> None:
        """Let an answer from the cache count again where a later prompt's had taken its place."""
        standing = self._history.current_outputs(task.name, BASELINE, self._project.baseline.model, [item.case_id])
        if output_id not in {output.id for output in standing.get(item.case_id, [])}:
            self._history.place_output(item, output_id)

    def _item(self, no: int, task: Task, spec: ModelSpec, version: Version, case: Case) -> RunItem:
        source = source_digest(self._project, spec)
        key = key_for(self._project, task, spec, version, case, 1, source=source)
        return RunItem(no, task.name, spec.name, case.id, version.id, 1, key)

    def _prepare(
        self, task: Task, case: Case, items: Sequence[RunItem], versions: Mapping[str, Version]
    ) -> list[tuple[RunItem, ModelSpec, ModelRequest, float]]:
        """Requests, their money promised: for all of them or, where one cannot be made or paid, for none."""
        prepared: list[tuple[RunItem, ModelSpec, ModelRequest, float]] = []
        try:
            for item in items:
                spec = self._project.model(item.model_name)
                request = request_for(self._project, task, spec, versions[item.model_name], case, stream=True)
                bound = self._budget.bound(spec, request)
                refusal = self._budget.refusal(spec, bound)
                if refusal is not None:
                    raise CapReached(refusal, file=self._project.config_file.name)
                self._budget.promise(spec, bound)
                prepared.append((item, spec, request, bound))
        except ProjectError:
            for _, spec, _, bound in prepared:
                self._budget.settle(spec, bound, None, unsent=True)
            raise
        return prepared

    async def _ask(
        self, item: RunItem, spec: ModelSpec, request: ModelRequest, bound: float, tell: Callable[[RunEvent], None]
    ) -> Output | None:
        tell(CallStarted(item))
        end = await make_call(
            self._pool, item, spec, request, lane=self._lane, budget=self._budget, bound=bound, on_event=tell
        )
        if end is None:
            return None
        row = new_output(item, spec, end, self._budget.prices, run_id=None)
        # Shielded: an answer that came is kept even if `x` is pressed in that moment.
        standing = self._standing or item.model_name == BASELINE
        storing = asyncio.ensure_future(asyncio.to_thread(self._history.add_outputs, [row], standing=standing))
        try:
            await asyncio.shield(storing)
        except asyncio.CancelledError:
            await asyncio.wait([storing])
        return storing.result()[0]

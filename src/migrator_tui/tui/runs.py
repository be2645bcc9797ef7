"""What is being asked of models right now (cases, bulk runs, the assistant), and the processes that serve it."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, TypeVar

from textual.message import Message

from migrator_tui.history.errors import HistoryError
from migrator_tui.history.records import Version
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.schema import Case
from migrator_tui.tui.messages import CaseEvent, CaseRan, Noticed, RunAdvanced, RunBroke, RunEnded
from migrator_tui.tui.workspace import Workspace

if TYPE_CHECKING:
    from migrator_tui.models.dry_run import DryRun, ParameterSet
    from migrator_tui.models.pool import ModelPool
    from migrator_tui.models.requests import Answer
    from migrator_tui.project.schema import Message as ChatMessage
    from migrator_tui.running.estimate import Estimate
    from migrator_tui.running.events import CaseResult, RunEvent
    from migrator_tui.running.plan import Plan
    from migrator_tui.running.run import Runner
    from migrator_tui.running.selection import Selection

CONCURRENCY = 16
"""Calls of a bulk run at a time; a model's own `concurrency` narrows it."""
ResultT = TypeVar("ResultT")


class Stopped(Exception):
    """Somebody has stopped what was going on beside the runs."""


class Runs:
    """Starts and stops calls. What comes of them is posted; what is stored, `running` stores."""

    def __init__(
        self, workspace: Workspace, post: Callable[[Message], object], pool: "ModelPool | None" = None
    ) -> None:
        """`pool`: one that somebody else has opened and will close; without it, the project's own."""
        self._workspace = workspace
        self._post = post
        self._stack = AsyncExitStack()
        self._pool = pool
        self._own_pool = pool is None
        self._runner: Runner | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.bulk = False
        """A bulk run is going on."""
        self.cases: set[str] = set()
        """Ids of the cases that are being asked by themselves."""
        self.behind = False
        """A search goes on behind the screens."""
        self._beside: dict[asyncio.Task[Any], Callable[[], object]] = {}
        """Neither: the assistant, or edits being tried; each with what stops it."""

    @property
    def busy(self) -> bool:
        """Something can be stopped."""
        return self.bulk or bool(self.cases) or bool(self._beside)

    @property
    def occupied(self) -> bool:
        """Models are being asked: the project must stay as it is."""
        return self.busy or self.behind

    @property
    def runner(self) -> "Runner | None":
        """Who asks about edits that are only tried; `None` until models are ready."""
        return self._ready_runner() if self._runner is not None else None

    def stoppable(
        self, work: Coroutine[Any, Any, ResultT], stop: Callable[[], object] | None = None
    ) -> Coroutine[Any, Any, ResultT]:
        """Begin something else that asks models, to be awaited: `x` stops it, by `stop`, else it raises `Stopped`."""
        task = asyncio.create_task(work)
        self._beside[task] = stop or task.cancel
        return self._beside_runs(task)

    async def _beside_runs(self, task: asyncio.Task[ResultT]) -> ResultT:
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if task.cancelled():
                raise Stopped from None
            task.cancel()  # whoever waits for it is gone
            raise
        finally:
            del self._beside[task]

    async def open(self) -> None:
        """Open the pool: calls can be made, the first of them waits for its worker."""
        from migrator_tui.running.pools import open_pool

        workspace = self._workspace
        if self._pool is None:
            self._pool = await self._stack.enter_async_context(
                await asyncio.to_thread(open_pool, workspace.project, trusted=workspace.trusted)
            )
        self._runner = self._new_runner(self._pool)

    async def reopen(self) -> None:
        """Another pool for the project as it is now: it knows recordings and keys that the one before did not.

        To be called while nothing is asked. A pool that somebody else has opened stays.
        """
        if self._pool is None or not self._own_pool:
            return
        self._pool = self._runner = None
        stack, self._stack = self._stack, AsyncExitStack()
        await stack.aclose()
        await self.open()
        await self.warm()

    def _new_runner(self, pool: "ModelPool") -> "Runner":
        from migrator_tui.running.run import Runner

        workspace = self._workspace
        return Runner(workspace.project, workspace.history, pool, author=workspace.author)

    async def warm(self) -> None:
        """Warm the worker that serves the person at the screen; where all models are recorded, there is none."""
        from migrator_tui.models.recorded import PREFIX
        from migrator_tui.models.requests import Lane
        from migrator_tui.models.worker_process import WorkerGone

        assert self._pool is not None
        project = self._workspace.project
        if all(spec.model.startswith(PREFIX) for spec in (project.baseline, *project.candidates)):
            return
        try:
            await self._pool.warm(Lane.WAITED_FOR)
        except WorkerGone as error:
            self._post(Noticed(str(error), "error"))

    async def dry_run(self, sets: "Sequence[ParameterSet]") -> "Sequence[DryRun]":
        """What would become of these parameters; no model is asked. Raises `WorkerGone`."""
        from migrator_tui.models.worker_process import WorkerGone

        if self._pool is None:
            raise WorkerGone("models are still starting; look again in a moment")
        return await self._pool.dry_run(sets)

    async def ask_assistant(self, messages: "Sequence[ChatMessage]", purpose: str, task: str) -> "Answer":
        """Ask the project's assistant; raises as `Runner.ask_assistant` does, and `ProjectError` before it can be."""
        spec = self._workspace.project.assistant
        if spec is None or self._runner is None:
            why = "there is no [assistant]" if spec is None else "models are still starting; try again in a moment"
            raise ProjectError(why)
        return await self._ready_runner().ask_assistant(spec, messages, purpose=purpose, task=task)

    async def close(self) -> None:
        """Stop what goes on, keeping what was answered, and end the processes."""
        self.stop()
        if waited_for := {*self._tasks, *self._beside}:
            await asyncio.wait(waited_for, timeout=5)
        await self._stack.aclose()

    def _ready_runner(self) -> "Runner":
        """A runner of the project as it is now: writing a version may have changed its configuration."""
        assert self._runner is not None and self._pool is not None
        workspace = self._workspace
        if self._runner.project is not workspace.project and not self._runner.busy:
            self._runner = self._new_runner(self._pool)
        return self._runner

    def own_runner(self) -> "Runner":
        """A runner over the same processes, for what is stopped by itself; `ProjectError` until models are ready."""
        if self._pool is None:
            raise ProjectError("models are still starting; try again in a moment")
        return self._new_runner(self._pool)

    def stop(self) -> None:
        """Cancel the calls in flight."""
        for stop in list(self._beside.values()):
            stop()
        if self._runner is not None:
            self._runner.stop()

    def run_case(self, case: Case, version: Version) -> bool:
        """Ask the candidate about this case, and the baseline where it never answered; False while it is asked."""
        if self._runner is None or case.id in self.cases:
            return False
        self.cases.add(case.id)
        self._workspace.made_here(self._workspace.task.name, [case.id])
        self._spawn(self._run_case(case, version))
        return True

    async def _run_case(self, case: Case, version: Version) -> None:
        runner = self._ready_runner()
        workspace = self._workspace
        result: CaseResult | None = None

        def tell(event: "RunEvent") -> None:
            self._post(CaseEvent(case.id, event))

        try:
            result = await runner.run_case(workspace.task, workspace.candidate.name, case, version, tell)
        except (ProjectError, HistoryError) as error:
            self._post(Noticed(str(error), "error"))
        finally:
            self.cases.discard(case.id)
            self._post(CaseRan(case.id, result))

    async def plan(self, selection: "Selection") -> "tuple[Plan, Estimate]":
        """What a run would ask, and what that would take; raises `ProjectError`."""
        return await asyncio.to_thread(self._plan, selection)

    def _plan(self, selection: "Selection") -> "tuple[Plan, Estimate]":
        from migrator_tui.running.estimate import estimate
        from migrator_tui.running.plan import plan_run

        workspace = self._workspace
        plan = plan_run(workspace.project, workspace.history, selection, author=workspace.author)
        return plan, estimate(plan, workspace.history, concurrency=CONCURRENCY)

    def unfinished(self) -> "Plan | None":
        """The rest of a run that did not come to its end."""
        from migrator_tui.running.resume import resume_plan

        workspace = self._workspace
        run = workspace.history.unfinished_run()
        return resume_plan(workspace.project, workspace.history, run) if run is not None else None

    def run_many(self, plan: "Plan") -> bool:
        """Start a bulk run; False where one is going on already."""
        if self._runner is None or self.bulk:
            return False
        self.bulk = True
        self._spawn(self._run_many(plan))
        return True

    async def _run_many(self, plan: "Plan") -> None:
        from migrator_tui.running.events import RunFinished

        runner = self._ready_runner()
        ended: list[RunFinished] = []

        def tell(event: "RunEvent") -> None:
            if isinstance(event, RunFinished):
                ended.append(event)
            else:
                self._post(RunAdvanced(event))

        try:
            result = await runner.run(plan, concurrency=CONCURRENCY, on_event=tell)
            # The list is made anew when it is told of the end.
            await asyncio.to_thread(self._workspace.mark_seen)
        except (ProjectError, HistoryError) as error:
            self.bulk = False
            self._post(Noticed(str(error), "error"))
            self._post(RunEnded(None))
        else:
            self.bulk = False
            self._post(RunEnded(result))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            # Raised here it would go to the event loop, which tells nobody.
            self._post(RunBroke(error))


def case_ids(plan: "Plan", task: str) -> Sequence[str]:
    """The cases of one task that still wait, once for each call."""
    return [item.case_id for item in plan.open_items if item.task == task]

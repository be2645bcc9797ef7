"""The newest look at what would go wrong, and whether it stands before the first run. Knows no widgets."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from migrator_tui.project.errors import ProjectError
from migrator_tui.tui.workspace import Workspace, read_params

if TYPE_CHECKING:
    from migrator_tui.preflight.asked import Asked
    from migrator_tui.preflight.finding import Finding, Severity
    from migrator_tui.preflight.looking import Preflight, Prompt, TryOut

    Drafts = Mapping[tuple[str, str], Prompt]


class Looks:
    """Looks in threads, one at a time; parameters are tried by the app's own worker."""

    def __init__(self, workspace: Workspace, try_out: "TryOut", *, demo: bool) -> None:
        """`try_out`: how parameters are tried (`Runs.dry_run`)."""
        self._workspace = workspace
        self._try_out = try_out
        self._lock = asyncio.Lock()
        self._ending = False
        self.found: Preflight | None = None
        self._params: dict[tuple[str, str], Mapping[str, Any]] = {}
        """Parameters in the drafts, by task and candidate; for others those of the configuration hold."""
        self._first = not demo
        """Nothing was ever run, as far as is known: the first run is still to come."""

    @property
    def stands_before(self) -> bool:
        """Whether what was found, or is not known yet, comes before the first run."""
        clear = self.found is not None and self.found.clear
        return self._first and not clear and self._asks_somebody

    @property
    def _asks_somebody(self) -> bool:
        """A provider or a server is asked, and not only files and our own simulator."""
        project = self._workspace.project
        models = (project.baseline, *project.candidates)
        return any(not spec.model.startswith(("recorded:", "simulated:")) for spec in models)

    @property
    def warning(self) -> Sequence[str]:
        """What panes say that wait for a first run: a line where something is in its way."""
        if self.found is None or self.found.clear:
            return ()
        from migrator_tui.preflight.finding import Severity

        numbers = [(severity.value, len(self.left(severity))) for severity in (Severity.BLOCKER, Severity.WARNING)]
        words = [f"{number} {word}{'' if number == 1 else 's'}" for word, number in numbers if number]
        return (f"F7 shows {' and '.join(words)}",) if words else ()

    def drafted(self, task: str, candidate: str, params: Mapping[str, Any]) -> None:
        """The draft of that task and candidate has these parameters now."""
        self._params[task, candidate] = params

    def is_taken(self, finding: "Finding") -> bool:
        """Whether the change that a finding proposes is in the draft of its task and candidate."""
        specs = {spec.name: spec for spec in self._workspace.project.candidates}
        if finding.change is None or finding.task is None or finding.model not in specs:
            return False
        params = self._params.get((finding.task, finding.model))
        return finding.change.is_in(specs[finding.model].params_for(finding.task) if params is None else params)

    def left(self, severity: "Severity") -> "list[Finding]":
        """The findings of that weight that no draft mends."""
        found = self.found.of(severity) if self.found is not None else []
        return [finding for finding in found if not self.is_taken(finding)]

    def seen(self) -> None:
        """The user has seen it, or something was run: it no longer stands before anything."""
        self._first = False

    def stop(self) -> None:
        """The program ends: a long list of cases is not read to its end."""
        self._ending = True

    def forget(self) -> None:
        """Models, prompts or cases are others: the next look looks anew."""
        self.found = None
        self._params.clear()

    async def wanted(self) -> bool:
        """Whether to look ahead: real models, and no answer of theirs yet. Raises `HistoryError`."""
        if not self._first or not self._asks_somebody:
            return False
        placed, _ = await asyncio.to_thread(self._workspace.history.latest)
        self._first = placed == 0
        return self._first

    async def current(self, drafts: "Drafts") -> "Preflight":
        """The newest look, made now where there is none. Raises `ProjectError`, `HistoryError`, `OSError`."""
        async with self._lock:
            if self.found is None:
                self.found = await self._look(drafts)
            return self.found

    async def again(self, drafts: "Drafts") -> "Preflight":
        """A new look. Raises as `current` does."""
        async with self._lock:
            self.found = await self._look(drafts)
            return self.found

    async def _look(self, drafts: "Drafts") -> "Preflight":
        # Here, not above: the first paint need not wait for it.
        from migrator_tui.models.worker_process import WorkerGone
        from migrator_tui.preflight.looking import with_dry_runs

        drafts = {**await asyncio.to_thread(self._left_in_history, drafts), **drafts}
        self._params = {key: draft.params for key, draft in drafts.items()}
        asked = await asyncio.to_thread(self._gather, drafts)
        try:
            asked = await with_dry_runs(asked, self._try_out)
        except WorkerGone as error:
            raise ProjectError(str(error)) from error
        return await asyncio.to_thread(self._findings, asked)

    def _left_in_history(self, in_view: "Drafts") -> "dict[tuple[str, str], Prompt]":
        """What the tasks and candidates that are not in view would be asked with."""
        from migrator_tui.preflight.looking import Prompt

        found = {}
        for (task, candidate), state in self._workspace.prompts_left().items():
            if (task, candidate) in in_view:
                continue
            try:
                found[task, candidate] = Prompt(state.template, read_params(state.params_text))
            except ProjectError as error:
                raise ProjectError(f"the draft of {candidate} on {task}: {error.what}") from None
        return found

    def _gather(self, drafts: "Drafts") -> "list[Asked]":
        from migrator_tui.adaptation.guidance import all_guidance
        from migrator_tui.preflight.looking import gather

        project = self._workspace.project
        all_guidance(project)  # refuses a file of rules with a mistake
        return gather(
            project,
            self._workspace.history,
            tasks=project.tasks,
            candidates=project.candidates,
            drafts=drafts,
            stop=lambda: self._ending,
        )

    def _findings(self, asked: "list[Asked]") -> "Preflight":
        from migrator_tui.preflight.looking import look
        from migrator_tui.project.dotenv import environment

        project, trusted = self._workspace.project, self._workspace.trusted
        return look(project, asked, environment=environment(project, trusted), trusted=trusted)

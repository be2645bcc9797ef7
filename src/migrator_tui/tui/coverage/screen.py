"""The coverage screen: what can be done with it."""

import asyncio
import tomllib
from collections.abc import Sequence

from textual import work
from textual.content import Content

from migrator_tui.coverage.values import CaseProposal, CheckProposal
from migrator_tui.coverage.words import effect_words, plural
from migrator_tui.history.errors import HistoryError
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.schema import Case, CheckSpec
from migrator_tui.text_safety import safe_line
from migrator_tui.tui.coverage.bench import CoverageBench
from migrator_tui.tui.coverage.proposals_part import check_key, chosen, drafts_of, fill_key
from migrator_tui.tui.coverage.review import Review
from migrator_tui.tui.scorecard.links import tag_filter
from migrator_tui.tui.theme import STYLES
from migrator_tui.tui.widgets.diff_sheet import diff_content
from migrator_tui.tui.widgets.modal import Ask, Sheet


class CoverageScreen(CoverageBench):
    """From a gap to the cases behind it, and to what fills it."""

    # Moving

    def action_page_of_parts(self, by: int) -> None:
        """The next page of parts, where not all have room on one."""
        pages = self.PAGES[self.size_class]
        if len(pages) > 1 and self.maximised is None and self.coverage is not None:
            self.focus_part(pages[(self.page_number + by) % len(pages)][1][-1])

    def action_stop(self) -> None:
        self.program.workbench.action_stop()

    # Looking

    @property
    def _row_key(self) -> str:
        rows = self._rows
        return (rows.highlighted if rows is not None else None) or ""

    def _check(self) -> CheckProposal | None:
        coverage = self.coverage
        found = coverage.checks if coverage is not None else ()
        return next((one for one in found if check_key(one) == self._row_key), None)

    def _fill(self) -> CaseProposal | None:
        coverage = self.coverage
        found = coverage.fills if coverage is not None else ()
        return next((one for one in found if fill_key(one) == self._row_key), None)

    @work(exclusive=True, group="question")
    async def action_open(self) -> None:
        """To the cases behind the row under the cursor; of proposed cases, a look at each."""
        fill = self._fill()
        if fill is not None:
            await self._review(fill)
            return
        query = self._query()
        if query is None:
            none = "no case fails this check" if self._check() is not None else "all cases are behind this, or none"
            self.say(f"{none}; there are none to single out")
        elif self.program.workbench.show_filtered(query):
            self.program.action_show("workbench")

    def _query(self) -> str | None:
        """The filter for the cases behind the row under the cursor; `None`: there are none to single out."""
        coverage, surveyed = self.coverage, self.surveyed
        kind, _, rest = self._row_key.partition(":")
        if coverage is None or surveyed is None:
            return None
        ids: Sequence[str] = ()
        if kind == "i":
            ids = coverage.instructions[int(rest)].ids
        elif kind == "e":
            ids = next((edge.cases for edge in coverage.edges if edge.name == rest), ())
        elif kind == "t":
            ids = self._in_trouble(rest)
        elif kind == "s":
            name = rest.partition(":")[2]
            share = next(one for one in coverage.shares if (one.kind, one.name) == (rest.partition(":")[0], name))
            if share.kind == "tag" and share.cases:
                return tag_filter(name)
            ids = share.ids
        elif kind == "c" and surveyed.changes is not None:
            number = next((n for n, one in enumerate(coverage.checks) if check_key(one) == self._row_key), None)
            ids = surveyed.changes[number].failing if number is not None else ()
        return id_filter(ids)

    def _in_trouble(self, key: str) -> Sequence[str]:
        assert self.coverage is not None
        trouble = self.coverage.trouble
        if key in ("same", "near"):
            return [case_id for group in getattr(trouble, key) for case_id in group]
        ids: Sequence[str] = getattr(trouble, key)
        return ids

    # Taking

    @work(exclusive=True, group="question")
    async def action_take(self) -> None:
        """Take the proposal under the cursor, or leave it."""
        taken, check, fill = self.taken, self._check(), self._fill()
        if check is not None:
            key = check_key(check)
            if taken.checks.pop(key, None) is None:
                taken.checks[key] = taken.words.get(key, check.spec)
        elif fill is not None:
            key = fill_key(fill)
            if taken.cases.pop(key, None) is None:
                await self._take_cases(fill)
        else:
            self.say("space takes a proposal: tab leads to them", "warning")
            return
        self.paint()

    async def _take_cases(self, fill: CaseProposal) -> None:
        assert self.coverage is not None
        drafts = drafts_of(fill, self.coverage, self.taken)
        if not drafts:
            self._say_unwritten()
            return
        usable = await self._usable(drafts)
        self.taken.cases[fill_key(fill)] = usable
        self.say(f"{plural(len(usable), 'case')} taken; enter looks at them, w writes them")

    async def _usable(self, drafts: Sequence[Case]) -> list[Case]:
        """Those that the prompt can be rendered with; what is wrong with the others is said."""
        from migrator_tui.coverage.filling import new_cases, unusable
        from migrator_tui.project.prompts import read_template

        assert self.surveyed is not None
        project, cases = self.workspace.project, self.surveyed.cases
        file = project.prompt_file(self.workspace.task, self.workspace.candidate.name)

        def look() -> tuple[list[Case], str]:
            template = read_template(file)
            fresh = new_cases(drafts, cases)
            problems = {case.id: unusable(case, template) for case in fresh}
            return [case for case in fresh if not problems[case.id]], next(filter(None, problems.values()), "")

        try:
            usable, problem = await asyncio.to_thread(look)
        except ProjectError as error:
            self.say(str(error), "error")
            return []
        if problem:
            self.say(f"left out: {problem}", "warning")
        return usable

    def _say_unwritten(self) -> None:
        if self.assistant is None:
            self.say("production has none; [assistant] in migrator.toml names a model that writes some", "warning")
        else:
            self.say(f"s has {self.assistant} write some", "warning")

    async def _review(self, fill: CaseProposal) -> None:
        assert self.coverage is not None
        taken, key = self.taken, fill_key(fill)
        drafts = await self._usable(drafts_of(fill, self.coverage, taken))
        if not drafts:
            self._say_unwritten()
            return
        dialog = Review(fill.title, drafts, taken.cases.get(key, []), self.program.glyphs)
        reviewed = await self.app.push_screen_wait(dialog)
        if reviewed is None:
            return
        taken.drafts[key] = list(reviewed.drafts)
        taken.cases.pop(key, None)
        if reviewed.taken:
            taken.cases[key] = list(reviewed.taken)
        self.paint()

    @work(exclusive=True, group="question")
    async def action_edit(self) -> None:
        """Other words for the proposal under the cursor."""
        check, fill = self._check(), self._fill()
        if fill is not None:
            await self._review(fill)
            return
        if check is None:
            self.say("e changes a proposal: tab leads to them", "warning")
            return
        from migrator_tui.project.write_checks import check_text

        key = check_key(check)
        spec = self.taken.words.get(key, check.spec)

        def problem(text: str) -> str:
            try:
                self._typed(text)
            except ProjectError as error:
                return str(error)
            return ""

        dialog = Ask("Change the check", "as migrator.toml has it", check_text(spec), problem=problem)
        said = await self.app.push_screen_wait(dialog)
        if said is None:
            return
        changed = self._typed(said)
        self.taken.words[key] = changed
        if key in self.taken.checks:
            self.taken.checks[key] = changed
        self.paint()

    def _typed(self, text: str) -> CheckSpec:
        """The check that was typed; `ProjectError` where it is none."""
        from migrator_tui.checks.base import CheckFailure
        from migrator_tui.checks.registry import validate
        from migrator_tui.project.check_specs import check_spec
        from migrator_tui.project.tables import Misfit

        try:
            spec = check_spec(tomllib.loads(f"check = {text}")["check"])
            validate(spec, self.workspace.task.check_setup)
        except (Misfit, CheckFailure) as problem:
            raise ProjectError(problem.what if isinstance(problem, Misfit) else str(problem)) from None
        except (ValueError, RecursionError) as error:
            raise ProjectError(f"not TOML: {error}") from None
        return spec

    # Having cases written

    @work(exclusive=True, group="question")
    async def action_suggest(self) -> None:
        """Have the assistant write cases for the proposal under the cursor, else for all that production lacks."""
        from migrator_tui.tui.coverage.suggesting import suggest

        coverage = self.coverage
        if coverage is None:
            return
        fill = self._fill()
        fills = [fill] if fill is not None else [one for one in coverage.fills if not self._drafts(one)]
        if not fills:
            self.say("every proposal has cases already: enter looks at them", "warning")
            return
        written = await suggest(self, fills)
        for one, cases in written.items():
            self.taken.drafts[fill_key(one)] = cases
            self.taken.cases.pop(fill_key(one), None)
        self.paint()
        if fill is not None and fill in written:
            await self._review(fill)

    def _drafts(self, fill: CaseProposal) -> Sequence[Case]:
        return drafts_of(fill, self.coverage, self.taken) if self.coverage is not None else ()

    # Doing

    @work(exclusive=True, group="question")
    async def action_write(self) -> None:
        """Show what writing what is taken changes, and on a yes write it."""
        from migrator_tui.coverage.filling import changes
        from migrator_tui.project.write_back import apply, diff_text

        checks, cases = chosen(self.taken)
        if not checks and not cases:
            self.say("nothing is taken: space takes a proposal", "warning")
            return
        workspace = self.workspace
        try:
            workspace.check_config()
            files = await asyncio.to_thread(changes, workspace.project, workspace.task, checks, cases)
            names = ", ".join(change.shown for change in files)
            told = await asyncio.to_thread(self._effects, checks)
            content = Content.assemble(*told, diff_content(diff_text(files)))
            sheet = Sheet(f"Write to {names}", content, yes="enter write")
            if not await self.app.push_screen_wait(sheet):
                return
            await asyncio.to_thread(apply, files)
            workspace.reread()
        except (ProjectError, HistoryError, OSError) as error:
            self.say(str(error), "error")
            return
        self._taken.pop(self.track[0], None)
        parts = ([plural(len(checks), "check")] if checks else []) + ([plural(len(cases), "case")] if cases else [])
        await self.program.workbench.look_outside()
        self.program.resurvey_coverage(self.track[0])
        self.say(f"written to {names}: {' and '.join(parts)}", "success")

    def _effects(self, checks: Sequence[CheckSpec]) -> list[Content]:
        """What these checks would do to the passes of either model; for a thread."""
        from migrator_tui.coverage.past import tried
        from migrator_tui.project.write_checks import check_text

        workspace, (task, candidate) = self.workspace, self.track
        proposed = [CheckProposal(spec, safe_line(spec.metric or check_text(spec), 80), 0) for spec in checks]
        found = tried(workspace.project, workspace.history, workspace.project.task(task), proposed, [candidate])
        said = [(one.title, effect_words(change)) for one, change in zip(proposed, found or (), strict=False)]
        sign = self.program.glyphs.warning
        lines = [
            Content.styled("\n  ".join([f"{sign} {title}", *words]) + "\n", STYLES["warning"])
            for title, words in said
            if words
        ]
        return [*lines, Content("\n")] if lines else []

    @work(exclusive=True, group="question")
    async def action_import_file(self) -> None:
        """Cases, and a production sample, out of another tool's file."""
        from migrator_tui.tui.importing.screen import ImportScreen

        workspace = self.workspace
        folder, task = workspace.project.folder, workspace.task.name
        screen = ImportScreen(None, folder=folder, glyphs=self.program.glyphs, output=folder, task=task)
        written = await self.app.push_screen_wait(screen)
        if written is None:
            return
        try:
            workspace.reread()
        except (ProjectError, OSError) as error:
            self.say(str(error), "error")
            return
        await self.program.workbench.look_outside()
        self.program.resurvey_coverage()
        self.say(f"imported into {written.task}", "success")

    @work(exclusive=True, group="question")
    async def action_add_check(self) -> None:
        """A check of one's own for the instruction under the cursor."""
        from migrator_tui.tui.add_check.adding import add_check

        part, coverage = self.focused_part, self.coverage
        if part is None or coverage is None:
            return
        about = ""
        if part.part == "instructions" and self._row_key:
            about = coverage.instructions[int(self._row_key.partition(":")[2])].text
        await add_check(self, (), None, about=about[:60])


def id_filter(ids: Sequence[str]) -> str | None:
    """`id:T-0001,T-0002`; `None` without any that can be typed."""
    typed = [case_id for case_id in ids if not set(case_id) & {",", '"'}]
    if not typed:
        return None
    text = ",".join(typed)
    return f'id:"{text}"' if any(c.isspace() for c in text) else f"id:{text}"

"""The workbench's panes: which there are, what they hold, and how they fold where the terminal is narrow."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Static

from migrator_tui.history.records import Mark
from migrator_tui.project.schema import BASELINE, ModelSpec
from migrator_tui.tui.glyphs import judged_sign, mark_sign
from migrator_tui.tui.keys import CASE_LIST, EDITOR, Key, bindings
from migrator_tui.tui.theme import FAINT, MUTED, STYLES
from migrator_tui.tui.widgets.field import Field
from migrator_tui.tui.widgets.pane import Pane
from migrator_tui.tui.widgets.sizes import size_classes, size_of
from migrator_tui.tui.widgets.text_view import TextView
from migrator_tui.tui.widgets.work_screen import WorkScreen
from migrator_tui.tui.workbench.blind import BlindSession
from migrator_tui.tui.workbench.case_list import CaseRows
from migrator_tui.tui.workbench.case_view import BothSides, DiffMode
from migrator_tui.tui.workbench.column_heads import ColumnHeads
from migrator_tui.tui.workbench.input_strip import InputStrip, one_line
from migrator_tui.tui.workbench.output_pane import OutputPane
from migrator_tui.tui.workbench.params_pane import ParamsPane
from migrator_tui.tui.workbench.prompt_pane import DraftEditor, PromptPane
from migrator_tui.tui.workspace import CaseView, ListOrder, PromptState, Workspace

if TYPE_CHECKING:
    from migrator_tui.tui.workbench.streams import Streams

NARROW_TABS = (("cases", "Cases"), ("outputs", "Outputs"), ("prompt", "Prompt"))


class Panes(WorkScreen):
    """The workbench's widgets, its state, and how they fit the terminal."""

    NAME = "workbench"
    BINDINGS: ClassVar[list[BindingType]] = bindings(CASE_LIST)
    AUTO_FOCUS: ClassVar[str | None] = "#case-rows"

    def __init__(self) -> None:
        super().__init__()
        self.view: CaseView | None = None
        self.sides = BothSides(None, None)
        self.prompt: PromptState | None = None
        self.blind: BlindSession | None = None
        self.diff_mode = DiffMode.OFF
        self.query_text = ""
        self.list_order: ListOrder | None = None
        self.waiting: set[int] | None = None
        """Numbers of the cases that wait for a verdict; `None`: not looked up since the list was sorted."""
        self.streams: Streams = {}
        self.from_cache: set[str] = set()
        """Ids of the cases whose last `r` took the baseline's answer from the cache."""
        self.ready = False
        """Models can be asked."""
        self.narrow_tab = "outputs"
        self.hint: Sequence[str] = ()
        """What the right pane says of a whole run while nothing has run yet."""
        self.suggested = 0
        """Edits of the prompt in view that wait to be looked at."""
        self.complete = False
        """All panes are there."""
        self._paint_timer: Timer | None = None
        self._last_spin = 0.0

    # Composing

    def compose_body(self) -> ComposeResult:
        glyphs = self.program.glyphs
        self._set_layout()  # before the panes exist, so that they get the right styles at once
        yield Static(id="narrow-tabs")
        yield Static(id="case-line")
        with Horizontal(id="body"):
            with Pane(id="cases-pane"):
                yield ColumnHeads()
                yield CaseRows(glyphs=glyphs, id="case-rows")
                yield Field(placeholder="text  tag:refund  is:regression", id="filter", compact=True)
            yield Vertical(id="right")

    def compose_right(self) -> Sequence[Widget]:
        """Everything beside the list. It is made once the list is painted: that is what one waits for."""
        glyphs = self.program.glyphs
        return (
            InputStrip(glyphs=glyphs),
            Horizontal(OutputPane("baseline", glyphs=glyphs), OutputPane("candidate", glyphs=glyphs), id="outputs"),
            Pane(TextView(id="one-text-view"), id="one-text"),
            Horizontal(PromptPane(glyphs=glyphs), ParamsPane(glyphs=glyphs), id="prompts"),
        )

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys do nothing in the moment before all panes are there."""
        return self.complete and super().check_action(action, parameters)

    @property
    def workspace(self) -> Workspace:
        """What is in front of the user."""
        return self.program.workspace

    @property
    def rows(self) -> CaseRows:
        """The list."""
        return self.query_one(CaseRows)

    @property
    def baseline_pane(self) -> OutputPane:
        """The baseline's output."""
        return self.query_one("#baseline-output", OutputPane)

    @property
    def candidate_pane(self) -> OutputPane:
        """The candidate's output."""
        return self.query_one("#candidate-output", OutputPane)

    @property
    def prompt_pane(self) -> PromptPane:
        """The editor with its tabs."""
        return self.query_one(PromptPane)

    @property
    def case_in_view(self) -> str | None:
        """The id of the case in view."""
        return self.view.case.id if self.view is not None else None

    def pane_of(self, model_name: str) -> OutputPane:
        """The pane that shows this model; in blind mode the sides may be swapped."""
        is_baseline = model_name == BASELINE
        if self.blind is not None and self.view is not None and not self.blind.baseline_is_left(self.view.row.no):
            is_baseline = not is_baseline
        return self.baseline_pane if is_baseline else self.candidate_pane

    # Layout and focus

    def fit(self) -> None:
        """Choose the layout for this size."""
        self._fit_tab()

    def _fit_tab(self) -> None:
        if self._set_layout():
            self.update_node_styles()
        self._paint_narrow()

    def _set_layout(self) -> bool:
        """Set the classes that the styles know layouts by, without applying them; whether any has changed.

        Styles are applied once for all of them: each time costs some 30 ms.
        """
        before = frozenset(self.classes)
        width, height = self.app.size
        wide, medium = width >= 140 and height >= 40, width >= 110 and height >= 30
        tabs = {f"-tab-{name}": name == self.narrow_tab for name, _ in NARROW_TABS}
        self.update_classes(size_classes(size_of(wide=wide, medium=medium)) | tabs, update=False)
        return frozenset(self.classes) != before

    def show_narrow_tab(self, name: str) -> None:
        """On a narrow screen, bring a pane to the front; elsewhere it is in sight anyway."""
        self.narrow_tab = name
        self._fit_tab()

    @property
    def is_narrow(self) -> bool:
        """Panes are folded into tabs."""
        return self.has_class("-narrow")

    def on_descendant_focus(self) -> None:
        self.show_keys()

    @property
    def in_editor(self) -> bool:
        """The user is typing the prompt or the parameters."""
        return isinstance(self.focused, DraftEditor)

    def panes(self) -> Mapping[str, Sequence[Key]]:
        stop = [k for k in CASE_LIST if k.id == "stop" and self.program.runs.busy]
        rest = [k for k in CASE_LIST if k.id != "stop"]
        if self.suggested:
            words = f"{self.suggested:,} edit{'' if self.suggested == 1 else 's'}"
            rest = [replace(k, word=words, short=words) if k.id == "suggest" else k for k in rest]
        cases, editor = ("case list and outputs", [*stop, *rest]), ("prompt editor", [*stop, *EDITOR])
        return dict((editor, cases) if self.in_editor else (cases, editor))

    # Names and narrow tabs

    def name_models(self) -> None:
        """Which model each pane shows, and the header's part of it."""
        project, candidate = self.workspace.project, self.workspace.candidate
        blind = self.blind is not None
        if self.complete:
            self.baseline_pane.label, self.baseline_pane.model = (
                ("A", "") if blind else (BASELINE, project.baseline.model)
            )
            self.candidate_pane.label = "B" if blind else "candidate"
            self.candidate_pane.model = "" if blind else _told(candidate)
        names = [c.name for c in project.candidates]
        position = f"{names.index(candidate.name) + 1}/{len(names)}" if len(names) > 1 else ""
        models = (project.baseline.model, candidate.model)
        self.program.change_frame(
            task=self.workspace.task.name,
            baseline=_bare(models[0]),
            candidate=_bare(_told(candidate)),
            candidate_short=candidate.name,
            position=position,
            simulated=all(model.startswith("simulated:") for model in models),
            blind=blind,
        )

    def _paint_narrow(self) -> None:
        if not self.is_narrow:
            return
        parts: list[Content | str | tuple[str, str]] = ["  "]
        for name, title in NARROW_TABS:
            words = f"{title} {self.rows.position()}/{self.rows.shown_count}" if name == "cases" else title
            if name == "prompt" and self.prompt is not None and self.prompt_pane.dirty:
                words += f" {self.program.glyphs.now}"
            parts += [(words, f"bold {STYLES['primary']} underline" if name == self.narrow_tab else MUTED), "   "]
        parts.append((f"  {self.program.glyphs.back} {self.program.glyphs.arrow}", FAINT))
        self.query_one("#narrow-tabs", Static).update(Content.assemble(*parts))
        if self.view is None:
            return
        standing, glyphs = self.view.row.standing, self.program.glyphs
        old = mark_sign(standing.baseline if standing else Mark.NOT_RUN, glyphs)
        new = mark_sign(standing.candidate if standing else Mark.NOT_RUN, glyphs)
        you = judged_sign(standing.judged, glyphs) if standing else (" ", "muted")
        signs = [old, new, you] if self.blind is None else []
        marks = Content.assemble(*((f"{sign} ", STYLES[role]) for sign, role in signs))
        self.query_one("#case-line", Static).update(one_line(self.view.case, glyphs, marks, self.app.size.width))


def _told(candidate: ModelSpec) -> str:
    """The model, or the candidate's own name where its answers come from a file, which is called anything."""
    return candidate.name if candidate.model.startswith("recorded:") else candidate.model


def _bare(model: str) -> str:
    """A model's name without the provider: the header has little room."""
    return model.split("/", 1)[-1].removeprefix("simulated:").removeprefix("recorded:")

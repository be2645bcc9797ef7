"""`R`: which cases, and what each choice takes, shown before it is chosen."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from migrator_tui.project.schema import BASELINE
from migrator_tui.text_safety import safe_line
from migrator_tui.tui.glyphs import Glyphs
from migrator_tui.tui.theme import FAINT, MUTED, STRONG, STYLES
from migrator_tui.tui.widgets.header import duration, money
from migrator_tui.tui.widgets.modal import Modal
from migrator_tui.tui.workspace import Workspace

if TYPE_CHECKING:
    from migrator_tui.running.estimate import Estimate
    from migrator_tui.running.plan import Plan


@dataclass(frozen=True, slots=True)
class RunChoice:
    """One line of the dialog."""

    words: str
    plan: "Plan"
    estimate: "Estimate"

    @property
    def cases(self) -> int:
        """How many cases it covers."""
        return sum(len(cases) for cases in self.plan.cases.values())


class RunDialog(Modal[RunChoice]):
    """Choices with cases, calls, money and time; `enter` runs the one under the cursor."""

    DEFAULT_CSS = "RunDialog > .box { width: 92; }"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "step(1)", "down", show=False),
        Binding("k,up", "step(-1)", "up", show=False),
        Binding("enter,R,f6", "run", "run", show=False),
    ]

    def __init__(self, choices: Sequence[RunChoice], version: str, workspace: Workspace, glyphs: Glyphs) -> None:
        super().__init__()
        self.choices = choices
        self.version = version
        self.workspace = workspace
        self.glyphs = glyphs
        self.cursor = next((n for n, choice in enumerate(choices) if not choice.estimate.nothing_to_do), 0)

    def compose(self) -> ComposeResult:
        with Vertical(classes="box"):
            yield Static(id="choices")

    def on_mount(self) -> None:
        self._show()

    def action_step(self, by: int) -> None:
        self.cursor = (self.cursor + by) % len(self.choices)
        self._show()

    def action_run(self) -> None:
        choice = self.choices[self.cursor]
        if not choice.estimate.nothing_to_do:
            self.dismiss(choice)

    def _show(self) -> None:
        glyphs = self.glyphs
        narrow = self.app.size.width < 76
        head = f"    {'which cases':<24}{'cases':>7}{'calls':>8}{'money':>11}" + ("" if narrow else f"{'time':>14}")
        lines = [Content.styled(head, MUTED)]
        for number, choice in enumerate(self.choices):
            chosen = number == self.cursor
            est = choice.estimate
            cost = (
                "unknown" if est.cost is None else "free" if est.cost == 0 and not est.unpriced else money(est.cost)
            )
            text = f"{choice.words:<24}{choice.cases:>7,}{est.calls:>8,}{cost:>11}"
            text += "" if narrow else f"{duration(est.seconds):>14}"
            style = STRONG if chosen else MUTED if est.nothing_to_do else STYLES["text"]
            mark = (f"{glyphs.cursor} {glyphs.now} " if chosen else f"  {glyphs.to_judge} ", STYLES["primary"])
            lines.append(Content.assemble(mark, (text, style)))
        lines += ["", *self._details(self.choices[self.cursor])]  # type: ignore[list-item]
        self.query_one("#choices", Static).update(
            Content("\n").join([Content(line) if isinstance(line, str) else line for line in lines])
        )
        runs = not self.choices[self.cursor].estimate.nothing_to_do
        self.label("Run which cases?", f"j k choose · {'enter run · ' if runs else ''}esc close")

    def _details(self, choice: RunChoice) -> list[Content]:
        plan = choice.plan
        lines = []
        for spec in plan.models:
            items = [item for item in plan.items if item.model_name == spec.name]
            calls = sum(1 for item in items if item.output_id is None)
            name = BASELINE if spec.name == BASELINE else f"candidate {safe_line(spec.name, 20)}"
            words = f"{safe_line(spec.model, 30)}"
            if spec.name != BASELINE:
                words += f", {self.version}"
            there = len(items) - calls
            known = f"   {there:,} answered" if there else ""
            lines.append(Content.assemble((f"    {name:<22}", MUTED), words, (f"{known}   {calls:,} calls", FAINT)))
        for name, (spec, calls) in choice.estimate.checks.models.items():
            words = safe_line(spec.model, 30)
            lines.append(
                Content.assemble((f"    {name:<22}", MUTED), words, (f"   {calls:,} calls for checks", FAINT))
            )
        if choice.estimate.unpriced:
            lines.append(
                Content.styled(
                    f"    {self.glyphs.warning} {choice.estimate.unpriced:,} calls have no known price",
                    STYLES["warning"],
                )
            )
        if choice.estimate.nothing_to_do:
            lines.append(Content.styled("    All of these are answered with this draft: r asks one again.", MUTED))
        return lines

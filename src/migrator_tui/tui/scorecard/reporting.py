"""`w`: the scorecard as a report that others can read; in which form, and where to."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from migrator_tui.reports.report import SUFFIXES
from migrator_tui.text_safety import safe_line
from migrator_tui.tui.glyphs import Glyphs
from migrator_tui.tui.theme import MUTED, STRONG, STYLES
from migrator_tui.tui.widgets.field import Field
from migrator_tui.tui.widgets.modal import Modal

FORMS: Sequence[tuple[str, str]] = (
    ("html", "one file for product and QA, for any browser"),
    ("markdown", "a table for a pull request"),
    ("junit", "for a build server"),
    ("json", "for scripts"),
)
"""Forms of a report, and whom each is for."""


@dataclass(frozen=True, slots=True)
class ReportChoice:
    """What was chosen."""

    form: str
    file: Path


def usual_name(task: str, candidate: str, form: str) -> str:
    """`triage-newer.html`: a name that any file system takes."""
    name = "".join(c if c.isalnum() or c in "-_." else "-" for c in f"{task}-{candidate}").strip(".-") or "report"
    return f"{name}.{SUFFIXES[form]}"


class ReportDialog(Modal[ReportChoice]):
    """A form and a file."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab,down", "turn(1)", "next form", show=False, priority=True),
        Binding("shift+tab,up", "turn(-1)", "previous form", show=False, priority=True),
    ]

    def __init__(self, task: str, candidate: str, folder: Path, glyphs: Glyphs) -> None:
        """`folder`: what a relative path is relative to."""
        super().__init__()
        self.task_name = task
        self.candidate = candidate
        self.folder = folder
        self.glyphs = glyphs
        self.chosen = 0

    def compose(self) -> ComposeResult:
        with Vertical(classes="box"):
            yield Static(id="forms")
            yield Field(self._usual(), compact=True)
            yield Static(id="where")

    def on_mount(self) -> None:
        field = self.query_one(Input)
        field.focus()
        field.cursor_position = len(field.value)
        self._show()

    @property
    def form(self) -> str:
        """The form under the cursor."""
        return FORMS[self.chosen][0]

    def _usual(self) -> str:
        return usual_name(self.task_name, self.candidate, self.form)

    @property
    def file(self) -> Path:
        """The file that is named."""
        return self.folder / Path(self.query_one(Input).value.strip()).expanduser()

    def action_turn(self, by: int) -> None:
        """Another form; the file's name goes with it."""
        field = self.query_one(Input)
        before = SUFFIXES[self.form]
        self.chosen = (self.chosen + by) % len(FORMS)
        if field.value.endswith(f".{before}"):
            field.value = field.value.removesuffix(before) + SUFFIXES[self.form]
        self._show()

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._show()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if event.value.strip() and not self.file.is_dir():
            self.dismiss(ReportChoice(self.form, self.file))

    def _show(self) -> None:
        lines: list[Content] = []
        for number, (form, words) in enumerate(FORMS):
            chosen = number == self.chosen
            sign = f"{self.glyphs.cursor} {self.glyphs.now} " if chosen else f"  {self.glyphs.to_judge} "
            lines.append(
                Content.assemble(
                    (sign, STYLES["primary"]), (f"{form:<11}", STRONG if chosen else MUTED), (words, MUTED)
                )
            )
        self.query_one("#forms", Static).update(
            Content("\n").join([*lines, Content(""), Content.styled("File", STRONG)])
        )
        self.query_one("#where", Static).update(self._where())
        self.label(f"Report on {self.task_name}, {self.candidate}", "tab form · enter write · esc cancel")

    def _where(self) -> Content:
        """What becomes of the file that is named."""
        if not self.query_one(Input).value.strip():
            return Content.styled("name a file", STYLES["warning"])
        file = self.file
        if file.is_dir():
            return Content.styled("is a folder; name a file in it", STYLES["warning"])
        if not file.parent.is_dir():
            return Content.styled(f"the folder {safe_line(str(file.parent), 60)} will be made", MUTED)
        if file.exists():
            return Content.styled("is there already, and will be replaced", STYLES["warning"])
        return Content.styled(f"in {safe_line(str(file.parent), 80)}", MUTED)

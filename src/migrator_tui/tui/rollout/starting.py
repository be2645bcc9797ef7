"""`>` where no rollout is under way: which version, in which steps, and what is still missing."""

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from migrator_tui.history.errors import HistoryError
from migrator_tui.history.records import Version
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.rollout_settings import PRESETS, SHADOW_STEP, GatewaySettings, RolloutSettings, Step
from migrator_tui.project.schema import Project
from migrator_tui.rollout.plan import step_name, whole_time
from migrator_tui.text_safety import safe_line
from migrator_tui.tui.glyphs import Glyphs
from migrator_tui.tui.rollout.words import percentage
from migrator_tui.tui.theme import MUTED, STRONG, STYLES
from migrator_tui.tui.widgets.field import Field
from migrator_tui.tui.widgets.modal import Modal
from migrator_tui.tui.widgets.parts import hanging

if TYPE_CHECKING:
    from migrator_tui.tui.rollout.screen import RolloutScreen

ANSWERS_WITHIN_S = 0.5
HOLD_BACKS = (0.0, 1.0, 5.0, 10.0, 20.0)
ROWS = ("version", "steps", "shadow", "held back", "advance", "reason")
HEAD = 11


@dataclass(frozen=True, slots=True)
class Choice:
    """A version that could take over."""

    version: Version
    where: str
    """`in the file`, `in view`."""
    missing: str
    """What stands against it without a reason; empty where nothing does."""


@dataclass(frozen=True, slots=True)
class Start:
    """What was agreed to."""

    version: Version
    settings: RolloutSettings
    reason: str


class StartDialog(Modal[Start]):
    """A row for each thing to decide; `←` and `→` change it, and what is typed is the reason."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,tab", "row(1)", "down", show=False, priority=True),
        Binding("up,shift+tab", "row(-1)", "up", show=False, priority=True),
        Binding("right", "turn(1)", "other", show=False, priority=True),
        Binding("left", "turn(-1)", "other", show=False, priority=True),
    ]

    def __init__(
        self,
        name: str,
        candidate: str,
        choices: Sequence[Choice],
        settings: RolloutSettings,
        notes: Sequence[str],
        glyphs: Glyphs,
    ) -> None:
        """`notes`: what else should be so by now, such as a gateway that answers."""
        super().__init__()
        self.task_name = name
        self.candidate = candidate
        self.choices = choices
        self.notes = notes
        self.glyphs = glyphs
        self.row = 0
        self._settings = settings
        self._presets = _presets(settings)
        self._chosen = {"version": 0, "steps": 0}
        self._shadow = any(step.shadow for step in settings.steps)
        self._hold_back = settings.hold_back
        self._auto = settings.auto_advance
        self._complaint = ""

    def compose(self) -> ComposeResult:
        with Vertical(classes="box"):
            yield Static(id="rows")
            yield Field(placeholder="why", compact=True)
            yield Static(id="missing")

    def on_mount(self) -> None:
        self.query_one(Input).focus()
        self._show()

    @property
    def choice(self) -> Choice:
        """The version that would take over."""
        return self.choices[self._chosen["version"]]

    @property
    def settings(self) -> RolloutSettings:
        """As it would move over."""
        steps = self._presets[self._chosen["steps"]][1]
        shadow = next((step for step in self._settings.steps if step.shadow), SHADOW_STEP)
        return replace(
            self._settings,
            steps=(shadow, *steps) if self._shadow else tuple(steps),
            hold_back=self._hold_back,
            auto_advance=self._auto,
        )

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """In the reason, `←` and `→` move in its text."""
        return not (action == "turn" and ROWS[self.row] == "reason")

    def action_row(self, by: int) -> None:
        self.row = (self.row + by) % len(ROWS)
        self._show()

    def action_turn(self, by: int) -> None:
        """Another value in this row."""
        name = ROWS[self.row]
        if name == "version":
            self._chosen[name] = (self._chosen[name] + by) % len(self.choices)
        elif name == "steps":
            self._chosen[name] = (self._chosen[name] + by) % len(self._presets)
        elif name == "shadow":
            self._shadow = not self._shadow
        elif name == "advance":
            self._auto = not self._auto
        elif name == "held back":
            known = sorted({*HOLD_BACKS, self._settings.hold_back})
            self._hold_back = known[(known.index(self._hold_back) + by) % len(known)]
        self._complaint = ""
        self._show()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        reason = event.value.strip()
        if self.choice.missing and not reason:
            self._complaint = "say why it starts all the same: it is kept with the rollout"
            self.row = ROWS.index("reason")
            self._show()
            return
        self.dismiss(Start(self.choice.version, self.settings, reason))

    def on_input_changed(self, event: Input.Changed) -> None:
        """Once there is a reason, nothing is amiss."""
        event.stop()
        if self._complaint and event.value.strip():
            self._complaint = ""
            self._show()

    # Showing

    def _show(self) -> None:
        width = max(30, min(96, self.app.size.width) - 8)
        lines = [hanging(line, HEAD + 2, width) for line in self._lines()]
        self.query_one("#rows", Static).update(Content("\n").join(lines))
        below = [hanging(line, 2, width) for line in self._below()]
        self.query_one("#missing", Static).update(Content("\n").join(below))
        keys = "up down row - left right change - " if self.glyphs.plain else "↑ ↓ row · ← → change · "
        yes = "enter start all the same" if self.choice.missing else "enter start"
        self.label(f"Start a rollout of {self.task_name} on {self.candidate}", f"{keys}{yes} · esc no")

    def _lines(self) -> list[Content]:
        settings = self.settings
        steps = f" {self.glyphs.arrow} ".join(step_name(step) for step in settings.steps)
        longest = sum(step.hold_s for step in settings.steps)
        version = self.choice.version
        values = {
            "version": f"{version.label}  {self.choice.where}",
            "steps": f"{self._presets[self._chosen['steps']][0]}: {steps}; {whole_time(longest)} at least",
            "shadow": "first, the candidate answers copies that nobody sees"
            if self._shadow
            else "no: the first step is seen",
            "held back": f"{percentage(settings.hold_back)} stay on the baseline after the last step"
            if settings.hold_back
            else "none: nothing to compare with after the last step",
            "advance": "by itself, once nothing is missing" if self._auto else "when somebody says so, each time",
        }
        lines = [self._line(name, values[name]) for name in ROWS if name in values]
        reason = "reason" + (" (needed; it is kept)" if self.choice.missing else " (if you like; it is kept)")
        return [*lines, self._line("reason", "", reason)]

    def _line(self, name: str, value: str, head: str = "") -> Content:
        here = ROWS[self.row] == name
        return Content.assemble(
            (f"{self.glyphs.cursor if here else ' '} ", STYLES["primary"]),
            (f"{head or name:<{HEAD}}", STRONG if here else MUTED),
            (self.glyphs.fit(value), STYLES["text"]),
        )

    def _below(self) -> list[Content]:
        glyphs = self.glyphs
        lines = []
        if self._complaint:
            lines.append(Content.styled(self._complaint, STYLES["error"]))
        if self.choice.missing:
            words = f"{glyphs.warning} {safe_line(self.choice.missing, 300)}"
            lines.append(Content.styled(glyphs.fit(words), STYLES["warning"]))
        else:
            lines.append(Content.styled(f"{glyphs.passed} a signed decision says go about it", STYLES["success"]))
        lines += [Content.styled(glyphs.fit(f"{glyphs.warning} {note}"), STYLES["warning"]) for note in self.notes]
        return [Content(""), *lines]


def _presets(settings: RolloutSettings) -> list[tuple[str, Sequence[Step]]]:
    """The project's own steps first, where they are none of the presets; the shadow step is a row of its own."""
    own = tuple(step for step in settings.steps if not step.shadow)
    known: list[tuple[str, Sequence[Step]]] = [(name.replace("-", " "), steps) for name, steps in PRESETS.items()]
    same = [each for each in known if tuple(each[1]) == own]
    if same:
        return [*same, *(each for each in known if each not in same)]
    return [("the project's", own), *known]


async def start_rollout(screen: "RolloutScreen") -> bool:
    """Ask, and start; whether one was started."""
    from migrator_tui.rollout import control

    workspace, glyphs = screen.workspace, screen.program.glyphs
    project, task, candidate = workspace.project, workspace.task, workspace.candidate
    history, who = workspace.history, workspace.author
    try:
        choices = await asyncio.to_thread(_choices, screen)
        notes = await _notes(screen, project)
        slow = await asyncio.to_thread(control.too_slow, project, history, candidate, choices[0].version)
        notes += [slow] if slow else []
        dialog = StartDialog(task.name, candidate.name, choices, project.rollout, notes, glyphs)
        agreed = await screen.app.push_screen_wait(dialog)
        if agreed is None:
            return False
        planned = replace(project, rollout=agreed.settings)
        done = await asyncio.to_thread(
            control.start, planned, history, task, candidate, agreed.version, who=who, reason=agreed.reason
        )
    except (ProjectError, HistoryError) as error:
        screen.say(str(error), "error")
        return False
    at = "shadow" if done.shadow else percentage(done.percentage)
    screen.say(f"{done.name} started at {at} on {candidate.name} {agreed.version.label}", "success")
    return True


def _choices(screen: "RolloutScreen") -> list[Choice]:
    """The version in the file, and the one in view where that is another; for threads. A draft is none."""
    from migrator_tui.rollout.control import backing
    from migrator_tui.running.versions import version_of_record

    workspace = screen.workspace
    task, candidate, history = workspace.task, workspace.candidate.name, workspace.history
    recorded = version_of_record(workspace.project, history, task, candidate, author=workspace.author)
    in_view = workspace.prompt_of(task, candidate).version
    found = [(in_view, "in view, not in the file: w writes it")] if in_view.id != recorded.id else []
    found.append((recorded, "in the file"))
    return [
        Choice(version, where, backing(history, task.name, candidate, version).missing) for version, where in found
    ]


async def _notes(screen: "RolloutScreen", project: Project) -> list[str]:
    """What should be so by now and is not: it can be mended after the start, too."""
    found = []
    prompt = screen.program.workbench.prompt_pane
    if prompt.dirty:
        found.append("the draft in the editor is no version yet: ctrl+s keeps it, then it can be chosen here")
    gateway = project.gateway
    if not await gateway_answers(gateway):
        where = f"{gateway.host}:{gateway.port}"
        found.append(f"no gateway answers at {where}: migrator-tui gateway starts one, and a monitor with it")
    return found


async def gateway_answers(gateway: GatewaySettings) -> bool:
    """Whether something listens where the gateway would."""
    host = "127.0.0.1" if gateway.host in ("0.0.0.0", "::") else gateway.host  # noqa: S104 (not bound here)
    try:
        async with asyncio.timeout(ANSWERS_WITHIN_S):
            _, writer = await asyncio.open_connection(host, gateway.port)
    except (OSError, TimeoutError):
        return False
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return True

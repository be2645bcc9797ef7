"""`t`: practise the rollout under way with the project's own cases as traffic, and trouble where it is asked for.

What sends them is the program's own command, in a process of its own; what it says in the end is shown as it stands.
"""

import asyncio
import contextlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from migrator_tui.project.schema import Project, Task
from migrator_tui.rollout.rehearsing.drill import ESCALATIONS, FAILING, SLOWER
from migrator_tui.running.spending import is_free
from migrator_tui.text_safety import safe, safe_line
from migrator_tui.tui.glyphs import Glyphs
from migrator_tui.tui.rollout.starting import gateway_answers
from migrator_tui.tui.theme import MUTED, STRONG, STYLES
from migrator_tui.tui.widgets.modal import Modal, Sheet
from migrator_tui.tui.widgets.parts import hanging

if TYPE_CHECKING:
    from migrator_tui.tui.rollout.screen import RolloutScreen

RATE, SECONDS = 20, 60
CHOICES = (
    ("none", "a healthy candidate: the screen should ask for the next step"),
    (FAILING, "it is down: the guardrails should roll back by themselves"),
    (SLOWER, "it takes eight times as long"),
    (ESCALATIONS, "half of its conversations are escalated"),
)
"""Trouble, and what to expect."""


@dataclass(frozen=True, slots=True)
class Rehearsing:
    """A rehearsal that goes on."""

    process: asyncio.subprocess.Process
    trouble: str


class RehearseDialog(Modal[str]):
    """Which trouble; and where it can't be sent from here, why, and the commands for a terminal."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "step(1)", "down", show=False),
        Binding("k,up", "step(-1)", "up", show=False),
        Binding("enter", "send", "send", show=False),
    ]

    def __init__(self, missing: Sequence[str], commands: Sequence[tuple[str, str]], glyphs: Glyphs) -> None:
        super().__init__()
        self.missing = missing
        self.commands = commands
        self.glyphs = glyphs
        self.row = 0

    def compose(self) -> ComposeResult:
        with Vertical(classes="box"):
            yield Static(id="rows")

    def on_mount(self) -> None:
        self._show()

    def action_step(self, by: int) -> None:
        self.row = (self.row + by) % len(CHOICES)
        self._show()

    def action_send(self) -> None:
        if not self.missing:
            self.dismiss(CHOICES[self.row][0])

    def _show(self) -> None:
        glyphs = self.glyphs
        width = max(30, min(96, self.app.size.width) - 8)
        lines: list[Content] = [
            Content.styled("The cases as traffic through the gateway, as applications would send them;", MUTED),
            Content.styled("what comes of it counts in the rollout, and is seen on this screen.", MUTED),
            Content(""),
        ]
        if self.missing:
            lines += [Content.styled(f"{glyphs.warning} {words}", STYLES["warning"]) for words in self.missing]
        else:
            for number, (name, words) in enumerate(CHOICES):
                chosen = number == self.row
                sign = f"{glyphs.cursor} {glyphs.now} " if chosen else f"  {glyphs.to_judge} "
                style = STRONG if chosen else MUTED
                lines.append(Content.assemble((sign, STYLES["primary"]), (f"{name:<13}", style), (words, MUTED)))
        lines.append(Content(""))
        for words, command in self.commands:
            lines += [Content.styled(words, MUTED), Content.styled(f"  {command}", STYLES["text"])]
        lines = [hanging(line, 2, width) for line in lines]
        self.query_one("#rows", Static).update(Content("\n").join(lines))
        send = "" if self.missing else f"enter sends {RATE} calls a second for {SECONDS} s · "
        self.label("Rehearse", glyphs.fit(f"{send}esc close"))


async def rehearse(screen: "RolloutScreen") -> "Rehearsing | None":
    """Ask, and begin; `None` where nothing was begun."""
    workspace = screen.workspace
    project, task = workspace.project, workspace.task
    missing = await _missing(screen, project)
    trouble = await screen.app.push_screen_wait(
        RehearseDialog(missing, _commands(project, task), screen.program.glyphs)
    )
    if trouble is None:
        return None
    arguments = [sys.executable, "-m", "migrator_tui", "-C", str(project.folder)]
    arguments += ["--trust"] if workspace.trusted else []
    arguments += ["rehearse", "--task", task.name, "--rate", str(RATE), "--seconds", str(SECONDS)]
    arguments += ["--trouble", trouble]
    process = await asyncio.create_subprocess_exec(
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    return Rehearsing(process, trouble)


async def _missing(screen: "RolloutScreen", project: Project) -> list[str]:
    """Why it can't be sent from here; empty where it can."""
    seen = screen.seen
    found = []
    if seen is None or not seen.rollout.state.live:
        found.append("no rollout is under way: > starts one")
    named = seen.rollout.candidate if seen is not None else screen.workspace.candidate.name
    models = [project.baseline, *(spec for spec in project.candidates if spec.name == named)]
    if not all(is_free(spec) for spec in models):
        found.append("real models cost money: the command in a terminal asks first, or takes --max-cost")
    if not await gateway_answers(project.gateway):
        found.append(f"no gateway answers at {project.gateway.host}:{project.gateway.port}")
    return found


def _commands(project: Project, task: Task) -> list[tuple[str, str]]:
    """What to type elsewhere, and what for."""
    begin = f"migrator-tui -C {safe_line(str(project.folder), 200)}"
    named = f" --task {safe_line(task.name, 60)}" if len(project.tasks) > 1 else ""
    return [
        ("the gateway, and a monitor with it:", f"{project.gateway.master_key_env}=sk-… {begin} gateway"),
        ("the traffic:", f"{begin} rehearse{named} --rate {RATE} --seconds {SECONDS} --trouble {FAILING}"),
        ("all of it apart, on simulated models, touching nothing:", f"{begin} rehearse{named} --start"),
    ]


async def ended(going: Rehearsing) -> Sheet:
    """Wait for its end; what it says of it."""
    said, _ = await going.process.communicate()
    text = safe(said.decode("utf-8", "replace"))
    head = {0: "as it should be", 1: "not as it should be", 3: "it was stopped"}.get(
        going.process.returncode or 0, "it could not be done"
    )
    return Sheet(f"Rehearsal, trouble: {going.trouble}", Content(text), head=head, at_end=True)


async def stop(going: Rehearsing) -> None:
    """End it; it is of this window."""
    if going.process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            going.process.terminate()
        await going.process.wait()

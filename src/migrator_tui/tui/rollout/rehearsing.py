"""`t`: practise the rollout under way with the project's own cases as traffic, and trouble where it is asked for.

What sends them is the program's own command, in a process of its own; it tells twice a second how it stands, and what
it says in the end is shown as it is.
"""

import asyncio
import contextlib
import json
import shlex
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from migrator_tui.project.schema import Project, Task
from migrator_tui.rollout.rehearsing.drill import ESCALATIONS, FAILING, SLOWER, gateway_key
from migrator_tui.running.spending import is_free
from migrator_tui.text_safety import safe, safe_line
from migrator_tui.tui.glyphs import Glyphs
from migrator_tui.tui.rollout.starting import gateway_answers
from migrator_tui.tui.theme import MUTED, STRONG, STYLES
from migrator_tui.tui.widgets.modal import Modal, Sheet
from migrator_tui.tui.widgets.parts import hanging

if TYPE_CHECKING:
    from migrator_tui.tui.rollout.screen import RolloutScreen

RATES, SECONDS = (5, 10, 20), 60
"""Calls a second that can be chosen, the middle one first; and for how long they are made."""
CHOICES = (
    ("none", "healthy: asks for the next step, once held long enough"),
    (FAILING, "it is down: guardrails should roll back by themselves"),
    (SLOWER, "it takes eight times as long"),
    (ESCALATIONS, "half of its conversations are escalated"),
)
"""Trouble, and what to expect."""
ENDS = {
    0: "as it should be",
    1: "not as it should be",
    3: "nothing follows from it: stopped, or the last lines say why",
}
"""What the command's exit codes say."""
ENDING_S = 10.0
"""How long its end is waited for once it was told to end."""
_LONGEST_LINE = 1 << 20


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was chosen."""

    trouble: str
    rate: int


@dataclass(slots=True)
class Rehearsing:
    """A rehearsal that goes on."""

    process: asyncio.subprocess.Process
    wanted: Wanted
    task: str
    """Empty where the project has no other one."""
    stands: "dict[str, float | None]" = field(default_factory=dict)
    """What it told last of how it stands; nothing before the first call."""
    said: list[str] = field(default_factory=list)
    """Everything else, by line."""
    stopping: bool = False

    def words(self, glyphs: Glyphs) -> str:
        """`rehearsing failing · 34 of 60 s · trouble for 19 s · 12 under way`."""
        what = self.wanted.trouble if self.wanted.trouble != "none" else "a healthy candidate"
        named = f"{safe_line(self.task, 40)}: {what}" if self.task else what
        return f" {glyphs.dot} ".join([f"rehearsing {named}", *self._parts()])

    def _parts(self) -> list[str]:
        if self.stopping:
            return ["stopping"]
        if not self.stands:
            return ["begins"]
        at, seconds = self.stands["at_s"] or 0.0, self.stands["seconds"] or 0.0
        under_way, not_sent = self.stands["under_way"] or 0, self.stands["not_sent"] or 0
        if at < seconds:
            parts = [f"{at:.0f} of {seconds:.0f} s"]
            trouble_at = self.stands["trouble_at_s"]
            parts += [f"trouble for {max(0.0, at - trouble_at):.0f} s"] if trouble_at is not None else []
            parts += [f"{under_way:,} under way" + (f", {not_sent:,} not sent" if not_sent else "")]
        elif under_way:
            sent = f"sent but for {not_sent:,}" if not_sent else "all is sent"
            parts = [f"{sent}; waits for {under_way:,} under way"]
        else:
            parts = ["all is over; waits for the monitor's last look"]
        errors = self.stands["errors"] or 0
        parts += [f"{errors:,} errors at applications"] if errors else []
        return parts + (["take a lower rate"] if not_sent else [])


class RehearseDialog(Modal[Wanted]):
    """Which trouble, at which rate; and where it can't be sent from here, why, and the commands for a terminal."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "step(1)", "down", show=False),
        Binding("k,up", "step(-1)", "up", show=False),
        Binding("l,right", "pace(1)", "faster", show=False),
        Binding("h,left", "pace(-1)", "slower", show=False),
        Binding("enter", "send", "send", show=False),
    ]

    def __init__(self, missing: Sequence[str], commands: Sequence[tuple[str, str]], glyphs: Glyphs) -> None:
        super().__init__()
        self.missing = missing
        self.commands = commands
        self.glyphs = glyphs
        self.row = 0
        self.rate = len(RATES) // 2

    def compose(self) -> ComposeResult:
        with Vertical(classes="box"):
            yield Static(id="rows")

    def on_mount(self) -> None:
        self._show()

    def action_step(self, by: int) -> None:
        self.row = (self.row + by) % len(CHOICES)
        self._show()

    def action_pace(self, by: int) -> None:
        self.rate = min(len(RATES) - 1, max(0, self.rate + by))
        self._show()

    def action_send(self) -> None:
        if not self.missing:
            self.dismiss(Wanted(CHOICES[self.row][0], RATES[self.rate]))

    def _show(self) -> None:
        glyphs = self.glyphs
        width = max(30, min(96, self.app.size.width) - 8)
        about = "The cases as traffic through the gateway, as applications would send them; it counts in the rollout."
        lines = [*Content.styled(about, MUTED).wrap(width), Content("")]
        if self.missing:
            lines += [
                hanging(Content.styled(f"{glyphs.warning} {words}", STYLES["warning"]), 2, width)
                for words in self.missing
            ]
        else:
            for number, (name, words) in enumerate(CHOICES):
                chosen = number == self.row
                sign = f"{glyphs.cursor} {glyphs.now} " if chosen else f"  {glyphs.to_judge} "
                style = STRONG if chosen else MUTED
                line = Content.assemble((sign, STYLES["primary"]), (f"{name:<13}", style), (words, MUTED))
                lines.append(hanging(line, 17, width))
            lines += [Content(""), self._rate_line()]
        lines.append(Content(""))
        # Where it can be sent there is a gateway.
        for words, command in self.commands if self.missing else self.commands[1:]:
            lines += [Content.styled(words, MUTED), hanging(Content.styled(f"  {command}", STYLES["text"]), 2, width)]
        self.query_one("#rows", Static).update(Content("\n").join(lines))
        if self.missing:
            self.label("Rehearse", "esc close")
            return
        keys = "left right calls a second" if glyphs.plain else "← → calls a second"
        self.label("Rehearse", glyphs.fit(f"{keys} · enter sends for {SECONDS} s · esc close"))

    def _rate_line(self) -> Content:
        rates: list[Content | tuple[str, str]] = []
        for number, rate in enumerate(RATES):
            chosen = number == self.rate
            rates.append((f" {rate} ", "bold $text-primary on $primary-muted" if chosen else MUTED))
        more = " the machine must keep up" if RATES[self.rate] > RATES[len(RATES) // 2] else ""
        return Content.assemble(
            (f"    {'a second':<12}", STRONG), *rates, (f" calls{';' if more else ''}{more}", MUTED)
        )


async def rehearse(screen: "RolloutScreen") -> "Rehearsing | None":
    """Ask, and begin; `None` where nothing was begun."""
    workspace = screen.workspace
    project, task = workspace.project, workspace.task
    missing = await _missing(screen, project)
    wanted = await screen.app.push_screen_wait(
        RehearseDialog(missing, _commands(project, task), screen.program.glyphs)
    )
    if wanted is None:
        return None
    arguments = [sys.executable, "-m", "migrator_tui", "-C", str(project.folder)]
    arguments += ["--trust"] if workspace.trusted else []
    arguments += ["rehearse", "--task", task.name, "--rate", str(wanted.rate), "--seconds", str(SECONDS)]
    arguments += ["--trouble", wanted.trouble, "--stands"]
    process = await asyncio.create_subprocess_exec(
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        limit=_LONGEST_LINE,
    )
    return Rehearsing(process, wanted, task.name if len(project.tasks) > 1 else "")


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
    if gateway_key(project, trusted=screen.workspace.trusted) is None:
        name = project.gateway.master_key_env
        found.append(f"this app has no key: start it with {name} set to the running gateway's")
    return found


def _commands(project: Project, task: Task) -> list[tuple[str, str]]:
    """What to type elsewhere, and what for."""
    begin = f"migrator-tui -C {shlex.quote(safe_line(str(project.folder), 200))}"
    named = f" --task {shlex.quote(safe_line(task.name, 60))}" if len(project.tasks) > 1 else ""
    return [
        ("the gateway, and a monitor with it:", f"{project.gateway.master_key_env}=sk-… {begin} gateway"),
        (
            "the traffic:",
            f"{begin} rehearse{named} --rate {RATES[len(RATES) // 2]} --seconds {SECONDS} --trouble {FAILING}",
        ),
        ("all of it apart, on simulated models, touching nothing:", f"{begin} rehearse{named} --start"),
    ]


async def ended(going: Rehearsing, stands: Callable[[], None]) -> Sheet:
    """Wait for its end, and hear meanwhile how it stands; what it says of it."""
    assert going.process.stdout is not None
    async for line in going.process.stdout:
        told = _standing(line)
        if told is not None:
            going.stands = told
            stands()
        else:
            going.said.append(line.decode("utf-8", "replace"))
    code = await going.process.wait()
    text = safe("".join(going.said))
    head = ENDS.get(code, "it could not be done")
    title = f"Rehearsal, trouble: {going.wanted.trouble}"
    return Sheet(title, Content(text), head=head, at_end=True, indent=12)


def _standing(line: bytes) -> "dict[str, float | None] | None":
    """How it stands, where a line tells that."""
    if not line.startswith(b'{"at_s":'):
        return None
    try:
        said = json.loads(line)
    except ValueError:
        return None
    names = ("at_s", "seconds", "under_way", "not_sent", "errors", "trouble_at_s")
    told = {name: said.get(name) for name in names}
    return told if all(value is None or isinstance(value, int | float) for value in told.values()) else None


async def stop(going: Rehearsing) -> None:
    """End it; it is of this window."""
    if going.process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            going.process.terminate()
        try:
            await asyncio.wait_for(going.process.wait(), ENDING_S)
        except TimeoutError:  # its history may hang: the window closes all the same
            with contextlib.suppress(ProcessLookupError):
                going.process.kill()
            await going.process.wait()

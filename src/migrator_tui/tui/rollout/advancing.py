"""`>`: the next step, after a look at what it would be and what is still missing."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from migrator_tui.history.rollout_records import EventKind, Rollout
from migrator_tui.rollout.plan import duration, step_name
from migrator_tui.rollout.words import named
from migrator_tui.text_safety import safe_line
from migrator_tui.tui.glyphs import Glyphs
from migrator_tui.tui.rollout.ladder import READY
from migrator_tui.tui.rollout.reading import Seen
from migrator_tui.tui.rollout.words import next_name, percentage
from migrator_tui.tui.theme import MUTED, STRONG, STYLES
from migrator_tui.tui.widgets.field import Field
from migrator_tui.tui.widgets.modal import Confirm, Modal
from migrator_tui.tui.widgets.parts import hanging

if TYPE_CHECKING:
    from migrator_tui.history.store import History

MOST_SHOWN = 8


def objections(history: "History", seen: Seen) -> list[str]:
    """What stands against the next step: what the look says, and a decision that is not there; for threads.

    What somebody started in spite of is not held against each step again.
    """
    from migrator_tui.rollout.control import backing

    rollout = seen.rollout
    missing = backing(history, rollout.task, rollout.candidate, history.version(rollout.version_id)).missing
    agreed = any(event.kind is EventKind.OVERRIDDEN and missing in event.why for event in seen.events)
    return [*seen.look.blockers, *([missing] if missing and not agreed else [])]


def reopening(rollout: Rollout) -> Confirm:
    """What a step back from a complete rollout would do."""
    before = rollout.steps[rollout.step - 1]
    to = percentage(min(before.percentage, 100 - rollout.hold_back))
    return Confirm(
        f"Take {rollout.name} back to {step_name(before)}? It is complete",
        [
            Content.styled(f"from {percentage(rollout.percentage)} to {to} of the conversations, at once", STRONG),
            "It is under way again then, and this step is held anew: "
            f"{duration(before.hold_s)} and {before.min_sample:,} calls on each arm at least.",
        ],
        yes="enter step back",
    )


class AdvanceDialog(Modal[str]):
    """What the next step is, what speaks against it, and where anything does, why it is taken all the same."""

    def __init__(self, seen: Seen, blockers: Sequence[str], glyphs: Glyphs) -> None:
        super().__init__()
        self.seen = seen
        self.blockers = blockers
        self.glyphs = glyphs

    def compose(self) -> ComposeResult:
        with Vertical(classes="box"):
            yield Static(id="said")
            yield Field(placeholder="why all the same" if self.blockers else "a note, if you like", compact=True)
            yield Static(id="wrong")

    def on_mount(self) -> None:
        rollout = self.seen.rollout
        name = next_name(rollout)
        if rollout.next is None:
            title = f"Complete the rollout of {rollout.name}?"
        else:
            title = f"Take {rollout.name} to {name}?"
        yes = "enter take it all the same" if self.blockers else "enter take it"
        self.label(title, f"{yes} · esc no")
        self.query_one("#wrong").display = False
        self.query_one("#said", Static).update(Content("\n").join(self._lines()))
        self.query_one(Input).focus()

    def _lines(self) -> list[Content]:
        rollout, following = self.seen.rollout, self.seen.rollout.next
        width = max(30, min(96, self.app.size.width) - 8)
        if following is None:
            back = percentage(rollout.hold_back)
            words = f"It is watched on; {back} stay on the baseline to compare with." if rollout.hold_back else ""
            lines = [Content.styled("The last step is done with.", STRONG), Content.styled(words, MUTED)]
        else:
            served = min(following.percentage, 100 - rollout.hold_back)
            moves = f"from {percentage(rollout.percentage)} to {percentage(served)} of the conversations"
            held = f"held for {duration(following.hold_s)} and {following.min_sample:,} calls on each arm at least"
            lines = [Content.styled(moves, STRONG), Content.styled(held, MUTED)]
        lines.append(Content(""))
        if not self.blockers:
            good = f"{self.glyphs.passed} {READY}"
            return [*lines, Content.styled(good, STYLES["success"]), Content("")]
        lines.append(Content.styled(f"{self.glyphs.warning} still missing, or against it:", STYLES["warning"]))
        for blocker in self.blockers[:MOST_SHOWN]:
            line = Content.styled(f"  {self.glyphs.dot} {self.glyphs.fit(safe_line(named(blocker), 300))}", "")
            lines.append(hanging(line, 4, width))
        if len(self.blockers) > MOST_SHOWN:
            lines.append(Content.styled(f"    and {len(self.blockers) - MOST_SHOWN} more", MUTED))
        return [*lines, Content(""), Content.styled("Reason (needed; it is kept)", STRONG)]

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if self.blockers and not event.value.strip():
            wrong = self.query_one("#wrong", Static)
            wrong.display = True
            wrong.update(Content.styled("say why: the program advises against it", STYLES["error"]))
            return
        self.dismiss(event.value.strip())

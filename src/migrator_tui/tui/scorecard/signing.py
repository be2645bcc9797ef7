"""`S`: a person's decision about a candidate, which may be another one than the gate's, but not by accident."""

from dataclasses import dataclass
from textwrap import shorten, wrap
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from migrator_tui.history.decision_records import NewDecision, SignedDecision
from migrator_tui.parity.gate import Answer
from migrator_tui.parity.scorecard import Scorecard
from migrator_tui.parity.signed import figures_of
from migrator_tui.text_safety import safe_line
from migrator_tui.tui.glyphs import Glyphs
from migrator_tui.tui.scorecard.words import look_of_answer, many, moment, rests_on
from migrator_tui.tui.theme import MUTED, STRONG, STYLES, chip
from migrator_tui.tui.widgets.field import Field
from migrator_tui.tui.widgets.modal import Modal, Sheet


@dataclass(frozen=True, slots=True)
class Signature:
    """What a person said."""

    go: bool
    reason: str


def new_decision(card: Scorecard, signature: Signature, author: str) -> NewDecision:
    """The decision as the history takes it; the card must be about a version."""
    assert card.version is not None
    return NewDecision(
        task=card.task,
        candidate=card.candidate,
        version_id=card.version.id,
        go=signature.go,
        gate=card.decision.answer.value,
        reason=signature.reason,
        author=author,
        figures=figures_of(card),
    )


class SignDialog(Modal[Signature]):
    """Go or no-go, and why: it stays, so it needs a reason; what contradicts the gate is called an override."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab,shift+tab,up,down", "turn", "go or no-go", show=False, priority=True),
    ]

    def __init__(
        self,
        card: Scorecard,
        author: str,
        glyphs: Glyphs,
        *,
        is_login: bool = False,
        begun: Signature | None = None,
    ) -> None:
        """`is_login`: nobody gave the author's name. `begun`: what was said before and could not be signed."""
        super().__init__()
        self.card = card
        self.author = author
        self.glyphs = glyphs
        self.is_login = is_login
        self.go = begun.go if begun is not None else card.decision.answer is Answer.READY
        self._begun = begun.reason if begun is not None else ""
        self._complaint = ""

    def compose(self) -> ComposeResult:
        with Vertical(classes="box"):
            yield Static(id="said")
            yield Field(self._begun, placeholder="why", compact=True, select_on_focus=False)
            yield Static(id="signed-as")

    def on_mount(self) -> None:
        self.query_one(Input).focus()
        self._show()

    @property
    def override(self) -> bool:
        """What is chosen contradicts the gate."""
        return self.go != (self.card.decision.answer is Answer.READY)

    def action_turn(self) -> None:
        self.go = not self.go
        self._complaint = ""
        self._show()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        reason = event.value.strip()
        if not reason:
            self._complaint = f"{'an override' if self.override else 'a signature'} needs a reason: it stays for good"
            self._show()
            return
        self.dismiss(Signature(self.go, reason))

    def on_input_changed(self, event: Input.Changed) -> None:
        """Once there is a reason, nothing is amiss."""
        event.stop()
        if self._complaint and event.value.strip():
            self._complaint = ""
            self._show()

    def _show(self) -> None:
        card, glyphs = self.card, self.glyphs
        look = look_of_answer(card.decision.answer, glyphs)
        width = max(30, min(96, self.app.size.width) - 8)
        lines = [Content.assemble(("The gate says  ", MUTED), chip(f"{look.sign} {look.words}", look.role))]
        most = 5 if self.app.size.height >= 30 else 3
        for reason in card.decision.reasons[:most]:
            lines.append(Content.styled(f"  {shorten(glyphs.fit(reason), width, placeholder=' ..')}", STYLES["text"]))
        lines += [Content(""), self._choice(True, "go", "may take over"), self._choice(False, "no-go", "may not yet")]
        if self.override:
            lines.append(
                Content.styled(
                    f"{glyphs.warning} This overrides the gate, and is kept and reported as an override.",
                    STYLES["warning"],
                )
            )
        else:
            lines.append(Content(""))
        lines += [Content(""), Content.styled("Reason (needed)", STRONG)]
        self.query_one("#said", Static).update(Content("\n").join(lines))
        label = card.version.label if card.version is not None else ""
        below = [Content.styled(self._complaint, STYLES["error"])]
        signer = f"signed by {safe_line(self.author, 40)}"
        if self.is_login:
            signer += ", your login; MIGRATOR_USER or git's user.name gives another name"
        below += [Content.styled(line, MUTED) for line in wrap(signer, width)]
        rests = glyphs.fit(
            rests_on(card, self.author).replace(" · ", "\u00a0· ")
        )  # a dot ends a line, never begins one
        below += [Content.styled(line, MUTED) for line in wrap(rests, width)]
        self.query_one("#signed-as", Static).update(Content("\n").join(below))
        yes = "enter sign as an override" if self.override else "enter sign"
        self.label(f"Sign: {card.task} on {card.candidate} {label}", f"tab go or no-go · {yes} · esc cancel")

    def _choice(self, go: bool, word: str, words: str) -> Content:
        chosen = go == self.go
        glyphs = self.glyphs
        sign = f"{glyphs.cursor} {glyphs.now} " if chosen else f"  {glyphs.to_judge} "
        return Content.assemble(
            (sign, STYLES["primary"]), (f"{word:<8}", STRONG if chosen else MUTED), (words, MUTED)
        )


def signed_sheet(decision: SignedDecision, glyphs: Glyphs) -> Sheet:
    """A decision as it was signed, to read."""
    look = look_of_answer(Answer(decision.gate), glyphs)
    figures = decision.figures
    lines = [
        Content.styled(f"{'go' if decision.go else 'no-go'}, signed by {safe_line(decision.author)}", STRONG),
        Content.styled(moment(decision.created_at), MUTED),
        Content(""),
        Content.assemble(("the gate said  ", MUTED), chip(f"{look.sign} {look.words}", look.role)),
    ]
    if decision.override:
        lines.append(Content.styled(f"{glyphs.warning} an override of the gate", STYLES["warning"]))
    lines += [Content(""), Content.styled("reason", MUTED), Content(safe_line(decision.reason, 2000) or "none given")]
    reasons = figures.get("reasons") or []
    if reasons:
        lines += [Content(""), Content.styled("what it rested on", MUTED)]
        lines += [Content(glyphs.fit(safe_line(str(reason), 400))) for reason in reasons]
    if isinstance(figures.get("cases"), int):
        lines.append(
            Content.styled(f"{many(figures['cases'], 'case')}, {figures.get('judged')} judged on both", MUTED)
        )
    return Sheet(f"Decision about {safe_line(decision.task, 30)}", Content("\n").join(lines))

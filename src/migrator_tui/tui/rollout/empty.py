"""What the rollout screen says where there is no rollout yet: how the decision stands, and how to begin."""

from typing import TYPE_CHECKING

from textual.content import Content

from migrator_tui.text_safety import safe_line
from migrator_tui.tui.glyphs import Glyphs
from migrator_tui.tui.scorecard.words import look_of
from migrator_tui.tui.theme import MUTED, STRONG, STYLES

if TYPE_CHECKING:
    from migrator_tui.history.decision_records import SignedDecision
    from migrator_tui.tui.app import MigratorApp


def nothing_yet(app: "MigratorApp") -> Content:
    """Three lines: that there is none, what the scorecard says, which keys lead on."""
    glyphs, workspace = app.glyphs, app.workspace
    task = workspace.task.name
    if app.rollouts.problem:
        return Content.styled(f"{glyphs.failed} {safe_line(app.rollouts.problem, 300)}", STYLES["error"])
    if task not in app.rollouts.briefs:
        return Content.styled("looking for a rollout ..", MUTED)
    counted = app.cards.get((task, workspace.candidate.name))
    look = look_of(counted, glyphs)
    card = counted.card if counted is not None else None
    reasons = card.decision.reasons if card is not None and not card.nothing_run else ()
    why = f": {glyphs.fit(safe_line(reasons[0], 200))}" if reasons else ""
    version = card.version if card is not None else None
    signed = next(iter(counted.decisions), None) if counted is not None else None
    if signed is not None and (version is None or signed.version_id != version.id):
        signed = None  # about another version
    ready = look.short == "ready" or (signed is not None and signed.go)
    keys = "> starts   t rehearse" + ("" if ready else "   2 why not ready")
    return Content("\n").join(
        [
            Content.styled(f"No rollout of {safe_line(task, 40)} yet", STRONG),
            Content(""),
            Content.assemble(
                ("The scorecard says ", MUTED),
                (f"{look.sign} {look.words}", STYLES[look.role]),
                (f"{why}", STYLES["text"]),
            ),
            *([_signed(signed, workspace.author, glyphs)] if signed is not None else []),
            Content(""),
            Content.styled(keys, MUTED),
            Content(""),
            *(Content.styled(glyphs.fit(line), MUTED) for line in _about(app)),
        ]
    )


def _signed(decision: "SignedDecision", author: str, glyphs: Glyphs) -> Content:
    """`A signed decision about this version says ✓ go, by you: the shop opens`."""
    who = "you" if decision.author == author else safe_line(decision.author, 30)
    sign, role = (glyphs.passed, "success") if decision.go else (glyphs.failed, "error")
    against = ", against the scorecard" if decision.override else ""
    words = f"{sign} {'go' if decision.go else 'no-go'}, by {who}{against}"
    why = f": {safe_line(decision.reason, 200)}" if decision.reason else ""
    return Content.assemble(
        ("A signed decision about this version says ", MUTED),
        (glyphs.fit(words), STYLES[role]),
        (glyphs.fit(why), STYLES["text"]),
    )


def _about(app: "MigratorApp") -> list[str]:
    """What a rollout is, with the project's own steps."""
    from migrator_tui.rollout.plan import step_name

    settings = app.workspace.project.rollout
    steps = f" {app.glyphs.arrow} ".join(step_name(step) for step in settings.steps)
    back = f"; {settings.hold_back:g} % stay on the baseline to compare with" if settings.hold_back else ""
    rules = {rule.metric for rule in settings.guardrails}
    backs = {rule.metric for rule in settings.guardrails if rule.action == "roll-back"}
    holds = "" if backs == rules else ", the others hold"
    return [
        f"A rollout moves the traffic in steps: {steps}{back}.",
        f"{len(rules)} guardrails are looked at all the time: {len(backs)} roll back by themselves{holds}. "
        "The old model stays behind.",
        "Each conversation stays on its side. Applications ask the gateway: migrator-tui gateway.",
    ]

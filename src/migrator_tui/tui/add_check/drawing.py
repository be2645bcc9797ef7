"""What the dialog says of a check that was tried: how many cases pass it, and which would not pass any more."""

from collections.abc import Sequence

from textual.content import Content

from migrator_tui.checks.values import EXPECTED
from migrator_tui.project.schema import CheckSpec
from migrator_tui.running.checking.proposals import Proposal
from migrator_tui.running.checking.trial import SideTrial, Trial
from migrator_tui.text_safety import safe_line
from migrator_tui.tui.add_check.typed import value_text
from migrator_tui.tui.glyphs import Glyphs
from migrator_tui.tui.theme import FAINT, MUTED, STRONG, STYLES
from migrator_tui.tui.widgets.figures import fitted
from migrator_tui.tui.widgets.header import money

NAME_CELLS = 28


def proposal_line(proposal: Proposal | None, value: str, width: int, selected: bool, glyphs: Glyphs) -> Content:
    """One row of the list; `None`: any other check, by its name."""
    mark = (f"{glyphs.cursor if selected else ' '} ", STYLES["primary"])
    if proposal is None:
        return Content.assemble(mark, ("another check …", STRONG if selected else MUTED))
    room = max(NAME_CELLS, width // 2 - 2)
    shown = "…" if proposal.open else safe_line(value, room)
    name = Content.assemble(
        (proposal.spec.full_type, STRONG if selected else STYLES["text"]), (f" {shown}" if shown else "", MUTED)
    )
    return Content.assemble(
        mark, name.truncate(room, ellipsis=True, pad=True), "  ", (safe_line(proposal.why), MUTED)
    )


def present_line(there: Sequence[CheckSpec], width: int, glyphs: Glyphs) -> Content:
    """What the task has against it already: `already checked by no-code-fence, max-words 60`."""
    names = ", ".join(dict.fromkeys(_named(spec) for spec in there))
    words = Content.assemble((f"{glyphs.passed} ", STYLES["success"]), ("already checked by ", MUTED), names)
    return Content.assemble("  ", words).truncate(width, ellipsis=True)


def beside_line(spec: CheckSpec, checks: Sequence[CheckSpec], width: int, glyphs: Glyphs) -> Content:
    """What the task has of the same kind, which stays beside it; empty where there is none."""
    same = [_named(one) for one in checks if one.full_type == spec.full_type]
    if not same:
        return Content("")
    named = ", ".join(dict.fromkeys(same))
    words = f"  {glyphs.warning} the task has {named} already, which stays: both will count"
    return Content.styled(words, STYLES["warning"]).truncate(width, ellipsis=True)


def _named(spec: CheckSpec) -> str:
    """`max-words 60`."""
    value = value_text(spec.value, None)
    return safe_line(f"{spec.full_type} {value}" if value else spec.full_type, 40)


def trial_lines(trial: Trial, candidate: str, width: int, glyphs: Glyphs) -> list[Content]:
    """Counts for both models, and what adding the check would change."""
    if trial.waits:
        return _asking(trial)
    head = f"  {'':<11}{'pass it':<16}pass today, and would fail"
    lines = [
        Content.styled(head, MUTED),
        _side("baseline", trial.baseline, trial.spec, width, glyphs),
        _side(candidate, trial.candidate, trial.spec, width, glyphs),
    ]
    lines.append(_example(trial, width, glyphs))
    if trial.total > trial.of:
        lines.append(Content.styled(f"  tried on the first {trial.of:,} of {trial.total:,} cases", MUTED))
    return lines


def _asking(trial: Trial) -> list[Content]:
    if not trial.calls:
        return [
            Content("  It runs code of the project, so it was not tried here."),
            Content.styled("  The next run carries it out, on the answers that are there as well.", MUTED),
        ]
    price = "price unknown" if trial.cost is None else "free" if not trial.cost else f"about {money(trial.cost)}"
    return [
        Content.assemble("  A model is asked, so it was not tried here: ", (f"{trial.calls:,} calls", STRONG), "  "),
        Content.styled(f"  {price} for the answers that are there; they are asked about in the next run", MUTED),
    ]


def _side(name: str, side: SideTrial, spec: CheckSpec, width: int, glyphs: Glyphs) -> Content:
    label = (f"  {safe_line(name, 10):<11}", STYLES["text"])
    if not side.applies and not side.answered:
        why = "no case expects anything there" if EXPECTED in spec.options else "compared with, so not checked itself"
        return Content.assemble(label, (why, MUTED))
    if not side.answered:
        return Content.assemble(label, ("no answers yet", MUTED))
    all_pass = side.passed == side.answered
    counted = (f"{side.passed:,} of {side.answered:,}", f"bold {STYLES['text' if all_pass else 'warning']}")
    cells = Content.assemble(counted).truncate(16, pad=True)
    if not side.would_fail:
        failing = len(side.failed)
        also = "none"
        if side.would_pass:
            also = f"none; {side.would_pass:,} to judge would pass"
        elif failing:
            who = "the one that fails it fails" if failing == 1 else f"all {failing:,} that fail it fail"
            also = f"none: {who} today"
        return Content.assemble(label, cells, (also, MUTED))
    number = f"{len(side.would_fail):,}"
    ids = fitted(side.would_fail, max(8, width - 31 - len(number)))
    return Content.assemble(label, cells, (f"{glyphs.failed} {number} ", f"bold {STYLES['error']}"), (ids, MUTED))


def _example(trial: Trial, width: int, glyphs: Glyphs) -> Content:
    """One reason: of a case that would newly fail, else of any that does."""
    broken = trial.candidate.broken or trial.baseline.broken
    if broken:
        return Content.assemble(("  ", ""), (f"{glyphs.warning} {safe_line(broken)}", STYLES["warning"])).truncate(
            width, ellipsis=True
        )
    for side in (trial.candidate, trial.baseline):
        case_id = next(iter([*side.would_fail, *side.failed]), None)
        if case_id is not None and case_id in side.failed:
            words = f"  {safe_line(case_id, 24)}: {safe_line(side.failed[case_id])}"
            return Content.styled(words, MUTED).truncate(width, ellipsis=True)
    return Content.styled("  nothing fails it", FAINT)

"""What the acceptance screen's panes hold: the banner, the matrix, the cases worst first, one case was and now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.content import Content

from migrator_tui.adaptation.values import Acceptance, Flips
from migrator_tui.history.records import CheckRecord, Output
from migrator_tui.text_safety import safe, safe_line
from migrator_tui.tui.adaptation.acceptance_words import (
    chip_words,
    held_out_words,
    looks_words,
    purpose_words,
    spent_words,
)
from migrator_tui.tui.glyphs import Glyphs
from migrator_tui.tui.theme import FAINT, MUTED, STRONG, STYLES
from migrator_tui.tui.widgets.parts import Filled, cell, mark, text_row
from migrator_tui.tui.widgets.row_list import ListRow, head_row
from migrator_tui.tui.workbench.output_pane import answer_text

if TYPE_CHECKING:
    from migrator_tui.tui.workbench.diffing import DiffContents

CHIP = 28
LISTED = 500
"""Cases of one section that are listed; the rest is counted."""
SECTIONS = (
    ("broken", "Broken", "error"),
    ("still_failing", "Still failing", "text"),
    ("open", "Cannot be told", "primary"),
    ("fixed", "Fixed", "success"),
    ("kept", "Kept", "muted"),
)
"""Worst first: the field of `Flips`, its title and colour role."""
NUMBER = 9
NAMES = 22


@dataclass(frozen=True, slots=True)
class Flip:
    """One case of the list."""

    case_id: str
    how: str
    """A field of `Flips`."""
    critical: bool = False
    why: str = ""
    title: str = ""
    tags: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class WasNow:
    """Both answers on one case, with what checks say of the second."""

    was: Output | None
    now: Output | None
    checks: Sequence[CheckRecord] = ()


def banner(
    acceptance: Acceptance | None,
    progress: tuple[str, str],
    about: str,
    width: int,
    glyphs: Glyphs,
    *,
    narrow: bool,
    minimal: bool = False,
) -> Content:
    """What it would do, in three lines beside a word; `progress` stands there while it is not known."""
    if acceptance is None:
        name, role = progress[0], "primary"
        lines = [Content.styled(progress[1], STYLES["text"]), Content.styled(about, MUTED), Content("")]
    else:
        name, role = chip_words(acceptance, glyphs, minimal=minimal)
        ended = f"ended early: {safe_line(acceptance.stopped_because, 80)}" if acceptance.stopped_because else ""
        third = " · ".join(part for part in (ended, spent_words(acceptance), about) if part)
        lines = [
            Content.styled(purpose_words(acceptance, minimal=minimal), STRONG),
            Content.styled(held_out_words(acceptance), STYLES["text"]),
            Content.styled(third, MUTED),
        ]
    style = f"bold $text-{role} on ${role}-muted"
    if narrow:
        chip = Content.styled(f"   {safe_line(name, 60)}".ljust(max(0, width - 2)), style)
        return Content("\n").join([Content(" ") + chip, *(_cut(Content(" ") + line, width) for line in lines[:2])])
    chips = [" " * CHIP, f"   {safe_line(name, CHIP - 4)}".ljust(CHIP), " " * CHIP]
    return Content("\n").join(
        [
            _cut(Content.assemble(" ", (chip, style), "   ", line), width)
            for chip, line in zip(chips, lines, strict=True)
        ]
    )


def _cut(line: Content, width: int) -> Content:
    return line.truncate(max(1, width - 1), ellipsis=True)


# The matrix


def matrix(acceptance: Acceptance, width: int, glyphs: Glyphs, *, minimal: bool = False) -> Content:
    """Four rows that do not mix, with bars where there is room."""
    rows = (
        ("that failed" if minimal else "it was written for", acceptance.aimed_at),
        ("that passed", acceptance.passed),
        ("others that failed", acceptance.others),
        ("held out", acceptance.held_out),
    )
    open_ = any(flips.open for _, flips in rows)
    roomy = width >= 100
    heads = [("n", "muted"), (f"{glyphs.added} fixed", "success"), (f"{glyphs.failed} broken", "error")]
    heads += [("still failing" if roomy else "still", "muted"), (f"{glyphs.same} kept", "muted")]
    heads += [("cannot be told" if roomy else "open", "muted")] if open_ else []
    cells = [max(NUMBER, len(title) + 3) if roomy else max(6, len(title) + 2) for title, _ in heads]
    head = Content.assemble(
        cell("  cases", NAMES, "muted"),
        *(cell(title, size, role, right=True) for (title, role), size in zip(heads, cells, strict=True)),
    )
    bar = width - NAMES - sum(cells) - 3
    lines = [head]
    for name, flips in rows:
        numbers = [flips.cases, len(flips.fixed), len(flips.broken), len(flips.still_failing), len(flips.kept)]
        numbers += [len(flips.open)] if open_ else []
        roles = ["muted", "success", "error", "text", "muted", "primary"]
        line = Content.assemble(
            cell(f"  {name}", NAMES, "text"),
            *(
                cell(
                    f"{number:,}" if number else glyphs.dot,
                    size,
                    role if number else "faint",
                    right=True,
                    bold=role in ("success", "error") and bool(number),
                )
                for number, size, role in zip(numbers, cells, roles, strict=False)
            ),
        )
        lines.append(line + "  " + flip_bar(flips, bar, glyphs) if bar >= 12 else line)
    return Content("\n").join([line.truncate(width, ellipsis=True) for line in lines])


def flip_bar(flips: Flips, cells: int, glyphs: Glyphs) -> Content:
    """Fixed, broken, still failing and the rest as shares of a line; whatever there is has a cell at least."""
    total = flips.cases
    if not total:
        return Content("")
    wanted = [
        (len(flips.fixed), glyphs.done, "success"),
        (len(flips.broken), glyphs.done, "error"),
        (len(flips.still_failing), glyphs.fold, "warning"),
        (len(flips.open), glyphs.dot, "primary"),
    ]
    pieces: list[tuple[str, str]] = []
    left = cells
    for number, sign, role in wanted:
        size = min(left, max(1, round(cells * number / total))) if number else 0
        pieces.append((sign * size, STYLES[role]))
        left -= size
    rest = left if flips.kept else 0
    if not rest and left and (whole := [n for n, (text, _) in enumerate(pieces) if text]):
        text, style = pieces[whole[-1]]  # rounding left a gap
        pieces[whole[-1]] = (text + text[0] * left, style)
    return Content.assemble(*pieces, (glyphs.rest * rest, FAINT))


def matrix_bottom(acceptance: Acceptance) -> Content:
    """What is to be known of held-out cases."""
    looks = looks_words(acceptance)
    never = "held-out cases are counted, never listed"
    return Content.styled(f"{never} · {looks}" if looks else never, STYLES["warning"] if looks else MUTED)


# The list


def cases_part(flips: Sequence[Flip], glyphs: Glyphs) -> Filled:
    """The cases that may be named, worst first."""
    by_how: Mapping[str, list[Flip]] = {name: [flip for flip in flips if flip.how == name] for name, _, _ in SECTIONS}
    ids = min(max((len(flip.case_id) for flip in flips), default=6) + 3, 24)
    rows: list[ListRow] = []
    for how, name, role in SECTIONS:
        some = by_how[how]
        if some:
            rows.append(head_row(name, role, len(some)))
            rows += [_flip_row(flip, ids, glyphs) for flip in some[:LISTED]]
            if len(some) > LISTED:
                rows.append(text_row(f"and {len(some) - LISTED:,} more"))
    if not rows:
        rows = [text_row("no case to show")]

    def heads(room: int) -> Content:
        return (
            cell("  was now", 11, "muted")
            + cell("case", ids, "muted")
            + cell("why", max(8, room - 11 - ids), "muted")
        )

    title = Content.assemble(("Cases", STRONG), (f" {len(flips):,} · worst first", MUTED))
    signs = (
        (glyphs.failed, "broken", "error"), ("still", "still_failing", "text"), (glyphs.to_judge, "open", "primary"),
        (glyphs.added, "fixed", "success"), (glyphs.same, "kept", "muted"),
    )  # fmt: skip
    counted = [
        Content.styled(f"{sign} {len(by_how[how]):,}", STYLES[role]) for sign, how, role in signs if by_how[how]
    ]
    return Filled(title, rows, heads, Content("  ").join(counted))


def _flip_row(flip: Flip, ids: int, glyphs: Glyphs) -> ListRow:
    (was, was_role), (now, now_role) = was_now_signs(flip.how, glyphs)

    def draw(width: int, selected: bool) -> Content:
        name = Content.assemble(
            (safe_line(flip.case_id, ids - 2), STRONG if flip.critical or selected else STYLES["text"]),
            (glyphs.critical if flip.critical else "", STYLES["warning"]),
        )
        return Content.assemble(
            mark(selected, glyphs),
            " ",
            (f"{was}   ", STYLES[was_role]),
            (f"{now}   ", STYLES[now_role]),
            name.truncate(ids, pad=True),
            cell(
                safe_line(flip.why or flip.title, 300),
                max(8, width - 11 - ids),
                "text" if flip.how == "broken" else "muted",
            ),
        )

    return ListRow(flip.case_id, draw)


def was_now_signs(how: str, glyphs: Glyphs) -> tuple[tuple[str, str], tuple[str, str]]:
    """Sign and colour role of both outcomes."""
    good, bad = (glyphs.passed, "success"), (glyphs.failed, "error")
    return {
        "broken": (good, bad),
        "still_failing": (bad, bad),
        "fixed": (bad, good),
        "kept": (good, good),
        "open": ((glyphs.waiting, "muted"), (glyphs.to_judge, "primary")),
    }[how]


# One case


def how_chip(flip: Flip, glyphs: Glyphs) -> tuple[str, str]:
    """`✗ broken`, and its colour role."""
    words = {
        "broken": (f"{glyphs.failed} broken", "error"),
        "still_failing": (f"{glyphs.failed} still fails", "error"),
        "fixed": (f"{glyphs.passed} fixed", "success"),
        "kept": (f"{glyphs.same} kept", "success"),
        "open": (f"{glyphs.to_judge} cannot be told", "primary"),
    }
    return words[flip.how]


def was_now(flip: Flip, both: WasNow, glyphs: Glyphs, width: int, diff: "DiffContents | None") -> Content:
    """What was said, what is said now, and the checks that fail now; with a diff the words that differ stand out."""
    (was, was_role), (now, now_role) = was_now_signs(flip.how, glyphs)
    lines = _side("was", was, was_role, _said(both.was, diff.left if diff is not None else None), width)
    lines += [
        Content(""),
        *_side("now", now, now_role, _said(both.now, diff.right if diff is not None else None), width),
    ]
    failed = [check for check in both.checks if not check.passed and not check.waiting]
    if failed:
        lines.append(Content(""))
    for check in failed:
        line = Content.assemble(
            (f"{glyphs.failed} ", STYLES["error"]),
            (safe_line(check.label, 60), STRONG),
            (f"  {safe_line(check.reason, 400)}", MUTED),
        )
        lines += line.wrap(max(10, width))
    return Content("\n").join(lines)


def _said(output: Output | None, marked: Content | None) -> Content:
    if output is None:
        return Content.styled("not asked", MUTED)
    if output.failed_call:
        return Content.styled(safe_line(f"error: {output.error or output.error_kind}", 400), STYLES["warning"])
    return marked if marked is not None else Content(safe(answer_text(output)[:20_000]) or "(empty answer)")


def _side(name: str, sign: str, role: str, said: Content, width: int) -> list[Content]:
    wrapped = [
        line for part in said.split("\n", allow_blank=True) for line in part.wrap(max(10, width - 7)) or [Content("")]
    ]
    first = Content.assemble((f"{name}  ", MUTED), (f"{sign} ", STYLES[role]), wrapped[0])
    return [first, *(Content.assemble("       ", line) for line in wrapped[1:])]

"""What the review screen's panes hold: the edits with what was said of them, one hunk, and the cases behind it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from migrator_tui.adaptation.values import Ablation, Edit, Leak, Op
from migrator_tui.text_safety import safe, safe_line
from migrator_tui.tui.adaptation.review_state import CaseNow, Choice, Guarded, Review
from migrator_tui.tui.glyphs import Glyphs, mark_sign
from migrator_tui.tui.scorecard.words import many
from migrator_tui.tui.theme import FAINT, MUTED, STRONG, STYLES, chip
from migrator_tui.tui.versions.entries import ago
from migrator_tui.tui.widgets.parts import Filled, cell, heading, mark, text_row
from migrator_tui.tui.widgets.row_list import ListRow, head_row

if TYPE_CHECKING:
    from migrator_tui.adaptation.edits import HunkLine

COUNT = 7
"""Cells of the column that counts cases."""
Piece = Content | str | tuple[str, str]


def edit_key(number: int) -> str:
    """Names an edit's row."""
    return f"edit:{number}"


def title_of(edit: Edit) -> str:
    """What an edit does, in a few words; where nobody gave any, what it puts in or takes out."""
    if edit.title.strip():
        return safe_line(edit.title, 80)
    words = safe_line(edit.text, 60) or safe_line(edit.anchor, 60)
    return f"without: {words}" if edit.op is Op.DELETE else words


def choice_sign(review: Review, number: int, glyphs: Glyphs) -> tuple[str, str]:
    """The sign of what was said of an edit, and its colour role."""
    if number in review.stale:
        return glyphs.stale, "warning"
    return {
        Choice.TAKEN: (glyphs.passed, "success"),
        Choice.LEFT: (glyphs.failed, "error"),
        Choice.OPEN: (glyphs.to_judge, "primary"),
    }[review.choices[number]]


# The list


def edits_part(review: Review, label: str, glyphs: Glyphs, width: int, *, frozen: bool = False) -> Filled:
    """Every edit, what no prompt can fix, and who wrote it. `frozen`: no edit may touch some lines of the prompt."""
    rows: list[ListRow] = []
    for number, edit in enumerate(review.edits):
        rows.append(_edit_row(review, number, edit, glyphs))
        rows += [text_row(words, role, indent=7) for words, role in _remarks(review, number, edit, glyphs)]
    if not review.edits:
        none = "No edits: it sees nothing that " + (
            "can go." if review.suggestion.minimal else "the prompt could mend."
        )
        held = " Some lines are frozen: no edit may touch those." if frozen else ""
        rows += [text_row(line) for line in _lines(f"{none}{held} s asks anew.", width - 6)]
    rows += _others(review, glyphs)
    rows.append(text_row(""))
    rows += [text_row(line) for words in written_by(review) for line in _lines(words, width - 6)]
    number = len(review.edits)
    what = "removals" if review.suggestion.minimal else "edits"
    title = heading("Suggestion", f"for {label} · {many(number, what.rstrip('s'))}")

    def heads(room: int) -> Content:
        return cell("      edit", room - COUNT, "muted") + cell("cases", COUNT, "muted", right=True)

    return Filled(title, rows, heads, Content.styled(totals(review), MUTED))


def _lines(words: str, width: int) -> list[str]:
    wrapped = Content(safe_line(words)).wrap(max(20, width))
    return [line.plain.rstrip() for line in wrapped] or [""]


def totals(review: Review) -> str:
    """`2 taken · 1 left · 1 to decide`."""
    parts = [f"{review.count(choice)} {choice.value}" for choice in (Choice.TAKEN, Choice.LEFT, Choice.OPEN)]
    shown = [part for part in parts if not part.startswith("0 ")]
    if review.stale:
        shown.append(f"{len(review.stale)} stale")
    return " · ".join(shown)


def _edit_row(review: Review, number: int, edit: Edit, glyphs: Glyphs) -> ListRow:
    def draw(width: int, selected: bool) -> Content:
        sign, role = choice_sign(review, number, glyphs)
        cases = len([case_id for case_id in edit.case_ids if case_id in review.cases]) or len(edit.case_ids)
        room = max(8, width - 6 - COUNT)
        return Content.assemble(
            mark(selected, glyphs),
            (f"{sign} ", STYLES[role]),
            (f"{number + 1:<2}", MUTED),
            cell(title_of(edit), room, "text", bold=selected),
            cell(str(cases) if cases else glyphs.dot, COUNT, "text", right=True),
        )

    return ListRow(edit_key(number), draw)


def _remarks(review: Review, number: int, edit: Edit, glyphs: Glyphs) -> list[tuple[str, str]]:
    """What has to be known of an edit before it is taken, each with its colour role."""
    said: list[tuple[str, str]] = []
    if number in review.stale:
        said.append((f"stale: {review.stale[number]}", "warning"))
    if number in review.leaks:
        said.append((f"{glyphs.warning} copies {leaked_from(review.leaks[number])}", "warning"))
    if not edit.explained:
        said.append(("unexplained", "warning"))
    if number in review.reasons:
        said.append((f"left: {review.reasons[number]}", "muted"))
    ablation = review.ablations.get(number)
    if ablation is not None:
        said += [(words, role) for words, role, _ in worth(ablation, glyphs, minimal=review.suggestion.minimal)]
    return said


def leaked_from(leaks: Sequence[Leak]) -> str:
    """`a test case: T-0042`; one that is held out has no name here."""
    ids = list(dict.fromkeys(leak.case_id for leak in leaks))
    if len(ids) > 1:
        return f"{len(ids)} test cases"
    return f"a test case: {ids[0]}" if ids[0] else "a held-out case"


def worth(ablation: Ablation, glyphs: Glyphs, *, minimal: bool = False) -> list[tuple[str, str, Sequence[str]]]:
    """What leaving an edit out has shown: words, their colour role, and the cases that they are about.

    `minimal`: it only takes out, and has earned its place where nothing passes only without it.
    """
    said: list[tuple[str, str, Sequence[str]]] = []
    if ablation.earns_its_place:
        words = f"{glyphs.passed} needed for {many(len(ablation.needed_for), 'case')}"
        said.append((words, "success", ablation.needed_for))
    elif minimal and not ablation.better_without:
        said.append((f"{glyphs.passed} nothing fails with it", "success", ()))
    elif not minimal:
        said.append((f"{glyphs.drift} nothing fails without it", "warning", ()))
    if ablation.better_without:
        passes = "passes" if len(ablation.better_without) == 1 else "pass"
        words = f"{glyphs.warning} {many(len(ablation.better_without), 'case')} {passes} only without it"
        said.append((words, "warning", ablation.better_without))
    return said


def _others(review: Review, glyphs: Glyphs) -> list[ListRow]:
    """What no prompt can fix, and why the cases fail as the assistant sees it."""
    rows: list[ListRow] = []
    if review.suggestion.advice:
        rows += [text_row(""), head_row("No prompt can fix", "warning", len(review.suggestion.advice))]
        for number, advice in enumerate(review.suggestion.advice):
            rows.append(_other_row(f"advice:{number}", advice.what, advice.text, len(advice.case_ids), glyphs))
    if review.suggestion.causes:
        rows += [text_row(""), head_row("Why they fail", "muted", len(review.suggestion.causes))]
        for number, cause in enumerate(review.suggestion.causes):
            rows.append(_other_row(f"cause:{number}", "", cause.text, len(cause.case_ids), glyphs))
    return rows


def _other_row(key: str, what: str, text: str, cases: int, glyphs: Glyphs) -> ListRow:
    def draw(width: int, selected: bool) -> Content:
        words = Content.assemble(
            (f"{safe_line(what, 12)}: " if what else "", STRONG), (safe_line(text, 200), "$foreground")
        )
        return Content.assemble(
            mark(selected, glyphs),
            (f"{glyphs.warning if what else glyphs.dot} ", STYLES["warning" if what else "muted"]),
            words.truncate(max(8, width - 5 - COUNT), ellipsis=True, pad=True),
            " ",
            cell(str(cases) if cases else glyphs.dot, COUNT, "text", right=True),
        )

    return ListRow(key, draw)


def written_by(review: Review) -> list[str]:
    """Who wrote it, and from how many cases."""
    suggestion = review.suggestion
    if review.offered:
        return ["Accepted for another task;", "try it before you take it."]
    lines = [f"Written by {safe_line(suggestion.assistant, 36)}"] if suggestion.assistant else []
    if review.asked_at is not None:
        lines.append(f"asked {ago(review.asked_at)}; s asks anew")
    if suggestion.of:
        aside = f"{many(suggestion.held_out, 'case')} kept aside" if suggestion.held_out else ""
        failing = f"{len(suggestion.failing):,} failing of {many(suggestion.of, 'case')}"
        lines.append(f"by {many(suggestion.of, 'case')}: what can go" if suggestion.minimal else f"from {failing}")
        lines.append(f"{aside}, to test the result" if aside else "too few to keep some aside")
    if suggestion.rewritten:
        lines.append("It wrote a whole new prompt: taken apart.")
    return [*lines, *(safe_line(note, 200) for note in suggestion.notes)]


# The hunk


def choice_chip(review: Review, number: int, glyphs: Glyphs) -> Content:
    """What was said of an edit, on a tinted ground."""
    sign, role = choice_sign(review, number, glyphs)
    words = "stale" if number in review.stale else review.choices[number].value
    return chip(f"{sign} {'take or leave' if words == Choice.OPEN.value else words}", role)


def hunk_content(
    review: Review, number: int, lines: Sequence["HunkLine"], glyphs: Glyphs, width: int, more: Sequence[Content] = ()
) -> Content:
    """Why, then the lines as they change, then what there is to know."""
    edit = review.edits[number]
    parts = [*_why(edit, glyphs, width), Content("")]
    if number in review.stale:
        parts.append(Content.styled(f"It cannot be placed: {safe_line(review.stale[number])}", STYLES["warning"]))
        parts += [_wrapped(text, width, indent=2) for text in (safe(edit.anchor), safe(edit.text)) if text]
    else:
        parts += [row for line in lines for row in numbered(line, glyphs, width)]
    extra = [
        _wrapped(
            f"{glyphs.warning} {safe_line(leak.case_id or 'a held-out one', 40)} says: {safe_line(leak.phrase, 160)}",
            width,
            "warning",
        )
        for leak in review.leaks.get(number, ())
    ]
    ablation = review.ablations.get(number)
    if ablation is not None:
        for words, role, ids in worth(ablation, glyphs, minimal=review.suggestion.minimal):
            named = ", ".join(safe_line(case_id, 24) for case_id in ids)
            extra.append(_wrapped(f"{words}{': ' + named if named else ''}", width, role))
    extra += [
        _wrapped(f"{glyphs.failed} {safe_line(words, 300)}", width, "error") for words in review.guarded.refusals
    ]
    extra += [
        _wrapped(f"{glyphs.warning} {safe_line(words, 300)}", width, "warning") for words in review.guarded.notes
    ]
    return Content("\n").join([*parts, *([Content("")] if extra else []), *extra])


def _why(edit: Edit, glyphs: Glyphs, width: int) -> list[Content]:
    words = safe_line(edit.why, 1_000) or (
        "Nobody said why." if edit.explained else "A piece of a rewrite; nobody said why."
    )
    wrapped = Content.styled(words, STYLES["text"] if edit.why else MUTED).wrap(max(10, width - 5)) or [Content("")]
    lines = [Content.assemble(("Why  ", STYLES["primary"]), wrapped[0])]
    lines += [Content.assemble("     ", line) for line in wrapped[1:]]
    if edit.rule:
        words = f"guidance: {safe_line(edit.rule, 60)}"
        if edit.source:
            words += f" ({safe_line(edit.source.removeprefix('https://'), 100)})"
        rows = Content.styled(words, MUTED).wrap(max(10, width - 5))
        lines += [Content.assemble("     ", row) for row in rows]
    return lines


def numbered(line: "HunkLine", glyphs: Glyphs, width: int) -> list[Content]:
    """One line of the hunk, wrapped under itself; what goes and what comes stands on a ground of its colour."""
    sign = {"-": glyphs.removed, "+": glyphs.added}.get(line.sign, " ")
    role = {"-": "error", "+": "success"}.get(line.sign)
    room = max(10, width - 7)
    shown = Content(safe(line.text))
    if len(shown) == len(line.text):  # where a hidden character became a mark, the places no longer fit
        for start, end in line.changed:
            shown = shown.stylize("bold underline", start, start + len(line.text[start:end].rstrip()))
    wrapped = shown.wrap(room) or [Content("")]
    rows = []
    for at, piece in enumerate(wrapped):
        number = f"{line.number:>4} " if at == 0 else "     "
        text = Content.assemble(f"{sign} ", piece.truncate(room, pad=True))
        style = f"{STYLES[role]} on ${role}-muted 60%" if role else STYLES["text"]
        rows.append(Content.styled(number, FAINT) + text.stylize(style))
    return rows


def _wrapped(text: str, width: int, role: str = "text", indent: int = 0) -> Content:
    room = max(10, width - indent)
    lines = [
        line for part in text.split("\n") for line in (Content.styled(part, STYLES[role]).wrap(room) or [Content("")])
    ]
    return Content("\n").join([Content.assemble(" " * indent, line) for line in lines])


def other_content(what: str, text: str, width: int, hint: str = "") -> Content:
    """A cause or an advice in full."""
    lines = [_wrapped(safe_line(text, 2_000), width)]
    if hint:
        lines += [Content(""), Content.styled(hint, MUTED)]
    return Content("\n").join(lines)


def change_words(guarded: Guarded, glyphs: Glyphs) -> str:
    """`− 4 + 31 words`."""
    return f"{glyphs.removed} {guarded.removed:,} {glyphs.added} {guarded.added:,} words"


def guards_line(review: Review, glyphs: Glyphs) -> Content:
    """`✓ variables kept  ✓ no case copied  ✓ − 4 + 31 words`, or that the choice is refused."""
    if not review.taken:
        return Content.styled("space takes it", MUTED)
    if review.guarded.refusals:
        return Content.styled(f"{glyphs.failed} {safe_line(review.guarded.refusals[0], 90)}", STYLES["error"])
    leaky = [number for number in review.taken if number in review.leaks]
    copied = (
        (f"{glyphs.warning} copies {leaked_from(review.leaks[leaky[0]])}", STYLES["warning"])
        if leaky
        else (f"{glyphs.passed} no case copied", MUTED)
    )
    changes = f"{glyphs.passed} {change_words(review.guarded, glyphs)}"
    taken = f"{len(review.taken)} taken: " if len(review.edits) > 1 else ""
    return Content.assemble((f"{taken}{glyphs.passed} variables kept  ", MUTED), copied, (f"  {changes}", MUTED))


# The cases


def cases_part(review: Review, case_ids: Sequence[str], glyphs: Glyphs, width: int) -> Filled:
    """The cases behind what is under the cursor, as they stand now."""
    known = [review.cases[case_id] for case_id in case_ids if case_id in review.cases]
    longest = max((len(case.case_id) for case in known), default=6)
    ids = min(longest + 3, 24)
    changed = 16 if width >= 60 else 0

    def heads(room: int) -> Content:
        return Content.assemble(
            cell("  now", 7, "muted"),
            cell("case", ids, "muted"),
            cell("what changed", changed, "muted") if changed else "",
            cell("evidence", max(8, room - 7 - ids - changed), "muted"),
        )

    rows = [_case_row(case, ids, changed, glyphs) for case in known]
    if not rows:
        rows = [text_row("It names no case.")]
    return Filled(
        heading("Cases behind it", f"{len(known):,}"), rows, heads, Content.styled("enter opens one", MUTED)
    )


def _case_row(case: CaseNow, ids: int, changed: int, glyphs: Glyphs) -> ListRow:
    sign, role = mark_sign(case.mark, glyphs)

    def draw(width: int, selected: bool) -> Content:
        name = Content.assemble(
            (safe_line(case.case_id, ids - 2), STRONG), (glyphs.critical if case.critical else "", STYLES["warning"])
        )
        return Content.assemble(
            mark(selected, glyphs),
            " ",
            (f"{sign}   ", STYLES[role]),
            name.truncate(ids, pad=True),
            cell(glyphs.fit(safe_line(case.changed)), changed, "text") if changed else "",
            cell(safe_line(case.evidence, 300), max(8, width - 7 - ids - changed), "muted"),
        )

    return ListRow(case.case_id, draw)

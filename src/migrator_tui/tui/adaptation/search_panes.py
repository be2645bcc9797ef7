"""The right side of a search: the try under the cursor, what it flips, and the held-out cases, which come last."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from textual.content import Content

from migrator_tui.adaptation.search.values import HeldOut, Try
from migrator_tui.adaptation.values import Edit, EditKind, times_before
from migrator_tui.parity.gate.words import signed
from migrator_tui.text_safety import safe, safe_line
from migrator_tui.tui.adaptation.search_state import Phase, SearchState, has_prompt
from migrator_tui.tui.adaptation.search_tries import flip_counts, title_of
from migrator_tui.tui.adaptation.search_words import helped_nothing, rate_words, role_of
from migrator_tui.tui.glyphs import Glyphs
from migrator_tui.tui.scorecard.words import many
from migrator_tui.tui.theme import MUTED, STRONG, STYLES, chip
from migrator_tui.tui.versions.diff import PromptDiff, diff_lines
from migrator_tui.tui.widgets.figures import percent
from migrator_tui.tui.widgets.header import price_words
from migrator_tui.tui.widgets.parts import hanging

DIFF_HEAD = 6
"""Cells before the text of a line of a diff."""
HEAD, SIDE = 13, 9
"""Cells of the names and of the figures of the held-out table."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What was looked up of a try: how its text differs from its parent's, and what the cases say."""

    diff: PromptDiff
    changed: float | None = None
    """Share of the parent's words that it removes or replaces …"""
    growth: float = 0.0
    """… and how much longer it becomes, as a share; below 0 where it becomes shorter."""
    reasons: Mapping[str, str] = field(default_factory=dict)
    """By case id, why it fails: now, or of a fixed one before."""
    critical: Collection[str] = ()


def proposal_title(a_try: Try, base: str) -> Content:
    """`Try 10 from try 7  no preamble, and why not`."""
    origin = f" from try {a_try.parent}" if a_try.parent is not None else ""
    return Content.assemble(
        (f"Try {a_try.number}", STRONG), (origin, MUTED), (f"  {safe_line(title_of(a_try, base), 60)} ", "")
    )


def proposal(a_try: Try, looked: Looked | None, going: bool, glyphs: Glyphs, width: int) -> Content:
    """Why, what it changes line by line, what the guards found, why it was kept or dropped; wrapped to a width."""
    lines: list[Content] = []
    for number, edit in enumerate(a_try.edits):
        lines += [Content("")] * bool(number)
        lines += reason_lines(edit, number if len(a_try.edits) > 1 else None, glyphs, width)
    if a_try.parent is None:
        lines.append(
            Content.styled("The prompt as it was. Tries are set against it, and against their parents.", MUTED)
        )
    elif not has_prompt(a_try):
        if not going:
            words = "None of the answers was a proposal. ctrl+p, What was sent to the assistant, has every word."
            lines.append(Content.styled(words, MUTED))
    elif looked is not None:
        diff = [
            hanging(line, DIFF_HEAD, width) for line in diff_lines(looked.diff, glyphs).split("\n", allow_blank=True)
        ]
        lines += [
            *([Content("")] * bool(lines)),
            *diff,
            Content(""),
            hanging(guards(a_try, looked, glyphs), 2, width),
        ]
    if a_try.why and not going:
        sign, role = (glyphs.now, "primary") if a_try.accepted else (glyphs.failed, "muted")
        word = "kept" if a_try.accepted else "dropped"
        lines.append(
            hanging(
                Content.assemble((f"{sign} {word}: ", STYLES[role]), (glyphs.fit(safe_line(a_try.why, 400)), MUTED)),
                2,
                width,
            )
        )
    return Content("\n").join(lines)


def reason_lines(edit: Edit, number: int | None, glyphs: Glyphs, width: int) -> list[Content]:
    """Why an edit is made, and for which cases."""
    head = "Why  " if number is None else f"{number + 1}  "
    title = f"{safe_line(edit.title, 120)}: " if number is not None and edit.title else ""
    why = safe(edit.why) if edit.explained and edit.why else "nobody gave a reason"
    lines = [Content.assemble((head, STRONG), (title, STYLES["text"]), (why, STYLES["text"]))]
    about = [edit.kind.value] if edit.kind is not EditKind.INSTRUCTION else []
    about += [f"for {' '.join(safe_line(one, 40) for one in edit.case_ids)}"] if edit.case_ids else []
    about += [f"rule {safe_line(edit.rule, 60)}"] if edit.rule else []
    if about:
        lines.append(Content.styled(" " * len(head) + f" {glyphs.dot} ".join(about), MUTED))
    return [hanging(line, len(head), width) for line in lines]


def guards(a_try: Try, looked: Looked, glyphs: Glyphs) -> Content:
    """What the guards found, in one grey line; a try that they refused was never asked about a case."""
    if a_try.version_id is None:
        return Content.styled(f"{glyphs.failed} refused before any case was asked", STYLES["warning"])
    told = ["variables kept"]
    if not any(edit.kind is EditKind.EXAMPLE for edit in a_try.edits):
        told.append("no case copied")
    if looked.changed is not None:
        longer = "" if abs(looked.growth) < 0.005 else "longer" if looked.growth > 0 else "shorter"
        words = f"changes {looked.changed * 100:.0f} % of the words"
        told.append(f"{words}, {abs(looked.growth) * 100:.0f} % {longer}" if longer else words)
    parts = [Content.assemble((f"{glyphs.passed} ", STYLES["success"]), (words, MUTED)) for words in told]
    return Content("   ").join(parts)


def flips_title(a_try: Try) -> Content:
    """`What it flips against try 7`."""
    against = f" against try {a_try.parent}" if a_try.parent is not None else ""
    return Content.assemble(("What it flips", STRONG), (against + " ", MUTED))


def flip_lines(a_try: Try, looked: Looked | None, glyphs: Glyphs, width: int) -> Content:
    """The cases that came out otherwise than with its parent, broken ones first."""
    flips = a_try.flips
    if flips is None:
        words = "it is what the others are set against" if a_try.parent is None else "no case was asked about both"
        return Content.styled(f"  {words}", MUTED)
    reasons = looked.reasons if looked is not None else {}
    critical = looked.critical if looked is not None else ()
    lines = []
    for sign, role, ids in ((glyphs.failed, "error", flips.broken), (glyphs.added, "success", flips.fixed)):
        for case_id in ids:
            told = safe_line(reasons.get(case_id, ""), 200)
            told = f"was: {told}" if told and ids is flips.fixed else told
            lines.append(
                Content.assemble(
                    (f"  {sign}  ", f"bold {STYLES[role]}"),
                    (safe_line(case_id, 40), STRONG if role == "error" else STYLES["text"]),
                    (glyphs.critical if case_id in critical else " ", STYLES["warning"]),
                    (f"  {glyphs.fit(told)}", MUTED),
                )
            )
    lines = [hanging(line, 13, width) for line in lines]
    same = len(flips.kept) + len(flips.still_failing)
    lines.append(Content.styled(f"  {glyphs.same}  {same:,} the same", MUTED))
    if flips.open:
        lines.append(Content.styled(f"  {glyphs.to_judge}  {len(flips.open):,} not judged, or an error", MUTED))
    return Content("\n").join(lines)


def flips_bottom(a_try: Try, going: bool, glyphs: Glyphs) -> Content:
    """`+ 3  = 11   14 of 24 tried`."""
    if a_try.flips is None:
        return Content("")
    tried = f"   {a_try.done:,} of {a_try.of:,} tried" if going and a_try.of else ""
    return Content.assemble(flip_counts(a_try.flips, glyphs, same=True), (tried, MUTED))


def held_out_title(state: SearchState, glyphs: Glyphs) -> Content:
    """`Held out 60 cases   ✓ better`."""
    held_out = state.result.held_out if state.result is not None else None
    number = held_out.cases if held_out is not None else state.began.held_out if state.began is not None else 0
    head = Content.assemble(("Held out", STRONG), (f" {number:,} cases " if number else " ", MUTED))
    if held_out is None or held_out.before is None or held_out.after is None:
        return head
    role = role_of(held_out)
    words = {"success": f"{glyphs.passed} better", "error": f"{glyphs.failed} worse"}.get(
        role, f"{glyphs.drift} not surely better"
    )
    return Content.assemble(head, "  ", chip(words, role), " ")


def held_out_lines(state: SearchState, glyphs: Glyphs, width: int) -> Content:
    """Until the end that there is nothing to see yet; then the result that counts."""
    result = state.result
    if result is not None and result.held_out is not None:
        learned = (state.began.learn if state.began is not None else result.best.of, result.best.score)
        return _table(result.held_out, learned, glyphs, width)
    began = state.began
    if began is not None and not began.held_out:
        more = ["Whatever is found is not proven on others."]
        return _told(glyphs.drift, "There are too few cases to keep any aside.", more, width)
    if result is not None or not state.running:
        nothing = helped_nothing(state) if result is not None and not result.helped else ""
        words = f"{nothing.capitalize()}: there is nothing to test on them." if nothing else "They were not asked."
        return _told(glyphs.to_judge, words, ["They are as unseen as before."], width)
    number = f"{began.held_out:,} cases" if began is not None else "Some cases"
    if state.phase is Phase.HELD_OUT:
        words = f"{number} that no proposal and no choice has seen are asked with start and winner:"
        return _told(glyphs.to_judge, words, [_price(state)], width)
    more = ["They are asked once, when the search is over:", _price(state)]
    return _told(glyphs.to_judge, f"{number} wait that no proposal and no choice has seen.", more, width)


def _told(sign: str, words: str, more: Sequence[str], width: int) -> Content:
    first = Content.assemble((f"  {sign} ", STYLES["primary"]), (words, STYLES["text"]))
    lines = [Content(""), first, *(Content.styled(f"    {line}", MUTED) for line in more if line)]
    return Content("\n").join(hanging(line, 4, width) for line in lines)


def _price(state: SearchState) -> str:
    """Calls and money of the test; an average would count the assistant's calls, which cost more."""
    number = state.to_test or (state.spent.held_back if state.spent is not None else 0)
    counts = "That result is the one that counts."
    if not number:
        return counts
    cost = state.began.estimate.held_out_cost if state.began is not None else None
    return f"{many(number, 'call')}, {price_words(cost)}. {counts}"


def _table(held_out: HeldOut, learned: tuple[int | None, float | None], glyphs: Glyphs, width: int) -> Content:
    flips = held_out.flips
    before = len(flips.kept) + len(flips.broken)
    after = len(flips.kept) + len(flips.fixed)
    baseline = None if held_out.baseline is None else round(held_out.baseline * held_out.cases)
    lines = [Content.styled(f"  {'':<{HEAD}}{'before':>{SIDE - 3}}{'after':>{SIDE}}{'baseline':>{SIDE + 2}}", MUTED)]
    points = ""
    role = role_of(held_out)
    if held_out.before is not None and held_out.after is not None:
        points = f"   {signed(held_out.after - held_out.before)} points"
    rates = [percent(one) if one is not None else "–" for one in (held_out.before, held_out.after, held_out.baseline)]
    counts = [f"{before:,}", f"{after:,}", f"{baseline:,}" if baseline is not None else "–"]
    told = Content.styled(glyphs.fit(points), STYLES[role])
    flipped = Content.assemble(
        (f"   {glyphs.added} {len(flips.fixed)}", STYLES["success"]), (" fixed ", MUTED),
        (f"{glyphs.failed} {len(flips.broken)}", STYLES["error"]), (" broken", MUTED),
    )  # fmt: skip
    beside = width >= HEAD + 3 * SIDE + 21
    lines.append(_row("pass rate", rates, told if beside else Content("")))
    lines.append(_row(f"of {held_out.cases:,}", counts, flipped if beside else Content("")))
    if not beside:
        lines.append(Content.assemble(told[1:], flipped))
    if held_out.low is not None and held_out.high is not None:
        between = f"{signed(held_out.low)} {glyphs.more} {signed(held_out.high)}"
        meaning = {"success": "better, by little or much", "error": "worse"}.get(role, "better, worse or the same")
        interval = f"  95 % interval {between}"
        interval += f": {meaning}" if len(interval) + len(meaning) + 2 <= width else ""
        lines.append(Content.styled(glyphs.fit(interval), MUTED))
    learn, score = learned
    if score is not None and learn:
        words = f"  On the {learn:,} it was {rate_words(score)}, but those chose the winner."
        lines += [*([Content("")] * beside), hanging(Content.styled(words, STYLES["text"]), 2, width)]
    if flips.open:
        lines.append(Content.styled(f"  {glyphs.to_judge} {len(flips.open):,} not judged, or an error", MUTED))
    return Content("\n").join(lines)


def _row(name: str, figures: Sequence[str], more: Content) -> Content:
    before, after, baseline = figures
    return Content.assemble(
        (f"  {name:<{HEAD}}", STYLES["text"]),
        (f"{before:>{SIDE - 3}}", MUTED),
        (f"{after:>{SIDE}}", STRONG),
        (f"{baseline:>{SIDE + 2}}", MUTED),
        more,
    )


def held_out_bottom(state: SearchState, width: int) -> Content:
    """How often these cases were looked at, and what comes next."""
    result = state.result
    held_out = result.held_out if result is not None else None
    if result is None or held_out is None:
        return Content("")
    before = times_before(held_out.looks)
    looks = f"asked {before}" if before else "asked once"
    role = STYLES["warning"] if before else MUTED
    next_step = " · enter reviews the winner" if result.helped and width >= 60 else ""
    return Content.assemble((f"{held_out.cases:,} cases, {looks}", role), (next_step, MUTED))


def nothing_lines(words: Sequence[str]) -> Content:
    """In place of a search, where there is none."""
    first, *rest = words
    return Content("\n").join([Content.styled(first, STRONG), *(Content.styled(line, MUTED) for line in rest)])

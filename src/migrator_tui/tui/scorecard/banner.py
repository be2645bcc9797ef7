"""The decision, in three lines."""

from textual.content import Content

from migrator_tui.text_safety import safe_line
from migrator_tui.tui.cards import Counted
from migrator_tui.tui.glyphs import Glyphs
from migrator_tui.tui.scorecard.words import banner_words, look_of, moment
from migrator_tui.tui.theme import MUTED, STRONG, STYLES

CHIP = 28


def banner(
    counted: Counted | None, author: str, waiting: str, width: int, glyphs: Glyphs, *, narrow: bool
) -> Content:
    """`✗ NOT READY` on its ground, beside it why; on narrow screens above it, and what it rests on is left out."""
    look = look_of(counted, glyphs)
    style = MUTED if look.role == "muted" else f"bold $text-{look.role} on ${look.role}-muted"
    name = f"{look.sign} {look.words.upper()}"
    first, second, third = (glyphs.fit(words) for words in banner_words(counted, author, waiting))
    lines = [Content.styled(first, STRONG), Content.styled(second, STYLES["text"]), Content.styled(third, MUTED)]
    if narrow:
        chip = Content.styled(f"   {name}".ljust(max(0, width - 2)), style)
        return Content("\n").join(
            [_cut(Content(" ") + chip, width), *(_cut(Content(" ") + line, width) for line in lines[:2])]
        )
    chips = [" " * CHIP, f"   {name}".ljust(CHIP), " " * CHIP]
    return Content("\n").join(
        [
            _cut(Content.assemble(" ", (chip, style), "   ", line), width)
            for chip, line in zip(chips, lines, strict=True)
        ]
    )


def _cut(line: Content, width: int) -> Content:
    return line.truncate(max(1, width - 1), ellipsis=True)


def signed_words(counted: Counted | None, glyphs: Glyphs) -> Content | None:
    """The last signature, for the border: `signed: no-go · ada · 2026-11-23 14:05`; `None` without one."""
    card = counted.card if counted is not None else None
    if counted is None or card is None or card.version is None or not counted.decisions:
        return None
    last = counted.decisions[0]
    mine = last.version_id == card.version.id
    words = f"{'go' if last.go else 'no-go'} · {safe_line(last.author, 20)} · {moment(last.created_at)}"
    words += " · an override" if last.override else ""
    return Content.styled(glyphs.fit(f"{'signed' if mine else 'another version was signed'}: {words}"), MUTED)


def to_come(config: str, glyphs: Glyphs) -> Content:
    """What the screen will say once something was run."""
    answers = f"{glyphs.passed} ready, {glyphs.failed} not ready or {glyphs.drift} not enough evidence, and why"
    lines = (
        ("the decision", answers),
        ("gate", f"each rule of {config} [gate]: what is allowed, what was measured"),
        ("pass rates", "with intervals, and their difference against the margin"),
        ("what changed", "fences, length, language …: in how many cases, and how many of those fail"),
        ("slices", "the same by tag"),
        ("what it rests on", "who judged, how good the judges are, how steady the models, who signed"),
    )
    told = [Content.styled("After a run stands here", STYLES["text"]), Content("")]
    told += [Content.styled(f"  {name:<18}{glyphs.fit(words)}", MUTED) for name, words in lines]
    return Content("\n").join(told)

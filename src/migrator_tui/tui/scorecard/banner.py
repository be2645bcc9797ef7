"""The decision, in three lines."""

from textual.content import Content

from migrator_tui.tui.cards import Counted
from migrator_tui.tui.glyphs import Glyphs
from migrator_tui.tui.scorecard.words import banner_words, look_of
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

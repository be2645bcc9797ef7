"""A word diff as the panes show it: struck and red on the left, green on the right, or both as one text.

Runs begin with `−` or `+`, so that colour is not the only sign; without colour they stand in brackets as well.
"""

from dataclasses import dataclass

from textual.content import Content

from migrator_tui.parity.word_diff import similarity, word_diff
from migrator_tui.text_safety import safe
from migrator_tui.tui.glyphs import Glyphs
from migrator_tui.tui.theme import MUTED, STYLES
from migrator_tui.tui.widgets.text_view import SHOWN_CHARACTERS


@dataclass(frozen=True, slots=True)
class DiffContents:
    """The same diff for both panes and as one text."""

    left: Content
    right: Content
    one_text: Content
    removed_words: int
    added_words: int
    same: float

    @property
    def summary(self) -> str:
        """`− 4 + 56 words · 41% same`."""
        if not self.removed_words and not self.added_words:
            return "no word differs"
        return f"− {self.removed_words} + {self.added_words} words · {round(self.same * 100)}% same"


def diff_contents(old: str, new: str, glyphs: Glyphs, *, brackets: bool = False) -> DiffContents:
    """Compare two outputs word by word; what lies beyond the shown part is not compared."""
    old, new = old[:SHOWN_CHARACTERS], new[:SHOWN_CHARACTERS]
    removed_style, added_style = f"{STYLES['error']} strike", STYLES["success"]
    removed_open, removed_close = (f"[{glyphs.removed}", f"{glyphs.removed}]") if brackets else (glyphs.removed, "")
    added_open, added_close = ("{" + glyphs.added, glyphs.added + "}") if brackets else (glyphs.added, "")
    left: list[Content | str | tuple[str, str]] = []
    right: list[Content | str | tuple[str, str]] = []
    one: list[Content | str | tuple[str, str]] = []
    removed = added = 0
    for span in word_diff(old, new):
        text = safe(span.text)
        if span.kind == "same":
            for side in (left, right, one):
                side.append((text, MUTED))
        elif span.kind == "removed":
            removed += len(text.split())
            piece = (f"{removed_open}{text}{removed_close}", removed_style)
            left.append(piece)
            one.append(piece)
        else:
            added += len(text.split())
            piece = (f"{added_open}{text}{added_close}", added_style)
            right.append(piece)
            one.append(piece)
    return DiffContents(
        Content.assemble(*left),
        Content.assemble(*right),
        Content.assemble(*one),
        removed,
        added,
        similarity(old, new),
    )

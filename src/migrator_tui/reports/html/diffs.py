"""Two texts compared word by word, as HTML: struck is what only the old one has, underlined what only the new has."""

from dataclasses import dataclass

from markupsafe import Markup, escape

from migrator_tui.parity.word_diff import Span, word_diff
from migrator_tui.reports.words import counted, shown

COMPARED = 12_000
"""Characters of an answer that are compared and shown; what is beyond is counted."""
_SAME, _KEPT = 900, 300
"""An equal stretch of more characters is shown by its two ends."""
_CHANGED = 4_000
"""Characters of one change that are shown."""
_LITTLE = 0.2
"""Share of a text in common from which on marking the rest helps the eye."""
_SPACES = str.maketrans({" ": "·", "\n": "⏎\n", "\t": "⇥"})


@dataclass(frozen=True, slots=True)
class Sides:
    """Both texts, with what differs marked."""

    old: Markup
    new: Markup
    left_out: str
    """What is not shown, in words; empty where all is."""
    same: bool
    unlike: bool
    """They have so little in common that nothing is marked."""


def side_by_side(old: str, new: str) -> Sides:
    """Compare two answers, raw as the models gave them."""
    before, after = shown(old[:COMPARED]), shown(new[:COMPARED])
    spans = word_diff(before, after)
    common = sum(len(span.text) for span in spans if span.kind == "same")
    unlike = bool(before and after) and common < _LITTLE * min(len(before), len(after))
    most, what = (_CHANGED, "more") if unlike else (_SAME, "equal")
    if unlike:
        spans = [Span("same", before)]
    left: list[Markup] = []
    right: list[Markup] = []
    folded = 0
    for span in spans:
        piece, hidden = _piece(span, most, what)
        folded += hidden
        if span.kind != "added":
            left.append(piece)
        if span.kind != "removed":
            right.append(piece)
    if unlike:
        piece, hidden = _piece(Span("same", after), most, what)
        right, folded = [piece], folded + hidden
    notes = []
    for name, text in (("baseline", old), ("candidate", new)):
        if len(text) > COMPARED:
            notes.append(f"the first {COMPARED:,} of the {name}'s {len(text):,} characters are shown")
    if folded:
        notes.append(f"{counted(folded, 'character')} of long stretches are folded")
    return Sides(Markup("").join(left), Markup("").join(right), "; ".join(notes), old == new, unlike)


def one_text(old: str, new: str, limit: int) -> tuple[Markup, str]:
    """Two texts as one, and what of them is left out, in words."""
    pieces = []
    folded = 0
    for span in word_diff(shown(old[:limit]), shown(new[:limit])):
        piece, hidden = _piece(span)
        pieces.append(piece)
        folded += hidden
    longest = max(len(old), len(new))
    notes = [f"the first {limit:,} of {longest:,} characters are compared"] if longest > limit else []
    if folded:
        notes.append(f"{counted(folded, 'character')} of long stretches are folded")
    return Markup("").join(pieces), "; ".join(notes)


def _piece(span: Span, most: int = _SAME, what: str = "equal") -> tuple[Markup, int]:
    """A span as HTML, and how many of its characters are folded."""
    text = span.text
    if span.kind == "same":
        if len(text) <= most:
            return escape(text), 0
        hidden = len(text) - 2 * _KEPT
        return escape(text[:_KEPT]) + _fold(f"{hidden:,} {what} characters") + escape(text[-_KEPT:]), hidden
    tag = "del" if span.kind == "removed" else "ins"
    # White space alone would be a mark that nobody sees.
    body = text if text.strip() else text.translate(_SPACES)
    hidden = max(0, len(body) - _CHANGED)
    rest = _fold(f"{hidden:,} more characters") if hidden else Markup("")
    return Markup("<{0}>{1}</{0}>").format(tag, body[:_CHANGED]) + rest, hidden


def _fold(what: str) -> Markup:
    return Markup('<span class="fold">… {} …</span>').format(what)

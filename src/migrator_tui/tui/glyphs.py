"""The signs on the screens, each one cell wide, with a second set for terminals that draw some of them two wide.

No outcome is told by colour alone: a sign and, where there is room, a word stand for it.
"""

from dataclasses import dataclass

from migrator_tui.history.records import Judged, Mark


@dataclass(frozen=True, slots=True)
class Glyphs:
    """One set of signs."""

    passed: str = "✓"
    failed: str = "✗"
    to_judge: str = "○"
    now: str = "●"
    warning: str = "!"
    drift: str = "~"
    carried_over: str = "≈"
    stale: str = "?"
    waiting: str = "·"
    critical: str = "◆"
    cursor: str = "▸"
    added: str = "+"
    removed: str = "−"
    same: str = "="
    arrow: str = "→"
    back: str = "←"
    more: str = "…"
    down: str = "↓"
    done: str = "━"
    rest: str = "─"
    brand: str = "▞"
    dot: str = "·"
    caret: str = "▌"
    tried: str = "◦"
    marked: str = "◂"
    line: str = "│"
    fork: str = "├"
    bend: str = "╯"
    join: str = "┴"
    fold: str = "┄"
    target: str = "┊"
    left: str = "←"
    low_end: str = "├"
    high_end: str = "┤"
    cross: str = "┼"
    spinner: str = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
    plain: bool = False
    """These are the signs for plain terminals."""

    def fit(self, text: str) -> str:
        """A text of ours in signs that the terminal draws one cell wide."""
        return text.translate(_PLAIN) if self.plain else text


_PLAIN = str.maketrans({"−": "-", "–": "-", "…": "..", "×": "x", "·": "-", "→": ">", "←": "<", "━": "=", "─": "-"})

UNICODE = Glyphs()
ASCII = Glyphs(
    passed="v",
    failed="x",
    to_judge="o",
    now="*",
    warning="!",
    drift="~",
    carried_over="=",
    stale="?",
    waiting=".",
    critical="#",
    cursor=">",
    removed="-",
    arrow=">",
    back="<",
    more=">",
    down="v",
    done="=",
    rest="-",
    brand="#",
    dot="-",
    caret="_",
    tried=".",
    marked="<",
    line="|",
    fork="+",
    bend="'",
    join="'",
    fold="-",
    target=":",
    left="<",
    low_end="[",
    high_end="]",
    cross="+",
    spinner="|/-\\",
    plain=True,
)


def mark_sign(mark: Mark, glyphs: Glyphs) -> tuple[str, str]:
    """The sign for a model's outcome on a case, and the colour role it takes (see `theme`)."""
    return {
        Mark.NOT_RUN: (glyphs.waiting, "faint"),
        Mark.PASSED: (glyphs.passed, "success"),
        Mark.ASSUMED: (glyphs.passed, "muted"),
        Mark.FAILED: (glyphs.failed, "error"),
        Mark.UNJUDGED: (glyphs.to_judge, "primary"),
        Mark.ERROR: (glyphs.warning, "warning"),
        Mark.FLAKY: (glyphs.drift, "warning"),
    }[mark]


def judged_sign(judged: Judged, glyphs: Glyphs) -> tuple[str, str]:
    """The sign in the `you` column and its colour role."""
    return {
        Judged.NO: (" ", "muted"),
        Judged.PASS: (glyphs.passed, "success"),
        Judged.FAIL: (glyphs.failed, "error"),
        Judged.CARRIED_PASS: (glyphs.carried_over, "warning"),
        Judged.CARRIED_FAIL: (glyphs.carried_over, "warning"),
        Judged.STALE_PASS: (glyphs.stale, "warning"),
        Judged.STALE_FAIL: (glyphs.stale, "warning"),
    }[judged]

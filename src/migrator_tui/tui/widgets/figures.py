"""Rates and lists of ids, written the same way on every screen."""

from collections.abc import Sequence

from migrator_tui.text_safety import safe_line


def percent(rate: float) -> str:
    """`80.9%`; `100%` only where nothing failed."""
    text = f"{rate * 100:.1f}"
    return "100%" if rate >= 1 else f"{'99.9' if text == '100.0' else text}%"


def fitted(ids: Sequence[str], room: int) -> str:
    """As many ids as there is room for, and `…` for the others."""
    shown = ""
    for number, case_id in enumerate(ids):
        following = f"{shown} {safe_line(case_id)}" if shown else safe_line(case_id)
        tail = 2 if number + 1 < len(ids) else 0
        if len(following) + tail > room:
            return f"{shown} …" if shown else "…"
        shown = following
    return shown

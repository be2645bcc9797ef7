"""Parameters of both models side by side, with prices and retirement dates; edited as TOML in the prompt's tab."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from migrator_tui.text_safety import safe_line
from migrator_tui.tui.glyphs import UNICODE, Glyphs
from migrator_tui.tui.theme import FAINT, MUTED, STRONG, STYLES
from migrator_tui.tui.widgets.pane import Pane


@dataclass(frozen=True, slots=True)
class ModelSummary:
    """What the pane says of one model besides its parameters."""

    price_input: float | None = None
    price_output: float | None = None
    """USD per million tokens."""
    retires: str = ""
    """A date, with `?` where it is that of its newest dated name (`preflight.dates`); empty where none is known."""
    context: int | None = None


class ParamsPane(Pane):
    """A row a parameter; those that differ are marked."""

    def __init__(self, *, glyphs: Glyphs = UNICODE) -> None:
        super().__init__(id="params-pane")
        self.glyphs = glyphs

    def compose(self) -> ComposeResult:
        yield Static()

    def on_mount(self) -> None:
        self.title(Content.styled("Parameters", STRONG))

    def show(
        self,
        baseline: Mapping[str, Any],
        candidate: Mapping[str, Any] | None,
        old: ModelSummary,
        new: ModelSummary,
    ) -> None:
        """Show both models' parameters; `candidate` is `None` while the TOML typed cannot be read."""
        lines = [Content.styled(f"  {'':<13}{'baseline':<13}candidate", MUTED)]
        if candidate is None:
            lines.append(Content.styled(f"{self.glyphs.warning} the parameters are not TOML yet", STYLES["error"]))
            candidate = {}
        for name in sorted({*baseline, *candidate}):
            before, after = _shown(baseline, name), _shown(candidate, name)
            differs = before != after
            lines.append(
                Content.assemble(
                    (f"{self.glyphs.drift if differs else ' '} ", STYLES["warning"]),
                    (f"{safe_line(name, 12):<13}", STYLES["text"] if differs else MUTED),
                    (f"{before:<13}", MUTED),
                    (after, STRONG if differs else MUTED),
                )
            )
        if not baseline and not candidate:
            lines.append(Content.styled("  none: each model's defaults", MUTED))
        lines.append(Content(""))
        lines += self._facts(old, new)
        self.query_one(Static).update(Content("\n").join(lines))
        self.bottom(Content.assemble(("^t", "bold"), (" edit as TOML", MUTED)))

    def _facts(self, old: ModelSummary, new: ModelSummary) -> list[Content]:
        arrow = f" {self.glyphs.arrow} "
        rows = (
            ("price", "in  ", _price(old.price_input), _price(new.price_input), "/M"),
            ("", "out ", _price(old.price_output), _price(new.price_output), "/M"),
            ("context", "", _tokens(old.context), _tokens(new.context), ""),
            ("retires", "", old.retires or "no date", new.retires or "no date", ""),
        )
        known = [row for row in rows if {row[2], row[3]} - {"unknown", "no date"}]
        hinted = any(retires.endswith("?") for retires in (old.retires, new.retires))
        lines = [
            Content.assemble(
                (f"  {label:<10}", MUTED), (unit, FAINT), before, (arrow, FAINT), after, (f" {tail}", FAINT)
            )
            for label, unit, before, after, tail in known
        ]
        return [*lines, Content.styled("  ? of its newest dated name", FAINT)] if hinted else lines


def _shown(params: Mapping[str, Any], name: str) -> str:
    if name not in params:
        return "–"
    value = params[name]
    return safe_line(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str), 12)


def _price(price: float | None) -> str:
    return "unknown" if price is None else f"${price:g}"


def _tokens(count: int | None) -> str:
    if count is None:
        return "unknown"
    return f"{count / 1000:g}k" if count < 1_000_000 else f"{count / 1_000_000:g}M"

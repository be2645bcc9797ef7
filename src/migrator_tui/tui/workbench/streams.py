"""Text that streams in, kept by case and model, so that one may look elsewhere and come back."""

import time
from dataclasses import dataclass, field

from migrator_tui.models.requests import Event, ReasoningDelta, Retrying, Sent, TextDelta, ToolCallDelta


@dataclass(slots=True)
class Stream:
    """One call under way, as its pane shows it."""

    started: float = field(default_factory=time.monotonic)
    text: str = ""
    words: str = "waiting"
    """For the title: waiting, streaming, or why it waits."""
    _reasoning: bool = False
    _tool: int | None = None

    def take(self, event: Event) -> tuple[str, bool]:
        """The text that this event adds, and whether all before it is void (another attempt)."""
        match event:
            case Sent(attempt=attempt):
                void = attempt > 1 and bool(self.text)
                if void:
                    self.text, self._reasoning, self._tool = "", False, None
                self.words = "waiting" if attempt == 1 else f"attempt {attempt}"
                return "", void
            case Retrying(wait=wait, error=error):
                status = f"{error.status} " if error.status else ""
                self.words = f"{status}{error.kind}, again in {wait:.0f} s"
                return "", False
            case ReasoningDelta(text=text):
                added = text.replace("\n", "\n┊ ")
                if not self._reasoning:
                    self._reasoning, added = True, "┊ " + added
            case TextDelta(text=text):
                added = text
                if self._reasoning:
                    self._reasoning, added = False, "\n" + text
            case ToolCallDelta(index=index, name=name, arguments=arguments):
                added = arguments
                if index != self._tool:
                    added = ("\n" if self.text else "") + f"→ {name}({arguments}"
                    self._tool = index
            case _:
                return "", False
        self.words = "streaming"
        self.text += added
        return added, False

    @property
    def seconds(self) -> float:
        """Since the call was started."""
        return time.monotonic() - self.started


Streams = dict[tuple[str, str], Stream]
"""By case id and model name."""

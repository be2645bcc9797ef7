"""One model's output on the case in view: streaming text, then checks with their evidence, cost and time.

The block of checks has a fixed height on both sides, so that rules line up and the text does not shift when
checks arrive.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from textual.app import ComposeResult
from textual.content import Content
from textual.css.query import NoMatches
from textual.widgets import Static

from migrator_tui.history.records import CheckRecord, Mark, Output
from migrator_tui.text_safety import safe, safe_line
from migrator_tui.tui.glyphs import UNICODE, Glyphs
from migrator_tui.tui.theme import FAINT, MUTED, STRONG, STYLES, chip
from migrator_tui.tui.widgets.header import money
from migrator_tui.tui.widgets.pane import Pane
from migrator_tui.tui.widgets.text_view import SHOWN_CHARACTERS, Styled, TextView

CHECK_ROWS = 4


@dataclass(frozen=True, slots=True)
class ShownOutput:
    """All that a pane says about one output."""

    output: Output
    mark: Mark
    judged_by_person: bool
    checks: Sequence[CheckRecord]
    drift: str = ""
    """What changed against the other side, in a few words."""
    remark: str = ""
    """A line about the verdict: carried over, stale, the note."""
    version: str = ""
    cached: bool = False
    simulated: bool = False
    regression: bool = False
    fixed: bool = False
    styles: Sequence[Styled] = ()


def shown_text(output: Output) -> str:
    """An output as one text: the reasoning marked as such, the answer, the tool calls, and what is odd about it."""
    parts = []
    if output.reasoning:
        parts.append("".join(f"┊ {line}\n" for line in output.reasoning.splitlines()))
    if answer := answer_text(output):
        parts.append(answer)
    return "\n".join(parts)


def answer_text(output: Output) -> str:
    """The answer without the reasoning: its text, and a line for each tool call."""
    calls = [f"→ {call.name}({call.arguments})" for call in output.tool_calls]
    return "\n".join([output.text, *calls] if output.text else calls)


class OutputPane(Pane):
    """Baseline or candidate, with a title that carries the outcome."""

    DEFAULT_CSS = """
    OutputPane { width: 1fr; padding: 0; }
    OutputPane .checks { height: 5; padding: 0 1; }
    OutputPane .empty { height: 1fr; content-align: center middle; text-align: center; display: none; }
    OutputPane .more { height: 1; padding: 0 1; display: none; color: $foreground 62%; }
    OutputPane .markdown { height: 1fr; display: none; overflow-y: auto; padding: 0 1; margin: 0; }
    OutputPane.-empty .empty { display: block; }
    OutputPane.-empty TextView, OutputPane.-empty .checks, OutputPane.-empty .more { display: none; }
    OutputPane.-markdown TextView, OutputPane.-markdown .more { display: none; }
    OutputPane.-markdown .markdown { display: block; }
    """

    def __init__(self, side: str, *, glyphs: Glyphs = UNICODE) -> None:
        super().__init__(id=f"{side}-output")
        self.side = side
        self.glyphs = glyphs
        self.model = ""
        self.label = side
        """`baseline` or `candidate`; `A` or `B` in blind mode."""
        self.shown: ShownOutput | None = None
        self.compared: Output | None = None
        """The other model's output, which length, time and cost are told against."""
        self.streaming = False
        self.renders_markdown = False
        self._streamed: list[str] = []
        self._pending: list[str] = []
        self._words = "waiting"
        self._spin = 0

    def compose(self) -> ComposeResult:
        yield TextView()
        yield Static(classes="more", markup=False)
        yield Static(classes="empty", markup=False)
        yield Static(classes="checks", markup=False)

    @property
    def view(self) -> TextView:
        """Where the text is."""
        return self.query_one(TextView)

    # What is shown

    def show_empty(self, lines: Sequence[str]) -> None:
        """Nothing to show: say so, and what would change it."""
        self.shown = None
        self.streaming = False
        self.set_class(True, "-empty")
        self._fit_markdown()
        self.query_one(".more", Static).display = False
        first, *rest = lines or [""]
        content = Content.assemble((safe_line(first), STRONG), *((f"\n{safe_line(line)}", MUTED) for line in rest))
        self.query_one(".empty", Static).update(content)
        self.title(self._title(None))
        self.bottom("")

    def show_output(self, shown: ShownOutput, *, blind: bool = False, turn: bool = False) -> None:
        """Show a finished output; `turn`: in blind mode, this is the side to judge now."""
        self.streaming = False
        self._pending.clear()
        same_text = (
            self.shown is not None and self.shown.output.id == shown.output.id and self.shown.styles == shown.styles
        )
        self.shown = shown
        self.set_class(False, "-empty")
        output = shown.output
        if not same_text or self.view.has_class("-old"):
            self.view.remove_class("-old")
            text = shown_text(output)
            if output.error_kind is not None and not text:
                self.view.show_content(self._error(output))
            elif not text:
                self.view.show_content(Content.styled("(empty answer)", MUTED))
            else:
                self.view.show(text, shown.styles if not output.reasoning else ())
        self.title(self._title(shown, blind=blind, turn=turn))
        self.bottom("" if blind else self._bottom(output))
        self.query_one(".checks", Static).update(self._checks(shown, blind=blind))
        self._fit_markdown()

    def show_waiting(self, words: str) -> None:
        """A call is on its way; the old output stays, dimmed, until the first token of the new one."""
        self.streaming = True
        self._streamed.clear()
        self._pending.clear()
        if self.shown is None:
            self.set_class(False, "-empty")
            self.view.start_stream(self.glyphs.caret)
        else:
            self.view.add_class("-old")
        self._fit_markdown()
        self._words = words
        self._paint_live_title(words)
        self.query_one(".checks", Static).update(
            Content.assemble((self._rule(), FAINT), "\n", (f"{self.glyphs.waiting} checks when it is done", MUTED))
        )

    def show_stream(self, text: str, words: str) -> None:
        """Take up a stream that went on while another case was in view."""
        self.shown = None
        self.show_waiting(words)
        if text:
            self.add(text)

    def show_marked(self, content: Content, bottom: str) -> None:
        """The same output with the word diff marked in it."""
        if self.streaming or self.has_class("-empty"):
            return
        self._fit_markdown(plain=True)
        self.view.show_content(content)
        self.bottom(Content.styled(bottom, MUTED))

    def set_words(self, words: str) -> None:
        """Why the stream waits, in the title."""
        if self.streaming:
            self._words = words
            self._paint_live_title(words)

    def add(self, text: str) -> None:
        """More text of the stream; painted by the next `paint`."""
        self._pending.append(text)

    def restart_stream(self) -> None:
        """Another attempt: what an earlier one streamed is void."""
        self._pending.clear()
        if self._streamed:
            self._streamed.clear()
            self.view.start_stream(self.glyphs.caret)

    def paint(self, seconds: float) -> None:
        """Paint what arrived since the last time; called by the screen's timer while streaming."""
        if not self.streaming:
            return
        if self._pending:
            if not self._streamed:
                self.shown = None
                self.view.remove_class("-old")
                self.view.start_stream(self.glyphs.caret)
                self._paint_live_title("streaming")  # where nothing is animated, no spinner does it
            text = "".join(self._pending)
            self._pending.clear()
            self._streamed.append(text)
            self.view.append(text)
        words = sum(len(part.split()) for part in self._streamed[-400:])
        self.bottom(Content.styled(f"{words} words · {seconds:.1f} s", MUTED))

    def spin(self) -> None:
        """Turn the spinner in the title."""
        if self.streaming:
            self._spin += 1
            self._paint_live_title("streaming" if self._streamed else self._words)

    def _paint_live_title(self, words: str) -> None:
        spinner = self.glyphs.spinner[self._spin % len(self.glyphs.spinner)]
        short = {"streaming": "live"}.get(words, words) if self.size.width < 46 else words
        self.title(self._named(chip(f"{spinner} {short}", "primary")))

    # Pieces

    def _named(self, chip_shown: Content, version: str = "") -> Content:
        """Label, as much of the model's name as there is room for, version, chip."""
        # Of the border, dashes and spaces take 4; the gaps between the parts take 3, and 1 before a version.
        gaps = 4 + 3 + bool(version)
        room = self.size.width - gaps - len(self.label) - len(version) - chip_shown.cell_length
        model = safe_line(self.model.removeprefix("simulated:") if room < len(self.model) else self.model)
        parts: list[Content | str | tuple[str, str]] = [self.label]
        if self.model and room >= 6:
            parts.append((f" {model if len(model) <= room else model[: room - 1] + '…'}", MUTED))
        if version:
            parts.append((f" {version}", MUTED))
        return Content.assemble(*parts, "  ", chip_shown)

    def _title(self, shown: ShownOutput | None, *, blind: bool = False, turn: bool = False) -> Content:
        glyphs = self.glyphs
        if shown is None:
            return self._named(Content(""))
        if blind:
            if shown.judged_by_person:
                words = f"{glyphs.passed} you: pass" if shown.mark is Mark.PASSED else f"{glyphs.failed} you: fail"
                return self._named(chip(words, "success" if shown.mark is Mark.PASSED else "error"))
            if turn:
                return self._named(chip(f"{glyphs.to_judge} judge this one: p or f", "primary"))
            return self._named(Content.styled(f"{glyphs.to_judge} then this one", MUTED))
        words, role = {
            Mark.PASSED: (f"{glyphs.passed} pass", "success"),
            Mark.ASSUMED: (f"{glyphs.passed} assumed pass", "success"),
            Mark.FAILED: (f"{glyphs.failed} fail", "error"),
            Mark.FLAKY: (f"{glyphs.drift} flaky", "warning"),
            Mark.ERROR: (f"{glyphs.warning} error", "warning"),
            Mark.UNJUDGED: (f"{glyphs.to_judge} to judge", "primary"),
            Mark.NOT_RUN: (f"{glyphs.waiting} not run", "primary"),
        }[shown.mark]
        if shown.judged_by_person and self.size.width >= 42:
            words = words.replace(" ", " you: ", 1)
        title = self._named(chip(words, role), shown.version)
        more = " regression" if shown.regression else " fixed" if shown.fixed else ""
        if title.cell_length + len(more) + 4 <= self.size.width:
            title += Content.styled(more, STYLES["error" if shown.regression else "success"])
        return title

    def _error(self, output: Output) -> Content:
        status = f" {output.error_status}" if output.error_status else ""
        tries = f" after {output.attempts} tries" if output.attempts > 1 else ""
        return Content.assemble(
            (f"{self.glyphs.warning} {output.error_kind}{status}{tries}\n\n", STYLES["warning"]),
            (safe(output.error or ""), MUTED),
            ("\n\nr asks again. An error is never counted as a fail.", MUTED),
        )

    def _rule(self) -> str:
        return "─" * max(0, self.size.width - 2)

    def _checks(self, shown: ShownOutput, *, blind: bool) -> Content:
        glyphs, width = self.glyphs, max(10, self.size.width - 2)
        lines: list[Content] = []
        if blind:
            lines.append(Content.styled(f"{glyphs.to_judge} checks, cost and time are hidden", MUTED))
            return self._block(lines)
        remarks = [Content.styled(r, STYLES["warning"]) for r in self._oddities(shown) if r]
        drift = [Content.styled(f"{glyphs.drift} {safe_line(shown.drift)}", STYLES["warning"])] if shown.drift else []
        waiting = [c for c in shown.checks if c.waiting and not c.error]
        failed = [c for c in shown.checks if not c.passed and c not in waiting]
        passed = [c for c in shown.checks if c.passed]
        room = CHECK_ROWS - len(remarks) - (1 if passed else 0) - (1 if waiting else 0)
        if len(failed) >= room:
            drift = []  # the evidence says it already
        room -= len(drift)
        for number, check in enumerate(failed):
            if number == max(1, room) - 1 and len(failed) - number > 1:
                lines.append(Content.styled(f"{glyphs.failed} {len(failed) - number} more · enter", STYLES["error"]))
                break
            lines.append(
                Content.assemble(
                    (f"{glyphs.failed} ", STYLES["error"]),
                    (safe_line(check.label), STRONG),
                    (f"  {safe_line(check.reason)}", MUTED),
                ).truncate(width, ellipsis=True)
            )
        if waiting:
            lines.append(self._waiting(waiting).truncate(width, ellipsis=True))
        if passed:
            words = f"{len(passed)} more pass" if failed or waiting else f"all {len(passed)} checks pass"
            if len(passed) == 1 and not failed and not waiting:
                words = "1 check passes"
            names = "  ".join(safe_line(c.label) for c in passed)
            lines.append(
                Content.assemble((f"{glyphs.passed} {words}", STYLES["text"]), (f"   {names}", MUTED)).truncate(
                    width, ellipsis=True
                )
            )
        if not shown.checks and shown.output.error_kind is None:
            lines.append(Content.styled("no checks; p passes it, f fails it", MUTED))
        lines += [line.truncate(width, ellipsis=True) for line in drift + remarks]
        return self._block(lines)

    def _waiting(self, waiting: Sequence[CheckRecord]) -> Content:
        """Checks that a run has to ask somebody about."""
        words = "1 check was not asked yet" if len(waiting) == 1 else f"{len(waiting)} checks were not asked yet"
        names = "  ".join(safe_line(f"{c.label}: {c.reason}" if c.reason else c.label) for c in waiting)
        return Content.assemble((f"{self.glyphs.waiting} {words}", STYLES["text"]), (f"   {names}", MUTED))

    def _oddities(self, shown: ShownOutput) -> list[str]:
        output = shown.output
        oddities = []
        if output.finish_reason == "length":
            oddities.append(f"{self.glyphs.warning} truncated: max_tokens reached")
        elif output.finish_reason == "content_filter":
            oddities.append(f"{self.glyphs.warning} stopped by the provider's content filter")
        if shown.remark:
            oddities.append(safe_line(shown.remark))
        return oddities

    def _block(self, lines: Sequence[Content]) -> Content:
        return Content("\n").join([Content.styled(self._rule(), FAINT), *lines[:CHECK_ROWS]])

    def _bottom(self, output: Output) -> Content:
        other = self.compared
        parts: list[Content] = []
        if self.shown is not None and self.shown.cached:
            parts.append(Content.styled("from cache", MUTED))
        if output.output_tokens is not None and self.size.width >= 42:
            parts.append(
                _with_change(
                    f"{output.output_tokens} tok",
                    output.output_tokens,
                    other.output_tokens if other else None,
                    ratio=True,
                )
            )
        if output.latency_ms is not None:
            # A streamed call takes its time token by token: only like is compared with like.
            alike = other is not None and (other.first_token_ms is None) == (output.first_token_ms is None)
            before = other.latency_ms if other is not None and alike else None
            parts.append(_with_change(f"{output.latency_ms / 1000:.2f} s", output.latency_ms, before))
        if output.cost is not None:
            parts.append(_with_change(money(output.cost), output.cost, other.cost if other else None))
        elif output.error_kind is None and self.size.width >= 42:
            parts.append(Content.styled("price unknown", MUTED))
        return Content.styled(" · ", MUTED).join(parts)

    # Markdown

    def toggle_markdown(self) -> None:
        """Rendered Markdown instead of the text, or back."""
        self.renders_markdown = not self.renders_markdown
        self._fit_markdown()

    def _fit_markdown(self, *, plain: bool = False) -> None:
        """Render the answer where that is wanted; what streams, is empty or marked with a diff stays plain."""
        text = self.shown.output.text if self.shown is not None and not self.streaming and not plain else ""
        self.set_class(self.renders_markdown and bool(text), "-markdown")
        if not self.has_class("-markdown"):
            return
        from textual.widgets import Markdown  # its parser costs a tenth of a second, and is seldom wanted

        clean = safe(text[:SHOWN_CHARACTERS])
        try:
            self.query_one(Markdown).update(clean)
        except NoMatches:
            self.mount(Markdown(clean, open_links=False, classes="markdown"), before=self.query_one(".more"))

    def on_text_view_scrolled(self, event: TextView.Scrolled) -> None:
        """Say how much lies below."""
        event.stop()
        self.say_lines_below(event.lines_below)

    def say_lines_below(self, lines: int) -> None:
        """`↓ 7 more lines` in the row above the checks."""
        more = self.query_one(".more", Static)
        more.display = lines > 0 and not self.has_class("-markdown") and not self.has_class("-empty")
        if more.display:
            more.update(Content.styled(f"{self.glyphs.down} {lines} more lines", MUTED))


def _with_change(words: str, value: float, other: float | None, *, ratio: bool = False) -> Content:
    """A figure and how it differs from the baseline's, coloured by good and bad: less is better for all of them."""
    if not other or not value:
        return Content.styled(words, MUTED)
    change = value / other - 1
    if abs(change) < 0.05:
        return Content.styled(words, MUTED)
    role = "warning" if change > 0 else "success"
    told = f"×{value / other:.1f}" if ratio and change > 0 else f"{change:+.0%}".replace("-", "−")
    return Content.assemble((words, MUTED), (f" {told}", STYLES[role]))

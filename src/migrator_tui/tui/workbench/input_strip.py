"""The case in view: its id, tags and the first words of its input; `i` opens the whole of it."""

import json
from collections.abc import Mapping, Sequence

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from migrator_tui.project.case_values import last_user_message
from migrator_tui.project.schema import Case
from migrator_tui.text_safety import safe, safe_line
from migrator_tui.tui.glyphs import UNICODE, Glyphs
from migrator_tui.tui.theme import FAINT, MUTED, STRONG, STYLES
from migrator_tui.tui.widgets.pane import Pane

SHOWN_CHARACTERS = 4_000


def message_text(content: object) -> str:
    """The text of a message's content, which may be a list of parts."""
    if isinstance(content, str):
        return content
    if isinstance(content, Sequence):
        parts = [str(p.get("text") or f"[{p.get('type', '?')}]" if isinstance(p, dict) else p) for p in content]
        return "\n".join(parts)
    return "" if content is None else json.dumps(content, ensure_ascii=False)


def calls_in(message: Mapping[str, object]) -> list[tuple[str, str, str]]:
    """The tool calls of an earlier turn: id, name, and as the panes write a call."""
    calls = message.get("tool_calls")
    found = []
    for call in calls if isinstance(calls, Sequence) and not isinstance(calls, str) else ():
        function = call.get("function") if isinstance(call, Mapping) else None
        if isinstance(function, Mapping):
            name, arguments = str(function.get("name", "?")), function.get("arguments", "")
            told = arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
            found.append((str(call.get("id", "")), name, f"→ {name}({told})"))
        else:
            found.append(("", "", json.dumps(call, ensure_ascii=False)))
    return found


def turn(message: Mapping[str, object]) -> tuple[str, str]:
    """Who speaks in a message, and what it says and calls."""
    words = [message_text(message.get("content")), *(written for _, _, written in calls_in(message))]
    return str(message.get("role", "message")), " ".join(filter(None, words))[:SHOWN_CHARACTERS]


def input_words(case: Case) -> tuple[str, str]:
    """What the case asks, as a label and one line: the last message, else the variables."""
    if case.messages:
        role, words = turn(case.messages[-1])
        more = len(case.messages) - 1
        return role + (f" (+{more})" if more else ""), words
    words = "  ".join(f"{name}: {value}" for name, value in case.vars.items())
    return "vars", words[:SHOWN_CHARACTERS]


def whole_input(
    case: Case, prompt: Sequence[Mapping[str, object]] | None, tools: Sequence[Mapping[str, object]] = ()
) -> Content:
    """Everything about a case: variables, expected answer, tools, and the messages as they are sent."""
    parts: list[Content] = []
    if case.tags:
        parts.append(Content.assemble(("tags  ", STRONG), (safe_line(", ".join(case.tags)), MUTED)))
    functions = [tool.get("function") for tool in tools]
    if names := [str(function.get("name", "?")) for function in functions if isinstance(function, Mapping)]:
        parts.append(Content.assemble(("tools  ", STRONG), (safe_line(", ".join(names)), MUTED)))
    for name, value in case.vars.items():
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        parts.append(Content.assemble((f"{safe_line(name)}  ", STYLES["accent"]), safe(text)))
    if case.expected is not None:
        text = case.expected if isinstance(case.expected, str) else json.dumps(case.expected, ensure_ascii=False)
        parts.append(Content.assemble(("expected  ", STRONG), safe(text)))
    called: dict[str, str] = {}
    for message in prompt if prompt is not None else case.messages:
        role = str(message.get("role", ""))
        tool = called.get(str(message.get("tool_call_id", "")), "")
        heading = safe_line(f"{role} · {tool}" if tool else role)
        text = message_text(message.get("content"))
        parts.append(Content.assemble((f"\n── {heading} ──", STYLES["primary"])))
        if text or not message.get("tool_calls"):
            parts.append(Content(safe(text)))
        for id_, name, written in calls_in(message):
            called[id_] = name
            parts.append(Content(safe(written)))
    return Content("\n").join(parts)


class InputStrip(Pane):
    """Id and tags in the title, the input below, cut where the strip ends."""

    def __init__(self, *, glyphs: Glyphs = UNICODE) -> None:
        super().__init__(id="input-strip")
        self.glyphs = glyphs
        self.case: Case | None = None

    def compose(self) -> ComposeResult:
        yield Static(id="input-text")

    def show(self, case: Case | None, empty: str = "") -> None:
        """Show a case, or why there is none."""
        self.case = case
        if case is None:
            self.title("")
            self.bottom("")
            self.query_one("#input-text", Static).update(Content.styled(safe_line(empty), MUTED))
            return
        self.title(self._heading(case))
        self._fill()

    def on_resize(self) -> None:
        self._fill()

    def _fill(self) -> None:
        if self.case is None:
            return
        rows, width = max(1, self.content_size.height), max(10, self.content_size.width)
        turns = [turn(message) for message in self.case.messages]
        before = self._before(turns, rows, width)
        label, words = turns[-1] if before else input_words(self.case)
        room = max(len(safe_line(role)) for role, _ in (*before, (label, words)))
        earlier = [self._line(*told, room).truncate(width, ellipsis=True) for told in before]
        lines = self._line(label, words, room).wrap(width)
        shown = [*earlier, *lines[: rows - len(earlier)]]
        self.query_one("#input-text", Static).update(Content("\n").join(shown))
        hidden = len(turns) - 1 - len(before) if before else 0
        cut = len(lines) > rows - len(earlier)
        more = f" {hidden} more message{'s'[: hidden - 1]}" if hidden else " more" if cut else " whole input"
        self.bottom(Content.assemble(("i", "bold"), (more, MUTED)))

    def _before(self, turns: Sequence[tuple[str, str]], rows: int, width: int) -> Sequence[tuple[str, str]]:
        """The turns to show above the last one, a line each, where it leaves room."""
        if len(turns) < 2:
            return ()
        role, words = turns[-1]
        room = rows - len(self._line(role, words).wrap(width))
        if room <= 1 < rows and role == "tool":
            # What a tool said makes sense only beside what the customer had asked for.
            asked = [earlier for earlier in turns[:-1] if earlier[0] == "user"]
            return asked[-1:] or turns[-2:-1]
        return turns[:-1][-room:] if room > 0 else ()

    def _line(self, label: str, words: str, room: int = 0) -> Content:
        return Content.assemble(
            (f"{safe_line(label).ljust(room)}  ", STYLES["primary"]), safe_line(words) or ("(empty)", MUTED)
        )

    def _heading(self, case: Case) -> Content:
        parts: list[Content | str | tuple[str, str]] = [(safe_line(case.id, 40), STRONG)]
        if case.critical:
            parts.append((f"{self.glyphs.critical} critical", f"bold {STYLES['warning']}"))
        for tag in list(case.tags)[:6]:
            parts += [(" · ", FAINT), (safe_line(tag, 20), MUTED)]
        return Content.assemble(*parts)


def one_line(case: Case, glyphs: Glyphs, marks: Content, width: int) -> Content:
    """The case in one line, for narrow screens: outcomes, id, tags, what the user said last."""
    _, words = input_words(case)
    if case.messages and case.messages[-1].get("role") == "tool":
        words = last_user_message(case.messages) or words
    tags = " · ".join(safe_line(tag, 16) for tag in list(case.tags)[:2])
    line = Content.assemble(
        (f" {glyphs.cursor} ", STYLES["primary"]),
        marks,
        (f"  {safe_line(case.id, 20)}", STRONG),
        (f"{glyphs.critical}" if case.critical else "", STYLES["warning"]),
        (f"  {tags}   " if tags else "   ", MUTED),
        safe_line(words[:200]),
    )
    return line.truncate(width, ellipsis=True)

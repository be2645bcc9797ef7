"""From nunjucks, which promptfoo's prompts are written in, to the templates of ours.

The two are near relatives. What JavaScript looks like inside a tag is put into Jinja's words; a text that still is no
template of Jinja's is kept as plain text. An undefined variable is empty in nunjucks and a mistake in a prompt of
ours: what a template names is found here, so that cases can be given an empty value for it.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from migrator_tui.project.errors import ProjectError
from migrator_tui.project.prompts import check_template, is_chat, render_text

LOADED = "__loaded"
"""Behind a variable's name: its text read as JSON, for promptfoo's filter `load`."""

Path = tuple[str, ...]
"""A variable, and the keys that a template looks up in it."""

_TAG = re.compile(r"(\{\{-?|\{%-?)(.*?)(-?\}\}|-?%\})", re.DOTALL)
_RAW = re.compile(r"(\{%-?\s*raw\s*-?%\}.*?\{%-?\s*endraw\s*-?%\}|\{#.*?#\})", re.DOTALL)
_QUOTED = re.compile(r"(\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*')", re.DOTALL)
_JAVASCRIPT: Sequence[tuple[re.Pattern[str], str]] = tuple(
    (re.compile(pattern), new)
    for pattern, new in (
        (r"===", "=="),
        (r"!==", "!="),
        (r"&&", " and "),
        (r"\|\|", " or "),
        (r"!(?!=)", " not "),
        (r"^(\s*)elseif\b", r"\1elif"),
        (r"\|\s*dump\b", "| tojson"),
        (r"\b([A-Za-z_]\w*)\s*\|\s*load\b", rf"\1{LOADED}"),
        (r"\b(?:null|undefined)\b", "none"),
        (r"\b([A-Za-z_][\w.]*)\.length\b", r"(\1.length if \1 is mapping else \1 | length)"),
        (r"\.toLowerCase\(\)", ".lower()"),
        (r"\.toUpperCase\(\)", ".upper()"),
        (r"\.trim\(\)", ".strip()"),
    )
)
_PAIRS = re.compile(r"(\{%-?\s*for\s+\w+\s*,\s*\w+\s+in\s+)([A-Za-z_][\w.]*)(\s*-?%\})")
_PLAIN = re.compile(r"\{\{(-?)\s*([A-Za-z_]\w*(?:\.\w+|\[\w+\])+)\s*(-?)\}\}")
_HEADING = re.compile(r"# (?:system|user|assistant|developer)[^\S\n]*")
_PLACE = re.compile(r"([^\S\n]*\{\{-?\s*)messages(\s*-?\}\}[^\S\n]*)")


def translated(text: str) -> str:
    """The text with what its tags hold put into Jinja's words; quoted texts and `{% raw %}` stay as they are."""
    if "{" not in text:
        return text
    parts = _RAW.split(text)
    parts[::2] = [_TAG.sub(_in_tag, part) for part in parts[::2]]
    return "".join(parts)


def _in_tag(match: re.Match[str]) -> str:
    pieces = _QUOTED.split(match[2])
    for n in range(0, len(pieces), 2):
        for pattern, new in _JAVASCRIPT:
            pieces[n] = pattern.sub(new, pieces[n])
    return match[1] + "".join(pieces) + match[3]


def variants(text: str) -> Iterator[str]:
    """Ways to write a translated text that mean the same in nunjucks; whoever renders takes the first that works.

    A loop over the pairs of a table wants `| items` in Jinja, and what may be missing a `default`.
    """
    yield text
    pairs = _PAIRS.sub(r"\1\2 | items\3", text)
    if pairs != text:
        yield pairs
    lenient = _PLAIN.sub(r'{{\1 \2 | default("") \3}}', pairs)
    if lenient != pairs:
        yield lenient


def is_template(text: str) -> bool:
    """Whether Jinja, as far as prompts may use it, can read the text as one message."""
    try:
        check_template(f"# user\n{escaped(text)}" if text.strip() else "")
    except ProjectError:
        return False
    return True


def as_text(text: str) -> str:
    """A template that puts out exactly that text."""
    return "\n".join(literal(line) if "{" in line else line for line in text.split("\n"))


def literal(line: str) -> str:
    """One line as a template that puts it out, whatever it holds."""
    body = line.replace("\\", "\\\\").replace('"', '\\"')
    return f'{{{{ "{body}" }}}}'


def escaped(text: str) -> str:
    """The text without a line that our prompt files would take for a heading or the place of a case's messages."""
    lines = []
    for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        if _HEADING.fullmatch(line):
            lines.append(literal(line))
        elif place := _PLACE.fullmatch(line):
            lines.append(f"{place[1]}(messages){place[2]}")
        else:
            lines.append(line)
    return "\n".join(lines)


def chat_file(messages: Iterable[Mapping[str, Any]]) -> str:
    """A prompt file with those messages, whose contents are templates already."""
    text = "\n".join(f"# {message['role']}\n{escaped(str(message['content'])).strip()}\n" for message in messages)
    assert not text or is_chat(text)
    return text


def names_in(text: str) -> set[Path]:
    """The variables a template names, with the keys it looks up in them; empty for what is no template."""
    from jinja2 import TemplateError, meta, nodes

    from migrator_tui.project.sandbox import PromptEnvironment

    if "{" not in text:
        return set()
    environment = PromptEnvironment()
    try:
        tree = environment.parse(text)
        free = meta.find_undeclared_variables(tree) - set(environment.globals)
    except (TemplateError, RecursionError, ValueError):
        return set()
    found: set[Path] = {(name,) for name in free}
    for node in tree.find_all((nodes.Getattr, nodes.Getitem)):
        path = _path(node)
        if path and path[0] in free:
            found.add(path)
    return found


def _path(node: Any) -> Path:
    from jinja2 import nodes

    keys: list[str] = []
    while isinstance(node, nodes.Getattr | nodes.Getitem):
        if isinstance(node, nodes.Getattr):
            keys.append(node.attr)
        elif isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str):
            keys.append(node.arg.value)
        else:
            keys.clear()  # an index, or a key that is only known when it is rendered
        node = node.node
    return (node.name, *reversed(keys)) if isinstance(node, nodes.Name) else ()


def filled(values: dict[str, Any], names: Iterable[Path]) -> set[str]:
    """Give every name that has no value an empty one, in place; which ones had none, as a template writes them."""
    missing: set[str] = set()
    for path in sorted(names):
        name = path[0]
        if name.endswith(LOADED) and name not in values:
            values[name] = _loaded(values.get(name.removesuffix(LOADED)))
        table: Any = values
        for n, key in enumerate(path):
            if not isinstance(table, dict):
                break
            if table.get(key) is None or (n + 1 < len(path) and table[key] == ""):
                missing.add(".".join(path[: n + 1]))
                table[key] = {} if n + 1 < len(path) else ""
            elif n + 1 < len(path) and isinstance(table[key], dict):
                table[key] = dict(table[key])  # several cases may share one table of the file
            table = table[key]
    return {name for name in missing if not any(other.startswith(f"{name}.") for other in missing)}


def _loaded(value: Any) -> Any:
    if isinstance(value, str):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return {}
    return {} if value is None else value


def render_all(value: Any, values: Mapping[str, Any], what: str, prepare: Callable[[str], str]) -> Any:
    """The value with every text in it rendered; `prepare` makes a template of a text."""
    if isinstance(value, str):
        return render_text(prepare(value), values, what)
    if isinstance(value, list):
        return [render_all(item, values, what, prepare) for item in value]
    if isinstance(value, dict):
        return {key: render_all(item, values, what, prepare) for key, item in value.items()}
    return value

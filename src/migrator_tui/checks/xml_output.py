"""Checks on XML: is the output XML, does it hold XML, and has that the elements asked for? Meanings are promptfoo's.

`is-xml` reads as strictly as XML is meant, namespaces included, and takes no document that brings definitions of its
own. `contains-xml` looks for pairs of tags in prose, and is as lenient inside them as promptfoo's reader.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from migrator_tui.checks.base import CheckResult, Subject
from migrator_tui.checks.registry import register
from migrator_tui.checks.values import Needs, answer, listed
from migrator_tui.project.schema import CheckSpec
from migrator_tui.text_safety import safe_line

_TAG = re.compile(
    r"<!--.*?(?:-->|\Z)|<!\[CDATA\[.*?(?:\]\]>|\Z)|<\?.*?(?:\?>|\Z)|<![^>]*(?:>|\Z)"
    r"""|<(?P<close>/?)(?P<name>[A-Za-z_:][\w:.\-·]*)(?P<rest>(?:[^<>"']|"[^"]*"|'[^']*')*)>""",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(r"""([^\s=/"'<>]+)(?:\s*=\s*("[^"]*"|'[^']*'|[^\s"'<>]+))?""")


@dataclass(slots=True)
class _Element:
    """An element under way, with what the paths of required elements can lead to."""

    name: str
    parent: "_Element | None" = None
    children: dict[str, list[Any]] = field(default_factory=dict)
    """By name, in order; an attribute stands under `@_NAME`."""
    closed: bool = False

    @property
    def value(self) -> Any:
        """As promptfoo's reader gives it: a table, in which a name that repeats is a list; else a text."""
        if not self.children:
            return ""
        return {name: items[0] if len(items) == 1 else items for name, items in self.children.items()}

    def close(self) -> None:
        """The element ends; its parent learns of it."""
        self.closed = True
        if self.parent is not None:
            self.parent.children.setdefault(self.name, []).append(self.value)


def _has_path(value: Any, path: str) -> bool:
    for key in path.split("."):
        if isinstance(value, list):
            if not key.isdecimal() or str(int(key)) != key or int(key) >= len(value):
                return False
            value = value[int(key)]
        elif isinstance(value, dict) and key in value:
            value = value[key]
        else:
            return False
    return True


def _missing(value: Any, required: list[str]) -> list[str]:
    return [path for path in required if not _has_path(value, path)]


def _read(text: str) -> tuple[Any, str | None]:
    """The document as a table under the root's name, or what is wrong with it."""
    # The plain reader will do: definitions, and with them entities that grow, are refused below.
    from xml.parsers import expat

    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    root = at = _Element("")
    refused = ""

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal at
        _known_prefixes(name, attributes, scopes)
        at = _Element(name, at, {f"@_{key}": [value] for key, value in attributes.items()})

    def end(_: str) -> None:
        nonlocal at
        at.close()
        at = at.parent or root
        scopes.pop()

    def doctype(_name: str, _system: str | None, _public: str | None, internal: int) -> None:
        nonlocal refused
        if internal:
            refused = "it brings definitions of its own (DOCTYPE)"
            raise _RefusedError

    scopes: list[frozenset[str]] = [frozenset({"xml", "xmlns"})]
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.StartDoctypeDeclHandler = doctype
    try:
        parser.Parse(text.encode("utf-8", "surrogatepass"), True)
    except _RefusedError as error:
        return None, refused or str(error)
    except expat.ExpatError as error:
        return None, f"line {error.lineno}: {expat.ErrorString(error.code)}"
    return root.value, None


class _RefusedError(Exception):
    """Well-formed, and yet no document that counts."""


def _known_prefixes(name: str, attributes: dict[str, str], scopes: list[frozenset[str]]) -> None:
    declared = {key[6:] for key in attributes if key.startswith("xmlns:")}
    scopes.append(scopes[-1] | declared if declared else scopes[-1])
    for used in (name, *attributes):
        prefix, colon, _ = used.partition(":")
        if colon and prefix not in scopes[-1]:
            raise _RefusedError(f"prefix {safe_line(prefix, 30)}: is not declared")


def _required(spec: CheckSpec) -> list[str]:
    return list(spec.value) if spec.value is not None else []


@register("is-xml", needs=Needs.MAYBE_TEXTS)
def is_xml(subject: Subject, spec: CheckSpec) -> CheckResult:
    """The whole output is one XML document, with the elements asked for (`order.items.item`)."""
    value, problem = _read(subject.text)
    if problem is not None:
        problem = f"not XML: {problem}" if subject.text.strip() else "empty"
    elif missing := _missing(value, _required(spec)):
        problem = f"missing {listed(missing)}"
    return _answer(subject, spec, problem, "is XML")


@register("contains-xml", needs=Needs.MAYBE_TEXTS)
def contains_xml(subject: Subject, spec: CheckSpec) -> CheckResult:
    """The output holds an element, one with the elements asked for where they are given."""
    problem: str | None = "no XML element in it"
    for value in _found(subject.text):
        missing = _missing(value, _required(spec))
        problem = f"missing {listed(missing)}" if missing else None
        if problem is None:
            break
    return _answer(subject, spec, problem, "holds XML")


def _found(text: str) -> Iterator[Any]:
    """Elements in a text, outermost ones, each as a table under its name; those side by side also together."""
    opened: list[_Element] = []
    outermost: list[_Element] = []
    for match in _TAG.finditer(text):
        name = match["name"]
        if name is None:
            continue
        parent = opened[-1] if opened else None
        if match["close"]:
            if parent is None or parent.name != name:
                opened.clear()
                continue
            opened.pop()
            _finish(parent, outermost)
            continue
        element = _Element(name, parent)
        for key, _value in _ATTRIBUTE.findall(match["rest"].rstrip("/ \t\n")):
            element.children[f"@_{key}"] = [""]
        if match["rest"].rstrip().endswith("/"):
            _finish(element, outermost)
        else:
            opened.append(element)
    by_parent: dict[int, list[_Element]] = {}
    for element in outermost:
        if element.parent is None or not element.parent.closed:
            by_parent.setdefault(id(element.parent), []).append(element)
    for siblings in by_parent.values():
        if len(siblings) > 1:
            together = _Element("")
            for element in siblings:
                together.children.setdefault(element.name, []).append(element.value)
            yield together.value
        for element in siblings:
            yield {element.name: element.value}


def _finish(element: _Element, outermost: list[_Element]) -> None:
    element.close()
    outermost.append(element)


def _answer(subject: Subject, spec: CheckSpec, problem: str | None, held: str) -> CheckResult:
    required = _required(spec)
    return answer(
        spec,
        problem is None,
        because=f"{held} with {listed(required)}" if required else held,
        because_not=problem or "",
        expected=f"XML with {', '.join(required)}" if required else "XML",
        actual=subject.text,
    )

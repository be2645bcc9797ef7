"""YAML as plain JSON values with the line of each list item, safe against bombs.

Words mean what YAML 1.2 says: only `true` and `false` are truth values, and dates stay text, so that a country
`no` or a `2024-01-01` in a case arrives as written. Aliases work, but may not blow the file up.
"""

import re
from collections.abc import Iterator
from typing import Any

import yaml

from migrator_tui.project.tables import MAX_DEPTH
from migrator_tui.project.words import quoted

MAX_VALUES = 5_000_000
"""How many values a file may hold once its aliases are followed."""

_INT = re.compile(r"[-+]?[0-9]{1,4000}")
_HEX = re.compile(r"0(?:x[0-9a-fA-F]+|o[0-7]+)")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NULL = ("", "~", "null", "Null", "NULL")
_TRUTH = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_TAG = "tag:yaml.org,2002:"

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class YamlError(Exception):
    """The text is no YAML that can be read; `line` counts from 1."""

    def __init__(self, what: str, line: int | None) -> None:
        super().__init__(what)
        self.what = what
        self.line = line


def yaml_items(text: str) -> Iterator[tuple[Any, int]]:
    """The items of the list that the text holds, each with its line; nothing for an empty text."""
    root = _composed(text)
    if root is None:
        return
    if not isinstance(root, yaml.SequenceNode):
        raise YamlError("the file must hold a list of cases, each beginning with a dash", root.start_mark.line + 1)
    builder = _Builder()
    for node in root.value:
        yield builder.value(node)[0], node.start_mark.line + 1


def yaml_value(text: str, most: int = MAX_VALUES) -> Any:
    """What the text holds, whatever it is, of at most so many values; `None` for an empty text."""
    root = _composed(text)
    return None if root is None else _Builder(most).value(root)[0]


def _composed(text: str) -> yaml.Node | None:
    try:
        _look_at_depth(text)
        return yaml.compose(text, Loader=_Loader)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise YamlError(f"character U+{ord(chr(error.character)):04X} is not allowed in YAML", line) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise YamlError(f"not YAML: {error.problem or error.context}", mark.line + 1 if mark else None) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise YamlError(f"not YAML: {error}", None) from None


def _look_at_depth(text: str) -> None:
    """Refuse deep nesting before the composer, which calls itself for each level, sees the text."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH + 2:
                mark = event.start_mark
                raise YamlError(f"nested more than {MAX_DEPTH} deep", mark.line + 1 if mark else None)
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


class _Builder:
    """Makes values from nodes; an alias's value is made once and shared, but counted each time."""

    def __init__(self, most: int = MAX_VALUES) -> None:
        self.most = most
        self.made: dict[int, tuple[Any, int]] = {}
        self.open: set[int] = set()
        self.total = 0

    def value(self, node: yaml.Node) -> tuple[Any, int]:
        """The node's value, and how many values it holds with its aliases followed."""
        key = id(node)
        if key in self.made:
            found = self.made[key]
        else:
            if key in self.open:
                raise YamlError("an alias stands inside what it stands for", node.start_mark.line + 1)
            self.open.add(key)
            found = self._new(node)
            self.open.discard(key)
            self.made[key] = found
        self.total += 1
        if found[1] > self.most or self.total > self.most:
            raise YamlError(f"aliases make more than {self.most:,} values of it", node.start_mark.line + 1)
        return found

    def _new(self, node: yaml.Node) -> tuple[Any, int]:
        if isinstance(node, yaml.ScalarNode):
            return _scalar(node), 1
        size = 1
        if isinstance(node, yaml.SequenceNode):
            _refuse_tag(node, "seq")
            items = []
            for child in node.value:
                item, held = self.value(child)
                items.append(item)
                size += held
            return items, size
        _refuse_tag(node, "map")
        own: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        for key_node, value_node in node.value:
            value, held = self.value(value_node)
            size += held
            if isinstance(key_node, yaml.ScalarNode) and key_node.value == "<<" and _is_plain(key_node):
                for source in value if isinstance(value, list) else [value]:
                    if not isinstance(source, dict):
                        raise YamlError("<< takes a table or a list of tables", key_node.start_mark.line + 1)
                    self.total += len(source)
                    # Of several tables, the first that has a key gives it.
                    merged = {**source, **merged}
                if self.total > self.most:
                    raise YamlError(f"aliases make more than {self.most:,} values of it", node.start_mark.line + 1)
                continue
            if not isinstance(key_node, yaml.ScalarNode):
                raise YamlError("a key must be text", key_node.start_mark.line + 1)
            if key_node.value in own:
                raise YamlError(f"the key {quoted(key_node.value)} stands twice", key_node.start_mark.line + 1)
            own[key_node.value] = value
        return {**merged, **own}, size


def _refuse_tag(node: yaml.Node, usual: str) -> None:
    if node.tag not in (_TAG + usual, "!"):
        shown = node.tag.replace(_TAG, "!!")
        raise YamlError(f"the tag {quoted(shown)} is not supported", node.start_mark.line + 1)


def _is_plain(node: yaml.ScalarNode) -> bool:
    """Written without quotes or block sign; libyaml says so by an empty text, PyYAML's own parser by `None`."""
    return not node.style


def _scalar(node: yaml.ScalarNode) -> Any:
    text: str = node.value
    if not _is_plain(node):
        _refuse_tag(node, "str")
        return text
    # A plain word was resolved by YAML 1.1; what it means, we decide by YAML 1.2. Tags it never gives were written.
    if not node.tag.startswith(_TAG) or node.tag.removeprefix(_TAG) in ("binary", "set", "omap", "pairs"):
        _refuse_tag(node, "str")
    if text in _NULL:
        return None
    if text in _TRUTH:
        return _TRUTH[text]
    if _INT.fullmatch(text):
        return int(text)
    if _HEX.fullmatch(text) and len(text) < 1000:
        return int(text, 0)
    if _FLOAT.fullmatch(text):
        return float(text)
    return text

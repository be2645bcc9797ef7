"""Reads the files that make up a promptfoo configuration: bounded, inside the folder, nothing of them executed."""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from typing import Any

from migrator_tui.project.errors import ProjectError
from migrator_tui.project.files import decoded, read_bytes, read_text, resolve_inside, shown_path
from migrator_tui.project.formats.promptfoo.values import Notes
from migrator_tui.project.tables import Misfit, plain_value
from migrator_tui.project.words import listed, quoted

CONFIG_NAMES = ("promptfooconfig.yaml", "promptfooconfig.yml", "promptfooconfig.json")

FILE = "file://"

MOST_FILES = 20_000
"""Entries looked at to find what a pattern names, and files that one configuration may take together."""

MOST_BYTES = 256 * 1024 * 1024
"""Of all files together."""

_STAND_INS = {".json": "[]", ".yaml": "[]", ".yml": "[]", ".jsonl": "", ".csv": "", ".tsv": ""}
"""What stands for a file that may not be read yet, by its suffix."""

MOST_VALUES = 1_000_000
"""Values that one YAML file may hold once its aliases are followed."""

CODE_SUFFIXES = frozenset(
    (".js", ".cjs", ".mjs", ".jsx", ".ts", ".cts", ".mts", ".tsx", ".py", ".rb", ".go", ".sh", ".bash", ".exe")
) | {".bat", ".cmd", ".ps1", ".pl", ".php", ".lua", ".jar"}
"""Files that promptfoo would run."""

_MAGIC = frozenset("*?[{")


class Source:
    """The folder a configuration lies in, and what has been read of it so far."""

    def __init__(self, config_file: Path, *, confined: bool, sealed: bool = False) -> None:
        """`confined`: files outside the folder are refused; `sealed`: they are named, and nothing of them is read."""
        self.folder = Path(os.path.realpath(config_file.parent))
        self.config_file = config_file
        self.confined = confined
        self.sealed = sealed
        self.notes = Notes()
        self.read: dict[Path, None] = {}
        """Files read and folders looked through, in their order."""
        self._left = MOST_BYTES
        self._seen = 0
        self._values: dict[Path, Any] = {}

    def shown(self, path: Path) -> str:
        """The path as messages name it."""
        return shown_path(path, self.folder)

    def resolve(self, stated: str, base: Path | None = None) -> Path:
        """The absolute path of a file that is named from `base`, else from the folder of the configuration."""
        try:
            wanted = str((base or self.folder) / stated.removeprefix(FILE))
            return resolve_inside(self.folder, wanted, confined=self.confined)
        except ValueError as error:
            said = str(error).replace(quoted(str((base or self.folder) / stated.removeprefix(FILE))), quoted(stated))
            raise ProjectError(said, file=self.config_file.name) from None

    def text(self, path: Path) -> str:
        """The text of a file that `resolve` gave."""
        self._count(path)
        if self._is_sealed(path):
            return _STAND_INS.get(path.suffix.lower(), "…")
        return read_text(path, self.shown(path))

    def data(self, path: Path, limit: int) -> str:
        """The text of a file of tests, which may be larger."""
        self._count(path)
        if self._is_sealed(path):
            return _STAND_INS.get(path.suffix.lower(), "")
        return decoded(read_bytes(path, self.shown(path), limit), self.shown(path))

    def _is_sealed(self, path: Path) -> bool:
        return self.sealed and not path.is_relative_to(self.folder)

    def config(self) -> Any:
        """What the configuration itself holds; not to be changed, since others may get the same."""
        self._count(self.config_file)
        try:
            stat = self.config_file.stat()
        except OSError as error:
            raise ProjectError(f"can't be read ({error.strerror})", file=self.config_file.name) from error
        return _held(self.config_file, stat.st_mtime_ns, stat.st_size)

    def value(self, path: Path) -> Any:
        """What a YAML or JSON file holds, read once."""
        if path not in self._values:
            self._values[path] = parsed(self.text(path), self.shown(path), path.suffix)
        return self._values[path]

    def files(self, stated: str, base: Path | None = None) -> list[Path]:
        """The files that a name or a pattern stands for, sorted; empty where there is none."""
        name = stated.removeprefix(FILE)
        if not _MAGIC.intersection(name):
            path = self.resolve(name, base)
            return [path] if path.is_file() else []
        literal = self.resolve(name, base)
        if literal.is_file():
            return [literal]
        found = sorted(self._matching(name, base or self.folder))
        return [path for path in found if path.is_file() or self._is_sealed(path)]

    def _matching(self, pattern: str, base: Path) -> Iterator[Path]:
        parts = [part for part in pattern.replace("\\", "/").split("/") if part not in ("", ".")]
        fixed: list[str] = []
        while parts and not _MAGIC.intersection(parts[0]):
            fixed.append(parts.pop(0))
        root = "/" if pattern.startswith("/") else ""
        start = self.resolve(root + "/".join(fixed) or ".", base)
        if self._is_sealed(start):
            yield start / parts[-1]
        elif start.is_dir():
            yield from self._under(start, parts)

    def _under(self, folder: Path, parts: list[str]) -> Iterator[Path]:
        self.read[folder] = None
        part, rest = parts[0], parts[1:]
        if part == "**" and rest:
            yield from self._under(folder, rest)
        for name, is_folder in self._entries(folder):
            if part == "**":
                if is_folder and not name.startswith(".") and name != "node_modules":
                    yield from self._under(folder / name, parts)
                elif not rest and not is_folder:
                    yield self.resolve(name, folder)
            elif any(fnmatchcase(name, each) for each in _braces(part)) and not name.startswith("."):
                if rest and is_folder:
                    yield from self._under(folder / name, rest)
                elif not rest and not is_folder:
                    yield self.resolve(name, folder)

    def _entries(self, folder: Path) -> Iterable[tuple[str, bool]]:
        try:
            with os.scandir(folder) as entries:
                # Links to folders are not followed: they can go round in circles.
                found = sorted((entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries)
        except OSError as error:
            raise ProjectError(f"can't be looked through ({error.strerror})", file=self.shown(folder)) from None
        self._seen += len(found)
        if self._seen > MOST_FILES:
            raise ProjectError(f"a pattern looks through more than {MOST_FILES:,} files", file=self.config_file.name)
        return found

    def _count(self, path: Path) -> None:
        if path in self.read:
            return
        self.read[path] = None
        try:
            self._left -= path.stat().st_size
        except OSError:
            return  # whoever reads it says so
        if self._left < 0 or len(self.read) > MOST_FILES:
            what = f"its files hold more than {MOST_BYTES // 1_000_000} MB together"
            raise ProjectError(what, file=self.config_file.name)


def find_config(folder: Path) -> Path | None:
    """The promptfoo configuration of that folder, by the name that promptfoo would take first."""
    return next((folder / name for name in CONFIG_NAMES if (folder / name).is_file()), None)


def configs_named_otherwise(folder: Path) -> list[str]:
    """Names of promptfoo configurations that do not open by themselves, such as `promptfooconfig.simple.yaml`."""
    try:
        with os.scandir(folder) as entries:
            names = sorted(entry.name for entry in entries if entry.is_file())
    except OSError:
        return []
    likely = (name for name in names if name.startswith("promptfooconfig") and name not in CONFIG_NAMES)
    return [name for name in likely if name.endswith((".yaml", ".yml", ".json"))]


def how_to_open(folder: Path) -> str:
    """Where only such configurations lie in the folder, which, and what makes a project of one; else empty."""
    names = configs_named_otherwise(folder)
    if not names:
        return ""
    return (
        f"promptfoo configurations ({listed(names, 3)}): `migrator-tui import promptfoo FILE --output DIR` opens one"
    )


def defining_files(config_file: Path) -> list[Path]:
    """The files beside the configuration that may say whom to ask and how: those that providers and graders name.

    Trust hangs on their content too. Files outside the folder are left aside: what is read of them needs trust.
    """
    source = Source(config_file, confined=True)
    found: dict[Path, None] = {}
    try:
        config = source.config()
        if isinstance(config, Mapping):
            for key in ("providers", "targets", "defaultTest"):
                _collect(config.get(key), source, found, 0)
    except ProjectError:
        return []  # whoever opens it says what is wrong
    return list(found)


def _collect(value: Any, source: Source, found: dict[Path, None], depth: int) -> None:
    if isinstance(value, Mapping):
        for item in value.values():
            _collect(item, source, found, depth)
    elif isinstance(value, list):
        for item in value:
            _collect(item, source, found, depth)
    elif isinstance(value, str) and value.startswith(FILE) and not is_code(value) and depth < 5:
        # One by one: a name that leads nowhere must not hide the others.
        with suppress(ProjectError):
            for file in source.files(value):
                if file not in found and file.suffix.lower() in (".yaml", ".yml", ".json"):
                    found[file] = None
                    _collect(source.value(file), source, found, depth + 1)


def parsed(text: str, shown: str, suffix: str) -> Any:
    """What a YAML or JSON text holds, as plain values of bounded depth and number; `ProjectError` with the line."""
    from migrator_tui.project.yaml_values import YamlError, yaml_value

    try:
        if suffix.lower() == ".json":
            try:
                return plain_value(json.loads(text))
            except json.JSONDecodeError as error:
                raise ProjectError(f"not JSON: {error.msg.lower()}", file=shown, line=error.lineno) from None
        return plain_value(yaml_value(text, MOST_VALUES))
    except YamlError as error:
        raise ProjectError(error.what, file=shown, line=error.line) from None
    except Misfit as misfit:
        raise ProjectError(misfit.what, file=shown) from None
    except (ValueError, RecursionError):
        raise ProjectError("can't be read: a number too long, or nested too deeply", file=shown) from None


@lru_cache(maxsize=2)
def _held(file: Path, mtime_ns: int, size: int) -> Any:
    """What a configuration holds, read once for each change: trust asks as well, before and after it is opened."""
    return parsed(read_text(file, file.name), file.name, file.suffix)


def dereferenced(value: Any, config: Mapping[str, Any], shown: str) -> Any:
    """The value, or what `{ $ref: '#/a/b' }` names in the configuration; further keys beside `$ref` win."""
    for _ in range(16):
        if not isinstance(value, Mapping) or not isinstance(value.get("$ref"), str):
            return value
        ref = value["$ref"]
        found: Any = config
        for part in ref.removeprefix("#").strip("/").split("/"):
            key = part.replace("~1", "/").replace("~0", "~")
            if not ref.startswith("#") or not isinstance(found, Mapping) or key not in found:
                raise ProjectError(f"$ref {quoted(ref)} names nothing in this file", file=shown)
            found = found[key]
        more = {key: item for key, item in value.items() if key != "$ref"}
        value = {**found, **more} if isinstance(found, Mapping) and more else found
    raise ProjectError(f"$ref {quoted(ref)} leads in circles", file=shown)


def is_code(name: str) -> bool:
    """Whether that name is one of a file that promptfoo would run; `file.py:function` is one, too."""
    bare = name.removeprefix(FILE)
    return any(Path(each).suffix.lower() in CODE_SUFFIXES for each in (bare, bare.rpartition(":")[0]) if each)


def _braces(pattern: str) -> list[str]:
    """`{a,b}.txt` as its two patterns; one pair of braces, as promptfoo's users write it."""
    start, opened, rest = pattern.partition("{")
    middle, closed, end = rest.partition("}")
    if not opened or not closed:
        return [pattern]
    return [f"{start}{each}{end}" for each in middle.split(",")[:100]]

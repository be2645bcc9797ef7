"""Finds the tests of a promptfoo configuration, in it and in the files it names, and gives each its variables."""

import itertools
import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeGuard

from migrator_tui.project.cases import json_value
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.formats.promptfoo.csv_tests import rows_of, test_of_row
from migrator_tui.project.formats.promptfoo.reading import (
    FILE,
    MOST_BYTES,
    Source,
    dereferenced,
    is_code,
    parsed,
)
from migrator_tui.project.words import kind_of, quoted

MOST_CASES = 200_000
"""Cases that one configuration may come to, lists in variables multiplied."""

REMOTE = ("http://", "https://", "huggingface://", "langfuse://", "az://", "s3://", "gs://")

_IMAGES_WORDS = """
.jpg .jpeg .png .gif .bmp .webp .svg .mp3 .wav .ogg .mp4 .webm .mov .avi .mkv .m4v .pdf
"""
_IMAGES = frozenset(_IMAGES_WORDS.split())
_NAME = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_NOT_RUN = "tests that a program makes are not run"
_NOT_FETCHED = "tests that lie elsewhere are not fetched"


@dataclass(frozen=True, slots=True)
class RawTest:
    """One test with one value for each variable."""

    values: Mapping[str, Any]
    asserts: tuple[Any, ...] = ()
    """Its own assertions, as stated."""
    description: str = ""
    threshold: float | None = None
    metadata: Mapping[str, Any] | None = None
    without_defaults: bool = False
    """The assertions of `defaultTest` do not hold for it."""


def read_tests(config: Mapping[str, Any], default: Mapping[str, Any], source: Source) -> list[RawTest]:
    """Every test in its order, scenarios behind the others; one without variables where there are none at all."""
    stated = list(_tests(config.get("tests"), source, config, source.folder))
    scenarios = list(_scenarios(config.get("scenarios"), source, config))
    if not stated and not scenarios:
        stated = [{}]
    found: list[RawTest] = []
    for test in itertools.chain(stated, scenarios):
        for made in _expanded(test, default, source):
            found.append(made)
            if len(found) > MOST_CASES:
                raise ProjectError(f"more than {MOST_CASES:,} tests", file=source.config_file.name)
    return found


def default_test(config: Mapping[str, Any], source: Source) -> Mapping[str, Any]:
    """`defaultTest`, from its file where it names one."""
    stated = dereferenced(config.get("defaultTest"), config, source.config_file.name)
    if isinstance(stated, str):
        files = [] if is_code(stated) else source.files(stated)
        if not files:
            source.notes.add("the file of defaultTest is not there, or would have to be run", stated)
            return {}
        stated = source.value(files[0])
    if stated is None:
        return {}
    if not isinstance(stated, Mapping):
        raise ProjectError(f"defaultTest must be a table, not {kind_of(stated)}", file=source.config_file.name)
    return _with_vars(stated, source, source.folder)


def _tests(stated: Any, source: Source, config: Mapping[str, Any], base: Path) -> Iterator[Mapping[str, Any]]:
    stated = dereferenced(stated, config, source.config_file.name)
    if stated is None:
        return
    if isinstance(stated, str):
        yield from _of_files(stated, source, config, base)
    elif isinstance(stated, list):
        for each in stated:
            item = dereferenced(each, config, source.config_file.name)
            if isinstance(item, str):
                yield from _of_files(item, source, config, base)
            elif isinstance(item, Mapping) and isinstance(item.get("path"), str):
                yield from _generated(item, source, config, base)
            elif isinstance(item, Mapping):
                yield _with_vars(item, source, base)
            else:
                raise ProjectError(f"a test must be a table, not {kind_of(item)}", file=source.config_file.name)
    elif isinstance(stated, Mapping) and isinstance(stated.get("path"), str):
        yield from _generated(stated, source, config, base)
    elif isinstance(stated, Mapping):
        yield _with_vars(stated, source, base)
    else:
        raise ProjectError(f"tests must be a list, not {kind_of(stated)}", file=source.config_file.name)


def _generated(
    stated: Mapping[str, Any], source: Source, config: Mapping[str, Any], base: Path
) -> Iterator[Mapping[str, Any]]:
    if is_code(stated["path"]):
        source.notes.add(_NOT_RUN, dict(stated))
    else:
        yield from _of_files(stated["path"], source, config, base)


def _of_files(stated: str, source: Source, config: Mapping[str, Any], base: Path) -> Iterator[Mapping[str, Any]]:
    if stated.startswith(REMOTE):
        source.notes.add(_NOT_FETCHED, stated)
        return
    if is_code(stated):
        source.notes.add(_NOT_RUN, stated)
        return
    if Path(stated.partition("#")[0]).suffix.lower() in (".xlsx", ".xls"):
        source.notes.add("spreadsheets are not read; save them as CSV", stated)
        return
    files = source.files(stated, base)
    if not files:
        raise ProjectError(f"tests: no file {quoted(stated)}", file=source.config_file.name)
    for file in files:
        yield from _in_file(file, source, config)


def _in_file(file: Path, source: Source, config: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    suffix, shown = file.suffix.lower(), source.shown(file)
    if is_code(file.name):
        source.notes.add(_NOT_RUN, shown)
    elif suffix in (".csv", ".tsv"):
        for row, _ in rows_of(source.data(file, MOST_BYTES), shown):
            yield _with_vars(test_of_row(row), source, file.parent)
    elif suffix in (".jsonl", ".ndjson"):
        for number, line in enumerate(source.data(file, MOST_BYTES).split("\n"), 1):
            if line.strip():
                yield from _as_tests(json_value(line, shown, number), source, config, file, number)
    elif suffix in (".json", ".yaml", ".yml"):
        yield from _as_tests(parsed(source.data(file, MOST_BYTES), shown, suffix), source, config, file, None)
    else:
        raise ProjectError("no file of tests; it can be CSV, JSONL, JSON or YAML", file=shown)


def _as_tests(
    value: Any, source: Source, config: Mapping[str, Any], file: Path, line: int | None
) -> Iterator[Mapping[str, Any]]:
    for each in value if isinstance(value, list) else [value]:
        item = dereferenced(each, config, source.config_file.name)
        if isinstance(item, str) and item.startswith(FILE) and item != FILE + file.name:
            yield from _of_files(item, source, config, file.parent)
        elif not isinstance(item, Mapping):
            raise ProjectError(f"a test must be a table, not {kind_of(item)}", file=source.shown(file), line=line)
        elif not any(key in item for key in _TEST_KEYS) and not any(str(key).startswith("__") for key in item):
            # Rows of variables alone, as in a table.
            yield _with_vars({"vars": item}, source, file.parent)
        elif any(str(key).startswith("__") for key in item):
            yield _with_vars(test_of_row({str(k): _cell(v) for k, v in item.items()}), source, file.parent)
        else:
            yield _with_vars(item, source, file.parent)


_TEST_KEYS_WORDS = """
vars assert options metadata provider providers prompts providerOutput threshold description
"""
_TEST_KEYS = frozenset(_TEST_KEYS_WORDS.split())


def _cell(value: Any) -> Any:
    return value if isinstance(value, str) else "" if value is None else str(value)


def _with_vars(test: Mapping[str, Any], source: Source, base: Path) -> Mapping[str, Any]:
    """The test with a table of variables: from files where it names some, paths in it told from where it stands."""
    stated = test.get("vars")
    if isinstance(stated, str) or (isinstance(stated, list) and all(isinstance(item, str) for item in stated)):
        values: dict[str, Any] = {}
        for name in [stated] if isinstance(stated, str) else stated:
            files = source.files(name, base)
            if not files:
                raise ProjectError(f"vars: no file {quoted(name)}", file=source.config_file.name)
            for file in files:
                found = source.value(file)
                if isinstance(found, Mapping):
                    values |= found
        return {**test, "vars": values}
    if stated is not None and not isinstance(stated, Mapping):
        raise ProjectError(f"vars of a test must be a table, not {kind_of(stated)}", file=source.config_file.name)
    return test


def _scenarios(stated: Any, source: Source, config: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """`config` times `tests` of each scenario; what a test says wins over what the configuration of it says."""
    for scenario in _each_scenario(stated, source, config):
        rows = list(_rows(scenario.get("config"), source, config))
        tests = list(_tests(scenario.get("tests"), source, config, source.folder)) or [{}]
        if len(rows) * len(tests) > MOST_CASES:
            raise ProjectError(f"a scenario comes to more than {MOST_CASES:,} tests", file=source.config_file.name)
        for row, test in itertools.product(rows, tests):
            merged = {
                "vars": {**_table(row.get("vars")), **_table(test.get("vars"))},
                "assert": [*_list(row.get("assert")), *_list(test.get("assert"))],
                "metadata": {**_table(row.get("metadata")), **_table(test.get("metadata"))},
            }
            yield {**row, **test, **merged}


def _each_scenario(stated: Any, source: Source, config: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    stated = dereferenced(stated, config, source.config_file.name)
    for entry in stated if isinstance(stated, list) else [stated] if stated is not None else []:
        item = dereferenced(entry, config, source.config_file.name)
        if isinstance(item, str):
            files = [] if is_code(item) else source.files(item)
            if not files:
                source.notes.add("a scenario's file is not there, or would have to be run", item)
            for file in files:
                held = source.value(file)
                yield from (
                    each for each in (held if isinstance(held, list) else [held]) if isinstance(each, Mapping)
                )
        elif isinstance(item, Mapping):
            yield item
        else:
            raise ProjectError(f"a scenario must be a table, not {kind_of(item)}", file=source.config_file.name)


def _rows(stated: Any, source: Source, config: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for each in stated if isinstance(stated, list) else [stated] if stated is not None else [{}]:
        item = dereferenced(each, config, source.config_file.name)
        named = item.get("$values") if isinstance(item, Mapping) else item
        if isinstance(named, str):
            yield from _of_files(named, source, config, source.folder)
        elif isinstance(item, Mapping):
            yield _with_vars(item, source, source.folder)
        else:
            raise ProjectError(
                f"config of a scenario must be tables, not {kind_of(item)}", file=source.config_file.name
            )


def _expanded(test: Mapping[str, Any], default: Mapping[str, Any], source: Source) -> Iterator[RawTest]:
    """One test for each combination of the lists of texts among its variables."""
    _note_unheard(test, source)
    options = {**_table(default.get("options")), **_table(test.get("options"))}
    values = {**_table(default.get("vars")), **_table(test.get("vars"))}
    single = bool(options.get("disableVarExpansion"))
    choices = {str(name): [value] if single else _choices(value, source) for name, value in values.items()}
    if math.prod(len(each) for each in choices.values()) > MOST_CASES:
        what = f"lists in vars multiply to more than {MOST_CASES:,} tests"
        raise ProjectError(what, file=source.config_file.name)
    threshold = test.get("threshold")
    asserts = test.get("assert")
    if asserts is not None and not isinstance(asserts, list):
        raise ProjectError(f"assert must be a list, not {kind_of(asserts)}", file=source.config_file.name)
    for combination in itertools.product(*choices.values()):
        yield RawTest(
            values=_resolved(dict(zip(choices, combination, strict=True))),
            asserts=tuple(asserts or ()),
            description=test["description"] if isinstance(test.get("description"), str) else "",
            threshold=float(threshold) if is_share(threshold) else None,
            metadata={**_table(default.get("metadata")), **_table(test.get("metadata"))},
            without_defaults=bool(options.get("disableDefaultAsserts")),
        )


def _note_unheard(test: Mapping[str, Any], source: Source) -> None:
    notes = source.notes
    for key in ("provider", "providers", "prompts", "providerOutput"):
        if test.get(key) is not None:
            notes.add(f"{key} of a test is not honoured", {key: test[key]})
    for key, value in _table(test.get("options")).items():
        if key.startswith("transform") or key == "postprocess":
            notes.add("transforms are not run", {key: value})
        elif key in ("prefix", "suffix"):
            notes.add("prefix and suffix of a test are not put around its prompt", {key: value})
        elif key not in ("provider", "disableVarExpansion", "disableDefaultAsserts"):
            notes.add(f"the option {key} of a test is not honoured", {key: value})
    if "provider" in _table(test.get("options")):
        notes.add("the grader of a single test is not honoured", {"provider": test["options"]["provider"]})


def _choices(value: Any, source: Source) -> list[Any]:
    if isinstance(value, str) and value.startswith(FILE):
        return _from_files(value, source)
    if isinstance(value, list) and value and isinstance(value[0], str):
        # Each may be a file in turn.
        return [one for item in value for one in _choices(item, source)]
    return [value]


def _from_files(stated: str, source: Source) -> list[Any]:
    if is_code(stated):
        source.notes.add("variables that a program makes are not computed", stated)
        return [stated]
    files = source.files(stated)
    if not files:
        source.notes.add("a variable's file is not there; its name stands in its place", stated)
        return [stated]
    return [_held(file, stated, source) for file in files]


def _held(file: Path, stated: str, source: Source) -> Any:
    suffix = file.suffix.lower()
    if suffix in _IMAGES:
        source.notes.add("images, sound and PDF in variables are not read; their names stand in their place", stated)
        return f"{FILE}{source.shown(file)}"
    if is_code(file.name):
        source.notes.add("variables that a program makes are not computed", source.shown(file))
        return f"{FILE}{source.shown(file)}"
    if suffix in (".yaml", ".yml"):
        return source.value(file)
    text = source.text(file).strip()
    return json_value(text, source.shown(file), 1) if suffix == ".json" else text


def _resolved(values: dict[str, Any]) -> dict[str, Any]:
    """Variables that name other variables, filled in as promptfoo does: five rounds, one name a round."""
    for _ in range(5):
        changed = False
        for key, value in values.items():
            match = _NAME.search(value) if isinstance(value, str) and "{{" in value else None
            other = values.get(match[1]) if match else None
            if match and isinstance(other, str | int | float) and len(value) < 1_000_000:
                values[key] = value.replace(match[0], other if isinstance(other, str) else json.dumps(other), 1)
                changed = True
        if not changed:
            break
    return {key: value.removesuffix("\n") if isinstance(value, str) else value for key, value in values.items()}


def is_share(value: Any) -> TypeGuard[int | float]:
    """Whether a value can be a threshold: a number from 0 to 1."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1


def _table(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []

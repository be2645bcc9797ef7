"""promptfoo's own results as recorded outputs with verdicts: its JSON of every version, its JSONL and CSV exports.

One recorded model for each column, which is one provider with one prompt; one task. What ended in an error is left
out and counted: it says nothing about the model.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from migrator_tui.project.cases import json_value
from migrator_tui.project.discovery import USUAL_BASELINE, USUAL_CANDIDATE
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.files import decoded, read_bytes
from migrator_tui.project.formats.promptfoo.case_names import id_of, tags_of, with_own_ids
from migrator_tui.project.formats.promptfoo.placeholders import placeholder
from migrator_tui.project.formats.promptfoo.providers import KINDS
from migrator_tui.project.formats.promptfoo.reading import MOST_BYTES, parsed
from migrator_tui.project.formats.promptfoo.results_table import rows_in_table
from migrator_tui.project.formats.promptfoo.tasks import ONLY
from migrator_tui.project.formats.promptfoo.templates import (
    as_text,
    chat_file,
    filled,
    is_template,
    names_in,
    translated,
)
from migrator_tui.project.formats.promptfoo.values import (
    Converted,
    ForeignModel,
    ForeignTask,
    Notes,
    Proposer,
    distinct,
    name_from,
)
from migrator_tui.project.recordings import LARGEST, MOST_TOKENS
from migrator_tui.project.schema import BASELINE

MOST_COLUMNS = 500


@dataclass(frozen=True, slots=True)
class Cell:
    """What one model answered to one test."""

    output: str = ""
    passed: bool | None = None
    error: str = ""
    tool_calls: Sequence[Any] = ()
    latency_ms: float | None = None
    cost: float | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    finish_reason: str | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """One provider with one prompt."""

    provider: str
    label: str = ""
    """What its prompt is called."""
    prompt: str = ""
    """The prompt before a case was put in, where that is known."""


@dataclass(slots=True)
class Results:
    """A table of results: a row a test, a column a provider with a prompt."""

    columns: list[Column] = field(default_factory=list)
    rows: list[tuple[dict[str, Any], str, Mapping[str, Any], list[Cell | None]]] = field(default_factory=list)
    """Variables, description, metadata, and a cell for each column."""


def looks_like_results(file: Path) -> bool:
    """Whether a file is an export of promptfoo's results rather than one of its configurations or of its tests."""
    try:
        with file.open("rb") as opened:
            head = opened.read(1 << 20).decode("utf-8", "replace")
    except OSError:
        return False
    suffix = file.suffix.lower()
    if suffix in (".csv", ".tsv"):
        return "[PASS]" in head or "[FAIL]" in head or "[ERROR]" in head or ",Status,Score," in head
    if suffix in (".json", ".jsonl"):
        return ('"results"' in head or '"gradingResult"' in head or '"outputs"' in head) and '"prompt' in head
    return suffix in (".yaml", ".yml") and head.lstrip().startswith(("evalId:", "results:"))


def read_results(file: Path, *, propose: Proposer | None = None) -> Converted:
    """The results in that file as a project of recorded models; `ProjectError` in one line where it has none."""
    shown, suffix = file.name, file.suffix.lower()
    text = decoded(read_bytes(file, shown, MOST_BYTES), shown)
    if suffix in (".csv", ".tsv"):
        results = rows_in_table(text, shown)
    elif suffix == ".jsonl":
        lines = [json_value(line, shown, n) for n, line in enumerate(text.split("\n"), 1) if line.strip()]
        results = _of_list(lines, (), shown)
    else:
        results = _of_value(parsed(text, shown, suffix), shown)
    if not results.rows or not results.columns:
        raise ProjectError("holds no results of promptfoo's", file=shown)
    if len(results.columns) > MOST_COLUMNS:
        raise ProjectError(f"more than {MOST_COLUMNS} columns of answers", file=shown)
    return _converted(results, file, propose)


def _of_value(value: Any, shown: str) -> Results:
    """Any version of the JSON: results at the top or one level down, as a list or as a table."""
    if isinstance(value, list):
        return _of_list(value, (), shown)
    if not isinstance(value, Mapping):
        raise ProjectError("holds no results of promptfoo's", file=shown)
    held = value.get("results")
    inner = held if isinstance(held, Mapping) else value
    found = inner.get("results") if inner is not value else held
    table = inner.get("table", value.get("table"))
    table = table if isinstance(table, Mapping) else inner
    head = table.get("head")
    prompts = inner.get("prompts", head.get("prompts") if isinstance(head, Mapping) else value.get("prompts"))
    if isinstance(found, list) and found:
        return _of_list(found, prompts if isinstance(prompts, list) else (), shown)
    if isinstance(table.get("head"), Mapping) and isinstance(table.get("body"), list):
        return _of_table(table["head"], table["body"])
    raise ProjectError("holds no results of promptfoo's", file=shown)


def _of_list(found: Sequence[Any], prompts: Sequence[Any], shown: str) -> Results:
    """Results one by one: each says which test and which column it is of, or is put beside those of the same kind."""
    results = Results()
    columns: dict[Any, int] = {}
    rows: dict[Any, int] = {}
    for number, result in enumerate(found, 1):
        if not isinstance(result, Mapping):
            raise ProjectError(f"result {number} is no table", file=shown)
        prompt = result.get("prompt")
        prompt = prompt if isinstance(prompt, Mapping) else {"raw": prompt if isinstance(prompt, str) else ""}
        provider = _provider(result.get("provider"))
        at = result.get("promptIdx")
        template = _first_text(prompt.get("display"), prompt.get("label"), prompt.get("template"))
        key: Any = at if isinstance(at, int) and not isinstance(at, bool) else (provider, template)
        if key not in columns:
            columns[key] = len(results.columns)
            known = prompts[at] if isinstance(at, int) and 0 <= at < len(prompts) else None
            results.columns.append(_column(provider, prompt, known))
        test = result.get("testCase")
        test = test if isinstance(test, Mapping) else {}
        stated = result.get("vars", test.get("vars"))
        values = dict(stated) if isinstance(stated, Mapping) else {}
        test_at = result.get("testIdx")
        row_key: Any = test_at if isinstance(test_at, int) else json.dumps(values, sort_keys=True, default=str)
        column = columns[key]
        # Without a number of the test, a second answer to the same variables is another test.
        while row_key in rows and column < len(cells := results.rows[rows[row_key]][3]) and cells[column] is not None:
            row_key = (row_key, "again")
        if row_key not in rows:
            rows[row_key] = len(results.rows)
            told = _first_text(result.get("description"), test.get("description"))
            metadata = test.get("metadata")
            results.rows.append((values, told, metadata if isinstance(metadata, Mapping) else {}, []))
        cells = results.rows[rows[row_key]][3]
        cells += [None] * (column + 1 - len(cells))
        cells[column] = _cell(result)
    return results


def _of_table(head: Mapping[str, Any], body: Sequence[Any]) -> Results:
    results = Results()
    prompts = head.get("prompts")
    for each in prompts if isinstance(prompts, list) else []:
        prompt = each if isinstance(each, Mapping) else {"raw": str(each)}
        results.columns.append(_column(_first_text(prompt.get("provider")), prompt, prompt))
    stated_names = head.get("vars")
    names = [str(name) for name in (stated_names if isinstance(stated_names, list) else [])]
    for row in body:
        if not isinstance(row, Mapping):
            continue
        stated = row.get("vars")
        values = dict(zip(names, stated, strict=False)) if isinstance(stated, list) else {}
        test = row.get("test")
        test = test if isinstance(test, Mapping) else {}
        if isinstance(test.get("vars"), Mapping):
            values = {**values, **test["vars"]}
        outputs = row.get("outputs")
        cells = [
            _table_cell(each) if isinstance(each, Mapping) else Cell(each) if isinstance(each, str) else None
            for each in (outputs if isinstance(outputs, list) else [])
        ]
        metadata = test.get("metadata")
        told = _first_text(row.get("description"), test.get("description"))
        results.rows.append((values, told, metadata if isinstance(metadata, Mapping) else {}, cells))
        while len(results.columns) < len(cells):
            results.columns.append(Column(f"model-{len(results.columns) + 1}"))
    return results


def _column(provider: str, prompt: Mapping[str, Any], known: Any) -> Column:
    known = known if isinstance(known, Mapping) else {}
    # `display` is the template in the oldest files; `raw` of a single result is what was sent. A prompt without a
    # label of its own is labelled by its template.
    label = _first_text(known.get("label"), prompt.get("label"))
    template = _first_text(
        known.get("raw"), prompt.get("display"), prompt.get("template"), label if "{{" in label else ""
    )
    return Column(provider or _first_text(known.get("provider")), "" if label == template else label, template)


def _provider(value: Any) -> str:
    if isinstance(value, Mapping):
        return _first_text(value.get("label"), value.get("id"))
    return value if isinstance(value, str) else ""


def _cell(result: Mapping[str, Any]) -> Cell:
    response = result.get("response")
    response = response if isinstance(response, Mapping) else {}
    output = response.get("output")
    error = _first_text(result.get("error"), response.get("error"))
    # 2 is promptfoo's number for an error; the failed assertion's reason stands under `error`, too.
    broken = result.get("failureReason") == 2 or (output is None and bool(error))
    usage = response.get("tokenUsage")
    usage = usage if isinstance(usage, Mapping) else result.get("tokenUsage")
    usage = usage if isinstance(usage, Mapping) else {}
    grading = result.get("gradingResult")
    passed = result.get("success")
    if isinstance(grading, Mapping) and _is_manual(grading):
        passed = grading.get("pass")
    text, calls = _answer(output)
    return Cell(
        output=text,
        passed=passed if isinstance(passed, bool) else None,
        error=error or "an error" if broken else "",
        tool_calls=calls,
        latency_ms=None if response.get("cached") else _figure(result.get("latencyMs"), LARGEST),
        cost=_figure(result.get("cost"), LARGEST),
        input_tokens=_whole(usage.get("prompt")),
        output_tokens=_whole(usage.get("completion")),
        finish_reason=_first_text(response.get("finishReason")) or None,
    )


def _is_manual(grading: Mapping[str, Any]) -> bool:
    """A person's rating stands among the components, and wins."""
    parts = grading.get("componentResults")
    for part in parts if isinstance(parts, list) else []:
        assertion = part.get("assertion") if isinstance(part, Mapping) else None
        if isinstance(assertion, Mapping) and assertion.get("type") == "human":
            return True
    return False


def _table_cell(output: Mapping[str, Any]) -> Cell:
    status = output.get("failureReason")
    text = output.get("text")
    grading = output.get("gradingResult")
    reason = grading.get("reason") if isinstance(grading, Mapping) else None
    text = text if isinstance(text, str) else json.dumps(text, ensure_ascii=False) if text is not None else ""
    if output.get("pass") is False and isinstance(reason, str):
        text = text.removeprefix(f"{reason}\n---\n")
    usage = output.get("tokenUsage")
    usage = usage if isinstance(usage, Mapping) else {}
    passed = output.get("pass")
    return Cell(
        output=text,
        passed=passed if isinstance(passed, bool) else None,
        error=_first_text(output.get("error")) or text or "an error" if status == 2 else "",
        latency_ms=_figure(output.get("latencyMs"), LARGEST),
        cost=_figure(output.get("cost"), LARGEST),
        input_tokens=_whole(usage.get("prompt")),
        output_tokens=_whole(usage.get("completion")),
    )


def _answer(output: Any) -> tuple[str, Sequence[Any]]:
    """The answer's text, and the tools it calls where it is a list of calls."""
    if isinstance(output, str):
        return output, ()
    if output is None:
        return "", ()
    if isinstance(output, list) and output and all(_is_call(item) for item in output):
        return "", output
    return json.dumps(output, ensure_ascii=False), ()


def _is_call(item: Any) -> bool:
    function = item.get("function") if isinstance(item, Mapping) else None
    return isinstance(function, Mapping) and isinstance(function.get("name"), str)


def _figure(value: Any, most: float) -> float | None:
    """A number that is known: promptfoo writes 0 where it knows none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= most:
        return None
    return float(value)


def _whole(value: Any) -> int | None:
    number = _figure(value, MOST_TOKENS)
    return None if number is None else int(number)


def _first_text(*values: Any) -> str:
    return next((value for value in values if isinstance(value, str) and value.strip()), "")


def _converted(results: Results, file: Path, propose: Proposer | None) -> Converted:
    notes = Notes()
    cases = _cases(results)
    models: list[ForeignModel] = []
    outputs: dict[str, Sequence[Mapping[str, Any]]] = {}
    for number, (name, column) in enumerate(zip(_names(results.columns), results.columns, strict=True)):
        rows, errors = _recorded(number, cases, results)
        if errors:
            notes.add(
                f"answers that ended in an error are left out: {len(errors):,} of {name}", "\n".join(errors[:20])
            )
        if not rows:
            notes.add("a model without a single answer is left out", column.provider or name)
            continue
        recording = f"outputs/{len(outputs) + 1:02}-{_word(name)}.jsonl"
        outputs[recording] = rows
        models.append(ForeignModel(name, {"model": f"recorded:{recording}"}))
    if not models:
        raise ProjectError("every answer in it ended in an error", file=file.name)
    if len(models) == 1:
        usual = (propose(USUAL_BASELINE) if propose else None) or USUAL_CANDIDATE
        notes.add(f"the model to move to is proposed: {usual}")
        models.append(
            ForeignModel(distinct(usual.rpartition("/")[2], [BASELINE, models[0].name]), {"model": usual}, True)
        )
    text = _prompt(results, cases, notes)
    name = name_from(file.stem) or "results"
    task = ForeignTask("answers", text, cases, file.name)
    return Converted(name=name, models=models, tasks=[task], notes=notes.all(), sources=(file,), outputs=outputs)


def _cases(results: Results) -> list[dict[str, Any]]:
    cases = []
    for values, told, metadata, _ in results.rows:
        case: dict[str, Any] = {"id": id_of(told, values), "vars": dict(values) or {ONLY: "1"}}
        if tags := tags_of(metadata, values):
            case["tags"] = tags
        cases.append(case)
    return with_own_ids(cases)


def _recorded(
    number: int, cases: Sequence[Mapping[str, Any]], results: Results
) -> tuple[list[dict[str, Any]], list[str]]:
    rows, errors = [], []
    for case, (_, _, _, cells) in zip(cases, results.rows, strict=True):
        cell = cells[number] if number < len(cells) else None
        if cell is None:
            continue
        if cell.error:
            errors.append(f"{case['id']}: {cell.error}")
            continue
        row: dict[str, Any] = {"id": case["id"], "output": cell.output}
        if cell.tool_calls:
            row["tool_calls"] = list(cell.tool_calls)
        for key in ("passed", "latency_ms", "cost", "input_tokens", "output_tokens", "finish_reason"):
            if (value := getattr(cell, key)) is not None:
                row[key] = value
        rows.append(row)
    return rows, errors


def _names(columns: Sequence[Column]) -> list[str]:
    """A name for each column: its provider, where one has several prompts with the number of each in front.

    What tells them apart comes first: lists show no more than a dozen characters.
    """
    stated = [column.provider for column in columns]
    short = {provider: _short(provider) for provider in stated}
    names: list[str] = []
    for number, provider in enumerate(stated):
        alone = list(short.values()).count(short[provider]) == 1
        name = name_from(short[provider] if alone else provider, 40) or "model"
        if stated.count(provider) > 1:
            name = f"p{stated[: number + 1].count(provider)} {name}"
        names.append(distinct(name, [BASELINE, *names]))
    return names


def _short(provider: str) -> str:
    """`openai:chat:gpt-4o` is `gpt-4o`, `openrouter:meta/llama` is `llama`; a label of the user's stays as it is."""
    if ":" not in provider or " " in provider:
        return provider
    first, *rest = provider.split(":")
    while len(rest) > 1 and rest[0] in KINDS:
        rest.pop(0)
    return ":".join(rest).rpartition("/")[2] or first


def _prompt(results: Results, cases: Iterable[dict[str, Any]], notes: Notes) -> str:
    """The prompt file: the one prompt of all answers where there is one; recorded answers need none."""
    prompts = list(dict.fromkeys(column.prompt for column in results.columns if column.prompt.strip()))
    if len(prompts) == 1:
        put = translated(prompts[0])
        if is_template(put) and (names := names_in(put)) and all(name[0] in results.rows[0][0] for name in names):
            for case in cases:
                filled(case["vars"], names)
            return chat_file([{"role": "user", "content": put}])
    providers = [column.provider for column in results.columns]
    several = len(prompts) > 1 or len(set(providers)) < len(providers)
    told = "several prompts" if several else "a prompt that their file does not hold as a template"
    notes.add(f"the answers are those to {told}; to ask a model anew, write the prompt", "\n---\n".join(prompts[:15]))
    # Known as one again: a model that is to be asked anew is not sent it.
    told = f"{placeholder('promptfoo')}\n\nThe recorded answers are those to {told}."
    return chat_file([{"role": "user", "content": as_text(told)}])


def _word(name: str) -> str:
    return "-".join("".join(c if c.isalnum() and c.isascii() else " " for c in name).split()).lower()[:40] or "model"

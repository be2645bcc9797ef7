"""A promptfoo configuration as a project of ours: models, prompts, cases, checks, and a list of what is not honoured.

`read_config` reads, `native_files` says which files would make the same project; nothing is written here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from migrator_tui.project.case_values import case_from_values
from migrator_tui.project.discovery import USUAL_BASELINE, USUAL_CANDIDATE
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.formats.promptfoo.asserts import EMBEDDED, JUDGED, checks_of
from migrator_tui.project.formats.promptfoo.case_names import id_of, tags_of, with_own_ids
from migrator_tui.project.formats.promptfoo.prompts import RawPrompt, read_prompts
from migrator_tui.project.formats.promptfoo.providers import (
    Provider,
    form_of,
    our_tools,
    params_in,
    provider_of,
    read_providers,
)
from migrator_tui.project.formats.promptfoo.reading import CONFIG_NAMES, Source, find_config
from migrator_tui.project.formats.promptfoo.tasks import Cases, task_of
from migrator_tui.project.formats.promptfoo.tests import RawTest, default_test, is_share, read_tests
from migrator_tui.project.formats.promptfoo.values import (
    Converted,
    ForeignModel,
    ForeignTask,
    Proposer,
    distinct,
    name_from,
)
from migrator_tui.project.formats.promptfoo.writing import files_of
from migrator_tui.project.schema import BASELINE
from migrator_tui.project.tables import Misfit
from migrator_tui.project.toml_text import toml_value
from migrator_tui.project.words import kind_of, listed, quoted

USUAL_JUDGE = "openai/gpt-4.1"
USUAL_EMBEDDINGS = "openai/text-embedding-3-large"
"""Whom promptfoo asks where the configuration names no grader."""

PROPOSED = ("no provider here can be asked: ", "the model to move to is proposed: ")
"""How notes begin that say which models stand in no file."""

_HEARD_WORDS = """
$schema description prompts providers targets tests scenarios defaultTest assertionTemplates outputPath tags
metadata sharing writeLatestResults commandLineOptions
"""
_HEARD = frozenset(_HEARD_WORDS.split())


def read_config(
    config_file: Path, *, trusted: bool = True, sealed: bool = False, propose: Proposer | None = None
) -> Converted:
    """What the configuration comes to; `ProjectError` in one line where nothing can be opened.

    With `trusted` false, files outside its folder are refused; with `sealed`, they are named and not read, to ask
    whether they may be. `propose` names the model to move to where the configuration has only one; without it, a
    usual one is taken.
    """
    source = Source(config_file, confined=not trusted, sealed=sealed)
    config = source.config()
    if not isinstance(config, Mapping):
        raise ProjectError(f"a promptfoo configuration is a table, not {kind_of(config)}", file=config_file.name)
    _note_unheard(config, source)
    prompts = _prompts(config, source)
    providers = read_providers(config.get("providers", config.get("targets")), source, config)
    default = default_test(config, source)
    _note_default(default, source)
    prompts = _wrapped(prompts, default, source)
    tests = read_tests(config, default, source)
    stated = default.get("assert")
    defaults = checks_of(stated if isinstance(stated, list) else [], source, config)
    cases = Cases(with_own_ids([_case(test, source, config) for test in tests]))
    tasks = _tasks(prompts, providers, cases, defaults, default, tests, source)
    models = _models(providers, prompts, [task.name for task in tasks], propose, source)
    helpers = _helpers(tasks, default, source)
    description = config.get("description")
    name = (name_from(description) if isinstance(description, str) else "") or source.folder.name or "promptfoo"
    found = Converted(
        name=name,
        models=models,
        tasks=tasks,
        notes=source.notes.all(),
        sources=tuple(source.read),
        helpers=helpers,
    )
    _look_at_cases(found, config_file)
    return found


def _note_unheard(config: Mapping[str, Any], source: Source) -> None:
    words = {
        "redteam": "red-team plans are not carried out",
        "extensions": "extensions are programs and are not run",
        "nunjucksFilters": "filters of one's own are programs and are not run",
        "assertScoringFunction": "scoring functions are programs and are not run",
        "env": "the environment that the configuration sets is not used",
        "evaluateOptions": "how promptfoo runs an evaluation is not honoured",
        "derivedMetrics": "derived metrics are not computed",
        "tracing": "tracing is not set up",
    }
    for key, value in config.items():
        # Keys of one's own, where anchors are kept, begin so by custom.
        if key in _HEARD or value in (None, [], {}) or str(key).startswith(("x-", "_", ".")):
            continue
        # Of the environment only the names: any of its values may be a key.
        told = sorted(map(str, value)) if key == "env" and isinstance(value, Mapping) else value
        source.notes.add(words.get(str(key), f"the key {key} is not honoured"), {str(key): told})


def _prompts(config: Mapping[str, Any], source: Source) -> list[RawPrompt]:
    plain_tests = config.get("tests") is not None or config.get("scenarios") is not None
    if config.get("redteam") is not None and not plain_tests:
        what = "holds a red-team plan and no tests: there is nothing to compare two models on"
        raise ProjectError(what, file=source.config_file.name)
    stated = config.get("prompts")
    if stated is None and plain_tests:
        # promptfoo's own default, which generated red-team files rely on.
        stated = ["{{prompt}}"]
        source.notes.add("no prompts are stated: the variable prompt is sent as it is")
    prompts = read_prompts(stated, source, config)
    if not prompts:
        raise ProjectError("there are no prompts: nothing to send to a model", file=source.config_file.name)
    return prompts


def _wrapped(prompts: list[RawPrompt], default: Mapping[str, Any], source: Source) -> list[RawPrompt]:
    options = default.get("options")
    options = options if isinstance(options, Mapping) else {}
    before, behind = options.get("prefix"), options.get("suffix")
    if not isinstance(before, str | None) or not isinstance(behind, str | None) or not (before or behind):
        return prompts
    if any(prompt.chat is not None for prompt in prompts):
        source.notes.add("prefix and suffix are not put around a chat", {"prefix": before, "suffix": behind})
    return [
        prompt
        if prompt.chat is not None or prompt.code
        else replace(prompt, text=f"{before or ''}{prompt.text}{behind or ''}")
        for prompt in prompts
    ]


def _note_default(default: Mapping[str, Any], source: Source) -> None:
    options = default.get("options")
    for key, value in (options if isinstance(options, Mapping) else {}).items():
        if key.startswith("transform") or key == "postprocess":
            source.notes.add("transforms are not run", {key: value})
        elif key not in ("provider", "prefix", "suffix", "disableVarExpansion", "disableDefaultAsserts"):
            source.notes.add(f"the option {key} of defaultTest is not honoured", {key: value})
    for key in ("provider", "providers", "prompts", "providerOutput"):
        if default.get(key) is not None:
            source.notes.add(f"{key} of defaultTest is not honoured", {key: default[key]})


def _case(test: RawTest, source: Source, config: Mapping[str, Any]) -> dict[str, Any]:
    """The case of one test, without what only a prompt can tell."""
    values = dict(test.values)
    case: dict[str, Any] = {"id": id_of(test.description, values), "vars": values}
    if checks := checks_of(test.asserts, source, config):
        case["checks"] = checks
    if tags := tags_of(test.metadata or {}, values):
        case["tags"] = tags
    if test.threshold is not None:
        case["threshold"] = test.threshold
    return case


def _tasks(
    prompts: list[RawPrompt],
    providers: Sequence[Provider],
    cases: Cases,
    defaults: list[dict[str, Any]],
    default: Mapping[str, Any],
    tests: Sequence[RawTest],
    source: Source,
) -> list[ForeignTask]:
    threshold = default.get("threshold")
    everywhere, in_cases = _placed(defaults, any(test.without_defaults for test in tests))
    for test, case in zip(tests, cases.shared, strict=True):
        if in_cases and not test.without_defaults:
            case["checks"] = [*in_cases, *case.get("checks", ())]
    cases.fill(prompts, everywhere, source)
    tools, response_format = _definitions(providers, source)
    tasks = []
    for prompt in prompts:
        task = task_of(prompt, cases, source)
        form = form_of(prompt.config.get("response_format")) or response_format
        own_tools = our_tools(prompt.config["tools"], source) if "tools" in prompt.config else tools
        tasks.append(
            replace(
                task,
                checks=tuple(everywhere),
                threshold=float(threshold) if is_share(threshold) else None,
                tools=tuple(own_tools),
                response_format=form,
            )
        )
    return tasks


def _placed(defaults: list[dict[str, Any]], apart: bool) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The checks that hold for the whole task, and those that each case must state, since TOML can't say null."""
    if apart:
        return [], defaults
    everywhere, in_cases = [], []
    for check in defaults:
        try:
            toml_value(check)
            everywhere.append(check)
        except ValueError:
            in_cases.append(check)
    return everywhere, in_cases


def _definitions(
    providers: Sequence[Provider], source: Source
) -> tuple[list[Mapping[str, Any]], Mapping[str, Any] | None]:
    """Tools and form of the answer: here they belong to a task, there to each provider; the first that has some."""
    stated = [each.tools for each in providers if each.tools is not None]
    forms = [each.response_format for each in providers if each.response_format is not None]
    if any(each.tools != providers[0].tools for each in providers[1:]):
        source.notes.add("providers state different tools: those of the first are sent by all", stated)
    if any(each.response_format != providers[0].response_format for each in providers[1:]):
        source.notes.add("providers state different response formats: that of the first is asked of all", forms)
    return our_tools(stated[0], source) if stated else [], forms[0] if forms else None


def _models(
    providers: Sequence[Provider],
    prompts: Sequence[RawPrompt],
    tasks: Sequence[str],
    propose: Proposer | None,
    source: Source,
) -> list[ForeignModel]:
    models = []
    for provider in providers:
        model = provider.model
        task_params = {}
        for task, prompt in zip(tasks, prompts, strict=True):
            if own := params_in(prompt.config):
                task_params[task] = {**model.table.get("params", {}), **own}
        models.append(replace(model, task_params=task_params) if task_params else model)
    if not models:
        source.notes.add(f"{PROPOSED[0]}{USUAL_BASELINE} is proposed in its place")
        models.append(_proposed(USUAL_BASELINE, []))
    if len(models) == 1:
        first = str(models[0].table["model"])
        other = (propose(first) if propose else None) or (
            USUAL_CANDIDATE if first != USUAL_CANDIDATE else USUAL_BASELINE
        )
        source.notes.add(f"{PROPOSED[1]}{other}")
        models.append(_proposed(other, [models[0].name]))
    return models


def _proposed(model: str, taken: Sequence[str]) -> ForeignModel:
    short = model.removeprefix("simulated:").rpartition("/")[2]
    return ForeignModel(distinct(short, [BASELINE, *taken]), {"model": model}, proposed=True)


def _helpers(
    tasks: Sequence[ForeignTask], default: Mapping[str, Any], source: Source
) -> dict[str, Mapping[str, Any]]:
    """The judge and the model for embeddings, where checks ask them: the grader that is stated, else promptfoo's."""
    types = set()
    for task in tasks:
        for check in (*task.checks, *(check for case in task.cases for check in case.get("checks", ()))):
            types |= {part["type"].removeprefix("not-") for part in (check, *check.get("assert", ()))}
    options = default.get("options")
    grader = options.get("provider") if isinstance(options, Mapping) else None
    helpers: dict[str, Mapping[str, Any]] = {}
    for name, kinds, usual, key in (
        ("judge", JUDGED, USUAL_JUDGE, "text"),
        ("embeddings", EMBEDDED, USUAL_EMBEDDINGS, "embedding"),
    ):
        if not types & kinds:
            continue
        stated = grader.get(key) if isinstance(grader, Mapping) else None
        if stated is None and name == "judge":
            stated = grader
        table = _grader(stated, name, source)
        if table is None:
            table = {"model": usual}
            asked = "checks that ask a judge" if name == "judge" else "checks of likeness"
            source.notes.add(f"{asked} are answered by {usual}, as no grader that can be asked is stated")
        helpers[name] = table
    return helpers


def _grader(stated: Any, name: str, source: Source) -> Mapping[str, Any] | None:
    options: Mapping[str, Any] = {}
    if isinstance(stated, Mapping):
        stated, options = stated.get("id"), stated
    if not isinstance(stated, str):
        return None
    if name == "embeddings":
        provider, _, rest = stated.partition(":")
        model = rest.removeprefix("embeddings:").removeprefix("embedding:")
        # The kind of call is the one thing that keeps it from being a model of ours.
        made = provider_of(f"{provider}:{model}", {"config": {}}, source) if model != rest else None
    else:
        made = provider_of(stated, {key: value for key, value in options.items() if key != "embedding"}, source)
    return made.model.table if made is not None else None


def _look_at_cases(found: Converted, config_file: Path) -> None:
    """Refuse, in one line, what our own reader of cases would not take."""
    looked: set[int] = set()
    for task in found.tasks:
        if id(task.cases) in looked:
            continue
        looked.add(id(task.cases))
        for number, case in enumerate(task.cases, 1):
            try:
                case_from_values(dict(case))
            except Misfit as misfit:
                raise ProjectError(f"test {number}: {misfit.what}", file=config_file.name) from None


def read_promptfoo(source: Path, *, trusted: bool = True, propose: Proposer | None = None) -> Converted:
    """Whatever of promptfoo's lies there: a folder with its configuration, one alone, or an export of results."""
    from migrator_tui.project.formats.promptfoo.results import looks_like_results, read_results

    if source.is_dir():
        config_file = find_config(source)
        if config_file is None:
            raise ProjectError(f"no promptfoo configuration in this folder ({listed(CONFIG_NAMES)})", file=source)
        return read_config(config_file, trusted=trusted, propose=propose)
    if looks_like_results(source):
        return read_results(source, propose=propose)
    if source.suffix.lower() not in (".yaml", ".yml", ".json"):
        what = "is neither a promptfoo configuration (YAML, JSON) nor an export of its results (JSON, JSONL, CSV)"
        raise ProjectError(what, file=source)
    return read_config(source, trusted=trusted, propose=propose)


def native_files(found: Converted) -> dict[str, str]:
    """The files of a project of ours that says the same, by path from its folder: `migrator.toml` is among them."""
    return files_of(found)


def summary(found: Converted) -> str:
    """What it comes to, in a line."""
    cases = len(found.tasks[0].cases)
    models = f"{len(found.models)} models ({listed(model.name for model in found.models)})"
    tasks = "1 prompt" if len(found.tasks) == 1 else f"{len(found.tasks)} prompts"
    return f"{quoted(found.name)}: {tasks}, {cases:,} case{'' if cases == 1 else 's'}, {models}"


__all__ = ["native_files", "read_config", "read_promptfoo", "summary"]

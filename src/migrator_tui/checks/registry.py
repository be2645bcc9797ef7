"""Finds checks by name, says what is wrong with their settings, and runs them.

A family's module registers its functions; it is imported when one of its names is first asked for, so that a
project pays only for the checks it uses.
"""

import asyncio
import hashlib
import inspect
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any, Literal, TypeVar

from migrator_tui.checks.base import (
    CheckError,
    CheckFailure,
    CheckFunction,
    CheckResult,
    CheckServices,
    CheckSettingError,
    Subject,
    WaitingCheckFunction,
    all_of,
)
from migrator_tui.checks.values import (
    EXPECTED,
    Needs,
    compares_with_baseline,
    expected_of,
    prepared,
    setting_error,
    sound_expected,
    stated_problem,
)
from migrator_tui.project.schema import CheckSetup, CheckSpec, ModelSpec
from migrator_tui.text_safety import safe_line

FAMILIES = (
    "text",
    "similarity",
    "json_output",
    "json_path",
    "xml_output",
    "length",
    "format",
    "behaviour",
    "tool_calls",
    "check_sets",
    "judge",
    "best",
    "embeddings",
    "python",
)
"""Modules of this package that hold checks."""

REASON_LIMIT = 300
"""Characters of a reason that are kept."""

NOTHING_TO_WAIT_FOR = "needs a model or a process, which is not to be had here"

Asks = Literal["judge", "embeddings"]
"""The model of `CheckSetup` that a check asks."""

SetFunction = Callable[[CheckSpec, Sequence[CheckResult | CheckError]], CheckResult]

AnyCheck = TypeVar("AnyCheck", CheckFunction, WaitingCheckFunction)


@dataclass(frozen=True, slots=True)
class Waiting:
    """What is particular to a check that waits."""

    asks: Asks | None = None
    """The model it asks."""
    calls: int = 1
    """How often it asks it about one output."""
    depends: Callable[[CheckSpec, Subject], Any] | None = None
    """Gives what else its result depends on, as a JSON value; may raise `CheckFailure`."""
    blocked: Callable[[CheckSpec, Subject], str] | None = None
    """Says why it cannot be asked yet; empty where it can."""
    in_project: Callable[[CheckSpec, CheckSetup], None] | None = None
    """Looks at its settings beside the project's before any run; raises `CheckSettingError`."""


_NOTHING_MORE = Waiting()


@dataclass(frozen=True, slots=True)
class Registered:
    """A check as its family made it known."""

    name: str
    function: CheckFunction | WaitingCheckFunction | SetFunction
    needs: Needs
    options: frozenset[str]
    looks_at: frozenset[str]
    settings: Callable[[CheckSpec], None] | None
    revision: int
    waits: bool
    waiting: Waiting
    with_baseline: bool = False
    """Whether it always compares with the baseline's answer; others do where they say `to = "baseline"`."""
    parts: Callable[[CheckSpec], Sequence[CheckSpec]] | None = None
    """Of a check that holds others: those."""


_registered: dict[str, Registered] = {}


def register(
    name: str,
    *,
    needs: Needs,
    options: Sequence[str] = (),
    looks_at: Sequence[str] = (),
    settings: Callable[[CheckSpec], None] | None = None,
    revision: int = 1,
    waiting: Waiting = _NOTHING_MORE,
    with_baseline: bool = False,
) -> Callable[[AnyCheck], AnyCheck]:
    """Make a function known as the check of that name; `not-NAME` comes with it.

    `options` are further keys that its table may have. `looks_at` names the fields of `Subject`, other than the
    text, that its result depends on (`baseline`, `tools`, `finish_reason` …). `settings` looks at the settings
    before any run and raises `CheckSettingError`. A higher `revision` makes stored results be computed again.
    `waiting` is for coroutine functions: whom they ask, and when they can. `with_baseline` is for checks that always
    compare with the baseline's answer, and so say nothing about that answer itself.
    """

    def remember(function: AnyCheck) -> AnyCheck:
        _registered[name] = Registered(
            name,
            function,
            needs,
            frozenset(options),
            frozenset(looks_at),
            settings,
            revision,
            inspect.iscoroutinefunction(function),
            waiting,
            with_baseline,
        )
        return function

    return remember


def register_set(
    name: str,
    *,
    parts: Callable[[CheckSpec], Sequence[CheckSpec]],
    options: Sequence[str],
    settings: Callable[[CheckSpec], None],
) -> Callable[[SetFunction], SetFunction]:
    """Make a function known as the check of that name that holds other checks (`parts`) and weighs their results.

    It gets the results of those parts that apply, in order.
    """

    def remember(function: SetFunction) -> SetFunction:
        _registered[name] = Registered(
            name,
            function,
            Needs.NOTHING,
            frozenset(options),
            frozenset(),
            settings,
            1,
            False,
            _NOTHING_MORE,
            False,
            parts,
        )
        return function

    return remember


def _known() -> dict[str, Registered]:
    for family in FAMILIES:
        import_module(f"migrator_tui.checks.{family}")
    return _registered


def known_checks() -> list[str]:
    """The names of all checks, without `not-`, sorted."""
    return sorted(_known())


def find(spec: CheckSpec) -> Registered:
    """The check a project names; raises `CheckSettingError` with the nearest name."""
    if entry := _registered.get(spec.type) or _known().get(spec.type):
        return entry
    known = _known()
    from rapidfuzz import fuzz, process

    nearest = process.extractOne(spec.type, list(known), scorer=fuzz.ratio, score_cutoff=60)
    hint = (
        f"; did you mean {'not-' if spec.negated else ''}{nearest[0]}?" if nearest else f"; known: {', '.join(known)}"
    )
    raise CheckSettingError(f'unknown check "{safe_line(spec.full_type, 60)}"{hint}')


def validate(spec: CheckSpec, setup: CheckSetup | None = None) -> None:
    """Look at a check's settings before any run; raises `CheckSettingError` that says how to write it.

    With `setup`, also at whether the project has what the check needs.
    """
    entry = find(spec)
    if problem := stated_problem(entry.needs, spec.value):
        raise setting_error(spec, problem)
    if spec.weight < 0:
        raise setting_error(spec, f"weight is {spec.weight:g}; it cannot be negative")
    for option in spec.options:
        if option not in entry.options:
            allowed = ", ".join(sorted({"value", "weight", "threshold", "metric", *entry.options}))
            raise setting_error(spec, f'unknown key "{safe_line(option, 40)}"; it takes {allowed}')
    if entry.settings is not None:
        entry.settings(spec)
    for part in parts_of(spec):
        validate(part, setup)
    if setup is not None:
        if entry.waiting.asks is not None:
            asked_model(entry.waiting.asks, setup)
        if entry.waiting.in_project is not None:
            entry.waiting.in_project(spec, setup)


def asked_model(asks: Asks, setup: CheckSetup) -> ModelSpec:
    """The model that a check asks; raises `CheckSettingError` where the project names none."""
    model = setup.judge if asks == "judge" else setup.embeddings
    if model is None:
        raise CheckSettingError(f'needs a model to ask: add a [{asks}] table with model = "…"')
    return model


def waits(spec: CheckSpec) -> bool:
    """Whether this check must wait for a model or a process (`run_waiting`, not `run_plain_checks`).

    A check that nobody knows, or that is written wrongly, waits for nothing: its result is an error at once.
    """
    try:
        return _is_known(spec) and (find(spec).waits or any(waits(part) for part in parts_of(spec)))
    except CheckFailure:
        return False


def parts_of(spec: CheckSpec) -> Sequence[CheckSpec]:
    """The checks that an `assert-set` holds; none for other checks. Raises `CheckSettingError`."""
    parts = find(spec).parts
    return parts(spec) if parts is not None else ()


def applies(spec: CheckSpec, subject: Subject) -> bool:
    """Whether a check says anything about this output.

    One that compares with the baseline does not apply to the baseline's own, one with `expected` not to a case that
    expects nothing there; a set does where any check in it does. A check that is unknown or written wrongly applies:
    its result tells so.
    """
    if not _is_known(spec):
        return True
    try:
        entry = find(spec)
        if entry.parts is not None:
            return any(applies(part, subject) for part in entry.parts(spec))
        if EXPECTED in entry.options and EXPECTED in spec.options:
            sound_expected(spec)
            return expected_of(spec, subject) is not None
    except CheckFailure:
        return True
    return not (subject.is_baseline and (entry.with_baseline or compares_with_baseline(spec)))


def asked_models(specs: Iterable[CheckSpec], setup: CheckSetup) -> dict[str, tuple[ModelSpec, int]]:
    """The models that these checks ask about one output, with how many calls each, by `judge` and `embeddings`."""
    found: dict[str, tuple[ModelSpec, int]] = {}

    def count(asks: str, model: ModelSpec, calls: int) -> None:
        found[asks] = model, calls + (found[asks][1] if asks in found else 0)

    for spec in specs:
        if waits(spec):
            waiting = find(spec).waiting
            if waiting.asks is not None:
                count(waiting.asks, asked_model(waiting.asks, setup), waiting.calls)
            for asks, (model, calls) in asked_models(parts_of(spec), setup).items():
                count(asks, model, calls)
    return found


def blocked(spec: CheckSpec, subject: Subject) -> str:
    """Why a check that waits cannot be asked yet, in a line; empty where it can."""
    told = find(spec).waiting.blocked
    if told is not None:
        return told(spec, subject)
    return next((why for part in parts_of(spec) if applies(part, subject) and (why := blocked(part, subject))), "")


def check_key(spec: CheckSpec, subject: Subject) -> str:
    """Digest of a check's settings and of all it compares the output's text with.

    A stored result whose key is no longer among a case's keys is out of date.
    """
    try:
        entry = find(spec)
        value = prepared(spec, entry.needs, subject, _render)
        looked_at = {name: _plain(getattr(subject, name)) for name in sorted(entry.looks_at)}
        if parts := parts_of(spec):
            looked_at["parts"] = [check_key(part, subject) for part in parts if applies(part, subject)]
        if entry.waiting.asks is not None:
            looked_at["asks"] = _identity(asked_model(entry.waiting.asks, subject.setup))
        if entry.waiting.depends is not None:
            looked_at["depends"] = entry.waiting.depends(spec, subject)
        revision = entry.revision
    except CheckFailure as failure:  # such a check ends in an error, which holds until its setting is mended
        value, looked_at, revision = [spec.value, str(failure)], {}, 0
    stated = [
        spec.full_type,
        revision,
        value,
        spec.threshold,
        spec.weight,
        spec.metric,
        dict(spec.options),
        looked_at,
    ]
    text = json.dumps(stated, sort_keys=True, default=str)
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:20]


def _plain(value: Any) -> Any:
    """What of a subject's field counts for the key: of another output its text and calls, not its cost or time."""
    return [value.text, value.tool_calls] if isinstance(value, Subject) else value


def _identity(model: ModelSpec) -> Any:
    """What makes a model another one to ask; not how fast or how dear it is."""
    return [model.model, model.api_base, dict(model.params)]


def run_plain_checks(specs: Sequence[CheckSpec], subject: Subject) -> list[CheckResult | CheckError]:
    """Run checks that need not wait, in order, one result each.

    A check that cannot be carried out, or that would have to wait, gives a `CheckError`.
    """
    return [_run_plain(spec, subject) for spec in specs]


async def run_checks(
    specs: Sequence[CheckSpec], subject: Subject, services: CheckServices | None = None
) -> list[CheckResult | CheckError]:
    """Run all checks, in order, one result each; those that wait do so at the same time.

    Plain ones run in a thread, since a pattern or a schema may take a second on a large output.
    """
    waiting = [waits(spec) for spec in specs]
    plain = [spec for spec, later in zip(specs, waiting, strict=True) if not later]
    quick = iter(await asyncio.to_thread(run_plain_checks, plain, subject) if plain else [])
    asked = [run_waiting(spec, subject, services) for spec, later in zip(specs, waiting, strict=True) if later]
    slow = iter(await all_of(asked))
    return [next(slow) if later else next(quick) for later in waiting]


def _is_known(spec: CheckSpec) -> bool:
    return spec.type in _registered or spec.type in _known()


def _run_plain(spec: CheckSpec, subject: Subject) -> CheckResult | CheckError:
    try:
        entry = find(spec)
        function: Any = entry.function
        if waits(spec):
            return CheckError(spec, NOTHING_TO_WAIT_FOR)
        if entry.parts is not None:
            parts = [part for part in entry.parts(spec) if applies(part, subject)]
            return _tidy(function(spec, run_plain_checks(parts, subject)), spec)
        return _tidy(function(subject, _with_value(spec, entry, subject)), spec)
    except CheckFailure as failure:
        return CheckError(spec, safe_line(str(failure), REASON_LIMIT))
    except RecursionError:  # a model can nest its answer as deep as it likes
        return CheckError(spec, "the output is nested too deeply to compare")


async def run_waiting(spec: CheckSpec, subject: Subject, services: CheckServices | None) -> CheckResult | CheckError:
    """Run one check that waits; raises `NotAsked` where nobody was asked."""
    if services is None:
        return CheckError(spec, NOTHING_TO_WAIT_FOR)
    try:
        entry = find(spec)
        function: Any = entry.function
        if entry.parts is not None:
            parts = [part for part in entry.parts(spec) if applies(part, subject)]
            return _tidy(function(spec, await run_checks(parts, subject, services)), spec)
        return _tidy(await function(subject, _with_value(spec, entry, subject), services), spec)
    except CheckFailure as failure:
        return CheckError(spec, safe_line(str(failure), REASON_LIMIT))


def _with_value(spec: CheckSpec, entry: Registered, subject: Subject) -> CheckSpec:
    value = prepared(spec, entry.needs, subject, _render)
    return replace(spec, value=value, options={key: o for key, o in spec.options.items() if key != EXPECTED})


def _tidy(result: CheckResult, spec: CheckSpec) -> CheckResult:
    """The result under the check as stated, in words that are safe to show."""
    return replace(
        result,
        spec=spec,
        reason=safe_line(result.reason, REASON_LIMIT),
        expected=safe_line(result.expected, REASON_LIMIT),
        actual=safe_line(result.actual, REASON_LIMIT),
    )


def _render(template: str, subject: Subject) -> str:
    from migrator_tui.project.errors import ProjectError
    from migrator_tui.project.prompts import render_text

    try:
        return render_text(template, {"expected": subject.expected, **subject.variables}, "the check's value")
    except ProjectError as error:
        raise CheckFailure(str(error)) from None

"""What `migrator.toml` says of moving traffic over: the tables `[rollout]` and `[gateway]`."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

from migrator_tui.project.rollout_settings import (
    METRICS,
    PRESETS,
    RELATIVE,
    SHADOW_STEP,
    USUAL_GUARDRAILS,
    Action,
    GatewaySettings,
    GuardrailRule,
    RolloutSettings,
    Step,
)
from migrator_tui.project.tables import Misfit, Table
from migrator_tui.project.words import quoted

_TIME = re.compile(r"(\d+(?:\.\d+)?)\s*(s|min|m|h|d)")
_SECONDS = {"s": 1.0, "min": 60.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0}
_LONGEST_S = 365 * 86_400.0
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_MOST_STEPS = 50
_LIMITS = ("between 0 and 1 (0.02 is two points)", "between 0 and 10 (0.25 is a quarter more)")


def rollout_settings(table: Table) -> RolloutSettings:
    """The settings of `[rollout]`; what it leaves out is as `RolloutSettings` and the preset have it."""
    preset = table.choice("preset", PRESETS) or "usual"
    steps = _steps(table, PRESETS[preset])
    hold_back = table.number("hold_back", 0, 50)
    auto_advance = table.flag("auto_advance")
    sample_answers = table.number("sample_answers", 0, 1)
    keep, keep_samples = (table.count(key, 1, 3_650) for key in ("keep_days", "keep_samples_days"))
    alerts = _variable(table, "alerts_url_env")
    rules = _guardrails(table)
    shadow = table.flag("shadow")
    table.refuse_unknown(
        {
            "host": "it belongs under [gateway]",
            "port": "it belongs under [gateway]",
            "alerts_url": "the URL is a secret: name a variable that holds it, with alerts_url_env",
        }
    )
    usual = RolloutSettings()
    return RolloutSettings(
        steps=((SHADOW_STEP, *steps) if shadow else steps),
        guardrails=rules,
        hold_back=usual.hold_back if hold_back is None else hold_back,
        auto_advance=bool(auto_advance),
        sample_answers=sample_answers or 0.0,
        keep_days=keep or usual.keep_days,
        keep_samples_days=keep_samples or usual.keep_samples_days,
        alerts_url_env=alerts,
    )


def gateway_settings(table: Table) -> GatewaySettings:
    """The settings of `[gateway]`."""
    usual = GatewaySettings()
    host, port = table.text("host"), table.count("port", 1, 65_535)
    key = _variable(table, "master_key_env")
    patience = table.number("candidate_timeout", 0.1, 86_400)
    table.refuse_unknown({"master_key": "a key is never written here: name a variable that holds it, master_key_env"})
    return GatewaySettings(
        host or usual.host,
        port or usual.port,
        key or usual.master_key_env,
        patience or usual.candidate_timeout,
    )


def _steps(table: Table, preset: Sequence[Step]) -> tuple[Step, ...]:
    """The steps that are listed, else the preset's; `hold` and `min_sample` are for all of them, or one for each."""
    stated = table.get("steps")
    steps = tuple(preset)
    if stated is not None:
        if not isinstance(stated, list) or not 1 <= len(stated) <= _MOST_STEPS:
            raise table.wrong(
                "steps", f"steps must be a list of percentages, such as [5, 25, 100]; {_MOST_STEPS} at most"
            )
        last = 0.0
        for n, value in enumerate(stated):
            at = (*table.at("steps"), n)
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 100:
                raise Misfit(f"steps: {quoted(value)} is no percentage above 0, up to 100", at)
            if value <= last:
                raise Misfit(f"steps: {value:g} comes after {last:g}; each must be larger than the one before", at)
            last = float(value)
        if last != 100:
            raise table.wrong("steps", "steps must end with 100; hold_back says what stays on the baseline then")
        steps = tuple(_like(preset, float(value)) for value in stated)
    holds = _each(table, "hold", len(steps), _hold)
    samples = _each(table, "min_sample", len(steps), _sample)
    return tuple(
        replace(
            step,
            hold_s=step.hold_s if holds is None else holds[n],
            min_sample=step.min_sample if samples is None else int(samples[n]),
        )
        for n, step in enumerate(steps)
    )


def _like(preset: Sequence[Step], percentage: float) -> Step:
    """A step of that percentage, held as the preset's first that is as large."""
    return replace(next(step for step in preset if step.percentage >= percentage), percentage=percentage)


def _each(table: Table, key: str, count: int, read: Any) -> list[float] | None:
    value = table.get(key)
    if value is None:
        return None
    if not isinstance(value, list):
        return [read(value, table.at(key))] * count
    if len(value) != count:
        raise table.wrong(key, f"{key} must be one value for all steps, or a list of {count}, one for each")
    return [read(item, (*table.at(key), n)) for n, item in enumerate(value)]


def _hold(value: Any, at: tuple[str | int, ...]) -> float:
    found = _TIME.fullmatch(value.strip()) if isinstance(value, str) else None
    seconds = float(found[1]) * _SECONDS[found[2]] if found else -1.0
    if not 0 <= seconds <= _LONGEST_S:
        raise Misfit(f'hold: {quoted(value)} is no time; write "30s", "20min", "6h" or "2d"', at)
    return seconds


def _sample(value: Any, at: tuple[str | int, ...]) -> float:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 10_000_000:
        raise Misfit(f"min_sample: {quoted(value)} is no number of calls", at)
    return float(value)


def _guardrails(table: Table) -> tuple[GuardrailRule, ...]:
    """The usual guardrails, those of a metric replaced where the project states any of that metric."""
    stated = [_guardrail(each) for each in table.tables("guardrails", lambda n: f"guardrail {n + 1}")]
    for n, (rule, off) in enumerate(stated):
        if any(rule.metric == other.metric and off != other_off for other, other_off in stated[:n]):
            raise Misfit(f"{rule.metric} is off and has a limit: take out one", (*table.at("guardrails"), n))
        if any((rule.metric, rule.action) == (other.metric, other.action) for other, _ in stated[:n]):
            raise Misfit(f"two guardrails on {rule.metric} {rule.action}", (*table.at("guardrails"), n))
    named = {rule.metric for rule, _ in stated}
    kept = [rule for rule in USUAL_GUARDRAILS if rule.metric not in named]
    return (*(rule for rule, off in stated if not off), *kept)


def _guardrail(table: Table) -> tuple[GuardrailRule, bool]:
    """One guardrail, and whether it says that there shall be none of its metric."""
    metric = table.choice("metric", METRICS)
    if metric is None:
        raise table.missing("metric")
    off = table.flag("off") or False
    # A share: whoever writes 25 for 25 % would have a guardrail that never trips.
    limit = table.number("limit", 0, 10 if metric in RELATIVE else 1, wanted=_LIMITS[metric in RELATIVE])
    action = table.choice("action", ("roll-back", "hold"))
    min_sample = table.count("min_sample", 1, 1_000_000)
    table.refuse_unknown()
    usual = next(rule for rule in USUAL_GUARDRAILS if rule.metric == metric)
    if limit is None and not off:
        raise table.missing("limit")
    if off:
        for key in ("limit", "action", "min_sample"):
            if table.get(key) is not None:
                raise table.wrong(key, f"{key} says nothing beside off, which does without {metric}: take out one")
    return (
        GuardrailRule(
            metric,
            limit or 0.0,
            cast(Action, action or usual.action),
            min_sample or usual.min_sample,
            usual.window_s,
        ),
        off,
    )


def _variable(table: Table, key: str) -> str | None:
    value = table.text(key)
    if value is not None and not _VARIABLE.fullmatch(value):
        # Not repeated: it may be what was to be kept out of the file.
        raise table.wrong(key, f"{key} must be the name of an environment variable, such as MY_{key.upper()[:-4]}")
    return value

"""A rollout as Markdown: where it stands, both arms, what the guardrails say, and everything that happened to it."""

import math
from collections.abc import Sequence
from datetime import datetime

from migrator_tui.history.rollout_records import LOOKED, ArmFigures, Rollout
from migrator_tui.models.secrets import exact_scrubber
from migrator_tui.reports.markdown import plain
from migrator_tui.reports.rollout_status import Status
from migrator_tui.rollout.figures import interval
from migrator_tui.rollout.plan import duration, step_name
from migrator_tui.rollout.values import EventKind, GuardrailResult, GuardrailRule, RolloutState
from migrator_tui.rollout.walked import MARKS, is_past, left_steps, short_words, step_state
from migrator_tui.rollout.words import (
    AGAINST_ADVICE,
    NAMES,
    UNKNOWN,
    action_words,
    figure_words,
    harm_words,
    health_words,
    limit_words,
    named,
    range_words,
    time_words,
)

STATES = {"ok": "✓ ok", "near": "! near", "tripped": "✗ tripped", "inconclusive": "~ can't tell yet"}
_LOGS = ("latency", "first-token")


def usual_name(rollout: Rollout) -> str:
    """`rollout-triage-newer.md`: a name that any file system takes."""
    name = f"{rollout.name}-{rollout.candidate}"
    name = "".join(c if c.isalnum() or c in "-_." else "-" for c in name).strip(".-")
    return f"rollout-{name or 'report'}.md"


def rollout_report(
    status: Status, *, project: str, made_by: str, made_at: datetime, secrets: frozenset[str] = frozenset()
) -> str:
    """The document, in GitHub's Markdown, without the keys that this project knows."""
    rollout = status.look.rollout
    parts = [
        f"## Rollout of {plain(rollout.task)} to {plain(rollout.candidate)} {plain(status.versions['candidate'])}",
        _standing(status),
        _ladder(status),
        "### Both arms, in the present step",
        _arms(status),
        "### Guardrails",
        _guardrails(status),
        _since(status),
        "### Events",
        _events(status),
        f"<sub>migrator-tui, project {plain(project)}, {made_at:%Y-%m-%d %H:%M} UTC, by {plain(made_by)}</sub>",
    ]
    text = "\n\n".join(part for part in parts if part) + "\n"
    return exact_scrubber({write(key) for key in secrets for write in (str, plain)})(text)


def _standing(status: Status) -> str:
    look, rollout = status.look, status.look.rollout
    lines = [f"**{rollout.state.value.replace('-', ' ')} at {rollout.percentage:g} %**, since {_when(status.since)}"]
    if look.ready:
        lines.append("Ready for the next step: a person has to take it.")
    elif rollout.state.live and rollout.state is not RolloutState.COMPLETE:
        lines.append(f"Until the next step: {_whole('; '.join(look.blockers))}.")
    if rollout.state.live and not status.watched:
        lines.append("No monitor is watching: nothing rolls back by itself.")
    return "\n\n".join(lines)


def _ladder(status: Status) -> str:
    rollout, left = status.look.rollout, left_steps(status.events)
    rows = []
    for number, step in enumerate(rollout.steps):
        sign = MARKS[step_state(rollout, number, left)]
        short = short_words(step, left.get(number)) if is_past(rollout, number) else ""
        held = f" (was {short})" if short else ""
        rows.append(f"| {sign} {step_name(step)} | {duration(step.hold_s)}{held} | {step.min_sample:,} |")
    kept = f"{rollout.hold_back:g} % stay on the baseline after the last step." if rollout.hold_back else ""
    return "\n".join(["| step | held for at least | calls of each arm |", "|---|---:|---:|", *rows, "", kept]).strip()


def _arms(status: Status) -> str:
    arms = [status.look.arms["baseline"], status.look.arms["candidate"]]
    heads = [f"{arm} {plain(status.models[arm])} {plain(status.versions[arm])}" for arm in ("baseline", "candidate")]
    known = {name for arm in arms for name in arm.measures} - {"client-errors", LOOKED}
    metrics = [name for name in NAMES if name in known] + sorted(known - set(NAMES))
    rows = [
        _row("calls", [f"{arm.requests:,}" for arm in arms]),
        _row("conversations", [f"{arm.conversations:,}" for arm in arms]),
        *(_row(NAMES.get(metric, metric), [_told(metric, arm) for arm in arms]) for metric in metrics),
        _row("latency p95", [time_words(arm.latency_p95_ms) for arm in arms]),
    ]
    note = "Intervals are plain 95 % ones, for eyes only; those of the guardrails hold at every look."
    return "\n".join([f"| | {' | '.join(heads)} |", "|---|---:|---:|", *rows, "", note])


def _row(name: str, cells: Sequence[str]) -> str:
    return f"| {plain(name)} | {' | '.join(cells)} |"


def _told(metric: str, arm: ArmFigures) -> str:
    measure = arm.measures.get(metric)
    if measure is None or measure.mean is None:
        return UNKNOWN
    back = math.exp if metric in _LOGS else float
    value, found = back(measure.mean), interval(metric, measure)

    def words(each: float) -> str:
        return figure_words(metric, back(each), like=value)

    return words(measure.mean) + (f" ({words(found.low)} … {words(found.high)})" if found is not None else "")


def _guardrails(status: Status) -> str:
    rules = {(rule.metric, rule.limit, rule.action): rule for rule in status.look.rollout.guardrails}
    rows = [
        _guardrail(rules.get((result.metric, result.limit, result.action)), result) for result in status.look.results
    ]
    rows += [
        f"| {STATES[result.state]} | {NAMES.get(result.metric, result.metric)} | | | | hold "
        f"| {_whole(result.why or health_words(result))} |"
        for result in status.look.health
    ]
    heads = "| | guardrail | limit | now | interval | if it trips | |"
    return "\n".join([heads, "|---|---|---|---:|---:|---|---|", *rows])


def _guardrail(rule: GuardrailRule | None, result: GuardrailResult) -> str:
    cells = [
        STATES[result.state],
        NAMES.get(result.metric, plain(result.metric)),
        limit_words(rule) if rule is not None else UNKNOWN,
        harm_words(result.metric, result.estimate),
        range_words(result),
        action_words(result.action),
        _whole(result.why),
    ]
    return f"| {' | '.join(cells)} |"


def _since(status: Status) -> str:
    if not status.after:
        return ""
    rows = [
        f"| {NAMES.get(found.metric, found.metric)} | {figure_words(found.metric, found.before)} "
        f"| {figure_words(found.metric, found.after)} |"
        for found in status.after
    ]
    heads = ["### Since the switch", "", "| | in the days before | since |", "|---|---:|---:|"]
    return "\n".join([*heads, *rows])


def _events(status: Status) -> str:
    rows = [
        _row(
            _when(event.at),
            [
                AGAINST_ADVICE if event.kind is EventKind.OVERRIDDEN else event.kind.value.replace("-", " "),
                f"{event.percentage:g} %",
                plain(event.who),
                _whole(event.why),
            ],
        )
        for event in status.events
    ]
    return "\n".join(["| when | what | then at | who | why |", "|---|---|---:|---|---|", *rows])


def _whole(why: str) -> str:
    """A reason in people's words: a file has room for all of it."""
    return plain(named(why), None)


def _when(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"

"""The sums of traffic and feedback: against a slow recount, in any order, each row once."""

import json
import math
import random
from collections import defaultdict
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from migrator_tui.history.rollout_records import (
    ArmFigures,
    EventKind,
    Finding,
    Measure,
    Rollout,
    RolloutEvent,
    RolloutState,
    StageFigures,
)
from migrator_tui.history.rollout_tables import FeedbackRow, TrafficRow
from migrator_tui.history.store import History
from migrator_tui.history.tables import table
from migrator_tui.history.traffic import _before_gap
from migrator_tui.history.traffic_sums import bucket_of, quantile, staged
from tests.history.rollout_fixtures import START, a_call, a_feedback, a_rollout, write


def some_traffic(dice: random.Random, n: int) -> list[dict[str, Any]]:
    """Calls of all kinds, of few conversations, over three revisions of which two are one stage."""
    rows = []
    for number in range(n):
        arm = dice.choice(["baseline", "candidate"])
        keyed = dice.random() > 0.1
        row = a_call(
            number,
            ts=START.timestamp() + dice.uniform(0, 600),
            revision=dice.choice([1, 2, 3]),
            key_digest=f"{arm}-{dice.randrange(n // 5 + 1)}" if keyed else f"alone-{number}",
            keyed=keyed,
            assigned=arm,
            served=arm,
            latency_ms=dice.lognormvariate(7, 0.5),
            cost=dice.choice([None, 0.001, 0.002]),
        )
        if dice.random() < 0.3:
            row |= {"stream": True, "first_token_ms": dice.lognormvariate(6, 0.5)}
        luck = dice.random()
        if luck < 0.1:
            row |= {"kind": "failed", "served": None, "latency_ms": 20.0, "error_class": "Timeout", "cost": None}
            row |= {"client_error": dice.random() < 0.4}
        elif luck < 0.2 and arm == "candidate":
            rows.append(row | {"row_id": f"attempt-{number}", "kind": "attempt-failed", "served": None})
            row |= {"served": "baseline", "attempts": 2, "client_error": dice.random() < 0.3}
        rows.append(row)
    return rows


def recount(history: History, rollout: Rollout, stage_of: dict[int, int]) -> dict[tuple[int, str], ArmFigures]:
    """The same figures, counted anew from the rows themselves."""
    with history._history.reading() as connection:
        rows = [dict(row._mapping) for row in connection.execute(select(table(TrafficRow)))]
        told = [dict(row._mapping) for row in connection.execute(select(table(FeedbackRow)))]
    rows = [row for row in rows if row["kind"] != "attempt-failed"]
    said: dict[tuple[int, str], tuple[int, float]] = {}
    for word in told:
        for row in rows:
            if word["reference"] in (row["request_id"], row["response_id"]):
                known = said.get((row["id"], word["signal"]), (0, 0.0))
                said[row["id"], word["signal"]] = max(known, (word["id"], word["value"]))
    values: dict[tuple[int, str], dict[str, dict[str, list[float]]]] = defaultdict(
        lambda: defaultdict(lambda: defaultdict(list))
    )
    figures: dict[tuple[int, str], ArmFigures] = {}
    groups: dict[tuple[int, str], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        groups[stage_of[row["revision"]], row["assigned"]].append(row)
    for group, everyone in groups.items():
        measures = values[group]
        # Calls that name no conversation are counted, and not compared.
        mine = [row for row in everyone if row["keyed"]]
        signals: dict[tuple[str, str], list[float]] = defaultdict(list)
        for row in mine:
            key, ok, wrong = row["key_digest"], row["kind"] == "ok", row["client_error"]
            measures["client-errors"][key].append(float(not ok and wrong))
            if ok or not wrong:
                rescued = ok and row["served"] != row["assigned"]
                measures["failures"][key].append(float(not ok or rescued))
                measures["fallbacks"][key].append(float(rescued))
            if ok:
                measures["latency"][key].append(math.log(row["latency_ms"]))
            if ok and row["first_token_ms"] is not None:
                measures["first-token"][key].append(math.log(row["first_token_ms"]))
            if row["cost"] is not None:
                measures["cost"][key].append(row["cost"])
            for (call, signal), (_, value) in said.items():
                if call == row["id"]:
                    signals[key, signal].append(value)
        for key in {row["key_digest"] for row in mine}:
            measures["escalations"][key] = [float(any(v > 0 for v in signals.get((key, "escalated"), [])))]
            if (key, "thumbs") in signals:
                measures["thumbs-down"][key] = [float(min(signals[key, "thumbs"]) <= 0)]
            if (key, "stars") in signals:
                measures["feedback:stars"][key] = signals[key, "stars"]
        figures[group] = ArmFigures(
            requests=len(everyone),
            conversations=len({row["key_digest"] for row in everyone}),
            unkeyed=len(everyone) - len(mine),
            failures=sum(_failed(row) for row in everyone),
            fallbacks=sum(row["kind"] == "ok" and row["served"] != row["assigned"] for row in everyone),
            client_errors=sum(row["kind"] == "failed" and row["client_error"] for row in everyone),
            measures={
                name: Measure(
                    units=len(of),
                    values=sum(map(len, of.values())),
                    total=sum(map(sum, of.values())),
                    squares=sum(sum(v) ** 2 for v in of.values()),
                    value_squares=sum(len(v) ** 2 for v in of.values()),
                    cross=sum(sum(v) * len(v) for v in of.values()),
                )
                for name, of in measures.items()
            },
        )
    return figures


def _failed(row: dict[str, Any]) -> bool:
    return row["served"] != row["assigned"] if row["kind"] == "ok" else not row["client_error"]


def agree(found: ArmFigures, counted: ArmFigures) -> None:
    for name in ("requests", "conversations", "unkeyed", "failures", "fallbacks", "client_errors"):
        assert getattr(found, name) == getattr(counted, name), name
    assert set(found.measures) == set(counted.measures)
    for name, measure in counted.measures.items():
        mine = found.measures[name]
        assert (mine.units, mine.values, mine.value_squares) == (measure.units, measure.values, measure.value_squares)
        assert mine.total == pytest.approx(measure.total, abs=1e-9), name
        assert mine.squares == pytest.approx(measure.squares, abs=1e-9), name
        assert mine.cross == pytest.approx(measure.cross, abs=1e-9), name


def three_revisions(history: History) -> Rollout:
    """Revisions 1 and 2 at 10 %, 3 at 50 %."""
    seen = a_rollout(history)
    seen = history.change_rollout(
        seen, kind=EventKind.HELD, who="ann", why="", state=RolloutState.HELD, at=START + timedelta(seconds=5)
    )
    return history.change_rollout(
        seen,
        kind=EventKind.ADVANCED,
        who="ann",
        why="",
        state=RolloutState.RUNNING,
        step=1,
        percentage=50,
        at=START + timedelta(seconds=9),
    )


@pytest.mark.parametrize("seed", range(3))
def test_the_sums_are_those_of_a_slow_recount(history: History, seed: int) -> None:
    dice = random.Random(seed)
    rollout = three_revisions(history)
    rows = some_traffic(dice, 300)
    numbers = [row["request_id"] for row in rows if row["kind"] != "attempt-failed"]
    told = [
        a_feedback(
            dice.choice([number, number.replace("call", "answer")]),
            *dice.choice(
                [("escalated", 1), ("escalated", 0), ("thumbs", 0), ("thumbs", 1), ("stars", 4), ("stars", 2)]
            ),
        )
        for number in dice.choices(numbers, k=150)
    ]
    while rows or told:  # in batches of any size, feedback before its call and after it
        some, rows = rows[: (cut := dice.randrange(1, 60))], rows[cut:]
        write(history, "migrator_traffic", some)
        words, told = told[: (cut := dice.randrange(1, 40))], told[cut:]
        write(history, "migrator_feedback", words)
        history.sum_up_traffic(at=START)
    counted = recount(history, rollout, {1: 1, 2: 1, 3: 3})
    stages = history.stage_figures(rollout)
    assert [(stage.revision, stage.percentage, stage.step) for stage in stages] == [(1, 10, 0), (3, 50, 1)]
    assert stages[0].until == stages[1].since and stages[1].until is None
    for stage in stages:
        agree(stage.baseline, counted[stage.revision, "baseline"])
        agree(stage.candidate, counted[stage.revision, "candidate"])
    assert history.sum_up_traffic(at=START) == 0 and history.stage_figures(rollout) == stages


def one_stage(history: History, rollout: Rollout) -> StageFigures:
    history.sum_up_traffic(at=START)
    (stage,) = history.stage_figures(rollout)
    return stage


def test_a_batch_that_is_written_twice_counts_once(history: History) -> None:
    rollout = a_rollout(history)
    rows = [a_call(n) for n in range(5)]
    write(history, "migrator_traffic", rows)
    write(history, "migrator_traffic", rows)
    assert one_stage(history, rollout).baseline.requests == 5


def test_what_nobody_told_is_not_there_rather_than_fine(history: History) -> None:
    rollout = a_rollout(history)
    write(history, "migrator_traffic", [a_call(n, cost=None) for n in range(5)])
    stage = one_stage(history, rollout)
    assert not set(stage.baseline.measures) & {
        "escalations",
        "thumbs-down",
        "check-pass-rate",
        "first-token",
        "cost",
    }
    assert stage.candidate == ArmFigures()


def test_what_one_arm_is_told_of_the_other_is_too(history: History) -> None:
    rollout = a_rollout(history)
    arms = ("baseline", "candidate")
    write(history, "migrator_traffic", [a_call(n, assigned=arms[n % 2], served=arms[n % 2]) for n in range(8)])
    write(history, "migrator_feedback", [a_feedback("call-3", "escalated", 1), a_feedback("call-3", "escalated", 1)])
    stage = one_stage(history, rollout)
    assert stage.candidate.measures["escalations"].mean == 1 / 4 and stage.baseline.measures["escalations"].mean == 0


def test_the_newest_word_counts(history: History) -> None:
    rollout = a_rollout(history)
    write(history, "migrator_traffic", [a_call(1), a_call(2)])
    for value, rate in ((0, 1.0), (1, 0.0), (0, 1.0)):
        write(history, "migrator_feedback", [a_feedback("answer-1", "thumbs", value)])
        assert one_stage(history, rollout).baseline.measures["thumbs-down"] == Measure(1, 1, rate, rate, 1, rate)


def test_an_application_cannot_speak_of_calls_by_the_number_of_their_row(history: History) -> None:
    rollout = a_rollout(history)
    write(history, "migrator_traffic", [a_call(1)])
    write(history, "migrator_feedback", [a_feedback("#1", "escalated", 1), a_feedback("nothing", "thumbs", 0)])
    assert not set(one_stage(history, rollout).baseline.measures) & {"escalations", "thumbs-down"}
    history.sum_up_traffic(at=START + timedelta(hours=1))
    with history._history.reading() as connection:  # given up, so that it is not looked for again
        assert [row.traffic_id for row in connection.execute(select(table(FeedbackRow).c.traffic_id))] == [0, 0]


def test_findings_of_the_monitor_count_like_feedback_and_are_looked_for_once(history: History) -> None:
    rollout = a_rollout(history)
    sampled = {"sampled_input": json.dumps({"vars": {}, "messages": []}), "sampled_output": '"fine"'}
    write(history, "migrator_traffic", [a_call(1, **sampled), a_call(2), a_call(3, **sampled)])
    assert history.unchecked_samples(["triage"]) == ([], 0)  # nothing is counted yet
    history.sum_up_traffic(at=START)
    samples, up_to = history.unchecked_samples(["triage"])
    assert [(sample.request_id, sample.output) for sample in samples] == [("call-1", '"fine"'), ("call-3", '"fine"')]
    history.add_findings(
        [Finding(sample.traffic_id, sample.name, "check-pass", n) for n, sample in enumerate(samples)]
        + [Finding(sample.traffic_id, sample.name, "drift:any", 1 - n) for n, sample in enumerate(samples)]
        + [Finding(samples[0].traffic_id, "triage", "drift:fences", 1)]
    )
    assert up_to == 3 and history.unchecked_samples(["triage"], 1) == (samples[:1], 1)
    assert history.unchecked_samples(["another"]) == ([], 3)
    history.samples_checked(up_to)
    assert history.unchecked_samples(["triage"]) == ([], 3)
    measures = one_stage(history, rollout).baseline.measures
    assert measures["check-pass-rate"].mean == 0.5 and measures["drift:fences"] == Measure(2, 2, 1, 1, 2, 1)
    slices = history.traffic_slices("triage", START)["baseline"]
    assert sum(piece.checked for piece in slices) == 2 and sum(piece.passed for piece in slices) == 1


def test_quantiles_are_those_of_the_calls_within_a_bucket(history: History) -> None:
    dice = random.Random(4)
    times = sorted(dice.lognormvariate(7, 0.8) for _ in range(2_000))
    buckets: dict[int, int] = defaultdict(int)
    for time in times:
        buckets[bucket_of(time)] += 1
    for share in (0.5, 0.95, 1.0):
        assert quantile(buckets, share) == pytest.approx(times[int(share * 2_000) - 1], rel=0.045)
    assert quantile({}, 0.5) is None


def test_the_last_minutes_are_counted_from_the_rows_in_pieces(history: History) -> None:
    rollout = a_rollout(history)
    rows = [a_call(n, assigned="candidate", served="candidate", revision=1) for n in range(25)]
    rows[7] |= {"kind": "failed", "served": None}
    rows[8] |= {"kind": "failed", "served": None, "client_error": True}
    rows[19] |= {"served": "baseline", "attempts": 2, "client_error": True}
    rows.append(a_call(3, kind="attempt-failed", assigned="candidate"))
    rows.append(a_call(30, name="another", assigned="candidate"))
    write(history, "migrator_traffic", rows)
    pieces = history.recent_traffic(rollout, START + timedelta(seconds=20), seconds=5, pieces=3)
    assert [(new.requests, new.failures) for _, new in pieces] == [(5, 1), (5, 0), (5, 1)]
    assert [new.failing for _, new in pieces] == [{rows[7]["key_digest"]}, set(), {rows[19]["key_digest"]}]
    assert [piece.at for piece, _ in pieces] == [START + timedelta(seconds=n) for n in (5, 10, 15)]
    assert all(old.requests == 0 for old, _ in pieces)


def test_the_worst_calls_come_first(history: History) -> None:
    rollout = a_rollout(history)
    kept = {"assigned": "candidate", "served": "candidate", "sampled_input": "{}", "sampled_output": '"x"'}
    rows = [a_call(n, **kept) for n in range(6)]
    rows[2] |= {"kind": "failed", "served": None, "sampled_output": None}
    rows[4] |= {"latency_ms": 60_000.0}
    write(history, "migrator_traffic", [*rows, a_call(9, kind="failed", served=None)])
    write(history, "migrator_feedback", [a_feedback("call-5", "thumbs", 0), a_feedback("call-1", "escalated", 1)])
    history.sum_up_traffic(at=START)
    worst = history.worst_calls(rollout)
    assert [call.request_id for call in worst][:4] == ["call-2", "call-1", "call-5", "call-4"]
    assert worst[1].signals == {"escalated": 1} and len(worst) == 6


class Numbered:
    """A row of which only the number matters."""

    def __init__(self, id: int) -> None:
        self.id = id


def test_a_number_that_is_missing_is_waited_for_and_then_passed_over() -> None:
    rows = [Numbered(n) for n in (4, 5, 7, 8)]
    assert _before_gap(rows, 3, None, START) == (rows[:2], None)
    assert _before_gap(rows[2:], 5, None, START) == ((), START)
    assert _before_gap(rows[2:], 5, START, START + timedelta(seconds=5)) == ((), START)
    assert _before_gap([Numbered(6), *rows[2:]], 5, START, START + timedelta(seconds=5))[1] is None  # it came
    assert _before_gap(rows[2:], 5, START, START + timedelta(seconds=6)) == (rows[2:], None)


def test_a_stage_goes_on_through_what_changes_no_percentage() -> None:
    def event(revision: int, percentage: float, *, step: int = 0, shadow: bool = False) -> RolloutEvent:
        return RolloutEvent(revision, START, EventKind.ADVANCED, "ann", "", step, percentage, revision, shadow)

    events = [
        event(1, 0, shadow=True),
        event(2, 10, step=1),
        event(3, 10, step=1),  # held
        event(4, 50, step=2),
        event(5, 10, step=1),  # a step back is a stage of its own
        event(6, 0, step=1),
    ]
    assert [first.revision for _, first in staged(events)] == [1, 2, 2, 4, 5, 6]

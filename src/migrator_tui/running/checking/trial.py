"""Tries a check on outputs that are there already, before it is added: how many pass, and what would change.

Nothing is asked and nothing of the check is stored. A check that waits for a model is not carried out; what asking
would take is told instead.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from migrator_tui.history.records import CheckRecord, Output, Verdict
from migrator_tui.parity.outcomes import outcome_of
from migrator_tui.project.schema import BASELINE, Case, CheckSpec, Project, Task
from migrator_tui.running.judging import CHUNK, check_outputs, checks_of, record_of

if TYPE_CHECKING:
    from migrator_tui.checks.registry import Registered
    from migrator_tui.history.store import History

TRIED = 4_000
"""Cases that a check is tried on at most …"""
TRIED_CHARACTERS = 30_000_000
"""… and as many as their answers come to so many characters: they are in memory while the check is being written."""
FRAME_TOKENS = 300
"""Of the prompt that a judge gets around rubric and answer."""
ANSWER_TOKENS = 100
"""Of its reason and its score."""


@dataclass(frozen=True, slots=True)
class CaseGround:
    """One case with what stands for it, by model name."""

    case: Case
    outputs: Mapping[str, Sequence[Output]]
    records: Mapping[int, Sequence[CheckRecord]]
    """Results of the checks of today, by output id."""
    verdicts: Mapping[str, Sequence[Verdict]]


@dataclass(frozen=True, slots=True)
class Ground:
    """What a check can be tried on."""

    project: Project
    task: Task
    candidate: str
    cases: Sequence[CaseGround]
    total: int
    """Cases of the task; there may be more than are here."""

    def outputs(self, model_name: str) -> list[Output]:
        """A model's answers, calls that gave none left out."""
        return [o for case in self.cases for o in case.outputs.get(model_name, ()) if not o.failed_call]


@dataclass(slots=True)
class SideTrial:
    """What a check came to on one model. Counts are of cases."""

    applies: bool = True
    """False where it says nothing of some answers: the baseline's own, or of cases that expect nothing there."""
    passed: int = 0
    answered: int = 0
    would_fail: list[str] = field(default_factory=list)
    """Cases that pass today and would not any more."""
    would_pass: int = 0
    """Cases that nothing has judged yet, and that it would pass."""
    failed: dict[str, str] = field(default_factory=dict)
    """Cases that it fails, with its reason; those that a person has passed included."""
    broken: str = ""
    """Why it could not be carried out, on the first output where it could not."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What a check came to on both models."""

    spec: CheckSpec
    baseline: SideTrial
    candidate: SideTrial
    of: int
    """Cases it was tried on."""
    total: int
    calls: int = 0
    """Calls that asking about all these answers takes."""
    cost: float | None = 0.0
    """USD of those calls, roughly; `None`: unknown."""
    waits: bool = False
    """It waits for a model or a process: it was not tried."""


def load_ground(
    project: Project,
    history: "History",
    task: Task,
    candidate: str,
    *,
    stop: Callable[[], bool] = lambda: False,
) -> Ground | None:
    """The answers that stand for the task's first `TRIED` cases; `None` where `stop` said so in between.

    The task's cases must be indexed.
    """
    total = history.case_count(task.name)
    spec = project.candidate(candidate)
    found: list[CaseGround] = []
    characters = 0
    for start in range(1, min(total, TRIED) + 1, CHUNK):
        if stop():
            return None
        if characters > TRIED_CHARACTERS:
            break
        numbers = range(start, min(start + CHUNK, total + 1, TRIED + 1))
        ids = [row.case_id for row in history.rows(task.name, candidate, numbers)]
        cases = {case.id: case for case in history.cases(task.name, ids)}
        old = history.current_outputs(task.name, BASELINE, project.baseline.model, ids)
        new = history.current_outputs(task.name, candidate, spec.model, ids)
        everything = [output for side in (old, new) for some in side.values() for output in some]
        characters += sum(len(output.text) for output in everything)
        results = check_outputs(history, task, cases, everything, old)
        verdicts = {name: history.verdicts(task.name, name, ids) for name in (BASELINE, candidate)}
        for case_id, case in cases.items():
            outputs = {BASELINE: old.get(case_id, []), candidate: new.get(case_id, [])}
            found.append(
                CaseGround(
                    case,
                    outputs,
                    {o.id: list(results.get(o.id, {}).values()) for some in outputs.values() for o in some},
                    {name: by_case.get(case_id, []) for name, by_case in verdicts.items()},
                )
            )
    return Ground(project, task, candidate, found, total)


def try_check(ground: Ground, spec: CheckSpec, *, stop: Callable[[], bool] = lambda: False) -> Trial | None:
    """Carry the check out on every answer; `None` where `stop` said so in between.

    Raises `CheckSettingError` for a check that there is not, or that is written wrongly.
    """
    from migrator_tui.checks.registry import find, validate

    validate(spec, ground.task.check_setup)
    old, new = SideTrial(), SideTrial()
    entry = find(spec)
    if entry.waits:
        return Trial(spec, old, new, 0, ground.total, *_asked(ground, spec, entry), waits=True)
    for number, case in enumerate(ground.cases):
        if number % 100 == 0 and stop():
            return None
        _try_side(ground, case, spec, BASELINE, old)
        _try_side(ground, case, spec, ground.candidate, new)
    return Trial(spec, old, new, len(ground.cases), ground.total)


def _try_side(ground: Ground, place: CaseGround, spec: CheckSpec, name: str, side: SideTrial) -> None:
    from migrator_tui.checks.registry import run_plain_checks

    outputs = place.outputs[name]
    alone, bare = replace(ground.task, checks=(spec,)), replace(place.case, checks=())
    records = {output_id: list(some) for output_id, some in place.records.items()}
    tried, fine = False, True
    for output in outputs:
        if output.failed_call:
            continue
        subject, applying = checks_of(output, alone, bare, {bare.id: place.outputs[BASELINE]})
        if not applying:
            side.applies = False
            continue
        result = run_plain_checks([spec], subject)[0]
        record = record_of("", result)
        if record.error:
            side.broken = side.broken or record.reason
        tried, fine = True, fine and record.passed
        if not record.passed:
            side.failed.setdefault(bare.id, record.reason)
        records.setdefault(output.id, []).append(record)
    if not tried:
        return
    side.answered += 1
    side.passed += fine
    before, after = (
        outcome_of(
            outputs,
            some,
            place.verdicts[name],
            is_baseline=name == BASELINE,
            assume=ground.project.assume,
            threshold=ground.task.threshold_for(place.case),
        ).outcome.passed
        for some in (place.records, records)
    )
    if before and not after:
        side.would_fail.append(bare.id)
    elif before is None and after:
        side.would_pass += 1


def _asked(ground: Ground, spec: CheckSpec, entry: "Registered") -> tuple[int, float | None]:
    """Calls that asking about every answer takes, and their USD by four characters a token; `None`: unknown."""
    from migrator_tui.models.catalog import price_of

    outputs = [output for name in (BASELINE, ground.candidate) for output in ground.outputs(name)]
    setup = ground.task.check_setup
    if entry.waiting.asks is None:  # a process of ours
        return 0, 0.0
    model = setup.judge if entry.waiting.asks == "judge" else setup.embeddings
    calls = len(outputs) * entry.waiting.calls
    price = price_of(model, ground.project.folder) if model is not None else None
    if price is None or price.input is None:
        return calls, None
    tokens = sum(len(output.text) + len(str(spec.value or "")) for output in outputs) / 4 * entry.waiting.calls
    answered = 0.0
    if entry.waiting.asks == "judge":
        if price.output is None:
            return calls, None
        tokens += FRAME_TOKENS * calls
        answered = ANSWER_TOKENS * calls * price.output
    return calls, (tokens * price.input + answered) / 1e6

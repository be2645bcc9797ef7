"""What a search will take, before it starts, and the least with which one proposal can be tried."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil
from statistics import fmean
from typing import TYPE_CHECKING

from migrator_tui.adaptation.search.scores import FAILING, GUARDS
from migrator_tui.adaptation.search.values import SearchEstimate, SearchSettings
from migrator_tui.adaptation.values import Parts
from migrator_tui.history.records import Version
from migrator_tui.project.schema import Case, CheckSpec, ModelSpec, Project, Task
from migrator_tui.running.checking.waiting import models_asked
from migrator_tui.running.plan import validate_checks
from migrator_tui.running.spending import BYTES_A_TOKEN, Prices, answer_limit, is_free, is_recorded
from migrator_tui.running.trying import try_items

if TYPE_CHECKING:
    from migrator_tui.history.store import History

REFERENCES = 12
"""Failing cases whose baseline's answers are asked for, where asking for all would take too much …"""
SHARE_FOR_REFERENCES = 0.25
"""… which is more than this share of the budget."""
SHOWN = 6
"""Cases that a question to the assistant shows whole, as a rule."""
USUAL_ANSWER = 300
"""Tokens, where nothing is known of a model's answers yet."""
USUAL_PROPOSAL = 700
"""Tokens of an assistant's answer."""
FRAME = 1500
"""Tokens of a question to the assistant besides prompt and cases."""


@dataclass(frozen=True, slots=True)
class Needs:
    """What a search must ask, whatever it finds."""

    learn: int
    held_out: int
    per_case: int
    """Requests that one case takes at most: the candidate's, and those of checks that ask a model."""
    start: int
    """Cases to learn from that the start was not asked about yet."""
    references: int
    """Baseline's answers to be asked for."""
    all_references: bool
    """They are all that are missing on the cases to learn from, not only some of failing ones."""
    compared: int
    """Baseline's answers on held-out cases, which some check compares with, that are missing."""

    @property
    def held_back(self) -> int:
        """Requests kept for the end."""
        return (2 * self.held_out + self.compared) * self.per_case

    @property
    def per_try(self) -> int:
        """Requests of one proposal that is tried on all cases."""
        return 1 + self.learn * self.per_case

    @property
    def begin(self) -> int:
        """Requests before the first proposal; of answers that are there, checks may still have to ask."""
        return self.references * self.per_case + self.start + self.learn * (self.per_case - 1)

    @property
    def smallest_budget(self) -> int:
        """The requests with which one proposal can be tried, and tested if it helps."""
        return self.begin + self.per_try + self.held_back


def needs(
    project: Project,
    history: "History",
    task: Task,
    versions: tuple[Version, Version],
    parts: tuple[Sequence[Case], Sequence[Case]],
    budget_calls: int,
) -> Needs:
    """What a search from a candidate's version has to ask; `versions` are the baseline's and that one, `parts` the
    cases to learn from and those held out. Raises `ProjectError` where checks or prompts are written wrongly."""
    learn, held_out = parts
    baseline, start = versions
    cases = [*learn, *held_out]
    validate_checks(task, cases)
    # A prompt that cannot be rendered for a held-out case is told now, not when everything else is paid.
    try_items(project, history, task, start, held_out, fresh=True)
    unanswered = _missing(project, history, task, start, learn)
    per_case = max((1 + _check_calls(task, case) for case in cases), default=1)
    compares = any(_compares(spec) for case in cases for spec in (*task.checks, *case.checks))
    free = is_recorded(project.baseline)
    absent = 0 if free else _missing(project, history, task, baseline, learn)
    everything = compares or free or absent <= REFERENCES
    least = Needs(
        learn=len(learn),
        held_out=len(held_out),
        per_case=per_case,
        start=unanswered,
        references=absent if everything else REFERENCES,
        all_references=everything,
        compared=_missing(project, history, task, baseline, held_out) if compares and not free else 0,
    )
    every = replace(least, references=absent, all_references=True)
    affordable = absent <= SHARE_FOR_REFERENCES * budget_calls and every.smallest_budget <= budget_calls
    return every if affordable else least


def estimate(
    project: Project,
    history: "History",
    task: Task,
    versions: tuple[Version, Version],
    cases: tuple[Sequence[Case], Sequence[Case]],
    settings: SearchSettings,
) -> SearchEstimate:
    """What a search will take at least (its proposals change nothing) and at most (its budget)."""
    needed = needs(project, history, task, versions, cases, settings.budget_calls)
    batch = min(needed.learn, FAILING + GUARDS)
    dropped = settings.patience * (1 + batch * needed.per_case)
    least = min(settings.budget_calls, needed.begin + min(dropped, needed.per_try + needed.held_back))
    most = settings.budget_calls
    cost = _cost(project, history, task, versions[1], cases[0])
    return SearchEstimate(
        calls=(least, most),
        cost=None if cost is None else _bounds(cost, needed, least, most, settings),
        held_out_calls=needed.held_back,
        smallest_budget=needs(project, history, task, versions, cases, 0).smallest_budget,
        held_out_cost=None if cost is None else cost[0] * (2 * needed.held_out + needed.compared),
    )


async def estimate_search(
    project: Project,
    history: "History",
    task: Task,
    base: Version,
    parts: Parts,
    settings: SearchSettings,
    *,
    author: str,
) -> SearchEstimate:
    """What a search from `base` would take; reads the history in a thread."""
    return await asyncio.to_thread(_estimated, project, history, task, base, parts, settings, author)


def _estimated(
    project: Project,
    history: "History",
    task: Task,
    base: Version,
    parts: Parts,
    settings: SearchSettings,
    author: str,
) -> SearchEstimate:
    from migrator_tui.project.cases import load_cases
    from migrator_tui.running.placeholders import baseline_version

    by_id = {case.id: case for case in load_cases(project, task)}
    learn, held_out = ([by_id[one] for one in ids if one in by_id] for ids in (parts.learn, parts.held_out))
    baseline = baseline_version(project, history, task, [base], author=author)
    return estimate(project, history, task, (baseline, base), (learn, held_out), settings)


def _missing(project: Project, history: "History", task: Task, version: Version, cases: Sequence[Case]) -> int:
    return sum(item.output_id is None for item in try_items(project, history, task, version, cases))


def _check_calls(task: Task, case: Case) -> int:
    from migrator_tui.checks.registry import asked_models

    return sum(calls for _, calls in asked_models([*task.checks, *case.checks], task.check_setup).values())


def _compares(spec: CheckSpec) -> bool:
    from migrator_tui.checks.registry import find, parts_of
    from migrator_tui.checks.values import compares_with_baseline

    entry = find(spec)
    return entry.with_baseline or compares_with_baseline(spec) or any(_compares(part) for part in parts_of(spec))


def _bounds(
    cost: tuple[float, float], needed: Needs, least: int, most: int, settings: SearchSettings
) -> tuple[float, float]:
    """USD at least and at most: of so many calls, how many go to the assistant at most is a guess from above."""
    case, proposal = cost
    a_few = 1 + min(needed.learn, FAILING + GUARDS) * needed.per_case
    proposals = ceil(max(0, most - needed.begin - needed.held_back) / a_few)
    low = (least - 1) * min(case, proposal) + proposal if least else 0.0
    high = (most - proposals) * case + proposals * max(case, proposal)
    if settings.max_cost is not None:
        low, high = min(low, settings.max_cost), min(high, settings.max_cost)
    return low, max(low, high)


def _cost(
    project: Project, history: "History", task: Task, start: Version, learn: Sequence[Case]
) -> tuple[float, float] | None:
    """USD of one case and of one proposal; `None` where a price is unknown."""
    from migrator_tui.project.prompts import render

    assistant = project.assistant
    spec = project.candidate(start.model_name)
    prices = Prices(project)
    judges = list({one.model: one for one in models_asked(task, learn)}.values())
    if assistant is None or not all(prices.counts(one) for one in [spec, assistant, *judges]):
        return None
    some = learn[:: max(1, len(learn) // 20)]
    if not some:
        return 0.0, 0.0
    earlier = history.current_outputs(task.name, spec.name, spec.model, [case.id for case in some])
    known = [output for outputs in earlier.values() for output in outputs if not output.failed_call]
    lengths = [output.output_tokens for output in known if output.output_tokens is not None]
    answer = fmean(lengths) if lengths else min(answer_limit(start.params) or USUAL_ANSWER, USUAL_ANSWER)
    sent = fmean(
        sum(len(str(message.get("content") or "")) for message in render(start.template, case)) / (2 * BYTES_A_TOKEN)
        for case in some
    )
    costs = [output.cost for output in known if output.cost is not None]
    case = fmean(costs) if costs else _price(prices, spec, sent, answer)
    case += sum(_price(prices, judge, sent + answer, 100) for judge in judges)
    return case, _price(prices, assistant, FRAME + sent + SHOWN * (sent + 2 * answer), USUAL_PROPOSAL)


def _price(prices: Prices, spec: ModelSpec, tokens_in: float, tokens_out: float) -> float:
    price = prices.of(spec)
    if price is None or (is_free(spec) and price.input is None):
        return 0.0
    return ((price.input or 0.0) * tokens_in + (price.output or 0.0) * tokens_out) / 1e6

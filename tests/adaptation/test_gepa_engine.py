"""GEPA behind our interface: what it is given and what it asks for, on functions that stand for models."""

import asyncio
import sys
from collections.abc import Mapping, Sequence

import pytest

from migrator_tui.adaptation.search.engine import Over, Problem
from migrator_tui.adaptation.search.gepa_engine import search

CASES = [f"case-{number}" for number in range(8)]
RULES = "abcd"
"""A text passes a case where it holds the rule of its number; each proposal adds one."""


class World:
    """Functions of a problem that remember how they were called."""

    def __init__(self, *, most: int = 100, bad: int = -1) -> None:
        self.evaluated: list[tuple[str, list[str]]] = []
        self.decided: list[tuple[str, str, bool]] = []
        self.proposals = 0
        self.most = most
        self.bad = bad
        self.ended = False

    def score(self, text: str, case_id: str) -> float:
        return float(RULES[CASES.index(case_id) // 2] in text)

    async def evaluate(self, text: str, ids: Sequence[str]) -> Mapping[str, float]:
        await asyncio.sleep(0)
        self.evaluated.append((text, list(ids)))
        if len(self.evaluated) > self.most:
            raise Over
        return {case_id: self.score(text, case_id) for case_id in ids}

    async def batch(self, parent: str) -> Sequence[str]:
        failing = [case_id for case_id in CASES if not self.score(parent, case_id)]
        passing = [case_id for case_id in CASES if self.score(parent, case_id)]
        return [*failing[:2], *passing[:2]]

    async def propose(self, parent: str, ids: Sequence[str]) -> str | None:
        self.proposals += 1
        if self.proposals == self.bad:
            return ""
        return parent + RULES[CASES.index(ids[0]) // 2]

    async def accept(self, parent: str, child: str, ids: Sequence[str]) -> bool:
        before, after = ([self.score(text, case_id) for case_id in ids] for text in (parent, child))
        kept = sum(after) > sum(before) and all(new >= old for old, new in zip(before, after, strict=True))
        self.decided.append((parent, child, kept))
        self.ended = self.ended or (kept and all(rule in child for rule in RULES))
        return kept

    def problem(self, seed: int = 0) -> Problem:
        return Problem("-", CASES, self.evaluate, self.batch, self.propose, self.accept, lambda: self.ended, seed)


async def test_a_search_climbs_from_parent_to_child_and_tries_few_cases_first() -> None:
    world = World()
    await search(world.problem())
    assert world.decided == [("-", "-a", True), ("-a", "-ab", True), ("-ab", "-abc", True), ("-abc", "-abcd", True)]
    start, *rest = world.evaluated
    assert start == ("-", CASES)
    # The parent's batch, the child's, then all cases: each asked of the problem, which knows what costs nothing.
    assert rest[:3] == [("-", CASES[:2]), ("-a", CASES[:2]), ("-a", CASES)]


async def test_a_dropped_child_is_no_parent_and_is_not_asked_about_all_cases() -> None:
    world = World(bad=2)
    await search(world.problem())
    assert ("-a", "", False) in world.decided
    assert ("", CASES) not in world.evaluated
    assert world.decided[-1][1] == "-abcd"


async def test_the_same_seed_asks_the_same_in_the_same_order() -> None:
    first, second = World(bad=3), World(bad=3)
    await search(first.problem(7))
    await search(second.problem(7))
    assert first.evaluated == second.evaluated


@pytest.mark.parametrize("most", [0, 1, 2, 3, 5])
async def test_over_ends_it_wherever_it_comes_and_raises_nothing(most: int) -> None:
    world = World(most=most)
    await search(world.problem())
    assert len(world.evaluated) == most + 1


async def test_no_proposal_costs_nothing_and_does_not_end_it() -> None:
    world = World()

    async def nothing(parent: str, ids: Sequence[str]) -> str | None:
        world.proposals += 1
        world.ended = world.proposals == 3
        return None

    world.propose = nothing  # type: ignore[method-assign]
    await search(world.problem())
    assert world.proposals == 3
    assert {text for text, _ in world.evaluated} == {"-"}


@pytest.mark.parametrize("where", ["evaluate", "batch", "propose", "accept"])
async def test_what_a_function_raises_is_raised_once_and_ends_it(where: str) -> None:
    world = World()
    times = 0

    async def broken(*about: object) -> None:
        nonlocal times
        times += 1
        raise ValueError("broken")

    setattr(world, where, broken)
    with pytest.raises(ValueError, match="broken"):
        await search(world.problem())
    assert times == 1


async def test_a_proposal_that_means_over_is_not_asked_for_twice() -> None:
    world = World()

    async def over(parent: str, ids: Sequence[str]) -> str | None:
        world.proposals += 1
        raise Over

    world.propose = over  # type: ignore[method-assign]
    await search(world.problem())
    assert world.proposals == 1


async def test_cancelling_it_cancels_what_goes_on_and_leaves_no_thread_behind() -> None:
    world = World()
    begun = asyncio.Event()
    cancelled = asyncio.Event()

    async def for_ever(text: str, ids: Sequence[str]) -> Mapping[str, float]:
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise
        return {}

    world.evaluate = for_ever  # type: ignore[method-assign]
    going = asyncio.ensure_future(search(world.problem()))
    await begun.wait()
    going.cancel()
    with pytest.raises(asyncio.CancelledError):
        await going
    await asyncio.wait_for(cancelled.wait(), 1)


async def test_nothing_is_printed_and_no_stream_is_replaced(capfd: pytest.CaptureFixture[str]) -> None:
    world = World()
    streams: list[tuple[object, object]] = []
    told = world.evaluate

    async def looking(text: str, ids: Sequence[str]) -> Mapping[str, float]:
        streams.append((sys.stdout, sys.stderr))
        return await told(text, ids)

    world.evaluate = looking  # type: ignore[method-assign]
    here = sys.stdout, sys.stderr
    await search(world.problem())
    assert set(streams) == {here}
    assert capfd.readouterr() == ("", "")


def test_gepa_still_takes_what_it_is_given() -> None:
    """The touchpoints with gepa by their names: a release that renames one fails here, in words."""
    import inspect

    from gepa.api import optimize
    from gepa.core.adapter import EvaluationBatch
    from gepa.proposer.base import CandidateProposal
    from gepa.strategies.proposal_sampling import ProposalTask, SamplingStrategy
    from gepa.utils import StopperProtocol

    taken = set(inspect.signature(optimize).parameters)
    assert taken >= {
        "seed_candidate",
        "trainset",
        "valset",
        "adapter",
        "custom_candidate_proposer",
        "sampling_strategy",
        "acceptance_criterion",
        "candidate_selection_strategy",
        "frontier_type",
        "skip_perfect_score",
        "cache_evaluation",
        "track_best_outputs",
        "stop_callbacks",
        "callbacks",
        "logger",
        "run_dir",
        "seed",
        "raise_on_exception",
    }
    batch = EvaluationBatch(outputs=["a"], scores=[1.0], trajectories=["a"])
    assert (batch.outputs, batch.scores, batch.trajectories) == (["a"], [1.0], ["a"])
    assert list(inspect.signature(ProposalTask).parameters) == [
        "parent_idx",
        "parent_candidate",
        "minibatch_ids",
        "minibatch",
    ]
    assert list(inspect.signature(SamplingStrategy.sample_tasks).parameters)[1:] == [
        "state",
        "candidate_selector",
        "batch_sampler",
        "trainset",
    ]
    fields = set(inspect.signature(CandidateProposal).parameters)
    assert fields >= {"candidate", "parent_program_ids", "subsample_indices"}
    assert list(inspect.signature(StopperProtocol.__call__).parameters) == ["self", "gepa_state"]

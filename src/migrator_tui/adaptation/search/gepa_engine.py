"""The search as GEPA does it: parents from the Pareto front over the cases, a small batch first, then all of them.

The only module that imports gepa, late. GEPA is not asynchronous: it runs in a thread, and what it asks runs in the
event loop. Five things of release 0.1.4 are worked around here: its cache mixes up the cases of two sets (it stays
off), its loggers print and replace `sys.stdout` (ours is silent), its budgets are looked at between rounds only (the
caps are the problem's own), it keeps its state as a pickle where it is given a folder (it is given none), and it
asks for a proposal a second time where the first one raised (ours tells it before that nothing more is to be done).
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from migrator_tui.adaptation.search.engine import Over, Problem, T, Work

if TYPE_CHECKING:
    from gepa.core.adapter import EvaluationBatch
    from gepa.core.state import GEPAState
    from gepa.proposer.base import CandidateProposal
    from gepa.strategies.proposal_sampling import ProposalTask

PROMPT = "prompt"
"""The one component of our candidates."""


async def search(problem: Problem) -> None:
    """Carry out the search; `engine.Engine`."""
    bridge = _Bridge(problem, asyncio.get_running_loop())
    thread = asyncio.ensure_future(asyncio.to_thread(_optimize, bridge))
    try:
        await asyncio.shield(thread)
    except asyncio.CancelledError:
        bridge.cancel()
        await asyncio.wait([thread])
        raise
    if bridge.failure is not None:
        raise bridge.failure


class _Bridge:
    """From GEPA's thread into the event loop and back; and whether it is over."""

    def __init__(self, problem: Problem, loop: asyncio.AbstractEventLoop) -> None:
        self.problem = problem
        self.failure: BaseException | None = None
        """What the problem, or GEPA itself, raised."""
        self._loop = loop
        self._ended = False
        self._waiting: Future[Any] | None = None

    def ask(self, work: Callable[..., Work[T]], *about: Any) -> T:
        """Let the event loop do something, and wait for it; called from GEPA's thread."""
        if self.over():
            raise Over
        waiting = asyncio.run_coroutine_threadsafe(work(*about), self._loop)
        self._waiting = waiting
        if self._ended:  # cancelled in this very moment
            waiting.cancel()
        try:
            return waiting.result()
        except Over:
            self._ended = True
            raise
        except BaseException as error:
            self.fail(error)
            raise Over from error

    def fail(self, error: BaseException) -> None:
        """End with an error; the first one counts."""
        if self.failure is None and not self._ended:
            self.failure = error
        self._ended = True

    def cancel(self) -> None:
        """End at once, whatever goes on; called from the event loop."""
        self._ended = True
        if self._waiting is not None:
            self._waiting.cancel()

    def over(self) -> bool:
        """Whether nothing more is to be done."""
        return self._ended or self.problem.over()


def _optimize(bridge: _Bridge) -> None:
    from gepa.api import optimize

    cases = list(bridge.problem.case_ids)
    adapter: Any = _Adapter(bridge)  # duck-typed, as GEPA takes it
    watch: Any = _Watch(bridge)
    try:
        optimize(
            seed_candidate={PROMPT: bridge.problem.start},
            trainset=cases,
            valset=cases,
            adapter=adapter,
            custom_candidate_proposer=_Proposer(bridge),
            sampling_strategy=_Sampling(bridge),
            acceptance_criterion=_Acceptance(bridge),
            candidate_selection_strategy="pareto",
            frontier_type="instance",
            skip_perfect_score=False,
            cache_evaluation=False,
            track_best_outputs=False,
            stop_callbacks=_Stopper(bridge),
            callbacks=[watch],
            logger=_Quiet(),
            run_dir=None,
            seed=bridge.problem.seed,
            raise_on_exception=False,
        )
    except Over:
        return  # in the first evaluation, which GEPA does not guard
    except Exception as error:
        bridge.fail(error)


class _Adapter:
    """GEPA's way to ask about cases."""

    propose_new_texts = None

    def __init__(self, bridge: _Bridge) -> None:
        self._bridge = bridge

    def evaluate(
        self, batch: list[str], candidate: dict[str, str], capture_traces: bool = False
    ) -> "EvaluationBatch[str, str]":
        """The scores of a candidate, in the order of the batch. GEPA takes no step without trajectories: the case
        ids are ours."""
        from gepa.core.adapter import EvaluationBatch

        scores = self._bridge.ask(self._bridge.problem.evaluate, candidate[PROMPT], list(batch))
        return EvaluationBatch(
            outputs=list(batch), scores=[scores[case_id] for case_id in batch], trajectories=list(batch)
        )

    def make_reflective_dataset(
        self,
        candidate: dict[str, str],
        eval_batch: "EvaluationBatch[str, str]",
        components_to_update: list[str],
    ) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        """The cases of the batch: what there is to say about them is known where the proposal is made."""
        records = [{"case": case_id} for case_id in eval_batch.outputs]
        return dict.fromkeys(components_to_update, records)


class _Proposer:
    """GEPA's way to get a child."""

    def __init__(self, bridge: _Bridge) -> None:
        self._bridge = bridge

    def __call__(
        self,
        candidate: dict[str, str],
        reflective_dataset: Mapping[str, Sequence[Mapping[str, Any]]],
        components_to_update: list[str],
    ) -> dict[str, str]:
        """The child's text, or nothing: then GEPA goes on to the next round at no cost."""
        cases = [record["case"] for record in reflective_dataset[PROMPT]]
        text = self._bridge.ask(self._bridge.problem.propose, candidate[PROMPT], cases)
        return {} if text is None else {PROMPT: text}


class _Sampling:
    """One parent a round, and the batch that suits it."""

    def __init__(self, bridge: _Bridge) -> None:
        self._bridge = bridge
        self._places = {case_id: place for place, case_id in enumerate(bridge.problem.case_ids)}

    def sample_tasks(
        self, state: "GEPAState[Any, Any]", candidate_selector: Any, batch_sampler: Any, trainset: Any
    ) -> "list[ProposalTask[int, str]]":
        """The parent that GEPA selects, with a batch of ours."""
        from gepa.strategies.proposal_sampling import ProposalTask

        parent = candidate_selector.select_candidate_idx(state)
        candidate = state.program_candidates[parent]
        batch = list(self._bridge.ask(self._bridge.problem.batch, candidate[PROMPT]))
        return [ProposalTask(parent, candidate, [self._places[case_id] for case_id in batch], batch)]


class _Acceptance:
    """Whether a child is kept is the problem's to say."""

    def __init__(self, bridge: _Bridge) -> None:
        self._bridge = bridge
        self._cases = list(bridge.problem.case_ids)

    def should_accept(self, proposal: "CandidateProposal[int]", state: "GEPAState[Any, Any]") -> bool:
        """Asked once for each child."""
        parent = state.program_candidates[proposal.parent_program_ids[0]][PROMPT]
        batch = [self._cases[place] for place in proposal.subsample_indices or ()]
        return self._bridge.ask(self._bridge.problem.accept, parent, proposal.candidate[PROMPT], batch)


class _Stopper:
    """Asked by GEPA before each round."""

    def __init__(self, bridge: _Bridge) -> None:
        self._bridge = bridge

    def __call__(self, gepa_state: "GEPAState[Any, Any]") -> bool:
        """Whether to stop."""
        return self._bridge.over()


class _Watch:
    """Ends the search where GEPA stumbles: it would try the same round again for ever."""

    def __init__(self, bridge: _Bridge) -> None:
        self._bridge = bridge

    def on_error(self, event: Mapping[str, Any]) -> None:
        """A round ended in an error."""
        if not isinstance(event["exception"], Over):
            self._bridge.fail(event["exception"])


class _Quiet:
    """A logger that says nothing."""

    def log(self, message: str) -> None:
        """What goes on is told by the problem."""

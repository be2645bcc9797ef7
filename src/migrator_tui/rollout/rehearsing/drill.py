"""What a rehearsal is to do, and the practice's own project: simulated models, short steps, nothing of the user's."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from migrator_tui.models.simulator.trouble import Trouble
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.model_tables import SIMULATED
from migrator_tui.project.rollout_settings import REHEARSAL_STEPS, GuardrailRule
from migrator_tui.project.schema import ModelSpec, Project, Task

FAILING: Final = "failing"
SLOWER: Final = "slower"
ESCALATIONS: Final = "escalations"
TROUBLES = (FAILING, SLOWER, ESCALATIONS)
"""What can befall the candidate: it is down, takes eight times as long, its conversations are escalated."""

WATCHED_BY: Mapping[str, Sequence[str]] = {
    FAILING: ("tripwire", "failures", "fallbacks"),
    SLOWER: ("latency", "first-token"),
    ESCALATIONS: ("escalations",),
}
"""The guardrails that must see it, each by one of its metrics."""

SHARES: Mapping[str, float] = {FAILING: 1.0, SLOWER: 1.0, ESCALATIONS: 0.5}
"""Of the candidate's calls, or conversations, that it befalls where nothing else is said."""

TROUBLE_WORDS: Mapping[str, str] = {
    FAILING: "the candidate fails",
    SLOWER: "the candidate takes eight times as long",
    ESCALATIONS: "conversations with the candidate are escalated",
}

FEWEST_UNITS = 25
"""Conversations that a guardrail waits for at most in a practice."""
STAND_INS = ("simulated:classic-1", "simulated:bright-2")
STAND_INS_WITH_TOOLS = ("simulated:clerk-1", "simulated:agile-2")
"""Who plays the baseline and the candidate where a practice's project has other models."""


@dataclass(frozen=True, slots=True)
class Drill:
    """How much traffic, for how long, with which trouble."""

    rate: float
    """Calls a second."""
    seconds: float
    troubles: Sequence[str] = ()
    """Of `TROUBLES`; none for a healthy candidate."""
    trouble_after: float = 15.0
    """Seconds after the first call."""
    share: float | None = None
    """`SHARES` where `None`."""
    seed: int = 0

    @property
    def calls(self) -> int:
        """All that are made."""
        return max(1, round(self.rate * self.seconds))

    def share_of(self, trouble: str) -> float:
        """How much of the candidate's traffic that trouble befalls."""
        return SHARES[trouble] if self.share is None else self.share

    def simulated_troubles(self, model: str, began: float) -> list[Trouble]:
        """What the simulator is told; `began`: the time of the first call, in seconds since 1970."""
        # A little longer than the traffic, so that its last calls meet it too.
        since, until = began + self.trouble_after, began + self.seconds + 60
        name = model.removeprefix(SIMULATED)
        return [
            Trouble(name, FAILING if trouble == FAILING else SLOWER, since, until, share=self.share_of(trouble))
            for trouble in self.troubles
            if trouble != ESCALATIONS
        ]


def trouble_file(project: Project) -> Path:
    """Where a rehearsal tells the simulator behind this project's gateway what is in trouble."""
    from migrator_tui.history.location import history_folder

    return history_folder(project) / "trouble.json"


def gateway_key(project: Project, *, trusted: bool) -> str | None:
    """The key of the gateway that runs, as applications have it; `None` where nobody said it."""
    from migrator_tui.project.dotenv import environment

    # A stranger's `.env` must not say with which key this machine's gateway is entered.
    values = environment(project, trusted) if trusted else os.environ
    return values.get(project.gateway.master_key_env) or None


def refuse_impossible(drill: Drill, baseline: ModelSpec, candidate: ModelSpec) -> None:
    """Raise `ProjectError` for trouble that these models can't be brought into."""
    made = [trouble for trouble in drill.troubles if trouble != ESCALATIONS]
    if not made:
        return
    if not candidate.model.startswith(SIMULATED):
        raise ProjectError(
            f"--trouble {made[0]}: {candidate.model} is a real model; only escalations can be made with one"
        )
    if candidate.model == baseline.model:
        raise ProjectError(
            f"--trouble {made[0]}: baseline and {candidate.name} are both {candidate.model}, so it would befall both"
        )


def practice_project(
    project: Project, task: Task, candidate: ModelSpec, *, auto_advance: bool
) -> tuple[Project, Sequence[str]]:
    """The project as it is practised with, and what differs from the real one, in words.

    One task and one candidate, on simulated models; short steps; the project's own guardrails, with fewer
    conversations to wait for; no alerts. No answers are sampled: simulated ones say nothing of how the real models
    do, and where the cases are known to fail, the pass rate would end each practice before its trouble began.
    """
    said = []
    stand_ins = STAND_INS_WITH_TOOLS if task.tools else STAND_INS
    models = []
    for spec, stand_in in zip((project.baseline, candidate), stand_ins, strict=True):
        if not spec.model.startswith(SIMULATED):
            said.append(f"{spec.model} is played by {stand_in}: no key, no cost")
            spec = ModelSpec(name=spec.name, model=stand_in, prompts=spec.prompts)  # noqa: PLW2901
        models.append(_priced(spec, project.folder))
    steps = ", ".join(f"{step.percentage:g} %" for step in REHEARSAL_STEPS)
    first = REHEARSAL_STEPS[0]
    said.append(
        f"shortened: steps {steps}, each held for {first.hold_s:g} s, {first.min_sample} calls of each side or more; "
        f"guardrails from {FEWEST_UNITS} conversations on"
    )
    said.append("no answer is sampled, so whether answers are right is not judged: pass rate says nothing here")
    settings = replace(
        project.rollout,
        steps=REHEARSAL_STEPS,
        guardrails=tuple(_early(rule) for rule in project.rollout.guardrails),
        auto_advance=auto_advance,
        sample_answers=0.0,
        alerts_url_env=None,
    )
    changed = replace(
        project, baseline=models[0], candidates=(models[1],), tasks=(task,), rollout=settings, database=None
    )
    return changed, said


def _early(rule: GuardrailRule) -> GuardrailRule:
    return replace(rule, min_sample=min(rule.min_sample, FEWEST_UNITS))


def _priced(spec: ModelSpec, folder: Path) -> ModelSpec:
    """With the persona's price, so that the cost of both sides can be compared."""
    from migrator_tui.models.simulator.personas import persona_price

    return replace(spec, price=spec.price or persona_price(spec.model, folder))


def trouble_words(drill: Drill) -> str:
    """What is done to the candidate: `the candidate fails (50 %)`."""
    parts = []
    for trouble in drill.troubles:
        share = drill.share_of(trouble)
        parts.append(TROUBLE_WORDS[trouble] + (f" ({100 * share:g} %)" if share < 1 else ""))
    return " and ".join(parts)

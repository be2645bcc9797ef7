"""What a project states of moving traffic over: steps, guardrails, the gateway. Plain immutable values."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Action = Literal["roll-back", "hold"]
"""What a guardrail does when it trips."""

Direction = Literal["up", "down"]
"""Which way is harm: `up` where more is worse, `down` where less is."""

METRICS: dict[str, Direction] = {
    "failures": "up",
    "fallbacks": "up",
    "escalations": "up",
    "thumbs-down": "up",
    "check-pass-rate": "down",
    "latency": "up",
    "first-token": "up",
    "cost": "up",
    "tripwire": "up",
}
"""What a guardrail can watch, and which way is harm."""

RELATIVE = ("latency", "first-token", "cost")
"""Metrics whose limit is a share of the baseline's (0.25: a quarter more); the others' is in points (0.01: one)."""


@dataclass(frozen=True, slots=True)
class Step:
    """One percentage of the traffic, held for a time and a minimum sample."""

    percentage: float
    """Of conversations that the candidate serves, 0 to 100. The share that is held back is not taken off yet."""
    hold_s: float
    """Seconds it is held at least."""
    min_sample: int
    """Calls of each arm that it needs at least."""
    shadow: bool = False
    """The candidate answers too, and nobody sees it; the percentage is 0."""


@dataclass(frozen=True, slots=True)
class GuardrailRule:
    """A limit to the harm that the candidate may do, and what happens beyond it."""

    metric: str
    """A key of `METRICS`."""
    limit: float
    """The most that the candidate may be worse by, 0 or more; in points or as a share (`RELATIVE`)."""
    action: Action
    min_sample: int = 50
    """Units of each arm below which nothing is concluded; for the tripwire, requests of the candidate."""
    window_s: float | None = None
    """The tripwire looks at so many seconds back; the others at all of the rollout."""


USUAL_STEPS = (
    Step(1, 2 * 3600, 50),
    Step(5, 2 * 3600, 200),
    Step(10, 6 * 3600, 300),
    Step(25, 6 * 3600, 500),
    Step(50, 24 * 3600, 500),
    Step(100, 24 * 3600, 500),
)
"""For traffic of some thousand conversations a day. Half of it is held for a day: the hours of a day differ."""

LOW_TRAFFIC_STEPS = (
    Step(5, 24 * 3600, 20),
    Step(20, 24 * 3600, 50),
    Step(50, 48 * 3600, 100),
    Step(100, 48 * 3600, 100),
)
"""For some hundred conversations a day: 1 % of them would be two."""

REHEARSAL_STEPS = (Step(50, 15, 50), Step(75, 15, 50), Step(100, 15, 50))
"""For a rollout that is practised in a minute or two; far too short for one that counts. It begins with half of the
conversations, where the fewest tell most."""

PRESETS: dict[str, tuple[Step, ...]] = {
    "usual": USUAL_STEPS,
    "low-traffic": LOW_TRAFFIC_STEPS,
    "rehearsal": REHEARSAL_STEPS,
}

SHADOW_STEP = Step(0, 24 * 3600, 200, shadow=True)
"""What `shadow = true` puts before the others."""

USUAL_GUARDRAILS = (
    GuardrailRule("tripwire", 0.20, "roll-back", min_sample=20, window_s=300),
    GuardrailRule("failures", 0.01, "roll-back"),
    GuardrailRule("fallbacks", 0.10, "roll-back"),
    GuardrailRule("fallbacks", 0.02, "hold"),
    GuardrailRule("escalations", 0.02, "roll-back"),
    GuardrailRule("thumbs-down", 0.03, "hold"),
    GuardrailRule("check-pass-rate", 0.02, "roll-back"),
    GuardrailRule("latency", 1.00, "roll-back"),
    GuardrailRule("latency", 0.25, "hold"),
    GuardrailRule("first-token", 1.00, "roll-back"),
    GuardrailRule("first-token", 0.25, "hold"),
    GuardrailRule("cost", 0.20, "hold"),
)
"""What is watched where the project states nothing else."""


@dataclass(frozen=True, slots=True)
class RolloutSettings:
    """How traffic moves over, and what stops it."""

    steps: Sequence[Step] = USUAL_STEPS
    """In the order they are taken, a shadow step first where there is one; the last is 100 %."""
    guardrails: Sequence[GuardrailRule] = USUAL_GUARDRAILS
    hold_back: float = 5.0
    """Percentage of conversations that stays on the baseline after the last step, to compare with."""
    auto_advance: bool = False
    """Go on to the next step without asking a person."""
    sample_answers: float = 0.0
    """Share of the calls whose input and answer are kept, for checks and drift, 0 to 1."""
    keep_days: int = 90
    """Days for which calls are kept, those of a rollout under way longer."""
    keep_samples_days: int = 30
    """The same for what was asked and answered."""
    alerts_url_env: str | None = None
    """Name of the environment variable that holds the webhook's URL. Never the URL: it is a secret."""


@dataclass(frozen=True, slots=True)
class GatewaySettings:
    """Where the gateway listens, and how long it waits for a candidate."""

    host: str = "127.0.0.1"
    port: int = 4000
    master_key_env: str = "LITELLM_MASTER_KEY"
    """Name of the environment variable that holds the key by which applications come in. Never a key."""
    candidate_timeout: float = 60.0
    """Seconds that a candidate may say nothing before the baseline steps in: until the whole of an answer comes, or
    the next piece of a stream. Never longer than the model's own `timeout`."""

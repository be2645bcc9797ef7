"""The check `similar`: nearness of meaning, as a model for embeddings sees it. Its meaning is promptfoo's."""

import math
from collections.abc import Sequence

from migrator_tui.checks.base import CheckFailure, CheckResult, CheckServices, Subject
from migrator_tui.checks.registry import Waiting, asked_model, register
from migrator_tui.checks.values import (
    Needs,
    compares_with_baseline,
    setting_error,
    shown,
    sound_comparison,
    text_of,
    threshold_between,
)
from migrator_tui.project.schema import CheckSpec

NEAR = 0.75
"""Cosine that `similar` asks for where it states no threshold, as in promptfoo."""


def _sound(spec: CheckSpec) -> None:
    sound_comparison(spec)
    threshold_between(spec, 0, 1)
    if isinstance(spec.value, dict | bool) or spec.value in ("", [], ()):
        raise setting_error(
            spec, f"needs a text, or a list of texts of which one has to be near, not {shown(spec.value)}"
        )


def _no_baseline(spec: CheckSpec, subject: Subject) -> str:
    missing = compares_with_baseline(spec) and subject.baseline is None
    return "the baseline has no answer to compare with yet" if missing else ""


@register(
    "similar",
    needs=Needs.ANYTHING,
    options=["to"],
    settings=_sound,
    waiting=Waiting(asks="embeddings", blocked=_no_baseline),
)
async def similar(subject: Subject, spec: CheckSpec, services: CheckServices) -> CheckResult:
    """The cosine between the output's vector and the value's (of a list: the nearest's) is at least `threshold`."""
    texts = [text_of(value) for value in (spec.value if isinstance(spec.value, list | tuple) else [spec.value])]
    least = NEAR if spec.threshold is None else spec.threshold
    score = await _nearest(subject, [text for text in texts if text.strip()], services)
    holds = score >= least
    other = "the baseline's answer" if compares_with_baseline(spec) else shown(texts[0], 24)
    if len(texts) > 1:
        other = f"the nearest of {len(texts)} texts"
    told = f"similarity {score:.2f} to {other}"
    reason = f"{told}, not below {least:g}" if holds else f"{told} of at least {least:g}"
    passed = holds != spec.negated
    return CheckResult(
        spec, passed, 1.0 - score if spec.negated else score, "" if passed else reason, texts[0], subject.text
    )


async def _nearest(subject: Subject, texts: Sequence[str], services: CheckServices) -> float:
    """The largest cosine, not below 0. An empty text is near nothing but another one; nobody is asked about it."""
    if not subject.text.strip() or not texts:
        return 1.0 if not subject.text.strip() and not texts else 0.0
    model = asked_model("embeddings", subject.setup)
    own, *others = await services.embed(model, [subject.text, *texts])
    return max(0.0, *(_cosine(own, other) for other in others))


def _cosine(one: Sequence[float], other: Sequence[float]) -> float:
    lengths = math.sqrt(math.fsum(a * a for a in one)) * math.sqrt(math.fsum(b * b for b in other))
    cosine = math.fsum(a * b for a, b in zip(one, other, strict=True)) / lengths if lengths else math.nan
    if not math.isfinite(cosine):
        raise CheckFailure("the vectors that came cannot be compared: they hold zeros or no numbers")
    return min(1.0, cosine)

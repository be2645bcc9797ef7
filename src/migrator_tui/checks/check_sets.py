"""The check `assert-set`: several checks that count as one. The meaning is promptfoo's."""

import json
from collections.abc import Sequence
from functools import lru_cache

from migrator_tui.checks.base import CheckError, CheckFailure, CheckResult
from migrator_tui.checks.registry import register_set
from migrator_tui.checks.scoring import Part, combined
from migrator_tui.checks.values import beside, setting_error, shown, threshold_between
from migrator_tui.project.check_specs import check_specs
from migrator_tui.project.schema import CheckSpec
from migrator_tui.project.tables import Misfit

_KEYS = ("checks", "assert")
"""Where the checks of a set may stand; the second is promptfoo's."""

_FORM = 'checks = [{ type = "contains", value = "a" }, { type = "is-json" }]'


def _parts(spec: CheckSpec) -> Sequence[CheckSpec]:
    stated = [spec.options[key] for key in _KEYS if key in spec.options]
    if len(stated) != 1 or not isinstance(stated[0], list | tuple) or not stated[0]:
        raise setting_error(spec, f"needs {_FORM}")
    try:
        return _read(json.dumps(stated[0]))
    except Misfit as misfit:
        raise setting_error(spec, misfit.what) from None
    except (TypeError, ValueError, RecursionError):
        raise setting_error(spec, f"holds what no check can hold; it needs {_FORM}") from None


@lru_cache(maxsize=256)
def _read(text: str) -> Sequence[CheckSpec]:
    """The checks of a set; asked for several times an output, of few sets."""
    return check_specs(json.loads(text))


def _sound_set(spec: CheckSpec) -> None:
    threshold_between(spec, 0, 1)
    if spec.value is not None:
        raise setting_error(spec, f"takes no value; it needs {_FORM}")
    parts = _parts(spec)
    if any(part.type == spec.type for part in parts):
        raise setting_error(spec, "holds another set; put their checks into one, or side by side")
    if all(part.weight == 0 for part in parts):
        raise setting_error(spec, "holds only checks of weight 0, which decide nothing")


@register_set("assert-set", parts=_parts, options=_KEYS, settings=_sound_set)
def assert_set(spec: CheckSpec, results: Sequence[CheckResult | CheckError]) -> CheckResult:
    """Every check in it passes or, with a `threshold`, the mean of their scores by weight reaches it.

    One that could not be carried out makes the set an error where it could still turn it.
    """
    parts = [
        Part(result.spec.weight, result.score, result.passed)
        if isinstance(result, CheckResult)
        else Part(result.spec.weight, 0.0, False, known=False)
        for result in results
    ]
    whole = combined(parts, spec.threshold)
    counting = [result for result in results if result.spec.weight > 0]
    if whole.passed is None:
        broken = next(result for result in counting if isinstance(result, CheckError))
        raise CheckFailure(f"{broken.spec.label}: {broken.reason}")
    failed = [result for result in counting if isinstance(result, CheckResult) and not result.passed]
    told = "; ".join(f"{result.spec.label}: {result.reason}" for result in failed)
    if spec.threshold is not None:
        reached = beside(whole.score, spec.threshold)
        told = f"score {reached} of at least {spec.threshold:g}" + (f": {told}" if told else "")
        if spec.negated:
            told = f"score {reached} reaches it"
    elif spec.negated:
        told = "every check in it passes"
    passed = whole.passed != spec.negated
    score = 1 - whole.score if spec.negated else whole.score
    expected = "every check to pass" if spec.threshold is None else f"a score of at least {spec.threshold:g}"
    actual = shown([result.spec.label for result in failed], 200) if failed else "all pass"
    return CheckResult(spec, passed, score, "" if passed else told, expected, actual)

"""A failed check that a drift explains needs no word of its own."""

import pytest

from migrator_tui.checks.registry import known_checks
from migrator_tui.history.drift_names import DRIFT_NAMES
from migrator_tui.parity.drift import Drift, explains
from migrator_tui.parity.drift.explaining import EXPLAINS


def test_what_is_explained_are_checks_and_what_explains_are_drifts() -> None:
    labels = {label.removeprefix("not-") for some in EXPLAINS.values() for label in some}
    assert labels <= set(known_checks())
    assert set(EXPLAINS) <= set(DRIFT_NAMES)


@pytest.mark.parametrize(
    ("drift", "label", "reason", "explained"),
    [
        (Drift("fences", "fences", False, True), "is-json", "code fence: ```json", True),
        (Drift("fences", "fences", False, True), "contains", '"low" missing', False),
        (Drift("fences", "fences", True, True), "is-json", "code fence: ```json", False),
        (Drift("fences", "fences gone", True, False), "is-json", "code fence: ```json", False),
        (Drift("empty", "empty", False, True), "contains", '"low" missing', True),
        (Drift("json-values", "priority low→high", False, True, ("priority",)), "priority is low", "", True),
        (Drift("json-values", "priority low→high", False, True, ("priority",)), "is-json", "priority: wrong", True),
        (Drift("json-values", "prio low→high", False, True, ("prio",)), "is-json", "priority: wrong", False),
        (Drift("json-keys", "keys added: (", False, True, ("(",)), "is-json", 'has "(", not in the schema', False),
        (Drift("language", "language fr→en", False, True, ("answer",)), "answer in fr", "no match", True),
        (Drift("longer", "longer ×2.0", False, True), "max-words", "93 of at most 80", True),
    ],
)
def test_explains(drift: Drift, label: str, reason: str, explained: bool) -> None:
    assert explains(drift, label, reason) is explained

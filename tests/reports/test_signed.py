"""A signature never stands alone: every form says on what it was signed, and whether that still holds."""

import json

import pytest

from migrator_tui.history.decision_records import NewDecision
from migrator_tui.parity.signed import SignedOn, figures_of, signed_on
from migrator_tui.project.cases import load_cases
from tests.reports.conftest import MakeShop
from tests.reports.shops import Row, Shop

SIGNED = "signed on 48 cases, +2.1 ("


@pytest.fixture
def signed_shop(shop_of: MakeShop) -> Shop:
    """A shop of 48 cases, one of them fixed, none regressed, with a signed go."""
    shop = shop_of([Row(f"c{n}", old_passed=n > 0) for n in range(48)])
    sign(shop)
    return shop


def sign(shop: Shop, go: bool = True) -> None:
    card = shop.report("json").candidates[0].card
    assert card.version is not None
    gate, figures = card.decision.answer.value, figures_of(card)
    shop.history.sign(
        NewDecision(
            "triage", "newer", card.version.id, go, gate, "48/48 pass", "anna", json.loads(json.dumps(figures))
        )
    )


def cut(shop: Shop, rows: int) -> None:
    """The case file loses all but so many of its first cases."""
    task = shop.project.tasks[0]
    shop.history.index_cases(task, list(load_cases(shop.project, task))[:rows])


def rests(shop: Shop) -> SignedOn:
    candidate = shop.report("json").candidates[0]
    return signed_on(candidate.decisions[0], candidate.card)


def test_what_still_holds_says_on_what_it_was_signed(signed_shop: Shop) -> None:
    found = rests(signed_shop)
    assert found.holds and found.words.startswith(SIGNED)
    assert found.words.endswith("0 regressions (v1, the gate said not enough evidence); nothing has changed since")
    for form in ("markdown", "html", "junit", "json"):
        text = signed_shop.text(form).replace("\\u2212", "−").replace("\\u2026", "…")
        assert f"igned on 48 cases, +2.1 ({found.words.split('(')[1].split(')')[0]})" in text, form
        assert "evidence has changed" not in text


def test_fewer_cases_than_it_was_signed_on_are_told_before_the_go(signed_shop: Shop) -> None:
    cut(signed_shop, 25)
    found = rests(signed_shop)
    assert not found.holds
    assert (
        found.words.startswith(f"the evidence has changed since: {SIGNED}")
        and "; now 25 cases, +4.0 (" in found.words
    )
    for form in ("markdown", "html"):
        text = signed_shop.text(form)
        assert 0 < text.index("The evidence has changed since: ") < text.index("Go, signed by anna"), form
    assert "the evidence has changed since: " in signed_shop.text("junit")
    (decision,) = json.loads(signed_shop.text("json"))["tasks"][0]["candidates"][0]["decisions"]
    assert decision["holds"] is False and decision["signed_on"] == found.words


def test_other_outcomes_with_the_same_counts_are_noticed(signed_shop: Shop, shop_of: MakeShop) -> None:
    other = shop_of([Row(f"c{n}", old_passed=n != 7) for n in range(48)]).report("json").candidates[0].card
    decision = signed_shop.history.decisions("triage", "newer")[0]
    found = signed_on(decision, other)
    assert not found.holds and "; now other cases or outcomes, 48 cases, +2.1 (" in found.words


def test_a_decision_about_another_version_says_so(signed_shop: Shop, shop_of: MakeShop) -> None:
    shop = shop_of([Row("c1")])
    other = shop.versions["baseline"]
    shop.history.sign(
        NewDecision("triage", "newer", other.id, True, "ready", "fine", "ben", {"version": "v7", "cases": 9})
    )
    text = shop.text("markdown")
    assert "The evidence has changed since: signed on 9 cases (v7, the gate said ready); now 1 case" in text
    shop.history.sign(NewDecision("triage", "newer", other.id, True, "ready", "fine", "ben"))
    assert rests(shop).words.startswith(
        "the evidence has changed since: signed on figures that were not kept (another version, the gate said ready)"
    )


def test_a_gate_that_says_otherwise_on_the_same_evidence(shop_of: MakeShop) -> None:
    shop = shop_of([Row(f"c{n}") for n in range(200)], gate="max_critical_regressions = 0")
    card = shop.report("json").candidates[0].card
    assert card.version is not None and card.decision.answer.value == "ready"
    shop.history.sign(
        NewDecision("triage", "newer", card.version.id, True, "not-ready", "x", "ben", figures_of(card))
    )
    assert rests(shop).words.startswith("the gate says otherwise since: signed on 200 cases, 0.0 (")

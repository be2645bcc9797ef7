"""The JSON report: the contract's shape, and more."""

import json
from typing import Any

from migrator_tui.history.decision_records import NewDecision
from tests.reports.conftest import MakeShop
from tests.reports.shops import Row, Shop

SIDE = {
    *("name", "model", "passed", "failed", "errors", "unjudged", "assumed", "pass_rate", "cost"),
    *("latency_p50_ms", "latency_p95_ms", "calls"),
}
CANDIDATE = SIDE | {"version", "regressions", "fixes", "flaky", "paired", "difference", "drift", "gate"}
MORE = {"slices", "figures", "agreements", "decisions", "versions", "results", "critical_regressions", "noise"}


def parsed(shop: Shop) -> dict[str, Any]:
    """The report, read strictly: `NaN` is no JSON."""

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    found: dict[str, Any] = json.loads(shop.text("json"), parse_constant=refuse)
    return found


def test_it_has_the_contracts_shape_and_more(shop_of: MakeShop) -> None:
    rows = [Row(f"c{n}", tags=("vip",) if n % 3 else ()) for n in range(20)]
    rows[1] = Row("c1", new="```json\n{}\n```", new_passed=False, critical=True)
    rows[2] = Row("c2", error="429")
    rows[3] = Row("c3", new_passed=None)
    shop = shop_of(rows)
    version = shop.versions["newer"]
    shop.history.sign(NewDecision("triage", "newer", version.id, False, "not-ready", "wait", "ben"))
    found = parsed(shop)
    assert {"project", "run_id", "gate", "tasks"} <= set(found)
    assert found["gate"]["decision"] == "not-ready" and found["gate"]["reasons"]
    (task,) = found["tasks"]
    (candidate,) = task["candidates"]
    assert set(task["baseline"]) >= SIDE and set(candidate) >= CANDIDATE | MORE
    for side in (task["baseline"], candidate):
        assert side["passed"] + side["failed"] + side["errors"] + side["unjudged"] == task["cases"] == 20
    assert candidate["paired"] == {"both_pass": 17, "regressions": 1, "fixes": 0, "both_fail": 0, "mcnemar_p": 1.0}
    assert candidate["regressions"] == candidate["critical_regressions"] == ["c1"]
    assert candidate["difference"]["low"] < candidate["difference"]["estimate"] < candidate["difference"]["high"]
    assert candidate["drift"][0]["name"] == "fences" and candidate["drift"][0]["cases"] == ["c1"]
    assert {rule["rule"] for rule in candidate["gate"]["rules"]} >= {"max_critical_regressions"}
    assert candidate["slices"][0]["tag"] == "all cases"
    assert candidate["figures"]["cost"]["change"]["estimate"] == -0.5
    assert [one["id"] for one in candidate["results"]] == [row.case_id for row in rows]
    assert candidate["decisions"][0]["decision"] == "no-go" and candidate["versions"][0]["version"] == "v1"


def test_what_is_unknown_is_null(shop_of: MakeShop) -> None:
    found = parsed(shop_of([Row("c1", old=None, new=None)]))
    candidate = found["tasks"][0]["candidates"][0]
    assert candidate["version"] is None and candidate["pass_rate"] is None and candidate["cost"] is None
    assert candidate["difference"] == {"estimate": None, "low": None, "high": None}
    assert candidate["figures"]["cost"]["change"] is None


def test_hostile_texts_are_ascii_and_come_back(hostile: Shop) -> None:
    assert hostile.text("json").isascii()
    assert parsed(hostile)["project"] == hostile.project.name

"""Cases that were answered and are no longer in the case files: no report looks clean because they were deleted."""

import json

from migrator_tui.project.cases import load_cases
from tests.reports.conftest import MakeShop
from tests.reports.shops import Row, Shop


def cut(shop: Shop, kept: set[str]) -> None:
    task = shop.project.tasks[0]
    shop.history.index_cases(task, [case for case in load_cases(shop.project, task) if case.id in kept])


def test_deleted_cases_are_counted_and_named_in_every_form(shop_of: MakeShop) -> None:
    shop = shop_of([Row(f"c{n:02}", new_passed=n >= 3, new="x" if n < 3 else "a good answer") for n in range(20)])
    before = json.loads(shop.text("json"))["tasks"][0]["candidates"][0]
    assert before["gone"] == {"cases": [], "failed": []} and "gone from the case files" not in shop.text("markdown")
    cut(shop, {f"c{n:02}" for n in range(3, 19)})
    found = json.loads(shop.text("json"))["tasks"][0]["candidates"][0]
    assert found["gone"] == {"cases": ["c00", "c01", "c02", "c19"], "failed": ["c00", "c01", "c02"]}
    assert found["regressions"] == []
    for form in ("html", "markdown"):
        text = shop.text(form)
        assert (
            "4 cases that v1 answered are no longer in the case files and count nowhere: c00, c01, c02, c19." in text
        )
        assert "the candidate failed 3 when they were last judged: c00, c01, c02." in text
    for form in ("html", "markdown", "junit"):
        assert "16 cases, 1 run each · 4 more answered and since gone from the case files" in shop.text(form), form


def test_where_none_of_them_is_left(shop_of: MakeShop) -> None:
    shop = shop_of([Row(f"c{n:03}") for n in range(30)])
    cut(shop, set())
    text = shop.text("markdown")
    assert "30 cases that the candidate answered are no longer in the case files" in text and "and 18 more" in text

"""Where a prompt came from and why: in every form of a report, escaped, and of held-out cases counts alone."""

import json
from datetime import UTC, datetime

from migrator_tui.adaptation.reasons import count_words, reasons_of
from migrator_tui.history.adaptation_records import Adaptation
from migrator_tui.history.records import NewOutput, Origin, Version
from tests.reports.conftest import MakeShop
from tests.reports.shops import HOSTILE, Row, Shop
from tests.reports.test_markdown import rendered


def adapted(shop: Shop, why: str = "Fences break the program that reads it.") -> Version:
    """A version that came out of edits, and has answered every case."""
    before = shop.versions["newer"]
    version = shop.history.record_version(
        task="triage", model_name="newer", template=before.template + "Raw JSON only.\n", params=before.params,
        parent_id=before.id, origin=Origin.SUGGESTION, author="bo", kept=True, note=f"raw JSON: {why}",
    )  # fmt: skip
    edit = {
        "op": "append", "text": "Raw JSON only.", "anchor": "", "title": f"raw JSON {why[:20]}", "why": why,
        "case_ids": ["c1", "c2"], "kind": "format", "rule": "", "explained": True,
    }  # fmt: skip
    counts = {"fixed": 2, "still_failing": 1, "broken": 1, "kept": 3, "open": 0}
    details = {
        "edits": [edit], "assistant": "claude-opus-5", "search_id": None, "base_version_id": before.id, "tried": True,
        "flips": {"aimed_at": counts, "held_out": counts}, "looks": 4, "critical_broken": ["c2"], "overridden": True,
        "ablation": [{"edit": 0, "needed_for": ["c1"], "better_without": []}],
    }  # fmt: skip
    shop.history.keep_adaptation(version.id, details, "bo")
    shop.history.add_outputs(
        [
            NewOutput(
                call_key=f"again-{n}", task="triage", model_name="newer", model="openai/new", case_id=f"c{n}",
                version_id=version.id, repeat=0, text="a good answer", imported_passed=True,
            )
            for n in range(4)
        ]
    )  # fmt: skip
    return version


def test_each_form_tells_the_reasons(shop_of: MakeShop) -> None:
    shop = shop_of([Row(f"c{n}") for n in range(4)])
    version = adapted(shop)
    found = json.loads(shop.text("json"))["tasks"][0]["candidates"][0]
    assert found["version"] == version.label
    told = found["versions"][0]
    assert told["origin"] == "suggestion" and told["author"] == "bo" and told["parent_id"] == version.parent_id
    assert told["reasons"]["accepted_by"] == "bo" and told["reasons"]["assistant"] == "claude-opus-5"
    assert told["reasons"]["edits"][0]["needed_for"] == ["c1"]
    assert told["reasons"]["edits"][0]["cases"] == ["c1", "c2"] and told["reasons"]["overridden"] is True
    assert told["reasons"]["flips"]["held_out"]["fixed"] == 2 and found["versions"][1]["reasons"] is None

    text = shop.text("markdown")
    assert "Why the prompt is so" in text and "proposed by claude&#45;opus&#45;5" in text.replace("-", "&#45;")
    assert "Fences break the program" in text and "<code>c1</code>, <code>c2</code>" in text
    assert "held-out cases (7): 2 fixed, 1 broken" in text and "looked at 3 times before" in text
    assert "was accepted by bo although cases broke" in text and "left out, 1 case fails" in text
    assert "cases it was written for (7): 2 fixed" in text

    page = shop.text("html")
    assert page.count("Fences break the program that reads it.") == 1, "a reason is told once"
    assert "left out, 1 case fails" in page and "proposed by claude-opus-5, accepted by bo" in page
    assert "held-out cases (7): 2 fixed, 1 broken." in page and "Accepted by bo although cases broke" in page
    assert '<a href="#c1.c1">c1</a>' in page, "its cases lead to their rows"


def test_edits_that_name_no_case_were_written_for_none() -> None:
    counts = {"fixed": 0, "still_failing": 2, "broken": 0, "kept": 0, "open": 0}
    kept = Adaptation(1, {"edits": [], "flips": {"aimed_at": counts}}, "bo", datetime.now(UTC))
    reasons = reasons_of(kept)
    assert count_words(reasons.parts[0], reasons) == "cases that failed (2): 0 fixed, 0 broken"


def test_what_an_assistant_wrote_does_nothing_in_a_report(shop_of: MakeShop) -> None:
    for name, evil in HOSTILE.items():
        if name == "long":
            continue
        shop = shop_of([Row(f"c{n}") for n in range(4)])
        adapted(shop, evil)
        page, text = shop.text("html"), rendered(shop.text("markdown"))
        for form in (page, text):
            assert "<script" not in form, name
            assert "<img" not in form and "<iframe" not in form and "<svg onload" not in form, name
            assert "\x1b" not in form and "\u202e" not in form, name

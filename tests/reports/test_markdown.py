"""The Markdown report: short, true, and nothing in it but what we wrote means anything to Markdown or GitHub."""

import re
from dataclasses import replace

import pytest
from markdown_it import MarkdownIt

from migrator_tui.history.decision_records import NewDecision
from migrator_tui.reports.markdown import _new_rate, code, plain
from migrator_tui.reports.results_table import _difference
from tests.reports.conftest import MakeShop
from tests.reports.shops import EVIL, HOSTILE, Row, Shop


def rendered(text: str) -> str:
    """As a renderer that lets HTML through shows it: GitHub's, but for its cleaning up."""
    return MarkdownIt("gfm-like", {"html": True, "linkify": False}).render(text)


def test_the_table_holds_before_and_after(shop_of: MakeShop) -> None:
    rows = [Row(f"c{n}") for n in range(20)]
    rows[1] = Row("c1", new="```json\n{}\n```", new_passed=False, critical=True)
    rows[2] = Row("c2", old_passed=False)
    text = shop_of(rows, prompts={"newer": "Sort the ticket.\nBe brief.\n"}).text("markdown")
    assert text.startswith("## ✗ Not ready: shop\n")
    cells = {line.split(" | ")[0].strip("| "): line for line in text.splitlines() if line.startswith("| ")}
    assert cells["pass rate"].startswith("| pass rate | 95.0 % (19 of 20) | 95.0 % (19 of 20)<br>**0.0 pt** (")
    assert cells["regressions"] == "| regressions |  | 1 (1 critical) |"
    assert cells["cost per call"] == "| cost per call | $0.0020 | $0.0010 (50 % cheaper) |"
    assert "- <code>c1</code> **critical**" in text
    assert (
        "-Be kind.\n+Be brief." in text and "- <code>max&#95;tokens</code>: <code>50</code> → <code>60</code>" in text
    )
    assert len(text) < 4_000


def test_an_end_of_the_interval_is_never_rounded_onto_the_margin(shop_of: MakeShop) -> None:
    rows = [Row(f"c{n}", new_passed=n > 0) for n in range(20)]
    card = shop_of(rows).report("markdown").tasks[0].candidates[0].card
    assert card.difference is not None
    margin = round(-card.difference.low, 3)
    near = replace(card, rules=replace(card.rules, margin=margin))
    for told in (_difference(near), _new_rate(near)):
        (low,) = re.findall(r"pt\**  ?\(−([\d.]+) … ", told)
        assert float(low) != pytest.approx(margin * 100, abs=1e-9), told
        assert (float(low) > margin * 100) == (card.difference.low < -margin)


def test_every_table_is_whole_and_every_fold_closed(hostile: Shop, shop_of: MakeShop) -> None:
    many = shop_of([Row(f"c{n}", new_passed=n > 300) for n in range(400)], candidates=("alpha", "be|ta"))
    for text in (hostile.text("markdown"), many.text("markdown")):
        html = rendered(text)
        for table in re.findall(r"<table>.*?</table>", html, re.DOTALL):
            lengths = {len(re.findall(r"<t[hd]", row)) for row in re.findall(r"<tr>.*?</tr>", table, re.DOTALL)}
            assert len(lengths) == 1
        assert html.count("<table>") >= 2
        assert html.count("<details>") == html.count("</details>") == text.count("<details><summary>")
        # A comment on GitHub holds no more.
        assert len(text) < 65_536
    assert "… and 271 more" in many.text("markdown")


def test_many_candidates_fit_into_a_comment(shop_of: MakeShop) -> None:
    rows = [Row(f"case-{n:04}-{'*' * 60}", new="word " * 60, new_passed=False) for n in range(60)]
    prompts = {f"model-{n}": "\n".join(f"line {i} of {n} is another one" for i in range(200)) for n in range(12)}
    text = shop_of(rows, candidates=tuple(prompts), prompts=prompts).text("markdown")
    assert 10_000 < len(text) < 65_536
    assert "more" in text and "lines of the diff left out" in text and "is the baseline's" not in text
    assert rendered(text).count("<details>") == rendered(text).count("</details>")


def test_nothing_foreign_means_anything(hostile: Shop) -> None:
    html = rendered(hostile.text("markdown"))
    ours = {"h2", "ul", "li", "p", "strong", "table", "thead", "tbody", "tr", "th", "td", "code", "pre", "br", "sub"}
    assert set(re.findall(r"<(\w+)", html)) <= ours | {"details", "summary"}
    assert "<a " not in html and "<img" not in html and "document.title='PWNED'&gt;" in html


def test_text_stays_text_whatever_it_is() -> None:
    for kind, text in HOSTILE.items():
        told = rendered(f"- {code(text)} {plain(text)}\n\n| a |\n|---|\n| {code(text)} |")
        assert set(re.findall(r"</?(\w+)", told)) <= {"ul", "li", "code", "p", *_TABLE}, kind
        assert told.count("<td>") + told.count("<td ") == 1, kind
    for text in ("*a* _b_ ~~c~~ [d](e) <f> `g` #1 @h \\* | !", f"see {EVIL}", "a\n\n# b", "1. x", "a: b: c"):
        assert re.sub("[\u200b]", "", _read(rendered(f"x {plain(text)}"))) == f"x {' '.join(text.split())}"
    # What GitHub would link or ring a bell for is broken up, in a way that nobody sees.
    assert "@everyone" not in _read(rendered(plain("@everyone"))) and "#1" not in _read(rendered(plain("#1")))
    assert "://" not in plain(EVIL) and "www." not in plain("www.evil.example")
    assert plain("pass rate: 02:01:23 UTC") == "pass rate: 02:01:23 UTC"
    assert plain(":+1: :100: :a1_b: mailto:a").count("&#58;") == 4


_TABLE = ("table", "thead", "tbody", "tr", "th", "td")


def _read(html: str) -> str:
    text = re.sub(r"<[^>]*>", "", html).strip()
    for reference, character in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&amp;", "&")):
        text = text.replace(reference, character)
    return text


def test_a_prompt_of_fences_is_fenced_by_more(hostile: Shop) -> None:
    text = hostile.text("markdown")
    fences = re.findall(r"^(`{3,})(?:diff)?$", text, re.MULTILINE)
    assert len(fences) == 2 and fences[0] == fences[1] and len(fences[0]) == 6
    assert "+`````" in text


def test_the_newest_signature_is_told_and_no_older_one(shop_of: MakeShop) -> None:
    shop = shop_of([Row("c1")])
    version = shop.versions["newer"]
    assert "signed by" not in shop.text("markdown")
    shop.history.sign(NewDecision("triage", "newer", version.id, True, "not-enough-evidence", "fine", "zoe"))
    shop.history.sign(NewDecision("triage", "newer", version.id, False, "not-enough-evidence", "@all wait", "ben"))
    text = shop.text("markdown")
    assert "No go, signed by ben on " in text and "&#64;&#8203;all wait" in text and "zoe" not in text

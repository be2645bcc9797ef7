"""The HTML report: all there is to tell, in a page in which nothing runs and which loads nothing."""

import base64
import hashlib
import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest
from markupsafe import escape

from migrator_tui.history.decision_records import NewDecision
from tests.reports.conftest import MakeShop
from tests.reports.shops import EVIL, HOSTILE, Row, Shop

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
JSON = '{"category": "billing", "priority": "high"}'
LOADING = {"script", "iframe", "frame", "object", "embed", "link", "base", "form", "img", "video", "audio", "image"}
ALLOWED_META = {"charset", "http-equiv", "name"}


class Page(HTMLParser):
    """What a browser would see: tags with their attributes, and texts."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self._styles = False
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attributes)))
        self._styles = tag == "style"

    def handle_data(self, data: str) -> None:
        if not self._styles:
            self.texts.append(data)

    def handle_endtag(self, tag: str) -> None:
        self._styles = False

    @property
    def words(self) -> str:
        """All texts, white space folded."""
        return " ".join(" ".join(self.texts).split())

    def values(self, attribute: str) -> list[str]:
        """The values of an attribute, wherever it stands."""
        return [attributes[attribute] or "" for _, attributes in self.tags if attribute in attributes]


def two_regressions() -> list[Row]:
    rows = [Row(f"c{n}", tags=("all", "odd" if n % 2 else "even")) for n in range(40)]
    rows[3] = Row("c3", new=f"```json\n{JSON}\n```", old=JSON, new_passed=False, critical=True, tags=("odd",))
    rows[4] = Row("c4", old="yes please", new="no thanks", new_passed=False, tags=("even",))
    rows[5] = Row("c5", old_passed=False, tags=("odd",))
    rows[6] = Row("c6", new="", error="429 slow down", tags=("even",))
    rows[7] = Row("c7", new=None)
    rows[8] = Row("c8", new_passed=None)
    return rows


def test_nothing_in_the_page_can_run_or_load(hostile: Shop) -> None:
    text = hostile.text("html")
    page = Page(text)
    for tag, attributes in page.tags:
        assert tag not in LOADING, (tag, attributes)
        assert not [name for name in attributes if name.startswith("on") or name in ("style", "src", "srcdoc")]
        if tag == "meta":
            assert len(ALLOWED_META & set(attributes)) == 1
            assert attributes.get("http-equiv") in (None, "Content-Security-Policy")
    assert all(href.startswith("#") for href in page.values("href"))
    assert page.tags[0][0] == "html" and [tag for tag, _ in page.tags].count("style") == 1
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200b\ufeff\ufffe\uffff]", text)


def test_hostile_texts_are_there_to_be_read(hostile: Shop) -> None:
    words = Page(hostile.text("html")).words
    for kind in ("script", "image", "cdata", "template", "entity"):
        assert " ".join(HOSTILE[kind][:45].split()) in words
    assert "‹202E›gnirts desrever" in words and "␛]0;PWNED␇" in words
    # A megabyte is compared and shown by its beginning only, and the report says so.
    assert len(hostile.text("html")) < 400_000
    assert "of the candidate's 1,000,013 characters are shown" in words


def test_the_policy_allows_the_page_its_style_and_nothing_else(shop_of: MakeShop) -> None:
    text = shop_of(two_regressions()).text("html")
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)
    assert policy and style
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert policy[1] == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert "url(" not in style[1] and "@import" not in style[1]
    # The policy stands before anything that it should hold back.
    assert text.index("Content-Security-Policy") < text.index("<title>") < text.index("<style>")


def test_the_decision_comes_first_and_its_evidence_follows(shop_of: MakeShop) -> None:
    words = Page(shop_of(two_regressions()).text("html")).words
    order = ["Not ready", "1 critical case regressed: c3", "Next:", "Gate rule", "Pass rate with"]
    order += ["Cost, time, length", "Slices", "2 regressions case", "1 fix", "Worst cases old", "Prompt baseline"]
    order += ["Who judged", "What was not looked at", "Settings", "All cases Show only"]
    places = [words.index(part, words.index("Migration report")) for part in order]
    assert places == sorted(places)
    assert "1 case of the candidate ended in an error" in words
    assert "1 case of 40 not run on both models" in words
    assert "1 answer of the candidate judged by nobody" in words
    assert "429 slow down" in words
    assert "max_tokens = 60" in words and "margin = 0.03" in words
    assert "struck" in words.casefold() and "50 60" in words  # the parameter, on both sides


def test_every_case_has_one_row_and_every_link_leads_somewhere(hostile: Shop, shop_of: MakeShop) -> None:
    for shop, rows in ((hostile, len(HOSTILE)), (shop_of(two_regressions(), candidates=("a", "b")), 2 * 40)):
        text = shop.text("html")
        page = Page(text)
        anchors = page.values("id")
        assert len(anchors) == len(set(anchors))
        assert {href[1:] for href in page.values("href")} <= set(anchors)
        assert len(re.findall(r'<tr id="c\d', text)) == rows
    assert "c1.c3" in anchors and "c2.c3" in anchors


def test_the_worst_cases_stand_side_by_side_with_what_differs_marked(shop_of: MakeShop) -> None:
    text = shop_of(two_regressions()).text("html")
    assert text.index('id="both-c1.c3"') < text.index('id="both-c1.c4"')
    pair = text[text.index('id="both-c1.c3"') :]
    assert f"<ins>```json\n</ins>{escape(JSON)}<ins>\n```</ins>" in pair


def test_several_candidates_are_compared_in_one_table(shop_of: MakeShop) -> None:
    text = shop_of(two_regressions(), candidates=("alpha", "beta")).text("html")
    table = text[text.index('<table class="compared">') : text.index("</table>")]
    assert table.count('<span class="badge bad">') == 2
    assert 'href="#c1">alpha' in table and 'href="#c2">beta' in table
    assert table.count("<circle") == 2


def test_prompts_versions_verdicts_and_signatures_are_told(shop_of: MakeShop) -> None:
    shop = shop_of([Row(f"c{n}") for n in range(6)], prompts={"newer": "Sort the ticket.\nBe brief.\n"})
    version = shop.versions["newer"]
    task = shop.project.tasks[0].name
    outputs = shop.history.current_outputs(task, "newer", "openai/new")
    shop.history.judge([outputs["c1"][0]], False, author="ben", note="too curt", blind=True)
    shop.history.judge([outputs["c2"][0]], True, author="ben")
    shop.history.sign(NewDecision(task, "newer", version.id, True, "not-ready", "ship it anyway", "carla"))
    words = Page(shop.text("html")).words
    assert "Be kind brief" in words
    assert "ben: 2 verdicts on the candidate, 1 of them blind" in words
    assert "“too curt”" in words
    assert "Go, signed by carla" in words and "overriding the gate (not ready) ship it anyway" in words
    assert "v1" in words and "anna" in words and "file" in words


def test_repeats_tell_what_is_flaky_and_that_is_more_than_noise(shop_of: MakeShop) -> None:
    rows = [Row(f"c{n}", more=(n % 4 != 0, True)) for n in range(12)]
    words = Page(shop_of(rows).text("html")).words
    assert "3 cases of the candidate and 0 cases of the baseline pass in some repeats and fail in others" in words
    assert "up to 3 runs each" in words
    assert "Each case was asked once" not in words


def test_simulated_models_are_called_so(shop_of: MakeShop) -> None:
    simulated = shop_of([Row("c1")], model="simulated:bright-2").text("html")
    assert "Simulated." in simulated and "bright-2 (simulated)" in simulated
    assert "simulated" not in Page(shop_of([Row("c1")]).text("html")).words.casefold()


def test_nothing_run_is_not_enough_evidence(shop_of: MakeShop) -> None:
    shop = shop_of([Row("c1", old=None, new=None)])
    words = Page(shop.text("html")).words
    assert "Not enough evidence" in words and "No case is judged on both models yet." in words
    assert "No version has been run yet." in words


def test_a_key_that_a_model_repeats_is_blotted_out(shop_of: MakeShop) -> None:
    key = 'sk-"canary<5e1f0aa9c3d7'
    asked = f"is {key} your key?"
    rows = [
        Row("c1", old="your key is sk- canary", new=f"your key is {key}", new_passed=False, asks=asked),
        Row("c2", error=f"wrong key: {key}"),
    ]
    shop = shop_of(rows, secrets=[key], prompts={"newer": f"Never say {key}.\n"})
    shop.history.name_version(shop.versions["newer"].id, f"with {key}")
    for form in ("html", "markdown", "junit", "json"):
        assert "5e1f0aa9c3d7" not in shop.text(form)
    assert "is [key] your key?" in shop.text("html") and "wrong key: [key]" in shop.text("junit")


@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine")
def test_in_a_browser_nothing_runs_and_nothing_is_asked_for(hostile: Shop, tmp_path: Path) -> None:
    report = tmp_path / "report.html"
    report.write_text(hostile.text("html"), "utf-8")
    title, asked = opened(report, tmp_path)
    assert title.startswith("Not ready: </title>")
    assert asked == []
    # The same texts in a page without our care: else this test would hold of anything.
    careless = tmp_path / "careless.html"
    careless.write_text(f"<title>x</title>{HOSTILE['script']}{HOSTILE['image']}", "utf-8")
    title, asked = opened(careless, tmp_path)
    assert title == "PWNED" and [url for url in asked if EVIL in url]


def opened(file: Path, place: Path) -> tuple[str, list[str]]:
    """The title of a page once it is loaded, and the addresses that it asked for."""
    assert CHROMIUM is not None
    log = place / f"{file.stem}.netlog"
    done = subprocess.run(
        [
            CHROMIUM,
            *("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--dump-dom"),
            *("--disable-background-networking", "--disable-component-update", "--no-first-run"),
            *(
                "--host-resolver-rules=MAP * ~NOTFOUND",
                f"--log-net-log={log}",
                f"--user-data-dir={place / file.stem}",
            ),
            file.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=90,
        check=True,
    )
    title = re.search(r"<title>(.*?)</title>", done.stdout, re.DOTALL)
    assert title
    events = json.loads(log.read_text("utf-8"))["events"]
    urls = [event.get("params", {}).get("url", "") for event in events]
    return re.sub(r"&lt;", "<", title[1]).replace("&gt;", ">"), [url for url in urls if "evil.example" in url]

"""The coverage screen: what it shows, what taking and writing a proposal does, and how it follows the files."""

import json
from pathlib import Path
from typing import Any

import pytest

from migrator_tui.models.pool import ModelPool
from migrator_tui.project.cases import load_cases
from migrator_tui.project.config import load_project
from migrator_tui.tui.setup.picker import Picker
from tests.tui.conftest import MEDIUM, NARROW, RECORDED, WIDE, Driver, opened, run_all, write_project

pytestmark = pytest.mark.asyncio(loop_scope="session")

PROMPT = """\
Sort tickets for {{ shop }}.
Answer with JSON and nothing else, in at most 5 words.
category: one of billing, delivery, other
If somebody mentions a lawyer, say "We will call you."
"""
TEXTS = [
    "My parcel has not arrived yet, where is it?",
    "You charged me twice for the kettle.",
    "The lamp is broken, can I send it back?",
    "I cannot sign in to my account any more.",
    "When do you open on Saturdays?",
    "My lawyer will write to you about the tent.",
]
ITALIAN = [
    "Buongiorno, il mio ordine non è ancora arrivato, dove si trova adesso?",
    "La lampada che ho comprato si è rotta dopo due giorni.",
    "Vorrei sapere quando aprite il sabato mattina.",
]


def case(name: str, text: str, *tags: str) -> dict[str, Any]:
    asks = [{"role": "user", "content": text}]
    return {"id": name, "tags": list(tags), "vars": {"shop": "Lamps"}, "messages": asks}


@pytest.fixture
async def shop(tmp_path: Path) -> Path:
    """A project whose production knows Italians, and whose cases do not."""
    return await made(tmp_path)


async def made(tmp_path: Path, new: dict[str, str] | None = None) -> Path:
    """The project; `new`: the candidate's answers, where they are not the baseline's."""
    config = RECORDED.replace(
        'cases = ["cases/triage.jsonl"]',
        'cases = ["cases/triage.jsonl"]\nproduction = "production.jsonl"\n'
        'checks = [{ type = "max-words", value = 9 }]',
    )
    cases = [case(f"c{n}", text, "mail") for n, text in enumerate(TEXTS)]
    answers = {f"c{n}": "one two three four five six" if n % 2 else "one two" for n in range(6)}
    folder = write_project(
        tmp_path / "shop", config=config, cases=cases, prompt=PROMPT, old=answers, new=new or answers
    )
    seen = [case(f"p{n}", f"Where is my parcel number {n}, please?", "mail") for n in range(9)]
    seen += [case(f"i{n}", text, "mail") for n, text in enumerate(ITALIAN)]
    (folder / "production.jsonl").write_text("".join(json.dumps(one) + "\n" for one in seen), "utf-8")
    await run_all(folder)
    return folder


async def to_coverage(bench: Driver) -> None:
    await bench.press("4")
    await bench.until(lambda: "Proposals" in bench.text and "being tried" not in bench.text, "surveyed and tried")


async def to_row(bench: Driver, words: str) -> None:
    """Put the cursor of the part in focus on the row with these words."""
    await bench.press("g")
    for _ in range(40):
        if any("▸" in line and words in line for line in bench.lines):
            return
        await bench.press("j")
    raise AssertionError(f"no row says {words}\n{bench.text}")


async def test_the_tab_counts_the_gaps_and_the_screen_names_them(shop: Path) -> None:
    async with opened(shop, size=WIDE) as bench:
        await bench.until(lambda: "4 Coverage  " in bench.text and "gaps" in bench.lines[1])
        await to_coverage(bench)
        for words in (
            "nothing else",
            "max-words 9: looser than asked",
            "category: one of billing, delivery, other",
            "✗ Italian",
            "takes back what it says",
            "without a check",
            "+ 2: Italian",
            "3 more cases would fail today",
        ):
            assert words.lower() in bench.text.lower(), words


async def test_enter_leads_to_the_cases_behind_a_row(shop: Path) -> None:
    async with opened(shop, size=WIDE) as bench:
        await to_coverage(bench)
        await to_row(bench, "at most 5 words")
        await bench.press("enter")
        await bench.until(lambda: bench.app.current.NAME == "workbench")
        await bench.until(lambda: sorted(bench.ids) == ["c1", "c3", "c5"])
        await bench.press("4", "tab")
        await to_row(bench, "lawyer")
        await bench.press("enter")
        await bench.until(lambda: bench.ids == ["c5"])


async def test_a_check_that_is_taken_is_written_after_its_diff_and_the_gap_is_gone(shop: Path) -> None:
    async with opened(shop, size=WIDE) as bench:
        await to_coverage(bench)
        await to_row(bench, "at most 5 words")
        await bench.press("space")
        await bench.until(lambda: "w writes 1 check" in bench.text)
        await bench.press("w")
        await bench.until(lambda: '{ type = "max-words", value = 5 }' in bench.text)
        assert "3 cases that the baseline passes today would fail, 3 of the candidate" in bench.text
        assert "value = 5" not in (shop / "migrator.toml").read_text("utf-8"), "nothing is written before a yes"
        await bench.press("enter")
        await bench.until(lambda: "written to migrator.toml" in bench.notice)
        await bench.until(lambda: "max-words 5 " in bench.text and "looser than asked" not in bench.text)
        await bench.settle()
    assert [spec.value for spec in load_project(shop).tasks[0].checks] == [9, 5]


async def test_a_check_that_the_baseline_alone_would_fail_is_told_before_it_is_written(tmp_path: Path) -> None:
    folder = await made(tmp_path, {f"c{n}": "one two" for n in range(6)})
    async with opened(folder, size=WIDE) as bench:
        await to_coverage(bench)
        assert "would fail: 3 the baseline passes, 0 the candidate" in bench.text
        await to_row(bench, "at most 5 words")
        await bench.press("space", "w")
        await bench.until(lambda: "moves in the candidate's favour" in " ".join(bench.text.split()))
        assert "3 cases that the baseline passes today would fail, 0 of the candidate" in bench.text
        await bench.press("escape", "enter")
        await bench.until(lambda: sorted(bench.ids) == ["c1", "c3", "c5"], "the cases that the baseline would fail")


async def test_the_words_of_a_check_can_be_changed_and_mistakes_are_told(shop: Path) -> None:
    async with opened(shop, size=WIDE) as bench:
        await to_coverage(bench)
        await to_row(bench, "at most 5 words")
        await bench.press("e")
        await bench.until(lambda: "Change the check" in bench.text)
        await bench.press("end", "backspace", "backspace", "backspace")
        await bench.type("7, wait = 1 }")
        await bench.press("enter")
        await bench.until(lambda: "unknown key" in bench.text and "wait = 1 }" in bench.text, "text and reason stay")
        await bench.press("end", *["backspace"] * len(", wait = 1 }"))
        await bench.press("enter")
        await bench.until(lambda: "not TOML" in bench.text)
        await bench.type(" }")
        await bench.press("enter", "space", "w")
        await bench.until(
            lambda: '+checks = [{ type = "max-words", value = 9 }, { type = "max-words", value = 7 }]' in bench.text
        )
        await bench.press("escape")
    assert "value = 7" not in (shop / "migrator.toml").read_text("utf-8")


async def test_cases_from_production_are_looked_at_one_by_one_and_enter_the_case_file(shop: Path) -> None:
    before = (shop / "cases" / "triage.jsonl").read_bytes()
    async with opened(shop, size=WIDE) as bench:
        await to_coverage(bench)
        note = bench.lines[1]
        await to_row(bench, "+ 2: Italian")
        await bench.press("enter")
        await bench.until(lambda: "space take · a all" in bench.text)
        await bench.press("space", "j", "space", "k", "space")
        await bench.press("enter")
        await bench.until(lambda: "1 of 2 taken" in bench.text)
        await bench.press("space")
        await bench.until(lambda: "space takes" in bench.text, "left again")
        await bench.press("space")
        await bench.until(lambda: "2 of 2 taken" in bench.text)
        await bench.press("w")
        await bench.until(lambda: "Write to cases/triage.jsonl" in bench.text)
        await bench.press("enter")
        await bench.until(lambda: "written to cases/triage.jsonl: 2 cases" in bench.notice)
        await bench.until(lambda: "+ 2: Italian" not in bench.text and bench.lines[1] != note)
        await bench.press("1")
        await bench.until(lambda: len(bench.ids) == 8)  # and the app ends while the cases are surveyed again
    written = (shop / "cases" / "triage.jsonl").read_bytes()
    assert written.startswith(before)
    project = load_project(shop)
    new = load_cases(project, project.tasks[0])[6:]
    assert {case.id for case in new} <= {"i0", "i1", "i2"} and not any(case.checks or case.expected for case in new)


async def test_cases_are_written_by_the_assistant_once_calls_and_money_are_agreed_to(
    shop: Path, pool: ModelPool
) -> None:
    config = shop / "migrator.toml"
    config.write_text(config.read_text("utf-8") + '\n[assistant]\nmodel = "simulated:writer-1"\n', "utf-8")
    before = (shop / "cases" / "triage.jsonl").read_bytes()
    async with opened(shop, size=WIDE, pool=pool) as bench:
        await to_coverage(bench)
        await to_row(bench, "takes back what it says")
        await bench.press("s")
        await bench.until(lambda: "1 call to simulated:writer-1, about $0.00" in bench.text)
        await bench.press("escape")
        assert bench.history.spent_today()[0] == 0, "nobody is asked before a yes"
        await bench.press("s")
        await bench.until(lambda: "1 call to simulated:writer-1" in bench.text)
        await bench.press("enter")
        await bench.until(lambda: "contradictory-1" in bench.text and "space take" in bench.text, "reviewed at once")
        assert (shop / "cases" / "triage.jsonl").read_bytes() == before
        await bench.press("space", "enter", "w")
        await bench.until(lambda: "Write to cases/triage.jsonl" in bench.text)
        await bench.press("enter")
        await bench.until(lambda: "written to cases/triage.jsonl: 1 case" in bench.notice)
        assert bench.history.spent_today()[0] > 0
        await bench.settle()
    project = load_project(shop)
    new = load_cases(project, project.tasks[0])[-1]
    assert (new.id, new.tags, new.checks, new.vars["shop"]) == ("contradictory-1", ("contradictory",), (), "Lamps")


async def test_without_an_assistant_it_says_what_to_set(shop: Path) -> None:
    async with opened(shop, size=WIDE) as bench:
        await to_coverage(bench)
        await to_row(bench, "takes back what it says")
        for key in ("s", "space", "enter"):
            await bench.press(key)
            await bench.until(lambda: "[assistant]" in bench.notice)
            bench.app.change_frame(notice="")


async def test_a_production_sample_comes_in_with_the_import_screen(shop: Path) -> None:
    config = shop / "migrator.toml"
    config.write_text(config.read_text("utf-8").replace('production = "production.jsonl"\n', ""), "utf-8")
    async with opened(shop, size=WIDE) as bench:
        await to_coverage(bench)
        assert "no sample" in bench.text
        await bench.press("I")
        await bench.until(lambda: isinstance(bench.app.screen, Picker), "which file?")
        await bench.press("escape")
        await bench.until(lambda: bench.app.screen is bench.app.current and "Proposals" in bench.text)


async def test_the_screen_follows_files_that_change_outside(shop: Path) -> None:
    async with opened(shop, size=MEDIUM) as bench:
        await to_coverage(bench)
        (shop / "prompts" / "triage.md").write_text("Answer for {{ shop }} in German.\n", "utf-8")
        await bench.until(lambda: "is in German" in bench.text and "at most 5 words" not in bench.text)
        (shop / "production.jsonl").write_text('{"vars": \n', "utf-8")
        (shop / "migrator.toml").write_text((shop / "migrator.toml").read_text("utf-8") + "\n# touched\n", "utf-8")
        await bench.until(lambda: "production.jsonl:1: not JSON" in bench.text)
        await bench.settle()


async def test_narrow_screens_turn_pages_and_plus_shows_a_part_alone(shop: Path) -> None:
    async with opened(shop, size=NARROW) as bench:
        await to_coverage(bench)
        assert "Proposals" in bench.text and "Edges 2" not in bench.text
        await bench.press("right")
        await bench.until(lambda: "takes back what it says" in bench.text)
        await bench.press("right")
        await bench.until(lambda: "Cases against production" in bench.text)
        await bench.press("plus")
        await bench.until(lambda: "Production " not in bench.lines[3])
        await bench.press("escape", "escape")
        await bench.until(lambda: bench.app.current.NAME == "workbench")


async def test_texts_of_strangers_stay_texts(shop: Path) -> None:
    evil = "[/b]\x1b]0;x\x07 \u202e never say [bold]"
    (shop / "prompts" / "triage.md").write_text(f"Never say {evil} to {{{{ shop }}}}.\n", "utf-8")
    with (shop / "production.jsonl").open("a", encoding="utf-8") as file:
        for n in range(9):
            file.write(json.dumps(case(f"e{n}", f"{evil} number {n} of nine of them", evil)) + "\n")
    async with opened(shop, size=WIDE) as bench:
        await to_coverage(bench)
        assert "[/b]" in bench.text and "\x1b" not in bench.text and "\u202e" not in bench.text
        await to_row(bench, "[/b]")
        await bench.press("enter")
        await bench.until(lambda: "space take · a all" in bench.text)

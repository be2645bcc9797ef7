"""What the store is given comes back, in the order and under the rules that the screens rely on."""

import json
import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator_tui.history.digests import text_digest
from migrator_tui.history.errors import HistoryError
from migrator_tui.history.escapes import raw_text, stored_text
from migrator_tui.history.records import CheckRecord, Draft, Origin, RunItem, Version
from migrator_tui.history.store import History
from migrator_tui.models.requests import ToolCall
from migrator_tui.project.schema import Project
from tests.history.conftest import a_version, an_output

NASTY = [
    "\x00",
    "a\x00b\\x00\\",
    "half \ud800 of a pair",
    "\x1astarts with the flag",
    "\x1b]2;title\x07 [/b] \u202e",
    "back\\slash \\u00e9",
]


def items_for(version: Version, *case_ids: str) -> list[RunItem]:
    return [
        RunItem(no, version.task, version.model_name, case_id, version.id, 0, f"{version.id}-{case_id}-0")
        for no, case_id in enumerate(case_ids)
    ]


def test_versions_are_numbered_and_the_same_text_is_the_same_version(history: History) -> None:
    first = a_version(history)
    second = a_version(history, "Sort it. Raw JSON.")
    again = a_version(history)
    other = a_version(history, model_name="baseline")
    assert (first.number, second.number, other.number) == (1, 2, 1)
    assert again == first
    assert [v.label for v in history.versions("triage", "new")] == ["v2", "v1"]
    assert history.version(first.id) == first
    assert first.created_at.tzinfo is UTC
    with pytest.raises(KeyError):
        history.version(999)


def test_a_version_that_was_only_tried_becomes_kept_and_never_the_other_way(history: History) -> None:
    wanted = {"task": "triage", "model_name": "new", "template": "x", "params": {}, "parent_id": None}
    tried = history.record_version(**wanted, origin=Origin.EDITOR, author="ann", kept=False)
    kept = history.record_version(**wanted, origin=Origin.FILE, author="bob", kept=True)
    after = history.record_version(**wanted, origin=Origin.EDITOR, author="cy", kept=False)
    assert (tried.kept, kept.kept, after.kept) == (False, True, True)
    assert (kept.id, kept.author, kept.origin) == (tried.id, "ann", Origin.EDITOR)


def test_versions_are_found_by_number_label_and_name(history: History) -> None:
    first, second = a_version(history), a_version(history, "other")
    named = history.name_version(first.id, "  raw   json ")
    assert named.name == "raw json" and named.kept
    assert history.find_version("triage", "new", "raw json") == named
    assert history.find_version("triage", "new", "v2") == second == history.find_version("triage", "new", "2")
    assert history.find_version("triage", "baseline", "v2") is None
    with pytest.raises(HistoryError, match='"raw json" is the name of v1 already'):
        history.name_version(second.id, "raw json")
    with pytest.raises(HistoryError, match="reads like a version's number"):
        history.name_version(second.id, "v7")


def test_a_new_version_cannot_take_the_name_of_another(history: History) -> None:
    wanted = {"task": "triage", "model_name": "new", "params": {}, "parent_id": None, "author": "ann"}
    for template in ("one", "one"):  # saying the same twice is no conflict
        history.record_version(**wanted, template=template, origin=Origin.EDITOR, name="raw json", note="why")
    with pytest.raises(HistoryError, match="name of v1"):
        history.record_version(**wanted, template="two", origin=Origin.EDITOR, name="raw json")
    assert [(v.name, v.note) for v in history.versions("triage", "new")] == [("raw json", "why")]


def test_drafts_are_kept_by_window(history: History) -> None:
    then = datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC)
    one = Draft("triage", "new", "half a senten", "temperature = ", None, "w1", then)
    two = replace(one, template="else\x00", window="w2", updated_at=then + timedelta(seconds=1))
    history.save_draft(replace(one, template="half"))
    history.save_draft(one)
    history.save_draft(two)
    assert history.drafts("triage", "new") == [two, one]
    history.drop_draft("triage", "new", "w2")
    assert history.drafts("triage", "new") == [one]
    assert history.drafts("triage", "baseline") == []


@pytest.mark.parametrize("nasty", NASTY)
def test_any_text_comes_back_as_it_was(history: History, nasty: str) -> None:
    version = a_version(history, template=nasty)
    (stored,) = history.add_outputs(
        [
            an_output(
                version,
                case_id=nasty,
                text=nasty,
                reasoning=nasty,
                tool_calls=(ToolCall("1", nasty, nasty),),
                error_kind="server",
                error=nasty,
            )
        ]
    )
    history.add_checks({stored.id: [CheckRecord("k", nasty, False, 0, 1, nasty)]})
    history.judge([stored], True, author=nasty, note=nasty)
    assert history.version(version.id).template == nasty
    assert history.outputs([stored.id]) == {stored.id: stored}
    assert stored.text == stored.reasoning == stored.error == stored.tool_calls[0].arguments == nasty
    assert history.current_outputs("triage", "new", "simulated:new", [nasty]) == {nasty: [stored]}
    assert history.checks([stored.id])[stored.id]["k"].reason == nasty
    (verdict,) = history.verdicts("triage", "new", [nasty])[nasty]
    assert (verdict.note, verdict.author, verdict.text_digest) == (nasty, nasty, text_digest(stored))


def test_clean_text_lies_in_the_database_as_it_is(history: History) -> None:
    text = "Grüße \x1b[31m back\\slash"
    history.add_outputs([an_output(a_version(history), text=text)])
    with sqlite3.connect(history.location) as plain:
        assert plain.execute("select text from migrator_output").fetchall() == [(text,)]


def test_a_run_is_written_down_before_its_first_call_and_ends_when_it_is_said_to(history: History) -> None:
    version = a_version(history)
    run = history.start_run({"tasks": ["triage"], "repeat": 1}, items_for(version, "a", "b"), "ann")
    assert (run.state, run.items, run.done, run.author) == ("running", 2, 0, "ann")
    assert history.run_items(run.id) == items_for(version, "a", "b")
    (output,) = history.add_outputs([an_output(version, "b", run_id=run.id, item_no=1)])
    assert [item.output_id for item in history.run_items(run.id)] == [None, output.id]
    assert history.run(run.id).done == 1
    stopped = history.finish_run(run.id, "stopped")
    assert history.unfinished_run() == stopped == history.last_run()
    assert history.resume_run(run.id).state == "running"
    finished = history.finish_run(run.id, "finished")
    assert finished.finished_at is not None and finished.finished_at >= finished.created_at
    assert history.unfinished_run() is None
    with pytest.raises(ValueError, match="not eaten"):
        history.finish_run(run.id, "eaten")


def test_runs_come_newest_first(history: History) -> None:
    ids = [history.start_run({}, [], "ann").id for _ in range(5)]
    assert sorted(ids) == ids
    assert [run.id for run in history.runs(3)] == ids[:1:-1]


def test_a_run_that_a_living_process_is_at_is_not_offered(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    run = history.start_run({}, items_for(a_version(history), "a"), "ann")
    assert history.unfinished_run() == run  # our own, hence an abandoned one
    monkeypatch.setattr(os, "getpid", lambda: 1)
    by_another = history.resume_run(run.id)
    monkeypatch.undo()
    assert history.unfinished_run() is None  # process 1 lives
    with sqlite3.connect(history.location) as plain:
        plain.execute("update migrator_run set owner = replace(owner, '/1/', '/1/9')")
    assert history.unfinished_run() == by_another  # another process had that number
    with sqlite3.connect(history.location) as plain:
        plain.execute("update migrator_run set owner = 'elsewhere/7/1'")
    assert history.unfinished_run() is None
    with sqlite3.connect(history.location) as plain:
        plain.execute("update migrator_run set created_at = '2020-01-01 00:00:00.000000'")
    assert history.unfinished_run() is not None


def test_an_item_of_a_run_is_answered_once(history: History) -> None:
    version = a_version(history)
    run = history.start_run({}, items_for(version, "a", "b"), "ann")
    first = an_output(version, "a", "one", run_id=run.id, item_no=0)
    (kept,) = history.add_outputs([first])
    again, new, twice = history.add_outputs(
        [
            replace(first, text="two"),
            an_output(version, "b", "three", run_id=run.id, item_no=1),
            an_output(version, "b", "four", run_id=run.id, item_no=1),
        ]
    )
    assert again == kept and again.text == "one"
    assert new.text == "three" and twice == new
    assert history.outputs([kept.id, new.id, 99]) == {kept.id: kept, new.id: new}


def test_outputs_keep_their_order_in_a_large_batch(history: History) -> None:
    version = a_version(history)
    stored = history.add_outputs([an_output(version, f"c{n}", f"text {n}") for n in range(2_500)])
    found = history.outputs([output.id for output in stored])
    assert [found[o.id].text for o in stored] == [f"text {n}" for n in range(2_500)]
    assert all(found[o.id] == o for o in stored)


def test_the_cache_gives_the_newest_answer_and_never_an_error(history: History) -> None:
    version = a_version(history)
    old, new, error = history.add_outputs(
        [
            an_output(version, "a", "old", call_key="k"),
            an_output(version, "a", "new", call_key="k"),
            an_output(version, "a", "", call_key="k", error_kind="timed-out", error="too slow"),
        ]
    )
    history.add_outputs([an_output(version, "b", "", call_key="e", error_kind="server")])
    assert history.cached(["k", "e", "unknown"]) == {"k": new.id}
    assert old.id < new.id < error.id and error.failed_call


def test_current_outputs_are_those_of_the_version_that_answered_last(history: History) -> None:
    v1, v2 = a_version(history, "one"), a_version(history, "two")
    model = "simulated:new"
    history.add_outputs([an_output(v1, case, repeat=n) for case in ("a", "b") for n in (0, 1)])
    rerun = history.add_outputs([an_output(v2, "a", "2", repeat=1), an_output(v2, "a", "1", repeat=0)])
    newest = history.add_outputs([an_output(v2, "a", "1 again", repeat=0)])
    current = history.current_outputs("triage", "new", model)
    assert current["a"] == [newest[0], rerun[0]]
    assert [(o.version_id, o.repeat) for o in current["b"]] == [(v1.id, 0), (v1.id, 1)]
    assert history.current_outputs("triage", "new", model, ["b", "zzz"]) == {"b": current["b"]}
    assert history.current_outputs("triage", "new", "another-model") == {}
    assert history.version_outputs(v2.id, model) == {"a": current["a"]}
    assert [o.repeat for o in history.version_outputs(v1.id, model)["a"]] == [0, 1]


def test_an_answer_from_the_cache_makes_its_version_current_again(history: History) -> None:
    v1, v2 = a_version(history, "one"), a_version(history, "two")
    (first,) = history.add_outputs([an_output(v1, "a", "from one")])
    history.add_outputs([an_output(v2, "a", "from two")])
    items = [*items_for(v1, "a"), RunItem(1, "triage", "new", "twin", v1.id, 0, "same call")]
    run = history.start_run({}, items, "ann")
    history.link_cached(run.id, {0: first.id, 1: first.id})
    assert [(i.output_id, i.cached) for i in history.run_items(run.id)] == [(first.id, True), (first.id, True)]
    current = history.current_outputs("triage", "new", "simulated:new")
    assert current["a"] == [first]
    assert current["twin"] == [replace(first, case_id="twin")]
    history.link_cached(run.id, {0: 2})
    assert history.run_items(run.id)[0].output_id == first.id


def test_an_answer_from_the_cache_stands_again_outside_any_run(history: History) -> None:
    v1, v2 = a_version(history, "one"), a_version(history, "two")
    (first,) = history.add_outputs([an_output(v1, "a", "from one")])
    (second,) = history.add_outputs([an_output(v2, "a", "from two")])
    history.place_output(RunItem(0, "triage", "new", "a", v1.id, 0, first.call_key), first.id)
    assert history.current_outputs("triage", "new", "simulated:new") == {"a": [first]}
    assert history.version_outputs(v2.id, "simulated:new") == {"a": [second]}


def test_figures_are_those_of_the_outputs_that_count(history: History) -> None:
    v1, v2 = a_version(history, "one"), a_version(history, "two")
    history.add_outputs([an_output(v1, "a", cost=0.1), an_output(v1, "b", error_kind="timed-out", error="late")])
    history.add_outputs(
        [
            an_output(v2, "a", repeat=no, cost=0.5, latency_ms=7.0, first_token_ms=2.0, output_tokens=no)
            for no in (1, 0)
        ]
    )
    now = history.current_figures("triage", "new", "simulated:new")
    assert [(f.repeat, f.cost, f.latency_ms, f.first_token_ms, f.output_tokens) for f in now["a"]] == [
        (0, 0.5, 7.0, 2.0, 0),
        (1, 0.5, 7.0, 2.0, 1),
    ]
    assert now["b"][0].failed_call and not now["a"][0].failed_call
    current = history.current_outputs("triage", "new", "simulated:new")
    assert {key: [f.output_id for f in some] for key, some in now.items()} == {
        key: [output.id for output in some] for key, some in current.items()
    }
    assert [f.cost for f in history.version_figures(v1.id, "simulated:new")["a"]] == [0.1]
    assert history.current_figures("triage", "new", "openai/other") == {}


def test_versions_tell_where_they_were_tried(history: History) -> None:
    v1, v2, v3 = (a_version(history, text) for text in ("one", "two", "three"))
    history.add_outputs([an_output(v1, "a"), an_output(v1, "b"), an_output(v2, "a"), an_output(v2, "a", repeat=1)])
    numbers = history.answered_versions("triage", "new", "simulated:new")
    assert set(numbers) == {v1.id, v2.id}
    assert sorted(history.version_cases(v1.id, "simulated:new")) == ["a", "b"]
    assert history.version_cases(v2.id, "simulated:new") == ["a"]
    assert history.version_cases(v3.id, "simulated:new") == []
    history.add_outputs([an_output(v1, "c")])
    again = history.answered_versions("triage", "new", "simulated:new")
    assert again[v2.id] == numbers[v2.id] and again[v1.id] > numbers[v1.id]
    assert set(history.version_outputs(v1.id, "simulated:new", ["c", "z"])) == {"c"}


def test_everything_can_be_had_as_plain_values(history: History) -> None:
    version = a_version(history)
    run = history.start_run({"repeat": 1}, items_for(version, *(f"c{n}" for n in range(600))), "ann")
    outputs = history.add_outputs([an_output(version, f"c{n}", "\x00", run_id=run.id, item_no=n) for n in range(600)])
    history.add_checks({output.id: [CheckRecord("k", "is-json", True, 1, 1, "")] for output in outputs})
    (verdict,) = history.judge(outputs[:1], True, author="ann")
    history.note(verdict, "fine", "bob")
    rows = list(history.export())
    kinds = [row["kind"] for row in rows]
    assert list(dict.fromkeys(kinds)) == ["version", "run", "run-item", "output", "check", "verdict", "verdict-note"]
    assert [kinds.count(kind) for kind in dict.fromkeys(kinds)] == [1, 1, 600, 600, 600, 1, 1]
    assert json.loads(json.dumps(rows)) == rows
    assert {row["text"] for row in rows if row["kind"] == "output"} == {"\x00"}
    assert [row["no"] for row in rows if row["kind"] == "run-item"] == list(range(600))


@given(st.text(alphabet=st.characters(exclude_categories=())))
def test_escapes_are_given_back_and_can_be_stored(text: str) -> None:
    assert raw_text(stored_text(text)) == text
    stored = stored_text(text)
    assert "\x00" not in stored and _is_utf8(stored)
    assert (stored == text) == ("\x00" not in text and _is_utf8(text) and not text.startswith("\x1a"))


def _is_utf8(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)


def test_checks_are_kept_by_key(history: History) -> None:
    version = a_version(history)
    one, two = history.add_outputs([an_output(version, "a"), an_output(version, "b")])
    fail = CheckRecord("k1", "is-json", False, 0.0, 2.0, "not JSON")
    history.add_checks({one.id: [fail, CheckRecord("k2", "max-words", True, 1.0, 1.0, "")]})
    history.add_checks({one.id: [replace(fail, passed=True, score=1.0, reason="")]})
    found = history.checks([one.id, two.id])
    assert set(found) == {one.id} and set(found[one.id]) == {"k1", "k2"}
    assert found[one.id]["k1"] == CheckRecord("k1", "is-json", True, 1.0, 2.0, "")


def test_a_verdict_is_taken_back_by_a_row_of_its_own(history: History) -> None:
    version = a_version(history)
    a, b = history.add_outputs([an_output(version, "a"), an_output(version, "b")])
    (passed,) = history.judge([a], True, author="ann")
    (failed,) = history.judge([a], False, author="ann", blind=True)
    (bobs,) = history.judge([b], True, author="bob")
    assert history.verdicts("triage", "new") == {"a": [failed, passed], "b": [bobs]}
    assert history.undo_last("ann") == [failed]
    assert history.verdicts("triage", "new", ["a"]) == {"a": [passed]}
    assert history.undo_last("ann") == [passed]
    assert history.undo_last("ann") == []
    assert history.verdicts("triage", "new") == {"b": [bobs]}
    with sqlite3.connect(history.location) as plain:
        rows = plain.execute("select passed, undoes from migrator_verdict order by id").fetchall()
    assert rows == [(1, None), (0, None), (1, None), (None, failed.id), (None, passed.id)]


def test_one_undo_takes_back_a_whole_group(history: History) -> None:
    version = a_version(history)
    outputs = history.add_outputs([an_output(version, f"c{n}") for n in range(700)])
    (before,) = history.judge(outputs[:1], False, author="ann")
    group = history.judge(outputs, True, author="ann")
    assert len({verdict.group for verdict in group}) == 1 and group[0].group
    assert len(history.verdicts("triage", "new")) == 700
    assert {v.id for v in history.undo_last("ann")} == {v.id for v in group}
    assert history.verdicts("triage", "new") == {"c0": [before]}


def test_a_note_does_not_touch_the_verdict(history: History) -> None:
    (output,) = history.add_outputs([an_output(a_version(history))])
    (verdict,) = history.judge([output], False, author="ann", note="first")
    noted = history.note(verdict, "wrong category", author="bob")
    assert noted == replace(verdict, note="wrong category")
    assert history.verdicts("triage", "new") == {"a": [noted]}
    history.note(verdict, "", author="bob")
    assert history.verdicts("triage", "new")["a"][0].note is None
    assert [v.id for v in history.undo_last("ann")] == [verdict.id]


def test_tool_calls_count_in_what_was_judged_and_their_ids_do_not(history: History) -> None:
    version = a_version(history)
    call = ToolCall("call_1", "lookup", '{"id": 1}')
    outputs = [
        an_output(version, tool_calls=(call,)),
        an_output(version, tool_calls=(replace(call, id="call_2"),)),
        an_output(version, tool_calls=(replace(call, arguments="{}"),)),
    ]
    assert text_digest(outputs[0]) == text_digest(outputs[1]) != text_digest(outputs[2])
    first, *_ = history.judge(history.add_outputs(outputs), True, author="ann")
    assert first.text_digest == text_digest(outputs[1])


def test_money_spent_today(history: History) -> None:
    version = a_version(history)
    assert history.spent_today() == (0.0, False)
    history.add_outputs(
        [
            an_output(version, cost=0.25),
            an_output(version, model="recorded:old.jsonl", cost=9.0),
            an_output(version, model="openai/x", error_kind="server"),
        ]
    )
    assert history.spent_today() == (0.25, False)
    with sqlite3.connect(history.location) as plain:
        plain.execute("update migrator_output set created_at = '2020-01-01 00:00:00.000000'")
    history.add_outputs([an_output(version, model="openai/x", cost=0.5), an_output(version, model="openai/x")])
    assert history.spent_today() == (0.5, True)


def test_known_keys_do_not_reach_the_database(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_API_KEY", "canary-from-environment")
    with History.open(project, secrets=["canary-from-dotenv"]) as history:
        version = a_version(history)
        (stored,) = history.add_outputs(
            [an_output(version, error_kind="key", error="Incorrect key canary-from-environment, canary-from-dotenv")]
        )
        assert history.outputs([stored.id])[stored.id].error == "Incorrect key [key], [key]"
        history.start_run({"extra": ["canary-from-dotenv"]}, [], "ann")
        (verdict,) = history.judge([stored], False, author="ann", note="it says canary-from-dotenv")
        history.note(verdict, "canary-from-environment, that is", "ann")
        where = history.location
    with sqlite3.connect(where) as plain:
        assert "canary" not in "\n".join(plain.iterdump())

"""What adapting prompts leaves behind: exchanges, edits taken and turned down, parts of cases, looks, searches."""

import sqlite3
from collections import Counter

import pytest

from migrator_tui.history.adaptation_records import CasePart
from migrator_tui.history.records import Origin, Version
from migrator_tui.history.store import History
from migrator_tui.project.schema import Project
from tests.history.conftest import MakeProject, a_version, an_output

ODD = "a\x00b \ud800 ß"
"""What UTF-8 or PostgreSQL cannot hold; also in names."""


def test_an_exchange_is_there_before_its_answer(history: History) -> None:
    asked = {
        "purpose": "suggestion",
        "model": "openai/x",
        "params": {"max_tokens": 5},
        "messages": [{"role": "user", "content": ODD}],
    }
    begun = history.begin_exchange(**asked, author="ann", task=ODD, candidate="new")  # type: ignore[arg-type]
    assert history.exchanges([begun.id, 999]) == [begun] == history.recent_exchanges()
    assert begun.answer is None and history.exchange_of(begun.digest) is None
    ended = history.end_exchange(begun.id, answer=ODD, cost=0.25)
    assert history.exchanges([begun.id]) == [ended]
    assert (ended.answer, ended.cost, ended.task, list(ended.messages)) == (ODD, 0.25, ODD, asked["messages"])
    again = history.begin_exchange(**asked, author="ann")  # type: ignore[arg-type]
    failed = history.end_exchange(again.id, error="timed out")
    assert again.digest == begun.digest and failed.error == "timed out"
    assert history.exchange_of(begun.digest) == ended and history.exchange_of(begun.digest, after=ended.id) is None
    assert [exchange.id for exchange in history.recent_exchanges(1)] == [again.id]
    with pytest.raises(KeyError):
        history.end_exchange(999, answer="x")


def test_accepted_edits_are_found_by_version(history: History) -> None:
    first, second = a_version(history), a_version(history, "Other words.")
    history.keep_adaptation(first.id, {"edits": [{"text": ODD}]}, "ann")
    newest = history.keep_adaptation(first.id, {"edits": []}, "bob")
    assert history.adaptation_of(first.id) == newest and history.adaptation_of(second.id) is None
    assert history.adaptations("triage", "new") == {first.id: newest} and history.adaptations("triage", "x") == {}


def test_rejected_edits_come_back_newest_first(history: History) -> None:
    for n in range(3):
        history.reject_edit("triage", "new", {"text": f"{n} {ODD}"}, "too long", "ann")
    found = history.rejected_edits("triage", "new", limit=2)
    assert [one.edit["text"] for one in found] == [f"2 {ODD}", f"1 {ODD}"]
    assert found[0].reason == "too long" and history.rejected_edits("triage", "other") == []


def test_cases_keep_their_part_unless_it_is_changed(history: History) -> None:
    history.keep_case_parts("triage", {"a": CasePart.LEARN, ODD: CasePart.HELD_OUT})
    history.keep_case_parts("triage", {"a": CasePart.HELD_OUT, "b": CasePart.LEARN}, instead=False)
    assert history.case_parts("triage") == {"a": CasePart.LEARN, ODD: CasePart.HELD_OUT, "b": CasePart.LEARN}
    history.keep_case_parts("triage", {"a": CasePart.EXAMPLE})
    assert history.case_parts("triage")["a"] == "example" and history.case_parts("other") == {}


def test_a_prompt_is_looked_at_once(history: History) -> None:
    first, second = a_version(history), a_version(history, "Other words.")
    looks = [history.add_look("triage", "new", version.id, "acceptance", "ann") for version in (first, second, first)]
    assert looks == [1, 2, 2] and history.looks("triage") == 2 and history.looks("other") == 0


def test_a_search_can_be_gone_on_with(history: History) -> None:
    version = a_version(history)
    begun = history.start_search(
        task="triage", candidate="new", base_version_id=version.id, settings={"seed": 1}, author="ann"
    )
    assert history.last_search("triage", "new") == begun and begun.state == "running"
    history.add_try(begun.id, {"number": 2, "title": ODD})
    history.add_try(begun.id, {"number": 1, "title": "start"})
    history.add_try(begun.id, {"number": 2, "title": "better", "score": 0.5})
    assert [one["title"] for one in history.tries(begun.id)] == ["start", "better"]
    ended = history.save_search(begun.id, state="stopped", calls=7, assistant_calls=2, cost=None, result={"best": 2})
    assert history.stored_search(begun.id) == ended
    assert (ended.calls, ended.assistant_calls, ended.cost, ended.result) == (7, 2, None, {"best": 2})
    assert history.save_search(begun.id, state="running", calls=8, assistant_calls=2, cost=0.5).result == {"best": 2}
    with pytest.raises(ValueError, match="running, finished or stopped"):
        history.save_search(begun.id, state="done", calls=0, assistant_calls=0, cost=None)
    with pytest.raises(KeyError):
        history.stored_search("none")
    assert history.last_search("triage", "other") is None


def test_what_was_tried_does_not_stand(history: History) -> None:
    version = a_version(history)
    (stands,) = history.add_outputs([an_output(version)])
    tried = a_version(history, "Try this.")
    (output,) = history.add_outputs([an_output(tried)], standing=False)
    assert history.current_outputs("triage", "new", "simulated:new")["a"] == [stands]
    assert history.cached([output.call_key]) == {output.call_key: output.id}
    assert history.version_cases(tried.id, "simulated:new") == []
    assert history.tried_cases(tried.id, "simulated:new") == ["a"]


def test_a_version_that_was_only_tried_takes_the_origin_it_is_accepted_with(history: History) -> None:
    def record(template: str, parent: Version | None, origin: Origin, *, kept: bool) -> Version:
        return history.record_version(
            task="triage",
            model_name="new",
            template=template,
            params={},
            parent_id=parent.id if parent is not None else None,
            origin=origin,
            author="ann",
            kept=kept,
        )

    typed = record("text", None, Origin.EDITOR, kept=False)
    base = record("base", typed, Origin.FILE, kept=True)
    tried = record("tried", None, Origin.EDITOR, kept=False)
    accepted = record("tried", base, Origin.SUGGESTION, kept=True)
    assert (accepted.id, accepted.origin, accepted.parent_id) == (tried.id, Origin.SUGGESTION, base.id)
    again = record("tried", typed, Origin.SEARCH, kept=True)
    assert (again.origin, again.parent_id) == (Origin.SUGGESTION, base.id), "kept once, it stays what it is"
    older = record("text", base, Origin.SUGGESTION, kept=True)
    assert older.kept and older.parent_id is None, "no version is an ancestor of itself"


def test_all_of_it_can_be_read_by_other_programs(history: History) -> None:
    version = a_version(history)
    search = history.start_search(
        task="triage", candidate="new", base_version_id=version.id, settings={}, author="ann"
    )
    for n in range(501):
        history.add_try(search.id, {"number": n})
    history.begin_exchange(purpose="search", model="x", params={}, messages=[], author="ann", search_id=search.id)
    history.keep_adaptation(version.id, {}, "ann")
    history.reject_edit("triage", "new", {}, "", "ann")
    history.keep_case_parts("triage", {f"c{n}": CasePart.LEARN for n in range(1001)})
    history.add_look("triage", "new", version.id, "search", "ann")
    kinds = Counter(row["kind"] for row in history.export())
    assert kinds == Counter(
        {
            "version": 1,
            "search": 1,
            "try": 501,
            "exchange": 1,
            "adaptation": 1,
            "rejected-edit": 1,
            "case-part": 1001,
            "look": 1,
        }
    )


def test_another_project_sees_nothing_of_it(make_project: MakeProject, project: Project, history: History) -> None:
    version = a_version(history)
    begun = history.begin_exchange(purpose="search", model="x", params={}, messages=[], author="ann")
    search = history.start_search(
        task="triage", candidate="new", base_version_id=version.id, settings={}, author="ann"
    )
    history.add_try(search.id, {"number": 1})
    history.keep_adaptation(version.id, {}, "ann")
    history.keep_case_parts("triage", {"a": CasePart.LEARN})
    history.add_look("triage", "new", version.id, "search", "ann")
    url = project.database or f"sqlite:///{history.location}"
    with History.open(make_project(project.folder.parent / "other", name="other", database=url)) as other:
        assert other.recent_exchanges() == [] and other.exchange_of(begun.digest) is None
        assert other.adaptation_of(version.id) is None and other.adaptations("triage", "new") == {}
        assert other.case_parts("triage") == {} and other.looks("triage") == 0
        assert other.last_search("triage", "new") is None and other.tries(search.id) == []
        with pytest.raises(KeyError):
            other.end_exchange(begun.id, answer="x")
        assert list(other.export()) == []


def test_known_keys_do_not_reach_the_file(project: Project) -> None:
    secret = "hunter2-the-key"
    with History.open(project, secrets=[secret]) as history:
        version = a_version(history)
        begun = history.begin_exchange(
            purpose="suggestion",
            model="x",
            params={"extra": secret},
            messages=[{"role": "user", "content": f"use {secret}"}],
            author="ann",
        )
        assert secret not in repr(begun), "what comes back is what is to be sent"
        history.end_exchange(begun.id, error=f"{secret} refused")
        history.keep_adaptation(version.id, {"edits": [secret]}, "ann")
        history.reject_edit("triage", "new", {"text": secret}, secret, "ann")
        search = history.start_search(
            task="triage", candidate="new", base_version_id=version.id, settings={"x": secret}, author="ann"
        )
        history.add_try(search.id, {"number": 1, "why": secret})
        history.save_search(search.id, state="stopped", calls=0, assistant_calls=0, cost=0, result={"x": secret})
        with sqlite3.connect(history.location) as plain:
            assert secret not in "\n".join(plain.iterdump())


def test_an_edit_turned_down_twice_is_told_once_with_the_last_reason(history: History) -> None:
    for reason in ("", "too long"):
        history.reject_edit("triage", "new", {"text": ODD}, reason, "ann")
    history.reject_edit("triage", "new", {"text": "other"}, "no", "ann")
    found = history.rejected_edits("triage", "new")
    assert [(one.edit["text"], one.reason) for one in found] == [("other", "no"), (ODD, "too long")]


def test_what_is_under_review_is_kept_by_prompt_and_without_keys(project: Project) -> None:
    with History.open(project, secrets=["sk-secret-123"]) as history:
        history.save_review("triage", "new", {"text": "first"})
        history.save_review("triage", "new", {"text": f"{ODD} sk-secret-123"})
        history.save_review("triage", "other", {"text": "x"})
        history.drop_review("triage", "other")
        assert history.reviews() == {("triage", "new"): {"text": f"{ODD} [key]"}}

"""What the plugin decides by itself: sides, prompts, forged requests, feedback, rows that wait."""

import json
import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa

from migrator_tui.history.database import Database, parse_url
from migrator_tui.history.rollout_records import GATEWAY_SCHEMA
from migrator_tui.history.rollout_tables import FeedbackRow, TrafficRow
from migrator_tui.history.tables import table
from migrator_tui.project.prompts import render
from migrator_tui.project.schema import Case
from migrator_tui.rollout.gateway.publishing import FORM, published_arms
from tests.rollout.gateway.loading import load_plugin

plugin: ModuleType = load_plugin()

TEMPLATES = {
    "plain": "Sort the ticket of {{ name }}.",
    "no variables": "Answer briefly.",
    "strict json": "{{ order }} {{ none }} {{ order.items }} {{ flag }} {{ order | tojson }}",
    "loops": "{% for x in list if x > 1 %}{{ loop.index }}:{{ x | int }} {% endfor %}{{ list | join('-') | upper }}",
    "chat": "# system\nYou serve {{ name }}.\n# assistant\n{{ flag }}\n{{ messages }}\n# user\nNow {{ name }}",
    "raw braces": "{ \"a\": 1 } {{ '{{' }}{# gone #}",
    "line ends": "\n\n  {{ name }}\n{% if flag %}\nyes\n{% endif %}\nend\n\n",
}
VALUES = {
    "name": "Ann ☃ {{ x }}",
    "order": {"items": [1, "é"], "n": 1.5},
    "none": None,
    "flag": True,
    "list": [1, 2, 3],
}
MESSAGES = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "yes?"}]


def arm(template: str, params: dict[str, Any] | None = None) -> Any:
    said = published_arms("bot", "new", baseline=(template, params or {}), candidate=(template, params or {}))
    return plugin.Arm(json.loads(json.dumps(said))["baseline"])


def record(**said: Any) -> Any:
    values = {
        "name": "bot",
        "revision": 3,
        "state": "running",
        "percentage": 30.0,
        "shadow": False,
        "salt": "s",
        "hold_back": 0.0,
        "sample_answers": 0.0,
        "arms": {"baseline": arm("Old {{ name }}"), "candidate": arm("New {{ name }}", {"temperature": 1})},
    }
    return plugin.Record(**values | said)


@pytest.mark.parametrize("name", TEMPLATES)
def test_prompts_are_rendered_as_they_were_tried(name: str) -> None:
    expected = render(TEMPLATES[name], Case("c", vars=VALUES, messages=MESSAGES))
    assert arm(TEMPLATES[name]).messages(VALUES, MESSAGES) == expected


@pytest.mark.parametrize(
    "template",
    [
        "{{ missing }}",
        "{{ name.missing }}",
        "{{ 'a' * 99999999 }}",
        "{{ name.format(1) }}",
        "{{ name.__class__ }}",
        "{{ 9 ** 99999 }}",
        "{{ name.center(99999999) }}",
        "{{ name | indent(99999999) }}",
        "{{ range }}",
        "{{ 1 / 0 }}",
    ],
)
def test_what_cannot_be_rendered_or_would_take_too_much_is_told(template: str) -> None:
    with pytest.raises(plugin.NotRendered):
        arm(template).messages(VALUES, MESSAGES)


@pytest.mark.parametrize(
    ("template", "sent", "own"),
    [
        ("Old", ["system", "user"], ["user"]),
        ("Old", ["developer", "user", "assistant", "user"], ["user", "assistant", "user"]),
        ("Old", ["user"], ["user"]),
        ("Old", ["system", "system", "user"], ["user"]),
        ("# user\nOld {{ name }}", ["user"], []),
        ("# system\nA\n# user\nB\n{{ messages }}\n# user\nC", ["system", "user", "assistant", "user"], ["assistant"]),
        ("# system\nA\n# user\nB", ["user", "assistant", "user"], ["user", "assistant", "user"]),
        ("# system\nA\n# user\nB", ["system", "user", "assistant", "user"], ["assistant", "user"]),
    ],
)
def test_the_old_prompts_messages_are_taken_away(template: str, sent: list[str], own: list[str]) -> None:
    messages = [{"role": role, "content": str(n)} for n, role in enumerate(sent)]
    found = plugin.own_messages(arm(template), messages)
    assert [message["role"] for message in found] == own
    assert found == [message for message in messages if message in found]


def test_a_higher_percentage_moves_nobody_back_and_the_share_is_kept() -> None:
    places = {f"user-{n}": plugin.place("salt", f"user-{n}")[0] for n in range(20_000)}
    before: set[str] = set()
    for percentage in (1, 5, 10, 25, 50, 95, 100):
        share = record(percentage=float(percentage), hold_back=5.0).share
        moved = {key for key, at in places.items() if at < share}
        assert before <= moved
        assert len(moved) / len(places) * 100 == pytest.approx(min(percentage, 95), abs=1.2)
        before = moved
    again = {key for key in places if plugin.place("another", key)[0] < 10}
    first = {key for key, at in places.items() if at < 10}
    assert len(again & first) < 0.3 * len(first), "another rollout begins with others"


@pytest.mark.parametrize(("state", "share"), [("rolled-back", 0), ("shadow", 0), ("held", 30), ("complete", 30)])
def test_the_state_says_whether_the_candidate_serves(state: str, share: float) -> None:
    assert record(state=state).share == share


@pytest.mark.parametrize(
    ("data", "key"),
    [
        ({"metadata": {"conversation_id": "c"}, "user": "u"}, "c"),
        ({"metadata": {"conversation_id": 7}}, "7"),
        ({"metadata": {"conversation_id": ""}, "user": "u"}, "u"),
        ({"metadata": {"conversation_id": ["x"]}, "user": {"a": 1}}, None),
        ({"metadata": "text", "user": True}, None),
        ({"user": "x" * 513}, None),
        ({}, None),
    ],
)
def test_what_names_a_conversation(data: dict[str, Any], key: str | None) -> None:
    assert plugin.conversation_key(data) == key


def a_call(**said: Any) -> Any:
    sent = [{"role": "system", "content": "Old Ann"}, {"role": "user", "content": "hi"}]
    values = {"record": record(), "request_id": "r", "key_digest": "d", "keyed": True, "assigned": "candidate"}
    return plugin.Call(**values | {"sent": sent, "variables": {"name": "Ann"}, "stream": False} | said)


def test_an_attempt_gets_its_own_sides_prompt_and_parameters() -> None:
    asked = {"model": "m", "messages": [], "temperature": 0, "max_tokens": 9}
    new = plugin.with_prompt(asked, a_call(), "candidate")
    old = plugin.with_prompt(asked, a_call(), "baseline")
    assert new["messages"][0] == {"role": "system", "content": "New Ann"} and new["temperature"] == 1
    assert old["messages"] == [{"role": "system", "content": "Old Ann"}, {"role": "user", "content": "hi"}]
    assert "temperature" not in old and old["max_tokens"] == new["max_tokens"] == 9


def test_both_names_of_the_longest_answer_are_one_parameter() -> None:
    arms = {"baseline": arm("a", {"max_tokens": 5}), "candidate": arm("b", {"max_completion_tokens": 9})}
    call = a_call(record=record(arms=arms))
    asked = {"max_tokens": 1, "messages": []}
    assert "max_tokens" not in plugin.with_prompt(asked, call, "candidate")
    assert plugin.with_prompt(asked, call, "baseline")["max_tokens"] == 5


NAMES = {"bot__baseline": "bot", "bot__new": "bot", "openai/old": "bot", "openai/new": "bot"}


@pytest.mark.parametrize(
    "data",
    [
        {"model": "bot", "metadata": {plugin.KEY: "x"}},
        {"model": "bot", "litellm_metadata": {plugin.KEY: "x"}},
        {"model": "bot__new"},
        {"model": "openai/new"},
        {"model": "bot__new, bot__baseline"},
        {"model": "bot,bot"},
        {"model": "bot", "fallbacks": ["bot__new"]},
        {"model": "bot", "mock_response": "yes"},
        {"model": "bot", "extra_body": {"model": "new", "messages": []}},
        {"model": "bot", "custom_llm_provider": "another"},
        {"model": "bot", "model_info": {"migrator_arm": "new"}},
        {"model": "bot", "messages": "text"},
        {"model": "bot", "messages": ["text"]},
        {"model": "bot", "messages": [{"role": ["user"], "content": "hi"}]},
    ],
)
def test_a_forged_request_is_refused(data: dict[str, Any]) -> None:
    with pytest.raises(Exception) as refused:
        plugin.refuse_forged(data, NAMES)
    assert refused.value.status_code == 400


@pytest.mark.parametrize(
    ("name", "value"),
    [("tools", 1), ("tools", ["x"]), ("response_format", "json"), ("stream", "yes"), ("metadata", "x"), ("model", 1)],
)
def test_what_no_model_could_read_is_refused(name: str, value: Any) -> None:
    plugin.refuse_misshapen({"tools": None, "tool_choice": "auto", "stream": True, "metadata": {}, "model": "bot"})
    with pytest.raises(plugin.Refused) as refused:
        plugin.refuse_misshapen({name: value})
    assert (refused.value.status_code, refused.value.param) == (400, name)


def test_other_requests_pass() -> None:
    plugin.refuse_forged({"model": "bot", "messages": [{"role": "user"}], "metadata": {"x": 1}, "user": "u"}, NAMES)
    plugin.refuse_forged({"model": "another", "fallbacks": ["b"]}, NAMES)


@pytest.mark.parametrize(
    ("value", "stored"), [(True, 1), (False, 0), (3, 1), (-1, 0), ("up", 1), ("down", 0), (0.5, 1)]
)
def test_thumbs_are_up_or_down(value: Any, stored: float) -> None:
    row = plugin.feedback_row({"request_id": "r", "name": "thumbs", "value": value})
    assert (row["signal"], row["value"], row["reference"]) == ("thumbs", stored, "r")


@pytest.mark.parametrize(
    "said",
    [
        [],
        {},
        {"request_id": "r"},
        {"request_id": "r", "name": "x", "value": "text"},
        {"request_id": "r", "name": "x", "value": float("nan")},
        {"request_id": "r", "name": "drift:longer", "value": 1},
        {"request_id": "r\n", "name": "x", "value": 1},
        {"request_id": "r" * 201, "name": "x", "value": 1},
        {"request_id": "r", "name": "x" * 65, "value": 1},
        {"request_id": "r", "name": "user 7", "value": 1},
        {"request_id": "r", "name": "7", "value": 1},
        {"request_id": "r", "name": ["x"], "value": 1},
        {"request_id": "r", "name": "x", "value": [1]},
        {"request_id": "r", "name": "x", "value": 10**12},
    ],
)
def test_what_is_no_feedback(said: Any) -> None:
    with pytest.raises(plugin.NotFeedback):
        plugin.feedback_row(said)


def test_names_of_feedback_are_few() -> None:
    made = plugin.RolloutPlugin(None)
    assert all(made.takes(f"name-{n}") for n in range(plugin.MOST_NAMES))
    assert not made.takes("one-more")
    assert made.takes("name-7") and made.takes("escalated") and made.takes("thumbs")


@pytest.mark.parametrize(
    ("piece", "says"),
    [
        (b'data: {"choices": [{"delta": {"role": "assistant", "content": ""}}]}\n\n', False),
        (b": ping\n\n", False),
        (b'data: {"choices": [], "usage": {"prompt_tokens": 1}}\n\ndata: [DONE]\n\n', False),
        (b'data: {"choices": [{"delta": {"content": "a"}}]}\n\n', True),
        (b'data: {"choices": [{"delta": {"reasoning_content": "a"}}]}\n\n', True),
        (b'data: {"choices": [{"delta": {"tool_calls": [{"index": 0}]}}]}\n\n', True),
        (b'data: {"choices": [{"delta": {}, "finish_reason": "stop"}]}\n\n', True),
        (b'data: {"choices": [null]}\n\n', True),
        (b'data: {"choices": 5}\n\n', True),
        (b'data: {"a": ' + b"[" * 100_000, True),
    ],
)
def test_what_of_a_stream_says_something(piece: bytes, says: bool) -> None:
    assert plugin.says_something(piece) is says


@pytest.mark.parametrize(
    ("message", "empty"),
    [
        ({"content": None}, True),
        ({"content": " \n", "reasoning_content": "hm"}, True),
        ({"content": "a"}, False),
        ({"content": None, "tool_calls": [{"id": "1"}]}, False),
        ({"content": None, "refusal": "no"}, False),
        ({"content": None, "images": [{"image_url": {}}]}, False),
        ({"content": None, "thinking_blocks": [{"thinking": "hm"}]}, True),
    ],
)
def test_which_answer_is_empty(message: dict[str, Any], empty: bool) -> None:
    answer = SimpleNamespace(choices=[SimpleNamespace(message=SimpleNamespace(**message))])
    assert plugin.is_empty(answer) is empty
    piece = b"data: " + json.dumps({"choices": [{"delta": message, "finish_reason": "stop"}]}).encode()
    assert plugin.says_something(piece, answering=True) is not empty, "streamed, it is the same"
    assert not plugin.is_empty(None), "of another form, nobody knows"


def test_a_stream_that_ended_without_a_word_is_a_failure_where_litellm_reports_nothing() -> None:
    for empty, kind in [(True, "failed"), (False, "ok")]:
        made = plugin.RolloutPlugin(None)
        written: list[Any] = []
        made.rows.put = lambda table, row, written=written: written.append(row)
        call = a_call(stream=True)
        call.heard, call.empty = time.monotonic(), empty
        made.calls[call.token] = call
        made.response_ended(call, well=True)
        made.settle(everything=True)
        assert [(row["kind"], row["client_error"]) for row in written] == [(kind, False)]


def test_who_leaves_a_stream_that_fell_silent_waited_for_the_model() -> None:
    for heard_ago, client_error in [(None, False), (60.0, False), (0.5, True)]:
        made = plugin.RolloutPlugin(None)
        written: list[Any] = []
        made.rows.put = lambda table, row, written=written: written.append(row)
        call = a_call(stream=True)
        call.heard = None if heard_ago is None else time.monotonic() - heard_ago
        made.calls[call.token] = call
        made.response_ended(call, well=False)
        made.settle(everything=True)
        assert [(row["kind"], row["client_error"]) for row in written] == [("failed", client_error)]


def test_only_the_master_key_opens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LITELLM_MASTER_KEY", "sk-right")
    for name, value, opens in [
        (b"authorization", b"Bearer sk-right", True),
        (b"authorization", b"sk-right", False),
        (b"x-api-key", b"sk-right", True),
        (b"authorization", b"Bearer sk-wrong", False),
        (b"authorization", b"", False),
        (b"other", b"sk-right", False),
    ]:
        assert plugin.admitted("/v1/chat/completions", {name: value}) is opens
    assert plugin.admitted("/health/liveliness", {})
    monkeypatch.delenv("LITELLM_MASTER_KEY")
    assert not plugin.admitted("/feedback", {b"authorization": b"Bearer "})


@pytest.mark.parametrize(
    ("name", "value", "path", "code"),
    [
        (b"content-type", b"application/x-www-form-urlencoded", "/feedback", 400),
        (b"content-type", b"application/json; charset=utf-8", "/feedback", None),
        (b"content-type", b"multipart/form-data; boundary=x", "/v1/audio/transcriptions", None),
        (b"x-litellm-timeout", b"1", "/v1/chat/completions", 400),
        (b"content-length", b"99999999999", "/v1/files", 413),
    ],
)
def test_what_is_refused_before_its_body_is_read(
    monkeypatch: pytest.MonkeyPatch, name: bytes, value: bytes, path: str, code: int | None
) -> None:
    monkeypatch.setenv("LITELLM_MASTER_KEY", "sk-right")
    assert plugin.refused_unread(path, {name: value})[0] == 401
    refused = plugin.refused_unread(path, {b"authorization": b"Bearer sk-right", name: value})
    assert (refused and refused[0]) == code


@pytest.mark.parametrize("key", [None, "", "sk-1234", "a" * 40])
def test_a_weak_master_key_ends_the_proxy(key: str | None) -> None:
    with pytest.raises(SystemExit):
        plugin.check_master_key(key)


def test_the_plugin_knows_the_tables_as_they_are() -> None:
    assert (plugin.SCHEMA, plugin.FORM) == (GATEWAY_SCHEMA, FORM)
    assert set(a_call().row("ok", None)) == set(table(TrafficRow).c.keys()) - {"id"}
    told = plugin.feedback_row({"request_id": "r", "name": "escalated"})
    assert set(told) == set(table(FeedbackRow).c.keys()) - {"id", "traffic_id"}


@pytest.fixture
def url(tmp_path: Path) -> str:
    Database.open(parse_url(f"sqlite:///{tmp_path}/h.sqlite3", tmp_path)).close()
    return f"sqlite:///{tmp_path}/h.sqlite3"


def stored(url: str, what: str) -> list[Any]:
    with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
        return connection.execute(what).fetchall()


def test_rows_are_written_once_and_in_batches(url: str) -> None:
    rows = plugin.Rows(plugin.Database(url))
    written = [a_call().row("ok", "candidate") for _ in range(plugin.BATCH + 7)]
    for row in (*written, *written[:5]):
        assert rows.put("migrator_traffic", row)
    rows.put("migrator_feedback", plugin.feedback_row({"request_id": "r", "name": "escalated", "value": True}))
    while rows.write_batch():
        pass
    assert stored(url, "select count(*), count(distinct row_id) from migrator_traffic") == [(len(written),) * 2]
    assert stored(url, "select reference, signal, value, source from migrator_feedback") == [
        ("r", "escalated", 1, "client")
    ]


def test_rows_wait_for_the_database_and_the_rest_is_counted(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plugin, "MOST_WAITING", 3)
    away = tmp_path / "h.sqlite3"
    away.rename(tmp_path / "aside")
    away.mkdir()
    rows = plugin.Rows(plugin.Database(url))
    assert [rows.put("migrator_traffic", a_call().row("ok", "candidate")) for _ in range(5)] == [True] * 3 + [
        False
    ] * 2
    assert not rows.write_batch() and len(rows.waiting) == 3
    away.rmdir()
    (tmp_path / "aside").rename(away)
    assert not rows.write_batch() and not rows.waiting
    assert (rows.counts["written"], rows.counts["dropped"]) == (3, 2)
    assert stored(url, "select count(*) from migrator_traffic") == [(3,)]


def test_a_flood_of_feedback_leaves_room_for_the_calls_themselves(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plugin, "MOST_WAITING", 6)
    rows = plugin.Rows(plugin.Database(url))
    said = plugin.feedback_row({"request_id": "r", "name": "escalated", "value": True})
    assert [rows.put("migrator_feedback", said) for _ in range(5)] == [True] * 3 + [False] * 2
    assert all(rows.put("migrator_traffic", a_call().row("ok", "candidate")) for _ in range(3))


def test_a_row_that_no_database_takes_holds_up_no_other(url: str) -> None:
    rows = plugin.Rows(plugin.Database(url))
    broken = {**a_call().row("ok", "candidate"), "assigned": None}
    for row in (a_call().row("ok", "candidate"), broken, a_call().row("failed", None)):
        rows.put("migrator_traffic", row)
    assert not rows.write_batch() and not rows.waiting
    assert stored(url, "select kind from migrator_traffic order by kind") == [("failed",), ("ok",)]
    assert (rows.counts["written"], rows.counts["refused"]) == (2, 1)


def publish(url: str, **said: Any) -> None:
    arms = published_arms("bot", "new", baseline=("Old", {}), candidate=("New", {}))
    values = {
        "name": "bot",
        "schema_number": 1,
        "revision": 1,
        "state": "running",
        "percentage": 30.0,
        "shadow": False,
    }
    values |= {
        "salt": "s",
        "hold_back": 5.0,
        "sample_answers": 0.0,
        "arms": json.dumps(arms),
        "updated_ts": time.time(),
    }
    values |= said
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as open_one, open_one as connection:
        places = ", ".join("?" * len(values))
        statement = f"insert or replace into migrator_gateway_rollout ({', '.join(values)}) values ({places})"
        connection.execute(statement, list(values.values()))


async def test_the_last_good_record_holds_for_a_while(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = plugin.Records(plugin.Database(url))
    publish(url)
    await records.look()
    assert records.get("bot").share == 30 and records.get("other") is None and records.get(["bot"]) is None
    file = tmp_path / "h.sqlite3"
    file.rename(tmp_path / "aside")
    records.database.engine.dispose()
    file.mkdir()
    await records.look()
    assert records.get("bot").share == 30
    monkeypatch.setattr(plugin, "LONGEST_BLIND", 0.0)
    assert records.get("bot") is None, "after a while nobody knows any more: the old model serves"


@pytest.mark.parametrize("replaced", [False, True])
async def test_a_file_that_goes_while_it_is_open_is_neither_followed_nor_written(
    url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture, replaced: bool
) -> None:
    database = plugin.Database(url)
    records, rows = plugin.Records(database), plugin.Rows(database)
    publish(url)
    await records.look()
    rows.put("migrator_traffic", a_call().row("ok", "candidate"))
    assert not rows.write_batch() and not rows.waiting
    file, other = tmp_path / "h.sqlite3", f"sqlite:///{tmp_path}/other.sqlite3"
    Database.open(parse_url(other, tmp_path)).close()
    publish(other, revision=2, percentage=60.0)
    for beside in ("-wal", "-shm"):
        Path(f"{file}{beside}").unlink(missing_ok=True)
    if not replaced:
        file.unlink()
        read_at = records.read_at
        rows.put("migrator_traffic", a_call().row("ok", "candidate"))
        await records.look()
        assert (records.read_at, records.get("bot").share) == (read_at, 30), "the last record holds for a while"
        assert not rows.write_batch() and len(rows.waiting) == 1 and not file.exists()
    (tmp_path / "other.sqlite3").replace(file)
    rows.put("migrator_traffic", a_call().row("ok", "candidate"))
    for _ in range(4):
        await records.look()
        assert records.get("bot").share == 60
        rows.write_batch()
    assert not rows.waiting
    assert stored(url, "select count(*) from migrator_traffic") == [(1 if replaced else 2,)]
    told = [record.getMessage() for record in caplog.records if "the database is back" in record.getMessage()]
    assert len(told) == (0 if replaced else 1), "and it does not come and go"


def test_a_row_that_is_written_just_when_another_thread_finds_the_file_replaced_is_not_lost(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = plugin.Database(url)
    publish(url)
    assert len(database.read()) == 1
    Database.open(parse_url(f"sqlite:///{tmp_path}/other.sqlite3", tmp_path)).close()
    for beside in ("-wal", "-shm"):
        (tmp_path / f"h.sqlite3{beside}").unlink(missing_ok=True)
    (tmp_path / "other.sqlite3").replace(tmp_path / "h.sqlite3")
    dispose = database.engine.dispose

    def meanwhile() -> None:
        monkeypatch.setattr(database.engine, "dispose", dispose)
        database.write("migrator_traffic", [a_call().row("ok", "candidate")])
        dispose()

    monkeypatch.setattr(database.engine, "dispose", meanwhile)
    assert database.read() == []
    assert stored(url, "select count(*) from migrator_traffic") == [(1,)]


def test_a_row_that_went_where_nobody_looks_is_written_again(url: str, tmp_path: Path) -> None:
    rows = plugin.Rows(plugin.Database(url))
    rows.put("migrator_traffic", a_call().row("ok", "candidate"))
    other = tmp_path / "other.sqlite3"
    Database.open(parse_url(f"sqlite:///{other}", tmp_path)).close()
    sa.event.listen(
        rows.database.engine, "commit", lambda _: other.exists() and other.replace(tmp_path / "h.sqlite3")
    )
    assert not rows.write_batch() and len(rows.waiting) == 1
    assert not rows.write_batch() and not rows.waiting
    assert stored(url, "select count(*) from migrator_traffic") == [(1,)]


def test_a_network_that_is_cut_is_noticed_soon_unless_the_url_says_otherwise() -> None:
    """Only the settings: TCP keeps the promise."""
    stated = os.environ.get("MIGRATOR_TEST_POSTGRES")
    if not stated:
        pytest.skip("MIGRATOR_TEST_POSTGRES names no database")
    for said, milliseconds in ({}, "4000"), ({"tcp_user_timeout": "90000"}, "90000"):
        url = sa.make_url(stated).update_query_dict(said).render_as_string(False)
        database = plugin.Database(url)
        with database.engine.connect() as connection:
            driver = connection.connection.driver_connection
            assert driver is not None
            found = driver.info.get_parameters()
        database.engine.dispose()
        assert found["tcp_user_timeout"] == milliseconds
        assert int(found["keepalives_idle"]) + 3 * int(found["keepalives_interval"]) < 15


@pytest.mark.parametrize(
    "said",
    [
        {"schema_number": 2},
        {"state": "ended"},
        {"arms": json.dumps({"form": FORM + 1})},
        {"arms": json.dumps({"form": FORM, "baseline": {}})},
        {
            "arms": json.dumps(
                {
                    "form": FORM,
                    "baseline": {"deployment": "d", "params": {}, "messages": [{"role": "system", "text": "{{"}]},
                }
            )
        },
    ],
)
async def test_a_record_that_is_not_understood_is_not_followed(url: str, said: dict[str, Any]) -> None:
    records = plugin.Records(plugin.Database(url))
    publish(url, **said)
    await records.look()
    assert records.read_at is not None and records.get("bot") is None
    publish(url, revision=2)
    await records.look()
    assert records.get("bot").revision == 2


def test_samples_hold_no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plugin, "_KEYS", ['sk-"quoted"-key'])
    assert (
        plugin.without_keys(json.dumps({"content": 'my key is sk-"quoted"-key!'}))
        == '{"content": "my key is [key]!"}'
    )

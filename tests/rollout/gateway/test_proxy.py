"""The real proxy, started from an exported folder as it is: what applications get, and what is written down."""

import os
import signal
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest

from migrator_tui.rollout.gateway.config import gateway_config
from migrator_tui.rollout.gateway.export import export_gateway
from tests.rollout.gateway.conftest import KEY, SYSTEM, Gateway, locked, make_project, publish, rows, tables, until


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def is_up(address: str) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", int(address.rpartition(":")[2])), timeout=1):
            return True
    except OSError:
        return False


@pytest.fixture(scope="module")
def gateway(gateway_python: Path, upstream: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """Started while there is no database, which comes when the first test has looked."""
    folder = tmp_path_factory.mktemp("gateway")
    project = make_project(folder / "project", upstream)
    export_gateway(project, gateway_config(project), folder / "exported")
    url = f"sqlite:///{folder}/data/h.sqlite3"
    port = free_port()
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "PYTHON": str(gateway_python),
        "PORT": str(port),
        "LITELLM_MASTER_KEY": KEY,
        "MIGRATOR_DATABASE_URL": url,
        "DATABASE_URL": "postgresql://somebody@127.0.0.1:1/else",
    }
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen([folder / "exported" / "run.sh"], env=environment, stdout=output, stderr=output)
    try:
        until(lambda: is_up(f"http://127.0.0.1:{port}") or process.poll() is not None, 100)
        assert process.poll() is None, log.read_text("utf-8")[-2000:]
        yield Gateway(f"http://127.0.0.1:{port}", url)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
    assert KEY not in log.read_text("utf-8", "replace")


@pytest.fixture
def running(gateway: Gateway) -> Gateway:
    """The gateway, with its database and a rollout at 50 %."""
    folder = Path(gateway.url.removeprefix("sqlite:///")).parent
    if not folder.exists():
        folder.mkdir()
        tables(gateway.url, folder)
    gateway.follows()
    return gateway


def on_side(gateway: Gateway, side: str) -> str:
    """A conversation of that side."""
    return next(name for n in range(100) if gateway.ask(name := f"{side}-{n}").arm == side)


def test_without_a_database_the_old_model_answers_what_was_asked(gateway: Gateway) -> None:
    said = gateway.ask()
    assert (said.model, said.system, said.arm) == ("old", SYSTEM["content"], None)
    gateway.asked.clear()


def test_each_conversation_stays_on_its_side_with_its_sides_prompt(running: Gateway) -> None:
    names = [f"user-{n}" for n in range(60)]
    with ThreadPoolExecutor(8) as pool:
        first = list(pool.map(running.ask, names))
        again = list(pool.map(lambda name: running.ask(name, stream=True), names))
    assert [said.arm for said in first] == [said.arm for said in again]
    assert 15 < sum(said.arm == "candidate" for said in first) < 45
    for said in (*first, *again):
        assert said.arm == said.served
        assert (said.model, said.system, said.body.get("temperature")) == (
            ("new", "NEW PROMPT for tea", 0.5) if said.arm == "candidate" else ("old", "OLD PROMPT for tea", None)
        )
        assert [m["role"] for m in said.body["messages"]] == ["system", "user"]
    running.follows(percentage=80.0)
    with ThreadPoolExecutor(8) as pool:
        raised = list(pool.map(running.ask, names))
    moved = [(one.arm, two.arm) for one, two in zip(first, raised, strict=True)]
    assert ("candidate", "baseline") not in moved and ("baseline", "candidate") in moved
    ids = [said.request_id for said in (*first, *again, *raised)]
    found = running.rows_of(*ids)
    assert sorted(row["request_id"] for row in found) == sorted(ids), "one row for each request"
    said_by_id = {said.request_id: said for said in (*first, *again, *raised)}
    for row in found:
        said = said_by_id[row["request_id"]]
        assert (row["assigned"], row["served"], row["response_id"]) == (said.arm, said.served, said.id)
        assert row["kind"] == "ok" and row["keyed"] and row["error_class"] is None and row["attempts"] == 1
        assert (row["input_tokens"], row["output_tokens"]) == (10, 5) and row["cost"] == pytest.approx(2e-5)
        assert 0 < row["latency_ms"] < 30_000 and (row["first_token_ms"] is not None) == bool(row["stream"])
        assert row["sampled_input"] is None and row["sampled_output"] is None


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("trouble", "error"), [("FAIL", "InternalServerError"), ("REJECT", "BadRequestError")])
def test_a_fallback_carries_the_old_prompt(running: Gateway, trouble: str, error: str, stream: bool) -> None:
    said = running.ask(on_side(running, "candidate"), trouble, stream=stream)
    assert (said.arm, said.served) == ("candidate", "baseline")
    assert (said.model, said.system, said.body.get("temperature")) == ("old", "OLD PROMPT for tea", None)
    failed, ok = running.rows_of(said.request_id)
    assert (failed["kind"], failed["served"], failed["error_class"]) == ("attempt-failed", "candidate", error)
    assert (ok["kind"], ok["assigned"], ok["served"], ok["attempts"]) == ("ok", "candidate", "baseline", 2)
    assert ok["error_class"] == error and not ok["client_error"], "what the old model answers was no mistake"
    assert ok["latency_ms"] >= failed["latency_ms"]


def test_a_stream_that_breaks_off_before_a_word_is_answered_by_the_old_model(running: Gateway) -> None:
    said = running.ask(on_side(running, "candidate"), "CUT", stream=True)
    assert said.model == "old" and said.system == "OLD PROMPT for tea"
    failed, ok = running.rows_of(said.request_id)
    assert (failed["kind"], failed["served"]) == ("attempt-failed", "candidate")
    assert (ok["kind"], ok["served"], ok["error_class"]) == ("ok", "baseline", failed["error_class"])


def test_a_stream_that_breaks_off_after_its_first_words_is_told_of(running: Gateway, upstream: str) -> None:
    response = running.client.chat.completions.with_raw_response.create(
        model="bot",
        messages=[{"role": "user", "content": "CUT LATE"}],
        stream=True,
        extra_body={"metadata": {"variables": {"product": "tea"}, "conversation_id": on_side(running, "candidate")}},
    )
    pieces = iter(response.parse())
    assert next(piece for piece in pieces if piece.choices).choices[0].delta.content
    urllib.request.urlopen(urllib.request.Request(upstream.replace("/v1", "/cut"), method="POST"), timeout=5).close()
    with pytest.raises((openai.APIError, httpx.RemoteProtocolError)):
        list(pieces)
    (failed,) = [row for row in running.rows_of(response.headers["x-litellm-call-id"]) if row["kind"] == "failed"]
    assert failed["assigned"] == "candidate" and not failed["client_error"]


@pytest.mark.parametrize("stream", [False, True])
def test_where_both_fail_there_is_one_failed_row(running: Gateway, stream: bool) -> None:
    name = on_side(running, "candidate")
    before = {row["request_id"] for row in rows(running.url)}
    with pytest.raises(openai.InternalServerError) as failed:
        running.ask(name, "BOTH", stream=stream)
    request_id = failed.value.response.headers["x-litellm-call-id"]
    assert request_id not in before
    kinds = [(row["kind"], row["served"], bool(row["client_error"])) for row in running.rows_of(request_id)]
    assert kinds == [
        ("attempt-failed", "candidate", False),
        ("attempt-failed", "baseline", False),
        ("failed", None, False),
    ]


@pytest.mark.parametrize(
    ("trouble", "stream"), [("HANG", False), ("HANG", True), ("QUIET", True), ("QUIET BEGUN", True)]
)
def test_a_candidate_that_hangs_is_seen_as_soon_as_applications_give_up(
    running: Gateway, trouble: str, stream: bool
) -> None:
    (left,) = left_alone(running, trouble, stream=stream)
    assert (left["kind"], left["assigned"], left["client_error"]) == ("failed", "candidate", 0)


def test_who_leaves_while_words_come_has_read_enough(running: Gateway) -> None:
    (left,) = left_alone(running, "QUIET WORDS", stream=True)
    assert (left["kind"], left["assigned"], left["client_error"]) == ("ok", "candidate", 1)


def left_alone(gateway: Gateway, content: str, *, stream: bool) -> list[dict[str, Any]]:
    """The rows of a call whose application gives up after two seconds."""
    name, known = on_side(gateway, "candidate"), {row["id"] for row in rows(gateway.url, LEFT)}
    impatient = gateway.client.with_options(timeout=2).chat.completions
    with pytest.raises((openai.APITimeoutError, httpx.ReadTimeout)):
        answer = impatient.create(
            model="bot",
            messages=[SYSTEM, {"role": "user", "content": content}],
            stream=stream,
            extra_body={"metadata": {"conversation_id": name, "variables": {"product": "tea"}}},
        )
        list(answer)
    return until(lambda: [row for row in rows(gateway.url, LEFT) if row["id"] not in known])


@pytest.mark.parametrize(("trouble", "stream"), [("EMPTY", False), ("EMPTY", True), ("EMPTY NOTHING", True)])
def test_an_answer_without_a_word_is_a_failure(running: Gateway, trouble: str, stream: bool) -> None:
    answered = running.client.chat.completions.with_raw_response.create(
        model="bot",
        messages=[SYSTEM, {"role": "user", "content": trouble}],
        stream=stream,
        extra_body={"metadata": {"conversation_id": on_side(running, "candidate"), "variables": {"product": "tea"}}},
    )
    parsed = answered.parse()
    if stream:
        list(parsed)
    (row,) = running.rows_of(answered.headers["x-litellm-call-id"])
    assert (row["kind"], row["assigned"], row["served"]) == ("failed", "candidate", "candidate")
    assert (row["error_class"], bool(row["client_error"])) == ("EmptyAnswer", False)


LEFT = "error_class = 'ClientDisconnected'"


@pytest.mark.parametrize(("trouble", "stream"), [("HANG", False), ("QUIET", True), ("QUIET BEGUN", True)])
def test_where_the_candidate_says_nothing_the_old_model_steps_in_after_its_time(
    running: Gateway, trouble: str, stream: bool
) -> None:
    said = running.ask(on_side(running, "candidate"), trouble, stream=stream)
    assert (said.model, said.system) == ("old", "OLD PROMPT for tea")
    failed, ok = running.rows_of(said.request_id)
    assert (failed["kind"], failed["served"]) == ("attempt-failed", "candidate") and not failed["client_error"]
    assert (ok["kind"], ok["served"], ok["attempts"]) == ("ok", "baseline", 2)
    assert 3_500 < ok["latency_ms"] < 15_000


def test_without_variables_the_old_model_gets_what_was_sent(running: Gateway) -> None:
    said = running.ask(on_side(running, "candidate"), variables={})
    assert (said.model, said.system, said.arm, said.served) == ("old", "OLD PROMPT for tea", "candidate", "baseline")
    (row,) = running.rows_of(said.request_id)
    assert (row["assigned"], row["served"], row["error_class"]) == ("candidate", "baseline", "PromptNotRendered")
    assert running.get("/migrator/status")["not_rendered"] > 0


def test_a_rollback_reaches_it_within_two_seconds(running: Gateway) -> None:
    name = on_side(running, "candidate")
    publish(running.url, revision=99_000, state="rolled-back", percentage=0.0)
    until(lambda: running.ask(name).arm == "baseline", 2.0)
    said = running.ask(name)
    assert said.model == "old" and running.rows_of(said.request_id)[0]["revision"] == 99_000


def test_the_database_away_fails_no_request(running: Gateway) -> None:
    with locked(running.url):
        said = [running.ask(f"away-{n}", stream=n % 2 == 0) for n in range(20)]
        assert {one.arm for one in said} == {"baseline", "candidate"}, "the last record holds"
        until(lambda: running.get("/migrator/status")["rows"]["waiting"] >= 20)
    assert len(running.rows_of(*(one.request_id for one in said))) == 20


def test_samples_are_kept_only_where_they_were_asked_for(running: Gateway) -> None:
    running.follows(sample_answers=1.0)
    plain, streamed = running.ask("sampled"), running.ask("sampled", stream=True)
    for row in running.rows_of(plain.request_id, streamed.request_id):
        assert '"messages": [{"role": "user", "content": "hi"}]' in row["sampled_input"]
        assert '"vars": {"product": "tea"}' in row["sampled_input"] and "PROMPT for tea" in row["sampled_output"]


def test_applications_are_shown_the_models_that_they_may_ask_for(running: Gateway) -> None:
    assert [model.id for model in running.client.models.list()] == ["bot"]


def test_in_the_shadow_step_nobody_sees_the_candidate(running: Gateway) -> None:
    running.follows(state="shadow", shadow=True, percentage=0.0)
    said = [running.ask("shadow"), running.ask("shadow", stream=True), running.ask("shadow", "FAIL")]
    assert {one.model for one in said} == {"old"}
    ids = [one.request_id for one in said]
    seen = until(lambda: _shadows(running.url, ids) if len(_shadows(running.url, ids)) == 3 else None)
    assert [(row["assigned"], row["served"]) for row in seen if row["error_class"] is None] == [
        ("candidate",) * 2
    ] * 2
    (failed,) = [row for row in seen if row["error_class"] is not None]
    assert failed["request_id"] == ids[2] and failed["served"] is None
    assert {row["served"] for row in running.rows_of(*ids) if row["kind"] == "ok"} == {"baseline"}


def _shadows(url: str, ids: list[str]) -> list[dict[str, Any]]:
    return [row for row in rows(url, "kind = 'shadow'") if row["request_id"] in ids]


def test_who_names_no_conversation_is_counted(running: Gateway) -> None:
    by_user, nobody = running.ask(None, user="u-1"), [running.ask(None) for _ in range(3)]
    assert len({one.arm for one in nobody}) == 1, "one API key is one side"
    found = {row["request_id"]: row for row in running.rows_of(by_user.request_id, *(o.request_id for o in nobody))}
    assert found[by_user.request_id]["keyed"]
    unkeyed = [found[one.request_id] for one in nobody]
    assert not any(row["keyed"] for row in unkeyed) and len({row["key_digest"] for row in unkeyed}) == 3


def test_requests_that_are_not_in_order_get_a_clear_error_and_move_nothing(running: Gateway) -> None:
    before = len(rows(running.url))
    chat = "/v1/chat/completions"
    asked: dict[str, Any] = {"model": "bot", "messages": [{"role": "user", "content": "hi"}]}
    for code, word, body, key in [
        (401, "key", asked, None),
        (401, "key", asked, "sk-wrong"),
        (400, "can't be sent", {**asked, "metadata": {"migrator_rollout": {"arm": "candidate"}}}, KEY),
        (400, "ask for bot", {**asked, "model": "bot__new"}, KEY),
        (400, "ask for bot", {**asked, "model": "openai/new"}, KEY),
        (400, "one model", {**asked, "model": "bot__new, bot__baseline"}, KEY),
        (400, "can't be sent", {**asked, "fallbacks": ["bot__new"]}, KEY),
        (400, "messages", {**asked, "messages": "hi"}, KEY),
        (400, "messages", {"model": "bot"}, KEY),
        (400, "JSON", b'{"model": "bot", ', KEY),
        (400, "JSON", b"[1]", KEY),
        (413, "larger", b'{"x": "' + b"a" * 21 * 1024 * 1024, KEY),
        (400, "model", {**asked, "model": "unknown"}, KEY),
        *((400, f"{name} can't be sent", {**asked, name: "x"}, KEY) for name in NOT_THEIRS),
        (400, "tools must be", {**asked, "tools": "x"}, KEY),
        (400, "response_format must be", {**asked, "response_format": "json"}, KEY),
    ]:
        status, said = _posted(running, chat, body, key)
        assert (status, word in str(said["error"]["message"])) == (code, True), (code, word, status, said)
        if "can't be sent" in word and "migrator" not in str(body):
            assert said["error"]["param"] == next(name for name in (*NOT_THEIRS, "fallbacks") if name in body)
    for code, body, key in [(401, {}, None), (401, {}, "sk-wrong"), (400, {}, KEY), (400, b"[", KEY)]:
        assert running.post("/feedback", body, key)[0] == code
    for header in ("x-litellm-timeout", "x-litellm-num-retries", "x-litellm-call-id"):
        with pytest.raises(openai.BadRequestError, match=f"the header {header} can't be sent") as refused:
            running.client.chat.completions.create(**asked, extra_headers={header: "1"})
        assert refused.value.param == header
    said_last = running.ask("afterwards")
    running.rows_of(said_last.request_id)
    assert len(rows(running.url)) == before + 1


NOT_THEIRS = (
    "api_base",
    "base_url",
    "api_key",
    "user_config",
    "model_list",
    "aws_role_name",
    "langfuse_host",
    "timeout",
)
"""What litellm would obey, or answer with a bare 500."""


def _posted(gateway: Gateway, path: str, body: Any, key: str | None) -> tuple[int, Any]:
    try:
        return gateway.post(path, body, key)
    except urllib.error.URLError as error:
        # It hangs up on a body that it won't read to its end; the client then may not get to read the answer.
        assert isinstance(error.reason, (BrokenPipeError, ConnectionResetError))
        return 413, {"error": {"message": "larger"}}


def test_feedback_counts_once_whichever_id_it_names(running: Gateway) -> None:
    from sqlalchemy import create_engine, text

    said = running.ask("feedback")
    for reference in (said.request_id, said.id):
        for value in (False, True):
            status, told = running.post("/feedback", {"request_id": reference, "name": "escalated", "value": value})
            assert (status, told) == (200, {"request_id": reference, "name": "escalated", "value": float(value)})
    assert running.post("/feedback", {"request_id": said.id, "name": "thumbs", "value": "down"})[0] == 200
    engine = create_engine(running.url)
    with engine.connect() as connection:
        wanted = "select reference, signal, value from migrator_feedback where reference in (:one, :two) order by id"
        ids = {"one": said.request_id, "two": said.id}
        found = until(lambda: _five(connection.execute(text(wanted), ids).all()))
    engine.dispose()
    assert found[-1] == (said.id, "thumbs", 0.0) and {signal for _, signal, _ in found[:4]} == {"escalated"}


def _five(found: Any) -> Any:
    return found if len(found) == 5 else None

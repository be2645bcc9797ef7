"""Keys reach the provider they are for, and nothing else: no event, no log line, no file."""

import asyncio
import json
import os
import shutil
import signal
import ssl
import subprocess
from pathlib import Path

import pytest
from aiohttp import web

from migrator_tui.models.environment import child_environment
from migrator_tui.models.pool import ModelPool
from migrator_tui.models.requests import ErrorKind, Event, Failed, Finished, Lane, ModelRequest
from migrator_tui.models.secrets import exact_scrubber, scrubber, secrets_in
from tests.model_fixtures import CANARY, QUICK
from tests.models.conftest import ask_for
from tests.models.replay import SSE, ReplayServer, Reply, chunk, error, plain, stream

# What a worker is started with, and what it keeps: here it must be one of its own from the first line on.
pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.usefixtures("real_workers")]


async def test_a_canary_is_seen_by_the_provider_alone(tmp_path: Path, server: ReplayServer) -> None:
    """Refusals that quote it, answers that echo it, a crash, and a missing one."""
    everything: list[Event] = []
    home, log = tmp_path / "home", tmp_path / "state" / "models.log"
    home.mkdir()
    environment = {"HOME": str(home), "ACME_KEY": CANARY, "OPENAI_API_KEY": CANARY + "-2"}
    scripts = [
        (server.script(plain("fine")), False),
        (server.script(error(401, f"Incorrect API key provided: {CANARY}")), False),
        (server.script(error(500, f"could not decode Authorization: Bearer {CANARY}")), True),
        (server.script(plain(f"your key is {CANARY}", reasoning_content=CANARY)), False),
        (server.script(stream("your key ", f"is {CANARY}")), True),
        (
            server.script(
                Reply([chunk({"content": f"half {CANARY}"}), f"data: {{{CANARY}\n\n".encode()], headers=SSE)
            ),
            True,
        ),
        (server.script(Reply([f"<html>{CANARY}</html>".encode()])), False),
    ]
    async with ModelPool(project_folder=tmp_path, environment=environment, log_file=log, pace=QUICK) as pool:
        for script, streamed in scripts:
            request = ask_for(script, stream=streamed, api_key_env="ACME_KEY")
            everything += [event async for event in pool.call(request, Lane.WAITED_FOR)]
            assert script.seen[0].headers["authorization"] == f"Bearer {CANARY}"
        missing = await pool.ask(ask_for(scripts[0][0], api_key_env="NOT_SET"), Lane.WAITED_FOR)
        everything.append(missing)
        everything.append(await pool.ask(ask_for(scripts[0][0], params={"api_key": CANARY}), Lane.WAITED_FOR))
        everything.append(await pool.ask(ask_for(f"http://{CANARY}@127.0.0.1:1/v1"), Lane.WAITED_FOR))
        pid = pool.worker(Lane.WAITED_FOR).pid
        assert pid is not None
        os.kill(pid, signal.SIGABRT)  # the fault handler writes where it was
        while pool.worker(Lane.WAITED_FOR).usable:
            await asyncio.sleep(0)

    assert isinstance(missing, Failed)
    assert (missing.error.kind, missing.error.message) == (ErrorKind.KEY, "NOT_SET is not set (api_key_env)")
    assert CANARY not in repr(everything)
    assert "Fatal Python error: Aborted" in log.read_text()
    for file in [path for path in tmp_path.rglob("*") if path.is_file()]:
        assert CANARY.encode() not in file.read_bytes(), file


async def test_a_providers_key_is_not_for_whoever_listens_here(pool: ModelPool, server: ReplayServer) -> None:
    for model in ("openai/m", "anthropic/claude-sonnet-5", "gemini/gemini-2.5-pro", "mistral/m", "groq/m"):
        script = server.script(error(400))
        await pool.ask(ask_for(script, model), Lane.WAITED_FOR)
        assert script.seen, model
        assert CANARY not in repr(script.seen), model


@pytest.mark.parametrize(
    "params",
    [
        {"api_base": "http://elsewhere.example"},
        {"base_url": "http://elsewhere.example"},
        {"custom_llm_provider": "anthropic"},
        {"aws_bedrock_runtime_endpoint": "http://elsewhere.example"},
        {"aws_region_name": "x.elsewhere.example/#"},
        {"vertex_credentials": "/etc/passwd"},
        {"mock_response": "never asked"},
        {"success_callback": ["langfuse"]},
        {"fallbacks": ["openai/gpt-4o"]},
        {"client": "x"},
        {"model": "openai/gpt-4o"},
        {"stream": True},
    ],
    ids=lambda params: next(iter(params)),
)
async def test_params_cannot_lead_elsewhere(params: dict, pool: ModelPool, server: ReplayServer) -> None:
    script = server.script(plain())
    end = await pool.ask(ask_for(script, params=params), Lane.WAITED_FOR)
    assert isinstance(end, Failed)
    assert end.error.kind is ErrorKind.REJECTED
    assert next(iter(params)) in end.error.message
    assert script.seen == []


async def test_a_model_is_no_address(pool: ModelPool, server: ReplayServer) -> None:
    script = server.script(plain())
    end = await pool.ask(ask_for(script, f"huggingface/{script}"), Lane.WAITED_FOR)
    assert isinstance(end, Failed)
    assert end.error.kind is ErrorKind.REJECTED
    assert script.seen == []


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificate")
async def test_proxies_and_certificates(tmp_path: Path, server: ReplayServer) -> None:
    """Far addresses by proxy, this machine's without, and a certificate of one's own is trusted."""
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    command = (
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1"
    )
    subprocess.run([*command.split(), "-keyout", key, "-out", certificate], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    secure = ReplayServer()
    await secure.start(context)
    seen: list[tuple[str, str]] = []

    async def proxy(request: web.BaseRequest) -> web.StreamResponse:
        seen.append((f"{request.method} {request.raw_path}", request.headers["Authorization"]))
        return web.Response(body=plain("by proxy").pieces[0], content_type="application/json")

    raw = web.ServerRunner(web.Server(proxy))
    await raw.setup()
    await web.TCPSite(raw, "127.0.0.1", 0).start()
    environment = {
        "http_proxy": f"http://user:{CANARY}@127.0.0.1:{raw.addresses[0][1]}",
        "https_proxy": "http://127.0.0.1:1",
        "SSL_CERT_FILE": str(certificate),
        "OPENAI_API_KEY": CANARY,
    }
    log = tmp_path / "log"
    async with ModelPool(project_folder=tmp_path, environment=environment, log_file=log, pace=QUICK) as pool:
        far = await pool.ask(ask_for("http://models.example/v1"), Lane.WAITED_FOR)
        near = await pool.ask(ask_for(server.script(plain("direct"))), Lane.WAITED_FOR)
        tls = await pool.ask(ask_for(secure.script(plain("over TLS"), scheme="https")), Lane.WAITED_FOR)
    await raw.cleanup()
    await secure.stop()

    texts = [end.answer.text if isinstance(end, Finished) else end.error.message for end in (far, near, tls)]
    assert texts == ["by proxy", "direct", "over TLS"]
    assert seen == [("POST http://models.example/v1/chat/completions", "Bearer no-key")], "OpenAI's key is for OpenAI"
    assert CANARY not in log.read_text()


async def test_the_worker_gets_what_it_is_given_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "from-outside")
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    monkeypatch.setenv("no_proxy", "intranet.example")
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    made = child_environment(
        {
            "ACME_KEY": "given",
            "LD_PRELOAD": "/tmp/x.so",
            "PYTHONPATH": "/tmp/x",
            "LITELLM_LOG": "DEBUG",
            "LITELLM_PROXY_API_KEY": "given too",
        }
    )
    assert made["ACME_KEY"] == "given"
    assert made["LITELLM_PROXY_API_KEY"] == "given too"
    assert made["https_proxy"] == "http://proxy.example:3128"
    assert made["no_proxy"] == made["NO_PROXY"] == "intranet.example,127.0.0.1,localhost,::1"
    assert made["LITELLM_LOG"] == "ERROR"
    assert "OPENAI_API_KEY" not in made
    assert "LD_PRELOAD" not in made
    assert made.get("PYTHONPATH") == os.environ.get("PYTHONPATH")
    assert child_environment({"REQUESTS_CA_BUNDLE": "/ca.pem"})["SSL_CERT_FILE"] == "/ca.pem"
    assert child_environment(None)["OPENAI_API_KEY"] == "from-outside"


async def test_scrubbing() -> None:
    environment = {
        "ACME_KEY": 'odd"key\\',
        "MY_TOKEN": "tok-123456\n",
        "HTTPS_PROXY": "http://me:hunter22@proxy:1",
        "SSH_AUTH_SOCK": "/tmp/sock",
        "MONKEY_FILE": "/etc/hosts",
        "PLAIN_NAME": "visible",
        "PIN_KEY": "1",
    }
    found = secrets_in(environment, ["PLAIN_NAME"])
    assert found == {'odd"key\\', "tok-123456\n", "tok-123456", "hunter22", "visible"}
    scrub = scrubber(found)
    assert scrub(f"a {environment['ACME_KEY']} b") == "a [key] b"
    assert scrub(json.dumps({"k": environment["ACME_KEY"]})) == '{"k": "[key]"}'
    assert scrub("bad key sk-proj-abcdefghijkl1234, sorry") == "bad key [key], sorry"
    assert scrub("nothing here, sk-ip me") == "nothing here, sk-ip me"
    signs = "Ab3" * 12
    for key in (
        f"AIza{signs}",
        f"ghp_{signs}",
        f"github_pat_{signs}",
        f"AKIA{16 * 'Z'}",
        f"eyJ{signs}.eyJ{signs}.{signs}",
    ):
        assert scrub(f"use {key}, please") == "use [key], please", "whoever wrote it into a case or a prompt"
    plain = "ghp_short, AIza, AKIAN, eyJ.a.b, xoxo-hugs"
    assert scrub(plain) == plain
    assert exact_scrubber(found)("visible sk-proj-abcdefghijkl1234") == "[key] sk-proj-abcdefghijkl1234"
    assert exact_scrubber([])("as it is") == "as it is"


async def test_a_key_that_is_not_set_is_named(tmp_path: Path) -> None:
    request = ModelRequest("no-key", "openai/gpt-4o", [{"role": "user", "content": "hello"}])
    async with ModelPool(
        project_folder=tmp_path, environment={"HOME": str(tmp_path)}, log_file=tmp_path / "log", pace=QUICK
    ) as pool:
        end = await pool.ask(request, Lane.WAITED_FOR)
    assert isinstance(end, Failed)
    assert end.error.kind is ErrorKind.KEY
    assert end.error.message == "OPENAI_API_KEY is not set, in the environment or in .env"

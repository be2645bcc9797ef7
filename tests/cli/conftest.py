"""The program as its users start it: a process of its own, a project on disk, a server that counts on loopback."""

import json
import os
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from migrator_tui.cli import main
from migrator_tui.project.trust import trust_config

CANARY = "sk-canary-5e1f0aa9c3d7"
ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "sample_projects" / "support-tickets"


class CountingServer:
    """An OpenAI-compatible server that counts what it is asked. `held` requests wait until `release` is set."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.answered: Counter[str] = Counter()
        self.keys: set[str] = set()
        self.hold_after: int | None = None
        self.release = threading.Event()
        self.changed = threading.Condition()
        self.held = 0
        self.reply: Callable[[str], tuple[int, dict[str, Any]]] = lambda question: (200, completion("good"))
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                outer.keys.add(self.headers.get("Authorization", ""))
                question = f"{body['model']}: {body['messages'][-1]['content']}"
                with outer.changed:
                    outer.asked[question] += 1
                    wait = outer.hold_after is not None and outer.asked.total() > outer.hold_after
                    outer.held += wait
                    outer.changed.notify_all()
                if wait:
                    outer.release.wait(60)
                status, answer = outer.reply(question)
                text = json.dumps(answer).encode()
                try:
                    self.send_response(status)
                    self.send_header("Content-Type", "application/json")
                    self.send_header("Content-Length", str(len(text)))
                    self.end_headers()
                    self.wfile.write(text)
                except OSError:  # whoever asked has been killed meanwhile
                    return
                with outer.changed:
                    outer.answered[question] += not wait

            def log_message(self, *_: Any) -> None: ...

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.http.server_address[1]}/v1"

    def wait_for(self, condition: Callable[[], bool]) -> None:
        """Wait until what was asked is such that the condition holds."""
        with self.changed:
            assert self.changed.wait_for(condition, timeout=60)


def completion(text: str) -> dict[str, Any]:
    """A chat completion as OpenAI words it."""
    return {
        "id": "x",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}],
        "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
    }


@pytest.fixture
def server() -> Iterator[CountingServer]:
    made = CountingServer()
    yield made
    made.release.set()
    made.http.shutdown()
    made.http.server_close()


@pytest.fixture
def folder(tmp_path: Path, server: CountingServer, own_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of 12 cases on two models of the counting server, at $1 and $2 a million tokens."""
    monkeypatch.setenv("OPENAI_API_KEY", CANARY)
    model = (
        f'api_base = "{server.base}"\napi_key_env = "OPENAI_API_KEY"\n'
        "price = { input = 1.0, output = 2.0 }\nparams = { max_tokens = 50 }\n"
    )
    made = tmp_path / "shop"
    made.mkdir()
    (made / "migrator.toml").write_text(
        f'[project]\nname = "shop"\n\n[baseline]\nmodel = "openai/old"\n{model}\n'
        f'[[candidates]]\nname = "newer"\nmodel = "openai/new"\n{model}\n'
        '[[tasks]]\nname = "triage"\nprompt = "triage.md"\ncases = ["triage.jsonl"]\n'
        'checks = [{ type = "contains", value = "good" }]\n',
        "utf-8",
    )
    trust_config(made / "migrator.toml")  # it gives a key to a server on this machine
    (made / "triage.md").write_text("Sort the ticket.\n", "utf-8")
    cases = [{"id": f"c{n}", "messages": [{"role": "user", "content": f"question {n}"}]} for n in range(1, 13)]
    (made / "triage.jsonl").write_text("".join(json.dumps(case) + "\n" for case in cases), "utf-8")
    return made


def environment() -> dict[str, str]:
    """This test's environment, with a key that must be found nowhere afterwards."""
    path = os.pathsep.join(filter(None, (os.environ.get("PYTHONPATH"), str(ROOT / "src"))))
    return {**os.environ, "OPENAI_API_KEY": CANARY, "PYTHONPATH": path}


def start(*arguments: str | Path, **more: Any) -> subprocess.Popen[str]:
    """Start the program."""
    command = [sys.executable, "-m", "migrator_tui", *map(str, arguments)]
    pipe = subprocess.PIPE
    return subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, text=True, env=environment(), **more
    )


def run(*arguments: str | Path, **more: Any) -> tuple[int, str, str]:
    """Run the program to its end: exit code, stdout, stderr."""
    process = start(*arguments, **more)
    out, err = process.communicate(timeout=100)
    return process.returncode, out, err


Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Call:
    """Run the program inside this process, its worker in one of its own: exit code, stdout, stderr."""

    def run_here(*arguments: str | Path) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run_here

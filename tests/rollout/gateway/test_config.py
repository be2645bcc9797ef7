"""What a gateway is started with: its configuration, its folder, its environment, and what is refused before."""

import asyncio
import json
import os
import socket
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from migrator_tui.cli import main
from migrator_tui.models.child import open_log
from migrator_tui.project.config import load_project
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.schema import Project
from migrator_tui.rollout.gateway import environment
from migrator_tui.rollout.gateway.config import check_master_key, gateway_config
from migrator_tui.rollout.gateway.export import FILES, export_gateway
from migrator_tui.rollout.gateway.passing import passing_folder
from migrator_tui.rollout.gateway.process import GatewayProcess, proxy_environment
from tests.rollout.gateway.conftest import KEY
from tests.rollout.gateway.loading import load_plugin
from tests.rollout.gateway.test_proxy import free_port

CONFIG = """
[baseline]
model = "openai/gpt-4o-2024-08-06"
[[candidates]]
name = "sonnet"
model = "anthropic/claude-sonnet-4-5"
api_key_env = "ACME_KEY"
timeout = 30
[[candidates]]
name = "own"
model = "openai/own-model"
api_base = "http://127.0.0.1:9/v1"
[[tasks]]
name = "triage"
prompt = "p.md"
cases = ["c.jsonl"]
[[tasks]]
name = "reply"
prompt = "p.md"
cases = ["c.jsonl"]
"""


def a_project(folder: Path, config: str = CONFIG) -> Project:
    (folder / "migrator.toml").write_text(config, "utf-8")
    (folder / "p.md").write_text("Sort it.", "utf-8")
    (folder / "c.jsonl").write_text('{"id": "a", "messages": [{"role": "user", "content": "x"}]}\n', "utf-8")
    return load_project(folder)


def test_each_task_has_its_models_and_the_old_one_steps_in(tmp_path: Path) -> None:
    made = gateway_config(a_project(tmp_path))
    config = json.loads(made.text)
    served = {model["model_name"]: model["litellm_params"] for model in config["model_list"]}
    assert set(served) == {
        *("triage", "triage__baseline", "triage__sonnet", "triage__own"),
        *("reply", "reply__baseline", "reply__sonnet", "reply__own"),
    }
    assert made.asked == ("triage", "reply")
    assert served["triage"] == served["triage__baseline"] == {"model": "openai/gpt-4o-2024-08-06", "timeout": 600.0}
    assert served["reply__sonnet"]["api_key"] == "os.environ/ACME_KEY" and served["reply__sonnet"]["timeout"] == 30
    assert served["reply__own"]["timeout"] == 60, "whom the old model steps in for is not waited for that long"
    assert served["triage__own"]["api_key"] == "no-key", "the provider's own key goes to the provider alone"
    assert {"triage__sonnet": ["triage__baseline"]} in config["router_settings"]["fallbacks"]
    assert config["router_settings"]["num_retries"] == 0
    assert config["general_settings"]["master_key"] == "os.environ/LITELLM_MASTER_KEY"
    priced = {model["model_name"]: model["model_info"]["migrator_priced"] for model in config["model_list"]}
    assert priced["triage__baseline"] and not priced["triage__own"], "an unknown price is not free"
    assert made.keys["openai/gpt-4o-2024-08-06"] == ("OPENAI_API_KEY",) and made.keys["openai/own-model"] == ()


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ('"openai/gpt-4o-2024-08-06"', '"recorded:c.jsonl"', "answers"),
        ('"openai/gpt-4o-2024-08-06"', '"simulated:classic-1"', "simulated"),
        ('name = "triage"', 'name = "tri__age"', "__"),
        ('name = "triage"', 'name = "tri*"', "rename"),
    ],
)
def test_what_no_gateway_can_serve_is_refused(tmp_path: Path, old: str, new: str, word: str) -> None:
    project = a_project(tmp_path, CONFIG.replace(old, new))
    with pytest.raises(ProjectError, match=word.replace("*", r"\*")):
        gateway_config(project)


def test_simulated_models_are_asked_where_the_simulator_is(tmp_path: Path) -> None:
    project = a_project(tmp_path, CONFIG.replace("openai/gpt-4o-2024-08-06", "simulated:classic-1"))
    config = json.loads(gateway_config(project, simulator="http://127.0.0.1:5/v1").text)
    params = config["model_list"][0]["litellm_params"]
    assert (params["model"], params["api_base"]) == ("openai/classic-1", "http://127.0.0.1:5/v1")
    assert params["input_cost_per_token"] > 0


def test_an_exported_folder_holds_everything_but_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ACME_KEY", "sk-canary-7f3a91c2d4e5")
    (tmp_path / "project").mkdir()
    a_project(tmp_path / "project")
    command = ["-C", str(tmp_path / "project"), "--trust", "gateway", "export", str(tmp_path / "out")]
    assert main(command) == 0
    written = {path.name: path.read_text("utf-8") for path in (tmp_path / "out").iterdir()}
    assert set(written) == set(FILES)
    assert not any("canary" in text for text in written.values())
    assert (tmp_path / "out" / "run.sh").stat().st_mode & stat.S_IXUSR
    assert written["requirements.txt"].split("\n")[0] == "litellm[proxy]==1.106.2"
    for word in ("LITELLM_MASTER_KEY", "MIGRATOR_DATABASE_URL", "ACME_KEY", "OPENAI_API_KEY", "PostgreSQL", "Redis"):
        assert word in written["README.md"]
    assert "@" not in written["README.md"].replace("PASSWORD@HOST", "")
    assert main(command) == 2 and "--yes" in capsys.readouterr().err
    assert main([*command, "--yes"]) == 0


def test_a_name_that_looks_like_a_mark_of_the_notes_stays_a_name(tmp_path: Path) -> None:
    project = a_project(tmp_path, f'[project]\nname = "x @SECRETS@ @SIZE@"\n{CONFIG}')
    export_gateway(project, gateway_config(project), tmp_path / "out")
    written = (tmp_path / "out" / "README.md").read_text("utf-8")
    assert written.startswith("# Gateway of x @SECRETS@ @SIZE@\n") and written.count("| `OPENAI_API_KEY` |") == 1


@pytest.mark.parametrize("key", [None, "", "sk-1234", "sk-1111111111111111111111"])
def test_a_weak_or_missing_master_key_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], key: str | None
) -> None:
    a_project(tmp_path)
    monkeypatch.delenv("LITELLM_MASTER_KEY", raising=False)
    if key is not None:
        monkeypatch.setenv("LITELLM_MASTER_KEY", key)
    assert main(["-C", str(tmp_path), "--trust", "gateway", "--python", sys.executable]) == 2
    said = capsys.readouterr().err
    assert "LITELLM_MASTER_KEY is " in said and (not key or key not in said)
    with pytest.raises(SystemExit):
        load_plugin().check_master_key(key)


def test_a_strangers_folder_chooses_neither_the_master_key_nor_who_gets_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    harmless = CONFIG.replace('api_key_env = "ACME_KEY"\n', "")
    a_project(tmp_path, harmless)
    (tmp_path / ".env").write_text(f"LITELLM_MASTER_KEY={KEY}\n", "utf-8")
    monkeypatch.delenv("LITELLM_MASTER_KEY", raising=False)
    command = ["-C", str(tmp_path), "gateway", "--python", sys.executable]
    assert main(command) == 2
    assert "LITELLM_MASTER_KEY is not set" in capsys.readouterr().err
    monkeypatch.setenv("LITELLM_MASTER_KEY", KEY)
    a_project(tmp_path, f'{harmless}[gateway]\nhost = "0.0.0.0"\n')
    assert main(command) == 2
    assert "0.0.0.0" in capsys.readouterr().err, "nor open it to others"
    assert check_master_key(KEY, "X") == KEY


@pytest.mark.parametrize(
    ("options", "config", "said"),
    [
        (["--host", "256.1.1.1"], "", "256.1.1.1 is no address"),
        (["--host", "nowhere.invalid"], "", "nowhere.invalid is no address"),
        (["--host", "x" * 400], "", "is no address"),
        (["--host", "192.0.2.7"], "", "192.0.2.7: it is not this machine's"),
        ([], '[rollout]\nalerts_url_env = "NO_SUCH_HOOK"\n', "NO_SUCH_HOOK"),
    ],
)
def test_what_would_stop_it_later_is_told_before_anything_is_installed(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    config: str,
    said: str,
) -> None:
    a_project(tmp_path, CONFIG + config)
    monkeypatch.setenv("LITELLM_MASTER_KEY", KEY)
    assert main(["-C", str(tmp_path), "--trust", "gateway", *options]) == 2
    told = capsys.readouterr().err.strip()
    assert said in told and "\n" not in told


def test_a_taken_port_is_told_before_anything_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    a_project(tmp_path)
    monkeypatch.setenv("LITELLM_MASTER_KEY", KEY)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        assert main(["-C", str(tmp_path), "--trust", "gateway", "--port", port]) == 2
    assert f"port {port} of 127.0.0.1 is taken" in capsys.readouterr().err


def mark_of_this_machine() -> str:
    with passing_folder("some") as own:
        return own.name.split("-")[1]


def test_what_a_killed_gateway_left_is_swept_by_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that still runs keeps its own."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    program = """
import sys, tempfile
from migrator_tui.rollout.gateway.passing import passing_folder
tempfile.tempdir = sys.argv[1]
with passing_folder("some") as folder:
    print(folder, flush=True)
    sys.stdin.read()
"""
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(socket, "gethostname", lambda: "another")
        anothers = tmp_path / f"some-{mark_of_this_machine()}-1-1-x"
    anothers.mkdir()  # nobody here can know whether its process lives
    (tmp_path / f"some-{mark_of_this_machine()}-1-1-x").symlink_to(tmp_path)
    command = [sys.executable, "-c", program, str(tmp_path)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **pipes) as killed, subprocess.Popen(command, **pipes) as living:
        left, kept = (Path(process.stdout.readline().strip()) for process in (killed, living))
        killed.kill()
        killed.wait()
        assert left.is_dir() and stat.S_IMODE(left.stat().st_mode) == 0o700
        with passing_folder("some") as own:
            assert not left.exists() and kept.is_dir() and own.is_dir() and anothers.is_dir()
        living.stdin.close()
    assert not kept.exists() and not own.exists()


def test_a_python_without_the_proxy_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    a_project(tmp_path)
    monkeypatch.setenv("LITELLM_MASTER_KEY", KEY)
    for python, word in [
        (sys.executable, "litellm"),
        ("/nowhere/python", "no such interpreter"),
        ("/bin/true", "Python"),
    ]:
        command = ["-C", str(tmp_path), "--trust", "gateway", "--port", str(free_port()), "--python", python]
        assert main(command) == 2
        assert word in capsys.readouterr().err


def test_what_would_be_installed_is_said_and_nothing_is_without_asking(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    a_project(tmp_path)
    monkeypatch.setenv("LITELLM_MASTER_KEY", KEY)
    assert main(["-C", str(tmp_path), "--trust", "gateway", "--port", str(free_port())]) == 2
    said = capsys.readouterr().err
    assert "litellm[proxy]==1.106.2" in said and "780 MB" in said and "nothing was installed" in said
    assert not environment.environment_folder().exists()


def test_an_environment_is_made_once_and_never_by_half(monkeypatch: pytest.MonkeyPatch) -> None:
    """The real requirements take minutes and the network: here there are none, and then one that can't be had."""
    monkeypatch.setattr(environment, "REQUIREMENTS", ("--no-index", "no-such-package-anywhere==1"))
    with pytest.raises(ProjectError, match="pip install"):
        asyncio.run(environment.install(lambda _: None))
    assert environment.ready_python() is None
    assert not list(environment.environment_folder().parent.glob(".gateway-*"))
    monkeypatch.setattr(environment, "REQUIREMENTS", ("--no-index", "pip"))
    told: list[str] = []
    python = asyncio.run(environment.install(told.append))
    assert environment.ready_python() == python and len(told) == 2
    subprocess.run([python, "-c", "import pip"], check=True)


def test_the_proxy_gets_its_secrets_and_nothing_that_it_would_take_for_its_own() -> None:
    given = {
        "OPENAI_API_KEY": "sk-1",
        "DATABASE_URL": "postgresql://app",
        "REDIS_URL": "redis://app",
        "LITELLM_MASTER_KEY": "theirs",
        "LITELLM_LOG": "DEBUG",
        "PYTHONPATH": "/evil",
    }
    made = proxy_environment(given, KEY, "sqlite:///h")
    assert made["LITELLM_MASTER_KEY"] == KEY and made["MIGRATOR_DATABASE_URL"] == "sqlite:///h"
    assert made["OPENAI_API_KEY"] == "sk-1" and made["LITELLM_LOG"] == "ERROR"
    assert not {"DATABASE_URL", "REDIS_URL", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE"} & set(made)
    assert made["DISABLE_ADMIN_UI"] == "True" and made["LITELLM_LOCAL_MODEL_COST_MAP"] == "True"


async def test_a_taken_port_and_a_proxy_that_ends_are_told_in_a_line(tmp_path: Path) -> None:
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    log = open_log(tmp_path / "log")

    async def start(python: str) -> None:
        folder = tmp_path
        await GatewayProcess.start(
            Path(python), folder, host="127.0.0.1", port=port, environment=dict(os.environ), log=log
        )

    with pytest.raises(ProjectError, match=f"port {port} .* is taken"):
        await start(sys.executable)
    server.close()
    await server.wait_closed()
    false = tmp_path / "python"
    false.write_text("#!/bin/sh\necho 'ImportError: no proxy here, sk-canary-7f3a91c2d4e5' >&2\nexit 1\n", "utf-8")
    false.chmod(0o755)
    with pytest.raises(ProjectError, match="did not start: ImportError: no proxy here") as failed:
        await start(str(false))
    assert "canary" not in str(failed.value) and "canary" not in (tmp_path / "log").read_text("utf-8")

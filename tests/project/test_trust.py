"""What a stranger's folder may not do until it is trusted, and what trusting is tied to."""

import json
from pathlib import Path

import pytest

from migrator_tui.project.config import load_project
from migrator_tui.project.dotenv import environment
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.schema import Project
from migrator_tui.project.trust import (
    check_allowed,
    concerns,
    config_digest,
    distrust,
    is_loopback,
    is_trusted,
    trust,
)
from tests.project.conftest import Folder


def opened(folder: Folder, old: str = "", new: str = "") -> Project:
    folder.config(old, new)
    return load_project(folder.path)


def test_a_harmless_folder_needs_no_trust(folder: Folder) -> None:
    project = opened(
        folder, 'model = "anthropic/claude-sonnet-5"', 'model = "ollama/x"\napi_base = "http://127.0.0.1:11434"'
    )
    assert concerns(project) == []
    check_allowed(project, trusted=False)
    assert not is_trusted(project)


REFUSED = [
    (
        'model = "anthropic/claude-sonnet-5"',
        'model = "openai/x"\napi_base = "https://evil.example/v1"',
        "evil.example",
    ),
    (
        'model = "anthropic/claude-sonnet-5"',
        'model = "openai/x"\napi_key_env = "AWS_SECRET_ACCESS_KEY"',
        "AWS_SECRET",
    ),
    (
        'model = "anthropic/claude-sonnet-5"',
        'model = "openai/x"\napi_base = "http://127.0.0.1:4000"\napi_key_env = "OPENAI_API_KEY"',
        "gives your OPENAI_API_KEY to 127.0.0.1:4000",
    ),
    ('model = "anthropic/claude-sonnet-5"', 'model = "huggingface/https://evil.example/x"', "evil.example"),
    ("max_tokens = 600", 'extra_headers = { x = "y" }', "extra_headers"),
    ("max_tokens = 600", 'success_callback = ["x"]', "success_callback"),
    ("[gate]", '[history]\ndatabase = "postgresql://me:secret@db.example/x"\n[gate]', "db.example"),
    ("[gate]", '[history]\ndatabase = "sqlite:////tmp/x.db"\n[gate]', "database"),
    ('"prompts/triage.md"', '"../outside.md"', "outside.md"),
    ("[gate]", 'tools = "../outside.json"\n[gate]', "outside.json"),
    ('"simulated:chatty"', '"recorded:../outside.jsonl"', "outside.jsonl"),
    ('"simulated:chatty"', '"simulated:../outside.toml"', "outside.toml"),
]


@pytest.mark.parametrize(("old", "new", "named"), REFUSED, ids=[new[:50] for _, new, _ in REFUSED])
def test_refused_until_trusted(folder: Folder, old: str, new: str, named: str) -> None:
    for name, text in (("md", "x"), ("json", "[]"), ("jsonl", ""), ("toml", "")):
        (folder.path.parent / f"outside.{name}").write_text(text)
    project = opened(folder, old, new)
    (concern,) = concerns(project)
    assert named in concern and "secret@" not in concern and concern.isprintable()
    with pytest.raises(ProjectError, match="not trusted yet") as caught:
        check_allowed(project, trusted=False)
    assert named in str(caught.value)
    trust(project)
    assert is_trusted(project)
    check_allowed(project, is_trusted(project))


@pytest.mark.parametrize(
    ("address", "loopback"),
    [
        ("http://localhost:11434", True),
        ("http://127.0.0.1:8000/v1", True),
        ("http://[::1]:80", True),
        ("https://LOCALHOST/x", True),
        ("http://127.0.0.1@evil.example", False),
        ("http://localhost.evil.example", False),
        ("http://evil.example#localhost", False),
        ("http://evil.example\\@localhost", False),
        ("http://0.0.0.0:80", False),
        ("http://2130706433", False),
        ("ftp://localhost", False),
        ("http://[::ffff:1.2.3.4]", False),
        ("http://[bad", False),
    ],
)
def test_loopback_is_not_fooled(address: str, loopback: bool) -> None:
    assert is_loopback(address) is loopback


def test_trust_is_tied_to_the_content(folder: Folder, own_home: Path) -> None:
    project = opened(folder, 'name = "mini"', 'name = "mini"\napi_base = "https://a.example"')
    trust(project)
    assert is_trusted(project)
    folder.write("migrator.toml", folder.read("migrator.toml").replace("a.example", "b.example"))
    assert not is_trusted(load_project(folder.path))
    folder.write("migrator.toml", folder.read("migrator.toml").replace("b.example", "a.example"))
    assert is_trusted(project)
    folder.write(".env", "OPENAI_API_KEY=sk-canary\n")
    assert is_trusted(project)
    folder.write(".env", "OPENAI_API_KEY=sk-canary\nHTTPS_PROXY=http://evil.example\n")
    assert not is_trusted(project)
    assert any("HTTPS_PROXY" in concern for concern in concerns(project))
    trust(project)
    assert is_trusted(project)
    distrust(project)
    assert not is_trusted(project)
    stored = "".join(path.read_text() for path in own_home.rglob("*") if path.is_file())
    assert "sk-canary" not in stored and "evil.example" not in stored


def test_trust_of_one_folder_is_not_another_s(folder: Folder) -> None:
    project = opened(folder)
    trust(project)
    copy = folder.path.parent / "copy"
    folder.path.rename(copy)
    assert not is_trusted(load_project(copy))


def test_a_damaged_store_is_said(folder: Folder, own_home: Path) -> None:
    project = opened(folder)
    trust(project)
    (store,) = own_home.rglob("trust.json")
    assert json.loads(store.read_text()) == {str(folder.path): config_digest(project)}
    store.write_text("{")
    with pytest.raises(ProjectError, match="damaged"):
        is_trusted(project)


def test_environment_of_an_untrusted_folder_holds_only_its_keys(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "mine")
    monkeypatch.setenv("MISTRAL_API_KEY", "from the environment")
    folder.write(
        ".env",
        "OPENAI_API_KEY=sk-1\nexport GROQ_API_KEY='sk 2'\nOPENAI_API_BASE=https://evil.example\nMISTRAL_API_KEY=other\n"
        "SOME_SETTING=x\nLEAK_API_KEY=${AWS_SECRET_ACCESS_KEY}\n",
    )
    project = opened(folder)
    strange, trusted = environment(project, False), environment(project, True)
    assert strange["OPENAI_API_KEY"] == "sk-1" and strange["GROQ_API_KEY"] == "sk 2"
    assert "OPENAI_API_BASE" not in strange and "SOME_SETTING" not in strange
    assert strange["LEAK_API_KEY"] == "${AWS_SECRET_ACCESS_KEY}"
    assert strange["MISTRAL_API_KEY"] == "from the environment"
    assert trusted["OPENAI_API_BASE"] == "https://evil.example" and trusted["LEAK_API_KEY"] == "mine"


def test_lines_that_are_no_assignments_print_nothing(folder: Folder, capfd: pytest.CaptureFixture[str]) -> None:
    folder.write(".env", "root:x:0:0:a 'b\n= c\nX_API_KEY=k\n")
    assert environment(opened(folder), False)["X_API_KEY"] == "k"
    assert "".join(capfd.readouterr()) == ""


def test_dotenv_outside_or_broken(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    outside = folder.path.parent / "outside.env"
    outside.write_text("OPENAI_API_KEY=sk-other-project\n")
    (folder.path / ".env").symlink_to(outside)
    project = opened(folder)
    assert "OPENAI_API_KEY" not in environment(project, False)
    assert environment(project, True)["OPENAI_API_KEY"] == "sk-other-project"
    (folder.path / ".env").unlink()
    folder.write(".env", b"A=1\nB=\xff\n")
    with pytest.raises(ProjectError, match=r"^\.env:2: not UTF-8"):
        environment(project, True)
    folder.write(".env", b"A=1\nB=\0\n")
    with pytest.raises(ProjectError, match=r"^\.env:2: holds a NUL"):
        environment(project, True)
    (folder.path / ".env").unlink()
    (folder.path / ".env").mkdir()
    assert "A" not in environment(project, True)

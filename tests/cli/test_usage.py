"""Words on the command line: help, and mistakes in one line with exit code 2."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Call, environment
from tests.cli.test_run import recorded_project


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["rn"], 'unknown command "rn"; did you mean "run"?'),
        (["run", "--candidat", "x"], 'unknown option "--candidat"; did you mean "--candidate"?'),
        (["run", "--format", "jsno"], 'unknown value "jsno"; did you mean "json"?'),
        (["run", "--repeat", "0"], '"0" is not a whole number from 1 on'),
        (["run", "--max-cost", "-1"], '"-1" is not an amount in USD'),
        (["run", "--max-cost", "nan"], '"nan" is not an amount in USD'),
        (["run", "--prompt", "a", "--version", "b"], "not allowed with"),
        (["gateway", "--port", "70000"], '"70000" is not a port from 1 to 65535'),
        (["run", "surplus"], 'too many arguments: "surplus"'),
        (["prompt"], "required"),
        (["prompt", "sho"], 'did you mean "show"?'),
        (["run", "--resume", "--case", "c1"], "does not go together with --case"),
        (["-C", "no-such-folder", "run"], "no-such-folder"),
        (["demo", "suport-tickets", "--no-open"], 'did you mean "support-tickets"?'),
    ],
)
def test_mistakes_end_in_one_line(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], says: str
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = call(*arguments)
    assert (code, out) == (2, "")
    assert says in err and err.count("\n") == 1, err


def test_a_folder_without_project_says_what_to_do(call: Call, tmp_path: Path) -> None:
    code, out, err = call("-C", tmp_path, "run")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "migrator-tui init" in err


def test_version_of_the_program_and_of_a_prompt_do_not_clash(call: Call, folder: Path) -> None:
    for option in ("-V", "--version"):
        code, out, _ = call(option)
        assert (code, out.split()[0]) == (0, "migrator-tui")
    code, _, err = call("-C", folder, "run", "--version", "v7")
    assert code == 2 and 'no version "v7"' in err


def test_help_names_every_contract_option(call: Call) -> None:
    code, out, _ = call("run", "--help")
    assert code == 0
    for option in (
        *("--format", "--task", "--candidate", "--case", "--repeat", "--concurrency", "--resume", "--no-cache"),
        *("--prompt", "--version", "--max-cost", "--no-gate", "--trust"),
    ):
        assert option in out
    assert "exit 0 where the run is complete, whatever the gate decides" in " ".join(out.split())


def test_the_folder_may_stand_on_either_side_of_the_command(call: Call, folder: Path) -> None:
    for arguments in (["-C", folder, "prompt", "show"], ["prompt", "show", "-C", folder]):
        assert call(*arguments)[:2] == (0, "Sort the ticket.\n")


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\nfrom migrator_tui.cli import main\nmain(['--help'])\n"
        "heavy = {'sqlmodel', 'sqlalchemy', 'jinja2', 'jsonschema', 'litellm', 'rich', 'textual', 'aiohttp'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment(), capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stderr.strip() == "[]"


def test_a_log_folder_that_cannot_be_written_is_named(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    code, out, err = call("-C", recorded_project(tmp_path), "run")
    assert (code, out) == (2, "")
    assert err.splitlines()[-1].startswith(f"migrator-tui: {tmp_path / 'file'}") and "Traceback" not in err


def test_a_bug_ends_in_one_line_and_a_log_without_keys_or_locals(
    call: Call, folder: Path, own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from migrator_tui.commands import prompt

    monkeypatch.setenv("ACME_API_KEY", "from-the-environment-1234")
    (folder / ".env").write_text("OTHER_KEY=from-the-dotenv-5678\n", "utf-8")

    def broken(arguments: object) -> int:
        local_variable = "local-value-9"
        raise RuntimeError(f"key from-the-environment-1234 and from-the-dotenv-5678\n{len(local_variable)}")

    monkeypatch.setattr(prompt, "execute", broken)
    code, out, err = call("-C", folder, "prompt", "show")
    assert (code, out, err.count("\n")) == (70, "", 1)
    assert "RuntimeError" in err and "from-the" not in err
    log = Path(err.split("details are in ")[1].strip())
    assert log.is_relative_to(own_home)
    text = log.read_text("utf-8")
    assert "Traceback" in text and "broken" in text
    assert "from-the" not in text and "local-value-9\n" not in text

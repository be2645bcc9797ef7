"""The check `python`, with real processes: what code may say, how it fails, and how it ends."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from migrator_tui.checks.base import CheckError, CheckSettingError, Subject
from migrator_tui.checks.registry import check_key, run_waiting, validate, waits
from migrator_tui.project.schema import CheckSetup, CheckSpec
from tests.checks.judges import Scripted, error_of, result_of

Check = Callable[..., CheckSpec]


@pytest.fixture
def setup(tmp_path: Path) -> CheckSetup:
    return CheckSetup(folder=tmp_path, may_run_code=True)


def inline(code: str, **more: object) -> CheckSpec:
    return CheckSpec("python", code, **more)  # type: ignore[arg-type]


def in_file(setup: CheckSetup, text: str, name: str = "checks/tone.py", function: str = "") -> CheckSpec:
    assert setup.folder is not None
    file = setup.folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8")
    return CheckSpec("python", f"file://{name}{function}")


@pytest.mark.parametrize(
    ("code", "threshold", "passed", "score"),
    [
        ("'ok' in output", None, True, 1.0),
        ("len(output) > 100", None, False, 0.0),
        ("0.4", None, True, 0.4),
        ("0", None, False, 0.0),
        ("0.4", 0.5, False, 0.4),
        ("3", None, True, 1.0),
        ("{'pass': True, 'score': 0.6, 'reason': 'fine'}", None, True, 0.6),
        ("{'pass_': False, 'score': 0.9}", None, False, 0.9),
        ("{'pass': True, 'score': 0.3}", 0.5, False, 0.3),
        ("{'score': 0.7}", 0.5, True, 0.7),
        ("{'pass': True}", None, True, 1.0),
        ("'True'", None, True, 1.0),
        ("import math\nreturn math.sqrt(len(output)) > 1", None, True, 1.0),
        ("context['vars']['name'] == 'Ada' and context['expected'] == 'e'", None, True, 1.0),
    ],
)
def test_what_code_may_say(setup: CheckSetup, code: str, threshold: float | None, passed: bool, score: float) -> None:
    subject = Subject("it is ok", variables={"name": "Ada"}, expected="e", setup=setup)
    result = result_of(inline(code, threshold=threshold), subject, Scripted())
    assert (result.passed, result.score) == (passed, score)


@pytest.mark.parametrize("code", ["None", "[1]", "'perhaps'", "{'reason': 'x'}", "{'pass': 'yes'}", "float('nan')"])
def test_what_it_may_not_say_is_an_error(setup: CheckSetup, code: str) -> None:
    assert "the code" in error_of(inline(code), Subject("x", setup=setup), Scripted())


def test_a_file_gives_its_function_and_may_import_its_neighbours(setup: CheckSetup) -> None:
    assert setup.folder is not None
    spec = in_file(setup, "from words import BAD\ndef get_assert(output, context):\n    return BAD not in output\n")
    (setup.folder / "checks" / "words.py").write_text("BAD = 'rude'\n")
    assert result_of(spec, Subject("polite", setup=setup), Scripted()).passed
    failed = result_of(spec, Subject("rude", setup=setup), Scripted())
    assert not failed.passed and "gave false" in failed.reason
    other = in_file(
        setup, "async def tone(output, context):\n    return {'pass': True, 'score': 0.5}\n", "b.py", ":tone"
    )
    assert result_of(other, Subject("x", setup=setup), Scripted()).score == 0.5
    assert result_of(replace(other, negated=True), Subject("x", setup=setup), Scripted()).passed is False


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "def get_assert(output, context):\n    x = 1\n    return 1 / 0\n",
            "tone.py, line 3: ZeroDivisionError: division by zero",
        ),
        ("x = 1\ndef get_assert(output context):\n", "tone.py, line 2: SyntaxError"),
        ("import nowhere_to_be_found\n", "tone.py, line 1: ModuleNotFoundError"),
        ("x = 1\n", "there is no function get_assert"),
        ("def get_assert(output, context):\n    raise SystemExit(3)\n", "line 2: SystemExit: 3"),
        ("import os\ndef get_assert(output, context):\n    os._exit(7)\n", "ended without an answer (status 7)"),
        ("def get_assert(o, c):\n    return get_assert(o, c)\n", "line 2: RecursionError"),
        ("def get_assert(output, context):\n    return {'pass': True, 'reason': 'x' * 10**7}\n", "characters"),
        ("def get_assert(output, context):\n    raise ValueError('two\\nlines \\x1b[31m')\n", "ValueError"),
    ],
)
def test_a_mistake_in_the_code_is_an_error_with_its_line(setup: CheckSetup, text: str, told: str) -> None:
    reason = error_of(in_file(setup, text), Subject("x", setup=setup), Scripted())
    assert told in reason and "\x1b" not in reason


def test_a_mistake_in_the_configuration_names_its_line(setup: CheckSetup) -> None:
    subject = Subject("x", setup=setup)
    assert "the check, line 1: NameError" in error_of(inline("nonsense(output)"), subject, Scripted())
    assert "the check, line 2: ZeroDivisionError" in error_of(inline("x = 0\nreturn 1 / x"), subject, Scripted())
    assert "the check, line 2: SyntaxError" in error_of(inline("x = 0\nreturn )"), subject, Scripted())


def test_what_code_prints_goes_nowhere(setup: CheckSetup, capfd: pytest.CaptureFixture[str]) -> None:
    code = (
        "import os, sys\nprint('x' * 10**6)\nos.write(2, b'y')\nsys.stderr.write('z')\n"
        "assert sys.stdin.read() == ''\nreturn True"
    )
    assert result_of(inline(code), Subject("x", setup=setup), Scripted()).passed
    assert capfd.readouterr() == ("", "")


def test_no_key_reaches_the_code(setup: CheckSetup, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "OPENAI_API_KEY",
        "MY_TOKEN",
        "AWS_SECRET_ACCESS_KEY",
        "DATABASE_URL",
        "HTTPS_PROXY",
        "PYTHONSTARTUP",
    ):
        monkeypatch.setenv(name, "sk-canary-in-the-environment")
    code = "import os\nreturn {'pass': 'sk-canary' not in repr(dict(os.environ)), 'reason': repr(sorted(os.environ))}"
    result = result_of(inline(code), Subject("x", setup=setup), Scripted())
    assert result.passed, result.reason


def test_code_that_runs_too_long_is_ended_with_all_it_started(setup: CheckSetup) -> None:
    assert setup.folder is not None
    note = setup.folder / "children"
    code = (
        "import subprocess, sys, os, pathlib, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        f"pathlib.Path({str(note)!r}).write_text(f'{{os.getpid()}} {{child.pid}}')\n"
        "while True: pass\n"
    )
    spec = inline(code, options={"timeout": 2})
    assert error_of(spec, Subject("x", setup=setup), Scripted()) == "the code ran longer than 2 s on this output"
    gone = [psutil.Process(int(pid)) for pid in note.read_text().split() if psutil.pid_exists(int(pid))]
    _, alive = psutil.wait_procs(gone, timeout=10)
    assert [process for process in alive if process.status() != psutil.STATUS_ZOMBIE] == []


async def test_a_stopped_check_leaves_no_process(setup: CheckSetup) -> None:
    assert setup.folder is not None
    note = setup.folder / "pid"
    code = f"import os, pathlib, time\npathlib.Path({str(note)!r}).write_text(str(os.getpid()))\ntime.sleep(600)"
    asking = asyncio.create_task(run_waiting(inline(code), Subject("x", setup=setup), Scripted()))
    while not (note.exists() and note.read_text()):
        await asyncio.sleep(0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert not psutil.pid_exists(int(note.read_text()))


def test_the_process_ends_with_its_parent(tmp_path: Path) -> None:
    """Whoever started it is killed: its end of the pipe closes, and the code ends."""
    note = tmp_path / "pid"
    code = f"import os, pathlib, time\npathlib.Path({str(note)!r}).write_text(str(os.getpid()))\ntime.sleep(600)"
    job = json.dumps({"file": None, "code": code, "output": "", "context": {}, "seconds": 60})
    parent = subprocess.Popen(
        [sys.executable, "-m", "migrator_tui.checks.python_child"], stdin=subprocess.PIPE, text=True
    )
    assert parent.stdin is not None
    parent.stdin.write(job + "\n")
    parent.stdin.flush()
    while not (note.exists() and note.read_text()):
        assert parent.poll() is None
    parent.stdin.close()
    assert parent.wait(20) == 3


# Trust, and what may be written


def test_it_runs_in_a_trusted_folder_only(setup: CheckSetup, tmp_path: Path) -> None:
    stranger = replace(setup, may_run_code=False)
    note = tmp_path / "ran"
    spec = inline(f"open({str(note)!r}, 'w').close() or True")
    with pytest.raises(CheckSettingError, match="only a trusted folder"):
        validate(spec, stranger)
    found = asyncio.run(run_waiting(spec, Subject("x", setup=stranger), Scripted()))
    assert isinstance(found, CheckError) and "trust" in found.reason and not note.exists()
    assert result_of(spec, Subject("x", setup=setup), Scripted()).passed and note.exists()


@pytest.mark.parametrize("name", ["../outside.py", "/etc/outside.py", "link.py", "missing.py", "a/../../outside.py"])
def test_the_file_has_to_lie_inside_the_folder(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    (tmp_path / "outside.py").write_text("def get_assert(output, context): return True\n")
    (folder / "link.py").symlink_to(tmp_path / "outside.py")
    with pytest.raises(CheckSettingError) as raised:
        validate(CheckSpec("python", f"file://{name}"), CheckSetup(folder=folder, may_run_code=True))
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    "spec",
    [
        CheckSpec("python"),
        CheckSpec("python", ""),
        CheckSpec("python", 5),
        CheckSpec("python", ["True"]),
        CheckSpec("python", "file://tone.js"),
        CheckSpec("python", "True", options={"timeout": 0}),
        CheckSpec("python", "True", options={"timeout": "5"}),
        CheckSpec("python", "True", options={"timeout": 10_000}),
        CheckSpec("python", options={"to": "baseline"}),
    ],
)
def test_what_is_written_wrongly_is_told_before_a_run(spec: CheckSpec, setup: CheckSetup) -> None:
    with pytest.raises(CheckSettingError):
        validate(spec, setup)


def test_nothing_of_a_case_or_an_output_becomes_code(setup: CheckSetup, tmp_path: Path) -> None:
    """Neither a template, nor `expected`, nor the baseline's answer takes the place of the value."""
    note = tmp_path / "ran"
    hostile = f"open({str(note)!r}, 'w').close()"
    subject = Subject(hostile, variables={"v": hostile}, expected=hostile, baseline=Subject(hostile), setup=setup)
    for spec in (inline("{{ v }}"), CheckSpec("python"), CheckSpec("python", options={"to": "baseline"})):
        error_of(spec, subject, Scripted())
    assert not note.exists()


def test_the_key_follows_the_file_and_what_the_code_is_told(setup: CheckSetup) -> None:
    spec = in_file(setup, "def get_assert(output, context): return True\n")
    subject = Subject("x", variables={"a": 1}, setup=setup)
    key = check_key(spec, subject)
    assert waits(spec) and key == check_key(spec, replace(subject, text="y"))
    assert key != check_key(spec, replace(subject, variables={"a": 2}))
    assert key != check_key(spec, replace(subject, latency_ms=3.0))
    in_file(setup, "def get_assert(output, context): return False\n")
    os.utime(setup.folder / "checks" / "tone.py", ns=(1, 1))  # type: ignore[operator]
    assert key != check_key(spec, subject)


def test_the_readmes_example_runs(setup: CheckSetup) -> None:
    readme = (Path(__file__).resolve().parents[2] / "README.md").read_text("utf-8")
    code = readme.split("```python checks/tone.py\n")[1].split("```")[0]
    spec = in_file(setup, code)
    subject = Subject("We are sorry.", variables={"mood": "angry"}, setup=setup)
    assert result_of(spec, subject, Scripted()).passed
    rude = result_of(spec, replace(subject, text="No."), Scripted())
    assert (rude.passed, rude.score, rude.reason) == (False, 0.2, "no word of regret")

"""The check `python`: a project's own code says what it thinks of an output. Its meaning is promptfoo's.

Code runs in a trusted folder only, in a process of its own without keys, for a limited time. The process is no
sandbox: it may do what its user may.
"""

import asyncio
import contextlib
import hashlib
import json
import math
import os
import re
import signal
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from migrator_tui.checks.base import CheckFailure, CheckResult, CheckServices, CheckSettingError, Subject
from migrator_tui.checks.registry import Waiting, register
from migrator_tui.checks.values import Needs, setting_error, shown
from migrator_tui.project.schema import CheckSetup, CheckSpec

SECONDS = 10.0
"""How long the code may take for one output where `timeout` says nothing, the start of Python included."""
MOST_SECONDS = 600.0
FUNCTION = "get_assert"
"""Of a file that names no other, as in promptfoo."""

_LARGEST_ANSWER = 1 << 20
"""Bytes read from the process; it hands back far less itself."""
_FILE = re.compile(r"(?:file://)?([^\s:][^\n:]*\.py)(?::([A-Za-z_]\w*))?")
_LOOKS_AT = (
    *("variables", "expected", "messages", "tool_calls", "finish_reason"),
    *("latency_ms", "cost", "input_tokens", "output_tokens"),
)
"""What the code is told besides the text, and so what its answer depends on."""


@dataclass(frozen=True, slots=True)
class _Code:
    """What a check runs: a function of a file, or lines that stand in the configuration."""

    file: Path | None
    function: str
    text: str


def _code(spec: CheckSpec, setup: CheckSetup) -> _Code:
    """Where the code is. Raises `CheckSettingError` where there is none, or none inside the folder."""
    from migrator_tui.project.files import resolve_inside

    if not isinstance(spec.value, str) or not spec.value.strip():
        raise setting_error(
            spec, f'needs an expression, or a file such as "file://checks/tone.py", not {shown(spec.value)}'
        )
    match = _FILE.fullmatch(spec.value.strip())
    if match is None:
        if spec.value.startswith("file://"):
            raise setting_error(
                spec, f"{shown(spec.value)} is no Python file; write file://NAME.py or file://NAME.py:FUNCTION"
            )
        return _Code(None, "", spec.value)
    if setup.folder is None:
        raise setting_error(spec, "a file needs a project folder to lie in")
    try:
        file = resolve_inside(setup.folder, match[1], confined=True)
    except ValueError as error:
        raise setting_error(spec, str(error)) from None
    if not file.is_file():
        raise setting_error(spec, f"there is no file {shown(match[1])} in the project")
    return _Code(file, match[2] or FUNCTION, "")


def _sound(spec: CheckSpec) -> None:
    seconds = spec.options.get("timeout", SECONDS)
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 < seconds <= MOST_SECONDS:
        raise setting_error(spec, f"timeout is {shown(seconds)}; it takes seconds, at most {MOST_SECONDS:g}")
    if not isinstance(spec.value, str) or not spec.value.strip():
        _code(spec, CheckSetup())


def _may_run(spec: CheckSpec, setup: CheckSetup) -> None:
    if not setup.may_run_code:
        raise CheckSettingError("runs code, which only a trusted folder may; allow it with `migrator-tui trust`")
    _code(spec, setup)


def _depends(spec: CheckSpec, subject: Subject) -> Any:
    """The digest of the file; what it imports is not looked at."""
    code = _code(spec, subject.setup)
    if code.file is None:
        return None
    try:
        status = code.file.stat()
        return _digest(code.file, status.st_mtime_ns, status.st_size)
    except OSError as error:
        raise CheckFailure(f"{code.file.name} cannot be read: {error.strerror}") from None


@lru_cache(maxsize=64)
def _digest(file: Path, modified_ns: int, size: int) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


@register(
    "python",
    needs=Needs.CODE,
    options=["timeout"],
    looks_at=_LOOKS_AT,
    settings=_sound,
    waiting=Waiting(depends=_depends, in_project=_may_run),
)
async def python(subject: Subject, spec: CheckSpec, services: CheckServices) -> CheckResult:
    """The code says yes: `true`, a score (above 0, or from `threshold` on), or a table of pass, score and reason."""
    _may_run(spec, subject.setup)
    code = _code(spec, subject.setup)
    seconds = float(spec.options.get("timeout", SECONDS))
    job = {
        "file": str(code.file) if code.file is not None else None,
        "function": code.function,
        "code": code.text,
        "output": subject.text,
        "context": _context(subject, spec),
        "seconds": seconds,
    }
    async with services.process():
        answer = await _run(job, seconds, subject.setup.folder)
    if "error" in answer:
        raise CheckFailure(str(answer["error"]))
    holds, score, reason = _graded(answer.get("result"), spec.threshold)
    passed = holds != spec.negated
    if not passed and not reason:
        reason = f"{shown(spec.value, 40)} gave {shown(answer.get('result'), 40)}"
    return CheckResult(spec, passed, 1.0 - score if spec.negated else score, reason, str(spec.value), subject.text)


def _context(subject: Subject, spec: CheckSpec) -> dict[str, Any]:
    """What the code gets as `context`; `vars` is promptfoo's name."""
    return {
        "vars": dict(subject.variables),
        "expected": subject.expected,
        "messages": list(subject.messages),
        "tool_calls": [asdict(call) for call in subject.tool_calls],
        "threshold": spec.threshold,
        **{name: getattr(subject, name) for name in _LOOKS_AT[4:]},
    }


async def _run(job: Mapping[str, Any], seconds: float, folder: Path | None) -> dict[str, Any]:
    """What the process answered; raises `CheckFailure` where it did not. It is over when this returns."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",
        "-m",
        "migrator_tui.checks.python_child",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        cwd=folder,
        env=_environment(),
        limit=_LARGEST_ANSWER,
        # Its own group, so that what it starts ends with it.
        start_new_session=os.name == "posix",
    )
    assert process.stdin is not None and process.stdout is not None
    line = b""
    try:
        async with asyncio.timeout(seconds):
            with contextlib.suppress(ConnectionError):
                process.stdin.write(json.dumps(job, default=str).encode("ascii") + b"\n")
                await process.stdin.drain()
            line = await process.stdout.readline()
    except TimeoutError:
        raise CheckFailure(f"the code ran longer than {seconds:g} s on this output") from None
    except ValueError:
        raise CheckFailure("the code answered with more than can be read") from None
    finally:
        await _end(process)
    if not line.endswith(b"\n"):
        raise CheckFailure(f"the process of the code ended without an answer (status {process.returncode})")
    answer = json.loads(line)
    assert isinstance(answer, dict)
    return answer


async def _end(process: asyncio.subprocess.Process) -> None:
    """End the process and what it started; it waits for that itself once it has answered."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if os.name == "posix":
                os.killpg(process.pid, signal.SIGKILL)
            else:
                process.kill()
    await process.wait()


def _environment() -> dict[str, str]:
    """What a worker is started with, without keys, and without proxies: their addresses may hold passwords."""
    from migrator_tui.models.environment import child_environment

    return {name: value for name, value in child_environment({}).items() if not name.upper().endswith("_PROXY")}


def _graded(result: Any, threshold: float | None) -> tuple[bool, float, str]:
    """Pass, score and reason of what the code gave back, as promptfoo reads it; raises `CheckFailure`."""
    if isinstance(result, dict):
        stated = result.get("pass", result.get("pass_"))
        score, reason = result.get("score"), result.get("reason")
        told = reason if isinstance(reason, str) else ""
        if stated is not None and not isinstance(stated, bool):
            raise CheckFailure(f"the code's pass is {shown(stated, 20)}, not true or false")
        if score is None and stated is not None:
            score = 1.0 if stated else 0.0
        number = _number(score)
        if stated is None:
            return number >= threshold if threshold is not None else number > 0, _share(number), told
        return stated and (threshold is None or number >= threshold), _share(number), told
    if isinstance(result, str) and result.strip().casefold() in ("true", "false"):
        result = result.strip().casefold() == "true"
    if isinstance(result, bool):
        score = 1.0 if result else 0.0
        return result and (threshold is None or score >= threshold), score, ""
    number = _number(result)
    return number >= threshold if threshold is not None else number > 0, _share(number), ""


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise CheckFailure(
            f"the code gave {shown(value, 40)}; it has to give true, false, a number, or a table with pass and score"
        )
    return float(value)


def _share(number: float) -> float:
    return min(1.0, max(0.0, number))

"""Runs one piece of a project's own code on one output: `python -m migrator_tui.checks.python_child`.

Reads one JSON line from stdin (`code` or `file` and `function`, `output`, `context`, `seconds`), writes one to stdout
(`result`, or `error` in one line), and then waits to be ended. It ends by itself when its stdin closes, so that it
never outlives the program that started it. What the code prints goes nowhere.
"""

import json
import os
import sys
import threading
from typing import Any

# Started once for every output: what is needed now and then only is imported then.

INLINE = "<check>"
"""What code that stands in the configuration is called in errors."""
LONGEST = 60_000
"""Characters of a result that are handed back."""


def main() -> None:
    """Entry point."""
    asked, answers = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)
    source = os.fdopen(asked, "rb")
    job = json.loads(source.readline())

    def end_with_parent() -> None:
        while source.read(4096):
            pass
        os._exit(3)

    threading.Thread(target=end_with_parent, daemon=True).start()
    _limit(job["seconds"])
    try:
        said = json.dumps({"result": _result(job)}, default=_plain)
        if len(said) > LONGEST:
            said = json.dumps({"error": f"the code answered with {len(said):,} characters; {LONGEST:,} are allowed"})
    except BaseException as error:  # whatever the code did, exits included, is its own error
        said = json.dumps({"error": _told(error, job)})
    with os.fdopen(answers, "wb") as out:
        out.write(said.encode("utf-8", "backslashreplace") + b"\n")
    threading.Event().wait()


def _limit(seconds: float) -> None:
    """No more of the processor than the time allowed, should nobody be there to end it; no core files."""
    try:
        import resource
    except ImportError:  # not on Windows
        return
    most = int(seconds) + 2
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    if hard == resource.RLIM_INFINITY or hard > most:
        resource.setrlimit(resource.RLIMIT_CPU, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _result(job: dict[str, Any]) -> Any:
    output, context = job["output"], job["context"]
    if job.get("file"):
        file = job["file"]
        sys.path.insert(0, os.path.dirname(file))  # noqa: PTH120
        names: dict[str, Any] = {"__name__": "check", "__file__": file}
        with open(file, "rb") as source:  # noqa: PTH123
            exec(compile(source.read(), file, "exec"), names)  # noqa: S102 - what this program is for
        function = names.get(job["function"])
        if not callable(function):
            raise LookupError(f"there is no function {job['function']}(output, context)")
        result = function(output, context)
    else:
        names = {"__name__": "check", "output": output, "context": context}
        result = _inline(job["code"], names)
    if hasattr(result, "__await__"):
        import asyncio

        result = asyncio.run(_awaited(result))
    return result


def _inline(code: str, names: dict[str, Any]) -> Any:
    """The value of an expression, or what lines of code with a `return` give back."""
    try:
        expression = compile(code.strip(), INLINE, "eval")
    except SyntaxError:
        lines = "\n".join(f" {line}" for line in code.splitlines())
        exec(compile(f"def check(output, context):\n{lines}", INLINE, "exec"), names)  # noqa: S102
        return names["check"](names["output"], names["context"])
    return eval(expression, names)  # noqa: S307


async def _awaited(value: Any) -> Any:
    return await value


def _plain(value: Any) -> Any:
    """Numbers of other libraries as Python's; anything else as its text."""
    item = getattr(value, "item", None)
    return item() if callable(item) else str(value)


def _told(error: BaseException, job: dict[str, Any]) -> str:
    """The error in a line, with the place in the project's code."""
    import traceback

    name = os.path.basename(job["file"]) if job.get("file") else "the check"  # noqa: PTH119
    mine = str(job["file"]) if job.get("file") else INLINE
    line = None
    if isinstance(error, SyntaxError) and error.filename == mine:
        line = error.lineno
    else:
        frames = [f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == mine]
        line = frames[-1] if frames else None
    if line is not None and not job.get("file"):
        line = max(1, line - 1) if "\n" in job["code"].strip() or isinstance(error, SyntaxError) else line
    what = error.msg if isinstance(error, SyntaxError) else str(error)
    where = f"{name}, line {line}" if line is not None else name
    return f"{where}: {type(error).__name__}{f': {what}' if what else ''}"[:2000]


if __name__ == "__main__":
    main()

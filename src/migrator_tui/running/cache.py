"""The key under which an answer is found again: a digest of everything that was sent.

The repeat's number is part of it, so that a repeat is never answered from another repeat; so are the task, the
model's name in the project and the prompt version, so that an output found by its key is the output of exactly
that item of a plan and of nothing that merely looks alike.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from migrator_tui import __version__
from migrator_tui.project.schema import Case, Message, ModelSpec, Project, Task

FORMAT = 1
"""Raised when the meaning of the key changes: answers stored under an older one are not found any more."""


def digest_of(value: Any) -> str:
    """SHA-256 of a JSON value, independent of the order of its keys. Dates and the like count as their text."""
    # Lone surrogates in case files are legal JSON escapes; ASCII output keeps them and never fails to encode.
    text = json.dumps(value, sort_keys=True, ensure_ascii=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


@lru_cache(maxsize=64)
def _file_digest(path: Path, modified_ns: int, size: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def source_digest(project: Project, spec: ModelSpec) -> str | None:
    """What a model's answers come from besides the request: a file's digest for `recorded:FILE` and a persona in the
    project, this program's version for a persona shipped with it; `None` for all other models.

    A recording that was made anew must not be answered from what the old one said.
    """
    scheme, _, rest = spec.model.partition(":")
    if scheme not in ("recorded", "simulated"):
        return None
    path = project.folder / rest
    try:
        status = path.stat()
        if path.is_file():
            return _file_digest(path, status.st_mtime_ns, status.st_size)
    except (OSError, ValueError):
        pass  # no file of that name: a shipped persona, or a recording whose absence the call will tell
    return __version__ if scheme == "simulated" else None


def call_key(
    *,
    task: Task,
    spec: ModelSpec,
    version_digest: str,
    messages: Sequence[Message],
    params: Mapping[str, Any],
    case: Case,
    repeat: int,
    source: str | None,
) -> str:
    """The key of one call. `repeat` counts from 1; `source` is `source_digest` of the model."""
    return digest_of(
        [
            FORMAT,
            task.name,
            spec.name,
            spec.model,
            spec.api_base,
            source,
            dict(spec.columns),
            version_digest,
            list(messages),
            dict(params),
            [dict(tool) for tool in task.tools],
            dict(task.response_format) if task.response_format is not None else None,
            case.id,
            repeat,
        ]
    )

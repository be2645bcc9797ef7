"""Reading and replacing the user's files: bounded, UTF-8 only, never half written."""

import os
import secrets
from pathlib import Path

from migrator_tui.project.errors import ProjectError
from migrator_tui.project.words import did_you_mean, quoted

MAX_TEXT = 16 * 1024 * 1024
"""Bytes that a configuration, prompt or schema file may hold at most."""


def shown_path(path: Path, folder: Path) -> str:
    """The path as messages and screens name it: from the project's folder where it lies inside."""
    try:
        return path.relative_to(folder).as_posix()
    except ValueError:
        return str(path)


def read_bytes(path: Path, shown: str, limit: int = MAX_TEXT) -> bytes:
    """The file's bytes; `ProjectError` where it is missing, no regular file, not readable, or larger than `limit`."""
    try:
        # A pipe or a device would block for ever.
        if not path.is_file():
            raise ProjectError("is a folder" if path.is_dir() else "no such file", file=shown)
        size = path.stat().st_size
        if size > limit:
            raise ProjectError(f"too large: {size // 1_000_000} MB, at most {limit // 1_000_000} MB", file=shown)
        return path.read_bytes()
    except (OSError, ValueError) as error:
        raise ProjectError(f"can't be read ({_reason(error)})", file=shown) from error


def read_text(path: Path, shown: str, limit: int = MAX_TEXT) -> str:
    """The file's text, without a byte order mark, line ends as they are."""
    return decoded(read_bytes(path, shown, limit), shown)


def decoded(data: bytes, shown: str, first_line: int = 1) -> str:
    """The bytes as text; `ProjectError` with the line where they are not UTF-8."""
    try:
        return data.decode("utf-8-sig" if first_line == 1 else "utf-8")
    except UnicodeDecodeError as error:
        line = first_line + data.count(b"\n", 0, error.start)
        byte = data[error.start]
        raise ProjectError(f"not UTF-8 (byte 0x{byte:02x}); save the file as UTF-8", file=shown, line=line) from None


def resolve_inside(folder: Path, stated: str, *, confined: bool) -> Path:
    """The absolute path that a project file states, links resolved; `ValueError` with the reason if it may not be.

    With `confined`, it must lie inside the folder, wherever links lead.
    """
    if "\0" in stated:
        raise ValueError(f"{quoted(stated)} is not a file name")
    try:
        path = Path(os.path.realpath(folder / stated))
    except OSError as error:
        raise ValueError(f"{quoted(stated)} can't be followed ({_reason(error)})") from error
    if confined and not path.is_relative_to(folder):
        raise ValueError(f"{quoted(stated)} lies outside the folder; `migrator-tui trust` allows it")
    return path


def missing_file(folder: Path, stated: str, path: Path) -> str:
    """`no file "prompts/triag.md"; did you mean "prompts/triage.md"?`"""
    if path.is_dir():
        return f"{quoted(stated)} is a folder, not a file"
    try:
        names = [entry.name for entry in os.scandir(path.parent)][:1000] if path.parent.is_dir() else []
    except OSError:
        names = []
    near = [shown_path(path.parent / name, folder) for name in names]
    return f"no file {quoted(stated)}{did_you_mean(stated, near)}"


def replace_file(path: Path, data: bytes) -> None:
    """Write beside the file, then rename over it: a reader sees the old text or the new one. Keeps its mode."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name[:100]}.{secrets.token_hex(6)}.tmp")
    try:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            beside.chmod(path.stat().st_mode & 0o7777)
        os.replace(beside, path)  # noqa: PTH105 (the call whose atomicity is documented)
    finally:
        beside.unlink(missing_ok=True)


def _reason(error: OSError | ValueError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)

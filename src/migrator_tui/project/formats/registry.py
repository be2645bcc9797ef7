"""The formats there are, and which of them a source is in."""

from collections.abc import Sequence
from dataclasses import dataclass

from migrator_tui.project.errors import ProjectError
from migrator_tui.project.formats.base import Format
from migrator_tui.project.formats.columns import COLUMNS
from migrator_tui.project.formats.langfuse import LANGFUSE
from migrator_tui.project.formats.litellm_logs import LITELLM_LOGS
from migrator_tui.project.formats.openai_batch import OPENAI_BATCH
from migrator_tui.project.formats.openai_chat import OPENAI_CHAT
from migrator_tui.project.formats.openai_evals import OPENAI_EVALS
from migrator_tui.project.formats.otel import OTEL
from migrator_tui.project.formats.sources import Record, Source
from migrator_tui.project.words import did_you_mean, listed, one_line, quoted

FORMATS = (OPENAI_BATCH, OTEL, LANGFUSE, LITELLM_LOGS, OPENAI_CHAT, OPENAI_EVALS, COLUMNS)
"""The most particular first: a guess takes the first that fits."""

_NO_TABLES = frozenset(
    (
        *(".py", ".pyi", ".js", ".mjs", ".cjs", ".jsx", ".ts", ".tsx", ".java", ".kt", ".go", ".rs", ".rb", ".php"),
        *(".c", ".h", ".cc", ".cpp", ".hpp", ".cs", ".swift", ".scala", ".lua", ".pl", ".r", ".sh", ".bash", ".ps1"),
        *(".sql", ".html", ".htm", ".css", ".xml", ".md", ".rst", ".toml", ".ini", ".cfg", ".lock"),
    )
)
"""Ends of names of files whose lines are no rows, though commas stand in them."""


@dataclass(frozen=True, slots=True)
class Guess:
    """What a source was taken for."""

    format: Format
    sign: str
    also: Sequence[Format] = ()
    """Other formats whose signs it shows."""


def format_named(name: str) -> Format:
    """The format of that name; `ProjectError` with the likely right one where there is none."""
    for known in FORMATS:
        if known.name == name:
            return known
    names = [known.name for known in FORMATS]
    raise ProjectError(f"no format {quoted(name)}{did_you_mean(name, names) or f'; there is {listed(names, 20)}'}")


def guess_format(source: Source) -> Guess:
    """The format that a source shows; `ProjectError` where it shows none."""
    if source.kind == "CSV" and source.path.suffix.lower() in _NO_TABLES:
        how = f"`import table {one_line(source.path.name)}` takes it for one"
        raise ProjectError(f"is no table by its name ({source.path.suffix}); {how}", file=source.shown)
    records: Sequence[Record] = source.glance()
    if not records:
        raise ProjectError(f"none of its rows can be read as {source.kind}", file=source.shown)
    signs = [(known, sign) for known in FORMATS if (sign := known.sign(records)) is not None]
    if not signs:
        raise ProjectError(
            f"{source.kind} in no format that is known; --map NAME=COLUMN says what it holds", file=source.shown
        )
    first, sign = signs[0]
    return Guess(first, sign, [known for known, _ in signs[1:]])

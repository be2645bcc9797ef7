"""The words of `import` on the command line."""

from pathlib import Path
from typing import Any

from migrator_tui.commands.arguments import Parser, positive


def import_parser(commands: Any) -> Parser:
    """The parser of `import`."""
    read: Parser = commands.add_parser(
        "import",
        help="make a project, or more cases, of files you have",
        description="Make a project of what other tools export, or add it to one. It is shown before it is written.\n"
        "Formats: openai-chat, openai-evals, openai-batch, table (CSV, JSON lines, JSON, YAML), langfuse, otel,\n"
        "litellm-logs, promptfoo, promptfoo-results. Left out, the format is guessed.",
        usage="migrator-tui import [FORMAT] SOURCE [SOURCE …] --output DIR [options]",
        epilog="exit codes: 0 written; 2 refused, or nothing was written; 3 stopped",
    )
    read.add_argument("words", metavar="[FORMAT] SOURCE", nargs="+", help="a file, or several of one format")
    read.add_argument("--answers", metavar="FILE", type=Path, help="a batch's answers, joined on custom_id")
    read.add_argument("--output", metavar="DIR", type=Path, help="a new folder, or a project that gets more cases")
    read.add_argument("--task", metavar="NAME", help="the task that gets the cases; a new name makes a new task")
    read.add_argument("--candidate", metavar="MODEL", help="the model to move to (default: a proposed one)")
    columns = read.add_argument_group("columns of a table")
    columns.add_argument(
        "--map",
        metavar="NAME=COLUMN",
        action="append",
        help='what a column becomes (may be repeated): expected=label, "var ticket=inputs.ticket"; NAME is id,\n'
        "input, messages, expected, output, tags, critical, passed, cost, latency_ms, latency_s, input_tokens,\n"
        "output_tokens, finish_reason, model, tools, tool_calls, or var and a name",
    )
    columns.add_argument("--leave-out", metavar="COLUMN", action="append", help="this column becomes nothing")
    rows = read.add_argument_group("rows")
    rows.add_argument("--model", metavar="NAME", help="only rows that this model answered")
    rows.add_argument("--sample", metavar="N", type=positive, help="N cases that show what all rows hold")
    rows.add_argument("--seed", metavar="N", type=int, default=0, help="another sample of the same rows")
    rows.add_argument("--fold", action="store_true", help="one case for those that are nearly the same")
    rows.add_argument("--keep-similar", action="store_true", help="a sample may take rows that are nearly the same")
    rows.add_argument(
        "--no-mask", action="store_true", help="keep personal data as it is; keys are masked all the same"
    )
    rows.add_argument("--allow-broken", action="store_true", help="import the others where most rows are broken")
    rows.add_argument(
        "--use-answers",
        action="store_true",
        help="in a project whose baseline is asked: the answers become it",
    )
    how = read.add_argument_group("how it is done")
    how.add_argument("--yes", action="store_true", help="write without asking")
    how.add_argument("--dry-run", action="store_true", help="show what would be written, and write nothing")
    how.add_argument("--format", choices=("text", "json"), default="text", help="form of the output (default: text)")
    return read

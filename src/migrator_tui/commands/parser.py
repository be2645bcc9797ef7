"""The commands and their options, with the words of `--help`."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from migrator_tui import __version__
from migrator_tui.commands.arguments import Parser, money, port, positive
from migrator_tui.commands.importing.words import import_parser
from migrator_tui.commands.rollout_words import rollout_parsers

TRUST = "trust this folder for this once; `migrator-tui trust` remembers it"

EPILOG = """\
exit codes: 0 fine; 1 not ready, or not enough evidence; 2 wrong usage or bad input;
3 not finished (errors left after retries, the cap was reached, stopped)"""


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """Read the command line; exits with 0 after help, with 2 after a mistake."""
    parser, commands = build()
    arguments, extra = parser.parse_known_args(argv)
    if extra:
        commands.get(arguments.command, parser).unknown(extra)
    return arguments


def build() -> tuple[Parser, dict[str, Parser]]:
    """The parser, and those of its commands by name (`prompt show` is one)."""
    parser = Parser(
        prog="migrator-tui",
        description="Move a working LLM application to another model, with evidence.\n"
        "Without a command: open the project in the terminal.",
        epilog=EPILOG,
    )
    parser.add_argument("-V", "--version", action="version", version=f"migrator-tui {__version__}")
    parser.add_argument(
        "-C", dest="folder", metavar="FOLDER", type=Path, default=Path(), help="project folder (default: here)"
    )
    parser.add_argument("--trust", action="store_true", help=TRUST)
    parser.set_defaults(command=None)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", parser_class=Parser)
    known = {
        "run": _run(commands),
        "report": _report(commands),
        "coverage": _coverage(commands),
        "adapt": _adapt(commands),
        "preflight": _preflight(commands),
        "demo": _demo(commands),
        "init": _init(commands),
        "import": import_parser(commands),
        "trust": _trust(commands),
        **_prompt(commands),
        **_verdicts(commands),
        **_history(commands),
        **_gateway(commands),
        **rollout_parsers(commands),
    }
    for name, command in known.items():
        command.set_defaults(command=name)
        if name not in ("demo", "import", "init", "trust"):
            command.add_argument("--trust", action="store_true", default=argparse.SUPPRESS, help=TRUST)
        command.add_argument(
            "-C", dest="folder", metavar="FOLDER", type=Path, default=argparse.SUPPRESS, help="project folder"
        )
    return parser, known


def _run(commands: Any) -> Parser:
    run: Parser = commands.add_parser(
        "run",
        help="ask both models about every case and compare",
        description="Ask both models about every case and compare. Answers that are known already are not asked for\n"
        "again. Progress goes to stderr, the result to stdout.",
        epilog=EPILOG,
    )
    what = run.add_argument_group("what is run")
    what.add_argument("--task", metavar="NAME", action="append", help="only this task (may be repeated)")
    what.add_argument("--candidate", metavar="NAME", action="append", help="only this candidate (may be repeated)")
    what.add_argument("--case", metavar="ID", action="append", help="only this case (may be repeated)")
    what.add_argument("--repeat", metavar="N", type=positive, default=1, help="ask everything N times")
    prompt = what.add_mutually_exclusive_group()
    prompt.add_argument("--prompt", metavar="FILE", type=Path, help="this file in place of the candidates' prompt")
    prompt.add_argument(
        "--version",
        metavar="ID",
        dest="version_id",
        help="this version of the candidates' prompt: v4, 4, or its name",
    )
    what.add_argument(
        "--against",
        metavar="RUN",
        help="ask one model again what it was asked in an earlier run, and compare: approved, last (the newest run "
        "that asked the model and is none with --against), or a run's id; "
        "with --candidate baseline, the old model",
    )
    how = run.add_argument_group("how it is run")
    how.add_argument(
        "--resume", action="store_true", help="finish the run that was stopped; else report the last one"
    )
    how.add_argument("--no-cache", action="store_true", help="ask everything again")
    how.add_argument("--concurrency", metavar="N", type=positive, default=16, help="calls at a time (default: 16)")
    how.add_argument(
        "--max-cost",
        metavar="USD",
        type=money,
        help="never spend more in this run: stops before a call that could, counting calls in flight by estimate",
    )
    result = run.add_argument_group("result")
    result.add_argument(
        "--format", choices=("table", "json"), default="table", help="form of the output (default: table)"
    )
    result.add_argument(
        "--approve",
        action="store_true",
        help="mark this run, once it is complete, as the one for --against approved; with --resume, the last run",
    )
    result.add_argument(
        "--no-gate",
        action="store_true",
        help="exit 0 where the run is complete, whatever the gate decides",
    )
    return run


def _report(commands: Any) -> Parser:
    report: Parser = commands.add_parser(
        "report",
        help="the decision and its evidence, for a pull request, for QA, for CI",
        description="Write down the decision and what it rests on. Asks no model anything.",
        epilog=EPILOG,
    )
    report.add_argument(
        "--format",
        choices=("markdown", "html", "junit", "json"),
        default="markdown",
        help="markdown: a short table for a pull request (default); html: everything, in one file; "
        "junit: a test for each case; json: as `run --format json`, and more",
    )
    report.add_argument("--output", metavar="FILE", type=Path, help="write to this file (default: to stdout)")
    what = report.add_argument_group("what it is about")
    what.add_argument("--task", metavar="NAME", action="append", help="only this task (may be repeated)")
    what.add_argument("--candidate", metavar="NAME", action="append", help="only this candidate (may be repeated)")
    what.add_argument(
        "--version",
        metavar="ID",
        dest="version_id",
        help="this version of the candidates' prompt: v4, 4, or its name (default: the one most cases were run with)",
    )
    report.add_argument("--no-gate", action="store_true", help="exit 0 whatever the gate decides")
    return report


def _preflight(commands: Any) -> Parser:
    preflight: Parser = commands.add_parser(
        "preflight",
        help="what would go wrong, before anything is spent",
        description="Look at models, parameters, prompts and cases for what would go wrong. Asks no model, needs no\n"
        "network, and starts no worker where all models are simulated or recorded.",
        epilog="exit codes: 0 nothing blocks; 1 a blocker stands; 2 wrong usage or bad input; 3 the look was not "
        "finished",
    )
    preflight.add_argument("--task", metavar="NAME", action="append", help="only this task (may be repeated)")
    preflight.add_argument(
        "--candidate", metavar="NAME", action="append", help="only this candidate (may be repeated)"
    )
    preflight.add_argument(
        "--format", choices=("table", "json"), default="table", help="form of the output (default: table)"
    )
    return preflight


def _coverage(commands: Any) -> Parser:
    coverage: Parser = commands.add_parser(
        "coverage",
        help="are the cases enough? What nothing checks, what no case exercises",
        description="Say what the cases exercise of the prompt, of the edges and of production, and what would fill\n"
        "the gaps. Asks no model anything.",
    )
    coverage.add_argument("--task", metavar="NAME", action="append", help="only this task (may be repeated)")
    coverage.add_argument("--candidate", metavar="NAME", help="whose prompt is looked at (default: the first's)")
    coverage.add_argument(
        "--format", choices=("table", "json"), default="table", help="form of the output (default: table)"
    )
    return coverage


def _adapt(commands: Any) -> Parser:
    adapt: Parser = commands.add_parser(
        "adapt",
        help="search for a better prompt, with a budget",
        description="Let the assistant propose edits of a candidate's prompt, try each on cases, keep what is\n"
        "better, and test the best on cases that were never seen. Nothing is applied.",
        epilog="exit codes: 0 it is through, also where nothing helped; 2 wrong usage or bad input; 3 not finished\n"
        "(stopped, a cap was reached, errors): the best so far is told, --resume goes on",
    )
    what = adapt.add_argument_group("what is searched")
    what.add_argument("--task", metavar="NAME", help="the task (may be left out where there is one)")
    what.add_argument("--candidate", metavar="NAME", help="the candidate (may be left out where there is one)")
    start = what.add_mutually_exclusive_group()
    start.add_argument("--prompt", metavar="FILE", type=Path, help="start from this file, not the candidate's prompt")
    start.add_argument(
        "--version", metavar="ID", dest="version_id", help="start from this version: v4, 4, or its name"
    )
    what.add_argument("--resume", action="store_true", help="go on with the last search")
    caps = adapt.add_argument_group("what it may take")
    caps.add_argument(
        "--budget-calls",
        metavar="N",
        type=positive,
        help="requests to any model, the assistant's included; never exceeded (default: 200). With --resume, of all "
        "sittings together",
    )
    caps.add_argument("--max-cost", metavar="USD", type=money, help="never spend more, all sittings together")
    caps.add_argument(
        "--patience", metavar="N", type=positive, help="end after so many tries without a better one (default: 3)"
    )
    caps.add_argument("--concurrency", metavar="N", type=positive, help="calls at a time (default: 16)")
    adapt.add_argument("--seed", metavar="N", type=int, help="which cases are tried first (default: 0)")
    adapt.add_argument("--force", action="store_true", help="search even where it is unlikely to help")
    adapt.add_argument(
        "--format", choices=("text", "json"), default="text", help="form of the output (default: text)"
    )
    return adapt


def _demo(commands: Any) -> Parser:
    demo: Parser = commands.add_parser(
        "demo",
        help="copy a sample project and open it: no key, no network",
        description="Copy a sample project to a folder of yours and open it.\n"
        "Its models are simulated: no key, no network.",
    )
    demo.add_argument("name", metavar="NAME", nargs="?", help="support-tickets (the default) or order-agent")
    demo.add_argument("--output", metavar="DIR", type=Path, help="where to (default: a folder of its name, here)")
    demo.add_argument("--no-open", action="store_true", help="copy it only")
    return demo


def _init(commands: Any) -> Parser:
    init: Parser = commands.add_parser(
        "init",
        help="propose a migrator.toml from what lies in the folder",
        description="Propose a migrator.toml from the prompts, cases and model names found in the folder.\n"
        "Shows what it would write, and asks; never over a file that is there.",
    )
    init.add_argument("--yes", action="store_true", help="write without asking")
    return init


def _trust(commands: Any) -> Parser:
    trust: Parser = commands.add_parser(
        "trust",
        help="allow this project what is refused to a stranger's folder",
        description="Trust the project as its configuration reads now, and list what that allows.",
    )
    return trust


def _prompt(commands: Any) -> dict[str, Parser]:
    prompt = commands.add_parser("prompt", help="show a prompt, or write one to the candidate's file")
    kinds = prompt.add_subparsers(title="commands", metavar="COMMAND", parser_class=Parser, required=True)
    show: Parser = kinds.add_parser("show", help="print a prompt version, or the prompt of record")
    write: Parser = kinds.add_parser(
        "write",
        help="write a version and its parameters to the candidate's files",
        description="Show what writing a version would change, and write it after asking (or with --yes).",
    )
    for command in (show, write):
        command.add_argument("--task", metavar="NAME", help="the task (may be left out where there is one)")
        command.add_argument("--candidate", metavar="NAME", help="the candidate (may be left out where there is one)")
        command.add_argument(
            "--version",
            metavar="ID",
            dest="version_id",
            help="v4, 4, or its name" + (" (default: the file's)" if command is show else " (default: the newest)"),
        )
    show.add_argument("--format", choices=("text", "json"), default="text", help="form of the output (default: text)")
    write.add_argument("--yes", action="store_true", help="write without asking")
    return {"prompt show": show, "prompt write": write}


def _verdicts(commands: Any) -> dict[str, Parser]:
    verdicts = commands.add_parser("verdicts", help="judge in a spreadsheet")
    kinds = verdicts.add_subparsers(title="commands", metavar="COMMAND", parser_class=Parser, required=True)
    export: Parser = kinds.add_parser(
        "export",
        help="write a sheet of answers to judge",
        description="Write the current answers as a sheet, a row each, with an empty column for the verdict.",
    )
    export.add_argument("--task", metavar="NAME", action="append", help="only this task (may be repeated)")
    export.add_argument(
        "--candidate",
        metavar="NAME",
        action="append",
        help="only this candidate (may be repeated); baseline: the old model's answers (default: all candidates)",
    )
    export.add_argument(
        "--which",
        choices=("all", "to-judge", "failing"),
        default="to-judge",
        help="which answers (default: to-judge, those that nothing decides yet)",
    )
    export.add_argument("--format", choices=("csv",), default="csv", help="form of the output (default: csv)")
    export.add_argument(
        "--separator",
        choices=("comma", "semicolon", "tab"),
        default="comma",
        help="what stands between cells; Excel expects a semicolon where the comma is the decimal sign",
    )
    export.add_argument("--output", metavar="FILE", type=Path, help="write to this new file (default: stdout)")
    read: Parser = kinds.add_parser(
        "import",
        help="give the verdicts that a sheet holds",
        description="Give the verdicts that stand in a sheet made by `verdicts export`.\n"
        "A sheet with a mistake is refused whole; verdicts that stand already are not given again.",
        epilog="exit codes: 0 fine; 2 mistakes in the sheet; 3 some rows fit no answer and were skipped",
    )
    read.add_argument("file", metavar="FILE", type=Path, help="the sheet, as CSV")
    read.add_argument(
        "--author",
        metavar="NAME",
        help="who judged, where a row does not say (default: MIGRATOR_USER, git's user.name)",
    )
    read.add_argument("--dry-run", action="store_true", help="say what would be given, and give nothing")
    undo: Parser = kinds.add_parser(
        "undo",
        help="take back the last import",
        description="Take back the verdicts of the newest import that still stands.",
    )
    return {"verdicts export": export, "verdicts import": read, "verdicts undo": undo}


def _history(commands: Any) -> dict[str, Parser]:
    history = commands.add_parser("history", help="what happened in this project")
    kinds = history.add_subparsers(title="commands", metavar="COMMAND", parser_class=Parser, required=True)
    export: Parser = kinds.add_parser(
        "export",
        help="everything in the history, one JSON object a line",
        description="Write everything in the history to stdout, one JSON object a line.",
    )
    return {"history export": export}


def _gateway(commands: Any) -> dict[str, Parser]:
    gateway: Parser = commands.add_parser(
        "gateway",
        help="serve applications from both models, as the rollout says",
        description="Start the service that applications ask: a LiteLLM proxy, in an environment of its own, before\n"
        "both models. Everything comes from the old model until a rollout is started.",
        epilog="exit codes: 0 it was ended; 2 wrong usage or bad input; 3 it ended by itself",
    )
    gateway.add_argument(
        "--host", metavar="HOST", help="address to listen at (default: 127.0.0.1, this machine alone)"
    )
    gateway.add_argument("--port", metavar="PORT", type=port, help="port to listen at (default: 4000)")
    gateway.add_argument("--database", metavar="URL", help="the history's database, in place of the project's")
    gateway.add_argument("--python", metavar="PATH", type=Path, help="an interpreter that has the proxy already")
    gateway.add_argument("--yes", action="store_true", help="install the proxy's environment without asking")
    kinds = gateway.add_subparsers(title="commands", metavar="COMMAND", parser_class=Parser)
    export: Parser = kinds.add_parser(
        "export",
        help="write a folder that runs elsewhere",
        description="Write configuration, plugin, pinned requirements and notes into a folder that runs elsewhere.\n"
        "No secret stands in it.",
    )
    export.add_argument("output", metavar="DIR", type=Path, help="where to")
    export.add_argument("--yes", action="store_true", default=argparse.SUPPRESS, help="replace what is there")
    return {"gateway": gateway, "gateway export": export}

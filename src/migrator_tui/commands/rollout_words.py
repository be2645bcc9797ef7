"""The commands of a rollout and their options, with the words of `--help`."""

import argparse
from pathlib import Path
from typing import Any

from migrator_tui.commands.arguments import Parser, above_nothing, fraction, limit, money, nothing_or_more, positive
from migrator_tui.project.rollout_settings import METRICS
from migrator_tui.rollout.rehearsing.drill import TROUBLES

SIMULATED = [metric for metric in METRICS if metric != "tripwire"]


def rollout_parsers(commands: Any) -> dict[str, Parser]:
    """`rollout` and what it does, by name."""
    rollout = commands.add_parser("rollout", help="move the traffic in steps that roll back by themselves")
    kinds = rollout.add_subparsers(title="commands", metavar="COMMAND", parser_class=Parser, required=True)
    return {
        **_changes(kinds),
        "rollout simulate": _simulate(kinds),
        "monitor": _monitor(commands),
        "rehearse": _rehearse(commands),
    }


def _changes(kinds: Any) -> dict[str, Parser]:
    commands = _commands(kinds)
    for name, command in commands.items():
        which = "may be left out where there is one" if name == "start" else "may be left out where one is rolled out"
        command.add_argument("--task", metavar="NAME", help=f"the task ({which})")
        if name != "status":
            command.add_argument("--reason", metavar="TEXT", help="why; it stands with the event")
    return {f"rollout {name}": command for name, command in commands.items()}


def _commands(kinds: Any) -> dict[str, Parser]:
    """By name, with the options that each has for itself."""
    status: Parser = kinds.add_parser(
        "status",
        help="where it stands, what is still needed, what the guardrails say",
        description="Say where the rollout stands, what it still needs for the next step, how both arms do, and\n"
        "what happened.",
    )
    status.add_argument(
        "--format", choices=("table", "json"), default="table", help="form of the output (default: table)"
    )
    start: Parser = kinds.add_parser(
        "start",
        help="begin to move a task's traffic to a version for a candidate",
        description="Begin at the first step of [rollout]. It rests on the signed decision about exactly this\n"
        "version; without one, a reason is needed, and kept.",
    )
    start.add_argument("--candidate", metavar="NAME", help="the candidate (may be left out where there is one)")
    start.add_argument(
        "--version", metavar="ID", dest="version_id", help="v4, 4, or its name (default: what the file says)"
    )
    advance: Parser = kinds.add_parser(
        "advance",
        help="take the next step",
        description="Take the next step; after the last, the rollout is complete. Where the step is not over yet\n"
        "or a guardrail stands against it, a reason is needed, and kept.",
        epilog="exit codes: 0 done; 1 it should wait, and no reason was given; 2 wrong usage or bad input;\n"
        "3 somebody else was faster",
    )
    step_back: Parser = kinds.add_parser(
        "step-back",
        help="go back to the step before, at once",
        description="Put the traffic back to the percentage of the step before, at once. That step is held anew;\n"
        "what is held stays held. All of the traffic goes back with `rollout rollback`.",
    )
    return {
        "status": status,
        "start": start,
        "advance": advance,
        "step-back": step_back,
        "hold": kinds.add_parser("hold", help="stay at this step until it is resumed"),
        "resume": kinds.add_parser("resume", help="go on where it was held"),
        "rollback": kinds.add_parser(
            "rollback",
            help="put all traffic back on the old model, at once",
            description="Put all traffic back on the old model, at once and for good. Say why: it is kept.",
        ),
    }


def _monitor(commands: Any) -> Parser:
    monitor: Parser = commands.add_parser(
        "monitor",
        help="watch the rollouts: roll back by itself, ask to advance",
        description="Watch the project's rollouts until it is ended, with nobody at the keyboard: roll back and\n"
        "hold by itself, say when a next step may be taken. Of several, one acts; another takes over within seconds.",
        epilog="exit codes: 0 it was ended; 2 wrong usage or bad input; 3 with --once: another one is watching",
    )
    monitor.add_argument("--once", action="store_true", help="look once, act, and end")
    return monitor


def _rehearse(commands: Any) -> Parser:
    rehearse: Parser = commands.add_parser(
        "rehearse",
        help="practise a rollout: the cases as traffic, and trouble on request",
        description="Send the project's cases as traffic through the gateway, as applications would, and make\n"
        "trouble where it is asked for: what fails must be rolled back with nobody at the keyboard.",
        epilog="exit codes: 0 guardrails and gateway did what they should; 1 they did not; 2 wrong usage or bad\n"
        "input; 3 it was stopped, a cap was reached, or calls piled up so that nothing can be said",
    )
    traffic = rehearse.add_argument_group("traffic")
    traffic.add_argument("--task", metavar="NAME", help="the task (may be left out where there is one)")
    traffic.add_argument("--rate", metavar="N", type=above_nothing, default=20.0, help="calls a second (default: 20)")
    traffic.add_argument("--seconds", metavar="S", type=above_nothing, default=60.0, help="how long (default: 60)")
    trouble = rehearse.add_argument_group("trouble on the candidate")
    trouble.add_argument(
        "--trouble",
        choices=(*TROUBLES, "none"),
        action="append",
        help="it is down; takes eight times as long; or half of its conversations are escalated (may be repeated; "
        "default: none). With real models only escalations can be made",
    )
    trouble.add_argument(
        "--trouble-after", metavar="S", type=nothing_or_more, help="when it begins, in seconds (default: 15)"
    )
    trouble.add_argument(
        "--share", metavar="F", type=fraction, help="of its calls, or conversations, that are hit, as 0.3 or 30%%"
    )
    where = rehearse.add_argument_group("where")
    where.add_argument("--gateway", metavar="URL", help="the gateway to send to (default: as [gateway] says)")
    where.add_argument(
        "--start",
        action="store_true",
        help="start a gateway and a rollout for this alone, on simulated models, and end them after: the project's "
        "history and its rollout are not touched",
    )
    where.add_argument("--candidate", metavar="NAME", help="with --start: the candidate (may be left out of one)")
    where.add_argument("--auto-advance", action="store_true", help="with --start: take each step as it is ready")
    where.add_argument(
        "--python", metavar="PATH", type=Path, help="with --start: an interpreter that has the proxy already"
    )
    money_group = rehearse.add_argument_group("money")
    money_group.add_argument("--max-cost", metavar="USD", type=money, help="never spend more on real models")
    money_group.add_argument("--yes", action="store_true", help="ask nothing: spend, and install what --start needs")
    rehearse.add_argument(
        "--format", choices=("text", "json"), default="text", help="form of the summary (default: text)"
    )
    # For the screen, which starts this command and shows how it stands.
    rehearse.add_argument("--stands", action="store_true", help=argparse.SUPPRESS)
    return rehearse


def _simulate(kinds: Any) -> Parser:
    simulate: Parser = kinds.add_parser(
        "simulate",
        help="what could the guardrails see with my traffic?",
        description="Draw rollouts at random, look at them all along as the monitor does, and say how often harm of\n"
        "which size is caught, and after how many conversations. By the project's guardrails, or the usual ones\n"
        "where there is no project, but with no harm allowed unless --limit says so. Asks no model anything.",
    )
    what = simulate.add_argument_group("what is supposed (each but N and --limit may be repeated)")
    what.add_argument(
        "--metric", metavar="NAME", action="append", choices=SIMULATED,
        help=f"{', '.join(SIMULATED)} (default: escalations)",
    )  # fmt: skip
    what.add_argument(
        "--baseline", metavar="F", action="append", type=fraction,
        help="the baseline's rate, as 0.05 or 5%% (default: 5, 20 and 30 %%)",
    )  # fmt: skip
    what.add_argument(
        "--harm", metavar="F", action="append", type=fraction,
        help="by how much the candidate is worse: 0.05 is five points, of latency and cost 5 %% "
        "(default: 5, 10 and 30 points, or 10, 25 and 100 %%)",
    )  # fmt: skip
    what.add_argument(
        "--share", metavar="F", action="append", type=fraction,
        help="share of the conversations on the candidate (default: 5, 25 and 50 %%)",
    )  # fmt: skip
    what.add_argument(
        "--conversations", metavar="N", type=positive, default=4000, help="on both arms together (default: 4000)"
    )
    what.add_argument(
        "--limit", metavar="F", type=limit, default=0.0,
        help='the harm that is allowed, or "own": each guardrail\'s own limit (default: none)',
    )  # fmt: skip
    how = simulate.add_argument_group("how it is drawn")
    how.add_argument("--runs", metavar="N", type=positive, default=1000, help="rollouts of each kind (default: 1000)")
    how.add_argument(
        "--looks",
        metavar="N",
        nargs="?",
        const=1,
        type=positive,
        default=10,
        help="look after every N conversations (default: 10; without N after each)",
    )
    how.add_argument("--seed", metavar="N", type=int, default=0, help="of the dice (default: 0)")
    simulate.add_argument(
        "--format", choices=("table", "json"), default="table", help="form of the output (default: table)"
    )
    return simulate

"""The commands of a rollout and their options, with the words of `--help`."""

from typing import Any

from migrator_tui.commands.arguments import Parser, fraction, positive
from migrator_tui.project.rollout_settings import METRICS

SIMULATED = [metric for metric in METRICS if metric != "tripwire"]


def rollout_parsers(commands: Any) -> dict[str, Parser]:
    """`rollout` and what it does, by name."""
    rollout = commands.add_parser("rollout", help="move the traffic in steps that roll back by themselves")
    kinds = rollout.add_subparsers(title="commands", metavar="COMMAND", parser_class=Parser, required=True)
    return {"rollout simulate": _simulate(kinds)}


def _simulate(kinds: Any) -> Parser:
    simulate: Parser = kinds.add_parser(
        "simulate",
        help="what could the guardrails see with my traffic?",
        description="Draw rollouts at random, look at them all along as the monitor does, and say how often harm of\n"
        "which size is caught, and after how many conversations. By the project's guardrails, or the usual ones\n"
        "where there is no project. Asks no model anything.",
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
        "--limit", metavar="F", type=fraction, default=0.0, help="the harm that is allowed (default: none)"
    )
    how = simulate.add_argument_group("how it is drawn")
    how.add_argument("--runs", metavar="N", type=positive, default=1000, help="rollouts of each kind (default: 1000)")
    how.add_argument(
        "--looks", metavar="N", type=positive, default=10, help="look after every N conversations (default: 10)"
    )
    how.add_argument("--seed", metavar="N", type=int, default=0, help="of the dice (default: 0)")
    simulate.add_argument(
        "--format", choices=("table", "json"), default="table", help="form of the output (default: table)"
    )
    return simulate

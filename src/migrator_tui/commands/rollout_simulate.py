"""`rollout simulate`: what could the guardrails see with this traffic?"""

import json
import sys
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from migrator_tui.commands.common import put
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.rollout_settings import RELATIVE, USUAL_GUARDRAILS, GuardrailRule

FINE = 0
BASELINES, PASS_RATES = (0.05, 0.2, 0.3), (0.95, 0.8, 0.7)
HARMS, RELATIVE_HARMS = (0.05, 0.1, 0.3), (0.1, 0.25, 1.0)
SHARES = (0.05, 0.25, 0.5)


def execute(arguments: Namespace) -> int:
    """Draw, look and tell; decides nothing."""
    from migrator_tui.reports.simulation_table import print_simulation
    from migrator_tui.rollout.simulating import Supposed, simulate

    conversations = arguments.conversations - arguments.conversations % arguments.looks
    if not conversations:
        raise ProjectError(f"--looks {arguments.looks} is never reached in {arguments.conversations} conversations")
    shares = arguments.share or SHARES
    if not all(0 < share < 1 for share in shares):
        raise ProjectError("--share must lie between 0 and 1: with one arm there is nothing to compare")
    rules = _rules(arguments.folder)
    metrics = list(dict.fromkeys(arguments.metric or ["escalations"]))
    missing = [metric for metric in metrics if metric not in {rule.metric for rule in rules}]
    if missing:
        raise ProjectError(f"the project has no guardrail on {missing[0]}: [[rollout.guardrails]] names those it has")
    supposed = [
        Supposed(metric, baseline, harm, share)
        for metric in metrics
        for baseline in _baselines(metric, arguments.baseline)
        for harm in arguments.harm or (RELATIVE_HARMS if metric in RELATIVE else HARMS)
        for share in shares
    ]
    for one in supposed:
        room = None if one.baseline is None else 1 - one.baseline
        if one.metric == "check-pass-rate":
            room = one.baseline
        if room is not None and one.harm > room:
            raise ProjectError(f"--baseline {one.baseline:g} cannot become worse by --harm {one.harm:g}")
    found = simulate(
        rules,
        supposed,
        limit=arguments.limit,
        conversations=conversations,
        runs=arguments.runs,
        seed=arguments.seed,
        looks_every=arguments.looks,
    )
    if arguments.format == "json":
        put(json.dumps(asdict(found), indent=2) + "\n")
    else:
        print_simulation(found, sys.stdout)
    return FINE


def _baselines(metric: str, stated: Sequence[float] | None) -> Sequence[float | None]:
    """The baseline's rates; none where the metric is measured against it, or it has none."""
    if metric in RELATIVE or metric == "fallbacks":
        return (None,)
    return stated or (PASS_RATES if metric == "check-pass-rate" else BASELINES)


def _rules(folder: Path) -> Sequence[GuardrailRule]:
    """The project's guardrails; the usual ones where the folder is no project's."""
    from migrator_tui.commands.common import existing_folder
    from migrator_tui.project.config import config_of, load_project

    folder = existing_folder(folder)
    if not config_of(folder).is_file():
        return USUAL_GUARDRAILS
    return load_project(folder, trusted=False).rollout.guardrails

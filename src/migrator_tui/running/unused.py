"""What cases hold and nothing reads: often a misspelt column, and then a model is asked without its question."""

import json
import re
from dataclasses import asdict
from itertools import islice

from migrator_tui.project.words import did_you_mean, listed, quoted
from migrator_tui.running.plan import Plan

_LOOKED_AT = 500
"""Cases of a task; columns are the same in all of them."""
_OWN_NAMES = ("id", "messages", "expected", "checks", "tags", "critical")
_VARIABLE = re.compile(r"\{\{-?\s*(\w+)")


def unused_variables(plan: Plan) -> list[str]:
    """One line for each task whose cases have variables that neither its prompts nor its checks use."""
    from migrator_tui.project.prompts import variables

    lines = []
    for task in plan.tasks:
        cases = list(islice(plan.cases[task.name].values(), _LOOKED_AT))
        used: set[str] = set()
        for (name, _), version in plan.versions.items():
            if name == task.name:
                used |= variables(version.template)
        checks = [asdict(spec) for spec in (*task.checks, *(check for case in cases for check in case.checks))]
        used |= set(_VARIABLE.findall(json.dumps(checks, default=str)))
        unused = list(dict.fromkeys(name for case in cases for name in case.vars if name not in used))
        if unused:
            hint = did_you_mean(unused[0], [*_OWN_NAMES, *sorted(used)])
            names = listed([quoted(name) for name in unused])
            lines.append(f"task {task.name}: no prompt and no check uses {names} of the cases{hint}")
    return lines

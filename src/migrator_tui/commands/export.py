"""`history export`: everything in the history, one JSON object a line."""

import json
from argparse import Namespace

from migrator_tui.commands.common import open_history, open_project, put


def execute(arguments: Namespace) -> int:
    """Write it to stdout; each line says in `kind` what it is."""
    project, trusted = open_project(arguments.folder, trust=arguments.trust)
    with open_history(project, trusted=trusted) as history:
        for record in history.export():
            # ASCII: case files and models may hold lone surrogates, which no UTF-8 stream takes.
            put(json.dumps(record, ensure_ascii=True, default=str) + "\n")
    return 0

"""Reports on 10,000 cases: from the open history to the text, for each form."""

import tempfile
import time
from pathlib import Path
from statistics import median

from migrator_tui.history.store import History
from migrator_tui.project.config import load_project
from migrator_tui.reports.report import FORMS, report_text
from tests.benchmarks.projects import answer_all, write_project
from tests.benchmarks.rows import Row

CASES = 10_000
LIMITS = {"html": 4.0}
"""Seconds; a page of all cases is the largest. The others say less."""
ELSE = 3.0


def measure(runs: int) -> list[Row]:
    """Each form in turn, gathered anew each time."""
    rows = []
    with tempfile.TemporaryDirectory() as place:
        folder = write_project(Path(place) / "shop", cases=CASES)
        answer_all(folder)
        project = load_project(folder)
        with History.open(project) as history:
            for form in FORMS:
                taken, text = [], ""
                for _ in range(runs):
                    began = time.perf_counter()
                    text = report_text(project, history, form, author="bench")
                    taken.append(time.perf_counter() - began)
                note = f"{len(text) / 1e6:.1f} MB, median {median(taken):.2f} s"
                what = f"report on {CASES:,} cases as {form}"
                rows.append(Row(what, "s", LIMITS.get(form, ELSE), taken, note))
    return rows

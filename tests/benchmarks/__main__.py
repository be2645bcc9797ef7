"""`python -m tests.benchmarks [NAME …] [--runs N]`: run them, print the table; exit 1 if a limit is not held."""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from dataclasses import asdict
from importlib import import_module
from pathlib import Path

from tests.benchmarks.rows import Row, shown

NAMES = (
    "first_paint",
    "stalls",
    "key_to_request",
    "token_to_paint",
    "many_cases",
    "scorecard",
    "whole_run",
    "word_diff",
    "reports",
    "imports",
    "memory",
    "gateway",
    "rollout_look",
)


def main() -> int:
    """The exit code: 0 where all limits are held."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"any of {', '.join(NAMES)}; all without one")
    parser.add_argument("--runs", type=int, default=5, help="how often each is measured; the median counts")
    parser.add_argument("--rows-to", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if unknown := [name for name in given.names if name not in NAMES]:
        parser.error(f"no benchmark {', '.join(unknown)}; there are {', '.join(NAMES)}")
    if given.rows_to:
        rows = import_module(f"tests.benchmarks.{given.names[0]}").measure(given.runs)
        given.rows_to.write_text(json.dumps([asdict(row) for row in rows]), "utf-8")
        return 0
    print(machine(), flush=True)
    all_held = True
    for name in given.names or NAMES:
        before = os.getloadavg()[0]
        rows = measured(name, given.runs)
        for row in rows or []:
            print_row(row, before)
            all_held &= row.held
        if rows is None:
            print(f"✗ {name}: could not be measured", flush=True)
            all_held = False
    print(f"load average at the end {os.getloadavg()[0]:.1f}")
    return 0 if all_held else 1


def measured(name: str, runs: int) -> list[Row] | None:
    """A benchmark's rows, from a process of its own in a home of its own; `None` where it failed."""
    with tempfile.TemporaryDirectory(prefix="bench-") as home:
        own = {f"XDG_{kind}_HOME": f"{home}/{kind.lower()}" for kind in ("DATA", "STATE", "CACHE", "CONFIG")}
        environment = {
            **{k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE" and not k.endswith("_API_KEY")},
            **own,
            "HOME": home,
            "MIGRATOR_USER": "bench",
        }
        file = Path(home) / "rows.json"
        command = [sys.executable, "-m", "tests.benchmarks", name, "--runs", str(runs), "--rows-to", str(file)]
        done = subprocess.run(command, env=environment, check=False)
        if done.returncode:
            return None
        found = json.loads(file.read_text("utf-8"))
    return [Row(**{key: value for key, value in row.items() if key != "held"}) for row in found]


def print_row(row: Row, load: float) -> None:
    """One line of the table, and one with what else was seen."""
    unit = row.unit
    spread = f"{shown(min(row.measured), unit)} – {shown(max(row.measured), unit)}"
    print(
        f"{'✓' if row.held else '✗'} {row.what:<72} {shown(row.median, unit):>9}  at most {shown(row.limit, unit):<9}"
        f" {'held' if row.held else 'NOT HELD':<8}  {len(row.measured)} runs, {spread}, load {load:.1f}",
        flush=True,
    )
    if row.note:
        print(f"    {row.note}", flush=True)


def machine() -> str:
    """What it was measured on."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        named = [line.partition(":")[2].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line]
        model = named[0] if named else model
    loads = " ".join(f"{load:.1f}" for load in os.getloadavg())
    return (
        f"{model}, {os.cpu_count()} cores, {platform.system()} {platform.release()}, Python "
        f"{platform.python_version()}; load average {loads}"
    )


if __name__ == "__main__":
    sys.exit(main())

"""A CSV of 200,000 rows on its way into a project: time from the command to the files, and the memory it takes."""

import csv
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from tests.benchmarks.rows import Row

ROWS = 200_000
TAGS = ("refund", "delivery", "account", "order", "product")


def measure(runs: int) -> list[Row]:
    """One run: it takes minutes, and hardly varies."""
    with tempfile.TemporaryDirectory() as place:
        source = Path(place) / "tickets.csv"
        write_tickets(source, ROWS)
        begun = time.perf_counter()
        command = [sys.executable, "-m", "migrator_tui", "import", str(source), "--output", f"{place}/out", "--yes"]
        process = psutil.Popen([*command, "--sample", "50"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        largest = 0
        while process.poll() is None:
            try:
                largest = max(largest, process.memory_info().rss)
            except psutil.NoSuchProcess:
                break
            time.sleep(0.05)
        seconds = time.perf_counter() - begun
        if process.wait() != 0:
            raise RuntimeError("the import failed")
        size = source.stat().st_size / 1e6
    return [
        Row(f"import of {ROWS:,} rows, a sample of 50", "s", 300, [seconds], f"{size:.0f} MB of CSV"),
        Row("memory of that import", "MB", 250, [largest / 1e6]),
    ]


def write_tickets(file: Path, count: int) -> None:
    """Tickets of 5 to 90 words; every twentieth twice, every twentieth nearly twice, some with personal data."""
    chance = random.Random(1)
    words = [f"word{n}" for n in range(3000)] + ["where", "is", "my", "parcel", "the", "lamp", "please", "help"] * 60
    text = ""
    with file.open("w", encoding="utf-8", newline="") as opened:
        rows = csv.writer(opened)
        rows.writerow(["id", "ticket", "expected", "response", "tags", "latency_ms"])
        for number in range(count):
            if number % 20 == 5:
                text += " thanks"
            elif number % 20 != 3:
                text = " ".join(chance.choices(words, k=chance.randint(5, 90)))
            if number % 15 == 0:
                text += f" mail me: user{number}@mail.example or +49 171 {chance.randint(1000000, 9999999)}"
            tag = chance.choice(TAGS)
            rows.writerow([f"T-{number}", text, tag, f'{{"category": "{tag}"}}', tag, chance.randint(300, 3000)])

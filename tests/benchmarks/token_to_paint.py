"""From a token received by the worker to the same token on the terminal, two panes streaming.

Counted from the moment the server sends it, which is a little earlier.
"""

import tempfile
from pathlib import Path

from tests.benchmarks.app import watched
from tests.benchmarks.projects import answer_all, case_id, write_project
from tests.benchmarks.rows import Row, percentile
from tests.benchmarks.server import running

MODEL = "t20-s200-r100-f200"


def measure(runs: int) -> list[Row]:
    """As many streams as runs in one app whose worker is warm; of each run the 95th percentile of all tokens."""
    numbers = range(1, runs + 2)
    found, worst = [], 0.0
    with running() as server, tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "run" / "shop"
        write_project(
            folder, cases=len(numbers), old=f"openai/old-{MODEL}", new=f"openai/new-{MODEL}", base=server.base
        )
        answer_all(folder, but=[case_id(n) for n in numbers])
        with watched(folder, ready=r"r runs this case") as app:
            painted = []
            for n in numbers:
                _, before = app.terminal.send("r")
                # Both are stored and checked; the last few tokens may have come with the end of the answer.
                app.terminal.until(r"max-words[\s\S]*max-words", before)
                painted.append(app.terminal.times_of(r"(?:old|new)\d{4}", before))
                if n == numbers[-1]:
                    break
                _, before = app.terminal.send("j")
                app.terminal.until(r"r runs this case", before)
        streams = [asked for asked in server.asked() if asked.stream]
    for n, times in enumerate(painted[1:], 2):  # the first call of a worker is not what this is about
        waits = [
            1000 * (times[word] - sent)
            for asked in streams
            if case_id(n) in asked.question
            for word, sent in asked.tokens.items()
            if word in times
        ]
        assert len(waits) > 350, f"only {len(waits)} of 400 tokens were seen"
        found.append(percentile(waits, 0.95))
        worst = max(worst, *waits)
    return [Row("token received by the worker to painted, p95", "ms", 150, found, f"worst {worst:.0f} ms")]

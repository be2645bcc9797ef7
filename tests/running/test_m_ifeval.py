"""Two models' recorded answers to the 541 prompts of IFEval: the published comparison comes out, and only that.

Data: lightblue-tech/M-IFEval (Apache-2.0), read where it lies beside the project; without it these tests are skipped.
"""

import json
import math
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from migrator_tui.cli import main

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "m-ifeval"
pytestmark = pytest.mark.skipif(
    not DATA.is_dir(), reason="the recorded answers of M-IFEval are not beside the project"
)

OLD, NEW = "gpt-4o-mini-2024-07-18", "gpt-4o-2024-08-06"
COLUMNS = '{ input = "prompt", output = "response", passed = "follow_all_instructions" }'
CONFIG = f"""
[project]
name = "ifeval"

[baseline]
model = "recorded:old.jsonl"
columns = {COLUMNS}

[[candidates]]
name = "gpt-4o"
model = "recorded:new.jsonl"
columns = {COLUMNS}

[[tasks]]
name = "follow"
prompt = "prompt.md"
cases = ["cases.jsonl"]
"""

Rows = list[dict[str, Any]]
Run = Callable[..., dict[str, Any]]


def rows(model: str, kind: str) -> Rows:
    return [
        json.loads(line) for line in (DATA / model / f"eval_results_{kind}.jsonl").read_text("utf-8").splitlines()
    ]


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Write the project and run it; the candidate's result, what was said on stderr, and the exit code."""

    def written(name: str, some: Rows) -> None:
        (tmp_path / name).write_text("".join(json.dumps(row) + "\n" for row in some), "utf-8")

    def made(kind: str, change: Callable[[Rows, Rows], None] = lambda old, new: None) -> dict[str, Any]:
        old, new = rows(OLD, kind), rows(NEW, kind)
        cases = [
            {"id": f"p{n:03}", "messages": [{"role": "user", "content": row["prompt"]}]} for n, row in enumerate(old)
        ]
        change(old, new)
        written("old.jsonl", old)
        written("new.jsonl", new)
        written("cases.jsonl", cases)
        (tmp_path / "migrator.toml").write_text(CONFIG, "utf-8")
        (tmp_path / "prompt.md").write_text("You are a helpful assistant.\n", "utf-8")
        code = main(["-C", str(tmp_path), "run", "--format", "json"])
        seen = capsys.readouterr()
        (task,) = json.loads(seen.out)["tasks"]
        (candidate,) = task["candidates"]
        return {"code": code, "said": seen.err, "task": task, **candidate}

    return made


def mcnemar(b: int, c: int) -> float:
    """By hand: twice the binomial tail of the smaller of the two counts."""
    n, least = b + c, min(b, c)
    return min(1.0, 2 * sum(math.comb(n, k) for k in range(least + 1)) / 2**n)


@pytest.mark.parametrize(
    ("kind", "counts", "p"),
    [("strict", (415, 20, 40, 66), 0.0135), ("loose", (433, 21, 42, 45), 0.0111)],
)
def test_the_published_comparison(run: Run, kind: str, counts: tuple[int, ...], p: float) -> None:
    result = run(kind)
    assert result["task"]["cases"] == 541
    paired = result["paired"]
    assert tuple(paired[name] for name in ("both_pass", "regressions", "fixes", "both_fail")) == counts
    assert paired["mcnemar_p"] == pytest.approx(p, abs=5e-5)
    assert len(result["regressions"]) == counts[1] and len(result["fixes"]) == counts[2]
    assert result["passed"] + result["failed"] + result["errors"] + result["unjudged"] == 541
    assert result["difference"]["estimate"] == pytest.approx((counts[2] - counts[1]) / 541)
    assert result["difference"]["low"] > 0  # better, and by more than chance
    assert (result["gate"]["decision"], result["code"]) == ("ready", 0)


def test_the_order_of_the_rows_is_of_no_account(run: Run) -> None:
    def shuffle(old: Rows, new: Rows) -> None:
        random.Random(3).shuffle(old)
        random.Random(4).shuffle(new)

    passed = [[row["follow_all_instructions"] for row in rows(model, "strict")] for model in (OLD, NEW)]
    mixed = run("strict", shuffle)
    assert mixed["paired"]["both_pass"] == 415
    assert mixed["regressions"] == [f"p{n:03}" for n, (old, new) in enumerate(zip(*passed, strict=True)) if old > new]


def test_missing_rows_are_named(run: Run) -> None:
    def drop(old: Rows, new: Rows) -> None:
        for no in (500, 77, 3):
            del new[no]

    result = run("strict", drop)
    assert result["errors"] == 3 and result["code"] == 3
    assert all(case_id in result["said"] for case_id in ("p003", "p077", "p500"))
    assert sum(result["paired"][name] for name in ("both_pass", "regressions", "fixes", "both_fail")) == 538


def test_one_flipped_verdict_moves_p(run: Run) -> None:
    def flip(old: Rows, new: Rows) -> None:
        fixed = next(
            n for n, o in zip(new, old, strict=True) if n["follow_all_instructions"] > o["follow_all_instructions"]
        )
        fixed["follow_all_instructions"] = False

    paired = run("strict", flip)["paired"]
    assert (paired["regressions"], paired["fixes"], paired["both_fail"]) == (20, 39, 67)
    assert paired["mcnemar_p"] == pytest.approx(mcnemar(20, 39), abs=1e-12)
    assert paired["mcnemar_p"] > mcnemar(20, 40)

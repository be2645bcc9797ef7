"""Projects to measure with, and histories for them, made through the program's own code."""

import json
import random
import re
from collections.abc import Collection, Iterator
from itertools import islice
from pathlib import Path

from migrator_tui.history.records import NewOutput
from migrator_tui.history.store import History
from migrator_tui.project.cases import iter_cases
from migrator_tui.project.config import load_project
from migrator_tui.project.schema import BASELINE, Case
from migrator_tui.running.judging import judge_cases
from migrator_tui.running.versions import version_of_record

WORDS = re.findall(
    r"\w+",
    "order parcel refund invoice account delivery address customer support please thanks late broken missing update "
    "payment card charge twice cancel return label courier depot window driver photo receipt warranty replace colour "
    "size medium large small blue green yellow lamp chair table shelf screw manual language German French English",
)
RARE = "zeppelin"
"""A word that one case in a hundred has."""
OFTEN = "lamp"
DEAD = "http://127.0.0.1:9/v1"
"""For projects that are looked at and never ask a model."""


def case_id(number: int) -> str:
    """Seven characters, which is what the list shows whole."""
    return f"c{number:06}"


def write_project(
    folder: Path, *, cases: int, old: str = "openai/old-t20", new: str = "openai/new-t20", base: str = DEAD
) -> Path:
    """A project of one task. Case 17 is `c000017` and asks `question c000017 …`, 400 characters."""
    folder.mkdir(parents=True)
    # With a price there is nothing to say before the first run.
    where = f'api_base = "{base}"\nprice = {{ input = 0, output = 0 }}\n'
    (folder / "migrator.toml").write_text(
        '[project]\nname = "bench"\n'
        f'[baseline]\nmodel = "{old}"\nparams = {{ max_tokens = 400 }}\n{where}'
        f'[[candidates]]\nname = "newer"\nmodel = "{new}"\nparams = {{ max_tokens = 400 }}\n{where}'
        '[[tasks]]\nname = "triage"\nprompt = "triage.md"\ncases = ["triage.jsonl"]\n'
        'checks = [{ type = "max-words", value = 60 }]\n',
        "utf-8",
    )
    (folder / "triage.md").write_text("Sort tickets for {{ shop }}.\nAnswer in one sentence.\n", "utf-8")
    chance = random.Random(7)
    with (folder / "triage.jsonl").open("w", encoding="utf-8") as file:
        for n in range(1, cases + 1):
            text = " ".join(chance.choices(WORDS, k=55)) + (f" {RARE}" if n % 100 == 0 else "")
            case = {
                "id": case_id(n),
                "tags": ["vip"] if n % 10 == 0 else [],
                "vars": {"shop": "Lamps & More"},
                "messages": [{"role": "user", "content": f"question {case_id(n)} {text}"}],
            }
            file.write(json.dumps(case) + "\n")
    return folder


def answer_all(folder: Path, *, but: Collection[str] = ()) -> None:
    """A history: index, an output of each model for each case, check results and standings.

    Candidates' outputs hold `new-c000017`; one in ten is too long for the check, which is a regression, and every
    second one that is not differs from the baseline's. `but`: ids of cases that nobody has answered.
    """
    project = load_project(folder)
    task, candidate = project.tasks[0], project.candidates[0]
    with History.open(project) as history:
        history.index_cases(task, iter_cases(project, task))
        old = version_of_record(project, history, task, BASELINE, author="bench").id
        new = version_of_record(project, history, task, candidate.name, author="bench").id
        for chunk in _chunks(iter_cases(project, task), 2_000):
            outputs = []
            for case in (case for case in chunk if case.id not in but):
                number = int(case.id[1:])
                old_text, new_text = _answers(number)
                for name, spec, version, text in (
                    (BASELINE, project.baseline, old, old_text),
                    (candidate.name, candidate, new, new_text),
                ):
                    key = f"{name}-{case.id}"
                    outputs.append(
                        NewOutput(
                            key, task.name, name, spec.model, case.id, version, 1, text=text,
                            finish_reason="stop", latency_ms=900.0, input_tokens=80, output_tokens=30,
                        )
                    )  # fmt: skip
            history.add_outputs(outputs)
            judge_cases(project, history, task, candidate.name, {case.id: case for case in chunk})


def _answers(number: int) -> tuple[str, str]:
    chance = random.Random(number)
    words = chance.choices(WORDS, k=25)
    old = f"old-{case_id(number)} " + " ".join(words)
    if number % 10 == 3:
        words = words + chance.choices(WORDS, k=50)
    elif number % 2:
        words[5:9] = chance.choices(WORDS, k=6)
    return old, f"new-{case_id(number)} " + " ".join(words)


def _chunks(cases: Iterator[Case], size: int) -> Iterator[list[Case]]:
    while chunk := list(islice(cases, size)):
        yield chunk

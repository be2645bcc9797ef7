"""A small project whose two models have answered, without a model: what suggestions are made from."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from migrator_tui.history.records import NewOutput, Output, Version
from migrator_tui.history.store import History
from migrator_tui.project.cases import load_cases
from migrator_tui.project.config import load_project
from migrator_tui.project.schema import BASELINE, Case, Project, Task
from migrator_tui.running.versions import version_of_record

PROMPT = """You sort tickets for {{ shop }}.

Answer with one JSON object:
- category: billing or delivery
- answer: a short answer
"""

CONFIG = """
[project]
name = "shop"

[baseline]
model = "openai/gpt-4o"

[[candidates]]
name = "newer"
model = "openai/gpt-5.2"

[assistant]
model = "openai/helper"
price = { input = 2.0, output = 10.0 }

[[tasks]]
name = "triage"
prompt = "triage.md"
cases = ["triage.jsonl"]
checks = [{ type = "is-json" }, { type = "max-words", value = 12 }]
"""

GOOD = '{"category": "billing", "answer": "We look into it."}'
FENCED = f"```json\n{GOOD}\n```"
LONG = '{"category": "billing", "answer": "' + "We are so very sorry about this. " * 5 + '"}'


@dataclass
class Shop:
    """The project with its history."""

    project: Project
    history: History
    cases: Sequence[Case]
    version: Version

    @property
    def task(self) -> Task:
        return self.project.tasks[0]

    def answer(self, name: str, texts: Mapping[str, str | None], version: Version | None = None) -> list[Output]:
        """What a model answers, by case id; `None` is a call that failed."""
        version = version or version_of_record(self.project, self.history, self.task, name, author="tester")
        return self.history.add_outputs(
            [
                NewOutput(
                    call_key=f"{name}-{version.id}-{case_id}-{text}",
                    task=self.task.name,
                    model_name=name,
                    model=self.project.model(name).model,
                    case_id=case_id,
                    version_id=version.id,
                    repeat=0,
                    text=text or "",
                    finish_reason="stop",
                    error_kind=None if text is not None else "server",
                    error=None if text is not None else "500",
                )
                for case_id, text in texts.items()
            ]
        )


@contextmanager
def open_shop(
    folder: Path,
    new: Mapping[str, str | None],
    *,
    old: str = GOOD,
    config: str = CONFIG,
    prompt: str = PROMPT,
    says: Mapping[str, str] | None = None,
    secrets: Sequence[str] = (),
) -> Iterator[Shop]:
    """A project with a case for each answer of the new model; the old one said `old` to all of them."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "migrator.toml").write_text(config, "utf-8")
    (folder / "triage.md").write_text(prompt, "utf-8")
    lines: list[dict[str, Any]] = [
        {
            "id": case_id,
            "vars": {"shop": "Lamps"},
            "messages": [{"role": "user", "content": (says or {}).get(case_id, f"question {case_id}")}],
        }
        for case_id in new
    ]
    (folder / "triage.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    project = load_project(folder)
    with History.open(project, secrets=secrets) as history:
        cases = list(load_cases(project, project.tasks[0]))
        history.index_cases(project.tasks[0], cases)
        version = version_of_record(project, history, project.tasks[0], "newer", author="tester")
        shop = Shop(project, history, cases, version)
        shop.answer(BASELINE, dict.fromkeys(new, old))
        shop.answer("newer", new)
        yield shop

"""Projects with a real history to report on, and texts that would like to do more than be read."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from migrator_tui.history.records import NewOutput, Version
from migrator_tui.history.store import History
from migrator_tui.models.requests import ToolCall
from migrator_tui.project.cases import load_cases
from migrator_tui.project.config import load_project
from migrator_tui.project.schema import BASELINE, Project
from migrator_tui.reports.gathering import gather_report
from migrator_tui.reports.report import render_report
from migrator_tui.reports.values import Report
from migrator_tui.running.versions import version_of_record

EVIL = "https://evil.example"
HOSTILE = {
    "script": "<script>document.title='PWNED'</script>",
    "style": "</style><script>document.title='PWNED'</script>",
    "title": "</title></head><body onload=document.title='PWNED'>",
    "image": f"<img src={EVIL}/x.png onerror=\"document.title='PWNED'\">",
    "vector": "<svg onload=document.title='PWNED'><script>document.title='PWNED'</script></svg>",
    "link": "<a href=\"javascript:document.title='PWNED'\" autofocus onfocus=\"document.title='PWNED'\">x</a>",
    "frame": f"<iframe src='{EVIL}'></iframe><link rel=stylesheet href='{EVIL}/x.css'>",
    "import": f"<style>@import '{EVIL}/y.css'; body {{ background: url({EVIL}/z.png) }}</style>",
    "base": f"<base href='{EVIL}'><meta http-equiv=refresh content='0;url={EVIL}'>",
    "form": f"<form action='{EVIL}'><input autofocus onfocus=\"document.title='PWNED'\"></form>",
    "quote": "' onmouseover='document.title=1' x=\"\" y=\"",
    "cdata": "]]></system-out></testcase><failure/> <![CDATA[ x ]]>",
    "comment": "--><!-- x",
    "escape": "\x1b]0;PWNED\x07\x1b[31mred\x1b[0m \x00 \x08",
    "bidi": "abc \u202egnirts desrever\u202c \u2066x\u2069 \u200b\ufeff",
    "noncharacter": "\ufffe \uffff \U0001fffe",
    "template": "{{ 7 * 7 }} {% for x in y %} {{ config }}",
    "entity": "&lt;b&gt; &amp; &#60;script&#62;",
    "markdown": f"```\n`````\n| a | b |\n\n# h\n@everyone #1 ![x]({EVIL}/x.png) www.evil.example\n</details>",
    "long": "x" * 1_000_000,
}
"""Each is given to a candidate as its answer, and its beginning to whatever else takes a text."""


@dataclass(frozen=True, slots=True)
class Row:
    """One case with both answers; `None` for an answer: that model was not asked."""

    case_id: str
    old: str | None = "a good answer"
    new: str | None = "a good answer"
    old_passed: bool | None = True
    new_passed: bool | None = True
    tags: Sequence[str] = ()
    critical: bool = False
    asks: str = "a question"
    error: str | None = None
    """What the candidate's call failed with."""
    calls: Sequence[ToolCall] = ()
    more: Sequence[bool] = ()
    """Whether the candidate's further repeats pass."""


@dataclass(slots=True)
class Shop:
    """A project and its open history."""

    project: Project
    history: History
    versions: dict[str, Version] = field(default_factory=dict)

    def report(self, form: str = "html", **which: Any) -> Report:
        """A gathered report."""
        return gather_report(self.project, self.history, form, author="anna", **which)

    def text(self, form: str, **which: Any) -> str:
        """A report as it is written."""
        return render_report(self.report(form, **which), form)


def make_shop(
    folder: Path,
    rows: Sequence[Row],
    *,
    name: str = "shop",
    model: str = "openai/new",
    candidates: Sequence[str] = ("newer",),
    gate: str = "",
    prompts: Mapping[str, str] | None = None,
    params: str = "{ max_tokens = 60 }",
    secrets: Sequence[str] = (),
) -> Shop:
    """Write a project, and a history in which the models have answered so; all candidates answer alike."""
    prompts = prompts or {}
    folder.mkdir(parents=True, exist_ok=True)
    tables = []
    for candidate in candidates:
        table = f'[[candidates]]\nname = {json.dumps(candidate)}\nmodel = "{model}"\nparams = {params}\n'
        if candidate in prompts:
            (folder / f"own-{len(tables)}.md").write_text(prompts[candidate], "utf-8")
            table += f'[candidates.prompts]\ntriage = "own-{len(tables)}.md"\n'
        tables.append(table)
    (folder / "migrator.toml").write_text(
        f"[project]\nname = {json.dumps(name)}\n\n"
        '[baseline]\nmodel = "openai/old"\nparams = { max_tokens = 50 }\n\n'
        + "\n".join(tables)
        + '\n[[tasks]]\nname = "triage"\nprompt = "triage.md"\ncases = ["cases.jsonl"]\n'
        + (f"\n[gate]\n{gate}\n" if gate else ""),
        "utf-8",
    )
    (folder / "triage.md").write_text(prompts.get(BASELINE, "Sort the ticket.\nBe kind.\n"), "utf-8")
    cases = [
        {
            "id": row.case_id,
            "messages": [{"role": "user", "content": row.asks}],
            "tags": list(row.tags),
            "critical": row.critical,
        }
        for row in rows
    ]
    (folder / "cases.jsonl").write_text("".join(json.dumps(case) + "\n" for case in cases), "utf-8")
    project = load_project(folder)
    task = project.tasks[0]
    history = History.open(project, secrets=secrets)
    history.index_cases(task, load_cases(project, task))
    shop = Shop(project, history)
    for spec in (project.baseline, *project.candidates):
        version = version_of_record(project, history, task, spec.name, author="anna")
        shop.versions[spec.name] = version
        outputs = []
        for number, row in enumerate(rows):
            text, passed = (row.old, row.old_passed) if spec.name == BASELINE else (row.new, row.new_passed)
            if text is None:
                continue
            failed = row.error if spec.name != BASELINE else None
            repeats = [passed, *(row.more if spec.name != BASELINE else ())]
            for repeat, passes in enumerate(repeats, 1):
                outputs.append(
                    NewOutput(
                        call_key=f"{spec.name}-{number}-{repeat}",
                        task=task.name,
                        model_name=spec.name,
                        model=spec.model,
                        case_id=row.case_id,
                        version_id=version.id,
                        repeat=repeat,
                        text="" if failed else text,
                        tool_calls=row.calls if spec.name != BASELINE else (),
                        error_kind="server" if failed else None,
                        error=failed,
                        latency_ms=100.0 + number,
                        cost=0.002 if spec.name == BASELINE else 0.001,
                        output_tokens=10,
                        imported_passed=None if failed else passes,
                    )
                )
        history.add_outputs(outputs)
    return shop


def hostile_shop(folder: Path, *, secrets: Sequence[str] = ()) -> Shop:
    """A project in which everything that may be foreign is hostile."""
    rows = []
    for number, (kind, text) in enumerate(HOSTILE.items()):
        short = "".join(character for character in text[:60] if character.isprintable()).strip()
        rows.append(
            Row(
                case_id=f"{short}-{number}" if number % 2 else f"T-{kind}",
                old=f"a good answer {text[:2000]}",
                new=f"a bad answer {text}",
                new_passed=False,
                tags=("all", text[:50]),
                critical=number % 3 == 0 or kind == "long",
                asks=text[:3000],
            )
        )
    shop = make_shop(
        folder,
        rows,
        name=HOSTILE["title"],
        candidates=("new<b>&",),
        prompts={"new<b>&": f"Sort.\n{HOSTILE['style']}\n`````\n{HOSTILE['frame']}\n"},
        secrets=secrets,
    )
    shop.history.name_version(shop.versions["new<b>&"].id, HOSTILE["image"][:60])
    return shop

"""Projects of one task in memory, asked without a worker: what the client library says is written in the test."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from migrator_tui.models.catalog import lookup
from migrator_tui.models.dry_run import DryRun
from migrator_tui.preflight.asked import Asked, Known, case_facts
from migrator_tui.preflight.finding import Finding
from migrator_tui.preflight.looking import FAMILIES
from migrator_tui.project.schema import BASELINE, Case, Message, ModelSpec, Task

OLD = "openai/gpt-4o-2024-08-06"
NOTHING_TRIED = DryRun(library="litellm 1.0")


def asked(
    model: str,
    params: Mapping[str, Any] | None = None,
    *,
    prompt: str = "Sort the ticket.",
    messages: Sequence[Message] = ({"role": "user", "content": "It is late."},),
    variables: Mapping[str, Any] | None = None,
    tools: Sequence[Mapping[str, Any]] = (),
    response_format: Mapping[str, Any] | None = None,
    dry: DryRun | None = NOTHING_TRIED,
    known: Sequence[Known] = (),
    old: str | None = OLD,
    api_base: str | None = None,
) -> Asked:
    """A candidate on one task of one case; `known` are answers of the baseline."""
    task = Task("triage", Path("p.md"), (Path("c.jsonl"),), tools=tools, response_format=response_format)
    cases = case_facts([Case("c1", messages=messages, vars=variables or {})])

    def one(name: str, model: str, before: Asked | None, answers: Sequence[Known]) -> Asked:
        spec = ModelSpec(name, model, params or {}, api_base=api_base)
        return Asked(spec, task, params or {}, prompt, lookup(model), cases, dry=dry, old=before, known=answers)

    before = one(BASELINE, old, None, known) if old is not None else None
    return one("newer", model, before, ())


def findings(each: Asked) -> list[Finding]:
    """What is found about it on its task."""
    return [finding for family in FAMILIES for finding in family(each)]


def subjects(each: Asked) -> dict[str, str]:
    """Subject to severity, for what is more than a note."""
    return {f.subject: f.severity.value for f in reversed(findings(each)) if f.severity != "note"}

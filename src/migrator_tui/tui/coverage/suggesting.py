"""`s`: cases for gaps that production cannot fill, written by the assistant once calls and money are agreed to."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from migrator_tui.checks.base import CheckFailure, NotAsked
from migrator_tui.coverage.values import CaseProposal
from migrator_tui.coverage.words import plural
from migrator_tui.history.errors import HistoryError
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.schema import Case, Message
from migrator_tui.text_safety import safe_line
from migrator_tui.tui.widgets.header import money
from migrator_tui.tui.widgets.modal import Confirm

if TYPE_CHECKING:
    from migrator_tui.tui.coverage.bench import CoverageBench


async def suggest(screen: "CoverageBench", fills: Sequence[CaseProposal]) -> dict[CaseProposal, list[Case]]:
    """Ask what it takes, then the assistant, a call for each proposal; what was written, by proposal.

    To be awaited in a worker: it asks. What goes wrong is said, and what was written before is kept.
    """
    from migrator_tui.coverage.written import estimate, read_written, recognised, writing_messages
    from migrator_tui.project.prompts import read_template

    workspace, surveyed = screen.workspace, screen.surveyed
    if workspace.project.assistant is None or surveyed is None:
        screen.say("[assistant] in migrator.toml names a model that writes cases; there is none", "warning")
        return {}
    file = workspace.project.prompt_file(workspace.task, workspace.candidate.name)

    def prepare() -> tuple[list[list[Message]], str]:
        template = read_template(file)
        requests = [writing_messages(fill, template, surveyed.cases) for fill in fills]
        asking = estimate(workspace.project, requests, sum(fill.number for fill in fills))
        price = "price unknown" if asking.cost is None else f"about {money(asking.cost)}" if asking.cost else "free"
        return requests, price

    written: dict[CaseProposal, list[Case]] = {}
    try:
        requests, price = await asyncio.to_thread(prepare)
        lines = [
            f"{plural(len(requests), 'call')} to {safe_line(workspace.project.assistant.model, 60)}, {price}.",
            "It gets the prompt and three of your cases. You look at each of its cases before any is written.",
        ]
        if not await screen.app.push_screen_wait(Confirm(f"Have {_named(fills)} written", lines, "enter ask it")):
            return {}
        for number, (fill, messages) in enumerate(zip(fills, requests, strict=True), 1):
            screen.say(f"being written: {fill.title} ({number} of {len(fills)}) ...")
            answer = await screen.program.runs.ask_assistant(messages, "case-writing", workspace.task.name)
            cases = await asyncio.to_thread(read_written, answer.text, fill, surveyed.cases)
            written[fill] = cases
            known = await asyncio.to_thread(recognised, cases, fill, surveyed.cases)
            doubt = f"; {len(cases) - known} not recognised as such" if known < len(cases) else ""
            screen.say(f"{plural(len(cases), 'case')} written for {fill.title}{doubt}: look at them", "success")
    except (ProjectError, HistoryError, CheckFailure, NotAsked) as error:
        screen.say(str(error), "error")
    return written


def _named(fills: Sequence[CaseProposal]) -> str:
    return f"cases ({fills[0].title})" if len(fills) == 1 else f"cases for {len(fills)} gaps"

"""The question whether to trust a folder, asked before anything in it is run or sent. No is the default."""

from collections.abc import Sequence

from textual.content import Content

from migrator_tui.project.errors import ProjectError
from migrator_tui.project.schema import Project
from migrator_tui.project.trust import check_allowed
from migrator_tui.text_safety import safe_line
from migrator_tui.tui.setup.choice import ChoiceApp, Reply
from migrator_tui.tui.theme import MUTED, STRONG, STYLES

MOST_SHOWN = 100
"""Concerns drawn; a configuration with more says enough by then."""


def trust_question(project: Project, concerns: Sequence[str]) -> ChoiceApp:
    """The app that asks; `concerns` as `project.trust.concerns` has them."""
    lines = [
        Content.styled("Do you know where this folder comes from?", STRONG),
        Content.styled("Its configuration asks for what only a folder that you trust may do. It", MUTED),
        Content(""),
    ]
    for concern in concerns[:MOST_SHOWN]:
        lines.append(Content.assemble(("! ", STYLES["warning"]), safe_line(concern, 400)))
    if len(concerns) > MOST_SHOWN:
        lines.append(Content.styled(f"and {len(concerns) - MOST_SHOWN} more", MUTED))
    replies = (
        Reply("no", "No", meaning_of_no(project)),
        Reply(
            "yes",
            "Trust this folder",
            f"Asked again when {project.config_file.name} changes, or .env besides its keys.",
        ),
    )
    note = "nothing has been run or sent"
    return ChoiceApp(project.folder, "Trust this folder?", note, Content("\n").join(lines), replies)


def meaning_of_no(project: Project) -> str:
    """What follows from no: some folders open without what was asked for, others can't."""
    try:
        check_allowed(project, trusted=False)
    except ProjectError:
        return "The folder stays closed. You are asked again the next time."
    return "It opens, without these settings of its .env. Asked again the next time."


def ask_for_trust(project: Project, concerns: Sequence[str]) -> bool:
    """Ask in the terminal; true only where the user chose to trust."""
    return trust_question(project, concerns).run(mouse=True) == "yes"

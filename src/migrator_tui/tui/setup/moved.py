"""The question of a project that lies elsewhere now: shall its history come along?"""

from pathlib import Path

from textual.content import Content

from migrator_tui.history.errors import HistoryError
from migrator_tui.history.location import adopt, moved_from
from migrator_tui.project.schema import Project
from migrator_tui.text_safety import safe_line
from migrator_tui.tui.setup.choice import ChoiceApp, Reply
from migrator_tui.tui.setup.frame import short_folder
from migrator_tui.tui.theme import MUTED, STRONG


def moved_question(project: Project, old: Path) -> ChoiceApp:
    """The app that asks."""
    body = Content.assemble(
        ("This project was at ", STRONG),
        safe_line(short_folder(old), 300),
        ("\nTake its history along: versions, answers, verdicts, drafts?\n", STRONG),
        ("That folder is gone or empty, and the files here are the same.", MUTED),
    )
    replies = (
        Reply("yes", "Take it along", "The history belongs to this folder from now on."),
        Reply("no", "Begin anew", "The old one stays on disk, and is offered until this one holds answers."),
    )
    return ChoiceApp(project.folder, "A project that has moved", "nothing has been changed", body, replies)


def offer_history(project: Project) -> bool:
    """Offer the history of a project that has moved here, where there is one; false where the user left undecided.

    Raises `HistoryError` where it can't be taken along.
    """
    old = old_place(project)
    if old is None:
        return True
    answer = moved_question(project, old).run(mouse=True)
    if answer == "yes":
        adopt(project, old)
    return answer is not None


def old_place(project: Project) -> Path | None:
    """Where the project was; `None` where it has not moved, or keeps its history in a database of its own."""
    if project.database not in (None, "sqlite"):
        return None
    try:
        return moved_from(project)
    except OSError as error:
        raise HistoryError(f"history: looking for an older place of this project: {error}") from error

"""The project in front of the user: what is looked at, and everything that can be done to it. Knows no widgets.

Whatever touches the database or a file runs in a thread; what happened is posted as a message. Imports that cost
time (SQLModel, Jinja) happen in those threads, after the first paint.
"""

from migrator_tui.tui.workspace.cases import Cases
from migrator_tui.tui.workspace.config import Config
from migrator_tui.tui.workspace.prompts import Prompts, params_toml, read_params, with_param
from migrator_tui.tui.workspace.values import Basis, CaseView, ListOrder, PromptState, Side, decisive, grouped
from migrator_tui.tui.workspace.verdicts import Verdicts

__all__ = [
    "Basis", "CaseView", "ListOrder", "PromptState", "Side", "Workspace", "decisive", "grouped", "params_toml",
    "read_params", "with_param",
]  # fmt: skip


class Workspace(Cases, Config, Prompts, Verdicts):
    """One project, opened; one task and one candidate of it in view."""

"""A screen whose keys move through a list of rows."""

from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType

from migrator_tui.tui.widgets.row_list import RowList
from migrator_tui.tui.widgets.work_screen import WorkScreen


class RowScreen(WorkScreen):
    """Line by line, by the page and to the ends; `enter`, or two clicks, open the row."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("pagedown", "page(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("home,g", "edge(False)", show=False),
        Binding("end,G", "edge(True)", show=False),
    ]

    @property
    def rows(self) -> RowList:
        """The list."""
        return self.query_one(RowList)

    def open_row(self) -> None:
        """What `enter` does with the row under the cursor."""
        raise NotImplementedError

    @on(RowList.Opened)
    def row_opened(self, event: RowList.Opened) -> None:
        """A double click does what `enter` does."""
        event.stop()
        self.open_row()

    def action_step(self, by: int) -> None:
        self.rows.step(by)

    def action_page(self, direction: int) -> None:
        self.rows.page(direction)

    def action_edge(self, end: bool) -> None:
        self.rows.edge(end)

    def action_stop(self) -> None:
        self.program.workbench.action_stop()

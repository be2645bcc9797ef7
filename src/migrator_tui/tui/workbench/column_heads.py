"""The row above the case list that names its columns."""

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from migrator_tui.tui.theme import MUTED
from migrator_tui.tui.workbench.case_list import SAME_FROM_WIDTH, id_column_width


class ColumnHeads(Widget):
    """`old new you case …`, laid out as the rows below it are."""

    DEFAULT_CSS = "ColumnHeads { height: 1; }"

    blind: reactive[bool] = reactive(False)

    def render(self) -> Content:
        width = self.size.width - 1  # the list keeps a column for its scrollbar
        if self.blind:
            return Content.styled("  judged     case"[:width], MUTED)
        heads = f" old new you {'case':<{id_column_width(width) + 2}}what changed"
        if width >= SAME_FROM_WIDTH:
            heads = f"{heads:<{width - 5}}same"
        return Content.styled(heads[:width], MUTED)

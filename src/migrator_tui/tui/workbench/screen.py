"""The workbench: cases at the left, both outputs beside each other, the candidate's prompt below."""

from migrator_tui.text_safety import safe_line
from migrator_tui.tui.workbench.asking import Asking
from migrator_tui.tui.workbench.judging import Judging
from migrator_tui.tui.workbench.looking import Looking


class WorkbenchScreen(Judging, Asking, Looking):
    """All parts together."""

    def remembered(self) -> dict[str, object]:
        return {
            "narrow_tab": self.narrow_tab,
            "prompt_tab": self.prompt_pane.tab,
            "filter": self.query_text if self.blind is None else "",
        }

    def take_up_session(self) -> None:
        """What the last session left: tabs and filter."""
        sizes = self.workspace.session.sizes
        tab = str(sizes.get("prompt_tab", "prompt"))
        if tab in ("prompt", "params", "diff"):
            self.prompt_pane.show_tab(tab)
        if sizes.get("narrow_tab") in ("cases", "outputs", "prompt"):
            self.show_narrow_tab(str(sizes["narrow_tab"]))
        self.query_text = safe_line(str(sizes.get("filter", "")))

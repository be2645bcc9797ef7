"""A screen of several parts: which of them stand together, which has the focus, how keys go through them."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType

from migrator_tui.tui.keys import Key
from migrator_tui.tui.messages import RunAdvanced, RunEnded, TrackChanged
from migrator_tui.tui.widgets.parts import Part
from migrator_tui.tui.widgets.row_list import RowList
from migrator_tui.tui.widgets.sizes import Size, size_of
from migrator_tui.tui.widgets.work_screen import WorkScreen
from migrator_tui.tui.workspace import Workspace

Pages = Mapping[Size, Sequence[tuple[str, Sequence[str]]]]
"""What stands together where not everything has room: a page's title and its parts, in the order of `tab`."""


class PartsScreen(WorkScreen):
    """Parts side by side, or on pages where there is less room; one of them may have the whole screen."""

    PAGES: ClassVar[Pages] = {}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("shift+tab", "part(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("home,g", "edge(False)", show=False),
        Binding("end,G", "edge(True)", show=False),
    ]
    AUTO_FOCUS: ClassVar[str | None] = ""  # where to start is known once there is something to show

    def __init__(self) -> None:
        super().__init__()
        self.size_class = Size.WIDE
        self.page_number = 0
        self.maximised: str | None = None
        """The part that has the whole screen."""

    @property
    def workspace(self) -> Workspace:
        """What is in front of the user."""
        return self.program.workspace

    @property
    def track(self) -> tuple[str, str]:
        """Task and candidate in view."""
        return self.workspace.task.name, self.workspace.candidate.name

    @property
    def has_parts(self) -> bool:
        """There is something to show in them."""
        raise NotImplementedError

    @property
    def parts_here(self) -> list[str]:
        """The parts that there are, in the order of `tab`."""
        return [name for _, names in self.PAGES[self.size_class] for name in names]

    def part(self, name: str) -> Part:
        """A part by its name."""
        return self.query_one(f"#{name}-pane", Part)

    @property
    def focused_part(self) -> Part | None:
        """The part with the focus."""
        focused = self.focused
        return next((each for each in self.query(Part) if focused is not None and each.rows is focused), None)

    @property
    def _rows(self) -> RowList | None:
        part = self.focused_part
        return part.rows if part is not None else None

    def keys_here(self, keys: Sequence[Key], absent: Container[str]) -> list[Key]:
        """The keys but for those of the ids `absent`; candidate and task in the footer where there are several."""
        project = self.workspace.project
        named = {
            "next-candidate": ("[ ]", "candidate", len(project.candidates) > 1),
            "next-task": ("{ }", "task", len(project.tasks) > 1),
        }
        return [
            replace(key, shown=named[key.id][0], word=named[key.id][1], footer=named[key.id][2])
            if key.id in named
            else key
            for key in keys
            if key.id not in absent
        ]

    def lay_out(self) -> None:
        """Show the parts of the page in front, or the one that has the whole screen."""
        raise NotImplementedError

    def paint(self) -> None:
        """Everything, for the size that it has now."""
        raise NotImplementedError

    def action_open(self) -> object:
        """To what is behind the row under the cursor."""
        raise NotImplementedError

    def on_resize(self) -> None:
        self.fit()

    def fit(self) -> None:
        """Lay the parts out for the terminal's size."""
        width, height = self.app.size
        wide, medium = width >= 140 and height >= 40, width >= 110 and height >= 30
        before = self.size_class
        self.size_class = size_of(wide=wide, medium=medium)
        if before is not self.size_class:
            focused = self.focused_part
            self.page_number = self.page_of(focused.part) if focused is not None else 0
        self.lay_out()
        self.call_after_refresh(self.paint)

    def page_of(self, part: str) -> int:
        """The page on which a part stands."""
        return next(n for n, (_, names) in enumerate(self.PAGES[self.size_class]) if part in names)

    def focus_part(self, name: str) -> None:
        """Put the focus into a part, on its page."""
        page = self.page_of(name)
        if page != self.page_number and self.maximised is None:
            self.page_number = page
        if self.maximised is not None:
            self.maximised = name
        self.lay_out()
        self.set_focus(self.part(name).rows)
        self.call_after_refresh(self.paint)

    # Reacting

    def look_anew(self) -> None:
        """Have what no longer holds read anew; what comes of it is told by a message."""
        raise NotImplementedError

    def refresh_parts(self) -> None:
        """Show what is known, and have the rest read."""
        if not self.is_mounted or not self.workspace.is_open or self.program.current is not self:
            return
        self.lay_out()
        self.paint()
        self.look_anew()

    def show_newer(self) -> None:
        """Something newer was read: show it, if this screen is in front."""
        if self.program.current is self:
            self.lay_out()
            self.paint()
            self.show_keys()

    def on_screen_resume(self) -> None:
        self.show_keys()
        self.refresh_parts()

    def history_opened(self) -> None:
        self.refresh_parts()

    def on_track_changed(self, message: TrackChanged) -> None:
        """Another task or candidate is in view."""
        self.refresh_parts()

    def on_run_advanced(self, message: RunAdvanced) -> None:
        """A run goes on: it can be stopped from here."""
        self.show_keys()

    def on_run_ended(self, message: RunEnded) -> None:
        """The run is over."""
        self.show_keys()

    # Moving

    @on(RowList.Opened)
    def row_opened(self, event: RowList.Opened) -> None:
        """A double click does what `enter` does."""
        event.stop()
        self.action_open()

    def action_step(self, by: int) -> None:
        if (rows := self._rows) is not None:
            rows.step(by)

    def action_page(self, direction: int) -> None:
        if (rows := self._rows) is not None:
            rows.page(direction)

    def action_edge(self, end: bool) -> None:
        if (rows := self._rows) is not None:
            rows.edge(end)

    def action_part(self, by: int) -> None:
        """The next part, on whichever page it stands."""
        names = self.parts_here
        focused = self.focused_part
        at = names.index(focused.part) if focused is not None and focused.part in names else -by
        if self.has_parts:
            self.focus_part(names[(at + by) % len(names)])

    def action_maximise(self) -> None:
        """The part in focus on the whole screen, with more; or back."""
        part = self.focused_part
        if part is None:
            return
        self.maximised = part.part if self.maximised is None else None
        self.focus_part(part.part)

    def action_back(self) -> None:
        if self.maximised is not None:
            self.action_maximise()
        else:
            self.program.action_show("workbench")

    def action_candidate(self, by: int) -> None:
        self.program.workbench.action_candidate(by)

    def action_task(self, by: int) -> None:
        self.program.workbench.action_task(by)

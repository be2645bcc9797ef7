"""The panes of the coverage screen: where they stand, and what they show of what was surveyed."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Static

from migrator_tui.coverage.values import Coverage
from migrator_tui.coverage.words import figure, plural, rest
from migrator_tui.text_safety import safe_line
from migrator_tui.tui.coverage.parts import edges_part, instructions_part, shares_part, trouble_part
from migrator_tui.tui.coverage.proposals_part import Taken, proposals_part
from migrator_tui.tui.coverage.surveys import Surveyed
from migrator_tui.tui.coverage.words import coverage_signs
from migrator_tui.tui.keys import COVERAGE, Key, bindings
from migrator_tui.tui.messages import CoverageSurveyed
from migrator_tui.tui.theme import MUTED, STRONG, STYLES, chip
from migrator_tui.tui.widgets.parts import Filled, Part
from migrator_tui.tui.widgets.parts_screen import Pages, PartsScreen
from migrator_tui.tui.widgets.row_list import RowList
from migrator_tui.tui.widgets.sizes import Size, size_classes

PARTS = ("instructions", "edges", "trouble", "shares", "proposals")
PAGES: Pages = {
    Size.WIDE: (("All", ("proposals", "instructions", "edges", "trouble", "shares")),),
    Size.MEDIUM: (
        ("Gaps", ("proposals", "instructions", "edges", "shares")),
        ("Cases in trouble", ("trouble",)),
    ),
    Size.NARROW: (
        ("Instructions", ("proposals", "instructions")),
        ("Edges", ("edges", "trouble")),
        ("Production", ("shares",)),
    ),
}
"""What stands together: a page's title and its parts, in the order of `tab`."""


class CoverageBench(PartsScreen):
    """Are the cases enough, and what would make them so?"""

    NAME = "coverage"
    CSS_PATH = "coverage.tcss"
    BINDINGS: ClassVar[list[BindingType]] = bindings(COVERAGE)
    PAGES: ClassVar[Pages] = PAGES

    def __init__(self) -> None:
        super().__init__()
        self._taken: dict[str, Taken] = {}

    # Composing

    def compose_body(self) -> ComposeResult:
        yield Static(id="banner")
        yield Static(id="to-come")
        yield Static(id="pages")
        with Vertical(id="board"):
            with Horizontal(id="upper"):
                with Vertical(id="left"):
                    yield Part("instructions")
                    yield Part("edges")
                    yield Part("trouble")
                yield Part("shares")
            yield Part("proposals")

    @property
    def surveyed(self) -> Surveyed | None:
        """What was surveyed of them last."""
        return self.program.surveys.get(self.track)

    @property
    def coverage(self) -> Coverage | None:
        """What their cases cover, where that is known."""
        return self.surveyed.coverage if self.surveyed is not None else None

    @property
    def taken(self) -> Taken:
        """What was taken of the proposals for the task in view."""
        return self._taken.setdefault(self.track[0], Taken())

    @property
    def assistant(self) -> str | None:
        """Who writes cases, as people call it."""
        spec = self.workspace.project.assistant
        return safe_line(spec.model, 40) if spec is not None else None

    @property
    def has_parts(self) -> bool:
        """It was surveyed."""
        return self.coverage is not None

    def lay_out(self) -> None:
        """Show the parts of the page in front, or the one that has the whole screen."""
        shown = {self.maximised} if self.maximised else set(self.PAGES[self.size_class][self.page_number][1])
        empty = self.coverage is None
        self.update_classes(size_classes(self.size_class) | {"-max": self.maximised is not None, "-empty": empty})
        for name in PARTS:
            self.part(name).display = name in shown and not empty
        self.query_one("#upper").display = bool(shown - {"proposals"})
        self.query_one("#left").display = bool(shown & {"instructions", "edges", "trouble"})
        self.query_one("#to-come").display = empty

    def panes(self) -> Mapping[str, Sequence[Key]]:
        """Keys that do nothing here are not offered."""
        absent = set() if self.program.runs.busy else {"coverage-stop"}
        if self.coverage is None:
            absent |= {
                f"coverage-{word}" for word in ("open", "take", "edit", "write", "check", "part", "full", "suggest")
            }
        return {"coverage": self.keys_here(COVERAGE, absent)}

    def help_signs(self) -> Sequence[tuple[str, str, str]]:
        """What the signs and lines mean."""
        return coverage_signs(self.program.glyphs)

    # Reacting

    def on_coverage_surveyed(self, message: CoverageSurveyed) -> None:
        """There is something newer to show."""
        if (message.task, message.candidate) == self.track:
            self.show_newer()

    def look_anew(self) -> None:
        """Have surveyed what no longer holds."""
        self.program.survey_coverage()

    # Showing

    def paint(self) -> None:
        """Everything, as it stands."""
        if not self.is_mounted:
            return
        self._paint_banner()
        self._paint_pages()
        coverage = self.coverage
        if coverage is None:
            self.query_one("#to-come", Static).update(self._nothing())
            return
        for name in PARTS:
            part = self.part(name)
            if part.display:
                part.fill(self._filled(name, coverage, part.size.width))
        if self.focused_part is None and self.focused is None:
            names = [name for name in self.parts_here if self.part(name).display]
            if names:
                self.set_focus(self.part(names[0]).rows)

    def _filled(self, name: str, coverage: Coverage, width: int) -> Filled:
        glyphs, full = self.program.glyphs, self.maximised == name
        if name == "instructions":
            return instructions_part(coverage, glyphs, width, full=full)
        if name == "edges":
            return edges_part(coverage, glyphs)
        if name == "trouble":
            return trouble_part(coverage, glyphs)
        if name == "shares":
            return shares_part(coverage, glyphs, width, full=full)
        assert self.surveyed is not None
        return proposals_part(self.surveyed, self.taken, self.assistant, glyphs, width)

    def _paint_banner(self) -> None:
        coverage = self.coverage
        self.query_one("#banner").display = coverage is not None
        if coverage is None:
            return
        missing = rest(coverage)
        glyphs = self.program.glyphs
        role = "error" if coverage.gaps else "warning" if coverage.halves else "success"
        words = missing.upper() if missing else f"{glyphs.passed} NO GAPS"
        counted = plural(coverage.cases, "case")
        if coverage.all_cases > coverage.cases:
            counted += f", {plural(coverage.all_cases - coverage.cases, 'copy', 'copies')} not counted"
        old = not self.program.surveys.holds(self.track)
        line = Content.assemble(
            chip(words, role),
            "  ",
            (figure(coverage), STRONG),
            (f"   {counted}", MUTED),
            ("   surveying …", MUTED) if old else "",
        )
        self.query_one("#banner", Static).update(line)

    def _nothing(self) -> Content:
        surveyed = self.surveyed
        if surveyed is None:
            return Content.styled("looking at cases and prompt …", MUTED)
        hint = "Cases go into the files that migrator.toml names; I imports some."
        return Content.assemble(
            (f"{self.program.glyphs.failed} {safe_line(surveyed.problem, 300)}", STYLES["error"]),
            "\n\n",
            (hint, MUTED),
        )

    def _paint_pages(self) -> None:
        line: list[Content | str] = [" "]
        for number, (title, _) in enumerate(self.PAGES[self.size_class]):
            style = "bold $text-primary on $primary-muted" if number == self.page_number else MUTED
            line += [Content.styled(f" {title} ", style), " "]
        self.query_one("#pages", Static).update(Content.assemble(*line))

    @on(RowList.Highlighted)
    def row_highlighted(self, event: RowList.Highlighted) -> None:
        """Nothing else on the screen depends on the cursor."""
        event.stop()

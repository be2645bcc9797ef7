"""Makes the pictures in this folder anew: the real program, the sample project, real keys pressed.

    python screenshots/make.py [NAME]...

Everything happens in a temporary home, so nothing of this machine gets into a picture. Measured times differ a
little from one making to the next; the rest does not.
"""

import asyncio
import csv
import json
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from textual.pilot import Pilot
from textual.widgets import TextArea

HERE = Path(__file__).resolve().parent
TITLE = "migrator-tui"
PATIENCE = 40.0
"""Seconds after which a condition that does not come true ends the making."""

BARE_JSON = "Answer with the bare JSON object only: no code fence, nothing before or after it."
PLAIN_AND_SHORT = "Write the answer in the customer's language, in at most 40 words, as plain text without Markdown."
RULES_ALONE = "Judge the priority by these rules alone, not by the tone, and write categories in lower case."
EVERY_TICKET = "Sort every ticket, whatever it is about: never refuse. Use exactly these four keys and no others."

_FONT_FACES = re.compile(r"@font-face\s*\{.*?\}\s*", re.DOTALL)
_FONTS = 'font-family: "JetBrains Mono", "DejaVu Sans Mono", Menlo, Consolas, monospace'

Condition = Callable[[], object]


class Camera:
    """Presses keys in an app and takes pictures of it."""

    def __init__(self, pilot: Pilot[Any], wanted: frozenset[str]) -> None:
        self.pilot = pilot
        self.app: Any = pilot.app
        self.wanted = wanted

    @property
    def text(self) -> str:
        """What the screen in front shows."""
        strips = self.app.screen._compositor.render_strips()
        return "\n".join("".join(segment.text for segment in strip) for strip in strips)

    async def until(self, condition: Condition, what: str) -> None:
        """Let the app go on until the condition holds."""
        deadline = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > deadline:
                sys.exit(f"waited in vain for {what}; the screen shows\n{self.text}")
            await self.pilot.pause(0.02)

    async def sees(self, text: str) -> None:
        """Wait until the screen shows a text."""
        await self.until(lambda: text in self.text, repr(text))

    async def press(self, *keys: str) -> None:
        """Press keys, one after the other."""
        await self.pilot.press(*keys)
        await self.pilot.pause()

    async def type(self, text: str) -> None:
        """Type a text."""
        named = {" ": "space", "\n": "enter"}
        await self.press(*(named.get(character, character) for character in text))

    async def resize(self, width: int, height: int) -> None:
        """Make the terminal another size."""
        await self.pilot.resize_terminal(width, height)
        await self.pilot.pause(0.3)

    async def shoot(self, name: str) -> None:
        """Save what the screen shows as `NAME.svg`."""
        if self.wanted and name not in self.wanted:
            return
        for editor in self.app.screen.query(TextArea):
            editor.cursor_blink = False  # else it is chance whether the cursor shows
        await self.pilot.pause(0.2)
        width, height = self.app.size
        file = HERE / f"{name}-{width}x{height}.svg"
        self.app.title = TITLE
        self.app.save_screenshot(file.name, str(HERE))
        file.write_text(without_fonts(file.read_text("utf-8")), "utf-8")
        print(file.name, flush=True)


def without_fonts(svg: str) -> str:
    """The picture without fonts fetched from elsewhere; the letters' places are in the file anyway."""
    svg = _FONT_FACES.sub("", svg)
    svg = re.sub(r"font-family:\s*Fira Code,?\s*monospace", _FONTS, svg)
    return re.sub(r"[ \t]+$", "", svg, flags=re.MULTILINE).rstrip() + "\n"


class Walk(Camera):
    """The migration of the README's walk, from the first run to the versions."""

    async def quiet(self) -> None:
        """Wait until nothing is asked and the header has nothing passing to say."""
        app = self.app
        await self.until(lambda: not app.runs.busy and app.frame.run is None, "the run's end")
        await self.until(lambda: not app.frame.notice, "a quiet header")
        await self.pilot.pause(0.3)

    async def go_to(self, case_id: str) -> None:
        """Move down to a case."""
        for _ in range(60):
            if self.app.workbench.case_in_view == case_id:
                return
            await self.press("j")
        sys.exit(f"{case_id} is not below")

    async def add_line(self, sentence: str) -> None:
        """Write a sentence at the prompt's end; the editor keeps the keys."""
        await self.press("e", "ctrl+end", "enter")
        await self.type(sentence)

    async def run_all(self) -> None:
        """Run what has no answer yet."""
        await self.press("R")
        await self.sees("Run which cases?")
        await self.press("enter")
        await self.until(lambda: "answered" in self.app.frame.notice, "the run's end")
        await self.quiet()

    async def first_look(self) -> None:
        """What is there once the demo has run its cases."""
        await self.sees("Regressions")
        await self.quiet()
        await self.shoot("workbench")
        await self.resize(80, 24)
        await self.shoot("workbench")
        await self.press("left")
        await self.pilot.pause(0.3)
        await self.shoot("cases")
        await self.press("right")
        await self.resize(160, 45)

    async def scorecard(self, says: str, *sizes: tuple[int, int]) -> None:
        """The decision as it stands now, in some sizes; then back to the workbench."""
        await self.press("2")
        await self.sees(says)
        for size in sizes:
            await self.resize(*size)
            await self.quiet()
            await self.shoot(f"scorecard-{says.lower().replace(' ', '-')}")
        await self.resize(160, 45)
        await self.press("1")
        await self.until(lambda: self.app.current.NAME == "workbench", "the workbench")

    async def word_diff(self) -> None:
        """The two outputs of a case, word by word."""
        await self.go_to("T-0021")
        await self.press("d")
        await self.sees("d one text")
        await self.shoot("diff")
        await self.press("d", "d")
        await self.until(lambda: "d one text" not in self.text and "word diff" not in self.text, "the diff's end")
        await self.press(*["k"] * 9)

    async def edit_and_run(self) -> None:
        """The edit that fixes the first case, and the question before everything is run."""
        await self.add_line(f"\n{BARE_JSON}")
        await self.press("f5")
        await self.sees("bright-2 v2   ✓ pass")
        await self.quiet()
        await self.shoot("editing")
        await self.press("escape")
        await self.resize(120, 36)
        await self.press("R")
        await self.sees("Run which cases?")
        await self.shoot("run")
        await self.press("escape")
        await self.resize(160, 45)

    async def versions(self) -> None:
        """Three more edits, each run on everything, what is decided then, and what each of them did."""
        await self.run_all()
        for sentence in (PLAIN_AND_SHORT, RULES_ALONE, EVERY_TICKET):
            await self.add_line(sentence)
            await self.press("ctrl+s", "escape")
            await self.run_all()
        await self.scorecard("NOT ENOUGH EVIDENCE", (120, 36))
        await self.press("3")
        await self.until(lambda: self.app.current.NAME == "versions", "the versions")
        await self.pilot.pause(1.0)
        await self.quiet()
        await self.shoot("versions")

    async def coverage(self) -> None:
        """What the cases cover, wide and narrow; then back to the workbench."""
        await self.press("4")
        await self.sees("covered")
        await self.quiet()
        await self.shoot("coverage")
        await self.press("1")
        await self.until(lambda: self.app.current.NAME == "workbench", "the workbench")

    async def conversation(self) -> None:
        """The sample with tools, at a case that ends with a tool's result."""
        await self.sees("Regressions")
        await self.quiet()
        await self.go_to("A-025")
        await self.quiet()
        await self.shoot("conversation")

    async def suggestion(self) -> None:
        """Edits that the assistant proposes, and what taking two of them would flip."""
        await self.sees("Regressions")
        await self.quiet()
        await self.press("s")
        await self.sees("Have edits suggested")
        await self.press("enter")
        await self.sees("Why they fail")
        await self.press("space", "j", "space")
        await self.resize(120, 36)
        await self.quiet()
        await self.shoot("suggestion")
        await self.press("A")
        await self.sees("that passed")
        await self.quiet()
        await self.shoot("acceptance")

    async def search(self) -> None:
        """A search at its end."""
        await self.sees("Regressions")
        await self.quiet()
        await self.press("S")
        await self.sees("calls at most")
        await self.press("enter")
        await self.sees("but those chose the winner")
        await self.quiet()
        await self.shoot("search")

    async def rollout(self) -> None:
        """A rollout at 5 %, over traffic as the gateway writes it."""
        from tests.tui.rollout.filling import NOW

        await self.sees("Regressions")
        await self.quiet()
        self.app.rollouts.clock = lambda: NOW
        await self.press("5")
        await self.sees("Guardrails")
        await self.quiet()
        await self.shoot("rollout")

    async def preflight(self) -> None:
        """What stands in the way of a move to a model that reasons."""
        await self.sees("F7 shows")
        await self.press("f7")
        await self.sees("Blockers")
        await self.quiet()
        await self.shoot("preflight")

    async def migration(self) -> None:
        """All of the README's walk."""
        await self.first_look()
        await self.coverage()
        await self.scorecard("NOT READY", (160, 45), (80, 24))
        await self.word_diff()
        await self.edit_and_run()
        await self.versions()


async def walked(
    folder: Path, wanted: frozenset[str], walk: Callable[[Walk], Awaitable[None]], size: tuple[int, int] = (160, 45)
) -> None:
    """Open a project as `migrator-tui demo` does, and walk."""
    from migrator_tui.project.config import load_project
    from migrator_tui.tui.app import MigratorApp

    app = MigratorApp(load_project(folder), trusted=True, demo=folder.name in ("support-tickets", "order-agent"))
    async with app.run_test(size=size) as pilot:
        try:
            await walk(Walk(pilot, wanted))
        finally:
            await app.runs.close()
            await app.workspace.close()


async def set_up(folder: Path, wanted: frozenset[str]) -> None:
    """A folder that is no project yet."""
    from migrator_tui.tui.setup.app import SetUpApp

    app = SetUpApp(folder)
    async with app.run_test(size=(120, 36)) as pilot:
        camera = Camera(pilot, wanted)
        await camera.sees("tickets.jsonl")
        await camera.shoot("set-up")


async def importing(source: Path, wanted: frozenset[str]) -> None:
    """An export of some tool's, before it is written."""
    from migrator_tui.tui.importing.app import ImportApp
    from migrator_tui.tui.importing.choices import first_choices

    app = ImportApp(first_choices(source, source.parent, None, None, None), source.parent)
    async with app.run_test(size=(120, 36)) as pilot:
        camera = Camera(pilot, wanted)
        await camera.sees("rows read")
        await camera.until(lambda: getattr(app.screen_stack[-1], "made", None) is not None, "the rows")
        await camera.press("j", "j")
        await camera.shoot("import")


def write_export(folder: Path) -> Path:
    """The sample's tickets as a table from some log, with addresses and telephone numbers in them."""
    from migrator_tui.project.samples import sample_root

    folder.mkdir()
    rows = (sample_root() / "support-tickets" / "production" / "triage.jsonl").read_text("utf-8").splitlines()
    file = folder / "tickets.csv"
    with file.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.writer(opened)
        writer.writerow(["id", "ticket", "team", "response", "latency", "user_email"])
        for number, line in enumerate(rows, 1):
            case = json.loads(line)
            text = case["messages"][-1]["content"]
            text += f" Call me: +49 30 5550{number:03}." if number % 9 == 0 else ""
            text += f" My address is c{number}@mail.example." if number % 7 == 0 else ""
            team = (case.get("tags") or ["other"])[0]
            answer = json.dumps({"category": team, "priority": "normal"})
            writer.writerow(
                [f"L-{number:04}", text, team, answer, f"{0.8 + number % 7 / 10:.1f}", f"c{number}@mail.example"]
            )
        writer.writerow(["L-9999", "cut off"])
    return file


def write_move(folder: Path) -> Path:
    """A project that moves from gpt-4o to gpt-5 and takes its parameters along."""
    from migrator_tui.project.samples import sample_root

    shutil.copytree(sample_root() / "support-tickets", folder)
    config = (folder / "migrator.toml").read_text("utf-8")
    config = config.replace("simulated:classic-1", "openai/gpt-4o-2024-08-06").replace(
        "simulated:bright-2", "openai/gpt-5"
    )
    config = config.replace(
        "temperature = 0, max_tokens = 400", 'temperature = 0.2, stop = ["###"], max_tokens = 400'
    )
    (folder / "migrator.toml").write_text(config, "utf-8")
    return folder


def write_rollout(folder: Path) -> None:
    """A rollout that is under way, and its traffic."""
    sys.path.insert(0, str(HERE.parent))
    from tests.tui.rollout.filling import five_percent

    five_percent(folder)


def write_unset_folder(folder: Path) -> Path:
    """An application with a prompt, cases and the name of a model in its code, as set-up finds it."""
    from migrator_tui.project.samples import sample_root

    sample = sample_root() / "support-tickets"
    for name in ("prompts", "cases"):
        (folder / name).mkdir(parents=True)
    shutil.copy(sample / "prompts" / "triage.md", folder / "prompts" / "triage.md")
    cases = (sample / "cases" / "triage.jsonl").read_text("utf-8").splitlines()
    kept = [{key: value for key, value in json.loads(line).items() if key != "checks"} for line in cases]
    (folder / "cases" / "tickets.jsonl").write_text("".join(json.dumps(case) + "\n" for case in kept), "utf-8")
    (folder / "triage.py").write_text('MODEL = "gpt-4o-2024-08-06"\n', "utf-8")
    return folder


def stay_at_home(home: Path) -> None:
    """Let the program read and write below `home` only, and know no keys."""
    for name in [name for name in os.environ if name.endswith(("_API_KEY", "_API_BASE"))]:
        del os.environ[name]
    os.environ.update(HOME=str(home), MIGRATOR_USER="you", COLORTERM="truecolor", TZ="UTC")
    time.tzset()
    for kind in ("DATA", "STATE", "CACHE", "CONFIG"):
        os.environ[f"XDG_{kind}_HOME"] = str(home / kind.lower())
    os.environ.pop("NO_COLOR", None)


def private(home: Path, pictures: list[Path]) -> list[str]:
    """Pictures that show a folder of this machine, or its user's name."""
    words = (str(home), tempfile.gettempdir(), str(Path.cwd()), os.environ.get("USER") or "\0")
    return [
        f"{file.name} shows {word}"
        for file in pictures
        for word in words
        if len(word) > 3 and word in file.read_text("utf-8").replace("&#160;", " ")
    ]


def main(names: list[str]) -> int:
    """Make the pictures of those names, or all."""
    wanted = frozenset(names)
    with tempfile.TemporaryDirectory(prefix="pictures-") as made:
        home = Path(made)
        stay_at_home(home)
        from migrator_tui.project.samples import copy_sample

        if not wanted or wanted - {
            "set-up",
            "conversation",
            "import",
            "preflight",
            "suggestion",
            "acceptance",
            "search",
            "rollout",
        }:
            asyncio.run(walked(copy_sample("support-tickets", home / "support-tickets"), wanted, Walk.migration))
        if not wanted or "conversation" in wanted:
            asyncio.run(walked(copy_sample("order-agent", home / "order-agent"), wanted, Walk.conversation))
        if not wanted or wanted & {"suggestion", "acceptance"}:
            folder = copy_sample("support-tickets", home / "suggested" / "support-tickets")
            asyncio.run(walked(folder, wanted, Walk.suggestion))
        if not wanted or "search" in wanted:
            folder = copy_sample("support-tickets", home / "searched" / "support-tickets")
            asyncio.run(walked(folder, wanted, Walk.search))
        if not wanted or "rollout" in wanted:
            folder = copy_sample("support-tickets", home / "rolled-out" / "support-tickets")
            write_rollout(folder)
            asyncio.run(walked(folder, wanted, Walk.rollout))
        if not wanted or "preflight" in wanted:
            asyncio.run(walked(write_move(home / "triage-to-gpt-5"), wanted, Walk.preflight, (120, 36)))
        if not wanted or "import" in wanted:
            asyncio.run(importing(write_export(home / "exports"), wanted))
        if not wanted or "set-up" in wanted:
            asyncio.run(set_up(write_unset_folder(home / "ticket-triage"), wanted))
        problems = private(home, sorted(HERE.glob("*.svg")))
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

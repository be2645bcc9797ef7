"""A search whose events are written in the test; it goes as far as the test lets it."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

from migrator_tui.adaptation.search.values import (
    HeldOut,
    HeldOutBegan,
    SearchBegan,
    SearchEstimate,
    SearchEvent,
    SearchResult,
    SearchSettings,
    Spent,
    SpentChanged,
    Try,
    TryAdvanced,
    TryBegan,
    TryEnded,
)
from migrator_tui.adaptation.values import Edit, Flips, Op, Suggestion
from migrator_tui.history.records import Origin, Version
from migrator_tui.tui.adaptation.search_state import SearchState
from tests.tui.conftest import Driver

SETTINGS = SearchSettings(budget_calls=900, max_cost=6.0)
ESTIMATE = SearchEstimate(calls=(300, 900), cost=(1.2, 6.0), held_out_calls=120, smallest_budget=200)
BEGAN = SearchBegan("s1", learn=140, held_out=60, baseline_rate=0.914, estimate=ESTIMATE, resumed=False)
WHY = (
    "13 of the 17 still failing begin with a sentence before the JSON, although line 2 forbids it. "
    "A reason helps more than a second ban."
)
ROWS: Sequence[tuple[int, int | None, str, float, bool, str, int]] = (
    (1, None, "", 0.779, True, "", 0),
    (2, 1, "keys before rules", 0.800, True, "4 better than its parent", 68),
    (3, 2, "be concise", 0.786, False, "2 lower than its parent", 115),
    (4, 2, "JSON only, no fences", 0.843, True, "6 better than its parent", 160),
    (5, 4, "all rules as a table", 0.821, False, "changes 71 % of the text", 200),
    (6, 4, '"think first"', 0.843, False, "no better, 31 % dearer", 250),
    (7, 4, "summary at most 25 words", 0.879, True, "5 better than its parent", 300),
    (8, 7, "example of a refund", 0.857, False, "4 lower than its parent", 340),
    (9, 7, "answer in the ticket's words", 0.871, False, "breaks 2: c4 c5", 380),
)
"""Number, parent, title, rate, kept, why, calls before."""
TEXT = "Sort tickets for {{ shop }}.\nAnswer with JSON.\n"
BETTER = "Sort tickets for {{ shop }}.\nAnswer with JSON. A program reads it: begin with { and end with }.\n"
FLIPS = Flips(fixed=("c3", "c2"), broken=("c1",), kept=tuple(f"k{n}" for n in range(120)), still_failing=("c4",))
EDIT = Edit(
    Op.REPLACE,
    text="Answer with JSON. A program reads it: begin with { and end with }.",
    anchor="Answer with JSON.",
    title="no preamble, and why not",
    why=WHY,
    case_ids=("c2", "c3"),
)
HELD_OUT = HeldOut(
    cases=60,
    before=47 / 60,
    after=53 / 60,
    baseline=55 / 60,
    flips=Flips(
        fixed=tuple(f"h{n}" for n in range(7)),
        broken=("h8",),
        kept=tuple(f"k{n}" for n in range(46)),
        still_failing=tuple(f"s{n}" for n in range(6)),
    ),
    low=0.011,
    high=0.189,
    looks=1,
)


class Scripted:
    """Tells its events up to the next `None`, and there waits for `let_go`; pausing and stopping are written down."""

    def __init__(self, events: Sequence[SearchEvent | None], result: SearchResult | Exception) -> None:
        self.events, self.result = events, result
        self.told: list[str] = []
        self._may = asyncio.Event()

    async def run(self, on_event: Callable[[SearchEvent], None]) -> SearchResult:
        for event in self.events:
            if event is None:
                await self._may.wait()
                self._may.clear()
            else:
                on_event(event)
        if isinstance(self.result, Exception):
            raise self.result
        return self.result

    def let_go(self) -> None:
        self._may.set()

    def pause(self) -> None:
        self.told.append("pause")

    def go_on(self) -> None:
        self.told.append("go on")

    def stop(self) -> None:
        self.told.append("stop")
        self._may.set()


def spent(calls: int, cost: float, assistant: int = 9, held_back: int = 120) -> Spent:
    return Spent(calls, 900, assistant, held_back, cost, 6.0)


def tries_of(driver: Driver) -> list[Try]:
    """Nine tries that are over and a tenth, with versions in the history."""
    ids: dict[str, int] = {}

    def version(template: str) -> Version:
        found = driver.history.record_version(
            task="triage", model_name="newer", template=template, params={"max_tokens": 100}, parent_id=None,
            origin=Origin.SEARCH, author="tester", kept=False,
        )  # fmt: skip
        ids[template] = found.id
        return found

    found = []
    for number, parent, title, rate, kept, why, before in ROWS:
        template = TEXT if parent is None else TEXT + f"Rule {number}.\n"
        made = version(template)
        flips = Flips(fixed=("c2",) * (number % 5 + 1), broken=("c1",), kept=("c3",)) if parent else None
        found.append(
            Try(number, parent, title, template, made.id, made.label, rate, 140, 140, kept, why, (), flips, before)
        )
    tenth = version(BETTER + "Rule 7.\n")
    found.append(
        Try(
            10, 7, "no preamble, and why not", BETTER + "Rule 7.\n", tenth.id, tenth.label, 0.9, 140, 140, True,
            "3 better than its parent", (EDIT,), FLIPS, 405,
        )
    )  # fmt: skip
    return found


def going(tries: Sequence[Try]) -> list[SearchEvent]:
    """A search that is at its tenth try."""
    events: list[SearchEvent] = [BEGAN, SpentChanged(spent(0, 0.0, 0))]
    for one in tries[:-1]:
        events += [TryBegan(replace(one, score=None, done=0, why="")), TryEnded(one)]
    tenth = replace(
        tries[-1], score=None, done=14, of=24, accepted=False, why="", flips=Flips(("c3", "c2"), kept=("c4",))
    )
    return [*events, TryBegan(replace(tenth, done=0)), TryAdvanced(tenth), SpentChanged(spent(412, 2.81))]


def result_of(tries: Sequence[Try], held_out: HeldOut | None = HELD_OUT, *, helped: bool = True) -> SearchResult:
    best = tries[-1] if helped else tries[0]
    ended = "stopped by itself: 3 tries in a row without a better one"
    suggestion = Suggestion("triage", "newer", TEXT, None, (EDIT,), assistant="claude-opus-5")
    return SearchResult(
        "s1", True, ended, tries, best, helped, held_out, spent(712, 4.2, 12, 0), 62.0,
        suggestion=suggestion if helped else None,
    )  # fmt: skip


def state_of(driver: Driver, settings: SearchSettings = SETTINGS) -> SearchState:
    prompt = driver.bench.prompt
    assert prompt is not None
    return SearchState("triage", "newer", prompt.version, settings, ("claude-sonnet-5", "claude-opus-5"))


async def searching(
    driver: Driver, held_out: HeldOut | None = HELD_OUT, *, helped: bool = True
) -> tuple[Scripted, list[Try]]:
    """A search at its tenth try, on its screen."""
    tries = tries_of(driver)
    search = Scripted(
        [*going(tries), None, TryEnded(tries[-1]), SpentChanged(spent(592, 3.7, 12)), HeldOutBegan(10)],
        result_of(tries, held_out, helped=helped),
    )
    driver.app.start_search(search, state_of(driver))
    driver.app.action_show("search")
    await driver.until(lambda: "14/24" in driver.text and "412/900" in driver.text)
    return search, tries


async def over(driver: Driver, search: Scripted) -> None:
    """Let it come to its end."""
    search.let_go()
    await driver.until(lambda: driver.app.searches.going is None)
    await driver.until(lambda: "search" not in driver.app.notes["versions"].words.replace("+ search", ""))
    await driver.settle_but_for_questions()
    await driver.handled()

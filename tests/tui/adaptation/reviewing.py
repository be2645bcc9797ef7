"""A suggestion written in the test, under review in the app."""

from collections.abc import Sequence
from dataclasses import replace

from migrator_tui.adaptation.values import Acceptance, Advice, Cause, Edit, EditKind, Flips, Op, Suggestion
from migrator_tui.tui.adaptation.review import ReviewScreen
from migrator_tui.tui.adaptation.review_state import Review
from migrator_tui.tui.widgets.modal import Ask
from tests.tui.conftest import Driver

NO_FENCES = Edit(
    Op.REPLACE,
    text="Answer with JSON, and with nothing before or after it: no code fences.",
    anchor="Answer with JSON.",
    title="JSON only, no fences",
    why="A program reads the answers as they are; in these cases they stand in a code fence.",
    case_ids=("c1", "c3"),
    kind=EditKind.FORMAT,
    rule="json-broken",
)
POLITE = Edit(
    Op.APPEND, text="Be polite to the customer.", title="polite", why="Some answers are curt.", case_ids=("c4",)
)
COPIED = Edit(
    Op.INSERT_AFTER,
    anchor="Sort tickets for {{ shop }}.",
    text=" We shall look into it today.",
    title="",
    case_ids=("c4",),
    explained=False,
)
SUGGESTION = Suggestion(
    task="triage",
    candidate="newer",
    base="Sort tickets for {{ shop }}.\nAnswer with JSON.\n",
    base_version_id=None,
    edits=(NO_FENCES, POLITE, COPIED),
    causes=(Cause("The new model wraps its JSON in a code fence.", ("c1", "c3")),),
    advice=(Advice("parameter", "max_tokens cuts an answer off; the new model needs about 600.", ("c5",)),),
    assistant="claude-opus-5",
    failing=("c1", "c3"),
    of=6,
)
BREAKS = Acceptance(
    aimed_at=Flips(fixed=("c1",), still_failing=("c3",)),
    passed=Flips(broken=("c2",), kept=("c4", "c5", "c6")),
    held_out=Flips(
        fixed=("h1", "h2"),
        still_failing=tuple(f"h{n}" for n in range(3, 14)),
        kept=tuple(f"h{n}" for n in range(14, 61)),
    ),
    looks=4,
    reasons={"c2": "no-code-fence: ```json in line 1", "c3": "no-code-fence: ```json in line 1"},
    calls=104,
    cost=0.37,
    seconds=34,
)
"""What a choice did, held-out cases included."""


async def under_review(driver: Driver, *edits: Edit, suggestion: Suggestion = SUGGESTION) -> ReviewScreen:
    """Put a suggestion before the user, as if the assistant had just answered."""
    prompt = driver.bench.prompt
    assert prompt is not None
    suggestion = replace(suggestion, base_version_id=prompt.version.id, edits=edits or suggestion.edits)
    driver.app.reviews.put(
        Review(suggestion, prompt.template, dict(prompt.version.params), prompt.version.id, prompt.version.label)
    )
    await driver.press("s")
    screen = driver.app.current
    assert isinstance(screen, ReviewScreen)
    await driver.until(lambda: screen.review is not None and screen.review.cases, "cases looked at")
    await driver.settle_but_for_questions()
    return screen


async def under_review_of_nothing(driver: Driver, suggestion: Suggestion) -> ReviewScreen:
    """The same for a suggestion without edits, which has no case to wait for."""
    prompt = driver.bench.prompt
    assert prompt is not None and not suggestion.edits
    driver.app.reviews.put(
        Review(suggestion, prompt.template, dict(prompt.version.params), prompt.version.id, prompt.version.label)
    )
    await driver.press("s")
    screen = driver.app.current
    assert isinstance(screen, ReviewScreen)
    await driver.settle_but_for_questions()
    return screen


async def leave_with(driver: Driver, *keys: str) -> None:
    """Leave the edit under the cursor for the reason typed so; the keys wait for the question."""
    await driver.press("c")
    await driver.until(lambda: isinstance(driver.app.screen, Ask))
    await driver.press(*keys, "enter")
    await driver.until(lambda: isinstance(driver.app.screen, ReviewScreen))


async def accepting(driver: Driver, acceptance: Acceptance = BREAKS, taken: Sequence[int] = (0,)) -> Review:
    """The acceptance screen, with what trying came to written in the test; the outputs are those that stand."""
    from migrator_tui.tui.adaptation.review_state import Choice

    screen = await under_review(driver)
    review = screen.review
    assert review is not None
    for number in taken:
        review.choose(number, Choice.TAKEN)
    named = {c for part in (acceptance.aimed_at, acceptance.passed) for c in (*part.fixed, *part.broken, *part.kept)}
    standings = driver.history.standings("triage", "newer")
    outputs = {
        case_id: (each.baseline_output_id, each.candidate_output_id)
        for case_id, each in standings.items()
        if case_id in named and each.baseline_output_id is not None and each.candidate_output_id is not None
    }
    review.acceptance = replace(acceptance, outputs=outputs)
    await driver.press("A")
    await driver.until(lambda: driver.app.current.NAME == "acceptance")
    await driver.settle_but_for_questions()
    return review

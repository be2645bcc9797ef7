"""What a search screen says: how it stands, in a chip, and what each try came to."""

from migrator_tui.adaptation.search.values import HeldOut, Try
from migrator_tui.parity.gate.words import signed
from migrator_tui.tui.adaptation.search_state import Phase, SearchState
from migrator_tui.tui.glyphs import Glyphs
from migrator_tui.tui.widgets.figures import percent

NEARLY = 1e-9


def rate_words(rate: float | None) -> str:
    """`87.9 %`; `100 %` only where nothing failed."""
    return f"{percent(rate)[:-1]} %" if rate is not None else "–"


def role_of(held_out: HeldOut) -> str:
    """The colour role of what came of it: surely better, surely worse, or neither."""
    if held_out.low is not None and held_out.low > NEARLY:
        return "success"
    return "error" if held_out.high is not None and held_out.high < -NEARLY else "warning"


def chip_words(state: SearchState, glyphs: Glyphs, frame: str) -> tuple[str, str]:
    """How it stands, in a few words, and their colour role. `frame`: of the spinner.

    A number quoted once it is over is of held-out cases; those it learned from chose the winner.
    """
    words, role = _chip_words(state, glyphs, frame)
    return glyphs.fit(words), role


def _chip_words(state: SearchState, glyphs: Glyphs, frame: str) -> tuple[str, str]:
    best = state.best
    so_far = f" · best {rate_words(best.score)}" if best is not None else ""
    match state.phase:
        case Phase.BEGINNING:
            return f"{frame} asking the prompt it starts from", "primary"
        case Phase.TRYING:
            doing = f"try {state.going}" if state.going is not None else "proposing"
            return f"{frame} {doing}{so_far}", "primary"
        case Phase.PAUSED:
            return f"{glyphs.waiting} paused{so_far}", "warning"
        case Phase.STOPPING:
            return f"{frame} stopping{so_far}", "warning"
        case Phase.HELD_OUT:
            return f"{frame} asking the held-out cases", "primary"
        case Phase.BROKEN:
            return f"{glyphs.warning} ended early{so_far}", "warning"
        case Phase.OVER:
            return _over(state, glyphs)


def helped_nothing(state: SearchState) -> str:
    """What came of proposals of which none is better; where none was tried, that they did not help is not known."""
    if state.tried:
        return "nothing helped"
    return "no proposal could be tried" if len(state.tries) > 1 else "nothing was tried"


def _over(state: SearchState, glyphs: Glyphs) -> tuple[str, str]:
    result = state.result
    assert result is not None
    done = "done" if result.complete else "stopped"
    if not result.helped:
        return f"{glyphs.drift} {done} · {helped_nothing(state)}", "warning"
    held_out = result.held_out
    if held_out is None or held_out.before is None or held_out.after is None:
        return f"{glyphs.drift} {done} · not tried on held-out cases", "warning"
    role = role_of(held_out)
    if role == "success":
        difference = signed(held_out.after - held_out.before)
        return f"{glyphs.passed} {done} · {difference} points on held-out cases", role
    if role == "error":
        return f"{glyphs.failed} {done} · worse on held-out cases", role
    return f"{glyphs.drift} {done} · not surely better", role


def sign_of(a_try: Try, going: int | None, glyphs: Glyphs) -> tuple[str, str]:
    """A try's sign and colour role: under way, kept, dropped."""
    if a_try.number == going:
        return glyphs.to_judge, "primary"
    return (glyphs.now, "primary") if a_try.accepted else (glyphs.failed, "muted")


def search_signs(glyphs: Glyphs) -> list[tuple[str, str, str]]:
    """The signs that `?` explains."""
    return [
        (glyphs.now, "kept: later tries may build on it", "primary"),
        (glyphs.failed, "dropped", "muted"),
        (glyphs.to_judge, "being tried", "primary"),
        (glyphs.done, "best so far; spent", "primary"),
        (glyphs.fold, "the baseline; kept back for the held-out cases", "warning"),
        (glyphs.added, "a case it fixes", "success"),
        (glyphs.critical, "a critical case", "warning"),
    ]

"""What can be typed into the filter of the case list, and what it means.

    refund tag:vip -is:same changed:fences "two words"

Words must all occur in the case (its id, tags, variables and messages), `tag:` names a whole tag, `is:` a section or
a mark, `changed:` a word of what changed; `-` before any of them means that it must not hold. Case is ignored.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz import process

from migrator_tui.history.escapes import stored_text
from migrator_tui.history.records import Judged, Mark, Section
from migrator_tui.project.errors import ProjectError


@dataclass(frozen=True, slots=True)
class State:
    """What a word after `is:` asks of a standing, in SQL over `s` and `c`."""

    sql: str
    when_not_run: bool = False
    """Whether a case without a standing has it."""
    of_case: bool = False
    """It is about the case itself, run or not."""


def _section(section: Section) -> State:
    return State(f"s.section = {section.value}", section is Section.NOT_RUN)


def _marks(*marks: Mark) -> State:
    return State(f"s.candidate_mark in ({', '.join(str(mark.value) for mark in marks)})")


def _judged(*judged: Judged) -> State:
    return State(f"s.judged in ({', '.join(str(some.value) for some in judged)})")


STATES = {
    "regression": _section(Section.REGRESSION),
    "drift": _section(Section.DRIFT),
    "to-judge": _section(Section.TO_JUDGE),
    "carried-over": _section(Section.CARRIED_OVER),
    "fixed": _section(Section.FIXED),
    "same": _section(Section.SAME),
    "not-run": _section(Section.NOT_RUN),
    "passed": _marks(Mark.PASSED, Mark.ASSUMED),
    "failed": _marks(Mark.FAILED, Mark.FLAKY),
    "flaky": _marks(Mark.FLAKY),
    "unjudged": _marks(Mark.UNJUDGED),
    "error": _marks(Mark.ERROR),
    "judged": _judged(Judged.PASS, Judged.FAIL),
    "stale": _judged(Judged.STALE_PASS, Judged.STALE_FAIL),
    "changed": State("s.changed <> ''"),
    "critical": State("c.critical", of_case=True),
}
"""The words that `is:` knows."""

_OTHER_NAMES = {"fix": "fixed", "regressed": "regression", "carried": "carried-over", "unrun": "not-run"}
_BEGUN = ("", "tag:", "is:", "changed:")
"""What stands there while a term is being typed: nothing yet."""

_TERM = re.compile(r'(-?)(?:(tag|is|changed):)?(?:"([^"]*)"?|(\S+))', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Term:
    """One part of a filter."""

    kind: str
    """`word`, `tag`, `is` or `changed`."""
    text: str
    """Casefolded; after `is:` a key of `STATES`."""
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Filter:
    """Which cases to show: those for which every term holds."""

    terms: tuple[Term, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.terms)


def parse_filter(text: str) -> Filter:
    """The filter that was typed; raises `ProjectError` in one line for an unknown word after `is:`."""
    terms = []
    for minus, kind, quoted, plain in _TERM.findall(text):
        value = (quoted or plain).casefold()
        if value.lstrip("-") in _BEGUN:
            continue
        known = _state(value) if kind.lower() == "is" else value
        terms.append(Term(kind.lower() or "word", known, bool(minus)))
    return Filter(tuple(terms))


def _state(word: str) -> str:
    word = _OTHER_NAMES.get(word, word)
    if word in STATES:
        return word
    starting = [name for name in STATES if name.startswith(word)]
    if len(starting) == 1:
        return starting[0]
    near = process.extractOne(word, list(STATES), score_cutoff=60) if not starting else None
    hint = f"did you mean is:{near[0]}?" if near else f"there are {', '.join(starting or STATES)}"
    raise ProjectError(f"nothing is:{word}; {hint}")


@dataclass(frozen=True, slots=True)
class Conditions:
    """A filter in SQL."""

    of_case: Sequence[str]
    """Conditions on the case, `c`."""
    of_standing: Sequence[str]
    """Conditions on its standing, `s`."""
    when_not_run: bool
    """Whether a case without a standing can meet those."""
    values: Mapping[str, str]
    """What was typed, by the names that the conditions use."""


def conditions_of(query: Filter) -> Conditions:
    """The filter in SQL; what was typed travels beside it, never inside."""
    of_case: list[str] = []
    of_standing: list[str] = []
    values: dict[str, str] = {}
    when_not_run = True
    for number, term in enumerate(query.terms):
        name = f"t{number}"
        state = None
        if term.kind == "word":
            condition, values[name] = f"instr(c.search, :{name}) > 0", stored_text(term.text)
        elif term.kind == "tag":
            condition, values[name] = f"c.tags like :{name} escape '!'", f"%\n{_literally(term.text)}\n%"
        elif term.kind == "changed":
            state = State(f"s.changed like :{name} escape '!'")
            condition, values[name] = state.sql, f"%{_literally(term.text)}%"
        else:
            state = STATES[term.text]
            condition = state.sql
        condition = f"not ({condition})" if term.negated else condition
        if state is None or state.of_case:
            of_case.append(condition)
        else:
            of_standing.append(condition)
            when_not_run = when_not_run and state.when_not_run != term.negated
    return Conditions(of_case, of_standing, when_not_run, values)


def _literally(text: str) -> str:
    return stored_text(text).replace("!", "!!").replace("%", "!%").replace("_", "!_")

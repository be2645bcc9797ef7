"""What can be typed into the filter of the case list, and what it means.

    refund tag:vip -is:same drift:fences changed:tone "two words"

Words must all occur in the case (its id, tags, variables and messages), `tag:` names a whole tag, `is:` a section or
a mark, `drift:` a drift that exactly one of the two answers shows, `changed:` a word of what changed; `-` before any
of them means that it must not hold. Case is ignored.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz import process

from migrator_tui.history.drift_names import DRIFT_NAMES
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


def _baseline(*marks: Mark) -> State:
    return State(f"s.baseline in ({', '.join(str(mark.value) for mark in marks)})")


def _judged(*judged: Judged) -> State:
    return State(f"s.judged in ({', '.join(str(some.value) for some in judged)})")


_UNDECIDED = ", ".join(str(mark.value) for mark in (Mark.NOT_RUN, Mark.UNJUDGED, Mark.ERROR))

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
    "open": State(f"(s.baseline in ({_UNDECIDED}) or s.candidate_mark in ({_UNDECIDED}))", when_not_run=True),
    "baseline-passed": _baseline(Mark.PASSED, Mark.ASSUMED),
    "baseline-failed": _baseline(Mark.FAILED, Mark.FLAKY),
    "baseline-flaky": _baseline(Mark.FLAKY),
    "assumed": _baseline(Mark.ASSUMED),
    "judged": _judged(Judged.PASS, Judged.FAIL),
    "stale": _judged(Judged.STALE_PASS, Judged.STALE_FAIL),
    "changed": State("s.changed <> ''"),
    "critical": State("c.critical", of_case=True),
}
"""The words that `is:` knows."""

_OTHER_NAMES = {"fix": "fixed", "regressed": "regression", "carried": "carried-over", "unrun": "not-run"}
_DRIFTS_BY_OTHER_NAMES = {
    **dict.fromkeys(("fence", "code-fence", "code-fences"), "fences"),
    **dict.fromkeys(("signoff", "closing"), "sign-off"),
    **dict.fromkeys(("keys", "keys-missing", "keys-added", "missing-keys"), "json-keys"),
    **dict.fromkeys(("types", "type"), "json-types"),
    **dict.fromkeys(("values", "value"), "json-values"),
    **dict.fromkeys(("broken", "invalid-json"), "json-broken"),
    **dict.fromkeys(("tool", "tools", "tool-call"), "tool-choice"),
    **dict.fromkeys(("arguments", "args"), "tool-arguments"),
    **dict.fromkeys(("date", "dates", "time"), "date-format"),
    **dict.fromkeys(("number", "numbers"), "number-format"),
    **dict.fromkeys(("refusals", "refuses"), "refusal"),
    **dict.fromkeys(("cut-off", "cut"), "truncated"),
    **dict.fromkeys(("verbose", "length"), "longer"),
    **dict.fromkeys(("spaces", "white-space"), "whitespace"),
}
_KNOWN: Mapping[str, tuple[Collection[str], Mapping[str, str]]] = {
    "is": (STATES, _OTHER_NAMES),
    "drift": (DRIFT_NAMES, _DRIFTS_BY_OTHER_NAMES),
}
_BEGUN = ("", "id:", "tag:", "is:", "drift:", "changed:")
"""What stands there while a term is being typed: nothing yet."""

_TERM = re.compile(r'(-?)(?:(id|tag|is|drift|changed):)?(?:"([^"]*)"?|(\S+))', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Term:
    """One part of a filter."""

    kind: str
    """`word`, `id`, `tag`, `is`, `drift` or `changed`."""
    text: str
    """Casefolded; after `is:` a key of `STATES`, after `drift:` one of `DRIFT_NAMES`."""
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Filter:
    """Which cases to show: those for which every term holds."""

    terms: tuple[Term, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.terms)


def parse_filter(text: str) -> Filter:
    """The filter that was typed; raises `ProjectError` in one line for an unknown word after `is:` or `drift:`."""
    terms = []
    for minus, typed, quoted, plain in _TERM.findall(text):
        value = (quoted or plain).casefold()
        if value.lstrip("-") in _BEGUN:
            continue
        kind = typed.lower() or "word"
        terms.append(Term(kind, _known(kind, value) if kind in _KNOWN else value, bool(minus)))
    return Filter(tuple(terms))


def _known(kind: str, word: str) -> str:
    """The word that was meant: itself, another name for it, or the one that begins with it."""
    words, other_names = _KNOWN[kind]
    word = other_names.get(word, word)
    if word in words:
        return word
    starting = [name for name in words if name.startswith(word)]
    if len(starting) == 1:
        return starting[0]
    near = process.extractOne(word, list(words), score_cutoff=60) if not starting else None
    hint = f"did you mean {kind}:{near[0]}?" if near else f"there are {', '.join(starting or words)}"
    raise ProjectError(f"nothing is:{word}; {hint}" if kind == "is" else f"no drift is called {word}; {hint}")


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
        elif term.kind == "id":
            ids = {f"{name}_{n}": f"{stored_text(one)}\n" for n, one in enumerate(term.text.split(",")) if one}
            values |= ids
            # The text that is searched begins with the id, on a line of its own.
            condition = f"({' or '.join(f'instr(c.search || char(10), :{each}) = 1' for each in ids) or 'false'})"
        elif term.kind == "tag":
            condition, values[name] = f"c.tags like :{name} escape '!'", f"%\n{_literally(term.text)}\n%"
        elif term.kind == "drift":
            state = State(f"(instr(s.drift, ' {term.text}+ ') > 0 or instr(s.drift, ' {term.text}- ') > 0)")
            condition = state.sql
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

"""What a prompt asks for, read by meaning: which habits its sentences still or call up, and what length they set.

The words lie in `words/instructions.toml` and, about tools, in `words/tool_instructions.toml`. Three things decide
what a mention does: which concept it is, whether it is negated (a negator before or after it in its clause, unless
something ends the negator's reach), and, for a plain mention of a habit, whether it is wished for. No sentence is
known as a whole, so users can say it in their own words.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, lru_cache
from itertools import islice
from typing import Literal

from migrator_tui.models.simulator.text import excerpt, fold, word_list

_NEGATION_REACH = {"things": 14, "virtues": 4}
"""Words between a negator and the mention it still governs: "don't put the JSON you return in a code block"."""
_ASKING_REACH = 6
_SENTENCE_END = re.compile(r"(?<=[.!?;])[\"')]*\s+")
_BULLET = re.compile(r"^\s*(?:[-*•+]|\d+[.)])\s+")
_INTRODUCES = re.compile(r"(?:please )?(?:do not|don't|never|avoid)")
_LINE_ENDS = (".", "!", "?", ":", ";")
_LONG_LINE = 60
"""Characters from which a line without an end is taken to be wrapped, whatever the next begins with."""
_LONGEST_CLAUSE = 1500
_MOST_MENTIONS = 20
"""Characters of a clause and mentions in it that are looked at: enough for people, and no trap for a machine."""
_NUMBER_WORDS = {
    **dict.fromkeys(("one", "a single", "einem", "einen", "ein", "une", "un", "una"), 1),
    **dict.fromkeys(("two", "zwei", "deux", "dos"), 2),
    **dict.fromkeys(("three", "drei", "trois", "tres"), 3),
    **dict.fromkeys(("four", "vier", "quatre", "cuatro"), 4),
    **dict.fromkeys(("five", "funf", "cinq", "cinco"), 5),
    **dict.fromkeys(("ten", "zehn", "dix", "diez"), 10),
    **dict.fromkeys(("twenty", "zwanzig", "vingt", "veinte"), 20),
    **dict.fromkeys(("thirty", "dreissig", "trente", "treinta"), 30),
    **dict.fromkeys(("forty", "vierzig", "quarante", "cuarenta"), 40),
    **dict.fromkeys(("fifty", "funfzig", "cinquante", "cincuenta"), 50),
    **dict.fromkeys(("sixty", "sechzig", "soixante", "sesenta"), 60),
}
_NUMBER = r"(?P<n>\d{1,4}|" + "|".join(sorted(_NUMBER_WORDS, key=len, reverse=True)) + ")"
_UNIT = (
    r"(?P<unit>words?|wort(?:er|e|ern)?|mots?|palabras?|parole|palavras|woorden|sentences?|satze?n?|satz|phrases?|frases?"
    r"|lines?|zeilen?|lignes?|lineas?|characters?|zeichen|caracteres|caract\w+)\b"
)
_LIMIT = re.compile(rf"\b{_NUMBER}[- ]?(?:or (?:fewer|less) )?(?:short |kurze[nr]? |plain )?{_UNIT}")
_FLOOR = re.compile(
    r"(?:at least|minimum(?: of)?|no (?:less|fewer) than|more than|mindestens|au moins|al menos|over) $"
)
_NO_MORE = re.compile(r"(?:no|not|nicht|pas|kein\w*) (?:more|longer|mehr|plus|mas) (?:than|als|de|que) $")

Mentioned = Literal["things", "virtues"]


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a prompt wants of a model's manners."""

    levels: dict[str, float] = field(default_factory=dict)
    """By habit: up to 1 where it is told off, down to -1 where it is asked for."""
    max_words: int | None = None


@dataclass(frozen=True, slots=True)
class _Rule:
    kind: Mentioned
    pattern: re.Pattern[str]
    unless: re.Pattern[str] | None
    stills: dict[str, float]
    asks: bool
    negated_same: bool


@dataclass(frozen=True, slots=True)
class _Grammar:
    before: re.Pattern[str]
    after: re.Pattern[str]
    affirming: re.Pattern[str]
    ending: re.Pattern[str]
    asking: re.Pattern[str]
    rules: tuple[_Rule, ...]


def _any(words: list[str], *, whole: bool = True) -> re.Pattern[str]:
    body = "|".join(words)
    return re.compile(rf"(?<!\w)(?:{body})(?!\w)" if whole else body)


@cache
def _grammar() -> _Grammar:
    table = word_list("instructions")
    negation = table["negation"]
    rules = tuple(
        _Rule(
            kind=kind,
            pattern=_any(entry[kind], whole=False),
            unless=re.compile(entry["unless"]) if "unless" in entry else None,
            stills=entry["stills"],
            asks=entry.get("asks", False),
            negated_same=entry.get("negated") == "same",
        )
        for entry in (*table["rules"], *word_list("tool_instructions")["rules"])
        for kind in ("things", "virtues")
        if kind in entry
    )
    return _Grammar(
        before=_any(negation["before"]),
        after=_any(negation["after"], whole=False),
        affirming=_any(negation["affirming"]),
        ending=_any(negation["ending"], whole=False),
        asking=_any(negation["asking"]),
        rules=rules,
    )


def read_wishes(prompt: str) -> Wishes:
    """What the prompt's instructions ask for; a firm wish outdoes a faint one, of two firm ones the later counts."""
    return _read(excerpt(prompt))


@lru_cache(maxsize=512)
def _read(prompt: str) -> Wishes:
    levels: dict[str, float] = {}
    limit: int | None = None
    for clause in clauses(prompt):
        for rule in _grammar().rules:
            for effect, habits in _effects(clause, rule):
                for habit, strength in habits.items():
                    _settle(levels, habit, effect * strength)
        found = _limit_in(clause)
        limit = found if found is not None else limit
    return Wishes(levels=levels, max_words=limit)


def clauses(prompt: str) -> Iterator[str]:
    """Folded sentences; the items of a list carry the line that introduces it ("Never:", "Do not")."""
    heading = ""
    for line in _unwrapped(prompt):
        folded = fold(line)
        bullet = _BULLET.match(folded)
        body = folded[bullet.end() :] if bullet else folded.strip()
        prefix = heading if bullet else ""
        parts = [part.strip() for part in _SENTENCE_END.split(body) if part.strip()]
        for part in parts:
            yield (prefix + part)[:_LONGEST_CLAUSE]
        if parts and not bullet:
            introduces = body.rstrip().endswith(":") or _INTRODUCES.fullmatch(body)
            heading = f"{parts[-1].rstrip(':')} " if introduces else ""


def _unwrapped(prompt: str) -> Iterator[str]:
    """The prompt's lines, those that an editor wrapped in mid-sentence joined again."""
    whole = ""
    for line in prompt.splitlines():
        goes_on = (
            whole
            and line.strip()
            and not _BULLET.match(line)
            and not whole.endswith(_LINE_ENDS)
            and (len(whole) >= _LONG_LINE or line.lstrip()[0].islower())
        )
        if goes_on:
            whole = f"{whole} {line.strip()}"
            continue
        if whole:
            yield whole
        whole = line.rstrip()
    if whole:
        yield whole


def _settle(levels: dict[str, float], habit: str, level: float) -> None:
    standing = levels.get(habit, 0.0)
    if abs(level) >= abs(standing) or (level * standing < 0 and abs(level) >= 0.8):
        levels[habit] = level


def _effects(clause: str, rule: _Rule) -> Iterator[tuple[float, dict[str, float]]]:
    """1 where a mention stills the rule's habits, -1 where it asks for them; nothing where it says neither."""
    mentions = list(islice(rule.pattern.finditer(clause), _MOST_MENTIONS))
    if not mentions or (rule.unless and rule.unless.search(clause)):
        return
    for mention in mentions:
        stance = _stance(clause, mention.start(), mention.end(), rule.kind)
        if rule.kind == "virtues":
            if stance != "negated" or rule.negated_same:
                yield 1.0, rule.stills
            elif rule.asks:
                yield -1.0, rule.stills
        elif stance == "negated":
            yield 1.0, rule.stills
        elif rule.asks and (stance == "affirmed" or _is_wished(clause, mention.start(), mention.end())):
            yield -1.0, rule.stills


def _stance(clause: str, start: int, end: int, kind: Mentioned) -> Literal["negated", "affirmed", "plain"]:
    """Whether the words around a mention deny it."""
    grammar = _grammar()
    marks = [(m.end(), m.start(), "negated") for m in grammar.before.finditer(clause, 0, start)]
    marks += [(m.end(), m.start(), "affirmed") for m in grammar.affirming.finditer(clause, 0, start)]
    if marks:
        mark_end, _, what = max(marks, key=lambda mark: (mark[0], -mark[1]))
        between = clause[mark_end:start]
        ended = any(mark_end <= m.start() <= start for m in grammar.ending.finditer(clause, mark_end))
        ended = ended or (kind == "virtues" and ("," in between or ":" in between))
        if not ended and len(between.split()) <= _NEGATION_REACH[kind]:
            return "negated" if what == "negated" else "affirmed"
    if kind == "things":
        rest = clause[end : end + 60]
        denial = grammar.after.search(rest)
        if denial:
            gap = rest[: denial.start()]
            if len(gap.split()) <= 5 and not re.search(r"[,;]", gap) and not grammar.ending.search(gap):
                return "negated"
    return "plain"


def _is_wished(clause: str, start: int, end: int) -> bool:
    """Whether a plain mention follows, or itself begins with, a word that asks for it."""
    asked = list(_grammar().asking.finditer(clause, 0, end))
    return bool(asked) and len(clause[asked[-1].end() : start].split()) <= _ASKING_REACH


def _limit_in(clause: str) -> int | None:
    """Words the clause allows an answer, the smallest if it names several; a floor or "don't count" is none."""
    found: list[int] = []
    for match in islice(_LIMIT.finditer(clause), _MOST_MENTIONS):
        lead = clause[: match.start()]
        if _FLOOR.search(lead) and not _NO_MORE.search(lead):
            continue
        negated = _stance(clause, match.start(), match.end(), "virtues") == "negated"
        if negated and not _NO_MORE.search(lead) and not re.search(r"(?:over|above|beyond|exceed\w*|uber) $", lead):
            continue
        raw = match["n"]
        number = int(raw) if raw.isdigit() else _NUMBER_WORDS[raw]
        unit = match["unit"]
        if unit.startswith(("word", "wort", "mot", "pal", "parol", "woord")):
            words = number
        elif unit.startswith(("char", "car", "zeichen")):
            words = number // 6
        else:
            words = number * (14 if unit.startswith(("l", "z")) else 18)
        if words > 0:
            found.append(words)
    return min(found) if found else None

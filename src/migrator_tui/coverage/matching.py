"""Which checks look at what a prompt asks for, and how closely."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from migrator_tui.coverage.about import cases_about
from migrator_tui.coverage.checked import Checked
from migrator_tui.coverage.demand_words import PROHIBITS
from migrator_tui.coverage.demands import Asked
from migrator_tui.coverage.inputs import Look, stems_of
from migrator_tui.coverage.values import MOST_IDS, Demand, Instruction, State

FEW = 0.5
"""A check on less than so much of the cases that exercise an instruction is half a check."""
SAID, PARTLY_SAID = 0.5, 0.3
"""Of a clause's words, how many a check repeats: all of it is meant, part of it."""
NO_CHECK = "no check"


@dataclass(frozen=True, slots=True)
class Ground:
    """What instructions are matched against."""

    checked: Checked
    looks: Sequence[Look]
    """Folded."""
    judged: int
    """Cases with a verdict of a person."""


@dataclass(frozen=True, slots=True)
class _Found:
    state: State
    how: str
    checks: tuple[str, ...] = ()
    cases: int | None = None


def matched(asked: Asked, ground: Ground) -> Instruction:
    """The demand with what checks it."""
    demand = asked.demand
    found = _RULES.get(demand.kind, _other)(demand, asked, ground)
    if found.state is State.GAP and (named := _by_words(asked, ground)) is not None:
        found = named
    about: Sequence[str] = ()
    if demand.kind == "value":
        about = tuple(ground.checked.having.get((demand.key.lower(), demand.values[0].lower()), ()))
    elif demand.condition:
        about = [look.case.id for look in cases_about(demand.condition, ground.looks)]
    cases = found.cases
    if cases is None:
        cases = (len(about) or None) if demand.condition else ground.checked.cases
    return Instruction(
        asked.line, asked.text, demand, found.state, found.how, found.checks, cases, tuple(about[:MOST_IDS])
    )


def _json(demand: Demand, asked: Asked, ground: Ground) -> _Found:
    checked = ground.checked
    if checked.types["is-json"]:
        return _some("is-json", checked.types["is-json"], checked.cases)
    if checked.types["contains-json"]:
        return _Found(State.HALF, "contains-json: text around it passes", ("contains-json",))
    for kind in ("json-path", "equals"):
        if checked.types[kind] and (kind == "json-path" or any(key for key, _ in checked.pins)):
            return _some(kind, checked.types[kind], checked.cases)
    return _none()


def _xml(demand: Demand, asked: Asked, ground: Ground) -> _Found:
    return _by_type(ground, "is-xml", half=("contains-xml",))


def _keys(demand: Demand, asked: Asked, ground: Ground) -> _Found:
    checked = ground.checked
    there = {key: max(checked.required[key.lower()], checked.pinned[key.lower()]) for key in demand.values}
    missing = [key for key, count in there.items() if not count]
    if len(missing) == len(demand.values):
        return _none()
    if missing:
        return _Found(State.HALF, f"{_plural(len(missing), 'key')} not required: {', '.join(missing[:4])}", ("keys",))
    return _some("keys required", min(there.values()), checked.cases)


def _only_keys(demand: Demand, asked: Asked, ground: Ground) -> _Found:
    checked = ground.checked
    return _some("no other keys", checked.closed, checked.cases) if checked.closed else _none()


def _choices(demand: Demand, asked: Asked, ground: Ground) -> _Found:
    checked, key = ground.checked, demand.key.lower()
    wanted = {value.lower() for value in demand.values}
    if key in checked.enums:
        allowed, count = checked.enums[key]
        if allowed - wanted:
            return _Found(
                State.HALF, f"enum: looser than asked, allows {', '.join(sorted(allowed - wanted)[:3])}", ("enum",)
            )
        return _some("enum", count, checked.cases)
    if checked.pinned[key]:
        return _some("the value, case by case", checked.pinned[key], checked.cases)
    if not key and (count := max((n for text, n in checked.must.items() if text in wanted), default=0)):
        return _some("contains", count, checked.cases)
    return _form_only(key, ground) or _none()


def _value(demand: Demand, asked: Asked, ground: Ground) -> _Found:
    checked, key, value = ground.checked, demand.key.lower(), demand.values[0].lower()
    by = checked.pins.get((key, value))
    expected = sum(n for word, n in checked.expected.get(demand.key, {}).items() if word.lower() == value)
    if by:
        label, count = by.most_common(1)[0]
        cases = max(expected, count)
        whole = count >= FEW * cases
        how = label if whole else f"{label}: on {count} of {cases} cases"
        return _Found(State.COVERED if whole else State.HALF, how, tuple(by), cases)
    if expected:
        return _Found(State.GAP, "no check: cases expect it, nothing compares", (), expected)
    if key in checked.pinned or checked.expected.get(demand.key):
        return _Found(State.GAP, "no case has it", (), 0)
    return _form_only(key, ground) or _none()


def _content(demand: Demand, asked: Asked, ground: Ground) -> _Found:
    """What goes into a key, described in words."""
    checked, key = ground.checked, demand.key.lower()
    if checked.pinned[key]:
        return _some("the value, case by case", checked.pinned[key], checked.cases)
    if (named := _by_words(asked, ground)) is not None and named.state is State.COVERED:
        return named
    return _form_only(key, ground) or _none()


def _form(demand: Demand, asked: Asked, ground: Ground) -> _Found:
    checked, key = ground.checked, demand.key.lower()
    if key and (found := checked.formed.get(key)) is not None and found[0] in ("pattern", "format"):
        return _some(found[0], found[1], checked.cases)
    if key and (key in checked.enums or checked.pinned[key]):
        if key in checked.enums:
            return _some("enum", checked.cases, checked.cases)
        return _some("the value, case by case", checked.pinned[key], checked.cases)
    if not key and checked.types["regex"]:
        return _some("regex", checked.types["regex"], checked.cases)
    if key and key in checked.formed:
        return _Found(State.HALF, f"{checked.formed[key][0]}: not the form", (checked.formed[key][0],))
    return _none()


def _at_most(unit: str) -> Callable[[Demand, Asked, Ground], _Found]:
    types = {
        "words": "max-words",
        "sentences": "max-sentences",
        "characters": "max-characters",
        "tokens": "max-tokens",
    }

    def rule(demand: Demand, asked: Asked, ground: Ground) -> _Found:
        checked, key, number = ground.checked, demand.key.lower(), demand.number or 0.0
        if key in checked.key_limits:
            word, limit, count = checked.key_limits[key]
            exact = {"characters": "maxLength", "items": "maxItems", "words": "maxWords"}.get(unit)
            if word == exact:
                return _against(word, limit, number, count, checked.cases)
            if word == "maxLength":
                return _Found(State.HALF, f"maxLength {limit:g}: in characters", (word,))
        kind = types.get(unit, "")
        limits = {n: count for (type_, n), count in checked.limits.items() if type_ == kind}
        if limits:
            tight = min(limits)
            return _against(kind, tight, number, sum(limits.values()), checked.cases)
        for type_, n in checked.limits:
            if type_.startswith("max-"):
                return _Found(State.HALF, f"{type_} {n:g}: another measure", (type_,))
        return _none()

    return rule


def _at_least(unit: str) -> Callable[[Demand, Asked, Ground], _Found]:
    def rule(demand: Demand, asked: Asked, ground: Ground) -> _Found:
        checked, number = ground.checked, demand.number or 0.0
        limits = {n: count for (type_, n), count in checked.limits.items() if type_ == f"min-{unit}"}
        if not limits:
            return _none()
        best = max(limits)
        if best < number:
            return _Found(State.HALF, f"min-{unit} {best:g}: looser than asked", (f"min-{unit}",))
        return _some(f"min-{unit} {best:g}", sum(limits.values()), checked.cases)

    return rule


def _against(kind: str, limit: float, asked: float, count: int, cases: int) -> _Found:
    label = f"{kind} {limit:g}"
    if limit > asked:
        return _Found(State.HALF, f"{label}: looser than asked", (label,))
    return _some(label, count, cases)


def _short(demand: Demand, asked: Asked, ground: Ground) -> _Found:
    checked = ground.checked
    if demand.key.lower() in checked.key_limits:
        word, limit, count = checked.key_limits[demand.key.lower()]
        return _some(f"{word} {limit:g}", count, checked.cases)
    for (kind, number), count in sorted(checked.limits.items()):
        if kind.startswith("max-"):
            return _some(f"{kind} {number:g}", count, checked.cases)
    return _none()


def _no_fence(demand: Demand, asked: Asked, ground: Ground) -> _Found:
    return _by_type(ground, "no-code-fence", "is-json", "no-markdown", said=("```",))


def _nothing_else(demand: Demand, asked: Asked, ground: Ground) -> _Found:
    checked = ground.checked
    if checked.types["is-json"] or checked.types["is-xml"] or checked.types["equals"]:
        return _by_type(ground, "is-json", "is-xml", "equals")
    if checked.types["no-preamble"]:
        return _by_type(ground, "no-preamble")
    return _by_type(ground, half=("starts-with", "no-code-fence"))


def _no_markdown(demand: Demand, asked: Asked, ground: Ground) -> _Found:
    return _by_type(ground, "no-markdown", half=("no-code-fence",), said=("**", "\\*\\*"))


def _no_emoji(demand: Demand, asked: Asked, ground: Ground) -> _Found:
    said = [text for text in ground.checked.must_not if "emoji" in text or "\\u{1f" in text or "1f600" in text]
    return _some("not-regex", ground.checked.cases, ground.checked.cases) if said else _none()


def _language(demand: Demand, asked: Asked, ground: Ground) -> _Found:
    checked = ground.checked
    if demand.values:
        count = checked.languages[demand.values[0]]
        return _some("language", count, checked.cases, conditional=bool(demand.condition)) if count else _none()
    count = sum(checked.languages.values())
    if count:
        return _some("language", count, checked.cases, conditional=True)
    return _none()


def _tool(demand: Demand, asked: Asked, ground: Ground) -> _Found:
    checked, name = ground.checked, demand.values[0]
    called, barred = checked.called[name], checked.barred[name]
    if demand.kind == "no-tool":
        count = barred + checked.types["no-tool-call"]
        return _Found(State.COVERED, "not-tool-call", ("not-tool-call",), count) if count else _none()
    if called and (barred or checked.types["no-tool-call"] or not demand.condition):
        return _Found(State.COVERED, "tool-call", ("tool-call",), called + barred)
    if called or barred:
        side = "no case in which it must not be called" if called else "no case in which it must be called"
        return _Found(
            State.HALF, f"{'tool-call' if called else 'not-tool-call'}: {side}", ("tool-call",), called + barred
        )
    return _none()


def _tool_value(demand: Demand, asked: Asked, ground: Ground) -> _Found:
    count = ground.checked.arguments[demand.values[0]]
    return _Found(State.COVERED, f"tool-call with {demand.values[0]}", ("tool-call",), count) if count else _none()


def _never_say(demand: Demand, asked: Asked, ground: Ground) -> _Found:
    return _texts(demand, ground.checked.must_not, "not-contains", ground)


def _must_say(demand: Demand, asked: Asked, ground: Ground) -> _Found:
    return _texts(demand, ground.checked.must, "contains", ground)


def _texts(demand: Demand, stated: dict[str, int], kind: str, ground: Ground) -> _Found:
    counts = []
    for value in demand.values:
        low = value.lower()
        counts.append(
            max((n for text, n in stated.items() if low in text or (len(text) > 2 and text in low)), default=0)
        )
    if not any(counts):
        return _none()
    if not all(counts):
        return _Found(State.HALF, f"{kind}: {counts.count(0)} of {len(counts)} not", (kind,))
    return _some(kind, min(counts), ground.checked.cases, conditional=bool(demand.condition))


def _refuse(demand: Demand, asked: Asked, ground: Ground) -> _Found:
    types = ground.checked.types
    if demand.kind == "not-refuse":
        return _by_type(ground, "not-is-refusal")
    if types["is-refusal"]:
        return _Found(State.COVERED, "is-refusal", ("is-refusal",), types["is-refusal"])
    return _other(demand, asked, ground)


def _tone(demand: Demand, asked: Asked, ground: Ground) -> _Found:
    named = _by_words(asked, ground)
    if named is not None:
        return named
    judged = ground.judged
    told = f"{judged} judged by people" if judged else "for people to judge"
    return _Found(State.PEOPLE, f"not checkable; {told}")


def _other(demand: Demand, asked: Asked, ground: Ground) -> _Found:
    """A rule in words: checked where cases that it is about say of their own what has to come out."""
    exercising = cases_about(demand.condition or asked.text, ground.looks, but=demand.key)
    if not exercising:
        return _none()
    own = [look.case.id for look in exercising if _says_it(demand, asked, ground, look.case.id)]
    if len(own) < FEW * len(exercising):
        return _Found(State.GAP, NO_CHECK, (), len(exercising))
    labels = tuple(dict.fromkeys(label for case_id in own for label in ground.checked.own[case_id]))
    more = "" if len(labels) <= 2 else " …"
    how = f"own checks of {_plural(len(own), 'case')}: {', '.join(labels[:2])}{more}"
    return _Found(State.COVERED, how, labels[:6], len(exercising))


def _says_it(demand: Demand, asked: Asked, ground: Ground, case_id: str) -> bool:
    """Whether a case's own checks can look at the rule: at its key; at what it forbids, where that is all it says."""
    labels = ground.checked.own.get(case_id, ())
    if demand.key:
        return demand.key.lower() in ground.checked.own_keys.get(case_id, ())
    if demand.condition or not PROHIBITS.search(asked.text.lower()):
        return bool(labels)
    return bool(stems_of(asked.text) & stems_of(" ".join(labels)))


# How checks are found


def _by_words(asked: Asked, ground: Ground) -> _Found | None:
    """A check whose own words, a rubric's or the name that a person gave it, say what the clause says."""
    stems = stems_of(asked.text) - {"json"}
    best: tuple[float, str, int] | None = None
    for name, (words, count) in ground.checked.words.items():
        shared = len(stems & words)
        likeness = shared / max(1, min(len(stems), len(words)))
        if shared >= 2 and likeness >= PARTLY_SAID and (best is None or likeness > best[0]):
            best = likeness, name, count
    if best is None:
        return None
    likeness, name, count = best
    if likeness < SAID:
        return _Found(State.HALF, f"{name}: part of it", (name,), count if asked.demand.condition else None)
    return _some(name, count, ground.checked.cases, conditional=bool(asked.demand.condition))


def _by_type(ground: Ground, *types: str, half: Sequence[str] = (), said: Sequence[str] = ()) -> _Found:
    checked = ground.checked
    for kind in types:
        if checked.types[kind]:
            return _some(kind, checked.types[kind], checked.cases)
    if any(sign in text for sign in said for text in checked.must_not):
        return _some("not-contains", checked.cases, checked.cases)
    for kind in half:
        if checked.types[kind]:
            return _Found(State.HALF, f"{kind}: looser than asked", (kind,))
    return _none()


def _form_only(key: str, ground: Ground) -> _Found | None:
    checked = ground.checked
    if key and key in checked.enums:
        return _Found(State.HALF, "enum: one of them, not which", ("enum",))
    if key and key in checked.formed:
        word = checked.formed[key][0]
        return _Found(State.HALF, f"{word}: form only, not the value", (word,))
    return None


def _some(label: str, count: int, cases: int, *, conditional: bool = False) -> _Found:
    """A check on so many cases; on few of those it should look at, it is half a check."""
    if count >= FEW * cases or (conditional and count):
        return _Found(State.COVERED, label, (label,), count if conditional or count < cases else None)
    if not count:
        return _none()
    return _Found(State.HALF, f"{label}: on {count:,} of {cases:,} cases", (label,))


def _none() -> _Found:
    return _Found(State.GAP, NO_CHECK)


def _plural(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"


_UNITS = ("words", "sentences", "characters", "tokens", "items")
_RULES: dict[str, Callable[[Demand, Asked, Ground], _Found]] = {
    "json": _json,
    "xml": _xml,
    "keys": _keys,
    "only-keys": _only_keys,
    "choices": _choices,
    "value": _value,
    "content": _content,
    "code-form": _form,
    "date-form": _form,
    "markdown-use": lambda demand, asked, ground: _by_type(ground, "not-no-markdown", "regex", "contains"),
    "short": _short,
    "no-fence": _no_fence,
    "nothing-else": _nothing_else,
    "no-markdown": _no_markdown,
    "no-emoji": _no_emoji,
    "language": _language,
    "tool": _tool,
    "no-tool": _tool,
    "tool-value": _tool_value,
    "never-say": _never_say,
    "must-say": _must_say,
    "refuse": _refuse,
    "not-refuse": _refuse,
    "tone": _tone,
    **{f"max-{unit}": _at_most(unit) for unit in _UNITS},
    **{f"min-{unit}": _at_least(unit) for unit in _UNITS},
    **{f"exact-{unit}": _at_most(unit) for unit in _UNITS},
}

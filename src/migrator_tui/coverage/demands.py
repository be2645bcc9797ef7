"""Reads what a prompt asks for: a list of demands, each with the clause it stands in and its line."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from migrator_tui.coverage import demand_words as words
from migrator_tui.coverage.prompt_units import Unit, units
from migrator_tui.coverage.values import Demand

MOST_DEMANDS = 400
"""Of one prompt; what comes after is not looked at."""
LONGEST_CLAUSE = 160
MOST_WORDS_OF_NAME = 4

_QUOTES = str.maketrans({"’": "'", "‘": "'", "`": "`"})
_LABEL = re.compile(
    r"^[\"'`*_“]*(?P<label>[^\W\d][\w .\-/]{0,38}?)[\"'`*_”]*\s*(?:\([^)]{0,60}\))?[*_]*\s*[:=—–]\s+(?P<rest>\S.*)$"
)
_DASH_LABEL = re.compile(r"^[\"'`*_“]+(?P<label>[^\W\d][\w .\-/]{0,38}?)[\"'`*_”]+\s+[-—–]\s+(?P<rest>\S.*)$")
_KEYS_LEAD = re.compile(
    r"\b(?:keys|fields|properties|attributes|schlüssel\w*|felder[n]?|clés?|champs|claves?|campos)\b(?P<rest>.*)"
)
_ONE_OF = re.compile(
    r"\b(?:one of|either|choose from|pick from|any of|eines? von|eine der|entweder|un[e]? (?:de|parmi)|uno de)\b"
    r"(?: (?:the )?following(?: \w+)?| these(?: \w+)?| those)?\s*:?\s*(?P<rest>[^.;]*)"
)
_AS_CHOICE = re.compile(
    r"\b(?:as|is|be|with|into|sentiment|label|category|output)\b:?\s+(?P<rest>(?:(?:a "
    r"|an )?[\"'`]?[\w-]+[\"'`]?, )*(?:a |an )?[\"'`]?[\w-]+[\"'`]?,? or (?:a "
    r"|an )?[\"'`]?[\w-]+[\"'`]?)(?=[\s.,;:)]|$)"
)
_ASKS_FOR_CHOICE = re.compile(
    r"\b(?:classif\w+|categor\w+|label\w*|sentiment|answer|reply|respond|return|output|rate|mark|must be"
    r"|either)\b"
)
_PIPES = re.compile(r"(?P<rest>[\"'`]?[\w-]+[\"'`]?(?:\s*[|/]\s*[\"'`]?[\w-]+[\"'`]?){1,})")
_SEPARATOR = re.compile(r"\s*(?:,|;|\||/|\bor\b|\band\b|\boder\b|\bund\b|\bet\b|\bou\b|\by\b|\bo\b)\s*")
_NAME = re.compile(r"^[^\w]*(?P<name>[^\W\d_][\w-]*(?: [\w-]+){0,3})[^\w]*$")
_KEY_IN_JSON = re.compile(r"[\"'](\w[\w-]{0,40})[\"']\s*:")


@dataclass(frozen=True, slots=True)
class Asked:
    """A demand with its place in the prompt."""

    line: int
    text: str
    demand: Demand


@dataclass(slots=True)
class _Known:
    """What the prompt has said so far."""

    keys: list[str]
    choices: dict[str, tuple[str, ...]]
    """By key; empty for the whole answer."""
    tools: tuple[str, ...]
    arguments: dict[str, tuple[str, str]]
    """A value that an argument of a tool can have, to the names of argument and tool."""
    listing: str = ""
    """What the bullets under way list: `keys`, `values`, `choices`; empty: sentences."""
    key: str = ""
    """The key that the last sentence was about."""

    def key_in(self, text: str) -> str:
        """The key that a text names, if it names one."""
        found = [key for key in self.keys if re.search(_whole(key), text)]
        spaced = [key for key in self.keys if "_" in key and key.lower().replace("_", " ") in text]
        return (found or spaced or [""])[0]

    def choice_key(self, label: str) -> str | None:
        """The key that has this value among its choices; `None` if none has."""
        for key, values in self.choices.items():
            if label.lower() in {value.lower() for value in values}:
                return key
        return None


def read_demands(
    template: str,
    *,
    keys: Sequence[str] = (),
    choices: dict[str, tuple[str, ...]] | None = None,
    tools: Sequence[str] = (),
    arguments: dict[str, tuple[str, str]] | None = None,
) -> list[Asked]:
    """What the prompt asks for, in its order. `ProjectError` where its headings are laid out wrongly.

    `keys` and `choices` are those of the answer that schemas and expected values know, `tools` the names of tools,
    `arguments` the values that they can be called with.
    """
    known = _Known(list(keys), dict(choices or {}), tuple(tools), arguments or {})
    found: list[Asked] = []
    for unit in units(template):
        for asked in _told_apart(list(_of_unit(unit, known))):
            same = any(one.demand == asked.demand and one.text == asked.text for one in found)
            if not same:
                found.append(asked)
        if len(found) >= MOST_DEMANDS:
            break
    return found[:MOST_DEMANDS]


def _told_apart(found: Sequence[Asked]) -> list[Asked]:
    """The demands of one sentence, those that would be shown in the same words with what each is about."""

    def shared(one: Asked) -> bool:
        said = one.text.removesuffix("…")
        return any(
            other is not one and (said in other.text or other.text.removesuffix("…") in one.text) for other in found
        )

    def about(one: Asked) -> str:
        kind = one.demand.kind
        return words.ABOUT.get(kind, kind.replace("-", " "))

    return [replace(one, text=_shown(f"{about(one)}: {one.text}")) if shared(one) else one for one in found]


def _of_unit(unit: Unit, known: _Known) -> Iterator[Asked]:
    low = unit.text.lower().translate(_QUOTES)
    if len(low) != len(unit.text):  # a letter whose lower case is longer: spans would be off
        unit = replace(unit, text=low)
    if unit.json:
        keys = tuple(dict.fromkeys(_KEY_IN_JSON.findall(unit.text)))
        _learn(known, keys)
        yield Asked(unit.line, _shown(unit.text), Demand("keys", values=keys))
        return
    if not unit.bullet:
        known.listing = ""
    labelled = _LABEL.match(unit.text) or _DASH_LABEL.match(unit.text)
    if labelled and not unit.lead:
        label, rest = labelled["label"].strip(), labelled["rest"]
        key = known.choice_key(label)
        if key is not None and label.lower() not in {known_key.lower() for known_key in known.keys}:
            yield Asked(unit.line, _shown(unit.text), Demand("value", key, (label,), condition=rest))
            return
        if known.listing == "keys" or label in known.keys:
            _learn(known, (label,))
            yield from _of_key(unit, label, rest, known)
            return
    if known.listing == "choices" and unit.bullet and (name := _NAME.match(unit.text)):
        known.choices[known.key] = (*known.choices.get(known.key, ()), name["name"])
        return
    yield from _of_sentence(unit, low, known)


def _learn(known: _Known, keys: Sequence[str]) -> None:
    known.keys += [key for key in keys if key not in known.keys]


def _of_key(unit: Unit, key: str, rest: str, known: _Known) -> Iterator[Asked]:
    """A bullet that says what goes into one key."""
    low = rest.lower().translate(_QUOTES)
    known.key = key
    values = _choices_in(low, rest)
    if values:
        known.choices[key] = values
        yield Asked(unit.line, _shown(unit.text), Demand("choices", key, values))
        return
    offset = len(unit.text) - len(rest)
    some = False
    for begin, end, demand in sorted(_limits_and_forms(low, known), key=lambda one: one[0]):
        some = True
        text = f"{key}: {_clause(rest, begin, end)}"
        yield Asked(unit.line, _shown(text), replace(demand, key=key))
    if not some or _says_value(low):
        yield Asked(unit.line, _shown(unit.text[: offset + len(rest)]), Demand("content", key))


def _says_value(low: str) -> bool:
    """Whether what goes into a key follows from the input, beside its form: `the language the customer writes in`."""
    return bool(re.match(r"(?:the|whether|true if|how|which|who|what|die|der|das|ob|le|la|el|los)\b", low))


def _of_sentence(unit: Unit, low: str, known: _Known) -> Iterator[Asked]:
    named = known.key_in(low)
    if named:
        known.key = named
    if (
        unit.lead
        and (labels := _KEYS_LEAD.search(low))
        and not _listed(labels["rest"], unit.text[labels.start("rest") :])
    ):
        known.listing = "keys"
    elif unit.lead and (_ONE_OF.search(low) or re.search(r"\b(?:categories|labels|classes|values|options)\b", low)):
        known.listing, known.key = "choices", named
        known.choices[named] = ()
    elif unit.lead:
        known.listing = "values"
    whole_of_it = list(_structures(unit, low, known))
    yield from whole_of_it
    taken = bool(whole_of_it)
    for begin, end, demand in sorted(_limits_and_forms(low, known), key=lambda one: one[0]):
        taken = True
        text = unit.text if demand.condition else _clause(unit.text, begin, end)
        yield Asked(unit.line, _shown(text), replace(demand, key=_local_key(low, begin, known)))
    if taken:
        return
    yield from _of_rest(unit, low, known)


def _local_key(low: str, at: int, known: _Known) -> str:
    """The key named shortly before a demand: `summary: English, at most 25 words`."""
    return known.key_in(low[max(0, low.rfind(".", 0, at)) : at])


def _structures(unit: Unit, low: str, known: _Known) -> Iterator[Asked]:
    """Keys, choices, rules for values, tools: what names things of the answer."""
    if (labels := _KEYS_LEAD.search(low)) and (names := _listed(labels["rest"], unit.text[labels.start("rest") :])):
        _learn(known, names)
        known.listing = ""
        yield Asked(unit.line, _shown(unit.text), Demand("keys", values=names))
    elif values := _choices_in(low, unit.text):
        key = known.key_in(low)
        known.choices[key] = values
        yield Asked(unit.line, _shown(unit.text), Demand("choices", key, values))
        return
    tools = list(_about_tools(unit, low, known))
    yield from tools
    if not tools:
        yield from _value_rules(unit, low, known)


def _about_tools(unit: Unit, low: str, known: _Known) -> Iterator[Asked]:
    """Tools by their names, what they are called with, and rules in which all words of a tool's name stand."""
    from migrator_tui.coverage.inputs import stems_of

    condition = _condition(words.CONDITION.search(low))
    text = _shown(unit.text)
    said = [
        (value, tool)
        for value, (argument, tool) in known.arguments.items()
        if re.search(_whole(value), low) and re.search(_whole(argument), low)
    ]
    if said:
        for value, tool in said:
            shown = _shown(f"{value}: {unit.text}") if len(said) > 1 else text
            yield Asked(unit.line, shown, Demand("tool-value", tool, (value,), condition=low))
        return
    named = [tool for tool in known.tools if re.search(_whole(tool), low)]
    for tool in named:
        barring = rf"\b(?:never|do not|don't|must not|not|unless|without)\b[^.;]{{0,60}}{_whole(tool)}"
        kind = "no-tool" if re.search(barring, low) else "tool"
        shown = _shown(f"{tool}: {unit.text}") if len(named) > 1 else text
        yield Asked(unit.line, shown, Demand(kind, values=(tool,), condition=condition))
    if not named and words.RULES.search(unit.head.lower()) and words.PERMITS.search(low):
        stems = stems_of(low)
        meant = [tool for tool in known.tools if stems_of(tool.replace("_", " ").replace("-", " ")) <= stems]
        for tool in meant:
            shown = _shown(f"{tool}: {unit.text}") if len(meant) > 1 else text
            yield Asked(unit.line, shown, Demand("tool", values=(tool,), condition=condition or low))


def _value_rules(unit: Unit, low: str, known: _Known) -> Iterator[Asked]:
    """`The priority is high where …, low for …`: values of a known key, each with when it holds."""
    key = known.key_in(low) or (known.key if re.match(r"(?:it|this|they|es|er|sie|il|elle)\b", low) else "")
    choices = known.choices.get(key, ())
    if not key or not choices:
        return
    found = sorted((at.start(), at.end(), v) for v in choices if (at := re.search(_whole(v), low)))
    for number, (begin, end, value) in enumerate(found):
        until = found[number + 1][0] if number + 1 < len(found) else len(low)
        text = unit.text[begin if number else 0 : until]
        shown = re.sub(r"[\s,;.]*(?:\b(?:and|or|und|et|y))?[\s,;]*$", "", text)
        shown = f"{key} {shown}" if number else shown
        yield Asked(unit.line, _shown(shown), Demand("value", key, (value,), condition=low[end:until].strip(" ,.")))


def _whole(name: str) -> str:
    """A pattern for the name as a word of its own, in lower case."""
    return rf"(?<![\w-]){re.escape(name.lower())}(?![\w-])"


def _limits_and_forms(low: str, known: _Known) -> Iterator[tuple[int, int, Demand]]:
    """Limits, forms, languages, words to say or not to say: each with its span in the text."""
    condition = _condition(words.CONDITION.search(low))
    spans: list[tuple[int, int]] = []

    def free(begin: int, end: int) -> bool:
        return all(end <= a or begin >= b for a, b in spans)

    for kind, pattern in words.LIMITS:
        for match in pattern.finditer(low):
            numbers = [n for n in map(words.number_of, match.groups()) if n is not None]
            if not numbers or not free(*match.span()) or _only_names(low, match):
                continue
            spans.append(match.span())
            bound, _, unit = kind.partition("-")
            if bound == "range":
                yield *match.span(), Demand(f"min-{unit}", number=min(numbers))
                bound, numbers = "max", [max(numbers)]
            yield *match.span(), Demand(f"{bound}-{unit}", number=numbers[-1])
    if not spans and (short := words.SHORT.search(low)):
        spans.append(short.span())
        yield *short.span(), Demand("short")
    for kind, pattern in words.FORMS:
        form = pattern.search(low)
        if form and (kind in ("json", "xml") or free(*form.span())):
            if kind == "json" and any(low[a:b].find("json") >= 0 for a, b in spans):
                continue  # `only JSON` says both
            spans.append(form.span())
            yield *form.span(), Demand(kind, condition=condition if kind == "json" else "", values=(form.group(),))
    if said := words.IN_LANGUAGE.search(low):
        code = next(code for code in words.LANGUAGES if said[code])
        yield *said.span(), Demand("language", values=(code,), condition=condition)
    elif (said := words.SAME_LANGUAGE.search(low)) and known.listing != "keys":
        yield *said.span(), Demand("language", condition=condition)
    if said := words.MENTION.search(low):
        terms = _quoted(said["rest"])
        if terms:
            yield *said.span(), Demand("never-say", values=terms, condition=condition)
    elif said := words.MUST_SAY.search(low):
        yield *said.span(), Demand("must-say", values=(said["said"].strip(),), condition=condition)


def _only_names(low: str, match: re.Match[str]) -> bool:
    """`one of the words …` is no limit of length."""
    return low[match.end() : match.end() + 4].startswith((" of", " fro", ":"))


def _of_rest(unit: Unit, low: str, known: _Known) -> Iterator[Asked]:
    """A sentence of which nothing was recognised, where it constrains at all."""
    condition = _condition(words.CONDITION.search(low))
    if words.REFUSE.search(low):
        kind = "refuse" if not re.search(r"\b(?:never|do not|don't) (?:refuse|decline)", low) else "not-refuse"
        yield Asked(unit.line, _shown(unit.text), Demand(kind, condition=condition))
    elif words.GROUNDED.search(low):
        yield Asked(unit.line, _shown(unit.text), Demand("grounded", condition=condition))
    elif unit.lead or words.ROLE.match(low):
        return
    elif words.TONE.search(low) and not condition:
        yield Asked(unit.line, _shown(unit.text), Demand("tone"))
    elif words.TASK_VERB.match(low) and not condition and not re.search(r"\b(?:must|never|always|only|not)\b", low):
        return
    elif condition or words.CONSTRAINS.search(low) or words.RULES.search(unit.head.lower()):
        yield Asked(unit.line, _shown(unit.text), Demand("other", known.key_in(low), condition=condition))


def _choices_in(low: str, text: str) -> tuple[str, ...]:
    """The values of `one of a, b, c`, `a | b | c`, `as positive, negative or neutral`."""
    for pattern in (_ONE_OF, _AS_CHOICE, _PIPES):
        match = pattern.search(low)
        if match and (pattern is _ONE_OF or _asks_for_choice(low[: match.start()] + match.group()[:12])):
            names = _listed(match["rest"], text[match.start("rest") : match.end("rest")])
            if len(names) > 1:
                return names
    return ()


def _asks_for_choice(low: str) -> bool:
    """Whether `a, b or c` is a choice of answers, and not any list of things."""
    return bool(_ASKS_FOR_CHOICE.search(low)) and not words.CONDITION.search(low + " something")


def _listed(low: str, text: str) -> tuple[str, ...]:
    """The names at the beginning of `a, b and c …`; none where it is no list of names."""
    begin = re.match(r"[\s:]*(?:(?:are|is|named|called|and|with|sind|sont|son)\b)?[\s:]*", low)
    rest = text[begin.end() if begin else 0 :]
    names: list[str] = []
    for piece in _SEPARATOR.split(rest.split("—")[0].split(" (")[0]):
        name = _NAME.match(piece.strip().removeprefix("a ").removeprefix("an "))
        if not piece.strip():
            continue
        if name is None or len(piece.split()) > (2 if len(names) < 2 else MOST_WORDS_OF_NAME):
            break
        names.append(name["name"])
    return tuple(dict.fromkeys(names)) if len(names) > 1 else ()


def _quoted(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(term.strip(" .,") for term in re.findall(r"[\"“«`']([^\"”»`']{2,60})[\"”»`']", text)))


def _condition(match: re.Match[str] | None) -> str:
    return match["condition"].strip() if match else ""


def _clause(text: str, begin: int, end: int) -> str:
    """The clause around a span: to the commas and colons beside it."""
    left = max(text.rfind(sign, 0, begin) for sign in (",", ";", ":", " and ", " but "))
    right = min(
        (at for sign in (",", ";", ":", " and ", " but ") if (at := text.find(sign, end)) >= 0), default=len(text)
    )
    clause = text[left + 1 : right].strip(" .")
    return re.sub(r"^(?:and|but) ", "", clause)


def _shown(text: str) -> str:
    one = " ".join(text.split())
    return one if len(one) <= LONGEST_CLAUSE else one[: LONGEST_CLAUSE - 1] + "…"

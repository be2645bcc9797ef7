"""How mistakes in project files are worded: foreign text quoted in one line, and the likely right word."""

from collections.abc import Iterable

NEAR = 70
"""From what likeness on, 0 to 100, a known word is offered for an unknown one."""


def one_line(text: str, limit: int = 400) -> str:
    """Foreign text fit for the middle of one line: what can't be printed is escaped, what is too long is cut."""
    cut = text if len(text) <= limit else text[: limit - 1] + "…"
    if cut.isprintable():
        return cut
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in cut)


def quoted(value: object, limit: int = 60) -> str:
    """The value between double quotes, in one line."""
    return f'"{one_line(str(value), limit)}"'


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant, or `None` if none is near."""
    # Here, not above: a project without mistakes should not wait for this import.
    from rapidfuzz import fuzz, process, utils

    choices = list(known)
    short = word[:200]
    for choice in choices:
        if choice.casefold().replace("-", "_") == short.casefold().replace("-", "_"):
            return choice
    found = process.extractOne(short, choices, scorer=fuzz.ratio, processor=utils.default_process, score_cutoff=NEAR)
    if found:
        return str(found[0])
    # `shop` for `shop_name`, `model_name` for `model`.
    folded = short.casefold()
    if len(folded) < 4:
        return None
    return next((c for c in choices if len(c) > 3 and (folded in c.casefold() or c.casefold() in folded)), None)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`; did you mean "prompt"?`, or nothing where no known word is near."""
    match = nearest(word, known)
    return f"; did you mean {quoted(match)}?" if match is not None else ""


def listed(names: Iterable[object], limit: int = 8) -> str:
    """`a, b, c` in one line, the rest counted."""
    all_names = [one_line(str(name), 60) for name in names]
    more = len(all_names) - limit
    return ", ".join(all_names[:limit]) + (f" and {more} more" if more > 0 else "")


def counted(number: int, what: str) -> str:
    """`1 row`, `2,000 rows`."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def kind_of(value: object) -> str:
    """What a value from TOML, JSON or YAML is, in a user's words."""
    if isinstance(value, bool):
        return "true or false"
    if value is None:
        return "nothing"
    kinds = ((str, "text"), ((int, float), "a number"), (dict, "a table"), (list, "a list"))
    return next((word for kind, word in kinds if isinstance(value, kind)), "a date or time")

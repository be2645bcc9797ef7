"""argparse in this program's manner: mistakes end in one line on stderr that names the nearest right word."""

import argparse
import difflib
import sys
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

USAGE = 2
"""Exit code of wrong usage and bad input."""


class Parser(argparse.ArgumentParser):
    """argparse, with mistakes told in one line."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        settings.setdefault("allow_abbrev", False)
        settings.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        super().__init__(*args, **settings)

    def error(self, message: str) -> NoReturn:
        """One line, exit code 2."""
        from migrator_tui.text_safety import safe_line

        print(f"{self.prog}: {safe_line(message, 500)} (--help shows how)", file=sys.stderr)  # noqa: T201
        raise SystemExit(USAGE)

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            what = "command" if isinstance(action, argparse._SubParsersAction) else "value"
            raise argparse.ArgumentError(
                None if what == "command" else action, f'unknown {what} "{value}"{_hint(str(value), action.choices)}'
            )

    def unknown(self, extra: Sequence[str]) -> NoReturn:
        """Options or words that nothing here takes."""
        first = next((word for word in extra if word.startswith("-")), extra[0])
        if first.startswith("-"):
            name = first.partition("=")[0]
            self.error(f'unknown option "{name}"{_hint(name, self._option_string_actions)}')
        self.error(f'too many arguments: "{first}"')


def _hint(word: str, known: Iterable[Any]) -> str:
    names = [str(name) for name in known]
    near = difflib.get_close_matches(word, names, n=1, cutoff=0.5)
    if near:
        return f'; did you mean "{near[0]}"?'
    return "" if word.startswith("-") else f"; there is {', '.join(names)}"


def positive(text: str) -> int:
    """A whole number from 1 on."""
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f'"{text}" is not a whole number from 1 on')
    return number


def port(text: str) -> int:
    """A port that can be listened at."""
    number = int(text) if text.isdecimal() and len(text) <= 5 else 0
    if not 1 <= number <= 65_535:
        raise argparse.ArgumentTypeError(f'"{text}" is not a port from 1 to 65535')
    return number


def above_nothing(text: str) -> float:
    """A number above 0."""
    return _number(text, 1e-3, "above 0")


def nothing_or_more(text: str) -> float:
    """A number, 0 or more."""
    return _number(text, 0.0, "of 0 or more")


def _number(text: str, least: float, words: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not least <= number <= 1e6:
        raise argparse.ArgumentTypeError(f'"{text}" is not a number {words}')
    return number


def fraction(text: str) -> float:
    """A share from 0 to 1, as 0.05 or 5%."""
    number = text.strip().removesuffix("%")
    try:
        share = float(number) / (100 if number != text.strip() else 1)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise argparse.ArgumentTypeError(f'"{text}" is not a share from 0 to 1, such as 0.05 or 5%')
    return share


def limit(text: str) -> float | None:
    """A share, or `None` for "own"."""
    return None if text.strip() == "own" else fraction(text)


def money(text: str) -> float:
    """An amount of USD, 0 or more."""
    try:
        amount = float(text.removeprefix("$"))
    except ValueError:
        amount = -1.0
    if not 0 <= amount < float("inf"):
        raise argparse.ArgumentTypeError(f'"{text}" is not an amount in USD')
    return amount

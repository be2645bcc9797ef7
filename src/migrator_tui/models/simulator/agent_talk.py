"""What a simulated model with tools says: short sentences in the customer's language, and the talk around them."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from migrator_tui.models.simulator.filling import Order
from migrator_tui.models.simulator.text import count_words, first_words, word_list


class Speech:
    """The sentences of one turn."""

    def __init__(self, language: str, habits: frozenset[str], max_words: int | None) -> None:
        lists = word_list("agent_replies")
        self.language = language if language in lists else "en"
        self.lines: Mapping[str, Any] = lists[self.language]
        self.habits = habits
        self.max_words = max_words

    def has(self, name: str) -> bool:
        """Whether there is a sentence of that name."""
        return name in self.lines

    def line(self, name: str, **facts: str) -> str:
        """A sentence as it is."""
        return str(self.lines[name]).format_map(_Facts(facts))

    def say(self, name: str, **facts: str) -> str:
        """A sentence as a whole answer, with the talk around it that habits bring."""
        return self.dressed(self.line(name, **facts))

    def state(self, state: str, day: Any = None, **facts: str) -> str:
        """How an order stands, and when it will come."""
        told = str(self.lines["states"][state]).format_map(_Facts(facts))
        if isinstance(day, str) and state == "shipped":
            told += f" {self.line('day', day=self._day(day))}"
        return told

    def money(self, amount: Any) -> str:
        """An amount of euros as the language writes it."""
        if not isinstance(amount, int | float):
            return str(amount)
        told = f"{amount:.2f} €"
        return told if self.language == "en" else told.replace(".", ",")

    def dressed(self, text: str) -> str:
        """The answer with what habits put around it, within the prompt's limit."""
        if "verbose" in self.habits:
            replies = word_list("replies")
            for sentence in replies.get(self.language, {}).get("more", replies["en"]["more"]):
                if self.max_words is None or count_words(text) + count_words(sentence) <= self.max_words:
                    text += f" {sentence}"
        if "preamble" in self.habits:
            text = self.line("opener") + text
        return text if self.max_words is None else first_words(text, self.max_words)

    def _day(self, told: str) -> str:
        found = re.fullmatch(r"(\d{4})-(\d{2})-(\d{2})(?:T.*)?", told)
        names = word_list("agent")["months"].get(self.language)
        if not found or names is None or not 1 <= int(found[2]) <= len(names):
            return told
        day, month = int(found[3]), names[int(found[2]) - 1]
        return f"{day}{'.' if self.language == 'de' else ''} {'de ' if self.language == 'es' else ''}{month}"


class _Facts(dict[str, str]):
    """Facts that nobody knows are left out of a sentence."""

    def __missing__(self, name: str) -> str:
        return ""


def listed(orders: Sequence[Order]) -> str:
    """The numbers of some orders."""
    return ", ".join(order.id for order in orders[:8])


def plain(name: str) -> str:
    """A parameter's or key's name as words."""
    return re.sub(r"[_\W]+", " ", name)


def values_in_words(data: Any) -> str:
    """The single values of a result, each with its name."""
    if isinstance(data, Mapping):
        told = (f"{plain(str(key))}: {value}" for key, value in data.items() if _is_single(value))
    else:
        told = (values_in_words(entry) if isinstance(entry, Mapping) else str(entry) for entry in data[:5])
    return ", ".join(told)[:300]


def _is_single(value: Any) -> bool:
    return isinstance(value, str | int | float) and value != ""

"""Habits: what a simulated model does unasked, on which tickets, and how it is stilled or called up by the prompt."""

import random
from collections.abc import Callable, Mapping
from typing import Any

from migrator_tui.models.simulator.instructions import Wishes
from migrator_tui.models.simulator.personas import HABITS, Persona
from migrator_tui.models.simulator.reading import Reading
from migrator_tui.models.simulator.text import share_of

_MILDEST, _MOST_STUBBORN = 0.35, 0.94
"""How firm an instruction must be to still a habit on the meekest and on the most stubborn ticket."""

_ASKED_FOR = -0.5
"""A level from which every model does it, habit or not: it was told to."""

_APPLIES: dict[str, Callable[[Reading], bool]] = {
    "english": lambda reading: reading.language != "en",
    "urgent": lambda reading: reading.loud,
    "refusal": lambda reading: reading.legal,
}
"""Habits that only some tickets can bring out."""

_OFF_BY_FORMAT = {
    "json_object": frozenset({"fences", "preamble", "sign-off", "refusal"}),
    "json_schema": frozenset({"fences", "preamble", "sign-off", "refusal", "extra-keys", "capitals"}),
}
"""What a provider's constrained decoding makes impossible."""


def showing(
    persona: Persona, ticket: str, reading: Reading, wishes: Wishes, params: Mapping[str, Any]
) -> frozenset[str]:
    """Habits that show in the answer to this ticket.

    At temperature 0 (or none given) it depends on persona, ticket and prompt alone; above, the dice are shaken a
    little, by `seed` if the request has one.
    """
    temperature = params.get("temperature") or 0
    seed = params.get("seed")
    shaken = random.Random(None if seed is None else f"{seed}{ticket}") if temperature else None  # noqa: S311
    form = (params.get("response_format") or {}).get("type", "")
    impossible = _OFF_BY_FORMAT.get(form, frozenset())
    found = set()
    for habit in HABITS:
        level = wishes.levels.get(habit, 0.0)
        if habit in impossible or not _APPLIES.get(habit, _always)(reading):
            continue
        if level <= _ASKED_FOR:
            found.add(habit)
            continue
        proneness = share_of(persona.seed, habit, ticket)
        if shaken:
            proneness += (shaken.random() - 0.5) * 0.15 * float(temperature)
        stubbornness = _MILDEST + (_MOST_STUBBORN - _MILDEST) * share_of(persona.seed, "stubborn", habit, ticket)
        if proneness < persona.habits.get(habit, 0.0) and stubbornness > level:
            found.add(habit)
    return frozenset(found)


def _always(reading: Reading) -> bool:
    return True

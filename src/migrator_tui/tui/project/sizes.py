"""How much room the project screen has."""

from enum import Enum


class Size(Enum):
    """How much of a row there is room for."""

    WIDE = "wide"
    MEDIUM = "medium"
    NARROW = "narrow"

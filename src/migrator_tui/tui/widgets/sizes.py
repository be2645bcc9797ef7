"""How much room a screen has: in three sizes, which the styles know as classes."""

from enum import Enum


class Size(Enum):
    """How a screen is laid out."""

    WIDE = "wide"
    MEDIUM = "medium"
    NARROW = "narrow"


def size_of(*, wide: bool, medium: bool) -> Size:
    """The largest of the sizes there is room for."""
    return Size.WIDE if wide else Size.MEDIUM if medium else Size.NARROW


def size_classes(size: Size) -> dict[str, bool]:
    """The classes of a screen of that size. To be set at once: each change has all its widgets styled anew."""
    return {f"-{each.value}": each is size for each in Size}

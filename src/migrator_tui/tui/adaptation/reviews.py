"""Which suggestions are under review. Apart from what a review is, which nobody needs before the first one."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from migrator_tui.tui.adaptation.review_state import Review


class Reviews:
    """The suggestions under review, one for each task and candidate, and which of them are being asked for."""

    def __init__(self) -> None:
        self._reviews: dict[tuple[str, str], Review] = {}
        self.asking: set[tuple[str, str]] = set()

    def get(self, track: tuple[str, str]) -> "Review | None":
        """What is under review of a task and candidate."""
        return self._reviews.get(track)

    def put(self, review: "Review") -> None:
        """Another suggestion takes the place of the one before."""
        self._reviews[review.track] = review

    def drop(self, review: "Review") -> None:
        """It was accepted: what is left of it is over."""
        if self._reviews.get(review.track) is review:
            del self._reviews[review.track]

    @property
    def all(self) -> "list[Review]":
        """Every one of them."""
        return list(self._reviews.values())

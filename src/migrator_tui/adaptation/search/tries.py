"""The tries of a search as they come about: what was proposed, how it came out, what became of it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from migrator_tui.adaptation.search.scores import Scored, flips, pass_rate, scored
from migrator_tui.adaptation.search.values import Try
from migrator_tui.adaptation.values import Edit, Suggestion
from migrator_tui.history.records import Output, Version
from migrator_tui.running.trying import Tried

MOST_TITLE = 60


@dataclass(slots=True)
class OpenTry:
    """One prompt of a search while it is worked on; `Try` is how it is told and kept."""

    number: int
    text: str
    order: Sequence[str]
    """All cases that it may be asked about. Answers arrive in any order; what follows from them must not."""
    parent: "OpenTry | None" = None
    title: str = ""
    edits: tuple[Edit, ...] = ()
    """Against its parent."""
    suggestion: Suggestion | None = None
    """What it came from."""
    examples: frozenset[str] = frozenset()
    """Cases that its own edits hold as examples (`trials.quoted_cases`)."""
    version: Version | None = None
    calls_before: int = 0
    scores: dict[str, Scored] = field(default_factory=dict)
    outputs: dict[str, Output] = field(default_factory=dict)
    accepted: bool = False
    why: str = ""

    @property
    def quoted(self) -> frozenset[str]:
        """Cases that it, or a prompt it came from, holds as an example: for it they prove nothing."""
        return self.examples | (self.parent.quoted if self.parent is not None else frozenset())

    @property
    def lineage(self) -> "list[OpenTry]":
        """The tries it came through, the start first, itself last."""
        return [*(self.parent.lineage if self.parent is not None else ()), self]

    def take(self, tried: Tried) -> None:
        """One of its cases is answered."""
        self.scores[tried.case_id] = scored(tried.outcome, tried.checks)
        self.outputs[tried.case_id] = tried.output

    def counting(self, case_ids: Iterable[str] | None = None) -> dict[str, Scored]:
        """How the cases came out that say something of it; of some cases, where they are named."""
        quoted = self.quoted
        wanted = self.order if case_ids is None else case_ids
        return {one: self.scores[one] for one in wanted if one in self.scores and one not in quoted}

    @property
    def rank(self) -> tuple[int, float]:
        """The higher the better: cases that pass, then checks that do."""
        counting = self.counting().values()
        return sum(one.passed is True for one in counting), sum(one.worth for one in counting)

    def shown(self) -> Try:
        """As it is told and kept."""
        counting = self.counting()
        return Try(
            number=self.number,
            parent=self.parent.number if self.parent is not None else None,
            title=self.title,
            template=self.text,
            version_id=self.version.id if self.version is not None else None,
            label=self.version.label if self.version is not None else None,
            score=pass_rate(counting.values()),
            done=len(self.scores),
            of=len(self.order),
            accepted=self.accepted,
            why=self.why,
            edits=self.edits,
            flips=flips(self.parent.counting(), counting) if self.parent is not None and counting else None,
            calls_before=self.calls_before,
        )


class Tries:
    """All tries of a search, by number and by text."""

    def __init__(self, start: OpenTry) -> None:
        self._by_text = {start.text: start}
        self._all = [start]

    def __iter__(self) -> Iterator[OpenTry]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    def __getitem__(self, text: str) -> OpenTry:
        return self._by_text[text]

    def known(self, text: str) -> OpenTry | None:
        """The try of that text, if there was one that cases were asked about."""
        found = self._by_text.get(text)
        return found if found is not None and found.version is not None else None

    def new(
        self, text: str, parent: OpenTry, suggestion: Suggestion | None, examples: frozenset[str] = frozenset()
    ) -> OpenTry:
        """A further try, made of a suggestion for its parent, which quotes these cases as examples; `None`: made of
        an answer that was none."""
        edits = suggestion.edits if suggestion is not None else ()
        titles = list(dict.fromkeys(edit.title for edit in edits if edit.title))
        a_try = OpenTry(
            number=len(self._all) + 1,
            text=text,
            order=parent.order,
            parent=parent,
            title=shortened(titles) or ("another wording" if edits else "no proposal"),
            edits=edits,
            suggestion=suggestion,
            examples=examples,
        )
        self._all.append(a_try)
        return a_try

    def ask(self, a_try: OpenTry, version: Version) -> None:
        """A try will be asked about cases, as that version."""
        a_try.version = version
        self._by_text[a_try.text] = a_try

    @property
    def best(self) -> OpenTry:
        """The best one that was kept, the earliest of equals; the start unless more cases pass than with it."""
        start = self._all[0]
        found = self.furthest
        return found if found.rank[0] > start.rank[0] else start

    @property
    def furthest(self) -> OpenTry:
        """The one that got furthest, be it only that more checks pass."""
        return max((one for one in self._all if one.accepted), key=lambda one: (one.rank, -one.number))

    @property
    def dropped(self) -> list[OpenTry]:
        """Those that were not kept, oldest first."""
        return [one for one in self._all if one.why and not one.accepted]


def shortened(titles: Sequence[str]) -> str:
    """What several edits do, in few words: as many titles as fit, the others counted."""
    words = ""
    for place, title in enumerate(titles):
        longer = f"{words}; {title}" if words else title
        if words and len(longer) > MOST_TITLE:
            return f"{words} and {len(titles) - place} more"
        words = longer
    return words


def worths(a_try: OpenTry, case_ids: Sequence[str]) -> Mapping[str, float]:
    """What a prompt is worth on these cases, for an engine: one that proves nothing, or is open, counts as it did for
    its parent."""

    def worth(one: OpenTry | None, case_id: str) -> float:
        if one is None or case_id not in one.scores:
            return 0.0
        known = one.scores[case_id]
        if known.passed is None or case_id in one.quoted:
            return worth(one.parent, case_id)
        return known.worth

    return {case_id: worth(a_try, case_id) for case_id in case_ids}

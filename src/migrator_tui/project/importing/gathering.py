"""Rows taken one by one: checked, masked, folded, labelled, and put on disk; what was found is counted."""

import contextlib
import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from migrator_tui.project.case_values import (
    MAX_ID,
    case_from_values,
    case_to_json,
    last_user_message,
    made_id,
    message_text,
)
from migrator_tui.project.formats.rows import Answer, LeftOut, Read, Row
from migrator_tui.project.importing.likeness import Groups, keys_of, normal_text
from migrator_tui.project.importing.masking import KINDS, Masker, mask
from migrator_tui.project.importing.sampling import Strata
from migrator_tui.project.importing.spool import Keys, Rows, Texts
from migrator_tui.project.schema import Case
from migrator_tui.project.tables import Misfit, plain_value
from migrator_tui.project.words import one_line

FEW = 3
"""So many rows at least that do not come in say that it is not the right file."""

NAMED = 20
"""Rows that are named for each thing found; the rest is counted."""

MOST_TALLIED = 2000
"""Different tags, models, variables that are counted."""

_LENGTHS = ((200, "short"), (1000, "medium"), (5000, "long"))


@dataclass(frozen=True, slots=True)
class Options:
    """What is done with the rows."""

    mask: bool = True
    """Personal data is masked; keys are in any case."""
    fold_similar: bool = True
    """A sample takes one of those that are nearly the same."""
    fold_all: bool = False
    """Without a sample, too, one case stands for those that are nearly the same."""
    sample: int | None = None
    seed: int = 0
    model: str | None = None
    """Only rows that this model answered."""


@dataclass(slots=True)
class Found:
    """What the rows of a source held."""

    read: int = 0
    kept: int = 0
    folded: int = 0
    """Rows that asked just what an earlier one does."""
    similar: int = 0
    """Rows that nearly ask what an earlier one does."""
    groups: list[list[str]] = field(default_factory=list)
    """The first groups of those: ids."""
    personal: int = 0
    """Rows with something of a kind that is masked."""
    kinds: Counter[str] = field(default_factory=Counter)
    broken: int = 0
    unused: int = 0
    """Rows that were read and are of no use: failed calls, rows without an answer, other models'."""
    fitting: int = 0
    """Those among them that are as they should be: failed calls, other models'."""
    first_wrong: LeftOut | None = None
    """The first of the others."""
    named: list[LeftOut] = field(default_factory=list)
    """The first rows that did not come in."""
    why_unused: Counter[str] = field(default_factory=Counter)
    renamed: int = 0
    """Rows whose id was taken."""
    answers: int = 0
    judged: int = 0
    """Answers that came with a verdict."""
    models: Counter[str] = field(default_factory=Counter)
    tags: Counter[str] = field(default_factory=Counter)

    @property
    def left_out(self) -> int:
        """Rows that did not come in."""
        return self.broken + self.unused

    @property
    def mostly_left_out(self) -> bool:
        """Most rows are broken or are not what they were taken for: so few others are hardly what was meant."""
        wrong = self.left_out - self.fitting
        return wrong >= FEW and wrong > (self.read - self.fitting) / 2


class Gathering:
    """The rows of a source, on disk in `folder`, and what is known of all of them."""

    def __init__(
        self,
        folder: Path,
        options: Options,
        *,
        language: Callable[[str], str | None] | None = None,
        known: Iterable[Case] = (),
        answered: Iterable[str] = (),
    ) -> None:
        self.options = options
        self.found = Found()
        self.rows = Rows(folder / "rows")
        self.tools: list[Mapping[str, Any]] = []
        self.params: Counter[str] = Counter()
        self.variables: Counter[str] = Counter()
        self.systems: Counter[str] = Counter()
        """The messages that conversations begin with; two are enough to know that they differ."""
        self.called: Counter[str] = Counter()
        """Tools that conversations and answers call."""
        self.with_messages = 0
        """Rows that are a conversation, or hold the beginning of one."""
        self._tool_lists: Counter[str] = Counter()
        self._language = language
        self._texts = Texts(folder / "texts")
        self._groups = Groups(self._texts)
        self._keys = Keys()
        self._strata = Strata()
        self._contents: set[int] = set()
        self._ids: set[int] = set()
        self._answered = {_number(name) for name in answered}
        """Ids that a row with an answer can't have."""
        self._members: dict[int, list[str]] = {}
        for case in known:
            self._contents.add(_content(case_to_json(case)))
            self._ids.add(_number(case.id))

    def take(self, reads: Iterable[Read], told: Callable[[int], None] = lambda _: None) -> None:
        """Take all rows; `told` hears how many were read."""
        for read in reads:
            self.found.read += 1
            if isinstance(read, LeftOut):
                self._leave_out(read)
            else:
                self._take(read)
            told(self.found.read)

    def chosen(self) -> list[int] | None:
        """The numbers of the rows that become cases; `None`: all."""
        if self.options.sample is None:
            return self._groups.firsts() if self.options.fold_all else None
        return self._strata.sample(self.options.sample, self.options.seed, self._keys)

    @property
    def tool_lists(self) -> int:
        """How many different lists of tools rows were asked with; a row without any is one."""
        return len(self._tool_lists)

    def close(self) -> None:
        """Let go of the files."""
        self.rows.close()
        self._texts.close()

    @property
    def _kept_kinds(self) -> Sequence[str]:
        return () if self.options.mask else KINDS

    def _take(self, stated: Row) -> None:
        row = replace(stated, model=_model_name(stated.model))
        if self.options.model is not None and row.model != self.options.model:
            self._leave_out(LeftOut(row.place, "answered by another model", broken=False, fits=True))
            return
        masker = Masker(self._kept_kinds)
        try:
            case, renamed = self._case(row.case, masker, answered=row.answer is not None)
        except Misfit as misfit:
            self._leave_out(LeftOut(row.place, misfit.what))
            return
        content = _content(case)
        if content in self._contents:
            self.found.folded += 1
            return
        self._contents.add(content)
        self._ids.add(_number(case["id"]))
        self.found.renamed += renamed
        answer = masker.mask(row.answer)
        self._count(row, case, answer, masker.found)
        number = self.rows.add({"case": case, "answer": answer, "model": row.model, "kinds": sorted(masker.found)})
        self._compare(number, case, row)

    def _case(self, stated: Mapping[str, Any], masker: Masker, *, answered: bool) -> tuple[dict[str, Any], bool]:
        """The case, masked, sound and with an id of its own; `Misfit` where it is none."""
        identifier = stated.get("id")
        values = {key: value for key, value in stated.items() if key != "id"}
        plain_value(values)
        values = masker.mask(values)
        if _can_be_id(identifier) and masker.mask(identifier) == identifier:
            values = {"id": identifier, **values}
        case, _ = case_from_values(values)
        own, number = case.id, 2
        while _number(own) in self._ids or (answered and _number(own) in self._answered):
            # The same id for something else, or the made id of what is there with another expected value.
            own, number = f"{case.id}-{number}", number + 1
        return case_to_json(replace(case, id=own)), own != case.id

    def _leave_out(self, row: LeftOut) -> None:
        self.found.fitting += row.fits
        if row.broken:
            self.found.broken += 1
        else:
            self.found.unused += 1
            _tally(self.found.why_unused, (row.why,), most=NAMED)
        # A reason quotes what it is about.
        shown = replace(row, why=Masker(self._kept_kinds).mask(row.why))
        if len(self.found.named) < NAMED:
            self.found.named.append(shown)
        if self.found.first_wrong is None and not row.fits:
            self.found.first_wrong = shown

    def _count(self, row: Row, case: Mapping[str, Any], answer: Answer | None, kinds: set[str]) -> None:
        found = self.found
        found.kept += 1
        found.personal += bool(kinds)
        found.kinds.update(kinds)
        _tally(found.tags, case.get("tags", ()))
        _tally(self.variables, case.get("vars", {}))
        self.with_messages += bool(case.get("messages"))
        _tally(found.models, (row.model,) if row.model else ())
        if answer is not None:
            found.answers += 1
            found.judged += "passed" in answer
        _tally(self.called, _called(case, answer))
        _tally(self.params, (json.dumps(row.params, sort_keys=True),))
        _tally(self._tool_lists, (json.dumps(row.tools, sort_keys=True),), most=50)
        names = {tool["function"]["name"] for tool in self.tools}
        self.tools += [t for t in _plain_tools(row.tools) if t["function"]["name"] not in names]
        _tally(self.systems, (_system(case),), most=2)

    def _compare(self, number: int, case: dict[str, Any], row: Row) -> None:
        normal = normal_text(_compared(case))
        self._texts.append(normal)
        keys = keys_of(normal)
        self._keys.append(keys)
        leader = self._groups.add(normal, keys)
        if leader != number:
            self.found.similar += 1
            members = self._members.get(leader)
            if members is None and len(self._members) < NAMED:
                members = self._members[leader] = [self.rows.value(leader)["case"]["id"]]
                self.found.groups.append(members)
            if members is not None and len(members) < NAMED:
                members.append(case["id"])
            if self.options.fold_similar:
                return
        if self.options.sample is not None:
            self._strata.add(number, self._labels(asked_text(case), case, row))

    def _labels(self, text: str, case: dict[str, Any], row: Row) -> list[str]:
        """What a sample must show some of."""
        labels = [f"tag {tag}" for tag in case.get("tags", ()) if tag in self.found.tags]
        labels.append("length " + next((word for most, word in _LENGTHS if len(text) < most), "very long"))
        turns = sum(message["role"] == "user" for message in case.get("messages", ()))
        labels.append(f"turns {turns if turns < 4 else 'many'}")
        labels += [f"tool {name}" for name in _called(case, row.answer)]
        if row.model:
            labels.append(f"model {row.model}")
        if row.answer is not None and "passed" in row.answer:
            labels.append(f"passed {row.answer['passed']}")
        if self._language is not None and (language := self._language(text)) is not None:
            labels.append(f"language {language}")
        return labels


def asked_text(case: Mapping[str, Any]) -> str:
    """What a case asks, as one text: its last user message, else its variables."""
    text = last_user_message(case.get("messages", ()))
    if text.strip():
        return text
    values = case.get("vars", {}).values()
    return "\n".join(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False) for value in values)


def _can_be_id(value: Any) -> bool:
    """Else one is made: an export's own ids are no reason to refuse its rows."""
    text = str(value).strip()
    return isinstance(value, str | int) and 0 < len(text) <= MAX_ID and text.isprintable()


def _model_name(name: str | None) -> str | None:
    """A model's name fit for a configuration; none of ours, which would name files and personas."""
    if name is None or name.startswith(("recorded:", "simulated:")):
        return None
    return one_line(name.strip(), 120) or None


def _plain_tools(tools: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The tools that a project can hold."""
    found = []
    for tool in tools:
        with contextlib.suppress(Misfit):
            plain_value(tool)
            found.append(mask(tool, keep=KINDS)[0])  # keys stand in descriptions now and then
    return found


def _compared(case: Mapping[str, Any]) -> str:
    """What two cases are compared by: their variables and their conversations, but for the system message."""
    values = [*case.get("vars", {}).values()]
    for message in case.get("messages", ()):
        if message["role"] != "system":
            values += [message_text(message), *message.get("tool_calls", ())]
    return "\n".join(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False) for value in values)


def _called(case: Mapping[str, Any], answer: Answer | None) -> list[str]:
    """The tools that a conversation calls, and its answer."""
    calls = [call for message in case.get("messages", ()) for call in message.get("tool_calls", ())]
    calls += (answer or {}).get("tool_calls", ())
    return [call["function"]["name"] for call in calls if "function" in call]


def _tally(counter: Counter[str], words: Iterable[str], most: int = MOST_TALLIED) -> None:
    """Count words, so many different ones at most: tags may be a number of their own on every row."""
    for word in words:
        if word in counter or len(counter) < most:
            counter[word] += 1


def _system(case: Mapping[str, Any]) -> str:
    """The system message that a prompt file could say in its place; empty where there is none."""
    messages: Sequence[Mapping[str, Any]] = case.get("messages", ())
    first = messages[0] if messages else {}
    alone = len(messages) == 1 or any(message["role"] == "system" for message in messages[1:])
    text = first.get("content") if first.get("role") == "system" and not alone else ""
    return text if isinstance(text, str) else ""


def _content(case: Mapping[str, Any]) -> int:
    """What makes two rows the same: all that a case states but its id and its tags."""
    return _number(made_id({key: value for key, value in case.items() if key != "tags"}))


def _number(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")

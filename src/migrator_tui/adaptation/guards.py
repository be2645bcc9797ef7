"""What no suggested edit may do to a prompt, whoever suggests it: each refusal is one line.

Placeholders and the messages of a chat stay as they are, frozen lines too, the change stays small, and the prompt
still renders.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from migrator_tui.adaptation.edits import EditError, applied, place
from migrator_tui.adaptation.values import Edit
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.prompts import check_template, is_chat, normal, parts, render
from migrator_tui.project.schema import AdaptationSettings, Case, Task
from migrator_tui.project.words import counted, listed, quoted

FREE_WORDS = 12
"""So many words may always be removed or replaced: a share of a very short prompt would allow nothing …"""
FREE_CHARACTERS = 400
"""… and by so many characters it may always grow; neither where the setting is 0."""

_OPENING = re.compile(r"\{\{|\{%|\{#|(?<![{\w])\{[A-Za-z_]\w*\}(?!\})")
"""Where one of Jinja's tags begins, or `{name}` alone: it means nothing to us, but may to the program that asks."""
_CLOSING = {"{{": "}}", "{%": "%}", "{#": "#}"}
_PLAIN = re.compile(r"\{\{ -?\s?[A-Za-z_]\w*\s?-? \}\}|\{\w+\}|\{#.*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Facts:
    """How far a prompt was changed."""

    changed: float
    """Share of its words that were removed or replaced, 0 to 1."""
    growth: float
    """How much longer it became, in characters, as a share of its length; below 0 where it became shorter."""
    removed: int
    """Words that are gone …"""
    added: int
    """… and that are new."""


def facts(base: str, new: str) -> Facts:
    """How far `new` is from `base`."""
    # Here, not above: it imports rapidfuzz.
    from migrator_tui.parity.word_diff import words_in_common

    before, after, common = words_in_common(base, new)
    return Facts(
        changed=(before - common) / before if before else 0.0,
        growth=(len(new) - len(base)) / max(len(base), 1),
        removed=before - common,
        added=after - common,
    )


def refusals(
    base: str,
    edits: Sequence[Edit],
    taken: Collection[int] | None,
    limits: AdaptationSettings,
    frozen: Sequence[str] = (),
    cases: Sequence[Case] = (),
) -> list[str]:
    """Why the taken edits may not be made, a line each; none where they may.

    `taken` are numbers from 0, `None` is all. `frozen` are whole lines of `base`; `cases` those on which the changed
    prompt must render where `base` does.
    """
    try:
        new = applied(base, edits, taken)
    except EditError as error:
        return [str(error)]
    numbers = sorted(set(range(len(edits)) if taken is None else taken))
    if not numbers:
        return []
    found: list[str] = []
    if len(numbers) > limits.max_edits:
        found.append(f"{counted(len(numbers), 'edit')}, at most {limits.max_edits} (max_edits)")
    found += _size_refusals(base, new, limits)
    found += _frozen_refusals(base, new, edits, numbers, frozen)
    lost = list(_tag_refusals(base, new, edits, numbers))
    # Where a tag is gone, each case would say the same once more.
    return found + (lost or list(_render_refusals(base, new, cases)))


def frozen_passages(
    task: Task, record_text: str, base_text: str
) -> tuple[tuple[str, ...], tuple[tuple[int, int], ...]]:
    """The frozen lines that stand in `base_text`, and the ranges of those that it no longer has.

    `record_text` is the task's own prompt file, whose lines are counted. A range that leads beyond its end freezes
    what is there of it; a range of blank lines freezes nothing.
    """
    lines = normal(record_text).split("\n")
    passages: list[str] = []
    gone: list[tuple[int, int]] = []
    for first, last in task.frozen:
        passage = "\n".join(lines[first - 1 : last])
        if first > len(lines) or not _stands(base_text, passage):
            gone.append((first, last))
        elif passage.strip():
            passages.append(passage)
    return tuple(dict.fromkeys(passages)), tuple(gone)


def tags(text: str) -> list[str]:
    """The placeholders and template tags of a text in their order, white space in them made one."""
    found: list[str] = []
    never: set[str] = set()
    at = 0
    while opening := _OPENING.search(text, at):
        at = opening.end()
        closing = _CLOSING.get(opening[0])
        if closing is None:
            found.append(opening[0])
            continue
        end = -1 if closing in never else text.find(closing, at)
        if end < 0:
            # None closes the ones behind it either: looking again for each would take for ever.
            never.add(closing)
            continue
        found.append(" ".join([opening[0], *text[at:end].split(), closing]))
        at = end + 2
    return found


def _size_refusals(base: str, new: str, limits: AdaptationSettings) -> Iterator[str]:
    found = facts(base, new)
    free_words = FREE_WORDS if limits.max_change else 0
    if found.changed > limits.max_change and found.removed > free_words:
        yield (
            f"{found.changed:.0%} of the prompt's words would be removed or replaced, "
            f"at most {limits.max_change:.0%} may (max_change)"
        )
    free = FREE_CHARACTERS if limits.max_growth else 0
    if found.growth > limits.max_growth and len(new) - len(base) > free:
        yield (
            f"the prompt would grow by {found.growth:.0%}, from {len(base):,} to {len(new):,} characters; "
            f"at most {limits.max_growth:.0%} or {free} characters are allowed (max_growth)"
        )


def _frozen_refusals(
    base: str, new: str, edits: Sequence[Edit], numbers: Sequence[int], frozen: Sequence[str]
) -> Iterator[str]:
    for passage in frozen:
        stands = _stands(base, passage)
        near = _near(base, passage, edits, numbers)
        touching = [n + 1 for n in near if _stands(applied(base, edits, [n]), passage) < stands]
        if touching or _stands(new, passage) < stands:
            who = _named(touching)
            first = normal(base).count("\n", 0, next(_line_places(base, passage), 0)) + 1
            last = first + passage.count("\n")
            lines = f"line {first} is" if first == last else f"lines {first} to {last} are"
            yield f"{who} may not touch what is frozen: {lines}, {quoted(passage.strip(), 60)}"


def _near(base: str, passage: str, edits: Sequence[Edit], numbers: Sequence[int]) -> list[int]:
    """The edits that act in the passage or right beside it: a rewrite has hundreds that do not."""
    if "\r" in base:
        return list(numbers)
    ends = [(at - 1, at + len(passage) + 1) for at in _line_places(base, passage)]
    placed = {one.edit: one for one in place(base, edits, numbers)}
    return [n for n in numbers if any(placed[n].start <= end and placed[n].end >= start for start, end in ends)]


def _named(edits: Sequence[int]) -> str:
    return f"edit{'s' if len(edits) > 1 else ''} {listed(edits)}" if edits else "the edits together"


def _stands(text: str, passage: str) -> int:
    """How often the passage stands in the text as whole lines."""
    return sum(1 for _ in _line_places(text, passage))


def _line_places(text: str, passage: str) -> Iterator[int]:
    framed, wanted = f"\n{normal(text)}\n", f"\n{passage}\n"
    at = framed.find(wanted)
    while at >= 0:
        yield at
        at = framed.find(wanted, at + 1)


Shape = list[tuple[str | None, Counter[str]]]
"""Of each message of a prompt, its role and its tags; `None` is the place of the case's own."""


def _shape(text: str) -> Shape:
    return [(part.role, Counter(tags(part.source))) for part in parts(text)]


def _tag_refusals(base: str, new: str, edits: Sequence[Edit], numbers: Sequence[int]) -> Iterator[str]:
    problem = _shape_problem(base, new)
    if problem:
        alone = [n + 1 for n in numbers if _shape_problem(base, applied(base, edits, [n]))]
        yield f"{_named(alone)}: {problem}"


def _shape_problem(base: str, new: str) -> str:
    """What of messages and tags is not as it was; nothing where all is."""
    try:
        before = _shape(base)
    except ProjectError:
        # It could not be sent before either; that much is not the edits' fault.
        return _tag_problem([(None, Counter(tags(base)))], [(None, Counter(tags(new)))])
    try:
        after = _shape(new)
    except ProjectError as error:
        return f"the messages of the chat must stay as they are: {error}"
    if is_chat(base) != is_chat(new):
        return "a plain prompt may not become a chat" if is_chat(new) else "the role headings of the chat must stay"
    roles, new_roles = ([role or "the case's" for role, _ in shape] for shape in (before, after))
    if roles != new_roles:
        return f"the messages of the chat must stay {listed(roles)}; they would be {listed(new_roles)}"
    return _tag_problem(before, after)


def _tag_problem(before: Shape, after: Shape) -> str:
    lost = sum((was - now for (_, was), (_, now) in zip(before, after, strict=True)), Counter[str]())
    gained = sum((now - was for (_, was), (_, now) in zip(before, after, strict=True)), Counter[str]())
    moved = lost & gained
    told = [
        *(f"{quoted(tag)} may not be lost" for tag in lost - moved),
        *(f"{quoted(tag)} may not be added" for tag in gained - moved),
        *(f"{quoted(tag)} may not move to another message" for tag in moved),
    ]
    return "; ".join(told[:4]) + (f"; and {len(told) - 4} more" if len(told) > 4 else "")


def _render_refusals(base: str, new: str, cases: Sequence[Case]) -> Iterator[str]:
    try:
        check_template(new)
    except ProjectError as error:
        if _sound(base):
            yield f"the prompt would be no template any more: {error}"
        return
    plain = all(map(_PLAIN.fullmatch, tags(new)))
    seen: set[object] = set()
    for case in cases:
        # Tags that only name a variable ask no more of a case than that it has one.
        asked = (frozenset(case.vars), bool(case.messages)) if plain else case.id
        if asked in seen:
            continue
        seen.add(asked)
        try:
            render(new, case)
        except ProjectError as error:
            if _renders(base, case):
                yield f"the prompt would no longer render: {error}"
                return


def _sound(template: str) -> bool:
    try:
        check_template(template)
    except ProjectError:
        return False
    return True


def _renders(template: str, case: Case) -> bool:
    try:
        render(template, case)
    except ProjectError:
        return False
    return True

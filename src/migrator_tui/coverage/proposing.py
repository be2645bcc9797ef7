"""What would fill the gaps: checks for what nothing checks, and cases from production or still to be written."""

import math
import random
import re
from collections.abc import Iterator, Sequence
from typing import Any

from migrator_tui.coverage.checked import Checked
from migrator_tui.coverage.edges import EDGES, NO_TOOL, usual_length
from migrator_tui.coverage.inputs import Look
from migrator_tui.coverage.matching import FEW
from migrator_tui.coverage.names import group_name
from migrator_tui.coverage.reach import COUNTS_FROM, found_in, in_group
from migrator_tui.coverage.values import CaseProposal, CheckProposal, Edge, Instruction, Share, State
from migrator_tui.project.check_specs import check_spec
from migrator_tui.project.importing.likeness import ALIKE
from migrator_tui.project.schema import CheckSpec, Task

MOST_CHECKS = 12
MOST_CASES = 20
"""Of one proposal."""
CASES_OF_EDGE = 2
"""What an edge needs for its share not to hang on a single case."""
COMPARED = 150
"""Inputs that are compared to find the most different ones."""
SEED = 7
NO_EMOJI = "[\U0001f300-\U0001faff\u2600-\u27bf]"


def check_proposals(task: Task, instructions: Sequence[Instruction], checked: Checked) -> list[CheckProposal]:
    """Checks for what is unchecked or checked by half, in the prompt's order; only such as can be carried out."""
    from migrator_tui.checks.base import CheckFailure
    from migrator_tui.checks.registry import validate

    json_asked = any(one.demand.kind in ("json", "keys") for one in instructions) or bool(checked.types["is-json"])
    found: dict[str, CheckProposal] = {}
    for one in instructions:
        if one.state not in (State.HALF, State.GAP):
            continue
        for spec, title in _for(one, task, checked, json_asked=json_asked):
            try:
                validate(spec, task.check_setup)
            except CheckFailure:
                continue
            if spec not in task.checks:
                replaces = one.how.partition(":")[0] if "looser than asked" in one.how else ""
                found.setdefault(
                    repr((spec.full_type, spec.value, spec.options)), CheckProposal(spec, title, one.line, replaces)
                )
    return list(found.values())[:MOST_CHECKS]


def _spec(name: str, value: Any = None, **options: Any) -> CheckSpec:
    table: dict[str, Any] = {"type": name, **options}
    if value is not None:
        table["value"] = value
    return check_spec(table)


def _for(one: Instruction, task: Task, checked: Checked, *, json_asked: bool) -> Iterator[tuple[CheckSpec, str]]:
    """Checks for one instruction, each with its title."""
    kind = one.demand.kind
    bound, _, unit = kind.partition("-")
    if bound in ("max", "min", "exact") and one.demand.number:
        yield from _of_length(one, bound, unit, int(one.demand.number))
    elif kind in _PLAIN:
        name, title = _PLAIN[kind]
        yield _spec(name), title
    elif kind == "nothing-else":
        yield (_spec("is-json"), "JSON and nothing else") if json_asked else (_spec("no-preamble"), "no words around")
    elif kind == "no-emoji":
        yield _spec("not-regex", NO_EMOJI, metric="no emoji"), "no emoji"
    elif kind in ("keys", "only-keys", "choices", "content", "value"):
        yield from _of_json(one, checked)
    elif kind in ("language", "never-say", "must-say"):
        yield from _of_words(one, checked)
    elif kind in ("other", "refuse", "grounded", "tool", "no-tool") and task.check_setup.judge is not None:
        rubric = one.text.replace("{{", "{ {").replace("{%", "{ %")
        yield _spec("llm-rubric", f"Keeps to this instruction, where it applies: {rubric}"), f"a judge: {one.text}"


_PLAIN = {
    "json": ("is-json", "the whole answer is JSON"),
    "no-fence": ("no-code-fence", "no code fences"),
    "no-markdown": ("no-markdown", "no Markdown"),
    "not-refuse": ("not-is-refusal", "never refuses"),
}


def _of_length(one: Instruction, bound: str, unit: str, number: int) -> Iterator[tuple[CheckSpec, str]]:
    key = one.demand.key
    if bound == "min":
        if unit == "words" and not key:
            yield _spec("min-words", number), f"at least {number} words"
        return
    words = f"at most {number} {unit}"
    if not key and unit in ("words", "characters", "sentences", "tokens"):
        yield _spec(f"max-{unit}", number), _instead(one, words)
    elif key and unit in ("words", "characters"):
        most = rf"^\s*(?:\S+\s+){{0,{max(0, number - 1)}}}\S*\s*$" if unit == "words" else rf"^[\s\S]{{0,{number}}}$"
        yield _spec("json-path", path=key, pattern=most, metric=f"{key}: {words}"), f"{key}: {words}"


def _of_json(one: Instruction, checked: Checked) -> Iterator[tuple[CheckSpec, str]]:
    demand = one.demand
    kind, key = demand.kind, demand.key
    if kind in ("keys", "only-keys"):
        keys = list(demand.values) if kind == "keys" else sorted(checked.required)
        schema: dict[str, Any] = {"type": "object", "required": keys}
        if kind == "only-keys":
            schema |= {"properties": {each: {} for each in keys}, "additionalProperties": False}
        if keys:
            yield _spec("is-json", schema), "the keys are there" + (", and no others" if kind == "only-keys" else "")
    elif kind == "choices" and key:
        yield _spec("json-path", path=key, one_of=list(demand.values)), f"{key} is one of {len(demand.values)}"
    elif kind == "choices":
        labels = rf"(?i)^\W*(?:{'|'.join(map(re.escape, demand.values))})\W*$"
        yield _spec("regex", labels, metric="one of the labels"), "the answer is one of the labels"
    elif _expected_by_most(key, checked):
        # Says nothing of cases that expect nothing there, as cases do that come from production.
        yield _spec("json-path", path=key, expected=key), f"{key} is what the case expects"


def _of_words(one: Instruction, checked: Checked) -> Iterator[tuple[CheckSpec, str]]:
    demand = one.demand
    if demand.kind == "never-say":
        for term in demand.values:
            yield _spec("not-icontains", term), f"never says “{term}”"
    elif demand.condition:
        return  # such a check would have to stand in the cases that it is about
    elif demand.kind == "must-say":
        yield _spec("icontains", demand.values[0]), f"says “{demand.values[0]}”"
    elif demand.values:
        place = {"path": demand.key} if demand.key else {}
        what = f"{demand.key} is" if demand.key else "the answer is"
        yield _spec("language", demand.values[0], **place), f"{what} in {group_name('language', demand.values[0])}"
    elif _expected_by_most("language", checked):
        yield _spec("language", expected="language"), "the answer is in the expected language"


def _expected_by_most(key: str, checked: Checked) -> bool:
    """Whether so many cases say what they expect under the key that a check of it is a whole one."""
    return sum(checked.expected.get(key, {}).values()) >= FEW * checked.cases > 0


def _instead(one: Instruction, words: str) -> str:
    before = one.how.partition(":")[0] if "looser than asked" in one.how else ""
    return f"{words} ({before} today)" if before else words


def case_proposals(
    spread: Sequence[Share], unusual: Sequence[Edge], looks: Sequence[Look], sample: Sequence[Look]
) -> list[CaseProposal]:
    """Cases for what is absent or rare among them: those that production has first."""
    found: list[CaseProposal] = []
    for share in spread:
        if share.state is State.GAP and share.production:
            number = min(MOST_CASES, max(1, math.ceil(share.production * len(looks)) - share.cases))
            pool = [look for look in sample if in_group(share.kind, share.name)(look)]
            ids = most_different(pool, looks, number)
            title = f"+ {number}: {group_name(share.kind, share.name)}"
            found.append(CaseProposal(share.kind, share.name, title, number, tuple(ids)))
    usual = usual_length(sample)
    kinds = {kind.name: kind for kind in EDGES}
    for edge in unusual:
        if edge.state not in (State.GAP, State.HALF) or edge.name == NO_TOOL:
            continue  # what makes a case of that kind is its check, and new cases come without
        wanted = CASES_OF_EDGE
        if edge.production is not None and edge.production >= COUNTS_FROM:
            wanted = max(wanted, math.ceil(edge.production * len(looks) / 2))
        number = min(MOST_CASES, max(1, wanted - len(edge.cases)))
        pool = found_in(kinds[edge.name], sample, usual)
        ids = most_different(pool, looks, number)
        title = f"+ {number}: {edge.title}"
        found.append(CaseProposal("edge", edge.name, title, number, tuple(ids)))
    return sorted(found, key=lambda one: not one.candidates)


def most_different(pool: Sequence[Look], looks: Sequence[Look], number: int) -> list[str]:
    """Ids of inputs, each the least like what is there and what was chosen before it; none that is there already."""
    from rapidfuzz import fuzz

    chance = random.Random(SEED)  # noqa: S311 (the same choice each time)
    some = list(pool) if len(pool) <= COMPARED else chance.sample(list(pool), COMPARED)
    there = list(looks) if len(looks) <= COMPARED else chance.sample(list(looks), COMPARED)
    texts = {look.case.id: look.shown[:600].casefold() for look in some}
    exact = {look.shown.casefold().strip() for look in looks}
    known = [look.shown[:600].casefold() for look in there]
    nearest = {
        look.case.id: max((fuzz.ratio(texts[look.case.id], text) for text in known), default=0.0)
        for look in some
        if look.shown.casefold().strip() not in exact
    }
    chosen: list[str] = []
    while nearest and len(chosen) < number:
        best = min(nearest, key=lambda case_id: (nearest[case_id], case_id))
        likeness = nearest.pop(best)
        if likeness >= ALIKE:
            break
        chosen.append(best)
        nearest = {
            case_id: max(likeness, fuzz.ratio(texts[case_id], texts[best])) for case_id, likeness in nearest.items()
        }
    return chosen

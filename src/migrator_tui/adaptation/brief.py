"""What the assistant is sent: the numbered prompt, failing cases by cause, what must stay, the form of the answer.

Everything that comes from cases, models, files and people stands between tags that it cannot close (`fencing`).
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from migrator_tui.adaptation import minimal
from migrator_tui.adaptation.brief_words import ADAPT, DATA, FORM, ROLE
from migrator_tui.adaptation.fencing import DIGITS, cut, cut_longest, fenced, mark_for, told_names
from migrator_tui.adaptation.guards import FREE_CHARACTERS, tags
from migrator_tui.adaptation.guidance import Rule
from migrator_tui.adaptation.material import Failure, Material, Rejected
from migrator_tui.adaptation.values import EditKind, Group
from migrator_tui.project.case_values import case_title
from migrator_tui.project.schema import Case, Message
from migrator_tui.project.words import counted, one_line

MOST_CHARACTERS = 90_000
"""Of a request, the prompt included: about 22,000 tokens."""
MOST_OF_PROMPT = 50_000
"""Characters of the prompt that are shown …"""
MOST_OF_TEXT = 4_000
"""… and of one input or answer."""
MOST_SHOWN = 6
"""Failing cases that are shown whole."""
MOST_IDS = 40
"""Cases of one cause that are named."""
MOST_GROUPS = 12
MOST_PASSING = 5
MOST_REJECTED = 20
MOST_RULES = 8
MOST_TOOLS = 20
MOST_CHECKS = 8
"""Failed checks of one case that are told."""

_HEADING = re.compile(r"^# (?:system|user|assistant|developer)[^\S\n]*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Brief:
    """A request that is ready to be sent."""

    messages: tuple[Message, ...]
    groups: tuple[Group, ...]
    """Those it tells of."""
    failing: tuple[str, ...]
    """All failing cases, told of or not."""
    shown: tuple[str, ...]
    """Those of them that are shown whole."""
    passing: tuple[str, ...]
    names: Mapping[str, str]
    """What the request calls the cases it tells of, each with its id: nothing else can be the reason for an edit."""
    rules: tuple[Rule, ...]

    @property
    def characters(self) -> int:
        """Its length."""
        return sum(len(str(message["content"])) for message in self.messages)


def brief(material: Material) -> Brief:
    """The request for suggestions about one prompt."""
    groups = tuple(material.groups[:MOST_GROUPS])
    shown = shown_cases(groups, material.failures, minimal.MOST_SHOWN if material.minimal else MOST_SHOWN)
    passing = _some(material.passing, minimal.MOST_PASSING if material.minimal else MOST_PASSING)
    listed = [case_id for group in groups for case_id in _listed(group, shown)]
    names = told_names([*listed, *(case.id for case in passing)])
    rules = tuple(rule for rule in material.rules if rule.kind == "prompt")[:MOST_RULES]
    prompt = cut(_numbered(material.template), MOST_OF_PROMPT)
    texts = _texts(material, shown)

    def written(room: int, mark: str = "0" * DIGITS) -> str:
        pieces = iter(cut_longest(texts, room))
        parts = [
            _head(material),
            fenced("prompt", mark, prompt, version=one_line(material.version, 20)),
            _must_stay(material, mark),
            *_settings(material, mark),
            *_causes(material, groups, shown, names, mark, pieces),
            *_passing(passing, names, mark),
            *_rejected(material.rejected, mark),
            *_guidance(rules),
            _limits(material),
        ]
        return "\n\n".join(parts)

    rest = len(written(0)) - sum(len(text) for text in cut_longest(texts, 0))
    room = max(0, MOST_CHARACTERS - rest - len(_role(material)))
    user = written(room, mark_for(written(room)))
    return Brief(
        messages=({"role": "system", "content": _role(material)}, {"role": "user", "content": user}),
        groups=groups,
        failing=tuple(dict.fromkeys(case_id for group in material.groups for case_id in group.case_ids)),
        shown=shown,
        passing=tuple(case.id for case in passing),
        names={name: case_id for case_id, name in names.items()},
        rules=rules,
    )


def shown_cases(groups: Sequence[Group], failures: Mapping[str, Failure], most: int = MOST_SHOWN) -> tuple[str, ...]:
    """Which failing cases are shown whole: one of each cause, then the next of each, those first that differ most in
    what fails; critical ones before others."""
    queues = [_diverse([failures[case_id] for case_id in group.case_ids if case_id in failures]) for group in groups]
    found: list[str] = []
    while any(queues) and len(found) < most:
        for queue in queues:
            if queue and len(found) < most:
                found.append(queue.pop(0).case.id)
    return tuple(found)


def _some(cases: Sequence[Case], most: int) -> list[Case]:
    """At most so many of the cases: critical ones, then some spread over all."""
    critical = [case for case in cases if case.critical][: (most + 1) // 2]
    others = [case for case in cases if case not in critical]
    left = min(most - len(critical), len(others))
    return [*critical, *(others[number * len(others) // left] for number in range(left))]


def _diverse(failures: list[Failure]) -> list[Failure]:
    """In an order in which each new one fails for reasons not seen yet, as far as there are such."""
    left = sorted(failures, key=lambda one: (not one.person, not one.case.critical))
    seen: set[str] = set()
    found: list[Failure] = []
    while left and len(found) < MOST_SHOWN:
        best = max(left, key=lambda one: len(_reasons(one) - seen))
        left.remove(best)
        seen |= _reasons(best)
        found.append(best)
    return found


def _reasons(failure: Failure) -> set[str]:
    tags = {f"tag:{tag}" for tag in failure.case.tags}
    return {reason for _, reason in failure.failed} | set(failure.drift) | tags


def _role(material: Material) -> str:
    return "\n\n".join(
        (
            ROLE.format(old=one_line(material.old_model, 120), new=one_line(material.new_model, 120)),
            minimal.TASK if material.minimal else ADAPT,
            DATA,
            minimal.FORM if material.minimal else FORM,
        )
    )


def _head(material: Material) -> str:
    failing = len({case_id for group in material.groups for case_id in group.case_ids}) + material.more_failing
    aside = f"; {material.held_out} more are kept aside to test the result" if material.held_out else ""
    what = "What can go from this prompt?" if material.minimal else "Adapt this prompt."
    return "\n".join(
        (
            what,
            f"Task: {one_line(material.task, 80)}",
            f"Old model: {one_line(material.old_model, 120)}",
            f"New model: {one_line(material.new_model, 120)}",
            f"Failing: {failing} of {material.learn} cases with the prompt as it is{aside}",
            "",
            "## The prompt, its lines numbered (number and bar are no part of it)",
        )
    )


def _numbered(template: str) -> str:
    lines = template.split("\n")
    width = len(str(len(lines)))
    return "\n".join(f"{number:>{width}}| {line}" for number, line in enumerate(lines, 1))


def _must_stay(material: Material, mark: str) -> str:
    template = material.template
    found = Counter(one_line(text, 80) for text in [*tags(template), *_HEADING.findall(template)])
    names = [text if times == 1 else f"{text} ×{times}" for text, times in found.most_common(60)]
    lines = ["## What must stay"]
    if names:
        lines.append("Placeholders and tags, exactly as often as now and no new ones:")
        lines.append(fenced("placeholders", mark, ", ".join(names)))
    else:
        lines.append("There are no placeholders; add none.")
    ranges = [where for passage in material.frozen if (where := _line_range(template, passage))]
    if ranges:
        lines.append(f"Frozen lines, which no edit may touch: {', '.join(ranges)}")
    return "\n".join(lines)


def _settings(material: Material, mark: str) -> list[str]:
    """What is sent beside the prompt, as facts: where these are to blame, no words help."""
    lines = []
    if material.params:
        lines.append(
            f"parameters: {one_line(json.dumps(dict(material.params), ensure_ascii=False, default=str), 400)}"
        )
    if material.response_format:
        lines.append(f"response_format: {one_line(str(material.response_format.get('type')), 40)}")
    for tool in material.tools[:MOST_TOOLS]:
        function = tool.get("function")
        told = function if isinstance(function, Mapping) else tool
        name, what = (
            one_line(str(told.get(key) or ""), limit) for key, limit in (("name", 60), ("description", 200))
        )
        lines.append(f"tool {name}: {what}" if what else f"tool {name}")
    if not lines:
        return []
    return ["## Sent to the new model beside the prompt", fenced("settings", mark, "\n".join(lines))]


def _line_range(template: str, passage: str) -> str:
    """Where a passage stands as whole lines: `3-8`; empty where it does not."""
    at = f"\n{template}\n".find(f"\n{passage}\n")
    if at < 0:
        return ""
    first = template.count("\n", 0, at) + 1
    last = first + passage.count("\n")
    return str(first) if first == last else f"{first}-{last}"


def _listed(group: Group, shown: Sequence[str]) -> list[str]:
    """The cases of a cause that are named: those shown before the others."""
    first = [case_id for case_id in group.case_ids if case_id in shown]
    return [*first, *(case_id for case_id in group.case_ids if case_id not in shown)][:MOST_IDS]


def _texts(material: Material, shown: Sequence[str]) -> list[str]:
    """What may be cut: three texts a case, in the order of `shown`."""
    found = []
    for case_id in shown:
        failure = material.failures[case_id]
        for text in (input_text(failure.case), failure.reference or "", failure.answer):
            found.append(cut(text, MOST_OF_TEXT))
    return found


def input_text(case: Case) -> str:
    """What a case brings, as text: its variables, then its messages."""
    lines = [f"{name}: {_plain(value)}" for name, value in case.vars.items()]
    for message in case.messages:
        said = _plain(message.get("content")) if message.get("content") is not None else ""
        if message.get("tool_calls"):
            said += f" [calls {json.dumps(message['tool_calls'], ensure_ascii=False, default=str)}]"
        lines.append(f"[{one_line(str(message.get('role')), 20)}] {said}")
    return "\n".join(lines)


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _causes(
    material: Material,
    groups: Sequence[Group],
    shown: Sequence[str],
    names: Mapping[str, str],
    mark: str,
    pieces: Iterator[str],
) -> list[str]:
    if not groups:
        return []
    cut_texts = {case_id: (next(pieces), next(pieces), next(pieces)) for case_id in shown}
    parts = ["## Failing cases, by cause"]
    for number, group in enumerate(groups, 1):
        listed = _listed(group, shown)
        more = len(group.case_ids) - len(listed)
        facts = [
            f"signs: {', '.join(one_line(name, 60) for name in group.names) or 'what a person said'}",
            f"cases: {', '.join(names[case_id] for case_id in listed)}{f' and {more} more' if more else ''}",
        ]
        if not any(case_id in shown for case_id in listed) and (first := material.failures.get(group.case_ids[0])):
            facts += [f"failed in {names[first.case.id]}:", *_failed(first)]
        parts.append(f"### Cause {number}: {counted(len(group.case_ids), 'case')}")
        parts.append(fenced("cause", mark, "\n".join([f"title: {one_line(group.title, 120)}", *facts])))
        parts += [
            _shown_case(material.failures[case_id], names[case_id], mark, cut_texts[case_id])
            for case_id in listed
            if case_id in shown
        ]
    left = len(material.groups) - len(groups)
    if left > 0:
        parts.append(f"{left} smaller causes are left out.")
    return parts


def _failed(failure: Failure) -> list[str]:
    return [f"- {one_line(label, 80)}: {one_line(reason, 200)}" for label, reason in failure.failed[:MOST_CHECKS]]


def _shown_case(failure: Failure, name: str, mark: str, texts: tuple[str, str, str]) -> str:
    said, reference, answer = texts
    found = _failed(failure)
    parts = [fenced("input", mark, said)]
    if failure.reference is not None:
        passes = {True: "passes", False: "fails as well: no example to follow", None: "not judged"}
        parts.append(fenced("reference", mark, reference, state=passes[failure.reference_passes]))
    parts.append(fenced("answer", mark, answer))
    if found:
        parts.append(fenced("failed-checks", mark, "\n".join(found)))
    if failure.drift:
        parts.append(fenced("drift", mark, ", ".join(one_line(words, 60) for words in failure.drift)))
    if failure.person:
        parts.append(fenced("person", mark, one_line(failure.person, 600)))
    if failure.reference_person:
        parts.append(fenced("person-on-reference", mark, one_line(failure.reference_person, 600)))
    return fenced("case", mark, "\n".join(parts), id=name)


def _passing(passing: Sequence[Case], names: Mapping[str, str], mark: str) -> list[str]:
    if not passing:
        return []
    lines = [f"- {names[case.id]}: {one_line(case_title(case, 100), 120)}" for case in passing]
    return ["## Cases that pass and must go on passing, for example", fenced("passing", mark, "\n".join(lines))]


def _rejected(rejected: Sequence[Rejected], mark: str) -> list[str]:
    if not rejected:
        return []
    lines = []
    for one in rejected[:MOST_REJECTED]:
        told = {key: one_line(str(one.edit[key]), 300) for key in ("op", "anchor", "text") if one.edit.get(key)}
        reason = f" — refused: {one_line(one.reason, 300)}" if one.reason else ""
        lines.append(f"- {json.dumps(told, ensure_ascii=False)}{reason}")
    return [
        "## Edits that were refused before: propose none of them again",
        fenced("refused", mark, "\n".join(lines)),
    ]


def _guidance(rules: Sequence[Rule]) -> list[str]:
    if not rules:
        return []
    told = [f"- [{rule.id}] {one_line(rule.advice, 500)}" for rule in rules]
    return ["## Guidance for this pair of models: hypotheses, to be used where they fit a cause", "\n".join(told)]


def _limits(material: Material) -> str:
    limits = material.limits
    free = f", or by {FREE_CHARACTERS} characters where it is short" if limits.max_growth else ""
    return "\n".join(
        (
            "## Limits",
            f"- at most {limits.max_edits} edits; fewer are better",
            f"- at most {limits.max_change:.0%} of the prompt's words removed or replaced",
            "- the prompt must not grow"
            if material.minimal
            else f"- the prompt may grow by at most {limits.max_growth:.0%}{free}",
            "- kinds of edits: " + ", ".join(EditKind),
        )
    )

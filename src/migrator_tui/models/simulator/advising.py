"""A simulated assistant that proposes edits to a prompt: it knows causes by signs, and a few wordings against each.

It reads the request alone: the prompt with its keys and lists, why checks failed, how answers differ. Where it knows
no cause it says so, and proposes something that will not help. The same request always gets the same answer.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from migrator_tui.models.simulator.advising_facts import (
    Evidence,
    evidence,
    is_json,
    keys_of,
    prose_key,
    reference_words,
)
from migrator_tui.models.simulator.briefs import AskedEdits, ToldGroup, asked_edits, one_line
from migrator_tui.models.simulator.mending import mended
from migrator_tui.models.simulator.placing import Places
from migrator_tui.models.simulator.removing import removals
from migrator_tui.models.simulator.text import fold, word_list

_JSON_OBJECT = re.compile(r"\b(?:an?|one|a single|the|only) (?:valid )?JSON(?: object)?\b")
_NAMED_IDS = 2
_FORMS = {"ids": "ids exactly as written", "dates": "dates as YYYY-MM-DD", "amounts": "amounts as plain numbers"}
_SLOT = re.compile(r"\{(\w+)\}")

Proposal = dict[str, Any]


@dataclass
class _Known:
    """One cause that was recognised, with the cases of all groups that show it."""

    cause: Mapping[str, Any]
    case_ids: list[str] = field(default_factory=list)
    found: list[Evidence] = field(default_factory=list)
    example: str = ""


def advised(asked: AskedEdits) -> str:
    """The JSON object that answers a request for edits."""
    if asked.minimal:
        told: dict[str, Any] = {"edits": removals(asked)}
    else:
        told = _advice(asked)
    for error in asked.errors:
        told["edits"] = mended(told["edits"], error)
    return json.dumps(told, ensure_ascii=False, indent=1)


def asked_to_advise(messages: Sequence[Mapping[str, Any]]) -> AskedEdits | None:
    """The request for edits that the messages hold, if they do."""
    return asked_edits(messages)


def _advice(asked: AskedEdits) -> dict[str, Any]:
    words = word_list("adviser")
    seen = [(group, evidence(asked, group)) for group in asked.groups]
    now = f" ({asked.max_tokens} now)" if asked.max_tokens else ""
    causes, unfixable, unknown = [], [], []
    known: dict[str, _Known] = {}
    for group, found in seen:
        fitting = [cause for cause in words["causes"] if _fits(cause, found)]
        beyond = [entry for entry in words["advice"] if _matching(entry, found)]
        for cause in fitting:
            one = known.setdefault(cause["name"], _Known(cause))
            one.case_ids += [name for name in group.case_ids if name not in one.case_ids]
            one.found.append(found)
            one.example = one.example or _example(cause, group)
        for entry in beyond:
            about = {"ids": _ids(group.case_ids), "example": _example(entry, group), "now": now}
            item = {"what": entry["what"], "text": _filled(entry["text"], about), "case_ids": list(group.case_ids)}
            unfixable.append(item)
        if not fitting and not beyond:
            unknown.append(group)
    places = Places(asked.template, asked.frozen)
    proposals: list[Proposal] = []
    for one in sorted(known.values(), key=lambda one: -len(one.case_ids)):
        edit, says = _proposal(one, asked, places)
        causes.append({"text": says, "case_ids": one.case_ids})
        proposals += [edit] if edit else []
    generic, told = _generic(unknown, asked, places)
    causes += told
    proposals = _within(proposals if known else generic, asked)
    return {"causes": causes, "edits": proposals, "not_prompt_fixable": unfixable}


def _fits(cause: Mapping[str, Any], found: Evidence) -> bool:
    needed, barred = cause.get("needs"), cause.get("unless")
    if (needed and f"fact:{needed}" not in found.lines) or (barred and f"fact:{barred}" in found.lines):
        return False
    return _matching(cause, found)


def _matching(entry: Mapping[str, Any], found: Evidence) -> bool:
    return any(re.fullmatch(pattern, line) for pattern in entry["known_by"] for line in found.lines)


def _example(entry: Mapping[str, Any], group: ToldGroup) -> str:
    """A case with the reason that speaks most plainly for the cause."""
    fitting = [
        reason
        for _, reason in group.reasons
        if any(re.fullmatch(pattern, f"reason:{fold(reason)}") for pattern in entry["known_by"])
    ]
    reason = next(iter([*fitting, *(reason for _, reason in group.reasons if reason)]), "")
    if not reason or not group.case_ids:
        return ""
    return f"{group.cases[0].id if group.cases else group.case_ids[0]}: {reason[:90]}"


# Proposals


def _proposal(one: _Known, asked: AskedEdits, places: Places) -> tuple[Proposal | None, str]:
    """An edit against the cause, and what is said of it; no edit where all wordings were taken or refused."""
    about = _about(one, asked)
    says = _sentence(one.cause["says"], about)
    for form in ("inline_json", "inline", "wordings"):
        if form in one.cause and (edit := _edit(one, form, about, asked, places)):
            rule = one.cause.get("rule")
            return {
                **edit,
                "title": _filled(one.cause["title"], about),
                "why": _sentence(one.cause["why"], about),
                "case_ids": one.case_ids,
                "kind": one.cause.get("kind", "instruction"),
                "rule": next((name for name in asked.rules if rule and re.fullmatch(rule, name)), ""),
            }, says
    left = word_list("adviser")["generic"]["later" if _has_wording(one, about, asked) else "nothing"]
    return None, f"{says} {left}"


def _has_wording(one: _Known, about: Mapping[str, str], asked: AskedEdits) -> bool:
    """Whether a wording is left, for which there was no place."""
    return bool(_left(one.cause["wordings"], about, asked)[1])


def _edit(one: _Known, form: str, about: Mapping[str, str], asked: AskedEdits, places: Places) -> Proposal | None:
    """The next wording of that form: firmer than what stands in the prompt, and none that was refused."""
    standing, texts = _left(one.cause[form], about, asked)
    for text in texts:
        if not standing:
            edit = _placed(form, text, one, about, places)
        else:
            edit = {"op": "replace", "anchor": standing, "text": text} if places.span(standing) else None
        if edit:
            return edit
    return None


def _left(wordings: Sequence[str], about: Mapping[str, str], asked: AskedEdits) -> tuple[str, list[str]]:
    """The firmest wording that stands in the prompt, if one does, and the firmer ones that were not refused."""
    standing, level = "", -1
    for number, wording in enumerate(wordings):
        if match := _pattern(wording).search(asked.template):
            standing, level = match.group(), number
    refused = " ".join(asked.refused)
    left = [wording for wording in wordings[level + 1 :] if not _folded_pattern(wording).search(refused)]
    return standing, [_filled(wording, about) for wording in left]


def _placed(form: str, text: str, one: _Known, about: Mapping[str, str], places: Places) -> Proposal | None:
    if form == "inline_json":
        found = _JSON_OBJECT.search(places.template)
        if found is None or not places.span(found.group()):
            return None
        return {"op": "insert_after", "anchor": found.group(), "text": text}
    if form == "inline":
        line = places.end_of_line(about["key"]) if about.get("key") else None
        return {"op": "insert_after", "anchor": line, "text": f", {text}"} if line else None
    near = [pattern for entry in one.cause["near"] if (pattern := _near(entry, about))]
    spot = places.end_of(near) or places.end()
    if spot is None:
        return None
    if not spot[0]:
        return {"op": "append", "text": spot[1] + text}
    return {"op": "insert_after", "anchor": spot[0], "text": spot[1] + text}


def _near(entry: str, about: Mapping[str, str]) -> str:
    """A pattern of `near` with its names put in; nothing where one is not known."""
    if entry in {"{last_key}", "{key}"}:
        name = about.get(entry.strip("{}"))
        return rf"^\W*{re.escape(fold(name))}\W*[:=(–-]" if name else ""
    if entry == "{key_rule}":
        name = about.get("key")
        return rf"^(?!\W*{re.escape(fold(name))}\W*[:=(–-])(?=[\s\S]*\b{re.escape(fold(name))}\b)" if name else ""
    if match := _SLOT.fullmatch(entry):
        name = about.get(match[1], "")
        return rf"\b{re.escape(fold(name))}\b" if name else ""
    return entry


def _pattern(wording: str) -> re.Pattern[str]:
    """A wording as it may stand in a prompt, whatever was put in."""
    parts = _SLOT.split(wording)
    body = "".join(re.escape(part) if place % 2 == 0 else _slot(part) for place, part in enumerate(parts))
    return re.compile(body)


def _slot(name: str) -> str:
    return r"\d{1,6}" if name in {"number", "fewer", "least"} else r"[^.\n]{1,120}?"


def _folded_pattern(wording: str) -> re.Pattern[str]:
    parts = _SLOT.split(wording)
    body = "".join(
        re.escape(re.sub(r"\s+", " ", fold(part))) if place % 2 == 0 else _slot(part)
        for place, part in enumerate(parts)
    )
    return re.compile(body.strip().removeprefix("\\ "))


def _filled(text: str, about: Mapping[str, str]) -> str:
    return _SLOT.sub(lambda match: about.get(match[1], ""), text)


def _sentence(text: str, about: Mapping[str, str]) -> str:
    """For people: without brackets that hold nothing, its first letter a capital."""
    filled = _filled(text, about).replace(" ()", "")
    return filled[:1].upper() + filled[1:]


def _about(one: _Known, asked: AskedEdits) -> dict[str, str]:
    """What the slots of the cause's texts stand for."""
    keys = keys_of(asked) if is_json(asked) else []
    facts = [fact for fact in ("respelled", "rechosen") if f"fact:{fact}" in one.cause["known_by"]]
    named = list(dict.fromkeys(key for found in one.found for fact in facts for key in found.keys.get(fact, ())))
    text_key = next((found.text_key for found in one.found if found.text_key in keys), "") or prose_key(asked)
    key = named[0] if named else text_key
    words = word_list("adviser")
    number, fewer = _lengths(one, asked, key)
    forms = [words_of for name, words_of in _FORMS.items() if any(f"fact:{name}" in f.lines for f in one.found)]
    saw = [name for name, pattern in one.cause.get("saw", {}).items() if _saw(pattern, one)]
    return {
        "who": _most_named(asked, words["people"], "user"),
        "noun": _most_named(asked, words["nouns"], "message"),
        "key": key,
        "keys": _listed([f"the {name}" for name in named]),
        "all_keys": _listed(keys),
        "last_key": _last_key(keys, asked),
        "the_answer": f"the {key}" if key else "the answer",
        "Write": f"Write the {key}" if key else "Answer",
        "write": f"write the {key}" if key else "answer",
        "number": str(number),
        "fewer": str(fewer),
        "least": str(next((found.least for found in one.found if found.least), "")),
        "tool": _named_tool(one, asked, "tool"),
        "called": _named_tool(one, asked, "called"),
        "forms": _listed(forms),
        "saw": _listed(saw),
        "ids": _ids(one.case_ids),
        "example": one.example,
    }


def _saw(pattern: str, one: _Known) -> bool:
    return any(re.fullmatch(pattern, line) for found in one.found for line in found.lines)


def _named_tool(one: _Known, asked: AskedEdits, which: str) -> str:
    """A tool that the old or new model called, where the prompt names it already."""
    names = [getattr(found, which) for found in one.found if getattr(found, which)]
    return next(
        (name for name in names if name in asked.template), "" if which == "called" else "the tool that reads"
    )


def _lengths(one: _Known, asked: AskedEdits, key: str) -> tuple[int, int]:
    """Words to allow, and fewer: two thirds of what a check allows, since it may count more than the text."""
    limits = [found.most[1] for found in one.found if found.most]
    told = max(reference_words(asked, key), default=40) * 1.25
    most = min(limits) * (2 / 3 if key else 0.8) if limits else told
    number = max(5, int(most) // 5 * 5)
    return number, max(5, int(number * 0.7) // 5 * 5)


def _last_key(keys: Sequence[str], asked: AskedEdits) -> str:
    """The key that is described last in the prompt."""
    places = {key: asked.template.rfind(f"{key}:") for key in keys if f"{key}:" in asked.template}
    return max(places, key=lambda key: places[key]) if places else ""


def _most_named(asked: AskedEdits, words: Sequence[str], otherwise: str) -> str:
    told = fold(asked.template)
    counts = {word: len(re.findall(rf"\b{word}", told)) for word in words}
    best = max(counts, key=lambda word: counts[word])
    return best if counts[best] else otherwise


def _ids(case_ids: Sequence[str]) -> str:
    more = len(case_ids) - _NAMED_IDS
    return f"{', '.join(case_ids[:_NAMED_IDS])} and {more} more" if more > 0 else _listed(case_ids)


def _listed(parts: Sequence[str]) -> str:
    return " and ".join([*([", ".join(parts[:-1])] if len(parts) > 1 else []), *parts[-1:]])


def _generic(
    groups: Sequence[ToldGroup], asked: AskedEdits, places: Places
) -> tuple[list[Proposal], list[dict[str, Any]]]:
    """What is said, and proposed for want of better, where no cause is known."""
    if not groups:
        return [], []
    words = word_list("adviser")["generic"]
    about = {
        "noun": _most_named(asked, word_list("adviser")["nouns"], "message"),
        "who": _most_named(asked, word_list("adviser")["people"], "user"),
    }
    told = []
    for group in groups:
        signs = ", ".join(group.signs[:3]) or group.title
        told.append({"text": _filled(words["says"], {"signs": signs}), "case_ids": list(group.case_ids)})
    case_ids = list(dict.fromkeys(name for group in groups for name in group.case_ids))
    signs = ", ".join(dict.fromkeys(sign for group in groups for sign in group.signs[:2])) or groups[0].title
    said = one_line(" ".join([asked.template, *asked.refused]))
    for wording in words["wordings"]:
        text = _filled(wording, about)
        if one_line(text) not in said:
            edit = _placed("wordings", text, _Known({"near": []}), about, places) or {}
            why = _filled(words["why"], {"signs": signs[:200]})
            title = words["title"]
            return [{**edit, "title": title, "why": why, "case_ids": case_ids, "kind": "instruction"}], told
    return [], told


def _within(proposals: Sequence[Proposal], asked: AskedEdits) -> list[Proposal]:
    """As many as the limits allow, those for most cases first."""
    kept: list[Proposal] = []
    room = asked.growth
    for edit in proposals:
        grows = len(edit.get("text", "")) - (len(edit["anchor"]) if edit["op"] == "replace" else 0)
        if len(kept) < asked.most_edits and grows <= room:
            kept.append(edit)
            room -= grows
    return kept

"""A simulated judge: reads what a judge is sent, and grades by what a few words of the rubric plainly ask for.

It knows only the blocks between the marker lines of the first code it is shown; whatever an answer says inside its
block is graded, never obeyed. Where a rubric asks for nothing it knows, the words that rubric and answer share
decide. The same rubric and answer always get the same verdict.
"""

import json
import re
from collections.abc import Callable, Mapping

from migrator_tui.models.simulator.reading import read_ticket
from migrator_tui.models.simulator.text import count_words, fold, share_of, word_list

_FIRST_MARKER = re.compile(r"\A\s*<<<[A-Z ]{1,40} ([0-9a-f]{8,64})>>>\n")
_QUOTED = re.compile(r"[\"“”'‘]([^\"“”'’\n]{2,200})[\"“”'’]")
_NEGATION = re.compile(r"\b(?:not|no|never|without|nothing|avoids?|free of|kein\w*|nicht|sans|pas|sin)\b[^.;,]*$")
_MOST_WORDS = re.compile(
    r"\b(?:at most|no more than|under|fewer than|less than|within|up to) (\d{1,5}) words"
    r"|\b(\d{1,5}) words or (?:less|fewer)"
)
_WORD = re.compile(r"[^\W\d_]{3,}")


def _json(answer: str) -> bool:
    try:
        json.loads(answer)
    except (ValueError, RecursionError):
        return False
    return True


_ASKED_FOR: tuple[tuple[str, re.Pattern[str], Callable[[str], bool]], ...] = (
    (
        "an apology",
        re.compile(r"apolog|sorry|regret"),
        lambda a: bool(re.search(r"sorry|apolog|regret|entschuldig", a)),
    ),
    ("JSON", re.compile(r"\bjson\b"), _json),
    ("code fences", re.compile(r"code (?:fence|block)|fences?\b"), lambda a: "```" in a or "~~~" in a),
    ("Markdown", re.compile(r"\bmarkdown\b|formatting"), lambda a: bool(re.search(r"\*\*|^#{1,6} |^[-*] ", a, re.M))),
    (
        "a greeting",
        re.compile(r"greet"),
        lambda a: bool(re.match(r"\W*(?:hello|hi|dear|hallo|guten|bonjour|hola)\b", a)),
    ),
    ("a question", re.compile(r"asks? (?:a |the |for|whether)|question back"), lambda a: "?" in a),
    (
        "a refusal",
        re.compile(r"refus|declin"),
        lambda a: bool(re.search(r"\bi (?:can't|cannot|am unable|won't)|i'm sorry, but", a)),
    ),
    (
        "a promise",
        re.compile(r"promis|guarantee"),
        lambda a: bool(re.search(r"promise|guarantee|will be refunded|we will", a)),
    ),
    (
        "politeness",
        re.compile(r"polite|friendly|courteous|kind\b"),
        lambda a: not re.search(r"\b(?:stupid|idiot|shut up|nonsense)\b", a),
    ),
)
"""What a rubric may ask for: its name, how it is asked for, how it shows in a folded answer."""


def blocks_of(message: str) -> Mapping[str, str]:
    """The blocks of a judge's user message by name; empty where it holds none."""
    if not (first := _FIRST_MARKER.match(message)):
        return {}
    code = re.escape(first[1])
    block = re.compile(rf"^<<<([A-Z ]+?) {code}>>>\n(.*?)\n<<<END \1 {code}>>>$", re.MULTILINE | re.DOTALL)
    return {match[1]: match[2] for match in block.finditer(message)}


def verdict(message: str) -> str:
    """The judge's reply to a message that holds blocks: one JSON object."""
    blocks = blocks_of(message)
    if "ANSWER A" in blocks:
        return _better(blocks)
    if "REFERENCE" in blocks:
        return _fact(blocks)
    passed, score, reason = grade(blocks.get("RUBRIC") or blocks.get("CRITERION", ""), blocks.get("ANSWER", ""))
    return json.dumps({"reason": f"Simulated judge: {reason}.", "pass": passed, "score": score}, ensure_ascii=False)


def grade(rubric: str, answer: str) -> tuple[bool, float, str]:
    """Pass, score (0 to 1) and reason of one answer by one rubric."""
    found = list(_points(rubric, answer))
    if found:
        met = sum(holds for holds, _ in found)
        why = next((words for holds, words in found if not holds), found[0][1])
        return met == len(found), round(met / len(found), 2), why
    wanted = _words(rubric)
    shared = len(wanted & _words(answer)) / len(wanted) if wanted else 1.0
    # What it does not understand it mostly lets pass; which answers it does not is settled by their text.
    passed = bool(answer.strip()) and (shared >= 0.25 or share_of("judge", rubric, answer) < 0.8)
    score = round((0.6 if passed else 0.1) + 0.3 * shared, 2)
    return passed, score, "it does what the rubric asks" if passed else "it misses what the rubric asks"


def _points(rubric: str, answer: str) -> list[tuple[bool, str]]:
    """Each thing that the rubric plainly asks for: whether the answer has it, and that in words."""
    folded = fold(answer)
    points = []
    for phrase in _QUOTED.finditer(rubric):
        unwanted = bool(_NEGATION.search(fold(rubric[: phrase.start()])))
        there = fold(phrase[1]) in folded
        points.append((there != unwanted, f'it {"has" if there else "lacks"} "{phrase[1][:60]}"'))
    plain = fold(_QUOTED.sub(" ", rubric))
    if limit := _MOST_WORDS.search(plain):
        words, most = count_words(answer), int(limit[1] or limit[2])
        points.append((words <= most, f"it has {words} words, {most} are allowed"))
    for name, asked, shows in _ASKED_FOR:
        if match := asked.search(plain):
            unwanted = bool(_NEGATION.search(plain[: match.start()]))
            there = shows(folded if name != "JSON" else answer)
            points.append((there != unwanted, f"it {'has' if there else 'lacks'} {name}"))
    for name, code in word_list("judge")["languages"].items():
        if re.search(rf"\b(?:in|speaks?|uses?|writes?|written in) {name}\b", plain):
            spoken = read_ticket(answer).language
            points.append((spoken == code, f"its language is {spoken}"))
    return points


def _better(blocks: Mapping[str, str]) -> str:
    criteria = blocks.get("CRITERIA", "")
    scores = {name: grade(criteria, blocks.get(f"ANSWER {name}", ""))[1] for name in ("A", "B")}
    best = "tie" if abs(scores["A"] - scores["B"]) < 0.02 else max(scores, key=lambda name: scores[name])
    reason = "both are as good" if best == "tie" else f"{best} meets the criteria better"
    return json.dumps({"reason": f"Simulated judge: {reason}.", "best": best})


def _fact(blocks: Mapping[str, str]) -> str:
    """By the figures and words that reference and answer share."""
    reference, answer = blocks["REFERENCE"], blocks.get("ANSWER", "")
    said, given = _words(reference), _words(answer)
    figures = set(re.findall(r"\d+", reference)), set(re.findall(r"\d+", answer))
    if figures[0] and figures[1] and not figures[0] & figures[1]:
        category = "D"
    elif said == given:
        category = "C"
    elif said <= given:
        category = "B"
    elif given <= said:
        category = "A"
    else:
        category = "E" if not said or len(said & given) / len(said) >= 0.4 else "D"
    return json.dumps({"reason": f"Simulated judge: category {category}.", "category": category})


def _words(text: str) -> set[str]:
    common = word_list("judge")["common"]
    return {word for word in _WORD.findall(fold(text)) if word not in common}

"""Takes a prompt apart: its sentences and bullets, each with its line; examples in it are left out."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from migrator_tui.project.prompts import parts

LONGEST_UNIT = 2_000
"""Characters of one sentence that are looked at."""

FULL_LINE = 0.6
"""Share of the longest line; a line below it was not wrapped, so a capital after it begins a sentence."""
_NO_PROMPT = "(This prompt is made by "
"""How the placeholder of a prompt that was code begins (`formats/promptfoo`): it asks for nothing."""
LONGEST_HEAD = 6
"""Words."""

_BULLET = re.compile(r"^\s*(?:[-*•–+]|\(?\d{1,3}[.)]|\(?[a-z][.)])\s+")
_HEADING = re.compile(r"^\s*(?:#{1,6}\s+|<[\w-]+>\s*$|\*\*[^*]+\*\*:?\s*$)")
_TAGS = re.compile(r"</?[a-zA-Z][\w-]*>")
_EXAMPLE_HEAD = re.compile(
    r"^\W*(?:examples?|sample (?:input|output)s?|few[- ]shot|beispiele?|exemples?|ejemplos?)\b[^.]{0,40}$",
    re.IGNORECASE,
)
_EXAMPLE_LINE = re.compile(
    r"^\s*(?:example|input|output|user|assistant|customer|question|answer|ticket|query|text|human|ai|q|a"
    r"|eingabe|ausgabe|beispiel|entrée|sortie|entrada|salida)\s*\d*\s*:\s",
    re.IGNORECASE,
)
_LABELLED = re.compile(r"^[\"'`*_]*[A-Za-z_][\w-]{1,30}[\"'`*_]*\s*(?:\([^)]{0,60}\))?[*_]*:\s+\S")
_SENTENCE_END = re.compile(r"(?<=[.!?。！？])\s+(?=[\"'“(\[*_`]*[A-ZÀ-ÞΑ-ЯЁ0-9\u3040-\u9fff¿¡])|(?<=[。！？])")
_ABBREVIATION = re.compile(r"(?:\b(?:e\.g|i\.e|etc|vs|approx|no|z\.B|bzw|usw|d\.h|p\. ?ex)\.|\d\.)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Unit:
    """A sentence or a bullet."""

    text: str
    """In one line, without the bullet's sign."""
    line: int
    """Of its first word, in the prompt file."""
    bullet: bool = False
    lead: bool = False
    """It ends with a colon: what follows is its list."""
    json: bool = False
    """An example of the JSON that is wanted, not a sentence."""
    head: str = ""
    """The heading that it stands under."""


def units(template: str) -> list[Unit]:
    """The sentences and bullets of all messages that give instructions (those of the assistant are examples)."""
    found: list[Unit] = []
    for part in parts(template):
        if part.role is not None and part.role != "assistant" and not part.source.startswith(_NO_PROMPT):
            found += _of_text(part.source.split("\n"), part.line)
    return found


def _of_text(lines: Sequence[str], first: int) -> Iterator[Unit]:
    gathered: list[tuple[int, str]] = []
    bullet = example = False
    fence: list[tuple[int, str]] | None = None
    head = heading_above = ""
    full = FULL_LINE * max(map(len, lines), default=0)

    def flush() -> Iterator[Unit]:
        yield from _sentences(gathered, bullet, head)
        gathered.clear()

    for number, line in enumerate(lines, first):
        text = _TAGS.sub(" ", line)
        stripped = text.strip()
        if stripped.startswith(("```", "~~~")):
            yield from flush()
            if fence is not None and not example:
                yield from _shape(fence)
            fence = [] if fence is None else None
            continue
        if fence is not None:
            fence.append((number, stripped))
            continue
        heading = bool(_HEADING.match(line))
        if heading or not stripped:
            yield from flush()
            if heading:
                heading_above, example = _heading(line)
            head = heading_above
            bullet = False
            continue
        if not example and _EXAMPLE_HEAD.match(stripped.rstrip(":")) and stripped.endswith(":"):
            yield from flush()
            example = True
            continue
        if example and _says_otherwise(stripped):
            example = False
        if example or _EXAMPLE_LINE.match(text):
            yield from flush()
            continue
        if stripped[0] in "{[" and '"' in stripped and ":" in stripped:
            yield from flush()
            yield from _shape([(number, stripped)])
            continue
        mark = _BULLET.match(text)
        if mark and not bullet and len(gathered) == 1 and _is_head(gathered[0][1]):
            head = gathered[0][1]
            gathered.clear()
        ended = bool(gathered) and not bullet and _has_ended(gathered[-1][1], full)
        if mark or _LABELLED.match(stripped) or (ended and stripped[:1].isupper()):
            yield from flush()
            bullet = bool(mark)
        gathered.append((number, text[mark.end() :].strip() if mark else stripped))
    yield from flush()


def _heading(line: str) -> tuple[str, bool]:
    """What a heading says, and whether what stands under it are examples."""
    text = line.strip().strip("<>/#*: ")
    return text, bool(_EXAMPLE_HEAD.match(text))


def _has_ended(line: str, full: float) -> bool:
    """Whether a sentence ends with this line, though no stop says so."""
    return line.endswith(":") or len(line) < full or (bool(_LABELLED.match(line)) and line[-1:] not in ",;")


def _is_head(line: str) -> bool:
    """Whether a line right above bullets is their heading: a few words without a stop."""
    return len(line.split()) <= LONGEST_HEAD and line[-1:] not in ".:!?;,"


def _says_otherwise(line: str) -> bool:
    """Whether a line under the heading `Examples` is an instruction again after all."""
    return bool(re.match(r"(?:rules?|instructions?|now|always|never|do not|don't|you must)\b", line, re.IGNORECASE))


def _shape(lines: Sequence[tuple[int, str]]) -> Iterator[Unit]:
    text = " ".join(line for _, line in lines).strip()
    if text[:1] in ("{", "[") and '"' in text and ":" in text:
        yield Unit(text[:LONGEST_UNIT], lines[0][0], json=True)


def _sentences(lines: Sequence[tuple[int, str]], bullet: bool, head: str) -> Iterator[Unit]:
    """Wrapped lines joined, then split where sentences end; each with the line on which it begins."""
    if not lines:
        return
    starts: list[tuple[int, int]] = []
    whole = ""
    for at_line, line in lines:
        starts.append((len(whole), at_line))
        whole += f"{line} "
    begin = 0
    for end in [*(match.start() for match in _SENTENCE_END.finditer(whole)), len(whole)]:
        text = whole[begin:end]
        if end < len(whole) and _ABBREVIATION.search(text):
            continue
        lead_space = len(text) - len(text.lstrip())
        number = next(number for at, number in reversed(starts) if at <= begin + lead_space)
        shown = " ".join(text.split())[:LONGEST_UNIT]
        if shown:
            yield Unit(shown, number, bullet, shown.endswith((":", "：")), head=head)
        begin = end

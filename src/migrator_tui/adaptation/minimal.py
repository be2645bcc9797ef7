"""Strip to minimal: asking what can go from a prompt instead of what is missing, and refusing answers that add.

Makers of models advise a fresh start on a new family of models (GPT-5.5: "the smallest prompt that preserves the
product contract", see `gpt-5-smallest` in `guidance.toml`).
"""

from migrator_tui.adaptation.values import Op

MOST_PASSING = 15
"""Passing cases that are told of: here they are what the answer is about."""
MOST_SHOWN = 2
"""Failing cases that are shown whole: they show what the prompt does not reach, not what it needs."""

TASK = """\
Makers of models advise to begin anew with a new model: much of what an old prompt says was written for the \
weaknesses of the old one. Propose what can go: lines that the new model does not need, repetitions, emphasis, \
examples of what it does anyway. What the application relies on stays: keys, values, formats, rules of the \
trade. Add nothing. The cases below show what must go on passing, and what fails already."""

FORM = """\
Answer with one JSON object and nothing else:
{"edits": [{"op": "delete" | "replace", "anchor": "…", "text": "…", "title": "a few words", "why": "why the new \
model does not need it, in one or two sentences", "case_ids": ["…"], "kind": "instruction" | "format", "rule": \
""}]}
An anchor is a passage copied from the prompt to the letter, line breaks included, that occurs there exactly \
once. delete removes it and takes no text; replace puts a shorter text in its place. No two edits touch the same \
words. case_ids may name cases, by the ids given here, that the edit should make pass, or be empty. Where \
nothing can go, edits is an empty list."""


def addition(op: Op, anchor: str, text: str) -> str:
    """Why an edit is no removal, in words that go behind its number; empty where it is one."""
    if op in (Op.APPEND, Op.INSERT_AFTER):
        return f"{op} adds to the prompt; only delete, or replace by something shorter, is asked for"
    if len(text) >= len(anchor):
        return (
            f"its text is no shorter than its anchor ({len(text)} to {len(anchor)} characters); "
            "only delete, or replace by something shorter, is asked for"
        )
    return ""

"""One word for one thing: whoever looks for a word of the glossary finds it as a name in the tree."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "migrator_tui"
WORDS = [
    *("project", "task", "case", "baseline", "candidate", "version", "draft", "run", "output", "check"),
    *("verdict", "outcome", "regression", "fix", "drift"),
]
"""Of the glossary: what this program has so far."""
OTHER_NAMES = {
    "test_case": "case",
    "old_model": "baseline",
    "new_model": "candidate",
    "prompt_version": "version",
    "response": "output",
    "completion": "output",
    "evaluator": "check",
    "assertion": "check",
    "rating": "verdict",
    "judgment": "verdict",
}
"""Names that would be a second word for the same thing."""


@cache
def names() -> dict[str, set[str]]:
    """Names of modules, classes, functions, arguments and fields, to the files that define them."""
    found: dict[str, set[str]] = {}
    for file in SOURCE.rglob("*.py"):
        shown = file.relative_to(SOURCE).as_posix()
        tree = ast.parse(file.read_text("utf-8"))
        defined = {file.stem}
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                defined.add(node.name)
            elif isinstance(node, ast.arg):
                defined.add(node.arg)
            elif isinstance(node, ast.AnnAssign | ast.Assign):
                targets = [node.target] if isinstance(node, ast.AnnAssign) else node.targets
                defined |= {target.id for target in targets if isinstance(target, ast.Name)}
        for name in defined:
            found.setdefault(name, set()).add(shown)
    return found


def words_of(name: str) -> list[str]:
    """`CaseRow` and `case_row` hold the words case and row."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower().split("_")


@pytest.mark.parametrize("word", WORDS)
def test_each_word_of_the_glossary_is_a_name_in_the_tree(word: str) -> None:
    plurals = {word, f"{word}s", f"{word}es", f"{word}ed"}
    files = {file for name, where in names().items() if plurals & set(words_of(name)) for file in where}
    assert files, f"nothing in the tree is called {word}"


@pytest.mark.parametrize("word", [w for w in WORDS if w not in ("fix", "drift", "regression", "draft")])
def test_the_readme_and_contributing_use_the_same_words(word: str) -> None:
    text = (ROOT / "README.md").read_text("utf-8") + (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    assert re.search(rf"\b{word}(s|es)?\b", text, re.IGNORECASE)


@pytest.mark.parametrize("other", sorted(OTHER_NAMES))
def test_there_is_no_second_word(other: str) -> None:
    """A class or module named by another word would hide the thing from whoever looks for it."""
    wanted = other.split("_")
    found = {
        name: where
        for name, where in names().items()
        if words_of(name)[: len(wanted)] == wanted
        and (name[0].isupper() or f"{name}.py" in {Path(w).name for w in where})
    }
    assert not found, f"say {OTHER_NAMES[other]}: {found}"

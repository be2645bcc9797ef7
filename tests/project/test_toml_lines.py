"""Lines of keys in every form that TOML lets a key take."""

import tomllib

import pytest

from migrator_tui.project.toml_lines import TomlPath, line_of

TEXT = '''\
# comment with [brackets] = 1
title = "a # no comment"
long = """
[not.a.table]
x = 1
"""
"quoted key" = 'x'
a.b.c = 1
list = [
  1, # one
  { k = [2,
     3] },
]
[[items]]
name = "first"
params = { t = 0.5, d = 1979-05-27 07:32:00, "odd.key" = true }
[items.sub]
deep = 1
[[items]]
name = "second"
[[items.parts]]
n = 1
[[items.parts]]
n = 2
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("title",), 2),
        (("quoted key",), 7),
        (("a", "b", "c"), 8),
        (("list", 0), 10),
        (("list", 1, "k", 1), 12),
        (("items", 0), 14),
        (("items", 0, "name"), 15),
        (("items", 0, "params", "odd.key"), 16),
        (("items", 0, "sub", "deep"), 18),
        (("items", 1, "name"), 20),
        (("items", 1, "parts", 1, "n"), 24),
        (("items", 1, "missing"), 19),
        (("nowhere",), None),
    ],
)
def test_line_of_key(path: TomlPath, line: int | None) -> None:
    assert tomllib.loads(TEXT)["items"][1]["parts"][1]["n"] == 2
    assert line_of(TEXT, path) == line

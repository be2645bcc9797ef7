"""Project files damaged at random: they are read, or told in one line; never anything else."""

import json
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from migrator_tui.project.cases import read_cases
from migrator_tui.project.config import load_project
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.prompts import parts, render, variables
from migrator_tui.project.recordings import Recording
from migrator_tui.project.schema import Case
from migrator_tui.project.trust import concerns
from migrator_tui.project.write_back import diff_text, prompt_change
from tests.project.conftest import CONFIG

CASES = [
    {"id": "a", "vars": {"x": [1, {"y": None}]}, "checks": [{"type": "is-json", "weight": 1}], "tags": ["t"]},
    {"messages": [{"role": "user", "content": [{"type": "text", "text": "ü"}]}], "expected": 1.5, "critical": True},
]
YAML = """\
- id: a
  vars: &v {x: [1, ~], y: 'z'}
- vars: *v
  <<: {tags: [a]}
  messages:
  - {role: user, content: "q"}
"""
CSV = 'id,x,"messages",critical\na,"1\n2","[{""role"": ""user"", ""content"": ""q""}]",yes\n'
PROMPT = "# system\n{% if a is defined %}{{ a.b|upper }}{% endif %}\n{{ messages }}\n# user\n{# x #}{{ c ~ 1 }}\n"
ROWS = json.dumps({"id": "a", "input": "q", "output": "x", "passed": True, "tool_calls": [{"name": "f"}]}) + "\n"


@st.composite
def damaged(draw: st.DrawFn, sound: str) -> bytes:
    """The text with some pieces cut out, doubled, moved or overwritten."""
    data = sound.encode()
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(data)))
        end = min(len(data), start + draw(st.integers(0, 30)))
        put = draw(
            st.sampled_from(
                [
                    b"",
                    data[start:end] * 2,
                    b"\0",
                    b"\xff",
                    b"\xed\xa0\x80",
                    b"\n",
                    b"[",
                    b"]]",
                    b"{",
                    b'"',
                    b"'''",
                    b"=",
                    b"1e999",
                ]
            )
            | st.binary(max_size=4)
        )
        data = data[:start] + put + data[end:]
    return data


def one_line_at_most(work: Callable[[], object]) -> None:
    try:
        work()
    except ProjectError as error:
        assert str(error).isprintable() and len(str(error)) < 1500


quick = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@quick
@given(config=damaged(CONFIG))
def test_config(config: bytes) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file in ("prompts/triage.md", "prompts/triage.sonnet.md", "cases/triage.jsonl"):
            (folder / file).parent.mkdir(exist_ok=True)
            (folder / file).write_text("x")
        (folder / "migrator.toml").write_bytes(config)

        def work() -> None:
            project = load_project(folder, trusted=False)
            concerns(project)
            for candidate in project.candidates:
                diff_text(prompt_change(project, project.tasks[0], candidate, "new", {"seed": 1}))

        one_line_at_most(work)


@pytest.mark.parametrize(
    ("name", "sound"),
    [
        ("c.jsonl", "\n".join(map(json.dumps, CASES))),
        ("c.json", json.dumps(CASES, indent=1)),
        ("c.yaml", YAML),
        ("c.csv", CSV),
    ],
    ids=["jsonl", "json", "yaml", "csv"],
)
@quick
@given(data=st.data())
def test_cases(tmp_path: Path, name: str, sound: str, data: st.DataObject) -> None:
    file = tmp_path / name
    file.write_bytes(data.draw(damaged(sound)))
    one_line_at_most(lambda: list(read_cases(file, tmp_path)))


@quick
@given(content=damaged(ROWS * 2))
def test_recordings(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "old.jsonl"
    file.write_bytes(content)

    def work() -> None:
        recording = Recording.load(file)
        recording.answer("a", "q")
        str(recording.unmatched([Case("z", {"x": 1})]))

    one_line_at_most(work)


WORDS = """
{{ }} {% %} {# #} if for in endfor endif set = macro() x a.b [0] + * ** ( ) 'q 9 range(
-%}
loop.index caller call endcall
filter endfilter raw endraw include 'x' import is defined not namespace(s=1) ~ 'a'*9 a|upper
"""
LINES = ["\n# system\n", "\n# user\n", "\n{{ messages }}\n", "\n"]
words = st.sampled_from([*WORDS.split(), "|", *LINES])


@settings(quick, max_examples=400)
@given(pieces=st.lists(words | st.text(max_size=3), max_size=14))
def test_templates(pieces: list[str]) -> None:
    template = " ".join(pieces)
    case = Case("T", {"a": {"b": "v"}, "x": [1], "c": "q"}, [{"role": "user", "content": "hi"}])
    one_line_at_most(lambda: render(template, case))
    one_line_at_most(lambda: variables(template))
    one_line_at_most(lambda: parts(template))


@quick
@given(template=st.binary().map(lambda noise: PROMPT + noise.decode("utf-8", "replace")).flatmap(damaged))
def test_damaged_prompts(template: bytes) -> None:
    text = template.decode("utf-8", "replace")
    one_line_at_most(lambda: render(text, Case("T", {"a": {"b": "v"}, "c": "q"})))

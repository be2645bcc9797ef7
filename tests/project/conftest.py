"""A small sound project on disk, for tests to change."""

import json
from pathlib import Path

import pytest

CONFIG = """\
# the shop's bot
[project]
name = "support-tickets"

[baseline]
model = "openai/gpt-4o-2024-08-06"
params = { temperature = 0, max_tokens = 400 }

[[candidates]]
name = "sonnet"               # what the screens call it
model = "anthropic/claude-sonnet-5"
params = { max_tokens = 600 } # room for thoughts

[candidates.prompts]
triage = "prompts/triage.sonnet.md"

[[candidates]]
name = "mini"
model = "simulated:chatty"

# what the bot does
[[tasks]]
name = "triage"
prompt = "prompts/triage.md"
cases = ["cases/triage.jsonl"]
checks = [{ type = "is-json" }, { type = "max-words", value = 80 }]

[gate]
margin = 0.05
"""


class Folder:
    """A project folder that a test writes into."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def config(self, old: str = "", new: str = "") -> None:
        """The sound configuration with one thing changed."""
        assert old in CONFIG
        self.write("migrator.toml", CONFIG.replace(old, new, 1) if old else CONFIG)

    def read(self, name: str) -> str:
        return (self.path / name).read_bytes().decode()


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    made = Folder(tmp_path / "shop")
    made.path.mkdir()
    made.config()
    made.write("prompts/triage.md", "You triage for {{ shop }}.\n")
    made.write("prompts/triage.sonnet.md", "Raw JSON only. You triage for {{ shop }}.\n")
    cases = [{"id": f"T-{n}", "vars": {"shop": "Acme", "ticket": f"text {n}"}} for n in (1, 2, 3)]
    made.write("cases/triage.jsonl", "".join(json.dumps(case) + "\n" for case in cases))
    return made

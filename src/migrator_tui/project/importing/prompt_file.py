"""The prompt of an imported task: what every conversation began with, or what asks for its variables."""

from collections import Counter
from collections.abc import Mapping

from migrator_tui.project.errors import ProjectError
from migrator_tui.project.prompts import render
from migrator_tui.project.schema import Case

ONLY_MESSAGES = "# system\n\n{{ messages }}\n"
"""Sends a case's own messages and nothing else; a system prompt can be written under its first line."""


def shared_system(systems: Mapping[str, int]) -> str | None:
    """The system message that all conversations begin with, where a prompt file can say it; else `None`."""
    if len(systems) != 1:
        return None
    text = next(iter(systems))
    if not text.strip():
        return None
    template = system_template(text)
    asked = Case(id="any", messages=({"role": "user", "content": "anything"},))
    try:
        rendered = render(template, asked)
    except ProjectError:
        return None
    whole = len(rendered) == 2 and rendered[0] == {"role": "system", "content": text.strip()}
    return text if whole else None


def system_template(text: str) -> str:
    """The text as a prompt file: braces in it mean nothing."""
    body = text.strip()
    if any(mark in body for mark in ("{{", "{%", "{#")):
        # No prompt says `endraw`; one that does is not taken out of its messages.
        return f"{{% raw %}}{body}{{% endraw %}}\n"
    return f"{body}\n"


def asking_template(variables: Counter[str], cases: int, *, messages: bool) -> str:
    """A prompt that puts the variables before the model: one as it is, several with their names."""
    if not variables:
        return ONLY_MESSAGES
    always = [name for name, count in variables.items() if count == cases]
    said = {name: f"{{{{ {name} }}}}" if name in always else f'{{{{ {name} | default("") }}}}' for name in variables}
    if len(said) == 1:
        asked = next(iter(said.values()))
    else:
        asked = "\n".join(f"{name}: {text}" for name, text in said.items())
    return f"# system\n\n# user\n{asked}\n" + ("\n{{ messages }}\n" if messages else "")

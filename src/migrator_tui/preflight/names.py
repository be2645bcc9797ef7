"""Whether a model's name is one that its provider answers to, and of a model that answers with text."""

from collections.abc import Iterator
from pathlib import Path

from migrator_tui.models.catalog import ANSWERING, lookup, meant, models_of
from migrator_tui.preflight.finding import Finding, Severity
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.schema import BASELINE, ModelSpec
from migrator_tui.project.words import one_line

_LISTED = frozenset({"openai", "anthropic", "gemini", "mistral", "deepseek", "xai", "groq"})
"""Providers whose models the price map has all of; with others, customers name their own, or it has a part."""


def name_findings(spec: ModelSpec, folder: Path | None = None) -> Iterator[Finding]:
    """What speaks against the name; nothing about servers of one's own and fine-tuned models.

    `folder` is the project's, for simulated models kept there.
    """
    if spec.model.startswith("simulated:"):
        yield from _simulated(spec, folder)
        return
    if spec.model.startswith("recorded:") or spec.api_base is not None:
        return
    facts = lookup(spec.model)
    if facts is not None:
        if facts.mode is not None and facts.mode not in ANSWERING and spec.name != "embeddings":
            yield Finding(
                Severity.BLOCKER,
                spec.name,
                None,
                "model",
                f"the price map has {one_line(spec.model, 80)} as a model for {facts.mode.replace('_', ' ')}, "
                "not for answers in text",
                "choose a model for chat",
            )
        return
    provider, _, bare = spec.model.partition("/")
    if provider not in _LISTED or not bare or bare.startswith("ft:") or not models_of(provider):
        return
    near = meant(spec.model)
    gone = "; if it is gone, give its recorded answers instead (recorded:FILE)" if spec.name == BASELINE else ""
    yield Finding(
        Severity.WARNING,
        spec.name,
        None,
        "model",
        f"the price map does not know {one_line(spec.model, 80)}: a slip in the name, a model newer than the map, "
        "or a retired one, which it leaves out",
        f"{f'did you mean {near}? Else ' if near is not None else ''}look it up with the provider{gone}",
    )


def _simulated(spec: ModelSpec, folder: Path | None) -> Iterator[Finding]:
    # Here, not above: it imports rapidfuzz.
    from migrator_tui.models.simulator.personas import load_persona

    try:
        load_persona(spec.model, folder)
    except ProjectError as error:
        yield Finding(Severity.BLOCKER, spec.name, None, "model", one_line(str(error), 160), "correct the name")

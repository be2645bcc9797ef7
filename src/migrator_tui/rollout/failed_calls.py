"""Calls of production as test cases: what went wrong with the candidate becomes something it is tested on.

Inputs are from strangers: personal data and keys are masked as importing masks, before anything is shown or written.
"""

import hashlib
import json
from typing import TYPE_CHECKING, Any

from migrator_tui.project.case_values import case_from_values, last_user_message
from migrator_tui.project.importing.masking import mask
from migrator_tui.project.schema import Case
from migrator_tui.project.tables import Misfit, plain_value

if TYPE_CHECKING:
    from migrator_tui.history.rollout_records import Sample

SHOWN = 4_000
"""Characters of an input that are looked at for its first words."""
SIGNALS = {"escalated": "escalated", "thumbs": "thumbs-down", "check-pass": "checks-fail"}


def troubles(call: "Sample") -> list[str]:
    """What was wrong with a call, as tags say it; empty where it was only slow, or nothing was."""
    if call.kind == "failed" or call.served is None:
        return ["failed"]
    said = call.signals
    bad = {"escalated": said.get("escalated", 0) > 0}
    bad |= {name: said.get(name, 1) <= 0 for name in ("thumbs", "check-pass")}
    found = [SIGNALS[name] for name, is_bad in bad.items() if is_bad]
    found += ["rescued"] if call.served != call.arm else []
    drift = [name.removeprefix("drift:") for name, value in said.items() if name.startswith("drift:") and value > 0]
    return [*found, *(name for name in sorted(drift) if name != "any")]


def first_words(call: "Sample") -> str | None:
    """The beginning of what was asked, masked; raw text otherwise. `None` where the input was not kept."""
    said = _said(call)
    if said is None:
        return None
    text = last_user_message(said["messages"])
    if not text.strip():
        text = max((value for value in said["vars"].values() if isinstance(value, str)), key=len, default="")
    return str(mask(text[:SHOWN])[0])


def case_of(call: "Sample") -> Case | None:
    """The case that a call becomes, masked and tagged; `None` where its input was not kept, or is none."""
    said = _said(call)
    if said is None:
        return None
    masked, _ = mask(said)
    name = hashlib.sha256(call.request_id.encode("utf-8", "replace")).hexdigest()[:8]
    values = {
        "id": f"live-{name}",
        **{key: value for key, value in masked.items() if value},
        "tags": ["production", *troubles(call)],
    }
    try:
        return case_from_values(values)[0]
    except Misfit:
        return None


def _said(call: "Sample") -> dict[str, Any] | None:
    """Variables and messages of the call, each in its place; `None` where there are none."""
    try:
        said = plain_value(json.loads(call.input)) if call.input is not None else None
    except (ValueError, RecursionError, Misfit):
        return None
    if not isinstance(said, dict):
        return None
    variables, messages = said.get("vars"), said.get("messages")
    return {
        "vars": variables if isinstance(variables, dict) else {},
        "messages": [each for each in messages if isinstance(each, dict)] if isinstance(messages, list) else [],
    }

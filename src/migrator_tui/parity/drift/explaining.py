"""Which failed checks a drift is reason enough for, so that a row tells one of them and not both."""

import re
from collections.abc import Mapping

from migrator_tui.parity.drift.base import Drift

_IS_JSON = frozenset({"is-json", "contains-json"})
_READS_JSON = _IS_JSON | {"json-path"}
_TOO_LONG = frozenset(
    {"max-words", "max-sentences", "max-characters", "max-tokens", "max-length-ratio", "word-count"}
)
_TOO_SHORT = frozenset({"min-words", "word-count"})
_TOOLS = frozenset({"tool-call", "no-tool-call", "tool-call-f1", "is-valid-openai-tools-call"})

EXPLAINS: Mapping[str, frozenset[str]] = {
    "refusal": _READS_JSON | {"not-is-refusal", "is-refusal"},
    "truncated": _READS_JSON | {"finish-reason"},
    "tool-choice": _TOOLS | {"finish-reason"},
    "tool-arguments": _TOOLS,
    "json-broken": _READS_JSON,
    "language": frozenset({"language"}),
    "fences": frozenset({"is-json", "no-code-fence", "no-markdown", "equals", "starts-with"}),
    "preamble": frozenset({"is-json", "equals", "starts-with", "no-preamble"}),
    "sign-off": frozenset({"is-json", "equals"}),
    "markdown": frozenset({"no-markdown"}),
    "longer": _TOO_LONG,
    "shorter": _TOO_SHORT,
}
"""Failed checks, by label."""


def explains(drift: Drift, label: str, reason: str) -> bool:
    """Whether a failed check needs no word of its own beside this drift.

    A changed key or value explains the checks that name it: `priority low→high` says more than the check does.
    """
    if not drift.differs or not drift.candidate:
        return False
    if drift.name == "empty" or label in EXPLAINS.get(drift.name, ()):
        return True
    told = f"{label} {reason}".casefold()
    return any(re.search(rf"\b{re.escape(key.casefold())}\b", told) is not None for key in drift.keys if key)

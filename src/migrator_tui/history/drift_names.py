"""The fixed table of drifts: what `drift:` in a filter, `drift[].name` in results and the stored marks may be."""

DRIFT_NAMES = (
    *("empty", "refusal", "truncated", "tool-choice", "tool-arguments", "json-broken", "language"),
    *("fences", "preamble", "sign-off", "json", "json-keys", "json-types", "json-values", "markdown"),
    *("date-format", "number-format", "longer", "shorter", "whitespace", "other-answer", "wording"),
)
"""Gravest first. Scripts hold on to them: more may come, none is renamed."""

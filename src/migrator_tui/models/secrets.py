"""Keys are used, never shown: what counts as a secret in an environment, and how text is cleared of it."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from urllib.parse import quote, urlsplit

SHOWN = "[key]"
"""What stands where a key stood."""

_SECRET_NAME = re.compile(r"KEY|TOKEN|SECRET|PASSW|CREDENTIAL|AUTH", re.IGNORECASE)
_HARMLESS_NAME = re.compile(r"^(SSH_AUTH_SOCK|XAUTHORITY|GIT_ASKPASS)$|_(FILE|PATH|DIR|SOCK)$", re.IGNORECASE)
_LOOKS_LIKE_A_KEY = re.compile(
    r"\b(?:sk|pk|rk|gsk|xai|hf|AIza)[-_][A-Za-z0-9_*.\-]{12,}"
    r"|\b(?:AIza[\w-]{30,}|gh[opsur]_\w{30,}|github_pat_\w{30,}|glpat-[\w-]{16,}|xox[abprs]-[\w-]{16,}"
    r"|(?:AKIA|ASIA)[A-Z0-9]{16}\b|eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,})"
    r"|(?<=Bearer )[^\s\"',}]{6,}"
)
"""Keys by their beginnings: of makers of models, Google, GitHub, GitLab, Slack and AWS; and signed tokens (JWT)."""
_SHORTEST = 5
"""Characters; a shorter value would be found all over ordinary text."""


def secrets_in(environment: Mapping[str, str], extra_names: Iterable[str] = ()) -> set[str]:
    """The values of an environment that must not be shown: by name, or passwords inside a URL (proxies).

    `extra_names` are variables that hold a key whatever they are called (`api_key_env`).
    """
    found = {environment.get(name, "") for name in extra_names}
    for name, value in environment.items():
        if _SECRET_NAME.search(name) and not _HARMLESS_NAME.search(name):
            found.add(value)
        if "://" in value and "@" in value:
            try:
                found.add(urlsplit(value).password or "")
            except ValueError:  # no URL after all
                found.add(value)
    # Keys that come from a file keep its newline now and then; the provider's message then quotes the bare key.
    found |= {value.strip() for value in found}
    return {
        value for value in found if len(value) >= _SHORTEST and value.lower() not in ("false", "none", "placeholder")
    }


def scrubber(secrets: Iterable[str]) -> Callable[[str], str]:
    """A function that puts `[key]` in place of each secret, as it is and as JSON or a URL would write it."""
    forms = {form for secret in secrets for form in (secret, json.dumps(secret)[1:-1], quote(secret, safe=""))}
    known = re.compile("|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True))) if forms else None

    def scrub(text: str) -> str:
        if known is not None:
            text = known.sub(SHOWN, text)
        return _LOOKS_LIKE_A_KEY.sub(SHOWN, text)

    return scrub


def exact_scrubber(secrets: Iterable[str]) -> Callable[[str], str]:
    """Like `scrubber`, for text that isn't ours to guess about (answers): only the secrets themselves."""
    forms = sorted(set(secrets), key=len, reverse=True)
    if not forms:
        return lambda text: text
    known = re.compile("|".join(re.escape(form) for form in forms))
    return lambda text: known.sub(SHOWN, text)

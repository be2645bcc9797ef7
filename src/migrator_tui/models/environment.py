"""What a child process is started with: the given environment, a few names of this program's own, and nothing else.

Keys come only from the mapping that the caller gives. Names that steer the interpreter or the loader come only
from this process, never from a project's `.env`.
"""

import os
from collections.abc import Mapping

_PASSED_ON = (
    "PATH", "HOME", "USERPROFILE", "SYSTEMROOT", "TMPDIR", "TEMP", "TMP", "LANG", "LC_ALL", "LC_CTYPE", "TZ",
    "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "all_proxy", "no_proxy",
    "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "AWS_CA_BUNDLE", "CURL_CA_BUNDLE",
)  # fmt: skip
"""Taken from this process where the mapping does not say otherwise: paths, language, proxies, certificates."""

_OURS_ALONE = ("PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
_KEPT = ("LITELLM_PROXY_API_KEY", "LITELLM_PROXY_API_BASE")
"""Whoever asks through a LiteLLM proxy names it so."""
_STEERING = ("PYTHON", "LD_", "DYLD_", "LITELLM_", "PYDANTIC_")
_LOOPBACK = "127.0.0.1,localhost,::1"

_SETTINGS = {
    # Prices come with the package: no fetching at import. And no loading of a stray `.env`.
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_MODE": "PRODUCTION",
    "LITELLM_LOG": "ERROR",
    # A model caught in a loop is a finding for the user, not a reason to break its stream off.
    "REPEATED_STREAMING_CHUNK_LIMIT": "1000000000",
    "HF_HUB_OFFLINE": "1",
    "DO_NOT_TRACK": "1",
    "PYDANTIC_DISABLE_PLUGINS": "1",
    "PYTHONUNBUFFERED": "1",
    "PYTHONIOENCODING": "utf-8:backslashreplace",
    "PYTHONFAULTHANDLER": "1",
}


def child_environment(given: Mapping[str, str] | None) -> dict[str, str]:
    """The whole environment of a worker; `None` gives it this process's own, keys included."""
    own = dict(os.environ)
    asked = own if given is None else dict(given)
    result = {name: own[name] for name in _PASSED_ON if name in own}
    result |= {name: value for name, value in asked.items() if name in _KEPT or not name.startswith(_STEERING)}
    result |= {name: own[name] for name in _OURS_ALONE if name in own}
    if "SSL_CERT_FILE" not in result:
        bundle = result.get("REQUESTS_CA_BUNDLE") or result.get("CURL_CA_BUNDLE")
        if bundle:
            result["SSL_CERT_FILE"] = bundle
    # A proxy can't reach this machine's loopback, where simulator and local servers are. Both spellings, since
    # readers differ in which they look at first.
    direct = ",".join(filter(None, (result.get("no_proxy") or result.get("NO_PROXY"), _LOOPBACK)))
    return result | _SETTINGS | {"NO_PROXY": direct, "no_proxy": direct}

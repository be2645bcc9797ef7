"""Whether a model can be reached at all: keys by name, and servers of one's own by a plain connection.

Values of keys are not looked at, and hosted providers are not contacted.
"""

import ipaddress
import socket
from collections.abc import Collection, Iterator, Sequence
from urllib.parse import urlsplit

from migrator_tui.models.catalog import lookup, providers
from migrator_tui.models.key_names import found_elsewhere, key_state, place_state, provider_of
from migrator_tui.preflight.finding import Finding, Severity
from migrator_tui.project.schema import ModelSpec
from migrator_tui.project.trust import is_loopback
from migrator_tui.project.words import one_line

PATIENCE = 2.0
"""Seconds a server of one's own has to take a connection."""
_LOCAL = {"ollama": 11434, "ollama_chat": 11434, "lm_studio": 1234, "llamafile": 8080}
"""Servers that are looked for on this machine where no address is stated, and their ports."""
_PRIVATE = (".local", ".internal", ".lan", ".home", ".intranet", ".localhost", ".home.arpa")
"""Ends of names that no public server has (RFC 6762, 8375; ICANN's .internal)."""
_PLACE_PARAMS = {
    "bedrock": ("aws_region_name",),
    "vertex_ai": ("vertex_location", "vertex_ai_location"),
    "azure": (),
}
_TAKEN_INSTEAD = {"bedrock": "us-west-2", "vertex_ai": "us-central1"}
"""Regions that litellm 1.106.2 takes where none is stated."""


def key_findings(spec: ModelSpec, available: Collection[str]) -> Iterator[Finding]:
    """What is missing of what this model needs; `available` are the names of variables that are set."""
    if spec.model.startswith(("recorded:", "simulated:")):
        return
    if spec.api_key_env is not None:
        if spec.api_key_env not in available:
            yield _missing(spec, (spec.api_key_env,))
        return
    facts = lookup(spec.model)
    who = provider_of(spec.model, facts.provider if facts is not None else None)
    if who is None or (who not in providers() and who not in _LOCAL):
        return  # whoever that is, is not known to need a key of that name
    if spec.api_base is not None and not _keeps_its_key(who, spec.api_base):
        return  # a provider's key is not sent to another address
    key = key_state(spec.model, who, available)
    if not key.is_set:
        if found_elsewhere(who):
            yield Finding(
                Severity.WARNING,
                spec.name,
                None,
                "key",
                f"{_listed(key.missing)} {_is(key.missing)} not set; a profile, a login of this machine or its role "
                "may still be found by the provider's library",
                "set them in the environment or in .env, unless this machine is logged in",
            )
        else:
            yield _missing(spec, key.missing)
    yield from _place(spec, who, available)


def _place(spec: ModelSpec, who: str, available: Collection[str]) -> Iterator[Finding]:
    """Azure, Bedrock and Vertex serve each customer at a place of their own."""
    place = place_state(who, available)
    stated = spec.api_base is not None or any(name in spec.params for name in _PLACE_PARAMS.get(who, ()))
    if place.is_set or stated:
        return
    if who in _TAKEN_INSTEAD:
        yield Finding(
            Severity.NOTE,
            spec.name,
            None,
            "key",
            f"{_listed(place.missing)} is not set: {_TAKEN_INSTEAD[who]} is taken",
            f"set it, where this model is served to you elsewhere; or {_PLACE_PARAMS[who][0]} in params",
        )
    else:
        yield _missing(spec, place.missing, ", or api_base in the model's table")


def _missing(spec: ModelSpec, names: Sequence[str], more: str = "") -> Finding:
    them, are = ("it", "it is") if len(names) == 1 else ("them", "they are")
    do = f"set {them} in the environment or in .env{more}; {are} never stored"
    return Finding(Severity.BLOCKER, spec.name, None, "key", f"{_listed(names)} {_is(names)} not set", do)


def server_findings(
    specs: Sequence[ModelSpec], *, trusted: bool, available: Collection[str] = ()
) -> Iterator[Finding]:
    """Whether the servers that a project has of its own take a connection. Each is tried once, and told nothing.

    `available` are the names of variables that are set: `OLLAMA_API_BASE` leads elsewhere than to the usual port.
    """
    reasons: dict[tuple[str, int], str] = {}
    for spec in specs:
        address = None if spec.model.startswith(("recorded:", "simulated:")) else _address(spec, available)
        if address is None or not (trusted or _is_here(address[0])):
            continue  # an untrusted folder's addresses are refused before
        if address not in reasons:
            reasons[address] = _refusal(*address)
        if reasons[address]:
            yield Finding(
                Severity.BLOCKER,
                spec.name,
                None,
                "server",
                f"no server takes connections at {one_line(f'{address[0]}:{address[1]}', 80)} ({reasons[address]})",
                "start it, or correct api_base; then look again",
            )


def _address(spec: ModelSpec, available: Collection[str]) -> tuple[str, int] | None:
    """Where a server of one's own is; `None` for hosted providers, and where the address cannot be read."""
    if spec.api_base is None:
        prefix, slash, _ = spec.model.partition("/")
        is_usual = slash and prefix in _LOCAL and f"{prefix.removesuffix('_chat').upper()}_API_BASE" not in available
        return ("127.0.0.1", _LOCAL[prefix]) if is_usual else None
    try:
        parts = urlsplit(spec.api_base)
        host, port = parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        return None
    if not host or port is None or not _is_ones_own(host):
        return None
    return host, port


def _is_ones_own(host: str) -> bool:
    """This machine, or one of a private network: nobody on the internet is contacted."""
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return "." not in host or host.endswith(_PRIVATE)


def _is_here(host: str) -> bool:
    return host == "localhost" or is_loopback(f"http://{f'[{host}]' if ':' in host else host}")


def _refusal(host: str, port: int) -> str:
    try:
        socket.create_connection((host, port), timeout=PATIENCE).close()
    except TimeoutError:
        return f"nothing within {PATIENCE:g} s"
    except OSError as error:
        return one_line((error.strerror or str(error)).lower(), 80)
    except (ValueError, UnicodeError):
        return "no such address"
    return ""


def _keeps_its_key(who: str, api_base: str) -> bool:
    """The worker gives a provider's key to that provider alone (`models.arguments`)."""
    return found_elsewhere(who) or (who == "azure" and ".azure.com" in api_base)


def _listed(names: Sequence[str]) -> str:
    return " and ".join(one_line(name, 60) for name in names)


def _is(names: Sequence[str]) -> str:
    return "is" if len(names) == 1 else "are"

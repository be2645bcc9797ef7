"""From a `ModelRequest` to the arguments of the client library's call, and what a project may not say there.

Parameters come from a project file, perhaps a stranger's: those that would send a key elsewhere, read files or
change who is asked are refused here, whatever the project's trust.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from migrator_tui.models.requests import CallError, ErrorKind, ModelRequest
from migrator_tui.project.schema import Message

PLACEHOLDER_KEY = "no-key"
"""Sent to servers that want no key; clients insist on having one."""

_ELSEWHERE = {
    "model": "it is the model table's `model`",
    "messages": "the prompt and the case say it",
    "tools": "tools belong to the task",
    "functions": "tools belong to the task",
    "stream": "the program decides it",
    "stream_options": "the program decides it",
    "timeout": "use `timeout` in the model's table",
    "api_base": "use `api_base` in the model's table",
    "base_url": "use `api_base` in the model's table",
    "api_key": "name a variable with `api_key_env` in the model's table; a key never stands in a file",
    "n": "use --repeat for several answers",
}
_ALLOWED = frozenset(
    {"allowed_openai_params", "additional_drop_params", "drop_params", "api_version", "metadata", "extra_headers"}
)
_PLACES = frozenset(
    {"aws_region_name", "vertex_project", "vertex_location", "vertex_ai_project", "vertex_ai_location"}
)
_PLACE = re.compile(r"[A-Za-z0-9:_.-]+")
_SURROGATE = re.compile("[\ud800-\udfff]")
_REACHES_OUT = re.compile(
    r"^(?:aws|vertex|azure|watsonx|s3|gcs|oci|sagemaker|databricks|snowflake|langfuse|mock|anthropic_issuer)_"
    r"|(?:^|_)(?:key|secret|password|credentials?|endpoint|endpoint_url|base_url|api_base|url|callbacks?|client|proxy)$"
    r"|token_file|callback"
)

_SIGNING = frozenset({"bedrock", "bedrock_converse", "sagemaker", "sagemaker_chat", "vertex_ai", "vertex_ai_beta"})
_BEARER = frozenset({"bedrock", "bedrock_converse"})
AWS_BEARER = "AWS_BEARER_TOKEN_BEDROCK"
"""With it Bedrock's requests are not signed: they carry the token itself, to whatever address they go."""
_BEDROCK_HOST = re.compile(r"(?:[\w-]+\.)?bedrock-runtime(?:-fips)?\.[\w-]+\.(?:vpce\.)?amazonaws\.com(?:\.cn)?")
_NEEDS_USER_TURN = frozenset(
    {
        "anthropic",
        "bedrock",
        "bedrock_converse",
        "vertex_ai",
        "vertex_ai_beta",
        "gemini",
        "mistral",
        "cohere",
        "cohere_chat",
    }
)
"""Providers that refuse a chat of system messages alone."""


class RefusedArgument(ValueError):
    """The request may not be sent as it stands; `str()` says what to change."""

    kind = ErrorKind.REJECTED


class KeyMissing(RefusedArgument):
    """The variable named by `api_key_env` is not set."""

    kind = ErrorKind.KEY

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is not set (api_key_env)")


def call_arguments(
    request: ModelRequest,
    *,
    provider: str | None,
    key: str | None,
    reserved: Collection[str] = (),
    bearer: bool = False,
) -> dict[str, Any]:
    """Keyword arguments for the library's completion call, or for its embedding call where there are `texts`.

    `provider` is the library's name for who is asked, `key` the value of `api_key_env`; `reserved` are the
    library's own control parameters; `bearer`: `AWS_BEARER` is set. Raises `RefusedArgument`.
    """
    if "://" in request.model:
        raise RefusedArgument(f"a model is a name, not an address: {request.model}; use `api_base`")
    check_params(request.params, reserved)
    if key is None and bearer and provider in _BEARER and not _is_bedrock(request.api_base):
        raise RefusedArgument(f"{AWS_BEARER} goes to AWS alone; name in `api_key_env` what {request.api_base} wants")
    arguments: dict[str, Any] = {
        **request.params,
        "model": request.model,
        **({"input": sendable(request.texts)} if request.texts else _chat(request, provider)),
        "timeout": request.timeout,
        # Retries are the pool's: it honours Retry-After, counts attempts and can be cancelled.
        "max_retries": 0,
        "num_retries": 0,
    }
    if request.api_base is not None:
        arguments["api_base"] = request.api_base
    if key is not None:
        arguments["api_key"] = key
    elif request.api_base is not None and not _own_address(provider, request.api_base):
        # A provider's key goes to that provider; anywhere else only what `api_key_env` names.
        arguments["api_key"] = PLACEHOLDER_KEY
    return arguments


def _chat(request: ModelRequest, provider: str | None) -> dict[str, Any]:
    arguments: dict[str, Any] = {
        "messages": sendable(with_user_turn(request.messages, provider)),
        "stream": request.stream,
    }
    if request.stream:
        arguments["stream_options"] = {"include_usage": True}
    if request.tools:
        arguments["tools"] = list(request.tools)
    if request.response_format is not None:
        arguments["response_format"] = dict(request.response_format)
    return arguments


def check_params(params: Mapping[str, Any], reserved: Collection[str] = ()) -> None:
    """Raise `RefusedArgument` for the first parameter that a model table's `params` may not hold."""
    for name, value in params.items():
        if name in _ELSEWHERE:
            raise RefusedArgument(f"parameter `{name}` can't be set in params: {_ELSEWHERE[name]}")
        if name in _PLACES:
            # A region becomes part of a host name.
            if not (isinstance(value, str) and _PLACE.fullmatch(value)):
                raise RefusedArgument(f"parameter `{name}` must be a plain name")
        elif name not in _ALLOWED and (name.startswith("_") or name in reserved or _REACHES_OUT.search(name)):
            raise RefusedArgument(f"parameter `{name}` can't be set in params: it would not go to the model")


def refused_params(params: Mapping[str, Any], reserved: Collection[str] = ()) -> dict[str, str]:
    """Every parameter that a model table's `params` may not hold, with why."""
    refused = {}
    for name, value in params.items():
        try:
            check_params({name: value}, reserved)
        except RefusedArgument as error:
            refused[name] = str(error)
    return refused


def with_user_turn(messages: Sequence[Message], provider: str | None) -> list[Message]:
    """The messages, the last system message turned into the user's where a provider needs a user turn and has none.

    A task whose whole input is in its prompt has no other message.
    """
    copied = [dict(message) for message in messages]
    if provider in _NEEDS_USER_TURN and copied and all(m.get("role") in ("system", "developer") for m in copied):
        copied[-1]["role"] = "user"
    return copied


def sendable(value: Any) -> Any:
    """The same with lone surrogates, for which UTF-8 has no bytes, as U+FFFD; pairs become the character meant."""
    if isinstance(value, str):
        if _SURROGATE.search(value) is None:
            return value
        return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if isinstance(value, Mapping):
        return {sendable(key): sendable(item) for key, item in value.items()}
    return [sendable(item) for item in value] if isinstance(value, (list, tuple)) else value


def _own_address(provider: str | None, url: str) -> bool:
    """May this provider's own credentials be used at that address?

    Signing providers send no key (Vertex a token that lives an hour). Azure gives each customer an address of
    their own, so `api_base` is the usual way there.
    """
    if provider in _SIGNING:
        return True
    return (provider or "").startswith("azure") and url.startswith("https://") and _host(url).endswith(".azure.com")


def _is_bedrock(url: str | None) -> bool:
    """Is that Bedrock itself, or a private end point of it?"""
    return url is None or (url.startswith("https://") and _BEDROCK_HOST.fullmatch(_host(url)) is not None)


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def refusal(error: RefusedArgument, attempt: int) -> CallError:
    """The refusal as a call's end."""
    return CallError(error.kind, str(error), attempts=attempt)

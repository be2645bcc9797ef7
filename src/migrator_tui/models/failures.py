"""From whatever a client library raises to one typed line: which kind of failure, and what a person should read.

Works on exceptions by their class's name and attributes alone, so that nothing here imports the libraries.
"""

import ast
import contextlib
import email.utils
import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from migrator_tui.models.requests import CallError, ErrorKind

_LONGEST = 500
"""Characters of a message that are kept."""
_LONGEST_BODY = 100_000
"""Characters of an error body that is looked into."""

_BY_NAME = {
    "AuthenticationError": ErrorKind.KEY,
    "PermissionDeniedError": ErrorKind.KEY,
    "PaymentRequiredError": ErrorKind.KEY,
    "NoCredentialsError": ErrorKind.KEY,
    "PartialCredentialsError": ErrorKind.KEY,
    "DefaultCredentialsError": ErrorKind.KEY,
    "RateLimitError": ErrorKind.RATE_LIMITED,
    "Timeout": ErrorKind.TIMED_OUT,
    "APITimeoutError": ErrorKind.TIMED_OUT,
    "TimeoutError": ErrorKind.TIMED_OUT,
    "ReadTimeout": ErrorKind.TIMED_OUT,
    "ConnectTimeout": ErrorKind.CONNECTION,
    "ConnectError": ErrorKind.CONNECTION,
    "ConnectionError": ErrorKind.CONNECTION,
    "ClientConnectorError": ErrorKind.CONNECTION,
    "ServerDisconnectedError": ErrorKind.CONNECTION,
    "RemoteProtocolError": ErrorKind.CONNECTION,
    "APIResponseValidationError": ErrorKind.MALFORMED,
    "JSONDecodeError": ErrorKind.MALFORMED,
    "BadRequestError": ErrorKind.REJECTED,
    "UnsupportedParamsError": ErrorKind.REJECTED,
    "ContextWindowExceededError": ErrorKind.REJECTED,
    "ContentPolicyViolationError": ErrorKind.REJECTED,
    "UnprocessableEntityError": ErrorKind.REJECTED,
    "NotFoundError": ErrorKind.REJECTED,
    "LiteLLMUnknownProvider": ErrorKind.REJECTED,
}

_BY_STATUS = {
    401: ErrorKind.KEY,
    402: ErrorKind.KEY,
    403: ErrorKind.KEY,
    408: ErrorKind.TIMED_OUT,
    409: ErrorKind.SERVER,
    425: ErrorKind.SERVER,
    429: ErrorKind.RATE_LIMITED,
}

_WITHOUT_STATUS = frozenset({ErrorKind.CONNECTION, ErrorKind.CUT_OFF, ErrorKind.MALFORMED})

_UNREADABLE = re.compile(
    r"JSONDecodeError|Expecting value|Unterminated string|Extra data|Invalid control character|validation error"
    r"|unable to parse|error parsing|failed to parse|invalid response (?:object|from)|has no attribute"
    r"|not subscriptable|KeyError|NoneType|no choices|Unable to get json|invalid json|Expecting property name",
    re.IGNORECASE,
)
_NO_CONNECTION = re.compile(
    r"cannot connect|connection error|connect call failed|connection reset|server disconnected|name or service"
    r"|name resolution|nodename|network is unreachable|connection refused|certificate verify|broken pipe",
    re.IGNORECASE,
)
_REFUSED = re.compile(r"\[Errno \d+\] Connect call failed \('([^']+)', (\d+)[^)]*\)")
_SAYS_NOTHING = re.compile(r"(?:litellm\.\w+: )?(?:\w+: )?(?:\w+ - )?Connection error\.?", re.IGNORECASE)
_BROKE_OFF = re.compile(
    r"payload is not completed|TransferEncodingError|ContentLengthError|incomplete chunked read|peer closed"
    r"|server disconnected|connection reset|connection closed|connection lost|IncompleteRead|not enough data",
    re.IGNORECASE,
)
_MISSING = re.compile(r"No module named '([\w.]+)'|Google Cloud SDK not found")
_NO_QUOTA = re.compile(r"insufficient_quota|exceeded your current quota|credit balance|billing", re.IGNORECASE)
_NO_KEY = re.compile(
    r"api[ _]key (?:client option|is required|not|must|missing|expired)|missing.{0,20}(?:api[ _]key|credentials)"
    r"|unable to locate credentials|default credentials|invalid.{0,10}api[ _]key|api key not valid"
    r"|Please pass.{0,30}key|no connected db",  # the last: LiteLLM's proxy of a key it doesn't know
    re.IGNORECASE,
)
_BYTES = re.compile(r"b'(?:[^'\\]|\\.)*'|b\"(?:[^\"\\]|\\.)*\"", re.DOTALL)
_WRAPPING = re.compile(
    r"^(?:litellm\.)?(?:exceptions\.)?[A-Za-z]*(?:Error|Exception|Timeout)\s*:\s*|^Error code: \d+ - "
    r"|^(?:[A-Z]?[A-Za-z_]+(?:Exception|Error))\s*-\s*"
)


def call_error(
    exception: BaseException, *, scrub: Callable[[str], str], attempt: int = 1, begun: bool = False, partial: str = ""
) -> CallError:
    """What went wrong, with its kind, HTTP status and the wait the provider asked for, where known.

    `begun`: parts of the answer had arrived, so a lost connection is a stream cut off.
    """
    chain = _chain(exception)
    status = _status(chain)
    whole = " ".join(f"{type(one).__name__}: {one}" for one in chain)
    kind = _kind(chain, status, whole, begun)
    made_up = kind is ErrorKind.KEY and status is not None and (status >= 500 or "locate credentials" in whole)
    if made_up or kind in _WITHOUT_STATUS or _MISSING.search(whole):
        status = None  # there was no such answer; the library made the number up
    return CallError(
        kind,
        scrub(_words(exception, chain, kind, status)),
        status=status,
        attempts=attempt,
        retry_after=retry_after(_headers(chain)),
        partial_text=partial,
    )


def _chain(exception: BaseException) -> list[BaseException]:
    """The exception and what it came from, outermost first."""
    found: list[BaseException] = []
    following: BaseException | None = exception
    while following is not None and following not in found and len(found) < 8:
        found.append(following)
        original = getattr(following, "original_exception", None)
        following = original if isinstance(original, BaseException) else following.__cause__ or following.__context__
    return found


def _status(chain: list[BaseException]) -> int | None:
    """The HTTP status the provider answered with; client libraries make one up where there was no answer."""
    for one in chain:
        response = getattr(one, "response", None)
        status = getattr(response, "status_code", None)
        # A made-up response has no content; a real one has at least some header.
        if isinstance(status, int) and status >= 400 and len(getattr(response, "headers", ()) or ()) > 0:
            return status
    for one in chain:
        status = getattr(one, "status_code", None)
        try:
            number = int(status) if status is not None else 0
        except (TypeError, ValueError):
            continue
        if 400 <= number < 600:
            return number
    return None


def _kind(chain: list[BaseException], status: int | None, whole: str, begun: bool) -> ErrorKind:
    """What the texts say, then the status, then the classes' names: libraries dress many things up as a 500."""
    names = [type(one).__name__ for one in chain]
    by_name = next((_BY_NAME[name] for name in names if name in _BY_NAME), None)
    if _MISSING.search(whole):
        return ErrorKind.REJECTED
    said = _kind_by_text(names, status, whole, begun)
    if said is not None:
        return said
    if status is not None and 400 <= status < 500:
        return _BY_STATUS.get(status, ErrorKind.REJECTED)
    if by_name is not None and by_name is not ErrorKind.CONNECTION:
        return by_name
    if status is not None:
        return ErrorKind.SERVER
    fallback = ErrorKind.MALFORMED if begun or isinstance(chain[0], (ValueError, LookupError, TypeError)) else None
    return by_name or fallback or ErrorKind.SERVER


def _kind_by_text(names: list[str], status: int | None, whole: str, begun: bool) -> ErrorKind | None:
    if begun and (_BROKE_OFF.search(whole) or "ClientPayloadError" in names):
        return ErrorKind.CUT_OFF
    if status == 504 or any(_BY_NAME.get(name) is ErrorKind.TIMED_OUT for name in names):
        return ErrorKind.TIMED_OUT
    if status in (402, 403, 429) and _NO_QUOTA.search(whole):
        return ErrorKind.KEY
    if status != 429 and _NO_KEY.search(whole):
        return ErrorKind.KEY
    if _NO_CONNECTION.search(whole):
        return ErrorKind.CUT_OFF if begun else ErrorKind.CONNECTION
    if _UNREADABLE.search(whole) and (status is None or status >= 500):
        return ErrorKind.MALFORMED
    return None


def _words(exception: BaseException, chain: list[BaseException], kind: ErrorKind, status: int | None) -> str:
    """One line: the provider's own sentence where it can be found, else the library's without its wrapping."""
    if missing := _MISSING.search(" ".join(map(str, chain))):
        package = missing[1] or "google"
        if package.startswith("google"):
            return "models on Vertex need Google's login library: pip install 'migrator-tui[vertex]'"
        return f"this model needs the Python package {package}, which is not installed"
    for one in chain:
        sentence = _sentence(getattr(one, "body", None)) or _sentence(_embedded(str(one)))
        if sentence:
            return one_line(f"{sentence} (HTTP {status})" if status else sentence)
    text = str(exception).partition("Traceback (most recent call last)")[0].strip() or type(exception).__name__
    if kind is ErrorKind.CONNECTION:
        # "Connection error." says nothing; what it came from names host and reason.
        text = next((said for one in reversed(chain) if _NO_CONNECTION.search(said := str(one))), text)
        text = _REFUSED.sub(r"nothing answers at \1:\2", text)
        if _SAYS_NOTHING.fullmatch(text):
            text = next((said for one in reversed(chain) if (said := str(one).strip())), text)
        if any("Proxy" in type(one).__name__ for one in chain):
            return one_line(f"the proxy could not be used (HTTPS_PROXY): {text}")
        if "certificate verify" in text.lower():
            return one_line(f"{text}; name the file of your own authority in SSL_CERT_FILE")
    for _ in range(4):
        text = _WRAPPING.sub("", text, count=1).strip()
    lead = {ErrorKind.TIMED_OUT: "no answer in time", ErrorKind.CUT_OFF: "the stream broke off"}.get(kind)
    if kind is ErrorKind.MALFORMED:
        lead = "the answer could not be read"
    return one_line(f"{lead}: {text}" if lead and text else lead or text)


def _embedded(text: str) -> Any:
    """The JSON object inside a message, as in `Error code: 404 - {"error": …}`, or `None`."""
    start, end = text.find("{"), text.rfind("}")
    if start < 0 or end < start or end - start > _LONGEST_BODY:
        return None
    candidates = [text[start : end + 1]]
    if quoted := _BYTES.search(text):  # a library formatted the raw body with `str`
        with contextlib.suppress(ValueError, SyntaxError):
            candidates.insert(0, ast.literal_eval(quoted[0]).decode("utf-8", "replace"))
    for candidate in candidates:
        with contextlib.suppress(ValueError):
            return json.loads(candidate)
        with contextlib.suppress(ValueError, SyntaxError, MemoryError, RecursionError):
            return ast.literal_eval(candidate)
    return None


def _sentence(body: Any) -> str | None:
    """The human sentence of an error body: `error.message`, `message`, `error`, `detail`, whichever there is."""
    if isinstance(body, (list, tuple)) and body:
        return _sentence(body[0])
    if not isinstance(body, Mapping):
        return None
    for key in ("error", "message", "Message", "detail"):
        value = body.get(key)
        if isinstance(value, str) and value.strip():
            return value
        if isinstance(value, Mapping):
            return _sentence(value)
    return None


def one_line(text: str) -> str:
    """White space runs become one space; what is too long is cut in the middle, where it says least."""
    text = " ".join(text.split())
    half = _LONGEST // 2
    return text if len(text) <= _LONGEST else f"{text[:half]} … {text[-half:]}"


def _headers(chain: list[BaseException]) -> Mapping[str, str]:
    for one in chain:
        for headers in (
            getattr(getattr(one, "response", None), "headers", None),
            getattr(one, "headers", None),
            getattr(one, "litellm_response_headers", None),
        ):
            if headers and any(name.lower().startswith("retry-after") for name in headers):
                return {str(name).lower(): str(value) for name, value in headers.items()}
    return {}


def retry_after(headers: Mapping[str, str], *, now: datetime | None = None) -> float | None:
    """Seconds to wait, from `retry-after-ms` or `Retry-After` (seconds or an HTTP date, RFC 9110 10.2.3)."""
    for name, scale in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            seconds = float(headers[name]) * scale
        except (KeyError, ValueError):
            continue
        if 0 <= seconds < float("inf"):
            return seconds
    try:
        when = email.utils.parsedate_to_datetime(headers["retry-after"])
    except (KeyError, ValueError, TypeError):
        return None
    when = when if when.tzinfo else when.replace(tzinfo=UTC)
    return max(0.0, (when - (now or datetime.now(UTC))).total_seconds())

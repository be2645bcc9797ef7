"""Runs inside a LiteLLM proxy: moves conversations to a candidate model as the rollout's record says.

One file on its own, which knows nothing of the program that wrote it: it is copied beside the proxy's configuration
and needs the standard library, SQLAlchemy and what the proxy brings. `MIGRATOR_DATABASE_URL` names the database.

- A conversation stays on its side: a hash of the record's salt and its key is compared with the percentage, so a
  higher percentage moves nobody back. The key is `metadata.conversation_id`, else `user`, else the API key.
- The prompt is put in for each attempt, when it is known which model is asked: a fallback gets the old model's.
- Every request of a rollout makes one row, every attempt that failed another; they are written in batches, apart from
  requests. What goes wrong here never fails a request: then the old model answers what was asked, as it was asked.

Its parts, in this order: prompts; the record of a rollout; requests and what is refused of them; rows; calls; what
litellm calls, which is where all of it meets; feedback; what lies around the proxy's application; the start.
"""

import asyncio
import hashlib
import hmac
import json
import logging
import os
import re
import socket
import time
import uuid
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from fastapi import Depends, HTTPException, Request
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from jinja2 import StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from litellm.integrations.custom_logger import CustomLogger
from litellm.proxy import proxy_server
from litellm.proxy.auth.user_api_key_auth import user_api_key_auth

SCHEMA = 1
"""The form of the tables that this file knows; a record of another is not followed."""
FORM = 1
"""The form of `arms`; see above."""
KEY = "migrator_rollout"
"""Our key in a request's metadata; what a client puts there is refused."""
READ_EVERY = 0.5
"""Seconds between two looks at the record."""
LONGEST_BLIND = 60.0
"""Seconds that the last record is followed while the database is away; then the old model serves everything."""
WRITE_EVERY = 0.25
BATCH, MOST_WAITING = 500, 20_000
SETTLE_AFTER = 10.0
"""Seconds after a response's end that litellm's own report of it is waited for."""
SILENCE = 10.0
"""Seconds without a piece of its stream after which whoever leaves has waited for the model, not read enough."""
MOST_SHADOWS = 16
MAX_BODY = int(os.environ.get("MIGRATOR_MAX_BODY_MB", "20")) * 1024 * 1024
MAX_KEY, MAX_SAMPLE, MAX_RENDERED, MAX_NUMBER = 512, 200_000, 32 * 1024 * 1024, 10_000
SHORTEST_MASTER_KEY = 20
BASELINE, CANDIDATE = "baseline", "candidate"
MOST_NAMES = 50
"""Names of feedback that a gateway takes, beside the two that have guardrails."""
CLIENT_ERRORS = frozenset({400, 401, 403, 404, 413, 422})
GAVE_UP = 499
"""What litellm calls a request whose client left."""
log = logging.getLogger("migrator.gateway")
if not log.handlers:
    log.addHandler(logging.StreamHandler())
    log.setLevel(logging.INFO)

# ----------------------------------------------------------------------------------------------------- prompts

_FILTERS = """
abs attr batch capitalize count d default dictsort e escape first float forceescape groupby indent int items join last
length list lower map max min reject rejectattr replace reverse round safe select selectattr slice sort string
striptags sum title tojson trim truncate unique upper wordcount
"""
_METHODS = """
capitalize casefold count endswith find get index isalnum isalpha isdecimal isdigit islower isnumeric isspace istitle
isupper items keys lower lstrip partition removeprefix removesuffix rfind rpartition rsplit rstrip split splitlines
startswith strip swapcase title upper values
"""


class NotRendered(Exception):
    """The prompt can't be made for this request."""


def _json(value: Any, indent: int | None = None) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, indent=min(indent, 16) if indent else None)
    except (TypeError, ValueError):
        return json.dumps(list(value), ensure_ascii=False) if hasattr(value, "__iter__") else str(value)


def _put_out(value: Any) -> Any:
    if isinstance(value, StrictUndefined):
        str(value)
    if value is None or isinstance(value, str):
        return value or ""
    if callable(value):
        raise NotRendered("a function has no text")
    return _json(value)


def _bounded(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def bounded(*args: Any, **kwargs: Any) -> Any:
        if name not in ("default", "d", "sum") and any(
            isinstance(value, int) and abs(value) > MAX_NUMBER for value in (*args[1:], *kwargs.values())
        ):
            raise NotRendered(f"{name} takes numbers up to {MAX_NUMBER}")
        return function(*args, **kwargs)

    return bounded


class Prompts(ImmutableSandboxedEnvironment):
    """Jinja as the program that wrote the prompts speaks it: strict, null puts out nothing, the rest as JSON."""

    intercepted_binops = frozenset(("*", "**", "%"))

    def __init__(self) -> None:
        super().__init__(
            undefined=StrictUndefined,
            finalize=_put_out,
            keep_trailing_newline=True,
            autoescape=False,
            optimized=False,
        )
        self.filters = {name: _bounded(name, self.filters[name]) for name in _FILTERS.split()}
        self.filters["tojson"] = _bounded("tojson", _json)
        self.globals.pop("lipsum", None)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        sizes = [len(value) for value in (left, right) if isinstance(value, (str, list, tuple))]
        times = next((value for value in (left, right) if isinstance(value, int)), 1)
        if (operator == "%" and sizes) or (operator == "*" and sizes and sizes[0] * times > MAX_RENDERED):
            raise NotRendered(f"{operator} makes too much of it")
        if operator == "**" and not (isinstance(right, (int, float)) and abs(right) <= 64):
            raise NotRendered("a number grows too large")
        return super().call_binop(context, operator, left, right)

    def getattr(self, obj: Any, attribute: str) -> Any:
        if isinstance(obj, Mapping) and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)

    def wrap_str_format(self, value: Any) -> None:
        """No `format`: it makes much out of little."""

    def call(self, context: Any, obj: Any, /, *args: Any, **kwargs: Any) -> Any:
        owner = getattr(obj, "__self__", None)
        if isinstance(owner, (str, list, tuple, dict, bytes, int, float)) and obj.__name__ not in _METHODS.split():
            raise NotRendered(f"a prompt can't call .{obj.__name__}()")
        return super().call(context, obj, *args, **kwargs)


_prompts = Prompts()


class Arm:
    """What one side sends: a deployment, the messages of its prompt, and its parameters."""

    def __init__(self, said: Mapping[str, Any]) -> None:
        self.deployment = str(said["deployment"])
        self.params = dict(said["params"])
        self.parts = [
            (part["role"], part["text"], _prompts.from_string(part["text"]) if "{" in part["text"] else None)
            for part in said["messages"]
        ]

    def messages(self, variables: Mapping[str, Any], own: list[Any]) -> list[Any]:
        """The prompt's messages with the conversation's own at their place; raises `NotRendered`."""
        made: list[Any] = []
        for role, text, template in self.parts:
            if role is None:
                made += own
                continue
            try:
                content = text if template is None else template.render(variables)
            except NotRendered:
                raise
            except Exception as error:  # whatever the values of a stranger make of it
                raise NotRendered(str(error) or type(error).__name__) from None
            if len(content) > MAX_RENDERED:
                raise NotRendered("the prompt becomes too long")
            made.append({"role": role, "content": content})
        if not made:
            raise NotRendered("there are no messages")
        return made

    @property
    def roles(self) -> tuple[list[str], list[str]]:
        """The roles of the prompt's messages before and after the conversation's own."""
        roles = [role for role, _, _ in self.parts]
        place = roles.index(None) if None in roles else len(roles)
        return roles[:place], roles[place + 1 :]


def own_messages(arm: Arm, sent: list[Any]) -> list[Any]:
    """The conversation itself: what a client sent, without the messages that the old prompt made of it.

    A client sends what it always sent. The old prompt's messages are told by their roles, where all are there;
    system messages at the beginning are always a prompt's.
    """
    before, after = arm.roles
    roles = ["system" if m.get("role") == "developer" else m.get("role") for m in sent]
    same = ["system" if role == "developer" else role for role in before]
    end = len(sent)
    if roles[: len(same)] == same and ("system" in same or len(sent) >= len(same) + len(after)):
        start = len(same)
        if after and roles[start:][-len(after) :] == after:
            end -= len(after)
    else:
        start = 0
    while start < end and roles[start] == "system":
        start += 1
    return sent[start:end]


# ------------------------------------------------------------------------------------------------------ record


@dataclass(frozen=True)
class Record:
    """A rollout as it was read last."""

    name: str
    revision: int
    state: str
    percentage: float
    shadow: bool
    salt: str
    hold_back: float
    sample_answers: float
    arms: Mapping[str, Arm]

    @property
    def share(self) -> float:
        """The percentage of conversations that the candidate serves now."""
        if self.state not in ("running", "held", "complete"):
            return 0.0
        return min(self.percentage, 100.0 - self.hold_back) if self.percentage >= 100 else self.percentage


_PATIENCE = {
    "connect_timeout": 2,
    "tcp_user_timeout": 4000,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
}
"""A server or a network that vanished without a word must not hold a read for minutes. A URL may say otherwise."""


class Database:
    """Reads the record and writes rows, in threads; a database that is away is asked again soon."""

    def __init__(self, url: str) -> None:
        parsed = sa.engine.make_url(url)
        options: dict[str, Any] = {"hide_parameters": True, "pool_size": 2, "max_overflow": 2, "pool_timeout": 5}
        self._file: Path | None = None
        self._known: tuple[int, int] | None = None
        if parsed.get_backend_name() == "sqlite":
            options["connect_args"] = {"timeout": 5, "check_same_thread": False}
            if parsed.database not in (None, "", ":memory:") and not parsed.database.startswith("file:"):
                self._file = Path(parsed.database)
        else:
            if parsed.drivername == "postgresql":
                parsed = parsed.set(drivername="postgresql+psycopg")
            said = parsed.query.get("options", "")
            said = said if isinstance(said, str) else " ".join(said)
            patience = {name: value for name, value in _PATIENCE.items() if name not in parsed.query}
            options |= {
                "pool_pre_ping": True,
                "connect_args": {**patience, "options": f"{said} -c statement_timeout=5000"},
            }
        self.engine = sa.create_engine(parsed, **options)

    def read(self) -> list[Mapping[str, Any]]:
        """The rows of all rollouts."""
        self._stands()
        with self.engine.connect() as connection:
            return [
                dict(row) for row in connection.execute(sa.text("select * from migrator_gateway_rollout")).mappings()
            ]

    def write(self, table: str, rows: list[dict[str, Any]]) -> None:
        """Add rows, all or none; rows of traffic that are there already are left alone."""
        columns = list(rows[0])
        once = " on conflict (row_id) do nothing" if "row_id" in columns else ""
        values = ", ".join(f":{column}" for column in columns)
        before = self._stands()
        with self.engine.begin() as connection:
            connection.execute(sa.text(f"insert into {table} ({', '.join(columns)}) values ({values}){once}"), rows)  # noqa: S608
        if self._stands() != before:
            raise OSError("it was replaced while rows were written")

    def _stands(self) -> tuple[int, int] | None:
        """Which file the database is; connects anew where another stands at its place. `OSError` where none does.

        SQLite goes on with a file that was deleted, moved or replaced, where nobody will look again.
        """
        if self._file is None:
            return None
        try:
            status = self._file.stat()
            found = (status.st_dev, status.st_ino)
        except OSError:
            found = None
        if self._known is not None and found != self._known:
            log.warning("%s %s while in use", self._file, "has gone" if found is None else "was replaced")
            self.engine.dispose()
        # Only then: another thread must not take this file for the one that its connection is of.
        self._known = found
        if found is None:
            raise FileNotFoundError(str(self._file))
        return found


class Records:
    """The rollouts by the name that clients ask for, re-read all the time; the last good ones where that fails."""

    def __init__(self, database: Database | None) -> None:
        self.database = database
        self.known: dict[str, Record] = {}
        self.read_at: float | None = None
        self._arms: dict[str, tuple[str, Mapping[str, Arm]]] = {}
        self._failing = False
        self.first_look = asyncio.Event()

    async def follow(self) -> None:
        """Read for ever."""
        while True:
            await self.look()
            await asyncio.sleep(READ_EVERY)

    async def look(self) -> None:
        """Read once."""
        assert self.database is not None
        try:
            rows = await asyncio.to_thread(self.database.read)
            self.known = {record.name: record for record in map(self._record, rows) if record is not None}
            self.read_at = time.monotonic()
            if self._failing:
                log.info("the database is back")
            self._failing = False
        except Exception as error:  # away, locked, not there yet: whatever it is, requests go on
            if not self._failing:
                log.warning(
                    "the rollouts can't be read (%s); the last ones hold for %g s", _kind(error), LONGEST_BLIND
                )
            self._failing = True
        self.first_look.set()

    def get(self, name: Any) -> Record | None:
        """The rollout of that name that may be followed now."""
        if not isinstance(name, str) or self.read_at is None or time.monotonic() - self.read_at > LONGEST_BLIND:
            return None
        return self.known.get(name)

    def _record(self, row: Mapping[str, Any]) -> Record | None:
        name = row["name"]
        if row["schema_number"] != SCHEMA or row["state"] == "ended":
            return None
        said = row["arms"] if isinstance(row["arms"], str) else json.dumps(row["arms"])
        known = self._arms.get(name)
        if known is None or known[0] != said:
            try:
                arms = json.loads(said)
                if arms.get("form") != FORM:
                    raise ValueError(f"form {arms.get('form')}")
                known = (said, {side: Arm(arms[side]) for side in (BASELINE, CANDIDATE)})
            except Exception as error:
                log.error("the rollout of %r can't be followed (%s); the old model serves it", name, error)
                known = (said, {})
            self._arms[name] = known
        if not known[1]:
            return None
        return Record(
            name=name,
            revision=row["revision"],
            state=row["state"],
            percentage=float(row["percentage"]),
            shadow=bool(row["shadow"]),
            salt=row["salt"],
            hold_back=float(row["hold_back"]),
            sample_answers=float(row["sample_answers"]),
            arms=known[1],
        )


# ---------------------------------------------------------------------------------------------------- requests

STEPS_ASIDE = """
fallbacks context_window_fallbacks content_policy_fallbacks context_window_fallback_dict disable_fallbacks
max_fallbacks fallback_depth attempted_targets num_retries max_retries retry_policy model_group_retry_policy
model_info model_list model_alias_map specific_deployment mock_response mock_tool_calls mock_timeout mock_delay
mock_testing_fallbacks litellm_params custom_llm_provider deployment_id extra_body extra_headers extra_query headers
api_key api_base base_url organization user_config router_settings_override litellm_credential_name
silent_model fastest_response routing_strategy timeout request_timeout stream_timeout force_timeout no-log client
ssl_verify original_function prompt_id custom_prompt_dict
"""
"""What a client might say to be served by another model than its arm's, in another way, uncounted, or by none."""
HEADERS_ASIDE = """
x-litellm-timeout x-litellm-stream-timeout x-litellm-num-retries x-litellm-disable-callbacks x-litellm-call-id
"""
"""The same in headers; ids are the gateway's, since feedback goes by them."""
SHAPES: dict[str, tuple[tuple[type, ...], str]] = {
    **dict.fromkeys(("tools", "functions"), ((list,), "a list of objects")),
    **dict.fromkeys(("response_format", "stream_options", "metadata", "web_search_options"), ((dict,), "an object")),
    "tool_choice": ((str, dict), "a text or an object"),
    "stream": ((bool,), "true or false"),
    "model": ((str,), "a text"),
}
"""Fields of a chat completion to what they may be, and what that is called."""
NOT_THEIRS = "can't be sent: the gateway decides who answers, and how"


def told(code: int, what: str, param: str | None = None) -> dict[str, Any]:
    """An error as clients of chat completions expect it."""
    kinds = {401: "authentication_error", 500: "internal_server_error", 503: "service_unavailable"}
    kind = kinds.get(code, "invalid_request_error")
    return {"error": {"message": what, "type": kind, "param": param, "code": str(code)}}


class Refused(HTTPException):  # type: ignore[misc]
    """400 as clients of chat completions expect it, with the name of what should not have been sent."""

    def __init__(self, what: str, param: str) -> None:
        super().__init__(400, {"error": what})
        self.what, self.param = what, param


def refuse_misshapen(data: Mapping[str, Any]) -> None:
    """Raise 400 for what no model could read: litellm stumbles over it, and a side would be blamed."""
    for name, (kinds, called) in SHAPES.items():
        value = data.get(name)
        if value is None:
            continue
        if not isinstance(value, kinds) or (isinstance(value, list) and not all(isinstance(x, dict) for x in value)):
            raise Refused(f"{name} must be {called}", name)


def refuse_forged(data: Mapping[str, Any], deployments: Mapping[str, str]) -> None:
    """Raise 400 for a request that claims an arm, goes to a deployment past its rollout, or has no messages."""
    for where in ("metadata", "litellm_metadata"):
        if isinstance(data.get(where), dict) and KEY in data[where]:
            raise Refused(f"{where}.{KEY} is the gateway's own and can't be sent", where)
    model = str(data.get("model"))
    if model in deployments:
        raise Refused(f"{model} is behind the gateway; ask for {deployments[model]}", "model")
    if "," in model and any(name.strip() in {*deployments, *deployments.values()} for name in model.split(",")):
        raise Refused("model must be one model", "model")
    if f"{model}__{BASELINE}" not in deployments:
        return
    for name in STEPS_ASIDE.split():
        if data.get(name) is not None:
            raise Refused(f"{name} {NOT_THEIRS}", name)
    if "messages" in data:
        messages = data["messages"]
        sound = isinstance(messages, list) and messages and all(isinstance(m, dict) for m in messages)
        if not sound or not all(isinstance(m.get("role"), str) for m in messages):
            raise Refused("messages must be a list of messages, at least one, each with a role", "messages")


def place(salt: str, key: str) -> tuple[float, str]:
    """Where a conversation lies, 0 to 100, and the digest that stands for its key."""
    digest = hashlib.sha256(f"{salt}:{key}".encode("utf-8", "surrogatepass"))
    return int.from_bytes(digest.digest()[:8], "big") / 2**64 * 100, digest.hexdigest()[:32]


def conversation_key(data: Mapping[str, Any]) -> str | None:
    """The key that a request names, or `None`."""
    metadata = data.get("metadata")
    for value in (metadata.get("conversation_id") if isinstance(metadata, dict) else None, data.get("user")):
        if isinstance(value, (str, int)) and not isinstance(value, bool) and 0 < len(str(value)) <= MAX_KEY:
            return str(value)
    return None


# -------------------------------------------------------------------------------------------------------- rows

GATEWAY = f"{socket.gethostname()}:{os.getpid()}"


def _kind(error: BaseException) -> str:
    return type(error).__name__


def _id(said: Any) -> str | None:
    """An id that somebody else chose, as any database takes it."""
    return "".join(c if c.isprintable() else "?" for c in str(said)[:300]) if said else None


def _status(error: BaseException) -> int | None:
    status = str(getattr(error, "status_code", None) or getattr(error, "code", None))
    return int(status) if status.isdigit() else None


ROWS_AT_FAULT = (sa.exc.DataError, sa.exc.IntegrityError, UnicodeError)
"""What a database says of rows, and not of itself."""


class Rows:
    """Rows on their way to the database: kept while it is away, up to a bound, and written in batches."""

    def __init__(self, database: Database | None) -> None:
        self.database = database
        self.waiting: deque[tuple[str, dict[str, Any]]] = deque()
        self.counts: Counter[str] = Counter()
        self._failing = 0

    def put(self, table: str, row: dict[str, Any]) -> bool:
        """Take a row in; no where there is no room for it. Feedback leaves half of it to the calls themselves."""
        room = MOST_WAITING // 2 if table == "migrator_feedback" else MOST_WAITING
        if self.database is None or len(self.waiting) >= room:
            self.counts["dropped"] += 1
            if self.counts["dropped"] % 1000 == 1:
                log.error("%d rows dropped: the database takes none", self.counts["dropped"])
            return False
        self.waiting.append((table, row))
        return True

    async def write_on(self, each_time: Callable[[], None]) -> None:
        """Write for ever."""
        while True:
            await asyncio.sleep(WRITE_EVERY if not self._failing else min(WRITE_EVERY * 2**self._failing, 2.0))
            each_time()
            while await asyncio.to_thread(self.write_batch):
                pass

    def write_batch(self) -> bool:
        """Write what waits, at most a batch; whether more is left to write. Called by one thread at a time."""
        batch = [self.waiting[n] for n in range(min(len(self.waiting), BATCH))]
        if not batch or self.database is None:
            return False
        try:
            table = batch[0][0]
            rows = []
            for where, row in batch:
                if where != table:
                    break
                rows.append(row)
            try:
                self.database.write(table, rows)
            except ROWS_AT_FAULT:
                self._one_by_one(table, rows)
        except Exception as error:
            if not self._failing:
                log.warning("rows can't be written (%s); they wait", _kind(error))
            self._failing = min(self._failing + 1, 4)
            return False
        if self._failing:
            log.info("rows are written again, %d waited", len(self.waiting))
        self._failing = 0
        for _ in rows:
            self.waiting.popleft()
        self.counts["written"] += len(rows)
        return bool(self.waiting)

    def _one_by_one(self, table: str, rows: list[dict[str, Any]]) -> None:
        """Write what can be written: one row that the database will never take must not hold up the others."""
        assert self.database is not None
        for row in rows:
            try:
                self.database.write(table, [row])
            except ROWS_AT_FAULT as error:
                self.counts["refused"] += 1
                self.counts["written"] -= 1
                log.error("a row was refused by the database (%s)", _kind(error))


# ------------------------------------------------------------------------------------------------------- calls


@dataclass(eq=False)
class Call:
    """One request of a rollout, from its arrival to its row."""

    record: Record
    request_id: str
    key_digest: str
    keyed: bool
    assigned: str
    sent: list[Any]
    variables: Mapping[str, Any]
    stream: bool
    at: float = field(default_factory=time.time)
    began: float = field(default_factory=time.monotonic)
    token: str = field(default_factory=lambda: uuid.uuid4().hex)
    plain: str | None = None
    """Why it is served as it was asked, where it is."""
    sampled: bool = False
    attempts: int = 0
    served: str | None = None
    failed: list[tuple[str, bool]] = field(default_factory=list)
    done: bool = False
    empty: bool = True
    """No piece of its stream has brought a word or a tool's call."""
    heard: float | None = None
    """When the newest piece of its stream that says something went out."""
    ended: float | None = None
    ended_well: bool = False
    shadow: dict[str, Any] | None = None
    is_shadow: bool = False

    @property
    def waiting(self) -> bool:
        """Whether the one who asked still waits for the model, or did when they left."""
        return self.heard is None or (self.ended or time.monotonic()) - self.heard > SILENCE

    @property
    def own(self) -> list[Any]:
        """The conversation without the prompt."""
        return own_messages(self.record.arms[BASELINE], self.sent)

    def row(self, kind: str, served: str | None, **said: Any) -> dict[str, Any]:
        """Its row; what is not said is null."""
        last = self.failed[-1] if self.failed else (self.plain, False)
        row: dict[str, Any] = {
            "row_id": uuid.uuid4().hex,
            "ts": self.at,
            "name": self.record.name,
            "revision": self.record.revision,
            "request_id": self.request_id,
            "response_id": None,
            "key_digest": self.key_digest,
            "keyed": self.keyed,
            "assigned": self.assigned,
            "served": served,
            "kind": kind,
            "error_class": last[0],
            "client_error": last[1],
            "latency_ms": None,
            "first_token_ms": None,
            "stream": self.stream,
            "attempts": self.attempts,
            "input_tokens": None,
            "output_tokens": None,
            "cost": None,
            "sampled_input": None,
            "sampled_output": None,
            "gateway": GATEWAY,
        }
        return row | said


_KEYS = [
    value
    for name, value in os.environ.items()
    if len(value) >= 8 and any(word in name.upper() for word in ("KEY", "TOKEN", "SECRET", "PASSW", "DATABASE_URL"))
]


def without_keys(text: str) -> str:
    """A text without any of the secrets that this process was given."""
    for key in _KEYS:
        text = text.replace(json.dumps(key)[1:-1], "[key]")
    return text


SHADOWED = """
stream stream_options temperature top_p max_tokens max_completion_tokens stop tools tool_choice response_format
presence_penalty frequency_penalty seed n logprobs top_logprobs parallel_tool_calls reasoning_effort user
"""
"""What of a request is sent again in the shadow step."""
_SAME = ({"max_tokens", "max_completion_tokens"},)


EMPTY = "EmptyAnswer"


def answers(message: Any) -> bool:
    """Whether a message, or a piece of one, has a word, a picture or sound, or a tool's call; thinking is none."""
    names = ("content", "tool_calls", "function_call", "refusal", "audio", "images")
    said = message if isinstance(message, Mapping) else {name: getattr(message, name, None) for name in names}
    return any(value.strip() if isinstance(value, str) else value for value in map(said.get, names))


def is_empty(response: Any) -> bool:
    """Whether no message of an answer answers; of other forms nobody knows."""
    choices = getattr(response, "choices", None)
    if not isinstance(choices, (list, tuple)):
        return False
    messages = [getattr(choice, "message", None) for choice in choices]
    return not any(message is None or answers(message) for message in messages)


def _side(arm: Any) -> str:
    return CANDIDATE if arm and arm != BASELINE else BASELINE


def _side_of(call: Call, deployment: Any) -> str | None:
    return CANDIDATE if deployment == call.record.arms[CANDIDATE].deployment else call.served


def with_prompt(kwargs: dict[str, Any], call: Call, side: str) -> dict[str, Any]:
    """An attempt's arguments with that side's prompt and parameters; what either side sets replaces the client's."""
    arms = call.record.arms
    set_by_us = set(arms[BASELINE].params) | set(arms[CANDIDATE].params)
    for names in _SAME:
        if set_by_us & names:
            set_by_us |= names
    kept = {name: value for name, value in kwargs.items() if name not in set_by_us}
    return {**kept, **arms[side].params, "messages": arms[side].messages(call.variables, call.own)}


# ------------------------------------------------------------------------------------------ what litellm calls


class RolloutPlugin(CustomLogger):  # type: ignore[misc]
    """litellm's callbacks, in the order in which a request meets them."""

    def __init__(self, database: Database | None) -> None:
        super().__init__()
        self.records = Records(database)
        self.rows = Rows(database)
        self.calls: dict[str, Call] = {}
        self.ended: deque[Call] = deque()
        self.counts: Counter[str] = Counter()
        self.shadows: set[asyncio.Task[None]] = set()
        self.names: set[str] = set()
        """Of feedback that was told."""
        self._tasks: list[asyncio.Task[None]] = []
        self._deployments: dict[str, str] | None = None

    def start(self) -> None:
        """Begin to read and to write, in the running event loop."""
        if self.rows.database is not None and not self._tasks:
            self._tasks = [
                asyncio.create_task(self.records.follow()),
                asyncio.create_task(self.rows.write_on(self.settle)),
            ]

    async def stop(self) -> None:
        """Write what there is to write."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.settle(everything=True)
        deadline = time.monotonic() + 5
        while self.rows.waiting and time.monotonic() < deadline:
            if not await asyncio.to_thread(self.rows.write_batch) and self.rows.waiting:
                await asyncio.sleep(WRITE_EVERY)
        if self.rows.waiting:
            log.error("%d rows are lost: the database takes none", len(self.rows.waiting))

    # -- once for each request

    async def async_pre_call_hook(
        self, user_api_key_dict: Any, cache: Any, data: dict[str, Any], call_type: str
    ) -> Any:
        refuse_forged(data, self.deployments)
        if call_type not in ("completion", "acompletion"):
            return data
        try:
            if not self.records.first_look.is_set() and self.records.database is not None:
                async with asyncio.timeout(1.0):
                    await self.records.first_look.wait()
            record = self.records.get(data.get("model"))
            if record is not None:
                self._assign(record, data, getattr(user_api_key_dict, "api_key", None))
        except TimeoutError:
            self.counts["served_without_record"] += 1
        except Exception as error:
            self.counts["not_assigned"] += 1
            log.error("a request was not assigned (%s); the old model serves it", _kind(error))
        return data

    async def async_filter_listed_models(self, user_api_key_dict: Any, model_names: Iterable[str]) -> list[str]:
        return [name for name in model_names if name not in self.deployments]

    @property
    def deployments(self) -> Mapping[str, str]:
        """The names that only we may ask, of deployments and of the models behind them, and what to ask for instead.

        litellm takes a provider's own name for a model, too.
        """
        router = proxy_server.llm_router
        if self._deployments is None and router is not None:
            found: dict[str, str] = {}
            for model in router.model_list:
                info = model.get("model_info") or {}
                if info.get("migrator_arm"):
                    asked = str(info["migrator_name"])
                    found |= {str(model["model_name"]): asked, str(model["litellm_params"]["model"]): asked}
            self._deployments = {name: asked for name, asked in found.items() if name not in found.values()}
        return self._deployments or {}

    def _assign(self, record: Record, data: dict[str, Any], api_key: str | None) -> None:
        key = conversation_key(data)
        at, digest = place(record.salt, key if key is not None else f"api-key:{api_key or 'none'}")
        metadata = data.get("metadata")
        if not isinstance(metadata, dict):
            metadata = data["metadata"] = {}
        stated = data.pop("prompt_variables", None)
        variables = stated if isinstance(stated, dict) else metadata.get("variables")
        call = Call(
            record=record,
            request_id=_id(data.get("litellm_call_id")) or str(uuid.uuid4()),
            key_digest=digest if key is not None else uuid.uuid4().hex,
            keyed=key is not None,
            assigned=CANDIDATE if at < record.share else BASELINE,
            sent=list(data["messages"]),
            variables=variables if isinstance(variables, dict) else {},
            stream=bool(data.get("stream")),
        )
        call.sampled = place(call.token, "sample")[0] < record.sample_answers * 100
        self.counts["unkeyed"] += not call.keyed
        arm = record.arms[call.assigned]
        call.plain = self._why_plain(call, arm)
        if call.plain is None:
            data["model"] = arm.deployment
        if record.shadow and call.plain is None:
            call.shadow = {name: value for name, value in data.items() if name in SHADOWED.split()}
        metadata[KEY] = call.token
        self.calls[call.token] = call
        exchange = _exchange.get()
        if exchange is not None:
            exchange.call = call

    def _why_plain(self, call: Call, arm: Arm) -> str | None:
        """Why the request goes to the old model as it was asked; `None` where its arm can serve it."""
        if arm.deployment not in self.deployments:
            self.counts["no_deployment"] += 1
            return "NoDeployment"
        try:
            arm.messages(call.variables, call.own)
        except NotRendered as error:
            if not self.counts["not_rendered"]:
                log.warning("a prompt can't be made of what a request brings along: %s", str(error)[:300])
            self.counts["not_rendered"] += 1
            return "PromptNotRendered"
        return None

    def _call(self, metadata: Any) -> Call | None:
        return self.calls.get(str(metadata.get(KEY))) if isinstance(metadata, Mapping) else None

    # -- once for each attempt

    async def async_pre_call_deployment_hook(self, kwargs: dict[str, Any], call_type: Any) -> dict[str, Any] | None:
        call = self._call(kwargs.get("metadata"))
        if call is None:
            return None
        side = _side((kwargs.get("model_info") or {}).get("migrator_arm"))
        if call.attempts > len(call.failed) and not call.is_shadow:
            # litellm tells of no failure where a stream broke off and another model goes on with it.
            call.failed.append(("StreamCut", False))
            self._put(call, "attempt-failed", call.served, latency_ms=(time.monotonic() - call.began) * 1000)
        call.attempts += 1
        call.served = side
        if call.plain is not None:
            return None
        try:
            return with_prompt(kwargs, call, side)
        except Exception as error:
            self.counts["not_rendered"] += 1
            log.warning("the prompt of the %s can't be made (%s)", side, _kind(error))
            if side == CANDIDATE:  # the old model steps in
                raise
            return {**kwargs, "messages": list(call.sent)}

    async def async_post_call_failure_deployment_hook(
        self, request_data: Mapping[str, Any], exception: Exception, call_type: Any, fallback_depth: int | None = None
    ) -> None:
        call = self._call(request_data.get("metadata"))
        if call is None or call.done:
            return
        wrong = _status(exception) in CLIENT_ERRORS
        call.failed.append((_kind(exception), wrong))
        if not call.is_shadow:
            side = _side((request_data.get("model_info") or {}).get("migrator_arm"))
            self._put(call, "attempt-failed", side, latency_ms=(time.monotonic() - call.began) * 1000)

    # -- at its end

    async def async_log_success_event(self, kwargs: Any, response_obj: Any, start_time: Any, end_time: Any) -> None:
        call = self._call((kwargs.get("litellm_params") or {}).get("metadata"))
        if call is None:
            return
        said = kwargs.get("standard_logging_object") or {}
        error = (said.get("error_information") or {}).get("error_class")
        gone = error == "ClientDisconnected"
        if gone and call.waiting:
            self._gave_up(call)
            return
        first = kwargs.get("completion_start_time")
        served = _side_of(call, said.get("model_id"))
        # Whoever gets no word was not served. The answer goes out as it is: litellm asks nobody else for it.
        empty = not gone and is_empty(response_obj)
        if empty:
            error = EMPTY
        self._finish(
            call,
            "failed" if empty else "ok",
            None if empty and call.is_shadow else served,
            response_id=_id(said.get("id")),
            # Of an answer that nobody waited for, how long it would have taken is not known.
            latency_ms=None if gone else max(end_time.timestamp() - call.at, 0.0) * 1000,
            first_token_ms=max(first.timestamp() - call.at, 0.0) * 1000 if first and call.stream else None,
            input_tokens=said.get("prompt_tokens"),
            output_tokens=said.get("completion_tokens"),
            cost=self._cost(said, kwargs),
            **self._sample(call, response_obj),
            # What another attempt answered was no mistake of the application's.
            **({"error_class": error} if error else {}) | {"client_error": gone},
        )

    async def async_post_call_failure_hook(
        self, request_data: dict[str, Any], original_exception: Exception, user_api_key_dict: Any,
        traceback_str: str | None = None,
    ) -> None:  # fmt: skip
        call = self._call(request_data.get("metadata"))
        if call is None:
            return
        status = _status(original_exception)
        if status == GAVE_UP:
            self._gave_up(call)
            return
        took = (time.monotonic() - call.began) * 1000
        wrong = status in CLIENT_ERRORS
        self._finish(call, "failed", None, error_class=_kind(original_exception), client_error=wrong, latency_ms=took)

    async def async_post_call_response_headers_hook(
        self, data: dict[str, Any], user_api_key_dict: Any, response: Any, request_headers: Any = None,
        litellm_call_info: Any = None,
    ) -> dict[str, str] | None:  # fmt: skip
        call = self._call(data.get("metadata"))
        if call is None:
            return None
        return {"x-migrator-arm": call.assigned, "x-migrator-served": call.served or "none"}

    def _cost(self, said: Mapping[str, Any], kwargs: Mapping[str, Any]) -> float | None:
        """What it cost; `None` where nobody knows a price, which litellm tells as 0."""
        priced = ((kwargs.get("litellm_params") or {}).get("model_info") or {}).get("migrator_priced")
        cost = said.get("response_cost")
        return cost if cost or priced else None

    def _sample(self, call: Call, response: Any) -> dict[str, str]:
        if not call.sampled:
            return {}
        try:
            message = response.choices[0].message
            calls = [each.model_dump() for each in message.tool_calls or ()]
            output = json.dumps({"content": message.content, "tool_calls": calls} if calls else message.content)
            asked = json.dumps({"vars": call.variables, "messages": call.own}, default=str)
        except Exception as error:  # an answer of another form: the row counts without it
            log.warning("an answer could not be sampled (%s)", _kind(error))
            return {}
        if len(asked) + len(output) > MAX_SAMPLE:
            return {}
        return {"sampled_input": without_keys(asked), "sampled_output": without_keys(output)}

    def _gave_up(self, call: Call) -> None:
        """Whoever leaves while the model says nothing may have waited too long: no mistake of the application's."""
        took = (time.monotonic() - call.began) * 1000
        self._finish(call, "failed", None, error_class="ClientDisconnected", client_error=False, latency_ms=took)

    def _finish(self, call: Call, kind: str, served: str | None, **said: Any) -> None:
        """Write the one row of a request; whoever knows its end first, does."""
        if call.done:
            return
        call.done = True
        self._put(call, "shadow" if call.is_shadow else kind, served, **said)
        if call.ended is not None or call.is_shadow:
            self.calls.pop(call.token, None)

    def _put(self, call: Call, kind: str, served: str | None, **said: Any) -> None:
        self.rows.put("migrator_traffic", call.row(kind, served, **said))

    def response_ended(self, call: Call, *, well: bool) -> None:
        """The last byte went out, or the client went away."""
        call.ended, call.ended_well = time.monotonic(), well
        if not well and call.waiting:
            self._gave_up(call)
        if call.done:
            self.calls.pop(call.token, None)
        else:
            self.ended.append(call)
        if call.shadow is not None and well:
            if len(self.shadows) >= MOST_SHADOWS:
                self.counts["shadows_left_out"] += 1
                return
            task = asyncio.create_task(self._answer_unseen(call, call.shadow))
            self.shadows.add(task)
            task.add_done_callback(self.shadows.discard)

    def settle(self, everything: bool = False) -> None:
        """Write rows for responses that ended and of which litellm never reported."""
        now = time.monotonic()
        while self.ended and (everything or self.ended[0].ended + SETTLE_AFTER < now):  # type: ignore[operator]
            call = self.ended.popleft()
            self.calls.pop(call.token, None)
            if not call.done:
                took = (call.ended - call.began) * 1000  # type: ignore[operator]
                if call.ended_well and call.stream and call.empty and not call.is_shadow:
                    self._finish(call, "failed", call.served, error_class=EMPTY, client_error=False, latency_ms=took)
                elif call.ended_well:
                    self._finish(call, "ok", call.served, latency_ms=took)
                else:
                    self._finish(call, "failed", call.served, error_class="ClientDisconnected", client_error=True)

    def takes(self, name: str) -> bool:
        """Whether feedback of that name is kept: a name for each answer or user would fill the database."""
        if name not in ("thumbs", "escalated") and name not in self.names:
            if len(self.names) >= MOST_NAMES:
                return False
            self.names.add(name)
        return True

    # -- the shadow step

    async def _answer_unseen(self, seen: Call, asked: dict[str, Any]) -> None:
        """Ask the candidate the same, for the row alone."""
        call = Call(
            record=seen.record,
            request_id=seen.request_id,
            key_digest=seen.key_digest,
            keyed=seen.keyed,
            assigned=CANDIDATE,
            sent=seen.sent,
            variables=seen.variables,
            stream=seen.stream,
            sampled=seen.sampled,
            is_shadow=True,
        )
        self.calls[call.token] = call
        try:
            response = await proxy_server.llm_router.acompletion(
                **{**asked, "model": call.record.arms[CANDIDATE].deployment, "messages": list(call.sent)},
                metadata={KEY: call.token},
                disable_fallbacks=True,
            )
            if call.stream:
                async for _ in response:
                    pass
            call.ended, call.ended_well = time.monotonic(), True
            self.ended.append(call)
        except Exception as error:
            wrong = _status(error) in CLIENT_ERRORS
            took = (time.monotonic() - call.began) * 1000
            self._finish(call, "shadow", None, error_class=_kind(error), client_error=wrong, latency_ms=took)


# ----------------------------------------------------------------------------------------- feedback and status

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}")


class NotFeedback(ValueError):
    """What was sent is no feedback."""


async def feedback(request: Request) -> Any:
    """`POST /feedback`: what became of an answer. Said twice, it counts once: the newest of a request and name."""
    try:
        row = feedback_row(await request.json())
    except (ValueError, UnicodeDecodeError, RecursionError) as error:
        what = str(error) if isinstance(error, NotFeedback) else "the body is no JSON"
        return JSONResponse(told(400, what), 400)
    if not plugin.takes(row["signal"]):
        what = f"name: {MOST_NAMES} others were told to this gateway already, and it keeps no more; use one of these"
        return JSONResponse(told(409, what, "name"), 409)
    known = next((c for c in plugin.calls.values() if c.request_id == row["reference"]), None)
    row["name"] = known.record.name if known is not None else ""
    if not plugin.rows.put("migrator_feedback", row):
        return JSONResponse(told(503, "feedback can't be kept now; try again later"), 503, {"Retry-After": "5"})
    return {"request_id": row["reference"], "name": row["signal"], "value": row["value"]}


def feedback_row(said: Any) -> dict[str, Any]:
    """The row of a feedback; raises `NotFeedback`."""
    if not isinstance(said, dict):
        raise NotFeedback("expected an object with request_id, name and value")
    reference, name, value = said.get("request_id"), said.get("name"), said.get("value", True)
    if not isinstance(reference, str) or not 0 < len(reference) <= 200 or not reference.isprintable():
        raise NotFeedback("request_id must be a text of 1 to 200 characters")
    if name == "check-pass" or str(name).startswith("drift:"):
        raise NotFeedback("name: check-pass and drift are found by the monitor, not told")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise NotFeedback("name must be 1 to 64 letters, digits, -, _ or ., with a letter first")
    number = {"up": 1.0, "down": 0.0}.get(value) if isinstance(value, str) else value
    if not isinstance(number, (bool, int, float)) or not abs(number) < 1e12:
        raise NotFeedback("value must be a number, true, false, or for thumbs up or down")
    if name in ("thumbs", "escalated"):
        number = float(number > 0)
    return {
        "ts": time.time(),
        "name": "",
        "reference": reference,
        "signal": name,
        "value": float(number),
        "source": "client",
    }


async def status() -> dict[str, Any]:
    """`GET /migrator/status`: which rollouts are followed, and what was counted since the start."""
    read_at = plugin.records.read_at
    return {
        "gateway": GATEWAY,
        "record_age_s": None if read_at is None else round(time.monotonic() - read_at, 3),
        "rollouts": {
            name: {"revision": record.revision, "state": record.state, "share": record.share}
            for name, record in plugin.records.known.items()
        },
        "requests": sum(call.ended is None for call in plugin.calls.values()),
        "rows": {"waiting": len(plugin.rows.waiting), **plugin.rows.counts},
        **plugin.counts,
    }


# -------------------------------------------------------------------------------------- around the application

OPEN = frozenset({"/health/liveliness", "/health/liveness", "/health/readiness"})
"""What answers without a key, for load balancers."""
CHAT = "/chat/completions"
JSON_PATHS = (CHAT, "/feedback")
TOO_LARGE = f"the request is larger than {MAX_BODY // 1024 // 1024} MB"


class Around:
    """Around the proxy's application: asks for the key, refuses what is too large, sees each response's end."""

    def __init__(self, app: Callable[..., Awaitable[None]]) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        exchange = _Exchange(scope["path"], receive, send)
        refused = refused_unread(scope["path"], dict(scope["headers"]))
        if refused is not None:
            await exchange.refuse(*refused)
            return
        token = _exchange.set(exchange)
        try:
            await self.app(scope, exchange.receive, exchange.send)
            await exchange.release()
        except Exception as error:
            if exchange.begun:
                raise
            await exchange.refuse(*_unexpected(error, scope["path"]))
        finally:
            _exchange.reset(token)
            if exchange.call is not None:
                plugin.response_ended(exchange.call, well=exchange.well and not exchange.left)


class _Exchange:
    """One HTTP request: what comes in is measured, what goes out is watched, its end known whatever becomes of it."""

    def __init__(self, path: str, receive: Any, send: Any) -> None:
        self.call: Call | None = None
        self.begun = self.well = self.left = False
        """Whether the answer has begun, whether it went out to its end, whether the client went away before that."""
        self._path, self._receive, self._send = path, receive, send
        self._read = False
        self._refused: tuple[int, str, str | None] | None = None
        self._held: list[Any] = []

    async def receive(self) -> Any:
        """The request, whole at first, then what becomes of its client; raises where it is refused."""
        if not self._read:
            self._read = True
            body = await self._body()
            if self._refused is None and body is not None:
                return {"type": "http.request", "body": body, "more_body": False}
        if self._refused is not None:
            raise HTTPException(*self._refused[:2])
        message = await self._receive()
        if message["type"] == "http.disconnect" and not self.well:
            self.left = True
        return message

    async def _body(self) -> bytes | None:
        """The body, where it is sound and came to its end."""
        parts: list[bytes] = []
        taken, more = 0, True
        while more:
            message = await self._receive()
            if message["type"] != "http.request":
                self.left = True
                return None
            parts.append(message.get("body", b""))
            taken, more = taken + len(parts[-1]), message.get("more_body", False)
            if taken > MAX_BODY:
                self._refused = (413, TOO_LARGE, None)
                return None
        body = b"".join(parts)
        if body and self._path.endswith(JSON_PATHS) and not body.lstrip().startswith(b"{"):
            self._refused = (400, "the body must be a JSON object", None)
        elif self._path.endswith(CHAT):
            self._refused = _wrong_with(body)
        return body

    async def send(self, message: Any) -> None:
        """Pass on a part of the answer."""
        if self._refused is not None:
            # Whatever the application makes of the break: the answer is ours.
            if not self.begun:
                await self.refuse(*self._refused)
        elif self._held or message.get("status") == 500:
            # What it did not expect is known only when the application has ended.
            self._held.append(message)
        else:
            self.begun = True
            if self.call is not None and self.call.stream and says_something(message.get("body", b"")):
                self.call.heard = time.monotonic()
                self.call.empty = self.call.empty and not says_something(message["body"], answering=True)
            await self._send(message)
            self.well = message["type"] == "http.response.body" and not message.get("more_body")

    async def release(self) -> None:
        """Pass on an answer that was held back."""
        held, self._held = self._held, []
        for message in held:
            self.begun = self.well = True
            await self._send(message)

    async def refuse(self, code: int, what: str, param: str | None = None) -> None:
        """Answer with an error of ours."""
        self.begun = True
        body = json.dumps(told(code, what, param)).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        headers.append((b"connection", b"close"))
        await self._send({"type": "http.response.start", "status": code, "headers": headers})
        await self._send({"type": "http.response.body", "body": body})


_exchange: ContextVar[_Exchange | None] = ContextVar("migrator_exchange", default=None)


def _wrong_with(body: bytes) -> tuple[int, str, str | None] | None:
    """What is refused of a chat completion, before litellm sees it."""
    try:
        asked = json.loads(body)
        refuse_misshapen(asked)
        refuse_forged(asked, plugin.deployments)
    except Refused as error:
        return 400, error.what, error.param
    except (ValueError, RecursionError):
        return 400, "the body must be a JSON object", None
    return None


def refused_unread(path: str, headers: Mapping[bytes, bytes]) -> tuple[int, str, str | None] | None:
    """Status, words and field of what is refused before its body is read."""
    if not admitted(path, headers):
        return 401, "this key does not open the gateway", None
    length = headers.get(b"content-length", b"0")
    if length.isdigit() and int(length) > MAX_BODY:
        return 413, TOO_LARGE, None
    if not path.endswith(JSON_PATHS):
        return None
    if b"form" in headers.get(b"content-type", b"").lower():
        return 400, "the header Content-Type must be application/json", "content-type"
    steers = next((name for name in HEADERS_ASIDE.split() if name.encode() in headers), None)
    return None if steers is None else (400, f"the header {steers} {NOT_THEIRS}", steers)


def _unexpected(error: Exception, path: str) -> tuple[int, str, str | None]:
    """Status, words and field for what litellm raises and does not answer: how it refuses a body is among that."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, ValueError) and str(seen).startswith("Rejected Request: "):
            name = re.match(r"Rejected Request: ([\w.-]+) is not allowed", str(seen))
            return (400, f"{name[1]} {NOT_THEIRS}", name[1]) if name else (400, str(seen).splitlines()[0][:300], None)
        seen = seen.__cause__ or seen.__context__
    log.error("the proxy failed at a request to %s", path[:200], exc_info=error)
    return 500, "the gateway could not handle this request; its log says why", None


def says_something(piece: bytes, *, answering: bool = False) -> bool:
    """Whether a piece of a stream brings more: a role alone, a ping or an empty text does not.

    `answering`: nor does what is only thought, or why it ends.
    """
    for line in piece.splitlines():
        if not line.startswith(b"data: {"):
            continue
        try:
            for choice in json.loads(line[6:]).get("choices") or ():
                said = choice.get("delta") or {}
                more = choice.get("finish_reason") or any(value for name, value in said.items() if name != "role")
                if answers(said) if answering else more:
                    return True
        except (ValueError, TypeError, AttributeError, RecursionError):  # of another form: no stream breaks for it
            return True
    return False


def admitted(path: str, headers: Mapping[bytes, bytes]) -> bool:
    """Whether a request has the master key. With virtual keys of litellm's own, or another way in, that decides."""
    if path in OPEN or proxy_server.prisma_client is not None or proxy_server.user_custom_auth is not None:
        return True
    bearer = headers.get(b"authorization", b"")
    shown = bearer[7:] if bearer[:7].lower() == b"bearer " else headers.get(b"x-api-key") or headers.get(b"api-key")
    key = os.environ.get("LITELLM_MASTER_KEY", "").encode()
    return bool(key) and hmac.compare_digest((shown or b"").strip(), key)


# ------------------------------------------------------------------------------------------------------- start


def check_master_key(key: str | None) -> None:
    """Refuse to start with a key that can be guessed."""
    if not key:
        raise SystemExit("LITELLM_MASTER_KEY is not set: the gateway does not start without a key")
    if len(key) < SHORTEST_MASTER_KEY or len(set(key)) < 8:
        raise SystemExit(f"LITELLM_MASTER_KEY is weak: take {SHORTEST_MASTER_KEY} or more random characters")


def _install(app: Any) -> None:
    """Add our routes and the size limit to the proxy's application, and write what waits when it shuts down."""
    needs_key = [Depends(user_api_key_auth)]
    routes = [
        APIRoute("/feedback", feedback, methods=["POST"], dependencies=needs_key),
        APIRoute("/migrator/status", status, methods=["GET"], dependencies=needs_key),
    ]
    app.router.routes[:0] = routes
    app.middleware_stack = Around(app.middleware_stack)
    shut_down = proxy_server.proxy_shutdown_event

    async def flushed(*args: Any, **kwargs: Any) -> None:
        from litellm.litellm_core_utils.logging_worker import GLOBAL_LOGGING_WORKER

        try:
            async with asyncio.timeout(10):
                await GLOBAL_LOGGING_WORKER.flush()
                await plugin.stop()
        except Exception as error:
            log.error("what waited could not all be written (%s)", _kind(error))
        await shut_down(*args, **kwargs)

    proxy_server.proxy_shutdown_event = flushed


def _database() -> Database | None:
    url = os.environ.get("MIGRATOR_DATABASE_URL")
    if not url:
        log.warning("MIGRATOR_DATABASE_URL is not set: the old model serves everything, and nothing is counted")
        return None
    return Database(url)


plugin = RolloutPlugin(None)
if proxy_server.app.middleware_stack is not None:
    # The proxy loads this file while it starts; anyone else only reads it.
    check_master_key(os.environ.get("LITELLM_MASTER_KEY"))
    plugin = RolloutPlugin(_database())
    _install(proxy_server.app)
    plugin.start()

"""The worker process: the one place that talks to model providers, through litellm.

`python -m migrator_tui.models.worker` reads calls from stdin and writes events to stdout (`models.protocol`); it
ends when its stdin closes. It lives apart from the screens because importing litellm takes seconds and its
streaming takes half a millisecond a chunk. One call is one attempt: limits, retries and time between them are the
pool's.
"""

import asyncio
import contextlib
import gc
import importlib.util
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from copy import deepcopy
from dataclasses import replace
from functools import partial
from importlib.metadata import version
from types import ModuleType
from typing import Any

from migrator_tui.models.arguments import (
    AWS_BEARER,
    KeyMissing,
    RefusedArgument,
    call_arguments,
    refusal,
    refused_params,
)
from migrator_tui.models.collecting import Collector, embedded_answer, plain_answer
from migrator_tui.models.dry_run import DryRun, Fate, ParameterSet, Tried, dry_run_to_json, set_from_json, tried
from migrator_tui.models.failures import call_error, one_line
from migrator_tui.models.key_names import key_state
from migrator_tui.models.offline import offline
from migrator_tui.models.protocol import DRY_RUN, encode, event_to_json, lines, request_from_json
from migrator_tui.models.requests import (
    Answer,
    CallError,
    ErrorKind,
    Event,
    Failed,
    Finished,
    ModelRequest,
    ReasoningDelta,
    Sent,
    TextDelta,
    ToolCall,
)
from migrator_tui.models.secrets import exact_scrubber, scrubber, secrets_in
from migrator_tui.models.warm_up import warm_up


def import_litellm() -> Any:
    """The library, quiet and without habits of its own. Takes seconds."""
    # No collection while thousands of modules are made: a fifth of the time. What exists then is never garbage.
    gc.disable()
    import litellm  # here and not above: descriptor 1 must be guarded first, for it prints

    gc.freeze()
    gc.enable()
    _do_without_mcp()
    litellm.suppress_debug_info = True
    litellm.turn_off_message_logging = True
    litellm.telemetry = False
    litellm.drop_params = False
    # Where its embedding calls are told 0 they take this for an answer: retries are the pool's.
    litellm.DEFAULT_MAX_RETRIES = 0
    # Counts that no provider stated would be guesses, made with tokenizers that it would like to download.
    litellm.disable_token_counter = True
    litellm.disable_hf_tokenizer_download = True
    return litellm


def _do_without_mcp() -> None:
    """Let models of the responses API be asked without the `mcp` package and its web server.

    litellm 1.106 imports its MCP gateway before each such call, only to find that the call needs none.
    """
    if importlib.util.find_spec("mcp") is None:
        gateway = ModuleType("litellm.responses.mcp.litellm_proxy_mcp_handler")
        never = type(
            "LiteLLM_Proxy_MCP_Handler", (), {"should_use_litellm_mcp_gateway": staticmethod(lambda tools: False)}
        )
        gateway.LiteLLM_Proxy_MCP_Handler = never  # type: ignore[attr-defined]
        sys.modules[gateway.__name__] = gateway


class _Tail:
    """The end of a stream's raw bytes, to see whether the server closed it with `[DONE]`.

    litellm makes up a `stop` where a stream simply ends, and the SDK below it swallows `[DONE]`.
    """

    def __init__(self, stream: Any) -> None:
        # Streams of the OpenAI SDK have the response that they will read; those of other providers always say why
        # they end.
        self._end = b""
        self.response = getattr(getattr(stream, "completion_stream", None), "response", None)
        if self.response is not None:
            self.response.stream = self._watched(self.response.stream)

    @property
    def unfinished(self) -> bool:
        """Nothing said that this was the end."""
        return self.response is not None and b"[DONE]" not in self._end

    def _watched(self, source: Any) -> Any:
        import httpx

        tail = self

        class Watched(httpx.AsyncByteStream):
            async def __aiter__(self) -> AsyncIterator[bytes]:
                async for piece in source:
                    tail._end = (tail._end + piece)[-64:]
                    yield piece

            async def aclose(self) -> None:
                await source.aclose()

        return Watched()


class Worker:
    """Serves the calls of one parent."""

    def __init__(self, litellm: Any, writer: asyncio.StreamWriter) -> None:
        from litellm.types.utils import all_litellm_params

        self._litellm = litellm
        self._reserved = frozenset(all_litellm_params)
        self._known = frozenset(litellm.constants.DEFAULT_CHAT_COMPLETION_PARAM_VALUES)
        self._writer = writer
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._key_names: set[str] = set()
        self._make_scrubbers()

    def _make_scrubbers(self) -> None:
        secrets = secrets_in(os.environ, self._key_names)
        self._scrub, self._scrub_answer = scrubber(secrets), exact_scrubber(secrets)

    def write(self, message: dict[str, Any]) -> None:
        """Send one line to the parent."""
        self._writer.write(encode(message))

    async def serve(self, reader: asyncio.StreamReader) -> None:
        """Take calls until stdin closes; then whatever is under way is dropped."""
        async for line in lines(reader):
            try:
                message = json.loads(line)
            except ValueError:
                print("a line that is no JSON was skipped", file=sys.stderr)  # noqa: T201
                continue
            call = message["call"]
            if message["do"] == "cancel":
                if task := self._tasks.get(call):
                    task.cancel()
                continue
            if message["do"] == "dry-run":
                work = self._try_out(call, [set_from_json(each) for each in message["sets"]])
            else:
                work = self._answer(call, message["attempt"], request_from_json(message["request"]))
            task = asyncio.create_task(work)
            self._tasks[call] = task
            task.add_done_callback(partial(self._forget, call))

    def _forget(self, number: int, _: asyncio.Task[None]) -> None:
        self._tasks.pop(number, None)

    async def _answer(self, number: int, attempt: int, request: ModelRequest) -> None:
        """One attempt, from `Sent` to exactly one `Finished` or `Failed`; nothing escapes."""

        def emit(event: Event) -> None:
            match event:
                case TextDelta(text=text):
                    event = TextDelta(request.id, self._scrub_answer(text))
                case ReasoningDelta(text=text):
                    event = ReasoningDelta(request.id, self._scrub_answer(text))
                case Finished(answer=answer):
                    event = Finished(request.id, self._cleared(answer))
            self.write({"call": number, **event_to_json(event)})

        collector = Collector(request.id, emit, time.monotonic)
        try:
            arguments = self._arguments(request)
            emit(Sent(request.id, attempt))
            collector.started = time.monotonic()
            async with asyncio.timeout(request.timeout):
                if request.texts:
                    answer = await self._embedded(arguments)
                elif request.stream:
                    answer = await self._streamed(arguments, collector)
                else:
                    answer = await self._plain(arguments)
            collector.flush()
            emit(Finished(request.id, answer))
        except asyncio.CancelledError:
            pass  # the parent asked for it, and no longer listens
        except RefusedArgument as error:
            emit(Failed(request.id, refusal(error, attempt)))
        except _CutOff as error:
            collector.flush()
            so_far = self._scrub_answer(collector.text)
            emit(Failed(request.id, CallError(ErrorKind.CUT_OFF, str(error), attempts=attempt, partial_text=so_far)))
        except TimeoutError:
            collector.flush()
            words = f"no answer within {request.timeout:g} s"
            so_far = self._scrub_answer(collector.text)
            emit(Failed(request.id, CallError(ErrorKind.TIMED_OUT, words, attempts=attempt, partial_text=so_far)))
        except Exception as error:  # anything at all: the library raises bare ValueError, KeyError, AttributeError
            collector.flush()
            so_far = self._scrub_answer(collector.text)
            failure = call_error(error, scrub=self._scrub, attempt=attempt, begun=collector.begun, partial=so_far)
            missing = self._missing_key(request) if failure.kind is ErrorKind.KEY else ""
            emit(Failed(request.id, replace(failure, message=missing) if missing else failure))

    async def _try_out(self, number: int, sets: list[ParameterSet]) -> None:
        """What would become of each set of parameters, in one line back. Nothing is sent, and nobody is asked."""
        runs = await asyncio.to_thread(lambda: [self._dry_run(each) for each in sets])
        self.write({"call": number, "event": DRY_RUN, "runs": [dry_run_to_json(run) for run in runs]})

    def _dry_run(self, asked: ParameterSet) -> DryRun:
        library = f"litellm {version('litellm')}"
        refused = refused_params(asked.params, self._reserved)
        params = {name: value for name, value in asked.params.items() if name not in refused}
        with offline():
            try:
                model, provider, _, _ = self._litellm.get_llm_provider(asked.model, api_base=asked.api_base)
            except Exception:
                return DryRun(problem=_no_provider(asked.model), library=library)

            def send(params: dict[str, Any]) -> dict[str, Any]:
                told: dict[str, Any] = self._litellm.get_optional_params(
                    model=model, custom_llm_provider=provider, **deepcopy(params)
                )
                return told

            found = [Tried(name, Fate.REFUSED, reason) for name, reason in refused.items()]
            found += tried({**params, **asked.beside}, send, self._known.__contains__)
        parameters = [replace(each, reason=one_line(self._scrub(each.reason))) for each in found]
        return DryRun(parameters, library=library)

    def _missing_key(self, request: ModelRequest) -> str:
        """Which variable is not set, in words; libraries speak of their own parameters instead."""
        if request.api_base is not None or request.api_key_env is not None:
            return ""
        with contextlib.suppress(Exception):  # a name that the library cannot place has been told of already
            provider = self._litellm.get_llm_provider(request.model)[1]
            missing = key_state(request.model, provider, os.environ).missing
            if missing:
                return f"{' and '.join(missing)} is not set, in the environment or in .env"
        return ""

    def _cleared(self, answer: Answer) -> Answer:
        """The answer without our keys, should a server hand them back."""
        clear = self._scrub_answer
        return Answer(
            clear(answer.text),
            reasoning=clear(answer.reasoning),
            tool_calls=tuple(ToolCall(c.id, c.name, clear(c.arguments)) for c in answer.tool_calls),
            finish_reason=answer.finish_reason,
            input_tokens=answer.input_tokens,
            output_tokens=answer.output_tokens,
            reasoning_tokens=answer.reasoning_tokens,
            first_token_ms=answer.first_token_ms,
            latency_ms=answer.latency_ms,
            vectors=answer.vectors,
        )

    def _arguments(self, request: ModelRequest) -> dict[str, Any]:
        key = None
        if name := request.api_key_env:
            if name not in self._key_names:
                self._key_names.add(name)
                self._make_scrubbers()
            key = (os.environ.get(name) or "").strip()
            if not key:
                raise KeyMissing(name)
        try:
            provider = self._litellm.get_llm_provider(request.model, api_base=request.api_base)[1]
        except Exception as error:
            raise RefusedArgument(_no_provider(request.model)) from error
        return call_arguments(
            request, provider=provider, key=key, reserved=self._reserved, bearer=bool(os.environ.get(AWS_BEARER))
        )

    async def _plain(self, arguments: dict[str, Any]) -> Answer:
        before = time.monotonic()
        response = await self._litellm.acompletion(**arguments)
        return plain_answer(response, (time.monotonic() - before) * 1000)

    async def _embedded(self, arguments: dict[str, Any]) -> Answer:
        before = time.monotonic()
        response = await self._litellm.aembedding(**arguments)
        return embedded_answer(response, len(arguments["input"]), (time.monotonic() - before) * 1000)

    async def _streamed(self, arguments: dict[str, Any], collector: Collector) -> Answer:
        try:
            stream = await self._litellm.acompletion(**arguments)
        except Exception as error:
            # Older servers know no such field; then nobody counts tokens for us.
            if "stream_options" not in str(error):
                raise
            del arguments["stream_options"]
            stream = await self._litellm.acompletion(**arguments)
        if not hasattr(stream, "__aiter__"):  # a provider without streaming answers in one piece
            return plain_answer(stream, (time.monotonic() - collector.started) * 1000)
        tail = _Tail(stream)
        flusher = asyncio.create_task(_keep_flushing(collector))
        usage = None
        try:
            async for chunk in stream:
                collector.take(chunk)
                usage = getattr(chunk, "usage", None) or usage
                if self._writer.transport.get_write_buffer_size() > 1 << 20:
                    await self._writer.drain()
        finally:
            flusher.cancel()
        counted = any(getattr(chunk, "usage", None) is not None for chunk in getattr(stream, "chunks", ()))
        said_why = stream.received_finish_reason or stream.intermittent_finish_reason
        if not said_why:
            collector.finish_reason = None
            if not counted and tail.unfinished:
                raise _CutOff("the stream ended before the model said that it was done")
        return collector.answer(usage if counted else None)


def _no_provider(model: str) -> str:
    return f"no provider is known for the model {model}; write it as provider/name, such as openai/{model}"


class _CutOff(Exception):
    """A stream that ended without its end."""


async def _keep_flushing(collector: Collector) -> None:
    """Send what is pending when it is due, also while the provider is silent."""
    while True:
        due = collector.due_in
        if due == 0.0:
            collector.flush()
        else:
            await asyncio.sleep(0.03 if due is None else due)


def guarded_stdout() -> int:
    """Keep the real stdout for ourselves and send whatever a library prints to stderr; the kept descriptor."""
    kept = os.dup(1)
    os.set_inheritable(kept, False)
    os.dup2(2, 1)
    return kept


async def run(kept: int) -> None:
    """Warm up, say so, serve."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=1 << 22)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    transport, protocol = await loop.connect_write_pipe(asyncio.streams.FlowControlMixin, os.fdopen(kept, "wb", 0))
    writer = asyncio.StreamWriter(transport, protocol, None, loop)
    began = time.monotonic()
    litellm = import_litellm()
    imported = time.monotonic()
    worker = Worker(litellm, writer)
    try:
        await warm_up(litellm, streams="--bulk" not in sys.argv)
    except Exception as error:  # a machine without loopback, say: what is asked next says so itself, or needs none
        print(f"not warmed up: {one_line(f'{type(error).__name__}: {error}')}", file=sys.stderr)  # noqa: T201
    worker.write(
        {"ready": {"import_s": round(imported - began, 3), "warm_up_s": round(time.monotonic() - imported, 3)}}
    )
    await worker.serve(reader)
    with contextlib.suppress(ConnectionError):
        await asyncio.wait_for(writer.drain(), 1)


def main() -> None:
    """Entry point; never returns the usual way."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # ctrl+c is the parent's to decide about
    status = 0
    try:
        asyncio.run(run(guarded_stdout()))
    except Exception as error:
        print(f"worker ended: {one_line(f'{type(error).__name__}: {error}')}", file=sys.stderr)  # noqa: T201
        status = 1
    sys.stderr.flush()
    # Taking thousands of modules down properly costs most of a second and gains nothing.
    os._exit(status)


if __name__ == "__main__":
    main()

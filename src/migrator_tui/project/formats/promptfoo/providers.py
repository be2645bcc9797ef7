"""From promptfoo's providers to our model tables: names as litellm has them, parameters, never a key."""

import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from migrator_tui.project.errors import ProjectError
from migrator_tui.project.formats.promptfoo.reading import FILE, Source, dereferenced, is_code
from migrator_tui.project.formats.promptfoo.values import ForeignModel, distinct, is_secret_name, name_from
from migrator_tui.project.schema import BASELINE
from migrator_tui.project.toml_text import toml_value
from migrator_tui.project.words import kind_of, listed, one_line

_NO_CHAT_WORDS = """
agents agent assistant audio chatkit claude-agent-sdk claude-code codex-sdk codex-desktop-app computer-use
embedding embeddings feature-extraction image live moderation realtime sentence-similarity speech
text-classification token-classification transcription tts video voice
"""
_NO_CHAT = frozenset(_NO_CHAT_WORDS.split())
"""Kinds of calls that answer no chat."""

_PREFIXES: Mapping[str, str] = {
    "openai": "openai/",
    "anthropic": "anthropic/",
    "azure": "azure/",
    "azureopenai": "azure/",
    "bedrock": "bedrock/",
    "vertex": "vertex_ai/",
    "google": "gemini/",
    "palm": "gemini/",
    "mistral": "mistral/",
    "groq": "groq/",
    "ollama": "ollama/",
    "together": "together_ai/",
    "togetherai": "together_ai/",
    "openrouter": "openrouter/",
    "xai": "xai/",
    "deepseek": "deepseek/",
    "cohere": "cohere_chat/",
    "huggingface": "huggingface/",
    "hf": "huggingface/",
    "perplexity": "perplexity/",
    "fireworks": "fireworks_ai/",
    "cerebras": "cerebras/",
    "replicate": "replicate/",
    "cloudflare-ai": "cloudflare/",
    "databricks": "databricks/",
    "nscale": "nscale/",
    "github": "github/",
    "hyperbolic": "hyperbolic/",
    "ai21": "ai21_chat/",
    "sambanova": "sambanova/",
    "moonshot": "moonshot/",
    "alibaba": "dashscope/",
    "alicloud": "dashscope/",
    "aliyun": "dashscope/",
    "dashscope": "dashscope/",
    "sagemaker": "sagemaker/",
    "litellm": "",
}
"""promptfoo's word for a provider to litellm's."""

KINDS = frozenset(["chat", "messages", "responses", "converse", "completion", "completions", "text-generation"])
"""Words between provider and model that say which of its calls is meant."""

_SPECIAL = {
    ("openai", "completion"): "text-completion-openai/",
    ("openai", "completions"): "text-completion-openai/",
    ("ollama", "chat"): "ollama_chat/",
    ("bedrock", "converse"): "bedrock/converse/",
}
"""Calls that litellm has a name of its own for."""

_SAGEMAKER = frozenset(["openai", "anthropic", "llama", "huggingface", "jumpstart", "custom"])

_PARAMS: Mapping[str, str] = {
    "temperature": "temperature",
    "max_tokens": "max_tokens",
    "maxTokens": "max_tokens",
    "max_new_tokens": "max_tokens",
    "num_predict": "max_tokens",
    "max_completion_tokens": "max_completion_tokens",
    "max_output_tokens": "max_tokens",
    "maxOutputTokens": "max_tokens",
    "top_p": "top_p",
    "topP": "top_p",
    "top_k": "top_k",
    "topK": "top_k",
    "stop": "stop",
    "stopSequences": "stop",
    "stop_sequences": "stop",
    "seed": "seed",
    "random_seed": "seed",
    "presence_penalty": "presence_penalty",
    "frequency_penalty": "frequency_penalty",
    "presencePenalty": "presence_penalty",
    "frequencyPenalty": "frequency_penalty",
    "reasoning_effort": "reasoning_effort",
    "verbosity": "verbosity",
    "thinking": "thinking",
    "tool_choice": "tool_choice",
    "toolChoice": "tool_choice",
    "parallel_tool_calls": "parallel_tool_calls",
    "service_tier": "service_tier",
    "logit_bias": "logit_bias",
    "logprobs": "logprobs",
    "top_logprobs": "top_logprobs",
    "user": "user",
}
"""What a provider's `config` may hold to the parameter that litellm takes."""

_NUMBERS_WORDS = """
temperature max_tokens max_completion_tokens top_p top_k seed presence_penalty frequency_penalty
"""
_NUMBERS = frozenset(_NUMBERS_WORDS.split())
_KEY_VARIABLE = re.compile(
    r"\{\{\s*env(?:\.([A-Za-z_]\w*)|\[['\"]([A-Za-z_]\w*)['\"]\])\s*\}\}|\$\{?([A-Za-z_]\w*)\}?"
)
_VARIABLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Provider:
    """One provider that can be asked."""

    model: ForeignModel
    tools: Any = None
    """As stated; the task takes them."""
    response_format: Mapping[str, Any] | None = None


def read_providers(stated: Any, source: Source, config: Mapping[str, Any]) -> list[Provider]:
    """The providers that can be asked, in their order, with names of their own; the others are noted."""
    found: list[Provider] = []
    for provider_id, options in _stated(stated, source, config):
        made = provider_of(provider_id, options, source)
        if made is not None:
            name = distinct(made.model.name, [BASELINE, *(each.model.name for each in found)])
            found.append(replace(made, model=replace(made.model, name=name)))
    return found


def _stated(stated: Any, source: Source, config: Mapping[str, Any], depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Id and options of each provider, whatever form it is written in."""
    stated = dereferenced(stated, config, source.config_file.name)
    if stated is None:
        return
    if isinstance(stated, str):
        if stated.startswith(FILE) and not is_code(stated):
            if depth > 4:
                raise ProjectError("provider files name each other in circles", file=source.config_file.name)
            files = source.files(stated)
            if not files:
                source.notes.add("a provider's file is not there", stated)
            for file in files:
                yield from _stated(source.value(file), source, config, depth + 1)
            return
        yield stated, {}
    elif isinstance(stated, list):
        for item in stated:
            yield from _stated(item, source, config, depth)
    elif isinstance(stated, Mapping):
        if isinstance(stated.get("id"), str):
            if stated["id"].startswith(FILE) and not is_code(stated["id"]):
                yield from _stated(stated["id"], source, config, depth + 1)
            else:
                yield stated["id"], stated
            return
        for provider_id, held in stated.items():
            options = held if isinstance(held, Mapping) else {}
            yield str(options.get("id") or provider_id), options
    else:
        raise ProjectError(f"providers must be a list, not {kind_of(stated)}", file=source.config_file.name)


def provider_of(provider_id: str, options: Mapping[str, Any], source: Source) -> Provider | None:
    """One provider; `None`, with a note, for what no model behind litellm can answer for."""
    notes = source.notes
    name = model_name(provider_id)
    if name is None:
        notes.add("providers that can't be asked from here are left out", _verbatim(provider_id, options))
        return None
    if "{{" in name:
        notes.add("the environment is empty: a provider whose name needs it is left out", provider_id)
        return None
    if provider_id.partition(":")[0] in ("adaline", "portkey"):
        notes.add("models are asked directly, not through a gateway", provider_id)
    config = options.get("config")
    table: dict[str, Any] = {"model": name}
    taken = _taken(_flat(config) if isinstance(config, Mapping) else {}, name, table, source)
    taken.left |= {str(key): options[key] for key in options if key not in ("id", "label", "config")}
    _note_left(taken.left, provider_id, table, source)
    if taken.params:
        table["params"] = taken.params
    label = options.get("label")
    own = name_from(label) if isinstance(label, str) else ""
    short = name.removeprefix("simulated:").rpartition("/")[2]
    return Provider(ForeignModel(own or name_from(short) or "model", table), taken.tools, taken.response_format)


@dataclass(slots=True)
class _Taken:
    """What the settings of a provider come to."""

    params: dict[str, Any] = field(default_factory=dict)
    tools: Any = None
    response_format: Mapping[str, Any] | None = None
    left: dict[str, Any] = field(default_factory=dict)
    """What is not sent."""


def _taken(config: Mapping[str, Any], name: str, table: dict[str, Any], source: Source) -> _Taken:
    taken = _Taken()
    for key, value in config.items():
        if value is None:
            continue
        if key in _PARAMS and (param := _param(_PARAMS[key], value)) is not None:
            taken.params[_PARAMS[key]] = param
        elif key in ("tools", "functions"):
            taken.tools = _tools_value(value, source)
        elif key in ("response_format", "responseFormat") and (form := form_of(_file_value(value, source))):
            # Text is what every model answers with.
            taken.response_format = form if form["type"] != "text" else None
        elif not _address(key, value, name, table, taken.params):
            taken.left[key] = value
    return taken


def form_of(value: Any) -> Mapping[str, Any] | None:
    """The value where it is a response format as our tasks take it."""
    return value if isinstance(value, Mapping) and isinstance(value.get("type"), str) else None


def model_name(provider_id: str) -> str | None:
    """litellm's name for a provider of promptfoo's; `None` where it has none."""
    provider_id = provider_id.strip()
    if provider_id.startswith("simulated:") and not provider_id.endswith(".toml"):
        return provider_id
    if "://" in provider_id or not provider_id or is_code(provider_id) or not provider_id.isprintable():
        return None
    provider, _, rest = provider_id.partition(":")
    kind, _, model = rest.partition(":")
    if kind in _NO_CHAT or not rest:
        return None
    if provider in ("adaline", "portkey"):
        return model_name(rest) if model else model_name(f"openai:{rest}")
    if provider == "docker":
        return f"docker_model_runner/{model if kind == 'chat' else rest}"
    prefix = _PREFIXES.get(provider)
    if prefix is None or (kind in KINDS and not model):
        return None
    if provider == "sagemaker":
        return f"sagemaker/{model if kind in _SAGEMAKER else rest}"
    # A model's own name may hold a colon (`llama3.2:3b`).
    return (_SPECIAL.get((provider, kind)) or prefix) + (model if kind in KINDS else rest)


def _flat(config: Mapping[str, Any]) -> dict[str, Any]:
    """Settings with those of Google's `generationConfig` and Ollama's `options` beside the others."""
    flat: dict[str, Any] = {}
    for key, value in config.items():
        if key in ("generationConfig", "options", "inferenceConfig") and isinstance(value, Mapping):
            flat |= {str(inner): item for inner, item in value.items()}
        else:
            flat[str(key)] = value
    return flat


def params_in(config: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters among the settings of a prompt."""
    found = {_PARAMS[key]: _param(_PARAMS[key], value) for key, value in _flat(config).items() if key in _PARAMS}
    return {key: value for key, value in found.items() if value is not None}


def _param(name: str, value: Any) -> Any:
    """The value as it may be sent; `None` where it may not, or where our configuration could not say it."""
    try:
        toml_value(value)
    except ValueError:
        return None
    if name in _NUMBERS and isinstance(value, str):
        try:
            value = float(value) if "." in value else int(value)
        except ValueError:
            return None
    if name in _NUMBERS and (isinstance(value, bool) or not isinstance(value, int | float)):
        return None
    return value if not isinstance(value, str) or "{{" not in value else None


def _address(key: str, value: Any, name: str, table: dict[str, Any], params: dict[str, Any]) -> bool:
    """Take a setting that says where a model is asked, and by which key's name; False for any other."""
    text = value if isinstance(value, str) else ""
    if key in ("apiBaseUrl", "apiEndpoint", "baseUrl", "base_url") and text.startswith(("http://", "https://")):
        if "{{" in text:
            return False
        table["api_base"] = text
    elif key == "apiHost" and text and "{{" not in text:
        table["api_base"] = text if "://" in text else f"https://{text}"
    elif key == "apiKeyEnvar" and _VARIABLE_NAME.fullmatch(text):
        table["api_key_env"] = text
    elif key == "apiKey":
        # A key itself is never kept; the name of the variable that holds it is.
        variable = _KEY_VARIABLE.fullmatch(text.strip())
        if variable is None:
            return False
        table["api_key_env"] = next(group for group in variable.groups() if group)
    elif key in ("apiVersion", "api_version") and name.startswith("azure/") and text:
        params["api_version"] = text
    elif key == "deploymentName" and name.startswith("azure/") and text and "{{" not in text:
        table["model"] = f"azure/{text}"
    elif key == "region" and text and name.startswith(("bedrock/", "vertex_ai/", "sagemaker/")):
        params["vertex_location" if name.startswith("vertex_ai/") else "aws_region_name"] = text
    elif key == "projectId" and text and name.startswith("vertex_ai/"):
        params["vertex_project"] = text
    else:
        return False
    return True


def _note_left(left: Mapping[str, Any], provider_id: str, table: Mapping[str, Any], source: Source) -> None:
    for key in left:
        if is_secret_name(key):
            what = "a key stands in the configuration; it is not kept: put it into .env"
            source.notes.add(what, f"{key} of {provider_id}")
    plain = {key: value for key, value in left.items() if not is_secret_name(key)}
    for key, words in (
        ("transform", "transforms are not run"),
        ("prompts", "which prompts a provider takes is not honoured"),
    ):
        if key in plain:
            source.notes.add(words, {provider_id: plain.pop(key)})
    if plain:
        names = listed(sorted(plain), 6)
        source.notes.add(f"settings of {one_line(provider_id, 60)} that are not sent: {names}", plain)


def _verbatim(provider_id: str, options: Mapping[str, Any]) -> Any:
    return {**options, "id": provider_id} if options else provider_id


def _file_value(value: Any, source: Source) -> Any:
    if isinstance(value, str) and value.startswith(FILE) and not is_code(value):
        files = source.files(value)
        return source.value(files[0]) if files and files[0].suffix.lower() in (".json", ".yaml", ".yml") else None
    return value


def _tools_value(value: Any, source: Source) -> Any:
    tools = _file_value(value, source)
    if isinstance(tools, list):
        tools = [_file_value(tool, source) for tool in tools]
    return tools if tools is not None else value


def our_tools(stated: Any, source: Source) -> list[Mapping[str, Any]]:
    """Tool definitions in OpenAI's form; what is no function is noted."""
    found: list[Mapping[str, Any]] = []
    tools = stated if isinstance(stated, list) else [stated] if stated is not None else []
    for tool in itertools.chain.from_iterable(_declared(tool) for tool in tools):
        function = _function(tool)
        if function is None:
            source.notes.add("tools that are no functions are not sent", tool)
        else:
            found.append({"type": "function", "function": function})
    return found


def _declared(tool: Any) -> list[Any]:
    """Google's tools hold a list of functions each."""
    if isinstance(tool, Mapping):
        for key in ("functionDeclarations", "function_declarations"):
            if isinstance(tool.get(key), list):
                return list(tool[key])
    return [tool]


def _function(tool: Any) -> Mapping[str, Any] | None:
    if not isinstance(tool, Mapping):
        return None
    function = tool.get("function")
    if isinstance(function, Mapping):
        return function if isinstance(function.get("name"), str) else None
    if not isinstance(tool.get("name"), str) or tool.get("type", "function") not in ("function", "custom"):
        return None
    made = {key: tool[key] for key in ("name", "description", "strict") if key in tool}
    schema = tool.get("parameters", tool.get("input_schema"))
    return {**made, "parameters": schema} if isinstance(schema, Mapping) else made

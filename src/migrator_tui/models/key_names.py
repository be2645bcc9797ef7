"""Which variable holds the key that a model needs, told from its name: for what only reads names.

A convention of the client library; a provider it does not list here is asked with `PROVIDER_API_KEY`.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

_KEYS = {
    "anthropic": (("ANTHROPIC_API_KEY",), ("ANTHROPIC_AUTH_TOKEN",)),
    "azure": (("AZURE_API_KEY",), ("AZURE_AD_TOKEN",), ("AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "AZURE_TENANT_ID")),
    "bedrock": (("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), ("AWS_PROFILE",), ("AWS_BEARER_TOKEN_BEDROCK",)),
    "cohere": (("COHERE_API_KEY",), ("CO_API_KEY",)),
    "fireworks_ai": (("FIREWORKS_API_KEY",), ("FIREWORKS_AI_API_KEY",)),
    "gemini": (("GEMINI_API_KEY",), ("GOOGLE_API_KEY",)),
    "huggingface": (("HF_TOKEN",), ("HUGGINGFACE_API_KEY",)),
    "nvidia_nim": (("NVIDIA_NIM_API_KEY",), ("NVIDIA_API_KEY",)),
    "openrouter": (("OPENROUTER_API_KEY",), ("OR_API_KEY",)),
    "perplexity": (("PERPLEXITYAI_API_KEY",), ("PERPLEXITY_API_KEY",)),
    "together_ai": (("TOGETHERAI_API_KEY",), ("TOGETHER_API_KEY",), ("TOGETHER_AI_API_KEY",)),
    "vertex_ai": (("GOOGLE_APPLICATION_CREDENTIALS",), ("VERTEXAI_PROJECT",)),
}
"""Provider to the ways its key can be given, the usual one first; all variables of one way are needed."""

_KEYLESS = frozenset({"ollama", "ollama_chat", "hosted_vllm", "lm_studio", "llamafile", "vllm"})


@dataclass(frozen=True, slots=True)
class KeyState:
    """Whether what a model needs is there."""

    variables: tuple[str, ...]
    """Those that are set, else those that usually are; empty where no key is needed."""
    missing: tuple[str, ...] = ()

    @property
    def is_set(self) -> bool:
        """Nothing is missing."""
        return not self.missing


_PLACES = {
    "azure": (("AZURE_API_BASE",),),
    "bedrock": (("AWS_REGION",), ("AWS_REGION_NAME",), ("AWS_DEFAULT_REGION",)),
    "vertex_ai": (("VERTEXAI_LOCATION",), ("VERTEX_LOCATION",)),
}
"""Providers whose address is the customer's own to the ways it can be given."""

_SIGNING = frozenset({"bedrock", "vertex_ai"})
_SPELLINGS = {"bedrock_converse": "bedrock", "vertex_ai_beta": "vertex_ai", "azure_text": "azure"}


def provider_of(model: str, provider: str | None) -> str | None:
    """Who is asked: the name's prefix, else what the price map says (`provider`); spellings of one are one."""
    prefix, slash, _ = model.partition("/")
    who = prefix if slash else provider
    return _SPELLINGS.get(who, who) if who else None


def found_elsewhere(who: str) -> bool:
    """Whether that provider's library also looks for keys outside the environment: files, the machine's own role."""
    return who in _SIGNING


def place_state(who: str, available: Collection[str]) -> KeyState:
    """The same as `key_state` for a provider's address or region; nothing is missing where it has one of its own."""
    return _state(_PLACES[who], available) if who in _PLACES else KeyState(())


def key_state(model: str, provider: str | None, available: Collection[str]) -> KeyState:
    """Whether the key of `model` is among the variables `available`; values are never looked at.

    `provider` is what the price map says where the name has none in front.
    """
    prefix, slash, _ = model.partition("/")
    if model.startswith(("simulated:", "recorded:")) or (slash and prefix in _KEYLESS):
        return KeyState(())
    who = prefix if slash else provider
    if not who:
        return KeyState(())
    who = _SPELLINGS.get(who, who)
    return _state(_KEYS.get(who, ((f"{who.upper().replace('-', '_')}_API_KEY",),)), available)


def _state(ways: Sequence[tuple[str, ...]], available: Collection[str]) -> KeyState:
    for way in ways:
        if all(name in available for name in way):
            return KeyState(way)
    return KeyState(ways[0], tuple(name for name in ways[0] if name not in available))

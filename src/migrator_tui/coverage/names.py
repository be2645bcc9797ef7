"""How groups of cases are called."""

LANGUAGES = {
    "en": "English", "de": "German", "fr": "French", "es": "Spanish", "it": "Italian", "pt": "Portuguese",
    "nl": "Dutch", "pl": "Polish", "ja": "Japanese", "zh": "Chinese", "ko": "Korean", "ru": "Russian",
    "ar": "Arabic", "tr": "Turkish", "sv": "Swedish", "da": "Danish", "fi": "Finnish", "no": "Norwegian",
    "cs": "Czech", "hu": "Hungarian", "uk": "Ukrainian", "hi": "Hindi", "el": "Greek", "he": "Hebrew",
    "ro": "Romanian", "vi": "Vietnamese", "th": "Thai", "id": "Indonesian",
}  # fmt: skip


def group_name(kind: str, name: str) -> str:
    """A group of cases as people call it: `Italian` for the language `it`, `under 20 words`."""
    if kind == "language":
        return LANGUAGES.get(name, name)
    return f"{name} {kind}" if kind in ("words", "turns") else name

"""Words that a language does without in hardly any sentence, and that its neighbours don't have: a quick and sure way
to know the language of most prose. What they leave open is a question for `checks.languages`."""

from collections.abc import Collection

_WORDS = {
    "en": "the of and to is that for with are this be have from not by you your they which it was will can",
    "de": "der die das und ist nicht ein eine mit für auf von dem den sich auch wir sie ihre wird bei zu werden",
    "fr": "les des est une dans pour pas vous nous sur avec qui ce cette sont il aux votre le du et être",
    "es": "el los las una por con para su más como está pero sus usted al y lo del este son muy",
    "it": "il di che è per una non sono con della gli nel più questo alla dei si anche ha suo le",
    "pt": "não uma com os em é mais dos como você ao seu sua foi pelo às são das também",
    "nl": "het een van en is niet dat op te met voor zijn ook wij u bij aan wordt naar uw deze",
}
_SETS = {language: frozenset(words.split()) for language, words in _WORDS.items()}

FEWEST = 4
"""Different words of a language that a text must hold for it to be clear …"""


def clear_language(words: Collection[str]) -> str | None:
    """The language of lower-cased words, where it is clear: … and twice as many as of any other language."""
    ranked = sorted(((len(known.intersection(words)), language) for language, known in _SETS.items()), reverse=True)
    (most, language), (second, _) = ranked[:2]
    return language if most >= FEWEST and most >= 2 * second else None

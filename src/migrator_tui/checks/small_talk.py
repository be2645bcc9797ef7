"""Talk around an answer, in the languages that are common: `Sure! Here is …:` before it, `Let me know if …` after.

Only what speaks about the answer counts, at its very beginning or end. A letter that ends with a greeting, or a text
that happens to begin with "Here", has none.
"""

import re
from collections.abc import Iterable, Mapping

_FIRST = 300
_LAST = 400
"""Characters of a text that are looked at."""

_ASSENT = {
    "en": (
        *("sure(?: thing)?", "certainly", "of course", "absolutely", "gladly", "definitely"),
        "(?:that's a )?(?:great|good|excellent) question",
    ),
    "de": ("gerne", "natürlich", "selbstverständlich", "klar", "aber sicher"),
    "fr": ("bien sûr", "bien entendu", "certainement", "avec plaisir"),
    "es": ("claro(?: que sí)?", "por supuesto", "con gusto", "desde luego", "encantad[oa]"),
    "it": ("certo", "certamente", "volentieri"),
    "pt": ("com certeza", "com prazer", "claro que sim"),
    "nl": ("natuurlijk", "zeker", "graag"),
}
"""What says yes to a request; it needs an exclamation mark, or a promise behind it."""

_PROMISE = {
    "en": (
        *("here(?:'s| is| are| you go)", "below (?:is|are)"),
        *("i can (?:help|do)", "i'd be", "i'll", "i will", "let me", "let's"),
    ),
    "de": ("hier (?:ist|sind|kommt)", "ich (?:helfe|kann)"),
    "fr": ("voici",),
    "es": ("aquí (?:tienes|está|están|va|te|le)",),
    "it": ("ecco",),
    "pt": ("aqui (?:está|estão|vai)",),
    "nl": ("hier (?:is|zijn)",),
}

_ANNOUNCES = {
    "en": ("here is", "here are", "here's", "below (?:is|are)", "the following (?:is|are)"),
    "de": ("hier (?:ist|sind|kommt|kommen)", "im folgenden", "nachfolgend", "anbei"),
    "fr": ("voici", "voilà", "ci-dessous"),
    "es": ("aquí (?:tienes|tiene|está|están|te|le)", "a continuación", "este es", "estos son"),
    "it": ("ecco", "di seguito"),
    "pt": ("aqui (?:está|estão|vai|vão)", "a seguir", "seguem?"),
    "nl": ("hier (?:is|zijn|volgt)", "hieronder"),
}
"""What announces something; it needs a colon at the end of its line."""

_OFFERS = {
    "en": (
        "(?:please |just |and )?(?:let me know if|feel free to|don't hesitate to|do not hesitate to)",
        "(?:i )?hope (?:this|that|these|it) (?:helps|was helpful|answers|is helpful|clarifies|captures|meets)",
        "(?:i )?hope you (?:enjoy|like|find) (?:this|it|these)",
        "if you(?:'d like|'re looking for| have (?:any|more|other|further)| would like)",
        "if you want (?:me|more|to know)",
        "if you need (?:any|more|help|further|additional|anything)",
        "is there anything else",
        "would you like (?:me to|more|to know|help)",
    ),
    "de": (
        "ich hoffe,? (?:das|dies) hilft",
        "lass(?:en sie)? (?:es )?mich (?:gerne? )?wissen",
        "sag(?:en sie)? (?:mir )?(?:einfach )?bescheid",
        "zögern? (?:sie )?nicht",
        "(?:wenn|falls|sollten|solltest) (?:sie|du) (?:noch|weitere|mehr|andere)",
    ),
    "fr": (
        "n'hésite[sz]? pas",
        "fai(?:te)?s-moi savoir",
        "j'espère que (?:cela|ceci|ça)",
        "si (?:vous avez|tu as) (?:d'autres|des|besoin)",
    ),
    "es": (
        "(?:avísame|avíseme|házmelo saber|hágamelo saber|no dudes? en|espero que (?:esto|te|le|sea))",
        "si (?:necesitas?|tienes?|tiene|deseas?|quieres?) (?:más|algo|alguna|ayuda|otra|que)",
    ),
    "it": (
        "(?:fammi sapere|mi faccia sapere|non esitare|non esiti|spero che (?:questo|ti|le|sia))",
        "se (?:hai|ha|vuoi|desideri) (?:altre|bisogno|ulteriori|che)",
    ),
    "pt": (
        "(?:avise-me|me avise|não hesite|fique à vontade|espero que (?:isso|ajude|tenha))",
        "se (?:precisar|tiver|quiser) (?:de|mais|alguma|outra|que)",
    ),
    "nl": (
        "(?:laat (?:het )?(?:me|mij) (?:gerust )?weten|aarzel niet|ik hoop dat dit)",
        "als (?:je|u) (?:nog|meer|verdere|andere)",
    ),
}

_UNSPACED_ASSENT = "好的|当然可以|当然|没问题|もちろんです|承知しました|承知いたしました|かしこまりました"
_UNSPACED_ANNOUNCES = "以下是|这是|下面是|以下は|以下が|以下に|こちらが"
_UNSPACED_OFFERS = (
    "希望(?:这|對|对|以上)[^\\n。]{0,20}(?:帮助|有用|幫助)|如果?(?:您|你)?(?:还)?有(?:任何|其他|更多)|请随时|如需"
    "|(?:他に|ほかに)?(?:何か)?ご(?:質問|不明な点)[^\\n。]{0,12}(?:あれば|ございましたら)|お気軽に|お役に立て"
)


def _any_of(phrases: Mapping[str, Iterable[str]]) -> str:
    return f"(?:{'|'.join(phrase for some in phrases.values() for phrase in some)})\\b"


_ANNOUNCEMENT = rf"{_any_of(_ANNOUNCES)}[^\n]{{0,200}}?[:：](?=\**[ \t]*\n)"
_UNSPACED_ANNOUNCEMENT = rf"(?:{_UNSPACED_ANNOUNCES})[^\n]{{0,80}}?[：:。](?=\**[ \t]*\n)"

_PREAMBLE = re.compile(
    rf"\W{{0,4}}(?:{_any_of(_ASSENT)}(?:[ \u00a0\u202f]?!+|[,.:–—-]+(?= *{_any_of(_PROMISE)}))[ \t]*"
    rf"(?:{_ANNOUNCEMENT})?"
    rf"|i(?:'d| would) be (?:very )?(?:happy|glad|delighted) to (?:help|assist)[^\n.!:]{{0,100}}[.!:]"
    rf"|{_ANNOUNCEMENT}"
    rf"|(?:{_UNSPACED_ASSENT})[，,！!。、](?:{_UNSPACED_ANNOUNCEMENT})?"
    rf"|{_UNSPACED_ANNOUNCEMENT})",
    re.IGNORECASE,
)
_SIGN_OFF = re.compile(
    rf"(?:^|(?<=\n)|(?<=[.!?:)*…] )|(?<=[.!?]  ))[*_¿¡]{{0,2}}{_any_of(_OFFERS)}[^\n]{{0,250}}$"
    rf"|(?:^|(?<=[\n。！!]))(?:{_UNSPACED_OFFERS})[^\n]{{0,120}}$",
    re.IGNORECASE,
)


def find_preamble(text: str) -> str | None:
    """The words before an answer that only say that it comes, ends trimmed; `None` where it begins at once, or where
    nothing follows them."""
    start = text[: 2 * _FIRST].lstrip()[:_FIRST].replace("’", "'")
    match = _PREAMBLE.match(start)
    if match is None or not start[match.end() :].strip(" \t\n*_-:"):
        return None
    return match.group().strip()


def find_sign_off(text: str) -> str | None:
    """The last sentences of an answer that offer help or hope to have helped; `None` where there are none, or where
    nothing precedes them."""
    end = text[-2 * _LAST :].rstrip()[-_LAST:].replace("’", "'")
    match = _SIGN_OFF.search(end)
    if match is None or not (end[: match.start()].strip() or len(text.strip()) > len(end)):
        return None
    return match.group().strip()

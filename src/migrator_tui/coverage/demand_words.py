"""The words by which instructions are known: English first, German, French and Spanish a little.

Patterns match text in lower case with straight quotes.
"""

import re

NUMBERS = {
    "zero": 0, "one": 1, "a single": 1, "single": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7,
    "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "fifteen": 15, "twenty": 20, "thirty": 30,
    "forty": 40, "fifty": 50, "sixty": 60, "hundred": 100, "ein": 1, "einem": 1, "einen": 1, "zwei": 2, "drei": 3,
    "vier": 4, "fünf": 5, "une": 1, "deux": 2, "trois": 3, "quatre": 4, "cinq": 5, "dos": 2, "tres": 3, "cuatro": 4,
    "cinco": 5,
}  # fmt: skip
_N = r"(\d[\d,.]*|" + "|".join(sorted(map(re.escape, NUMBERS), key=len, reverse=True)) + ")"

_UNITS = {
    "words": r"(?:words?|wörter[n]?|worte[n]?|mots?|palabras?)",
    "sentences": r"(?:sentences?|sätze[n]?|satz|phrases?|frases?|oraciones)",
    "characters": r"(?:characters?|chars?|zeichen|caract[eè]res?|letters)",
    "tokens": r"tokens?",
    "items": r"(?:bullets?(?: points?)?|items?|points?|keywords?|tags?|suggestions?|options?|entries|lines?"
    r"|paragraphs?)",
}
_AT_MOST = (
    r"(?:at most|no more than|not more than|no longer than|not longer than|not exceed|never exceed|not exceeding|"
    r"up to|under|below|fewer than|less than|within|max(?:imum)?(?: of| length)?:?|limit(?:ed)? (?:[\w ]{0,30} )?to|"
    r"keep (?:it|[\w ]{1,30}) (?:to|under|below|within)|don't exceed|do not exceed|höchstens|maximal|nicht mehr als|"
    r"unter|au plus|maximum|moins de|pas plus de|como máximo|máximo|no más de|menos de)"
)
_AT_LEAST = (
    r"(?:at least|no fewer than|no less than|not less than|minimum(?: of)?|mindestens|au moins|al menos|como mínimo)"
)

LIMITS: list[tuple[str, re.Pattern[str]]] = [
    *(
        (f"{bound}-{unit}", re.compile(rf"{lead}\s+(?:about |around )?{_N}[\s-]*(?:short |plain |simple )?{words}\b"))
        for unit, words in _UNITS.items()
        for bound, lead in (("max", _AT_MOST), ("min", _AT_LEAST))
    ),
    *(
        (
            f"max-{unit}",
            re.compile(rf"{_N}[\s-]*{words}\s*(?:or (?:less|fewer)|max(?:imum)?\b|at (?:the )?most|limit)"),
        )
        for unit, words in _UNITS.items()
    ),
    *(
        (f"range-{unit}", re.compile(rf"(?:between )?{_N}\s*(?:-|–|to|and|bis|à|a)\s*{_N}[\s-]*{words}\b"))
        for unit, words in _UNITS.items()
    ),
    *(
        (
            f"exact-{unit}",
            re.compile(
                rf"(?:(?:exactly|in|of|with|as|is|be|give|write|list|return|provide|only|genau|en|in genau|avec)\s+"
                rf"(?:just |only |exactly )?|:\s*){_N}[\s-]+(?:short |plain |simple |concise |clear )?{words}\b"
            ),
        )
        for unit, words in _UNITS.items()
    ),
]
"""Limits of length, the first that fits counts; groups hold the numbers."""

FORMS: list[tuple[str, re.Pattern[str]]] = [
    (
        "no-fence",
        re.compile(
            r"(?:no|not|without|never|don't|avoid|omit|kein\w*|ohne|sans|sin)\b[^.;:]{0,40}?"
            r"(?:code[- ]?(?:fenc|block)\w*|\bfences?\b|backticks?|```|codebl\w+|blocs? de code|bloques? de código)"
        ),
    ),
    (
        "no-markdown",
        re.compile(
            r"(?:no|not|without|never|don't|avoid|kein|ohne|sans|sin)\b[^.;:]{0,40}?"
            r"(?:markdown|bullet (?:points|lists)|headings|bold|asterisks|formatting)"
            r"|\bplain[- ]text\b|klartext|texte brut|texto plano"
        ),
    ),
    (
        "no-emoji",
        re.compile(r"(?:no|not|without|never|don't|avoid|kein\w*|ohne|sans|sin)\b[^.;:]{0,30}?emojis?"),
    ),
    (
        "only-keys",
        re.compile(
            r"\b(?:no|not|never|don't|without|avoid)\b[^.;:]{0,20}?\b(?:other|additional|extra|further|more|new|unknown)"
            r" (?:json )?(?:keys?|fields?|propert(?:y|ies)|attributes?)\b"
            r"|\b(?:not|never|don't) (?:add|invent|make up|introduce) (?:any |your own |of your own )*"
            r"(?:keys|fields|properties|attributes)\b"
            r"|(?:only|exactly|nothing but) (?:these|the following|those|the) (?:\w+ )?(?:keys|fields|properties)"
            r"|keine (?:weiteren|anderen) (?:schlüssel|felder)|aucune autre clé|ninguna otra clave"
        ),
    ),
    (
        "nothing-else",
        re.compile(
            r"\bnothing (?:else|more|but|before|after|around)\b|\bonly (?:the |a |one |valid |with (?:the |a )?)?"
            r"(?:\w+ )?(?:json|xml|yaml|label|number|object|category|answer|word|name|code|sql|translation|result)\b"
            r"|\bjust (?:the|a|one) (?:json|label|number|object|category|answer|word|name|code|translation)\b"
            r"|\b(?:json|label|number|object|category|answer|word|name|code|sql|translation|result|yes or no) only\b"
            r"|(?:bare|raw) json"
            r"|(?:no|not|without|never|don't|avoid|omit)\b[^.;:]{0,30}?"
            r"(?:preambles?|introduct\w+|commentary|comments|explanations?|explain\b|(?:other|extra|additional|"
            r"surrounding) (?:text|words|output)|sentences? before|(?:text|words?|anything|prose) (?:before|around|"
            r"outside)|apolog\w+|greetings?|small talk)"
            r"|\bnichts (?:anderes|weiter|sonst)|\bnur (?:das|ein|mit)? ?(?:\w+ )?(?:json|objekt|label|zahl)"
            r"|rien d'autre|uniquement (?:le|un|du)? ?json|nada más|solo (?:el|un)? ?json|únicamente"
        ),
    ),
    ("json", re.compile(r"\bjson\b")),
    ("xml", re.compile(r"\bxml\b(?! tags?)")),
    (
        "markdown-use",
        re.compile(
            r"\b(?:as|in|use|with|using) (?:a |an )?(?:github |valid )?(?:markdown|bullet(?:ed)? (?:points?|lists?)"
            r"|numbered lists?|tables?|headings?)\b"
        ),
    ),
    (
        "date-form",
        re.compile(r"\byyyy-mm-dd\b|\biso[- ]?8601\b|\bdd[./-]mm[./-]yyyy\b|\bmm/dd/yyyy\b|\brfc ?3339\b"),
    ),
    (
        "code-form",
        re.compile(
            r"\b(?:two|three|2|3)[- ]letter\b|\biso[- ]?(?:639|3166|4217)\S*|\bupper[- ]?case\b|\blower[- ]?case\b"
            r"|\bsnake_case\b|\bkebab-case\b|\bcamel ?case\b"
        ),
    ),
]
"""Forms of the answer; all that fit count."""

LANGUAGES = {
    "en": "english|englisch\\w*|anglais|inglés",
    "de": "german|deutsch\\w*|allemand|alemán",
    "fr": "french|französisch\\w*|français|francés",
    "es": "spanish|spanisch\\w*|espagnol|español",
    "it": "italian|italienisch\\w*|italien|italiano",
    "pt": "portuguese|portugiesisch\\w*|portugais|portugués",
    "nl": "dutch|niederländisch\\w*|néerlandais",
    "pl": "polish(?! (?:the|it|your|up))|polnisch\\w*",
    "ja": "japanese|japanisch\\w*|japonais|japonés",
    "zh": "chinese|chinesisch\\w*|chinois|chino",
    "ko": "korean|koreanisch\\w*",
    "ru": "russian|russisch\\w*",
    "ar": "arabic|arabisch\\w*",
    "tr": "turkish|türkisch\\w*",
    "sv": "swedish|schwedisch\\w*",
}
IN_LANGUAGE = re.compile(
    r"(?:^|\b(?:in|into|to|auf|ins?|en|al?|:)\s+)(?:plain |simple |british |american |clear |formal )?"
    + "(?:"
    + "|".join(f"(?P<{code}>{words})" for code, words in LANGUAGES.items())
    + r")\b"
)
SAME_LANGUAGE = re.compile(
    r"\b(?:same|customer'?s?|user'?s?|their|its|original|input'?s?|sender'?s?|writer'?s?)\s+(?:own )?language\b"
    r"|\blanguage (?:of|used (?:by|in)|in which|that|the (?:customer|user|sender|text|question|ticket))\b"
    r"|sprache (?:des|der|in der)|in derselben sprache|gleichen sprache|même langue|langue (?:du|de la|de l')"
    r"|mismo idioma|idioma del"
)

TONE = re.compile(
    r"\b(?:polite\w*|friendl\w+|professional\w*|formal\w*|informal\w*|casual\w*|empath\w+|warm\w*|courteous\w*|kind"
    r"|helpful\w*|respectful\w*|tone|voice|style|natural\w*|engaging|enthusias\w+|calm\w*|reassur\w+|neutral tone"
    r"|conversational\w*|patient\w*|confident\w*|höflich\w*|freundlich\w*|sachlich\w*|polie?s?|poliment|amable\w*"
    r"|simple language|easy to (?:read|understand)|busy|clear and|clearly|well[- ]written|accurate\w*|careful\w*"
    r"|thorough\w*|high[- ]quality|best|creative\w*|humou?r\w*)\b"
)
SHORT = re.compile(
    r"\b(?:short|brief|briefly|concise\w*|succinct\w*|terse|to the point|kurz\w*|knapp\w*|brève?\w*"
    r"|courte?s? réponse|breve\w*"
    r"|conciso)\b(?! (?:for|term))"
)
REFUSE = re.compile(
    r"\b(?:refus\w+|declin\w+|turn down|do not answer|don't answer|never answer|do not (?:help|assist|comply)|"
    r"don't (?:help|assist|comply)|never (?:help|assist|comply|give (?:medical|legal|financial))"
    r"|lehne\w*\b[^.]{0,30}\bab\b|ablehnen|"
    r"refuse[zr]|rechaza\w*)\b"
)
MENTION = re.compile(
    r"\b(?:never|do not|don't|must not|should not|avoid|without|niemals|nicht|ne|no)\b[^.;:\"'“]{0,40}?"
    r"\b(?:mention\w*|say\w*|use|using|include|including|reveal\w*|disclos\w+|promis\w+|refer\w*|quote|contain|write"
    r"|erwähn\w*|sag\w*|verwend\w*|nenn\w*|mentionn\w*|dis|menciones?|digas?)\b(?P<rest>[^.;]{0,120})"
)
MUST_SAY = re.compile(
    r"\b(?:say|write|include|including|mention|contain|contains|add|append|answer|reply|respond|return|output|print|"
    r"use the (?:word|phrase)|(?:start|begin|end|close|finish) (?:[\w ]{0,20}?)with|sage?|antworte|schreibe?"
    r"|réponds?|"
    r"dis|responde|di)\b[^.;\"“«`]{0,40}?(?P<quoted>[\"“«`](?P<said>[^\"”»`]{1,80})[\"”»`])"
)
GROUNDED = re.compile(
    r"\b(?:only (?:use |from |on |with )?(?:[\w ]{0,20})?(?:information|facts|context|documents?|sources?"
    r"|passages?|text "
    r"provided|data provided)|(?:don't|do not|never) (?:make (?:up|things up)|invent|hallucinat\w+|fabricat\w+|guess|"
    r"assume|speculat\w+)|based (?:only|solely|exclusively) on|erfinde\w* (?:nichts|keine)|n'invente\w*|"
    r"no inventes|cite|citations?)\b"
)

ABOUT = {
    "json": "JSON",
    "xml": "XML",
    "keys": "the keys",
    "only-keys": "no other keys",
    "choices": "the choices",
    "no-fence": "no code fences",
    "no-markdown": "no Markdown",
    "must-say": "what to say",
    "never-say": "what not to say",
}
"""What a demand is about, where the same words of the prompt hold another one too; else its kind says it."""

PROHIBITS = re.compile(
    r"\b(?:never|not|no|(?:don|mustn|shouldn|can)['’]t|cannot|avoid|without|nicht|kein\w*|nie|jamais|nunca)\b"
)
"""What only says what must not be."""

CONDITION = re.compile(
    r"\b(?:if|when(?:ever)?|where|while(?! \w+ing\b)|as long as|until|unless|in case|once|falls|wenn|solange"
    r"|sofern|si"
    r"|lorsque|quand|"
    r"cuando|should the)\b\s+"
    r"(?P<condition>[^.;:,—]{4,160})"
)
CONSTRAINS = re.compile(
    r"\b(?:must|should|shall|never|always|do not|don't|does not|cannot|can't|not|only|at most|at least|no more"
    r"|exactly|"
    r"avoid|without|unless|instead|required?|ensure|make sure|be sure|remember|need(?:s)? to|has to|have to|one of|"
    r"either|include|exclude|omit|use|write|answer|reply|respond|return|output|produce|give|keep|format|list|state|"
    r"mention|ask|call|escalate|decline|refuse|treat|set|put|start|begin|end|stop|limit|provide|follow|prefer|choose|"
    r"pick|extract|identify|convert|go by|"
    r"muss|müssen|soll(?:en|te)?|nie(?:mals)?|immer|nicht|nur|höchstens|antworte\w*|schreib\w*|verwende\w*|gib"
    r"|kein\w*|"
    r"doit|doivent|jamais|toujours|pas|uniquement|répond\w*|écri\w+|utilise\w*|donne\w*|"
    r"debe\w*|nunca|siempre|solo|responde\w*|escrib\w+|usa|no)\b"
)
RULES = re.compile(
    r"\b(?:rules?|allowed|not allowed|must|policy|policies|guidelines?|requirements?|instructions?|constraints?"
    r"|limits|"
    r"always|never|do|don'ts?|format|output|style|important|regeln|vorgaben|règles|consignes|reglas)\b"
)
"""Headings under which every sentence is a rule."""
PERMITS = re.compile(r"\b(?:can|may|only|allowed|while|until|unless|as long as|above|below|over|within)\b")
ROLE = re.compile(
    r"^(?:you are|you're|you (?:triage|help|work|act|assist|support|answer|sort|classify|write|translate"
    r"|summari[sz]e|"
    r"handle|serve)|act as|your (?:task|job|role|goal) is|the (?:user|customer) (?:will|is|has|may)|du bist|sie sind|"
    r"tu es|vous êtes|eres|here (?:is|are)|below (?:is|are)|given )\b"
)
TASK_VERB = re.compile(
    r"^(?:please )?(?:carefully )?(?:read|summari[sz]e|translate|classify|categori[sz]e|analy[sz]e|write|answer|help|"
    r"describe|explain|review|consider|think|look|rewrite|paraphrase|improve|proofread|evaluate|compare|solve|"
    r"calculate|convert|generate|create|compose|draft|lies|übersetze|fasse|schreibe|traduis|résume|lee|traduce|resume)\b"
)


def number_of(text: str) -> float | None:
    """`25`, `1,000` or `two` as a number."""
    if text in NUMBERS:
        return float(NUMBERS[text])
    digits = text.rstrip(".,").replace(",", "")
    try:
        return float(digits)
    except ValueError:
        return None

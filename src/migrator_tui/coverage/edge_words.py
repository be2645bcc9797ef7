"""The words and signs by which unusual inputs are known: English first, other languages a little."""

import re

INJECTION = re.compile(
    r"\b(?:ignore|disregard|forget|override|bypass)\b[^.\n]{0,40}\b(?:instructions?|prompts?|rules?|above|previous|"
    r"everything (?:above|before)|guidelines)\b"
    r"|\byou are now (?:an?|in|no longer|my|free|the|called|going to)\b|\b(?:reveal|print|show|repeat"
    r"|output)\b[^.\n]{0,30}\b(?:system prompt"
    r"|your (?:instructions|prompt))\b"
    r"|\b(?:developer|admin|debug|god|dan|jailbreak) mode\b|\bnew instructions?:|</?(?:system|instructions?)>"
    r"|\[/?inst\]"
    r"|\bsystem (?:note|message|override)\s*:|\bas an? (?:ai|language model),? you must\b"
    r"|\bpretend (?:to be|you are|that you)\b"
    r"|\bact as (?:if|though|a|an)\b[^.\n]{0,40}\b(?:no|without) (?:rules|restrictions|limits)\b"
    r"|ignoriere? (?:alle|die|deine|sämtliche)[^.\n]{0,30}(?:anweisung|regeln|instruktion)|vergiss (?:alle"
    r"|deine|alles)\b"
    r"|ignore[rz]? (?:toutes|les|tes|vos)[^.\n]{0,30}(?:instructions|consignes|règles)|oublie[z]? (?:toutes|tes"
    r"|vos)\b"
    r"|ignor[ae] (?:todas|las|tus|tutte|le)[^.\n]{0,30}(?:instruc\w+|istruzioni|reglas|regole)"
    r"|以前の指示|これまでの指示|指示を無視|忽略(?:以上|之前|所有)",
    re.IGNORECASE,
)

CODE = re.compile(
    r"```|^[ \t]{0,20}(?:def \w+\(.*\):|class \w+[\w(),. ]*:|import [\w.]+$|from [\w.]+ import |#include\s*<"
    r"|function \w*\s*\(|"
    r"(?:const|let|var) \w+\s*=|public (?:static )?\w+|package \w+;|SELECT\s.+\sFROM\s|INSERT INTO |CREATE TABLE |"
    r"\$ \w+ .*--?\w+|>>> )"
    r"|Traceback \(most recent call last\)|^[ \t]{1,20}at [\w.$<>]+\(.*:\d+\)|^[ \t]{0,20}File \".+\", line \d+"
    r"|\b\w+(?:Error|Exception): "
    r"|\{\s*\"[\w-]+\"\s*:|=>\s*\{|\);\s*$|\bconsole\.log\(|\bprintf?\(\"",
    re.MULTILINE,
)

MARKUP = re.compile(
    r"<(?:p|br|div|span|a|b|i|strong|em|html|body|table|tr|td|ul|li|img|font|h[1-6]|script|style)\b[^<>]{0,300}/?>"
    r"|&(?:nbsp|amp|lt|gt|quot|#\d{2,5});|^#{1,6} \S|\*\*\S[^*\n]{0,80}\*\*|^\|.+\|\s*$|\[[^\]\n]{1,80}\]\(https?://",
    re.IGNORECASE | re.MULTILINE,
)

QUOTED = re.compile(
    r"^[ \t]{0,10}>{1,10} ?\S|^-{2,} ?(?:original message|forwarded message|ursprüngliche nachricht"
    r"|weitergeleitete nachricht|"
    r"message (?:d'origine|transféré)|mensaje (?:original|reenviado))"
    r"|^on .{6,80} wrote:\s*$|^am .{6,80} schrieb.{0,60}:\s*$|^le .{6,80} a écrit\s*:\s*$|^el .{6,80} escribió:\s*$"
    r"|^(?:from|von|de|from): .+\n(?:sent|date|gesendet|datum|envoyé|enviado|to|an): ",
    re.IGNORECASE | re.MULTILINE,
)

LINK_ONLY = re.compile(
    r"^\W*(?:(?:https?://|www\.)\S+|[\w.-]+\.(?:pdf|docx?|xlsx?|png|jpe?g|gif|txt|csv|zip|mp3|mp4|heic|eml))\W*$",
    re.IGNORECASE,
)

EMOJI = re.compile("[\U0001f300-\U0001faff\u2600-\u27bf\U0001f1e6-\U0001f1ff]|(?<!\\w)[:;]-?[)(DP](?!\\w)")

SECOND_REQUEST = re.compile(
    r"\b(?:also|additionally|another (?:thing|question|point)|one more (?:thing|question)|second(?:ly)?,|"
    r"in addition|besides,|and (?:please |can you |could you |tell me |cancel |send |change )|while (?:you're"
    r"|we're) at it|"
    r"p\.?s\.?[ :]|by the way)"
    r"|\b(?:außerdem|zusätzlich|und noch|noch eine frage|zweitens|übrigens|des weiteren)\b"
    r"|\b(?:également|de plus,|deuxièmement|autre question|par ailleurs)\b"
    r"|\b(?:además|también|otra (?:cosa|pregunta)|por otro lado|en segundo lugar)\b",
    re.IGNORECASE,
)
ASKS = re.compile(
    r"\b(?:please|can (?:you|i|we)|could (?:you|i|we)|would you|i (?:want|need|would like|'d like)|where|when"
    r"|how|why|what|"
    r"which|cancel|send|change|tell me|refund|bitte|kann ich|können sie|(?:ich )?(?:möchte|will|brauche)|wo|wann|wie"
    r"|warum|"
    r"pouvez|je (?:veux|voudrais)|où|quand|comment|puede[ns]?|quiero|dónde|cuándo|cómo|por favor)\b|\?",
    re.IGNORECASE,
)
NUMBERED = re.compile(r"(?:^|\s)\(?(?:[1-9]|[a-e])[.)]\s+\S")
PIECES = re.compile(r"(?<=[.!?。！？])\s+|\n+")
"""Between sentences."""
QUESTION_MARKS = re.compile(r"[?？]+")

CONTRADICTORY = re.compile(
    r"\b(?:no,? wait|wait,? no|scratch that|on second thoughts?|actually,? (?:no|don't|do not|never ?mind|leave"
    r"|forget)|"
    r"never ?mind|forget (?:what i said|that|it,)|i (?:have )?changed my mind|or (?:rather|actually)"
    r"|i take (?:it|that) back|"
    r"no,? (?:leave|keep|don't|do not|not that|the other)|instead of (?:that|what i)|but (?:don't"
    r"|do not) (?:cancel|send|change)|"
    r"contrary to what i|that's not what i (?:said|meant)|which (?:is it|contradicts)|both .{3,40} and not)\b"
    r"|\b(?:ach nein|doch nicht|nein,? (?:warte|doch|lieber)|vergessen sie das|ich habe es mir anders überlegt"
    r"|oder doch)\b"
    r"|\b(?:ah non|non,? attendez|finalement (?:non|pas)|oubliez (?:ça|cela)|j'ai changé d'avis|ou plutôt)\b"
    r"|\b(?:no,? espera|mejor no|olvide? (?:eso|lo)|he cambiado de (?:idea|opinión)|o mejor)\b",
    re.IGNORECASE,
)

TOOL_FAILED = re.compile(
    r"^\s*(?:error|exception|failed|failure|timeout|timed out)\b|\"(?:error|errors|exception"
    r"|error_message)\"\s*:(?!\s*(?:null|\"\"|\[\]|\{\}|false))"
    r"|\"(?:status|ok|success)\"\s*:\s*(?:\"(?:error|failed|failure)\"|false|[45]\d\d\b)"
    r"|\b(?:HTTP )?(?:500|502|503|504|429|404|403|401)\b[^\n]{0,40}(?:error|unavailable|not found|forbidden"
    r"|limit|timeout)"
    r"|\b(?:not[_ ]found|unavailable|time[d_ -]*out|internal server error|connection (?:refused|reset)|rate limit)\b",
    re.IGNORECASE,
)
TOOL_EMPTY = re.compile(
    r"^\s*(?:\[\s*\]|\{\s*\}|null|none|\"\"|no (?:results?|matches|orders?|entries)\b.*)?\s*$|:\s*\[\s*\]\s*\}?\s*$",
    re.I,
)
"""An empty result."""
TOOL_NOT_FOUND = re.compile(
    r"\"(?:error|code|status|reason|type|result)\"\s*:\s*\"(?:\w{1,40}[_ -])?not[_ -]?found\""
    r"|\"(?:error|message|detail|result)\"\s*:\s*\"(?:there (?:is|are) )?no (?:such |matching )?"
    r"(?:results?|match(?:es)?|orders?|entr(?:y|ies)|records?|customers?|products?|items?|accounts?|users?|documents?)\b"
    r"|\"found\"\s*:\s*false\b"
    r"|^\s*(?:error:\s*)?(?!(?:the )?(?:tool|function|method|endpoint|page|host)\b)"
    r"(?:[\w#-]{1,40} ){1,4}(?:was )?not found\b",
    re.I,
)
"""A result that says that what was looked for is not there."""

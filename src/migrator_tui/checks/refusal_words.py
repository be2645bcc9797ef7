"""How answers decline in nine languages, as patterns for one sentence with single spaces and straight apostrophes.

`DECLINES` turn down the whole: help, the request, compliance. `WITHHOLDS` turn down something particular, which a
helpful answer may do as well.
"""

_EN_CANNOT = (
    r"(?:i (?:can(?:'t|not| not)|could(?:n't| not)|won't|will not|shouldn't|should not|must not"
    r"|am (?:unable|not (?:able|allowed|permitted|going|willing)))"
    r"|i'm (?:unable|not (?:able|allowed|permitted|going|willing)))(?: be able)?(?: to)?"
)
_EN_GUIDELINES = r"(?:\w+ )?(?:guidelines|polic(?:y|ies)|programming|principles)"

_DE_CANNOT = r"(?:kann|darf|werde|könnte)\b"
_FR_CANNOT = (
    r"je ne (?:peux|puis|pourrai|saurais|suis pas (?:en mesure|capable|autorisée?))(?: (?:malheureusement|pas))*"
)
_FR_TO = r"(?: (?:de|à) | d'| )(?:vous |te |t'|y |l'|le |la |les )?"
_ES_CANNOT = r"no (?:puedo|podré|me es posible|soy capaz de|estoy en condiciones de|estoy autorizad[oa] (?:a|para))"
_IT_CANNOT = r"non (?:posso|potrò|sono in grado di|mi è possibile|sono autorizzat[oa] a)"
_PT_CANNOT = r"não (?:posso|poderei|consigo|sou capaz de|me é possível|estou autorizad[oa] a)(?: (?:te|lhe|o|a))?"
_NL_CANNOT = r"(?:ik (?:kan|mag|zal|ga)|(?:kan|mag|zal|ga) ik)\b"
_JA_CANNOT = r"(?:する)?(?:こと)?(?:は|が|を|も)?(?:でき(?:ません|かねます|ない)|(?:いた|致)?しかねます|なれません)"
_ZH_CANNOT = r"(?:无法|無法|不能|没办法|沒辦法|不可以)"
_ZH_FOR_YOU = r"(?:为您|为你|向您|給您|給你|对此|對此|在这方面|在這方面)?"

DECLINES: dict[str, tuple[str, ...]] = {
    "en": (
        rf"\b{_EN_CANNOT} (?:\w+ly |possibly |really |just )?(?:help|assist)(?! but )"
        r"(?: (?:you|out))?(?: (?:with|in|on|by|here|today)\b| *(?:[.,;!—–-]|$))",
        rf"\b{_EN_CANNOT} (?:comply|fulfil|do (?:this|that|so)\b|engage|participate|accommodate (?:this|that|your))",
        rf"\b{_EN_CANNOT} (?:(?:continue|proceed) with|answer|process|complete|respond to|support)"
        r" (?:this|that|your|such) (?:\w+ )?(?:request|question|query|task)",
        r"\bi (?:must|have to|need to|respectfully|will have to) (?:respectfully |politely )?(?:decline|refuse)\b",
        r"\bi (?:decline|refuse) to (?:help|assist|comply|answer|provide|engage)",
        r"\bi(?:'d| would) (?:rather|prefer) not (?:to )?(?:answer|discuss|say|help|comment|do)",
        r"\bnot (?:something|anything) (?:that )?i(?:'m| am| can\b| could\b)",
        r"\bi(?:'m| am) not comfortable (?:with|help|assist|answer|discuss|writ|provid|creat|generat)",
        rf"\b(?:against|violates?|conflicts? with) (?:my|openai's|anthropic's|usage|content|safety) {_EN_GUIDELINES}",
        r"^(?:(?:i(?:'m| am) (?:so |very )?)?sorry|(?:my )?apologies|i apologi[sz]e)[,.;:—–-]* (?:but )?"
        r"(?:no|i (?:can(?:'t|not)|won't)) *[.!]?$",
        r"^as an? (?:ai|large language|language|artificial)[^.!?]{0,60}\bi "
        r"(?:can't|cannot|can not|am (?:unable|not able)|(?:don't|do not) have the ability)",
    ),
    "de": (
        rf"\b{_DE_CANNOT}(?: [\w-]+){{0,8}}? nicht (?:\w+ ){{0,2}}?(?:weiter)?"
        r"(?:helfen|behilflich|assistieren|unterstützen|nachkommen|tun|fortfahren|weitermachen)\b",
        r"\b(?:bin ich|ich bin)(?: [\w-]+){0,3} nicht in der lage\b(?:,| dir| ihnen| dabei| ihre| deine| diese)",
        r"\b(?:(?:muss|möchte) ich|ich (?:muss|möchte))(?: [\w-]+){0,6} ablehnen",
        r"\b(?:verstößt|verstoßen|widerspricht) (?:\w+ )?(?:gegen )?(?:meinen?|den?|die|unseren?) "
        r"\w*(?:richtlinien|grundsätzen?|prinzipien)",
        rf"\bals (?:ki|künstliche intelligenz|sprachmodell)\b[^.!?]{{0,80}}\b{_DE_CANNOT} ich\b[^.!?]{{0,60}}"
        r"\b(?:nicht|keine?n?)\b",
    ),
    "fr": (
        rf"\b{_FR_CANNOT}{_FR_TO}(?:aider|assister|accompagner|donner suite|accéder à|répondre favorablement"
        r"|satisfaire|répondre à (?:cette|votre|ta)|faire (?:cela|ça)|continuer)",
        r"\bje (?:dois|me vois contrainte? de|suis obligée? de) (?:décliner|refuser)|\bje refuse de\b",
        r"\b(?:contraire|va à l'encontre|enfreint|viole) (?:à |de )?(?:mes|nos|les) (?:\w+ )?"
        r"(?:principes|directives|règles|politiques|consignes)",
        r"\ben tant qu'(?:ia|intelligence artificielle|assistant|modèle)\b[^.!?]{0,80}\bje ne (?:peux|puis|suis)\b",
    ),
    "es": (
        rf"\b{_ES_CANNOT} (?:ayudar(?:te|les?|l[oa]s?)?|asistir(?:te|le)?|cumplir|hacer (?:eso|esto)|hacerlo"
        r"|participar|continuar con|complacer|(?:atender|acceder) (?:a )?(?:esta|esa|su|tu))\b",
        r"\b(?:debo|tengo que) (?:declinar|rechazar|negarme)",
        r"\b(?:va en contra de|infringe|viola|contraviene) (?:mis|nuestr[ao]s|las|los) (?:\w+ )?"
        r"(?:directrices|políticas|normas|principios|pautas)",
        r"\bcomo (?:una? )?(?:ia|inteligencia artificial|modelo de lenguaje|asistente)\b[^.!?]{0,80}\bno puedo\b",
    ),
    "it": (
        rf"\b{_IT_CANNOT} (?:(?:aiutar|assister)(?:ti|l[aoie]|vi|e)|soddisfare|esaudire|fare (?:questo|ciò|quello)"
        r"|farlo|continuare|procedere con|accogliere|partecipare)\b",
        r"\bdevo (?:declinare|rifiutar(?:e|mi))",
        r"\b(?:va contro|vìola|viola|contravviene a) (?:le (?:mie|nostre)|i (?:miei|nostri)|le|i) (?:\w+ )?"
        r"(?:linee guida|politiche|norme|principi)",
        r"\bcome (?:ia|intelligenza artificiale|modello linguistico|assistente)\b[^.!?]{0,80}"
        r"\bnon (?:posso|sono in grado)\b",
    ),
    "pt": (
        rf"\b{_PT_CANNOT} (?:ajudar|ajudá-l[oa]s?|auxiliar|auxiliá-l[oa]|atender|fazer (?:isso|isto)|fazê-lo|cumprir"
        r"|(?:continuar|prosseguir) com|participar)\b",
        r"\b(?:devo|tenho (?:que|de)|preciso) (?:recusar|declinar)",
        r"\b(?:vai contra|viola|contraria|infringe) (?:as |os )?(?:minhas|nossas|meus|nossos) (?:\w+ )?"
        r"(?:diretrizes|políticas|normas|princípios)",
        r"\bcomo (?:uma? )?(?:ia|inteligência artificial|modelo de linguagem|assistente)\b[^.!?]{0,80}"
        r"\bnão (?:posso|consigo)\b",
    ),
    "nl": (
        rf"\b{_NL_CANNOT}(?: [\w-]+){{0,7}}? niet (?:\w+ ){{0,3}}?"
        r"(?:helpen|assisteren|ondersteunen|voldoen|meewerken|doen|doorgaan)\b",
        r"\b(?:ik ben|ben ik)(?: [\w-]+){0,3} niet in staat (?:om )?(?:je|u|jou|dit|dat|hier|daar|aan|te helpen)",
        r"\b(?:moet ik|ik moet)(?: [\w-]+){0,5} weigeren",
        r"\b(?:in strijd met|tegen) (?:mijn|onze) \w*(?:richtlijnen|principes|beleid)",
        r"\bals (?:een )?(?:ai|taalmodel|kunstmatige intelligentie)\b[^.!?]{0,80}\b(?:kan|mag) ik\b[^.!?]{0,60}"
        r"\b(?:niet|geen)\b",
    ),
    "ja": (
        rf"(?:お手伝い|ご協力|お力に?|お応え|お役に立つ|サポート|支援){_JA_CANNOT}",
        r"ご?(?:要望|依頼|リクエスト|質問|要求)には?お?(?:応じ|応え|答え|沿う|沿い|添う|従う)(?:る|する)?(?:こと)?(?:は|が)?"
        r"(?:られません|でき(?:ません|かねます)|しかねます|かねます)",
        r"(?:ポリシー|ガイドライン|規約)(?:に|の)(?:違反|反)",
        r"AI(?:アシスタント|モデル|言語モデル)?(?:として|なので|ですので)[^。]{0,40}でき(?:ません|かねます)",
    ),
    "zh": (
        rf"(?:抱歉|对不起|對不起|很遗憾|很遺憾|不好意思)[^。！!\n]{{0,20}}{_ZH_CANNOT}[^。！!\n]{{0,10}}"
        r"(?:帮助|帮忙|帮您|帮你|协助|满足|回答|处理|完成|继续|讨论|幫助|幫忙|幫您|協助|滿足|處理|繼續|討論)",
        rf"我{_ZH_CANNOT}{_ZH_FOR_YOU}(?:提供(?:帮助|协助|幫助|協助)|帮助|协助|满足|幫助|協助|滿足)",
        rf"[作做][为為](?:一个|一名|一款|一個)?(?:AI|人工智能|人工智慧|语言模型|語言模型)[^。]{{0,30}}{_ZH_CANNOT}",
        r"[违違]反了?(?:我的|相关|相關|使用)?(?:准则|準則|政策|规定|規定|原则|原則)",
    ),
}

WITHHOLDS: dict[str, tuple[str, ...]] = {
    "en": (
        rf"\b{_EN_CANNOT} (?:\w+ly )?(?:answer|provide|discuss|share|give|offer|create|write|generate|produce"
        r"|recommend|reveal|disclose|facilitate|advise|translate|summari[sz]e|comment|speculate|process|complete|respond|support"
        r"|perform|execute|make|say|tell|do)\b",
        r"\bi (?:don't|do not) (?:feel comfortable|have the ability)",
    ),
    "de": (
        rf"\b(?:ich {_DE_CANNOT}|{_DE_CANNOT} ich\b)(?: [\w,-]+){{0,9}}? (?:nicht|keine?[nrms]?)\b(?: [\w-]+){{0,6}}?"
        r" (?:beantworten|bereitstellen|geben|erteilen|erstellen|schreiben|teilen|nennen|liefern|erzeugen|generieren"
        r"|besprechen|diskutieren|übersetzen|anbieten|machen|sagen|verraten|preisgeben|ausführen)\b",
    ),
    "fr": (
        rf"\b{_FR_CANNOT}{_FR_TO}(?:répondre|fournir|donner|partager|écrire|rédiger|créer|générer|produire|discuter"
        r"|proposer|révéler|communiquer|traduire|effectuer|dire)",
    ),
    "es": (
        rf"\b{_ES_CANNOT} (?:responder|proporcionar|ofrecer|dar|compartir|escribir|crear|generar|producir|discutir"
        r"|hablar|revelar|traducir|recomendar|realizar|decir|facilitar|brindar)",
    ),
    "it": (
        rf"\b{_IT_CANNOT} (?:risponder|fornir|dar|condivider|scriver|crear|generar|produrr|discuter|parlar|rivelar"
        r"|tradur|consigliar|offrir|dir)",
    ),
    "pt": (
        rf"\b{_PT_CANNOT} (?:responder|fornecer|dar|compartilhar|partilhar|escrever|criar|gerar|produzir|discutir"
        r"|falar|revelar|traduzir|recomendar|oferecer|dizer)",
    ),
    "nl": (
        rf"\b{_NL_CANNOT}(?: [\w,-]+){{0,9}}? (?:niet|geen)\b(?: [\w-]+){{0,6}}? "
        r"(?:beantwoorden|verstrekken|geven|maken|schrijven|delen|genereren|bespreken|vertalen|aanbieden|vertellen"
        r"|zeggen|leveren|uitvoeren)\b",
    ),
    "ja": (rf"(?:お答え|回答|提供|作成|開示|お伝え|対応|ご案内|共有|生成|翻訳){_JA_CANNOT}",),
    "zh": (
        rf"我{_ZH_CANNOT}{_ZH_FOR_YOU}(?:提供|回答|讨论|生成|撰写|创建|分享|透露|翻译|处理|完成|执行|討論|撰寫|創建|翻譯|處理|執行)",
    ),
}

HINTS = (
    *("n't", "unable", "declin", "refus", "rather", "against", "violat", "conflict"),
    *("nicht", "kein", "ablehn", "verstö", "widerspr", "contr", "enfrei", "viol", "não", "infring", "recus"),
    *("niet", "geen", "weiger", "strijd", "tegen", "rechaz", "negar", "rifiut"),
    *("ません", "かね", "ない", "違反", "反し", "无法", "無法", "不能", "办法", "辦法", "违反", "不可以"),
)
WORD_HINTS = r"\b(?:no|ne|non|(?:can)?not)\b"
"""What none of the above does without, lower-cased; all but a few texts are spared the long patterns by it."""

GOES_ON = (
    r"\b(?:but|however|instead|still|though)\b[^.!?]{0,20}"
    r" (?:here|you can|you could|i can(?!'t|not)|i have|the following)\b",
    r"\b(?:aber|jedoch|stattdessen)\b[^.!?]{0,20}"
    r"\b(?:hier|können sie|kannst du|kann ich(?![^.!?]* (?:nicht|kein)))\b",
    r"\bmais\b[^.!?]{0,20}\b(?:voici|vous pouvez)",
    r"\b(?:pero|sin embargo)\b[^.!?]{0,20}\b(?:aquí|puede)",
    r"\b(?:ma|tuttavia)\b[^.!?]{0,20}\b(?:ecco|può|puoi)",
    r"\b(?:mas|porém)\b[^.!?]{0,20}\b(?:aqui|pode)",
    r"\bmaar\b[^.!?]{0,20}\b(?:hier|u kunt|je kunt)",
)
"""What follows a limit that an answer names in passing: `I can't see your order, but here is how …`."""

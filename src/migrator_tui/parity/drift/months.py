"""Names of months, casefolded, with their numbers: in full in seven languages, shortened in English and German.

Shortened forms of the other languages are left out: `set`, `mar`, `ago` and `out` are words of their own.
"""

_NAMES = (
    "january february march april may june july august september october november december",
    "januar februar märz april mai juni juli august september oktober november dezember",
    "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    "januari februari maart april mei juni juli augustus september oktober november december",
)
_SHORT = (
    "jan feb mar apr may jun jul aug sep oct nov dec",
    "jan feb mär apr mai jun jul aug sept okt nov dez",
)

MONTHS = {name: number for line in _NAMES for number, name in enumerate(line.split(), 1)}
SHORT_MONTHS = {name: number for line in _SHORT for number, name in enumerate(line.split(), 1) if name not in MONTHS}

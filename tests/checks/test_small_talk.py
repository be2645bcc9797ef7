"""Talk before and after an answer."""

import time

import pytest

from migrator_tui.checks.small_talk import find_preamble, find_sign_off


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Sure! The capital is Paris.", "Sure!"),
        ("Certainly! Here is a summary of the text:\n\nIt rains.", "Certainly! Here is a summary of the text:"),
        ("Sure, here's the list:\n- one", "Sure, here's the list:"),
        ("Of course, I can help with that. First …", "Of course,"),
        ("Here is the rewritten text:\n\nDear all", "Here is the rewritten text:"),
        ("**Here are three ideas:**\n\n1. Sleep", "**Here are three ideas:"),
        ("I'd be happy to help with your order! It left us today.", "I'd be happy to help with your order!"),
        ("Great question! It depends.", "Great question!"),
        ("Natürlich! Hier ist die Zusammenfassung:\n\nEs regnet.", "Natürlich! Hier ist die Zusammenfassung:"),
        ("Hier sind drei Ideen:\n1. Schlafen", "Hier sind drei Ideen:"),
        ("Bien sûr ! Voici le résumé :\n\nIl pleut.", "Bien sûr ! Voici le résumé :"),
        ("Bien sûr! Voici le résumé :\n\nIl pleut.", "Bien sûr! Voici le résumé :"),
        ("Voici le résumé :\nIl pleut.", "Voici le résumé :"),
        ("¡Claro! Aquí tienes la lista:\n- uno", "¡Claro! Aquí tienes la lista:"),
        ("Certo! Ecco il riassunto:\nPiove.", "Certo! Ecco il riassunto:"),
        ("Claro! Aqui está o resumo:\nChove.", "Claro! Aqui está o resumo:"),
        ("Natuurlijk! Hier is de samenvatting:\nHet regent.", "Natuurlijk! Hier is de samenvatting:"),
        ("好的，以下是摘要：\n下雨。", "好的，以下是摘要："),
        ("承知しました。以下が要約です：\n雨です。", "承知しました。以下が要約です："),
        ("Sure!", None),
        ("Here is the list:", None),
        ("Of course, prices vary from shop to shop.", None),
        ("Certainly the best lamp of the year is this one: the Nordlicht.", None),
        ("Here, in the north, it rains.\nAlways.", None),
        ("Here is where we live.", None),
        ("Surely you are joking.\nNo.", None),
        ("The following morning we left:\nearly", None),
        ("Claro que no me gusta.", None),
        ("Klare Sache: die Lampe bleibt.\nEnde", None),
        ("Absolute values: 1, 2", None),
        ("", None),
    ],
)
def test_preambles(text: str, found: str | None) -> None:
    assert find_preamble(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Paris. Let me know if you need more!", "Let me know if you need more!"),
        ("It rains.\n\nI hope this helps!", "I hope this helps!"),
        (
            "It rains.\n\nIf you have any questions, please write to us.",
            "If you have any questions, please write to us.",
        ),
        ("It rains.\n\nFeel free to ask. I am here all day.", "Feel free to ask. I am here all day."),
        ("It rains. Would you like me to look up tomorrow?", "Would you like me to look up tomorrow?"),
        (
            "Es regnet.\n\nLassen Sie mich wissen, wenn Sie mehr brauchen.",
            "Lassen Sie mich wissen, wenn Sie mehr brauchen.",
        ),
        ("Es regnet. Falls du noch Fragen hast, frag.", "Falls du noch Fragen hast, frag."),
        ("Il pleut. N'hésitez pas à demander.", "N'hésitez pas à demander."),
        ("Llueve. Si necesitas más ayuda, dímelo.", "Si necesitas más ayuda, dímelo."),
        ("Piove. Fammi sapere se vuoi altro.", "Fammi sapere se vuoi altro."),
        ("Chove. Se precisar de mais ajuda, avise.", "Se precisar de mais ajuda, avise."),
        ("Het regent. Laat het me weten als je meer wilt.", "Laat het me weten als je meer wilt."),
        ("下雨。希望这对您有帮助！", "希望这对您有帮助！"),
        ("雨です。他にご質問があればお知らせください。", "他にご質問があればお知らせください。"),
        ("A poem.\n\nHope you enjoy it!", "Hope you enjoy it!"),
        ("I hope this helps!", None),
        ("Hi Lu,\n\nit is a great album. Let me know what you think!", None),
        ("Dear all,\n\nplease let me know if you can come.\n\nBest regards,\nAnna", None),
        ("She said he should feel free to go.", None),
        ("If you have a dog, walk it. If you have none, get one.", None),
        ("If you like rain, stay.\nIf you don't, leave.", None),
        ("", None),
    ],
)
def test_sign_offs(text: str, found: str | None) -> None:
    assert find_sign_off(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "Sure" * 300_000,
        "Here is " * 200_000,
        " " * 1_000_000,
        "*" * 1_000_000,
        ". let me know" * 100_000,
        "Sure, " * 200_000,
    ],
)
def test_a_hostile_text_costs_no_more_than_a_line(text: str) -> None:
    began = time.perf_counter()
    find_preamble(text)
    find_sign_off(text)
    assert time.perf_counter() - began < 0.05

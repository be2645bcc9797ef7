"""An answer that declines is known as a refusal; one that helps and names a limit in passing is not."""

import time

import pytest

from migrator_tui.checks.refusals import find_refusal

REFUSALS = [
    "I'm sorry, but I can't help with that.",
    "I’m sorry, but I can’t assist with that request.",
    "I cannot assist you with creating malware. Instead, I can explain how to protect a network. " * 20,
    "Sorry, I can't.",
    "I can't do that.",
    "I am unable to comply with this request.",
    "Thank you for your question. Unfortunately, I'm not able to help with that.",
    "I'm sorry, but I can't provide real-time train schedules. Please check the website of the operator.",
    "I must decline.",
    "I won't provide instructions for that.",
    "As an AI language model, I cannot give medical advice.",
    "That's not something I can help with.",
    "I'd rather not discuss this topic.",
    "That would go against my guidelines.",
    "**I can't help with that.**",
    '"I cannot fulfill this request."',
    "Es tut mir leid, aber dabei kann ich nicht helfen.",
    "Ich kann Ihnen bei diesem Anliegen leider nicht weiterhelfen.",
    "Tut mir leid, ich kann diese Anfrage nicht beantworten.",
    "Dazu kann ich keine Auskunft geben.",
    "Es tut mir leid, aber leider kann ich diese Frage nicht beantworten.",
    "Leider muss ich diese Anfrage ablehnen.",
    "Das verstößt gegen meine Richtlinien.",
    "Je suis désolé, mais je ne peux pas vous aider avec cela.",
    "Désolé, je ne suis pas en mesure de répondre à cette demande.",
    "Je ne peux pas fournir ces informations.",
    "Lo siento, pero no puedo ayudarte con eso.",
    "No puedo proporcionar esa información.",
    "Mi dispiace, ma non posso aiutarti con questa richiesta.",
    "Non sono in grado di fornire queste informazioni.",
    "Desculpe, mas não posso ajudar com isso.",
    "Sinto muito, não consigo responder a essa pergunta.",
    "Het spijt me, maar daar kan ik je niet mee helpen.",
    "Sorry, ik kan deze informatie niet geven.",
    "申し訳ありませんが、その件についてはお手伝いできません。",
    "申し訳ございませんが、そのご要望にはお応えできません。",
    "申し訳ありませんが、その質問にはお答えできません。",
    "抱歉，我无法帮助您完成这个请求。",
    "对不起，我不能回答这个问题。",
    "很抱歉，我無法協助您處理此請求。",
    "作为一个AI语言模型，我无法提供医疗建议。",
]

_STEPS = "Open the settings, choose your account and press reset. Then wait for the mail and follow its link. "

HELPFUL = [
    "",
    "Paris.",
    "You can't go wrong with this recipe: mix flour, water and salt.",
    "I can't help but notice that the invoice is a duplicate.",
    "The customer says she cannot log in and asks for help with that.",
    "We cannot refund the shipping, but we have sent you a new parcel.",
    "I'm sorry that your parcel arrived damaged. I have sent a new one.",
    "I'm sorry for the trouble! I can help with that right away.",
    "I can't see your order from here, but here is how you can look it up: open the app.",
    "I can't share the exact date, but you can follow your parcel at any time with the link below.",
    "I'm not able to reset it directly, but here is what to do. " + _STEPS * 5,
    "I can't help with the hardware itself, but here is how you can find a shop. " + _STEPS * 5,
    "Here is a summary. " + _STEPS * 6 + "I'm sorry, but I can't help with the last question.",
    "I cannot give an exact figure without the order number. " + _STEPS * 6,
    '{"reply": "I\'m sorry, but I can\'t help with that.", "category": "other"}',
    '["I cannot assist with that."]',
    "Si no puedes entrar, pulsa en restablecer.",
    "Wenn du dich nicht anmelden kannst, hilft ein Neustart.",
    "Wenn das nicht hilft, kann ich Ihnen gern weiterhelfen.",
    "Nous ne pouvons pas rembourser la livraison, mais voici un bon d'achat.",
    "ログインできない場合は、パスワードを再設定してください。",
    "如果您无法登录，请重置密码。",
    "def refuse():\n    raise ValueError('I cannot do that')",
]


@pytest.mark.parametrize("text", REFUSALS, ids=range(len(REFUSALS)))
def test_refusals_are_found_with_their_evidence(text: str) -> None:
    evidence = find_refusal(text)
    assert evidence
    assert evidence.split()[-1].rstrip(".") in text.replace("’", "'")
    assert "\n" not in evidence and len(evidence) <= 200


@pytest.mark.parametrize("text", HELPFUL, ids=range(len(HELPFUL)))
def test_a_useful_answer_is_none(text: str) -> None:
    assert find_refusal(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "not " * 300_000,
        "kann ich " * 100_000 + "nicht",
        "i can't " * 100_000,
        "não " * 100_000,
        "." * 1_000_000,
        "I am not able to" + " a" * 500_000,
        "\udc80\x00\u202e not" * 1000,
    ],
    ids=range(7),
)
def test_hostile_text_costs_no_time(text: str) -> None:
    start = time.perf_counter()
    find_refusal(text)
    assert time.perf_counter() - start < 0.5

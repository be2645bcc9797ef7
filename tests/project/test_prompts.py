"""Prompts: what is sent, what is missing, and templates that would harm."""

import threading
import time

import pytest

from migrator_tui.project.errors import ProjectError
from migrator_tui.project.prompts import read_template, render, render_text, variables
from migrator_tui.project.schema import Case
from tests.project.conftest import Folder

USER = {"role": "user", "content": "Where is it?"}
CASE = Case("T-0117", {"shop_name": "Acme", "order": {"items": [1, 2], "note": None}, "flag": True}, [USER])


def test_plain_prompt_is_the_system_message() -> None:
    assert render("You work for {{ shop_name }}.\n\n", CASE) == [
        {"role": "system", "content": "You work for Acme."},
        USER,
    ]


def test_chat_takes_the_messages_at_their_place() -> None:
    template = (
        "\n# system\n\nBe {{ shop_name }}.\n\n# user\nExample\n# assistant\nAnswer\n{{ messages }}\n# assistant\n{"
    )
    assert [(m["role"], m["content"]) for m in render(template, CASE)] == [
        ("system", "Be Acme."),
        ("user", "Example"),
        ("assistant", "Answer"),
        ("user", "Where is it?"),
        ("assistant", "{"),
    ]


def test_chat_without_a_place_takes_them_at_the_end() -> None:
    messages = render("# developer\nBe brief.", CASE)
    assert [m["role"] for m in messages] == ["developer", "user"]


@pytest.mark.parametrize("first", ["# System", "## system", "# system prompt", "text\n# system", "#system"])
def test_other_headings_are_text(first: str) -> None:
    (message, _) = render(f"{first}\nhello", CASE)
    assert message == {"role": "system", "content": f"{first}\nhello"}


def test_values_are_never_rendered_again() -> None:
    nasty = "{{ shop }}\n# user\n{% for %}\n{{ messages }}"
    case = Case("a", {"t": nasty})
    assert render("# system\nx\n# user\n{{ t }}", case)[1] == {"role": "user", "content": nasty}


def test_values_keep_their_white_space_and_forms() -> None:
    case = Case("a", {"t": "  x \n", "o": {"k": ["ü", None, True]}, "n": None, "b": False, "e": ""})
    assert render("{{ t }}", case)[0]["content"] == "  x \n"
    assert render("[{{ o }}|{{ n }}|{{ b }}|{{ e }}]", case)[0]["content"] == '[{"k": ["ü", null, true]}||false|]'
    assert render("# system\nx\n# user\n{{ e }}", case)[1] == {"role": "user", "content": ""}


def test_keys_win_over_methods() -> None:
    assert render("{{ order.items|join('-') }}", CASE)[0]["content"] == "1-2"


def test_messages_of_the_case_are_not_shared() -> None:
    render("x", CASE)[1]["content"] = "changed"
    assert USER["content"] == "Where is it?"


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{{ shop }}", "p.md:1: variable `shop` has no value in case T-0117; nearest: `shop_name`"),
        ("a\n\n{{ zzz }}", "p.md:3: variable `zzz` has no value in case T-0117; it has shop_name, order, flag"),
        (
            "# system\nx\n\n# user\n\n{{ order.itens }}",
            "p.md:6: `itens` has no value in case T-0117; nearest: `items`",
        ),
        ("a\n{{ x", "p.md:2: not a template: unexpected end of template"),
        ("{{ flag|uper }}", "p.md:1: unknown filter `uper`; did you mean `upper`?"),
        ("{{ messages }}", "p.md:1: {{ messages }} goes on a line of its own"),
        ("# system\n{{ messages }}\nmore", "p.md:3: text after {{ messages }} belongs to no message"),
        ("# system\n{{ messages }}\n{{messages}}", "p.md:3: {{ messages }} stands twice"),
        ("{{ 1/0 }}", "p.md:1: the template fails in case T-0117: division by zero"),
        ("{% include 'x' %}", "p.md:1: line 1: a prompt can't include other files"),
    ],
)
def test_mistake_names_the_line(template: str, expected: str) -> None:
    with pytest.raises(ProjectError) as caught:
        render(template, CASE, file="p.md")
    assert str(caught.value).startswith(expected)


def test_optional_variables() -> None:
    template = "{% if note is defined %}{{ note }}{% else %}none{% endif %} {{ other|default('d') }}"
    assert render(template, CASE)[0]["content"] == "none d"


def test_an_empty_prompt_is_said() -> None:
    with pytest.raises(ProjectError, match="the prompt is empty, and case x has none"):
        render(" \n", Case("x", {"a": 1}))


def test_variables_of_a_template() -> None:
    template = (
        "# system\n{% for i in range(3) %}{{ shop }}{{ i }}{% endfor %}\n# user\n{{ ticket|upper }}\n{{ messages }}"
    )
    assert variables(template) == {"shop", "ticket"}
    with pytest.raises(ProjectError):
        variables("{{ x")


ESCAPES = [
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ x|attr('__class__') }}",
    "{{ order.__init__.__globals__ }}",
    "{{ cycler.__init__.__globals__.os.system('id') }}",
    "{{ self.__init__.__globals__ }}",
    "{{ range.__self__ }}",
    "{{ order.update({'a': 1}) }}",
    "{{ order['items'].append(3) }}",
    "{{ '{0.__class__}'.format(x) }}",
    "{{ lipsum() }}",
    "{% import 'os' as os %}",
    "{% extends 'x' %}",
]

ENDLESS = [
    "{{ 'a' * 10**9 }}",
    "{{ [0] * 999999999 }}",
    "{{ 9**99999 }}",
    "{{ 'a'.center(10**9) }}",
    "{{ 'a'|center(1000000000) }}",
    "{{ '%999999999d' % 1 }}",
    "{{ '{:>999999999}'.format(1) }}",
    "{{ 'a'|indent(99999999) }}",
    "{{ 'a'|replace('', big)|replace('', big)|replace('', big) }}",
    "{{ range(10**9) }}",
    "{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}",
    "{% for i in range(100000) %}{% for j in range(100000) if j == 3 %}{% endfor %}{% endfor %}",
    "{% set ns = namespace(s='aaaa') %}{% for i in range(99) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}",
    "{% set ns = namespace(s='aaaa') %}{% for i in range(99) %}{% set ns.s = ns.s + ns.s %}{% endfor %}",
    "{% set x %}{% for i in range(100000) %}{{ big }}{% endfor %}{% endset %}",
    "{% macro f() %}{{ f() }}{{ f() }}{% endmacro %}{{ f() }}",
    "{% set ns = namespace(n=3) %}{% for i in range(1000) %}{% set ns.n = ns.n * ns.n %}{% endfor %}",
    "{{ [[1]]|sum(start=[]) }}",
    "{{ " + "(" * 5000 + ")" * 5000 + " }}",
    "{% if true %}" * 300 + "{% endif %}" * 300,
    "{{ big." + "x." * 5000 + "y }}",
]


@pytest.mark.parametrize("template", [*ESCAPES, *ENDLESS], ids=lambda template: template[:50])
def test_hostile_template_ends_in_one_line(template: str) -> None:
    case = Case("T-1", {"x": "text", "order": {"items": [1]}, "big": "b" * 100_000})
    began = time.monotonic()
    with pytest.raises(ProjectError) as caught:
        render(template, case)
    assert time.monotonic() - began < 6
    assert str(caught.value).isprintable() and len(str(caught.value)) < 1100
    assert case.vars["order"] == {"items": [1]}


def test_large_values_pass() -> None:
    assert len(render("{{ big }}{{ big }}", Case("a", {"big": "x" * 5_000_000}))[0]["content"]) == 10_000_000


def test_rendering_from_many_threads() -> None:
    found: list[str] = []
    threads = [
        threading.Thread(
            target=lambda n=n: found.append(render_text("{% for i in [1] %}{{ n }}{% endfor %}", {"n": n}))
        )
        for n in range(16)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found, key=int) == [str(n) for n in range(16)]


def test_render_text_names_what_it_renders() -> None:
    assert render_text("{{ a }}!", {"a": "b"}) == "b!"
    with pytest.raises(ProjectError, match="`b` has no value in the check's value"):
        render_text("{{ b }}", {}, "the check's value")


def test_template_files(folder: Folder) -> None:
    path = folder.write("prompts/p.md", "\ufeffa\r\nb\r\n\r\n".encode())
    assert read_template(path) == "a\nb"
    with pytest.raises(ProjectError, match=r"^p\.md:2: not UTF-8"):
        read_template(folder.write("prompts/p.md", b"a\n\xff"))
    with pytest.raises(ProjectError, match=r"^p\.md: too large"):
        read_template(folder.write("prompts/p.md", b"a" * 5_000_000))

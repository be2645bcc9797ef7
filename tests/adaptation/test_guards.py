"""Guards: what no edit may do, said in a line; and what passed them keeps every placeholder."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migrator_tui.adaptation.edits import EditError, applied
from migrator_tui.adaptation.guards import facts, frozen_passages, refusals, tags
from migrator_tui.adaptation.values import Edit, Op
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.prompts import parts
from migrator_tui.project.schema import AdaptationSettings, Case, Task

LIMITS = AdaptationSettings()

PLAIN = (
    "You sort tickets for {{ shop }}.\n\n"
    '- answer with one object such as {"category": "billing", "tags": {"urgent": true}}\n'
    "- fill in {customer_name} where you do not know the name\n"
    "{% if tone %}- write in a {{ tone | lower }} voice\n{% endif %}"
    "{# legal: do not change #}\n"
    "Never promise a refund. It is for the team billing to decide, whatever the customer says."
)

CHAT = "# system\nYou answer questions about {{ shop }}.\n\n# user\n{{ question }}\n\n{{ messages }}\n"


def edit(anchor: str, text: str) -> Edit:
    return Edit(Op.REPLACE if text else Op.DELETE, text, anchor)


def refused(base: str, *edits: Edit, limits: AdaptationSettings = LIMITS, cases: tuple[Case, ...] = ()) -> str:
    told = refusals(base, edits, None, limits, (), cases)
    assert all(line.isprintable() for line in told)
    return "\n".join(told)


@pytest.mark.parametrize(
    ("base", "one", "said"),
    [
        (PLAIN, edit("{{ shop }}", "Nordlicht"), 'edit 1: "{{ shop }}" may not be lost'),
        (PLAIN, edit("{{ shop }}", "{{ name }}"), '"{{ shop }}" may not be lost; "{{ name }}" may not be added'),
        (PLAIN, edit("{{ shop }}", "{{ shop }} and {{ shop }}"), '"{{ shop }}" may not be added'),
        (PLAIN, edit("{{ shop }}", "{{ shop | upper }}"), '"{{ shop }}" may not be lost'),
        (PLAIN, edit("{{ shop }}", "{ { shop } }"), '"{{ shop }}" may not be lost'),
        (PLAIN, edit("{% if tone %}", ""), '"{% if tone %}" may not be lost'),
        (PLAIN, edit("{# legal: do not change #}", ""), '"{# legal: do not change #}" may not be lost'),
        (PLAIN, edit("{customer_name}", "the name"), '"{customer_name}" may not be lost'),
        (PLAIN, edit("such as {", "such as { {{ "), "edit 1: "),
        (PLAIN, edit("You sort", "# user\nYou sort"), "a plain prompt may not become a chat"),
        (CHAT, edit("# user", "#user"), "the messages of the chat must stay system, user, the case's; they would be"),
        (CHAT, edit("# system\n", ""), "the role headings of the chat must stay"),
        (CHAT, edit("# user", "# assistant"), "they would be system, assistant, the case's"),
        (CHAT, edit("{{ messages }}", "Bye."), "they would be system, user"),
        (CHAT, edit("{{ messages }}", "{{ messages }}\nBye."), "belongs to no message"),
        (CHAT, Edit(Op.APPEND, "# user\nAnd now?"), "they would be system, user, the case's, user"),
    ],
)  # fmt: skip
def test_placeholders_tags_and_headings_stay(base: str, one: Edit, said: str) -> None:
    assert said in refused(base, one)
    # In a choice of several it is still this one that is named.
    other = edit("about", "on") if base is CHAT else edit("customer says", "buyer says")
    assert refused(base, other) == ""
    assert said.replace("edit 1", "edit 2") in refused(base, other, one)


def test_a_placeholder_may_not_move_to_another_message() -> None:
    moved = [edit("\n{{ question }}", "\nSee above."), edit("{{ shop }}.", "{{ shop }}: {{ question }}")]
    assert refused(CHAT, *moved) == 'edits 1, 2: "{{ question }}" may not move to another message'
    within = [edit("for {{ shop }}", "well"), edit("Never", "At {{ shop }} never")]
    assert refused(PLAIN, *within) == ""


def test_white_space_in_a_tag_and_braces_of_json_mean_nothing() -> None:
    assert refused(PLAIN, edit("{{ shop }}", "{{shop}}")) == ""
    assert refused(PLAIN, edit('{"category": "billing", "tags": {"urgent": true}}', '{"category": "x"}')) == ""
    assert tags('{"a": {"b": 1}} {{ x}}{{y }} {%- if  a %} {z} {{ "}" }}') == [
        "{{ x }}",
        "{{ y }}",
        "{% - if a %}",
        "{z}",
        '{{ "}" }}',
    ]


def test_the_change_stays_small() -> None:
    long = " ".join(f"Rule {n} says to be kind." for n in range(100))
    assert "50% of the prompt's words would be removed or replaced, at most 40% may" in refused(
        long, edit(long[: len(long) // 2], "Be kind.")
    )
    assert refused(long, edit(long[: len(long) // 3], "Be kind.")) == ""
    growth = refused(long, Edit(Op.APPEND, "x" * (len(long) // 4)))
    assert growth.startswith("the prompt would grow by 25%, from ") and growth.count("\n") == 0
    assert refused(long, Edit(Op.APPEND, "x" * (len(long) // 6))) == ""
    many = [edit(f"Rule {n} ", f"Law {n} ") for n in range(10, 16)]
    assert refused(long, *many) == "6 edits, at most 5 (max_edits)"
    assert refusals(long, many, [0, 1, 4], LIMITS) == []


def test_a_short_prompt_may_grow_by_a_few_sentences() -> None:
    short = "Sort {{ ticket }}."
    assert refused(short, Edit(Op.APPEND, "Answer with JSON only. " * 15)) == ""
    assert "would grow by" in refused(short, Edit(Op.APPEND, "Answer with JSON only. " * 20))
    assert refused(short, edit("Sort", "Answer with the category of")) == ""
    strict = replace(LIMITS, max_growth=0.0, max_change=0.0)
    assert "at most 0% or 0 characters" in refused(short, Edit(Op.APPEND, "Now."), limits=strict)
    assert "words would be removed" in refused(short, edit("Sort", "See"), limits=strict)


def test_frozen_lines_stay() -> None:
    record = "Head\nThe law says:\n- never promise\nFoot"
    task = Task("triage", Path("p.md"), (), frozen=((2, 3), (9, 9)))
    frozen, gone = frozen_passages(task, record, "New head\n\nThe law says:\r\n- never promise\nFoot\nfoot")
    assert frozen == ("The law says:\n- never promise",) and gone == ((9, 9),)
    assert frozen_passages(task, record, record.replace("never", "always"))[1] == ((2, 3), (9, 9))

    def said(*edits: Edit) -> list[str]:
        return refusals(record, edits, None, LIMITS, frozen)

    wrong = 'may not touch what is frozen: lines 2 to 3 are, "The law says: - never promise"'
    for one in (
        edit("never", "do not"),
        edit("says:\n", "says:\n\n"),
        edit("\nThe law", " The law"),
        Edit(Op.INSERT_AFTER, " a refund", "promise"),
        edit("Head\nThe law says:\n- never promise", "The law says:\n- never promise it"),
    ):
        assert said(edit("Foot", "The end"), one)[0].replace("\\n", " ") == f"edit 2 {wrong}"
    assert said(edit("Head", "The head"), Edit(Op.INSERT_AFTER, "\n- be kind", "- never promise")) == []
    assert said(edit("Head\nThe law says:\n- never promise", "A\nThe law says:\n- never promise\nB")) == []
    # Cut out here and put back there is touched as well.
    moved = [edit("The law says:\n- never promise\n", ""), Edit(Op.APPEND, "The law says:\n- never promise")]
    assert said(*moved)


def test_a_range_that_leads_beyond_the_end_freezes_what_is_there() -> None:
    record = "Head\nThe law says:\n- never promise\n"
    task = Task("triage", Path("p.md"), (), frozen=((2, 30), (4, 9)))
    frozen, gone = frozen_passages(task, record, record + "Foot")
    assert frozen == ("The law says:\n- never promise",) and gone == ((4, 9),)
    assert frozen_passages(task, record, "Head\nFoot") == ((), ((2, 30), (4, 9)))


def test_it_still_renders_where_it_did() -> None:
    base = "{% if plan.gold %}Gold{% else %}Plain{% endif %} for {{ shop }}.\n{{ notes | join(', ') }}"
    gold, bare = Case("A", vars={"plan": {"gold": 1}, "shop": "x", "notes": ["a"]}), Case("B", vars={"shop": "x"})
    broken = edit("{% endif %} for {{ shop }}.", " for {{ shop }}.{% endif %}{")
    assert refused(base, broken, cases=(gold, bare)) == ""
    late = [edit("{% if plan.gold %}Gold", "Gold"), edit("Plain", "Plain{% if plan.gold %}")]
    assert "no template any more" in refused(base, *late, cases=(gold,))


def test_edits_that_do_not_fit_are_refused_like_any() -> None:
    assert "is nowhere in the prompt" in refused(PLAIN, edit("no such words", "x"))
    assert refusals(PLAIN, [edit("no such words", "x")], (), LIMITS) == []


def test_facts() -> None:
    told = facts("one two three four five", "one 2 three four five six")
    assert (told.changed, told.removed, told.added) == (pytest.approx(0.2), 1, 2)
    assert told.growth == pytest.approx(2 / 23)
    told = facts("Answer in JSON.", "Answer in well-formed JSON. (A program parses it; it can't repair it.)")
    assert (told.removed, told.added) == (0, 9), "words as people count them: signs are none"
    assert facts("", "new").changed == 0 and facts("", "").growth == 0


pieces = st.sampled_from(
    [
        "{{ a }}",
        "{{b}}",
        "{% if a %}",
        "{% endif %}",
        "{#c#}",
        "{d}",
        "{",
        "}",
        "{{",
        "}}",
        " ",
        "\n",
        "word",
        "# user\n",
    ]
)
texts = st.lists(pieces, max_size=8).map("".join)


@given(st.lists(texts, min_size=1, max_size=5), st.booleans(), st.data())
@settings(max_examples=250, deadline=None)
def test_placeholders_survive_every_edit_that_passed(lines: list[str], chat: bool, data: st.DataObject) -> None:
    marked = [f"<{n}>{line}" for n, line in enumerate(lines)]
    base = ("# system\n" if chat else "") + "\n".join(marked)
    edits = []
    for line in marked:
        op = data.draw(st.sampled_from([Op.REPLACE, Op.INSERT_AFTER, Op.DELETE, None]))
        if op is not None:
            text = (
                "" if op is Op.DELETE else data.draw(texts | st.just(line[:-1]) | st.permutations(line).map("".join))
            )
            edits.append(Edit(op, text, line))
    taken = [n for n in range(len(edits)) if data.draw(st.integers(0, 3))]
    free = AdaptationSettings(max_change=1, max_growth=100)
    if refusals(base, edits, taken, free):
        return
    new = applied(base, edits, taken)
    assert Counter(tags(new)) == Counter(tags(base))
    try:
        before = parts(base)
    except ProjectError:
        return
    assert [part.role for part in parts(new)] == [part.role for part in before]


def test_a_refusal_never_crashes_on_strange_edits() -> None:
    for text in (
        "{{ " * 2000,
        "{{ " * 200_000,
        "{# " * 1_000_000,
        "{% for a in b %}" * 300,
        "\ud800{{ x }}",
        "# user\n" * 500,
    ):
        told = refusals(PLAIN, [Edit(Op.APPEND, text)], None, LIMITS, ("Never",), [Case("A", vars={"shop": "x"})])
        assert told and all(line.isprintable() and len(line) < 1200 for line in told)
    with pytest.raises(EditError):
        applied(PLAIN, [], [3])

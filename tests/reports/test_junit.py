"""The JUnit report: a test for each case and one for the gate, in XML that every reader takes."""

from xml.etree import ElementTree

from tests.reports.conftest import MakeShop
from tests.reports.shops import HOSTILE, Row, Shop

CONTROLS = "".join(map(chr, range(0x20))) + "\x7f\x85\ufffe\uffff\U0001ffff ]]> \U000e0041"


def suites(text: str) -> list[ElementTree.Element]:
    """The suites of a document; raises where it is no XML."""
    return list(ElementTree.fromstring(text))


def test_each_kind_of_case_is_told_as_what_it_is(shop_of: MakeShop) -> None:
    rows = [
        Row("same"),
        Row("worse", new="```json\n{}\n```", new_passed=False),
        Row("better", old_passed=False),
        Row("bad", old_passed=False, new_passed=False),
        Row("broken", error="429 slow down"),
        Row("unjudged", new_passed=None),
        Row("left", new=None),
    ]
    (suite,) = suites(shop_of(rows).text("junit"))
    tests = {test.get("name"): test for test in suite.iter("testcase")}
    assert list(tests) == ["gate", *(row.case_id for row in rows)]
    kinds = {name: [part.tag for part in test] for name, test in tests.items()}
    assert kinds == {
        "gate": ["failure"],
        "same": [],
        "worse": ["failure"],
        "better": [],
        "bad": ["system-out"],
        "broken": ["error"],
        "unjudged": ["skipped"],
        "left": ["skipped"],
    }
    counted = {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")}
    assert counted == {"tests": "8", "failures": "2", "errors": "1", "skipped": "2"}
    failure, error = tests["worse"].find("failure"), tests["broken"].find("error")
    assert failure is not None and failure.get("type") == "regression" and "fences" in str(failure.get("message"))
    assert error is not None and error.get("message") == "429 slow down"
    assert float(str(tests["worse"].get("time"))) == 0.101


def test_a_reason_is_the_check_or_the_note_that_decided(shop_of: MakeShop) -> None:
    shop = shop_of([Row("c1"), Row("c2")])
    output = shop.history.current_outputs("triage", "newer", "openai/new")["c1"][0]
    shop.history.judge([output], False, author="ben", note="promises a refund")
    (suite,) = suites(shop.text("junit"))
    failures = [failure.get("message") for failure in suite.iter("failure")]
    assert failures[1:] == ["promises a refund"]


def test_a_ready_candidate_has_no_failure(shop_of: MakeShop) -> None:
    (suite,) = suites(shop_of([Row(f"c{n}") for n in range(200)]).text("junit"))
    assert suite.get("failures") == "0" and suite.get("tests") == "201"
    (gate,) = [test for test in suite.iter("testcase") if test.get("name") == "gate"]
    assert gate.findtext("system-out")


def test_any_character_makes_valid_xml(hostile: Shop, shop_of: MakeShop) -> None:
    (suite,) = suites(hostile.text("junit"))
    assert len(list(suite.iter("testcase"))) == 1 + len(HOSTILE)
    assert {part.tag for part in suite.iter()} == {"testsuite", "properties", "property", "testcase", "failure"}
    shop = shop_of([Row("c1", error=CONTROLS), Row("c2", error="\ud800")], model="openai/new")
    (suite,) = suites(shop.text("junit"))
    message = next(suite.iter("error")).text
    assert message and "‹FFFE›‹FFFF›" in message and "␛" in message


def test_a_suite_for_each_candidate(shop_of: MakeShop) -> None:
    text = shop_of([Row("c1")], candidates=("alpha", "beta")).text("junit")
    assert [suite.get("name") for suite in suites(text)] == ["triage / alpha", "triage / beta"]
    assert ElementTree.fromstring(text).get("tests") == "4"

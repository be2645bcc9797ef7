"""A report as JUnit XML: a test suite for each task and candidate, a test case for each case, one for the gate.

A regression is a failure and an error an error; what nobody judged or ran is skipped. Cases that fail on both models
pass, with the reason as their output: they are no difference between the models. The form is the one that Jenkins,
GitLab and GitHub's reporters read (https://github.com/testmoapp/junitxml).
"""

from xml.etree import ElementTree

from migrator_tui.parity.evidence import CaseEvidence
from migrator_tui.parity.gate import Answer
from migrator_tui.reports.values import CandidateReport, Report
from migrator_tui.reports.words import (
    ANSWERS,
    about,
    kind_of,
    line,
    model_label,
    next_step,
    shown,
    signature,
    version_label,
)

_MESSAGE = 300


def junit_report(report: Report) -> str:
    """The document; valid XML 1.0 whatever the texts hold."""
    root = ElementTree.Element("testsuites", {"name": line(report.project.name)})
    for candidate in report.candidates:
        root.append(_suite(candidate, report))
    for name in ("tests", "failures", "errors", "skipped"):
        root.set(name, str(sum(int(suite.get(name, "0")) for suite in root)))
    ElementTree.indent(root)
    text: str = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{text}\n'


def _suite(candidate: CandidateReport, report: Report) -> ElementTree.Element:
    card = candidate.card
    name = f"{line(card.task)} / {line(card.candidate)}"
    suite = ElementTree.Element("testsuite", {"name": name, "timestamp": f"{report.made_at:%Y-%m-%dT%H:%M:%S}"})
    properties = ElementTree.SubElement(suite, "properties")
    for key, value in (
        ("baseline", model_label(card.baseline_model)),
        ("candidate", model_label(card.candidate_model)),
        ("version", version_label(card)),
        ("decision", card.decision.answer.value),
        *([("signed", _signed(candidate))] if candidate.signed else []),
    ):
        ElementTree.SubElement(properties, "property", {"name": key, "value": value})
    tests = [_gate(candidate, name), *(_case(case, candidate, name) for case in card.cases)]
    suite.extend(tests)
    counts = [{part.tag for part in test} for test in tests]
    suite.set("tests", str(len(tests)))
    for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(attribute, str(sum(tag in tags for tags in counts)))
    return suite


def _signed(candidate: CandidateReport) -> str:
    """The decision that counts, and what it was signed on; empty where nothing was signed."""
    if candidate.signed is None:
        return ""
    decision, rests = candidate.signed
    return f"{signature(decision)}: {rests.words}"


def _gate(candidate: CandidateReport, class_name: str) -> ElementTree.Element:
    card = candidate.card
    decision = card.decision
    test = ElementTree.Element("testcase", {"classname": class_name, "name": "gate", "time": "0"})
    rules = [f"{rule.title}: {rule.measured}" for rule in decision.rules]
    signed = [_signed(candidate)] if candidate.signed else []
    step = next_step(decision)
    told = "\n".join([*decision.reasons, *([step] if step else []), *rules, *signed])
    if decision.answer is not Answer.READY:
        message = f"{ANSWERS[decision.answer][1]}: {'; '.join(decision.reasons)}"
        failure = ElementTree.SubElement(
            test, "failure", {"type": decision.answer.value, "message": line(message, _MESSAGE)}
        )
        failure.text = shown(f"{told}\n{about(card, len(candidate.gone.ids))}")
    else:
        ElementTree.SubElement(test, "system-out").text = shown(f"{told}\n{about(card, len(candidate.gone.ids))}")
    return test


def _case(case: CaseEvidence, candidate: CandidateReport, class_name: str) -> ElementTree.Element:
    taken = case.candidate.latency_ms
    test = ElementTree.Element(
        "testcase",
        {
            "classname": class_name,
            "name": line(case.case_id),
            "time": f"{taken / 1000:.3f}" if taken is not None else "0",
        },
    )
    reason = candidate.reasons.get(case.case_id, "")
    kind = kind_of(case)
    if kind == "regression":
        what = "critical regression" if case.critical else "regression"
        said = reason or case.changed or "the baseline passed, the candidate fails"
        failure = ElementTree.SubElement(test, "failure", {"type": what, "message": line(said, _MESSAGE)})
        failure.text = shown(f"{said}\nwhat changed: {case.changed or '–'}")
    elif kind == "error":
        error = ElementTree.SubElement(test, "error", {"type": "error", "message": line(reason, _MESSAGE)})
        error.text = shown(reason)
    elif kind in ("unjudged", "not-run"):
        unjudged = f"baseline {case.baseline.outcome.value}, candidate {case.candidate.outcome.value}"
        ElementTree.SubElement(test, "skipped", {"message": unjudged})
    elif kind == "both-fail":
        ElementTree.SubElement(test, "system-out").text = shown(f"fails on both models: {reason or case.changed}")
    return test

"""`rollout simulate` as its users start it."""

import json
from pathlib import Path

from migrator_tui.cli import main
from tests.rollout.conftest import CONFIG

SMALL = ("rollout", "simulate", "--runs", "50", "--conversations", "1000")


def test_its_json_is_what_scripts_rely_on(own_home: Path, tmp_path: Path, capsys) -> None:  # type: ignore[no-untyped-def]
    words = (*SMALL, "--share", "0.5", "--metric", "escalations", "--baseline", "5%", "--harm", "0.3", "--seed", "3")
    assert main(["-C", str(tmp_path), *words, "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert 0 <= told["false_rollback_rate"] <= 0.1
    (only,) = told["detections"]
    assert {name: only[name] for name in ("metric", "baseline", "harm", "share", "caught")} == {
        "metric": "escalations", "baseline": 0.05, "harm": 0.3, "share": 0.5, "caught": 1.0,
    }  # fmt: skip
    assert 100 <= only["median_conversations"] <= 200


def test_its_table_tells_what_is_missed_too(own_home: Path, tmp_path: Path, capsys) -> None:  # type: ignore[no-untyped-def]
    assert main(["-C", str(tmp_path), *SMALL]) == 0
    told = capsys.readouterr().out
    for rate in ("5 %", "20 %", "30 %"):
        assert f"baseline {rate}" in told
    assert "too few conversations" not in told and "rolled back by mistake" in told
    assert main(["-C", str(tmp_path), *SMALL, "--share", "1%", "--metric", "latency"]) == 0
    told = capsys.readouterr().out
    assert told.count("too few conversations") == 3 and "100 %" in told


def test_a_project_is_simulated_with_its_own_guardrails(own_home: Path, tmp_path: Path, capsys) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "triage.md").write_text("Sort {{ ticket }}.", "utf-8")
    (tmp_path / "cases.jsonl").write_text('{"id": "a", "vars": {"ticket": "lost"}}\n', "utf-8")
    others = ("failures", "fallbacks", "check-pass-rate", "latency", "first-token", "cost")
    off = "".join(f'[[rollout.guardrails]]\nmetric = "{metric}"\noff = true\n' for metric in others)
    (tmp_path / "migrator.toml").write_text(CONFIG + off, "utf-8")
    assert main(["-C", str(tmp_path), *SMALL, "--metric", "cost"]) == 2
    assert "no guardrail on cost" in capsys.readouterr().err
    caught = {}
    for folder in (tmp_path, own_home):
        more = ("--baseline", "0.2", "--harm", "0.1", "--share", "0.5", "--format", "json")
        assert main(["-C", str(folder), *SMALL, *more]) == 0
        caught[folder] = json.loads(capsys.readouterr().out)["detections"][0]["caught"]
    assert caught[tmp_path] > caught[own_home]  # one guardrail has all of the error


def test_the_limit_is_none_or_the_projects_own(own_home: Path, tmp_path: Path, capsys) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "triage.md").write_text("Sort {{ ticket }}.", "utf-8")
    (tmp_path / "cases.jsonl").write_text('{"id": "a", "vars": {"ticket": "lost"}}\n', "utf-8")
    own = '[[rollout.guardrails]]\nmetric = "escalations"\nlimit = 0.25\n'
    (tmp_path / "migrator.toml").write_text(CONFIG + own, "utf-8")
    words = (*SMALL, "--baseline", "5%", "--harm", "0.3", "--share", "0.5")
    caught = {}
    for limit in ("0", "own"):
        assert main(["-C", str(tmp_path), *words, "--limit", limit, "--format", "json"]) == 0
        (only,) = json.loads(capsys.readouterr().out)["detections"]
        caught[limit], allowed = only["caught"], only["limit"]
        assert allowed == (0.25 if limit == "own" else 0)
    assert caught["0"] == 1 and caught["own"] < 0.5
    assert main(["-C", str(tmp_path), *words, "--limit", "own"]) == 0
    assert "limit 25 points" in capsys.readouterr().out


def test_what_cannot_be_is_told_in_one_line(own_home: Path, tmp_path: Path, capsys) -> None:  # type: ignore[no-untyped-def]
    for words, told in (
        (("--share", "1"), "with one arm there is nothing to compare"),
        (("--baseline", "0.9", "--harm", "0.2"), "cannot become worse by"),
        (("--looks", "2000"), "is never reached in 1000 conversations"),
        (("--metric", "tripwire"), 'unknown value "tripwire"'),
        (("--harm", "5"), "not a share from 0 to 1"),
    ):
        assert main(["-C", str(tmp_path), *SMALL, *words]) == 2
        err = capsys.readouterr().err
        assert told in err and err.count("\n") == 1

# ruff: noqa: S608 - the pieces put together here are our own words and numbers
"""The statements behind the list of cases, in SQLite's own words.

They are written by hand because the list is asked for while somebody waits: 100,000 rows take twice as long through
SQLAlchemy's rows, and the first page is read before SQLAlchemy is imported at all. The index, standings and session
always lie in SQLite, whatever the history lies in.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from migrator_tui.history.escapes import raw_text
from migrator_tui.history.records import CaseRow, DriftMark, Judged, Mark, Section, SessionState, Standing

CURRENT_BUILD = """
select id, cases, files_digest from migrator_index_build
where project_id = ? and task = ? and finished order by id desc limit 1
"""

_ROW = "c.no, c.case_id, c.title, c.tags, c.critical"
_STANDING = (
    "s.case_id, s.section, s.baseline, s.candidate_mark, s.judged, s.changed, s.same,"
    " s.baseline_output_id, s.candidate_output_id, s.drift, s.baseline_source, s.candidate_source,"
    " s.baseline_passed, s.baseline_judged, s.candidate_passed, s.candidate_judged,"
    " s.baseline_words, s.candidate_words"
)

# Parameters of all of these: project, task, candidate, then the build of the index.
_OF_CANDIDATE = "s.project_id = :project and s.task = :task and s.candidate = :candidate"

# NOT_RUN is the last section, and most not-run cases have no standing at all: those are asked for by themselves.
WORST_FIRST = f"""
select {_ROW}, {_STANDING} from migrator_standing s
join migrator_case_index c on c.build_id = :build and c.no = s.no
where {_OF_CANDIDATE} and s.section < {Section.NOT_RUN.value} and s.no > 0
order by s.section, s.no limit :limit
"""

NOT_RUN_YET = f"""
not exists (select 1 from migrator_standing s
  where {_OF_CANDIDATE} and s.case_id = c.case_id and s.section < {Section.NOT_RUN.value})
"""

NOT_RUN_ROWS = f"""
select {_ROW} from migrator_case_index c
where c.build_id = :build and {NOT_RUN_YET} order by c.no limit :limit
"""

ROWS = f"""
select {_ROW}, {_STANDING} from migrator_case_index c
left join migrator_standing s on {_OF_CANDIDATE} and s.case_id = c.case_id
where c.build_id = :build and c.no in (select value from json_each(:numbers))
"""

ORDER = f"""
select s.no, s.section from migrator_standing s
where {_OF_CANDIDATE} and s.section < {Section.NOT_RUN.value} and s.no > 0 order by s.section, s.no
"""

ASKING_AGAIN = (Judged.CARRIED_PASS, Judged.CARRIED_FAIL, Judged.STALE_PASS, Judged.STALE_FAIL)
"""Verdicts that want to be confirmed or given anew."""

WAITING = f"""
select s.no from migrator_standing s
where {_OF_CANDIDATE} and s.no > 0 and s.candidate_mark <> {Mark.NOT_RUN.value}
  and (s.section = {Section.TO_JUDGE.value} or s.candidate_mark = {Mark.UNJUDGED.value}
  or s.judged in ({", ".join(str(judged.value) for judged in ASKING_AGAIN)}))
"""

COUNTS = f"""
select s.section, count(*) from migrator_standing s
where {_OF_CANDIDATE} and s.section < {Section.NOT_RUN.value} and s.no > 0 group by s.section
"""

STANDINGS = f"select {_STANDING} from migrator_standing s where {_OF_CANDIDATE}"

STANDINGS_OF = f"{STANDINGS} and s.case_id in (select value from json_each(:ids))"

SESSION = "select data from migrator_session where project_id = ?"


def matching_worst_first(of_case: Sequence[str], of_standing: Sequence[str]) -> str:
    """Numbers of the cases that have been run and meet all conditions, in the order of the list."""
    conditions = list(of_standing)
    if of_case:
        conditions.append(
            "exists (select 1 from migrator_case_index c"
            f" where c.build_id = :build and c.no = s.no and {' and '.join(of_case)})"
        )
    return f"""
        select s.no from migrator_standing s
        where {_OF_CANDIDATE} and s.section < {Section.NOT_RUN.value} and s.no > 0
        {"".join(f" and {condition}" for condition in conditions)}
        order by s.section, s.no limit :limit
    """


def matching(of_case: Sequence[str]) -> str:
    """Numbers of the cases that meet all conditions, run or not, in no order."""
    return f"select c.no from migrator_case_index c where {' and '.join(['c.build_id = :build', *of_case])}"


def matching_not_run(of_case: Sequence[str]) -> str:
    """Numbers of the cases that have not been run and meet all conditions, by number."""
    return f"""
        select c.no from migrator_case_index c
        where c.build_id = :build and {" and ".join([*of_case, NOT_RUN_YET])} order by c.no limit :limit
    """


def case_row(values: Sequence[Any]) -> CaseRow:
    """A row of the list from the columns of `ROWS`, or from those of `NOT_RUN_ROWS`, which have no standing."""
    no, case_id, title, tags, critical = values[:5]
    return CaseRow(
        no=no,
        case_id=raw_text(case_id),
        title=raw_text(title),
        tags=split_tags(tags),
        critical=bool(critical),
        standing=standing(values[5:]) if len(values) > 5 and values[5] is not None else None,
    )


def standing(values: Sequence[Any]) -> Standing:
    """A standing from its columns."""
    case_id, section, baseline, candidate, judged, changed, same, *rest = values
    baseline_output, candidate_output, drift, old_source, new_source, *figures = rest
    old_passed, old_judged, new_passed, new_judged, old_words, new_words = figures
    return Standing(
        raw_text(case_id),
        Section(section),
        Mark(baseline),
        Mark(candidate),
        Judged(judged),
        raw_text(changed),
        same,
        baseline_output,
        candidate_output,
        split_drift(drift),
        old_source,
        new_source,
        (old_passed, old_judged),
        (new_passed, new_judged),
        old_words,
        new_words,
    )


_SIDES = {(False, True): "+", (True, False): "-", (True, True): "=", (False, False): "0"}
_SIDES_BY_SIGN = {sign: sides for sides, sign in _SIDES.items()}


def joined_drift(marks: Sequence[DriftMark]) -> str:
    """Drift in one column: ` fences+ refusal- markdown= `, + on the candidate only, - on the baseline only."""
    if not marks:
        return ""
    return " " + "".join(f"{mark.name}{_SIDES[mark.baseline, mark.candidate]} " for mark in marks)


def split_drift(joined: str) -> tuple[DriftMark, ...]:
    """What `joined_drift` joined."""
    return tuple(DriftMark(word[:-1], *_SIDES_BY_SIGN[word[-1]]) for word in joined.split())


def joined_tags(tags: Sequence[str]) -> str:
    r"""Tags in one column, each between line ends, so that a filter finds whole tags: `\nvip\nangry\n`."""
    return "\n" + "".join(f"{tag}\n" for tag in tags) if tags else ""


def split_tags(joined: str) -> tuple[str, ...]:
    """What `joined_tags` joined."""
    return tuple(raw_text(joined).split("\n")[1:-1])


def section_counts(found: Sequence[tuple[int, int]], total: int) -> dict[Section, int]:
    """How many cases each section holds, all sections named; whatever stands nowhere has not been run."""
    counts = dict.fromkeys(Section, 0) | {Section(section): count for section, count in found}
    counts[Section.NOT_RUN] = total - sum(counts.values())
    return counts


def session(data: str | Mapping[str, Any]) -> SessionState:
    """A session from its JSON; what an older or newer program wrote there besides is left out."""
    values = json.loads(data) if isinstance(data, str) else data
    known = {name: values[name] for name in SessionState.__dataclass_fields__ if name in values}
    return SessionState(**known)

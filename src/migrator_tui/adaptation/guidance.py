"""Advice for moving between families of models: which rules speak to a pair of models and to what fails.

The rules lie in `guidance.toml` beside this module; a project and a user may have files of their own of that form.
"""

import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any, Literal, cast

from migrator_tui.history.drift_names import DRIFT_NAMES
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.files import decoded, read_bytes, shown_path
from migrator_tui.project.schema import Project
from migrator_tui.project.tables import Misfit, Table
from migrator_tui.project.toml_lines import line_of
from migrator_tui.project.words import did_you_mean, quoted

ANY = "any"
"""The family of all models."""
REASONING = "reasoning"
"""The family of models that reason before they answer, told by their names or by the price map."""
SHIPPED = Path(__file__).with_name("guidance.toml")
OWN_NAME = "guidance.toml"
"""A user's own file, in the folder of the settings."""
MOST_BYTES = 1_000_000
MOST_ADVICE = 500
"""Characters of one piece of advice."""

PATTERN_SECONDS = 0.2
"""How long a family's pattern may look at a name: a file of rules may come from a stranger."""

_ID = re.compile(r"[\w.+-]{1,60}")


@dataclass(frozen=True, slots=True)
class Rule:
    """One piece of advice. It is a hypothesis: what it is worth, the cases say."""

    id: str
    old: str
    """Family of models migrated from; `any` for all."""
    new: str
    """Family of models migrated to."""
    when: tuple[str, ...]
    """Types of failed checks and names of drift that it speaks to; empty: whatever fails."""
    advice: str
    kind: Literal["prompt", "parameter"]
    source: str
    """Address of the page that it follows, or who says so."""
    date: date
    """When that page was read."""


@dataclass(frozen=True, slots=True)
class Guidance:
    """What a file of rules holds."""

    rules: tuple[Rule, ...]
    families: tuple[tuple[str, str], ...] = ()
    """Names, each with the pattern that tells a model of that family by its name."""


def rules_for(old_model: str, new_model: str, names: Iterable[str], project: Project | None = None) -> list[Rule]:
    """The rules for that pair of models, those first that speak to what fails, of these the more particular ones.

    `names` are types of failed checks and names of drift, the most frequent first. Raises `ProjectError` where a file
    of the project's or the user's has a mistake.
    """
    every = all_guidance(project)
    old, new = families_of(old_model, every.families), families_of(new_model, every.families)
    place = {name: number for number, name in reversed(list(enumerate(dict.fromkeys(names))))}

    def rank(rule: Rule) -> tuple[bool, int, bool]:
        first = min((place[name] for name in rule.when if name in place), default=len(place))
        return not rule.when, first, rule.new == ANY

    fitting = [
        rule
        for rule in every.rules
        if rule.old in old and rule.new in new and (not rule.when or any(name in place for name in rule.when))
    ]
    return sorted(fitting, key=rank)


def families_of(model: str, families: Sequence[tuple[str, str]] | None = None) -> frozenset[str]:
    """The families that a model is of, by its name; `any` is always among them."""
    # Here, not above: most starts of the program ask for no family.
    import regex

    known = shipped().families if families is None else families
    name = model.casefold()
    found = set()
    for family, pattern in known:
        try:
            if regex.search(pattern, name, timeout=PATTERN_SECONDS):
                found.add(family)
        except TimeoutError:
            raise ProjectError(f"the pattern of family {quoted(family)} runs too long on {quoted(name)}") from None
    if REASONING not in found:
        from migrator_tui.models.catalog import lookup

        facts = lookup(model)
        if facts is not None and facts.always_thinks:
            found.add(REASONING)
    return frozenset(found | {ANY})


def all_guidance(project: Project | None = None) -> Guidance:
    """The shipped rules, then the user's, then the project's; a rule with an id known already takes its place."""
    parts = [shipped()]
    own = own_file()
    if own.is_file():
        parts.append(read_guidance(own, str(own)))
    if project is not None:
        parts += [read_guidance(file, shown_path(file, project.folder)) for file in project.adaptation.guidance]
    rules: dict[str, Rule] = {}
    families: dict[str, str] = {}
    for part in parts:
        rules |= {rule.id: rule for rule in part.rules}
        families |= dict(part.families)
    return Guidance(tuple(rules.values()), tuple(families.items()))


def own_file() -> Path:
    """Where a user's own rules lie, whether there are any or not."""
    from platformdirs import user_config_path

    return user_config_path("migrator-tui", appauthor=False) / OWN_NAME


@cache
def shipped() -> Guidance:
    """The rules that come with the program."""
    return _guidance(SHIPPED.read_text(encoding="utf-8"), OWN_NAME, ())


def read_guidance(file: Path, shown: str) -> Guidance:
    """The rules of a file; `ProjectError` with file, line and number of the rule where there is a mistake."""
    text = decoded(read_bytes(file, shown, MOST_BYTES), shown)
    return _guidance(text, shown, [name for name, _ in shipped().families])


def _guidance(text: str, shown: str, known: Sequence[str]) -> Guidance:
    try:
        table = Table(tomllib.loads(text))
    except RecursionError:
        raise ProjectError("nested too deeply", file=shown) from None
    except ValueError as error:
        raise ProjectError(f"not TOML: {str(error)[:1].lower()}{str(error)[1:]}", file=shown) from None
    try:
        families = tuple(_family(one) for one in table.tables("families", lambda n: f"family {n + 1}"))
        names = [ANY, *known, *(name for name, _ in families)]
        rules = tuple(_rule(one, names) for one in table.tables("rules", lambda n: f"rule {n + 1}"))
        table.refuse_unknown()
        seen: set[str] = set()
        for number, rule in enumerate(rules):
            if rule.id in seen:
                raise Misfit(f"two rules have the id {quoted(rule.id)}", ("rules", number, "id"))
            seen.add(rule.id)
    except Misfit as misfit:
        raise ProjectError(_numbered(misfit), file=shown, line=line_of(text, misfit.path)) from None
    return Guidance(rules, families)


def _numbered(misfit: Misfit) -> str:
    """The mistake, with the number of the rule that it is in."""
    of, at = (*misfit.path, "", "")[:2]
    if of != "rules" or not isinstance(at, int) or f"rule {at + 1}" in misfit.what:
        return misfit.what
    return f"rule {at + 1}: {misfit.what}"


def _family(table: Table) -> tuple[str, str]:
    name, pattern = table.required_text("name"), table.required_text("pattern")
    table.refuse_unknown()
    import regex

    try:
        regex.compile(pattern)
    except (regex.error, RecursionError, OverflowError) as error:
        raise table.wrong("pattern", f"the pattern can't be read ({error})") from None
    return name, pattern


def _rule(table: Table, families: Sequence[str]) -> Rule:
    rule_id = table.required_text("id")
    if not _ID.fullmatch(rule_id):
        raise table.wrong("id", f"id can't be {quoted(rule_id)}; letters, digits, points and dashes, at most 60")
    advice = table.required_text("advice")
    if len(advice) > MOST_ADVICE:
        raise table.wrong("advice", f"advice is longer than {MOST_ADVICE} characters")
    when = tuple(dict.fromkeys(table.texts("when")))
    known = _speakable()
    for number, name in enumerate(when):
        if name not in known:
            what = f"when: {quoted(name)} is no check and no drift{did_you_mean(name, known)}"
            raise Misfit(what, (*table.at("when"), number))
    rule = Rule(
        id=rule_id,
        old=_one_family(table, "from", families) or ANY,
        new=_one_family(table, "to", families) or ANY,
        when=when,
        advice=advice,
        kind=cast(Literal["prompt", "parameter"], table.choice("kind", ("prompt", "parameter")) or "prompt"),
        source=table.required_text("source"),
        date=_day(table, "date"),
    )
    table.refuse_unknown()
    return rule


def _one_family(table: Table, key: str, families: Sequence[str]) -> str | None:
    return table.choice(key, families)


def _day(table: Table, key: str) -> date:
    value: Any = table.get(key)
    if value is None:
        raise table.missing(key)
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise table.wrong(key, f"{key} must be a day such as 2026-11-27") from None


@cache
def _speakable() -> frozenset[str]:
    """What a rule can speak to: names of drift, types of checks, with `not-` too."""
    from migrator_tui.checks.registry import known_checks

    checks = known_checks()
    return frozenset((*DRIFT_NAMES, *checks, *(f"not-{name}" for name in checks)))

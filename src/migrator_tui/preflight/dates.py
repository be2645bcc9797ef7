"""From when on a model is no longer served, as far as the price map knows."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime

from migrator_tui.models.catalog import dated_siblings, lookup
from migrator_tui.preflight.finding import Finding, Severity
from migrator_tui.project.schema import BASELINE, ModelSpec
from migrator_tui.project.words import one_line

SOON_DAYS = 180
"""Within so many days a retirement is worth a warning: a rollout takes weeks, the next migration months."""


@dataclass(frozen=True, slots=True)
class Going:
    """One model, and when it goes."""

    name: str
    model: str
    on: date | None
    """`None`: no date is known."""
    hint: date | None = None
    """The date of the newest dated model that an undated name may stand for."""
    hint_model: str = ""

    def days(self, today: date) -> int | None:
        """From today on; negative where it is past, `None` where no date is known."""
        return (self.on - today).days if self.on is not None else None


def going(spec: ModelSpec) -> Going | None:
    """When a model goes; `None` for recorded and simulated ones, which do not."""
    if spec.model.startswith(("recorded:", "simulated:")):
        return None
    facts = lookup(spec.model)
    if facts is not None and facts.deprecation_date is not None:
        return Going(spec.name, spec.model, facts.deprecation_date)
    for sibling in reversed(dated_siblings(spec.model)):
        if sibling.deprecation_date is not None:
            return Going(spec.name, spec.model, None, sibling.deprecation_date, sibling.name)
    return Going(spec.name, spec.model, None)


def date_findings(models: list[Going], today: date) -> Iterator[Finding]:
    """One finding for each model that is gone or goes soon; a hint where only a dated sibling has a date."""
    for model in models:
        if model.on is not None:
            yield from _dated(model, model.on, today)
        elif model.hint is not None:
            yield from _hinted(model, model.hint, today)


def _dated(model: Going, on: date, today: date) -> Iterator[Finding]:
    days = (on - today).days
    old = model.name == BASELINE
    if days < 0:
        yield Finding(
            Severity.BLOCKER,
            model.name,
            None,
            "retirement",
            f"{one_line(model.model, 80)} was retired on {day(on)}, as the price map has it",
            "give its recorded answers instead (recorded:FILE)" if old else "choose a newer model",
        )
    elif days <= SOON_DAYS:
        yield Finding(
            Severity.WARNING,
            model.name,
            None,
            "retirement",
            f"{one_line(model.model, 80)} is retired on {day(on)}, {in_days(days)}",
            "ask it about every case while it answers: they stay as the reference" if old else "choose a newer model",
        )
    else:
        what = f"{one_line(model.model, 80)} is retired on {day(on)}, {in_days(days)}"
        yield Finding(Severity.NOTE, model.name, None, "retirement", what)


def _hinted(model: Going, hint: date, today: date) -> Iterator[Finding]:
    """The name itself has no date: never more than a warning."""
    days = (hint - today).days
    when = f"was retired on {day(hint)}" if days < 0 else f"is retired on {day(hint)}, {in_days(days)}"
    yield Finding(
        Severity.WARNING if days <= SOON_DAYS else Severity.NOTE,
        model.name,
        None,
        "retirement",
        f"no date is known for {one_line(model.model, 80)}; {model.hint_model}, which it may stand for, {when}",
        "look up the provider's page of retirements" if days <= SOON_DAYS else "",
    )


def today() -> date:
    """By UTC, as everything else here."""
    return datetime.now(UTC).date()


def day(date_: date) -> str:
    """`1 Mar 2027`."""
    return f"{date_.day} {date_:%b %Y}"


def in_short(model: Going | None) -> str:
    """`14 Jan 2027`, with `?` where it is that of the newest dated name; empty where no date is known."""
    if model is None or (end := model.on or model.hint) is None:
        return ""
    return day(end) if model.on is not None else f"{day(end)}?"


def in_days(days: int) -> str:
    """`today`, `in 1 day`, `in 98 days`."""
    return "today" if days == 0 else "in 1 day" if days == 1 else f"in {days} days"

"""An import from its source to the files it would write: prepared whole, shown, and only then put in place."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from types import TracebackType
from typing import Any, Self

from migrator_tui.project.cases import iter_cases
from migrator_tui.project.config import CONFIG_NAME
from migrator_tui.project.discovery import USUAL_BASELINE, ProposedTask, propose_config
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.importing.adding import NewBaseline, added_to_config, free_name
from migrator_tui.project.importing.gathering import Gathering
from migrator_tui.project.importing.prompt_file import asking_template, shared_system, system_template
from migrator_tui.project.importing.recorded import is_recorded, kept_rows, refuse_to_lose_answers, taken_ids
from migrator_tui.project.importing.request import Opened, Wishes
from migrator_tui.project.importing.spool import json_line
from migrator_tui.project.importing.targets import Target
from migrator_tui.project.importing.writing import Build
from migrator_tui.project.model_tables import RECORDED
from migrator_tui.project.prompts import normal, read_template, variables
from migrator_tui.project.schema import Project
from migrator_tui.project.toml_text import toml_value
from migrator_tui.project.words import counted, listed, one_line
from migrator_tui.project.write_back import FileChange

FEWEST_CASES = 1

MANY = 2000
"""Cases from which on a sample is advised."""

OF_ANSWERS = ("passed", "cost", "latency_ms", "latency_s", "input_tokens", "output_tokens", "finish_reason")
"""What columns can say of answers only."""


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """A file that would be new."""

    path: str
    """From the project's folder."""
    what: str


class Import:
    """A prepared import; a context that leaves nothing behind but what `write` put in place."""

    def __init__(
        self,
        opened: Opened,
        target: Target,
        wishes: Wishes,
        *,
        language: Callable[[str], str | None] | None = None,
        successor: Callable[[str], str] | None = None,
    ) -> None:
        self.opened = opened
        self.target = target
        self.wishes = wishes
        self.files: list[PlannedFile] = []
        self.changes: list[FileChange] = []
        """What an existing project's configuration becomes."""
        self.notes: list[str] = []
        self.chosen: Sequence[int] | None = None
        self._closed = False
        self._successor = successor
        self._system: str | None = None
        if wishes.use_answers:
            refuse_to_lose_answers(target)
        self.build = Build(target.output)
        try:
            known = iter_cases(target.project, target.existing) if target.project and target.existing else ()
            sampled = wishes.options.sample is not None
            self.gathering = Gathering(
                self.build.folder,
                wishes.options,
                language=language if sampled else None,
                known=known,
                answered=taken_ids(target.project) if target.project and is_recorded(target.project) else (),
            )
        except BaseException:
            self.build.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of everything that is not written; may be called twice."""
        if not self._closed:
            self._closed = True
            self.gathering.close()
            self.build.close()

    def prepare(self, told: Callable[[int], None] = lambda _: None) -> None:
        """Read everything and make the files, beside their place; `told` hears how many rows were read."""
        try:
            self._read_all(told)
            self._make_files()
        except OSError as error:
            raise ProjectError(f"can't be written ({error.strerror})", file=self.build.folder.parent) from error

    def _read_all(self, told: Callable[[int], None]) -> None:
        self.gathering.take(self.opened.format.read(self.opened.reading), told)
        found = self.gathering.found
        if found.kept < FEWEST_CASES:
            where = found.named[0] if found.named else None
            why = f": {self._place(where.place)}{where.why}" if where is not None else ""
            already = f"; {found.folded} are there already" if found.folded else ""
            what = f"none of {found.read} rows can become a case{already}{why}"
            raise ProjectError(what, file=self.opened.reading.sources[0].shown)
        self.chosen = self.gathering.chosen()

    def refuse_mostly_left_out(self) -> None:
        """Raise `ProjectError` where most of the source does not come in, and nobody said that this is all right."""
        found = self.gathering.found
        first = found.first_wrong
        if first is not None and found.mostly_left_out and not self.wishes.allow_broken:
            what = f"{found.left_out - found.fitting:,} of {found.read:,} rows are broken or do not fit"
            what = f"{what} ({self._place(first.place)}{first.why}); --allow-broken imports the others"
            raise ProjectError(what, file=self.opened.reading.sources[0].shown)

    def first_rows(self, limit: int = 20) -> list[dict[str, Any]]:
        """The first rows as they will be: `case`, `answer`, `model`, `kinds`."""
        numbers = self.chosen if self.chosen is not None else range(len(self.gathering.rows))
        return [self._as_written(row) for row in self.gathering.rows.values(numbers[:limit])]

    def new_texts(self, limit: int = 200_000) -> Iterator[tuple[str, str]]:
        """Path and beginning of each new file, for a diff."""
        for file in self.files:
            with (self.build.files / file.path).open(encoding="utf-8", errors="replace") as opened:
                yield file.path, opened.read(limit)

    def write(self) -> None:
        """Put everything in place."""
        if self.target.project is None and not self.target.beside:
            self.build.put_new()
        else:
            self.build.put_into(self.changes)

    def place_word(self, place: int) -> str:
        """`line 37`, or nothing where the place is none."""
        return f"{self.opened.reading.sources[0].unit} {place}" if place else ""

    def _place(self, place: int) -> str:
        return f"{self.place_word(place)}: " if place else ""

    # Making the files

    def _make_files(self) -> None:
        target, gathering = self.target, self.gathering
        found = gathering.found
        name = re.sub(r"[^\w.-]+", "-", target.task).strip(".-") or "task"
        self._system = self._system_to_take_out()
        case_path = self._new(f"cases/{name}.jsonl")
        count = len(self.chosen) if self.chosen is not None else found.kept
        sampled = self.wishes.options.sample is not None
        of_all = (
            f", {'a sample' if sampled else 'one for each group'} of {found.kept:,}"
            if self.chosen is not None
            else ""
        )
        self._write_rows(case_path, self._cases(self.chosen))
        self.files.append(PlannedFile(case_path, f"{counted(count, 'case')}{of_all}"))
        production = None
        if self.chosen is not None or self.opened.format.logs:
            production = self._new(f"production/{name}.jsonl")
            self._write_rows(production, self._cases(None))
            self.files.append(PlannedFile(production, f"{counted(found.kept, 'input')} from production, never run"))
        recorded = self._write_answers()
        self._note()
        if target.existing is None:
            self._make_task(name, case_path, production, recorded)
        else:
            self._extend_task(case_path, production, recorded)

    def _note(self) -> None:
        """What somebody should know who is about to write this."""
        gathering, found = self.gathering, self.gathering.found
        about = [column.path for column in self.opened.columns if column.becomes in OF_ANSWERS]
        if about and not found.answers:
            self.notes.append(f"{listed(about)}: said of answers, and no column holds answers; --map output=COLUMN")
        wanted = self.wishes.options.sample
        if self.chosen is not None and wanted is not None and len(self.chosen) < min(wanted, found.kept):
            self.notes.append(f"no more than {len(self.chosen)} differ much; --keep-similar fills the sample up")
        if self.chosen is None and found.kept > MANY:
            self.notes.append("many cases to run again and again; --sample N takes some that show what all hold")
        if self._system is None and self.target.existing is None and any(gathering.systems):
            self.notes.append("the conversations begin with different system messages, which stay in the cases")
        known = _tool_names([*gathering.tools, *(self.target.existing.tools if self.target.existing else ())])
        if unknown := [name for name in gathering.called if name not in known]:
            them = "it" if len(unknown) == 1 else "them"
            what = f"no definition of {them} was exported: add {them} to the task's tools"
            self.notes.append(f"calls {listed(unknown, 4)}; {what}")
        if gathering.tool_lists > 1:
            self.notes.append(
                f"rows were asked with {gathering.tool_lists} different lists of tools; the task has all"
            )
        self.notes += [note for source in self.opened.reading.sources for note in source.notes]

    def _make_task(self, name: str, case_path: str, production: str | None, recorded: NewBaseline | None) -> None:
        gathering = self.gathering
        prompt = self._new(f"prompts/{name}.md")
        if self._system is not None:
            text, what = system_template(self._system), "the system message that all rows begin with"
        else:
            asked = gathering.variables
            text = asking_template(asked, gathering.found.kept, messages=gathering.with_messages > 0)
            what = f"asks {listed(asked, 4)}" if asked else "holds the case's own messages only"
        self._write_text(prompt, text)
        self.files.append(PlannedFile(prompt, what))
        tools = None
        if gathering.tools:
            tools = self._new(f"tools/{name}.json")
            self._write_text(tools, json.dumps(gathering.tools, indent=2, ensure_ascii=False) + "\n")
            names = listed(_tool_names(gathering.tools), 4)
            self.files.append(PlannedFile(tools, f"{counted(len(gathering.tools), 'tool')}: {names}"))
        params = self._shared_params()
        form = self._response_format(name, params)
        task = ProposedTask(self.target.task, prompt, [case_path], tools, production, form)
        if self.target.project is not None:
            change = added_to_config(self.target.project, task, baseline=recorded)
            self.changes.append(change)
            return
        model = max(gathering.found.models, key=lambda m: gathering.found.models[m], default=None)
        baseline = recorded.model if recorded is not None else model or USUAL_BASELINE
        candidate = self._candidate(model)
        text = propose_config(
            name=re.sub(r"\s+", " ", self.target.output.name) or "imported",
            baseline=baseline,
            baseline_note=recorded.note if recorded is not None and model else None,
            baseline_params=self._sayable(params),
            candidates=[candidate],
            tasks=[task],
        )
        self._write_text(CONFIG_NAME, text)
        self.files.append(
            PlannedFile(CONFIG_NAME, f"baseline {baseline.removeprefix(RECORDED)}, candidate {candidate}")
        )
        if self.wishes.candidate is None:
            self.notes.append(f"candidate proposed: {candidate}; --candidate names another")

    def _extend_task(self, case_path: str, production: str | None, recorded: NewBaseline | None) -> None:
        project, existing = self.target.project, self.target.existing
        assert project is not None and existing is not None
        if production is not None and existing.production is not None:
            self.notes.append(f"the task keeps its production file; {production} is written and not named")
            production = None
        if self.gathering.tools and not existing.tools:
            names = listed(_tool_names(self.gathering.tools), 4)
            self.notes.append(f"the rows were asked with tools ({names}), the task has none")
        if self._system is None and any(text for text in self.gathering.systems):
            what = "the rows begin with system messages of their own, which are sent after the task's prompt"
            self.notes.append(what)
        template = read_template(existing.prompt)
        missing = [name for name in sorted(variables(template)) if self.gathering.variables[name] < self._kept]
        if missing:
            self.notes.append(f"the task's prompt needs {listed(missing)}, which not every row has")
        task = ProposedTask(existing.name, "", [case_path], production=production)
        self.changes.append(added_to_config(project, task, baseline=recorded, to=existing))

    @property
    def _kept(self) -> int:
        return self.gathering.found.kept

    def _system_to_take_out(self) -> str | None:
        system = shared_system(self.gathering.systems)
        existing = self.target.existing
        if self.gathering.variables:
            return None
        if system is None or existing is None:
            return system
        return system if normal(read_template(existing.prompt)).strip() == system_template(system).strip() else None

    def _as_written(self, row: dict[str, Any]) -> dict[str, Any]:
        if self._system is not None:
            return {**row, "case": {**row["case"], "messages": row["case"]["messages"][1:]}}
        return row

    def _cases(self, numbers: Sequence[int] | None) -> Iterator[bytes]:
        rows = self.gathering.rows
        for number in range(len(rows)) if numbers is None else numbers:
            # As it lies there, where nothing is taken out: reading and writing JSON anew would double the time.
            plain = self._system is None
            yield rows.parts(number)[0] + b"\n" if plain else json_line(self._as_written(rows.value(number))["case"])

    def _write_answers(self) -> NewBaseline | None:
        """The recording that becomes the baseline, where one does."""
        found, project = self.gathering.found, self.target.project
        if not found.answers:
            return None
        joined = is_recorded(project)
        if project is not None and not joined and not self.wishes.use_answers:
            self._note_unused_answers(project)
            return None
        model = max(found.models, key=lambda m: found.models[m], default="baseline")
        word = "baseline" if joined else model.rpartition("/")[2]
        stem = re.sub(r"[^\w.-]+", "-", word).strip(".-")[:60] or "baseline"
        path = self._new(f"outputs/{stem}.jsonl")
        several = len(found.models) > 1
        what = counted(found.answers, "answer")
        if several:
            what += " of " + ", ".join(f"{one_line(name, 40)} ({n:,})" for name, n in found.models.most_common(4))
            self.notes.append("several models answered; --model NAME takes the rows of one")
        what += f", {found.judged:,} with a verdict" if found.judged else ""
        note = f"the answers that {one_line(model, 60)} gave" if found.models else "imported answers"
        if project is not None and joined:
            kept = self._write_rows(path, chain(kept_rows(project), self._answers(several))) - found.answers
            old = project.baseline.model.removeprefix(RECORDED)
            what = f"{what}, beside the {kept:,} of {old}"
            note = f"those of {old}, and {note}"
            self.notes.append(f"the baseline becomes {path}, which holds the answers of {old}, too; that file stays")
        else:
            self._write_rows(path, self._answers(several))
            if self.target.existing is not None:
                self.notes.append(f"the cases that {self.target.existing.name} has already have no answer in {path}")
        self.files.append(PlannedFile(path, what))
        return NewBaseline(f"{RECORDED}{path}", note)

    def _note_unused_answers(self, project: Project) -> None:
        count = counted(self.gathering.found.answers, "answer")
        said = f"the baseline stays {project.baseline.model}, which is asked; the {count} of the source are left out"
        alone = all(task.name == self.target.task for task in project.tasks)
        self.notes.append(f"{said}; --use-answers makes them the baseline" if alone else said)

    def _answers(self, several: bool) -> Iterator[bytes]:
        rows = self.gathering.rows
        for number in range(len(rows)):
            case, answer, model, _ = rows.parts(number)
            if answer != b"null":
                identifier = json.dumps(json.loads(case)["id"]).encode()
                more = b', "model": ' + model if several and model != b"null" else b""
                yield b'{"id": ' + identifier + b", " + answer[1:-1] + more + b"}\n"

    def _shared_params(self) -> dict[str, Any]:
        """What all calls were made with; where they differ, nothing is said of it but in a note."""
        params = self.gathering.params
        if len(params) > 1:
            self.notes.append(f"the calls were made with {len(params)} different sets of parameters; none is written")
        shared: dict[str, Any] = json.loads(next(iter(params))) if len(params) == 1 else {}
        return shared

    def _response_format(self, name: str, params: dict[str, Any]) -> str | None:
        """The form that all answers were asked in belongs to the task: the new model is asked in it, too."""
        form = params.pop("response_format", None)
        if not isinstance(form, dict) or form.get("type") not in ("json_object", "json_schema"):
            return None
        path = self._new(f"formats/{name}.json")
        self._write_text(path, json.dumps(form, indent=2, ensure_ascii=False) + "\n")
        self.files.append(PlannedFile(path, "the form that answers were asked in"))
        return path

    def _sayable(self, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """The parameters that a configuration has a way to say."""
        said = {name: value for name, value in params.items() if _toml_can_say(value)}
        if len(said) < len(params):
            left_out = listed(name for name in params if name not in said)
            self.notes.append(f"parameters that a configuration has no way to say: {left_out}")
        return said

    def _candidate(self, model: str | None) -> str:
        if self.wishes.candidate is not None:
            return self.wishes.candidate
        from migrator_tui.project.discovery import USUAL_CANDIDATE

        return self._successor(model or USUAL_BASELINE) if self._successor is not None else USUAL_CANDIDATE

    def _new(self, path: str) -> str:
        new = self.target.project is None and not self.target.beside
        return path if new else free_name(self.target.output, path)

    def _write_rows(self, path: str, lines: Iterator[bytes]) -> int:
        """Write them; how many there were."""
        place = self.build.files / path
        place.parent.mkdir(parents=True, exist_ok=True)
        count = 0
        with place.open("xb") as file:
            for line in lines:
                file.write(line)
                count += 1
        return count

    def _write_text(self, path: str, text: str) -> None:
        place = self.build.files / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(text.encode("utf-8", "replace"))


def _toml_can_say(value: Any) -> bool:
    try:
        toml_value(value)
    except ValueError:
        return False
    return True


def _tool_names(tools: Sequence[Mapping[str, Any]]) -> list[str]:
    return [str(tool["function"]["name"]) for tool in tools]

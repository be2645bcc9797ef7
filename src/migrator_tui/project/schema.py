"""The things a project folder can state, as plain immutable values.

Readers (`config`, `cases`, `prompts`) make them; every other package passes them on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from migrator_tui.project.files import shown_path
from migrator_tui.project.rollout_settings import GatewaySettings, RolloutSettings

BASELINE = "baseline"
"""The name by which screens, history and reports call the model migrated from."""

Message = dict[str, Any]
"""One chat message in OpenAI's form: `role`, `content`, and where used `tool_calls`, `tool_call_id`, `name`."""


@dataclass(frozen=True, slots=True)
class Price:
    """What a model costs, in USD per million tokens; `None` is unknown, never free."""

    input: float | None
    output: float | None


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """One model table of the configuration: which model is asked, and how."""

    name: str
    """What the screens call it: `baseline`, a candidate's name, `assistant`, `judge` or `embeddings`."""
    model: str
    """`simulated:NAME`, `recorded:FILE`, or any litellm model name."""
    params: Mapping[str, Any] = field(default_factory=dict)
    task_params: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Parameters of one task; where a task is named here, they replace `params` whole."""
    api_base: str | None = None
    api_key_env: str | None = None
    """Name of the environment variable that holds the key. Never a key."""
    columns: Mapping[str, str] = field(default_factory=dict)
    """For `recorded:` models: our column name to the file's."""
    concurrency: int | None = None
    requests_per_minute: int | None = None
    price: Price | None = None
    timeout: float = 600.0
    """Seconds one call may take from request to last token."""
    prompts: Mapping[str, Path] = field(default_factory=dict)
    """A candidate's own prompt files by task name; absolute paths."""

    def params_for(self, task: str) -> Mapping[str, Any]:
        """The parameters this model is called with on that task."""
        return self.task_params.get(task, self.params)


@dataclass(frozen=True, slots=True)
class CheckSpec:
    """One check as the project states it, before it is looked up in the registry."""

    type: str
    """Name without `not-`, such as `contains`."""
    value: Any = None
    negated: bool = False
    weight: float = 1.0
    threshold: float | None = None
    metric: str | None = None
    """A name of the user's for it; the type where missing."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Whatever else the table held; the check's family knows what it means."""

    @property
    def full_type(self) -> str:
        """The type as written, `not-` included."""
        return f"not-{self.type}" if self.negated else self.type

    @property
    def label(self) -> str:
        """What screens and reports call this check."""
        return self.metric or self.full_type


@dataclass(frozen=True, slots=True)
class GateRules:
    """The limits a candidate is held to; `None` means that there is no such limit."""

    margin: float = 0.03
    confidence: float = 0.95
    max_critical_regressions: int = 0
    max_cost_increase: float | None = None
    max_latency_increase: float | None = None
    max_latency_p95_ms: float | None = None
    min_pass_rate: float | None = None
    min_cost_saving: float | None = None


@dataclass(frozen=True, slots=True)
class AdaptationSettings:
    """How far a suggestion may change a prompt, and how its effect is tested."""

    max_edits: int = 5
    max_change: float = 0.40
    """Share of the prompt's words that edits may remove or replace, 0 to 1."""
    max_growth: float = 0.20
    """How much longer it may become, in characters, as a share of its length."""
    held_out: float = 0.40
    """Share of the cases that the assistant never sees, 0 to 1; they test what it proposes."""
    seed: int = 0
    """Which cases these are."""
    guidance: Sequence[Path] = ()
    """Files with rules of the user's own, absolute."""


@dataclass(frozen=True, slots=True)
class Case:
    """One test input of a task."""

    id: str
    vars: Mapping[str, Any] = field(default_factory=dict)
    messages: Sequence[Message] = ()
    expected: Any = None
    checks: Sequence[CheckSpec] = ()
    tags: Sequence[str] = ()
    critical: bool = False
    threshold: float | None = None
    """The mean score that its checks must reach; `None`: as the task says."""


@dataclass(frozen=True, slots=True)
class CheckSetup:
    """What checks that have to wait need of the project: whom they ask, and where code lies."""

    folder: Path | None = None
    """The project's; absolute."""
    judge: ModelSpec | None = None
    """`[judge]`, else `[assistant]`."""
    embeddings: ModelSpec | None = None
    may_run_code: bool = False
    """The folder is trusted."""


@dataclass(frozen=True, slots=True)
class Task:
    """One prompt with its cases and checks."""

    name: str
    prompt: Path
    """The task's prompt file; absolute. The baseline's, and each candidate's that has no file of its own."""
    cases: Sequence[Path]
    """Case files, absolute, in the order they were named."""
    checks: Sequence[CheckSpec] = ()
    threshold: float | None = None
    """The mean score by weight, from 0 to 1, that a case's checks must reach; `None`: every check must pass."""
    tools: Sequence[Mapping[str, Any]] = ()
    """Tool definitions in OpenAI's form, sent with every call of this task."""
    response_format: Mapping[str, Any] | None = None
    production: Path | None = None
    """A file of cases drawn from production, absolute: what the cases of the task are held against; never run."""
    definition_files: Sequence[Path] = ()
    """The files that `tools` and `response_format` were read from, absolute; a trust question names those outside."""
    gate: GateRules = field(default_factory=GateRules)
    check_setup: CheckSetup = field(default_factory=CheckSetup)
    frozen: Sequence[tuple[int, int]] = ()
    """Lines of `prompt` that no suggested edit may touch, wherever a version has them: first and last, from 1."""

    def threshold_for(self, case: Case) -> float | None:
        """The mean score that the checks of a case of this task must reach; `None`: every check must pass."""
        return self.threshold if case.threshold is None else case.threshold


@dataclass(frozen=True, slots=True)
class ForeignNote:
    """Something in another tool's files that is not honoured, or not as written."""

    what: str
    """One line."""
    verbatim: Sequence[str] = ()
    """The passages it is about, word for word, but for keys."""
    times: int = 1


@dataclass(frozen=True, slots=True)
class Foreign:
    """What is particular to a folder of another tool's that is open as it is."""

    tool: str
    notes: Sequence[ForeignNote]
    sources: Sequence[Path]
    """The files it was read from, and folders looked through for them: absolute, links resolved."""
    places: Mapping[Path, str]
    """Our own copy of a prompt or case file to the place in the user's files that it was made from."""
    models: Sequence[tuple[str, str]]
    """Name and model of each model that the files name, in their order."""
    baseline: str
    """The name of the one migrated from."""
    proposed: Sequence[str] = ()
    """`baseline`, and names of candidates, that no file names and nobody has chosen: not to be asked before."""


@dataclass(frozen=True, slots=True)
class Project:
    """A folder with `migrator.toml`, read and found to be sound."""

    folder: Path
    """Absolute, symbolic links resolved."""
    config_file: Path
    name: str
    baseline: ModelSpec
    candidates: Sequence[ModelSpec]
    tasks: Sequence[Task]
    gate: GateRules = field(default_factory=GateRules)
    assistant: ModelSpec | None = None
    judge: ModelSpec | None = None
    """Who answers the checks that ask a model; without one, the assistant does."""
    embeddings: ModelSpec | None = None
    """The model that turns texts into vectors, for `similar`."""
    database: str | None = None
    """A SQLAlchemy URL, or `None` for SQLite in the user data folder."""
    assume: Literal["pass", "unjudged"] = "pass"
    """What a baseline output counts as that has neither verdict nor checks."""
    max_cost_per_day: float | None = None
    adaptation: AdaptationSettings = field(default_factory=AdaptationSettings)
    rollout: RolloutSettings = field(default_factory=RolloutSettings)
    gateway: GatewaySettings = field(default_factory=GatewaySettings)
    foreign: Foreign | None = None
    """Of a folder of another tool's that is open as it is; then nothing is written into it."""

    @property
    def helpers(self) -> list[ModelSpec]:
        """The models that answer no case: assistant, judge, embeddings, those there are."""
        return [spec for spec in (self.assistant, self.judge, self.embeddings) if spec is not None]

    def task(self, name: str) -> Task:
        """The task of that name; `KeyError` if there is none."""
        for task in self.tasks:
            if task.name == name:
                return task
        raise KeyError(name)

    def candidate(self, name: str) -> ModelSpec:
        """The candidate of that name; `KeyError` if there is none."""
        for candidate in self.candidates:
            if candidate.name == name:
                return candidate
        raise KeyError(name)

    def model(self, name: str) -> ModelSpec:
        """The baseline or the candidate of that name; `KeyError` if there is none."""
        return self.baseline if name == BASELINE else self.candidate(name)

    def prompt_file(self, task: Task, model_name: str) -> Path:
        """The file of record for that task's prompt on that model, absolute."""
        return self.model(model_name).prompts.get(task.name, task.prompt)

    def shown(self, path: Path) -> str:
        """A file of the project as screens and messages name it."""
        place = self.foreign.places.get(path) if self.foreign is not None else None
        return place or shown_path(path, self.folder)

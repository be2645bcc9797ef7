"""The pool of models for a project: what its workers may know, and where its recordings lie."""

from collections.abc import Callable
from pathlib import Path

from platformdirs import user_log_path

from migrator_tui.models.pool import ModelPool
from migrator_tui.models.worker_process import PoolState
from migrator_tui.project.dotenv import environment
from migrator_tui.project.model_tables import recorded_file
from migrator_tui.project.recordings import Recording
from migrator_tui.project.schema import ModelSpec, Project


def worker_log() -> Path:
    """The file to which worker and simulator write what they have to say."""
    return user_log_path("migrator-tui", appauthor=False) / "worker.log"


def load_recording(project: Project, spec: ModelSpec) -> Recording:
    """The file behind a `recorded:` model, read anew."""
    return Recording.load(recorded_file(project.folder, spec.model), spec.columns)


def open_pool(project: Project, *, trusted: bool, on_state: Callable[[PoolState], None] | None = None) -> ModelPool:
    """A pool to be entered with `async with`. Workers get the project's `.env` on top of the environment."""
    recorded = {spec.model: spec for spec in (project.baseline, *project.candidates)}

    def load(model: str) -> Recording:
        return load_recording(project, recorded[model])

    return ModelPool(
        project_folder=project.folder,
        log_file=worker_log(),
        environment=environment(project, trusted),
        recordings=load,
        on_state=on_state,
    )

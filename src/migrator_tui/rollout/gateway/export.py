"""`gateway export`: a folder with everything that a gateway needs to run elsewhere, but for its secrets."""

import re
from importlib.resources import files
from pathlib import Path

from migrator_tui.project.errors import ProjectError
from migrator_tui.project.files import replace_file
from migrator_tui.project.schema import Project
from migrator_tui.rollout.gateway.config import (
    CONFIG_FILE,
    DATABASE_URL,
    MASTER_KEY,
    PLUGIN_FILE,
    GatewayConfig,
    write_config,
)
from migrator_tui.rollout.gateway.environment import REQUIREMENTS, SIZE_MB
from migrator_tui.text_safety import safe_line

FILES = (CONFIG_FILE, PLUGIN_FILE, "requirements.txt", "run.sh", "README.md")
"""What an exported folder holds."""


def export_gateway(project: Project, config: GatewayConfig, folder: Path, *, replace: bool = False) -> None:
    """Write the folder; `ProjectError` where a file of those names is there already, unless `replace`."""
    there = [name for name in FILES if (folder / name).exists()]
    if there and not replace:
        raise ProjectError(f"{', '.join(there)} is there already; --yes replaces it", file=folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_config(config, folder)
        replace_file(folder / "requirements.txt", ("\n".join(REQUIREMENTS) + "\n").encode())
        replace_file(folder / "run.sh", _shipped("run.sh").encode())
        (folder / "run.sh").chmod(0o755)
        replace_file(folder / "README.md", _readme(project.name, config).encode())
    except OSError as error:
        raise ProjectError(error.strerror or str(error), file=folder) from None


def _shipped(name: str) -> str:
    return (files("migrator_tui.rollout.gateway") / "exported" / name).read_text("utf-8")


def _readme(name: str, config: GatewayConfig) -> str:
    secrets = {
        MASTER_KEY: "applications come in with it; 20 random characters or more",
        DATABASE_URL: "the history's database, with its password",
    }
    for model, names in config.keys.items():
        for key in names:
            secrets[key] = f"{secrets[key]}, {model}" if key in secrets else model
    put_in = {
        "@PROJECT@": safe_line(name),
        "@MODELS@": ", ".join(f"`{model}`" for model in config.asked),
        "@SIZE@": str(SIZE_MB),
        "@LITELLM@": REQUIREMENTS[0],
        "@SECRETS@": "\n".join(f"| `{key}` | {use} |" for key, use in secrets.items()),
    }
    # All at once: a name that looks like a mark stays a name.
    return re.sub("|".join(put_in), lambda mark: put_in[mark[0]], _shipped("README.md"))

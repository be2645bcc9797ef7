"""`t`: how a rollout is practised, with the project's own cases as traffic."""

from textual.content import Content

from migrator_tui.project.schema import Project, Task
from migrator_tui.text_safety import safe_line
from migrator_tui.tui.theme import MUTED, STRONG
from migrator_tui.tui.widgets.modal import Sheet


def rehearse_sheet(project: Project, task: Task) -> Sheet:
    """The commands, each for a terminal of its own; this screen shows what comes of it."""
    folder, gateway = safe_line(str(project.folder), 200), project.gateway
    many = len(project.tasks) > 1
    named = f" --task {safe_line(task.name, 60)}" if many else ""
    lines = [
        Content("A rehearsal sends the cases as traffic through the gateway, as applications would,"),
        Content("and makes trouble on request. It takes two terminals beside this screen:"),
        Content(""),
        Content.styled("the gateway, which also starts a monitor", MUTED),
        Content.styled(f"  {gateway.master_key_env}=sk-some-long-secret migrator-tui -C {folder} gateway", STRONG),
        Content(""),
        Content.styled("the traffic: 20 calls a second for a minute; --help lists the trouble it can make", MUTED),
        Content.styled(f"  migrator-tui -C {folder} rehearse{named} --rate 20 --seconds 60", STRONG),
        Content(""),
        Content.styled("Real models are asked where the project names some: that costs money.", MUTED),
    ]
    return Sheet("Rehearse", Content("\n").join(lines))

"""A process that has imported what model workers need, and forks each worker that a test starts.

Importing the client library takes two seconds of processor time; most tests start workers and are about something
else. Whoever starts `python -m migrator_tui.models.worker` while `sitecustomize` of this process's folder is on
PYTHONPATH gets a small process that hands its descriptors, arguments and environment over, waits for the forked
worker, and ends as it ends. Where the worker's own start is what is tested, `real_workers` takes the folder away.
"""

import asyncio
import contextlib
import gc
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from migrator_tui.models.environment import child_environment

MODULE = "migrator_tui.models.worker"
PREFIX = "migrator-nursery-"
ROOT = Path(__file__).resolve().parents[1]

CLIENT = """
import sys

def _hand_over():
    import json, os, socket
    nursery = socket.socket(socket.AF_UNIX)
    try:
        nursery.connect({address!r})
    except OSError:
        return  # it has ended: start the usual way
    told = json.dumps({{"argv": sys.argv[1:], "environment": dict(os.environ), "cwd": os.getcwd()}})
    socket.send_fds(nursery, [len(told.encode()).to_bytes(4, "big")], [0, 1, 2])
    nursery.sendall(told.encode())
    nowhere = os.open(os.devnull, os.O_RDWR)
    for kept in (0, 1, 2):  # the worker's alone from here on: their end is its end
        os.dup2(nowhere, kept)
    status = nursery.recv(16)
    status = int(status) if status else 1
    if status < 0:
        os.kill(os.getpid(), -status)
    os._exit(status)

if sys.orig_argv[1:4] == ["-P", "-m", {module!r}]:
    _hand_over()
"""


@contextlib.contextmanager
def open_nursery() -> Iterator[Path | None]:
    """The folder that PYTHONPATH is to begin with; `None` on systems that lack what this needs."""
    if not (hasattr(os, "fork") and hasattr(os, "pidfd_open")):
        yield None
        return
    with TemporaryDirectory(prefix=PREFIX) as name:
        folder = Path(name)
        address = str(folder / "socket")
        (folder / "sitecustomize.py").write_text(CLIENT.format(address=address, module=MODULE), "utf-8")
        environment = {**child_environment({}), "HOME": name, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'src'}"}
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(address)  # here, so that whoever comes early waits
            server.listen(64)
            command = [sys.executable, "-P", "-c", f"from tests.nursery import serve; serve({server.fileno()})"]
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                env=environment,
                cwd=ROOT,
                pass_fds=[server.fileno()],
                start_new_session=True,
            )
        with process:
            yield folder


def without_nursery(path: str) -> str:
    """That PYTHONPATH without the folder of a nursery."""
    return os.pathsep.join(part for part in path.split(os.pathsep) if not Path(part).name.startswith(PREFIX))


def serve(descriptor: int) -> None:
    """Fork workers until stdin closes. Imports when first asked: a run of tests that ask no model costs nothing."""
    server = socket.socket(fileno=descriptor)
    prepared = False
    events = selectors.DefaultSelector()
    events.register(server, selectors.EVENT_READ)
    events.register(0, selectors.EVENT_READ)
    while True:
        for key, _ in events.select():
            if key.fd == 0:
                os._exit(0)
            if key.fileobj is server:
                asked, _ = server.accept()
                prepared = prepared or _prepare()
                child = _fork(asked)
                events.register(os.pidfd_open(child), selectors.EVENT_READ, (child, asked))
                continue
            events.unregister(key.fd)
            os.close(key.fd)
            child, asked = key.data
            status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            with contextlib.suppress(OSError):  # whoever asked may be gone
                asked.sendall(str(status).encode())
            asked.close()


def _prepare() -> bool:
    """Import what a worker imports, and what its first call does."""
    from migrator_tui.models.warm_up import warm_up
    from migrator_tui.models.worker import import_litellm

    asyncio.run(warm_up(import_litellm(), streams=True))
    gc.freeze()
    return True


def _fork(asked: socket.socket) -> int:
    length, descriptors, _, _ = socket.recv_fds(asked, 4, 3)
    text = b""
    wanted = int.from_bytes(length, "big")
    while len(text) < wanted and (piece := asked.recv(wanted - len(text))):  # whoever asked may be gone
        text += piece
    child = os.fork()
    if not child:
        with contextlib.suppress(BaseException):
            _live(json.loads(text), descriptors, asked)
        os._exit(70)
    for descriptor in descriptors:
        os.close(descriptor)
    return child


def _live(told: dict[str, Any], descriptors: list[int], asked: socket.socket) -> None:
    """Be the worker that was asked for."""
    from migrator_tui.models.worker import main

    for place, descriptor in enumerate(descriptors):
        os.dup2(descriptor, place)
        os.close(descriptor)
    os.setsid()
    os.chdir(told["cwd"])
    os.environ.clear()
    os.environ.update(told["environment"])
    sys.argv = [MODULE, *told["argv"]]

    def follow() -> None:
        asked.recv(1)  # nothing is ever sent: this is the end of the process that stands for us
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=follow, daemon=True).start()
    main()

"""Start the simulator: `python -m migrator_tui.models.simulator --project DIR`.

Listens on a free port of 127.0.0.1, prints `{"port": N}` as one line, and ends when its stdin closes, so that it
never outlives the program that started it.
"""

import argparse
import asyncio
import json
import sys
import threading
from pathlib import Path

from aiohttp import web

from migrator_tui.models.simulator.server import Simulator


def main() -> None:
    """Parse the command line and serve until stdin closes."""
    parser = argparse.ArgumentParser(prog="python -m migrator_tui.models.simulator", description=__doc__)
    parser.add_argument("--project", "--projects", type=Path, help="folder that persona files are read from")
    parser.add_argument("--pace", choices=["streamed", "real", "none"], help="for all personas, whatever they say")
    parser.add_argument("--trouble", type=Path, help="file that tells which persona is in trouble, and when")
    arguments = parser.parse_args()
    simulator = Simulator(arguments.project, pace=arguments.pace, trouble=arguments.trouble)
    try:
        asyncio.run(_serve(simulator))
    except KeyboardInterrupt:
        sys.exit(130)


async def _serve(simulator: Simulator) -> None:
    # Calls may hang on purpose: at the end nobody waits for them.
    runner = web.AppRunner(simulator.application(), access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=512).start()
    closed = asyncio.Event()
    loop = asyncio.get_running_loop()

    def wait_for_end() -> None:
        while sys.stdin.buffer.read(4096):
            pass
        loop.call_soon_threadsafe(closed.set)

    threading.Thread(target=wait_for_end, daemon=True).start()
    port = runner.addresses[0][1]
    sys.stdout.write(json.dumps({"port": port}) + "\n")
    sys.stdout.flush()
    await closed.wait()
    await runner.cleanup()


if __name__ == "__main__":
    main()

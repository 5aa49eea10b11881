"""Runs the two SDK scenarios against a fresh server on each database: `run.py [--database sqlite|postgres|both] [--sdk python|node]`."""

import argparse
import os
import re
import subprocess
import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import server  # noqa: E402

PATIENCE = 300  # seconds for one scenario; a server that hangs must not hang the tests
HERE = Path(__file__).resolve().parent
COMMANDS = {
    "python": [str(server.VENV_PYTHON), str(HERE / "scenario.py")],
    "node": ["node", str(HERE / "scenario.cjs")],
}


def tell(which, world, api):
    """Runs one scenario in a world of its own; returns how many of its expectations passed and failed."""
    environment = server.clean_environment(
        VINYASA_URL=api, VINYASA_WORKSPACE=world.workspace, VINYASA_DOMAIN=world.domain, NODE_PATH=str(server.NODE_MODULES),
        VINYASA_ADA=world.ada.token, VINYASA_BOB=world.bob.token, VINYASA_EVE=world.eve.token,
        VINYASA_MALLORY=world.mallory.token, PYTHONDONTWRITEBYTECODE="1",
    )
    process = subprocess.Popen(COMMANDS[which], env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    lines = []
    too_long = threading.Timer(PATIENCE, process.kill)
    too_long.start()
    try:
        for line in process.stdout:
            lines.append(line)
            print(f"  {line}", end="", flush=True)
        process.wait(10)
    finally:
        too_long.cancel()
        server.end(process)
    counts = re.fullmatch(r"(\d+) passed, (\d+) failed\n", lines[-1]) if lines else None
    if counts is None or process.returncode not in (0, 1):
        raise server.Failed(f"the {which} scenario ended with {process.returncode} and without a count")
    return int(counts[1]), int(counts[2])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=[*server.DATABASES, "both"], default="both")
    parser.add_argument("--sdk", choices=COMMANDS)
    arguments = parser.parse_args()
    server.end_cleanly_on_signals()
    passed = failed = 0
    for kind in server.databases(arguments.database):
        with server.running(kind, ['--allow-private-network']) as running:
            for which in [arguments.sdk] if arguments.sdk else COMMANDS:
                print(f"{which} on {kind}", flush=True)
                counts = tell(which, running.world(prefix=f"{which}-"), running.api)
                passed, failed = passed + counts[0], failed + counts[1]
            if failed:
                print(f"the server's last lines:\n{running.last_lines()}", flush=True)
    server.finish(passed, failed)


if __name__ == "__main__":
    try:
        main()
    except server.Failed as problem:
        sys.exit(f"FAILED  {problem}")

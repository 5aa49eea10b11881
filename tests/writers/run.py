"""Many parallel writers on SQLite: no error, no lost row, no row twice: `run.py [--seconds 5] [--writers 64]`.

Every writer has a connection of its own and creates, renames and comments in one project, the hottest place there is.
"""

import argparse
import collections
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import server  # noqa: E402


class Writer(threading.Thread):
    """Creates a task; renames every second one and comments on every fourth."""

    def __init__(self, number, running, token, project, until):
        super().__init__(daemon=True)
        self.number, self.project, self.until = number, project, until
        self.client = server.Client(running, token)
        self.names = {}
        self.comments = set()
        self.slowest = 0.0
        self.problem = None

    def run(self):
        try:
            count = 0
            while time.monotonic() < self.until:
                count += 1
                self.write(count)
        except Exception as problem:  # noqa: BLE001
            self.problem = problem
        finally:
            self.client.close()

    def timed(self, call, *arguments):
        started = time.monotonic()
        answer = call(*arguments)
        self.slowest = max(self.slowest, time.monotonic() - started)
        return answer

    def write(self, count):
        name = f"writer {self.number} task {count}"
        gid = self.timed(self.client.post, "/tasks", {"name": name, "projects": [self.project]})["gid"]
        self.names[gid] = name
        if count % 2 == 0:
            self.timed(self.client.put, f"/tasks/{gid}", {"name": name + " renamed"})
            self.names[gid] = name + " renamed"
        if count % 4 == 0:
            self.timed(self.client.post, f"/tasks/{gid}/stories", {"text": name})
            self.comments.add(gid)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--writers", type=int, default=64)
    arguments = parser.parse_args()
    server.end_cleanly_on_signals()
    with server.running("sqlite") as running:
        people = running.world()
        client = server.Client(running, people.ada.token)
        team = client.post("/teams", {"name": "Writers", "organization": people.workspace})["gid"]
        project = client.post("/projects", {"name": "Writers", "workspace": people.workspace, "team": team})["gid"]
        until = time.monotonic() + arguments.seconds
        writers = [Writer(i, running, people.ada.token, project, until) for i in range(arguments.writers)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join(arguments.seconds + 60)

        complaints = [f"a writer failed: {w.problem!r}" for w in writers if w.problem]
        complaints += ["a writer hangs"] * sum(w.is_alive() for w in writers)
        wanted = {gid: name for w in writers for gid, name in w.names.items()}
        rows = list(client.pages(f"/projects/{project}/tasks", opt_fields="name"))
        got = {row["gid"]: row["name"] for row in rows}
        complaints += [f"task {gid} is listed {n} times" for gid, n in collections.Counter(r["gid"] for r in rows).items() if n > 1]
        complaints += [f"task {gid} is lost" for gid in wanted.keys() - got.keys()]
        complaints += [f"task {gid} was never acknowledged" for gid in got.keys() - wanted.keys()]
        complaints += [f"task {gid} is called {got[gid]!r}, not {wanted[gid]!r}" for gid in wanted.keys() & got.keys() if got[gid] != wanted[gid]]
        for gid in [gid for w in writers for gid in list(w.comments)[:5]]:
            kinds = [story["resource_subtype"] for story in client.pages(f"/tasks/{gid}/stories", opt_fields="resource_subtype")]
            if kinds.count("comment_added") != 1 or kinds.count("name_changed") != 1:
                complaints.append(f"task {gid} has the stories {kinds}")
        client.close()
        running.admin("check")

    renames = sum(name.endswith("renamed") for name in wanted.values())
    comments = sum(len(w.comments) for w in writers)
    writes = len(wanted) + renames + comments
    print(f"{arguments.writers} writers: {writes / arguments.seconds:.0f} writes/s ({len(wanted)} tasks, {renames} renamed, "
          f"{comments} comments), slowest {max(w.slowest for w in writers):.2f} s", flush=True)
    for complaint in complaints[:20]:
        print(f"  FAILED  {complaint}", flush=True)
    server.finish(writes, len(complaints))


if __name__ == "__main__":
    try:
        main()
    except (server.Failed, server.ApiError) as problem:
        sys.exit(f"FAILED  {problem}")

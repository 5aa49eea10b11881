"""Kills the server under concurrent writes and checks that nothing acknowledged is lost and nothing is half-done.

    python3 tests/crash/run.py [--rounds 10] [--database sqlite|postgres|both] [--seed N]

A round: eight threads create, rename, complete, move and comment on tasks over plain HTTP and remember what was acknowledged;
at a random moment the server gets SIGKILL; it is started again on the same data. Then every acknowledged write must be
there with its stories; a write whose answer never came may be there or not, but whole; every task of the project's list
can be read and has its section; and `vinyasa admin check` is clean.
"""

import argparse
import collections
import http.client
import random
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import server  # noqa: E402

THREADS = 8
STORY_FIELDS = "resource_subtype,text"
TASK_FIELDS = "name,completed,memberships.project,memberships.section"


@dataclass
class Task:
    """What the server told us about one task, and the one change it may or may not have made."""

    gid: str
    name: str
    completed: bool = False
    section: str = ""
    comments: list = field(default_factory=list)
    stories: collections.Counter = field(default_factory=collections.Counter)
    unsure: tuple = ()  # (field or "comment", value, story subtype) of the request that was never answered


class Writer(threading.Thread):
    """Writes until the line breaks. Each task belongs to one writer, so its changes have an order."""

    def __init__(self, number, world, running, tasks, chance):
        super().__init__(name=f"writer-{number}", daemon=True)
        self.number, self.world, self.tasks, self.chance = number, world, tasks, chance
        self.client = server.Client(running, world.token)
        self.acknowledged = 0
        self.unsure_name = None  # of a task whose creation was never answered
        self.problem = None

    def run(self):
        try:
            while True:
                self.write()
                self.acknowledged += 1
        except (OSError, http.client.HTTPException):
            pass  # The server was killed.
        except Exception as problem:  # noqa: BLE001
            self.problem = problem
        finally:
            self.client.close()

    def write(self):
        if not self.tasks or self.chance.random() < 0.35:
            return self.create()
        task = self.chance.choice(self.tasks)
        action = self.chance.choice((self.rename, self.toggle, self.move, self.comment))
        return action(task)

    def create(self):
        self.unsure_name = f"{self.name} {self.chance.getrandbits(48):x}"
        section = self.chance.choice(self.world.sections)
        home = [{"project": self.world.project, "section": section}]
        made = self.client.post("/tasks", {"name": self.unsure_name, "memberships": home})
        self.tasks.append(Task(made["gid"], self.unsure_name, section=section,
                               stories=collections.Counter(added_to_project=1)))
        self.unsure_name = None

    def rename(self, task):
        name = f"{self.name} {self.chance.getrandbits(48):x}"
        self.change(task, "name", name, "name_changed", lambda: self.client.put(f"/tasks/{task.gid}", {"name": name}))

    def toggle(self, task):
        done = not task.completed
        story = "marked_complete" if done else "marked_incomplete"
        self.change(task, "completed", done, story, lambda: self.client.put(f"/tasks/{task.gid}", {"completed": done}))

    def move(self, task):
        section = self.chance.choice([s for s in self.world.sections if s != task.section])
        self.change(task, "section", section, "section_changed",
                    lambda: self.client.post(f"/sections/{section}/addTask", {"task": task.gid}))

    def comment(self, task):
        text = f"comment {self.chance.getrandbits(64):x}"
        self.change(task, "comment", text, "comment_added",
                    lambda: self.client.post(f"/tasks/{task.gid}/stories", {"text": text}))

    @staticmethod
    def change(task, what, value, story, request):
        task.unsure = (what, value, story)
        request()
        settle(task)


def settle(task):
    """Takes the unsure change as made."""
    what, value, story = task.unsure
    if what == "comment":
        task.comments.append(value)
    else:
        setattr(task, what, value)
    task.stories[story] += 1
    task.unsure = ()


@dataclass
class World:
    token: str
    project: str
    sections: list


def build(running):
    """A project with three sections to write into."""
    people = running.world()
    client = server.Client(running, people.ada.token)
    team = client.post("/teams", {"name": "Crash", "organization": people.workspace})["gid"]
    project = client.post("/projects", {"name": "Crash", "workspace": people.workspace, "team": team})["gid"]
    sections = [client.post(f"/projects/{project}/sections", {"name": name})["gid"] for name in ("To do", "Doing", "Done")]
    client.close()
    return World(people.ada.token, project, sections)


def verify(client, world, tasks, unsure_names):
    """Compares what the server has with what it acknowledged; returns the complaints. Settles what was unsure."""
    complaints = []
    listed = {}
    for row in client.pages(f"/projects/{world.project}/tasks", opt_fields=TASK_FIELDS):
        if row["gid"] in listed:
            complaints.append(f"task {row['gid']} is listed twice")
        listed[row["gid"]] = row
    known = {task.gid: task for owned in tasks for task in owned}
    for gid in known.keys() - listed.keys():
        complaints.append(f"task {gid} was acknowledged and is lost")
    for gid in listed.keys() - known.keys():
        if listed[gid]["name"] not in unsure_names:
            complaints.append(f"task {gid} {listed[gid]['name']!r} was never asked for")
    for gid, row in listed.items():
        homes = [m["section"]["gid"] for m in row["memberships"] if m["project"]["gid"] == world.project and m["section"]]
        if len(homes) != 1 or homes[0] not in world.sections:
            complaints.append(f"task {gid} is half-done: its sections are {homes}")
            continue
        row["section"] = homes[0]
        full = client.get(f"/tasks/{gid}")
        stories = list(client.pages(f"/tasks/{gid}/stories", opt_fields=STORY_FIELDS))
        kinds = collections.Counter(story["resource_subtype"] for story in stories)
        if full["name"] != row["name"] or kinds["added_to_project"] < 1:
            complaints.append(f"task {gid} is half-done: {full['name']!r}, stories {dict(kinds)}")
        if gid in known:
            texts = [story["text"] for story in stories if story["resource_subtype"] == "comment_added"]
            complaints += compare(known[gid], row, kinds, texts)
    return complaints


def compare(task, row, kinds, texts):
    """The complaints about one known task. An unsure change must be there whole or not at all."""
    if task.unsure:
        what, value, story = task.unsure
        made = value in texts if what == "comment" else row[what] == value
        told = kinds[story] == task.stories[story] + 1
        if made != told:
            task.unsure = ()
            return [f"task {task.gid}: {what} is half-done: made {made}, story {told}"]
        if made:
            settle(task)
        task.unsure = ()
    complaints = []
    for what in ("name", "completed", "section"):
        if row[what] != getattr(task, what):
            complaints.append(f"task {task.gid}: {what} is {row[what]!r}, acknowledged was {getattr(task, what)!r}")
    if sorted(texts) != sorted(task.comments):
        complaints.append(f"task {task.gid}: {len(texts)} comments, acknowledged were {len(task.comments)}")
    for story, count in task.stories.items():
        if kinds[story] != count:
            complaints.append(f"task {task.gid}: {kinds[story]} stories {story}, acknowledged changes were {count}")
    return complaints


def crash_rounds(kind, rounds, seed):
    """All rounds on one database. Returns the number of rounds without a complaint."""
    chance = random.Random(seed)
    clean = total = 0
    with server.running(kind) as running:
        world = build(running)
        tasks = [[] for _ in range(THREADS)]
        for number in range(1, rounds + 1):
            writers = [Writer(i, world, running, tasks[i], random.Random(chance.random())) for i in range(THREADS)]
            for writer in writers:
                writer.start()
            time.sleep(chance.uniform(0.05, 1.0))
            running.kill()
            for writer in writers:
                writer.join(60)
            started = time.monotonic()
            running.start()
            ready = time.monotonic() - started
            client = server.Client(running, world.token)
            complaints = verify(client, world, tasks, {w.unsure_name for w in writers if w.unsure_name})
            known = {task.gid for owned in tasks for task in owned}
            for row in list(client.pages(f"/projects/{world.project}/tasks", opt_fields="name")):
                if row["gid"] not in known:
                    # Created, but the answer was lost: out of the way, so that the next round knows every task.
                    client.call("DELETE", f"/tasks/{row['gid']}")
            client.close()
            running.admin("check")
            complaints += [f"{w.name} failed: {w.problem!r}" for w in writers if w.problem or w.is_alive()]
            written = sum(w.acknowledged for w in writers)
            total += written
            print(f"  {kind} round {number}: {written} writes acknowledged, up again after {ready:.2f} s, "
                  f"{len(complaints)} complaints", flush=True)
            for complaint in complaints[:20]:
                print(f"    FAILED  {complaint}", flush=True)
            clean += not complaints
    print(f"{kind}: {total} acknowledged writes, {len(known)} tasks", flush=True)
    if total < rounds:
        raise server.Failed(f"only {total} writes in {rounds} rounds: the test did not test anything")
    return clean


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--database", choices=[*server.DATABASES, "both"], default="both")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    arguments = parser.parse_args()
    server.end_cleanly_on_signals()
    print(f"seed {arguments.seed}", flush=True)
    kinds = server.databases(arguments.database)
    clean = sum(crash_rounds(kind, arguments.rounds, arguments.seed) for kind in kinds)
    server.finish(clean, len(kinds) * arguments.rounds - clean)


if __name__ == "__main__":
    try:
        main()
    except (server.Failed, server.ApiError) as problem:
        sys.exit(f"FAILED  {problem}")

"""Exports a large workspace from the real binary, restores it into an empty server, and exports it again: the files must be equal.

    python3 tests/export/run.py [--tasks 5000] [--database sqlite|postgres|both]

Tasks are made in batch requests. While the export is made the anonymous memory of the server is watched and other requests
must be answered. The second server has the other database, if both are tested. `vinyasa admin check` must be clean on it, its
gids must go on after the old ones, and an export that is killed half-way must be finished after the next start.
"""

import argparse
import concurrent.futures
import contextlib
import gzip
import hashlib
import http.client
import json
import sys
import tarfile
import threading
import time
import urllib.parse
import uuid
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import server  # noqa: E402

MEMORY = 200  # MB of anonymous memory that a server may take: issue 3.
SLOWEST = 5.0  # seconds that another request may take meanwhile, on a busy machine.
PER_BATCH = 10
WRITERS = 4
ATTACHED = 20


def make(running, world, count):
    """Tasks with notes, dates, custom fields and comments in some projects, and a few files."""
    client = server.Client(running, world.ada.token, timeout=120)
    team = client.post("/teams", {"name": "Crew", "organization": world.workspace})["gid"]
    field = client.post("/custom_fields", {"workspace": world.workspace, "name": "Effort", "resource_subtype": "number",
                                           "precision": 2})["gid"]
    projects = []
    for number in range(max(1, count // 2000)):
        project = client.post("/projects", {"name": f"Project {number}", "team": team})["gid"]
        client.post(f"/projects/{project}/addCustomFieldSetting", {"custom_field": field})
        projects.append(project)

    def batch(first):
        own = clients.get(threading.get_ident())
        if own is None:
            own = clients[threading.get_ident()] = server.Client(running, world.ada.token, timeout=120)
        actions = [{"method": "post", "relative_path": "/tasks",
                    "data": {"name": f"Task {number} ünïcode", "projects": [projects[number % len(projects)]],
                             "notes": f"What is to be done in {number}. " * 8, "due_on": "2031-05-06",
                             "assignee": world.bob.gid, "custom_fields": {field: number / 7}}}
                   for number in range(first, min(count, first + PER_BATCH))]
        answers = own.post("/batch", {"actions": actions})
        bad = [answer for answer in answers if answer["status_code"] != 201]
        if bad:
            raise server.Failed(f"a task was not made: {bad[0]}")
        return [answer["body"]["data"]["gid"] for answer in answers]

    clients = {}
    with concurrent.futures.ThreadPoolExecutor(WRITERS) as pool:
        tasks = [gid for made in pool.map(batch, range(0, count, PER_BATCH)) for gid in made]
    for number, task in enumerate(tasks[:ATTACHED]):
        attach(running, world.ada.token, task, f"file {number // 2}\n".encode() * 40_000)
        client.post(f"/tasks/{task}/stories", {"text": f"Comment {number}"})
    client.call("DELETE", f"/tasks/{tasks[-1]}")
    return tasks


def attach(running, token, task, content):
    boundary = uuid.uuid4().hex
    body = (f"--{boundary}\r\nContent-Disposition: form-data; name=\"parent\"\r\n\r\n{task}\r\n--{boundary}\r\n"
            f"Content-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\n").encode()
    body += content + f"\r\n--{boundary}--\r\n".encode()
    connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=60)
    with contextlib.closing(connection):
        connection.request("POST", f"{server.API}/attachments", body, {
            "Authorization": f"Bearer {token}", "Content-Type": f"multipart/form-data; boundary={boundary}"})
        if connection.getresponse().status != 200:
            raise server.Failed("a file was not attached")


class Watch(threading.Thread):
    """Watches the memory of a server and asks it something all the time."""

    def __init__(self, running, token, path):
        super().__init__(daemon=True)
        self.running, self.token, self.path = running, token, path
        self.over = threading.Event()
        self.memory, self.slowest, self.answered, self.problem = 0, 0.0, 0, None

    def run(self):
        client = server.Client(self.running, self.token)
        try:
            while not self.over.wait(0.02):
                started = time.monotonic()
                client.get(self.path)
                self.slowest = max(self.slowest, time.monotonic() - started)
                self.answered += 1
                self.memory = max(self.memory, anonymous(self.running))
        except Exception as problem:  # noqa: BLE001
            self.problem = problem
        finally:
            client.close()

    def end(self):
        self.over.set()
        self.join()
        if self.problem:
            raise server.Failed(f"another request was not answered: {self.problem}")
        if not self.answered:
            raise server.Failed("no other request was answered meanwhile")
        if self.memory > MEMORY:
            raise server.Failed(f"the server took {self.memory} MB of anonymous memory")
        if self.slowest > SLOWEST:
            raise server.Failed(f"another request took {self.slowest:.1f} s")


def anonymous(running):
    """MB of anonymous memory of the server."""
    text = Path(f"/proc/{running.process.pid}/status").read_text()
    return next(int(line.split()[1]) // 1024 for line in text.splitlines() if line.startswith("RssAnon"))


def ask(running, token, workspace):
    client = server.Client(running, token)
    gid = client.post("/organization_exports", {"organization": workspace})["gid"]
    client.close()
    return gid


def wait_for(running, token, gid, seconds):
    client = server.Client(running, token)
    fields = "state,download_url,files_url,sha256,size"
    end = time.monotonic() + seconds
    while True:
        export = client.get(f"/organization_exports/{gid}", opt_fields=fields)
        if export["state"] in ("finished", "error"):
            client.close()
            if export["state"] == "error":
                raise server.Failed("the export ended with an error")
            return export
        if time.monotonic() > end:
            raise server.Failed(f"the export is {export['state']} after {seconds} s")
        time.sleep(0.2)


def kill_half_way(running, token, gid):
    """Kills the server once the export has begun; returns how far it was then."""
    client = server.Client(running, token)
    while (state := client.get(f"/organization_exports/{gid}")["state"]) == "pending":
        time.sleep(0.001)
    running.kill()
    client.close()
    return state


def download(running, address, path):
    parts = urllib.parse.urlsplit(address)
    connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=60)
    with contextlib.closing(connection), open(path, "wb") as out:
        connection.request("GET", f"{parts.path}?{parts.query}")
        answer = connection.getresponse()
        if answer.status != 200:
            raise server.Failed(f"{address} answered {answer.status}")
        while chunk := answer.read(1 << 16):
            out.write(chunk)


def hashes(path):
    """The hash of every record of an export."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [hashlib.sha256(line.rstrip("\n,").encode()).hexdigest() for line in lines]


def round_trip(kind, other, count):
    with server.running(kind) as old, server.running(other) as new:
        world = old.world()
        started = time.monotonic()
        tasks = make(old, world, count)
        made = time.monotonic() - started
        token = world.ada.token
        directory = old.directory

        gid = ask(old, token, world.workspace)
        killed = kill_half_way(old, token, gid)
        old.start()
        wait_for(old, token, gid, 120 + count / 100)

        watch = Watch(old, token, f"/tasks/{tasks[0]}")
        watch.start()
        started = time.monotonic()
        export = wait_for(old, token, ask(old, token, world.workspace), 120 + count / 100)
        exported = time.monotonic() - started
        watch.end()
        records, files = directory / "export.json.gz", directory / "files.tar"
        download(old, export["download_url"], records)
        download(old, export["files_url"], files)
        if hashlib.sha256(records.read_bytes()).hexdigest() != export["sha256"]:
            raise server.Failed("the file has another checksum")
        check_files(records, files)

        new.stop()
        started = time.monotonic()
        done = new.admin("workspace", "restore", str(records), "--files", str(files), "--json",
                         "--storage", str(new.data / "files"), patience=120 + count / 50)
        restored = time.monotonic() - started
        if done["gid"] != world.workspace:
            raise server.Failed(f"the workspace has the gid {done['gid']}, not {world.workspace}")
        new.admin("check", patience=300)
        token = new.admin("token", "create", "--user", world.ada.email, "--json")["token"]
        new.start()
        again = wait_for(new, token, ask(new, token, world.workspace), 120 + count / 100)
        copy = directory / "again.json.gz"
        download(new, again["download_url"], copy)
        if hashes(records) != hashes(copy):
            raise server.Failed("the records of the second export are others")
        if again["sha256"] != export["sha256"]:
            raise server.Failed("the second export is another file")
        client = server.Client(new, token)
        shown = client.get("/attachments", parent=tasks[0], opt_fields="download_url")
        attached = directory / "attached"
        download(new, shown[0]["download_url"], attached)
        if attached.read_bytes() != b"file 0\n" * 40_000:
            raise server.Failed("an attached file has other bytes")
        fresh = client.post("/tasks", {"name": "New", "workspace": world.workspace})
        if int(fresh["gid"]) <= max(map(int, tasks)):
            raise server.Failed(f"a new task has the gid {fresh['gid']}, which is not above the old ones")
        left = [path.name for one in (old, new) if one.data.exists() for path in one.data.glob("snapshot-*")]
        if left:
            raise server.Failed(f"copies of the database are left: {left}")
        print(f"ok  {kind} to {other}: {count} tasks made in {made:.0f} s, {done['records']} records and {done['files']} files "
              f"exported in {exported:.1f} s ({records.stat().st_size >> 10} KB), restored in {restored:.1f} s; "
              f"{watch.memory} MB, {watch.answered} requests meanwhile, the slowest {watch.slowest * 1000:.0f} ms; "
              f"killed while {killed}", flush=True)


def check_files(records, files):
    """The tar file has the bytes of every attachment, once, under their checksums."""
    with gzip.open(records, "rt", encoding="utf-8") as text:
        document = json.load(text)
    wanted = {one["sha256"] for one in document["records"] if one["type"] == "attachments" and one["sha256"]}
    found = {}
    with tarfile.open(files) as tar:
        for entry in tar:
            found[entry.name] = hashlib.sha256(tar.extractfile(entry).read()).hexdigest()
    if found != {f"files/{sha256}": sha256 for sha256 in wanted}:
        raise server.Failed("the tar file has other files than the attachments")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tasks", type=int, default=5000)
    parser.add_argument("--database", choices=[*server.DATABASES, "both"], default="both")
    options = parser.parse_args()
    server.end_cleanly_on_signals()
    kinds = server.databases(options.database)
    passed = failed = 0
    for kind, other in zip(kinds, reversed(kinds)):
        try:
            round_trip(kind, other, options.tasks)
            passed += 1
        except (server.Failed, server.ApiError) as problem:
            print(f"FAILED  {kind} to {other}: {problem}", flush=True)
            failed += 1
    server.finish(passed, failed)


if __name__ == "__main__":
    main()

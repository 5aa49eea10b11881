"""Events and webhooks under fire: writers, a server that is killed, targets that fail.

    python3 tests/fire/run.py [--changes 1000] [--kills 3] [--database sqlite|postgres|both] [--seed N]

Eight writers comment on tasks of one project while the server gets SIGKILL and is started again. Three webhooks watch the
project; their target fails a third of its requests, some of them after it has taken what came. A client polls the events all the while. In the end every
acknowledged comment must have reached each webhook and the poller at least once, first sightings in the order of writing for
each task, every signature right on the exact bytes, and nothing told that the server does not have at that moment. On
PostgreSQL two servers share the database, and one commit in thirty takes half a second longer.
"""

import argparse
import contextlib
import hashlib
import hmac
import http.client
import http.server
import json
import random
import subprocess
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import server  # noqa: E402

WRITERS = 8
HOOKS = 3
ARGUMENTS = ("--allow-private-network",)

# A transaction gets its number when it writes its event and commits up to half a second later, behind younger ones.
SLOW_COMMITS = """
CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN IF random() < 0.01 THEN PERFORM pg_sleep(0.5); END IF; RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON events DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION slow();
"""


class World:
    """What the threads share."""

    def __init__(self, nodes, token, seed):
        self.nodes, self.token = nodes, token
        self.chance = random.Random(seed)
        self.lock = threading.Lock()
        self.complaints = []
        self.written = 0
        self.over = False

    def complain(self, text):
        with self.lock:
            self.complaints.append(text)

    def request(self, work):
        """Runs `work` with a client of any node until it is answered or all is over."""
        while True:
            node = self.chance.choice(self.nodes)
            try:
                with contextlib.closing(server.Client(node, self.token)) as client:
                    return work(client)
            except (OSError, http.client.HTTPException):
                time.sleep(0.05)


class Writer(threading.Thread):
    """Comments on its own task; remembers what was acknowledged, in order."""

    def __init__(self, world, task, changes):
        super().__init__(daemon=True)
        self.world, self.task, self.changes = world, task, changes
        self.told = []

    def run(self):
        try:
            client = None
            number = 0
            while len(self.told) < self.changes:
                try:
                    if client is None:
                        client = server.Client(self.world.chance.choice(self.world.nodes), self.world.token)
                    number += 1
                    self.told.append(client.post(f"/tasks/{self.task}/stories", {"text": f"comment {number}"})["gid"])
                    with self.world.lock:
                        self.world.written += 1
                except (OSError, http.client.HTTPException):
                    if client:
                        client.close()
                    client = None
                    time.sleep(0.05)
        except Exception as problem:  # noqa: BLE001
            self.world.complain(f"a writer failed: {problem!r}")


class Target(http.server.ThreadingHTTPServer):
    """Takes two thirds of what comes."""

    daemon_threads = True

    def __init__(self, world, seed):
        super().__init__(("127.0.0.1", 0), Handler)
        self.world, self.chance = world, random.Random(seed)
        self.secrets, self.seen, self.requests, self.failed = {}, {}, 0, 0
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def url(self, hook):
        return f"http://127.0.0.1:{self.server_port}/{hook}"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        target, world, hook = self.server, self.server.world, self.path.strip("/")
        secret = self.headers.get("X-Hook-Secret")
        if secret:
            target.secrets[hook] = secret
            target.seen[hook] = []
            return self.answer(200, X_Hook_Secret=secret)
        wanted = hmac.new(target.secrets[hook].encode(), body, hashlib.sha256).hexdigest()
        if self.headers.get("X-Hook-Signature") != wanted:
            world.complain(f"hook {hook}: wrong signature")
        if json.dumps(json.loads(body), separators=(",", ":"), ensure_ascii=False).encode() != body:
            world.complain(f"hook {hook}: not as JSON.stringify writes it: {body[:200]!r}")
        with world.lock:
            target.requests += 1
            fate = target.chance.random()
            fails = fate < 1 / 3
            target.failed += fails
        stories = [e["resource"]["gid"] for e in json.loads(body)["events"] if e["resource"]["resource_type"] == "story"]
        if stories and not world.over:
            exists(world, stories[-1])
        if not fails or fate < 1 / 9:
            with world.lock:
                target.seen[hook] += stories
        self.answer(500 if fails else 200)


def exists(world, story):
    """What is told must be there now, on whichever node is up."""
    for node in world.nodes:
        try:
            with contextlib.closing(server.Client(node, world.token, timeout=5)) as client:
                client.get(f"/stories/{story}")
        except server.ApiError as problem:
            if problem.status == 404:
                world.complain(f"story {story} was told and is not there")
        except (OSError, http.client.HTTPException):
            pass


class Poller(threading.Thread):
    """Polls the project's events."""

    def __init__(self, world, project):
        super().__init__(daemon=True)
        self.world, self.project, self.seen = world, project, []
        self.sync = self.fresh()

    def fresh(self):
        def ask(client):
            client.connection.request("GET", f"{server.API}/events?resource={self.project}", headers={"Authorization": f"Bearer {self.world.token}"})
            answer = client.connection.getresponse()
            return json.loads(answer.read())["sync"]
        return self.world.request(ask)

    def run(self):
        try:
            while not self.world.over:
                page = self.world.request(lambda c: c.call("GET", "/events", resource=self.project, sync=self.sync))
                self.seen += [e["resource"]["gid"] for e in page["data"] if e["type"] == "story"]
                self.sync = page["sync"]
                if not page["has_more"]:
                    time.sleep(0.1)
        except Exception as problem:  # noqa: BLE001
            self.world.complain(f"the poller failed: {problem!r}")


def first_sightings(seen, wanted):
    """The wanted ones in the order in which they were first seen."""
    wanted, found = set(wanted), {}
    for gid in seen:
        if gid in wanted:
            found.setdefault(gid)
    return list(found)


def fire(kind, changes, kills, seed):
    with server.temporary_directory(f"fire-{kind}") as directory, contextlib.ExitStack() as stack:
        nodes = []
        if kind == "sqlite":
            nodes.append(stack.enter_context(server.Server(directory, None, ARGUMENTS)))
        else:
            cluster = stack.enter_context(server.Postgres(directory))
            url = cluster.new_database()
            for number in range(2):
                place = directory / f"node-{number}"
                place.mkdir()
                nodes.append(stack.enter_context(server.Server(place, url, ARGUMENTS)))
            psql = [str(cluster.bin / "psql"), "-q", "-v", "ON_ERROR_STOP=1", url]
            subprocess.run(psql, input=SLOW_COMMITS, text=True, check=True, env=server.clean_environment())
        people = nodes[0].world()
        world = World(nodes, people.ada.token, seed)
        client = server.Client(nodes[0], world.token)
        team = client.post("/teams", {"name": "Fire", "organization": people.workspace})["gid"]
        project = client.post("/projects", {"name": "Fire", "workspace": people.workspace, "team": team})["gid"]
        tasks = [client.post("/tasks", {"name": f"task {n}", "projects": [project]})["gid"] for n in range(WRITERS)]
        target = Target(world, seed)
        for hook in range(HOOKS):
            client.post("/webhooks", {"resource": project, "target": target.url(hook)})
        client.close()
        poller = Poller(world, project)
        writers = [Writer(world, task, changes // WRITERS) for task in tasks]
        for thread in [poller, *writers]:
            thread.start()
        total = changes // WRITERS * WRITERS
        for kill in range(1, kills + 1):
            moment = total * kill // (kills + 1)
            server.wait_until(lambda: world.written >= moment or world.complaints, 600, f"change {moment}")
            node = nodes[kill % len(nodes)]
            node.kill()
            time.sleep(world.chance.uniform(0, 0.5))
            node.start()
        for writer in writers:
            writer.join(600)

        def all_told():
            everywhere = [*target.seen.values(), poller.seen]
            with world.lock:
                return bool(world.complaints) or all(set(writer.told) <= set(seen) for writer in writers for seen in everywhere)

        started = time.monotonic()
        try:
            server.wait_until(all_told, 300, "everything being told")
        except server.Failed as problem:
            world.complain(str(problem))
        waited = time.monotonic() - started
        world.over = True
        poller.join(30)
        for name, seen in [*((f"hook {hook}", seen) for hook, seen in target.seen.items()), ("the poller", poller.seen)]:
            for writer in writers:
                found = first_sightings(seen, writer.told)
                missing = set(writer.told) - set(found)
                if missing:
                    world.complain(f"{name}: {len(missing)} of {len(writer.told)} comments were never told")
                elif found != writer.told:
                    world.complain(f"{name}: task {writer.task} was told out of order")
        if target.failed == 0:
            world.complain("no request failed: the test did not test anything")
        target.shutdown()
    for complaint in world.complaints[:20]:
        print(f"FAILED  {kind}: {complaint}", flush=True)
    told = {hook: len(seen) for hook, seen in target.seen.items()}
    print(f"{kind}: {world.written} changes, {kills} kills, {target.requests} requests of which {target.failed} failed, "
          f"told {told}, the poller {len(poller.seen)}; all told {waited:.1f} s after the last change", flush=True)
    return not world.complaints


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--changes", type=int, default=1_000)
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--database", choices=[*server.DATABASES, "both"], default="both")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    arguments = parser.parse_args()
    server.end_cleanly_on_signals()
    print(f"seed {arguments.seed}", flush=True)
    kinds = server.databases(arguments.database)
    passed = sum(fire(kind, arguments.changes, arguments.kills, arguments.seed) for kind in kinds)
    server.finish(passed, len(kinds) - passed)


if __name__ == "__main__":
    try:
        main()
    except (server.Failed, server.ApiError) as problem:
        sys.exit(f"FAILED  {problem}")

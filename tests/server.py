"""Starts what the outside-in tests need: the real binary, a throw-away PostgreSQL, a workspace with people and tokens.

Standard library only. Everything binds 127.0.0.1 on a port the system picked, lives in a temporary directory, and is
ended by its process id when the `with` block is left, also after an error or a SIGTERM.
"""

import contextlib
import glob
import http.client
import json
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
ENVIRONMENT = TARGET / "test-environment"
VENV_PYTHON = ENVIRONMENT / "venv" / "bin" / "python"
NODE_MODULES = ENVIRONMENT / "node" / "node_modules"
API = "/api/1.0"
DATABASES = ("sqlite", "postgres")


class Failed(Exception):
    """A test failed or could not run; the message is for the person who reads the log."""


def binary():
    """The debug binary that `cargo build` makes, or the one named by VINYASA_BINARY."""
    path = Path(os.environ.get("VINYASA_BINARY", TARGET / "debug" / "vinyasa"))
    if not path.is_file():
        raise Failed(f"{path} is not there: run `cargo build` first")
    return path


def end_cleanly_on_signals():
    """Turns SIGTERM and SIGHUP into an exit that runs every `finally`, so that no child process is left behind."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(143))


def free_port():
    """A port of 127.0.0.1 that was free a moment ago."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def clean_environment(**extra):
    """Our environment without anybody's VINYASA_ or PG settings, and without proxies for loopback."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("VINYASA_", "PG"))}
    return {**kept, "NO_PROXY": "*", "no_proxy": "*", **extra}


def wait_until(condition, seconds, what):
    """Polls `condition` until it is true; fails when `seconds` are over."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise Failed(f"{what} did not happen within {seconds} s")
        time.sleep(0.02)


def end(process, first=signal.SIGTERM, patience=15):
    """Ends a process we started: asks with `first`, then after `patience` seconds kills it. Returns its exit code."""
    if process.poll() is None:
        process.send_signal(first)
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            process.kill()
    return process.wait()


@contextlib.contextmanager
def temporary_directory(name):
    """A private directory under the system's temporary one, removed at the end."""
    path = Path(tempfile.mkdtemp(prefix=f"vinyasa-{name}-"))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


class Postgres:
    """A PostgreSQL cluster of our own. As root it runs as the `postgres` user, since it refuses to run as root."""

    def __init__(self, directory):
        self.data = directory / "postgres"
        self.bin = self.find()
        self.user = "postgres" if os.geteuid() == 0 else None
        self.port = free_port()
        self.count = 0

    @staticmethod
    def find():
        """The directory of the newest installed server's programs."""
        found = glob.glob("/usr/lib/postgresql/*/bin/initdb")
        if found:
            newest = max(found, key=lambda path: float(path.split("/")[4]))
            return Path(newest).parent
        on_path = shutil.which("initdb")
        if on_path:
            return Path(on_path).parent
        raise Failed("no PostgreSQL server programs: `python3 tests/run.py prepare` installs them")

    def __enter__(self):
        self.data.mkdir()
        if self.user:
            account = pwd.getpwnam(self.user)
            self.data.parent.chmod(0o711)
            os.chown(self.data, account.pw_uid, account.pw_gid)
        # Durability of the cluster itself is not what the tests are about: only our server is ever killed.
        # English sorting, as most installations have it, shows where an ORDER BY forgot to say that it goes by bytes.
        self.run("initdb", "-D", self.data, "-U", "vinyasa", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8",
                 "--locale-provider=icu", "--icu-locale=en-US", "--no-sync")
        settings = [f"port={self.port}", "listen_addresses=127.0.0.1", f"unix_socket_directories={self.data}",
                    "fsync=off", "max_connections=200", "logging_collector=off"]
        command = [self.bin / "postgres", "-D", self.data]
        for setting in settings:
            command += ["-c", setting]
        self.log = open(self.data.parent / "postgres.log", "wb")
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
                                        cwd="/", env=clean_environment(), **self.account())
        try:
            wait_until(self.answers, 60, "PostgreSQL answering")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        end(self.process, signal.SIGQUIT)
        self.log.close()

    def account(self):
        return {"user": self.user, "group": self.user, "extra_groups": []} if self.user else {}

    def run(self, program, *arguments):
        done = subprocess.run([self.bin / program, *map(str, arguments)], stdin=subprocess.DEVNULL, cwd="/",
                              capture_output=True, text=True, env=clean_environment(), **self.account())
        if done.returncode:
            raise Failed(f"{program} failed: {done.stderr.strip()}")

    def answers(self):
        if self.process.poll() is not None:
            raise Failed(f"PostgreSQL ended at once: {Path(self.log.name).read_text(errors='replace')[-2000:]}")
        check = [self.bin / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        return subprocess.run(check, cwd="/", env=clean_environment()).returncode == 0

    def new_database(self):
        """Makes an empty database and returns its URL."""
        self.count += 1
        name = f"vinyasa_{self.count}"
        self.run("createdb", "-h", "127.0.0.1", "-p", self.port, "-U", "vinyasa", name)
        return f"postgres://vinyasa@127.0.0.1:{self.port}/{name}"


@dataclass
class Person:
    """Somebody of a workspace, with a token that speaks for them."""

    gid: str
    email: str
    token: str


@dataclass
class World:
    """The small world that every test starts from: Acme with three people, and one stranger at Globex."""

    workspace: str
    domain: str
    ada: Person  # admin
    bob: Person  # member
    eve: Person  # guest
    mallory: Person  # admin of another workspace
    tokens: dict = field(default_factory=dict)


class Server:
    """The real binary on one data directory. Can be stopped, killed and started again on the same data."""

    def __init__(self, directory, database_url=None, arguments=(), environment=None):
        self.directory = directory
        self.environment = environment or {}
        self.database_url = database_url
        self.arguments = list(arguments)
        self.data = directory / "data"
        self.log_path = directory / "server.log"
        self.process = None
        self.port = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, kind, *_):
        self.stop()
        if kind is not None and not issubclass(kind, SystemExit):
            sys.stderr.write(f"--- the server's last lines\n{self.last_lines()}\n---\n")

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def api(self):
        return self.url + API

    def start(self, patience=60):
        """Starts the server and returns when `GET /health` answers 200. Tries another port if somebody was faster."""
        for attempt in range(3):
            self.port = free_port()
            command = [binary(), "serve", "--listen", f"127.0.0.1:{self.port}", "--data-dir", self.data, *self.arguments]
            if self.database_url:
                command += ["--database-url", self.database_url]
            with open(self.log_path, "ab") as log:
                self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                                cwd=self.directory, env=clean_environment(**self.environment))
            try:
                wait_until(self.healthy, patience, "the server answering /health")
                return
            except Failed:
                end(self.process)
                taken = re.search(r"in use", self.last_lines(5))
                if attempt == 2 or not taken:
                    raise

    def healthy(self):
        if self.process.poll() is not None:
            raise Failed(f"the server ended with {self.process.returncode}:\n{self.last_lines()}")
        try:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
            with contextlib.closing(connection):
                connection.request("GET", "/health")
                return connection.getresponse().status == 200
        except OSError:
            return False

    def stop(self):
        """Stops the server in its own good time; it must have drained within 15 s."""
        if self.process is not None:
            end(self.process)
            self.process = None

    def kill(self):
        """SIGKILL: the server gets no chance to finish anything."""
        self.process.kill()
        self.process.wait()
        self.process = None

    def last_lines(self, count=40):
        if not self.log_path.exists():
            return ""
        return "\n".join(self.log_path.read_text(errors="replace").splitlines()[-count:])

    def admin(self, *arguments, patience=120):
        """Runs `vinyasa admin …` on this server's data and returns the JSON it prints (None if it prints none)."""
        where = ["--database-url", self.database_url] if self.database_url else ["--data-dir", str(self.data)]
        command = [str(binary()), "admin", *arguments, *where]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, cwd=self.directory,
                              env=clean_environment(), timeout=patience)
        if done.returncode:
            raise Failed(f"`vinyasa {' '.join(command[1:])}` ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return json.loads(done.stdout) if "--json" in arguments else done.stdout

    def person(self, workspace, name, email, role):
        made = self.admin("user", "create", "--email", email, "--name", name, "--workspace", workspace,
                          "--role", role, "--token", "--json")
        return Person(str(made["gid"]), email, made["token"])

    def world(self, prefix=""):
        """Makes Acme with ada, bob and eve, and Globex with mallory; `prefix` keeps several worlds of one server apart."""
        domain = f"{prefix}acme.example"
        acme = self.admin("workspace", "create", "Acme", "--organization", "--email-domain", domain, "--json")["gid"]
        globex = self.admin("workspace", "create", "Globex", "--organization",
                            "--email-domain", f"{prefix}globex.example", "--json")["gid"]
        return World(
            workspace=str(acme),
            domain=domain,
            ada=self.person(str(acme), "Ada Admin", f"ada@{domain}", "admin"),
            bob=self.person(str(acme), "Bob Member", f"bob@{domain}", "member"),
            eve=self.person(str(acme), "Eve Guest", f"eve@{prefix}guests.example", "guest"),
            mallory=self.person(str(globex), "Mallory Stranger", f"mallory@{prefix}globex.example", "admin"),
        )


class ApiError(Exception):
    """The server answered with a 4xx or 5xx."""

    def __init__(self, status, body):
        super().__init__(f"HTTP {status}: {body[:300]!r}")
        self.status = status


class Client:
    """A plain HTTP client on one connection that it keeps open. Not for sharing between threads."""

    def __init__(self, server, token, timeout=30):
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=timeout)
        self.token = token

    def call(self, method, path, data=None, **query):
        """Sends one request; returns the whole decoded answer. Raises OSError or HTTPException if the line breaks."""
        if query:
            path += "?" + urllib.parse.urlencode(query)
        headers = {"Authorization": f"Bearer {self.token}"}
        body = None
        if data is not None:
            body = json.dumps({"data": data})
            headers["Content-Type"] = "application/json"
        self.connection.request(method, API + path, body, headers)
        answer = self.connection.getresponse()
        content = answer.read()
        if answer.status >= 400:
            raise ApiError(answer.status, content)
        return json.loads(content)

    def get(self, path, **query):
        return self.call("GET", path, **query)["data"]

    def post(self, path, data):
        return self.call("POST", path, data)["data"]

    def put(self, path, data):
        return self.call("PUT", path, data)["data"]

    def pages(self, path, **query):
        """Every row of a list, page by page."""
        query.setdefault("limit", 100)
        while True:
            answer = self.call("GET", path, **query)
            yield from answer["data"]
            if not answer["next_page"]:
                return
            query["offset"] = answer["next_page"]["offset"]

    def close(self):
        self.connection.close()


@contextlib.contextmanager
def database(kind, directory):
    """The URL of an empty database of the kind: None for SQLite, whose file is in the server's data directory."""
    if kind == "sqlite":
        yield None
    else:
        with Postgres(directory) as cluster:
            yield cluster.new_database()


@contextlib.contextmanager
def running(kind, arguments=()):
    """A started server on an empty database of `kind` ("sqlite" or "postgres")."""
    with temporary_directory(kind) as directory:
        with database(kind, directory) as url:
            with Server(directory, url, arguments) as server:
                yield server


def databases(argument):
    """What `--database` asks for, as a list of kinds."""
    return list(DATABASES) if argument == "both" else [argument]


def finish(passed, failed):
    """Prints the closing line of a test program and ends it with 0 only if something passed and nothing failed."""
    print(f"{passed} passed, {failed} failed", flush=True)
    sys.exit(0 if passed and not failed else 1)

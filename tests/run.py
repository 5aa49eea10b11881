"""Runs what CI runs, in the same order: `python3 tests/run.py test`. `python3 tests/run.py STEP [options]` runs one step.

Installs what is missing first: on a fresh Debian machine with Rust, Node and Python that is a PostgreSQL server, and the
official SDKs and schemathesis in a private environment under target/. Prints how long each step took and stops at the first
failure. Standard library only.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
import server
from server import ENVIRONMENT, ROOT, VENV_PYTHON, Failed

ASANA_FOR_NODE = "asana@3.2.0"
CREATE_CLUSTER = "/etc/postgresql-common/createcluster.conf"
REQUIREMENTS = ROOT / "tests" / "requirements.txt"


class Skipped(Exception):
    """The step could not run here, and that is allowed; the message says why, loudly."""


def run(*command, **environment):
    """Runs a command in the repository's root; fails if it fails. It is ended with us."""
    command = [str(part) for part in command]
    print("$ " + " ".join(command), flush=True)
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, env={**os.environ, **environment})
    try:
        code = process.wait()
    finally:
        server.end(process)
    if code:
        raise Failed(f"`{' '.join(command)}` ended with {code}")


def cargo(*arguments, **environment):
    run("cargo", *arguments, **environment)


def script(name, *options):
    """A test program of ours, in the Python environment with the libraries."""
    run(VENV_PYTHON, ROOT / "tests" / name, *options)


# --- what is installed -------------------------------------------------------------------------------------------


def apt_install(*packages):
    """Installs Debian packages; without the right to do so it says which command is needed."""
    needed = f"apt-get install {' '.join(packages)}"
    if not shutil.which("apt-get"):
        raise Failed(f"missing: {' '.join(packages)}. This machine has no apt-get; install them its own way")
    if os.geteuid() == 0:
        prefix = []
    elif shutil.which("sudo") and subprocess.run(["sudo", "-n", "true"], capture_output=True).returncode == 0:
        prefix = ["sudo", "-n"]
    else:
        raise Failed(f"missing: {' '.join(packages)}. As root, run: {needed}")
    quiet = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300"]
    install = [*prefix, *quiet, "install", "-y", "--no-install-recommends"]
    run(*prefix, *quiet, "update")
    if "postgresql" in packages:
        # Its programs are all we need: without this line Debian also makes a cluster and starts it as a service.
        run(*install, "postgresql-common")
        run(*prefix, "sed", "-i", r"s/^#\?create_main_cluster.*/create_main_cluster = false/", CREATE_CLUSTER)
    run(*install, *packages)


def prepare(*_):
    """Installs what is missing: a C compiler, npm, PostgreSQL, the Python and the Node environment."""
    for program, package in (("cc", "build-essential"), ("npm", "npm")):
        if not shutil.which(program):
            apt_install(package)
    try:
        server.Postgres.find()
    except Failed:
        apt_install("postgresql")
    prepare_python()
    prepare_node()


def up_to_date(directory, wanted):
    """Whether the environment was completely made from `wanted`; removes it if not."""
    stamp = directory / "made-from"
    if stamp.is_file() and stamp.read_text() == wanted:
        return True
    shutil.rmtree(directory, ignore_errors=True)
    return False


def prepare_python():
    directory = VENV_PYTHON.parent.parent
    wanted = f"{sys.version_info[:2]} {hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()}"
    if up_to_date(directory, wanted):
        return
    making = subprocess.run([sys.executable, "-m", "venv", directory], capture_output=True, text=True)
    if making.returncode:  # Debian keeps the module in a package of its own.
        apt_install("python3-venv")
        shutil.rmtree(directory, ignore_errors=True)
        run(sys.executable, "-m", "venv", directory)
    run(VENV_PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", REQUIREMENTS)
    (directory / "made-from").write_text(wanted)


def prepare_node():
    directory = ENVIRONMENT / "node"
    if up_to_date(directory, ASANA_FOR_NODE):
        return
    directory.mkdir(parents=True)
    (directory / "package.json").write_text('{ "private": true }\n')
    run("npm", "install", "--prefix", directory, "--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error", ASANA_FOR_NODE)
    (directory / "made-from").write_text(ASANA_FOR_NODE)


# --- the steps ---------------------------------------------------------------------------------------------------


def formatting(*_):
    """The code is formatted."""
    cargo("fmt", "--all", "--check")


def lints(*_):
    """No warning from clippy."""
    cargo("clippy", "--workspace", "--all-targets", "--", "-D", "warnings")


def tests(*options):
    """The Rust tests, on SQLite and PostgreSQL."""
    cargo("test", "--workspace", *options)


def unit(*options):
    """The unit tests of the libraries alone."""
    cargo("test", "--workspace", "--lib", *options)


def tidy(*_):
    """File lengths, migration hashes, links and decision numbers."""
    build()
    run(server.TARGET / "debug" / "xtask", "tidy")


def docs(*_):
    """The documentation builds without a warning."""
    cargo("doc", "--no-deps", "--workspace", "--document-private-items", RUSTDOCFLAGS="-D warnings -A rustdoc::private_intra_doc_links")


def deny(*_):
    """Licences and sources of the dependencies."""
    if subprocess.run(["cargo", "deny", "--version"], capture_output=True).returncode:
        raise Skipped("cargo-deny is not installed, so LICENCES AND SOURCES OF THE DEPENDENCIES WERE NOT CHECKED "
                      "(`cargo install cargo-deny --locked` installs it)")
    cargo("deny", "check", "licenses", "bans", "sources")


def build(*_):
    """The binaries that the following steps start."""
    # Everything, since cargo unites the features of the dependencies of what it is asked for: for one package alone it would
    # compile again half of what the tests have compiled.
    cargo("build", "--workspace", "--all-targets")


def npm(*arguments):
    """npm in web/, quietly."""
    run("npm", "--prefix", ROOT / "web", "--no-audit", "--no-fund", "--loglevel=error", *arguments)


def need_node(*wanted):
    """Fails with words where Node is older than the web application needs."""
    said = subprocess.run(["node", "--version"], capture_output=True, text=True) if shutil.which("node") else None
    found = tuple(int(part) for part in said.stdout.strip().lstrip("v").split(".")[:2]) if said else ()
    if found < wanted:
        raise Failed(f"the web application needs Node {'.'.join(map(str, wanted))} or newer, here is {said.stdout.strip() if said else 'none'}")


def webdist(*_):
    """The web application into web/dist, which the server embeds."""
    need_node(20, 19)
    npm("ci")
    npm("run", "build")


def web(*_):
    """The web application: types, lints, translations, unit tests, build, size budget."""
    need_node(20, 19)
    npm("ci")
    npm("run", "check")
    npm("run", "build")
    npm("run", "size")


def browser(*_):
    """The web application in Chromium, against the binary."""
    if not shutil.which("chromium"):
        apt_install("chromium")
    npm("run", "e2e")


def sdk(*options):
    """The official Python and Node SDKs, on both databases."""
    script("sdk/run.py", *options)


def openapi(*_):
    """openapi.json is valid."""
    script("contract/run.py", "--validate")


def contract(*options):
    """Generated requests against our own openapi.json."""
    script("contract/run.py", *options)


def conformance(*options):
    """Generated requests against an outside document (--spec FILE)."""
    if "--spec" not in options or options[-1] == "--spec" or not options[options.index("--spec") + 1]:
        raise Failed("which document? `make conformance SPEC=path/to/openapi.yaml`")
    script("contract/run.py", *options)


def coverage(*_):
    """The table in README.md is up to date."""
    script("coverage.py", "--check")


def crash(*options):
    """SIGKILL under concurrent writes, on both databases."""
    script("crash/run.py", *options)


def fire(*options):
    """Events and webhooks while the server is killed and targets fail, on both databases."""
    script("fire/run.py", *options)


def mail(*options):
    """Mail through an SMTP server."""
    script("mail/run.py", *options)


def writers(*options):
    """64 parallel writers on SQLite."""
    script("writers/run.py", *options)


def storage(*_):
    """Attachments in a bucket, on a server that speaks the protocol of S3."""
    script("storage/run.py")


def export(*options):
    """A large workspace, exported, restored and exported again, on both databases."""
    script("export/run.py", *options)


def fix(*_):
    """Formats, applies what clippy can mend, and writes the table in README.md."""
    cargo("fmt", "--all")
    cargo("clippy", "--workspace", "--all-targets", "--fix", "--allow-dirty", "--allow-staged")
    build()
    script("coverage.py")


OUTSIDE = (browser, sdk, openapi, contract, conformance, coverage, crash, fire, mail, writers, storage, export)
PLANS = {
    "test": (prepare, web, formatting, lints, tests, tidy, docs, deny, build, browser, sdk, openapi, contract, coverage, crash, fire, mail, writers, storage, export),
    "check": (formatting, lints, unit, tidy),
    "fix": (prepare, fix),
    "prepare": (prepare,),
    **{step.__name__: (step,) for step in (web, webdist, formatting, lints, tests, unit, tidy, docs, deny, build)},
    **{step.__name__: (prepare, build, step) for step in OUTSIDE},
    "browser": (prepare, webdist, build, browser),
}


def perform(plan, options):
    """Runs the steps of a plan, prints the summary, and returns whether all went well. The last step gets the options."""
    results = []
    for number, step in enumerate(plan, 1):
        print(f"\n=== {number}/{len(plan)} {step.__name__}: {step.__doc__.splitlines()[0]}", flush=True)
        started = time.monotonic()
        result, why = "passed", ""
        try:
            step(*(options if step is plan[-1] else ()))
        except Skipped as skipped:
            result, why = "skipped", str(skipped)
            print(f"\n!!! SKIPPED: {skipped}\n", flush=True)
        except Failed as failed:
            result, why = "failed", str(failed)
            print(f"FAILED  {failed}", flush=True)
        seconds = time.monotonic() - started
        print(f"=== {step.__name__}: {result} in {seconds:.1f} s", flush=True)
        results.append((step.__name__, result, seconds, why))
        if result == "failed":
            break
    print("\n=== summary")
    for name, result, seconds, why in results:
        print(f"{name:12} {result:8} {seconds:7.1f} s  {why}")
    counts = {kind: sum(result == kind for _, result, _, _ in results) for kind in ("passed", "failed", "skipped")}
    left = len(plan) - len(results)
    if left:
        print(f"{left} steps were not run")
    skipped = f", {counts['skipped']} skipped" if counts["skipped"] else ""
    print(f"steps: {counts['passed']} passed, {counts['failed']} failed{skipped}", flush=True)
    return not counts["failed"]


def main():
    if len(sys.argv) < 2 or sys.argv[1] not in PLANS:
        print(__doc__)
        for name, plan in PLANS.items():
            print(f"  {name:12} {plan[-1].__doc__.splitlines()[0] if len(plan) < 4 else ', '.join(s.__name__ for s in plan)}")
        sys.exit(0 if sys.argv[1:] in ([], ["help"], ["--help"]) else 2)
    server.end_cleanly_on_signals()
    os.environ["PATH"] += f":{Path.home() / '.cargo' / 'bin'}"
    os.environ["PYTHONUNBUFFERED"] = os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    if os.environ.get("CI"):
        os.environ.setdefault("CARGO_INCREMENTAL", "0")
    sys.exit(0 if perform(PLANS[sys.argv[1]], sys.argv[2:]) else 1)


if __name__ == "__main__":
    main()

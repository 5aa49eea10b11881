"""Holds the running server against an OpenAPI document: `run.py [--spec FILE] [--validate] [--seed N] [--database KIND]`.

Without --spec the document is the server's own openapi.json: it must be valid, and schemathesis then calls every operation
with generated requests. With --spec it is an outside document, cut down to the operations that the server has. Needs the
Python environment that `tests/run.py prepare` makes. What is excepted, and why, is in exceptions.toml.
"""

import argparse
import json
import subprocess
import sys
import time
import tomllib
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import server  # noqa: E402
from seed import BINDINGS, sow  # noqa: E402

EXAMPLES = 20  # generated requests per operation, at most
SECONDS = 300  # for the whole run; not being done by then is a failure
CHECKS = ("not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance")
BASE = "/api/1.0"  # what the paths of an outside document are below
METHODS = ("get", "put", "post", "delete", "patch")


def operations(document):
    """Every (method, path, operationId) of a document."""
    return {(method, path, item[method].get("operationId"))
            for path, item in document["paths"].items() for method in METHODS if method in item}


def own_document(running):
    with urllib.request.urlopen(f"{running.api}/openapi.json", timeout=30) as answer:
        return json.load(answer)


def validate(document):
    """Fails unless the document is valid OpenAPI and its operation ids are unique."""
    import openapi_spec_validator

    openapi_spec_validator.validate(document)
    ids = [operation_id for _, _, operation_id in operations(document)]
    if not ids or None in ids or len(ids) != len(set(ids)):
        raise server.Failed("openapi.json: every operation needs an operationId of its own")
    print(f"openapi.json is valid: {len(ids)} operations, {len(document.get('components', {}).get('schemas', {}))} schemas")
    return len(ids)


def cut_down(path, own):
    """The outside document with only those operations that ours has, by operationId and path."""
    import yaml

    with open(path, encoding="utf-8") as file:
        document = yaml.load(file, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    document["paths"] = {BASE + route: item for route, item in document["paths"].items()}
    kept = operations(document) & operations(own)
    for route, item in document["paths"].items():
        for method in METHODS:
            if method in item and (method, route, item[method].get("operationId")) not in kept:
                del item[method]
    document["paths"] = {route: item for route, item in document["paths"].items() if any(m in item for m in METHODS)}
    missing = sorted(o for _, _, o in operations(own) - kept)
    print(f"{path}: {len(kept)} operations in common; only ours: {', '.join(missing) or 'none'}")
    return document


def exceptions(which, document):
    """The exceptions for this document as {operationId: set of checks}. Each must have a reason and an operation."""
    with open(Path(__file__).parent / "exceptions.toml", "rb") as file:
        listed = tomllib.load(file).get("exception", [])
    known = {operation_id for _, _, operation_id in operations(document)}
    found = {}
    for entry in listed:
        if set(entry) != {"document", "operation", "check", "reason"} or not entry["reason"].strip():
            raise server.Failed(f"exceptions.toml: {entry} needs document, operation, check and a reason")
        if entry["document"] not in ("own", "outside") or entry["check"] not in (*CHECKS, "all"):
            raise server.Failed(f"exceptions.toml: {entry} names no such document or check")
        if entry["document"] == which:
            if entry["operation"] not in known:
                raise server.Failed(f"exceptions.toml: {entry['operation']} is no operation of this document")
            found.setdefault(entry["operation"], set()).add(entry["check"])
    print(f"{sum(map(len, found.values()))} exceptions")
    return found


def loosen(document):
    """Writes into an outside document what its prose says and its types leave out, as listed in exceptions.toml, and the
    errors that every operation has, where it lists none."""
    for item in document["paths"].values():
        for method in set(METHODS) & set(item):
            for code in ("400", "401", "403", "404"):
                item[method]["responses"].setdefault(code, {"description": "An error."})
    with open(Path(__file__).parent / "exceptions.toml", "rb") as file:
        listed = tomllib.load(file).get("loosened", [])
    for entry in listed:
        if set(entry) != {"at", "set", "reason"} or not entry["reason"].strip():
            raise server.Failed(f"exceptions.toml: {entry} needs at, set and a reason")
        place = document["components"]["schemas"]
        for step in entry["at"].split("/"):
            place = place[int(step) if isinstance(place, list) else step]
        for name, value in entry["set"].items():
            if name == "enum" and value == "with null":
                value = [*place["enum"], None]
            place[name] = value
    print(f"{len(listed)} places of the document loosened")


def configuration(values, excepted):
    """The text of a schemathesis.toml: real values for most parameters, and the exceptions."""
    lines = []
    for name, entries in values.items():
        lines += [f"[dictionaries.{name}]", f"values = {json.dumps(entries)}"]
    lines.append("[parameters]")
    for parameter, name in BINDINGS.items():
        lines.append(f'"{parameter}" = {{ dictionary = "{name}", probability = 0.8 }}')
    for operation, checks in excepted.items():
        lines += ["[[operations]]", f'include-operation-id = "{operation}"']
        if "all" in checks:
            lines.append("enabled = false")
        else:
            lines += [f"checks.{check}.enabled = false" for check in sorted(checks)]
    return "\n".join(lines) + "\n"


def schemathesis(directory, document, url, token, seed, phases, deadline, *selection):
    """One run of schemathesis over the selected operations. True if it found nothing."""
    (directory / "openapi.json").write_text(json.dumps(document, default=str))
    command = [
        str(server.VENV_PYTHON.parent / "st"), "--config-file", str(directory / "schemathesis.toml"), "run", "openapi.json",
        "--url", url, "-H", f"Authorization: Bearer {token}", "--checks", ",".join(CHECKS), "--phases", phases,
        "--max-examples", str(EXAMPLES), "--seed", str(seed), "--generation-database", "none", "--request-timeout", "10",
        "--suppress-health-check", "all", "--warnings", "off", "--no-color", *selection,
    ]
    process = subprocess.Popen(command, cwd=directory, env=server.clean_environment(), stdin=subprocess.DEVNULL)
    try:
        return process.wait(max(1, deadline - time.monotonic())) == 0
    except subprocess.TimeoutExpired:
        raise server.Failed(f"the run was not done after {SECONDS} s") from None
    finally:
        server.end(process)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--spec", type=Path, help="an outside OpenAPI document instead of our own")
    parser.add_argument("--validate", action="store_true", help="only validate our own document")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--phases", default="fuzzing", help="schemathesis phases, for instance coverage,fuzzing")
    parser.add_argument("--database", choices=server.DATABASES, default="sqlite")
    arguments = parser.parse_args()
    server.end_cleanly_on_signals()
    with server.running(arguments.database) as running:
        document = own_document(running)
        if arguments.validate:
            server.finish(validate(document), 0)
        if arguments.spec:
            document = cut_down(arguments.spec, document)
            loosen(document)
        excepted = exceptions("outside" if arguments.spec else "own", document)
        world = running.world()
        with server.temporary_directory("contract") as directory:
            (directory / "schemathesis.toml").write_text(configuration(sow(running, world), excepted))
            deadline = time.monotonic() + SECONDS
            rest = (directory, document, running.url, world.ada.token, arguments.seed, arguments.phases, deadline)
            # Deleting comes last: everything else wants to meet things that exist.
            clean = [schemathesis(*rest, "--exclude-method", "DELETE"), schemathesis(*rest, "--include-method", "DELETE")]
        if not running.healthy():
            raise server.Failed("the server is not healthy after the run")
    server.finish(clean.count(True), clean.count(False))


if __name__ == "__main__":
    try:
        main()
    except (server.Failed, server.ApiError) as problem:
        sys.exit(f"FAILED  {problem}")

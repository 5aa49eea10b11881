"""Fills the table in README.md that says which operations work: `coverage.py [--check]`.

The list of operations is docs/operations.tsv; what works is what the server's own openapi.json declares, and every operation
declared there is walked by the contract tests. With --check nothing is written; it fails if the table is out of date.
"""

import argparse
import csv
import json
import re
import sys
import urllib.request

import server

README = server.ROOT / "README.md"
BASE = "/api/1.0"
LIST = server.ROOT / "docs" / "operations.tsv"
REGION = re.compile(r"(<!-- coverage -->\n).*?(<!-- /coverage -->)", re.DOTALL)


def served():
    """The (method, path, operationId) that a running server declares."""
    with server.running("sqlite") as running:
        with urllib.request.urlopen(f"{running.api}/openapi.json", timeout=30) as answer:
            document = json.load(answer)
    return {(method.upper(), path, operation["operationId"])
            for path, item in document["paths"].items() for method, operation in item.items()
            if isinstance(operation, dict) and "operationId" in operation}


def table(works):
    """One line for each section of the API, and a sum."""
    with open(LIST, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    lines = ["| Section of the API | Operations that work | Not yet |", "|---|---|---|"]
    done = 0
    for group in dict.fromkeys(row["group"] for row in rows):
        mine = [row for row in rows if row["group"] == group]
        missing = [row["operation"] for row in mine if (row["method"], BASE + row["path"], row["operation"]) not in works]
        done += len(mine) - len(missing)
        count = f"{len(mine) - len(missing)} of {len(mine)}"
        absent = "all" if len(missing) == len(mine) else ", ".join(f"`{name}`" for name in missing)
        lines.append(f"| {group} | {count} | {absent} |")
    lines.append(f"| **Together** | **{done} of {len(rows)}** | |")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, fail if README.md is out of date")
    arguments = parser.parse_args()
    server.end_cleanly_on_signals()
    old = README.read_text(encoding="utf-8")
    if not REGION.search(old):
        raise server.Failed("README.md has no <!-- coverage --> … <!-- /coverage --> region")
    new = REGION.sub(lambda region: region[1] + table(served()) + region[2], old)
    if new == old:
        print("the table in README.md is up to date")
    elif arguments.check:
        raise server.Failed("the table in README.md is out of date: run `make fix`")
    else:
        README.write_text(new, encoding="utf-8")
        print("README.md: table written")


if __name__ == "__main__":
    try:
        main()
    except server.Failed as problem:
        sys.exit(f"FAILED  {problem}")

"""What the chapters of the story are told with: the people, what they expect, and what they hand on to one another."""

import json
import os
import urllib.request
from types import SimpleNamespace

import asana
from asana.rest import ApiException

URL = os.environ["VINYASA_URL"]
WORKSPACE = os.environ["VINYASA_WORKSPACE"]
DOMAIN = os.environ["VINYASA_DOMAIN"]
UNKNOWN = "999999999999999"

counts = SimpleNamespace(passed=0, failed=0)


def expect(what, got, wanted=True):
    """Counts one expectation; says what was different."""
    if got == wanted:
        counts.passed += 1
    else:
        counts.failed += 1
        print(f"FAILED  {what}\n        got    {got!r}\n        wanted {wanted!r}", flush=True)


def refused(what, status, call, *arguments, says=""):
    """Expects the SDK's ApiException with this status, in Asana's form, with `says` in its message."""
    try:
        answer = call(*arguments)
        if not isinstance(answer, dict):
            list(answer)  # Iterators ask the server only when they are read.
    except ApiException as e:
        message = json.loads(e.body)["errors"][0]["message"]
        expect(f"{what}: status", e.status, status)
        expect(f"{what}: {message!r} says {says!r}", says in message)
    else:
        expect(f"{what}: refused", False)


class Api:
    """The SDK's resource classes, speaking with one person's token."""

    def __init__(self, token):
        configuration = asana.Configuration()
        configuration.host = URL
        configuration.access_token = token
        self.client = asana.ApiClient(configuration)

    def __getattr__(self, name):
        words = "".join(word.capitalize() for word in name.split("_"))
        return getattr(asana, words + "Api")(self.client)


def gids(rows):
    return [row["gid"] for row in rows]


def data(**fields):
    return {"data": fields}


ada, bob, eve, mallory = (Api(os.environ[f"VINYASA_{name}"]) for name in ("ADA", "BOB", "EVE", "MALLORY"))
w = SimpleNamespace()  # What the chapters hand on to one another.


def extension(api, method, path, fields=None):
    """A request to the extension API, which the SDK does not know; gives the `data` of the answer."""
    body = None if fields is None else json.dumps(data(**fields)).encode()
    headers = {"Authorization": f"Bearer {api.client.configuration.access_token}", "Content-Type": "application/json"}
    request = urllib.request.Request(URL.replace("/api/1.0", "/api/vinyasa/1") + path, body, headers, method=method)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)["data"]

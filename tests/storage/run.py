"""Attachments in a bucket: the real binary with `--storage s3://…` against a server that speaks the protocol of S3: `run.py`.

The bucket is looked at from the other side, too: what is in it after an upload, what is left after a delete and a restart.
"""

import contextlib
import hashlib
import http.client
import re
import signal
import subprocess
import sys
import urllib.parse
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import server  # noqa: E402

BUCKET = "attachments"
PREFIX = "vinyasa/files"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "eu-central-1"}
SMALL = b"a few bytes"
# More than two of the parts in which a large file is sent.
LARGE = hashlib.shake_256(b"large").digest(12 * 1024 * 1024 + 345)


class Bucket:
    """A server that speaks the protocol of S3, with one bucket in its memory."""

    def __init__(self, directory):
        self.port = server.free_port()
        self.log = open(directory / "s3.log", "wb")

    def __enter__(self):
        command = [server.VENV_PYTHON.parent / "moto_server", "--host", "127.0.0.1", "--port", str(self.port)]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
                                        env=server.clean_environment(**CREDENTIALS))
        try:
            server.wait_until(self.answers, 60, "the S3 server answering")
            self.request("PUT", f"/{BUCKET}", b"<CreateBucketConfiguration><LocationConstraint>eu-central-1</LocationConstraint></CreateBucketConfiguration>")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        server.end(self.process)
        self.log.close()

    @property
    def environment(self):
        """How the server under test reaches it."""
        return {**CREDENTIALS, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.port}"}

    def request(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        with contextlib.closing(connection):
            connection.request(method, path, body)
            answer = connection.getresponse()
            content = answer.read()
        if answer.status >= 300:
            raise server.Failed(f"{method} {path} on the S3 server: {answer.status} {content[:300]!r}")
        return content

    def answers(self):
        if self.process.poll() is not None:
            raise server.Failed(f"the S3 server ended at once: {Path(self.log.name).read_text()[-2000:]}")
        try:
            self.request("GET", "/")
            return True
        except OSError:
            return False

    def objects(self):
        """The keys and sizes of what is in the bucket."""
        listing = self.request("GET", f"/{BUCKET}?list-type=2").decode()
        found = re.findall(r"<Contents>.*?<Key>(.*?)</Key>.*?<Size>(\d+)</Size>.*?</Contents>", listing, re.DOTALL)
        return {key: int(size) for key, size in found}

    def unfinished(self):
        """How many uploads in parts were begun and neither ended nor given up."""
        return self.request("GET", f"/{BUCKET}?uploads").decode().count("<Upload>")


class Person:
    """Somebody with a token, who uploads and downloads."""

    def __init__(self, running, token):
        self.running, self.token = running, token

    def request(self, method, path, body=None, **headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.running.port, timeout=60)
        with contextlib.closing(connection):
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()

    def upload(self, parent, name, content, cut=0):
        """Sends a file as a form; `cut` leaves out the end of the body, as a line that breaks does."""
        head = f'--part\r\nContent-Disposition: form-data; name="parent"\r\n\r\n{parent}\r\n' \
               f'--part\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
        body = head.encode() + content + b"\r\n--part--\r\n"
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "multipart/form-data; boundary=part"}
        return self.request("POST", f"{server.API}/attachments", body[:len(body) - cut], **headers)

    def download(self, client, gid, **headers):
        url = urllib.parse.urlsplit(client.get(f"/attachments/{gid}", opt_fields="download_url")["download_url"])
        return self.request("GET", f"{url.path}?{url.query}", **headers)


class Expectations:
    """Counts what is as it should be."""

    def __init__(self):
        self.passed = self.failed = 0

    def equal(self, found, wanted, what):
        if found == wanted:
            self.passed += 1
            return
        self.failed += 1
        print(f"  FAILED  {what}: {str(found)[:300]}, not {str(wanted)[:300]}", flush=True)


def gid_of(answer):
    status, body = answer
    found = re.search(rb'"gid":"(\d+)"', body)
    if status != 200 or not found:
        raise server.Failed(f"the upload answered {status} {body[:300]!r}")
    return found[1].decode()


def tell(running, bucket, expect):
    people = running.world()
    client = server.Client(running, people.ada.token)
    ada = Person(running, people.ada.token)
    task = client.post("/tasks", {"name": "files", "workspace": people.workspace})["gid"]

    small = gid_of(ada.upload(task, "small.txt", SMALL))
    large = gid_of(ada.upload(task, "large.bin", LARGE))
    empty = gid_of(ada.upload(task, "empty.txt", b""))
    objects = bucket.objects()
    expect.equal(sorted(objects.values()), [0, len(SMALL), len(LARGE)], "what is in the bucket")
    expect.equal({key.startswith(f"{PREFIX}/") for key in objects}, {True}, "under the prefix")
    expect.equal(client.get(f"/attachments/{large}", opt_fields="size")["size"], len(LARGE), "the size of a large file")

    expect.equal(ada.download(client, small), (200, SMALL), "a small file")
    expect.equal(ada.download(client, large), (200, LARGE), "a large file")
    expect.equal(ada.download(client, empty), (200, b""), "an empty file")
    middle = slice(5 * 1024 * 1024 - 10, 5 * 1024 * 1024 + 10)
    part = ada.download(client, large, Range=f"bytes={middle.start}-{middle.stop - 1}")
    expect.equal(part, (206, LARGE[middle]), "a part of a large file")

    expect.equal(ada.upload(task, "cut.bin", LARGE, cut=1000)[0], 400, "an upload that is cut off")
    expect.equal(bucket.objects(), objects, "nothing of it is in the bucket")
    expect.equal(bucket.unfinished(), 0, "and no part of it")

    client.call("DELETE", f"/attachments/{large}")
    client.close()
    running.stop()
    running.start()
    server.wait_until(lambda: len(bucket.objects()) < len(objects), 20, "the bytes of a deleted attachment going")
    client = server.Client(running, people.ada.token)
    expect.equal(sorted(bucket.objects().values()), [0, len(SMALL)], "what is left after a delete")
    expect.equal(ada.download(client, small), (200, SMALL), "a small file after a restart")

    server.end(bucket.process, signal.SIGKILL)
    expect.equal(ada.upload(task, "late.txt", SMALL)[0], 500, "an upload without the S3 server")
    expect.equal(ada.download(client, small)[0], 500, "a download without it")
    expect.equal(len(client.get("/attachments", parent=task)), 2, "the server goes on, and shows nothing of it")
    client.close()


def main():
    server.end_cleanly_on_signals()
    expect = Expectations()
    with server.temporary_directory("s3") as directory, Bucket(directory) as bucket:
        storage = ["--storage", f"s3://{BUCKET}/{PREFIX}"]
        with server.Server(directory, arguments=storage, environment=bucket.environment) as running:
            tell(running, bucket, expect)
    server.finish(expect.passed, expect.failed)


if __name__ == "__main__":
    try:
        main()
    except (server.Failed, server.ApiError) as problem:
        sys.exit(f"FAILED  {problem}")

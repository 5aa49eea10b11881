"""Mail through a mail server that is not ours: `run.py`. An invitation, a mention and a digest must arrive, each in two parts.

The mail server is aiosmtpd. It is away at first: what was written meanwhile arrives when it is back. On SQLite; that both databases
do the same is shown by the tests of the server.
"""

import email
import email.policy
import json
import sqlite3
import sys
import threading
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import server  # noqa: E402

from aiosmtpd.controller import Controller  # noqa: E402

EXTENSION = "/api/vinyasa/1"


class Mailbox:
    """Keeps what arrives."""

    def __init__(self):
        self.letters = []
        self.lock = threading.Lock()

    async def handle_DATA(self, _server, _session, envelope):
        with self.lock:
            self.letters.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
        return "250 OK"

    def find(self, to, word):
        """The letter to somebody with a word in its subject."""
        with self.lock:
            return next((one for one in self.letters if one["To"] == to and word in one["Subject"]), None)


def call(running, token, method, path, data=None):
    request = urllib.request.Request(running.url + path, method=method, headers={"Authorization": f"Bearer {token}"})
    if data is not None:
        request.data = json.dumps({"data": data}).encode()
        request.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.loads(answer.read())["data"]


class Count:
    passed = failed = 0

    def expect(self, what, is_so):
        self.passed, self.failed = self.passed + bool(is_so), self.failed + (not is_so)
        print(f"{'ok    ' if is_so else 'FAILED'} {what}", flush=True)


def parts(letter):
    return [letter.get_body((kind,)) and letter.get_body((kind,)).get_content() for kind in ("plain", "html")]


def main():
    server.end_cleanly_on_signals()
    count, mailbox, port = Count(), Mailbox(), server.free_port()
    arguments = ["--smtp-url", f"smtp://127.0.0.1:{port}", "--mail-from", "Vinyasa <no-reply@work.example>",
                 "--public-url", "https://work.example", "--mail-reply-domain", "reply.work.example"]
    with server.running("sqlite", arguments) as running:
        world = running.world()
        ada, bob = world.ada, world.bob
        invite = {"email": f"new@{world.domain}", "role": "member"}
        call(running, ada.token, "POST", f"{EXTENSION}/workspaces/{world.workspace}/invitations", invite)
        server.wait_until(lambda: "is tried again" in running.last_lines(), 30, "the first attempt")
        count.expect("a write does not wait for a mail server that is away", True)
        controller = Controller(mailbox, hostname="127.0.0.1", port=port)
        controller.start()
        try:
            task = call(running, ada.token, "POST", "/api/1.0/tasks",
                        {"workspace": world.workspace, "name": "Grüße <b>", "followers": [bob.gid]})["gid"]
            text = f'<body>Hi <a data-asana-gid="{bob.gid}"/>, 1 &lt; 2</body>'
            call(running, ada.token, "POST", f"/api/1.0/tasks/{task}/stories", {"html_text": text})
            server.wait_until(lambda: mailbox.find(bob.email, "mentioned you"), 30, "the mention")
            letter = mailbox.find(bob.email, "mentioned you")
            plain, html = parts(letter)
            count.expect("a mention arrives", letter["Subject"] == "Ada Admin mentioned you in Grüße <b>")
            count.expect("its plain part has the comment and a link", "1 < 2" in plain and f"/task/{task}" in plain)
            count.expect("its HTML part is escaped", "1 &lt; 2" in html and "Grüße &lt;b&gt;" in html)
            count.expect("it has an address to reply to", f"r-{bob.gid}-{task}-" in letter["Reply-To"])
            count.expect("it says where to stop it", "/settings/notifications>" in letter["List-Unsubscribe"])

            server.wait_until(lambda: mailbox.find(invite["email"], "invites you"), 90, "the invitation")
            plain, html = parts(mailbox.find(invite["email"], "invites you"))
            count.expect("the invitation arrives when the mail server is back",
                         "https://work.example/invite/" in plain and "https://work.example/invite/" in html)

            call(running, bob.token, "PUT", f"{EXTENSION}/notification_preferences", {"digest": "daily"})
            for name in ("One", "Two"):
                call(running, ada.token, "POST", "/api/1.0/tasks",
                     {"workspace": world.workspace, "name": name, "assignee": bob.gid})
            inbox = f"{EXTENSION}/notifications?workspace={world.workspace}&type=assigned"
            server.wait_until(lambda: len(call(running, bob.token, "GET", inbox)) == 2, 30, "the inbox")
            # As if it were eight o'clock.
            with sqlite3.connect(running.data / "vinyasa.db", timeout=30) as database:
                database.execute("UPDATE notification_settings SET digest_at = 1")
            server.wait_until(lambda: mailbox.find(bob.email, "updates for you"), 90, "the digest")
            plain, html = parts(mailbox.find(bob.email, "updates for you"))
            count.expect("a digest arrives with both", all(f"assigned you {name}" in part for name in ("One", "Two")
                                                          for part in (plain, html)))
            count.expect("nothing else was sent", len(mailbox.letters) == 3)
        finally:
            controller.stop()
    server.finish(count.passed, count.failed)


if __name__ == "__main__":
    try:
        main()
    except server.Failed as problem:
        sys.exit(f"FAILED  {problem}")

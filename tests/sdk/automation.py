"""Chapters about programs and people being told: events, webhooks, rules, search, calendars."""

import hmac
import http.server
import json
import os
import threading
import time
import urllib.error
import urllib.request

import asana
import icalendar
from asana.rest import ApiException
from told import Api, UNKNOWN, WORKSPACE, ada, bob, data, eve, expect, extension, gids, mallory, refused, w


class Hook(http.server.BaseHTTPRequestHandler):
    """A target of webhooks: sends the secret back and keeps what comes with a right signature."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        secret = self.headers.get("X-Hook-Secret")
        self.send_response(200)
        if secret:
            self.server.secret = secret
            self.send_header("X-Hook-Secret", secret)
        else:
            right = hmac.new(self.server.secret.encode(), body, "sha256").hexdigest()
            self.server.signed.append(right == self.headers["X-Hook-Signature"])
            self.server.events += json.loads(body)["events"]
        self.end_headers()

    def log_message(self, *_):
        pass


def eventually(condition):
    """Waits up to half a minute for what the server does a moment later."""
    end = time.monotonic() + 30
    while not condition() and time.monotonic() < end:
        time.sleep(0.1)
    return bool(condition())


def watching():
    plain = Api(os.environ["VINYASA_ADA"])
    plain.client.configuration.return_page_iterator = False
    try:
        plain.events.get_events(w.marketing, {})
        expect("a first poll is refused", False)
    except ApiException as e:
        answer = json.loads(e.body)
        expect("a first poll is a 412", e.status, 412)
        expect("with a message", answer["errors"][0]["message"].startswith("Sync token invalid or too old."))
        w.sync = answer["sync"]
    refused("a guest polls", 403, lambda: list(eve.events.get_events(w.marketing, {})))
    refused("another token", 412, plain.events.get_events, w.marketing, {"sync": "abc"}, says="Sync token")

    target = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    target.events, target.signed = [], []
    threading.Thread(target=target.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{target.server_port}/hook"
    wanted = [{"resource_type": "task", "action": "changed", "fields": ["name"]}, {"resource_type": "task", "action": "added"}]
    hooks = ada.webhooks
    hook = hooks.create_webhook(data(resource=w.marketing, target=address, filters=wanted), {})
    expect("a webhook", (hook["active"], hook["resource"]["gid"], hook["target"]), (True, w.marketing, address))
    refused("the same again", 403, hooks.create_webhook, data(resource=w.marketing, target=address), {}, says="Duplicated webhook")
    refused("a workspace without filters", 400, hooks.create_webhook, data(resource=WORKSPACE, target=address), {}, says="whitelist")
    refused("nobody listens", 400, hooks.create_webhook, data(resource=w.marketing, target="http://127.0.0.1:1/"), {})
    expect("listed", gids(hooks.get_webhooks(WORKSPACE, {"limit": 5})), [hook["gid"]])
    expect("listed for its resource", gids(hooks.get_webhooks(WORKSPACE, {"resource": w.marketing})), [hook["gid"]])
    refused("somebody else's webhook", 403, bob.webhooks.get_webhook, hook["gid"], {})

    task = ada.tasks.create_task(data(name="Watched", projects=[w.marketing]), {})["gid"]
    ada.tasks.update_task(data(name="Watched closely", notes="Quietly"), task, {})
    told = []

    def polled():
        page = plain.events.get_events(w.marketing, {"sync": w.sync})
        w.sync = page["sync"]
        told.extend((e["resource"]["gid"], e["action"], e.get("change", {}).get("field")) for e in page["data"])
        return {(task, "added", None), (task, "changed", "name"), (task, "changed", "notes")} <= set(told)

    expect("polled", eventually(polled))
    expect("told", eventually(lambda: len(target.events) >= 3))
    lines = {(e["resource"]["gid"], e["action"], e.get("change", {}).get("field")) for e in target.events}
    expect("what the filters let through", lines, {(task, "added", None), (task, "changed", "name")})
    expect("signed", all(target.signed))
    expect("delivered", hooks.get_webhook(hook["gid"], {})["last_success_at"] is not None)
    expect("other filters", hooks.update_webhook(data(filters=[]), hook["gid"], {})["filters"], [])
    expect("no more", hooks.delete_webhook(hook["gid"]), {})
    refused("a deleted webhook", 404, hooks.get_webhook, hook["gid"], {}, says="Unknown object")
    ada.tasks.delete_task(task)
    target.shutdown()


def automation():
    section = ada.sections.create_section_for_project(w.marketing, {"body": data(name="Automated")})["gid"]
    rule = extension(ada, "POST", "/rules", dict(project=w.marketing, name="Take requests", trigger={"type": "incoming_web_request"},
                     conditions=[{"field": "completed", "operator": "is", "value": False}],
                     actions=[{"type": "set_field", "field": "name", "value": "{{what}} for {{who}}"},
                              {"type": "move_to_section", "section": section}, {"type": "comment", "text": "Asked by {{who}}"}]))
    expect("a rule", (rule["enabled"], rule["match"], rule["actions"][1]["section"]["name"]), (True, "all", "Automated"))
    task = ada.tasks.create_task(data(name="Request", projects=[w.marketing]), {})["gid"]
    trial = extension(ada, "POST", f"/rules/{rule['gid']}/test", {"task": task})
    expect("a trial", (trial["would_run"], [one["outcome"] for one in trial["actions"]]), (True, ["would_run"] * 3))
    expect("a trial changes nothing", ada.tasks.get_task(task, {})["name"], "Request")
    call = lambda who, **fields: who.rules.trigger_rule(data(**fields), rule["rule_trigger"]["gid"])
    said = call(ada, resource=task, action_data={"what": "Posters", "who": "Zoe"})
    expect("triggered", said["message"], "Successfully saved the payload and ran the rule")
    for _ in range(100):
        name = ada.tasks.get_task(task, {"opt_fields": "name"})["name"]
        if name != "Request":
            break
        time.sleep(0.1)
    expect("the rule ran", name, "Posters for Zoe")
    comments = [row["text"] for row in ada.stories.get_stories_for_task(task, {}) if row["resource_subtype"] == "comment_added"]
    expect("it commented", comments, ["Asked by Zoe"])
    runs = extension(ada, "GET", f"/rules/{rule['gid']}/runs")
    expect("its log", [(run["outcome"], run["task"]["gid"]) for run in runs], [("succeeded", task)])
    refused("a stranger triggers", 404, lambda: call(mallory, resource=task, action_data={}), says="rule_trigger")
    refused("no text", 400, lambda: call(ada, resource=task, action_data={"what": 1}), says="action_data")
    off = extension(ada, "PUT", f"/rules/{rule['gid']}", {"enabled": False})
    expect("switched off", off["enabled"], False)
    expect("listed", rule["gid"] in [row["gid"] for row in extension(ada, "GET", f"/rules?project={w.marketing}")])
    expect("deleted", extension(ada, "DELETE", f"/rules/{rule['gid']}"), {})


def calendar(url, tag=""):
    """The entries of a feed by their tasks, as an independent parser reads them, and its tag."""
    with urllib.request.urlopen(urllib.request.Request(url, headers={"If-None-Match": tag}), timeout=30) as answer:
        events = icalendar.Calendar.from_ical(answer.read()).walk("VEVENT")
        return {str(event["UID"]).split("@")[0]: event for event in events}, answer.headers["ETag"]


def at_hand():
    """What the SDK does not know: visits, favourites, the search across all types, calendar feeds."""
    task = ada.tasks.create_task(data(name="Überhang; prüfen, 日本語 " + "x" * 80, assignee="me", workspace=WORKSPACE,
                                      start_on="2031-03-01", due_on="2031-03-02"), {})
    timed = ada.tasks.create_task(data(name="Call", assignee="me", workspace=WORKSPACE, due_at="2031-03-02T10:00:00+02:00"), {})["gid"]
    extension(ada, "POST", "/visits", {"resource": task["gid"]})
    visits = extension(ada, "GET", f"/visits?workspace={WORKSPACE}")
    expect("visited", (visits[0]["resource"]["gid"], visits[0]["resource"]["name"]), (task["gid"], task["name"]))
    extension(ada, "POST", "/favorites", {"resource": w.marketing})
    favorites = ada.users.get_favorites_for_user
    expect("a favourite", gids(favorites("me", "project", WORKSPACE, {})), [w.marketing])
    expect("of all types", [f["resource_type"] for f in extension(ada, "GET", f"/favorites?workspace={WORKSPACE}")], ["project"])
    extension(ada, "DELETE", f"/favorites/{w.marketing}")
    expect("no favourite", gids(favorites("me", "project", WORKSPACE, {})), [])
    found = extension(ada, "GET", f"/workspaces/{WORKSPACE}/search?query=uberhang&types=task,project")
    expect("found among all types", [f["resource"]["gid"] for f in found], [task["gid"]])

    mine = ada.user_task_lists.get_user_task_list_for_user("me", WORKSPACE, {})["gid"]
    feed = extension(ada, "POST", "/calendar_feeds", {"resource": mine})
    entries, tag = calendar(feed["url"])
    expect("its name", str(entries[task["gid"]]["SUMMARY"]), task["name"])
    days = [str(entries[task["gid"]][key].dt) for key in ("DTSTART", "DTEND")]
    expect("whole days", days, ["2031-03-01", "2031-03-03"])
    expect("a time", entries[timed]["DTEND"].dt.isoformat(), "2031-03-02T08:00:00+00:00")
    try:
        calendar(feed["url"], tag)
        expect("nothing new is not sent", False)
    except urllib.error.HTTPError as error:
        expect("nothing new is not sent", error.code, 304)
    ada.tasks.update_task(data(completed=True), timed, {})
    entries, _ = calendar(feed["url"], tag)
    expect("gone", (str(entries[timed]["STATUS"]), str(entries[task["gid"]]["STATUS"])), ("CANCELLED", "CONFIRMED"))
    expect("listed without its address", extension(ada, "GET", f"/calendar_feeds?workspace={WORKSPACE}")[0]["url"], None)
    extension(ada, "DELETE", f"/calendar_feeds/{feed['gid']}")
    try:
        calendar(feed["url"])
        expect("revoked", False)
    except urllib.error.HTTPError as error:
        expect("revoked", error.code, 404)
    for gid in (task["gid"], timed):
        ada.tasks.delete_task(gid)


def finding():
    """Search, typeahead, batches and the audit log."""
    word = "Zeppelin" + w.task[-4:]
    task = ada.tasks.create_task(data(name=f"{word} hull", notes="Helium only", projects=[w.marketing], due_on="2031-05-04"), {})["gid"]
    search = ada.tasks.search_tasks_for_workspace
    expect("found at once", gids(search(WORKSPACE, {"text": f"{word.lower()} helium"})), [task])
    expect("filters together", gids(search(WORKSPACE, {
        "text": word, "completed": False, "projects.any": w.marketing, "due_on.before": "2031-05-05", "sort_by": "due_date"})), [task])
    expect("fields of what is found", [t["due_on"] for t in search(WORKSPACE, {"text": word, "opt_fields": "due_on"})], ["2031-05-04"])
    expect("not for the guest", list(eve.tasks.search_tasks_for_workspace(WORKSPACE, {"text": word})), [])
    refused("a stranger searches", 404, lambda: list(mallory.tasks.search_tasks_for_workspace(WORKSPACE, {"text": word})))
    refused("not a date", 400, lambda: list(search(WORKSPACE, {"due_on.after": "soon"})))

    ahead = ada.typeahead.typeahead_for_workspace
    expect("a task by the beginning", gids(ahead(WORKSPACE, "task", {"query": word[:9], "count": 3})), [task])
    expect("a person", "user" in {u["resource_type"] for u in ahead(WORKSPACE, "user", {"query": ""})})
    expect("a project", w.marketing in gids(ahead(WORKSPACE, "project", {"query": "", "count": 100})))
    refused("no such type", 400, lambda: list(ahead(WORKSPACE, "webhook", {"query": "x"})))

    batch, audit = asana.BatchAPIApi(ada.client), asana.AuditLogAPIApi(ada.client)
    answers = list(batch.create_batch_request(data(actions=[
        {"relative_path": f"/tasks/{task}", "method": "get", "options": {"fields": ["name"]}},
        {"relative_path": f"/tasks/{task}", "method": "put", "data": {"completed": True}},
        {"relative_path": f"/tasks/{UNKNOWN}", "method": "get"},
        {"relative_path": "/batch", "method": "post", "data": {"actions": []}}]), {}))
    expect("each its status", [a["status_code"] for a in answers], [200, 200, 404, 400])
    expect("in their order", answers[0]["body"]["data"]["name"], f"{word} hull")
    refused("an empty batch", 400, batch.create_batch_request, data(actions=[]), {})

    expect("deleted", ada.tasks.delete_task(task), {})
    # The log always has a next page: it is there for what happens later.
    log = list(audit.get_audit_log_events(WORKSPACE, {"event_type": "task_deleted", "resource_gid": task}, item_limit=1))
    expect("written down", [(e["event_type"], e["resource"]["gid"]) for e in log], [("task_deleted", task)])
    refused("not for members", 403, asana.AuditLogAPIApi(bob.client).get_audit_log_events, WORKSPACE, {})

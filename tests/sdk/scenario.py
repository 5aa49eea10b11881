"""A small team plans a release, told through the official Python SDK (asana 5.x), unmodified but for the host.

Run by `tests/sdk/run.py`, which starts the server. From the environment: VINYASA_URL (the API's base), VINYASA_WORKSPACE
(an organization), VINYASA_DOMAIN (its e-mail domain) and the tokens VINYASA_ADA (admin), VINYASA_BOB (member), VINYASA_EVE
(guest) and VINYASA_MALLORY (a stranger). Each chapter is a function; an exception ends the chapter, not the story.
"""

import gzip
import hmac
import http.server
import json
import os
import sys
import tempfile
import threading
import time
import traceback
import urllib.error
import urllib.request
from types import SimpleNamespace

import asana
import icalendar
from asana.rest import ApiException

URL = os.environ["VINYASA_URL"]
WORKSPACE = os.environ["VINYASA_WORKSPACE"]
DOMAIN = os.environ["VINYASA_DOMAIN"]
UNKNOWN = "999999999999999"

passed = 0
failed = 0


def expect(what, got, wanted=True):
    """Counts one expectation; says what was different."""
    global passed, failed
    if got == wanted:
        passed += 1
    else:
        failed += 1
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


def people_and_workspace():
    me = ada.users.get_user("me", {})
    w.ada, w.bob, w.eve = me["gid"], bob.users.get_user("me", {})["gid"], eve.users.get_user("me", {})["gid"]
    expect("three different people", len({w.ada, w.bob, w.eve}), 3)
    expect("me is a user", (me["resource_type"], me["email"]), ("user", f"ada@{DOMAIN}"))
    expect("me knows the workspace", WORKSPACE in gids(me["workspaces"]))
    expect("a user by e-mail", ada.users.get_user(f"bob@{DOMAIN}", {})["gid"], w.bob)
    expect("only what opt_fields names, and the gid", sorted(ada.users.get_user(w.bob, {"opt_fields": "name"})), ["gid", "name"])
    expect("no favourites yet", list(ada.users.get_favorites_for_user("me", "project", WORKSPACE, {})), [])

    one_by_one = gids(ada.users.get_users_for_workspace(WORKSPACE, {"limit": 1}))
    expect("pages of one hold everybody once", len(one_by_one), len(set(one_by_one)))
    expect("pages of one hold the three", {w.ada, w.bob, w.eve} <= set(one_by_one))
    expect("the iterator stops at item_limit", len(list(ada.users.get_users_for_workspace(WORKSPACE, {"limit": 1}, item_limit=2))), 2)
    emails = [user["email"] for user in ada.users.get_users({"workspace": WORKSPACE, "opt_fields": "email"})]
    expect("users with e-mails", any(email.startswith("eve@") for email in emails))

    expect("my workspaces", WORKSPACE in gids(ada.workspaces.get_workspaces({})))
    workspace = ada.workspaces.get_workspace(WORKSPACE, {})
    expect("an organization", (workspace["is_organization"], workspace["email_domains"]), (True, [DOMAIN]))
    renamed = ada.workspaces.update_workspace(data(name="Acme Mobile"), WORKSPACE, {})
    expect("the workspace is renamed", renamed["name"], "Acme Mobile")
    refused("a guest renames the workspace", 403, eve.workspaces.update_workspace, data(name="Eve's"), WORKSPACE, {})

    contractor = ada.workspaces.add_user_for_workspace(data(user="sam@contractors.example"), WORKSPACE, {"opt_fields": "email"})
    expect("a contractor is invited", contractor["email"], "sam@contractors.example")
    memberships = list(ada.workspace_memberships.get_workspace_memberships_for_workspace(
        WORKSPACE, {"opt_fields": "user.email,is_admin,is_guest"}))
    by_user = {m["user"]["gid"]: (m["is_admin"], m["is_guest"]) for m in memberships}
    expect("an admin, a member, a guest", [by_user[g] for g in (w.ada, w.bob, w.eve)], [(True, False), (False, False), (False, True)])
    expect("other domains come as guests", by_user[contractor["gid"]], (False, True))
    of_ada = next(m["gid"] for m in memberships if m["user"]["gid"] == w.ada)
    expect("one workspace membership", ada.workspace_memberships.get_workspace_membership(of_ada, {})["user"]["gid"], w.ada)
    expect("mine", of_ada in gids(ada.workspace_memberships.get_workspace_memberships_for_user("me", {})))
    expect("the contractor leaves", ada.workspaces.remove_user_for_workspace(data(user=contractor["gid"]), WORKSPACE), {})
    expect("and is gone", contractor["gid"] not in gids(ada.users.get_users_for_workspace(WORKSPACE, {})))


def teams():
    team = ada.teams.create_team(data(name="Mobile", organization=WORKSPACE, description="Phones and tablets"), {})
    w.team = team["gid"]
    expect("a team", (team["resource_type"], team["name"], team["organization"]["gid"]), ("team", "Mobile", WORKSPACE))
    expect("its description", ada.teams.get_team(w.team, {"opt_fields": "description"})["description"], "Phones and tablets")
    updated = ada.teams.update_team(data(visibility="public"), w.team, {"opt_fields": "visibility,name"})
    expect("only what was sent changes", (updated["visibility"], updated["name"]), ("public", "Mobile"))
    expect("teams of the workspace", w.team in gids(ada.teams.get_teams_for_workspace(WORKSPACE, {})))
    expect("my teams", w.team in gids(ada.teams.get_teams_for_user("me", WORKSPACE, {})))

    joined = ada.teams.add_user_for_team(data(user=w.bob), w.team, {})
    expect("Bob joins", (joined["resource_type"], joined["user"]["gid"]), ("team_membership", w.bob))
    expect("joining twice is joining", ada.teams.add_user_for_team(data(user=w.bob), w.team, {})["gid"], joined["gid"])
    expect("people of the team", set(gids(ada.users.get_users_for_team(w.team, {}))), {w.ada, w.bob})
    memberships = ada.team_memberships
    expect("memberships of the team", joined["gid"] in gids(memberships.get_team_memberships_for_team(w.team, {})))
    expect("memberships of Bob", gids(memberships.get_team_memberships_for_user(w.bob, WORKSPACE, {})), [joined["gid"]])
    expect("memberships by team", joined["gid"] in gids(memberships.get_team_memberships({"team": w.team})))
    expect("one membership", memberships.get_team_membership(joined["gid"], {})["team"]["gid"], w.team)
    expect("Bob leaves", ada.teams.remove_user_for_team(data(user=w.bob), w.team), {})
    expect("and is gone", gids(ada.users.get_users_for_team(w.team, {})), [w.ada])
    ada.teams.add_user_for_team(data(user=w.bob), w.team, {})


def the_project():
    projects = ada.projects
    project = projects.create_project(data(
        name="Release 2.0", workspace=WORKSPACE, team=w.team, notes="Offline mode and a new start page", color="light-green",
        default_view="board", start_on="2031-01-06", due_on="2031-03-28"), {})
    w.project = project["gid"]
    expect("a project", (project["name"], project["color"], project["default_view"]), ("Release 2.0", "light-green", "board"))
    expect("its dates", (project["start_on"], project["due_on"]), ("2031-01-06", "2031-03-28"))
    expect("its home", (project["workspace"]["gid"], project["team"]["gid"], project["owner"]["gid"]), (WORKSPACE, w.team, w.ada))
    full = projects.get_project(w.project, {})
    expect("not archived, not completed", (full["archived"], full["completed"]), (False, False))
    expect("the record is whole", {"members", "followers", "custom_fields", "permalink_url", "created_at"} <= set(full))
    expect("an update", projects.update_project(data(notes="Ship it"), w.project, {"opt_fields": "notes"})["notes"], "Ship it")

    marketing = projects.create_project_for_team(data(name="Launch campaign"), w.team, {})
    w.marketing = marketing["gid"]
    expect("created in the team", marketing["team"]["gid"], w.team)
    shelved = projects.create_project_for_workspace(data(name="Desktop app", team=w.team), WORKSPACE, {})["gid"]
    projects.update_project(data(archived=True), shelved, {})
    running = gids(projects.get_projects({"workspace": WORKSPACE, "archived": False}))
    expect("archived ones are left out", (w.project in running, shelved in running), (True, False))
    expect("projects of the team", set(gids(projects.get_projects_for_team(w.team, {}))), {w.project, w.marketing, shelved})
    paged = gids(projects.get_projects_for_workspace(WORKSPACE, {"limit": 1}))
    expect("pages of one", (len(paged), {w.project, w.marketing, shelved} <= set(paged)), (len(set(paged)), True))
    expect("the shelved one is deleted", projects.delete_project(shelved), {})
    refused("a deleted project", 404, projects.get_project, shelved, {}, says="Unknown object")

    with_bob = projects.add_members_for_project(data(members=w.bob), w.project, {})
    expect("Bob is a member", w.bob in gids(with_bob["members"]))
    following = projects.add_followers_for_project(data(followers=[w.bob]), w.project, {})
    expect("Bob follows", w.bob in gids(following["followers"]))
    unfollowed = projects.remove_followers_for_project(data(followers=[w.bob]), w.project, {})
    expect("Bob stops following, and stays", (w.bob in gids(unfollowed["followers"]), w.bob in gids(unfollowed["members"])), (False, True))
    projects.add_members_for_project(data(members=[w.bob]), w.marketing, {})
    without = projects.remove_members_for_project(data(members=[w.bob]), w.marketing, {})
    expect("Bob leaves the campaign", w.bob in gids(without["members"]), False)


def memberships():
    shared = ada.memberships.create_membership({"body": data(parent=w.project, member=w.eve, access_level="viewer")})
    expect("shared with Eve", (shared["access_level"], shared["member"]["gid"]), ("viewer", w.eve))
    raised = ada.memberships.update_membership(data(access_level="commenter"), shared["gid"])
    expect("Eve may comment", raised["access_level"], "commenter")
    expect("one membership", ada.memberships.get_membership(shared["gid"])["parent"]["gid"], w.project)
    expect("memberships of the project", len(list(ada.memberships.get_memberships({"parent": w.project}))) >= 3)
    on_campaign = ada.memberships.create_membership({"body": data(parent=w.marketing, member=w.eve)})
    expect("and taken back", ada.memberships.delete_membership(on_campaign["gid"]), {})

    rows = list(ada.project_memberships.get_project_memberships_for_project(w.project, {"opt_fields": "member,access_level"}))
    levels = {row["member"]["gid"]: row["access_level"] for row in rows}
    expect("project memberships", (levels.get(w.ada), levels.get(w.eve)), ("admin", "commenter"))
    expect("one of them", ada.project_memberships.get_project_membership(rows[0]["gid"], {})["gid"], rows[0]["gid"])
    expect("Eve sees what is shared, nothing else", gids(eve.projects.get_projects({"workspace": WORKSPACE})), [w.project])


def sections():
    s = ada.sections
    first = [section["name"] for section in s.get_sections_for_project(w.project, {})]
    expect("a new project has one section", first, ["Untitled section"])
    untitled = gids(s.get_sections_for_project(w.project, {}))[0]
    made = [s.create_section_for_project(w.project, {"body": data(name=name)}) for name in ("Doing", "To do", "Shipped")]
    doing, to_do, shipped = gids(made)
    w.to_do, w.doing, w.done = to_do, doing, shipped
    expect("a section", (made[0]["resource_type"], made[0]["project"]["gid"]), ("section", w.project))
    expect("moved", s.insert_section_for_project(w.project, {"body": data(section=to_do, before_section=doing)}), {})
    expect("renamed", s.update_section(shipped, {"body": data(name="Done")})["name"], "Done")
    expect("the empty one is deleted", s.delete_section(untitled), {})
    names = [section["name"] for section in s.get_sections_for_project(w.project, {})]
    expect("in order", names, ["To do", "Doing", "Done"])
    expect("one section", s.get_section(doing, {})["name"], "Doing")


def custom_fields():
    c = ada.custom_fields

    def create(name, subtype, **more):
        return c.create_custom_field(data(workspace=WORKSPACE, name=name, resource_subtype=subtype, **more), {})

    priority = create("Priority", "enum", enum_options=[{"name": "Low", "color": "blue"}, {"name": "High", "color": "red"}])
    w.low, w.high = gids(priority["enum_options"])
    platforms = create("Platforms", "multi_enum", enum_options=[{"name": "Android"}, {"name": "iOS"}])
    w.platforms = gids(platforms["enum_options"])
    w.fields = {
        "priority": priority["gid"], "platforms": platforms["gid"],
        "effort": create("Effort", "number", precision=1)["gid"], "note": create("Release note", "text")["gid"],
        "freeze": create("Code freeze", "date")["gid"], "reviewers": create("Reviewers", "people")["gid"],
        "ticket": create("Ticket", "text", id_prefix="REL")["gid"],
    }
    blocker = c.create_enum_option_for_custom_field(w.fields["priority"], {"body": data(name="Blocker", color="purple")})
    moved = c.insert_enum_option_for_custom_field(
        w.fields["priority"], {"body": data(enum_option=blocker["gid"], before_enum_option=w.low)})
    expect("the option that moved", (moved["resource_type"], moved["gid"]), ("enum_option", blocker["gid"]))
    urgent = c.update_enum_option(blocker["gid"], {"body": data(name="Urgent", enabled=True)})
    expect("renamed option", (urgent["name"], urgent["color"]), ("Urgent", "purple"))
    options = [option["name"] for option in c.get_custom_field(w.fields["priority"], {})["enum_options"]]
    expect("options in order", options, ["Urgent", "Low", "High"])
    updated = c.update_custom_field(w.fields["effort"], {"body": data(name="Effort (days)")})
    expect("field renamed, precision kept", (updated["name"], updated["precision"]), ("Effort (days)", 1))
    expect("fields of the workspace", set(w.fields.values()) <= set(gids(c.get_custom_fields_for_workspace(WORKSPACE, {}))))
    refused("a second field of that name", 400, create, "priority", "text")

    for gid in w.fields.values():
        setting = ada.projects.add_custom_field_setting_for_project(data(custom_field=gid, is_important=True), w.project, {})
        expect("a setting", (setting["custom_field"]["gid"], setting["project"]["gid"]), (gid, w.project))
    removed = create("Never mind", "text")["gid"]
    ada.projects.add_custom_field_setting_for_project(data(custom_field=removed), w.project, {})
    expect("taken off", ada.projects.remove_custom_field_setting_for_project(data(custom_field=removed), w.project), {})
    expect("field deleted", c.delete_custom_field(removed), {})
    settings = list(ada.custom_field_settings.get_custom_field_settings_for_project(w.project, {}))
    expect("settings in order", [s["custom_field"]["gid"] for s in settings], list(w.fields.values()))


def planning_tasks():
    t = ada.tasks
    offline = t.create_task(data(
        name="Offline mode", assignee="me", due_on="2031-02-14", followers=[w.bob],
        memberships=[{"project": w.project, "section": w.to_do}],
        html_notes="<body>Ship the <strong>sync engine</strong> first.<ul><li>queue</li><li>merge</li></ul></body>",
        custom_fields={w.fields["priority"]: w.high, w.fields["effort"]: 3.5}), {})
    w.task = offline["gid"]
    expect("a task", (offline["name"], offline["due_on"], offline["assignee"]["gid"]), ("Offline mode", "2031-02-14", w.ada))
    expect("in its section", offline["memberships"][0]["section"]["gid"], w.to_do)
    expect("Bob follows", w.bob in gids(offline["followers"]))
    values = {field["gid"]: field["display_value"] for field in offline["custom_fields"]}
    expect("values", (values[w.fields["priority"]], values[w.fields["effort"]]), ("High", "3.5"))
    rich = t.get_task(w.task, {"opt_fields": "notes,html_notes"})
    expect("rich text comes back", "<strong>sync engine</strong>" in rich["html_notes"] and "<li>queue</li>" in rich["html_notes"])
    expect("with a plain twin", "Ship the sync engine first." in rich["notes"])
    nested = t.get_task(w.task, {"opt_fields": "name,assignee.name,memberships.section.name"})
    expect("nested fields", (sorted(nested), nested["memberships"][0]["section"]["name"]),
           (["assignee", "gid", "memberships", "name"], "To do"))
    expect("by its ticket number", t.get_task_for_custom_id(WORKSPACE, "REL-1")["gid"], w.task)

    filled = t.update_task(data(custom_fields={
        w.fields["platforms"]: w.platforms, w.fields["note"]: "Works on the train", w.fields["freeze"]: {"date": "2031-02-01"},
        w.fields["reviewers"]: [w.bob], w.fields["priority"]: None}), w.task, {})
    fields = {field["gid"]: field for field in filled["custom_fields"]}
    expect("several options", fields[w.fields["platforms"]]["display_value"], "Android, iOS")
    expect("text", fields[w.fields["note"]]["text_value"], "Works on the train")
    expect("a date", fields[w.fields["freeze"]]["date_value"]["date"], "2031-02-01")
    expect("people", gids(fields[w.fields["reviewers"]]["people_value"]), [w.bob])
    expect("cleared", (fields[w.fields["priority"]]["enum_value"], fields[w.fields["priority"]]["display_value"]), (None, None))
    t.update_task(data(custom_fields={w.fields["priority"]: w.low}), w.task, {})

    made = [t.create_task(data(name=name, projects=[w.project]), {})["gid"] for name in ("Start page", "Crash reports", "Release notes")]
    w.start_page, w.crashes, w.notes = made
    milestone = t.create_task(data(name="Beta", projects=[w.project], resource_subtype="milestone", due_on="2031-02-28"), {})
    expect("a milestone", milestone["resource_subtype"], "milestone")
    approval = t.create_task(data(name="Sign-off", projects=[w.project], resource_subtype="approval", assignee=w.bob), {})
    expect("a pending approval", (approval["approval_status"], approval["completed"]), ("pending", False))
    approved = bob.tasks.update_task(data(approval_status="approved"), approval["gid"], {})
    expect("approving completes", (approved["completed"], approved["completed_by"]["gid"]), (True, w.bob))
    w.everything = {w.task, *made, milestone["gid"], approval["gid"]}

    at = t.update_task(data(due_at="2031-02-14T18:00:00+02:00"), w.task, {"opt_fields": "due_at,due_on"})
    expect("a time with an offset", at["due_at"], "2031-02-14T16:00:00.000Z")
    span = t.update_task(data(start_on="2031-02-03", due_on="2031-02-17"), w.task, {})
    expect("a range of days", (span["start_on"], span["due_on"], span["due_at"]), ("2031-02-03", "2031-02-17", None))
    tracked = t.update_task(data(name="Offline mode ✈", liked=True), w.task, {})
    expect("renamed and liked", (tracked["name"], tracked["liked"], tracked["num_likes"]), ("Offline mode ✈", True, 1))


def breaking_down():
    t = ada.tasks
    queue = t.create_subtask_for_task(data(name="Queue writes"), w.task, {})
    merge = t.create_subtask_for_task(data(name="Merge conflicts"), w.task, {})["gid"]
    expect("a subtask", queue["parent"]["gid"], w.task)
    expect("counted", t.get_task(w.task, {"opt_fields": "num_subtasks"})["num_subtasks"], 2)
    moved = t.set_parent_for_task(data(parent=w.task, insert_after=merge), queue["gid"], {})
    expect("the child is returned", moved["gid"], queue["gid"])
    expect("in order", gids(t.get_subtasks_for_task(w.task, {})), [merge, queue["gid"]])
    expect("promoted", t.set_parent_for_task(data(parent=None), merge, {})["parent"], None)
    refused("a task in itself", 400, t.set_parent_for_task, data(parent=queue["gid"]), w.task, {})

    expect("waits", t.add_dependencies_for_task(data(dependencies=[w.crashes, w.start_page]), w.task), {})
    expect("for these", set(gids(t.get_dependencies_for_task(w.task, {}))), {w.crashes, w.start_page})
    expect("blocks", t.add_dependents_for_task(data(dependents=[w.notes]), w.task), {})
    expect("these", gids(t.get_dependents_for_task(w.task, {})), [w.notes])
    refused("a circle", 400, t.add_dependencies_for_task, data(dependencies=[w.notes]), w.task)
    expect("one less", t.remove_dependencies_for_task(data(dependencies=[w.start_page]), w.task), {})
    expect("waits for one", gids(t.get_dependencies_for_task(w.task, {})), [w.crashes])
    expect("blocks none", t.remove_dependents_for_task(data(dependents=[w.notes]), w.task), {})

    watched = t.add_followers_for_task(data(followers=[w.eve]), w.task, {})
    expect("Eve follows", w.eve in gids(watched["followers"]))
    unwatched = t.remove_follower_for_task(data(followers=[w.eve]), w.task, {})
    expect("Eve stops", w.eve in gids(unwatched["followers"]), False)

    expect("in a second project", t.add_project_for_task(data(project=w.marketing), w.notes), {})
    expect("two homes", set(gids(ada.projects.get_projects_for_task(w.notes, {}))), {w.project, w.marketing})
    expect("out again", t.remove_project_for_task(data(project=w.marketing), w.notes), {})
    expect("one home", gids(ada.projects.get_projects_for_task(w.notes, {})), [w.project])


def working():
    t = ada.tasks
    expect("to another section", ada.sections.add_task_for_section(w.doing, {"body": data(task=w.task)}), {})
    expect("there it is", w.task in gids(t.get_tasks_for_section(w.doing, {})))
    two_by_two = gids(t.get_tasks_for_project(w.project, {"limit": 2}))
    expect("pages of two hold every task once", (len(two_by_two), set(two_by_two)), (len(w.everything), w.everything))
    pages = list(asana.TasksApi(pages_client()).get_tasks_for_project(w.project, {"limit": 4})["data"])
    expect("a page of four", len(pages), 4)
    done = t.update_task(data(completed=True), w.crashes, {})
    expect("completed", (done["completed"], done["completed_by"]["gid"], bool(done["completed_at"])), (True, w.ada, True))
    left = gids(t.get_tasks({"project": w.project, "completed_since": "now"}))
    expect("incomplete ones only", (w.crashes in left, w.task in left), (False, True))
    reopened = t.update_task(data(completed=False), w.crashes, {})
    expect("reopened", (reopened["completed"], reopened["completed_at"]), (False, None))
    mine = gids(t.get_tasks({"assignee": "me", "workspace": WORKSPACE}))
    expect("my tasks", w.task in mine)
    counts = ada.projects.get_task_counts_for_project(w.project, {"opt_fields": "num_tasks,num_completed_tasks"})
    expect("counts", (counts["num_tasks"], counts["num_completed_tasks"]), (len(w.everything), 1))

    lists = ada.user_task_lists
    my_list = lists.get_user_task_list_for_user("me", WORKSPACE, {})
    expect("my list", (my_list["resource_type"], my_list["owner"]["gid"]), ("user_task_list", w.ada))
    expect("by gid", lists.get_user_task_list(my_list["gid"], {})["workspace"]["gid"], WORKSPACE)
    expect("holds the task", w.task in gids(t.get_tasks_for_user_task_list(my_list["gid"], {})))
    names = [section["name"] for section in ada.sections.get_sections_for_project(my_list["gid"], {})]
    expect("its sections", names, ["Recently assigned", "Do today", "Do next week", "Do later"])


def pages_client():
    """A client that returns whole answers instead of iterators."""
    configuration = asana.Configuration()
    configuration.host = URL
    configuration.access_token = os.environ["VINYASA_ADA"]
    configuration.return_page_iterator = False
    return asana.ApiClient(configuration)


def tags():
    g = ada.tags
    tag = g.create_tag(data(name="needs-design", workspace=WORKSPACE, color="light-pink"), {})
    other = g.create_tag_for_workspace(data(name="customer-request"), WORKSPACE, {})["gid"]
    expect("a tag", (tag["name"], tag["color"], tag["workspace"]["gid"]), ("needs-design", "light-pink", WORKSPACE))
    expect("put on a task", ada.tasks.add_tag_for_task(data(tag=tag["gid"]), w.task), {})
    expect("twice is once", ada.tasks.add_tag_for_task(data(tag=tag["gid"]), w.task), {})
    expect("tags of the task", gids(g.get_tags_for_task(w.task, {})), [tag["gid"]])
    expect("tasks of the tag", gids(ada.tasks.get_tasks_for_tag(tag["gid"], {})), [w.task])
    expect("renamed, colour kept", g.update_tag(data(name="design"), tag["gid"], {})["color"], "light-pink")
    expect("read", g.get_tag(tag["gid"], {"opt_fields": "name"})["name"], "design")
    expect("tags of the workspace", {tag["gid"], other} <= set(gids(g.get_tags_for_workspace(WORKSPACE, {}))))
    expect("tags", other in gids(g.get_tags({"workspace": WORKSPACE, "limit": 1})))
    expect("taken off", ada.tasks.remove_tag_for_task(data(tag=tag["gid"]), w.task), {})
    expect("deleted", g.delete_tag(other), {})
    refused("a deleted tag", 404, g.get_tag, other, {}, says="Unknown object")


def talking():
    s = ada.stories
    comment = bob.stories.create_story_for_task(data(text="The queue survives a restart now"), w.task, {})
    expect("a comment", (comment["resource_subtype"], comment["created_by"]["gid"]), ("comment_added", w.bob))
    rich = s.create_story_for_task(data(html_text="<body>Well <em>done</em></body>"), w.task, {"opt_fields": "html_text,text"})
    expect("rich text", ("<em>done</em>" in rich["html_text"], rich["text"]), (True, "Well done"))
    edited = bob.stories.update_story(data(text="The queue survives a crash now"), comment["gid"], {})
    expect("edited", (edited["text"], edited["is_edited"]), ("The queue survives a crash now", True))
    refused("Ada edits Bob's words", 403, s.update_story, data(text="x"), comment["gid"], {})
    expect("pinned", s.update_story(data(is_pinned=True), rich["gid"], {"opt_fields": "is_pinned"})["is_pinned"], True)
    expect("the guest comments", eve.stories.create_story_for_task(data(text="Can I test it?"), w.task, {})["text"], "Can I test it?")
    regret = s.create_story_for_task(data(text="Oops"), w.task, {})["gid"]
    expect("deleted", s.delete_story(regret), {})
    refused("a deleted comment", 404, s.get_story, regret, {}, says="Unknown object")
    expect("read", s.get_story(comment["gid"], {})["target"]["gid"], w.task)

    told = list(s.get_stories_for_task(w.task, {"limit": 5}))
    expect("oldest first", [x["created_at"] for x in told], sorted(x["created_at"] for x in told))
    kinds = {story["resource_subtype"] for story in told}
    for kind in ("assigned", "added_to_project", "due_date_changed", "name_changed", "section_changed", "dependency_added",
                 "enum_custom_field_changed", "added_to_tag", "comment_added"):
        expect(f"the history tells of {kind}", kind in kinds)
    moves = [x for x in s.get_stories_for_task(w.task, {"opt_fields": "resource_subtype,old_section.name,new_section.name"})
             if x["resource_subtype"] == "section_changed"]
    expect("from and to", (moves[-1]["old_section"]["name"], moves[-1]["new_section"]["name"]), ("To do", "Doing"))


def files():
    a = ada.attachments
    content = b"2031-02-14  sync engine, build 117\n" * 3000
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "build log.txt")
        with open(path, "wb") as file:
            file.write(content)
        uploaded = a.create_attachment_for_object({"parent": w.task, "file": path, "resource_subtype": "asana"})
    expect("uploaded", (uploaded["resource_type"], uploaded["name"]), ("attachment", "build log.txt"))
    record = a.get_attachment(uploaded["gid"], {})
    expect("its record", (record["size"], record["host"], record["parent"]["gid"]), (len(content), "asana", w.task))
    with urllib.request.urlopen(record["download_url"], timeout=30) as answer:
        expect("downloaded whole", answer.read() == content)
        expect("not shown as a page", answer.headers["X-Content-Type-Options"], "nosniff")
    link = a.create_attachment_for_object({
        "parent": w.task, "resource_subtype": "external", "name": "Mock-ups", "url": "https://design.example/start-page"})
    expect("a link", (link["name"], a.get_attachment(link["gid"], {})["resource_subtype"]), ("Mock-ups", "external"))
    expect("files of the task", set(gids(a.get_attachments_for_object(w.task, {}))), {uploaded["gid"], link["gid"]})
    expect("link deleted", a.delete_attachment(link["gid"]), {})
    expect("one left", gids(a.get_attachments_for_object(w.task, {})), [uploaded["gid"]])
    refused("a stranger asks for the file", 404, mallory.attachments.get_attachment, uploaded["gid"], {})


def portfolios():
    p = ada.portfolios
    portfolio = p.create_portfolio(data(name="Launches", workspace=WORKSPACE, color="light-green", public=False), {})
    top = portfolio["gid"]
    expect("a portfolio", (portfolio["resource_type"], portfolio["owner"]["gid"], portfolio["public"]), ("portfolio", w.ada, False))
    expect("mine", top in gids(p.get_portfolios(WORKSPACE, {"owner": "me"})))
    refused("somebody else's", 403, p.get_portfolios, WORKSPACE, {"owner": w.bob})
    changed = p.update_portfolio(data(start_on="2031-01-01", due_on="2031-06-30"), top, {"opt_fields": "name,start_on,due_on"})
    expect("its dates, name kept", (changed["name"], changed["start_on"], changed["due_on"]), ("Launches", "2031-01-01", "2031-06-30"))
    inner = p.create_portfolio(data(name="Next year", workspace=WORKSPACE), {})["gid"]

    first = ada.projects.create_project(data(name="Phone app", workspace=WORKSPACE, team=w.team), {})["gid"]
    second = ada.projects.create_project(data(name="Tablet app", workspace=WORKSPACE, team=w.team), {})["gid"]
    expect("an item", p.add_item_for_portfolio(data(item=first), top), {})
    expect("a portfolio as an item", p.add_item_for_portfolio(data(item=inner), top), {})
    expect("before the first", p.add_item_for_portfolio(data(item=second, insert_before=first), top), {})
    expect("in order", gids(p.get_items_for_portfolio(top, {"limit": 1})), [second, first, inner])
    refused("a portfolio inside itself", 400, p.add_item_for_portfolio, data(item=top), inner, says="inside itself")
    expect("out again", p.remove_item_for_portfolio(data(item=second), top), {})
    rows = list(p.get_items_for_portfolio(top, {"opt_fields": "name,owner.name"}))
    expect("two left", [row["name"] for row in rows], ["Phone app", "Next year"])

    members = p.add_members_for_portfolio(data(members=f"{w.bob},{w.eve}"), top, {"opt_fields": "members"})["members"]
    expect("members", gids(members), [w.ada, w.bob, w.eve])
    m = ada.portfolio_memberships
    expect("their memberships", len(list(m.get_portfolio_memberships_for_portfolio(top, {}))), 3)
    of_bob = list(m.get_portfolio_memberships({"portfolio": top, "user": w.bob}))
    expect("one of them", m.get_portfolio_membership(of_bob[0]["gid"], {})["user"]["gid"], w.bob)
    expect("in the shared form", ada.memberships.get_membership(of_bob[0]["gid"])["resource_subtype"], "portfolio_membership")
    expect("of the portfolio", of_bob[0]["gid"] in gids(ada.memberships.get_memberships({"parent": top})))
    expect("another level", ada.memberships.update_membership(data(access_level="viewer"), of_bob[0]["gid"])["access_level"], "viewer")
    refused("a viewer edits", 403, bob.portfolios.update_portfolio, data(name="Bob's"), top, {})
    left = p.remove_members_for_portfolio(data(members=w.eve), top, {"opt_fields": "members"})["members"]
    expect("Eve leaves", gids(left), [w.ada, w.bob])
    refused("and sees it no more", 403, eve.portfolios.get_portfolio, top, {})

    field = w.fields["effort"]
    setting = p.add_custom_field_setting_for_portfolio(data(custom_field=field, is_important=True), top)
    expect("a field", (setting["parent"]["gid"], setting["custom_field"]["gid"]), (top, field))
    settings = ada.custom_field_settings.get_custom_field_settings_for_portfolio(top, {})
    expect("its fields", gids(settings), [setting["gid"]])
    values = ada.projects.update_project(data(custom_fields={field: 5}), first, {"opt_fields": "custom_fields.number_value"})
    expect("a value of an item", [v["number_value"] for v in values["custom_fields"]], [5])
    expect("the field goes", p.remove_custom_field_setting_for_portfolio(data(custom_field=field), top), {})
    refused("a stranger reads", 404, mallory.portfolios.get_portfolio, top, {}, says="Unknown object")
    expect("deleted", p.delete_portfolio(inner), {})
    refused("a deleted portfolio", 404, p.get_portfolio, inner, {}, says="Unknown object")
    w.portfolio, w.launched = top, first


def statuses():
    s = ada.status_updates
    fine = s.create_status_for_object(data(parent=w.launched, status_type="on_track", text="Going well", title="Week 1"), {})
    expect("a status", (fine["title"], fine["resource_subtype"], fine["author"]["gid"]), ("Week 1", "project_status_update", w.ada))
    o = ada.project_statuses
    late = o.create_project_status_for_project(data(color="yellow", text="A bit late", title="Week 2"), w.launched, {})
    expect("in the old form", (late["color"], late["text"]), ("yellow", "A bit late"))
    expect("read in the new one", s.get_status(late["gid"], {})["status_type"], "at_risk")
    expect("and the other way round", o.get_project_status(fine["gid"], {})["color"], "green")
    expect("newest first", gids(s.get_statuses_for_object(w.launched, {"limit": 1})), [late["gid"], fine["gid"]])
    expect("both lists", gids(o.get_project_statuses_for_project(w.launched, {})), [late["gid"], fine["gid"]])
    project = ada.projects.get_project(w.launched, {})
    expect("the state of the project", (project["current_status"]["color"], project["current_status_update"]["gid"]), ("yellow", late["gid"]))
    expect("taken back", o.delete_project_status(late["gid"]), {})
    done = s.create_status_for_object(data(parent=w.launched, status_type="complete", html_text="<body>Done <strong>at last</strong></body>"), {})
    expect("a project is completed", ada.projects.get_project(w.launched, {})["completed"], True)
    expect("and goes on", s.delete_status(done["gid"]), {})
    expect("as before", ada.projects.get_project(w.launched, {"opt_fields": "completed,current_status.title"}),
           {"gid": w.launched, "completed": False, "current_status": {"gid": fine["gid"], "title": "Week 1"}})
    of_portfolio = s.create_status_for_object(data(parent=w.portfolio, status_type="off_track", text="Too much"), {})
    expect("a portfolio's", ada.portfolios.get_portfolio(w.portfolio, {})["current_status_update"]["gid"], of_portfolio["gid"])
    refused("what goals only can be", 400, s.create_status_for_object, data(parent=w.launched, status_type="missed", text="x"), {})
    refused("a guest speaks", 403, eve.status_updates.create_status_for_object, data(parent=w.portfolio, status_type="on_track", text="x"), {})

    b = ada.project_briefs
    brief = b.create_project_brief(data(title="Why", html_text="<body><h1>Why</h1>Because</body>"), w.launched, {})
    expect("a brief", (brief["title"], brief["project"]["gid"]), ("Why", w.launched))
    refused("a second one", 400, b.create_project_brief, data(title="x", text="x"), w.launched, {}, says="already")
    expect("read", b.get_project_brief(brief["gid"], {})["html_text"], "<body><h1>Why</h1>Because</body>")
    expect("changed", b.update_project_brief(data(text="Since we can"), brief["gid"], {"opt_fields": "text"})["text"], "Since we can")
    link = ada.attachments.create_attachment_for_object({
        "parent": brief["gid"], "resource_subtype": "external", "name": "Sketch", "url": "https://design.example/sketch"})
    expect("a link on it", gids(ada.attachments.get_attachments_for_object(brief["gid"], {})), [link["gid"]])
    expect("deleted", b.delete_project_brief(brief["gid"]), {})
    refused("a deleted brief", 404, b.get_project_brief, brief["gid"], {}, says="Unknown object")


def goals():
    p, g, r = ada.time_periods, ada.goals, ada.goal_relationships
    periods = list(p.get_time_periods(WORKSPACE, {"limit": 100}))
    expect("years, halves, quarters and months", len(periods), 6 * 19)
    day = periods[60]["start_on"]
    running = list(p.get_time_periods(WORKSPACE, {"start_on": day, "end_on": day, "opt_fields": "period,parent.period"}))
    expect("a day is in one of each", [row["period"][0] for row in running], ["F", "H", "Q", "M"])
    quarter = p.get_time_period(running[2]["gid"], {})
    expect("a quarter of a half", (quarter["display_name"][:2], quarter["parent"]["gid"]), (running[2]["period"], running[1]["gid"]))

    company = g.create_goal(data(name="Everybody ships offline", workspace=WORKSPACE, is_workspace_level=True, time_period=quarter["gid"],
                                 html_notes="<body>Planes <em>and</em> tunnels</body>", due_on="2031-12-31", start_on="2031-01-01",
                                 followers=[w.bob], liked=True), {})
    expect("a goal", (company["notes"], company["num_likes"], company["time_period"]["gid"], company["metric"], company["status"]),
           ("Planes and tunnels", 1, quarter["gid"], None, None))
    team = g.create_goal(data(name="Sync without loss", workspace=WORKSPACE), {})["gid"]
    own = g.create_goal(data(name="Review the queue", workspace=WORKSPACE), {})["gid"]
    refused("a status without a metric", 400, g.update_goal, data(status="green"), team, {}, says="metric")
    refused("no metric yet", 400, g.update_goal_metric, data(current_number_value=1), team, {}, says="metric")
    for goal, source in ((company["gid"], "subgoal_progress"), (team, "subgoal_progress"), (own, "task_completion")):
        set_metric = g.create_goal_metric(data(unit="percentage", progress_source=source, is_custom_weight=True), goal, {})
        expect(f"follows from {source}", set_metric["metric"]["progress_source"], source)
    sales = g.create_goal(data(name="Sell it", workspace=WORKSPACE), {})["gid"]
    g.create_goal_metric(data(unit="currency", currency_code="EUR", precision=2, initial_number_value=0, target_number_value=200), sales, {})
    sold = g.update_goal_metric(data(current_number_value=50), sales, {})
    expect("money", (sold["metric"]["current_number_value"], sold["metric"]["current_display_value"]), (50, "€50.00"))

    done = ada.tasks.create_task(data(name="Read the queue", workspace=WORKSPACE), {})["gid"]
    link = lambda goal, resource, **more: r.add_supporting_relationship(data(supporting_resource=resource, **more), goal, {})
    expect("supporting work", link(own, done, contribution_weight=1)["resource_subtype"], "supporting_work")
    first = link(company["gid"], team, contribution_weight=0.75)
    expect("a subgoal", (first["resource_subtype"], first["supported_goal"]["gid"]), ("subgoal", company["gid"]))
    link(company["gid"], sales, contribution_weight=0.5, insert_before=team)
    link(team, own, contribution_weight=1)
    refused("goals in a circle", 400, r.add_supporting_relationship, data(supporting_resource=company["gid"]), own, {}, says="itself")
    refused("a weight of two", 400, r.add_supporting_relationship, data(supporting_resource=done, contribution_weight=2), own, {})
    changed = r.update_goal_relationship(data(contribution_weight=0.5), first["gid"], {})
    expect("another weight", changed["contribution_weight"], 0.5)
    expect("one relationship", r.get_goal_relationship(first["gid"], {})["contribution_weight"], 0.5)
    below = [row["supporting_resource"]["gid"] for row in r.get_goal_relationships(company["gid"], {"resource_subtype": "subgoal"})]
    expect("in their order", below, [sales, team])
    expect("the goals above", gids(g.get_parent_goals_for_goal(team, {})), [company["gid"]])

    far = lambda: g.get_goal(company["gid"], {"opt_fields": "metric.current_number_value"})["metric"]["current_number_value"]
    expect("an eighth, from the sales", far(), 0.125)
    ada.tasks.update_task(data(completed=True), done, {})
    expect("a task three levels down moves the company", far(), 0.625)
    expect("removed", r.remove_supporting_relationship(data(supporting_resource=sales), company["gid"], ), {})
    expect("only the team counts", far(), 1)

    expect("listed", {team, own} <= set(gids(g.get_goals({"workspace": WORKSPACE, "limit": 2}))))
    expect("by task", gids(g.get_goals({"task": done})), [own])
    expect("by period and level", gids(g.get_goals({"workspace": WORKSPACE, "is_workspace_level": True, "time_periods": [quarter["gid"]]})),
           [company["gid"]])
    expect("status", g.update_goal(data(status="achieved", name="Shipped"), company["gid"], {})["status"], "achieved")
    expect("read", g.get_goal(company["gid"], {})["name"], "Shipped")
    expect("followed", w.eve in gids(g.add_followers(data(followers=[w.eve]), company["gid"], {})["followers"]))
    expect("a guest who follows sees it", eve.goals.get_goal(company["gid"], {})["name"], "Shipped")
    expect("not followed", w.eve in gids(g.remove_followers(data(followers=[w.eve]), company["gid"], {})["followers"]), False)
    refused("a guest looks at another goal", 403, eve.goals.get_goal, sales, {})
    refused("a stranger looks", 404, mallory.goals.get_goal, sales, {}, says="Unknown object")
    refused("who may comment edits", 403, bob.goals.update_goal, data(name="Bob's"), sales, {})
    expect("deleted", g.delete_goal(sales), {})
    refused("a deleted goal", 404, g.get_goal, sales, {}, says="Unknown object")


def time_and_allocations():
    e = ada.time_tracking_entries
    task = ada.tasks.create_task(data(name="Measure it", projects=[w.marketing]), {})["gid"]
    entry = e.create_time_tracking_entry(data(duration_minutes=30, entered_on="2031-02-03", description="Set-up"), task, {})
    expect("entered", (entry["duration_minutes"], entry["entered_on"], entry["attributable_to"]["gid"], entry["created_by"]["gid"]),
           (30, "2031-02-03", w.marketing, w.ada))
    e.create_time_tracking_entry(data(duration_minutes=12, entered_on="2031-02-01", billable_status="billable"), task, {})
    minutes = lambda: ada.tasks.get_task(task, {"opt_fields": "actual_time_minutes"})["actual_time_minutes"]
    expect("the sum", minutes(), 42)
    expect("by day", [row["duration_minutes"] for row in e.get_time_tracking_entries_for_task(task, {"limit": 1})], [12, 30])
    expect("changed", e.update_time_tracking_entry(data(duration_minutes=20), entry["gid"], {})["duration_minutes"], 20)
    expect("read", e.get_time_tracking_entry(entry["gid"], {})["description"], "Set-up")
    refused("no time", 400, e.create_time_tracking_entry, data(duration_minutes=0), task, {}, says="greater than 0")
    refused("a stranger enters time", 404, mallory.time_tracking_entries.create_time_tracking_entry, data(duration_minutes=5), task, {})
    refused("a guest reads", 403, eve.time_tracking_entries.get_time_tracking_entry, entry["gid"], {})
    expect("deleted", e.delete_time_tracking_entry(entry["gid"]), {})
    expect("less", minutes(), 12)

    a = ada.allocations
    half = a.create_allocation(data(parent=w.marketing, assignee=w.ada, start_date="2031-02-03", end_date="2031-02-28",
                                    effort={"type": "percent", "value": 50}), {})
    expect("half of Ada's time", (half["effort"], half["assignee"]["gid"], half["parent"]["gid"], half["resource_subtype"]),
           ({"type": "percent", "value": 50}, w.ada, w.marketing, "project_allocation"))
    changed = a.update_allocation(data(effort={"type": "hours", "value": 12.5}, end_date="2031-02-14"), half["gid"], {})
    expect("hours", (changed["effort"]["value"], changed["end_date"]), (12.5, "2031-02-14"))
    expect("read", a.get_allocation(half["gid"], {"opt_fields": "effort.type"})["effort"], {"type": "hours"})
    for filters in ({"parent": w.marketing}, {"assignee": w.ada}, {"workspace": WORKSPACE}):
        expect(f"by {filters}", gids(a.get_allocations({**filters, "limit": 100})), [half["gid"]])
    refused("an end before the start", 400, a.update_allocation, data(end_date="2031-01-01"), half["gid"], {}, says="end_date")
    refused("a guest looks", 403, eve.allocations.get_allocation, half["gid"], {})
    expect("deleted", a.delete_allocation(half["gid"]), {})
    refused("a deleted allocation", 404, a.get_allocation, half["gid"], {}, says="Unknown object")


def exports():
    e = ada.organization_exports
    made = e.create_organization_export(data(organization=WORKSPACE), {})
    expect("asked for", (made["resource_type"], made["state"], made["download_url"], made["organization"]["gid"]),
           ("organization_export", "pending", None, WORKSPACE))
    end = time.monotonic() + 60
    while (export := e.get_organization_export(made["gid"], {}))["state"] in ("pending", "started") and time.monotonic() < end:
        time.sleep(0.2)
    expect("finished", export["state"], "finished")
    with urllib.request.urlopen(export["download_url"]) as answer:
        document = json.loads(gzip.decompress(answer.read()))
    named = {one["name"] for one in document["records"] if one["type"] == "projects"}
    expect("the projects are in it", "Launch campaign" in named)
    refused("no organization", 400, e.create_organization_export, data(), {}, says="organization")
    refused("a member exports", 403, bob.organization_exports.create_organization_export, data(organization=WORKSPACE), {})
    refused("a member reads it", 403, bob.organization_exports.get_organization_export, made["gid"], {})
    refused("a stranger reads it", 404, mallory.organization_exports.get_organization_export, made["gid"], {})


def finished(job):
    """Polls a job as clients do, and gives it when it is done."""
    for _ in range(200):
        job = ada.jobs.get_job(job["gid"], {})
        if job["status"] in ("succeeded", "failed"):
            break
        time.sleep(0.05)
    expect(f"{job['resource_subtype']} is done", job["status"], "succeeded")
    return job


def copies_and_templates():
    p, t = ada.projects, ada.tasks
    plan = p.create_project(data(name="Conference", team=w.team, notes="Once a year", due_on="2031-06-30", start_on="2031-06-01"), {})["gid"]
    hall = t.create_task(data(name="Book the hall", projects=[plan], assignee=w.bob, due_on="2031-06-10", start_on="2031-06-02",
                              notes="A large one"), {})["gid"]
    t.create_subtask_for_task(data(name="Ask for prices"), hall, {})
    invite = t.create_task(data(name="Invite people", projects=[plan], due_on="2031-06-20"), {})["gid"]
    t.add_dependencies_for_task({"data": {"dependencies": [hall]}}, invite)

    job = t.duplicate_task(data(name="Book another hall", include="notes,assignee,subtasks,projects,dates"), hall, {})
    expect("a job", (job["resource_type"], job["resource_subtype"], job["new_task"]["name"]), ("job", "duplicate_task", "Book another hall"))
    copy = finished(job)["new_task"]["gid"]
    fields = {"opt_fields": "notes,assignee,due_on,num_subtasks,projects"}
    shown = t.get_task(copy, fields)
    expect("the copy", (shown["notes"], shown["assignee"]["gid"], str(shown["due_on"]), shown["num_subtasks"], gids(shown["projects"])),
           ("A large one", w.bob, "2031-06-10", 1, [plan]))
    t.delete_task(copy)
    refused("an unknown word", 400, t.duplicate_task, data(include="stories"), hall, {}, says="include")

    copying = lambda **fields: {"body": data(**fields)}
    later = {"should_skip_weekends": True, "start_on": "2032-06-02"}
    include = "members,notes,task_assignee,task_dates,task_dependencies,task_notes,task_subtasks"
    job = p.duplicate_project(plan, copying(name="Next conference", include=include, schedule_dates=later))
    expect("there at once", job["new_project"]["name"], "Next conference")
    project = finished(job)["new_project"]["gid"]
    rows = list(t.get_tasks_for_project(project, {"opt_fields": "name,due_on,start_on,dependencies.name,num_subtasks"}))
    expect("equal but later", [(row["name"], str(row["due_on"])) for row in rows], [("Invite people", "2032-06-21"), ("Book the hall", "2032-06-10")])
    expect("linked among themselves", [row["name"] for row in rows[0]["dependencies"]], ["Book the hall"])
    refused("a stranger's copy", 404, mallory.projects.duplicate_project, plan, copying(name="x"))
    refused("a guest's copy", 403, eve.projects.duplicate_project, plan, copying(name="x"))
    refused("somebody else's job", 403, bob.jobs.get_job, job["gid"], {})
    refused("dates without dates", 400, p.duplicate_project, plan, copying(name="x", schedule_dates=later), says="task_dates")

    pt = ada.project_templates
    job = p.project_save_as_template(data(name="Conference kit", public=True, team=w.team), plan, {})
    template = finished(job)["new_project_template"]["gid"]
    shown = pt.get_project_template(template, {})
    expect("a template", (shown["name"], shown["description"], shown["public"], [row["gid"] for row in shown["requested_dates"]]),
           ("Conference kit", "Once a year", True, ["1", "2"]))
    expect("listed", template in gids(pt.get_project_templates({"workspace": WORKSPACE, "limit": 1})))
    expect("of the team", template in gids(pt.get_project_templates_for_team(w.team, {})))
    expect("not among the projects", "Conference kit" not in [row["name"] for row in p.get_projects_for_workspace(WORKSPACE, {})])
    [role] = shown["requested_roles"]
    dates = [{"gid": "1", "value": "2033-06-01"}, {"gid": "2", "value": "2033-06-30"}]
    strict = lambda **more: {"body": data(name="Third conference", is_strict=True, **more)}
    refused("a date is missing", 422, pt.instantiate_project, template, strict(requested_dates=dates[:1]))
    job = pt.instantiate_project(template, strict(requested_dates=dates, requested_roles=[{"gid": role["gid"], "value": "me"}]))
    made = finished(job)["new_project"]["gid"]
    project = p.get_project(made, {"opt_fields": "name,notes,due_on,created_from_template"})
    expect("made from it", (project["notes"], str(project["due_on"]), project["created_from_template"]["gid"]),
           ("Once a year", "2033-06-30", template))
    rows = list(t.get_tasks_for_project(made, {"opt_fields": "name,assignee,start_on"}))
    expect("the role is mine", [row["assignee"]["gid"] for row in rows if row["name"] == "Book the hall"], [w.ada])
    refused("a guest looks", 403, eve.project_templates.get_project_template, template, {})
    expect("deleted", pt.delete_project_template(template), {})
    refused("a deleted template", 404, pt.get_project_template, template, {}, says="Unknown object")

    tt = ada.task_templates
    saved = extension(ada, "POST", f"/tasks/{hall}/saveAsTemplate", {"name": "Any hall", "project": plan})
    expect("a task template", (saved["resource_type"], saved["name"]), ("task_template", "Any hall"))
    for _ in range(200):
        try:
            job = tt.instantiate_task(saved["gid"], {"body": data(name="A small hall")})
            break
        except ApiException as error:
            if error.status != 400:
                raise
            time.sleep(0.05)
    small = finished(job)["new_task"]["gid"]
    shown = t.get_task(small, {"opt_fields": "name,notes,assignee,num_subtasks,projects"})
    expect("made from it", (shown["name"], shown["notes"], shown["assignee"]["gid"], shown["num_subtasks"], gids(shown["projects"])),
           ("A small hall", "A large one", w.bob, 1, [plan]))
    recipe = tt.get_task_template(saved["gid"], {})["template"]
    expect("its recipe", (recipe["name"], recipe["description"], [row["name"] for row in recipe["subtasks"]]),
           ("Book the hall", "A large one", ["Ask for prices"]))
    expect("listed", gids(tt.get_task_templates({"project": plan})), [saved["gid"]])
    refused("a stranger", 404, mallory.task_templates.get_task_template, saved["gid"], {})
    expect("deleted", tt.delete_task_template(saved["gid"]), {})
    refused("a deleted template", 404, tt.get_task_template, saved["gid"], {}, says="Unknown object")


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


def refusals():
    t = ada.tasks
    refused("no such token", 401, Api("0/not-a-token").users.get_user, "me", {}, says="Not Authorized")
    refused("no such task", 404, t.get_task, UNKNOWN, {}, says=f"task: Unknown object: {UNKNOWN}")
    refused("not a gid", 400, t.get_task, "release", {}, says="Not a recognized ID")
    refused("a task without a home", 400, t.create_task, data(name="Lost"), {}, says="workspace, parent, projects")
    refused("not a date", 400, t.update_task, data(due_on="14.2.2031"), w.task, {}, says="due_on")
    refused("two due dates", 400, t.update_task, data(due_on="2031-02-14", due_at="2031-02-14T10:00:00Z"), w.task, {})
    refused("a start alone", 400, t.update_task, data(start_on="2031-02-01"), w.task, {})
    refused("a link to nothing", 400, t.create_task, data(name="x", projects=[UNKNOWN]), {}, says="Unknown object")
    refused("script in rich text", 400, t.update_task, data(html_notes="<body><script>x</script></body>"), w.task, {})
    refused("a page too large", 400, ada.users.get_users_for_workspace, WORKSPACE, {"limit": 101}, says="limit")
    refused("an invented page token", 400, ada.users.get_users_for_workspace, WORKSPACE, {"limit": 1, "offset": "abc"}, says="offset")
    refused("a field of another project", 400, t.create_task,
            data(name="x", projects=[w.marketing], custom_fields={w.fields["effort"]: 1}), {})
    refused("an unknown option", 400, t.update_task, data(custom_fields={w.fields["priority"]: UNKNOWN}), w.task, {})

    refused("a guest edits", 403, eve.tasks.update_task, data(name="Eve was here"), w.task, {})
    refused("a guest looks behind the door", 403, eve.projects.get_project, w.marketing, {})
    refused("a stranger reads", 404, mallory.tasks.get_task, w.task, {}, says="Unknown object")
    private = ada.tasks.create_task(data(name="Salaries", workspace=WORKSPACE), {})["gid"]
    refused("a task of one's own", 403, bob.tasks.get_task, private, {})
    expect("nobody changed the name", t.get_task(w.task, {"opt_fields": "name"})["name"], "Offline mode ✈")
    expect("a private task is deleted", t.delete_task(private), {})
    refused("a deleted task", 404, t.get_task, private, {}, says="Unknown object")


def extension(api, method, path, fields=None):
    """A request to the extension API, which the SDK does not know; gives the `data` of the answer."""
    body = None if fields is None else json.dumps(data(**fields)).encode()
    headers = {"Authorization": f"Bearer {api.client.configuration.access_token}", "Content-Type": "application/json"}
    request = urllib.request.Request(URL.replace("/api/1.0", "/api/vinyasa/1") + path, body, headers, method=method)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)["data"]


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


CHAPTERS = (people_and_workspace, teams, the_project, memberships, sections, custom_fields, planning_tasks, breaking_down,
            working, tags, talking, files, portfolios, statuses, goals, time_and_allocations, copies_and_templates, watching, finding, at_hand,
            automation, exports, refusals)

for chapter in CHAPTERS:
    before = passed
    try:
        chapter()
    except Exception as error:
        failed += 1
        frame = traceback.extract_tb(error.__traceback__)
        here = [f for f in frame if f.filename == __file__][-1]
        reason = error.body if isinstance(error, ApiException) else error
        print(f"FAILED  {chapter.__name__}, line {here.lineno}: {here.line}\n        {type(error).__name__}: {reason!s:.400}", flush=True)
    print(f"{chapter.__name__.replace('_', ' ')}: {passed - before} passed", flush=True)

print(f"{passed} passed, {failed} failed", flush=True)
sys.exit(0 if passed and not failed else 1)

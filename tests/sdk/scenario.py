"""A small team plans a release, told through the official Python SDK (asana 5.x), unmodified but for the host.

Run by `tests/sdk/run.py`, which starts the server. From the environment: VINYASA_URL (the API's base), VINYASA_WORKSPACE
(an organization), VINYASA_DOMAIN (its e-mail domain) and the tokens VINYASA_ADA (admin), VINYASA_BOB (member), VINYASA_EVE
(guest) and VINYASA_MALLORY (a stranger). Each chapter is a function; an exception ends the chapter, not the story.
"""

import os
import sys
import tempfile
import traceback
import urllib.request
from pathlib import Path

import asana
from asana.rest import ApiException

sys.dont_write_bytecode = True
from automation import at_hand, automation, finding, watching
from planning import copies_and_templates, exports, goals, portfolios, statuses, time_and_allocations
from told import Api, DOMAIN, UNKNOWN, URL, WORKSPACE, ada, bob, counts, data, eve, expect, gids, mallory, refused, w

HERE = Path(__file__).resolve().parent


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


CHAPTERS = (people_and_workspace, teams, the_project, memberships, sections, custom_fields, planning_tasks, breaking_down,
            working, tags, talking, files, portfolios, statuses, goals, time_and_allocations, copies_and_templates, watching, finding, at_hand,
            automation, exports, refusals)

for chapter in CHAPTERS:
    before = counts.passed
    try:
        chapter()
    except Exception as error:
        counts.failed += 1
        frame = traceback.extract_tb(error.__traceback__)
        here = [f for f in frame if Path(f.filename).parent == HERE][-1]
        reason = error.body if isinstance(error, ApiException) else error
        print(f"FAILED  {chapter.__name__}, line {here.lineno}: {here.line}\n        {type(error).__name__}: {reason!s:.400}", flush=True)
    print(f"{chapter.__name__.replace('_', ' ')}: {counts.passed - before} passed", flush=True)

print(f"{counts.passed} passed, {counts.failed} failed", flush=True)
sys.exit(0 if counts.passed and not counts.failed else 1)

"""Chapters about planning: portfolios, status updates, goals, time, templates, and taking everything out."""

import gzip
import json
import time
import urllib.request

from asana.rest import ApiException
from told import WORKSPACE, ada, bob, data, eve, expect, extension, gids, mallory, refused, w


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

"""Fills a server with three of everything, so that generated requests meet things that exist.

`sow` returns lists of values by name, and `BINDINGS` says which parameters and body fields take their values from which list.
"""

import server

COPIES = 3

# Parameter or body field, as schemathesis names them → the list its values come from (mostly; some stay random).
BINDINGS = {
    **{f"path.{name}_gid": name for name in (
        "workspace", "user", "team", "project", "section", "task", "story", "tag", "custom_field", "enum_option", "attachment",
        "user_task_list", "membership", "project_membership", "team_membership", "workspace_membership")},
    **{f"query.{name}": name for name in ("workspace", "team", "project", "section", "user", "user_task_list", "tag")},
    **{f"body.data.{name}": name for name in (
        "workspace", "team", "project", "section", "task", "tag", "user", "custom_field", "enum_option")},
    "path.custom_id": "custom_id",
    "query.assignee": "user",
    "query.member": "user",
    "query.organization": "workspace",
    "query.parent": "parent",
    "body.data.organization": "workspace",
    "body.data.assignee": "user",
    "body.data.member": "user",
    "body.data.parent": "parent",
    "body.data.projects[*]": "project",
    "body.data.followers[*]": "user",
    "body.data.tags[*]": "tag",
    "body.data.dependencies[*]": "task",
    "body.data.dependents[*]": "task",
    "body.data.insert_before": "task",
    "body.data.insert_after": "task",
    "body.data.before_section": "section",
    "body.data.after_section": "section",
}


def gids(client, path, **query):
    return [row["gid"] for row in client.pages(path, **query)]


def upload(client, parent):
    """Puts a small file on a task by hand-made multipart, since the plain client speaks JSON."""
    boundary = "vinyasa-contract"
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="parent"\r\n\r\n{parent}\r\n'
    file = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\nContent-Type: text/plain\r\n\r\nhello\r\n'
    headers = {"Authorization": f"Bearer {client.token}", "Content-Type": f"multipart/form-data; boundary={boundary}"}
    client.connection.request("POST", server.API + "/attachments", f"{head}{file}--{boundary}--\r\n", headers)
    answer = client.connection.getresponse()
    if answer.status != 200:
        raise server.ApiError(answer.status, answer.read())
    answer.read()


def sow(running, world):
    """Makes the things with ada's token and returns the values by name. Ada herself is in no list, so nobody removes her."""
    client = server.Client(running, world.ada.token)
    workspace = world.workspace
    values = {"workspace": [workspace], "user": [world.bob.gid, world.eve.gid], "custom_id": [], "task": [], "section": [],
              "story": [], "attachment": [], "project": [], "tag": [], "custom_field": [], "enum_option": [], "team": [],
              "membership": [], "project_membership": [], "team_membership": [], "workspace_membership": []}
    options = [{"name": "Low"}, {"name": "High"}]
    for number in range(1, COPIES + 1):
        team = client.post("/teams", {"name": f"Team {number}", "organization": workspace})["gid"]
        client.post(f"/teams/{team}/addUser", {"user": world.bob.gid})
        project = client.post("/projects", {"name": f"Project {number}", "workspace": workspace, "team": team})["gid"]
        client.post(f"/projects/{project}/addMembers", {"members": f"{world.bob.gid},{world.eve.gid}"})
        client.post(f"/projects/{project}/sections", {"name": "Doing"})
        field = client.post("/custom_fields", {"workspace": workspace, "name": f"Field {number}", "resource_subtype": "enum",
                                               "enum_options": options})
        ticket = client.post("/custom_fields", {"workspace": workspace, "name": f"Ticket {number}", "resource_subtype": "text",
                                                "id_prefix": "ABC"[:number]})["gid"]
        tag = client.post("/tags", {"workspace": workspace, "name": f"Tag {number}"})["gid"]
        for custom_field in (field["gid"], ticket):
            client.post(f"/projects/{project}/addCustomFieldSetting", {"custom_field": custom_field})
        for name in ("one", "two"):
            task = client.post("/tasks", {"name": name, "projects": [project], "assignee": world.bob.gid, "tags": [tag]})["gid"]
            client.post(f"/tasks/{task}/subtasks", {"name": f"part of {name}"})
            client.post(f"/tasks/{task}/stories", {"text": "hello"})
            upload(client, task)
            values["task"].append(task)
            values["story"] += gids(client, f"/tasks/{task}/stories")
            values["attachment"] += gids(client, "/attachments", parent=task)
        values["custom_id"].append(f"{'ABC'[:number]}-1")
        values["team"].append(team)
        values["project"].append(project)
        values["tag"].append(tag)
        values["custom_field"].append(field["gid"])
        values["enum_option"] += [option["gid"] for option in field["enum_options"]]
        values["section"] += gids(client, f"/projects/{project}/sections")
        values["membership"] += gids(client, "/memberships", parent=project)
        values["project_membership"] += gids(client, f"/projects/{project}/project_memberships")
        values["team_membership"] += gids(client, f"/teams/{team}/team_memberships")
    values["workspace_membership"] = gids(client, f"/workspaces/{workspace}/workspace_memberships")
    values["user_task_list"] = [client.get(f"/users/{world.bob.gid}/user_task_list", workspace=workspace)["gid"]]
    values["parent"] = [*values["task"], *values["project"]]
    client.close()
    return values

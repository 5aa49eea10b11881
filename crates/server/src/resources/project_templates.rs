//! Project templates: what projects are made from.
//!
//! API section "Project templates", 5 operations, and `projectSaveAsTemplate` of the section "Projects". A template has a project of
//! its own, which nobody sees: its rows are marked with the template's gid in their `deleted`. Saving copies a project into it, using
//! copies it into a new one. Events: `project_template` added, deleted.

use crate::api::operations::Input;
use crate::jobs;
use crate::jobs::copying::{Copy, End, Include, InstantiateProject, SaveProjectAsTemplate};
use crate::prelude::*;
use crate::resources::jobs::Job;
use crate::resources::project_briefs;
use crate::resources::projects::{Project, duplicating};
use crate::resources::teams::Team;
use crate::resources::texts::{self, Form};
use crate::resources::users::User;
use crate::resources::workspaces::{Workspace, is_organization};
use engine::record::select_list;
use model::{Color, PrivacySetting, name_key};

/// The date variable for the start of the project. Source: API reference, "Project templates", `requested_dates`.
const START: &str = "1";

/// The date variable for its due date. Source: as above.
const DUE: &str = "2";

/// A project template as stored, one row of `project_templates`.
#[derive(Debug, Clone)]
pub struct ProjectTemplate {
    pub gid: Gid,
    pub workspace: Gid,
    pub team: Option<Gid>,
    /// The project that holds what is in it.
    pub project: Gid,
    pub name: String,
    pub name_key: String,
    pub is_public: bool,
    /// Whether it is whole.
    pub is_ready: bool,
    pub color: Option<String>,
    pub owner: Option<Gid>,
    /// The day that stands for the start of the project, if that is asked for.
    pub start_on: Option<Date>,
    /// The day that stands for its due date, if that is asked for.
    pub due_on: Option<Date>,
    pub created_at: Timestamp,
}

row! { ProjectTemplate in "project_templates" { gid, workspace, team, project, name, name_key, is_public, is_ready, color, owner, start_on, due_on, created_at } }

/// A date that whoever uses a template is asked for.
#[derive(Debug, Clone)]
pub struct DateVariable {
    pub gid: String,
    pub name: String,
    pub description: String,
}

row! { DateVariable { gid, name, description } }

impl Record for DateVariable {
    fn schema(s: &mut Schema<Self>) {
        s.doc("A date that whoever uses a template is asked for.");
        s.field("gid", |d| &d.gid).compact().doc("`1` for the start date, `2` for the due date.");
        s.field("name", |d| &d.name).compact().doc("What the date is called.");
        s.field("description", |d| &d.description).compact().doc("What it is for.");
    }
}

/// Somebody who has tasks in a template; they can be given to somebody else.
#[derive(Debug, Clone)]
pub struct TemplateRole {
    pub gid: Gid,
    pub name: String,
}

row! { TemplateRole { gid, name } }

impl Record for TemplateRole {
    fn schema(s: &mut Schema<Self>) {
        s.doc("Somebody who has tasks in a template; they can be given to somebody else.");
        s.identity(Some("template_role"), |r| r.gid);
        s.field("name", |r| &r.name).compact().doc("The name of who has the tasks.");
    }
}

impl Record for ProjectTemplate {
    fn schema(s: &mut Schema<Self>) {
        s.doc("What projects are made from.");
        s.field("name", |t| &t.name).compact().doc("What the template is called.");
        s.found("description", String::new(), |fetching| texts::shown(fetching, Form::Plain))
            .doc("The description of the projects, without formatting.");
        s.found("html_description", texts::NO_HTML.to_owned(), |fetching| {
            texts::shown(fetching, Form::Html)
        })
        .doc("The description of the projects, with formatting.");
        s.field("public", |t| &t.is_public)
            .doc("Whether its team, or the workspace where there are no teams, sees it.");
        s.one::<User>("owner", |t| t.owner).doc("Who made it.");
        s.one::<Team>("team", |t| t.team).doc("The team that it belongs to.");
        s.inline::<DateVariable>("requested_dates", VARIABLES).doc(
            "The dates that whoever uses it is asked for: none where nothing in it has a date.",
        );
        s.field("color", |t| &t.color)
            .values(Color::ALL)
            .doc("The colour of the projects, or null.");
        s.inline::<TemplateRole>(
            "requested_roles",
            r#"SELECT i.key, r.gid, u.name FROM :ids AS i JOIN template_roles AS r ON r.template = i.value JOIN users AS u ON u.gid = r."user" ORDER BY i.key, r.gid"#,
        )
        .doc("Those who have tasks in it.");
    }
}

/// The date variables of templates.
const VARIABLES: &str = "SELECT i.key, '1', 'Start Date', 'The day on which the project begins.' FROM :ids AS i JOIN project_templates AS t ON t.gid = i.value WHERE t.start_on IS NOT NULL
 UNION ALL SELECT k.key, '2', 'Due Date', 'The day on which the project is due.' FROM :ids AS k JOIN project_templates AS d ON d.gid = k.value WHERE d.due_on IS NOT NULL ORDER BY 1, 2";

impl Resource for ProjectTemplate {
    const TYPE: &'static str = "project_template";
    fn gid(&self) -> Gid {
        self.gid
    }
}

impl Object for ProjectTemplate {
    const DELETE: Level = Level::Admin;

    fn workspace(&self) -> Gid {
        self.workspace
    }

    fn scopes(&self, _cx: &mut Context<'_, '_>) -> Result<Vec<Gid>> {
        let mut scopes = vec![self.gid, self.workspace];
        scopes.extend(self.team);
        Ok(scopes)
    }

    fn delete(cx: &mut Context<'_, '_>, row: &Self) -> Result<()> {
        cx.trash(Self::TYPE, Self::TABLE, row.gid, row.workspace)?;
        throw_away(cx, Self::TYPE, row.gid, row.workspace)
    }
}

/// Lets the trash remove what is in a deleted template, by the mark on its rows.
pub fn throw_away(
    cx: &mut Context<'_, '_>,
    kind: &'static str,
    template: Gid,
    workspace: Gid,
) -> Result<()> {
    let (now, me) = (cx.now(), cx.me());
    cx.later(
        "INSERT INTO deletions (gid, workspace, resource_type, resource, deleted_at, deleted_by, finished) VALUES (?, ?, ?, ?, ?, ?, 1) ON CONFLICT DO NOTHING",
        params![template, workspace, kind, template, now, me].to_vec(),
    )
}

/// The operations of the section, in the order of the API reference.
pub fn operations(api: &mut Operations) {
    api.section("Project templates", "What projects are made from.");
    api.read::<ProjectTemplate>(
        "getProjectTemplate",
        "/project_templates/{project_template_gid}",
        "One project template.",
    );
    api.delete::<ProjectTemplate>(
        "deleteProjectTemplate",
        "/project_templates/{project_template_gid}",
        "Deletes a project template; projects that were made from it stay.",
    );
    api.list::<ProjectTemplate>(
        "getProjectTemplates",
        "/project_templates",
        "The project templates the actor sees, in one workspace or team if it is given; oldest first.",
        visible,
    )
    .query("workspace", "Only the templates of this workspace.")
    .query("team", "Only the templates of this team.");
    api.list_in::<Team, ProjectTemplate>(
        "getProjectTemplatesForTeam",
        "/teams/{team_gid}/project_templates",
        "The project templates of a team that the actor sees, oldest first.",
        |cx, team, call| of_team(team.gid).page(cx, call),
    );
    api.act::<ProjectTemplate>(
        "instantiateProject",
        "/project_templates/{project_template_gid}/instantiateProject",
        "Makes a project from a template. The job goes on after the answer.",
        Level::See,
        Output::One(Job::TYPE),
        instantiate,
    )
    .created()
    .required_field("name", JsonType::String, "What the new project is called.")
    .field("team", JsonType::Gid, "Its team; that of the template without it.")
    .field(
        "public",
        JsonType::Boolean,
        "Whether the workspace sees it; the old form of `privacy_setting`.",
    )
    .field("privacy_setting", JsonType::String, "Who sees it.")
    .field(
        "is_strict",
        JsonType::Boolean,
        "Whether it is an error to leave out a date that is asked for.",
    )
    .field("requested_dates", JsonType::Objects, "The dates that are asked for: `gid` and `value`.")
    .field(
        "requested_roles",
        JsonType::Objects,
        "Who takes whose tasks: `gid` of the role, and the user as `value`.",
    );
}

/// The operation on projects; it belongs to the section of projects.
pub fn project_operations(api: &mut Operations) {
    api.add(
        "POST",
        "projectSaveAsTemplate",
        "/projects/{project_gid}/saveAsTemplate",
        "Makes a project template from a project. The job goes on after the answer.",
        Input::Fields,
        Output::One(Job::TYPE),
        save,
    )
    .created()
    .required_field("name", JsonType::String, "What the template is called.")
    .required_field("public", JsonType::Boolean, "Whether the team sees it, or only its owner.")
    .field("team", JsonType::Gid, "Its team, in an organization; that of the project without it.")
    .field("workspace", JsonType::Gid, "Its workspace, where there are no teams.");
}

/// The order of all lists: oldest first.
const ORDER: &[&str] = &["t.created_at", "t.gid"];

fn of_team(team: Gid) -> Query<ProjectTemplate> {
    Query::scan().filter("t.team = ?", params![team]).order(ORDER)
}

/// `getProjectTemplates`.
fn visible(cx: &mut Context<'_, '_>, call: &Call) -> Result<Page<ProjectTemplate>> {
    let mut query = match call.param("team") {
        Some(raw) => of_team(cx.refer::<Team>("team", raw)?.0.gid),
        None => Query::scan().order(ORDER),
    };
    if let Some(raw) = call.param("workspace") {
        let (workspace, _) = cx.refer::<Workspace>("workspace", raw)?;
        query = query.filter("t.workspace = ?", params![workspace.gid]);
    }
    query.page(cx, call)
}

/// `projectSaveAsTemplate`.
fn save(cx: &mut Context<'_, '_>, call: &Call) -> Result<Answer> {
    let (project, _) = cx.target::<Project>(call, 0)?;
    let body = &call.body;
    let name = duplicating::name_of(body)?;
    let is_public =
        body.read::<bool>("public")?.ok_or_else(|| invalid("public", "Missing input"))?;
    let team = match body.reference("team")?.flatten() {
        Some(raw) => Some(duplicating::team_of(cx, &raw, project.workspace)?),
        None => match project.team {
            Some(team) => Some(duplicating::team_of(cx, &team.to_string(), project.workspace)?),
            None => None,
        },
    };
    if body.reference("workspace")?.flatten().is_some() {
        let workspace = cx.workspace_of(body, Level::Edit)?;
        require(workspace == project.workspace, "workspace", "Must be that of the project")?;
    }
    if matches!(cx.role(project.workspace)?.as_deref(), None | Some("guest")) {
        return Err(forbidden("Guests cannot create project templates"));
    }
    jobs::check_room(cx)?;
    let like = duplicating::Like { name: name.clone(), team, keeps_permissions: true };
    let inner = duplicating::row_like(cx, &project, like)?;
    let template = ProjectTemplate {
        gid: cx.gid()?,
        workspace: project.workspace,
        team,
        project: inner.gid,
        name_key: name_key(&name),
        name,
        is_public,
        is_ready: false,
        color: project.color.clone(),
        owner: Some(cx.me()),
        start_on: None,
        due_on: None,
        created_at: cx.now(),
    };
    cx.insert(&inner)?;
    cx.later(
        "UPDATE projects SET deleted = ? WHERE gid = ?",
        params![template.gid, inner.gid].to_vec(),
    )?;
    cx.insert(&template)?;
    let scopes = template.scopes(cx)?;
    cx.emit(Event { scopes, ..Event::added(ProjectTemplate::TYPE, &template) });
    duplicating::copy_text(cx, project.gid, template.gid)?;
    duplicating::copy_settings(cx, project.gid, inner.gid)?;
    let (from, to) = (End::live(project.gid), End::inside(template.gid, inner.gid));
    project_briefs::copy(cx, from, to)?;
    let work = Copy::of_project(project.workspace, from, to, Include::INSIDE);
    duplicating::begin(cx, &project, template.gid, work, SaveProjectAsTemplate)
}

/// Says which dates a new template asks for: those that its project has; where only its tasks have dates, that of the first.
pub fn settle(
    cx: &mut Context<'_, '_>,
    template: Gid,
    start: Option<Date>,
    due: Option<Date>,
    first: Option<Date>,
) -> Result<()> {
    let start = start.or(first.filter(|_| due.is_none()));
    cx.later(
        "UPDATE project_templates SET start_on = ?, due_on = ? WHERE gid = ?",
        params![start, due, template].to_vec(),
    )
}

/// A template is whole: it has a role for each of those who have tasks in it, and can be used.
pub fn finish(cx: &mut Context<'_, '_>, template: Gid) -> Result<()> {
    let users: Vec<i64> = cx.query(
        "SELECT DISTINCT t.assignee FROM tasks AS t WHERE t.deleted = ? AND t.assignee IS NOT NULL ORDER BY t.assignee",
        params![template],
        |row| row.get(0),
    )?;
    if !users.is_empty() {
        let first = cx.tx.gids(u32::try_from(users.len()).unwrap_or(u32::MAX))?;
        cx.execute(
            r#"INSERT INTO template_roles (gid, workspace, template, "user") SELECT CAST(? AS BIGINT) + i.key, t.workspace, t.gid, i.value FROM ids(?) AS i JOIN project_templates AS t ON t.gid = ?"#,
            params![first, &users, template],
        )?;
    }
    cx.later("UPDATE project_templates SET is_ready = 1 WHERE gid = ?", params![template].to_vec())
}

/// Removes a template that did not become whole.
pub fn discard(cx: &mut Context<'_, '_>, template: Gid) -> Result<()> {
    cx.discard::<ProjectTemplate>(template)
}

/// `instantiateProject`.
fn instantiate(cx: &mut Context<'_, '_>, template: ProjectTemplate, call: &Call) -> Result<Answer> {
    let body = &call.body;
    let name = duplicating::name_of(body)?;
    let team = match (body.reference("team")?.flatten(), template.team) {
        (Some(raw), _) => Some(duplicating::team_of(cx, &raw, template.workspace)?),
        (None, Some(team)) => {
            Some(duplicating::team_of(cx, &team.to_string(), template.workspace)?)
        }
        (None, None) => None,
    };
    require(template.is_ready, "project_template", "It is still being made; try again later")?;
    let privacy = privacy(cx, body, &template, team)?;
    let plan = dates(cx, body, &template)?;
    let people = people(cx, body, &template)?;
    jobs::check_room(cx)?;
    // The project inside the template is hidden from everybody.
    let inner = cx
        .first(
            &format!("SELECT {} FROM projects AS t WHERE t.gid = ?", select_list::<Project>("t")),
            params![template.project],
            |row| Project::from_row(row, 0),
        )?
        .ok_or_else(|| not_found(ProjectTemplate::TYPE, template.gid.to_string()))?;
    let like =
        Project { privacy_setting: privacy.unwrap_or(inner.privacy_setting.clone()), ..inner };
    let with = duplicating::Like { name, team, keeps_permissions: true };
    let made = duplicating::make(cx, &like, with)?;
    duplicating::copy_text(cx, template.gid, made.gid)?;
    duplicating::copy_settings(cx, like.gid, made.gid)?;
    cx.later(
        "INSERT INTO template_uses (project, template, workspace) VALUES (?, ?, ?)",
        params![made.gid, template.gid, template.workspace].to_vec(),
    )?;
    let (from, to) = (End::inside(template.gid, like.gid), End::live(made.gid));
    project_briefs::copy(cx, from, to)?;
    let mut work = Copy::of_project(template.workspace, from, to, Include::INSIDE);
    work.shift.days = plan.days;
    work.project_dates =
        Some((plan.start.map(|day| day.to_string()), plan.due.map(|day| day.to_string())));
    work.people = people;
    duplicating::begin(cx, &like, made.gid, work, InstantiateProject)
}

/// Who is to see the new project; `None` for as the template says.
fn privacy(
    cx: &mut Context<'_, '_>,
    body: &Body,
    template: &ProjectTemplate,
    team: Option<Gid>,
) -> Result<Option<String>> {
    let setting = body.read::<Option<String>>("privacy_setting")?.flatten();
    if let Some(setting) = &setting {
        if !PrivacySetting::ALL.contains(&setting.as_str()) {
            let known = PrivacySetting::ALL.join(", ");
            return Err(invalid("privacy_setting", format!("Must be one of {known}")));
        }
        require(
            team.is_some() || setting != PrivacySetting::PrivateToTeam.as_str(),
            "privacy_setting",
            "The project belongs to no team",
        )?;
        return Ok(Some(setting.clone()));
    }
    let Some(is_public) = body.read::<Option<bool>>("public")?.flatten() else { return Ok(None) };
    let closed = if is_organization(cx, template.workspace)? && team.is_some() {
        PrivacySetting::PrivateToTeam
    } else {
        PrivacySetting::Private
    };
    let open = PrivacySetting::PublicToWorkspace;
    Ok(Some(if is_public { open } else { closed }.as_str().to_owned()))
}

/// The pairs of `gid` and `value` that were sent as `field`.
fn pairs(body: &Body, field: &'static str) -> Result<Vec<(String, Option<String>)>> {
    let items = match body.get(field) {
        None | Some(serde_json::Value::Null) => return Ok(Vec::new()),
        Some(serde_json::Value::Array(items)) => items,
        Some(_) => return Err(invalid(field, "Must be an array")),
    };
    let mut pairs = Vec::with_capacity(items.len());
    for (at, item) in items.iter().enumerate() {
        let wrong =
            |part: &str, message: String| invalid(format!("{field}: [{at}]: {part}"), message);
        let text = |part: &'static str| match item.get(part) {
            None | Some(serde_json::Value::Null) => Ok(None),
            Some(value) => engine::body::reference(value).map(Some).map_err(|m| wrong(part, m)),
        };
        let gid = text("gid")?.ok_or_else(|| wrong("gid", "Missing required field".to_owned()))?;
        pairs.push((gid, text("value")?.filter(|value| !value.is_empty())));
    }
    Ok(pairs)
}

/// When the new project is.
struct Dates {
    days: i64,
    start: Option<Date>,
    due: Option<Date>,
}

/// The dates that were asked for and given. Where one is missing, the project begins today, and takes as long as in the template.
///
/// Errors: 422 for one that is missing and `is_strict`; 400 for others.
fn dates(cx: &mut Context<'_, '_>, body: &Body, template: &ProjectTemplate) -> Result<Dates> {
    let is_strict = body.read::<Option<bool>>("is_strict")?.flatten().unwrap_or(false);
    let (mut start, mut due) = (None, None);
    for (at, (gid, value)) in pairs(body, "requested_dates")?.into_iter().enumerate() {
        let name = |part: &str| format!("requested_dates: [{at}]: {part}");
        let day = match value {
            Some(text) => Some(Date::parse(&text).ok_or_else(|| {
                invalid(
                    name("value"),
                    format!("Not a valid date: {}", crate::api::call::cut(&text)),
                )
            })?),
            None => None,
        };
        match (gid.as_str(), template.start_on, template.due_on) {
            (START, Some(_), _) => start = day,
            (DUE, _, Some(_)) => due = day,
            _ => return Err(invalid(name("gid"), "Not a date of this template")),
        }
    }
    let is_missing = (template.start_on.is_some() && start.is_none())
        || (template.due_on.is_some() && due.is_none());
    if is_strict && is_missing {
        return Err(Error::Unprocessable(
            "requested_dates: All dates of the template must be given".into(),
        ));
    }
    let today = cx.now().date_in(cx.zone());
    let dates = match (template.start_on, template.due_on) {
        (None, None) => Dates { days: 0, start: None, due: None },
        (Some(first), None) => {
            // The project of the template has no dates of its own.
            let start = start.unwrap_or(today);
            Dates { days: start.days() - first.days(), start: None, due: None }
        }
        (None, Some(last)) => {
            let due = due.unwrap_or(today);
            Dates { days: due.days() - last.days(), start: None, due: Some(due) }
        }
        (Some(first), Some(last)) => {
            let length = last.days() - first.days();
            let start = start.or(due.map(|due| due.add_days(-length))).unwrap_or(today);
            let due = due.unwrap_or(start.add_days(length));
            Dates { days: start.days() - first.days(), start: Some(start), due: Some(due) }
        }
    };
    if let (Some(start), Some(due)) = (dates.start, dates.due) {
        require(start < due, "requested_dates", "The start must be before the due date")?;
    }
    Ok(dates)
}

/// Who takes whose tasks.
///
/// Errors: 400 for roles that the template has not and users that are not in its workspace.
fn people(
    cx: &mut Context<'_, '_>,
    body: &Body,
    template: &ProjectTemplate,
) -> Result<Vec<(i64, i64)>> {
    let roles: Vec<(String, i64)> = cx.query(
        r#"SELECT r.gid, r."user" FROM template_roles AS r WHERE r.template = ?"#,
        params![template.gid],
        |row| Ok((row.get::<Gid>(0)?.to_string(), row.get(1)?)),
    )?;
    let mut people = Vec::new();
    for (at, (role, user)) in pairs(body, "requested_roles")?.into_iter().enumerate() {
        let name = |part: &str| format!("requested_roles: [{at}]: {part}");
        let (_, from) = roles
            .iter()
            .find(|(gid, _)| *gid == role)
            .ok_or_else(|| invalid(name("gid"), "Not a role of this template"))?;
        let Some(raw) = user else { continue };
        let (user, _) = cx.refer::<User>(&name("value"), &raw)?;
        let known = crate::resources::workspace_memberships::first_stranger(
            cx,
            template.workspace,
            &[user.gid],
        )?;
        if known.is_some() {
            return Err(invalid(name("value"), "Not a user in the template's workspace"));
        }
        people.push((*from, user.gid.get()));
    }
    Ok(people)
}

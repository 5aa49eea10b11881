//! `duplicateProject`, and what making a project from another one takes: templates use it too.

use super::{Project, members, team_for};
use crate::access::grants;
use crate::jobs::copying::{Copy, DuplicateProject, End, Fit, Include, Shift, allowed};
use crate::jobs::{self, About};
use crate::prelude::*;
use crate::resources::custom_fields::values;
use crate::resources::jobs::Job;
use crate::resources::project_briefs;
use crate::resources::sections::Section;
use crate::resources::teams::Team;
use crate::search::index;
use model::name_key;

/// What `include` may name. Two of them copy nothing: there are no forms, and no types of tasks of a workspace's own.
/// Source: API reference, "Duplicate a project".
const INCLUDE: &[&str] = &[
    "allocations",
    "forms",
    "members",
    "notes",
    "permissions",
    "task_assignee",
    "task_attachments",
    "task_dates",
    "task_dependencies",
    "task_followers",
    "task_notes",
    "task_projects",
    "task_subtasks",
    "task_tags",
    "task_templates",
    "task_type_default",
];

/// The operation, which belongs to the section of projects.
pub(super) fn operations(api: &mut Operations) {
    api.act::<Project>(
        "duplicateProject",
        "/projects/{project_gid}/duplicate",
        "Makes a project like another one: its sections, tasks and custom fields, and what `include` names. The job goes on after the answer.",
        Level::See,
        Output::One(Job::TYPE),
        duplicate,
    )
    .created()
    .required_field("name", JsonType::String, "What the new project is called.")
    .field("include", JsonType::Strings, "What is copied beside that: a comma list.")
    .field(
        "schedule_dates",
        JsonType::Object,
        "Moves all dates: `start_on` or `due_on` of the new project, and `should_skip_weekends`. Needs `task_dates`.",
    )
    .field("team", JsonType::Gid, "The team of the new project; that of the old one without it.");
}

/// The words of `include`: a comma list or an array, each one of `known`.
///
/// Errors: 400 for another word.
pub fn included(body: &Body, known: &[&'static str]) -> Result<Vec<String>> {
    let words = body.references("include")?;
    match words.iter().find(|word| !known.contains(&word.as_str())) {
        None => Ok(words),
        Some(_) => Err(invalid("include", format!("Must be some of {}", known.join(", ")))),
    }
}

/// `duplicateProject`.
fn duplicate(cx: &mut Context<'_, '_>, project: Project, call: &Call) -> Result<Answer> {
    let body = &call.body;
    let name = name_of(body)?;
    let words = included(body, INCLUDE)?;
    let has = |word: &str| words.iter().any(|known| known == word);
    let include = Include {
        assignee: has("task_assignee"),
        attachments: has("task_attachments"),
        dates: has("task_dates"),
        dependencies: has("task_dependencies"),
        followers: has("task_followers"),
        notes: has("task_notes"),
        parent: false,
        projects: has("task_projects"),
        subtasks: has("task_subtasks"),
        tags: has("task_tags"),
        allocations: has("allocations"),
        task_templates: has("task_templates"),
    };
    let shift = schedule(body, include.dates)?;
    let team = match body.reference("team")?.flatten() {
        Some(raw) => Some(team_of(cx, &raw, project.workspace)?),
        None => match project.team {
            Some(team) => Some(team_of(cx, &team.to_string(), project.workspace)?),
            None => None,
        },
    };
    let with = Like { name, team, keeps_permissions: has("permissions") };
    jobs::check_room(cx)?;
    let made = make(cx, &project, with)?;
    if has("members") {
        copy_members(cx, &project, &made, has("permissions"))?;
    }
    let (from, to) = (End::live(project.gid), End::live(made.gid));
    if has("notes") {
        copy_text(cx, project.gid, made.gid)?;
        project_briefs::copy(cx, from, to)?;
    }
    copy_settings(cx, project.gid, made.gid)?;
    let mut work = Copy::of_project(project.workspace, from, to, include);
    work.shift = shift;
    begin(cx, &project, made.gid, work, DuplicateProject)
}

/// Starts the job that copies what is in `like`, and answers with it.
pub fn begin<W: jobs::Work>(
    cx: &mut Context<'_, '_>,
    like: &Project,
    result: Gid,
    work: Copy,
    kind: impl FnOnce(Copy) -> W,
) -> Result<Answer> {
    let total: Option<i64> = cx
        .cell("SELECT count(*) FROM task_projects AS tp WHERE tp.project = ?", params![like.gid])?;
    let about = About { gid: cx.gid()?, workspace: like.workspace, result, total };
    jobs::start(cx, about, kind(work))?;
    let answer = cx.answer_gid::<Job>(about.gid)?;
    Ok(Answer { created: true, ..answer })
}

/// The name that the body gives.
pub fn name_of(body: &Body) -> Result<String> {
    let Name(name) = body.read("name")?.ok_or_else(|| invalid("name", "Missing input"))?;
    require(!name.is_empty(), "name", "Must not be empty")?;
    Ok(name)
}

/// The team of a new project in the workspace, if the actor may make projects there.
pub fn team_of(cx: &mut Context<'_, '_>, raw: &str, workspace: Gid) -> Result<Gid> {
    let team: Team = team_for(cx, raw)?;
    require(team.workspace == workspace, "team", "Must be in the workspace of the project")?;
    Ok(team.gid)
}

/// `schedule_dates`. Source: API reference, "Duplicate a project".
fn schedule(body: &Body, has_dates: bool) -> Result<Shift> {
    let field = "schedule_dates";
    let sent = match body.get(field) {
        None | Some(serde_json::Value::Null) => return Ok(Shift::default()),
        Some(serde_json::Value::Object(sent)) => Body::new(sent.clone()),
        Some(_) => return Err(invalid(field, "Must be an object")),
    };
    require(has_dates, field, "Needs task_dates in include")?;
    let inside =
        |problem: engine::Problem| invalid(format!("{field}: {}", problem.field), problem.message);
    let skips_weekends = sent
        .read::<bool>("should_skip_weekends")
        .map_err(inside)?
        .ok_or_else(|| invalid(format!("{field}: should_skip_weekends"), "Missing input"))?;
    let start = sent.read::<Option<Date>>("start_on").map_err(inside)?.flatten();
    let due = sent.read::<Option<Date>>("due_on").map_err(inside)?.flatten();
    let fit = match (start, due) {
        (Some(day), None) => Fit::Start(day.to_string()),
        (None, Some(day)) => Fit::Due(day.to_string()),
        _ => return Err(invalid(field, "Must have exactly one of start_on and due_on")),
    };
    Ok(Shift { days: 0, skips_weekends, fit: Some(fit) })
}

/// What a project that is like another one has of its own.
#[derive(Debug, Clone)]
pub struct Like {
    /// Its name.
    pub name: String,
    /// Its team.
    pub team: Option<Gid>,
    /// Whether its levels of access are those of the other one.
    pub keeps_permissions: bool,
}

/// A live project like another one, without sections, dates and tasks, of which the actor is owner and admin. It is as private as
/// the other one.
///
/// Errors: 403 for guests.
pub fn make(cx: &mut Context<'_, '_>, like: &Project, with: Like) -> Result<Project> {
    if matches!(cx.role(like.workspace)?.as_deref(), None | Some("guest")) {
        return Err(forbidden("Guests cannot create projects"));
    }
    let row = row_like(cx, like, with)?;
    cx.insert(&row)?;
    cx.emit(Event::added(Project::TYPE, &row));
    members::begin(cx, &row, &[])?;
    let scopes = row.scopes(cx)?;
    cx.scope(row.gid, &scopes);
    Ok(row)
}

/// The row of such a project.
pub fn row_like(cx: &mut Context<'_, '_>, like: &Project, with: Like) -> Result<Project> {
    let (now, me) = (cx.now(), cx.me());
    let level = |of: &str, default: &str| {
        if with.keeps_permissions { of.to_owned() } else { default.to_owned() }
    };
    let private_to_team = like.privacy_setting == "private_to_team";
    Ok(Project {
        gid: cx.gid()?,
        name_key: name_key(&with.name),
        default_access_level: level(&like.default_access_level, "editor"),
        minimum_access_level_for_customization: level(
            &like.minimum_access_level_for_customization,
            "editor",
        ),
        minimum_access_level_for_sharing: level(&like.minimum_access_level_for_sharing, "editor"),
        privacy_setting: if private_to_team && with.team.is_none() {
            "private".to_owned()
        } else {
            like.privacy_setting.clone()
        },
        name: with.name,
        team: with.team,
        archived: false,
        due_on: None,
        start_on: None,
        owner: Some(me),
        completed: false,
        completed_at: None,
        completed_by: None,
        created_at: now,
        created_by: Some(me),
        modified_at: now,
        ..like.clone()
    })
}

/// The members and followers of a project become those of its copy, unless they left the workspace.
fn copy_members(
    cx: &mut Context<'_, '_>,
    from: &Project,
    to: &Project,
    keeps_levels: bool,
) -> Result<()> {
    let me = cx.me();
    let found: Vec<i64> = cx.query(
        r#"SELECT m.gid FROM project_memberships AS m LEFT JOIN workspace_memberships AS wm ON wm.workspace = m.workspace AND wm."user" = m.member AND wm.is_active = 1
           WHERE m.project = ? AND m.member <> ? AND (m.member_type = 'team' OR wm.gid IS NOT NULL) ORDER BY m.created_at, m.gid"#,
        params![from.gid, me],
        |row| row.get(0),
    )?;
    if !found.is_empty() {
        let first = cx.tx.gids(u32::try_from(found.len()).unwrap_or(u32::MAX))?;
        let level = if keeps_levels { "m.access_level" } else { "p.default_access_level" };
        let now = cx.now();
        cx.execute(
            &format!(
                "INSERT INTO project_memberships (gid, workspace, project, member, member_type, access_level, created_at)
                 SELECT CAST(? AS BIGINT) + i.key, m.workspace, p.gid, m.member, m.member_type, {level}, CAST(? AS BIGINT)
                 FROM ids(?) AS i JOIN project_memberships AS m ON m.gid = i.value JOIN projects AS p ON p.gid = ?"
            ),
            params![first, now, &found, to.gid],
        )?;
    }
    cx.execute(
        r#"INSERT INTO project_followers (project, "user", workspace, position) SELECT m.project, f."user", f.workspace, f.position
           FROM project_followers AS f JOIN project_memberships AS m ON m.project = ? AND m.member = f."user" WHERE f.project = ? ON CONFLICT DO NOTHING"#,
        params![to.gid, from.gid],
    )?;
    grants::of_project(cx.tx, to.gid)
}

/// The description of an object becomes that of its copy, with the words by which it is found.
pub fn copy_text(cx: &mut Context<'_, '_>, from: Gid, to: Gid) -> Result<()> {
    cx.later(
        "INSERT INTO texts (object, workspace, html, plain, mentions) SELECT CAST(? AS BIGINT), x.workspace, x.html, x.plain, x.mentions FROM texts AS x WHERE x.object = ?",
        params![to, from].to_vec(),
    )?;
    cx.later(
        "INSERT INTO search_words (object, place, word, workspace) SELECT CAST(? AS BIGINT), w.place, w.word, w.workspace FROM search_words AS w WHERE w.object = ? AND w.place = ?",
        params![to, from, index::NOTES].to_vec(),
    )
}

/// The custom fields of a project that the actor sees become those of its copy, with the values that it has of its own.
pub fn copy_settings(cx: &mut Context<'_, '_>, from: Gid, to: Gid) -> Result<()> {
    let used: Vec<(i64, i64)> = cx.query(
        "SELECT s.gid, s.custom_field FROM custom_field_settings AS s JOIN custom_fields AS f ON f.gid = s.custom_field WHERE s.parent = ? AND f.local_to IS NULL",
        params![from],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    let fields: Vec<i64> = used.iter().map(|(_, field)| *field).collect();
    let seen = allowed(cx, "custom_field", "custom_fields", &fields, Level::See)?;
    values::copy(cx, from, to)?;
    let settings: Vec<i64> = used
        .into_iter()
        .filter(|(_, field)| seen.contains(field))
        .map(|(setting, _)| setting)
        .collect();
    if settings.is_empty() {
        return Ok(());
    }
    let first = cx.tx.gids(u32::try_from(settings.len()).unwrap_or(u32::MAX))?;
    cx.execute(
        "INSERT INTO custom_field_settings (gid, workspace, parent, custom_field, is_important, position)
         SELECT CAST(? AS BIGINT) + i.key, s.workspace, CAST(? AS BIGINT), s.custom_field, s.is_important, s.position
         FROM ids(?) AS i JOIN custom_field_settings AS s ON s.gid = i.value",
        params![first, to, &settings],
    )?;
    Ok(())
}

/// Gives a new project its dates; nobody is told of those inside a template.
pub fn set_dates(
    cx: &mut Context<'_, '_>,
    project: Gid,
    start_on: Option<Date>,
    due_on: Option<Date>,
    is_live: bool,
) -> Result<()> {
    let live = cx.as_system(|cx| cx.rows_seen::<Project>(&[project]))?.into_iter().flatten().next();
    let Some(before) = live.filter(|_| is_live) else {
        return cx.later(
            "UPDATE projects SET start_on = ?, due_on = ? WHERE gid = ?",
            params![start_on, due_on, project].to_vec(),
        );
    };
    let after = Project { due_on, start_on, ..before.clone() };
    cx.save(&before, &after, &Body::default())
}

/// Records that a project has new sections.
pub fn tell_sections(cx: &mut Context<'_, '_>, project: Gid, sections: &[Gid]) -> Result<()> {
    let (sections, team) = cx.as_system(|cx| {
        let team: Option<Gid> =
            cx.cell("SELECT p.team FROM projects AS p WHERE p.gid = ?", params![project])?;
        Ok((cx.rows_seen::<Section>(sections)?, team))
    })?;
    for section in sections.into_iter().flatten() {
        let mut event = Event::moved(&section, "added", (Project::TYPE, project));
        event.scopes.push(project);
        event.scopes.extend(team);
        cx.emit(event);
    }
    Ok(())
}

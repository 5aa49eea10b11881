//! Projects: ordered collections of tasks, in sections.
//!
//! API section "Projects". Who is in a project is in [`members`], the lists in [`lists`], the trash in [`deleting`], copies in
//! [`duplicating`].
//! Events: `project` added, changed, deleted; its members and followers are lists that change.

pub mod deleting;
pub mod duplicating;
mod lists;
pub mod members;

use crate::access::grants;
use crate::api::operations::Input;
use crate::prelude::*;
use crate::resources::custom_fields::settings::CustomFieldSetting;
use crate::resources::custom_fields::values;
use crate::resources::project_briefs::ProjectBrief;
use crate::resources::project_statuses::ProjectStatus;
use crate::resources::project_templates::ProjectTemplate;
use crate::resources::tasks::Task;
use crate::resources::teams::Team;
use crate::resources::users::User;
use crate::resources::workspaces::{Workspace, is_organization};
use crate::resources::{sections, sharing, status_updates, texts, workspace_memberships};
use engine::{FromJson, changed_columns};
use model::{AccessLevelName, Color, DefaultView, Icon, PrivacySetting, name_key};

/// One row of `projects`.
#[derive(Debug, Clone)]
pub struct Project {
    pub gid: Gid,
    pub workspace: Gid,
    pub team: Option<Gid>,
    pub name: String,
    pub name_key: String,
    pub archived: bool,
    pub color: Option<String>,
    pub icon: Option<String>,
    pub default_view: String,
    pub privacy_setting: String,
    pub default_access_level: String,
    pub minimum_access_level_for_customization: String,
    pub minimum_access_level_for_sharing: String,
    pub due_on: Option<Date>,
    pub start_on: Option<Date>,
    pub owner: Option<Gid>,
    pub completed: bool,
    pub completed_at: Option<Timestamp>,
    pub completed_by: Option<Gid>,
    pub created_at: Timestamp,
    pub created_by: Option<Gid>,
    pub modified_at: Timestamp,
}

row! { Project in "projects" { gid, workspace, team, name, name_key, archived, color, icon, default_view, privacy_setting, default_access_level, minimum_access_level_for_customization, minimum_access_level_for_sharing, due_on, start_on, owner, completed, completed_at, completed_by, created_at, created_by, modified_at } }

/// The section that every new project starts with. Source: behaviour notes, "Projects".
const FIRST_SECTION: &str = "Untitled section";

/// From which level on something may be done to a project. Source: `ProjectBase.minimum_access_level_for_sharing`.
const MINIMUM_LEVELS: &[&str] = &["admin", "editor"];

/// The view under its old name. Source: behaviour notes, "Projects".
struct Layout(String);

impl FromJson for Layout {
    fn from_json(value: &serde_json::Value) -> Result<Self, String> {
        match value.as_str() {
            Some(view @ ("list" | "board")) => Ok(Layout(view.to_owned())),
            _ => Err("Must be one of list, board".to_owned()),
        }
    }
}

impl Record for Project {
    fn schema(s: &mut Schema<Self>) {
        s.doc("A collection of tasks, in sections, that some users and teams share.");
        s.field("name", |p| &p.name)
            .write(|p, Name(name)| p.name = name)
            .compact()
            .doc("What the project is called.");
        s.field("archived", |p| &p.archived)
            .write(|p, v| p.archived = v)
            .doc("Whether the project is put away; it can still be read and written.");
        s.field("color", |p| &p.color)
            .values(Color::ALL)
            .write(|p, v| p.color = v)
            .doc("A colour of the palette, or null for none.");
        s.field("icon", |p| &p.icon)
            .values(Icon::ALL)
            .write(|p, v| p.icon = v)
            .doc("The icon of the project, or null for none.");
        s.field("created_at", |p| &p.created_at).doc("When the project was created.");
        s.one_by::<ProjectStatus>("current_status", status_updates::latest())
            .full()
            .doc("The latest status in the old form; null where there is none.");
        status_updates::current(s);
        s.many::<CustomFieldSetting>(
            "custom_field_settings",
            Join::back("parent").order("t.position, t.gid"),
        )
        .full()
        .doc("The custom fields of the project, in their order.");
        s.field("default_view", |p| &p.default_view)
            .values(DefaultView::ALL)
            .write(|p, v| p.default_view = v)
            .doc("The view in which the project opens.");
        s.input("layout", |p, v: Layout| p.default_view = v.0)
            .doc("The old form of `default_view`: `list` or `board`.");
        s.field("due_date", |p| &p.due_on)
            .write(|p, v| p.due_on = v)
            .doc("The old name of `due_on`.");
        s.field("due_on", |p| &p.due_on)
            .write(|p, v| p.due_on = v)
            .doc("The day on which the project is due.");
        s.many::<User>(
            "members",
            Join::through("project_memberships", "project", "member").order("j.created_at, j.gid"),
        )
        .doc("The users who are members of the project, longest member first.");
        s.field("modified_at", |p| &p.modified_at)
            .doc("When the project itself was last changed; its tasks do not count.");
        texts::fields(s, "notes", "html_notes", false);
        s.field("public", |p| if p.is_public() { &true } else { &false })
            .write(|p, v: bool| {
                let setting =
                    if v { PrivacySetting::PublicToWorkspace } else { PrivacySetting::Private };
                setting.as_str().clone_into(&mut p.privacy_setting);
            })
            .doc("Whether everybody in the workspace sees the project. The old form of `privacy_setting`; can be written only outside organizations.");
        s.field("privacy_setting", |p| &p.privacy_setting)
            .values(PrivacySetting::ALL)
            .write(|p, v| p.privacy_setting = v)
            .doc("Who sees the project beside its members.");
        s.field("start_on", |p| &p.start_on)
            .write(|p, v| p.start_on = v)
            .doc("The day on which work begins. Can be set only together with `due_on`.");
        s.field("default_access_level", |p| &p.default_access_level)
            .values(AccessLevelName::ALL)
            .write(|p, v| p.default_access_level = v)
            .doc("The level of users and teams that join, and of those who see the project without being members.");
        s.field("minimum_access_level_for_customization", |p| {
            &p.minimum_access_level_for_customization
        })
        .values(MINIMUM_LEVELS)
        .write(|p, v| p.minimum_access_level_for_customization = v)
        .doc("From which level on members may change how the project looks and whether it is archived.");
        s.field("minimum_access_level_for_sharing", |p| &p.minimum_access_level_for_sharing)
            .values(MINIMUM_LEVELS)
            .write(|p, v| p.minimum_access_level_for_sharing = v)
            .doc("From which level on members may share the project and manage its members.");
        s.fetched("custom_fields", values::of_containers)
            .doc("The custom fields that the project itself has values for, and those of the portfolios it is in.");
        s.field("completed", |p| &p.completed)
            .doc("Whether the latest status update says that the project is complete.");
        s.field("completed_at", |p| &p.completed_at).doc("When the project was completed.");
        s.one::<User>("completed_by", |p| p.completed_by).doc("Who completed the project.");
        s.many::<User>("followers", Join::through("project_followers", "project", "user"))
            .refused()
            .doc("The members who are told of new tasks, longest follower first.");
        s.one::<User>("owner", |p| p.owner)
            .write(|p, v| p.owner = v)
            .doc("Who is responsible for the project, or null.");
        s.one::<Team>("team", |p| p.team)
            .write(|p, v| p.team = v)
            .doc("The team that the project belongs to.");
        s.computed("permalink_url", |p, site| site.link(p.workspace, "project", p.gid))
            .doc("Where people open the project.");
        s.one_by::<ProjectBrief>("project_brief", Join::back("project"))
            .on_request()
            .doc("The brief of the project; null where there is none.");
        s.one_by::<ProjectTemplate>(
            "created_from_template",
            Join::through("template_uses", "project", "template").order("t.gid"),
        )
        .on_request()
        .doc("The template that the project was made from, or null.");
        s.one::<Workspace>("workspace", |p| Some(p.workspace))
            .doc("The workspace the project belongs to; it never moves.");
    }
}

impl Resource for Project {
    const TYPE: &'static str = "project";
    fn gid(&self) -> Gid {
        self.gid
    }
}

impl Object for Project {
    const DELETE: Level = Level::Admin;

    fn workspace(&self) -> Gid {
        self.workspace
    }

    /// A project in the team of the body, or in its workspace where that has no teams; guests may not create one.
    fn draft(cx: &mut Context<'_, '_>, body: &Body) -> Result<Self> {
        let team = match body.reference("team")?.flatten() {
            Some(raw) => Some(team_for(cx, &raw)?),
            None => None,
        };
        let workspace = match &team {
            Some(team) => {
                if let Some(raw) = body.reference("workspace")?.flatten() {
                    let (workspace, _) = cx.refer::<Workspace>("workspace", &raw)?;
                    require(
                        workspace.gid == team.workspace,
                        "team",
                        "Must be in the workspace of the project",
                    )?;
                }
                team.workspace
            }
            None => cx.workspace_of(body, Level::Edit)?,
        };
        if matches!(cx.role(workspace)?.as_deref(), None | Some("guest")) {
            return Err(forbidden("Guests cannot create projects"));
        }
        let (now, me) = (cx.now(), cx.me());
        Ok(Project {
            gid: cx.gid()?,
            workspace,
            team: team.map(|team| team.gid),
            name: String::new(),
            name_key: String::new(),
            archived: false,
            color: None,
            icon: None,
            default_view: DefaultView::List.as_str().to_owned(),
            privacy_setting: PrivacySetting::PublicToWorkspace.as_str().to_owned(),
            default_access_level: AccessLevelName::Editor.as_str().to_owned(),
            minimum_access_level_for_customization: AccessLevelName::Editor.as_str().to_owned(),
            minimum_access_level_for_sharing: AccessLevelName::Editor.as_str().to_owned(),
            due_on: None,
            start_on: None,
            owner: Some(me),
            completed: false,
            completed_at: None,
            completed_by: None,
            created_at: now,
            created_by: Some(me),
            modified_at: now,
        })
    }

    fn prepare(
        cx: &mut Context<'_, '_>,
        before: Option<&Self>,
        row: &mut Self,
        body: &Body,
    ) -> Result<()> {
        row.check_home(cx, before, body)?;
        check_dates(&mut row.start_on, row.due_on, before.is_none(), body)?;
        if let Some(owner) = row.owner.filter(|_| before.is_none_or(|b| b.owner != row.owner)) {
            workspace_memberships::require_in_workspace(cx, row.workspace, "owner", &[owner])?;
        }
        row.name_key = name_key(&row.name);
        if before.is_some_and(|before| !changed_columns(before, row).is_empty()) {
            row.modified_at = cx.now();
        }
        Ok(())
    }

    fn changed(
        cx: &mut Context<'_, '_>,
        before: Option<&Self>,
        row: &Self,
        fields: &mut Fields,
        body: &Body,
    ) -> Result<()> {
        match before {
            None => {
                let followers =
                    cx.refer_all::<User>("followers", &body.references("followers")?)?;
                let followers: Vec<Gid> = followers.iter().map(|user| user.gid).collect();
                members::begin(cx, row, &followers)?;
                sections::add(cx, &sections::Container::of_project(row), FIRST_SECTION)?;
            }
            Some(_) if fields.has_any(&["team", "privacy_setting", "default_access_level"]) => {
                grants::of_project(cx.tx, row.gid)?;
            }
            Some(_) => {}
        }
        let mut beside_the_row = false;
        let text = texts::write(cx, row.gid, row.workspace, body, "notes", "html_notes")?;
        if text.is_some_and(|text| text.changed) {
            fields.add(FieldChange::changed("notes"));
            beside_the_row = true;
        }
        if let Some(sent) = body.get("custom_fields").filter(|sent| !sent.is_null())
            && values::write_on_container(cx, row, sent)?
        {
            fields.add(FieldChange::changed("custom_fields"));
            beside_the_row = true;
        }
        if beside_the_row && before.is_some() {
            let now = cx.now();
            cx.later(
                "UPDATE projects SET modified_at = ? WHERE gid = ?",
                params![now, row.gid].to_vec(),
            )?;
        }
        Ok(())
    }

    /// Itself, its team, the workspace.
    fn scopes(&self, _cx: &mut Context<'_, '_>) -> Result<Vec<Gid>> {
        let mut scopes = vec![self.gid, self.workspace];
        scopes.extend(self.team);
        Ok(scopes)
    }

    fn delete(cx: &mut Context<'_, '_>, row: &Self) -> Result<()> {
        deleting::delete(cx, row)
    }
}

impl Project {
    fn is_public(&self) -> bool {
        self.privacy_setting == PrivacySetting::PublicToWorkspace.as_str()
    }

    /// Takes the project's row for this transaction, so that what follows is decided on rows that nobody else changes.
    pub fn lock(&self, cx: &mut Context<'_, '_>) -> Result<()> {
        cx.lock(Self::TABLE, self.gid)
    }

    /// Team and privacy fit the workspace.
    fn check_home(
        &self,
        cx: &mut Context<'_, '_>,
        before: Option<&Self>,
        body: &Body,
    ) -> Result<()> {
        if before.is_none_or(|before| before.team != self.team) {
            match self.team {
                Some(_) if before.is_none() => {}
                Some(team) => {
                    let team = team_for(cx, &team.to_string())?;
                    require(
                        team.workspace == self.workspace,
                        "team",
                        "Must be in the workspace of the project",
                    )?;
                }
                None if is_organization(cx, self.workspace)? => {
                    return Err(bad_request("Missing required team field"));
                }
                None => {}
            }
        }
        if body.has("public") && is_organization(cx, self.workspace)? {
            return Err(invalid("public", "Cannot write this property"));
        }
        require(
            self.team.is_some() || self.privacy_setting != PrivacySetting::PrivateToTeam.as_str(),
            "privacy_setting",
            "The project belongs to no team",
        )
    }
}

/// Checks the dates of a project or portfolio: a start needs a due date in the same request and comes before it; without a due
/// date there is no start.
///
/// Errors: 400 for a start that is not so.
pub fn check_dates(
    start: &mut Option<Date>,
    due: Option<Date>,
    is_new: bool,
    body: &Body,
) -> Result<()> {
    let sends_due = body.has("due_on") || body.has("due_date");
    let clears_nothing = is_new && start.is_none();
    if body.has("start_on") && !sends_due && !clears_nothing {
        return Err(bad_request("You must provide due_on when setting start_on"));
    }
    if due.is_none() {
        if body.has("start_on") && start.is_some() {
            return Err(bad_request("You must provide due_on when setting start_on"));
        }
        *start = None;
    }
    match (*start, due) {
        (Some(start), Some(due)) => require(start < due, "start_on", "Must be before the due date"),
        _ => Ok(()),
    }
}

/// The operations of the section, in the order of the API reference.
pub fn operations(api: &mut Operations) {
    api.section("Projects", "Collections of tasks that users and teams share.");
    api.list::<Project>(
        "getProjects",
        "/projects",
        "The projects the actor sees, in one workspace or team if it is given; oldest first.",
        lists::visible,
    )
    .query("workspace", "Only the projects of this workspace.")
    .query("team", "Only the projects of this team.")
    .flag_query("archived", "Only archived projects, or only those that are not.");
    api.create::<Project>(
        "createProject",
        "/projects",
        "Creates a project in a team, or in a workspace without teams.",
    )
    .field("workspace", JsonType::Gid, "The workspace the project belongs to.");
    api.read::<Project>("getProject", "/projects/{project_gid}", "One project.");
    api.add(
        "PUT",
        "updateProject",
        "/projects/{project_gid}",
        "Changes a project; only what is sent changes.",
        Input::Update(Project::TYPE),
        Output::One(Project::TYPE),
        update,
    );
    api.delete::<Project>(
        "deleteProject",
        "/projects/{project_gid}",
        "Deletes a project with the tasks that are in no other project.",
    );
    api.list_in::<Task, Project>(
        "getProjectsForTask",
        "/tasks/{task_gid}/projects",
        "The projects of a task that the actor sees, in the order in which it was added to them.",
        lists::of_task,
    );
    api.list_in::<Team, Project>(
        "getProjectsForTeam",
        "/teams/{team_gid}/projects",
        "The projects of a team that the actor sees, oldest first.",
        lists::of_team,
    )
    .flag_query("archived", "Only archived projects, or only those that are not.");
    api.create_in::<Team, Project>(
        "createProjectForTeam",
        "/teams/{team_gid}/projects",
        "team",
        "Creates a project in the team of the path.",
    );
    api.list_in::<Workspace, Project>(
        "getProjectsForWorkspace",
        "/workspaces/{workspace_gid}/projects",
        "The projects of a workspace that the actor sees, oldest first.",
        lists::of_workspace,
    )
    .flag_query("archived", "Only archived projects, or only those that are not.");
    api.create_in::<Workspace, Project>(
        "createProjectForWorkspace",
        "/workspaces/{workspace_gid}/projects",
        "workspace",
        "Creates a project in the workspace of the path.",
    );
    api.add(
        "GET",
        "getTaskCountsForProject",
        "/projects/{project_gid}/task_counts",
        "How many tasks a project has; only the counts that `opt_fields` names.",
        Input::None,
        Output::Counts(lists::COUNTS),
        lists::task_counts,
    );
    members::operations(api);
    duplicating::operations(api);
}

/// The team that a project is to be in; the actor creates and moves projects there only if he is one of its people.
fn team_for(cx: &mut Context<'_, '_>, raw: &str) -> Result<Team> {
    let (team, level) = cx.refer::<Team>("team", raw)?;
    let needed = match team.team_content_management_access_level.as_str() {
        "only_team_admins" => Level::Admin,
        _ => Level::Edit,
    };
    if level >= needed { Ok(team) } else { Err(forbidden("You do not have access to this team.")) }
}

/// `updateProject`: what is written decides which level it takes.
fn update(cx: &mut Context<'_, '_>, call: &Call) -> Result<Answer> {
    let (before, level) = cx.target::<Project>(call, 0)?;
    cx.require_level(level, Level::Edit)?;
    let after = cx.change(before.clone(), &call.body)?;
    for (column, _) in changed_columns(&before, &after) {
        let needed = match column {
            "archived" | "color" | "icon" | "default_view" => {
                Level::from_name(&before.minimum_access_level_for_customization)
            }
            "team" | "privacy_setting" | "default_access_level" => {
                Level::from_name(&before.minimum_access_level_for_sharing)
            }
            "minimum_access_level_for_customization" | "minimum_access_level_for_sharing" => {
                Level::Admin
            }
            _ => Level::Edit,
        };
        cx.require_level(level, needed)?;
    }
    let raised = Level::from_name(&after.default_access_level);
    if after.default_access_level != before.default_access_level {
        cx.require_level(level, raised)?;
    }
    if let Some(team) = before.team.filter(|_| before.team != after.team) {
        cx.scope(before.gid, &[team]);
    }
    if let Some(owner) = after.owner.filter(|_| before.owner != after.owner) {
        sharing::admit_owner(cx, &after, owner, level)?;
    }
    cx.answer_gid::<Project>(after.gid)
}

//! Project statuses: the status updates of projects in their old form.
//!
//! API section "Project statuses", 4 operations on the rows of [`super::status_updates`], which writes them.

use crate::api::operations::Input;
use crate::prelude::*;
use crate::resources::projects::Project;
use crate::resources::status_updates::StatusUpdate;
use crate::resources::texts;
use crate::resources::users::User;
use serde_json::json;

/// One row of `status_updates`.
#[derive(Debug, Clone)]
pub struct ProjectStatus {
    pub gid: Gid,
    pub workspace: Gid,
    pub parent: Gid,
    pub title: String,
    pub status_type: String,
    pub author: Option<Gid>,
    pub created_at: Timestamp,
    pub modified_at: Timestamp,
}

row! { ProjectStatus in "status_updates" { gid, workspace, parent, title, status_type, author, created_at, modified_at } }

/// The colours with the types that they stand for. A project that was dropped is shown as red, since no colour says so.
const COLORS: [(&str, &str); 6] = [
    ("green", "on_track"),
    ("yellow", "at_risk"),
    ("red", "off_track"),
    ("blue", "on_hold"),
    ("complete", "complete"),
    ("red", "dropped"),
];

/// The colours that can be written. Source: `ProjectStatusBase.color`.
const WRITTEN: &[&str] = &["green", "yellow", "red", "blue", "complete"];

impl Record for ProjectStatus {
    fn schema(s: &mut Schema<Self>) {
        s.doc("What somebody says about the state of a project, in the old form.");
        s.field("title", |p| &p.title)
            .write_once(|p, Name(title)| p.title = title)
            .compact()
            .doc("The headline; made from the date, if none is given.");
        texts::fields(s, "text", "html_text", false);
        s.computed("color", |p, _| color_of(&p.status_type))
            .written_apart()
            .doc("The state: `green`, `yellow`, `red`, `blue` (on hold) or `complete`.");
        s.one::<User>("author", |p| p.author).doc("Who says it.");
        s.field("created_at", |p| &p.created_at).doc("When it was said.");
        s.one::<User>("created_by", |p| p.author).doc("Who says it.");
        s.field("modified_at", |p| &p.modified_at).doc("When it was last changed.");
    }
}

fn color_of(status_type: &str) -> &'static str {
    COLORS.iter().find(|(_, kind)| *kind == status_type).map_or("red", |(color, _)| color)
}

impl Resource for ProjectStatus {
    const TYPE: &'static str = "project_status";
    fn gid(&self) -> Gid {
        self.gid
    }
}

impl Object for ProjectStatus {
    fn workspace(&self) -> Gid {
        self.workspace
    }
}

/// The operations of the section, in the order of the API reference.
pub fn operations(api: &mut Operations) {
    api.section("Project statuses", "What is said about the state of projects, in the old form.");
    api.read::<ProjectStatus>(
        "getProjectStatus",
        "/project_statuses/{project_status_gid}",
        "One project status.",
    );
    api.add(
        "DELETE",
        "deleteProjectStatus",
        "/project_statuses/{project_status_gid}",
        "Deletes a project status; the project goes back to the one before.",
        Input::None,
        Output::Empty,
        |cx, call| {
            cx.target::<ProjectStatus>(call, 0)?;
            cx.delete_answer::<StatusUpdate>(call)
        },
    );
    api.list_in::<Project, ProjectStatus>(
        "getProjectStatusesForProject",
        "/projects/{project_gid}/project_statuses",
        "The statuses of a project, the newest first.",
        |cx, project, call| {
            Query::given()
                .filter("t.parent = ?", params![project.gid])
                .order(&["t.created_at", "t.gid"])
                .descending()
                .page(cx, call)
        },
    );
    api.add(
        "POST",
        "createProjectStatusForProject",
        "/projects/{project_gid}/project_statuses",
        "Says something about the state of a project.",
        Input::Create(ProjectStatus::TYPE),
        Output::One(ProjectStatus::TYPE),
        create,
    )
    .created();
}

/// `createProjectStatusForProject`.
fn create(cx: &mut Context<'_, '_>, call: &Call) -> Result<Answer> {
    let (project, _) = cx.target::<Project>(call, 0)?;
    let color =
        call.body.read::<String>("color")?.ok_or_else(|| invalid("color", "Missing input"))?;
    let known = COLORS.iter().find(|(name, _)| *name == color);
    let (_, status_type) =
        known.ok_or_else(|| invalid("color", format!("Must be one of {}", WRITTEN.join(", "))))?;
    let mut body = call.body.clone();
    body.set("parent", json!(project.gid.to_string()));
    body.set("status_type", json!(status_type));
    let row = cx.create::<StatusUpdate>(&body)?;
    let mut answer = cx.answer_gid::<ProjectStatus>(row.gid)?;
    answer.created = true;
    Ok(answer)
}

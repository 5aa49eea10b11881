//! Project briefs: the page that says what a project is about; at most one for each project.
//!
//! API section "Project briefs", 4 operations. Events: `project_brief` added, changed, deleted, and that the project's
//! `project_brief` is another one.

use crate::jobs::copying::End;
use crate::prelude::*;
use crate::resources::projects::{Project, duplicating};
use crate::resources::texts;
use engine::changed_columns;
use engine::record::select_list;

/// One row of `project_briefs`.
#[derive(Debug, Clone)]
pub struct ProjectBrief {
    pub gid: Gid,
    pub workspace: Gid,
    pub project: Gid,
    pub title: String,
    pub created_at: Timestamp,
    pub created_by: Option<Gid>,
    pub modified_at: Timestamp,
}

row! { ProjectBrief in "project_briefs" { gid, workspace, project, title, created_at, created_by, modified_at } }

impl Record for ProjectBrief {
    fn schema(s: &mut Schema<Self>) {
        s.doc("The page that says what a project is about.");
        s.field("title", |b| &b.title).write(|b, Name(title)| b.title = title).doc("The headline.");
        texts::pair(s, "text", "html_text", &[texts::Form::Plain]);
        s.computed("permalink_url", |b, site| site.link(b.workspace, "project_brief", b.gid))
            .doc("Where people open the brief.");
        s.one::<Project>("project", |b| Some(b.project)).doc("The project that it is about.");
    }
}

impl Resource for ProjectBrief {
    const TYPE: &'static str = "project_brief";
    fn gid(&self) -> Gid {
        self.gid
    }
}

impl Object for ProjectBrief {
    fn workspace(&self) -> Gid {
        self.workspace
    }

    fn parent(&self) -> Option<(&'static str, Gid)> {
        Some((Project::TYPE, self.project))
    }

    /// The brief of a project that has none, which the actor may edit.
    fn draft(cx: &mut Context<'_, '_>, body: &Body) -> Result<Self> {
        let raw = body
            .reference("project")?
            .flatten()
            .ok_or_else(|| invalid("project", "Missing input"))?;
        let (project, level) = cx.refer::<Project>("project", &raw)?;
        cx.require_level(level, Level::Edit)?;
        // Held so that there is one brief, whoever else makes one.
        project.lock(cx)?;
        let other: Option<Gid> = cx.cell(
            "SELECT b.gid FROM project_briefs AS b WHERE b.project = ? AND b.deleted IS NULL",
            params![project.gid],
        )?;
        if other.is_some() {
            return Err(bad_request("The project has a brief already"));
        }
        Ok(ProjectBrief {
            gid: cx.gid()?,
            workspace: project.workspace,
            project: project.gid,
            title: String::new(),
            created_at: cx.now(),
            created_by: Some(cx.me()),
            modified_at: cx.now(),
        })
    }

    fn prepare(
        cx: &mut Context<'_, '_>,
        before: Option<&Self>,
        row: &mut Self,
        _body: &Body,
    ) -> Result<()> {
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
        let text = texts::write(cx, row.gid, row.workspace, body, "text", "html_text")?;
        if text.is_some_and(|text| text.changed) {
            fields.add(FieldChange::changed("html_text"));
            if before.is_some() {
                let now = cx.now();
                cx.later(
                    "UPDATE project_briefs SET modified_at = ? WHERE gid = ?",
                    params![now, row.gid].to_vec(),
                )?;
            }
        }
        if before.is_none() {
            tell_project(cx, row)?;
        }
        Ok(())
    }

    /// Whom the project reaches.
    fn scopes(&self, cx: &mut Context<'_, '_>) -> Result<Vec<Gid>> {
        let mut scopes = match project_of(cx, self)? {
            Some(project) => project.scopes(cx)?,
            None => vec![self.project, self.workspace],
        };
        scopes.push(self.gid);
        Ok(scopes)
    }

    fn delete(cx: &mut Context<'_, '_>, row: &Self) -> Result<()> {
        cx.trash(Self::TYPE, Self::TABLE, row.gid, row.workspace)?;
        tell_project(cx, row)
    }
}

fn project_of(cx: &mut Context<'_, '_>, brief: &ProjectBrief) -> Result<Option<Project>> {
    let found = cx.as_system(|cx| cx.rows_seen::<Project>(&[brief.project]))?;
    Ok(found.into_iter().next().flatten())
}

/// Records that the project has another brief, or none.
fn tell_project(cx: &mut Context<'_, '_>, brief: &ProjectBrief) -> Result<()> {
    if let Some(project) = project_of(cx, brief)? {
        let change = FieldChange::changed("project_brief");
        let mut event = Event::changed(Project::TYPE, &project, vec![change]);
        event.scopes = project.scopes(cx)?;
        cx.emit(event);
    }
    Ok(())
}

/// Gives a copy of a project a brief like that of the original, if that has one.
pub fn copy(cx: &mut Context<'_, '_>, from: End, to: End) -> Result<()> {
    let original = cx.first(
        &format!(
            "SELECT {} FROM project_briefs AS t WHERE t.project = ? AND coalesce(t.deleted, 0) = ?",
            select_list::<ProjectBrief>("t")
        ),
        params![from.root, from.template],
        |row| ProjectBrief::from_row(row, 0),
    )?;
    let Some(original) = original else { return Ok(()) };
    let brief = ProjectBrief {
        gid: cx.gid()?,
        project: Gid::new(to.root),
        created_at: cx.now(),
        created_by: Some(cx.me()),
        modified_at: cx.now(),
        ..original.clone()
    };
    cx.insert(&brief)?;
    duplicating::copy_text(cx, original.gid, brief.gid)?;
    if to.is_live() {
        let scopes = brief.scopes(cx)?;
        cx.emit(Event { scopes, ..Event::added(ProjectBrief::TYPE, &brief) });
        return Ok(());
    }
    cx.later(
        "UPDATE project_briefs SET deleted = ? WHERE gid = ?",
        params![to.template, brief.gid].to_vec(),
    )
}

/// The operations of the section, in the order of the API reference.
pub fn operations(api: &mut Operations) {
    api.section("Project briefs", "Pages that say what projects are about.");
    api.read::<ProjectBrief>(
        "getProjectBrief",
        "/project_briefs/{project_brief_gid}",
        "One project brief.",
    );
    api.update::<ProjectBrief>(
        "updateProjectBrief",
        "/project_briefs/{project_brief_gid}",
        "Changes a project brief; only what is sent changes.",
    );
    api.delete::<ProjectBrief>(
        "deleteProjectBrief",
        "/project_briefs/{project_brief_gid}",
        "Deletes a project brief; the project can have another one.",
    );
    api.create_in::<Project, ProjectBrief>(
        "createProjectBrief",
        "/projects/{project_gid}/project_briefs",
        "project",
        "Creates the brief of a project that has none.",
    );
}

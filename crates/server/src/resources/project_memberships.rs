//! Project memberships: users and teams in a project, each at a level.
//!
//! API section "Project memberships", the older view of what [`super::memberships`] shows too. How they come and go is in
//! [`super::projects::members`]. Events: `project_membership` added, changed, deleted.

use crate::prelude::*;
use crate::resources::projects::Project;
use crate::resources::teams::Team;
use crate::resources::users::User;

/// One row of `project_memberships`.
#[derive(Debug, Clone)]
pub struct ProjectMembership {
    pub gid: Gid,
    pub workspace: Gid,
    pub project: Gid,
    pub member: Gid,
    /// `user` or `team`.
    pub member_type: String,
    pub access_level: String,
    pub created_at: Timestamp,
}

row! { ProjectMembership in "project_memberships" { gid, workspace, project, member, member_type, access_level, created_at } }

impl ProjectMembership {
    /// The type of the member.
    pub fn kind(&self) -> &'static str {
        if self.member_type == Team::TYPE { Team::TYPE } else { User::TYPE }
    }

    /// The member, if it is a user.
    fn user(&self) -> Option<Gid> {
        (self.kind() == User::TYPE).then_some(self.member)
    }

    /// The level of the member.
    pub fn level(&self) -> Level {
        Level::from_name(&self.access_level)
    }
}

impl Record for ProjectMembership {
    fn schema(s: &mut Schema<Self>) {
        s.doc("A user or team in a project.");
        s.one::<Project>("parent", |m| Some(m.project)).on_request().doc("The project.");
        s.one_of("member", &["user", "team"], |m| Some((m.kind(), m.member)))
            .compact()
            .doc("The user or team.");
        s.field("access_level", |m| &m.access_level)
            .compact()
            .doc("What the member may do in the project.");
        s.one::<User>("user", Self::user).doc("The member, if it is a user.");
        s.one::<Project>("project", |m| Some(m.project)).on_request().doc("The project.");
        s.computed("write_access", |m, _| {
            if m.level() >= Level::Edit { "full_write" } else { "comment_only" }
        })
        .doc("Whether the member may change the project's tasks, or comment at most.");
    }
}

impl Resource for ProjectMembership {
    const TYPE: &'static str = "project_membership";
    fn gid(&self) -> Gid {
        self.gid
    }
}

impl Object for ProjectMembership {
    fn workspace(&self) -> Gid {
        self.workspace
    }

    fn parent(&self) -> Option<(&'static str, Gid)> {
        Some((Project::TYPE, self.project))
    }
}

/// The operations of the section, in the order of the API reference.
pub fn operations(api: &mut Operations) {
    api.section("Project memberships", "Who is in a project, in the older form.");
    api.read::<ProjectMembership>(
        "getProjectMembership",
        "/project_memberships/{project_membership_gid}",
        "One project membership.",
    );
    api.list_in::<Project, ProjectMembership>(
        "getProjectMembershipsForProject",
        "/projects/{project_gid}/project_memberships",
        "The memberships of a project, longest member first.",
        of_project,
    )
    .query("user", "Only the membership of this user.");
}

/// `getProjectMembershipsForProject`.
fn of_project(
    cx: &mut Context<'_, '_>,
    project: &Project,
    call: &Call,
) -> Result<Page<ProjectMembership>> {
    let mut query = Query::inside()
        .filter("t.project = ?", params![project.gid])
        .order(&["t.created_at", "t.gid"]);
    if let Some(raw) = call.param("user") {
        let (user, _) = cx.refer::<User>("user", raw)?;
        query = query.filter("t.member = ?", params![user.gid]);
    }
    query.page(cx, call)
}

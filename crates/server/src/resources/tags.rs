//! Tags: labels that can be put on any task of one workspace.
//!
//! API section "Tags", 8 operations. Putting a tag on a task is in [`super::tasks`].
//! Events: `tag` added, changed, deleted.

use crate::prelude::*;
use crate::resources::workspace_memberships::require_in_workspace;
use crate::resources::{users::User, workspaces::Workspace};
use model::{Color, name_key};

/// A tag as stored, one row of `tags`.
#[derive(Debug, Clone)]
pub struct Tag {
    pub gid: Gid,
    pub workspace: Gid,
    pub name: String,
    pub name_key: String,
    pub color: Option<String>,
    pub notes: String,
    pub created_at: Timestamp,
    pub created_by: Option<Gid>,
}

row! { Tag in "tags" { gid, workspace, name, name_key, color, notes, created_at, created_by } }

impl Record for Tag {
    fn schema(s: &mut Schema<Self>) {
        s.doc("A label that can be put on any task of one workspace.");
        s.field("name", |t| &t.name)
            .write(|t, Name(name)| t.name = name)
            .compact()
            .doc("What the tag is called.");
        s.field("color", |t| &t.color)
            .values(Color::ALL)
            .write(|t, v| t.color = v)
            .doc("A colour of the palette, or null for none.");
        s.field("notes", |t| &t.notes)
            .write(|t, v| t.notes = v)
            .doc("Free-form text about the tag.");
        s.field("created_at", |t| &t.created_at).doc("When the tag was created.");
        s.many::<User>("followers", Join::through("tag_followers", "tag", "user"))
            .refused()
            .doc("Who is told about changes, longest follower first.");
        s.one::<Workspace>("workspace", |t| Some(t.workspace))
            .doc("The workspace the tag belongs to; it never moves.");
        s.computed("permalink_url", |t, site| site.link(t.workspace, "tag", t.gid))
            .doc("Where people open the tag.");
    }
}

impl Resource for Tag {
    const TYPE: &'static str = "tag";
    fn gid(&self) -> Gid {
        self.gid
    }
}

impl Object for Tag {
    fn workspace(&self) -> Gid {
        self.workspace
    }

    /// A tag in the workspace of the body; full members may create one.
    fn draft(cx: &mut Context<'_, '_>, body: &Body) -> Result<Self> {
        let workspace = cx.workspace_of(body, Level::Edit)?;
        Ok(Tag {
            gid: cx.gid()?,
            workspace,
            name: String::new(),
            name_key: String::new(),
            color: None,
            notes: String::new(),
            created_at: cx.now(),
            created_by: Some(cx.me()),
        })
    }

    fn prepare(
        _cx: &mut Context<'_, '_>,
        _before: Option<&Self>,
        row: &mut Self,
        _body: &Body,
    ) -> Result<()> {
        require(!row.name.is_empty(), "name", "Must not be empty")?;
        row.name_key = name_key(&row.name);
        Ok(())
    }

    fn changed(
        cx: &mut Context<'_, '_>,
        before: Option<&Self>,
        row: &Self,
        _fields: &mut Fields,
        body: &Body,
    ) -> Result<()> {
        if before.is_some() {
            return Ok(());
        }
        let followers = cx.refer_all::<User>("followers", &body.references("followers")?)?;
        let followers: Vec<Gid> = followers.iter().map(|user| user.gid).collect();
        require_in_workspace(cx, row.workspace, "followers", &followers)?;
        let mut last: Option<Position> = None;
        for follower in followers {
            let position = cx.position(last.as_ref().map(Position::as_str), None)?;
            cx.later(
                r#"INSERT INTO tag_followers (tag, "user", workspace, position) VALUES (?, ?, ?, ?)"#,
                params![row.gid, follower, row.workspace, position.as_str()].to_vec(),
            )?;
            last = Some(position);
        }
        Ok(())
    }
}

/// The operations of the section, in the order of the API reference.
pub fn operations(api: &mut Operations) {
    api.section("Tags", "Labels across the projects of a workspace.");
    api.list::<Tag>(
        "getTags",
        "/tags",
        "The tags the actor sees, in one workspace if it is given; newest first.",
        visible,
    )
    .query("workspace", "Only the tags of this workspace.");
    api.create::<Tag>("createTag", "/tags", "Creates a tag in a workspace.").field(
        "workspace",
        JsonType::Gid,
        "The workspace the tag belongs to.",
    );
    api.read::<Tag>("getTag", "/tags/{tag_gid}", "One tag.");
    api.update::<Tag>("updateTag", "/tags/{tag_gid}", "Changes a tag; only what is sent changes.");
    api.delete::<Tag>(
        "deleteTag",
        "/tags/{tag_gid}",
        "Deletes a tag; it disappears from its tasks.",
    );
    api.list_in::<Workspace, Tag>(
        "getTagsForWorkspace",
        "/workspaces/{workspace_gid}/tags",
        "The tags of a workspace that the actor sees, by name.",
        in_workspace,
    );
    api.create_in::<Workspace, Tag>(
        "createTagForWorkspace",
        "/workspaces/{workspace_gid}/tags",
        "workspace",
        "Creates a tag in the workspace of the path.",
    );
}

/// `getTags`: newest first.
fn visible(cx: &mut Context<'_, '_>, call: &Call) -> Result<Page<Tag>> {
    let mut query = Query::scan().order(&["t.created_at", "t.gid"]).descending();
    if let Some(raw) = call.param("workspace") {
        let (workspace, _) = cx.refer::<Workspace>("workspace", raw)?;
        query = query.filter("t.workspace = ?", params![workspace.gid]);
    }
    query.page(cx, call)
}

/// `getTagsForWorkspace`: by name, without regard to case.
fn in_workspace(cx: &mut Context<'_, '_>, workspace: &Workspace, call: &Call) -> Result<Page<Tag>> {
    Query::scan()
        .filter("t.workspace = ?", params![workspace.gid])
        .order(&["t.name_key", "t.gid"])
        .page(cx, call)
}

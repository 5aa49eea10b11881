//! Notifications: the inbox of each user.
//!
//! Extension API. [`feed`] is the reader of the event log that writes them, [`due`] tells of what is due soon, [`settings`] is what
//! somebody wants to be told. Nobody is told of what he does himself, or of what he may not see: that is looked at when it is written,
//! and again whenever it is read, since the rule of a notification is that of its resource. There are no events.

pub mod due;
pub mod feed;
pub mod settings;

use crate::api::operations::{Input, Plain};
use crate::prelude::*;
use crate::resources::status_updates::StatusUpdate;
use crate::resources::stories::Story;
use crate::resources::users::User;
use crate::resources::workspaces::Workspace;
use engine::schema::{Mode, schema_of};
use serde_json::json;
use std::collections::HashMap;

/// What a notification can be about.
const ABOUT: &[&str] = &["task", "project", "portfolio", "goal", "team"];

/// Highest number of unread ones that is counted. Ours: more is shown as "999+".
const MAX_COUNTED: i64 = 1_000;

/// Most gids that are marked in one request. Ours: those of a page.
const MAX_MARKED: usize = 100;

/// A notification as stored, one row of `notifications`, as far as it is shown.
#[derive(Debug, Clone)]
pub struct Notification {
    pub gid: Gid,
    pub workspace: Gid,
    pub user: Gid,
    pub kind: String,
    pub resource: Gid,
    pub resource_type: String,
    pub actor: Option<Gid>,
    pub story: Option<Gid>,
    pub status_update: Option<Gid>,
    pub created_at: Timestamp,
    pub day: String,
    pub is_read: bool,
    pub is_archived: bool,
    pub is_bookmarked: bool,
}

row! { Notification in "notifications" { gid, workspace, user, kind, resource, resource_type, actor, story, status_update, created_at, day, is_read, is_archived, is_bookmarked } }

impl Notification {
    /// The type of the resource.
    pub fn about(&self) -> &'static str {
        ABOUT.iter().copied().find(|kind| *kind == self.resource_type).unwrap_or("task")
    }
}

impl Record for Notification {
    fn schema(s: &mut Schema<Self>) {
        s.doc("Something that a user is told in the inbox.");
        s.field("kind", |n| &n.kind).values(settings::KINDS).compact().doc("What happened.");
        s.one_of("resource", ABOUT, |n| Some((n.about(), n.resource)))
            .compact()
            .doc("The task, project, portfolio, goal or team that it is about.");
        s.one::<User>("actor", |n| n.actor)
            .compact()
            .doc("Who did it; null for the server itself.");
        s.one::<Story>("story", |n| n.story)
            .compact()
            .doc("The story that tells of it, where there is one.");
        s.one::<StatusUpdate>("status_update", |n| n.status_update)
            .compact()
            .doc("The status update, where it is one.");
        s.field("created_at", |n| &n.created_at).compact().doc("When it happened.");
        s.computed("group", |n, _| format!("{}-{}", n.resource, n.day))
            .compact()
            .doc("The same for everything about one object on one day, in the user's time zone.");
        s.field("is_read", |n| &n.is_read)
            .write(|n, v| n.is_read = v)
            .compact()
            .doc("Whether the user has read it.");
        s.field("is_archived", |n| &n.is_archived)
            .write(|n, v| n.is_archived = v)
            .compact()
            .doc("Whether the user has put it away.");
        s.field("is_bookmarked", |n| &n.is_bookmarked)
            .write(|n, v| n.is_bookmarked = v)
            .compact()
            .doc("Whether the user keeps it at hand.");
        s.one::<Workspace>("workspace", |n| Some(n.workspace)).doc("Where it happened.");
    }
}

impl Resource for Notification {
    const TYPE: &'static str = "notification";
    fn gid(&self) -> Gid {
        self.gid
    }
}

impl Object for Notification {
    fn workspace(&self) -> Gid {
        self.workspace
    }
}

const COUNTED: &[Plain] =
    &[("unread", JsonType::Integer, "How many are neither read nor archived, at most 1000.")];

const MARKED: &[Plain] = &[("changed", JsonType::Integer, "How many were changed.")];

/// The operations of the section.
pub fn operations(api: &mut Operations) {
    api.extension("Notifications", "The inbox of the actor, and what he wants to be told.");
    api.list::<Notification>(
        "getNotifications",
        "/notifications",
        "The actor's notifications in a workspace, the newest first.",
        list,
    )
    .required_query("workspace", "The workspace.")
    .query("tab", "`activity` (the default), `bookmarks`, `archive` or `mentioned`.")
    .query("type", "Only those of this kind.")
    .query("group", "Only those of this group, as notifications tell it.");
    api.add(
        "GET",
        "getNotificationCounts",
        "/notifications/counts",
        "How many notifications of a workspace wait for the actor.",
        Input::None,
        Output::Plain(COUNTED),
        counts,
    )
    .required_query("workspace", "The workspace.");
    api.read::<Notification>(
        "getNotification",
        "/notifications/{notification_gid}",
        "One notification of the actor.",
    );
    api.add(
        "PUT",
        "updateNotification",
        "/notifications/{notification_gid}",
        "Marks a notification as read, archived or bookmarked, or takes the mark away.",
        Input::Update(Notification::TYPE),
        Output::One(Notification::TYPE),
        |cx, call| {
            let (before, _) = cx.target::<Notification>(call, 0)?;
            let mut after = before.clone();
            let schema = schema_of::<Notification>();
            schema.apply(&mut after, &call.body, Mode::Update, &HashMap::new())?;
            cx.update(&before, &after)?;
            cx.answer(after)
        },
    );
    api.add(
        "POST",
        "archiveAllNotifications",
        "/notifications/archive_all",
        "Puts away every notification of the actor in a workspace, and marks it as read. Bookmarks stay bookmarks.",
        Input::Fields,
        Output::Plain(MARKED),
        |cx, call| {
            let (me, workspace) = (cx.me(), cx.workspace_of(&call.body, Level::See)?);
            let changed = cx.execute(
                r#"UPDATE notifications SET is_archived = 1, is_read = 1 WHERE "user" = ? AND workspace = ? AND is_archived = 0 AND in_app = 1"#,
                params![me, workspace],
            )?;
            Ok(marked(changed))
        },
    )
    .required_field("workspace", JsonType::Gid, "The workspace.");
    api.add(
        "POST",
        "markNotificationsRead",
        "/notifications/mark_read",
        "Marks notifications of the actor as read: those that are named, or all of a workspace.",
        Input::Fields,
        Output::Plain(MARKED),
        mark_read,
    )
    .field(
        "gids",
        JsonType::Strings,
        "The notifications, at most 100; others than the actor's are passed over.",
    )
    .field("all", JsonType::Boolean, "Whether all of `workspace` are meant.")
    .field("workspace", JsonType::Gid, "The workspace, with `all`.");
    settings::operations(api);
}

fn marked(changed: u64) -> Answer {
    let data = json!({ "changed": changed }).to_string().into_bytes();
    Answer { data, ..Answer::default() }
}

/// `getNotifications`. The rule leaves out what the actor does not see any more.
fn list(cx: &mut Context<'_, '_>, call: &Call) -> Result<Page<Notification>> {
    let (workspace, _) = cx.refer::<Workspace>("workspace", call.required("workspace")?)?;
    let me = cx.me();
    let tab = match call.param("tab").unwrap_or("activity") {
        "activity" => "t.is_archived = 0 AND t.in_app = 1",
        "bookmarks" => "t.is_bookmarked = 1",
        "archive" => "t.is_archived = 1",
        "mentioned" => "t.is_archived = 0 AND t.in_app = 1 AND t.kind = 'mentioned'",
        _ => {
            return Err(invalid("tab", "Must be one of activity, bookmarks, archive, mentioned"));
        }
    };
    let kind = call.param("type");
    if let Some(kind) = kind {
        require(settings::KINDS.contains(&kind), "type", "There is no such kind")?;
    }
    let mut query = Query::inside()
        .filter(r#"t."user" = ? AND t.workspace = ?"#, params![me, workspace.gid])
        .filter(tab, &[])
        .filter_if("t.kind = ?", kind.map(|kind| Value::Text(kind.to_owned())))
        .order(&["t.created_at", "t.gid"])
        .descending();
    if let Some(group) = call.param("group") {
        let parts = group.split_once('-').and_then(|(gid, day)| Some((Gid::parse(gid)?, day)));
        let (resource, day) =
            parts.ok_or_else(|| invalid("group", "Must be a group of a notification"))?;
        query = query.filter("t.resource = ? AND t.day = ?", params![resource, day]);
    }
    query.page(cx, call)
}

/// `getNotificationCounts`.
fn counts(cx: &mut Context<'_, '_>, call: &Call) -> Result<Answer> {
    let (workspace, _) = cx.refer::<Workspace>("workspace", call.required("workspace")?)?;
    let app = cx.app;
    let see = &app.access.of(Notification::TYPE, cx.actor.sight).see;
    let sql = format!(
        r#"SELECT count(*) FROM (SELECT t.gid FROM notifications AS t WHERE {} AND t."user" = ? AND t.workspace = ? AND t.is_read = 0 AND t.is_archived = 0 AND t.in_app = 1 LIMIT {MAX_COUNTED}) AS c"#,
        see.sql()
    );
    let me = cx.me();
    let mut values = see.params(me, &[]);
    values.extend_from_slice(params![me, workspace.gid]);
    let unread: i64 = cx.cell(&sql, &values)?.unwrap_or_default();
    Ok(Answer { data: json!({ "unread": unread }).to_string().into_bytes(), ..Answer::default() })
}

/// `markNotificationsRead`.
fn mark_read(cx: &mut Context<'_, '_>, call: &Call) -> Result<Answer> {
    let me = cx.me();
    if call.body.read::<bool>("all")? == Some(true) {
        let workspace = cx.workspace_of(&call.body, Level::See)?;
        let changed = cx.execute(
            r#"UPDATE notifications SET is_read = 1 WHERE "user" = ? AND workspace = ? AND is_read = 0 AND is_archived = 0 AND in_app = 1"#,
            params![me, workspace],
        )?;
        return Ok(marked(changed));
    }
    let raws = call.body.references("gids")?;
    require(!raws.is_empty(), "gids", "Missing input")?;
    require(raws.len() <= MAX_MARKED, "gids", "Must be at most 100")?;
    let gids =
        raws.iter().map(|raw| crate::api::call::gid("gids", raw)).collect::<Result<Vec<Gid>>>()?;
    let changed = cx.execute(
        r#"UPDATE notifications SET is_read = 1 WHERE "user" = ? AND is_read = 0 AND gid IN (SELECT i.value FROM ids(?) AS i)"#,
        params![me, gids],
    )?;
    Ok(marked(changed))
}

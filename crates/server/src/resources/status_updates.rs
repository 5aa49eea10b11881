//! Status updates: what somebody says about the state of a project, a portfolio or a goal.
//!
//! API section "Status updates", 4 operations. The latest one is the state of its parent: it completes a project, and it sets the
//! status of a goal. [`super::project_statuses`] shows the same rows in their old form. Events: `status_update` added, deleted,
//! in both forms.

use crate::prelude::*;
use crate::resources::goals::{Goal, followers};
use crate::resources::portfolios::Portfolio;
use crate::resources::projects::{Project, members};
use crate::resources::users::User;
use crate::resources::{likes, sharing, texts};

/// One row of `status_updates`.
#[derive(Debug, Clone)]
pub struct StatusUpdate {
    pub gid: Gid,
    pub workspace: Gid,
    /// A project, portfolio or goal.
    pub parent: Gid,
    pub parent_type: String,
    pub title: String,
    pub status_type: String,
    pub author: Option<Gid>,
    pub created_at: Timestamp,
    pub modified_at: Timestamp,
}

row! { StatusUpdate in "status_updates" { gid, workspace, parent, parent_type, title, status_type, author, created_at, modified_at } }

/// What a status can be about.
const PARENTS: &[&str] = &[Project::TYPE, Portfolio::TYPE, Goal::TYPE];

/// What can be said. Source: `StatusUpdateBase.status_type`.
const TYPES: &[&str] = &[
    "on_track",
    "at_risk",
    "off_track",
    "on_hold",
    "complete",
    "achieved",
    "partial",
    "missed",
    "dropped",
];

/// What can be said about projects and portfolios. Source: `StatusUpdateBase.status_type`.
const OF_WORK: &[&str] = &["on_track", "at_risk", "off_track", "on_hold", "complete", "dropped"];

/// What can be said about goals. Source: `StatusUpdateBase.status_type`.
const OF_GOALS: &[&str] =
    &["on_track", "at_risk", "off_track", "achieved", "partial", "missed", "dropped"];

impl Record for StatusUpdate {
    fn schema(s: &mut Schema<Self>) {
        s.doc("What somebody says about the state of a project, portfolio or goal.");
        s.field("title", |u| &u.title)
            .write_once(|u, Name(title)| u.title = title)
            .compact()
            .doc("The headline; made from the date, if none is given.");
        s.computed("resource_subtype", |u, _| format!("{}_status_update", u.parent_type))
            .compact()
            .doc("What it is about.");
        texts::fields(s, "text", "html_text", false);
        s.field("status_type", |u| &u.status_type)
            .values(TYPES)
            .write_once(|u, v| u.status_type = v)
            .doc("The state. Projects and portfolios: `on_track`, `at_risk`, `off_track`, `on_hold`, `complete`, `dropped`. Goals: `on_track`, `at_risk`, `off_track`, `achieved`, `partial`, `missed`, `dropped`.");
        s.one::<User>("author", |u| u.author).doc("Who says it.");
        s.field("created_at", |u| &u.created_at).doc("When it was said.");
        s.one::<User>("created_by", |u| u.author).doc("Who says it.");
        likes::fields(s);
        s.computed("reaction_summary", |_, _| Vec::<serde_json::Value>::new())
            .doc("The reactions; there are none.");
        s.field("modified_at", |u| &u.modified_at).doc("When it was last changed.");
        s.one_of("parent", PARENTS, |u| Some((u.parent_kind(), u.parent)))
            .doc("The project, portfolio or goal.");
    }
}

impl StatusUpdate {
    /// The type of the parent.
    fn parent_kind(&self) -> &'static str {
        PARENTS.iter().copied().find(|kind| *kind == self.parent_type).unwrap_or(Project::TYPE)
    }
}

impl Resource for StatusUpdate {
    const TYPE: &'static str = "status_update";
    fn gid(&self) -> Gid {
        self.gid
    }
}

impl Object for StatusUpdate {
    fn workspace(&self) -> Gid {
        self.workspace
    }

    fn subtype(&self) -> Option<String> {
        Some(format!("{}_status_update", self.parent_type))
    }

    fn parent(&self) -> Option<(&'static str, Gid)> {
        Some((self.parent_kind(), self.parent))
    }

    /// A status of the parent that the body names, which the actor may edit.
    fn draft(cx: &mut Context<'_, '_>, body: &Body) -> Result<Self> {
        let raw = body
            .reference("parent")?
            .flatten()
            .ok_or_else(|| invalid("parent", "Missing input"))?;
        let (kind, parent, workspace, level) = parent_sent(cx, &raw)?;
        cx.require_level(level, Level::Edit)?;
        Ok(StatusUpdate {
            gid: cx.gid()?,
            workspace,
            parent,
            parent_type: kind.to_owned(),
            title: String::new(),
            status_type: String::new(),
            author: Some(cx.me()),
            created_at: cx.now(),
            modified_at: cx.now(),
        })
    }

    fn prepare(
        cx: &mut Context<'_, '_>,
        _before: Option<&Self>,
        row: &mut Self,
        body: &Body,
    ) -> Result<()> {
        require(!row.status_type.is_empty(), "status_type", "Missing input")?;
        let allowed = if row.parent_type == Goal::TYPE { OF_GOALS } else { OF_WORK };
        if !allowed.contains(&row.status_type.as_str()) {
            let message =
                format!("Must be one of {}, not: {}", allowed.join(", "), row.status_type);
            return Err(invalid("status_type", message));
        }
        require(body.has("text") || body.has("html_text"), "text", "Missing input")?;
        if row.title.is_empty() {
            row.title = format!("Status update – {}", cx.now().date_in(cx.zone()));
        }
        Ok(())
    }

    fn changed(
        cx: &mut Context<'_, '_>,
        _before: Option<&Self>,
        row: &Self,
        _fields: &mut Fields,
        body: &Body,
    ) -> Result<()> {
        texts::write(cx, row.gid, row.workspace, body, "text", "html_text")?;
        if body.read::<Option<bool>>("liked")?.flatten() == Some(true) {
            likes::write(cx, row.gid, row.workspace, true)?;
        }
        settle(cx, row)
    }

    /// Whom its parent reaches.
    fn scopes(&self, cx: &mut Context<'_, '_>) -> Result<Vec<Gid>> {
        let mut scopes = match self.parent_kind() {
            Portfolio::TYPE => scopes_of::<Portfolio>(cx, self.parent)?,
            Goal::TYPE => scopes_of::<Goal>(cx, self.parent)?,
            _ => scopes_of::<Project>(cx, self.parent)?,
        };
        scopes.extend([self.gid, self.workspace]);
        Ok(scopes)
    }

    /// The parent goes back to the status before, if this was its latest.
    fn delete(cx: &mut Context<'_, '_>, row: &Self) -> Result<()> {
        let was_latest = latest_of(cx, row.parent)?.is_some_and(|latest| latest.gid == row.gid);
        cx.trash(Self::TYPE, Self::TABLE, row.gid, row.workspace)?;
        if was_latest { settle(cx, row) } else { Ok(()) }
    }
}

/// How the latest status of an object is found.
pub fn latest() -> Join {
    Join::back("parent")
        .filter("t.gid = (SELECT s.gid FROM status_updates AS s WHERE s.parent = i.value AND s.deleted IS NULL ORDER BY s.created_at DESC, s.gid DESC LIMIT 1)")
        .order("t.gid")
}

/// Declares `current_status_update`.
pub fn current<T: Record>(s: &mut Schema<T>) {
    s.one_by::<StatusUpdate>("current_status_update", latest())
        .doc("The latest status update; null where there is none.");
}

/// The operations of the section, in the order of the API reference.
pub fn operations(api: &mut Operations) {
    api.section(
        "Status updates",
        "What is said about the state of projects, portfolios and goals.",
    );
    api.read::<StatusUpdate>(
        "getStatus",
        "/status_updates/{status_update_gid}",
        "One status update.",
    );
    api.delete::<StatusUpdate>(
        "deleteStatus",
        "/status_updates/{status_update_gid}",
        "Deletes a status update; its parent goes back to the one before.",
    );
    api.list::<StatusUpdate>(
        "getStatusesForObject",
        "/status_updates",
        "The status updates of a project, portfolio or goal, the newest first.",
        of_object,
    )
    .required_query("parent", "The project, portfolio or goal.")
    .query("created_since", "Only those that were made at this time or later.");
    api.create::<StatusUpdate>(
        "createStatusForObject",
        "/status_updates",
        "Says something about the state of a project, portfolio or goal.",
    )
    .required_field("parent", JsonType::Gid, "The project, portfolio or goal.");
}

/// The object that `raw` names: its type, gid, workspace, and the actor's level. An unknown one is told of as an unknown project.
fn parent_sent(cx: &mut Context<'_, '_>, raw: &str) -> Result<(&'static str, Gid, Gid, Level)> {
    fn of<T: Object>(
        cx: &mut Context<'_, '_>,
        raw: &str,
    ) -> Result<(&'static str, Gid, Gid, Level)> {
        let (row, level) = cx.refer::<T>("parent", raw)?;
        Ok((T::TYPE, row.gid(), row.workspace(), level))
    }
    let kind = match cx.identify("", "parent", raw)? {
        Some(gid) => cx.kind_of(gid, PARENTS)?,
        None => None,
    };
    match kind {
        Some(Portfolio::TYPE) => of::<Portfolio>(cx, raw),
        Some(Goal::TYPE) => of::<Goal>(cx, raw),
        _ => of::<Project>(cx, raw),
    }
}

/// `getStatusesForObject`.
fn of_object(cx: &mut Context<'_, '_>, call: &Call) -> Result<Page<StatusUpdate>> {
    let (_, parent, _, _) = parent_sent(cx, call.required("parent")?)?;
    let since = call.time("created_since", cx.now())?;
    Query::given()
        .filter("t.parent = ?", params![parent])
        .filter_if("t.created_at >= ?", since.map(|since| Value::Int(since.millis())))
        .order(&["t.created_at", "t.gid"])
        .descending()
        .page(cx, call)
}

/// The object of a gid, whoever asks; `None` if it is in the trash.
fn any<T: Object>(cx: &mut Context<'_, '_>, gid: Gid) -> Result<Option<T>> {
    Ok(cx.as_system(|cx| cx.rows_seen::<T>(&[gid]))?.into_iter().next().flatten())
}

fn scopes_of<T: Object>(cx: &mut Context<'_, '_>, gid: Gid) -> Result<Vec<Gid>> {
    match any::<T>(cx, gid)? {
        Some(row) => row.scopes(cx),
        None => Ok(vec![gid]),
    }
}

/// The latest status of an object.
struct Latest {
    gid: Gid,
    status_type: String,
    author: Option<Gid>,
    created_at: Timestamp,
}

fn latest_of(cx: &mut Context<'_, '_>, parent: Gid) -> Result<Option<Latest>> {
    cx.first(
        "SELECT s.gid, s.status_type, s.author, s.created_at FROM status_updates AS s WHERE s.parent = ? AND s.deleted IS NULL ORDER BY s.created_at DESC, s.gid DESC LIMIT 1",
        params![parent],
        |row| {
            Ok(Latest {
                gid: row.get(0)?,
                status_type: row.get(1)?,
                author: row.get(2)?,
                created_at: row.get(3)?,
            })
        },
    )
}

/// Brings the parent of a status that is new or gone to what is the latest now.
fn settle(cx: &mut Context<'_, '_>, row: &StatusUpdate) -> Result<()> {
    match row.parent_kind() {
        Portfolio::TYPE => settle_one::<Portfolio>(cx, row, |_, _, _| Ok(())),
        Goal::TYPE => settle_one::<Goal>(cx, row, |cx, goal, latest| {
            goal.status = latest.map(|latest| goal_status(&latest.status_type).to_owned());
            let is_new = latest.is_some_and(|latest| latest.gid == row.gid);
            let me = cx.me();
            if is_new && !sharing::memberships(cx, goal, &[me])?.is_empty() {
                followers::follow(cx, goal, Level::Edit, &[me])?;
            }
            Ok(())
        }),
        _ => settle_one::<Project>(cx, row, |cx, project, latest| {
            let done = latest.filter(|latest| latest.status_type == "complete");
            project.completed = done.is_some();
            project.completed_at = done.map(|latest| latest.created_at);
            project.completed_by = done.and_then(|latest| latest.author);
            let is_new = latest.is_some_and(|latest| latest.gid == row.gid);
            let me = cx.me();
            // Followers are members, so an author who is none does not follow.
            if is_new && !sharing::memberships(cx, project, &[me])?.is_empty() {
                members::follow(cx, project, &[me])?;
            }
            Ok(())
        }),
    }
}

/// Whatever has a status: what changes with it, and when it was changed.
trait Touched: Object {
    fn touch(&mut self, now: Timestamp);
    /// The names of the fields that show the latest status.
    const SHOWN: &'static [&'static str] = &["current_status_update"];
}

impl Touched for Project {
    fn touch(&mut self, now: Timestamp) {
        self.modified_at = now;
    }
    const SHOWN: &'static [&'static str] = &["current_status", "current_status_update"];
}

impl Touched for Portfolio {
    fn touch(&mut self, now: Timestamp) {
        self.modified_at = now;
    }
}

impl Touched for Goal {
    fn touch(&mut self, now: Timestamp) {
        self.modified_at = now;
    }
}

fn settle_one<T: Touched>(
    cx: &mut Context<'_, '_>,
    row: &StatusUpdate,
    follow: impl FnOnce(&mut Context<'_, '_>, &mut T, Option<&Latest>) -> Result<()>,
) -> Result<()> {
    cx.lock(T::TABLE, row.parent)?;
    let Some(before) = any::<T>(cx, row.parent)? else { return Ok(()) };
    let latest = latest_of(cx, row.parent)?;
    let mut after = before.clone();
    after.touch(cx.now());
    follow(cx, &mut after, latest.as_ref())?;
    cx.save(&before, &after, &Body::default())?;
    let changes = T::SHOWN.iter().map(|field| FieldChange::changed(field)).collect();
    let mut event = Event::changed(T::TYPE, &after, changes);
    event.scopes = after.scopes(cx)?;
    cx.emit(event);
    Ok(())
}

/// What a status update makes of a goal. Source: dossier 3.11.
fn goal_status(status_type: &str) -> &str {
    match status_type {
        "on_track" => "green",
        "at_risk" => "yellow",
        "off_track" => "red",
        other => other,
    }
}

//! Webhooks: what happens is told to an address, as it happens.
//!
//! API section "Webhooks", 5 operations, and the delivery log of the extension API. [`filters`] says which events are told,
//! [`queue`] is the reader of the event log that puts them in line, [`sender`] sends them, [`deliveries`] is the log of what was
//! sent. The handshake of a new webhook is in [`crate::http::webhooks`], since the outside world has a part in it.
//!
//! A webhook sees what its maker sees: it goes when he loses the resource.

pub mod deliveries;
pub mod filters;
pub mod queue;
pub mod sender;

use crate::api::context::Actor;
use crate::api::operations::{Input, Output};
use crate::auth;
use crate::outbound::Failure;
use crate::prelude::*;
use crate::readers::log;
use crate::resources::events::{self, Watched};
use crate::resources::teams::Team;
use crate::resources::workspaces::Workspace;
use filters::{Filter, FilterRow};

/// Most webhooks on one resource. Source: API reference, "Webhooks", limits.
const MAX_ON_RESOURCE: i64 = 1_000;

/// Most webhooks of one user. Source: the same.
const MAX_OF_USER: i64 = 10_000;

/// How long a handshake may take until the row it left is removed, in milliseconds.
const MAX_PENDING: i64 = 60_000;

/// A webhook as stored, one row of `webhooks`, as far as it is shown.
#[derive(Debug, Clone)]
pub struct Webhook {
    pub gid: Gid,
    pub workspace: Gid,
    pub resource: Gid,
    pub resource_type: String,
    pub target: String,
    pub filters: String,
    pub state: String,
    pub created_at: Timestamp,
    pub created_by: Gid,
    pub last_success_at: Option<Timestamp>,
    pub last_failure_at: Option<Timestamp>,
    pub last_failure_content: Option<String>,
    pub delivery_retry_count: i64,
    pub next_attempt_after: Option<Timestamp>,
    pub failing_since: Option<Timestamp>,
}

row! { Webhook in "webhooks" { gid, workspace, resource, resource_type, target, filters, state, created_at, created_by, last_success_at, last_failure_at, last_failure_content, delivery_retry_count, next_attempt_after, failing_since } }

/// The types that can be watched.
const WATCHED: &[&str] =
    &["task", "project", "user_task_list", "goal", "portfolio", "workspace", "team"];

impl Webhook {
    /// The resource with its type.
    fn watched(&self) -> Option<(&'static str, Gid)> {
        WATCHED.iter().find(|kind| **kind == self.resource_type).map(|kind| (*kind, self.resource))
    }

    /// What it is told of; unreadable filters let nothing through.
    pub(crate) fn filter_list(&self) -> Vec<Filter> {
        filters::read(&self.filters)
    }
}

impl Record for Webhook {
    fn schema(s: &mut Schema<Self>) {
        s.doc("An address that is told what happens to a resource and in it.");
        s.computed("active", |w, _| w.state == "live").compact().doc("Whether it is told.");
        s.one_of("resource", WATCHED, Webhook::watched).compact().doc("What is watched.");
        s.field("target", |w| &w.target).compact().doc("The address.");
        s.field("created_at", |w| &w.created_at).doc("When it was made.");
        s.field("last_failure_at", |w| &w.last_failure_at)
            .doc("When the target last did not take what was sent.");
        s.field("last_failure_content", |w| &w.last_failure_content)
            .doc("What it answered then, or why there was no answer.");
        s.field("last_success_at", |w| &w.last_success_at)
            .doc("When the target last took what was sent.");
        s.field("delivery_retry_count", |w| &w.delivery_retry_count)
            .doc("How often in a row it did not.");
        s.field("next_attempt_after", |w| &w.next_attempt_after)
            .doc("When the next attempt is made; null where none is needed.");
        s.computed("failure_deletion_timestamp", |w, _| {
            w.failing_since.map(|since| Timestamp::from_millis(since.millis() + sender::GIVE_UP))
        })
        .doc("When the webhook is deleted unless an attempt succeeds; null where none failed.");
        s.fetched::<FilterRow>("filters", filters::shown)
            .doc("Which events are told; all if there are none.");
    }
}

impl Resource for Webhook {
    const TYPE: &'static str = "webhook";
    fn gid(&self) -> Gid {
        self.gid
    }
}

impl Object for Webhook {
    fn workspace(&self) -> Gid {
        self.workspace
    }
}

/// The operations of both sections, in the order of the API reference.
pub fn operations(api: &mut Operations) {
    api.section("Webhooks", "Addresses that are told what happens.");
    api.list_full::<Webhook>(
        "getWebhooks",
        "/webhooks",
        "The webhooks that the actor made in a workspace, newest last.",
        mine,
    )
    .required_query("workspace", "The workspace.")
    .query("resource", "Only webhooks on this resource.");
    api.shell(
        "POST",
        "createWebhook",
        "/webhooks",
        "Makes a webhook: the target is sent a secret in `X-Hook-Secret` and must answer 200 or 204 with the same header.",
        Output::One(Webhook::TYPE),
    )
    .created()
    .required_field("resource", JsonType::Gid, "What to watch: a task, project, user task list, goal, portfolio, team or workspace.")
    .required_field("target", JsonType::String, "The address, beginning with https:// or http://.")
    .field("filters", JsonType::Objects, "Which events are told: objects of `resource_type`, `resource_subtype`, `action` and `fields`. Teams, portfolios and workspaces need at least one.");
    api.read::<Webhook>("getWebhook", "/webhooks/{webhook_gid}", "One webhook.");
    api.add(
        "PUT",
        "updateWebhook",
        "/webhooks/{webhook_gid}",
        "Replaces the filters of a webhook.",
        Input::Fields,
        Output::One(Webhook::TYPE),
        update,
    )
    .field("filters", JsonType::Objects, "The new filters in the place of all old ones.");
    api.add(
        "DELETE",
        "deleteWebhook",
        "/webhooks/{webhook_gid}",
        "Deletes a webhook; nothing more is sent.",
        Input::None,
        Output::Empty,
        |cx, call| {
            let (webhook, level) = cx.target::<Webhook>(call, 0)?;
            cx.require_level(level, Level::Edit)?;
            remove(cx, webhook.gid)?;
            Ok(Answer::empty())
        },
    );
    deliveries::operations(api);
}

/// `getWebhooks`.
fn mine(cx: &mut Context<'_, '_>, call: &Call) -> Result<Page<Webhook>> {
    let (workspace, _) = cx.refer::<Workspace>("workspace", call.required("workspace")?)?;
    let me = cx.me();
    let mut query = Query::inside()
        .filter("t.created_by = ?", params![me])
        .filter("t.workspace = ?", params![workspace.gid])
        .order(&["t.created_at", "t.gid"]);
    if let Some(raw) = call.param("resource") {
        let watched = find(cx, raw)?;
        query = query.filter("t.resource = ?", params![watched.gid]);
    }
    query.page(cx, call)
}

/// `updateWebhook`.
fn update(cx: &mut Context<'_, '_>, call: &Call) -> Result<Answer> {
    let (webhook, level) = cx.target::<Webhook>(call, 0)?;
    cx.require_level(level, Level::Edit)?;
    if let Some(value) = call.body.get("filters") {
        let filters = filters::parse(value, &webhook.resource_type)?;
        cx.execute(
            "UPDATE webhooks SET filters = ? WHERE gid = ?",
            params![filters::stored(&filters), webhook.gid],
        )?;
    }
    cx.answer_gid::<Webhook>(webhook.gid)
}

/// The resource that `raw` names, if the actor may have a webhook on it.
///
/// Errors: as for events; full members may watch their workspace.
fn find(cx: &mut Context<'_, '_>, raw: &str) -> Result<Watched> {
    if let Some(gid) = cx.identify("", "resource", raw)? {
        let team: Option<Gid> =
            cx.cell("SELECT t.gid FROM teams AS t WHERE t.gid = ?", params![gid])?;
        if team.is_some() {
            let (team, _) = cx.refer::<Team>("resource", raw)?;
            return Ok(Watched { kind: Team::TYPE, gid, workspace: team.workspace, gone: false });
        }
        let workspace: Option<Gid> =
            cx.cell("SELECT w.gid FROM workspaces AS w WHERE w.gid = ?", params![gid])?;
        if workspace.is_some() {
            let (workspace, level) = cx.refer::<Workspace>("resource", raw)?;
            cx.require_level(level, Level::Edit)?;
            return Ok(Watched {
                kind: Workspace::TYPE,
                gid,
                workspace: workspace.gid,
                gone: false,
            });
        }
    }
    events::find(cx, "resource", raw)
}

/// What a handshake needs.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// The row, which nobody sees yet.
    pub gid: Gid,
    /// Where to.
    pub target: String,
}

/// First step of `createWebhook`: checks everything and leaves a row that nobody sees.
///
/// Errors: 400 for what is wrong with the body; 403 for a resource the actor may not watch, a target that is not called, a
/// duplicate, and past the limits.
pub fn prepare(cx: &mut Context<'_, '_>, call: &Call, secret: &str) -> Result<Prepared> {
    let missing = |name: &'static str| invalid(name, "Missing input");
    let raw = call.body.reference("resource")?.flatten().ok_or_else(|| missing("resource"))?;
    let watched = find(cx, &raw)?;
    let target: String = call.body.read("target")?.ok_or_else(|| missing("target"))?;
    let target = target.trim().to_owned();
    cx.app.outbound.check(&target).map_err(|failure| match failure {
        Failure::Refused(_) => forbidden("The target is an address that this server does not call"),
        other => invalid("target", other.to_string()),
    })?;
    let filters = match call.body.get("filters") {
        Some(value) if !value.is_null() => filters::parse(value, watched.kind)?,
        _ => filters::parse(&serde_json::json!([]), watched.kind)?,
    };
    let (me, now) = (cx.me(), cx.now());
    let hash = auth::hash(&target);
    let duplicate: Option<Gid> = cx.cell(
        "SELECT w.gid FROM webhooks AS w WHERE w.created_by = ? AND w.resource = ? AND w.target_hash = ?",
        params![me, watched.gid, hash],
    )?;
    if duplicate.is_some() {
        return Err(is_duplicate());
    }
    let bound = |column: &str, most: i64| {
        format!(
            "SELECT count(*) FROM (SELECT 1 FROM webhooks AS w WHERE w.{column} = ? LIMIT {most}) AS c"
        )
    };
    for (column, most, whose) in
        [("resource", MAX_ON_RESOURCE, watched.gid), ("created_by", MAX_OF_USER, me)]
    {
        let count: Option<i64> = cx.cell(&bound(column, most), params![whose])?;
        if count.unwrap_or(0) >= most {
            return Err(forbidden(format!("There may be at most {most} webhooks here")));
        }
    }
    let gid = cx.gid()?;
    let made = cx.execute(
        "INSERT INTO webhooks (gid, workspace, resource, resource_type, target, target_hash, secret, filters, state, created_at, created_by, start_txid, start_gid, delivery_retry_count, heartbeat_at, due_at, holder, leased_until) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'pending', ?, ?, 0, 0, 0, ?, ?, '', 0) ON CONFLICT DO NOTHING",
        params![gid, watched.workspace, watched.gid, watched.kind, target, hash, secret, filters::stored(&filters), now, me, now, now],
    )?;
    if made == 0 {
        return Err(is_duplicate());
    }
    Ok(Prepared { gid, target })
}

/// Source: API reference and reports of integrators.
fn is_duplicate() -> Error {
    forbidden(
        "Duplicated webhook. You already have an existing webhook for the given resource and target. Delete the old one before creating another.",
    )
}

/// Last step of `createWebhook`: the target has shown that it wants to be told.
///
/// Errors: 404 if the row is gone, because the handshake took too long or the actor lost the resource.
pub fn finish(cx: &mut Context<'_, '_>, prepared: &Prepared, secret: &str) -> Result<Answer> {
    let start = log::now(cx.tx)?;
    let now = cx.now();
    let made = cx.execute(
        "UPDATE webhooks SET state = 'live', start_txid = ?, start_gid = ?, heartbeat_at = ?, due_at = ? WHERE gid = ? AND state = 'pending'",
        params![start.txid, start.gid, now, now, prepared.gid],
    )?;
    if made == 0 {
        return Err(bad_request("The webhook took too long to be confirmed"));
    }
    let mut answer = cx.answer_gid::<Webhook>(prepared.gid)?;
    answer.created = true;
    answer.beside.push(("X-Hook-Secret", format!("\"{secret}\"")));
    Ok(answer)
}

/// Who made a webhook, as an actor; `None` if he is not in its workspace any more.
fn maker(cx: &mut Context<'_, '_>, user: Gid, workspace: Gid) -> Result<Option<Actor>> {
    let member: Option<Gid> = cx.cell(
        r#"SELECT wm.gid FROM workspace_memberships AS wm WHERE wm.workspace = ? AND wm."user" = ? AND wm.is_active = 1"#,
        params![workspace, user],
    )?;
    match member {
        Some(_) => auth::actor_of(cx.tx, user).map(Some),
        None => Ok(None),
    }
}

/// Removes a webhook with everything that hangs on it.
///
/// Errors: those of the database.
pub fn remove(cx: &mut Context<'_, '_>, gid: Gid) -> Result<()> {
    for sql in [
        "DELETE FROM webhook_events WHERE webhook = ?",
        "DELETE FROM webhook_deliveries WHERE webhook = ?",
        "DELETE FROM webhooks WHERE gid = ?",
    ] {
        cx.later(sql, params![gid].to_vec())?;
    }
    Ok(())
}

/// Removes what interrupted handshakes left, and the log of deliveries that are old.
///
/// Errors: those of the database.
pub async fn sweep(app: &crate::App) -> Result<()> {
    let now = (app.clock)().millis();
    app.store
        .write(move |tx| {
            tx.execute(
                "DELETE FROM webhooks WHERE state = 'pending' AND created_at < ?",
                params![now - MAX_PENDING],
            )
            .map(drop)
            .map_err(Error::from)
        })
        .await?;
    deliveries::clean(app, now).await
}

//! The audit log as admins and service accounts read it: oldest first, and asked again and again.
//!
//! API section "Audit log API", 1 operation. What is in it is written by [`crate::audit`].

use crate::api::operations::{Input, Plain};
use crate::audit;
use crate::prelude::*;
use crate::resources::workspaces::Workspace;
use serde_json::{Value as Json, json};
use std::collections::HashMap;

/// Most entries of a page, and how many come without `limit`. Source: dossier 3.21.
const PAGE: usize = 1_000;

/// What an entry shows.
const FIELDS: &[Plain] = &[
    ("gid", JsonType::Gid, "The globally unique identifier, a text of digits."),
    ("created_at", JsonType::DateTime, "When it happened."),
    ("event_type", JsonType::String, "What happened."),
    ("event_category", JsonType::String, "Which kind of thing it is."),
    ("actor", JsonType::Object, "Who did it."),
    ("resource", JsonType::Object, "To what it was done."),
    ("details", JsonType::Object, "What it was before and is now, and who was added or removed."),
    ("context", JsonType::Object, "How the request came: through which door, from where."),
];

/// The tables of the types that entries are about; all have names.
const NAMED: &[(&str, &str)] = &[
    ("task", "tasks"),
    ("project", "projects"),
    ("portfolio", "portfolios"),
    ("goal", "goals"),
    ("team", "teams"),
    ("tag", "tags"),
    ("custom_field", "custom_fields"),
    ("attachment", "attachments"),
    ("workspace", "workspaces"),
];

/// The operations of the section, in the order of the API reference.
pub fn operations(api: &mut Operations) {
    api.section("Audit log API", "Who changed what others may do, see or find.");
    api.add(
        "GET",
        "getAuditLogEvents",
        "/workspaces/{workspace_gid}/audit_log_events",
        "The audit log of the last 90 days, oldest first; for admins and service accounts. Once something was found `next_page` is always there: it finds what happens later.",
        Input::None,
        Output::PlainList(FIELDS),
        list,
    )
    .pages_of(PAGE)
    .query("start_at", "Only what happened at this time or later.")
    .query("end_at", "Only what happened before this time.")
    .query("event_type", "Only entries of this type.")
    .query("actor_type", "Only what was done by one of: user, asana, asana_support, anonymous, external_administrator.")
    .query("actor_gid", "Only what this user did.")
    .query("resource_gid", "Only what was done to this object.");
}

/// An entry as stored.
struct Entry {
    txid: i64,
    gid: Gid,
    at: Timestamp,
    event_type: String,
    actor: Option<Gid>,
    actor_type: String,
    resource_type: Option<String>,
    resource_subtype: Option<String>,
    resource: Option<Gid>,
    member: Option<Gid>,
    old_value: Option<String>,
    new_value: Option<String>,
    context_type: String,
    authentication: Option<String>,
    client_ip_address: Option<String>,
    user_agent: Option<String>,
}

/// `getAuditLogEvents`.
fn list(cx: &mut Context<'_, '_>, call: &Call) -> Result<Answer> {
    let (workspace, _) = cx.target::<Workspace>(call, 0)?;
    cx.require_workspace_admin(workspace.gid)?;
    let key = cx.open_offset(call)?;
    let entries = find(cx, call, workspace.gid, key.as_deref())?;
    let next = match entries.last() {
        Some(last) => Some(cx.close_offset(call, params![last.txid, last.gid])?),
        // Nothing new: the same cursor finds what comes later.
        None => cx.options.offset.clone(),
    };
    let names = names(cx, &entries)?;
    let rows: Vec<Json> = entries.iter().map(|entry| show(entry, &names)).collect();
    Ok(Answer {
        data: Json::from(rows).to_string().into_bytes(),
        paged: true,
        next,
        ..Answer::default()
    })
}

/// The entries of one page.
fn find(
    cx: &mut Context<'_, '_>,
    call: &Call,
    workspace: Gid,
    key: Option<&[Value]>,
) -> Result<Vec<Entry>> {
    let now = cx.now();
    let oldest = Timestamp::from_millis(now.millis() - audit::KEPT_FOR);
    let start = call.time("start_at", now)?.unwrap_or(oldest).max(oldest);
    let mut conditions = String::from("e.workspace = ? AND e.at >= ?");
    let mut values = params![workspace, start].to_vec();
    let mut add = |condition: &str, value: Value| {
        conditions.push_str(" AND ");
        conditions.push_str(condition);
        values.push(value);
    };
    if let Some(end) = call.time("end_at", now)? {
        add("e.at < ?", Value::Int(end.millis()));
    }
    for (name, condition) in
        [("event_type", "e.event_type = ?"), ("actor_type", "e.actor_type = ?")]
    {
        if let Some(text) = call.param(name) {
            add(condition, Value::Text(text.to_owned()));
        }
    }
    for (name, condition) in [("actor_gid", "e.actor = ?"), ("resource_gid", "e.resource = ?")] {
        if let Some(raw) = call.param(name) {
            add(condition, Value::Int(crate::api::call::gid(name, raw)?.get()));
        }
    }
    if let Some(key) = key {
        conditions.push_str(" AND (e.txid, e.gid) > (?, ?)");
        values.extend_from_slice(key);
    }
    let take = cx.options.limit.unwrap_or(PAGE);
    values.push(Value::Int(i64::try_from(take).unwrap_or(i64::MAX)));
    cx.query(
        &format!("SELECT e.txid, e.gid, e.at, e.event_type, e.actor, e.actor_type, e.resource_type, e.resource_subtype, e.resource, e.member, e.old_value, e.new_value, e.context_type, e.authentication, e.client_ip_address, e.user_agent FROM audit_events_settled AS e WHERE {conditions} ORDER BY e.txid, e.gid LIMIT ?"),
        &values,
        |row| {
            Ok(Entry {
                txid: row.get(0)?,
                gid: row.get(1)?,
                at: row.get(2)?,
                event_type: row.get(3)?,
                actor: row.get(4)?,
                actor_type: row.get(5)?,
                resource_type: row.get(6)?,
                resource_subtype: row.get(7)?,
                resource: row.get(8)?,
                member: row.get(9)?,
                old_value: row.get(10)?,
                new_value: row.get(11)?,
                context_type: row.get(12)?,
                authentication: row.get(13)?,
                client_ip_address: row.get(14)?,
                user_agent: row.get(15)?,
            })
        },
    )
}

/// What an object is called, with the address of a user. Whoever may read the log reads the names of what it is about, also of
/// what he does not see otherwise and of what is in the trash: else it would say little.
type Names = HashMap<Gid, (String, Option<String>)>;

/// The names of all that entries are about, in one query.
fn names(cx: &mut Context<'_, '_>, entries: &[Entry]) -> Result<Names> {
    let people: Vec<Gid> = entries
        .iter()
        .flat_map(|entry| [entry.actor, entry.member, entry.resource])
        .flatten()
        .collect();
    if people.is_empty() {
        return Ok(Names::new());
    }
    let mut texts = vec![
        "SELECT u.gid, u.name, u.email FROM ids(?) AS i JOIN users AS u ON u.gid = i.value"
            .to_owned(),
    ];
    let mut values = vec![engine::reader::ids_of(&people)];
    for (kind, table) in NAMED {
        let gids: Vec<Gid> = entries
            .iter()
            .filter(|entry| entry.resource_type.as_deref() == Some(kind))
            .filter_map(|entry| entry.resource)
            .collect();
        if !gids.is_empty() {
            texts.push(format!(
                "SELECT t.gid, t.name, NULL FROM ids(?) AS i JOIN {table} AS t ON t.gid = i.value"
            ));
            values.push(engine::reader::ids_of(&gids));
        }
    }
    let pairs = cx.query(&texts.join(" UNION ALL "), &values, |row| {
        Ok((row.get::<Gid>(0)?, (row.get(1)?, row.get(2)?)))
    })?;
    Ok(pairs.into_iter().collect())
}

/// An entry as JSON.
fn show(entry: &Entry, names: &Names) -> Json {
    let named = |gid: Option<Gid>, kind: &str| {
        let (name, email) = gid.and_then(|gid| names.get(&gid)).cloned().unzip();
        let mut shown = json!({ "gid": gid.map(|gid| gid.to_string()), "name": name });
        if let (true, Some(shown)) = (kind == "user", shown.as_object_mut()) {
            shown.insert("email".to_owned(), json!(email.flatten()));
        }
        shown
    };
    let mut actor = named(entry.actor, "user");
    put(&mut actor, "actor_type", json!(entry.actor_type));
    let kind = entry.resource_type.as_deref().unwrap_or_default();
    let mut resource = named(entry.resource, kind);
    put(&mut resource, "resource_type", json!(entry.resource_type));
    if entry.resource_subtype.is_some() {
        put(&mut resource, "resource_subtype", json!(entry.resource_subtype));
    }
    let mut details = json!({});
    for (name, value) in [("old_value", &entry.old_value), ("new_value", &entry.new_value)] {
        if entry.old_value.is_some() || entry.new_value.is_some() {
            put(&mut details, name, json!(value));
        }
    }
    if entry.member.is_some() {
        put(&mut details, "member", named(entry.member, "user"));
    }
    let mut context = json!({ "context_type": entry.context_type });
    for (name, value) in [
        ("api_authentication_method", &entry.authentication),
        ("client_ip_address", &entry.client_ip_address),
        ("user_agent", &entry.user_agent),
    ] {
        if value.is_some() {
            put(&mut context, name, json!(value));
        }
    }
    json!({
        "gid": entry.gid.to_string(),
        "created_at": entry.at.to_string(),
        "event_type": entry.event_type,
        "event_category": audit::category(&entry.event_type),
        "actor": actor,
        "resource": resource,
        "details": details,
        "context": context,
    })
}

fn put(object: &mut Json, name: &str, value: Json) {
    if let Some(object) = object.as_object_mut() {
        object.insert(name.to_owned(), value);
    }
}

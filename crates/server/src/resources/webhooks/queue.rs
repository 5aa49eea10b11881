//! The reader of the event log that puts events in line for webhooks.
//!
//! What is put in line holds gids and types only. Who made the webhook must see what it names at that moment; whether he still
//! reaches the watched resource is looked at again before each sending.

use crate::api::Context;
use crate::api::context::Actor;
use crate::error::Result;
use crate::events::told::{Eyes, Reference, Told};
use crate::prelude::*;
use crate::readers::{LogEvent, Position, Reader};
use crate::resources::webhooks::{Webhook, filters, maker};
use engine::json::{write_gid, write_string};
use engine::record::select_list;
use std::collections::{BTreeMap, BTreeSet};
use store::Tx;

/// How long events wait for others that can go with them, in milliseconds. Source: API reference, "Webhooks": about a second.
pub const GATHER: i64 = 750;

/// The reader.
pub fn reader() -> Reader {
    Reader::new("webhooks", react).wants(wants)
}

/// Everything that a batch of events reaches.
fn reached(events: &[LogEvent]) -> Value {
    let scopes: BTreeSet<i64> =
        events.iter().flat_map(|event| &event.scopes).map(|scope| scope.get()).collect();
    Value::Ids(scopes.into_iter().collect())
}

fn wants(tx: &mut Tx<'_>, events: &[LogEvent]) -> Result<bool> {
    let found = tx.first(
        "SELECT w.gid FROM ids(?) AS i JOIN webhooks AS w ON w.resource = i.value WHERE w.state = 'live' LIMIT 1",
        &[reached(events)],
        |_| Ok(()),
    )?;
    Ok(found.is_some())
}

fn react(cx: &mut Context<'_, '_>, events: &[LogEvent]) -> Result<()> {
    let sql = format!(
        "SELECT w.start_txid, w.start_gid, {} FROM ids(?) AS i JOIN webhooks AS w ON w.resource = i.value WHERE w.state = 'live' ORDER BY w.gid",
        select_list::<Webhook>("w")
    );
    let found = cx.query(&sql, &[reached(events)], |row| {
        let start = Position { txid: row.get(0)?, gid: row.get(1)? };
        Ok((start, Webhook::from_row(row, 2)?))
    })?;
    let mut by_maker: BTreeMap<(Gid, Gid), Vec<(Position, Webhook)>> = BTreeMap::new();
    for (start, webhook) in found {
        let who = (webhook.created_by, webhook.workspace);
        by_maker.entry(who).or_default().push((start, webhook));
    }
    for ((user, workspace), webhooks) in by_maker {
        // Whoever left is told nothing; the sender removes his webhooks.
        let Some(actor) = maker(cx, user, workspace)? else { continue };
        put_in_line(cx, actor, webhooks, events)?;
    }
    Ok(())
}

/// Puts in line what the webhooks of one user are to be told.
fn put_in_line(
    cx: &mut Context<'_, '_>,
    actor: Actor,
    webhooks: Vec<(Position, Webhook)>,
    events: &[LogEvent],
) -> Result<()> {
    let own = std::mem::replace(&mut cx.actor, actor);
    let done = (|| {
        let watched: BTreeSet<Gid> = webhooks.iter().map(|(_, webhook)| webhook.resource).collect();
        let concerned: Vec<LogEvent> = events
            .iter()
            .filter(|event| event.scopes.iter().any(|scope| watched.contains(scope)))
            .cloned()
            .collect();
        let eyes = Eyes::open(cx, &concerned, true)?;
        for (start, webhook) in webhooks {
            let gone = is_told_of_what_is_gone(cx, &webhook)?;
            tell(cx, &webhook, start, gone, &concerned, &eyes)?;
        }
        Ok(())
    })();
    cx.actor = own;
    done
}

/// Puts in line what one webhook is to be told.
fn tell(
    cx: &mut Context<'_, '_>,
    webhook: &Webhook,
    start: Position,
    gone: bool,
    events: &[LogEvent],
    eyes: &Eyes,
) -> Result<()> {
    let wanted = webhook.filter_list();
    let mut bodies: Vec<(Position, i64, String)> = Vec::new();
    let mut ends = false;
    for event in events {
        if event.position <= start || !event.scopes.contains(&webhook.resource) {
            continue;
        }
        let itself = event.resource == webhook.resource;
        let is_end = itself && event.action == "deleted";
        ends |= is_end;
        for (part, told) in eyes.tell(event) {
            let is_hidden = !gone && !eyes.sees(event) && !itself;
            // That the watched resource is gone is the last thing told, whatever the filters say.
            if !is_hidden && (is_end || filters::pass(&wanted, &told)) {
                let part = i64::try_from(part).unwrap_or(i64::MAX);
                bodies.push((event.position, part, body(&told)));
            }
        }
    }
    for (position, part, body) in &bodies {
        cx.later(
            "INSERT INTO webhook_events (webhook, txid, gid, part, workspace, body) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            params![webhook.gid, position.txid, position.gid, part, webhook.workspace, body].to_vec(),
        )?;
    }
    if bodies.is_empty() && !ends {
        return Ok(());
    }
    // A webhook whose target fails keeps its time.
    let due = cx.now().millis() + GATHER;
    cx.later(
        "UPDATE webhooks SET state = CASE WHEN CAST(? AS BIGINT) = 1 THEN 'ending' ELSE state END, due_at = CASE WHEN next_attempt_after IS NULL AND due_at > CAST(? AS BIGINT) THEN CAST(? AS BIGINT) ELSE due_at END WHERE gid = ?",
        params![ends, due, due, webhook.gid].to_vec(),
    )
}

/// Whether the maker reaches everything in what he watches, so that he is told of what is gone there.
fn is_told_of_what_is_gone(cx: &mut Context<'_, '_>, webhook: &Webhook) -> Result<bool> {
    Ok(match webhook.resource_type.as_str() {
        "task" | "project" => true,
        "user_task_list" => cx
            .cell::<Gid>(
                "SELECT l.owner FROM user_task_lists AS l WHERE l.gid = ?",
                params![webhook.resource],
            )?
            .is_some_and(|owner| owner == webhook.created_by),
        "workspace" => {
            let role = cx.role(webhook.workspace)?;
            matches!(role.as_deref(), Some("admin" | "service"))
        }
        _ => false,
    })
}

/// An event as the target gets it: what `JSON.stringify` makes of it, in the order of the reference.
fn body(told: &Told) -> String {
    let mut out = Vec::with_capacity(320);
    out.extend_from_slice(b"{\"user\":");
    write_short(told.user.as_ref(), false, &mut out);
    out.extend_from_slice(b",\"created_at\":");
    write_string(&told.at.to_string(), &mut out);
    out.extend_from_slice(b",\"action\":");
    write_string(told.action, &mut out);
    out.extend_from_slice(b",\"resource\":");
    write_short(Some(&told.resource), true, &mut out);
    out.extend_from_slice(b",\"parent\":");
    write_short(told.parent.as_ref(), true, &mut out);
    if let Some(change) = &told.change {
        out.extend_from_slice(b",\"change\":{\"field\":");
        write_string(&change.field, &mut out);
        out.extend_from_slice(b",\"action\":");
        write_string(&change.action, &mut out);
        if change.value.is_some() {
            let name: &[u8] = match change.action.as_str() {
                "added" => b",\"added_value\":",
                "removed" => b",\"removed_value\":",
                _ => b",\"new_value\":",
            };
            out.extend_from_slice(name);
            write_short(change.value.as_ref(), false, &mut out);
        }
        out.push(b'}');
    }
    out.push(b'}');
    String::from_utf8_lossy(&out).into_owned()
}

/// A reference by gid and type.
fn write_short(reference: Option<&Reference>, with_subtype: bool, out: &mut Vec<u8>) {
    let Some(reference) = reference else { return out.extend_from_slice(b"null") };
    out.extend_from_slice(b"{\"gid\":");
    write_gid(reference.gid, out);
    out.extend_from_slice(b",\"resource_type\":");
    write_string(&reference.kind, out);
    if let Some(subtype) = reference.subtype.as_ref().filter(|_| with_subtype) {
        out.extend_from_slice(b",\"resource_subtype\":");
        write_string(subtype, out);
    }
    out.push(b'}');
}

/// The event that says that a webhook's resource is out of its maker's reach.
pub(super) fn farewell(webhook: &Webhook, now: Timestamp) -> String {
    body(&Told {
        user: None,
        resource: Reference {
            gid: webhook.resource,
            kind: webhook.resource_type.clone(),
            subtype: None,
            name: None,
        },
        action: "deleted",
        parent: None,
        at: now,
        change: None,
    })
}

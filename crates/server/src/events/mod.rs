//! The event log: everything that happens, written in the transaction that makes it happen.
//!
//! One row for each resource that a request touched, with the list of its changes, and the scopes it reaches. Events name
//! objects, never their names: readers render them through the eyes of whoever they tell.
//!
//! Here is the writing. [`told`] is what the API tells of an event and to whom, [`sync`] the tokens of those who poll;
//! [`crate::readers`] is the reading.

pub mod sync;
pub mod told;

use crate::api::Object;
use crate::api::context::Context;
use crate::error::Result;
use model::Gid;
use serde_json::json;
use store::{Value, params};

/// One changed field of an event.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldChange {
    /// The field, as in the API.
    pub field: &'static str,
    /// `changed`, or `added` and `removed` for lists.
    pub action: &'static str,
    /// The object that was added, removed or set, with its type.
    pub value: Option<(&'static str, Gid)>,
}

impl FieldChange {
    /// A column that has another value; a reference names its object.
    pub fn column<T: Object>(column: &'static str, value: &Value) -> Self {
        let reference = match (engine::schema::schema_of::<T>().target_of(column), value) {
            (Some(kind), Value::Int(gid)) => Some((kind, Gid::new(*gid))),
            _ => None,
        };
        FieldChange { field: column, action: "changed", value: reference }
    }

    /// A field that has another value.
    pub fn changed(field: &'static str) -> Self {
        FieldChange { field, action: "changed", value: None }
    }

    /// An object that was added to a list.
    pub fn added(field: &'static str, kind: &'static str, gid: Gid) -> Self {
        FieldChange { field, action: "added", value: Some((kind, gid)) }
    }

    /// An object that was removed from a list.
    pub fn removed(field: &'static str, kind: &'static str, gid: Gid) -> Self {
        FieldChange { field, action: "removed", value: Some((kind, gid)) }
    }
}

/// Something that happened to a resource.
#[derive(Clone, Debug)]
pub struct Event {
    /// The type of the resource.
    pub kind: &'static str,
    /// Its subtype.
    pub subtype: Option<String>,
    /// The resource.
    pub resource: Gid,
    /// Its workspace.
    pub workspace: Gid,
    /// `added`, `changed`, `removed`, `deleted`, `undeleted`; `moved` where only the place in a list is another, which the change
    /// stream tells and nobody else.
    pub action: &'static str,
    /// The object it was added to or removed from.
    pub parent: Option<(&'static str, Gid)>,
    /// What changed.
    pub changes: Vec<FieldChange>,
    /// Whom it reaches.
    pub scopes: Vec<Gid>,
}

impl Event {
    /// The resource is new.
    pub fn added<T: Object>(kind: &'static str, row: &T) -> Self {
        Event::about(kind, row, "added", Vec::new())
    }

    /// The resource changed.
    pub fn changed<T: Object>(kind: &'static str, row: &T, changes: Vec<FieldChange>) -> Self {
        Event::about(kind, row, "changed", changes)
    }

    /// The resource is gone.
    pub fn deleted<T: Object>(kind: &'static str, row: &T) -> Self {
        Event::about(kind, row, "deleted", Vec::new())
    }

    /// The resource was added to or removed from a container.
    pub fn moved<T: Object>(row: &T, action: &'static str, parent: (&'static str, Gid)) -> Self {
        Event { parent: Some(parent), ..Event::about(T::TYPE, row, action, Vec::new()) }
    }

    fn about<T: Object>(
        kind: &'static str,
        row: &T,
        action: &'static str,
        changes: Vec<FieldChange>,
    ) -> Self {
        Event {
            kind,
            subtype: row.subtype(),
            resource: row.gid(),
            workspace: row.workspace(),
            action,
            parent: row.parent().filter(|_| action == "added"),
            changes,
            scopes: vec![row.gid(), row.workspace()],
        }
    }
}

impl Context<'_, '_> {
    /// Extends the reach of the events about `resource` that this request has recorded so far.
    pub fn scope(&mut self, resource: Gid, scopes: &[Gid]) {
        for event in self.events.iter_mut().filter(|event| event.resource == resource) {
            event.scopes.extend_from_slice(scopes);
        }
    }

    /// Writes the recorded events; the pipeline calls it once, after the operation.
    pub(crate) fn write_events(&mut self) -> Result<()> {
        let events = merge(std::mem::take(&mut self.events));
        self.audit_events(&events)?;
        let now = self.now();
        let me = self.author();
        for event in events {
            let gid = self.gid()?;
            let changes: Vec<serde_json::Value> = event
                .changes
                .iter()
                .map(|change| match change.value {
                    Some((kind, gid)) => {
                        json!({ "field": change.field, "action": change.action, "type": kind, "gid": gid.to_string() })
                    }
                    None => json!({ "field": change.field, "action": change.action }),
                })
                .collect();
            let (parent_type, parent) = event.parent.unzip();
            let request_id = self.request_id.clone();
            self.later(
                "INSERT INTO events (gid, workspace, at, actor, request_id, resource_type, resource_subtype, resource, action, parent_type, parent, changes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                params![gid, event.workspace, now, me, request_id, event.kind, event.subtype, event.resource, event.action, parent_type, parent, serde_json::Value::from(changes).to_string()].to_vec(),
            )?;
            let mut scopes: Vec<i64> = event.scopes.iter().map(|scope| scope.get()).collect();
            scopes.sort_unstable();
            scopes.dedup();
            self.later(
                "INSERT INTO event_scopes (scope, event) SELECT i.value, CAST(? AS BIGINT) FROM ids(?) AS i",
                vec![Value::Int(gid.get()), Value::Ids(scopes)],
            )?;
        }
        Ok(())
    }
}

/// What happened to very many tasks at once; see [`tell_tasks`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// They are new; the parent of a subtask is its parent.
    Added,
    /// They are in the projects that they are in now.
    InProjects,
    /// They are in the sections that they are in now.
    InSections,
    /// This field of theirs changed.
    Changed(&'static str),
}

/// Records the same about many tasks, in as many statements as for one. They reach what [`tasks::scopes`] reaches now.
///
/// [`tasks::scopes`]: crate::resources::tasks::scopes
pub fn tell_tasks(cx: &mut Context<'_, '_>, tasks: &[Gid], about: About) -> Result<()> {
    const HOMES: &str = "JOIN task_projects AS tp ON tp.task = t.gid";
    let (action, parent_type, parent, join) = match about {
        About::Added => {
            ("added", "CASE WHEN t.parent IS NULL THEN NULL ELSE 'task' END", "t.parent", "")
        }
        About::InProjects => ("added", "'project'", "tp.project", HOMES),
        About::InSections => ("added", "'section'", "tp.section", HOMES),
        About::Changed(_) => ("changed", "CAST(NULL AS TEXT)", "CAST(NULL AS BIGINT)", ""),
    };
    let changes = match about {
        About::Changed(field) => json!([{ "field": field, "action": "changed" }]),
        _ => json!([]),
    };
    let from = format!("FROM ids(?) AS i JOIN tasks AS t ON t.gid = i.value {join}");
    let count: Option<i64> = cx.cell(&format!("SELECT count(*) {from}"), params![tasks])?;
    let Some(count) = count.and_then(|count| u32::try_from(count).ok()).filter(|count| *count > 0)
    else {
        return Ok(());
    };
    let first = cx.tx.gids(count)?;
    let number = format!("CAST(? AS BIGINT) + row_number() OVER (ORDER BY i.key, {parent}) - 1");
    let (now, me, request_id) = (cx.now(), cx.author(), cx.request_id.clone());
    cx.later(
        &format!(
            "INSERT INTO events (gid, workspace, at, actor, request_id, resource_type, resource_subtype, resource, action, parent_type, parent, changes)
             SELECT {number}, t.workspace, CAST(? AS BIGINT), CAST(? AS BIGINT), CAST(? AS TEXT), 'task', t.resource_subtype, t.gid, '{action}', {parent_type}, {parent}, CAST(? AS TEXT) {from}"
        ),
        params![first, now, me, request_id, changes.to_string(), tasks].to_vec(),
    )?;
    // The plus keeps SQLite from reading the other table first, from end to end.
    cx.later(
        &format!(
            "WITH RECURSIVE told(event, task) AS MATERIALIZED (SELECT {number}, t.gid {from}),
             above(event, task) AS (
               SELECT told.event, t.parent FROM told JOIN tasks AS t ON t.gid = +told.task WHERE t.parent IS NOT NULL
               UNION ALL SELECT above.event, t.parent FROM above JOIN tasks AS t ON t.gid = +above.task WHERE t.parent IS NOT NULL)
             INSERT INTO event_scopes (scope, event)
             SELECT told.task, told.event FROM told
             UNION ALL SELECT above.task, above.event FROM above
             UNION ALL SELECT t.workspace, told.event FROM told JOIN tasks AS t ON t.gid = +told.task
             UNION ALL SELECT tp.project, told.event FROM told JOIN task_projects AS tp ON tp.task = +told.task
             UNION ALL SELECT tp.section, told.event FROM told JOIN task_projects AS tp ON tp.task = +told.task
             UNION ALL SELECT u.list, told.event FROM told JOIN user_task_list_items AS u ON u.task = +told.task"
        ),
        params![first, tasks].to_vec(),
    )
}

/// Changes of one resource in one request are one event.
fn merge(events: Vec<Event>) -> Vec<Event> {
    let mut merged: Vec<Event> = Vec::with_capacity(events.len());
    for event in events {
        let same = merged.iter_mut().find(|other| {
            other.resource == event.resource
                && other.action == "changed"
                && event.action == "changed"
        });
        match same {
            Some(other) => {
                for change in event.changes {
                    if !other.changes.contains(&change) {
                        other.changes.push(change);
                    }
                }
                other.scopes.extend(event.scopes);
            }
            None => merged.push(event),
        }
    }
    merged
}

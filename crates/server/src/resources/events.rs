//! Events: what happened since a client last asked, for those who keep a copy in step.
//!
//! API section "Events", `getEvents` and `getWorkspaceEvents`, and the older `/tasks/{gid}/events` and `/projects/{gid}/events`.
//! What is told to whom is in [`crate::events::told`]; nothing is stored for a stream: the token says where it is.

use crate::access::Level;
use crate::api::call::Options;
use crate::api::operations::{Answer, Input, Output};
use crate::error::Error;
use crate::events::sync::{Place, Tokens};
use crate::events::told::{Eyes, Reference, Told};
use crate::prelude::*;
use crate::readers::log::{self, COLUMNS, Position, event_of};
use crate::readers::{LogEvent, cleaning};
use crate::resources::{
    goals::Goal, portfolios::Portfolio, projects::Project, tasks::Task,
    user_task_lists::UserTaskList, workspaces::Workspace,
};
use engine::Selection;
use engine::json::write_string;

/// Most events in an answer. Source: API reference, "Get events on a resource".
const PAGE: usize = 100;

/// The same for a workspace. Source: API reference, "Get workspace events".
const WORKSPACE_PAGE: usize = 1_000;

/// The types whose events can be asked for, with their tables.
const WATCHED: [(&str, &str); 6] = [
    ("task", "tasks"),
    ("project", "projects"),
    ("user_task_list", "user_task_lists"),
    ("goal", "goals"),
    ("portfolio", "portfolios"),
    ("workspace", "workspaces"),
];

/// What is watched, and whether whoever watches is told of what is gone: he is where he reaches everything in it.
#[derive(Clone, Copy, Debug)]
pub struct Watched {
    /// Its type.
    pub kind: &'static str,
    /// Its gid.
    pub gid: Gid,
    /// Its workspace.
    pub workspace: Gid,
    /// Whether the gids of deleted and removed things are told.
    pub gone: bool,
}

/// The operations of the section, and what old clients call.
pub fn operations(api: &mut Operations) {
    api.section("Events", "What happened since a client last asked.");
    api.add(
        "GET",
        "getEvents",
        "/events",
        "The events of a resource and of what it holds, since a sync token.",
        Input::None,
        Output::Events,
        |cx, call| {
            let raw = call.required("resource")?;
            let watched = find(cx, "resource", raw)?;
            poll(cx, call, watched, PAGE)
        },
    )
    .required_query("resource", "The resource: a task, project, user task list, goal, portfolio or workspace.")
    .query("sync", "The token of the last answer; without one, or with one that is too old, the answer is a 412 with a fresh one.");
    api.add(
        "GET",
        "getEventsForTask",
        "/tasks/{task_gid}/events",
        "The events of a task.",
        Input::None,
        Output::Events,
        of_path,
    )
    .query("sync", "The token of the last answer.")
    .alias();
    api.add(
        "GET",
        "getEventsForProject",
        "/projects/{project_gid}/events",
        "The events of a project.",
        Input::None,
        Output::Events,
        of_path,
    )
    .query("sync", "The token of the last answer.")
    .alias();
    api.add(
        "GET",
        "getWorkspaceEvents",
        "/workspaces/{workspace_gid}/events",
        "The events of a workspace, for its admins and service accounts.",
        Input::None,
        Output::Events,
        |cx, call| {
            let (workspace, _) = cx.target::<Workspace>(call, 0)?;
            cx.require_workspace_admin(workspace.gid)?;
            let watched = Watched {
                kind: Workspace::TYPE,
                gid: workspace.gid,
                workspace: workspace.gid,
                gone: true,
            };
            poll(cx, call, watched, WORKSPACE_PAGE)
        },
    )
    .query("sync", "The token of the last answer.");
}

/// The resource that the path names.
fn of_path(cx: &mut Context<'_, '_>, call: &Call) -> Result<Answer> {
    let watched = if call.address.starts_with("/tasks/") {
        let (task, _) = cx.target::<Task>(call, 0)?;
        Watched { kind: Task::TYPE, gid: task.gid, workspace: task.workspace, gone: true }
    } else {
        let (project, _) = cx.target::<Project>(call, 0)?;
        Watched { kind: Project::TYPE, gid: project.gid, workspace: project.workspace, gone: true }
    };
    poll(cx, call, watched, PAGE)
}

/// The resource that `raw` names, if the actor may watch it.
///
/// Errors: 400 for something unknown or of another type; 403 for what is hidden, and for workspaces where he is no admin.
pub fn find(cx: &mut Context<'_, '_>, name: &'static str, raw: &str) -> Result<Watched> {
    let unknown = || invalid(name, format!("Unknown object: {}", crate::api::call::cut(raw)));
    let gid = cx.identify("", name, raw)?.ok_or_else(unknown)?;
    let (kinds, values): (Vec<String>, Vec<store::Value>) = WATCHED
        .iter()
        .map(|(kind, table)| {
            let sql = format!("SELECT '{kind}' AS kind FROM {table} AS t WHERE t.gid = ?");
            (sql, store::Value::Int(gid.get()))
        })
        .unzip();
    let kind: Option<String> = cx.cell(&kinds.join(" UNION ALL "), &values)?;
    let watched = |kind, workspace, gone| Watched { kind, gid, workspace, gone };
    Ok(match kind.as_deref() {
        Some(Task::TYPE) => {
            let (task, _) = cx.refer::<Task>(name, raw)?;
            watched(Task::TYPE, task.workspace, true)
        }
        Some(Project::TYPE) => {
            let (project, _) = cx.refer::<Project>(name, raw)?;
            watched(Project::TYPE, project.workspace, true)
        }
        Some(UserTaskList::TYPE) => {
            let (list, level) = cx.refer::<UserTaskList>(name, raw)?;
            watched(UserTaskList::TYPE, list.workspace, level >= Level::Admin)
        }
        Some(Goal::TYPE) => {
            let (goal, _) = cx.refer::<Goal>(name, raw)?;
            watched(Goal::TYPE, goal.workspace, false)
        }
        Some(Portfolio::TYPE) => {
            let (portfolio, _) = cx.refer::<Portfolio>(name, raw)?;
            watched(Portfolio::TYPE, portfolio.workspace, false)
        }
        Some(_) => {
            let (workspace, _) = cx.refer::<Workspace>(name, raw)?;
            cx.require_workspace_admin(workspace.gid)?;
            watched(Workspace::TYPE, workspace.gid, true)
        }
        None => return Err(unknown()),
    })
}

/// The events since the token of the request.
///
/// Errors: 412 with a fresh token.
fn poll(cx: &mut Context<'_, '_>, call: &Call, watched: Watched, page: usize) -> Result<Answer> {
    let tokens = Tokens {
        secret: &cx.app.secret,
        epoch: cx.app.log.epoch,
        actor: cx.me(),
        resource: watched.gid,
    };
    let place = match call.param("sync").and_then(|token| tokens.open(token)) {
        Some(place) if is_in_log(cx, place.position)? => place,
        _ => {
            let place = Place { position: log::now(cx.tx)?, part: 0 };
            return Err(Error::OutOfSync { sync: tokens.close(place) });
        }
    };
    // One more row says whether there is more.
    let rows = read(cx, watched.gid, place, page + 1)?;
    let eyes = Eyes::open(cx, &rows, watched.gone)?;
    let mut out = Vec::with_capacity(1_024);
    out.push(b'[');
    let mut written = 0;
    let mut next = place;
    let mut more = rows.len() > page;
    let mut last: Vec<Told> = Vec::new();
    'rows: for row in rows.iter().take(page) {
        let begun = if row.position == place.position { usize::from(place.part) } else { 0 };
        for (part, told) in eyes.tell(row).into_iter().filter(|(part, _)| *part >= begun) {
            if is_repeated(&mut last, &told) {
                continue;
            }
            if written == page {
                let part = u16::try_from(part).unwrap_or(u16::MAX);
                // All parts before this one were given; if it is the first, the event before was given whole.
                if part > 0 {
                    next = Place { position: row.position, part };
                }
                more = true;
                break 'rows;
            }
            if written > 0 {
                out.push(b',');
            }
            written += 1;
            write(&told, &cx.options, &mut out);
        }
        next = Place { position: row.position, part: 0 };
    }
    out.push(b']');
    Ok(Answer {
        data: out,
        beside: vec![
            ("sync", format!("\"{}\"", tokens.close(next))),
            ("has_more", more.to_string()),
        ],
        ..Answer::default()
    })
}

/// Whether the log still has everything behind this place, and has come so far: it has not after a restore.
fn is_in_log(cx: &mut Context<'_, '_>, position: Position) -> Result<bool> {
    if position < cleaning::cleaned(cx.tx)? {
        return Ok(false);
    }
    let (_, last) = log::ends(cx.tx)?;
    Ok(position <= last || position == Position::START)
}

/// The events of a scope behind a place; the one at the place itself if only a part of it was given.
fn read(cx: &mut Context<'_, '_>, scope: Gid, place: Place, limit: usize) -> Result<Vec<LogEvent>> {
    let than = if place.part > 0 { ">=" } else { ">" };
    let horizon = cx.tx.dialect().log_horizon();
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    cx.query(
        &format!(
            "SELECT {COLUMNS} FROM event_scopes AS s JOIN events AS e ON e.txid = s.txid AND e.gid = s.event WHERE s.scope = ? AND (s.txid, s.event) {than} (?, ?) AND s.txid < {horizon} ORDER BY s.txid, s.event LIMIT ?"
        ),
        params![scope, place.position.txid, place.position.gid, limit],
        event_of,
    )
}

/// Whether an event says what the last one about the same field of the same resource said: somebody who types makes many.
fn is_repeated(last: &mut Vec<Told>, told: &Told) -> bool {
    let field = |told: &Told| told.change.as_ref().map(|change| change.field.clone());
    let same = |other: &&mut Told| {
        other.resource.gid == told.resource.gid
            && field(other) == field(told)
            && (told.change.is_some() || other.parent == told.parent)
    };
    if let Some(before) = last.iter_mut().find(same) {
        let repeated = before.action == told.action
            && before.user == told.user
            && before.change == told.change;
        *before = told.clone();
        return repeated;
    }
    last.push(told.clone());
    false
}

/// Writes an event, whole or as selected.
fn write(told: &Told, options: &Options, out: &mut Vec<u8>) {
    let mut object = Object::new(out, options.fields.as_ref());
    object.reference("user", told.user.as_ref(), true);
    object.reference("resource", Some(&told.resource), true);
    object.text("type", &told.resource.kind);
    object.text("action", told.action);
    object.reference("parent", told.parent.as_ref(), true);
    object.text("created_at", &told.at.to_string());
    if let Some(change) = &told.change
        && let Some((selection, out)) = object.below("change")
    {
        // Named alone, it is shown whole.
        let selection = selection.filter(|selection| !selection.is_empty());
        let mut inner = Object::new(out, selection);
        inner.text("field", &change.field);
        inner.text("action", &change.action);
        let name = match change.action.as_str() {
            "added" => "added_value",
            "removed" => "removed_value",
            _ => "new_value",
        };
        if change.value.is_some() {
            inner.reference(name, change.value.as_ref(), true);
        }
        inner.end();
    }
    object.end();
}

/// A JSON object being written: everything, or what is selected.
struct Object<'a> {
    out: &'a mut Vec<u8>,
    selection: Option<&'a Selection>,
    first: bool,
}

impl<'a> Object<'a> {
    fn new(out: &'a mut Vec<u8>, selection: Option<&'a Selection>) -> Self {
        out.push(b'{');
        Object { out, selection, first: true }
    }

    /// Begins a field; `None` if it is not selected, else what is selected below it.
    fn below(&mut self, name: &str) -> Option<(Option<&'a Selection>, &mut Vec<u8>)> {
        let below = match self.selection {
            None => None,
            Some(selection) => Some(selection.get(name)?),
        };
        if !self.first {
            self.out.push(b',');
        }
        self.first = false;
        write_string(name, self.out);
        self.out.push(b':');
        Some((below, self.out))
    }

    fn text(&mut self, name: &str, text: &str) {
        if let Some((_, out)) = self.below(name) {
            write_string(text, out);
        }
    }

    fn reference(&mut self, name: &str, reference: Option<&Reference>, named: bool) {
        let Some((selection, out)) = self.below(name) else { return };
        match reference {
            Some(reference) => write_reference(reference, selection, named, out),
            None => out.extend_from_slice(b"null"),
        }
    }

    fn end(self) {
        self.out.push(b'}');
    }
}

/// Whether the type has names.
fn has_name(kind: &str) -> bool {
    !matches!(kind, "story" | "like" | "custom_field_setting") && !kind.ends_with("membership")
}

/// Writes a reference: compact; bare where it was named alone; else the gid and what was named.
fn write_reference(
    reference: &Reference,
    selection: Option<&Selection>,
    named: bool,
    out: &mut Vec<u8>,
) {
    let shows = |name: &str, default: bool| selection.map_or(default, |s| s.get(name).is_some());
    let bare = selection.is_some_and(Selection::is_empty);
    out.extend_from_slice(b"{\"gid\":");
    engine::json::write_gid(reference.gid, out);
    if bare || shows("resource_type", true) {
        out.extend_from_slice(b",\"resource_type\":");
        write_string(&reference.kind, out);
    }
    if let Some(subtype) = reference.subtype.as_ref().filter(|_| shows("resource_subtype", true)) {
        out.extend_from_slice(b",\"resource_subtype\":");
        write_string(subtype, out);
    }
    if named && has_name(&reference.kind) && shows("name", true) {
        out.extend_from_slice(b",\"name\":");
        match &reference.name {
            Some(name) => write_string(name, out),
            None => out.extend_from_slice(b"null"),
        }
    }
    out.push(b'}');
}

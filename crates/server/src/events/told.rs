//! What the API tells of an event of the log, and to whom.
//!
//! One event of the log is several of the API's where several fields changed. Nobody is told of what he may not see *now*, when
//! he is told: neither of the resource nor of the object that was added, removed or set. Of what is gone there is nothing left
//! to look at; that is told, by its gid alone, where whoever watches reaches everything in what he watches.

use crate::access;
use crate::api::context::Context;
use crate::error::Result;
use crate::readers::{Change, LogEvent};
use crate::resources::stories;
use engine::Template;
use model::{Gid, Timestamp};
use std::collections::{BTreeMap, HashMap, HashSet};
use store::{Row, Value};

/// A reference with what is shown of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The gid.
    pub gid: Gid,
    /// The `resource_type`.
    pub kind: String,
    /// The `resource_subtype`, where the type has one.
    pub subtype: Option<String>,
    /// The name, where the type has one and the object is there.
    pub name: Option<String>,
}

/// An event as the API tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Who did it.
    pub user: Option<Reference>,
    /// What it is about.
    pub resource: Reference,
    /// `added`, `changed`, `removed`, `deleted`, `undeleted`.
    pub action: &'static str,
    /// The object it was added to or removed from.
    pub parent: Option<Reference>,
    /// When.
    pub at: Timestamp,
    /// What changed.
    pub change: Option<ToldChange>,
}

/// A change as the API tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToldChange {
    /// The field.
    pub field: String,
    /// `changed`, `added`, `removed`.
    pub action: String,
    /// The object that was set, added or removed.
    pub value: Option<Reference>,
}

/// The action as the API calls it: people leave a list, and stories a task, by being removed.
/// Source: API reference, "Webhooks", the table of resources and actions.
pub fn action(event: &LogEvent) -> &'static str {
    let leaves = matches!(
        event.kind.as_str(),
        "story"
            | "project_membership"
            | "portfolio_membership"
            | "goal_membership"
            | "team_membership"
            | "workspace_membership"
            | "membership"
    );
    match event.action.as_str() {
        "deleted" if leaves => "removed",
        "added" => "added",
        "removed" => "removed",
        "deleted" => "deleted",
        "undeleted" => "undeleted",
        _ => "changed",
    }
}

/// What is known of an object.
#[derive(Clone, Debug, Default)]
struct Known {
    name: Option<String>,
    subtype: Option<String>,
}

/// What the actor may see of the objects that some events name.
#[derive(Debug, Default)]
pub struct Eyes {
    /// Resources by the rule of their type.
    seen: HashMap<Gid, Known>,
    /// Objects that are named beside them.
    named: HashMap<Gid, Known>,
    /// Whether the actor is told of what is gone.
    gone: bool,
    /// Creations that are told as being added to a container.
    placed: HashSet<(String, Gid)>,
}

/// The columns `name` and `resource_subtype`, where the type has them.
fn columns(select: &str) -> String {
    let column = |name: &str| {
        let column = format!("t.\"{name}\"");
        if select.split(", ").any(|one| one == column) { column } else { "NULL".to_owned() }
    };
    format!("{}, {}", column("name"), column("resource_subtype"))
}

impl Eyes {
    /// Looks at everything that `events` name as the actor of `cx`, with one query for each type; `gone` says whether he is told
    /// of what is not there any more.
    ///
    /// Errors: those of the database.
    pub fn open(cx: &mut Context<'_, '_>, events: &[LogEvent], gone: bool) -> Result<Self> {
        let mut resources: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
        let mut others: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
        for event in events {
            resources.entry(&event.kind).or_default().push(event.resource.get());
            let values = event.changes.iter().filter_map(|change| change.value.as_ref());
            for (kind, gid) in event.parent.iter().chain(values) {
                others.entry(kind).or_default().push(gid.get());
            }
            others.entry("user").or_default().extend(event.actor.map(Gid::get));
        }
        let mut eyes = Eyes { gone, ..Eyes::default() };
        let placed =
            events.iter().filter(|event| event.action == "added" && event.parent.is_some());
        eyes.placed = placed.map(|event| (event.request_id.clone(), event.resource)).collect();
        let stories: Vec<Gid> =
            resources.get("story").into_iter().flatten().copied().map(Gid::new).collect();
        eyes.seen = look(cx, resources, false)?;
        for story in stories::about_hidden(cx, &stories)? {
            eyes.seen.remove(&story);
        }
        eyes.named = look(cx, others, true)?;
        Ok(eyes)
    }

    /// The parts of an event that the actor is told, each with its number, in order.
    ///
    /// What is made in a container is told as being added to it, and not by itself beside that. Source: API reference, "Events".
    pub fn tell(&self, event: &LogEvent) -> Vec<(usize, Told)> {
        let action = action(event);
        if action == "added"
            && event.parent.is_none()
            && self.placed.contains(&(event.request_id.clone(), event.resource))
        {
            return Vec::new();
        }
        let Some(resource) = self.resource(event, action) else { return Vec::new() };
        let parent = match &event.parent {
            None => None,
            Some((kind, gid)) => match self.named(kind, *gid) {
                Some(parent) => Some(parent),
                None => return Vec::new(),
            },
        };
        let user = event.actor.and_then(|actor| self.named("user", actor));
        let told = |change| Told {
            user: user.clone(),
            resource: resource.clone(),
            action,
            parent: parent.clone(),
            at: event.at,
            change,
        };
        if action != "changed" {
            return vec![(0, told(None))];
        }
        let changes = event.changes.iter().enumerate();
        changes.filter_map(|(at, change)| Some((at, told(Some(self.change(change)?))))).collect()
    }

    /// Whether the actor sees the resource of an event.
    pub fn sees(&self, event: &LogEvent) -> bool {
        self.seen.contains_key(&event.resource)
    }

    fn change(&self, change: &Change) -> Option<ToldChange> {
        let value = match &change.value {
            None => None,
            Some((kind, gid)) => Some(self.named(kind, *gid)?),
        };
        Some(ToldChange { field: change.field.clone(), action: change.action.clone(), value })
    }

    fn resource(&self, event: &LogEvent, action: &str) -> Option<Reference> {
        let bare = Reference {
            gid: event.resource,
            kind: event.kind.clone(),
            subtype: event.subtype.clone(),
            name: None,
        };
        match self.seen.get(&event.resource) {
            Some(known) => Some(Reference {
                name: known.name.clone(),
                subtype: bare.subtype.clone().or_else(|| known.subtype.clone()),
                ..bare
            }),
            None => (self.gone && matches!(action, "deleted" | "removed")).then_some(bare),
        }
    }

    fn named(&self, kind: &str, gid: Gid) -> Option<Reference> {
        let known = self.named.get(&gid)?;
        Some(Reference {
            gid,
            kind: kind.to_owned(),
            subtype: known.subtype.clone(),
            name: known.name.clone(),
        })
    }
}

/// Those of the objects that the actor may see: by themselves, or where something visible names them.
fn look(
    cx: &mut Context<'_, '_>,
    objects: BTreeMap<&str, Vec<i64>>,
    nested: bool,
) -> Result<HashMap<Gid, Known>> {
    let app = cx.app;
    let me = cx.me();
    let mut texts = Vec::new();
    for (kind, mut gids) in objects {
        let Some(info) = app.registry.get(kind).filter(|info| !info.table.is_empty()) else {
            continue;
        };
        gids.sort_unstable();
        gids.dedup();
        let live;
        // A section is not told to those who do not see its project: it is the project that the event is about.
        let see = if nested && access::named(kind) && kind != "section" {
            live = Template::new(&access::live(kind), &|_, _| String::new());
            &live
        } else {
            &app.access.of(kind, cx.actor.sight).see
        };
        let sql = format!(
            "SELECT t.gid, {} FROM ids(?) AS i JOIN {} AS t ON t.gid = i.value WHERE {}",
            columns(&info.select),
            info.table,
            see.sql()
        );
        let mut params = vec![Value::Ids(gids)];
        params.extend(see.params(me, &[]));
        texts.push((sql, params));
    }
    let mut found: Vec<Vec<(Gid, Known)>> = texts.iter().map(|_| Vec::new()).collect();
    let mut loads: Vec<store::Load<'_>> = texts
        .iter()
        .zip(&mut found)
        .map(|((sql, params), found)| store::Load {
            sql,
            params: params.clone(),
            each: Box::new(move |row: &Row<'_>| {
                let known = Known { name: row.get(1)?, subtype: row.get(2)? };
                found.push((row.get(0)?, known));
                Ok(())
            }),
        })
        .collect();
    cx.tx.batch(&mut loads)?;
    drop(loads);
    Ok(found.into_iter().flatten().collect())
}

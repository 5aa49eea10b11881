//! What one client is told of some events: as of now, and only what he may see now.

use super::{Topic, number};
use crate::App;
use crate::api::{Call, Context};
use crate::auth::{self, Credential};
use crate::error::Result;
use crate::events::told::{self, Eyes};
use crate::readers::LogEvent;
use engine::plan::Shape;
use engine::{Selection, Site};
use model::Gid;
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use store::{Tx, params};

/// What a frame shows of a task where a list is watched: what lists show.
pub const LIST_FIELDS: &str = "name,resource_subtype,completed,completed_at,assignee.name,assignee.photo,due_on,due_at,start_on,start_at,approval_status,num_subtasks,num_likes,liked,memberships.project.name,memberships.project.color,memberships.section.name,tags.name,tags.color,parent.name,created_at,modified_at,custom_fields.name,custom_fields.type,custom_fields.display_value,custom_fields.enum_value.name,custom_fields.enum_value.color,custom_fields.multi_enum_values.name,custom_fields.multi_enum_values.color,custom_fields.number_value,custom_fields.text_value,custom_fields.date_value,custom_fields.people_value.name";

/// Who watches.
#[derive(Clone)]
pub struct Who {
    /// What he came with.
    pub credential: Credential,
    /// The address that links start with.
    pub url: String,
}

impl Who {
    /// Looks as him; `None` if his credential does not hold any more.
    ///
    /// Errors: those of the work.
    pub fn look<T>(
        &self,
        app: &Arc<App>,
        tx: &mut Tx<'_>,
        work: impl FnOnce(&mut Context<'_, '_>) -> Result<T>,
    ) -> Result<Option<T>> {
        let now = (app.clock)();
        let Some(actor) = auth::actor(tx, &self.credential, now)? else { return Ok(None) };
        let site = Site {
            url: self.url.clone(),
            now,
            secret: Arc::clone(&app.secret),
            viewer: actor.user,
        };
        let mut cx = Context::new(tx, app, actor, site, "stream".to_owned(), &Call::default());
        work(&mut cx).map(Some)
    }
}

/// What came of looking.
#[derive(Default)]
pub struct Rendered {
    /// The frames, in order.
    pub frames: Vec<String>,
    /// Topics whose object he does not see any more.
    pub hidden: Vec<Topic>,
}

/// What is watched, with the scopes of events.
pub type Topics = HashMap<Topic, Arc<[Gid]>>;

/// A `reset`: the topic has to be read anew.
pub fn reset(topic: Topic) -> String {
    json!({ "type": "reset", "topic": topic.to_string() }).to_string()
}

/// Which of `topics` are hidden, in one query for each type.
pub fn hidden(cx: &mut Context<'_, '_>, topics: impl Iterator<Item = Topic>) -> Result<Vec<Topic>> {
    let mut objects: BTreeMap<&'static str, Vec<(Gid, Topic)>> = BTreeMap::new();
    for topic in topics {
        if let Some((kind, gid)) = topic.object() {
            objects.entry(kind).or_default().push((gid, topic));
        }
    }
    let mut hidden = Vec::new();
    for (kind, topics) in objects {
        let gids: Vec<Gid> = topics.iter().map(|(gid, _)| *gid).collect();
        let seen = cx.visible_of(kind, &gids)?;
        hidden.extend(topics.iter().filter(|(gid, _)| !seen.contains(gid)).map(|(_, topic)| topic));
    }
    Ok(hidden)
}

/// The frames about `events` for whoever watches `topics`.
///
/// Errors: those of the database.
pub fn render(
    cx: &mut Context<'_, '_>,
    topics: &Topics,
    events: &[Arc<LogEvent>],
) -> Result<Rendered> {
    let hidden = hidden(cx, topics.keys().copied())?;
    let open: Vec<(Topic, &Arc<[Gid]>)> = topics
        .iter()
        .filter(|(topic, _)| !hidden.contains(topic))
        .map(|(topic, scopes)| (*topic, scopes))
        .collect();
    // Whether whoever reaches a topic reaches everything in it, so that he may be told of what is gone.
    let mut told: Vec<(LogEvent, bool)> = Vec::new();
    for event in events {
        let matching = open.iter().filter(|(topic, scopes)| {
            topic.carries(&event.kind) && event.scopes.iter().any(|scope| scopes.contains(scope))
        });
        let mut near: Option<bool> = None;
        for (topic, _) in matching {
            let is_near = !matches!(topic, Topic::Workspace(_));
            near = Some(near.unwrap_or(false) || is_near);
        }
        if let Some(near) = near {
            told.push(((**event).clone(), near));
        }
    }
    if told.is_empty() {
        return Ok(Rendered { frames: Vec::new(), hidden });
    }
    let list: Vec<LogEvent> = told.iter().map(|(event, _)| event.clone()).collect();
    let eyes = Eyes::open(cx, &list, true)?;
    told.retain(|(event, near)| *near || eyes.sees(event));
    let full: HashSet<Gid> = open
        .iter()
        .filter_map(|(topic, _)| match topic {
            Topic::Task(gid) => Some(*gid),
            _ => None,
        })
        .collect();
    let shown = told.iter().map(|(event, _)| event).filter(|event| eyes.sees(event));
    let records = records(cx, shown, &full)?;
    let places = places(cx, told.iter().map(|(event, _)| event).filter(|event| eyes.sees(event)))?;
    let mut frames = Vec::new();
    for (event, _) in &told {
        write(cx, event, &eyes, &records, &places, &mut frames);
    }
    Ok(Rendered { frames, hidden })
}

/// Writes the frames of one event.
fn write(
    cx: &Context<'_, '_>,
    event: &LogEvent,
    eyes: &Eyes,
    records: &HashMap<Gid, Json>,
    places: &HashMap<(Gid, Gid), Place>,
    frames: &mut Vec<String>,
) {
    let seq = number(cx.tx.dialect(), event.position);
    let told = eyes.tell(event);
    if let Some((_, first)) = told.first() {
        let mut fields: Vec<&str> = Vec::new();
        for change in told.iter().filter_map(|(_, told)| told.change.as_ref()) {
            if !fields.contains(&change.field.as_str()) {
                fields.push(&change.field);
            }
        }
        let parent = first
            .parent
            .as_ref()
            .map(|parent| json!({ "gid": parent.gid.to_string(), "resource_type": parent.kind }));
        let frame = json!({
            "type": "change",
            "seq": seq,
            "action": told::action(event),
            "resource_type": event.kind,
            "gid": event.resource.to_string(),
            "fields": fields,
            "record": records.get(&event.resource),
            "parent": parent,
            "user": first.user.as_ref().map(|user| user.gid.to_string()),
            "request_id": event.request_id,
        });
        frames.push(frame.to_string());
    }
    let place = place_of(event).and_then(|list| places.get(&(event.resource, list)));
    if let Some(place) = place {
        let frame = json!({
            "type": "order",
            "seq": seq,
            "parent": place.parent.to_string(),
            "section": place.section.map(|gid| gid.to_string()),
            "gid": event.resource.to_string(),
            "after": place.after.map(|gid| gid.to_string()),
        });
        frames.push(frame.to_string());
    }
}

/// The ordered list in which an event gives its resource a place: a section or a parent for a task, itself for a section.
fn place_of(event: &LogEvent) -> Option<Gid> {
    let parent = event.parent.as_ref();
    match (event.kind.as_str(), event.action.as_str()) {
        ("task", "added" | "moved") => {
            parent.filter(|(kind, _)| kind == "section" || kind == "task").map(|(_, gid)| *gid)
        }
        ("section", "added") => Some(event.resource),
        ("section", "changed") => {
            event.changes.iter().any(|change| change.field == "position").then_some(event.resource)
        }
        _ => None,
    }
}

/// A place in an ordered list.
struct Place {
    parent: Gid,
    section: Option<Gid>,
    after: Option<Gid>,
}

/// The task before a task in a section, or none.
macro_rules! before_in {
    ($table:literal) => {
        concat!(
            "SELECT tp.task, tp.section, s.container, (SELECT b.task FROM ", $table, " AS b JOIN tasks AS bt ON bt.gid = b.task WHERE b.section = tp.section AND (b.position, b.task) < (tp.position, tp.task) AND bt.deleted IS NULL ORDER BY b.position DESC, b.task DESC LIMIT 1) FROM ids(?) AS i JOIN ids(?) AS w ON w.key = i.key JOIN ", $table, " AS tp ON tp.task = i.value AND tp.section = w.value JOIN sections AS s ON s.gid = tp.section"
        )
    };
}

/// Where the resources of events are now, where their lists are seen. A query for each kind of list.
fn places<'e>(
    cx: &mut Context<'_, '_>,
    events: impl Iterator<Item = &'e LogEvent>,
) -> Result<HashMap<(Gid, Gid), Place>> {
    let (mut tasks, mut lists, mut sections) = (Vec::new(), Vec::new(), Vec::new());
    for event in events {
        match place_of(event) {
            Some(list) if event.kind == "task" => {
                tasks.push(event.resource);
                lists.push(list);
            }
            Some(section) => sections.push(section),
            None => {}
        }
    }
    let mut found: HashMap<(Gid, Gid), Place> = HashMap::new();
    if !tasks.is_empty() {
        let seen = cx.visible_of("section", &lists)?;
        for sql in [before_in!("task_projects"), before_in!("user_task_list_items")] {
            let rows = cx.query(sql, params![&tasks, &lists], |row| {
                let (task, section) = (row.get::<Gid>(0)?, row.get::<Gid>(1)?);
                let place =
                    Place { parent: row.get(2)?, section: Some(section), after: row.get(3)? };
                Ok(((task, section), place))
            })?;
            found.extend(rows.into_iter().filter(|((_, section), _)| seen.contains(section)));
        }
        let seen = cx.visible_of("task", &lists)?;
        let rows = cx.query(
            "SELECT t.gid, t.parent, (SELECT b.gid FROM tasks AS b WHERE b.parent = t.parent AND (b.parent_position, b.gid) < (t.parent_position, t.gid) AND b.deleted IS NULL ORDER BY b.parent_position DESC, b.gid DESC LIMIT 1) FROM ids(?) AS i JOIN ids(?) AS w ON w.key = i.key JOIN tasks AS t ON t.gid = i.value AND t.parent = w.value",
            params![&tasks, &lists],
            |row| {
                let (task, parent) = (row.get::<Gid>(0)?, row.get::<Gid>(1)?);
                Ok(((task, parent), Place { parent, section: None, after: row.get(2)? }))
            },
        )?;
        found.extend(rows.into_iter().filter(|((_, parent), _)| seen.contains(parent)));
    }
    if !sections.is_empty() {
        found.extend(cx.query(
            "SELECT s.gid, s.container, (SELECT b.gid FROM sections AS b WHERE b.container = s.container AND (b.position, b.gid) < (s.position, s.gid) AND b.deleted IS NULL ORDER BY b.position DESC, b.gid DESC LIMIT 1) FROM ids(?) AS i JOIN sections AS s ON s.gid = i.value",
            params![&sections],
            |row| {
                let section = row.get::<Gid>(0)?;
                let place = Place { parent: row.get(1)?, section: None, after: row.get(2)? };
                Ok(((section, section), place))
            },
        )?);
    }
    Ok(found)
}

/// The records of the resources of events, as the actor sees them now: tasks as lists show them, but for those whose own topic
/// is watched (`full`); everything else in full.
fn records<'e>(
    cx: &mut Context<'_, '_>,
    events: impl Iterator<Item = &'e LogEvent>,
    full: &HashSet<Gid>,
) -> Result<HashMap<Gid, Json>> {
    let mut wanted: BTreeMap<(&str, bool), Vec<Gid>> = BTreeMap::new();
    for event in events.filter(|event| !matches!(event.action.as_str(), "deleted" | "moved")) {
        let in_lists = event.kind == "task" && !full.contains(&event.resource);
        let gids = wanted.entry((event.kind.as_str(), in_lists)).or_default();
        if !gids.contains(&event.resource) {
            gids.push(event.resource);
        }
    }
    let mut found = HashMap::new();
    for ((kind, in_lists), gids) in wanted {
        let fields = if in_lists { Selection::parse(LIST_FIELDS).ok() } else { None };
        for record in cx.records_seen(kind, &gids, fields, Shape::Full)? {
            let gid = record.get("gid").and_then(Json::as_str).and_then(Gid::parse);
            found.extend(gid.map(|gid| (gid, record)));
        }
    }
    Ok(found)
}

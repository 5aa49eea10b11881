//! Values of custom fields on tasks and projects, as they are read: each field of an object with its value there.
//!
//! A loader runs a constant number of queries: where the objects stand, the fields used there, the values, the choices with their
//! names, and the objects that reference fields name. [`super::write`] changes values.

use super::CustomField;
use super::shape::{self, Shown};
use crate::access;
use crate::jobs::copying::allowed;
use crate::prelude::*;
use engine::schema::Fetching;
use engine::template::Templates;
use engine::{Stored, Viewer};
use model::FieldSubtype;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, OnceLock};
use store::Tx;

pub use super::ids::number;
pub use super::write::{MAX_TEXT, write_on_container, write_on_task};

/// The tables of values, and their columns beside those that say of what and whose.
pub const TABLES: [(&str, &str); 2] = [
    ("custom_field_values", "text_value, number_value, date_value, date_time_value"),
    ("custom_field_choices", "choice, position"),
];

/// Gives the values that one container has to another one, which has none: those of fields that the actor sees.
pub fn copy(cx: &mut Context<'_, '_>, from: Gid, to: Gid) -> Result<()> {
    let used: Vec<i64> = cx.query(
        "SELECT f.gid FROM custom_field_values AS v JOIN custom_fields AS f ON f.gid = v.custom_field WHERE v.object = ? AND f.local_to IS NULL
         UNION SELECT f.gid FROM custom_field_choices AS c JOIN custom_fields AS f ON f.gid = c.custom_field WHERE c.object = ? AND f.local_to IS NULL",
        params![from, from],
        |row| row.get(0),
    )?;
    let fields = allowed(cx, CustomField::TYPE, CustomField::TABLE, &used, Level::See)?;
    if fields.is_empty() {
        return Ok(());
    }
    for (table, columns) in TABLES {
        cx.later(
            &format!(
                "INSERT INTO {table} (object, custom_field, workspace, {columns})
                 SELECT CAST(? AS BIGINT), v.custom_field, v.workspace, v.{} FROM ids(?) AS i JOIN {table} AS v ON v.custom_field = i.value WHERE v.object = ?",
                columns.replace(", ", ", v.")
            ),
            params![to, &fields, from].to_vec(),
        )?;
    }
    Ok(())
}

/// An enum option inside a field.
#[derive(Debug, Clone)]
pub struct Choice {
    pub gid: Gid,
    pub name: String,
    pub enabled: bool,
    pub color: String,
}

row! { Choice { gid, name, enabled, color } }

impl Record for Choice {
    fn schema(s: &mut Schema<Self>) {
        s.doc("An option of an enum field.");
        s.identity(Some("enum_option"), |c| c.gid);
        s.field("name", |c| &c.name).doc("What the option is called.");
        s.field("enabled", |c| &c.enabled).doc("Whether the option can be chosen.");
        s.field("color", |c| &c.color).values(model::EnumColor::ALL).doc("The option's colour.");
    }
}

/// The value of a date field.
#[derive(Debug, Clone)]
pub struct DateValue {
    pub date: Option<Date>,
    pub date_time: Option<Timestamp>,
}

row! { DateValue { date, date_time } }

impl Record for DateValue {
    fn schema(s: &mut Schema<Self>) {
        s.doc("A day, perhaps with a time.");
        s.field("date", |d| &d.date).doc("The day.");
        s.field("date_time", |d| &d.date_time)
            .doc("The point in time, or null if only a day is set.");
    }
}

/// A user in a people field, with the name that `display_value` shows.
#[derive(Debug, Clone)]
pub struct Person {
    pub gid: Gid,
    pub name: String,
}

/// An object in a reference field.
#[derive(Debug, Clone)]
pub struct Named {
    pub gid: Gid,
    pub resource_type: String,
    pub name: String,
}

row! { Named { gid, resource_type, name } }

impl Record for Named {
    fn schema(s: &mut Schema<Self>) {
        s.doc("An object with a name.");
        s.identity(None, |n| n.gid);
        s.field("resource_type", |n| &n.resource_type).doc("The type of this object.");
        s.field("name", |n| &n.name).doc("What the object is called.");
    }
}

/// What is stored for one field on one object.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Content {
    pub text: Option<String>,
    /// The number; of an ID field the one that the object was given.
    pub number: Option<f64>,
    pub date: Option<Date>,
    pub date_time: Option<Timestamp>,
    /// Options, users or objects, in order.
    pub choices: Vec<Gid>,
}

/// What is stored, with what is shown of the choices.
#[derive(Debug, Clone, Default)]
pub struct Value {
    pub content: Content,
    pub options: Vec<Choice>,
    pub people: Vec<Person>,
    pub references: Vec<Named>,
}

/// A custom field as shown on an object, with its value there.
#[derive(Debug, Clone)]
pub struct FieldValue {
    pub field: Arc<CustomField>,
    pub value: Value,
}

impl Stored for FieldValue {
    const TABLE: &'static str = "";
    const COLUMNS: &'static [&'static str] = &[];

    /// Never called: a loader makes these.
    fn from_row(_row: &store::Row<'_>, _at: usize) -> Result<Self, store::Error> {
        Err(store::Error::Database("values of custom fields come from a loader".to_owned()))
    }

    fn values(&self) -> Vec<store::Value> {
        Vec::new()
    }
}

impl Record for FieldValue {
    fn schema(s: &mut Schema<Self>) {
        s.doc("A custom field on an object, with its value there.");
        s.identity(Some("custom_field"), |v| v.field.gid);
        shape::fields(s);
    }
}

impl Shown for FieldValue {
    fn definition(&self) -> &CustomField {
        &self.field
    }
    fn definition_mut(&mut self) -> &mut CustomField {
        Arc::make_mut(&mut self.field)
    }
    fn value(&self) -> Option<&Value> {
        Some(&self.value)
    }
}

/// What kind of object holds the values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    /// Has the fields of its projects, a subtask also those of its parent's.
    Task,
    /// A project or portfolio. Has its own fields; they show only where one has a value, since they are meant for what is in it.
    /// Has the fields of the portfolios that it is in.
    Container,
}

/// The fields of tasks with their values: those set on any of a task's projects, and for direct subtasks on its parent's.
pub fn of_tasks(fetching: &mut Fetching<'_, '_>) -> Result<Vec<(usize, FieldValue)>, store::Error> {
    load(fetching.tx, fetching.viewer, Holder::Task, fetching.ids)
}

/// The fields of one task with their values, as far as the actor sees them.
///
/// Errors: those of the database.
pub fn of_task(cx: &mut Context<'_, '_>, task: Gid) -> Result<Vec<FieldValue>> {
    let viewer = cx.viewer();
    let found = load(cx.tx, viewer, Holder::Task, &[task.get()])?;
    Ok(found.into_iter().map(|(_, value)| value).collect())
}

/// The fields of projects and portfolios with their values.
pub fn of_containers(
    fetching: &mut Fetching<'_, '_>,
) -> Result<Vec<(usize, FieldValue)>, store::Error> {
    load(fetching.tx, fetching.viewer, Holder::Container, fetching.ids)
}

/// A field on an object.
pub(super) struct Placed {
    pub(super) field: Arc<CustomField>,
    /// Whether it is meant for the object itself, because something that the object is in uses it.
    is_meant: bool,
}

/// The values on the objects `ids`, keyed by their place among them.
fn load(
    tx: &mut Tx<'_>,
    viewer: Viewer,
    holder: Holder,
    ids: &[i64],
) -> Result<Vec<(usize, FieldValue)>, store::Error> {
    let fields = fields_on(tx, viewer, holder, ids)?;
    if fields.iter().all(Vec::is_empty) {
        return Ok(Vec::new());
    }
    let is_used = |wanted: &dyn Fn(&CustomField) -> bool| {
        fields.iter().flatten().any(|one| wanted(&one.field))
    };
    let uses_references = is_used(&|field| field.is(FieldSubtype::Reference));
    let uses_choices =
        uses_references || is_used(&|field| field.has_options() || field.is(FieldSubtype::People));
    let mut contents = contents(tx, ids)?;
    let mut chosen = if uses_choices { choices(tx, ids)? } else { HashMap::new() };
    let objects =
        if uses_references { named(tx, viewer, chosen.values())? } else { HashMap::new() };
    let mut out = Vec::new();
    for (key, fields) in fields.into_iter().enumerate() {
        for Placed { field, is_meant } in fields {
            let at = (key, field.gid);
            let content = contents.remove(&at);
            let picked = chosen.remove(&at);
            if !is_meant && content.is_none() && picked.is_none() {
                continue;
            }
            let value =
                value_of(&field, content.unwrap_or_default(), picked.unwrap_or_default(), &objects);
            out.push((key, FieldValue { field, value }));
        }
    }
    Ok(out)
}

/// Puts together what is shown of a value.
fn value_of(
    field: &CustomField,
    content: Content,
    picked: Vec<Picked>,
    objects: &HashMap<Gid, Named>,
) -> Value {
    let mut value = Value { content, ..Value::default() };
    value.content.choices = picked.iter().map(|one| one.gid).collect();
    if field.has_options() {
        value.options = picked.into_iter().filter_map(|one| one.option).collect();
    } else if field.is(FieldSubtype::People) {
        value.people = picked.into_iter().filter_map(|one| one.person).collect();
    } else if field.is(FieldSubtype::Reference) {
        value.references = picked.iter().filter_map(|one| objects.get(&one.gid).cloned()).collect();
    }
    value
}

/// The fields on each of the objects `ids` that the viewer may see, in the order of the settings, each once.
pub(super) fn fields_on(
    tx: &mut Tx<'_>,
    viewer: Viewer,
    holder: Holder,
    ids: &[i64],
) -> Result<Vec<Vec<Placed>>, store::Error> {
    let places = match holder {
        Holder::Task => projects_of(tx, ids)?,
        Holder::Container => portfolios_of(tx, ids)?,
    };
    let mut projects: Vec<i64> = places.iter().flatten().copied().collect();
    projects.sort_unstable();
    projects.dedup();
    if projects.is_empty() {
        return Ok(places.iter().map(|_| Vec::new()).collect());
    }
    let template = settings_text().of(viewer.sight);
    let rows = tx.query(template.sql(), &template.params(viewer.gid, &projects), |row| {
        Ok((row.get::<i64>(0)?, CustomField::from_row(row, 1)?))
    })?;
    let mut known: HashMap<Gid, Arc<CustomField>> = HashMap::new();
    let mut used: HashMap<i64, Vec<Arc<CustomField>>> = HashMap::new();
    for (project, field) in rows {
        let field = known.entry(field.gid).or_insert_with(|| Arc::new(field));
        used.entry(project).or_default().push(Arc::clone(field));
    }
    let mut out = Vec::with_capacity(places.len());
    for (place, id) in places.into_iter().zip(ids) {
        let mut seen = HashSet::new();
        let mut fields = Vec::new();
        // What is meant for the object comes first, so that a field of its own does not hide it.
        for (user, is_meant) in place.iter().map(|user| (user, user != id)) {
            for field in used.get(user).into_iter().flatten() {
                if seen.insert(field.gid) {
                    fields.push(Placed { field: Arc::clone(field), is_meant });
                }
            }
        }
        out.push(fields);
    }
    Ok(out)
}

/// For each task its live projects, longest first, and then those of its parent.
fn projects_of(tx: &mut Tx<'_>, tasks: &[i64]) -> Result<Vec<Vec<i64>>, store::Error> {
    around(
        tx,
        tasks,
        "SELECT i.key, tp.project, 0, tp.added_at FROM ids(?) AS i JOIN task_projects AS tp ON tp.task = i.value JOIN projects AS p ON p.gid = tp.project WHERE p.deleted IS NULL
         UNION ALL SELECT i.key, tp.project, 1, tp.added_at FROM ids(?) AS i JOIN tasks AS t ON t.gid = i.value JOIN task_projects AS tp ON tp.task = t.parent JOIN projects AS p ON p.gid = tp.project WHERE p.deleted IS NULL
         ORDER BY 1, 3, 4, 2",
    )
}

/// For each project or portfolio the live portfolios that it is in, oldest first, and then itself.
fn portfolios_of(tx: &mut Tx<'_>, ids: &[i64]) -> Result<Vec<Vec<i64>>, store::Error> {
    around(
        tx,
        ids,
        "SELECT i.key, pi.portfolio, 0 FROM ids(?) AS i JOIN portfolio_items AS pi ON pi.item = i.value JOIN portfolios AS p ON p.gid = pi.portfolio WHERE p.deleted IS NULL
         UNION ALL SELECT i.key, i.value, 1 FROM ids(?) AS i
         ORDER BY 1, 3, 2",
    )
}

/// What a query finds around each of the objects; it takes their ids twice and gives key and gid, ordered.
fn around(tx: &mut Tx<'_>, ids: &[i64], sql: &str) -> Result<Vec<Vec<i64>>, store::Error> {
    let mut places: Vec<Vec<i64>> = ids.iter().map(|_| Vec::new()).collect();
    let list = store::Value::Ids(ids.to_vec());
    let rows =
        tx.query(sql, &[list.clone(), list], |row| Ok((row.get::<i64>(0)?, row.get::<i64>(1)?)))?;
    for (key, found) in rows {
        if let Some(place) = usize::try_from(key).ok().and_then(|key| places.get_mut(key)) {
            place.push(found);
        }
    }
    Ok(places)
}

/// The fields that objects use. Whoever sees an object sees its fields, but one that is not for guests, private or local only if he
/// sees the field itself: the object may be in a project that he does not reach.
fn settings_text() -> &'static Templates {
    static TEXT: OnceLock<Templates> = OnceLock::new();
    TEXT.get_or_init(|| {
        let columns = engine::record::select_list::<CustomField>("t");
        let text = format!(
            "SELECT i.value, {columns} FROM :ids AS i JOIN custom_field_settings AS s ON s.parent = i.value JOIN custom_fields AS t ON t.gid = s.custom_field WHERE t.deleted IS NULL AND ((t.privacy_setting = 'public_with_guests' AND t.local_to IS NULL) OR :see(custom_field, t)) ORDER BY i.key, s.position, s.gid"
        );
        Templates::new(&text, &access::see)
    })
}

/// What is stored on the objects but choices, by the object's place and the field.
pub(super) fn contents(
    tx: &mut Tx<'_>,
    ids: &[i64],
) -> Result<HashMap<(usize, Gid), Content>, store::Error> {
    let rows = tx.query(
        "SELECT i.key, v.custom_field, v.text_value, v.number_value, v.date_value, v.date_time_value FROM ids(?) AS i JOIN custom_field_values AS v ON v.object = i.value",
        &[store::Value::Ids(ids.to_vec())],
        |row| {
            let content = Content {
                text: row.get(2)?,
                number: row.get(3)?,
                date: row.get(4)?,
                date_time: row.get(5)?,
                choices: Vec::new(),
            };
            Ok(((key_of(row)?, row.get(1)?), content))
        },
    )?;
    Ok(rows.into_iter().collect())
}

/// A choice with the name that belongs to it.
#[derive(Debug)]
pub(super) struct Picked {
    pub(super) gid: Gid,
    option: Option<Choice>,
    person: Option<Person>,
}

/// The choices on the objects, by the object's place and the field, in order.
pub(super) fn choices(
    tx: &mut Tx<'_>,
    ids: &[i64],
) -> Result<HashMap<(usize, Gid), Vec<Picked>>, store::Error> {
    let rows = tx.query(
        "SELECT i.key, c.custom_field, c.choice, o.name, o.enabled, o.color, u.name FROM ids(?) AS i JOIN custom_field_choices AS c ON c.object = i.value LEFT JOIN enum_options AS o ON o.gid = c.choice LEFT JOIN users AS u ON u.gid = c.choice ORDER BY i.key, c.custom_field, c.position, c.choice",
        &[store::Value::Ids(ids.to_vec())],
        |row| {
            let gid: Gid = row.get(2)?;
            let option = match row.get::<Option<String>>(3)? {
                Some(name) => {
                    Some(Choice { gid, name, enabled: row.get(4)?, color: row.get(5)? })
                }
                None => None,
            };
            let person = row.get::<Option<String>>(6)?.map(|name| Person { gid, name });
            Ok(((key_of(row)?, row.get::<Gid>(1)?), Picked { gid, option, person }))
        },
    )?;
    let mut out: HashMap<(usize, Gid), Vec<Picked>> = HashMap::new();
    for (at, picked) in rows {
        out.entry(at).or_default().push(picked);
    }
    Ok(out)
}

fn key_of(row: &store::Row<'_>) -> Result<usize, store::Error> {
    Ok(usize::try_from(row.get::<i64>(0)?).unwrap_or(usize::MAX))
}

/// The tasks, projects, portfolios and goals among the choices that the viewer sees.
fn named<'a>(
    tx: &mut Tx<'_>,
    viewer: Viewer,
    chosen: impl Iterator<Item = &'a Vec<Picked>>,
) -> Result<HashMap<Gid, Named>, store::Error> {
    static TEXT: OnceLock<Templates> = OnceLock::new();
    let mut ids: Vec<i64> = chosen
        .flatten()
        .filter(|one| one.option.is_none() && one.person.is_none())
        .map(|one| one.gid.get())
        .collect();
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let text = TEXT.get_or_init(|| {
        Templates::new(
            "SELECT t.gid, 'task', t.name FROM :ids AS i JOIN tasks AS t ON t.gid = i.value WHERE :see(task, t)
             UNION ALL SELECT t.gid, 'project', t.name FROM :ids AS i JOIN projects AS t ON t.gid = i.value WHERE :see(project, t)
             UNION ALL SELECT t.gid, 'portfolio', t.name FROM :ids AS i JOIN portfolios AS t ON t.gid = i.value WHERE :see(portfolio, t)
             UNION ALL SELECT t.gid, 'goal', t.name FROM :ids AS i JOIN goals AS t ON t.gid = i.value WHERE :see(goal, t)",
            &access::see_nested,
        )
    });
    let template = text.of(viewer.sight);
    let rows = tx
        .query(template.sql(), &template.params(viewer.gid, &ids), |row| Named::from_row(row, 0))?;
    Ok(rows.into_iter().map(|object| (object.gid, object)).collect())
}

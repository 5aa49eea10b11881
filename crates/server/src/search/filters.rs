//! The parameters of the search for tasks as conditions.
//!
//! A parameter becomes a condition on the row `t` of `tasks`, and where an index finds the tasks that meet it, a query that
//! lists them, from which the search may start. Objects that the actor does not see find nothing: what is hidden from him
//! cannot be told from what does not exist. Columns stand as `+t.column` or `(t.column + 0)` where the search, not the
//! database, is to choose what it starts from; `CROSS JOIN` keeps SQLite from starting at the other end.

use super::{Part, has_word, with_word, words};
use crate::access;
use crate::api::call::cut;
use crate::prelude::*;
use crate::resources::custom_fields::CustomField;
use crate::resources::portfolios::Portfolio;
use crate::resources::projects::Project;
use crate::resources::sections::Section;
use crate::resources::tags::Tag;
use crate::resources::teams::Team;
use crate::resources::users::User;
use engine::Template;

/// A condition on a date, by its column.
pub(super) struct Range {
    /// The column.
    pub(super) column: &'static str,
    /// The comparison, with `{}` for the column.
    pub(super) text: String,
    /// What it is compared with.
    pub(super) value: Option<Value>,
}

impl Range {
    /// The condition on the expression `column`.
    pub(super) fn on(&self, column: &str) -> Part {
        Part {
            sql: self.text.replace("{}", column),
            values: self.value.clone().into_iter().collect(),
        }
    }
}

/// What a task must be to be found.
#[derive(Default)]
pub(super) struct Filters {
    /// Conditions on `t`.
    pub(super) conditions: Vec<Part>,
    /// Queries that list, as `gid`, all tasks that can meet one of the conditions.
    pub(super) sources: Vec<Part>,
    /// Conditions on dates.
    pub(super) ranges: Vec<Range>,
    /// The words of the text.
    pub(super) terms: Vec<String>,
}

/// Ids as they were asked for.
struct Asked {
    /// Those of objects that the actor sees.
    ids: Vec<i64>,
    /// Whether `null` was among them.
    with_null: bool,
    /// How many there were.
    count: usize,
}

impl Asked {
    fn list(&self) -> Value {
        Value::Ids(self.ids.clone())
    }
}

/// The elements of a list, as `IN (…)`.
const IDS: &str = "(SELECT i.value FROM ids(?) AS i)";

impl Filters {
    /// Reads the parameters. Unknown ones are ignored.
    ///
    /// Errors: 400 for values that make no sense.
    pub(super) fn read(cx: &mut Context<'_, '_>, call: &Call, workspace: Gid) -> Result<Self> {
        let mut filters = Filters::default();
        filters.text(call, workspace);
        filters.people(cx, call, workspace)?;
        filters.containers(cx, call)?;
        filters.dates(cx, call)?;
        filters.flags(call)?;
        filters.fields(cx, call)?;
        Ok(filters)
    }

    fn add(&mut self, sql: impl Into<String>, values: &[Value]) {
        self.conditions.push(Part::new(sql, values));
    }

    fn source(&mut self, sql: impl Into<String>, values: &[Value]) {
        self.sources.push(Part::new(sql, values));
    }

    /// All words in the name or the notes.
    fn text(&mut self, call: &Call, workspace: Gid) {
        let Some(text) = call.param("text") else { return };
        self.terms = words::terms(text);
        for term in self.terms.clone() {
            self.conditions.push(has_word("t", "0, 1", &term));
            self.sources.push(with_word(workspace, "0, 1", &term));
        }
        if self.terms.is_empty() {
            // Nothing but punctuation, which no word has.
            self.add("1 = 0", &[]);
        }
    }

    /// Who has to do with the task.
    fn people(&mut self, cx: &mut Context<'_, '_>, call: &Call, workspace: Gid) -> Result<()> {
        for (column, any, not, indexed) in [
            ("assignee", "assignee.any", "assignee.not", true),
            ("created_by", "created_by.any", "created_by.not", true),
            ("assigned_by", "assigned_by.any", "assigned_by.not", false),
        ] {
            if let Some(asked) = asked::<User>(cx, call, any)? {
                let null =
                    if asked.with_null { format!(" OR t.{column} IS NULL") } else { String::new() };
                self.add(format!("+t.{column} IN {IDS}{null}"), &[asked.list()]);
                if indexed && !asked.with_null {
                    self.source(
                        format!("SELECT a.gid FROM ids(?) AS i CROSS JOIN tasks AS a WHERE a.{column} = i.value AND a.workspace = ?"),
                        &[asked.list(), Value::Int(workspace.get())],
                    );
                }
            }
            if let Some(asked) = asked::<User>(cx, call, not)? {
                let null = if asked.with_null { "t.{} IS NOT NULL AND" } else { "t.{} IS NULL OR" };
                let null = null.replace("{}", column);
                self.add(format!("{null} +t.{column} NOT IN {IDS}"), &[asked.list()]);
            }
        }
        for (any, not, table, join) in [
            ("followers.any", "followers.not", "task_followers", r#"x.task = t.gid AND x."user""#),
            ("liked_by.any", "liked_by.not", "likes", r#"x.object = t.gid AND x."user""#),
            (
                "commented_on_by.any",
                "commented_on_by.not",
                "stories",
                "x.target = t.gid AND x.resource_subtype = 'comment_added' AND x.deleted IS NULL AND x.created_by",
            ),
        ] {
            for (name, is) in [(any, "IS NOT NULL"), (not, "IS NULL")] {
                if let Some(asked) = asked::<User>(cx, call, name)? {
                    self.add(
                        format!("(SELECT 1 FROM {table} AS x WHERE {join} IN {IDS} LIMIT 1) {is}"),
                        &[asked.list()],
                    );
                    if table == "task_followers" && name == any {
                        self.source(
                            r#"SELECT x.task AS gid FROM ids(?) AS i CROSS JOIN task_followers AS x WHERE x."user" = i.value"#,
                            &[asked.list()],
                        );
                    }
                }
            }
        }
        Ok(())
    }

    /// Where the task is: projects, sections, portfolios, teams, and its tags.
    fn containers(&mut self, cx: &mut Context<'_, '_>, call: &Call) -> Result<()> {
        // Projects and sections widen each other. Source: dossier 3.20.
        let projects = asked::<Project>(cx, call, "projects.any")?;
        let sections = asked::<Section>(cx, call, "sections.any")?;
        let mut either = Vec::new();
        let mut sources = Vec::new();
        for (asked, column) in [(&projects, "project"), (&sections, "section")] {
            let Some(asked) = asked else { continue };
            either.push(Part::new(
                format!("(SELECT 1 FROM task_projects AS x WHERE x.task = t.gid AND x.{column} IN {IDS} LIMIT 1) IS NOT NULL"),
                &[asked.list()],
            ));
            sources.push(Part::new(
                format!("SELECT x.task AS gid FROM ids(?) AS i CROSS JOIN task_projects AS x WHERE x.{column} = i.value"),
                &[asked.list()],
            ));
        }
        if let Some(sections) = &sections {
            // The sections of somebody's own list.
            either.push(Part::new(
                format!("(SELECT 1 FROM user_task_list_items AS x WHERE x.task = t.gid AND x.section IN {IDS} LIMIT 1) IS NOT NULL"),
                &[sections.list()],
            ));
            sources.push(Part::new(
                "SELECT x.task AS gid FROM ids(?) AS i CROSS JOIN user_task_list_items AS x WHERE x.section = i.value",
                &[sections.list()],
            ));
        }
        if !either.is_empty() {
            self.conditions.push(joined(&either, " OR "));
            self.sources.push(joined(&sources, " UNION ALL "));
        }
        for (all, not, table, column) in [
            ("projects.all", "projects.not", "task_projects", "project"),
            ("sections.all", "sections.not", "task_projects", "section"),
            ("tags.all", "tags.not", "task_tags", "tag"),
        ] {
            let [all, not] = [all, not].map(|name| match column {
                "project" => asked::<Project>(cx, call, name),
                "section" => asked::<Section>(cx, call, name),
                _ => asked::<Tag>(cx, call, name),
            });
            if let Some(asked) = all? {
                let mut ids = asked.ids.clone();
                ids.sort_unstable();
                ids.dedup();
                let found = i64::try_from(ids.len()).unwrap_or(i64::MAX);
                let hidden = asked.ids.len() < asked.count;
                self.add(
                    format!("(SELECT count(*) FROM {table} AS x WHERE x.task = t.gid AND x.{column} IN {IDS}) = ?"),
                    &[Value::Ids(ids.clone()), Value::Int(if hidden { -1 } else { found })],
                );
                self.source(
                    format!("SELECT x.task AS gid FROM {table} AS x WHERE x.{column} = ?"),
                    &[Value::Int(ids.first().copied().unwrap_or_default())],
                );
            }
            if let Some(asked) = not? {
                self.add(
                    format!("(SELECT 1 FROM {table} AS x WHERE x.task = t.gid AND x.{column} IN {IDS} LIMIT 1) IS NULL"),
                    &[asked.list()],
                );
            }
        }
        if let Some(asked) = asked::<Tag>(cx, call, "tags.any")? {
            self.add(
                format!("(SELECT 1 FROM task_tags AS x WHERE x.task = t.gid AND x.tag IN {IDS} LIMIT 1) IS NOT NULL"),
                &[asked.list()],
            );
            self.source(
                "SELECT x.task AS gid FROM ids(?) AS i CROSS JOIN task_tags AS x WHERE x.tag = i.value",
                &[asked.list()],
            );
        }
        let teams = asked::<Team>(cx, call, "teams.any")?;
        let portfolios = asked::<Portfolio>(cx, call, "portfolios.any")?;
        for (asked, join, column) in [
            (teams, "", "p.team"),
            (portfolios, "JOIN portfolio_items AS pi ON pi.item = p.gid", "pi.portfolio"),
        ] {
            let Some(asked) = asked else { continue };
            // Only through projects that the actor sees: else a task would tell where one is hidden.
            let see = access::see(Project::TYPE, "p", cx.actor.sight);
            let see = Template::new(&see, &|_, _| String::new());
            let mut values = vec![asked.list()];
            values.extend(see.params(cx.me(), &[]));
            self.add(
                format!("(SELECT 1 FROM task_projects AS x JOIN projects AS p ON p.gid = x.project {join} WHERE x.task = t.gid AND {column} IN {IDS} AND ({}) LIMIT 1) IS NOT NULL", see.sql()),
                &values,
            );
            let source = match join {
                "" => {
                    "SELECT x.task AS gid FROM ids(?) AS i CROSS JOIN projects AS p CROSS JOIN task_projects AS x WHERE p.team = i.value AND x.project = p.gid"
                }
                _ => {
                    "SELECT x.task AS gid FROM ids(?) AS i CROSS JOIN portfolio_items AS pi CROSS JOIN task_projects AS x WHERE pi.portfolio = i.value AND x.project = pi.item"
                }
            };
            self.source(source, &[asked.list()]);
        }
        Ok(())
    }

    /// Days are those of the actor's zone; `before` and `after` leave out the bound.
    fn dates(&mut self, cx: &mut Context<'_, '_>, call: &Call) -> Result<()> {
        for (column, name) in [("due_on", "due_on"), ("start_on", "start_on")] {
            for (suffix, than) in [("", "="), (".before", "<"), (".after", ">")] {
                let name = format!("{name}{suffix}");
                match call.param(&name) {
                    None => {}
                    Some("null") if suffix.is_empty() => self.range(column, "{} IS NULL", None),
                    Some(text) => {
                        let day = day(&name, text)?.to_string();
                        self.range(column, &format!("{{}} {than} ?"), Some(Value::Text(day)));
                    }
                }
            }
        }
        let zone = cx.zone().to_owned();
        for (column, name) in [
            ("created_at", "created_on"),
            ("completed_at", "completed_on"),
            ("modified_at", "modified_on"),
        ] {
            match call.param(name) {
                None => {}
                Some("null") => self.range(column, "{} IS NULL", None),
                Some(text) => {
                    let day = day(name, text)?;
                    let (start, end) = (day.start_in(&zone), day.add_days(1).start_in(&zone));
                    self.range(column, "{} >= ?", Some(Value::Int(start.millis())));
                    self.range(column, "{} < ?", Some(Value::Int(end.millis())));
                }
            }
            if let Some(text) = call.param(&format!("{name}.before")) {
                let start = day(name, text)?.start_in(&zone);
                self.range(column, "{} < ?", Some(Value::Int(start.millis())));
            }
            if let Some(text) = call.param(&format!("{name}.after")) {
                let end = day(name, text)?.add_days(1).start_in(&zone);
                self.range(column, "{} >= ?", Some(Value::Int(end.millis())));
            }
        }
        for (column, before, after) in [
            ("due_at", "due_at.before", "due_at.after"),
            ("created_at", "created_at.before", "created_at.after"),
            ("completed_at", "completed_at.before", "completed_at.after"),
            ("modified_at", "modified_at.before", "modified_at.after"),
        ] {
            if let Some(at) = call.time(before, cx.now())? {
                self.range(column, "{} < ?", Some(Value::Int(at.millis())));
            }
            if let Some(at) = call.time(after, cx.now())? {
                self.range(column, "{} > ?", Some(Value::Int(at.millis())));
            }
        }
        Ok(())
    }

    fn range(&mut self, column: &'static str, text: &str, value: Option<Value>) {
        self.ranges.push(Range { column, text: text.to_owned(), value });
    }

    /// What is either so or not.
    fn flags(&mut self, call: &Call) -> Result<()> {
        const FLAGS: [(&str, &str); 5] = [
            ("completed", "t.completed = 1"),
            ("is_subtask", "t.parent IS NOT NULL"),
            (
                "is_blocked",
                "(SELECT 1 FROM task_dependencies AS x JOIN tasks AS o ON o.gid = x.dependency WHERE x.task = t.gid AND o.completed = 0 AND o.deleted IS NULL LIMIT 1) IS NOT NULL",
            ),
            (
                "is_blocking",
                "(t.completed = 0 AND (SELECT 1 FROM task_dependencies AS x JOIN tasks AS o ON o.gid = x.task WHERE x.dependency = t.gid AND o.deleted IS NULL LIMIT 1) IS NOT NULL)",
            ),
            (
                "has_attachment",
                "(SELECT 1 FROM attachments AS x WHERE x.parent = t.gid AND x.deleted IS NULL AND x.state = 'stored' LIMIT 1) IS NOT NULL",
            ),
        ];
        for (name, condition) in FLAGS {
            match call.flag(name)? {
                Some(true) => self.add(condition, &[]),
                Some(false) => self.add(format!("NOT ({condition})"), &[]),
                None => {}
            }
        }
        if let Some(subtype) = call.param("resource_subtype") {
            self.add("t.resource_subtype = ?", &[Value::Text(subtype.to_owned())]);
        }
        Ok(())
    }

    /// `custom_fields.{gid}.…`.
    fn fields(&mut self, cx: &mut Context<'_, '_>, call: &Call) -> Result<()> {
        let sent: Vec<(String, String, String)> = call
            .query
            .iter()
            .filter_map(|(name, value)| {
                let (gid, what) = name.strip_prefix("custom_fields.")?.split_once('.')?;
                Some((gid.to_owned(), what.to_owned(), value.clone()))
            })
            .filter(|(_, _, value)| !value.is_empty())
            .collect();
        if sent.is_empty() {
            return Ok(());
        }
        let raws: Vec<String> = sent.iter().map(|(gid, _, _)| gid.clone()).collect();
        let gids = cx.identify_all("custom_field", "custom_fields", &raws)?;
        let known: Vec<Gid> = gids.iter().copied().flatten().collect();
        let fields: Vec<CustomField> =
            cx.rows_seen::<CustomField>(&known)?.into_iter().flatten().collect();
        for ((raw, what, value), gid) in sent.iter().zip(gids) {
            let name = format!("custom_fields.{}", cut(raw));
            let field = fields
                .iter()
                .find(|field| Some(field.gid) == gid)
                .ok_or_else(|| invalid(name.clone(), "Unknown object"))?;
            self.field(&name, field, what, value)?;
        }
        Ok(())
    }

    fn field(&mut self, name: &str, field: &CustomField, what: &str, value: &str) -> Result<()> {
        let gid = Value::Int(field.gid.get());
        // A value counts where the field is shown: in a live project of the task or its parent that has it.
        self.add(
            "(SELECT 1 FROM custom_field_settings AS cs JOIN task_projects AS x ON x.project = cs.parent JOIN projects AS p ON p.gid = cs.parent WHERE cs.custom_field = ? AND p.deleted IS NULL AND x.task IN (t.gid, t.parent) LIMIT 1) IS NOT NULL",
            std::slice::from_ref(&gid),
        );
        let column = match field.resource_subtype.as_str() {
            "number" => "number_value",
            "date" => "date_value",
            "text" => "text_value",
            _ => "",
        };
        let refused = |message: &str| Err(invalid(format!("{name}.{what}"), message.to_owned()));
        if what == "is_set" {
            let Some(is_set) = engine::body::flag(value) else {
                return refused("Must be a boolean");
            };
            let is = if is_set { "IS NOT NULL" } else { "IS NULL" };
            let sql = if column.is_empty() {
                format!(
                    "(SELECT 1 FROM custom_field_choices AS x WHERE x.object = t.gid AND x.custom_field = ? LIMIT 1) {is}"
                )
            } else {
                format!(
                    "(SELECT 1 FROM custom_field_values AS x WHERE x.object = t.gid AND x.custom_field = ? AND (x.{column} IS NOT NULL OR x.date_time_value IS NOT NULL) LIMIT 1) {is}"
                )
            };
            self.add(sql, &[gid]);
            return Ok(());
        }
        let on_value = |comparison: &str, wanted: Value| {
            Part::new(
                format!(
                    "(SELECT 1 FROM custom_field_values AS x WHERE x.object = t.gid AND x.custom_field = ? AND x.{column} {comparison} LIMIT 1) IS NOT NULL"
                ),
                &[gid.clone(), wanted],
            )
        };
        let part = match (field.resource_subtype.as_str(), what) {
            ("number", "value" | "less_than" | "greater_than") => {
                let Some(number) = value.parse::<f64>().ok().filter(|number| number.is_finite())
                else {
                    return refused("Must be a number");
                };
                let comparison = match what {
                    "less_than" => "< ?",
                    "greater_than" => "> ?",
                    _ => "= ?",
                };
                on_value(comparison, Value::Real(number))
            }
            ("date", "value" | "before" | "after") => {
                let day = day(&format!("{name}.{what}"), value)?.to_string();
                let comparison = match what {
                    "before" => "< ?",
                    "after" => "> ?",
                    _ => "= ?",
                };
                on_value(comparison, Value::Text(day))
            }
            ("text", "value") => on_value("= ?", Value::Text(value.to_owned())),
            ("text", "starts_with" | "ends_with" | "contains") => {
                let text = super::escaped(value);
                let pattern = match what {
                    "starts_with" => format!("{text}%"),
                    "ends_with" => format!("%{text}"),
                    _ => format!("%{text}%"),
                };
                on_value(r"LIKE ? ESCAPE '\'", Value::Text(pattern))
            }
            ("enum" | "multi_enum" | "people" | "reference", "value") => {
                let Some(choice) = Gid::parse(value) else {
                    return refused("Not a recognized ID");
                };
                let values = [gid.clone(), Value::Int(choice.get())];
                self.source(
                    "SELECT x.object AS gid FROM custom_field_choices AS x WHERE x.custom_field = ? AND x.choice = ?",
                    &values,
                );
                Part::new(
                    "(SELECT 1 FROM custom_field_choices AS x WHERE x.object = t.gid AND x.custom_field = ? AND x.choice = ? LIMIT 1) IS NOT NULL",
                    &values,
                )
            }
            _ => return refused("This cannot be asked of a field of this type"),
        };
        self.conditions.push(part);
        Ok(())
    }
}

/// Pieces put together, each in parentheses where it is a condition.
fn joined(parts: &[Part], between: &str) -> Part {
    let mut out = Part::default();
    for (at, part) in parts.iter().enumerate() {
        if at > 0 {
            out.text(between);
        }
        out.push(part);
    }
    out
}

/// A day.
fn day(name: &str, text: &str) -> Result<Date> {
    Date::parse(text).ok_or_else(|| {
        let message = format!("Date must be in ISO-8601 (yyyy-mm-dd) format, not: {}", cut(text));
        invalid(name.to_owned(), message)
    })
}

/// The objects that a list parameter names, if it was sent.
///
/// Errors: 400 for malformed identifiers; 400 for too many.
fn asked<T: Object>(
    cx: &mut Context<'_, '_>,
    call: &Call,
    name: &'static str,
) -> Result<Option<Asked>> {
    let Some(text) = call.param(name) else { return Ok(None) };
    let raws: Vec<String> =
        text.split(',').map(|raw| raw.trim().to_owned()).filter(|raw| !raw.is_empty()).collect();
    let with_null = raws.iter().any(|raw| raw == "null");
    let raws: Vec<String> = raws.into_iter().filter(|raw| raw != "null").collect();
    let gids: Vec<Gid> = cx.identify_all(T::TYPE, name, &raws)?.into_iter().flatten().collect();
    let rows = if gids.is_empty() { Vec::new() } else { cx.rows_seen::<T>(&gids)? };
    let ids = rows.into_iter().flatten().map(|row| row.gid().get()).collect();
    Ok(Some(Asked { ids, with_null, count: raws.len() }))
}

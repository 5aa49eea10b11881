//! The search for tasks.
//!
//! One query gives the rows, in one of two ways. Where one of the conditions is met by few tasks, the search starts from those
//! and sorts what is left. Where each is met by many, it goes through the tasks in the order that was asked for until it has
//! enough, which it soon has; that is bounded by [`DEPTH`]. What the actor does not see is left out by the query itself.

use super::filters::Filters;
use super::{CANDIDATES, Part, has_word};
use crate::access;
use crate::api::operations::Input;
use crate::api::wire::MAX_LIMIT;
use crate::prelude::*;
use crate::resources::tasks::Task;
use crate::resources::workspaces::Workspace;
use engine::Template;
use engine::plan::Shape;
use engine::record::select_list;
use model::fold;

/// How many tasks are looked at in the order that was asked for, where no condition is met by few.
const DEPTH: i64 = 100_000;

/// How many of the latest tasks are ranked by how well they fit.
const RANKED: i64 = 1_000;

/// The orders that can be asked for.
const ORDERS: [&str; 6] =
    ["due_date", "created_at", "completed_at", "likes", "modified_at", "relevance"];

/// Rows in one order: those that have what they are sorted by, or those that have not.
struct Stretch {
    /// The condition on `t`.
    condition: &'static str,
    /// What they are sorted by, then by gid.
    order: &'static str,
    /// Its column, if there is an index of it.
    column: Option<&'static str>,
}

const fn stretch(
    condition: &'static str,
    order: &'static str,
    column: Option<&'static str>,
) -> Stretch {
    Stretch { condition, order, column }
}

const NUMBER_OF_LIKES: &str = "(SELECT count(*) FROM likes AS l WHERE l.object = t.gid)";

/// The stretches of an order, the first of them first.
fn stretches(sort_by: &str, ascending: bool) -> Vec<Stretch> {
    let modified = |condition| stretch(condition, "t.modified_at", Some("modified_at"));
    match sort_by {
        "due_date" => vec![
            stretch("t.due_on IS NOT NULL", "t.due_on", Some("due_on")),
            modified("t.due_on IS NULL"),
        ],
        "completed_at" => vec![
            stretch("t.completed_at IS NOT NULL", "t.completed_at", Some("completed_at")),
            modified("t.completed_at IS NULL"),
        ],
        "created_at" => vec![stretch("1 = 1", "t.created_at", Some("created_at"))],
        "likes" => {
            let liked = stretch(
                "(SELECT 1 FROM likes AS l WHERE l.object = t.gid LIMIT 1) IS NOT NULL",
                NUMBER_OF_LIKES,
                None,
            );
            let others =
                modified("(SELECT 1 FROM likes AS l WHERE l.object = t.gid LIMIT 1) IS NULL");
            if ascending { vec![others, liked] } else { vec![liked, others] }
        }
        _ => vec![modified("1 = 1")],
    }
}

/// A search.
struct Search {
    workspace: Gid,
    filters: Filters,
    /// The condition that the actor sees `t`.
    see: Part,
    /// What is met by few, if anything is.
    source: Option<Part>,
    ascending: bool,
}

/// `searchTasksForWorkspace`.
fn search(cx: &mut Context<'_, '_>, call: &Call) -> Result<Answer> {
    let (workspace, _) = cx.target::<Workspace>(call, 0)?;
    let limit = cx.options.limit.unwrap_or(MAX_LIMIT);
    let sort_by = call.param("sort_by").unwrap_or("modified_at");
    if !ORDERS.contains(&sort_by) {
        return Err(invalid("sort_by", format!("Must be one of {}", ORDERS.join(", "))));
    }
    let ascending = call.flag("sort_ascending")?.unwrap_or(false);
    let filters = Filters::read(cx, call, workspace.gid)?;
    let (app, sight, me) = (cx.app, cx.actor.sight, cx.me());
    let see = &app.access.of(Task::TYPE, sight).scan;
    let see = Part::new(see.sql(), &see.params(me, &[]));
    let mut search = Search { workspace: workspace.gid, filters, see, source: None, ascending };
    search.source = search.start(cx)?;
    let rows = if sort_by == "relevance" && !search.filters.terms.is_empty() {
        search.ranked(cx, call.param("text").unwrap_or_default(), limit)?
    } else {
        search.sorted(cx, &stretches(sort_by, ascending), limit)?
    };
    // Never a `next_page`. Source: dossier 3.20.
    let answer = cx.answer_page(Page::whole(rows), Shape::Compact)?;
    Ok(Answer { paged: false, ..answer })
}

impl Search {
    /// What the search starts from: the condition that the fewest tasks meet, if they are few. A guest's search starts from
    /// what he reaches at most.
    fn start(&self, cx: &mut Context<'_, '_>) -> Result<Option<Part>> {
        let mut sources: Vec<Part> = self.filters.sources.clone();
        for range in &self.filters.ranges {
            // Days in a row of an index.
            if matches!(range.column, "due_on" | "completed_at" | "created_at" | "modified_at")
                && range.value.is_some()
            {
                let condition = range.on(&format!("a.{}", range.column));
                let not_null = format!("a.{} IS NOT NULL", range.column);
                let mut part = Part::new(
                    format!(
                        "SELECT a.gid FROM tasks AS a WHERE a.workspace = ? AND {not_null} AND "
                    ),
                    &[Value::Int(self.workspace.get())],
                );
                part.push(&condition);
                sources.push(part);
            }
        }
        let mut counting = Part::default();
        for (at, source) in sources.iter().enumerate() {
            if at > 0 {
                counting.text(" UNION ALL ");
            }
            counting.text(&format!("SELECT {at}, count(*) FROM (SELECT s.gid FROM ("));
            counting.push(source);
            counting.text(") AS s LIMIT ?) AS n");
            counting.values.push(Value::Int(CANDIDATES + 1));
        }
        let mut counts: Vec<(usize, i64)> = Vec::new();
        if !sources.is_empty() {
            counts = cx.query(&counting.sql, &counting.values, |row| {
                Ok((usize::try_from(row.get::<i64>(0)?).unwrap_or(usize::MAX), row.get(1)?))
            })?;
        }
        let fewest = counts.into_iter().min_by_key(|(_, count)| *count);
        if let Some((at, count)) = fewest
            && count <= CANDIDATES
        {
            return Ok(sources.into_iter().nth(at));
        }
        if cx.actor.sight != Sight::Guest {
            return Ok(None);
        }
        let reached = access::see_scan(Task::TYPE, "a", Sight::Guest);
        let reached = Template::new(&reached, &|_, _| String::new());
        let sql = format!("SELECT a.gid FROM tasks AS a WHERE {}", reached.sql());
        Ok(Some(Part::new(sql, &reached.params(cx.me(), &[]))))
    }

    /// `SELECT … FROM … WHERE …`: the tasks that meet all conditions; dates are compared as the index of `column` has them.
    fn query(&self, select: &str, column: Option<&str>, source: Option<&Part>) -> Part {
        let mut query = Part::new(format!("SELECT {select} FROM "), &[]);
        match source {
            Some(source) => {
                query.text("(SELECT DISTINCT s.gid FROM (");
                query.push(source);
                query.text(") AS s) AS c CROSS JOIN tasks AS t WHERE t.gid = c.gid AND t.workspace = ? AND (");
            }
            None => query.text("tasks AS t WHERE t.workspace = ? AND ("),
        }
        query.values.push(Value::Int(self.workspace.get()));
        query.push(&self.see);
        query.text(")");
        for condition in &self.filters.conditions {
            query.text(" AND (");
            query.push(condition);
            query.text(")");
        }
        for range in &self.filters.ranges {
            query.text(" AND ");
            query.push(&range.on(&expression(range.column, column)));
        }
        query
    }

    /// The first rows of the stretches.
    fn sorted(
        &self,
        cx: &mut Context<'_, '_>,
        stretches: &[Stretch],
        limit: usize,
    ) -> Result<Vec<Task>> {
        let mut rows: Vec<Task> = Vec::new();
        for stretch in stretches {
            if rows.len() >= limit {
                break;
            }
            // What has no index of its order is few: tasks that somebody likes.
            let liked = Part::new(
                "SELECT l.object AS gid FROM likes AS l WHERE l.workspace = ?",
                &[Value::Int(self.workspace.get())],
            );
            let own = stretch.column.is_none().then_some(&liked);
            let source = self.source.as_ref().or(own);
            let mut query = self.query(&select_list::<Task>("t"), stretch.column, source);
            query.text(" AND (");
            query.text(stretch.condition);
            query.text(")");
            if let (None, Some(column)) = (source, stretch.column)
                && let Some(bound) = self.depth(cx, column)?
            {
                let than = if self.ascending { "<=" } else { ">=" };
                query.text(&format!(" AND t.{column} {than} ?"));
                query.values.push(bound);
            }
            let direction = if self.ascending { "ASC" } else { "DESC" };
            query.text(&format!(
                " ORDER BY {} {direction}, t.gid {direction} LIMIT ?",
                stretch.order
            ));
            let left = limit - rows.len();
            query.values.push(Value::Int(i64::try_from(left).unwrap_or(i64::MAX)));
            rows.extend(cx.query(&query.sql, &query.values, |row| Task::from_row(row, 0))?);
        }
        Ok(rows)
    }

    /// Where the tasks that are looked at end, in the order of `column`; `None` if there are not that many.
    fn depth(&self, cx: &mut Context<'_, '_>, column: &str) -> Result<Option<Value>> {
        let mut query = Part::new(
            format!(
                "SELECT t.{column} FROM tasks AS t WHERE t.workspace = ? AND t.{column} IS NOT NULL"
            ),
            &[Value::Int(self.workspace.get())],
        );
        for range in self.filters.ranges.iter().filter(|range| range.column == column) {
            query.text(" AND ");
            query.push(&range.on(&format!("t.{column}")));
        }
        let direction = if self.ascending { "ASC" } else { "DESC" };
        query
            .text(&format!(" ORDER BY t.{column} {direction}, t.gid {direction} LIMIT 1 OFFSET ?"));
        query.values.push(Value::Int(DEPTH));
        cx.first(&query.sql, &query.values, |row| {
            Ok(match row.column(0)? {
                store::Column::Int(number) => Value::Int(number),
                store::Column::Text(text) => Value::Text(text.to_owned()),
                _ => Value::Null,
            })
        })
    }

    /// The rows that fit the text best: those that have it in the name, and there at the beginning; then the latest.
    fn ranked(&self, cx: &mut Context<'_, '_>, text: &str, limit: usize) -> Result<Vec<Task>> {
        let column = "modified_at";
        let mut query = self.query(&select_list::<Task>("t"), Some(column), self.source.as_ref());
        let mut order = Part::default();
        if self.source.is_some() {
            order.text("CASE WHEN 1 = 1");
            for term in &self.filters.terms {
                order.text(" AND ");
                order.push(&has_word("t", "0", term));
            }
            order.text(" THEN 0 ELSE 1 END, ");
        } else if let Some(bound) = self.depth(cx, column)? {
            query.text(&format!(" AND t.{column} {} ?", if self.ascending { "<=" } else { ">=" }));
            query.values.push(bound);
        }
        query.text(" ORDER BY ");
        query.push(&order);
        query.text("t.modified_at DESC, t.gid DESC LIMIT ?");
        query.values.push(Value::Int(RANKED));
        let mut rows: Vec<(u32, Task)> = cx
            .query(&query.sql, &query.values, |row| Task::from_row(row, 0))?
            .into_iter()
            .map(|task| (distance(&task.name, text, &self.filters.terms), task))
            .collect();
        rows.sort_by_key(|(distance, _)| *distance);
        if self.ascending {
            rows.reverse();
        }
        rows.truncate(limit);
        Ok(rows.into_iter().map(|(_, task)| task).collect())
    }
}

/// The column in a form that only the index of `sorted` can be used for.
fn expression(column: &str, sorted: Option<&str>) -> String {
    match column {
        same if Some(same) == sorted => format!("t.{column}"),
        "due_on" | "start_on" => format!("(t.{column} || '')"),
        _ => format!("(t.{column} + 0)"),
    }
}

/// How far a name is from a text: 0 where it is the text, more the less of it stands there.
pub(super) fn distance(name: &str, text: &str, terms: &[String]) -> u32 {
    let (name, text) = (fold(name), fold(text));
    let (name, text) = (name.trim(), text.trim());
    if name == text {
        return 0;
    }
    if name.starts_with(text) {
        return 1;
    }
    let words: Vec<&str> = name.split(|c: char| !c.is_alphanumeric()).collect();
    let missing =
        terms.iter().filter(|term| !words.iter().any(|word| word.starts_with(term.as_str())));
    let missing = u32::try_from(missing.count()).unwrap_or(u32::MAX / 2);
    let partial = terms.iter().filter(|term| !words.contains(&term.as_str()));
    let partial = u32::try_from(partial.count()).unwrap_or(u32::MAX / 2);
    2 + missing * 100 + partial
}

/// The operation.
pub fn operations(api: &mut Operations) {
    let mut declaring = api.add(
        "GET",
        "searchTasksForWorkspace",
        "/workspaces/{workspace_gid}/tasks/search",
        "The tasks that the actor sees and that meet all parameters, at most 100; also `custom_fields.{gid}.is_set`, `.value`, `.starts_with`, `.ends_with`, `.contains`, `.less_than`, `.greater_than`, `.before` and `.after`.",
        Input::None,
        Output::List(Task::TYPE),
        search,
    )
    .unpaged()
    .query("limit", "How many tasks, 1 to 100.")
    .query("text", "Words of the name or the notes, or the beginnings of words; all of them.")
    .query("resource_subtype", "Only tasks of this subtype.")
    .query("sort_by", "One of due_date, created_at, completed_at, likes, modified_at (the default), relevance.")
    .flag_query("sort_ascending", "The other way round: the earliest or least first.");
    for name in LISTS {
        declaring = declaring.query(name, "Gids with commas between them; users also by e-mail address or `me`; `null` for nobody.");
    }
    for name in DAYS {
        declaring = declaring.query(name, "A day as YYYY-MM-DD, or `null` for none; `before` and `after` leave the day itself out.");
    }
    for name in TIMES {
        declaring = declaring.query(name, "A time in ISO 8601, which is itself left out.");
    }
    for (name, doc) in FLAGS {
        declaring = declaring.flag_query(name, doc);
    }
}

const LISTS: [&str; 23] = [
    "assignee.any",
    "assignee.not",
    "portfolios.any",
    "projects.any",
    "projects.not",
    "projects.all",
    "sections.any",
    "sections.not",
    "sections.all",
    "tags.any",
    "tags.not",
    "tags.all",
    "teams.any",
    "followers.any",
    "followers.not",
    "created_by.any",
    "created_by.not",
    "assigned_by.any",
    "assigned_by.not",
    "liked_by.any",
    "liked_by.not",
    "commented_on_by.any",
    "commented_on_by.not",
];

const DAYS: [&str; 15] = [
    "due_on",
    "due_on.before",
    "due_on.after",
    "start_on",
    "start_on.before",
    "start_on.after",
    "created_on",
    "created_on.before",
    "created_on.after",
    "completed_on",
    "completed_on.before",
    "completed_on.after",
    "modified_on",
    "modified_on.before",
    "modified_on.after",
];

const TIMES: [&str; 8] = [
    "due_at.before",
    "due_at.after",
    "created_at.before",
    "created_at.after",
    "completed_at.before",
    "completed_at.after",
    "modified_at.before",
    "modified_at.after",
];

const FLAGS: [(&str, &str); 5] = [
    ("completed", "Only tasks that are complete, or only those that are not."),
    ("is_subtask", "Only subtasks, or only tasks without a parent."),
    ("is_blocked", "Only tasks that wait for an incomplete one, or only the others."),
    ("is_blocking", "Only incomplete tasks that others wait for, or only the others."),
    ("has_attachment", "Only tasks with files, or only those without."),
];

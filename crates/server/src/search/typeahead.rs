//! Typeahead: names completed while somebody types, the likeliest first.
//!
//! Each type is found by one query of several parts, each bounded: what the person has to do with (people he works with, what
//! he visited, his favourites, tasks he follows), then names that begin with the text, then names that have it inside. A second
//! query loads the rows as the actor sees them.

use super::{Part, anywhere, escaped, has_word, with_word, words};
use crate::api::operations::Input;
use crate::prelude::*;
use crate::resources::custom_fields::CustomField;
use crate::resources::goals::Goal;
use crate::resources::portfolios::Portfolio;
use crate::resources::project_templates::ProjectTemplate;
use crate::resources::projects::Project;
use crate::resources::tags::Tag;
use crate::resources::tasks::Task;
use crate::resources::teams::Team;
use crate::resources::users::User;
use crate::resources::workspaces::Workspace;
use engine::plan::Shape;
use model::name_key;

/// How many rows come without `count`. Source: dossier 3.18.
const COUNT: usize = 20;

/// Most rows. Source: dossier 3.18.
const MAX_COUNT: usize = 100;

/// How many of the tasks that the actor follows, the latest of them, come before others.
const FOLLOWED: i64 = 1_000;

/// How many tasks with a fitting word are looked at, where that many have one.
const LOOKED_AT: i64 = 3_000;

/// The types, as the parameter has them.
const TYPES: &str =
    "actor, agent, custom_field, goal, portfolio, project, project_template, tag, task, team, user";

/// The operation.
pub fn operations(api: &mut Operations) {
    api.section("Typeahead", "Names completed while somebody types.");
    api.add(
        "GET",
        "typeaheadForWorkspace",
        "/workspaces/{workspace_gid}/typeahead",
        "The objects of one type whose names have a word that begins with the text, the likeliest for the actor first; without a text those he had to do with last.",
        Input::None,
        Output::List(User::TYPE),
        |cx, call| {
            let (workspace, _) = cx.target::<Workspace>(call, 0)?;
            let count = match call.param("count") {
                None => COUNT,
                Some(text) => text
                    .parse()
                    .ok()
                    .filter(|count| (1..=MAX_COUNT).contains(count))
                    .ok_or_else(|| invalid("count", format!("Must be between 1 and {MAX_COUNT}")))?,
            };
            let kind = call
                .param("resource_type")
                .or(call.param("type"))
                .ok_or_else(|| invalid("resource_type", "Missing input"))?;
            let query = call.param("query").unwrap_or_default();
            complete(cx, &workspace, kind, query, count)
        },
    )
    .unpaged()
    .query("resource_type", "The type: actor, agent, custom_field, goal, portfolio, project, project_template, tag, task, team or user.")
    .query("type", "The old name of `resource_type`.")
    .query("query", "The text.")
    .query("count", "How many, 1 to 100; 20 if it is not given.");
}

/// The rows of a type as an answer.
fn complete(
    cx: &mut Context<'_, '_>,
    workspace: &Workspace,
    kind: &str,
    query: &str,
    count: usize,
) -> Result<Answer> {
    let ask = Ask { workspace: workspace.gid, query, count };
    match kind {
        "user" | "actor" => ask.answer::<User>(cx),
        "task" => ask.answer::<Task>(cx),
        "project" => ask.answer::<Project>(cx),
        "portfolio" => ask.answer::<Portfolio>(cx),
        "goal" => ask.answer::<Goal>(cx),
        "tag" => ask.answer::<Tag>(cx),
        "team" => ask.answer::<Team>(cx),
        "custom_field" => ask.answer::<CustomField>(cx),
        "project_template" => ask.answer::<ProjectTemplate>(cx),
        // There are none.
        "agent" => cx.answer_page(Page::<User>::whole(Vec::new()), Shape::Compact),
        other => Err(invalid(
            "resource_type",
            format!("Must be one of {TYPES}, not: {}", crate::api::call::cut(other)),
        )),
    }
}

/// What is asked for.
pub(super) struct Ask<'a> {
    /// Where.
    pub(super) workspace: Gid,
    /// The text.
    pub(super) query: &'a str,
    /// How many.
    pub(super) count: usize,
}

/// A row that was found.
pub(super) struct Hit {
    /// The object.
    pub(super) gid: Gid,
    /// How it fits: 0 a word begins with each part of the text, 1 the text is inside a word.
    pub(super) fit: u8,
    /// Which part of the query found it: the smaller, the closer to the actor.
    tier: i64,
}

impl Ask<'_> {
    fn answer<T: Resource>(&self, cx: &mut Context<'_, '_>) -> Result<Answer> {
        let mut hits = self.find::<T>(cx)?;
        hits.truncate(self.count);
        let gids: Vec<Gid> = hits.iter().map(|hit| hit.gid).collect();
        let rows: Vec<T> = cx.rows_seen::<T>(&gids)?.into_iter().flatten().collect();
        cx.select("resource_type,name");
        cx.answer_page(Page::whole(rows), Shape::Compact)
    }

    /// The objects of a type, the likeliest first, at least as many as asked for if there are.
    pub(super) fn find<T: Resource>(&self, cx: &mut Context<'_, '_>) -> Result<Vec<Hit>> {
        match T::TYPE {
            "task" => self.tasks(cx),
            _ => self.named::<T>(cx),
        }
    }

    /// Objects found by the keys of their names.
    fn named<T: Resource>(&self, cx: &mut Context<'_, '_>) -> Result<Vec<Hit>> {
        let key = name_key(self.query);
        let parts: Vec<&str> = key.split(' ').filter(|part| !part.is_empty()).collect();
        let me = cx.me();
        let see = {
            let app = cx.app;
            let scan = &app.access.of(T::TYPE, cx.actor.sight).scan;
            Part::new(scan.sql(), &scan.params(me, &[]))
        };
        // Each part of the text somewhere in the name.
        let mut fits = Part::new("1 = 1", &[]);
        for part in &parts {
            fits.text(r" AND t.name_key LIKE ? ESCAPE '\'");
            fits.values.push(Value::Text(anywhere(part)));
        }
        let table = T::TABLE;
        let of_users = T::TYPE == User::TYPE;
        let here = if of_users {
            // The people of the workspace, of whom a guest sees those whom he shares something with.
            Part::new(
                r#"SELECT TIER, t.gid, t.name_key, ORDER_KEY FROM workspace_memberships AS m JOIN users AS t ON t.gid = m."user" MORE WHERE m.workspace = ? AND m.is_active = 1"#,
                params![self.workspace],
            )
        } else {
            Part::new(
                format!(
                    "SELECT TIER, t.gid, t.name_key, ORDER_KEY FROM {table} AS t MORE WHERE t.workspace = ?"
                ),
                params![self.workspace],
            )
        };
        let closest: &[(&str, &str, &str)] = if of_users {
            &[(
                r#"JOIN contacts AS c ON c.contact = t.gid AND c."user" = ? AND c.workspace = ?"#,
                "-c.times",
                "c.times DESC",
            )]
        } else if matches!(T::TYPE, "project") {
            &[VISITED, FAVOURITE]
        } else {
            &[FAVOURITE, VISITED]
        };
        let limit = Value::Int(i64::try_from(self.count).unwrap_or(i64::MAX));
        let mut all: Vec<Part> = Vec::new();
        let mut part = |tier: i64,
                        more: &str,
                        more_values: &[Value],
                        condition: Part,
                        key: &str,
                        order: &str| {
            let text = here
                .sql
                .replace("TIER", &tier.to_string())
                .replace("MORE", more)
                .replace("ORDER_KEY", key);
            let mut one = Part::new(format!("SELECT * FROM ({text} AND ("), more_values);
            one.values.extend_from_slice(&here.values);
            one.push(&see);
            one.text(") AND ");
            one.push(&condition);
            one.text(&format!(" ORDER BY {order} LIMIT ?) AS q{tier}"));
            one.values.push(limit.clone());
            all.push(one);
        };
        for (tier, (more, key, order)) in (0_i64..).zip(closest) {
            part(tier, more, params![me, self.workspace], fits.clone(), key, order);
        }
        // Names that begin with the text, by the index of names.
        let begins = Part::new(
            r"t.name_key LIKE ? ESCAPE '\' AND t.name_key >= ? AND t.name_key < ?",
            params![format!("{}%", escaped(&key)), key, format!("{key}\u{10ffff}")],
        );
        part(2, "", &[], begins, "0", "t.name_key, t.gid");
        if !key.is_empty() {
            part(3, "", &[], fits.clone(), "0", "t.name_key, t.gid");
        }
        let mut query = Part::default();
        for (at, one) in all.iter().enumerate() {
            if at > 0 {
                query.text(" UNION ALL ");
            }
            query.push(one);
        }
        let rows = cx.query(&query.sql, &query.values, |row| {
            Ok((row.get::<i64>(0)?, row.get::<Gid>(1)?, row.get::<String>(2)?, row.get::<i64>(3)?))
        })?;
        let mut hits: Vec<(Hit, i64, String)> = Vec::new();
        for (tier, gid, name, key) in rows {
            if hits.iter().any(|(hit, _, _)| hit.gid == gid) {
                continue;
            }
            let fit = u8::from(!parts.iter().all(|part| begins_word(&name, part)));
            hits.push((Hit { gid, fit, tier }, key, name));
        }
        hits.sort_by(|(a, a_key, a_name), (b, b_key, b_name)| {
            (a.fit, a.tier, a_key, a_name, a.gid).cmp(&(b.fit, b.tier, b_key, b_name, b.gid))
        });
        Ok(hits.into_iter().map(|(hit, _, _)| hit).collect())
    }

    /// Tasks: followed ones first, then visited ones, then by the index of words.
    fn tasks(&self, cx: &mut Context<'_, '_>) -> Result<Vec<Hit>> {
        let me = cx.me();
        let terms = words::terms(self.query);
        if terms.is_empty() && !self.query.trim().is_empty() {
            return Ok(Vec::new());
        }
        let see = {
            let app = cx.app;
            let scan = &app.access.of(Task::TYPE, cx.actor.sight).scan;
            Part::new(scan.sql(), &scan.params(me, &[]))
        };
        let mut sources = vec![
            Part::new(
                r#"SELECT f.gid, f.gid AS rank FROM (SELECT * FROM (SELECT x.task AS gid FROM task_followers AS x WHERE x."user" = ? AND x.grants = 1 ORDER BY x.task DESC LIMIT ?) AS a UNION ALL SELECT * FROM (SELECT x.task AS gid FROM task_followers AS x WHERE x."user" = ? AND x.grants = 0 ORDER BY x.task DESC LIMIT ?) AS b) AS f"#,
                params![me, FOLLOWED, me, FOLLOWED],
            ),
            Part::new(
                r#"SELECT v.object AS gid, v.visited_at AS rank FROM visits AS v WHERE v."user" = ? AND v.workspace = ? AND v.resource_type = 'task' ORDER BY v.visited_at DESC LIMIT ?"#,
                params![me, self.workspace, FOLLOWED],
            ),
        ];
        if terms.is_empty() {
            // Nothing typed: what was opened last, then what is followed.
            sources.reverse();
        } else {
            let term = self.rarest(cx, &terms)?;
            let mut words = with_word(self.workspace, "0", &term);
            words.sql = words
                .sql
                .replace("SELECT w.object AS gid", "SELECT w.object AS gid, w.object AS rank");
            words.text(" ORDER BY w.word, w.object DESC LIMIT ?");
            words.values.push(Value::Int(LOOKED_AT));
            sources.push(words);
        }
        let limit = Value::Int(i64::try_from(self.count).unwrap_or(i64::MAX));
        let mut query = Part::default();
        for (tier, source) in sources.iter().enumerate() {
            if tier > 0 {
                query.text(" UNION ALL ");
            }
            query.text(&format!("SELECT * FROM (SELECT {tier}, t.gid, max(c.rank) FROM ("));
            query.push(source);
            query
                .text(") AS c CROSS JOIN tasks AS t WHERE t.gid = c.gid AND t.workspace = ? AND (");
            query.values.push(Value::Int(self.workspace.get()));
            query.push(&see);
            query.text(")");
            for term in &terms {
                query.text(" AND ");
                query.push(&has_word("t", "0", term));
            }
            query.text(&format!(" GROUP BY t.gid ORDER BY 3 DESC LIMIT ?) AS q{tier}"));
            query.values.push(limit.clone());
        }
        let mut rows = cx.query(&query.sql, &query.values, |row| {
            Ok((row.get::<i64>(0)?, -row.get::<i64>(2)?, row.get::<Gid>(1)?))
        })?;
        rows.sort_unstable();
        let mut hits: Vec<Hit> = Vec::new();
        for (tier, _, gid) in rows {
            if hits.iter().all(|hit| hit.gid != gid) {
                hits.push(Hit { gid, fit: 0, tier });
            }
        }
        Ok(hits)
    }

    /// The word that the fewest tasks have in their names, as far as it matters.
    fn rarest(&self, cx: &mut Context<'_, '_>, terms: &[String]) -> Result<String> {
        let mut counting = Part::default();
        for (at, term) in terms.iter().enumerate() {
            if at > 0 {
                counting.text(" UNION ALL ");
            }
            counting.text(&format!("SELECT {at}, count(*) FROM (SELECT s.gid FROM ("));
            counting.push(&with_word(self.workspace, "0", term));
            counting.text(") AS s LIMIT ?) AS n");
            counting.values.push(Value::Int(LOOKED_AT));
        }
        let counts = cx.query(&counting.sql, &counting.values, |row| {
            Ok((row.get::<i64>(1)?, usize::try_from(row.get::<i64>(0)?).unwrap_or(usize::MAX)))
        })?;
        let rarest = counts.into_iter().min().and_then(|(_, at)| terms.get(at));
        Ok(rarest.cloned().unwrap_or_default())
    }
}

/// What the actor visited: the join, the key, the order.
const VISITED: (&str, &str, &str) = (
    r#"JOIN visits AS v ON v.object = t.gid AND v."user" = ? AND v.workspace = ?"#,
    "-v.visited_at",
    "v.visited_at DESC",
);

/// The actor's favourites.
const FAVOURITE: (&str, &str, &str) = (
    r#"JOIN favorites AS f ON f.object = t.gid AND f."user" = ? AND f.workspace = ?"#,
    "0",
    "f.position, t.gid",
);

/// Whether a word of a folded name begins with a folded text.
pub(super) fn begins_word(name: &str, part: &str) -> bool {
    name.match_indices(part).any(|(at, _)| {
        name.get(..at)
            .and_then(|before| before.chars().next_back())
            .is_none_or(|before| !before.is_alphanumeric())
    })
}

//! Calendar feeds: a secret address under which a calendar program reads what is due.
//!
//! Extension API. A feed belongs to whoever made it and shows what he sees at the time of reading; deleting it revokes the
//! address. The address is told once, when the feed is made: only its hash is stored. [`crate::http::calendar`] serves them.

use crate::api::call::cut;
use crate::api::operations::{Input, Plain};
use crate::auth;
use crate::prelude::*;
use crate::resources::names::{self, Reach};
use crate::resources::projects::Project;
use crate::resources::workspaces::Workspace;
use crate::search::everywhere::reference;
use engine::Template;
use serde_json::{Value as Json, json};
use std::collections::HashMap;

/// Where feeds are served.
pub const PATH: &str = "/-/calendar/";

/// Most feeds of one person in a workspace. Ours.
const MAX_FEEDS: i64 = 100;

/// Most entries of a feed, those with the latest dates. Ours.
const MAX_ENTRIES: i64 = 2_000;

/// How long an entry that is gone is told as cancelled, in milliseconds: 30 days.
const TOLD_FOR: i64 = 30 * 24 * 60 * 60 * 1_000;

const FIELDS: &[Plain] = &[
    ("gid", JsonType::Gid, "The globally unique identifier, a text of digits."),
    ("resource_type", JsonType::String, "The type of this object."),
    ("resource", JsonType::Object, "The task list, project or portfolio whose dates it shows."),
    ("workspace", JsonType::Object, "Where it is."),
    ("created_at", JsonType::DateTime, "When it was made."),
    ("url", JsonType::String, "The secret address, told only when the feed is made."),
];

/// The operations of the section.
pub fn operations(api: &mut Operations) {
    api.extension(
        "Calendar feeds",
        "Secret addresses under which calendar programs read what is due.",
    );
    api.add(
        "GET",
        "getCalendarFeeds",
        "/calendar_feeds",
        "The actor's feeds in a workspace, oldest first.",
        Input::None,
        Output::PlainList(FIELDS),
        list,
    )
    .required_query("workspace", "The workspace.");
    api.add(
        "POST",
        "createCalendarFeed",
        "/calendar_feeds",
        "Makes a feed of the actor's own task list, a project or a portfolio. The answer has the address, which is not told again.",
        Input::Fields,
        Output::Plain(FIELDS),
        create,
    )
    .created()
    .required_field("resource", JsonType::Gid, "The actor's own task list, a project or a portfolio.");
    api.add(
        "DELETE",
        "deleteCalendarFeed",
        "/calendar_feeds/{calendar_feed_gid}",
        "Deletes a feed of the actor; its address is good for nothing from then on.",
        Input::None,
        Output::Empty,
        delete,
    );
}

/// What a feed is of, if the actor may have one of it: the type, the name, the workspace.
fn subject(cx: &mut Context<'_, '_>, gid: Gid) -> Result<Option<(&'static str, String, Gid)>> {
    let me = cx.me();
    let own: Option<Gid> = cx.cell(
        r#"SELECT l.workspace FROM user_task_lists AS l JOIN workspace_memberships AS wm ON wm.workspace = l.workspace AND wm."user" = l.owner WHERE l.gid = ? AND l.owner = ? AND wm.is_active = 1"#,
        params![gid, me],
    )?;
    if let Some(workspace) = own {
        return Ok(Some(("user_task_list", "My tasks".to_owned(), workspace)));
    }
    let wanted = ["project", "portfolio"].map(|kind| (kind, vec![gid.get()]));
    let viewer = cx.viewer();
    let found = names::of(cx.tx, viewer, Reach::Own, &wanted)?.remove(&gid);
    Ok(found.and_then(|named| Some((named.kind, named.name, named.workspace?))))
}

/// `createCalendarFeed`.
fn create(cx: &mut Context<'_, '_>, call: &Call) -> Result<Answer> {
    let raw = call
        .body
        .reference("resource")?
        .flatten()
        .ok_or_else(|| invalid("resource", "Missing input"))?;
    let unknown = || invalid("resource", format!("Unknown object: {}", cut(&raw)));
    let object = cx.identify("", "resource", &raw)?.ok_or_else(unknown)?;
    let (kind, name, workspace) = subject(cx, object)?.ok_or_else(unknown)?;
    let (me, now) = (cx.me(), cx.now());
    let count: Option<i64> = cx.cell(
        r#"SELECT count(*) FROM calendar_feeds AS f WHERE f."user" = ? AND f.workspace = ?"#,
        params![me, workspace],
    )?;
    if count.unwrap_or_default() >= MAX_FEEDS {
        return Err(bad_request(format!("There can be at most {MAX_FEEDS} calendar feeds")));
    }
    let mut bytes = [0_u8; 32];
    (cx.app.entropy)(&mut bytes);
    let secret = auth::hex(&bytes);
    let gid = cx.gid()?;
    cx.later(
        r#"INSERT INTO calendar_feeds (gid, workspace, "user", resource_type, object, hash, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)"#,
        params![gid, workspace, me, kind, object, auth::hash(&secret), now].to_vec(),
    )?;
    let url = format!("{}{PATH}{secret}.ics", cx.site.url);
    let shown = json!({
        "gid": gid.to_string(),
        "resource_type": "calendar_feed",
        "resource": { "gid": object.to_string(), "resource_type": kind, "name": name },
        "workspace": { "gid": workspace.to_string(), "resource_type": "workspace" },
        "created_at": now.to_string(),
        "url": url,
    });
    Ok(Answer { data: shown.to_string().into_bytes(), created: true, ..Answer::default() })
}

/// `getCalendarFeeds`. A feed of something that the actor does not see any more shows no name.
fn list(cx: &mut Context<'_, '_>, call: &Call) -> Result<Answer> {
    let (workspace, _) = cx.refer::<Workspace>("workspace", call.required("workspace")?)?;
    let me = cx.me();
    let rows = cx.query(
        r#"SELECT f.gid, f.resource_type, f.object, f.created_at FROM calendar_feeds AS f WHERE f."user" = ? AND f.workspace = ? ORDER BY f.created_at, f.gid"#,
        params![me, workspace.gid],
        |row| Ok((row.get::<Gid>(0)?, row.get::<String>(1)?, row.get::<Gid>(2)?, row.get::<Timestamp>(3)?)),
    )?;
    let of = |kind: &str| {
        rows.iter().filter(|row| row.1 == kind).map(|row| row.2.get()).collect::<Vec<i64>>()
    };
    let wanted = ["project", "portfolio"].map(|kind| (kind, of(kind)));
    let viewer = cx.viewer();
    let names = names::of(cx.tx, viewer, Reach::Own, &wanted)?;
    let shown: Vec<Json> = rows
        .iter()
        .map(|(gid, kind, object, at)| {
            let mut resource = reference(kind, *object, names.get(object));
            if let (true, Some(resource)) = (kind == "user_task_list", resource.as_object_mut()) {
                resource.insert("name".to_owned(), json!("My tasks"));
            }
            json!({
                "gid": gid.to_string(),
                "resource_type": "calendar_feed",
                "resource": resource,
                "workspace": { "gid": workspace.gid.to_string(), "resource_type": "workspace" },
                "created_at": at.to_string(),
                "url": null,
            })
        })
        .collect();
    Ok(Answer { data: Json::from(shown).to_string().into_bytes(), ..Answer::default() })
}

/// `deleteCalendarFeed`.
fn delete(cx: &mut Context<'_, '_>, call: &Call) -> Result<Answer> {
    let raw = call.segment(0).to_owned();
    let unknown = || not_found("calendar_feed", cut(&raw));
    let gid = cx.identify("", "calendar_feed", &raw)?.ok_or_else(unknown)?;
    let me = cx.me();
    let gone =
        cx.execute(r#"DELETE FROM calendar_feeds WHERE gid = ? AND "user" = ?"#, params![gid, me])?;
    if gone == 0 {
        return Err(unknown());
    }
    cx.later("DELETE FROM calendar_feed_items WHERE feed = ?", params![gid].to_vec())?;
    Ok(Answer::empty())
}

/// A feed that is read.
#[derive(Clone, Debug)]
pub struct Feed {
    /// The feed.
    pub gid: Gid,
    /// Where it is.
    pub workspace: Gid,
    /// Whose it is.
    pub user: Gid,
    /// How far he sees now.
    pub sight: Sight,
    /// His time zone.
    pub time_zone: Option<String>,
    kind: String,
    object: Gid,
}

/// The feed with this secret, if its owner is in the workspace still.
///
/// Errors: those of the database.
pub fn by_secret(tx: &mut store::Tx<'_>, secret: &str) -> Result<Option<Feed>> {
    Ok(tx.first(
        r#"SELECT f.gid, f.workspace, f."user", f.resource_type, f.object, u.time_zone, (SELECT max(CASE am.role WHEN 'service' THEN 3 WHEN 'guest' THEN 1 ELSE 2 END) FROM workspace_memberships AS am WHERE am."user" = f."user" AND am.is_active = 1) FROM calendar_feeds AS f JOIN users AS u ON u.gid = f."user" JOIN workspace_memberships AS wm ON wm.workspace = f.workspace AND wm."user" = f."user" WHERE f.hash = ? AND wm.is_active = 1"#,
        params![auth::hash(secret)],
        |row| {
            Ok(Feed {
                gid: row.get(0)?,
                workspace: row.get(1)?,
                user: row.get(2)?,
                kind: row.get(3)?,
                object: row.get(4)?,
                time_zone: row.get(5)?,
                sight: match row.get::<i64>(6)? {
                    3 => Sight::Service,
                    2 => Sight::Member,
                    _ => Sight::Guest,
                },
            })
        },
    )?)
}

/// An entry of a feed.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The task or project.
    pub gid: Gid,
    /// `task` or `project`.
    pub kind: String,
    /// What it is called.
    pub name: String,
    /// The day on which it is due.
    pub due_on: Date,
    /// When it is due, if that is told.
    pub due_at: Option<Timestamp>,
    /// The day on which it begins.
    pub start_on: Option<Date>,
    /// When it begins, if that is told.
    pub start_at: Option<Timestamp>,
    /// When it changed last.
    pub modified_at: Timestamp,
}

/// An entry that was told of and is gone.
#[derive(Clone, Debug)]
pub struct Gone {
    /// What it was.
    pub gid: Gid,
    /// On which day it was told.
    pub day: String,
    /// When it was noticed that it is gone.
    pub removed_at: Timestamp,
}

impl Feed {
    /// What the feed tells of, as far as its owner sees it: incomplete tasks with a date; of a portfolio its projects, and their
    /// milestones.
    fn rows(&self) -> Template {
        const TASK: &str = "SELECT t.gid AS gid, 'task' AS kind, t.name AS name, t.due_on AS due_on, t.due_at AS due_at, t.start_on AS start_on, t.start_at AS start_at, t.modified_at AS modified_at";
        const PROJECT: &str = "SELECT p.gid, 'project', p.name, p.due_on, CAST(NULL AS BIGINT), p.start_on, CAST(NULL AS BIGINT), p.modified_at";
        const OPEN: &str = "t.due_on IS NOT NULL AND t.completed = 0 AND :see(task, t)";
        const ITEMS: &str = "FROM portfolios AS f JOIN portfolio_items AS i ON i.portfolio = f.gid JOIN projects AS p ON p.gid = i.item";
        const SHOWN: &str =
            "f.gid = OBJECT AND :see(portfolio, f) AND :see(project, p) AND p.archived = 0";
        let text = match self.kind.as_str() {
            "user_task_list" => format!(
                "{TASK} FROM user_task_lists AS l JOIN tasks AS t ON t.assignee = l.owner AND t.workspace = l.workspace WHERE l.gid = OBJECT AND l.owner = :me AND {OPEN}"
            ),
            "project" => format!(
                "{TASK} FROM projects AS p JOIN task_projects AS tp ON tp.project = p.gid JOIN tasks AS t ON t.gid = tp.task WHERE p.gid = OBJECT AND :see(project, p) AND {OPEN}"
            ),
            _ => format!(
                "{TASK} {ITEMS} JOIN task_projects AS tp ON tp.project = p.gid JOIN tasks AS t ON t.gid = tp.task WHERE {SHOWN} AND t.resource_subtype = 'milestone' AND {OPEN} UNION {PROJECT} {ITEMS} WHERE {SHOWN} AND p.completed = 0 AND p.due_on IS NOT NULL"
            ),
        };
        let text = text.replace("OBJECT", &self.object.get().to_string());
        Template::new(&text, &|kind, alias| crate::access::see(kind, alias, self.sight))
    }

    /// What changes whenever an entry does: the entries' number and their times of change. One query.
    ///
    /// Errors: those of the database.
    pub fn version(&self, tx: &mut store::Tx<'_>) -> Result<String> {
        let rows = self.rows();
        let found = tx.first(
            &format!("SELECT count(*), coalesce(CAST(sum(r.modified_at) AS BIGINT), 0), coalesce(CAST(sum(r.gid) AS BIGINT), 0) FROM ({}) AS r", rows.sql()),
            &rows.params(self.user, &[]),
            |row| Ok((row.get::<i64>(0)?, row.get::<i64>(1)?, row.get::<i64>(2)?)),
        )?;
        let (count, modified, gids) = found.unwrap_or_default();
        let zone = self.time_zone.as_deref().unwrap_or_default();
        Ok(format!("{} {count} {modified} {gids} {zone}", self.gid))
    }

    /// The entries, in the order of their days.
    ///
    /// Errors: those of the database.
    pub fn entries(&self, tx: &mut store::Tx<'_>) -> Result<Vec<Entry>> {
        let rows = self.rows();
        let mut values = rows.params(self.user, &[]);
        values.push(Value::Int(MAX_ENTRIES));
        Ok(tx.query(
            &format!("SELECT r.gid, r.kind, r.name, r.due_on, r.due_at, r.start_on, r.start_at, r.modified_at FROM ({}) AS r ORDER BY r.due_on DESC, r.gid LIMIT ?", rows.sql()),
            &values,
            |row| {
                Ok(Entry {
                    gid: row.get(0)?,
                    kind: row.get(1)?,
                    name: row.get(2)?,
                    due_on: row.get(3)?,
                    due_at: row.get(4)?,
                    start_on: row.get(5)?,
                    start_at: row.get(6)?,
                    modified_at: row.get(7)?,
                })
            },
        )?)
    }

    /// What the feed is called.
    ///
    /// Errors: those of the database.
    pub fn name(&self, tx: &mut store::Tx<'_>) -> Result<String> {
        if self.kind == "user_task_list" {
            return Ok("My tasks".to_owned());
        }
        let kind = if self.kind == "project" { Project::TYPE } else { "portfolio" };
        let viewer = engine::Viewer { gid: self.user, sight: self.sight };
        let found = names::of(tx, viewer, Reach::Own, &[(kind, vec![self.object.get()])])?;
        Ok(found.into_values().next().map_or_else(|| "Calendar".to_owned(), |named| named.name))
    }

    /// What was told before: each object with its day and when it went, if it went.
    ///
    /// Errors: those of the database.
    pub fn told(
        &self,
        tx: &mut store::Tx<'_>,
    ) -> Result<HashMap<Gid, (String, Option<Timestamp>)>> {
        let rows = tx.query(
            "SELECT i.object, i.day, i.removed_at FROM calendar_feed_items AS i WHERE i.feed = ?",
            params![self.gid],
            |row| Ok((row.get::<Gid>(0)?, (row.get(1)?, row.get(2)?))),
        )?;
        Ok(rows.into_iter().collect())
    }

    /// Remembers what is told now.
    ///
    /// Errors: those of the database.
    pub fn remember(
        &self,
        tx: &mut store::Tx<'_>,
        now: Timestamp,
        entries: &[(Gid, String)],
    ) -> Result<()> {
        let ids: Vec<Gid> = entries.iter().map(|entry| entry.0).collect();
        let days: Vec<String> = entries.iter().map(|entry| entry.1.clone()).collect();
        tx.later(
            "UPDATE calendar_feed_items SET removed_at = ? WHERE feed = ? AND removed_at IS NULL AND object NOT IN (SELECT i.value FROM ids(?) AS i)",
            vec![Value::Int(now.millis()), Value::Int(self.gid.get()), engine::reader::ids_of(&ids)],
        )?;
        tx.later(
            "DELETE FROM calendar_feed_items WHERE feed = ? AND removed_at < ?",
            params![self.gid, now.millis() - TOLD_FOR].to_vec(),
        )?;
        tx.later(
            "INSERT INTO calendar_feed_items (feed, object, workspace, day) SELECT CAST(? AS BIGINT), i.value, CAST(? AS BIGINT), d.value FROM ids(?) AS i JOIN texts(?) AS d ON d.key = i.key WHERE 1 = 1 ON CONFLICT (feed, object) DO UPDATE SET day = excluded.day, removed_at = NULL",
            vec![
                Value::Int(self.gid.get()),
                Value::Int(self.workspace.get()),
                engine::reader::ids_of(&ids),
                Value::Texts(days),
            ],
        )?;
        Ok(())
    }

    /// What was told before and is not among the entries, for as long as that is told.
    pub fn gone(
        told: &HashMap<Gid, (String, Option<Timestamp>)>,
        entries: &[Entry],
        now: Timestamp,
    ) -> Vec<Gone> {
        let mut gone: Vec<Gone> = told
            .iter()
            .filter(|(gid, _)| entries.iter().all(|entry| entry.gid != **gid))
            .map(|(gid, (day, removed_at))| Gone {
                gid: *gid,
                day: day.clone(),
                removed_at: removed_at.unwrap_or(now),
            })
            .filter(|gone| now.millis() - gone.removed_at.millis() < TOLD_FOR)
            .collect();
        gone.sort_by_key(|gone| gone.gid);
        gone
    }
}

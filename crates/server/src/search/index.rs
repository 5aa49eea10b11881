//! The index of words, kept in the transaction of the write: what was just written is found at once.
//!
//! [`named`] is called for every row that is inserted or updated, [`text`] for every text. A database that was made before there
//! was an index is read once, in the background, by [`fill`].

use super::words::words;
use crate::App;
use crate::api::Context;
use crate::error::{Error, Result};
use crate::resources::tasks::Task;
use engine::Resource;
use model::Gid;
use store::{Store, Tx, Value, params};

/// In the name of a task.
pub const NAME: i64 = 0;
/// In notes and descriptions.
pub const NOTES: i64 = 1;
/// In comments and other texts.
pub const COMMENT: i64 = 2;

/// Rows that are read in one transaction when an index is made for what was there before.
const BATCH: i64 = 200;

/// Where the field of a text is looked for.
pub fn place_of(html_field: &str) -> i64 {
    if html_field == "html_notes" { NOTES } else { COMMENT }
}

/// Keeps the words of a row's name, if it is of a type whose names are indexed.
///
/// Errors: those of the database.
pub fn named<T: Resource>(cx: &mut Context<'_, '_>, before: Option<&T>, after: &T) -> Result<()> {
    if T::TYPE != Task::TYPE {
        return Ok(());
    }
    let old = before.map(|row| text_of(row, "name")).unwrap_or_default();
    let new = text_of(after, "name");
    let workspace = match column(after, "workspace") {
        Some(Value::Int(gid)) => Gid::new(gid),
        _ => return Ok(()),
    };
    put(cx.tx, workspace, after.gid(), NAME, &words(&old), &words(&new))
}

fn column<T: Resource>(row: &T, name: &str) -> Option<Value> {
    let at = T::COLUMNS.iter().position(|column| *column == name)?;
    row.values().into_iter().nth(at)
}

fn text_of<T: Resource>(row: &T, name: &str) -> String {
    match column(row, name) {
        Some(Value::Text(text)) => text,
        _ => String::new(),
    }
}

/// Keeps the words of an object's text, `html_field` of it, which was `before` and is `after` now.
///
/// Errors: those of the database.
pub fn text(
    cx: &mut Context<'_, '_>,
    workspace: Gid,
    object: Gid,
    html_field: &str,
    (before, after): (&str, &str),
) -> Result<()> {
    put(cx.tx, workspace, object, place_of(html_field), &words(before), &words(after))
}

/// Replaces words by others.
fn put(
    tx: &mut Tx<'_>,
    workspace: Gid,
    object: Gid,
    place: i64,
    before: &[String],
    after: &[String],
) -> Result<()> {
    let without = |words: &[String], others: &[String]| -> Vec<String> {
        let others: std::collections::HashSet<&String> = others.iter().collect();
        words.iter().filter(|word| !others.contains(word)).cloned().collect()
    };
    let gone = without(before, after);
    if !gone.is_empty() {
        tx.later(
            "DELETE FROM search_words WHERE object = ? AND place = ? AND word IN (SELECT i.value FROM texts(?) AS i)",
            params![object, place, gone].to_vec(),
        )?;
    }
    let fresh = without(after, before);
    if !fresh.is_empty() {
        tx.later(
            "INSERT INTO search_words (object, place, word, workspace) SELECT CAST(? AS BIGINT), CAST(? AS BIGINT), i.value, CAST(? AS BIGINT) FROM texts(?) AS i WHERE 1 = 1 ON CONFLICT DO NOTHING",
            params![object, place, workspace, fresh].to_vec(),
        )?;
    }
    Ok(())
}

/// How far the index has come over what was there before it, in `settings`.
const PROGRESS: &str = "search_index";

/// The value when it has come to the end.
const DONE: &str = "done";

/// Reads what was there before the index, a few rows at a time; returns at once where that was done.
///
/// Errors: those of the database; what was read stays read, and the next call goes on.
pub async fn fill(app: &App) -> Result<()> {
    while app.store.write(batch).await? {}
    Ok(())
}

/// [`fill`] for those who have no runtime: the command line, the benchmark.
///
/// Errors: as [`fill`].
pub fn fill_blocking(store: &Store) -> Result<()> {
    while store.write_blocking(batch)? {}
    Ok(())
}

/// Forgets how far the index has come, so that [`fill`] reads everything again.
///
/// Errors: those of the database.
pub fn restart(tx: &mut Tx<'_>) -> Result<()> {
    tx.execute("DELETE FROM search_words", &[])?;
    tx.execute("DELETE FROM settings WHERE name = ?", params![PROGRESS])?;
    Ok(())
}

/// Reads some more rows; true while there are more.
fn batch(tx: &mut Tx<'_>) -> Result<bool> {
    let progress: Option<String> =
        tx.first("SELECT s.value FROM settings AS s WHERE s.name = ?", params![PROGRESS], |row| {
            row.get(0)
        })?;
    let progress = progress.unwrap_or_else(|| "tasks 0".to_owned());
    if progress == DONE {
        return Ok(false);
    }
    let (table, after) = progress.split_once(' ').unwrap_or(("tasks", "0"));
    let after: i64 = after.parse().unwrap_or_default();
    let hold = tx.dialect().hold("t");
    let sql = if table == "tasks" {
        format!(
            "SELECT t.gid, t.workspace, 0, t.name FROM tasks AS t WHERE t.gid > ? ORDER BY t.gid LIMIT ?{hold}"
        )
    } else {
        // Those that are read as notes are told from the others by what they belong to.
        format!(
            "SELECT t.object, t.workspace, CASE WHEN (SELECT 1 FROM tasks AS a WHERE a.gid = t.object) IS NOT NULL OR (SELECT 1 FROM projects AS b WHERE b.gid = t.object) IS NOT NULL OR (SELECT 1 FROM portfolios AS c WHERE c.gid = t.object) IS NOT NULL OR (SELECT 1 FROM goals AS d WHERE d.gid = t.object) IS NOT NULL THEN 1 ELSE 2 END, t.plain FROM texts AS t WHERE t.object > ? ORDER BY t.object LIMIT ?{hold}"
        )
    };
    let rows = tx.query(&sql, params![after, BATCH], |row| {
        Ok((row.get::<Gid>(0)?, row.get::<Gid>(1)?, row.get::<i64>(2)?, row.get::<String>(3)?))
    })?;
    for (object, workspace, place, text) in &rows {
        put(tx, *workspace, *object, *place, &[], &words(text))?;
    }
    let next = match (rows.last(), table) {
        (Some((last, ..)), table) => format!("{table} {last}"),
        (None, "tasks") => "texts 0".to_owned(),
        (None, _) => DONE.to_owned(),
    };
    let more = next != DONE;
    tx.execute(
        "INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        params![PROGRESS, next],
    )?;
    Ok::<bool, Error>(more)
}

//! Tells people once of a task of theirs that is due today or tomorrow, by the calendar where they are.

use crate::App;
use crate::api::Context;
use crate::error::{Error, Result};
use crate::resources::notifications::feed::{self, Candidate};
use model::{Date, Gid, Timestamp};
use std::sync::Arc;
use store::params;

/// Most tasks that one transaction looks at.
const BATCH: i64 = 200;

/// A task that may be due soon.
struct Task {
    gid: Gid,
    workspace: Gid,
    assignee: Gid,
    due_on: Date,
    zone: Option<String>,
}

/// Tells of everything that is due soon now; called once a minute.
///
/// Errors: those of the database; what was told stays told.
pub async fn tell(app: &Arc<App>) -> Result<()> {
    let now = (app.clock)();
    let mut after = (now.date_in("UTC").add_days(-1).to_string(), Gid::new(0));
    loop {
        let (from, day) = after.clone();
        // What may be due tomorrow somewhere: zones are at most 14 hours apart from UTC.
        let until = now.date_in("UTC").add_days(2).to_string();
        let tasks = app
            .store
            .read(move |tx| {
                Ok::<_, Error>(tx.query(
                    "SELECT t.gid, t.workspace, t.assignee, t.due_on, u.time_zone FROM tasks AS t JOIN users AS u ON u.gid = t.assignee WHERE t.due_on IS NOT NULL AND t.completed = 0 AND t.assignee IS NOT NULL AND t.deleted IS NULL AND (t.due_on, t.gid) > (?, ?) AND t.due_on <= ? ORDER BY t.due_on, t.gid LIMIT ?",
                    params![from, day, until, BATCH],
                    |row| {
                        Ok(Task {
                            gid: row.get(0)?,
                            workspace: row.get(1)?,
                            assignee: row.get(2)?,
                            due_on: row.get(3)?,
                            zone: row.get(4)?,
                        })
                    },
                )?)
            })
            .await?;
        let Some(last) = tasks.last() else { return Ok(()) };
        after = (last.due_on.to_string(), last.gid);
        let due: Vec<Candidate> = tasks
            .iter()
            .filter(|task| is_soon(task, now))
            .map(|task| candidate(task, now))
            .collect();
        let fresh = unknown(app, due).await?;
        if !fresh.is_empty() {
            let shared = Arc::clone(app);
            app.store
                .write(move |tx| {
                    let mut cx = Context::of_server(tx, &shared, "due-soon".to_owned());
                    feed::write(&mut cx, fresh.clone())
                })
                .await?;
        }
    }
}

/// Whether it is due today or tomorrow for who is to do it.
fn is_soon(task: &Task, now: Timestamp) -> bool {
    let today = now.date_in(task.zone.as_deref().unwrap_or("UTC"));
    task.due_on >= today && task.due_on <= today.add_days(1)
}

fn candidate(task: &Task, now: Timestamp) -> Candidate {
    let part = task.due_on.midnight_utc().millis() / (24 * 60 * 60 * 1_000);
    Candidate {
        part,
        ..Candidate::new(
            task.assignee,
            task.workspace,
            "due_soon",
            ("task", task.gid),
            task.gid,
            now,
        )
    }
}

/// Those that were not told before, so that a minute in which nothing is new writes nothing.
async fn unknown(app: &Arc<App>, due: Vec<Candidate>) -> Result<Vec<Candidate>> {
    if due.is_empty() {
        return Ok(due);
    }
    let tasks: Vec<Gid> = due.iter().map(|one| one.cause).collect();
    let told = app
        .store
        .read(move |tx| {
            Ok::<_, Error>(tx.query(
                r#"SELECT n."user", n.cause, n.part FROM ids(?) AS i JOIN notifications AS n ON n.resource = i.value WHERE n.kind = 'due_soon'"#,
                params![tasks],
                |row| Ok((row.get::<Gid>(0)?, row.get::<Gid>(1)?, row.get::<i64>(2)?)),
            )?)
        })
        .await?;
    Ok(due.into_iter().filter(|one| !told.contains(&(one.user, one.cause, one.part))).collect())
}

//! Putting projects into the trash, with the tasks that live nowhere else.
//!
//! The project, its sections and the first tasks go at once; where there are more, the deletion is marked as unfinished and
//! [`finish_deletions`] goes on in the background. Tasks behind the mark are out of reach already: the project's grants are gone.

use crate::prelude::*;
use crate::resources::projects::Project;
use crate::resources::sections::Section;
use store::Tx;

/// Most tasks that go with the request itself. Source: architecture, "Deleting".
const AT_ONCE: usize = 500;

/// Most tasks of one batch in the background. Source: architecture, "Group commit".
const BATCH: usize = 200;

/// Deletes a project. Restoring it takes the deletion back and writes the grants anew.
pub(super) fn delete(cx: &mut Context<'_, '_>, project: &Project) -> Result<()> {
    // Nobody adds a section or puts a task into one meanwhile; see [`crate::resources::sections::hold`].
    project.lock(cx)?;
    let sections = cx.gids(
        "SELECT s.gid FROM sections AS s WHERE s.container = ? AND s.deleted IS NULL",
        params![project.gid],
    )?;
    cx.tx.lock_all(Section::TABLE, &sections)?;
    let deletion = cx.trash(Project::TYPE, "projects", project.gid, project.workspace)?;
    cx.later(
        "UPDATE sections SET deleted = ? WHERE container = ? AND deleted IS NULL",
        params![deletion, project.gid].to_vec(),
    )?;
    cx.later("DELETE FROM grants WHERE object = ?", params![project.gid].to_vec())?;
    if !batch(cx.tx, deletion, project.gid, AT_ONCE)? {
        cx.later("UPDATE deletions SET finished = 0 WHERE gid = ?", params![deletion].to_vec())?;
    }
    Ok(())
}

/// Goes on with the oldest deletion that is unfinished, one batch; true while there is more to do.
///
/// Errors: those of the database; what was done stays, and the next call goes on.
pub fn finish_deletions(tx: &mut Tx<'_>) -> Result<bool> {
    let next = tx.first(
        "SELECT d.gid, d.resource FROM deletions AS d WHERE d.finished = 0 ORDER BY d.gid LIMIT 1",
        &[],
        |row| Ok((row.get::<Gid>(0)?, row.get::<Gid>(1)?)),
    )?;
    let Some((deletion, resource)) = next else { return Ok(false) };
    if batch(tx, deletion, resource, BATCH)? {
        tx.execute("UPDATE deletions SET finished = 1 WHERE gid = ?", params![deletion])?;
    }
    Ok(true)
}

/// Marks at most `most` tasks of a deletion; true if none is left.
fn batch(tx: &mut Tx<'_>, deletion: Gid, resource: Gid, most: usize) -> Result<bool> {
    let mut left = most;
    loop {
        // Tasks of a deleted project, then subtasks of what is marked: all that are in no live project. A subtask whose
        // parent lives stays with its parent.
        let limit = i64::try_from(left).unwrap_or(i64::MAX);
        let mut found: Vec<Gid> = tx.query(
            "SELECT t.gid FROM task_projects AS tp JOIN tasks AS t ON t.gid = tp.task WHERE tp.project = ? AND t.deleted IS NULL AND t.parent IS NULL
               AND (SELECT 1 FROM task_projects AS o JOIN projects AS p ON p.gid = o.project WHERE o.task = t.gid AND p.deleted IS NULL LIMIT 1) IS NULL
             LIMIT ?",
            params![resource, limit],
            |row| row.get(0),
        )?;
        if found.is_empty() {
            found = tx.query(
                "SELECT t.gid FROM tasks AS x JOIN tasks AS t ON t.parent = x.gid WHERE x.deleted = ? AND t.deleted IS NULL
                   AND (SELECT 1 FROM task_projects AS o JOIN projects AS p ON p.gid = o.project WHERE o.task = t.gid AND p.deleted IS NULL LIMIT 1) IS NULL
                 LIMIT ?",
                params![deletion, limit],
                |row| row.get(0),
            )?;
        }
        if found.is_empty() {
            return Ok(true);
        }
        left = left.saturating_sub(found.len());
        // Nobody puts a subtask below one of them meanwhile.
        tx.lock_all("tasks", &found)?;
        tx.execute(
            "UPDATE tasks SET deleted = ? WHERE deleted IS NULL AND gid IN (SELECT i.value FROM ids(?) AS i)",
            params![deletion, found],
        )?;
        if left == 0 {
            return Ok(false);
        }
    }
}

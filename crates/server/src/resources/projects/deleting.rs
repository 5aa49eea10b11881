//! Putting projects and tasks into the trash, with what goes with them.
//!
//! A project goes with its sections and the tasks that live nowhere else, a task with its subtasks. The first of them go at once;
//! where there are more, the deletion is marked as unfinished and a job goes on. What is behind the mark is out of reach already:
//! the project's grants are gone.

use crate::jobs::{self, Step, Work};
use crate::prelude::*;
use crate::resources::projects::Project;
use crate::resources::sections::Section;
use crate::resources::tasks::Task;
use serde::{Deserialize, Serialize};

/// Most tasks that go with the request itself. Source: architecture, "Deleting".
const AT_ONCE: usize = 500;

/// Most tasks of one batch in the background. Source: architecture, "Group commit".
const BATCH: i64 = 200;

/// Most parents whose subtasks are looked for at once. Source: as above.
const PARENTS: usize = 200;

/// A deletion that is not finished.
#[derive(Debug, Serialize, Deserialize)]
pub struct FinishDeletion {
    deletion: i64,
    /// The project or task.
    resource: i64,
    /// Whether subtasks go even where they are in a live project.
    is_whole: bool,
    /// The last of the project's tasks that was looked at; they are gone through by gid.
    after: i64,
    /// Tasks that are marked and whose subtasks may not be.
    open: Vec<i64>,
}

impl Work for FinishDeletion {
    const KIND: &'static str = "finish_deletion";

    fn batch(&mut self, cx: &mut Context<'_, '_>, job: Gid) -> Result<Step> {
        // The first batch belongs to the request, which may take longer than what is done behind it.
        let most = match job.get() {
            0 => AT_ONCE,
            _ => usize::try_from(cx.app.jobs.pace.of(BATCH)).unwrap_or(1),
        };
        let step = self.mark(cx, most)?;
        let is_finished = i64::from(step.is_done);
        cx.later(
            "UPDATE deletions SET finished = ? WHERE gid = ?",
            params![is_finished, self.deletion].to_vec(),
        )?;
        Ok(step)
    }
}

impl FinishDeletion {
    /// Marks at most `most` tasks.
    fn mark(&mut self, cx: &mut Context<'_, '_>, most: usize) -> Result<Step> {
        let mut done = 0;
        while done < most {
            let limit = most - done;
            let found = match self.subtasks(cx, limit)? {
                Some(found) => found,
                None => match self.tasks(cx, limit)? {
                    Some(found) => found,
                    None => return Ok(Step::done(done)),
                },
            };
            if found.is_empty() {
                continue;
            }
            done += found.len();
            // Nor below one of them; who came before is found with the next step's subtasks.
            let gids: Vec<Gid> = found.iter().copied().map(Gid::new).collect();
            cx.tx.lock_all(Task::TABLE, &gids)?;
            cx.execute(
                "UPDATE tasks SET deleted = ? WHERE deleted IS NULL AND gid IN (SELECT i.value FROM ids(?) AS i)",
                params![self.deletion, &found],
            )?;
            self.open.extend(found);
        }
        Ok(Step::more(done))
    }

    /// Subtasks of what is marked; `None` if all of them are marked too.
    fn subtasks(&mut self, cx: &mut Context<'_, '_>, most: usize) -> Result<Option<Vec<i64>>> {
        if self.open.is_empty() {
            return Ok(None);
        }
        let from = self.open.len().saturating_sub(PARENTS);
        let parents = self.open.split_off(from);
        // A subtask that is in a live project stays with its parent if that is deleted with its project.
        let found: Vec<i64> = cx.query(
            "SELECT t.gid FROM ids(?) AS i JOIN tasks AS t ON t.parent = i.value WHERE t.deleted IS NULL
               AND (CAST(? AS BIGINT) = 1 OR (SELECT 1 FROM task_projects AS o JOIN projects AS p ON p.gid = o.project WHERE o.task = t.gid AND p.deleted IS NULL LIMIT 1) IS NULL)
             LIMIT ?",
            params![&parents, self.is_whole, i64::try_from(most).unwrap_or(i64::MAX)],
            |row| row.get(0),
        )?;
        if found.len() == most {
            self.open.extend(parents);
        }
        Ok(Some(found))
    }

    /// Tasks of a deleted project that are in no live one; subtasks go with their parents. `None` if there are no more.
    fn tasks(&mut self, cx: &mut Context<'_, '_>, most: usize) -> Result<Option<Vec<i64>>> {
        let found: Vec<(i64, bool)> = cx.query(
            "SELECT t.gid, CASE WHEN t.deleted IS NULL AND t.parent IS NULL
               AND (SELECT 1 FROM task_projects AS o JOIN projects AS p ON p.gid = o.project WHERE o.task = t.gid AND p.deleted IS NULL LIMIT 1) IS NULL THEN 1 ELSE 0 END
             FROM task_projects AS tp JOIN tasks AS t ON t.gid = tp.task WHERE tp.project = ? AND tp.task > ? ORDER BY tp.task LIMIT ?",
            params![self.resource, self.after, i64::try_from(most).unwrap_or(i64::MAX)],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        let Some((last, _)) = found.last() else { return Ok(None) };
        self.after = *last;
        Ok(Some(found.into_iter().filter_map(|(gid, goes)| goes.then_some(gid)).collect()))
    }
}

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
    let rest = FinishDeletion {
        deletion: deletion.get(),
        resource: project.gid.get(),
        is_whole: false,
        after: 0,
        open: Vec::new(),
    };
    jobs::go_on(cx, project.workspace, rest)
}

/// Deletes a task with its subtasks.
pub fn delete_task(cx: &mut Context<'_, '_>, task: &Task) -> Result<()> {
    // Nobody puts a subtask below it meanwhile; see `subtasks::parent_of`.
    cx.lock(Task::TABLE, task.gid)?;
    let deletion = cx.trash(Task::TYPE, Task::TABLE, task.gid, task.workspace)?;
    let rest = FinishDeletion {
        deletion: deletion.get(),
        resource: task.gid.get(),
        is_whole: true,
        after: 0,
        open: vec![task.gid.get()],
    };
    jobs::go_on(cx, task.workspace, rest)
}

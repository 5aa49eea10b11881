//! ID fields: they give each task of their projects a number, by which it is found.

use super::CustomField;
use crate::api::call::cut;
use crate::api::operations::Input;
use crate::jobs::{self, Step, Work};
use crate::prelude::*;
use crate::resources::tasks::Task;
use crate::resources::workspaces::Workspace;
use serde::{Deserialize, Serialize};

/// Most tasks that get their number in one transaction. Source: architecture, "Group commit".
const BATCH: i64 = 200;

/// Gives a task that was added to a project its number in each ID field of the project that it has none of yet.
pub fn number(cx: &mut Context<'_, '_>, task: &Task, project: Gid) -> Result<()> {
    // The row of the field is held until the end, so numbers have no gaps.
    let given: Vec<(Gid, i64)> = cx.query(
        "UPDATE custom_fields SET last_id = last_id + 1 WHERE gid IN (SELECT f.gid FROM custom_field_settings AS s JOIN custom_fields AS f ON f.gid = s.custom_field LEFT JOIN custom_field_values AS v ON v.custom_field = f.gid AND v.object = ? WHERE s.parent = ? AND f.id_prefix IS NOT NULL AND f.deleted IS NULL AND v.object IS NULL) RETURNING gid, last_id",
        params![task.gid, project],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    for (field, number) in given {
        cx.later(
            "INSERT INTO custom_field_values (object, custom_field, workspace, number_value) VALUES (?, ?, ?, CAST(CAST(? AS BIGINT) AS DOUBLE PRECISION)) ON CONFLICT DO NOTHING",
            params![task.gid, field, task.workspace, number].to_vec(),
        )?;
    }
    Ok(())
}

/// Gives the tasks of a project that has a new ID field their numbers, oldest first.
pub fn number_all(cx: &mut Context<'_, '_>, field: &CustomField, project: Gid) -> Result<()> {
    let work = NumberTasks { field: field.gid.get(), project: project.get(), after: 0 };
    jobs::go_on(cx, field.workspace, work)
}

/// Numbers for the tasks that a project had when it got an ID field.
#[derive(Debug, Serialize, Deserialize)]
pub struct NumberTasks {
    field: i64,
    project: i64,
    /// The last task that was looked at; they are gone through by gid.
    after: i64,
}

impl Work for NumberTasks {
    const KIND: &'static str = "number_tasks";

    fn batch(&mut self, cx: &mut Context<'_, '_>, _job: Gid) -> Result<Step> {
        let is_used: Option<i64> = cx.cell(
            "SELECT 1 FROM custom_field_settings AS s JOIN custom_fields AS f ON f.gid = s.custom_field WHERE s.parent = ? AND s.custom_field = ? AND f.deleted IS NULL",
            params![self.project, self.field],
        )?;
        let most = cx.app.jobs.pace.of(BATCH);
        let tasks: Vec<i64> = cx.query(
            "SELECT tp.task FROM task_projects AS tp WHERE tp.project = ? AND tp.task > ? ORDER BY tp.task LIMIT ?",
            params![self.project, self.after, most],
            |row| row.get(0),
        )?;
        let (Some(_), Some(last)) = (is_used, tasks.last()) else { return Ok(Step::done(0)) };
        self.after = *last;
        give(cx, Gid::new(self.field), &tasks)?;
        let is_done = i64::try_from(tasks.len()).unwrap_or(i64::MAX) < most;
        Ok(Step { rows: tasks.len(), is_done })
    }
}

/// Gives new tasks their numbers in the ID fields of the projects that they are in; for very many at once.
pub fn number_some(cx: &mut Context<'_, '_>, tasks: &[Gid]) -> Result<()> {
    let wanted: Vec<(i64, i64)> = cx.query(
        "SELECT DISTINCT f.gid, tp.task FROM ids(?) AS i JOIN task_projects AS tp ON tp.task = i.value JOIN custom_field_settings AS s ON s.parent = tp.project JOIN custom_fields AS f ON f.gid = s.custom_field
         WHERE f.id_prefix IS NOT NULL AND f.deleted IS NULL ORDER BY f.gid, tp.task",
        params![tasks],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    for of_field in wanted.chunk_by(|one, next| one.0 == next.0) {
        let tasks: Vec<i64> = of_field.iter().map(|(_, task)| *task).collect();
        if let Some((field, _)) = of_field.first() {
            give(cx, Gid::new(*field), &tasks)?;
        }
    }
    Ok(())
}

/// Gives those of the tasks that have none yet their numbers in one field, oldest first. The field's row is held until the end.
fn give(cx: &mut Context<'_, '_>, field: Gid, tasks: &[i64]) -> Result<()> {
    super::lock(cx, field)?;
    let given = cx.execute(
        "INSERT INTO custom_field_values (object, custom_field, workspace, number_value)
         SELECT t.gid, f.gid, f.workspace, CAST(f.last_id + row_number() OVER (ORDER BY t.created_at, t.gid) AS DOUBLE PRECISION)
         FROM ids(?) AS i JOIN tasks AS t ON t.gid = i.value JOIN custom_fields AS f ON f.gid = ?
         WHERE t.deleted IS NULL AND (SELECT 1 FROM custom_field_values AS v WHERE v.object = t.gid AND v.custom_field = f.gid) IS NULL",
        params![tasks, field],
    )?;
    cx.later(
        "UPDATE custom_fields SET last_id = last_id + ? WHERE gid = ?",
        params![i64::try_from(given).unwrap_or(i64::MAX), field].to_vec(),
    )
}

/// The operation on tasks; it belongs to the section of tasks.
pub fn task_operations(api: &mut Operations) {
    api.add(
        "GET",
        "getTaskForCustomID",
        "/workspaces/{workspace_gid}/tasks/custom_id/{custom_id}",
        "The task that an ID field of the workspace gave this id, for example EX-12.",
        Input::None,
        Output::One(Task::TYPE),
        |cx, call| {
            let (workspace, _) = cx.target::<Workspace>(call, 0)?;
            let id = call.segment(1);
            let task = find(cx, workspace.gid, id)?.ok_or_else(|| not_found("task", cut(id)))?;
            // Whether the actor may see it is decided as for any task.
            let (row, _) = cx.find::<Task>("task", &task.to_string())?;
            cx.answer(row)
        },
    );
}

/// The task with the id in the workspace.
fn find(cx: &mut Context<'_, '_>, workspace: Gid, id: &str) -> Result<Option<Gid>> {
    let Some((prefix, digits)) = id.rsplit_once('-') else { return Ok(None) };
    let is_plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let Some(number) = digits.parse::<i64>().ok().filter(|_| is_plain) else { return Ok(None) };
    let prefix = prefix.to_ascii_uppercase();
    cx.cell(
        "SELECT v.object FROM custom_fields AS f JOIN custom_field_values AS v ON v.custom_field = f.gid AND v.number_value = CAST(CAST(? AS BIGINT) AS DOUBLE PRECISION) JOIN tasks AS t ON t.gid = v.object WHERE f.workspace = ? AND f.id_prefix = ? AND f.deleted IS NULL AND t.deleted IS NULL ORDER BY v.object LIMIT 1",
        params![number, workspace, prefix],
    )
}

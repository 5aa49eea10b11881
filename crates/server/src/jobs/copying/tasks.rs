//! Writes the rows of a batch of tasks: each kind of row by one statement, however many tasks there are.

use super::Copy;
use crate::access;
use crate::events::{self, About};
use crate::prelude::*;
use crate::resources::custom_fields::ids;
use crate::resources::custom_fields::values::TABLES;
use crate::resources::stories::{self, Details};
use crate::resources::tasks::Task;
use crate::resources::tasks::dependencies::MAX_LINKS;
use crate::resources::tasks::homes;
use crate::resources::user_task_lists;
use crate::search::index;
use engine::Template;
use std::collections::HashMap;

/// The rows of a batch, in the parameters job and step.
const OF_BATCH: &str = "c.job = ? AND c.step = ?";

impl Copy {
    /// The copy of the one task that is copied.
    pub(super) fn root(&mut self, cx: &mut Context<'_, '_>, job: Gid) -> Result<()> {
        self.step += 1;
        cx.execute(
            "INSERT INTO copies (job, original, copy, step, depth) VALUES (?, ?, ?, ?, 0)",
            params![job, self.from.root, self.to.root, self.step],
        )?;
        self.write(cx, job)?;
        let copy = Gid::new(self.to.root);
        let copied = cx.as_system(|cx| cx.rows_seen::<Task>(&[copy]))?.into_iter().flatten().next();
        // Inside a template it has the name and the stories of nobody.
        let Some(mut task) = copied else { return Ok(()) };
        if let Some(name) = &self.name {
            cx.later("UPDATE tasks SET name = ? WHERE gid = ?", params![name, copy].to_vec())?;
            let before = task.clone();
            task.name.clone_from(name);
            index::named(cx, Some(&before), &task)?;
        }
        if self.from.is_live() {
            let details = Details { duplicated_from: Some(self.from.root), ..Details::default() };
            stories::tell(cx, &task, "duplicated", details)?;
        }
        Ok(())
    }

    /// Writes the tasks of the last batch, with everything that hangs on them.
    pub(super) fn write(&mut self, cx: &mut Context<'_, '_>, job: Gid) -> Result<()> {
        let batch = [Value::Int(job.get()), Value::Int(self.step)];
        self.rows(cx, &batch)?;
        if self.include.notes {
            cx.later(
                &format!("INSERT INTO texts (object, workspace, html, plain, mentions) SELECT c.copy, x.workspace, x.html, x.plain, x.mentions FROM copies AS c JOIN texts AS x ON x.object = c.original WHERE {OF_BATCH}"),
                batch.to_vec(),
            )?;
        }
        self.words(cx, &batch)?;
        self.homes(cx, &batch)?;
        if self.include.tags {
            cx.later(
                &format!("INSERT INTO task_tags (task, tag, workspace, position, task_created_at) SELECT c.copy, j.tag, j.workspace, j.position, n.created_at FROM copies AS c JOIN tasks AS n ON n.gid = c.copy JOIN task_tags AS j ON j.task = c.original JOIN tags AS g ON g.gid = j.tag WHERE {OF_BATCH} AND g.deleted IS NULL"),
                batch.to_vec(),
            )?;
        }
        if let (Some(home), 1) = (self.home, self.step) {
            homes::place_first(cx, Gid::new(self.to.root), Gid::new(home))?;
        }
        self.followers(cx, &batch)?;
        values(cx, &batch)?;
        if !self.to.is_live() {
            return Ok(());
        }
        let copies = cx.query(
            &format!("SELECT c.copy, t.assignee FROM copies AS c JOIN tasks AS t ON t.gid = c.copy WHERE {OF_BATCH} ORDER BY c.original"),
            &batch,
            |row| Ok((row.get::<Gid>(0)?, row.get::<Option<Gid>>(1)?)),
        )?;
        let assigned: Vec<(Gid, Gid)> =
            copies.iter().filter_map(|(task, assignee)| Some((*task, (*assignee)?))).collect();
        user_task_lists::assign_all(cx, Gid::new(self.workspace), &assigned)?;
        let copies: Vec<Gid> = copies.into_iter().map(|(task, _)| task).collect();
        ids::number_some(cx, &copies)?;
        for about in [About::Added, About::InProjects, About::InSections] {
            events::tell_tasks(cx, &copies, about)?;
        }
        Ok(())
    }

    /// The tasks themselves: open, whatever the originals are. Who left the workspace is assigned nothing.
    fn rows(&self, cx: &mut Context<'_, '_>, batch: &[Value]) -> Result<()> {
        let (now, me) = (cx.now(), cx.me());
        let mut values = Vec::new();
        let assignee = if self.include.assignee { r#"wm."user""# } else { "CAST(NULL AS BIGINT)" };
        values.extend_from_slice(params![me]);
        let dates = if self.include.dates {
            // Where start and due day move differently, around a weekend, the start never comes after the end.
            "coalesce(substr(dm.value, 11, 10), t.due_on), t.due_at + coalesce(CAST(substr(dm.value, 21) AS BIGINT), 0), coalesce(substr(sm.value, 11, 10), t.start_on),
             CASE WHEN t.start_at + coalesce(CAST(substr(sm.value, 21) AS BIGINT), 0) > t.due_at + coalesce(CAST(substr(dm.value, 21) AS BIGINT), 0) THEN t.due_at + coalesce(CAST(substr(dm.value, 21) AS BIGINT), 0)
               ELSE t.start_at + coalesce(CAST(substr(sm.value, 21) AS BIGINT), 0) END"
        } else {
            "CAST(NULL AS TEXT), CAST(NULL AS BIGINT), CAST(NULL AS TEXT), CAST(NULL AS BIGINT)"
        };
        let parent = if self.include.subtasks { "p.copy" } else { "CAST(NULL AS BIGINT)" };
        let outer = self.outer_parent(cx)?;
        values.extend_from_slice(params![outer, outer, now, me, now, self.to.template]);
        let moves = if self.include.dates { self.moves(cx, batch)? } else { Vec::new() };
        let people: Vec<String> =
            self.people.iter().map(|(from, to)| format!("{from:019}{to}")).collect();
        values.extend_from_slice(params![&people, &moves, &moves]);
        values.extend_from_slice(batch);
        cx.execute(
            &format!(
                r#"INSERT INTO tasks (gid, workspace, name, resource_subtype, approval_status, assignee, assignee_status, assigned_by, completed, completed_at, completed_by, due_on, due_at, start_on, start_at, parent, parent_position, created_at, created_by, modified_at, deleted)
                 SELECT c.copy, t.workspace, t.name, t.resource_subtype, CASE WHEN t.resource_subtype = 'approval' THEN 'pending' END, {assignee}, 'inbox',
                   CASE WHEN {assignee} IS NULL THEN NULL ELSE CAST(? AS BIGINT) END, 0, CAST(NULL AS BIGINT), CAST(NULL AS BIGINT), {dates},
                   coalesce({parent}, CAST(? AS BIGINT)), CASE WHEN coalesce({parent}, CAST(? AS BIGINT)) IS NULL THEN NULL ELSE t.parent_position END,
                   CAST(? AS BIGINT), CAST(? AS BIGINT), CAST(? AS BIGINT), nullif(CAST(? AS BIGINT), 0)
                 FROM copies AS c JOIN tasks AS t ON t.gid = c.original
                 LEFT JOIN copies AS p ON p.job = c.job AND p.original = t.parent
                 LEFT JOIN texts(?) AS r ON CAST(substr(r.value, 1, 19) AS BIGINT) = t.assignee
                 LEFT JOIN workspace_memberships AS wm ON wm.workspace = t.workspace AND wm."user" = coalesce(CAST(substr(r.value, 20) AS BIGINT), t.assignee) AND wm.is_active = 1
                 LEFT JOIN texts(?) AS dm ON substr(dm.value, 1, 10) = t.due_on
                 LEFT JOIN texts(?) AS sm ON substr(sm.value, 1, 10) = t.start_on
                 WHERE {OF_BATCH}"#
            ),
            &values,
        )?;
        Ok(())
    }

    /// The words by which they are found.
    fn words(&self, cx: &mut Context<'_, '_>, batch: &[Value]) -> Result<()> {
        let last = if self.include.notes { index::NOTES } else { index::NAME };
        let mut values = batch.to_vec();
        values.push(Value::Int(last));
        cx.later(
            &format!("INSERT INTO search_words (object, place, word, workspace) SELECT c.copy, w.place, w.word, w.workspace FROM copies AS c JOIN search_words AS w ON w.object = +c.original WHERE {OF_BATCH} AND w.place <= ?"),
            values,
        )
    }

    /// The parent of the one task that is copied, if its copy is to have it and the actor may add subtasks to it.
    fn outer_parent(&self, cx: &mut Context<'_, '_>) -> Result<Option<i64>> {
        if !self.include.parent || self.step > 1 {
            return Ok(None);
        }
        let parent: Option<i64> =
            cx.cell("SELECT t.parent FROM tasks AS t WHERE t.gid = ?", params![self.from.root])?;
        match parent {
            Some(parent) => Ok(allowed(cx, "task", "tasks", &[parent], Level::Edit)?.pop()),
            None => Ok(None),
        }
    }

    /// Where the days of the batch go; see [`super::Shift::table`].
    fn moves(&self, cx: &mut Context<'_, '_>, batch: &[Value]) -> Result<Vec<String>> {
        let mut values = batch.to_vec();
        values.extend_from_slice(batch);
        let days: Vec<Date> = cx.query(
            &format!(
                "SELECT t.due_on FROM copies AS c JOIN tasks AS t ON t.gid = c.original WHERE {OF_BATCH} AND t.due_on IS NOT NULL
                 UNION SELECT t.start_on FROM copies AS c JOIN tasks AS t ON t.gid = c.original WHERE {OF_BATCH} AND t.start_on IS NOT NULL"
            ),
            &values,
            |row| row.get(0),
        )?;
        Ok(self.shift.table(&days))
    }

    /// The places in the new project, and in the other projects that the actor may add tasks to.
    fn homes(&self, cx: &mut Context<'_, '_>, batch: &[Value]) -> Result<()> {
        let now = cx.now();
        if self.is_project {
            let mut values = params![self.to.root, now, self.from.root].to_vec();
            values.extend_from_slice(batch);
            cx.later(
                &format!(
                    "INSERT INTO task_projects (task, project, workspace, section, position, added_at)
                     SELECT c.copy, CAST(? AS BIGINT), tp.workspace, s.copy, tp.position, CAST(? AS BIGINT)
                     FROM copies AS c JOIN task_projects AS tp ON tp.task = c.original AND tp.project = ? JOIN copies AS s ON s.job = c.job AND s.original = tp.section WHERE {OF_BATCH}"
                ),
                values,
            )?;
        }
        if !self.include.projects {
            return Ok(());
        }
        let mut values = batch.to_vec();
        values.push(Value::Int(self.from.root));
        let others: Vec<i64> = cx.query(
            &format!("SELECT DISTINCT tp.project FROM copies AS c JOIN task_projects AS tp ON tp.task = c.original WHERE {OF_BATCH} AND tp.project <> ?"),
            &values,
            |row| row.get(0),
        )?;
        let open = allowed(cx, "project", "projects", &others, Level::Edit)?;
        let mut values = params![now, &open].to_vec();
        values.extend_from_slice(batch);
        cx.later(
            &format!(
                "INSERT INTO task_projects (task, project, workspace, section, position, added_at)
                 SELECT c.copy, tp.project, tp.workspace, tp.section, tp.position, CAST(? AS BIGINT)
                 FROM ids(?) AS i JOIN task_projects AS tp ON tp.project = i.value JOIN copies AS c ON c.original = tp.task WHERE {OF_BATCH}"
            ),
            values,
        )
    }

    /// Who is told: as with any new task its creator and its assignee, and who follows the original.
    fn followers(&self, cx: &mut Context<'_, '_>, batch: &[Value]) -> Result<()> {
        if self.include.followers {
            cx.later(
                &format!(
                    r#"INSERT INTO task_followers (task, "user", workspace, grants, position)
                     SELECT c.copy, f."user", f.workspace, f.grants, f.position FROM copies AS c JOIN task_followers AS f ON f.task = c.original
                     JOIN workspace_memberships AS wm ON wm.workspace = f.workspace AND wm."user" = f."user" AND wm.is_active = 1 WHERE {OF_BATCH}"#
                ),
                batch.to_vec(),
            )?;
        }
        if !self.to.is_live() {
            return Ok(());
        }
        let (me, creator, assignee) = (cx.me(), cx.sequence(), cx.sequence());
        if cx.actor.sight != Sight::Service {
            let mut values = params![me, creator].to_vec();
            values.extend_from_slice(batch);
            cx.later(
                &format!(
                    r#"INSERT INTO task_followers (task, "user", workspace, grants, position)
                     SELECT c.copy, CAST(? AS BIGINT), t.workspace, 1, CAST(? AS TEXT) FROM copies AS c JOIN tasks AS t ON t.gid = c.copy WHERE {OF_BATCH}
                     ON CONFLICT (task, "user") DO UPDATE SET grants = 1"#
                ),
                values,
            )?;
        }
        let mut values = params![assignee].to_vec();
        values.extend_from_slice(batch);
        cx.later(
            &format!(
                r#"INSERT INTO task_followers (task, "user", workspace, grants, position)
                 SELECT c.copy, t.assignee, t.workspace, 1, CAST(? AS TEXT) FROM copies AS c JOIN tasks AS t ON t.gid = c.copy WHERE {OF_BATCH} AND t.assignee IS NOT NULL
                 ON CONFLICT (task, "user") DO UPDATE SET grants = 1"#
            ),
            values,
        )
    }

    /// The dependencies of the copies whose originals' dependencies are in this stretch of keys.
    pub(super) fn link(
        &self,
        cx: &mut Context<'_, '_>,
        job: Gid,
        after: (i64, i64),
        last: (i64, i64),
    ) -> Result<()> {
        let stretch = "c.job = ? AND c.original >= ? AND c.original <= ? AND (c.original, d.dependency) > (?, ?) AND (c.original, d.dependency) <= (?, ?)";
        let keys = params![job, after.0, last.0, after.0, after.1, last.0, last.1];
        cx.execute(
            &format!(
                "INSERT INTO task_dependencies (task, dependency, workspace, position) SELECT c.copy, e.copy, d.workspace, d.position
                 FROM copies AS c JOIN task_dependencies AS d ON d.task = c.original JOIN copies AS e ON e.job = c.job AND e.original = d.dependency WHERE {stretch}"
            ),
            keys,
        )?;
        if self.is_project || !self.to.is_live() {
            return Ok(());
        }
        let others: HashMap<i64, i64> = cx
            .query(
                &format!(
                    "SELECT d.dependency, count(*) FROM copies AS c JOIN task_dependencies AS d ON d.task = c.original LEFT JOIN copies AS e ON e.job = c.job AND e.original = d.dependency WHERE {stretch} AND e.copy IS NULL GROUP BY d.dependency"
                ),
                keys,
                |row| Ok((row.get(0)?, row.get(1)?)),
            )?
            .into_iter()
            .collect();
        let gids: Vec<i64> = others.keys().copied().collect();
        let seen = allowed(cx, "task", "tasks", &gids, Level::See)?;
        let linked: Vec<(i64, i64)> = cx.query(
            "SELECT i.value, (SELECT count(*) FROM task_dependencies AS d WHERE d.task = i.value OR d.dependency = i.value) FROM ids(?) AS i",
            params![&seen],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        // A task that has no room for all the copies stays as it is.
        let open: Vec<Gid> = linked
            .into_iter()
            .filter(|(gid, links)| links + others.get(gid).copied().unwrap_or(0) <= MAX_LINKS)
            .map(|(gid, _)| Gid::new(gid))
            .collect();
        let mut values = params![&open].to_vec();
        values.extend_from_slice(keys);
        let linked = cx.execute(
            &format!(
                "INSERT INTO task_dependencies (task, dependency, workspace, position) SELECT c.copy, d.dependency, d.workspace, d.position
                 FROM ids(?) AS i JOIN task_dependencies AS d ON d.dependency = i.value JOIN copies AS c ON c.original = d.task WHERE {stretch}"
            ),
            &values,
        )?;
        if linked > 0 {
            events::tell_tasks(cx, &open, About::Changed("dependents"))?;
        }
        Ok(())
    }
}

/// The objects of these on which the actor has at least this level.
pub fn allowed(
    cx: &mut Context<'_, '_>,
    kind: &str,
    table: &str,
    gids: &[i64],
    needed: Level,
) -> Result<Vec<i64>> {
    if gids.is_empty() {
        return Ok(Vec::new());
    }
    let sight = cx.actor.sight;
    let level = if needed == Level::See {
        "1 = 1".to_owned()
    } else {
        format!("({}) >= {}", access::level(kind, "p", sight), needed.number())
    };
    let template = Template::new(
        &format!(
            "SELECT p.gid FROM :ids AS i JOIN {table} AS p ON p.gid = i.value WHERE ({}) AND {level}",
            access::see(kind, "p", sight)
        ),
        &|_, _| String::new(),
    );
    Ok(cx.tx.query(template.sql(), &template.params(cx.actor.user, gids), |row| row.get(0))?)
}

/// The values of the fields that the actor sees. ID fields give the copies numbers of their own.
fn values(cx: &mut Context<'_, '_>, batch: &[Value]) -> Result<()> {
    let mut values = batch.to_vec();
    values.extend_from_slice(batch);
    let used: Vec<i64> = cx.query(
        &format!(
            "SELECT v.custom_field FROM copies AS c JOIN custom_field_values AS v ON v.object = c.original WHERE {OF_BATCH}
             UNION SELECT v.custom_field FROM copies AS c JOIN custom_field_choices AS v ON v.object = c.original WHERE {OF_BATCH}"
        ),
        &values,
        |row| row.get(0),
    )?;
    let seen = allowed(cx, "custom_field", "custom_fields", &used, Level::See)?;
    let fields: Vec<i64> = cx.query(
        "SELECT f.gid FROM ids(?) AS i JOIN custom_fields AS f ON f.gid = i.value WHERE f.id_prefix IS NULL",
        params![&seen],
        |row| row.get(0),
    )?;
    if fields.is_empty() {
        return Ok(());
    }
    for (table, columns) in TABLES {
        let shown = columns.replace(", ", ", v.");
        let mut values = params![&fields].to_vec();
        values.extend_from_slice(batch);
        cx.later(
            &format!(
                "INSERT INTO {table} (object, custom_field, workspace, {columns})
                 SELECT c.copy, v.custom_field, v.workspace, v.{shown} FROM copies AS c JOIN {table} AS v ON v.object = c.original
                 WHERE v.custom_field IN (SELECT i.value FROM ids(?) AS i) AND {OF_BATCH}"
            ),
            values,
        )?;
    }
    Ok(())
}

/// Copies that were made as tasks of the project become subtasks of the copies of their parents.
pub(super) fn adopt(cx: &mut Context<'_, '_>, job: Gid, originals: &[i64]) -> Result<()> {
    cx.execute(
        "UPDATE tasks SET
           parent = (SELECT p.copy FROM copies AS c JOIN tasks AS t ON t.gid = c.original JOIN copies AS p ON p.job = c.job AND p.original = t.parent WHERE c.job = ? AND c.copy = tasks.gid AND c.original IN (SELECT i.value FROM ids(?) AS i)),
           parent_position = (SELECT t.parent_position FROM copies AS c JOIN tasks AS t ON t.gid = c.original WHERE c.job = ? AND c.copy = tasks.gid AND c.original IN (SELECT k.value FROM ids(?) AS k))
         WHERE gid IN (SELECT c.copy FROM ids(?) AS n JOIN copies AS c ON c.job = ? AND c.original = n.value)",
        params![job, originals, job, originals, originals, job],
    )?;
    Ok(())
}

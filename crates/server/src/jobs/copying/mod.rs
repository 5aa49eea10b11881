//! Copies of projects and tasks, with what is in them: duplicating, saving as a template, and using a template.
//!
//! All of these are one job. What is copied, and the copy, are each a project or a task, live or inside a template; the rows inside a
//! template are those whose `deleted` is the template's gid. The job goes through sections, tasks, subtasks level by level,
//! attachments and dependencies, by gid, some at a time; the table `copies` says what became of what, so that later rows find their
//! parents, sections and dependencies. [`tasks`] writes the rows of a batch of tasks, [`dates`] says where their dates go.
//!
//! What is copied is what the actor sees then: the job fails if the original is hidden from him meanwhile.

mod dates;
mod tasks;

pub use dates::{Fit, Shift};
pub use tasks::allowed;

use crate::jobs::{Step, Work};
use crate::prelude::*;
use crate::resources::projects::{self, Project};
use crate::resources::tasks::Task;
use crate::resources::tasks::subtasks::MAX_DEPTH;
use crate::resources::{allocations, project_templates, task_templates};
use serde::{Deserialize, Serialize};

/// Most tasks of one batch. Each has some fifteen rows in other tables, and the writer of SQLite takes 20 ms for some 4,000.
const TASKS: i64 = 50;

/// Most copies that one batch looks through for what hangs on them. In those queries a plus keeps SQLite from reading the other table
/// first, from end to end.
const WINDOW: i64 = 1_000;

/// Most rows of other kinds in one batch. Source: architecture, "Group commit".
const ROWS: i64 = 200;

/// A project or a task, live or inside a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// The project or task.
    pub root: i64,
    /// The template; 0 where it is live.
    pub template: i64,
}

impl End {
    /// A project or task that everybody sees who may.
    pub fn live(root: Gid) -> Self {
        End { root: root.get(), template: 0 }
    }

    /// A project or task inside a template.
    pub fn inside(template: Gid, root: Gid) -> Self {
        End { root: root.get(), template: template.get() }
    }

    /// Whether it is a live one.
    pub fn is_live(self) -> bool {
        self.template == 0
    }
}

/// What of the tasks is copied beside their names, subtypes and custom fields.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Include {
    /// Who is to do them.
    pub assignee: bool,
    /// Files and links.
    pub attachments: bool,
    /// Due and start dates.
    pub dates: bool,
    /// What they wait for.
    pub dependencies: bool,
    /// Who is told.
    pub followers: bool,
    /// Descriptions.
    pub notes: bool,
    /// The parent of the task that is copied.
    pub parent: bool,
    /// Their other projects.
    pub projects: bool,
    /// Subtasks.
    pub subtasks: bool,
    /// Tags.
    pub tags: bool,
    /// Beside the tasks: whose time is set aside for the project.
    #[serde(default)]
    pub allocations: bool,
    /// Beside the tasks: the task templates of the project.
    #[serde(default)]
    pub task_templates: bool,
}

impl Include {
    /// All but places outside of what is copied.
    pub const INSIDE: Include = Include {
        assignee: true,
        attachments: true,
        dates: true,
        dependencies: true,
        followers: true,
        notes: true,
        parent: false,
        projects: false,
        subtasks: true,
        tags: true,
        allocations: false,
        task_templates: false,
    };
}

/// How far a copy is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Stage {
    Sections,
    Dates,
    Tasks,
    Subtasks,
    Attachments,
    Dependencies,
    Allocations,
    TaskTemplates,
    Finish,
    Forget,
}

/// A copy that is being made.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Copy {
    workspace: i64,
    is_project: bool,
    from: End,
    to: End,
    /// What of the tasks is copied.
    pub include: Include,
    /// Where the dates go.
    pub shift: Shift,
    /// Start and due date of the new project, where they do not follow from those of the original.
    pub project_dates: Option<(Option<String>, Option<String>)>,
    /// Who takes whose tasks.
    pub people: Vec<(i64, i64)>,
    /// The name of the new task, if it has another one.
    pub name: Option<String>,
    /// The project that the new task is to be in.
    pub home: Option<i64>,
    stage: Stage,
    /// The key of the last row of the stage.
    after: (i64, i64),
    /// The level of the parents in the stage of subtasks.
    depth: i64,
    /// The number of the batch of tasks.
    step: i64,
}

impl Copy {
    /// A copy of a project into `to`, which is there and empty.
    pub fn of_project(workspace: Gid, from: End, to: End, include: Include) -> Self {
        Copy::new(workspace, true, from, to, include)
    }

    /// A copy of a task. The new task is made by the first batch and has the gid `to`.
    pub fn of_task(workspace: Gid, from: End, to: End, include: Include) -> Self {
        Copy::new(workspace, false, from, to, include)
    }

    fn new(workspace: Gid, is_project: bool, from: End, to: End, include: Include) -> Self {
        Copy {
            workspace: workspace.get(),
            is_project,
            from,
            to,
            include,
            shift: Shift::default(),
            project_dates: None,
            people: Vec::new(),
            name: None,
            home: None,
            stage: if is_project { Stage::Sections } else { Stage::Tasks },
            after: (0, 0),
            depth: 0,
            step: 0,
        }
    }

    /// Does one batch. The progress counts the tasks of the project, or the one task.
    ///
    /// Errors: 403 if the actor does not see the original any more; 400 if the copy was deleted meanwhile.
    pub fn batch(&mut self, cx: &mut Context<'_, '_>, job: Gid) -> Result<Step> {
        self.check(cx)?;
        let rows = match self.stage {
            Stage::Sections => self.sections(cx, job)?,
            Stage::Dates => self.dates(cx)?,
            Stage::Tasks => self.tasks(cx, job)?,
            Stage::Subtasks => self.subtasks(cx, job)?,
            Stage::Attachments => self.attachments(cx, job)?,
            Stage::Dependencies => self.dependencies(cx, job)?,
            Stage::Allocations => self.allocations(cx)?,
            Stage::TaskTemplates => self.task_templates(cx)?,
            Stage::Finish => self.finish(cx)?,
            Stage::Forget => {
                let most = cx.app.jobs.pace.of(ROWS * 5);
                let gone = cx.execute(
                    "DELETE FROM copies WHERE job = ? AND original IN (SELECT c.original FROM copies AS c WHERE c.job = ? LIMIT ?)",
                    params![job, job, most],
                )?;
                let is_done = gone < u64::try_from(most).unwrap_or(u64::MAX);
                return Ok(Step { rows: 0, is_done });
            }
        };
        Ok(Step::more(rows))
    }

    /// Goes to the next stage.
    fn next(&mut self, stage: Stage) {
        self.stage = stage;
        self.after = (0, 0);
    }

    /// Puts what was made so far into the trash.
    pub fn give_up(&self, cx: &mut Context<'_, '_>, job: Gid) -> Result<()> {
        cx.later("DELETE FROM copies WHERE job = ?", params![job].to_vec())?;
        let (root, template) = (Gid::new(self.to.root), Gid::new(self.to.template));
        cx.as_system(|cx| {
            if !self.to.is_live() && self.is_project {
                return project_templates::discard(cx, template);
            }
            if !self.to.is_live() {
                return task_templates::discard(cx, template);
            }
            if self.is_project { cx.discard::<Project>(root) } else { cx.discard::<Task>(root) }
        })
    }

    /// Refuses to go on where the original is hidden from the actor, or the copy is gone.
    fn check(&self, cx: &mut Context<'_, '_>) -> Result<()> {
        let (kind, gid) = match (self.from.is_live(), self.is_project) {
            (true, true) => ("project", self.from.root),
            (true, false) => ("task", self.from.root),
            (false, true) => ("project_template", self.from.template),
            (false, false) => ("task_template", self.from.template),
        };
        if !cx.is_visible(kind, Gid::new(gid))? {
            return Err(forbidden("The original is gone, or hidden"));
        }
        // The first batch makes the new task.
        if !self.is_project && self.stage == Stage::Tasks {
            return Ok(());
        }
        let (table, gid) = match (self.to.is_live(), self.is_project) {
            (true, true) => ("projects", self.to.root),
            (true, false) => ("tasks", self.to.root),
            (false, true) => ("project_templates", self.to.template),
            (false, false) => ("task_templates", self.to.template),
        };
        let there: Option<i64> = cx.cell(
            &format!("SELECT 1 FROM {table} AS t WHERE t.gid = ? AND t.deleted IS NULL"),
            params![gid],
        )?;
        there.map(drop).ok_or_else(|| bad_request("The copy was deleted before it was whole"))
    }

    /// The sections, with their names and order.
    fn sections(&mut self, cx: &mut Context<'_, '_>, job: Gid) -> Result<usize> {
        let most = cx.app.jobs.pace.of(ROWS);
        let found: Vec<i64> = cx.query(
            "SELECT s.gid FROM sections AS s WHERE s.container = ? AND coalesce(s.deleted, 0) = ? AND s.gid > ? ORDER BY s.gid LIMIT ?",
            params![self.from.root, self.from.template, self.after.0, most],
            |row| row.get(0),
        )?;
        if let Some(last) = found.last() {
            self.after.0 = *last;
            let copies = self.map(cx, job, &found, 0)?;
            let now = cx.now();
            cx.execute(
                "INSERT INTO sections (gid, workspace, container, name, position, created_at, deleted)
                 SELECT c.copy, s.workspace, CAST(? AS BIGINT), s.name, s.position, CAST(? AS BIGINT), nullif(CAST(? AS BIGINT), 0)
                 FROM copies AS c JOIN sections AS s ON s.gid = c.original WHERE c.job = ? AND c.step = ?",
                params![self.to.root, now, self.to.template, job, self.step],
            )?;
            if self.to.is_live() {
                projects::duplicating::tell_sections(cx, Gid::new(self.to.root), &copies)?;
            }
        }
        if is_last(&found, most) {
            self.next(Stage::Dates);
        }
        Ok(0)
    }

    /// Where the dates go, and the dates of the project itself.
    fn dates(&mut self, cx: &mut Context<'_, '_>) -> Result<usize> {
        self.next(Stage::Tasks);
        if !self.include.dates {
            return Ok(0);
        }
        let own = cx.first(
            "SELECT p.start_on, p.due_on FROM projects AS p WHERE p.gid = ?",
            params![self.from.root],
            |row| Ok((row.get::<Option<Date>>(0)?, row.get::<Option<Date>>(1)?)),
        )?;
        let (start, due) = own.unwrap_or_default();
        // The first and the last day are asked for rarely; the tasks are looked through once.
        if self.shift.fit.is_some() || !self.to.is_live() {
            let (first, last) = self.extent(cx)?;
            self.shift.settle(first.or(start).or(due), last.or(due));
            if !self.to.is_live() {
                project_templates::settle(cx, Gid::new(self.to.template), start, due, first)?;
            }
        }
        let (start, due) = match &self.project_dates {
            Some((start, due)) => {
                (start.as_deref().and_then(Date::parse), due.as_deref().and_then(Date::parse))
            }
            None => (start.map(|day| self.shift.moved(day)), due.map(|day| self.shift.moved(day))),
        };
        // A project begins before it is due, and has no start without that.
        let start = start.filter(|start| due.is_some_and(|due| *start < due));
        projects::duplicating::set_dates(
            cx,
            Gid::new(self.to.root),
            start,
            due,
            self.to.is_live(),
        )?;
        Ok(0)
    }

    /// The first and the last day of the tasks that are directly in the project.
    fn extent(&self, cx: &mut Context<'_, '_>) -> Result<(Option<Date>, Option<Date>)> {
        let found = cx.first(
            "SELECT min(coalesce(t.start_on, t.due_on)), max(t.due_on) FROM task_projects AS tp JOIN tasks AS t ON t.gid = tp.task
             WHERE tp.project = ? AND coalesce(t.deleted, 0) = ? AND t.due_on IS NOT NULL",
            params![self.from.root, self.from.template],
            |row| Ok((row.get::<Option<Date>>(0)?, row.get::<Option<Date>>(1)?)),
        )?;
        Ok(found.unwrap_or_default())
    }

    /// The tasks that are in the project, or the one task that is copied.
    fn tasks(&mut self, cx: &mut Context<'_, '_>, job: Gid) -> Result<usize> {
        let most = cx.app.jobs.pace.of(TASKS);
        if !self.is_project {
            self.next(Stage::Subtasks);
            self.root(cx, job)?;
            return Ok(1);
        }
        let found: Vec<i64> = cx.query(
            "SELECT tp.task FROM task_projects AS tp JOIN tasks AS t ON t.gid = tp.task WHERE tp.project = ? AND coalesce(t.deleted, 0) = ? AND tp.task > ? ORDER BY tp.task LIMIT ?",
            params![self.from.root, self.from.template, self.after.0, most],
            |row| row.get(0),
        )?;
        if let Some(last) = found.last() {
            self.after.0 = *last;
            self.map(cx, job, &found, 0)?;
            self.write(cx, job)?;
        }
        if is_last(&found, most) {
            self.next(Stage::Subtasks);
        }
        Ok(found.len())
    }

    /// The subtasks of what is copied, a level at a time. One that is in the project by itself has its copy already.
    fn subtasks(&mut self, cx: &mut Context<'_, '_>, job: Gid) -> Result<usize> {
        let most = cx.app.jobs.pace.of(TASKS);
        let deepest = i64::try_from(MAX_DEPTH).unwrap_or(i64::MAX);
        if !self.include.subtasks || self.depth > deepest {
            self.next(Stage::Attachments);
            return Ok(0);
        }
        let Some(end) = self.window(cx, job, Some(self.depth))? else {
            self.after = (0, 0);
            self.depth += 1;
            return Ok(0);
        };
        let found = cx.query(
            "SELECT c.original, t.gid, CASE WHEN d.copy IS NULL THEN 0 ELSE 1 END FROM copies AS c JOIN tasks AS t ON t.parent = +c.original LEFT JOIN copies AS d ON d.job = c.job AND d.original = t.gid
             WHERE c.job = ? AND c.depth = ? AND c.original >= ? AND c.original <= ? AND (c.original, t.gid) > (?, ?) AND coalesce(t.deleted, 0) = ? ORDER BY c.original, t.gid LIMIT ?",
            params![job, self.depth, self.after.0, end, self.after.0, self.after.1, self.from.template, most],
            |row| Ok((row.get::<i64>(0)?, row.get::<i64>(1)?, row.get::<bool>(2)?)),
        )?;
        let last = found.last().map(|(parent, task, _)| (*parent, *task));
        self.after = last.filter(|_| !is_last(&found, most)).unwrap_or((end + 1, 0));
        let (known, fresh): (Vec<_>, Vec<_>) = found.iter().partition(|(_, _, is_known)| *is_known);
        let known: Vec<i64> = known.iter().map(|(_, task, _)| *task).collect();
        let fresh: Vec<i64> = fresh.iter().map(|(_, task, _)| *task).collect();
        if !known.is_empty() {
            tasks::adopt(cx, job, &known)?;
        }
        if !fresh.is_empty() {
            self.map(cx, job, &fresh, self.depth + 1)?;
            self.write(cx, job)?;
        }
        Ok(0)
    }

    /// The files and links. Files share their bytes with the originals.
    fn attachments(&mut self, cx: &mut Context<'_, '_>, job: Gid) -> Result<usize> {
        let most = cx.app.jobs.pace.of(ROWS);
        if !self.include.attachments {
            self.next(Stage::Dependencies);
            return Ok(0);
        }
        let Some(end) = self.window(cx, job, None)? else {
            self.next(Stage::Dependencies);
            return Ok(0);
        };
        let found: Vec<(i64, i64)> = cx.query(
            "SELECT c.original, a.gid FROM copies AS c JOIN attachments AS a ON a.parent = +c.original
             WHERE c.job = ? AND c.original >= ? AND c.original <= ? AND (c.original, a.gid) > (?, ?) AND a.deleted IS NULL AND a.state = 'stored' ORDER BY c.original, a.gid LIMIT ?",
            params![job, self.after.0, end, self.after.0, self.after.1, most],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        let last = found.last().copied();
        self.after = last.filter(|_| !is_last(&found, most)).unwrap_or((end + 1, 0));
        if !found.is_empty() {
            let gids: Vec<i64> = found.iter().map(|(_, gid)| *gid).collect();
            let first = cx.tx.gids(u32::try_from(gids.len()).unwrap_or(u32::MAX))?;
            let (now, me) = (cx.now(), cx.me());
            cx.execute(
                "INSERT INTO attachments (gid, workspace, parent, name, resource_subtype, host, url, storage_key, size, content_type, sha256, state, created_at, created_by)
                 SELECT CAST(? AS BIGINT) + i.key, a.workspace, c.copy, a.name, a.resource_subtype, a.host, a.url, a.storage_key, a.size, a.content_type, a.sha256, a.state, CAST(? AS BIGINT), CAST(? AS BIGINT)
                 FROM ids(?) AS i JOIN attachments AS a ON a.gid = i.value JOIN copies AS c ON c.job = ? AND c.original = a.parent",
                params![first, now, me, &gids, job],
            )?;
        }
        Ok(0)
    }

    /// What the copies wait for: other copies. The copy of a single task waits for what its original waits for.
    fn dependencies(&mut self, cx: &mut Context<'_, '_>, job: Gid) -> Result<usize> {
        let most = cx.app.jobs.pace.of(ROWS);
        if !self.include.dependencies {
            self.next(Stage::Allocations);
            return Ok(0);
        }
        let Some(end) = self.window(cx, job, None)? else {
            self.next(Stage::Allocations);
            return Ok(0);
        };
        let found: Vec<(i64, i64)> = cx.query(
            "SELECT c.original, d.dependency FROM copies AS c JOIN task_dependencies AS d ON d.task = +c.original
             WHERE c.job = ? AND c.original >= ? AND c.original <= ? AND (c.original, d.dependency) > (?, ?) ORDER BY c.original, d.dependency LIMIT ?",
            params![job, self.after.0, end, self.after.0, self.after.1, most],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        if let Some(last) = found.last() {
            self.link(cx, job, self.after, *last)?;
        }
        let last = found.last().copied();
        self.after = last.filter(|_| !is_last(&found, most)).unwrap_or((end + 1, 0));
        Ok(0)
    }

    /// Whose time is set aside for the project.
    fn allocations(&mut self, cx: &mut Context<'_, '_>) -> Result<usize> {
        let most = cx.app.jobs.pace.of(ROWS);
        let last = match self.include.allocations && self.is_project && self.to.is_live() {
            true => {
                let (from, to) = (Gid::new(self.from.root), Gid::new(self.to.root));
                allocations::copy(cx, (from, to), self.after.0, most, &self.shift)?
            }
            false => None,
        };
        match last {
            Some(last) => self.after.0 = last.get(),
            None => self.next(Stage::TaskTemplates),
        }
        Ok(0)
    }

    /// The task templates of the project, one at a time: what is in each is copied by a job of its own.
    fn task_templates(&mut self, cx: &mut Context<'_, '_>) -> Result<usize> {
        let last = match self.include.task_templates && self.is_project && self.to.is_live() {
            true => {
                let (from, to) = (Gid::new(self.from.root), Gid::new(self.to.root));
                task_templates::copy_next(cx, from, to, self.after.0)?
            }
            false => None,
        };
        match last {
            Some(last) => self.after.0 = last.get(),
            None => self.next(Stage::Finish),
        }
        Ok(0)
    }

    /// The last of the next copies, by original, that a batch looks through; `None` if there are no more.
    fn window(
        &self,
        cx: &mut Context<'_, '_>,
        job: Gid,
        depth: Option<i64>,
    ) -> Result<Option<i64>> {
        let level = if depth.is_some() { "AND c.depth = ?" } else { "" };
        let mut values = params![job, self.after.0].to_vec();
        values.extend(depth.map(Value::Int));
        values.push(Value::Int(cx.app.jobs.pace.of(WINDOW)));
        cx.cell(
            &format!(
                "SELECT max(w.original) FROM (SELECT c.original AS original FROM copies AS c WHERE c.job = ? AND c.original >= ? {level} ORDER BY c.original LIMIT ?) AS w"
            ),
            &values,
        )
    }

    /// What remains to be done when everything is copied.
    fn finish(&mut self, cx: &mut Context<'_, '_>) -> Result<usize> {
        self.next(Stage::Forget);
        if self.to.is_live() {
            return Ok(0);
        }
        let template = Gid::new(self.to.template);
        if self.is_project {
            project_templates::finish(cx, template)?;
        } else {
            task_templates::finish(cx, template)?;
        }
        Ok(0)
    }

    /// Notes which rows the next copies are of and gives the gids of the copies.
    fn map(
        &mut self,
        cx: &mut Context<'_, '_>,
        job: Gid,
        originals: &[i64],
        depth: i64,
    ) -> Result<Vec<Gid>> {
        self.step += 1;
        let count = u32::try_from(originals.len()).unwrap_or(u32::MAX);
        let first = cx.tx.gids(count)?;
        cx.execute(
            "INSERT INTO copies (job, original, copy, step, depth) SELECT CAST(? AS BIGINT), i.value, CAST(? AS BIGINT) + i.key, CAST(? AS BIGINT), CAST(? AS BIGINT) FROM ids(?) AS i",
            params![job, first, self.step, depth, originals],
        )?;
        Ok((0..i64::from(count)).map(|at| Gid::new(first.get() + at)).collect())
    }
}

/// Whether fewer rows were found than were asked for.
fn is_last<T>(found: &[T], asked: i64) -> bool {
    i64::try_from(found.len()).unwrap_or(i64::MAX) < asked
}

/// A kind of job that copies.
macro_rules! kind {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $makes:expr) => {
        $(#[$doc])*
        #[derive(Debug, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Copy);

        impl Work for $name {
            const KIND: &'static str = $kind;
            const MAKES: Option<&'static str> = $makes;

            fn batch(&mut self, cx: &mut Context<'_, '_>, job: Gid) -> Result<Step> {
                self.0.batch(cx, job)
            }

            fn give_up(&mut self, cx: &mut Context<'_, '_>, job: Gid) -> Result<()> {
                self.0.give_up(cx, job)
            }
        }
    };
}

kind!(
    /// A project from a project.
    DuplicateProject, "duplicate_project", Some("project")
);
kind!(
    /// A task from a task.
    DuplicateTask, "duplicate_task", Some("task")
);
kind!(
    /// A project from a project template.
    InstantiateProject, "instantiate_project", Some("project")
);
kind!(
    /// A task from a task template.
    InstantiateTask, "instantiate_task", Some("task")
);
kind!(
    /// A project template from a project.
    SaveProjectAsTemplate, "project_save_as_template", Some("project_template")
);
kind!(
    /// A task template from a task; whoever asked has the template already.
    SaveTaskAsTemplate, "task_save_as_template", None
);

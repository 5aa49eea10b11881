//! Time tracking entries: how long somebody worked on a task.
//!
//! API section "Time tracking entries". Whoever may edit a task enters time on it; an entry is changed and deleted by who entered it
//! and by the admins of the task. Events: `time_tracking_entry` added, changed, deleted; the task's `actual_time_minutes` changes.

use crate::prelude::*;
use crate::resources::projects::Project;
use crate::resources::tasks::{self, Task};
use crate::resources::users::User;

/// An entry as stored, one row of `time_tracking_entries`.
#[derive(Debug, Clone)]
pub struct TimeTrackingEntry {
    pub gid: Gid,
    pub workspace: Gid,
    pub task: Gid,
    pub duration_minutes: i64,
    pub entered_on: Date,
    pub attributable_to: Option<Gid>,
    pub billable_status: String,
    pub approval_status: String,
    pub description: String,
    pub created_at: Timestamp,
    pub created_by: Option<Gid>,
}

row! { TimeTrackingEntry in "time_tracking_entries" {
    gid, workspace, task, duration_minutes, entered_on, attributable_to, billable_status, approval_status, description, created_at,
    created_by
} }

/// Whether the time is billed. Source: `TimeTrackingEntryBase.billable_status`.
const BILLABLE: &[&str] = &["billable", "nonBillable", "notApplicable"];

/// How far the timesheet that holds the entry is. Source: `TimeTrackingEntryBase.approval_status`.
const APPROVAL: &[&str] = &["DRAFT", "SUBMITTED", "APPROVED", "REJECTED"];

/// Longest time of one entry, in minutes: a year. Ours, so that sums stay far from the end of the numbers.
const MAX_MINUTES: i64 = 366 * 24 * 60;

/// Longest description, in characters. Ours, since none is published.
const MAX_DESCRIPTION: usize = 10_000;

impl Record for TimeTrackingEntry {
    fn schema(s: &mut Schema<Self>) {
        s.doc("How long somebody worked on a task, on a day.");
        s.field("duration_minutes", |e| &e.duration_minutes)
            .write(|e, v| e.duration_minutes = v)
            .compact()
            .doc("How long, in minutes.");
        s.field("entered_on", |e| &e.entered_on)
            .write(|e, v| e.entered_on = v)
            .compact()
            .doc("The day; today for the actor if not given.");
        s.one::<Project>("attributable_to", |e| e.attributable_to)
            .write(|e, v| e.attributable_to = v)
            .compact()
            .doc("The project whose time it is, one of the task's; if the task is in one project only, that one.");
        s.one::<User>("created_by", |e| e.created_by).compact().doc("Who entered the time.");
        s.computed("categories", |_, _| Vec::<serde_json::Value>::new())
            .written_apart()
            .compact()
            .doc("The categories of the entry; there are none yet.");
        s.one::<Task>("task", |e| Some(e.task)).doc("The task that was worked on.");
        s.field("created_at", |e| &e.created_at).doc("When the time was entered.");
        s.field("approval_status", |e| &e.approval_status)
            .values(APPROVAL)
            .doc("How far the timesheet of the entry is; without timesheets always a draft.");
        s.field("billable_status", |e| &e.billable_status)
            .values(BILLABLE)
            .write(|e, v| e.billable_status = v)
            .doc("Whether the time is billed.");
        s.field("description", |e| &e.description)
            .write(|e, v| e.description = v)
            .doc("What was done.");
    }
}

impl Resource for TimeTrackingEntry {
    const TYPE: &'static str = "time_tracking_entry";
    fn gid(&self) -> Gid {
        self.gid
    }
}

impl Object for TimeTrackingEntry {
    const EDIT: Level = Level::Admin;
    const DELETE: Level = Level::Admin;

    fn workspace(&self) -> Gid {
        self.workspace
    }

    fn parent(&self) -> Option<(&'static str, Gid)> {
        Some((Task::TYPE, self.task))
    }

    /// An entry of the actor's on the task of the path.
    fn draft(cx: &mut Context<'_, '_>, body: &Body) -> Result<Self> {
        let raw =
            body.reference("task")?.flatten().ok_or_else(|| invalid("task", "Missing input"))?;
        let (task, level) = cx.refer::<Task>("task", &raw)?;
        cx.require_level(level, Level::Edit)?;
        Ok(TimeTrackingEntry {
            gid: cx.gid()?,
            workspace: task.workspace,
            task: task.gid,
            duration_minutes: 0,
            entered_on: cx.now().date_in(cx.zone()),
            attributable_to: None,
            billable_status: "notApplicable".to_owned(),
            approval_status: "DRAFT".to_owned(),
            description: String::new(),
            created_at: cx.now(),
            created_by: Some(cx.me()),
        })
    }

    fn prepare(
        cx: &mut Context<'_, '_>,
        before: Option<&Self>,
        row: &mut Self,
        body: &Body,
    ) -> Result<()> {
        if before.is_none() && !body.has("duration_minutes") {
            return Err(invalid("duration_minutes", "Missing input"));
        }
        require(row.duration_minutes > 0, "duration_minutes", "Must be greater than 0")?;
        require(row.duration_minutes <= MAX_MINUTES, "duration_minutes", "Must be at most a year")?;
        if row.description.chars().count() > MAX_DESCRIPTION {
            let message = format!("Must be at most {MAX_DESCRIPTION} characters");
            return Err(invalid("description", message));
        }
        if let Some(raw) = body.references("categories")?.first() {
            let message = format!("Unknown object: {}", crate::api::call::cut(raw));
            return Err(invalid("categories: [0]", message));
        }
        if before.is_none_or(|before| before.attributable_to != row.attributable_to) {
            row.settle_project(cx, body)?;
        }
        Ok(())
    }

    fn changed(
        cx: &mut Context<'_, '_>,
        before: Option<&Self>,
        row: &Self,
        fields: &mut Fields,
        _body: &Body,
    ) -> Result<()> {
        if before.is_none() || fields.has("duration_minutes") {
            row.tell_task(cx)?;
        }
        Ok(())
    }

    fn scopes(&self, cx: &mut Context<'_, '_>) -> Result<Vec<Gid>> {
        let mut scopes = match self.task(cx)? {
            Some(task) => tasks::scopes(cx, &task)?,
            None => vec![self.task, self.workspace],
        };
        scopes.push(self.gid);
        Ok(scopes)
    }

    fn delete(cx: &mut Context<'_, '_>, row: &Self) -> Result<()> {
        cx.trash(Self::TYPE, Self::TABLE, row.gid, row.workspace)?;
        row.tell_task(cx)
    }
}

impl TimeTrackingEntry {
    /// The project is one of the task's; where nothing is sent and there is only one, it is that.
    fn settle_project(&mut self, cx: &mut Context<'_, '_>, body: &Body) -> Result<()> {
        let homes = cx.gids(
            "SELECT tp.project FROM task_projects AS tp JOIN projects AS p ON p.gid = tp.project WHERE tp.task = ? AND p.deleted IS NULL",
            params![self.task],
        )?;
        match (self.attributable_to, homes.as_slice()) {
            (Some(project), homes) => require(
                homes.contains(&project),
                "attributable_to",
                "The task is not in this project",
            ),
            (None, [project]) if !body.has("attributable_to") => {
                self.attributable_to = Some(*project);
                Ok(())
            }
            (None, _) => Ok(()),
        }
    }

    fn task(&self, cx: &mut Context<'_, '_>) -> Result<Option<Task>> {
        let found = cx.as_system(|cx| cx.rows_seen::<Task>(&[self.task]))?;
        Ok(found.into_iter().next().flatten())
    }

    /// Records that the time on the task changed.
    fn tell_task(&self, cx: &mut Context<'_, '_>) -> Result<()> {
        let Some(task) = self.task(cx)? else { return Ok(()) };
        let scopes = tasks::scopes(cx, &task)?;
        let changes = vec![FieldChange::changed("actual_time_minutes")];
        cx.emit(Event { scopes, ..Event::changed(Task::TYPE, &task, changes) });
        tasks::touch(cx, task.gid)
    }
}

/// The minutes entered on tasks, for the task's record.
pub const MINUTES: &str = "SELECT i.key, CAST(sum(e.duration_minutes) AS DOUBLE PRECISION) FROM :ids AS i JOIN time_tracking_entries AS e ON e.task = i.value WHERE e.deleted IS NULL GROUP BY i.key";

/// The operations of the section, in the order of the API reference.
pub fn operations(api: &mut Operations) {
    api.section("Time tracking entries", "How long people worked on tasks.");
    api.list_in::<Task, TimeTrackingEntry>(
        "getTimeTrackingEntriesForTask",
        "/tasks/{task_gid}/time_tracking_entries",
        "The time entered on a task, by day.",
        on_task,
    );
    api.create_in::<Task, TimeTrackingEntry>(
        "createTimeTrackingEntry",
        "/tasks/{task_gid}/time_tracking_entries",
        "task",
        "Enters time on a task.",
    );
    api.read::<TimeTrackingEntry>(
        "getTimeTrackingEntry",
        "/time_tracking_entries/{time_tracking_entry_gid}",
        "One entry.",
    );
    api.update::<TimeTrackingEntry>(
        "updateTimeTrackingEntry",
        "/time_tracking_entries/{time_tracking_entry_gid}",
        "Changes an entry; who entered it and the task's admins may.",
    );
    api.delete::<TimeTrackingEntry>(
        "deleteTimeTrackingEntry",
        "/time_tracking_entries/{time_tracking_entry_gid}",
        "Deletes an entry; who entered it and the task's admins may.",
    );
}

/// `getTimeTrackingEntriesForTask`: by day.
fn on_task(cx: &mut Context<'_, '_>, task: &Task, call: &Call) -> Result<Page<TimeTrackingEntry>> {
    Query::inside()
        .filter("t.task = ?", params![task.gid])
        .order(&["t.entered_on", "t.gid"])
        .page(cx, call)
}

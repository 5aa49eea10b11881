//! Allocations: how much of somebody's time is set aside for a project, from one day to another.
//!
//! API section "Allocations". They are seen and edited as their project. Several may overlap.
//! Events: `allocation` added, changed, deleted.

use crate::jobs::copying::Shift;
use crate::prelude::*;
use crate::resources::projects::Project;
use crate::resources::users::User;
use crate::resources::workspace_memberships::require_in_workspace;
use crate::resources::workspaces::Workspace;
use engine::FromJson;
use engine::record::select_list;
use engine::schema::{Fetching, RowsOf};

/// An allocation as stored, one row of `allocations`.
#[derive(Debug, Clone)]
pub struct Allocation {
    pub gid: Gid,
    pub workspace: Gid,
    /// The project.
    pub parent: Gid,
    pub assignee: Gid,
    pub start_date: Date,
    pub end_date: Date,
    pub effort_type: Option<String>,
    pub effort_value: Option<f64>,
    pub created_at: Timestamp,
    pub created_by: Option<Gid>,
}

row! { Allocation in "allocations" {
    gid, workspace, parent, assignee, start_date, end_date, effort_type, effort_value, created_at, created_by
} }

/// How much time.
#[derive(Debug, Clone)]
pub struct Effort {
    pub kind: String,
    pub value: f64,
}

row! { Effort { kind, value } }

/// What effort is counted in. Source: `AllocationBase.effort`.
const EFFORTS: &[&str] = &["hours", "percent"];

/// Most hours or percent. Ours, since none is published: it only keeps out what cannot be meant.
const MAX_EFFORT: f64 = 10_000.0;

impl Record for Effort {
    fn schema(s: &mut Schema<Self>) {
        s.doc("How much of somebody's time.");
        s.field("type", |e| &e.kind).values(EFFORTS).doc("What is counted.");
        s.field("value", |e| &e.value).doc("How many hours or percent.");
    }
}

impl FromJson for Effort {
    fn from_json(value: &serde_json::Value) -> Result<Self, String> {
        let part = |name: &str| value.get(name).unwrap_or(&serde_json::Value::Null);
        let kind = part("type").as_str().filter(|kind| EFFORTS.contains(kind));
        let kind = kind.ok_or_else(|| format!("type: Must be one of {}", EFFORTS.join(", ")))?;
        let number =
            f64::from_json(part("value")).map_err(|message| format!("value: {message}"))?;
        if !(0.0..=MAX_EFFORT).contains(&number) {
            return Err(format!("value: Must be between 0 and {MAX_EFFORT}"));
        }
        Ok(Effort { kind: kind.to_owned(), value: number })
    }
}

impl Record for Allocation {
    fn schema(s: &mut Schema<Self>) {
        s.doc("How much of somebody's time is set aside for a project.");
        s.field("start_date", |a| &a.start_date)
            .write(|a, v| a.start_date = v)
            .doc("The first day.");
        s.field("end_date", |a| &a.end_date).write(|a, v| a.end_date = v).doc("The last day.");
        s.fetched_one::<Effort>("effort", efforts)
            .written_apart()
            .doc("How much: `type` is `hours` or `percent`, `value` the number; or null.");
        s.one::<User>("assignee", |a| Some(a.assignee))
            .write(|a, v| a.assignee = v.unwrap_or(NOBODY))
            .doc("Whose time it is.");
        s.one::<User>("created_by", |a| a.created_by).doc("Who made the allocation.");
        s.one::<Project>("parent", |a| Some(a.parent))
            .write(|a, v| a.parent = v.unwrap_or(NOBODY))
            .doc("The project that the time is for.");
        s.computed("resource_subtype", |_, _| "project_allocation")
            .doc("What the time is for: a project.");
    }
}

/// Stands for a reference that was sent as null until it is refused.
const NOBODY: Gid = Gid::new(0);

/// The efforts of the fetched allocations, which are part of their rows.
#[expect(clippy::unnecessary_wraps, reason = "what a loader function gives")]
fn efforts(fetching: &mut Fetching<'_, '_>) -> Result<Vec<(usize, Effort)>, store::Error> {
    let rows = fetching.parents.any().downcast_ref::<RowsOf<Allocation>>();
    let rows = rows.map(|rows| rows.rows.as_slice()).unwrap_or_default();
    let efforts = rows.iter().enumerate().filter_map(|(key, row)| {
        Some((key, Effort { kind: row.effort_type.clone()?, value: row.effort_value? }))
    });
    Ok(efforts.collect())
}

impl Resource for Allocation {
    const TYPE: &'static str = "allocation";
    fn gid(&self) -> Gid {
        self.gid
    }
}

impl Object for Allocation {
    fn workspace(&self) -> Gid {
        self.workspace
    }

    fn parent(&self) -> Option<(&'static str, Gid)> {
        Some((Project::TYPE, self.parent))
    }

    /// An allocation for the project of the body, which the actor may edit.
    fn draft(cx: &mut Context<'_, '_>, body: &Body) -> Result<Self> {
        for name in ["parent", "assignee", "start_date", "end_date"] {
            if body.get(name).is_none_or(serde_json::Value::is_null) {
                return Err(invalid(name, "Missing input"));
            }
        }
        let project = project_of(cx, body)?.ok_or_else(|| invalid("parent", "Missing input"))?;
        let today = cx.now().date_in(cx.zone());
        Ok(Allocation {
            gid: cx.gid()?,
            workspace: project.workspace,
            parent: project.gid,
            assignee: NOBODY,
            start_date: today,
            end_date: today,
            effort_type: None,
            effort_value: None,
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
        require(row.assignee != NOBODY, "assignee", "Missing input")?;
        require(row.parent != NOBODY, "parent", "Missing input")?;
        if before.is_some_and(|before| before.parent != row.parent) {
            let home = project_of(cx, body)?.map(|project| project.workspace);
            let message = "Must be in the workspace of the allocation";
            require(home == Some(row.workspace), "parent", message)?;
        }
        if before.is_none_or(|before| before.assignee != row.assignee) {
            require_in_workspace(cx, row.workspace, "assignee", &[row.assignee])?;
        }
        require(row.start_date <= row.end_date, "end_date", "Must not be before start_date")?;
        match body.get("effort") {
            None => {}
            Some(serde_json::Value::Null) => (row.effort_type, row.effort_value) = (None, None),
            Some(sent) => {
                let effort =
                    Effort::from_json(sent).map_err(|message| invalid("effort", message))?;
                (row.effort_type, row.effort_value) = (Some(effort.kind), Some(effort.value));
            }
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
        fields.rename(&["effort_type", "effort_value"], "effort");
        if let Some(before) = before.filter(|before| before.parent != row.parent) {
            cx.scope(row.gid, &[before.parent]);
        }
        Ok(())
    }

    fn scopes(&self, _cx: &mut Context<'_, '_>) -> Result<Vec<Gid>> {
        Ok(vec![self.gid, self.parent, self.workspace])
    }
}

/// The project that the body names as `parent`, which the actor may edit.
fn project_of(cx: &mut Context<'_, '_>, body: &Body) -> Result<Option<Project>> {
    let Some(raw) = body.reference("parent")?.flatten() else { return Ok(None) };
    let (project, level) = cx.refer::<Project>("parent", &raw)?;
    cx.require_level(level, Level::Edit)?;
    Ok(Some(project))
}

/// The operations of the section, in the order of the API reference.
pub fn operations(api: &mut Operations) {
    api.section("Allocations", "How much of people's time is set aside for projects.");
    api.read::<Allocation>("getAllocation", "/allocations/{allocation_gid}", "One allocation.");
    api.update::<Allocation>(
        "updateAllocation",
        "/allocations/{allocation_gid}",
        "Changes an allocation; only what is sent changes.",
    );
    api.delete::<Allocation>(
        "deleteAllocation",
        "/allocations/{allocation_gid}",
        "Deletes an allocation.",
    );
    api.list_full::<Allocation>(
        "getAllocations",
        "/allocations",
        "The allocations for a project, of a user, or in a workspace, by their first day.",
        listed,
    )
    .query("parent", "Only the allocations for this project.")
    .query("assignee", "Only the allocations of this user.")
    .query("workspace", "Only the allocations in this workspace.");
    api.create::<Allocation>("createAllocation", "/allocations", "Sets time aside for a project.");
}

/// Copies the next allocations of a project, by gid, at most `most`, to another one; those of people who left the workspace are left
/// out. Gives the last one that was looked at; `None` when there are no more.
pub fn copy(
    cx: &mut Context<'_, '_>,
    (from, to): (Gid, Gid),
    after: i64,
    most: i64,
    shift: &Shift,
) -> Result<Option<Gid>> {
    let found = cx.query(
        &format!(
            r#"SELECT CASE WHEN wm.gid IS NULL THEN 0 ELSE 1 END, {} FROM allocations AS t LEFT JOIN workspace_memberships AS wm ON wm.workspace = t.workspace AND wm."user" = t.assignee AND wm.is_active = 1
               WHERE t.parent = ? AND t.deleted IS NULL AND t.gid > ? ORDER BY t.gid LIMIT ?"#,
            select_list::<Allocation>("t")
        ),
        params![from, after, most],
        |row| Ok((row.get::<bool>(0)?, Allocation::from_row(row, 1)?)),
    )?;
    let last = found.last().map(|(_, row)| row.gid);
    let first = cx.tx.gids(u32::try_from(found.len()).unwrap_or(u32::MAX))?;
    let there = found.into_iter().filter_map(|(is_there, row)| is_there.then_some(row));
    let copies: Vec<(Gid, Allocation)> = (first.get()..)
        .zip(there)
        .map(|(gid, original)| {
            let start_date = shift.moved(original.start_date);
            let end_date = shift.moved(original.end_date).max(start_date);
            let copy = Allocation {
                gid: Gid::new(gid),
                parent: to,
                start_date,
                end_date,
                ..original.clone()
            };
            (original.gid, copy)
        })
        .collect();
    let rows: Vec<String> = copies
        .iter()
        .map(|(original, copy)| {
            format!(
                "{:019}{:019}{}{}",
                original.get(),
                copy.gid.get(),
                copy.start_date,
                copy.end_date
            )
        })
        .collect();
    let (now, me) = (cx.now(), cx.me());
    cx.later(
        "INSERT INTO allocations (gid, workspace, parent, assignee, start_date, end_date, effort_type, effort_value, created_at, created_by)
         SELECT CAST(substr(i.value, 20, 19) AS BIGINT), a.workspace, CAST(? AS BIGINT), a.assignee, substr(i.value, 39, 10), substr(i.value, 49, 10), a.effort_type, a.effort_value, CAST(? AS BIGINT), CAST(? AS BIGINT)
         FROM texts(?) AS i JOIN allocations AS a ON a.gid = CAST(substr(i.value, 1, 19) AS BIGINT)",
        params![to, now, me, &rows].to_vec(),
    )?;
    for (_, copy) in copies {
        let scopes = copy.scopes(cx)?;
        cx.emit(Event { scopes, ..Event::added(Allocation::TYPE, &copy) });
    }
    Ok(last)
}

/// `getAllocations`: by first day.
fn listed(cx: &mut Context<'_, '_>, call: &Call) -> Result<Page<Allocation>> {
    let mut query = Query::inside().order(&["t.start_date", "t.gid"]);
    let (parent, assignee) = (call.param("parent"), call.param("assignee"));
    let workspace = call.param("workspace");
    if parent.is_none() && assignee.is_none() && workspace.is_none() {
        return Err(bad_request("You should specify one of parent, assignee, workspace"));
    }
    if let Some(raw) = parent {
        let (project, _) = cx.refer::<Project>("parent", raw)?;
        query = query.filter("t.parent = ?", params![project.gid]);
    }
    if let Some(raw) = assignee {
        let (user, _) = cx.refer::<User>("assignee", raw)?;
        query = query.filter("t.assignee = ?", params![user.gid]);
    }
    if let Some(raw) = workspace {
        let (workspace, _) = cx.refer::<Workspace>("workspace", raw)?;
        query = query.filter("t.workspace = ?", params![workspace.gid]);
    }
    query.page(cx, call)
}

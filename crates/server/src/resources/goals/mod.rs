//! Goals: what a company, a team or a person wants to reach.
//!
//! API section "Goals". Who shares a goal is in [`members`], who hears of it in [`followers`], what it measures in [`metrics`], how
//! far it got in [`progress`], the lists in [`lists`]. What supports a goal is in [`super::goal_relationships`].
//! Events: `goal` added, changed, deleted; a change of what supports a goal is a change of its `metric`.

pub mod followers;
mod lists;
mod members;
pub mod metrics;
pub mod progress;

use crate::access::grants;
use crate::api::operations::Input;
use crate::prelude::*;
use crate::resources::teams::Team;
use crate::resources::time_periods::TimePeriod;
use crate::resources::users::User;
use crate::resources::workspaces::Workspace;
use crate::resources::{likes, status_updates, texts, workspace_memberships};
use engine::changed_columns;
use metrics::GoalMetric;
use model::{AccessLevelName, name_key};

/// A goal as stored, one row of `goals`.
#[derive(Debug, Clone)]
pub struct Goal {
    pub gid: Gid,
    pub workspace: Gid,
    pub team: Option<Gid>,
    pub is_workspace_level: bool,
    pub name: String,
    pub name_key: String,
    pub owner: Option<Gid>,
    pub time_period: Option<Gid>,
    pub start_on: Option<Date>,
    pub due_on: Option<Date>,
    pub status: Option<String>,
    pub privacy_setting: String,
    pub default_access_level: String,
    pub created_at: Timestamp,
    pub created_by: Option<Gid>,
    pub modified_at: Timestamp,
}

row! { Goal in "goals" { gid, workspace, team, is_workspace_level, name, name_key, owner, time_period, start_on, due_on, status, privacy_setting, default_access_level, created_at, created_by, modified_at } }

/// How a goal goes: while it is open, then how it was closed. Source: `GoalResponse.status`.
const STATUSES: &[&str] = &["green", "yellow", "red", "missed", "achieved", "partial", "dropped"];

/// Who sees a goal beside its members. Source: `GoalResponse.privacy_setting`.
const PRIVACY_SETTINGS: &[&str] = &["public_to_workspace", "members_only"];

impl Record for Goal {
    fn schema(s: &mut Schema<Self>) {
        s.doc("What a company, a team or a person wants to reach.");
        s.field("name", |g| &g.name)
            .write(|g, Name(name)| g.name = name)
            .compact()
            .doc("What the goal is called.");
        s.one::<User>("owner", |g| g.owner)
            .write(|g, v| g.owner = v)
            .compact()
            .doc("Who is responsible for it, or null.");
        texts::pair(s, "notes", "html_notes", &[]);
        s.field("due_on", |g| &g.due_on)
            .write(|g, v| g.due_on = v)
            .doc("The day on which the goal is due.");
        s.field("start_on", |g| &g.start_on)
            .write(|g, v| g.start_on = v)
            .doc("The day on which work begins; needs a due date.");
        s.field("is_workspace_level", |g| &g.is_workspace_level)
            .write(|g, v| g.is_workspace_level = v)
            .doc("Whether it is a goal of the whole workspace. Otherwise it is its team's, or its owner's.");
        likes::liked(s);
        s.one::<Team>("team", |g| g.team)
            .write(|g, v| g.team = v)
            .doc("The team whose goal it is, or null.");
        s.one::<Workspace>("workspace", |g| Some(g.workspace))
            .doc("The workspace the goal belongs to; it never moves.");
        s.many::<User>("followers", Join::through("goal_followers", "goal", "user"))
            .refused()
            .doc("Who is told about changes, longest follower first.");
        s.one::<TimePeriod>("time_period", |g| g.time_period)
            .write(|g, v| g.time_period = v)
            .doc("The period in which it is to be reached, or null.");
        s.fetched_one::<GoalMetric>("metric", progress::measured)
            .doc("What the goal measures, and how far it got; null if nothing is measured.");
        s.field("status", |g| &g.status)
            .values(STATUSES)
            .write_later(|g, v| g.status = v)
            .doc("How the goal goes, or how it was closed; null until somebody says so. Can be written where there is a metric.");
        status_updates::current(s);
        s.field("privacy_setting", |g| &g.privacy_setting)
            .values(PRIVACY_SETTINGS)
            .write(|g, v| g.privacy_setting = v)
            .doc("Who sees the goal beside its members and its team.");
        s.field("default_access_level", |g| &g.default_access_level)
            .values(AccessLevelName::ALL)
            .write(|g, v| g.default_access_level = v)
            .doc(
                "The level of those who join, and of those who see the goal without being members.",
            );
        s.computed("custom_fields", |_, _| Vec::<serde_json::Value>::new())
            .doc("The custom fields that the goal has values for; goals have none yet.");
        s.computed("custom_field_settings", |_, _| Vec::<serde_json::Value>::new())
            .doc("The custom fields of the goal; goals have none yet.");
    }
}

impl Resource for Goal {
    const TYPE: &'static str = "goal";
    fn gid(&self) -> Gid {
        self.gid
    }
}

impl Object for Goal {
    const DELETE: Level = Level::Admin;

    fn workspace(&self) -> Gid {
        self.workspace
    }

    /// A goal in the workspace of the body, or in that of its team; guests may not create one.
    fn draft(cx: &mut Context<'_, '_>, body: &Body) -> Result<Self> {
        let team = match body.reference("team")?.flatten() {
            Some(raw) => Some(team_for(cx, &raw)?),
            None => None,
        };
        let workspace = match &team {
            Some(team) if body.reference("workspace")?.flatten().is_none() => team.workspace,
            _ => cx.workspace_of(body, Level::Edit)?,
        };
        if matches!(cx.role(workspace)?.as_deref(), None | Some("guest")) {
            return Err(forbidden("Guests cannot create goals"));
        }
        let (now, me) = (cx.now(), cx.me());
        Ok(Goal {
            gid: cx.gid()?,
            workspace,
            team: None,
            is_workspace_level: false,
            name: String::new(),
            name_key: String::new(),
            owner: Some(me),
            time_period: None,
            start_on: None,
            due_on: None,
            status: None,
            privacy_setting: "public_to_workspace".to_owned(),
            default_access_level: AccessLevelName::Commenter.as_str().to_owned(),
            created_at: now,
            created_by: Some(me),
            modified_at: now,
        })
    }

    fn prepare(
        cx: &mut Context<'_, '_>,
        before: Option<&Self>,
        row: &mut Self,
        body: &Body,
    ) -> Result<()> {
        require(!row.name.is_empty(), "name", "Must not be empty")?;
        row.name_key = name_key(&row.name);
        row.check_home(cx, before, body)?;
        row.check_dates(body)?;
        if let Some(owner) = row.owner.filter(|_| before.is_none_or(|b| b.owner != row.owner)) {
            workspace_memberships::require_in_workspace(cx, row.workspace, "owner", &[owner])?;
        }
        if let Some(period) =
            row.time_period.filter(|_| before.is_none_or(|b| b.time_period != row.time_period))
        {
            let home: Option<Gid> = cx.cell(
                "SELECT p.workspace FROM time_periods AS p WHERE p.gid = ?",
                params![period],
            )?;
            let message = "Must be in the workspace of the goal";
            require(home == Some(row.workspace), "time_period", message)?;
        }
        let says = row.status.is_some() && before.is_some_and(|b| b.status != row.status);
        if says && metrics::of(cx, row.gid)?.is_none() {
            return Err(invalid("status", "Can be written only where the goal has a metric"));
        }
        if before.is_some_and(|before| !changed_columns(before, row).is_empty()) {
            row.modified_at = cx.now();
        }
        Ok(())
    }

    fn changed(
        cx: &mut Context<'_, '_>,
        before: Option<&Self>,
        row: &Self,
        fields: &mut Fields,
        body: &Body,
    ) -> Result<()> {
        match before {
            None => followers::begin(cx, row, body)?,
            Some(before) => {
                let owner = row.owner.filter(|_| before.owner != row.owner);
                if let Some(owner) = owner {
                    members::admit_owner(cx, row, owner)?;
                }
                let shared = ["team", "owner", "privacy_setting", "default_access_level"];
                if fields.has_any(&shared) {
                    grants::of_goal(cx.tx, row.gid)?;
                }
            }
        }
        let text = texts::write(cx, row.gid, row.workspace, body, "notes", "html_notes")?;
        if text.is_some_and(|text| text.changed) {
            fields.add(FieldChange::changed("notes"));
            if before.is_some() {
                let now = cx.now();
                cx.later(
                    "UPDATE goals SET modified_at = ? WHERE gid = ?",
                    params![now, row.gid].to_vec(),
                )?;
            }
        }
        if let Some(liked) = body.read::<bool>("liked")?
            && likes::write(cx, row.gid, row.workspace, liked)?
        {
            let me = cx.me();
            fields.add(if liked {
                FieldChange::added("likes", User::TYPE, me)
            } else {
                FieldChange::removed("likes", User::TYPE, me)
            });
        }
        // What is not measured counts as reached once it is achieved; see [`progress`].
        if fields.has("status") {
            progress::tell_above(cx, row.gid, row.workspace)?;
        }
        Ok(())
    }

    /// Itself, its team, the workspace.
    fn scopes(&self, _cx: &mut Context<'_, '_>) -> Result<Vec<Gid>> {
        let mut scopes = vec![self.gid, self.workspace];
        scopes.extend(self.team);
        Ok(scopes)
    }

    /// Restoring it takes the deletion back and writes the grants anew; what supported it supports it again.
    fn delete(cx: &mut Context<'_, '_>, row: &Self) -> Result<()> {
        progress::tell_above(cx, row.gid, row.workspace)?;
        cx.trash(Self::TYPE, Self::TABLE, row.gid, row.workspace)?;
        cx.later("DELETE FROM grants WHERE object = ?", params![row.gid].to_vec())
    }
}

impl Goal {
    /// Takes the goal's row for this transaction, so that what follows is decided on rows that nobody else changes.
    pub fn lock(&self, cx: &mut Context<'_, '_>) -> Result<()> {
        cx.lock(Self::TABLE, self.gid)
    }

    /// A goal is the workspace's or a team's or neither, not both. Whichever is sent last ends the other.
    fn check_home(
        &mut self,
        cx: &mut Context<'_, '_>,
        before: Option<&Self>,
        body: &Body,
    ) -> Result<()> {
        if self.is_workspace_level && self.team.is_some() {
            if body.has("team") && body.has("is_workspace_level") {
                return Err(bad_request(
                    "A goal cannot have a team and be of the workspace level at once",
                ));
            }
            if body.has("team") {
                self.is_workspace_level = false;
            } else {
                self.team = None;
            }
        }
        if let Some(team) = self.team.filter(|_| before.is_none_or(|b| b.team != self.team)) {
            let team = team_for(cx, &team.to_string())?;
            let message = "Must be in the workspace of the goal";
            require(team.workspace == self.workspace, "team", message)?;
        }
        Ok(())
    }

    /// A start needs a due date and is not after it; without a due date there is no start.
    ///
    /// Source: `GoalBase.start_on`.
    fn check_dates(&mut self, body: &Body) -> Result<()> {
        if self.due_on.is_none() {
            if self.start_on.is_some() && body.has("start_on") {
                return Err(bad_request("You must provide due_on when setting start_on"));
            }
            self.start_on = None;
        }
        match (self.start_on, self.due_on) {
            (Some(start), Some(due)) => {
                require(start <= due, "start_on", "Must not be after the due date")
            }
            _ => Ok(()),
        }
    }
}

/// The operations of the section, in the order of the API reference.
pub fn operations(api: &mut Operations) {
    let goal = Output::One(Goal::TYPE);
    api.section("Goals", "What a company, its teams and its people want to reach.");
    api.read::<Goal>("getGoal", "/goals/{goal_gid}", "One goal.");
    api.add(
        "PUT",
        "updateGoal",
        "/goals/{goal_gid}",
        "Changes a goal; only what is sent changes. Whoever may comment may like it; who owns and who sees it is for its admins.",
        Input::Update(Goal::TYPE),
        goal,
        update,
    );
    api.delete::<Goal>("deleteGoal", "/goals/{goal_gid}", "Puts a goal into the trash.");
    api.list::<Goal>(
        "getGoals",
        "/goals",
        "The goals that the actor sees and that all the given parameters fit; oldest first.",
        lists::visible,
    )
    .query("portfolio", "Only the goals that this portfolio supports.")
    .query("project", "Only the goals that this project supports.")
    .query("task", "Only the goals that this task supports.")
    .flag_query(
        "is_workspace_level",
        "Only goals of the workspace level, or only the others. Needs `workspace`.",
    )
    .query("team", "Only the goals of this team.")
    .query("workspace", "Only the goals of this workspace.")
    .query("time_periods", "Only the goals of these time periods: a comma list.");
    api.create::<Goal>("createGoal", "/goals", "Creates a goal in a workspace or team.").field(
        "workspace",
        JsonType::Gid,
        "The workspace the goal belongs to.",
    );
    metrics::operations(api);
    followers::operations(api);
    api.list_in::<Goal, Goal>(
        "getParentGoalsForGoal",
        "/goals/{goal_gid}/parentGoals",
        "The goals that a goal supports and that the actor sees, oldest first.",
        lists::parents,
    );
}

/// The team whose goal it is to be; only its people give it goals.
fn team_for(cx: &mut Context<'_, '_>, raw: &str) -> Result<Team> {
    let (team, level) = cx.refer::<Team>("team", raw)?;
    if level >= Level::Edit {
        Ok(team)
    } else {
        Err(forbidden("You do not have access to this team."))
    }
}

/// `updateGoal`: what is written decides which level it takes.
fn update(cx: &mut Context<'_, '_>, call: &Call) -> Result<Answer> {
    let (before, level) = cx.target::<Goal>(call, 0)?;
    let only_likes = call.body.has("liked") && call.body.fields().len() == 1;
    cx.require_level(level, if only_likes { Level::Comment } else { Level::Edit })?;
    let after = cx.change(before.clone(), &call.body)?;
    let sharing =
        ["team", "is_workspace_level", "owner", "privacy_setting", "default_access_level"];
    if changed_columns(&before, &after).iter().any(|(column, _)| sharing.contains(column)) {
        cx.require_level(level, Level::Admin)?;
    }
    if let Some(team) = before.team.filter(|_| before.team != after.team) {
        cx.scope(before.gid, &[team]);
    }
    cx.answer_gid::<Goal>(after.gid)
}

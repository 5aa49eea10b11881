//! What a goal measures: a number on its way from an initial to a target value.
//!
//! Where the progress comes from people or programs, the current value is written; otherwise it follows from what supports the goal
//! (see [`super::progress`]).

use super::{Goal, progress};
use crate::api::operations::Input;
use crate::prelude::*;
use crate::resources::custom_fields::display;
use engine::FromJson;
use engine::record::{insert_text, select_list};
use model::fixed;

model::string_enum! {
    /// Where the progress of a goal comes from. Source: `GoalMetricBase.progress_source`.
    pub enum ProgressSource {
        /// People write the current value.
        Manual = "manual",
        /// The progress of the goals that support it.
        SubgoalProgress = "subgoal_progress",
        /// The completed among the tasks of the projects and portfolios that support it.
        ProjectTaskCompletion = "project_task_completion",
        /// The completed among the milestones of these.
        ProjectMilestoneCompletion = "project_milestone_completion",
        /// The completed among the tasks that support it.
        TaskCompletion = "task_completion",
        /// A program writes the current value.
        External = "external",
    }
}

model::string_enum! {
    /// What the numbers of a metric are. Source: `GoalMetricBase.unit`.
    pub enum Unit {
        None = "none",
        Currency = "currency",
        Percentage = "percentage",
    }
}

impl ProgressSource {
    /// Whether the current value follows from what supports the goal.
    pub fn is_derived(self) -> bool {
        !matches!(self, ProgressSource::Manual | ProgressSource::External)
    }

    /// Whether a supporting object of this type counts.
    pub fn takes(self, supporting_type: &str) -> bool {
        match self {
            ProgressSource::Manual | ProgressSource::External => false,
            ProgressSource::SubgoalProgress => supporting_type == "goal",
            ProgressSource::ProjectTaskCompletion | ProgressSource::ProjectMilestoneCompletion => {
                matches!(supporting_type, "project" | "portfolio")
            }
            ProgressSource::TaskCompletion => supporting_type == "task",
        }
    }
}

/// Most digits behind the point. Source: `GoalMetricBase.precision`.
const MAX_PRECISION: i64 = 6;

/// The metric of a goal, one row of `goal_metrics`. The current value of a derived one is put in when it is read.
#[derive(Debug, Clone)]
pub struct GoalMetric {
    pub gid: Gid,
    pub goal: Gid,
    pub workspace: Gid,
    /// A [`ProgressSource`].
    pub progress_source: String,
    pub is_custom_weight: bool,
    /// A [`Unit`].
    pub unit: String,
    pub precision: i64,
    pub currency_code: Option<String>,
    pub initial_value: f64,
    pub target_value: f64,
    pub current_value: f64,
    pub created_by: Option<Gid>,
    pub created_at: Timestamp,
}

row! { GoalMetric in "goal_metrics" {
    gid, goal, workspace, progress_source, is_custom_weight, unit, precision, currency_code, initial_value, target_value,
    current_value, created_by, created_at
} }

impl Record for GoalMetric {
    fn schema(s: &mut Schema<Self>) {
        s.doc("What a goal measures.");
        s.identity(Some("goal_metric"), |m| m.gid);
        s.computed("resource_subtype", |_, _| "number")
            .compact()
            .doc("What is measured: a number.");
        s.field("precision", |m| &m.precision)
            .compact().doc("How many digits behind the point are shown, 0 to 6; of a percentage, digits of the percentage.");
        s.field("unit", |m| &m.unit).values(Unit::ALL).compact().doc("What the numbers are.");
        s.field("currency_code", |m| &m.currency_code)
            .compact()
            .doc("The currency, ISO 4217; null unless the unit is `currency`.");
        s.field("initial_number_value", |m| &m.initial_value).compact().doc("Where it starts.");
        s.field("target_number_value", |m| &m.target_value).compact().doc("Where it is to end.");
        s.field("current_number_value", |m| &m.current_value)
            .compact()
            .doc("Where it is; for derived progress this follows from what supports the goal.");
        s.computed("current_display_value", |m, _| m.shown())
            .compact()
            .doc("Where it is, as people read it.");
        s.field("progress_source", |m| &m.progress_source)
            .values(ProgressSource::ALL)
            .compact()
            .doc("Where the progress comes from.");
        s.field("is_custom_weight", |m| &m.is_custom_weight)
            .compact().doc("Whether what supports the goal counts by its `contribution_weight`; otherwise all that counts weighs the same.");
        s.computed("can_manage", |m, site| m.created_by == Some(site.viewer))
            .when(|m| m.progress_source == ProgressSource::External.as_str())
            .compact().doc("Whether the asking user made this external metric and may write its current value.");
    }
}

impl GoalMetric {
    /// Where the progress comes from.
    pub fn source(&self) -> ProgressSource {
        ProgressSource::parse(&self.progress_source).unwrap_or(ProgressSource::Manual)
    }

    /// The part of the way that is done, 0 to 1 and beyond.
    pub fn done(&self) -> f64 {
        (self.current_value - self.initial_value) / (self.target_value - self.initial_value)
    }

    /// The value where this part of the way is done.
    pub fn at(&self, done: f64) -> f64 {
        self.initial_value + done * (self.target_value - self.initial_value)
    }

    /// The current value for people.
    fn shown(&self) -> String {
        let precision = u8::try_from(self.precision).unwrap_or(0);
        match Unit::parse(&self.unit) {
            Some(Unit::Percentage) => display::percentage(self.current_value, precision),
            Some(Unit::Currency) => {
                let code = self.currency_code.as_deref().unwrap_or_default();
                display::currency(code, self.current_value, precision)
            }
            Some(Unit::None) | None => fixed(self.current_value, precision),
        }
    }
}

/// The operations on metrics, in the order of the API reference.
pub(super) fn operations(api: &mut Operations) {
    api.add(
        "POST",
        "createGoalMetric",
        "/goals/{goal_gid}/setMetric",
        "Says what a goal measures; replaces what it measured before.",
        Input::Fields,
        Output::One(Goal::TYPE),
        set,
    )
    .field("precision", JsonType::Integer, "How many digits behind the point are shown, 0 to 6.")
    .field("unit", JsonType::String, "`none`, `currency` or `percentage`; none if not given.")
    .field(
        "currency_code",
        JsonType::String,
        "The currency, ISO 4217, where the unit is `currency`.",
    )
    .field("initial_number_value", JsonType::Number, "Where it starts; 0 if not given.")
    .field(
        "target_number_value",
        JsonType::Number,
        "Where it is to end, not the start; 100 if not given, 1 for a percentage.",
    )
    .field("current_number_value", JsonType::Number, "Where it is; at the start if not given.")
    .field(
        "progress_source",
        JsonType::String,
        "Where the progress comes from; `manual` if not given.",
    )
    .field(
        "is_custom_weight",
        JsonType::Boolean,
        "Whether what supports the goal counts by its weight.",
    );
    api.add(
        "POST",
        "updateGoalMetric",
        "/goals/{goal_gid}/setMetricCurrentValue",
        "Says where a goal is, unless that follows from what supports it.",
        Input::Fields,
        Output::One(Goal::TYPE),
        set_current,
    )
    .required_field("current_number_value", JsonType::Number, "Where it is.");
}

/// The metric of a goal as stored.
pub fn of(cx: &mut Context<'_, '_>, goal: Gid) -> Result<Option<GoalMetric>> {
    let sql = format!(
        "SELECT {} FROM goal_metrics AS t WHERE t.goal = ?",
        select_list::<GoalMetric>("t")
    );
    cx.first(&sql, params![goal], |row| GoalMetric::from_row(row, 0))
}

/// A word of a list, or its default where the body says nothing.
fn word<T: Copy>(
    body: &Body,
    name: &'static str,
    all: &[&str],
    parse: fn(&str) -> Option<T>,
    default: T,
) -> Result<T> {
    let Some(text) = body.read::<Option<String>>(name)?.flatten() else { return Ok(default) };
    parse(&text).ok_or_else(|| invalid(name, format!("Must be one of {}", all.join(", "))))
}

/// A value of the body, or its default where it says nothing.
fn given<T: FromJson>(body: &Body, name: &'static str, default: T) -> Result<T>
where
    Option<T>: FromJson,
{
    Ok(body.read::<Option<T>>(name)?.flatten().unwrap_or(default))
}

/// The currency of the body: needed for money, meaningless otherwise.
fn currency(body: &Body, unit: Unit) -> Result<Option<String>> {
    if unit != Unit::Currency {
        return Ok(None);
    }
    let code = given(body, "currency_code", String::new())?.trim().to_uppercase();
    require(!code.is_empty(), "currency_code", "Missing input")?;
    let fits = code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase());
    require(fits, "currency_code", "Must be a currency code of ISO 4217")?;
    Ok(Some(code))
}

/// The metric that the body describes.
///
/// Errors: 400 for a value that makes no sense, for a current value where that is derived.
fn described(cx: &mut Context<'_, '_>, goal: &Goal, body: &Body) -> Result<GoalMetric> {
    let unit = word(body, "unit", Unit::ALL, Unit::parse, Unit::None)?;
    let source = word(
        body,
        "progress_source",
        ProgressSource::ALL,
        ProgressSource::parse,
        ProgressSource::Manual,
    )?;
    let precision = given(body, "precision", 0)?;
    require((0..=MAX_PRECISION).contains(&precision), "precision", "Must be between 0 and 6")?;
    let currency_code = currency(body, unit)?;
    let initial_value = given(body, "initial_number_value", 0.0)?;
    let whole = if unit == Unit::Percentage { 1.0 } else { 100.0 };
    let target_value: f64 = given(body, "target_number_value", whole)?;
    let way: f64 = target_value - initial_value;
    require(
        way != 0.0 && way.is_finite(),
        "target_number_value",
        "Must not be equal to initial_number_value",
    )?;
    let current_value = if source.is_derived() {
        initial_value
    } else {
        given(body, "current_number_value", initial_value)?
    };
    Ok(GoalMetric {
        gid: cx.gid()?,
        goal: goal.gid,
        workspace: goal.workspace,
        progress_source: source.as_str().to_owned(),
        is_custom_weight: given(body, "is_custom_weight", false)?,
        unit: unit.as_str().to_owned(),
        precision,
        currency_code,
        initial_value,
        target_value,
        current_value,
        created_by: Some(cx.me()),
        created_at: cx.now(),
    })
}

/// `createGoalMetric`.
fn set(cx: &mut Context<'_, '_>, call: &Call) -> Result<Answer> {
    let (goal, level) = cx.target::<Goal>(call, 0)?;
    cx.require_level(level, Level::Edit)?;
    let metric = described(cx, &goal, &call.body)?;
    goal.lock(cx)?;
    cx.later("DELETE FROM goal_metrics WHERE goal = ?", params![goal.gid].to_vec())?;
    cx.later(&insert_text::<GoalMetric>(), metric.values())?;
    progress::tell(cx, &goal)?;
    cx.answer_gid::<Goal>(goal.gid)
}

/// `updateGoalMetric`. An external metric is written by whoever made it, and by nobody else.
///
/// Errors: 400 if the goal has no metric or a derived one.
fn set_current(cx: &mut Context<'_, '_>, call: &Call) -> Result<Answer> {
    let (goal, level) = cx.target::<Goal>(call, 0)?;
    cx.require_level(level, Level::Edit)?;
    goal.lock(cx)?;
    let metric = of(cx, goal.gid)?.ok_or_else(|| bad_request("The goal has no metric"))?;
    if metric.source().is_derived() {
        return Err(bad_request(
            "The current value of this metric follows from what supports the goal",
        ));
    }
    if metric.source() == ProgressSource::External && metric.created_by != Some(cx.me()) {
        return Err(forbidden("Only who made an external metric may write its current value"));
    }
    let current_value = call
        .body
        .read::<f64>("current_number_value")?
        .ok_or_else(|| invalid("current_number_value", "Missing input"))?;
    let changed = cx.execute(
        "UPDATE goal_metrics SET current_value = ? WHERE gid = ? AND current_value <> ?",
        params![current_value, metric.gid, current_value],
    )?;
    if changed > 0 {
        progress::tell(cx, &goal)?;
    }
    cx.answer_gid::<Goal>(goal.gid)
}

//! Rules of projects, and the log of their runs.
//!
//! API section "Rules", 1 operation; the others are of the extension API. How rules work is in [`crate::rules`]. Events:
//! `rule` added, changed, deleted, for who watches the workspace.

use crate::api::call::cut;
use crate::api::operations::Input;
use crate::prelude::*;
use crate::resources::projects::Project;
use crate::resources::tasks::Task;
use crate::resources::users::User;
use crate::rules::check::{self, Part};
use crate::rules::queue::{self, Item};
use crate::rules::{run, schedule};
use engine::json::ToJson;
use engine::schema::{Fetching, RowsOf};
use serde_json::{Map, Value as Json, json};

/// Most rules of a project. Source: dossier 5.5, "Limits".
const MAX_RULES: i64 = 50;

/// Most keys of `action_data`, and the longest of them and of their values, in characters. Ours.
const MAX_KEYS: usize = 50;
const MAX_KEY: usize = 100;
const MAX_VALUE: usize = 10_000;

/// How conditions count together.
const MATCHES: &[&str] = &["all", "any"];

/// What can become of a run.
const OUTCOMES: &[&str] = &["succeeded", "skipped", "failed", "stopped"];

/// A rule as stored, one row of `rules`.
#[derive(Debug, Clone)]
pub struct Rule {
    pub gid: Gid,
    pub workspace: Gid,
    pub project: Gid,
    pub name: String,
    pub enabled: bool,
    /// Why the server switched it off.
    pub disabled_reason: Option<String>,
    pub match_mode: String,
    /// The gid by which requests set it off.
    pub trigger_gid: Gid,
    pub trigger_type: String,
    /// JSON; see [`crate::rules::check`].
    pub trigger_spec: String,
    /// A JSON list.
    pub conditions: String,
    /// A JSON list.
    pub actions: String,
    /// Who last saved it: it runs with his rights.
    pub owner: Gid,
    /// What was before this is not its business.
    pub armed_at: Timestamp,
    /// When its schedule is due next.
    pub next_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub created_by: Option<Gid>,
    pub modified_at: Timestamp,
}

row! { Rule in "rules" {
    gid, workspace, project, name, enabled, disabled_reason, match_mode, trigger_gid, trigger_type, trigger_spec, conditions,
    actions, owner, armed_at, next_at, created_at, created_by, modified_at
} }

impl Rule {
    /// The stored trigger.
    pub fn spec(&self) -> Map<String, Json> {
        serde_json::from_str(&self.trigger_spec).unwrap_or_default()
    }

    /// A stored list.
    pub fn parts(&self, stored: &str) -> Vec<Map<String, Json>> {
        serde_json::from_str(stored).unwrap_or_default()
    }

    /// Whether all of its conditions have to hold.
    pub fn is_all(&self) -> bool {
        self.match_mode == "all"
    }
}

impl Record for Rule {
    fn schema(s: &mut Schema<Self>) {
        s.doc("What a project lets happen by itself: a trigger, conditions, actions.");
        s.field("name", |r| &r.name)
            .write(|r, Name(name)| r.name = name)
            .compact()
            .doc("What the rule is called.");
        s.field("enabled", |r| &r.enabled)
            .write(|r, v| r.enabled = v)
            .compact()
            .doc("Whether it runs.");
        s.field("disabled_reason", |r| &r.disabled_reason)
            .doc("Why the server switched it off; null if it did not.");
        s.one::<Project>("project", |r| Some(r.project)).doc("The project it works in.");
        s.computed(
            "rule_trigger",
            |r, _| json!({ "gid": r.trigger_gid.to_string(), "resource_type": "rule_trigger" }),
        )
        .doc("What an incoming web request names to set the rule off.");
        s.found("trigger", Json::Null, |fetching| shown(fetching, Part::Trigger))
            .written_apart()
            .doc("What sets it off: `type` and what belongs to it; see docs/rules.md.");
        s.field("match", |r| &r.match_mode)
            .values(MATCHES)
            .write(|r, v| r.match_mode = v)
            .doc("Whether all conditions have to hold, or any of them.");
        s.found("conditions", List(Vec::new()), |fetching| listed(fetching, Part::Conditions))
            .written_apart()
            .doc("What has to hold: a list of `field`, `operator`, `value`.");
        s.found("actions", List(Vec::new()), |fetching| listed(fetching, Part::Actions))
            .written_apart()
            .doc("What it does, in order: a list of `type` and what belongs to it.");
        s.one::<User>("owner", |r| Some(r.owner))
            .doc("Who last saved it: it runs with the rights of this user.");
        s.field("next_run_at", |r| &r.next_at).doc("When its schedule is due next, or null.");
        s.field("created_at", |r| &r.created_at).doc("When it was made.");
        s.one::<User>("created_by", |r| r.created_by).doc("Who made it.");
        s.field("modified_at", |r| &r.modified_at).doc("When it was last changed.");
    }
}

impl Resource for Rule {
    const TYPE: &'static str = "rule";
    fn gid(&self) -> Gid {
        self.gid
    }
}

/// A part of the rules that are being shown. Who may not edit the project is not shown which addresses a rule calls.
fn shown(fetching: &mut Fetching<'_, '_>, part: Part) -> Result<Vec<(usize, Json)>, store::Error> {
    let viewer = fetching.viewer;
    let parents = fetching.parents;
    let rules: &[Rule] =
        parents.any().downcast_ref::<RowsOf<Rule>>().map_or(&[], |rows| &rows.rows);
    let mut editable: Vec<Gid> = Vec::new();
    if part == Part::Actions && rules.iter().any(|rule| rule.actions.contains("call_webhook")) {
        let level = crate::access::level("rule", "t", viewer.sight);
        let text = format!(
            "SELECT t.gid FROM :ids AS i JOIN rules AS t ON t.gid = i.value WHERE ({level}) >= 3"
        );
        let template = engine::Template::new(&text, &|_, _| String::new());
        let values = template.params(viewer.gid, fetching.ids);
        editable = fetching.tx.query(template.sql(), &values, |row| row.get(0))?;
    }
    let stored: Vec<(&str, bool)> = rules
        .iter()
        .map(|rule| {
            let text = match part {
                Part::Trigger => &rule.trigger_spec,
                Part::Conditions => &rule.conditions,
                Part::Actions => &rule.actions,
            };
            (text.as_str(), editable.contains(&rule.gid))
        })
        .collect();
    Ok(check::shown(fetching.tx, viewer, part, &stored)?.into_iter().enumerate().collect())
}

/// A list of objects of many shapes.
struct List(Vec<Json>);

impl ToJson for List {
    const TYPE: JsonType = JsonType::Objects;
    fn write_json(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(Json::Array(self.0.clone()).to_string().as_bytes());
    }
}

/// [`shown`], of a part that is a list.
fn listed(fetching: &mut Fetching<'_, '_>, part: Part) -> Result<Vec<(usize, List)>, store::Error> {
    let list = |json| match json {
        Json::Array(list) => List(list),
        _ => List(Vec::new()),
    };
    let all = shown(fetching, part)?;
    Ok(all.into_iter().map(|(key, json)| (key, list(json))).collect())
}

impl Object for Rule {
    fn workspace(&self) -> Gid {
        self.workspace
    }

    fn draft(cx: &mut Context<'_, '_>, body: &Body) -> Result<Self> {
        let raw = body
            .reference("project")?
            .flatten()
            .ok_or_else(|| invalid("project", "Missing input"))?;
        let project = run::project(cx, &raw)?;
        // Projects in which rules are made at the same time wait here.
        cx.lock(Project::TABLE, project.gid)?;
        let count: Option<i64> =
            cx.cell("SELECT count(*) FROM rules AS r WHERE r.project = ?", params![project.gid])?;
        require(count.unwrap_or(0) < MAX_RULES, "project", "A project can have at most 50 rules")?;
        for name in ["name", "trigger", "actions"] {
            require(body.has(name), name, "Missing input")?;
        }
        Ok(Rule {
            gid: cx.gid()?,
            workspace: project.workspace,
            project: project.gid,
            name: String::new(),
            enabled: true,
            disabled_reason: None,
            match_mode: "all".to_owned(),
            trigger_gid: cx.gid()?,
            trigger_type: String::new(),
            trigger_spec: "{}".to_owned(),
            conditions: "[]".to_owned(),
            actions: "[]".to_owned(),
            owner: cx.me(),
            armed_at: cx.now(),
            next_at: None,
            created_at: cx.now(),
            created_by: Some(cx.me()),
            modified_at: cx.now(),
        })
    }

    /// Whoever saves a rule becomes its owner, so all of it is checked with his rights. Switching it off is open to every editor.
    fn prepare(
        cx: &mut Context<'_, '_>,
        before: Option<&Self>,
        row: &mut Self,
        body: &Body,
    ) -> Result<()> {
        require(!row.name.is_empty(), "name", "Must not be empty")?;
        row.modified_at = cx.now();
        let only_pauses = body.fields().len() == 1 && body.has("enabled") && !row.enabled;
        if before.is_some() && only_pauses {
            row.next_at = None;
            return Ok(());
        }
        row.owner = cx.me();
        row.disabled_reason = None;
        let project = run::project(cx, &row.project.to_string())?;
        let part = |name: &str, stored: &str| match body.get(name) {
            Some(sent) => Ok(sent.clone()),
            None => serde_json::from_str(stored),
        };
        let trigger = check::trigger(cx, &project, &part("trigger", &row.trigger_spec)?)?;
        let conditions = check::conditions(cx, &project, &part("conditions", &row.conditions)?)?;
        let actions = check::actions(cx, &project, &part("actions", &row.actions)?)?;
        let spec = trigger.as_object().cloned().unwrap_or_default();
        check::text(&spec, "type").clone_into(&mut row.trigger_type);
        row.next_at = None;
        if row.trigger_type == "schedule" {
            let none = conditions.as_array().is_none_or(Vec::is_empty);
            require(none, "conditions", "A schedule has no task that conditions could look at")?;
            if let Some((number, name)) = check::needs_task(&actions) {
                return Err(invalid(
                    format!("actions: [{number}]"),
                    format!("{name} needs a task, and a schedule has none"),
                ));
            }
            if row.enabled {
                row.next_at = schedule::next(&spec, cx.zone(), cx.now());
            }
        }
        row.trigger_spec = trigger.to_string();
        row.conditions = conditions.to_string();
        row.actions = actions.to_string();
        let is_armed =
            before.is_none_or(|before| !before.enabled || before.trigger_spec != row.trigger_spec);
        if is_armed {
            row.armed_at = cx.now();
        }
        Ok(())
    }

    /// The lines of the run log go with time.
    fn delete(cx: &mut Context<'_, '_>, row: &Self) -> Result<()> {
        cx.later("DELETE FROM rule_queue WHERE rule = ?", params![row.gid].to_vec())?;
        cx.later("DELETE FROM rules WHERE gid = ?", params![row.gid].to_vec())
    }
}

/// A run of a rule as stored, one row of `rule_runs`.
#[derive(Debug, Clone)]
pub struct RuleRun {
    pub gid: Gid,
    pub workspace: Gid,
    pub rule: Gid,
    pub source: String,
    pub task: Option<Gid>,
    pub outcome: String,
    pub reason: Option<String>,
    pub depth: i64,
    pub started_at: Timestamp,
    pub duration_ms: i64,
}

row! { RuleRun in "rule_runs" { gid, workspace, rule, source, task, outcome, reason, depth, started_at, duration_ms } }

impl Record for RuleRun {
    fn schema(s: &mut Schema<Self>) {
        s.doc("What became of one run of a rule.");
        s.field("outcome", |u| &u.outcome)
            .values(OUTCOMES)
            .compact()
            .doc("`succeeded`; `skipped`, where conditions did not hold; `failed`, and then nothing of it was done; `stopped`, where rules set each other off or one ran too often.");
        s.field("reason", |u| &u.reason).compact().doc("Why nothing, or not everything, was done.");
        s.one::<Task>("task", |u| u.task).compact().doc(
            "The task that it was about; null for none, and for one that the reader may not see.",
        );
        s.one::<Rule>("rule", |u| Some(u.rule)).doc("The rule.");
        s.field("depth", |u| &u.depth)
            .doc("How many rules in a row set each other off, this one counted.");
        s.field("started_at", |u| &u.started_at).compact().doc("When it ran.");
        s.field("duration_ms", |u| &u.duration_ms)
            .compact()
            .doc("How long it took, in milliseconds.");
    }
}

impl Resource for RuleRun {
    const TYPE: &'static str = "rule_run";
    fn gid(&self) -> Gid {
        self.gid
    }
}

/// The operations, those of the API reference first.
pub fn operations(api: &mut Operations) {
    api.section("Rules", "What projects let happen by themselves, set off by requests.");
    api.add(
        "POST",
        "triggerRule",
        "/rule_triggers/{rule_trigger_gid}/run",
        "Sets off a rule that waits for an incoming web request.",
        Input::Fields,
        Output::Plain(&[("message", JsonType::String, "That it was taken.")]),
        trigger,
    )
    .required_field("resource", JsonType::Gid, "A task of the rule's project, or the project.")
    .required_field(
        "action_data",
        JsonType::Object,
        "Texts by their keys; `{{key}}` in the texts of the rule's actions stands for them.",
    );
    api.extension("Rules, more", "Making rules, trying them, and seeing what they did.");
    api.list_full::<Rule>(
        "getRules",
        "/rules",
        "The rules of a project, oldest first.",
        of_project,
    )
    .required_query("project", "The project.");
    api.create::<Rule>(
        "createRule",
        "/rules",
        "Makes a rule. It runs with the rights of who saves it.",
    )
    .required_field("project", JsonType::Gid, "The project it works in.");
    api.read::<Rule>("getRule", "/rules/{rule_gid}", "One rule.");
    api.update::<Rule>(
        "updateRule",
        "/rules/{rule_gid}",
        "Changes a rule. Who saves it becomes its owner, unless it is only switched off.",
    );
    api.delete::<Rule>("deleteRule", "/rules/{rule_gid}", "Deletes a rule.");
    api.add(
        "POST",
        "testRule",
        "/rules/{rule_gid}/test",
        "Says what a rule would do to a task, and does nothing. It is tried with the rights of who asks.",
        Input::Fields,
        Output::Plain(&[
            ("would_run", JsonType::Boolean, "Whether every action would be done."),
            ("reason", JsonType::String, "Why not."),
            ("conditions", JsonType::Objects, "Each condition: `field`, `operator`, `holds`."),
            ("actions", JsonType::Objects, "Each action: `type`, `outcome` (`would_run`, `would_fail`, `not_reached`), `reason`, and the `changes` it would make."),
        ]),
        test,
    )
    .field("task", JsonType::Gid, "A task of the project; left out for rules that need none.");
    api.list_in::<Rule, RuleRun>(
        "getRunsForRule",
        "/rules/{rule_gid}/runs",
        "What became of the runs of a rule in the last 30 days, newest first.",
        runs,
    );
}

/// `getRules`.
fn of_project(cx: &mut Context<'_, '_>, call: &Call) -> Result<Page<Rule>> {
    let (project, _) = cx.refer::<Project>("project", call.required("project")?)?;
    Query::inside()
        .filter("t.project = ?", params![project.gid])
        .order(&["t.created_at", "t.gid"])
        .page(cx, call)
}

/// `getRunsForRule`.
fn runs(cx: &mut Context<'_, '_>, rule: &Rule, call: &Call) -> Result<Page<RuleRun>> {
    let since = cx.now().millis() - 30 * 24 * 60 * 60 * 1_000;
    Query::given()
        .filter("t.rule = ? AND t.started_at >= ?", params![rule.gid, since])
        .order(&["t.started_at", "t.gid"])
        .descending()
        .page(cx, call)
}

/// The task that a request names, if it is of the rule's project.
fn task_of(cx: &mut Context<'_, '_>, rule: &Rule, name: &'static str, raw: &str) -> Result<Task> {
    let (task, _) = cx.refer::<Task>(name, raw)?;
    let there: Option<i64> = cx.cell(
        "SELECT 1 FROM task_projects AS tp WHERE tp.task = ? AND tp.project = ?",
        params![task.gid, rule.project],
    )?;
    require(there.is_some(), name, "Must be a task of the rule's project")?;
    Ok(task)
}

/// `testRule`.
fn test(cx: &mut Context<'_, '_>, call: &Call) -> Result<Answer> {
    let (rule, level) = cx.target::<Rule>(call, 0)?;
    cx.require_level(level, Level::Edit)?;
    let raw = call.body.reference("task")?.flatten();
    let can_do_without = rule.conditions == "[]" && rule.trigger_type == "schedule";
    require(raw.is_some() || can_do_without, "task", "Missing input")?;
    let task = raw.map(|raw| task_of(cx, &rule, "task", &raw)).transpose()?;
    let said = crate::rules::trial(cx, &rule, task.as_ref())?;
    Ok(Answer { data: said.to_string().into_bytes(), ..Answer::default() })
}

/// `triggerRule`: whoever may edit the project sets the rule off; it then runs as ever, as its owner.
fn trigger(cx: &mut Context<'_, '_>, call: &Call) -> Result<Answer> {
    const NAME: &str = "rule_trigger";
    let raw = call.segment(0);
    let unknown = || not_found(NAME, cut(raw));
    let wrong = || invalid(NAME, format!("Not a recognized ID: {}", cut(raw)));
    let gid = Gid::parse(raw).ok_or_else(wrong)?;
    let rule: Option<Gid> =
        cx.cell("SELECT r.gid FROM rules AS r WHERE r.trigger_gid = ?", params![gid])?;
    let rule = rule.ok_or_else(unknown)?.to_string();
    let (rule, level) = match cx.find::<Rule>(NAME, &rule) {
        Err(Error::NotFound { .. }) => return Err(unknown()),
        found => found?,
    };
    cx.require_level(level, Level::Edit)?;
    let waits = rule.trigger_type == "incoming_web_request";
    require(waits, NAME, "The rule does not wait for an incoming web request")?;
    require(rule.enabled, NAME, "The rule is switched off")?;
    let resource = call.body.reference("resource")?.flatten();
    let resource = resource.ok_or_else(|| invalid("resource", "Missing input"))?;
    let task = if Gid::parse(&resource) == Some(rule.project) {
        None
    } else {
        Some(task_of(cx, &rule, "resource", &resource)?.gid)
    };
    let data = action_data(call.body.get("action_data"))?;
    let request = cx.gid()?;
    let (me, now) = (cx.me(), cx.now());
    let source = format!("request {request}");
    let item = Item { actor: Some(me), at: now, data, ..Item::new(&rule, source, task) };
    queue::put(cx.tx, now, &item)?;
    cx.begins_jobs = true;
    let said = json!({ "message": "Successfully saved the payload and ran the rule" });
    Ok(Answer { data: said.to_string().into_bytes(), ..Answer::default() })
}

/// What was sent as `action_data`: texts by their keys.
fn action_data(sent: Option<&Json>) -> Result<Map<String, Json>> {
    const NAME: &str = "action_data";
    let sent = sent.filter(|sent| !sent.is_null()).ok_or_else(|| invalid(NAME, "Missing input"))?;
    let map = sent.as_object().ok_or_else(|| invalid(NAME, "Must be an object"))?;
    require(map.len() <= MAX_KEYS, NAME, "Must be at most 50 keys")?;
    for (key, value) in map {
        let fits = !key.is_empty()
            && key.chars().count() <= MAX_KEY
            && key.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ' '));
        if !fits {
            let message = format!("Not a key of letters, digits, _, -, . and blanks: {}", cut(key));
            return Err(invalid(NAME, message));
        }
        let place = || format!("{NAME}: {}", cut(key));
        let text = value.as_str().ok_or_else(|| invalid(place(), "Must be a string"))?;
        if text.chars().count() > MAX_VALUE || text.contains('\0') {
            return Err(invalid(
                place(),
                format!("Must be at most {MAX_VALUE} characters without NUL"),
            ));
        }
    }
    Ok(map.clone())
}

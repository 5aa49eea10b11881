//! What triggers, conditions and actions there are, and which parameters each takes.

/// What a parameter holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An object of this type.
    One(&'static str),
    /// An object of this type, or null.
    OneOrNone(&'static str),
    /// Objects of this type, at least one.
    Many(&'static str),
    /// A text of at most so many characters; variables can stand in it.
    Text(usize),
    /// Rich text; variables can stand in it.
    Html,
    /// A whole number between these.
    Number(i64, i64),
    /// One of these words.
    Word(&'static [&'static str]),
    /// Some of these words, at least one.
    Words(&'static [&'static str]),
    /// A custom field of the project.
    Field,
    /// A value of the custom field that `custom_field` names, or of the field that `field` names.
    Value,
    /// An address of the internet.
    Url,
    /// A time of the day, `09:30`.
    Clock,
}

/// A parameter.
#[derive(Clone, Copy, Debug)]
pub struct Param {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Whether it must be given.
    pub required: bool,
}

/// A type of trigger or action.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Its `type`.
    pub name: &'static str,
    /// What it takes beside that.
    pub params: &'static [Param],
    /// Of an action whether it does something to a task; of a trigger whether it is about one.
    pub of_task: bool,
}

const fn must(name: &'static str, kind: Kind) -> Param {
    Param { name, kind, required: true }
}

const fn may(name: &'static str, kind: Kind) -> Param {
    Param { name, kind, required: false }
}

const fn of_task(name: &'static str, params: &'static [Param]) -> Shape {
    Shape { name, params, of_task: true }
}

const fn of_project(name: &'static str, params: &'static [Param]) -> Shape {
    Shape { name, params, of_task: false }
}

/// Longest name. As everywhere.
const NAME: usize = engine::body::MAX_NAME;

/// Longest text that a rule writes, in characters. Ours.
const TEXT: usize = 20_000;

/// Most days and hours in a rule: ten years, and two weeks.
const DAYS: i64 = 3_650;
const HOURS: i64 = 336;

/// The fields whose change can set a rule off.
pub const WATCHED: &[&str] = &[
    "name",
    "notes",
    "assignee",
    "due_on",
    "start_on",
    "completed",
    "resource_subtype",
    "approval_status",
    "tags",
    "followers",
    "parent",
    "custom_field",
];

/// The fields that an action can set beside custom fields.
pub const SETTABLE: &[&str] = &[
    "name",
    "notes",
    "html_notes",
    "assignee",
    "completed",
    "due_on",
    "due_at",
    "start_on",
    "start_at",
    "resource_subtype",
    "approval_status",
];

/// The kinds of tasks.
pub const SUBTYPES: &[&str] = &["default_task", "milestone", "approval"];

/// The states of an approval.
pub const APPROVALS: &[&str] = &["pending", "approved", "rejected", "changes_requested"];

const STATUSES: &[&str] = &["on_track", "at_risk", "off_track", "on_hold", "complete", "dropped"];

/// The days of the week, Monday first.
pub const WEEKDAYS: &[&str] =
    &["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// What sets a rule off.
pub const TRIGGERS: &[Shape] = &[
    of_task("task_added", &[may("section", Kind::One("section"))]),
    of_task("task_moved", &[may("section", Kind::One("section"))]),
    of_task(
        "field_changed",
        &[must("field", Kind::Word(WATCHED)), may("custom_field", Kind::Field)],
    ),
    of_task("completed", &[]),
    of_task("reopened", &[]),
    of_task(
        "due_approaching",
        &[may("days", Kind::Number(0, DAYS)), may("hours", Kind::Number(1, HOURS))],
    ),
    of_task("due_passed", &[]),
    of_task("comment_added", &[]),
    of_task("unblocked", &[]),
    of_task("approval_changed", &[may("approval_status", Kind::Word(APPROVALS))]),
    of_task("incoming_web_request", &[]),
    of_project(
        "schedule",
        &[
            must("every", Kind::Word(&["day", "week", "month"])),
            must("at", Kind::Clock),
            may("weekdays", Kind::Words(WEEKDAYS)),
            may("day", Kind::Number(1, 31)),
        ],
    ),
];

/// What a rule does.
pub const ACTIONS: &[Shape] = &[
    of_task("set_field", &[must("field", Kind::Word(SETTABLE)), must("value", Kind::Value)]),
    of_task("set_custom_field", &[must("custom_field", Kind::Field), must("value", Kind::Value)]),
    of_task("assign", &[must("assignee", Kind::OneOrNone("user"))]),
    of_task("move_to_section", &[must("section", Kind::One("section"))]),
    of_task(
        "add_project",
        &[must("project", Kind::One("project")), may("section", Kind::One("section"))],
    ),
    of_task("remove_project", &[must("project", Kind::One("project"))]),
    of_task("add_tag", &[must("tag", Kind::One("tag"))]),
    of_task("remove_tag", &[must("tag", Kind::One("tag"))]),
    of_task("add_followers", &[must("followers", Kind::Many("user"))]),
    of_task("remove_followers", &[must("followers", Kind::Many("user"))]),
    of_task("comment", &[may("text", Kind::Text(TEXT)), may("html_text", Kind::Html)]),
    of_project(
        "create_task",
        &[
            must("name", Kind::Text(NAME)),
            may("notes", Kind::Text(TEXT)),
            may("assignee", Kind::One("user")),
            may("section", Kind::One("section")),
            may("due_in_days", Kind::Number(-DAYS, DAYS)),
        ],
    ),
    of_project(
        "create_from_template",
        &[must("task_template", Kind::One("task_template")), may("name", Kind::Text(NAME))],
    ),
    of_task(
        "create_subtask",
        &[
            must("name", Kind::Text(NAME)),
            may("notes", Kind::Text(TEXT)),
            may("assignee", Kind::One("user")),
            may("due_in_days", Kind::Number(-DAYS, DAYS)),
        ],
    ),
    of_task("complete", &[]),
    of_task("reopen", &[]),
    of_task(
        "set_date",
        &[
            must("field", Kind::Word(&["due_on", "start_on", "custom_field"])),
            may("custom_field", Kind::Field),
            must("relative_to", Kind::Word(&["today", "trigger", "due_on"])),
            must("days", Kind::Number(-DAYS, DAYS)),
        ],
    ),
    of_project(
        "post_status",
        &[
            must("status_type", Kind::Word(STATUSES)),
            may("title", Kind::Text(NAME)),
            may("text", Kind::Text(TEXT)),
            may("html_text", Kind::Html),
        ],
    ),
    of_project("call_webhook", &[must("url", Kind::Url)]),
];

/// What the values of a field are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// A text.
    Text,
    /// A number.
    Number,
    /// Yes or no.
    Flag,
    /// A day.
    Day,
    /// One of these words.
    Word(&'static [&'static str]),
    /// At most one object of this type.
    One(&'static str),
    /// Objects of this type.
    Many(&'static str),
}

impl Holds {
    /// The operators of conditions on it.
    pub const fn operators(self) -> &'static [&'static str] {
        match self {
            Holds::Number => &["is", "is_not", "greater_than", "less_than", "is_set", "is_not_set"],
            Holds::Flag => &["is", "is_not"],
            Holds::Day => &["is", "is_not", "before", "after", "within", "is_set", "is_not_set"],
            Holds::Word(_) | Holds::One(_) => &["is", "is_not", "is_set", "is_not_set"],
            Holds::Text | Holds::Many(_) => {
                &["is", "is_not", "contains", "not_contains", "is_set", "is_not_set"]
            }
        }
    }
}

/// The fields that conditions can look at, beside custom fields.
pub const FIELDS: &[(&str, Holds)] = &[
    ("name", Holds::Text),
    ("notes", Holds::Text),
    ("assignee", Holds::One("user")),
    ("created_by", Holds::One("user")),
    ("actor", Holds::One("user")),
    ("completed", Holds::Flag),
    ("due_on", Holds::Day),
    ("start_on", Holds::Day),
    ("created_at", Holds::Day),
    ("completed_at", Holds::Day),
    ("section", Holds::Many("section")),
    ("project", Holds::Many("project")),
    ("tag", Holds::Many("tag")),
    ("follower", Holds::Many("user")),
    ("resource_subtype", Holds::Word(SUBTYPES)),
    ("approval_status", Holds::Word(APPROVALS)),
    ("parent", Holds::One("task")),
];

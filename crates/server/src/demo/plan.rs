//! The year of the demo as a list of steps, made from a seed alone: who did what, and when.
//!
//! A step is a call of the public API. What a step makes has a [`Key`], by which later steps name it before it has a gid.

use super::people::{self, PEOPLE, TEAMS};
use super::projects::{
    self, BUDGET, CHANNELS, COMMENTS, EFFORT, FIELDS, FILES, Field, Flow, MILESTONES, NOTES, PLAN,
    PRIORITY, PROJECTS, PUBLISH_ON, Project, QUESTIONS, REVIEWER, SOURCE, SUBTASKS, TAGS, TICKET,
};
use super::random::Random;
use model::{Date, Timestamp};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// Stands for an object that a step makes; its number in [`Plan::keys`].
pub(super) type Key = usize;

/// How many tasks there are in the end, with subtasks and milestones.
pub(super) const TASKS: usize = 1_500;

const DAY: i64 = 24 * 60 * 60 * 1_000;
const HOUR: i64 = 60 * 60 * 1_000;
const MINUTE: i64 = 60 * 1_000;

/// One call.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) at: Timestamp,
    /// Who calls: a place in the list of people.
    pub(super) who: usize,
    pub(super) what: What,
    /// What the answer's gid is known as.
    pub(super) gives: Option<Key>,
}

/// What is called.
#[derive(Debug)]
pub(super) enum What {
    /// An operation.
    Call {
        id: &'static str,
        /// The object that the path names.
        path: Option<Key>,
        /// The fields, with [`name_of`] for objects.
        body: Value,
        /// What the gids in the answer's list are known as: the options of a field, the sections of a project.
        list: Vec<Key>,
    },
    /// A file, from the list of files, is put on an object.
    File { parent: Key, file: usize },
}

/// The steps in the order of time.
pub(super) struct Plan {
    pub(super) steps: Vec<Step>,
    pub(super) keys: usize,
    /// The keys of the people.
    pub(super) people: Vec<Key>,
    /// The key of the workspace.
    pub(super) workspace: Key,
}

/// How bodies write an object: replaced by its gid when it has one.
pub(super) fn name_of(key: Key) -> String {
    format!("{{@{key}}}")
}

/// The first moment of the demo: a year and a little before `now`.
pub(super) fn begin(now: Timestamp) -> Timestamp {
    Timestamp::from_millis(now.millis() - 372 * DAY)
}

/// A custom field that was made.
struct MadeField {
    key: Key,
    options: Vec<Key>,
}

/// A project that was made.
struct MadeProject {
    key: Key,
    sections: Vec<Key>,
    members: Vec<usize>,
}

/// A task being thought up.
struct Draft {
    name: String,
    section: usize,
    /// Days from today.
    created: i64,
    due: Option<i64>,
    done: Option<i64>,
    subtype: &'static str,
}

struct Planner {
    random: Random,
    now: i64,
    today: i64,
    steps: Vec<Step>,
    keys: usize,
    people: Vec<Key>,
    workspace: Key,
    tags: Vec<Key>,
    fields: Vec<MadeField>,
    tasks: usize,
}

/// The plan for a demo that ends at `now`.
pub(super) fn plan(now: Timestamp, seed: u64) -> Plan {
    let mut planner = Planner {
        random: Random::new(seed),
        now: now.millis(),
        today: now.millis().div_euclid(DAY),
        steps: Vec::new(),
        keys: 1 + PEOPLE.len(),
        people: (1..=PEOPLE.len()).collect(),
        workspace: 0,
        tags: Vec::new(),
        fields: Vec::new(),
        tasks: 0,
    };
    planner.house();
    let teams = planner.teams();
    planner.make_fields();
    for project in &PROJECTS {
        let team = teams.get(project.team).copied().unwrap_or_default();
        let made = planner.project(project, team);
        planner.fill(project, &made);
    }
    planner.top_up();
    let Planner { mut steps, keys, people, workspace, .. } = planner;
    // A step is always after those it needs: the sort is stable, and they were planned in that order.
    steps.sort_by_key(|step| step.at);
    Plan { steps, keys, people, workspace }
}

impl Planner {
    fn key(&mut self) -> Key {
        self.keys += 1;
        self.keys - 1
    }

    fn person(&self, who: usize) -> String {
        name_of(self.people.get(who).copied().unwrap_or_default())
    }

    /// A moment in the working hours of a day, counted from today; never in the future.
    fn moment(&mut self, day: i64) -> i64 {
        let start = (self.today + day) * DAY + 8 * HOUR;
        let at = start + self.random.below(9 * 60) * MINUTE + self.random.below(60) * 1_000;
        at.min(self.now - self.random.below(40) * MINUTE - MINUTE)
    }

    /// The day, or the Monday after it.
    fn workday(&self, day: i64) -> i64 {
        // The first of January 1970 was a Thursday.
        match (self.today + day + 4).rem_euclid(7) {
            0 => day + 1,
            6 => day + 2,
            _ => day,
        }
    }

    fn date(&self, day: i64) -> Value {
        Date::from_days(self.today + day).map_or(Value::Null, |date| json!(date.to_string()))
    }

    fn push(&mut self, at: i64, who: usize, what: What, gives: Option<Key>) {
        self.steps.push(Step { at: Timestamp::from_millis(at), who, what, gives });
    }

    fn call(&mut self, at: i64, who: usize, id: &'static str, path: Option<Key>, body: Value) {
        self.push(at, who, What::Call { id, path, body, list: Vec::new() }, None);
    }

    fn make(
        &mut self,
        at: i64,
        who: usize,
        id: &'static str,
        path: Option<Key>,
        body: Value,
    ) -> Key {
        let key = self.key();
        self.push(at, who, What::Call { id, path, body, list: Vec::new() }, Some(key));
        key
    }

    /// A moment of the first days, in the order of the calls.
    fn setup(&mut self) -> i64 {
        let number = i64::try_from(self.steps.len()).unwrap_or_default();
        self.now - 371 * DAY + number * 40 * 1_000
    }

    /// The tags.
    fn house(&mut self) {
        for (name, color) in TAGS {
            let at = self.setup();
            let body =
                json!({ "name": name, "color": color, "workspace": name_of(self.workspace) });
            let key = self.make(at, 0, "createTag", None, body);
            self.tags.push(key);
        }
    }

    /// The teams, each made by its first member, with its people.
    fn teams(&mut self) -> Vec<Key> {
        let mut made = Vec::new();
        for (number, team) in TEAMS.iter().enumerate() {
            let members: Vec<usize> = people::of_team(number);
            let Some(first) = members.first().copied() else { continue };
            let at = self.setup();
            let body = json!({
                "name": team.name, "description": team.description, "visibility": team.visibility,
                "organization": name_of(self.workspace),
            });
            let key = self.make(at, first, "createTeam", None, body);
            for member in members.into_iter().skip(1) {
                let at = self.setup();
                let user = self.person(member);
                self.call(at, first, "addUserForTeam", Some(key), json!({ "user": user }));
            }
            made.push(key);
        }
        made
    }

    /// The custom fields of the workspace.
    fn make_fields(&mut self) {
        for (number, field) in FIELDS.iter().enumerate() {
            let at = self.setup();
            let key = self.key();
            let options: Vec<Key> = field.options.iter().map(|_| self.key()).collect();
            let body = field_body(number, field, &name_of(self.workspace));
            let what =
                What::Call { id: "createCustomField", path: None, body, list: options.clone() };
            self.push(at, 0, what, Some(key));
            self.fields.push(MadeField { key, options });
        }
    }

    /// A project with its sections, fields and members.
    fn project(&mut self, project: &Project, team: Key) -> MadeProject {
        let (first, last) = project.days;
        let at = self.moment(first - 2);
        let mut later = at;
        let mut next = || {
            later += 35 * 1_000;
            later
        };
        let end = if last < -60 { last } else { 60 + self.random.below(60) };
        let mut body = json!({
            "name": project.name, "notes": project.notes, "team": name_of(team), "default_view": project.view,
            "color": project.color, "icon": project.icon, "privacy_setting": project.privacy,
            "workspace": name_of(self.workspace),
        });
        if let (Some(fields), true) =
            (body.as_object_mut(), matches!(project.view, "timeline" | "board"))
        {
            fields.insert("start_on".to_owned(), self.date(first));
            fields.insert("due_on".to_owned(), self.date(end));
        }
        let key = self.make(at, project.owner, "createProject", None, body);
        let sections: Vec<Key> = project.sections.iter().map(|_| self.key()).collect();
        let what = What::Call {
            id: "getSectionsForProject",
            path: Some(key),
            body: json!({}),
            list: sections.first().copied().into_iter().collect(),
        };
        self.push(next(), project.owner, what, None);
        for (section, name) in sections.iter().zip(project.sections) {
            let body = json!({ "name": name });
            let is_first = sections.first() == Some(section);
            let (id, path, gives) = if is_first {
                ("updateSection", *section, None)
            } else {
                ("createSectionForProject", key, Some(*section))
            };
            let what = What::Call { id, path: Some(path), body, list: Vec::new() };
            self.push(next(), project.owner, what, gives);
        }
        for field in project.fields {
            let Some(made) = self.fields.get(*field) else { continue };
            let is_important = project.fields.first() == Some(field);
            let body = json!({ "custom_field": name_of(made.key), "is_important": is_important });
            self.call(next(), project.owner, "addCustomFieldSettingForProject", Some(key), body);
        }
        let mut members: Vec<usize> =
            people::of_team(project.team).into_iter().filter(|who| *who != project.owner).collect();
        for _ in 0..3 {
            let other = self.random.place(38);
            if other != project.owner && !members.contains(&other) {
                members.push(other);
            }
        }
        let gids: Vec<String> = members.iter().map(|who| self.person(*who)).collect();
        let body = json!({ "members": gids });
        self.call(next(), project.owner, "addMembersForProject", Some(key), body);
        members.insert(0, project.owner);
        MadeProject { key, sections, members }
    }

    /// The tasks of a project, each with its history.
    fn fill(&mut self, project: &Project, made: &MadeProject) {
        let mut names = BTreeSet::new();
        let mut before: Vec<(Key, Option<i64>)> = Vec::new();
        // What goes on all year has none.
        if project.days.0 > -335 {
            for draft in self.milestones(project) {
                self.task(project, made, &draft);
            }
        }
        let mut days: Vec<i64> = (0..project.count)
            .map(|_| {
                let (first, last) = project.days;
                let day = first + self.random.below(last - first + 1);
                self.workday(day).min(0)
            })
            .collect();
        days.sort_unstable();
        for created in days {
            let Some((name, section)) = self.name(project, created, &mut names) else { continue };
            let draft = self.draft(project, name, section, created);
            let key = self.task(project, made, &draft);
            let waits = project.flow == Flow::Topics && self.random.chance(12);
            if let (true, Some((first, _))) = (waits, before.last().copied()) {
                let at = self.moment(created).max(self.at_least(created)) + 2 * MINUTE;
                let at = at.min(self.now);
                let body = json!({ "dependencies": [name_of(first)] });
                let who = self.one_of(&made.members);
                self.call(at, who, "addDependenciesForTask", Some(key), body);
            }
            before.push((key, draft.due));
        }
    }

    /// The end of a day's work: after everything that was made on it.
    fn at_least(&self, day: i64) -> i64 {
        (self.today + day) * DAY + 18 * HOUR
    }

    fn one_of(&mut self, people: &[usize]) -> usize {
        let place = self.random.place(people.len());
        people.get(place).copied().unwrap_or_default()
    }

    fn milestones(&mut self, project: &Project) -> Vec<Draft> {
        let (first, last) = project.days;
        let last = if last < -60 { last } else { 45 };
        let step = (last - first) / 3;
        let due = [first + step / 2, first + step * 2, last];
        MILESTONES
            .iter()
            .zip(due)
            .enumerate()
            .map(|(number, (name, due))| {
                let due = self.workday(due);
                let done = (due < 0).then(|| due - self.random.below(3)).map(|day| day.max(first));
                let section =
                    if project.flow == Flow::Stages { 0 } else { number % project.sections.len() };
                Draft {
                    name: format!("{}: {name}", project.name),
                    section,
                    created: first,
                    due: Some(due),
                    done,
                    subtype: "milestone",
                }
            })
            .collect()
    }

    /// A name that the project does not have yet, and its section.
    fn name(
        &mut self,
        project: &Project,
        day: i64,
        names: &mut BTreeSet<String>,
    ) -> Option<(String, usize)> {
        for _ in 0..200 {
            let (pattern, section) = self.random.pick(project.tasks)?.split_once('|')?;
            let quarter = usize::try_from(
                Date::from_days(self.today + day + 30).map_or(0, |date| (date.ymd().1 - 1) / 3),
            );
            // A quarter is planned in the one before it.
            let a = match quarter {
                Ok(quarter) if project.a.first() == Some(&"Q1") => project.a.get(quarter)?,
                _ => self.random.pick(project.a)?,
            };
            let b = self.random.pick(project.b)?;
            let name = capitalized(&pattern.replace("{a}", a).replace("{b}", b));
            if names.insert(name.clone()) {
                return Some((name, section.parse().unwrap_or_default()));
            }
        }
        None
    }

    fn draft(&mut self, project: &Project, name: String, section: usize, created: i64) -> Draft {
        let is_over = project.days.1 < -60;
        let due = self.random.chance(88).then(|| {
            let due = created + 3 + self.random.below(30);
            self.workday(due)
        });
        let finished = match due {
            Some(due) if due < -40 => self.random.chance(97),
            Some(due) if due < 0 => self.random.chance(80),
            Some(_) => self.random.chance(12),
            None => self.random.chance(if created < -60 { 85 } else { 35 }),
        };
        let done = (finished || is_over).then(|| {
            let wanted = due.unwrap_or(created + 6) - 5 + self.random.below(9);
            self.workday(wanted.max(created + 1)).min(0)
        });
        let subtype = if project.fields.contains(&REVIEWER) && self.random.chance(6) {
            "approval"
        } else {
            "default_task"
        };
        Draft { name, section, created, due, done, subtype }
    }

    /// One task from its creation to its end.
    fn task(&mut self, project: &Project, made: &MadeProject, draft: &Draft) -> Key {
        let at = self.moment(draft.created);
        let author =
            if self.random.chance(35) { project.owner } else { self.one_of(&made.members) };
        let assignee = self.random.chance(88).then(|| self.one_of(&made.members));
        let mut body = Map::new();
        body.insert("name".to_owned(), json!(draft.name));
        let section = made.sections.get(draft.section).copied().unwrap_or_default();
        let home = json!([{ "project": name_of(made.key), "section": name_of(section) }]);
        body.insert("memberships".to_owned(), home);
        body.insert("resource_subtype".to_owned(), json!(draft.subtype));
        if let Some(assignee) = assignee {
            body.insert("assignee".to_owned(), json!(self.person(assignee)));
        }
        if let Some(due) = draft.due {
            self.due(project, draft, due, &mut body);
        }
        if self.random.chance(45)
            && let Some(notes) = self.random.pick(&NOTES)
        {
            body.insert("notes".to_owned(), json!(notes));
        }
        if self.random.chance(14) {
            let place = self.random.place(self.tags.len());
            let tag = self.tags.get(place).copied().unwrap_or_default();
            body.insert("tags".to_owned(), json!([name_of(tag)]));
        }
        if self.random.chance(25) {
            let follower = self.one_of(&made.members);
            body.insert("followers".to_owned(), json!([self.person(follower)]));
        }
        let values = self.values(project, draft, made);
        if !values.is_empty() {
            body.insert("custom_fields".to_owned(), Value::Object(values));
        }
        let key = self.make(at, author, "createTask", None, Value::Object(body));
        self.tasks += 1;
        let worker = assignee.unwrap_or(author);
        let end = draft.done.map(|day| self.moment(day).max(at + 20 * MINUTE).min(self.now));
        self.history(project, made, draft, key, at, end, worker);
        key
    }

    fn due(&mut self, project: &Project, draft: &Draft, due: i64, body: &mut Map<String, Value>) {
        if draft.subtype == "default_task" && self.random.chance(6) {
            let at = (self.today + due) * DAY + (9 + self.random.below(8)) * HOUR;
            let mut text = Vec::new();
            Timestamp::from_millis(at).write_to(&mut text);
            body.insert("due_at".to_owned(), json!(String::from_utf8_lossy(&text)));
            return;
        }
        body.insert("due_on".to_owned(), self.date(due));
        if draft.subtype != "milestone" && project.view == "timeline" && self.random.chance(60) {
            let start = (due - 1 - self.random.below(8)).max(draft.created);
            if start < due {
                body.insert("start_on".to_owned(), self.date(start));
            }
        }
    }

    /// The values of the project's custom fields on a new task.
    fn values(
        &mut self,
        project: &Project,
        draft: &Draft,
        made: &MadeProject,
    ) -> Map<String, Value> {
        let mut values = Map::new();
        for field in project.fields {
            if *field == TICKET || self.random.chance(22) {
                continue;
            }
            let options = self.fields.get(*field).map(|made| made.options.clone());
            let options = options.unwrap_or_default();
            let option = self.random.pick(&options).map(|key| name_of(*key));
            let value = match *field {
                PRIORITY | PLAN => json!(option),
                CHANNELS => {
                    let mut chosen: Vec<String> = option.into_iter().collect();
                    let other = self.random.pick(&options).map(|key| name_of(*key));
                    chosen.extend(other.filter(|other| !chosen.contains(other)));
                    json!(chosen)
                }
                EFFORT => json!(
                    *self.random.pick(&[1.0, 2.0, 3.5, 4.0, 8.0, 12.0, 16.0, 24.0]).unwrap_or(&1.0)
                ),
                BUDGET => json!((1 + self.random.below(80)) * 125),
                REVIEWER => json!([self.one_of_named(&made.members)]),
                PUBLISH_ON => match draft.due {
                    Some(due) => json!({ "date": self.date(due + 2) }),
                    None => continue,
                },
                SOURCE => json!(self.random.pick(&["phone", "e-mail", "visit", "app"])),
                _ => continue,
            };
            if let Some(made) = self.fields.get(*field) {
                values.insert(name_of(made.key), value);
            }
        }
        values
    }

    fn one_of_named(&mut self, people: &[usize]) -> String {
        let who = self.one_of(people);
        self.person(who)
    }

    /// What happens to a task after it is made, until `end` if it is done.
    #[expect(clippy::too_many_arguments, reason = "all of it is the one task")]
    fn history(
        &mut self,
        project: &Project,
        made: &MadeProject,
        draft: &Draft,
        key: Key,
        begin: i64,
        end: Option<i64>,
        worker: usize,
    ) {
        let until = end.unwrap_or_else(|| (begin + 21 * DAY).min(self.now));
        let length = (until - begin).max(2);
        let last = project.sections.len() - 1;
        if project.flow == Flow::Stages && draft.subtype != "milestone" {
            let reached = match end {
                Some(_) => last,
                None => self.random.place(last),
            };
            let steps = i64::try_from(reached).unwrap_or(1).max(1);
            for stage in 1..=reached {
                // Some are quick and skip a stage.
                if stage < reached && self.random.chance(30) {
                    continue;
                }
                let part = i64::try_from(stage).unwrap_or(1);
                let at = if stage == last { until } else { begin + length * part / (steps + 1) };
                let section = made.sections.get(stage).copied();
                self.call(
                    at,
                    worker,
                    "addTaskForSection",
                    section,
                    json!({ "task": name_of(key) }),
                );
            }
        }
        let talk = self.random.below(5) - 1;
        for _ in 0..talk {
            let at = begin + 1 + self.random.below(length - 1);
            self.comment(made, key, at);
        }
        if draft.due.is_some() && self.random.chance(9) {
            let at = begin + length / 2;
            let due = self.workday(draft.due.unwrap_or_default() + 7);
            let body = json!({ "due_on": self.date(due) });
            self.call(at, worker, "updateTask", Some(key), body);
        }
        if self.random.chance(4) {
            let file = self.random.place(FILES.len());
            self.push(begin + length / 3, worker, What::File { parent: key, file }, None);
        }
        if self.random.chance(8) {
            let parts = 2 + self.random.place(3);
            self.subtasks(made, key, begin, until, end.is_some(), parts);
        }
        if let Some(end) = end {
            let body = if draft.subtype == "approval" {
                json!({ "approval_status": "approved" })
            } else {
                json!({ "completed": true })
            };
            self.call(end, worker, "updateTask", Some(key), body);
            if self.random.chance(8) {
                let at = (end + 3 * HOUR).min(self.now);
                let who = self.one_of(&made.members);
                self.call(at, who, "updateTask", Some(key), json!({ "liked": true }));
            }
        }
    }

    fn comment(&mut self, made: &MadeProject, task: Key, at: i64) {
        let who = self.one_of(&made.members);
        let other = self.one_of(&made.members);
        let body = if other != who && self.random.chance(18) {
            let mention = format!("<a data-asana-gid=\"{}\"/>", self.person(other));
            let text = self.random.pick(&QUESTIONS).copied().unwrap_or_default();
            json!({ "html_text": format!("<body>{}</body>", text.replace("{p}", &mention)) })
        } else {
            json!({ "text": self.random.pick(&COMMENTS) })
        };
        self.call(at, who, "createStoryForTask", Some(task), body);
    }

    /// The parts of a task, done if it is.
    fn subtasks(
        &mut self,
        made: &MadeProject,
        parent: Key,
        begin: i64,
        until: i64,
        is_done: bool,
        count: usize,
    ) {
        let first = self.random.place(SUBTASKS.len());
        for number in 0..count {
            let Some(name) = SUBTASKS.get((first + number) % SUBTASKS.len()) else { continue };
            let part = i64::try_from(number).unwrap_or_default();
            let author = self.one_of(&made.members);
            let assignee = self.one_of_named(&made.members);
            let at = begin + MINUTE * (part + 1);
            let day = until.div_euclid(DAY) - self.today;
            let due = self.workday(day);
            let body = json!({ "name": name, "assignee": assignee, "due_on": self.date(due) });
            let key = self.make(at.min(until), author, "createSubtaskForTask", Some(parent), body);
            self.tasks += 1;
            if is_done || self.random.chance(40) {
                let at =
                    begin + (until - begin) * (part + 1) / (i64::try_from(count).unwrap_or(1) + 1);
                let at = at.max(begin + MINUTE * (part + 1)).min(until);
                self.call(at, author, "updateTask", Some(key), json!({ "completed": true }));
            }
        }
    }

    /// Private tasks of single people, until there are as many tasks as there should be.
    fn top_up(&mut self) {
        const OWN: [&str; 8] = [
            "Expense report",
            "Prepare for the weekly",
            "Read the draft",
            "Answer old mail",
            "Book the train",
            "Clean up my notes",
            "Call back",
            "Think about next quarter",
        ];
        while self.tasks < TASKS {
            let who = self.random.place(38);
            let back = self.random.below(340);
            let created = self.workday(-back).min(0);
            let at = self.moment(created);
            let name = self.random.pick(&OWN).copied().unwrap_or_default();
            let wait = self.random.below(12);
            let due = self.workday(created + 1 + wait);
            let body = json!({
                "name": name, "assignee": self.person(who), "due_on": self.date(due), "workspace": name_of(self.workspace),
            });
            let key = self.make(at, who, "createTask", None, body);
            self.tasks += 1;
            if due < 0 && self.random.chance(94) {
                let end = self.moment(due).max(at + MINUTE).min(self.now);
                self.call(end, who, "updateTask", Some(key), json!({ "completed": true }));
            }
        }
    }
}

fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// What is sent to create a field.
fn field_body(number: usize, field: &Field, workspace: &str) -> Value {
    let mut body = json!({
        "name": field.name, "resource_subtype": field.subtype, "description": field.description, "workspace": workspace,
    });
    let Some(fields) = body.as_object_mut() else { return body };
    if !field.options.is_empty() {
        let options: Vec<Value> = field
            .options
            .iter()
            .map(|(name, color)| json!({ "name": name, "color": color }))
            .collect();
        fields.insert("enum_options".to_owned(), options.into());
    }
    match number {
        projects::EFFORT => drop(fields.insert("precision".to_owned(), json!(1))),
        projects::BUDGET => {
            fields.insert("precision".to_owned(), json!(2));
            fields.insert("format".to_owned(), json!("currency"));
            fields.insert("currency_code".to_owned(), json!("EUR"));
        }
        projects::TICKET => drop(fields.insert("id_prefix".to_owned(), json!("SUP"))),
        _ => {}
    }
    body
}

/// The e-mail address of a person of the list.
pub(super) fn email(who: usize) -> String {
    PEOPLE.get(who).map_or_else(String::new, people::email)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at_noon() -> Timestamp {
        Timestamp::from_millis(1_790_000_000_000)
    }

    #[test]
    fn a_seed_gives_one_plan() {
        let text = |seed| format!("{:?}", plan(at_noon(), seed).steps);

        assert_eq!(text(1), text(1));
        assert_ne!(text(1), text(2));
    }

    #[test]
    fn nothing_is_named_before_it_is_made_and_nothing_is_in_the_future() {
        let plan = plan(at_noon(), 7);
        let mut known = vec![false; plan.keys];
        known[plan.workspace] = true;
        for key in &plan.people {
            known[*key] = true;
        }

        for step in &plan.steps {
            assert!(step.at <= at_noon() && step.at > begin(at_noon()), "{step:?}");
            let (needed, list) = match &step.what {
                What::Call { path, body, list, .. } => {
                    let text = body.to_string();
                    let mut needed: Vec<Key> = text
                        .split("{@")
                        .skip(1)
                        .map(|rest| rest.split_once('}').unwrap().0.parse().unwrap())
                        .collect();
                    needed.extend(path);
                    (needed, list.clone())
                }
                What::File { parent, .. } => (vec![*parent], Vec::new()),
            };
            assert!(needed.iter().all(|key| known[*key]), "{step:?}");
            for key in list.into_iter().chain(step.gives) {
                known[key] = true;
            }
        }
    }

    #[test]
    fn there_is_as_much_as_promised() {
        let plan = plan(at_noon(), 7);
        let count = |ids: &[&str]| {
            plan.steps
                .iter()
                .filter(|step| matches!(&step.what, What::Call { id, .. } if ids.contains(id)))
                .count()
        };

        assert_eq!(count(&["createTask", "createSubtaskForTask"]), TASKS);
        assert_eq!(count(&["createProject"]), 12);
        assert!(count(&["createStoryForTask"]) > 800);
        assert!(count(&["addDependenciesForTask"]) > 20);
        assert!(
            plan.steps.iter().filter(|step| matches!(step.what, What::File { .. })).count() > 20
        );
    }

    #[test]
    fn people_have_addresses_of_their_own() {
        let all: BTreeSet<String> = (0..PEOPLE.len()).map(email).collect();

        assert_eq!(all.len(), PEOPLE.len());
        assert!(all.contains("siobhan.keogh@tidewater.example"));
    }
}

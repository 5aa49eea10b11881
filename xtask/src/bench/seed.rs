//! A database of a stated size, written straight into the tables: quick, and consistent with what the server would write.
//!
//! Projects of a thousand tasks in eight sections; each task with an assignee, two followers, two or three stories, custom
//! field values, some with notes, comments and tags. The last project is small and all that a guest sees.

use anyhow::{Context as _, Result};
use model::{Gid, Position, Timestamp};
use server::access::grants;
use server::audit::Doer;
use server::{admin, auth};
use store::{Dialect, Error, Store, Tx, Value, params};

/// Tasks of a project.
pub(super) const PER_PROJECT: i64 = 1_000;

/// Tasks of the project that the guest is in.
pub(super) const SMALL: i64 = 50;

const SECTIONS: i64 = 8;
const USERS: i64 = 100;
const TAGS: i64 = 50;
const GOALS: i64 = 100;

/// Gids above all that the server has taken, with room for each project.
const BASE: i64 = 1_300_000_000_000_000;
const SPAN: i64 = 100_000;
const PEOPLE: i64 = BASE - 1_000_000;
const LISTS: i64 = BASE - 900_000;
const LIST_SECTIONS: i64 = BASE - 800_000;
const TEAM: i64 = BASE - 700_000;
const TAG: i64 = BASE - 600_000;
const FIELD: i64 = BASE - 500_000;
const OPTION: i64 = BASE - 400_000;
const MEMBERSHIPS: i64 = BASE - 300_000;
const PORTFOLIO: i64 = BASE - 100_000;

/// Most items of the portfolio.
const ITEMS: i64 = 100;
const GOAL: i64 = BASE - 200_000;

/// What to ask for.
#[derive(Clone, Debug)]
pub(super) struct World {
    /// A full member's token.
    pub(super) member: String,
    /// The guest's token.
    pub(super) guest: String,
    /// How many large projects there are.
    pub(super) projects: i64,
    /// The workspace.
    pub(super) workspace: i64,
}

impl World {
    /// The gid of a large project; that of the small one is `project(projects)`.
    pub(super) fn project(number: i64) -> i64 {
        BASE + number * SPAN
    }

    /// The gid of a task of a project.
    pub(super) fn task(project: i64, number: i64) -> i64 {
        World::project(project) + 1_000 + number
    }

    /// A user.
    pub(super) fn user(number: i64) -> i64 {
        PEOPLE + number % USERS
    }

    /// The portfolio with the first hundred large projects.
    pub(super) fn portfolio() -> i64 {
        PORTFOLIO
    }

    /// A tag that a fiftieth of every third task carries, and all of the guest's.
    pub(super) fn tag() -> i64 {
        TAG
    }
}

/// Fills an empty database with so many tasks, a multiple of a thousand.
pub(super) fn fill(store: &Store, tasks: i64, now: Timestamp) -> Result<World> {
    let tokens = [token("1"), token("2")];
    let made = tokens.clone();
    let workspace = store
        .write_blocking(move |tx| house(tx, &made, now))
        .context("the workspace cannot be made")?;
    let [member, guest] = tokens;
    let world = World { member, guest, projects: (tasks / PER_PROJECT).max(1), workspace };
    let lists = Lists::new()?;
    store
        .write_blocking(move |tx| goals(tx, workspace, now))
        .context("the goals cannot be made")?;
    for number in 0..=world.projects {
        let lists = lists.clone();
        let is_small = number == world.projects;
        store
            .write_blocking(move |tx| {
                Project { workspace, gid: World::project(number), number, is_small, now }
                    .write(tx, &lists)
            })
            .context("a project cannot be made")?;
    }
    let projects = world.projects;
    store
        .write_blocking(move |tx| portfolio(tx, workspace, projects.min(ITEMS), now))
        .context("the portfolio cannot be made")?;
    server::search::index::fill_blocking(store).context("the index of words cannot be made")?;
    if store.dialect() == Dialect::Postgres {
        // A database of this age has statistics.
        store.write_blocking(|tx| tx.execute("ANALYZE", &[]))?;
    }
    Ok(world)
}

fn token(digit: &str) -> String {
    format!("2/{}", digit.repeat(64))
}

/// The workspace with its people, a team, tags and fields.
fn house(tx: &mut Tx<'_>, tokens: &[String; 2], now: Timestamp) -> server::Result<i64> {
    let domains = ["bench.example".to_owned()];
    let workspace = admin::create_workspace(tx, now, "Bench", true, &domains)?;
    for number in 0..=USERS {
        let user = PEOPLE + number;
        let role = if number == USERS { "guest" } else { "member" };
        let name = format!("Person {number:03}");
        let email = format!("person{number}@bench.example");
        tx.execute(
            "INSERT INTO users (gid, name, name_key, email, created_at) VALUES (?, ?, ?, ?, ?)",
            params![user, name, model::name_key(&name), email, now],
        )?;
        tx.execute(
            r#"INSERT INTO workspace_memberships (gid, workspace, "user", role, is_active, created_at) VALUES (?, ?, ?, ?, 1, ?)"#,
            params![MEMBERSHIPS + number, workspace, user, role, now],
        )?;
        grants::principal_of_workspace(tx, workspace, Gid::new(user))?;
        tx.execute(
            "INSERT INTO user_task_lists (gid, workspace, owner) VALUES (?, ?, ?)",
            params![LISTS + number, workspace, user],
        )?;
        for section in 0..4 {
            let gid = LIST_SECTIONS + number * 4 + section;
            tx.execute(
                "INSERT INTO sections (gid, workspace, container, name, position, created_at) VALUES (?, ?, ?, ?, ?, ?)",
                params![gid, workspace, LISTS + number, "Recently assigned", format!("a{section}0V"), now],
            )?;
        }
    }
    for (token, number) in tokens.iter().zip([0, USERS]) {
        admin::create_token(tx, now, Gid::new(PEOPLE + number), "bench", token, &Doer::server())?;
    }
    tx.execute(
        "INSERT INTO teams (gid, workspace, name, name_key, visibility, edit_team_name_or_description_access_level, edit_team_visibility_or_trash_team_access_level, member_invite_management_access_level, guest_invite_management_access_level, join_request_management_access_level, team_member_removal_access_level, team_content_management_access_level, endorsed, created_at)
         VALUES (?, ?, 'Everybody', 'everybody', 'public', 'all_team_members', 'all_team_members', 'all_team_members', 'all_team_members', 'all_team_members', 'all_team_members', 'no_restriction', 0, ?)",
        params![TEAM, workspace, now],
    )?;
    for number in 0..TAGS {
        let name = format!("tag {number:02}");
        tx.execute(
            "INSERT INTO tags (gid, workspace, name, name_key, notes, created_at, created_by) VALUES (?, ?, ?, ?, '', ?, ?)",
            params![TAG + number, workspace, name, name, now, PEOPLE],
        )?;
    }
    for (number, (name, subtype)) in
        [("Priority", "enum"), ("Effort", "number"), ("Source", "text")].into_iter().enumerate()
    {
        tx.execute(
            "INSERT INTO custom_fields (gid, workspace, name, name_key, resource_subtype, description, precision, last_id, has_notifications_enabled, privacy_setting, default_access_level, created_at, created_by) VALUES (?, ?, ?, ?, ?, '', ?, 0, 0, 'public', 'editor', ?, ?)",
            params![FIELD + wide(number), workspace, name, name.to_lowercase(), subtype, (subtype == "number").then_some(0), now, PEOPLE],
        )?;
    }
    for (number, name) in ["High", "Medium", "Low"].into_iter().enumerate() {
        tx.execute(
            "INSERT INTO enum_options (gid, workspace, custom_field, name, name_key, enabled, color, position) VALUES (?, ?, ?, ?, ?, 1, 'blue', ?)",
            params![OPTION + wide(number), workspace, FIELD, name, name.to_lowercase(), format!("a{number}0V")],
        )?;
    }
    Ok(workspace.get())
}

/// A portfolio of the member's with the first projects, each with a status.
fn portfolio(tx: &mut Tx<'_>, workspace: i64, items: i64, now: Timestamp) -> server::Result<()> {
    tx.execute(
        "INSERT INTO portfolios (gid, workspace, name, name_key, archived, owner, privacy_setting, default_access_level, created_at, created_by, modified_at)
         VALUES (?, ?, 'Plants', 'plants', 0, ?, 'members_only', 'editor', ?, ?, ?)",
        params![PORTFOLIO, workspace, PEOPLE, now, PEOPLE, now],
    )?;
    tx.execute(
        "INSERT INTO portfolio_memberships (gid, workspace, portfolio, member, member_type, access_level, created_at) VALUES (?, ?, ?, ?, 'user', 'admin', ?)",
        params![PORTFOLIO + 1, workspace, PORTFOLIO, PEOPLE, now],
    )?;
    grants::of_portfolio(tx, Gid::new(PORTFOLIO))?;
    for number in 0..items {
        let (project, status) = (World::project(number), PORTFOLIO + 10 + number);
        tx.execute(
            "INSERT INTO portfolio_items (portfolio, item, item_type, workspace, position) VALUES (?, ?, 'project', ?, ?)",
            params![PORTFOLIO, project, workspace, format!("a{number:03}V")],
        )?;
        tx.execute(
            "INSERT INTO status_updates (gid, workspace, parent, parent_type, title, status_type, author, created_at, modified_at) VALUES (?, ?, ?, 'project', 'Week 26', 'on_track', ?, ?, ?)",
            params![status, workspace, project, PEOPLE, now, now],
        )?;
        tx.execute(
            "INSERT INTO texts (object, workspace, html, plain, mentions) VALUES (?, ?, '<body>As planned.</body>', 'As planned.', 0)",
            params![status, workspace],
        )?;
    }
    Ok(())
}

/// A hundred goals, each over the next one in groups of ten; the last of a group follows from a large project.
fn goals(tx: &mut Tx<'_>, workspace: i64, now: Timestamp) -> server::Result<()> {
    for number in 0..GOALS {
        let (goal, owner) = (GOAL + number, World::user(number));
        let name = format!("Goal {number:03}");
        let is_last = number % 10 == 9;
        let source = if is_last { "project_task_completion" } else { "subgoal_progress" };
        tx.execute(
            "INSERT INTO goals (gid, workspace, is_workspace_level, name, name_key, owner, privacy_setting, default_access_level, created_at, created_by, modified_at)
             VALUES (?, ?, 1, ?, ?, ?, 'public_to_workspace', 'commenter', ?, ?, ?)",
            params![goal, workspace, name, name.to_lowercase(), owner, now, owner, now],
        )?;
        tx.execute(
            "INSERT INTO goal_memberships (gid, workspace, goal, member, member_type, access_level, created_at) VALUES (?, ?, ?, ?, 'user', 'admin', ?)",
            params![GOAL + GOALS + number, workspace, goal, owner, now],
        )?;
        tx.execute(
            r#"INSERT INTO goal_followers (goal, "user", workspace, position) VALUES (?, ?, ?, 'a00V')"#,
            params![goal, owner, workspace],
        )?;
        tx.execute(
            "INSERT INTO goal_metrics (gid, goal, workspace, progress_source, is_custom_weight, unit, precision, initial_value, target_value, current_value, created_by, created_at)
             VALUES (?, ?, ?, ?, 0, 'percentage', 0, 0, 1, 0, ?, ?)",
            params![GOAL + 2 * GOALS + number, goal, workspace, source, owner, now],
        )?;
        let (supporting, kind) =
            if is_last { (World::project(0), "project") } else { (goal + 1, "goal") };
        tx.execute(
            "INSERT INTO goal_relationships (gid, workspace, supported_goal, supporting_resource, supporting_type, contribution_weight, position, created_at)
             VALUES (?, ?, ?, ?, ?, 1, 'a00V', ?)",
            params![GOAL + 3 * GOALS + number, workspace, goal, supporting, kind, now],
        )?;
        grants::of_goal(tx, Gid::new(goal))?;
    }
    Ok(())
}

fn wide(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(0)
}

/// What is the same for every project: one element for each task.
#[derive(Clone)]
struct Lists {
    names: Vec<String>,
    positions: Vec<String>,
}

impl Lists {
    fn new() -> Result<Lists> {
        const WHAT: [&str; 7] =
            ["Calibrate", "Replace", "Order", "Document", "Test", "Agree on", "Photograph"];
        let names = (0..PER_PROJECT).zip(WHAT.iter().cycle());
        let names = names.map(|(n, what)| format!("{what} the pump of station {n}")).collect();
        let mut positions: Vec<String> = Vec::new();
        for _ in 0..PER_PROJECT {
            let next = Position::between(positions.last().map(String::as_str), None, [7, 7]);
            positions.push(next.context("a list has a next place")?.into_string());
        }
        Ok(Lists { names, positions })
    }
}

struct Project {
    workspace: i64,
    gid: i64,
    number: i64,
    is_small: bool,
    now: Timestamp,
}

impl Project {
    fn write(&self, tx: &mut Tx<'_>, lists: &Lists) -> server::Result<()> {
        let Project { workspace, gid, number, .. } = *self;
        let now = self.now.millis();
        let privacy = if self.is_small { "private" } else { "public_to_workspace" };
        let name = format!("Project {number:04}");
        tx.execute(
            "INSERT INTO projects (gid, workspace, team, name, name_key, archived, color, default_view, privacy_setting, default_access_level, minimum_access_level_for_customization, minimum_access_level_for_sharing, owner, completed, created_at, created_by, modified_at)
             VALUES (?, ?, ?, ?, ?, 0, 'light-blue', 'list', ?, 'editor', 'editor', 'editor', ?, 0, ?, ?, ?)",
            params![gid, workspace, TEAM, name, model::name_key(&name), privacy, PEOPLE, now, PEOPLE, now],
        )?;
        let mut members: Vec<i64> = (0..5).map(|n| PEOPLE + (number + n) % USERS).collect();
        if self.is_small {
            members = vec![PEOPLE, PEOPLE + USERS];
        }
        for (place, member) in members.into_iter().enumerate() {
            tx.execute(
                "INSERT INTO project_memberships (gid, workspace, project, member, member_type, access_level, created_at) VALUES (?, ?, ?, ?, 'user', ?, ?)",
                params![gid + 100 + wide(place), workspace, gid, member, if place == 0 { "admin" } else { "editor" }, now],
            )?;
        }
        for section in 0..SECTIONS {
            tx.execute(
                "INSERT INTO sections (gid, workspace, container, name, position, created_at) VALUES (?, ?, ?, ?, ?, ?)",
                params![gid + 1 + section, workspace, gid, format!("Section {section}"), format!("a{section}0V"), now],
            )?;
        }
        for field in 0..3 {
            tx.execute(
                "INSERT INTO custom_field_settings (gid, workspace, parent, custom_field, is_important, position) VALUES (?, ?, ?, ?, 0, ?)",
                params![gid + 200 + field, workspace, gid, FIELD + field, format!("a{field}0V")],
            )?;
        }
        grants::of_project(tx, Gid::new(gid))?;
        self.tasks(tx, lists)?;
        Ok(())
    }

    /// The tasks with all that hangs on them, each kind of row in one statement.
    fn tasks(&self, tx: &mut Tx<'_>, lists: &Lists) -> Result<(), Error> {
        let Project { workspace, gid, number, .. } = *self;
        let count = if self.is_small { SMALL } else { PER_PROJECT };
        let take = usize::try_from(count).unwrap_or(0);
        let names: Vec<String> = lists.names.iter().take(take).cloned().collect();
        let positions: Vec<String> = lists.positions.iter().take(take).cloned().collect();
        let all: Vec<i64> = (0..count).collect();
        let every = |step: usize| -> Vec<i64> { all.iter().copied().step_by(step).collect() };
        let first = gid + 1_000;
        let per_section = PER_PROJECT / SECTIONS;
        // The guest's tasks all carry the tag that is asked for.
        let tags = if self.is_small { 1 } else { TAGS };
        // Between a year and a month ago.
        let then = self.now.millis() - 365 * 86_400_000 + number * 1_000;
        let mut run = |sql: &str, params: &[Value]| tx.execute(sql, params).map(drop);
        // The assignee of task n of project p is user (7 n + p) % 100, of whom the second follower is thirteen away.
        run(
            "INSERT INTO tasks (gid, workspace, name, resource_subtype, assignee, assignee_status, assigned_by, completed, completed_at, completed_by, due_on, created_at, created_by, modified_at)
             SELECT CAST(? AS BIGINT) + n.key, CAST(? AS BIGINT), n.value, 'default_task', CAST(? AS BIGINT) + (n.key * 7 + CAST(? AS BIGINT)) % 100, 'inbox', CAST(? AS BIGINT),
                CASE WHEN n.key % 5 < 2 THEN 1 ELSE 0 END, CASE WHEN n.key % 5 < 2 THEN CAST(? AS BIGINT) END, CASE WHEN n.key % 5 < 2 THEN CAST(? AS BIGINT) END,
                '2026-' || substr(CAST(101 + n.key % 12 AS TEXT), 2) || '-' || substr(CAST(110 + n.key % 18 AS TEXT), 2),
                CAST(? AS BIGINT) + n.key * 20000, CAST(? AS BIGINT), CAST(? AS BIGINT) + n.key * 20000 FROM texts(?) AS n",
            params![first, workspace, PEOPLE, number, PEOPLE, then + 86_400_000, PEOPLE, then, PEOPLE, then, names],
        )?;
        run(
            "INSERT INTO task_projects (task, project, workspace, section, position, added_at)
             SELECT CAST(? AS BIGINT) + p.key, CAST(? AS BIGINT), CAST(? AS BIGINT), CAST(? AS BIGINT) + p.key / CAST(? AS BIGINT), p.value, CAST(? AS BIGINT) FROM texts(?) AS p",
            params![first, gid, workspace, gid + 1, per_section, then, positions],
        )?;
        run(
            "INSERT INTO user_task_list_items (task, list, workspace, section, position)
             SELECT CAST(? AS BIGINT) + p.key, CAST(? AS BIGINT) + (p.key * 7 + CAST(? AS BIGINT)) % 100, CAST(? AS BIGINT), CAST(? AS BIGINT) + (p.key * 7 + CAST(? AS BIGINT)) % 100 * 4, p.value FROM texts(?) AS p",
            params![first, LISTS, number, workspace, LIST_SECTIONS, number, positions],
        )?;
        for (away, position) in [(0_i64, "a00V"), (13, "a10V")] {
            run(
                r#"INSERT INTO task_followers (task, "user", workspace, grants, position)
                 SELECT CAST(? AS BIGINT) + i.value, CAST(? AS BIGINT) + (i.value * 7 + CAST(? AS BIGINT)) % 100, CAST(? AS BIGINT), 1, CAST(? AS TEXT) FROM ids(?) AS i"#,
                params![first, PEOPLE, number + away, workspace, position, all],
            )?;
        }
        run(
            "INSERT INTO task_tags (task, tag, workspace, position, task_created_at)
             SELECT CAST(? AS BIGINT) + i.value, CAST(? AS BIGINT) + i.value / 3 % CAST(? AS BIGINT), CAST(? AS BIGINT), 'a00V', CAST(? AS BIGINT) + i.value * 20000 FROM ids(?) AS i",
            params![first, TAG, tags, workspace, then, every(if self.is_small { 1 } else { 3 })],
        )?;
        for (offset, subtype, key, object) in
            [(10_000, "added_to_project", "project", gid), (20_000, "assigned", "assignee", PEOPLE)]
        {
            run(
                r#"INSERT INTO stories (gid, workspace, target, resource_subtype, created_at, created_by, is_pinned, is_edited, source, details)
                 SELECT CAST(? AS BIGINT) + i.value, CAST(? AS BIGINT), CAST(? AS BIGINT) + i.value, CAST(? AS TEXT), CAST(? AS BIGINT), CAST(? AS BIGINT), 0, 0, 'api', CAST(? AS TEXT) FROM ids(?) AS i"#,
                params![
                    gid + offset,
                    workspace,
                    first,
                    subtype,
                    then,
                    PEOPLE,
                    format!(r#"{{"{key}":{object}}}"#),
                    all
                ],
            )?;
        }
        run(
            "INSERT INTO stories (gid, workspace, target, resource_subtype, created_at, created_by, is_pinned, is_edited, source, details)
             SELECT CAST(? AS BIGINT) + i.value, CAST(? AS BIGINT), CAST(? AS BIGINT) + i.value, 'comment_added', CAST(? AS BIGINT), CAST(? AS BIGINT), 0, 0, 'api', '{}' FROM ids(?) AS i",
            params![gid + 30_000, workspace, first, then + 3_600_000, PEOPLE + 1, every(4)],
        )?;
        for (start, step) in [(gid + 30_000, 4), (first, 3)] {
            run(
                "INSERT INTO texts (object, workspace, html, plain, mentions)
                 SELECT CAST(? AS BIGINT) + i.value, CAST(? AS BIGINT), '<body>Looked at it on site; the seal is worn and the display is hard to read.</body>', 'Looked at it on site; the seal is worn and the display is hard to read.', 0 FROM ids(?) AS i",
                params![start, workspace, every(step)],
            )?;
        }
        run(
            "INSERT INTO custom_field_values (object, custom_field, workspace, number_value)
             SELECT CAST(? AS BIGINT) + i.value, CAST(? AS BIGINT), CAST(? AS BIGINT), CAST(i.value % 40 AS DOUBLE PRECISION) FROM ids(?) AS i",
            params![first, FIELD + 1, workspace, every(2)],
        )?;
        run(
            "INSERT INTO custom_field_choices (object, custom_field, choice, workspace, position)
             SELECT CAST(? AS BIGINT) + i.value, CAST(? AS BIGINT), CAST(? AS BIGINT) + i.value % 3, CAST(? AS BIGINT), 'a00V' FROM ids(?) AS i",
            params![first, FIELD, OPTION, workspace, all],
        )
    }
}

/// The tokens' hashes are what the server looks up; here for those who look at the database.
pub(super) fn hash(token: &str) -> String {
    auth::hash(token)
}

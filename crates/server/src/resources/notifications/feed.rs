//! The reader of the event log that writes notifications.
//!
//! Everything is looked up for a whole batch of events at once: what happened, whom it may concern, which of them are still in the
//! workspace, and which of them see what it is about. A text of a rule that is written for one viewer becomes one for many by naming
//! a column in the place of `:me`.

use crate::access;
use crate::api::Context;
use crate::error::Result;
use crate::prelude::*;
use crate::readers::{LogEvent, Reader};
use crate::resources::notifications::settings::Settings;
use crate::resources::stories::Details;
use std::collections::{BTreeMap, HashMap, HashSet};
use store::Tx;

/// What leads to notifications: types of resources, with the actions.
const HEARD: &[(&str, &[&str])] = &[
    ("story", &["added", "changed"]),
    ("task", &["added", "changed"]),
    ("status_update", &["added"]),
    ("project_membership", &["added"]),
    ("portfolio_membership", &["added"]),
    ("goal_membership", &["added"]),
    ("team_membership", &["added"]),
];

/// The kinds of stories about a task that its followers are told of.
const OF_STORIES: &[(&str, &str)] = &[
    ("comment_added", "commented"),
    ("marked_complete", "completed"),
    ("marked_incomplete", "reopened"),
    ("due_date_changed", "due_date_changed"),
    ("section_changed", "moved"),
    ("added_to_project", "moved"),
    ("approved", "approval_decided"),
    ("rejected", "approval_decided"),
    ("changes_requested", "approval_decided"),
];

/// Somebody who may be told of something.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// Who.
    pub user: Gid,
    /// Where.
    pub workspace: Gid,
    /// What happened.
    pub kind: &'static str,
    /// What it is about.
    pub resource: (&'static str, Gid),
    /// A project without which there is nothing to tell.
    pub subject: Option<Gid>,
    /// Who did it.
    pub actor: Option<Gid>,
    /// The story that tells of it.
    pub story: Option<Gid>,
    /// The status update that it is.
    pub status_update: Option<Gid>,
    /// What it comes from; together with `part` nobody is told of it twice.
    pub cause: Gid,
    /// Which part of it.
    pub part: i64,
    /// When.
    pub at: Timestamp,
}

impl Candidate {
    /// Somebody who may be told of something that nobody did.
    pub fn new(
        user: Gid,
        workspace: Gid,
        kind: &'static str,
        resource: (&'static str, Gid),
        cause: Gid,
        at: Timestamp,
    ) -> Self {
        Candidate {
            user,
            workspace,
            kind,
            resource,
            subject: None,
            actor: None,
            story: None,
            status_update: None,
            cause,
            part: 0,
            at,
        }
    }

    /// The same, done by whoever did the event.
    fn of(
        event: &LogEvent,
        user: Gid,
        kind: &'static str,
        resource: (&'static str, Gid),
        cause: Gid,
    ) -> Self {
        let bare = Candidate::new(user, event.workspace, kind, resource, cause, event.at);
        Candidate { actor: event.actor, ..bare }
    }
}

/// The reader.
pub fn reader() -> Reader {
    Reader::new("notifications", react).wants(wants)
}

fn is_heard(event: &LogEvent) -> bool {
    HEARD.iter().any(|(kind, actions)| {
        *kind == event.kind && actions.iter().any(|action| *action == event.action)
    })
}

#[expect(clippy::unnecessary_wraps, reason = "readers may have to look something up")]
fn wants(_tx: &mut Tx<'_>, events: &[LogEvent]) -> Result<bool> {
    Ok(events.iter().any(is_heard))
}

fn react(cx: &mut Context<'_, '_>, events: &[LogEvent]) -> Result<()> {
    let heard: Vec<&LogEvent> = events.iter().filter(|event| is_heard(event)).collect();
    // Whoever is mentioned is told so, and not again that there is a comment: the first of an event counts.
    let mut candidates = Vec::new();
    about_tasks(cx, &heard, &mut candidates)?;
    about_statuses(cx, &heard, &mut candidates)?;
    about_memberships(cx, &heard, &mut candidates)?;
    write(cx, candidates)
}

/// The gids of the resources of events of one type.
fn resources(events: &[&LogEvent], kind: &str) -> Vec<Gid> {
    events.iter().filter(|event| event.kind == kind).map(|event| event.resource).collect()
}

/// A story with what matters of its task.
struct Told {
    task: Gid,
    subtype: String,
    details: Details,
    is_approval: bool,
}

fn about_tasks(
    cx: &mut Context<'_, '_>,
    events: &[&LogEvent],
    found: &mut Vec<Candidate>,
) -> Result<()> {
    let stories: HashMap<Gid, Told> = cx
        .query(
            "SELECT s.gid, s.target, s.resource_subtype, s.details, t.resource_subtype FROM ids(?) AS i JOIN stories AS s ON s.gid = i.value JOIN tasks AS t ON t.gid = s.target WHERE s.deleted IS NULL AND t.deleted IS NULL",
            params![resources(events, "story")],
            |row| {
                let told = Told {
                    task: row.get(1)?,
                    subtype: row.get(2)?,
                    details: row.get(3)?,
                    is_approval: row.get::<String>(4)? == "approval",
                };
                Ok((row.get::<Gid>(0)?, told))
            },
        )?
        .into_iter()
        .collect();
    let mut tasks: Vec<Gid> = stories.values().map(|told| told.task).collect();
    tasks.extend(resources(events, "task"));
    let followers = pairs(
        cx,
        r#"SELECT f.task, f."user" FROM ids(?) AS i JOIN task_followers AS f ON f.task = i.value ORDER BY f.task, f."user""#,
        tasks,
    )?;
    let followers_of = |task: Gid| followers.get(&task).map_or(&[][..], Vec::as_slice);
    let mut texts: Vec<Gid> = stories.keys().copied().collect();
    texts.extend(
        events
            .iter()
            .filter(|event| event.kind == "task" && may_mention(event))
            .map(|event| event.resource),
    );
    let mentions = mentions(cx, texts)?;
    let mentioned_in = |text: Gid| mentions.get(&text).map_or(&[][..], Vec::as_slice);
    let made: HashSet<(&String, Gid)> = events
        .iter()
        .filter(|event| event.kind == "task" && event.action == "added")
        .map(|event| (&event.request_id, event.resource))
        .collect();
    for event in events {
        if event.kind == "task" && may_mention(event) {
            let task = event.resource;
            for user in mentioned_in(task) {
                // Whoever is mentioned follows; copies of a task mention people who have nothing to do with them.
                if followers_of(task).contains(user) {
                    found.push(Candidate::of(event, *user, "mentioned", ("task", task), task));
                }
            }
        }
        if event.kind != "story" {
            continue;
        }
        let Some(told) = stories.get(&event.resource) else { continue };
        let tell = |user: Gid, kind: &'static str, cause: Gid| Candidate {
            story: Some(event.resource),
            subject: told.details.project.map(Gid::new),
            ..Candidate::of(event, user, kind, ("task", told.task), cause)
        };
        for user in mentioned_in(event.resource) {
            found.push(tell(*user, "mentioned", event.resource));
        }
        if event.action != "added" {
            continue;
        }
        let cause = Gid::new(event.position.gid);
        if let ("assigned", Some(user)) = (told.subtype.as_str(), told.details.assignee) {
            let kind = if told.is_approval { "approval_requested" } else { "assigned" };
            found.push(tell(Gid::new(user), kind, cause));
        }
        // A task that is made in a project does not move there.
        let is_new =
            told.subtype == "added_to_project" && made.contains(&(&event.request_id, told.task));
        let kind = OF_STORIES.iter().find(|(subtype, _)| *subtype == told.subtype && !is_new);
        if let Some((_, kind)) = kind {
            found.extend(followers_of(told.task).iter().map(|user| tell(*user, kind, cause)));
        }
    }
    Ok(())
}

/// Whether an event about a task may mention somebody in its description.
fn may_mention(event: &LogEvent) -> bool {
    event.action == "added" || event.changes.iter().any(|change| change.field == "notes")
}

fn about_statuses(
    cx: &mut Context<'_, '_>,
    events: &[&LogEvent],
    found: &mut Vec<Candidate>,
) -> Result<()> {
    let gids = resources(events, "status_update");
    if gids.is_empty() {
        return Ok(());
    }
    let parents: HashMap<Gid, (Gid, String)> = cx
        .query(
            "SELECT s.gid, s.parent, s.parent_type FROM ids(?) AS i JOIN status_updates AS s ON s.gid = i.value WHERE s.deleted IS NULL",
            params![gids],
            |row| Ok((row.get::<Gid>(0)?, (row.get(1)?, row.get(2)?))),
        )?
        .into_iter()
        .collect();
    let objects: Vec<Gid> = parents.values().map(|(parent, _)| *parent).collect();
    let concerned = pairs(
        cx,
        r#"SELECT w.object, w."user" FROM (
             SELECT f.project AS object, f."user" AS "user" FROM ids(?) AS i JOIN project_followers AS f ON f.project = i.value
             UNION SELECT p.gid, p.owner FROM ids(?) AS i JOIN projects AS p ON p.gid = i.value WHERE p.owner IS NOT NULL
             UNION SELECT f.goal, f."user" FROM ids(?) AS i JOIN goal_followers AS f ON f.goal = i.value
             UNION SELECT g.gid, g.owner FROM ids(?) AS i JOIN goals AS g ON g.gid = i.value WHERE g.owner IS NOT NULL
             UNION SELECT m.portfolio, m.member FROM ids(?) AS i JOIN portfolio_memberships AS m ON m.portfolio = i.value WHERE m.member_type = 'user'
             UNION SELECT o.gid, o.owner FROM ids(?) AS i JOIN portfolios AS o ON o.gid = i.value WHERE o.owner IS NOT NULL
           ) AS w ORDER BY w.object, w."user""#,
        objects,
    )?;
    let mentions = mentions(cx, gids)?;
    for event in events.iter().filter(|event| event.kind == "status_update") {
        let Some((parent, kind)) = parents.get(&event.resource) else { continue };
        let about = match kind.as_str() {
            "portfolio" => "portfolio",
            "goal" => "goal",
            _ => "project",
        };
        let tell = |user: Gid, kind: &'static str, cause: Gid| Candidate {
            status_update: Some(event.resource),
            ..Candidate::of(event, user, kind, (about, *parent), cause)
        };
        for user in mentions.get(&event.resource).into_iter().flatten() {
            found.push(tell(*user, "mentioned", event.resource));
        }
        for user in concerned.get(parent).into_iter().flatten() {
            found.push(tell(*user, "status_update", Gid::new(event.position.gid)));
        }
    }
    Ok(())
}

/// Memberships: the type of the event, the table, the columns of the object and the member, what the object is, what is told.
const JOINED: &[(&str, &str, &str, &str, &str, &str)] = &[
    (
        "project_membership",
        "project_memberships",
        "project",
        "member",
        "project",
        "added_to_project",
    ),
    (
        "portfolio_membership",
        "portfolio_memberships",
        "portfolio",
        "member",
        "portfolio",
        "added_to_portfolio",
    ),
    ("goal_membership", "goal_memberships", "goal", "member", "goal", "added_to_goal"),
    ("team_membership", "team_memberships", "team", "user", "team", "added_to_team"),
];

fn about_memberships(
    cx: &mut Context<'_, '_>,
    events: &[&LogEvent],
    found: &mut Vec<Candidate>,
) -> Result<()> {
    for (kind, table, object, member, about, told) in JOINED {
        let gids = resources(events, kind);
        if gids.is_empty() {
            continue;
        }
        // A team that becomes a member is no user, and no active member of the workspace either.
        let sql = format!(
            r#"SELECT m.gid, m.{object}, m."{member}" FROM ids(?) AS i JOIN {table} AS m ON m.gid = i.value"#
        );
        let rows: HashMap<Gid, (Gid, Gid)> = cx
            .query(&sql, params![gids], |row| Ok((row.get::<Gid>(0)?, (row.get(1)?, row.get(2)?))))?
            .into_iter()
            .collect();
        for event in events.iter().filter(|event| event.kind == *kind) {
            if let Some((object, user)) = rows.get(&event.resource) {
                let cause = Gid::new(event.position.gid);
                found.push(Candidate::of(event, *user, told, (about, *object), cause));
            }
        }
    }
    Ok(())
}

/// Pairs of gids as lists by their first; each list of a query's parameters is `gids`.
fn pairs(cx: &mut Context<'_, '_>, sql: &str, gids: Vec<Gid>) -> Result<HashMap<Gid, Vec<Gid>>> {
    let mut lists: HashMap<Gid, Vec<Gid>> = HashMap::new();
    if gids.is_empty() {
        return Ok(lists);
    }
    let mut ids: Vec<i64> = gids.iter().map(|gid| gid.get()).collect();
    ids.sort_unstable();
    ids.dedup();
    let values = vec![Value::Ids(ids); sql.matches("ids(?)").count()];
    for (key, value) in cx.query(sql, &values, |row| Ok((row.get(0)?, row.get(1)?)))? {
        lists.entry(key).or_default().push(value);
    }
    Ok(lists)
}

/// Whom texts mention: gids of users and of other things, which nobody confuses later, since only members are told.
fn mentions(cx: &mut Context<'_, '_>, objects: Vec<Gid>) -> Result<HashMap<Gid, Vec<Gid>>> {
    if objects.is_empty() {
        return Ok(HashMap::new());
    }
    let texts = cx.query(
        "SELECT x.object, x.html FROM ids(?) AS i JOIN texts AS x ON x.object = i.value WHERE x.mentions = 1",
        params![objects],
        |row| Ok((row.get::<Gid>(0)?, row.get::<String>(1)?)),
    )?;
    let mentioned = |html: &str| -> Vec<Gid> {
        html.split("data-asana-gid=\"")
            .skip(1)
            .filter_map(|rest| Gid::parse(rest.split('"').next()?))
            .collect()
    };
    Ok(texts.into_iter().map(|(object, html)| (object, mentioned(&html))).collect())
}

/// Somebody who is told.
struct Reached {
    zone: Option<String>,
    settings: Settings,
}

/// Writes down what those among the candidates are told who did not do it themselves, are in the workspace, and see what it is about.
///
/// Errors: those of the database.
pub fn write(cx: &mut Context<'_, '_>, candidates: Vec<Candidate>) -> Result<()> {
    let candidates: Vec<Candidate> =
        candidates.into_iter().filter(|one| one.actor != Some(one.user)).collect();
    if candidates.is_empty() {
        return Ok(());
    }
    let members = members(cx, &candidates)?;
    let candidates: Vec<Candidate> = candidates
        .into_iter()
        .filter(|one| members.contains_key(&(one.user, one.workspace)))
        .collect();
    let about = candidates.iter().map(|one| (one.user, one.resource)).collect();
    let about = who_see(cx, about)?;
    let subjects =
        candidates.iter().filter_map(|one| Some((one.user, ("project", one.subject?)))).collect();
    let subjects = who_see(cx, subjects)?;
    let mut first = HashSet::new();
    for one in candidates {
        let is_seen = about.contains(&(one.user, one.resource.1))
            && one.subject.is_none_or(|subject| subjects.contains(&(one.user, subject)));
        // A comment that mentions somebody is told to him once.
        let source = one.story.or(one.status_update).unwrap_or(one.cause);
        if !is_seen || !first.insert((one.user, source, one.part)) {
            continue;
        }
        if let Some(reached) = members.get(&(one.user, one.workspace)) {
            insert(cx, &one, reached)?;
        }
    }
    Ok(())
}

fn insert(cx: &mut Context<'_, '_>, one: &Candidate, reached: &Reached) -> Result<()> {
    let gid = cx.gid()?;
    let day = one.at.date_in(reached.zone.as_deref().unwrap_or("UTC")).to_string();
    let in_app = reached.settings.wants(one.kind, "in_app");
    let by_mail = cx.app.mail.is_some() && reached.settings.wants(one.kind, "email");
    let mail = if by_mail && reached.settings.digest == "daily" { "digest" } else { "" };
    let (kind, resource) = one.resource;
    cx.later(
        r#"INSERT INTO notifications (gid, workspace, "user", kind, cause, part, resource, resource_type, subject, actor, story, status_update, created_at, day, is_read, is_archived, is_bookmarked, in_app, mail) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, 0, ?, ?) ON CONFLICT ("user", kind, cause, part) DO NOTHING"#,
        params![gid, one.workspace, one.user, one.kind, one.cause, one.part, resource, kind, one.subject, one.actor, one.story, one.status_update, one.at, day, in_app, mail].to_vec(),
    )?;
    if !by_mail || reached.settings.digest != "instant" {
        return Ok(());
    }
    // Nothing goes out of what was told before.
    let (letter, now) = (cx.gid()?, cx.now());
    cx.later(
        r#"INSERT INTO mail_outbox (gid, kind, recipient, subject, text, "user", notification, created_at, due_at, attempts, leased_until) SELECT CAST(? AS BIGINT), 'notification', '', '', '', n."user", n.gid, CAST(? AS BIGINT), CAST(? AS BIGINT), 0, 0 FROM notifications AS n WHERE n.gid = ?"#,
        params![letter, now, now, gid].to_vec(),
    )
}

/// Two lists as parameters, whose places belong together.
fn together(pairs: impl Iterator<Item = (Gid, Gid)>) -> Vec<Value> {
    let (left, right) = pairs.map(|(left, right)| (left.get(), right.get())).unzip();
    vec![Value::Ids(left), Value::Ids(right)]
}

/// Those of the candidates who are in the workspace, with what they want.
fn members(
    cx: &mut Context<'_, '_>,
    candidates: &[Candidate],
) -> Result<HashMap<(Gid, Gid), Reached>> {
    let rows = cx.query(
        r#"SELECT wm."user", wm.workspace, u.time_zone, s.digest, s.chosen FROM ids(?) AS a JOIN ids(?) AS b ON b.key = a.key JOIN workspace_memberships AS wm ON wm."user" = a.value AND wm.workspace = b.value JOIN users AS u ON u.gid = wm."user" LEFT JOIN notification_settings AS s ON s."user" = u.gid WHERE wm.is_active = 1"#,
        &together(candidates.iter().map(|one| (one.user, one.workspace))),
        |row| {
            let settings = Settings::stored(row.get(3)?, row.get(4)?);
            Ok(((row.get(0)?, row.get(1)?), Reached { zone: row.get(2)?, settings }))
        },
    )?;
    Ok(rows.into_iter().collect())
}

/// Those of the pairs of users and objects where the user sees the object: one query for each type. Service accounts count as members,
/// so nothing is told to them but what they were let into.
fn who_see(
    cx: &mut Context<'_, '_>,
    pairs: Vec<(Gid, (&'static str, Gid))>,
) -> Result<HashSet<(Gid, Gid)>> {
    let mut by_kind: BTreeMap<&'static str, HashSet<(Gid, Gid)>> = BTreeMap::new();
    for (user, (kind, gid)) in pairs {
        by_kind.entry(kind).or_default().insert((user, gid));
    }
    let mut seen = HashSet::new();
    for (kind, pairs) in by_kind {
        let table = cx.info(kind)?.table;
        let see = access::see(kind, "t", Sight::Member).replace(":me", "told_user.value");
        let sql = format!(
            "SELECT told_user.value, t.gid FROM ids(?) AS told_user JOIN ids(?) AS told_of ON told_of.key = told_user.key JOIN {table} AS t ON t.gid = told_of.value WHERE {see}"
        );
        let rows = cx.query(&sql, &together(pairs.into_iter()), |row| {
            Ok((row.get::<Gid>(0)?, row.get::<Gid>(1)?))
        })?;
        seen.extend(rows);
    }
    Ok(seen)
}

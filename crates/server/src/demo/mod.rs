//! A believable organization, made through the public commands, so that its stories and events come by themselves.
//!
//! [`people`] and [`projects`] are the words, [`plan`] makes a year of steps out of them, and here they are carried out, each
//! as who did it and at its time.

mod people;
mod plan;
mod projects;
mod random;

use crate::api::call::{Call, Options};
use crate::api::context::{Actor, Context};
use crate::error::{Error, Result};
use crate::{App, admin, auth};
use engine::{Body, Selection, Sight, Site};
use model::Gid;
use plan::{Key, Plan, Step, What, plan};
use serde_json::Value;
use std::sync::Arc;
use store::Tx;

/// Steps of one transaction: about twenty rows each.
const BATCH: usize = 10;

/// The same organization for everybody.
const SEED: u64 = 20;

/// What was made, and how to sign in.
#[derive(Clone, Debug)]
pub struct Made {
    /// The name of the organization.
    pub workspace: String,
    /// How many people it has.
    pub people: usize,
    /// How many projects.
    pub projects: usize,
    /// How many tasks, with subtasks.
    pub tasks: usize,
    /// Who the token is for.
    pub name: String,
    /// His e-mail address.
    pub email: String,
    /// The token.
    pub token: String,
}

/// Fills an empty database; does nothing, and gives `None`, where there is a workspace already.
///
/// Errors: those of the database.
pub async fn fill(app: &Arc<App>) -> Result<Option<Made>> {
    let found = |tx: &mut Tx<'_>| {
        let found: Option<Gid> =
            tx.first("SELECT w.gid FROM workspaces AS w LIMIT 1", &[], |row| row.get(0))?;
        Ok::<_, Error>(found.is_some())
    };
    if app.store.read(found).await? {
        return Ok(None);
    }
    let now = (app.clock)();
    let plan = Arc::new(plan(now, SEED));
    let token = auth::fresh_token(&app.entropy);
    let founded = {
        let (plan, token) = (Arc::clone(&plan), token.clone());
        move |tx: &mut Tx<'_>| found_organization(tx, &plan, &token, now)
    };
    let mut known = app.store.write(founded).await?;
    let mut from = 0;
    while from < plan.steps.len() {
        let (app_, plan_) = (Arc::clone(app), Arc::clone(&plan));
        let before = known;
        let job = move |tx: &mut Tx<'_>| {
            let mut known = before.clone();
            for (number, step) in plan_.steps.iter().enumerate().skip(from).take(BATCH) {
                perform(tx, &app_, &plan_, step, number, &mut known)?;
            }
            Ok::<_, Error>(known)
        };
        known = app.store.write(job).await?;
        from += BATCH;
    }
    let first = people::PEOPLE.first().map_or("", |person| person.name);
    Ok(Some(Made {
        workspace: people::ORGANIZATION.to_owned(),
        people: people::PEOPLE.len(),
        projects: projects::PROJECTS.len(),
        tasks: plan::TASKS,
        name: first.to_owned(),
        email: plan::email(0),
        token,
    }))
}

/// What is there before anybody can act: the workspace, the people, the token. Gives what the keys stand for so far.
fn found_organization(
    tx: &mut Tx<'_>,
    plan: &Plan,
    token: &str,
    now: model::Timestamp,
) -> Result<Vec<Option<Gid>>> {
    let mut known = vec![None; plan.keys];
    let at = plan::begin(now);
    let domains = [people::DOMAIN.to_owned()];
    let workspace = admin::create_workspace(tx, at, people::ORGANIZATION, true, &domains)?;
    learn(&mut known, plan.workspace, workspace);
    for (key, person) in plan.people.iter().zip(&people::PEOPLE) {
        let email = people::email(person);
        let user = admin::create_user(tx, at, person.name, &email, workspace, person.role)?;
        learn(&mut known, *key, user);
    }
    let first = plan.people.first().and_then(|key| known.get(*key).copied().flatten());
    if let Some(user) = first {
        admin::create_token(tx, now, user, "demo", token)?;
    }
    Ok(known)
}

fn learn(known: &mut [Option<Gid>], key: Key, gid: Gid) {
    if let Some(place) = known.get_mut(key) {
        *place = Some(gid);
    }
}

/// Carries out one step.
fn perform(
    tx: &mut Tx<'_>,
    app: &App,
    plan: &Plan,
    step: &Step,
    number: usize,
    known: &mut [Option<Gid>],
) -> Result<()> {
    let gid = |key: Key| {
        known.get(key).copied().flatten().ok_or_else(|| {
            Error::Internal(anyhow::anyhow!("the demo names something before it is made"))
        })
    };
    let me = gid(plan.people.get(step.who).copied().unwrap_or_default())?;
    let (id, path, body, list) = match &step.what {
        What::Call { id, path, body, list } => (*id, *path, body, list.as_slice()),
        What::File { parent, file } => {
            let _ = (gid(*parent)?, file);
            return Ok(());
        }
    };
    let operation =
        app.operations.iter().find(|operation| operation.id == id).ok_or_else(|| {
            Error::Internal(anyhow::anyhow!("there is no operation {id} for the demo"))
        })?;
    let Value::Object(fields) = resolved(body, known) else {
        return Err(Error::Internal(anyhow::anyhow!("a body of the demo is no object")));
    };
    let shown = if list.is_empty() { "gid" } else { "gid,enum_options.gid" };
    let call = Call {
        path: path.map(gid).transpose()?.iter().map(Gid::to_string).collect(),
        body: Body::new(fields),
        options: Options { fields: Selection::parse(shown).ok(), ..Options::default() },
        ..Call::default()
    };
    let actor = Actor { user: me, token: None, sight: Sight::Member, time_zone: None };
    let site = Site {
        url: app.settings.public_url.clone().unwrap_or_default(),
        now: step.at,
        secret: Arc::clone(&app.secret),
        viewer: me,
    };
    let mut cx = Context::new(tx, app, actor, site, format!("demo-{number}"), &call);
    let answer = (operation.run)(&mut cx, &call).map_err(|error| match error {
        // The store runs the batch again for these.
        error @ (Error::Internal(_) | Error::Overloaded) => error,
        refused => Error::Internal(anyhow::anyhow!(
            "{id} was refused: {refused}; {:?}",
            call.body.fields()
        )),
    })?;
    cx.write_events()?;
    if let (Some(key), Some(gid)) = (step.gives, answer.gid) {
        learn(known, key, gid);
    }
    if !list.is_empty() {
        let data: Value = serde_json::from_slice(&answer.data)?;
        let rows = data.get("enum_options").unwrap_or(&data).as_array();
        let gids = rows
            .into_iter()
            .flatten()
            .filter_map(|row| row.get("gid").and_then(Value::as_str).and_then(Gid::parse));
        for (key, gid) in list.iter().zip(gids) {
            learn(known, *key, gid);
        }
    }
    Ok(())
}

/// A body with the gids of what it names.
fn resolved(value: &Value, known: &[Option<Gid>]) -> Value {
    match value {
        Value::String(text) => Value::String(resolved_text(text, known)),
        Value::Array(values) => values.iter().map(|value| resolved(value, known)).collect(),
        Value::Object(fields) => Value::Object(
            fields
                .iter()
                .map(|(name, value)| (resolved_text(name, known), resolved(value, known)))
                .collect(),
        ),
        other => other.clone(),
    }
}

fn resolved_text(text: &str, known: &[Option<Gid>]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{@") {
        out.push_str(before);
        let (number, tail) = after.split_once('}').unwrap_or((after, ""));
        let gid = number.parse().ok().and_then(|key: Key| known.get(key).copied().flatten());
        if let Some(gid) = gid {
            out.push_str(&gid.to_string());
        }
        rest = tail;
    }
    out.push_str(rest);
    out
}

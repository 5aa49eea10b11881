//! A believable organization, made through the public commands, so that its stories and events come by themselves.
//!
//! [`people`] and [`projects`] are the words, [`mod@plan`] makes a year of steps out of them, and here they are carried out, each
//! as who did it and at its time.

mod people;
mod plan;
mod projects;
mod random;

use crate::api::call::{Call, Options};
use crate::api::context::{Actor, Context};
use crate::api::operations::Answer;
use crate::audit::Doer;
use crate::error::{Error, Result};
use crate::files::WrittenFile;
use crate::identity::{account, passwords};
use crate::resources::attachments::{self, Upload};
use crate::{App, admin, auth};
use anyhow::anyhow;
use engine::{Body, Selection, Sight, Site};
use model::Gid;
use plan::{Key, Plan, Step, What, plan};
use serde_json::{Value, json};
use std::collections::HashMap;
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
    /// The password of everybody.
    pub password: String,
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
    let password: String = auth::fresh_secret(&app.entropy).chars().take(12).collect();
    let hash = passwords::hash_now(&password, app.settings.password_cost, &app.entropy)?;
    let founded = {
        let (plan, token) = (Arc::clone(&plan), token.clone());
        move |tx: &mut Tx<'_>| found_organization(tx, &plan, (&token, &hash), now)
    };
    let files = Arc::new(store_files(app, &plan).await?);
    let mut known = app.store.write(founded).await?;
    let store = app.store.clone();
    let mut from = 0;
    while from < plan.steps.len() {
        let (app, plan, files) = (Arc::clone(app), Arc::clone(&plan), Arc::clone(&files));
        let before = known;
        let batch = move |tx: &mut Tx<'_>| {
            let mut known = before.clone();
            let mut scribe = Scribe { app: &app, plan: &plan, files: &files, known: &mut known };
            for (number, step) in plan.steps.iter().enumerate().skip(from).take(BATCH) {
                scribe.perform(tx, step, number)?;
            }
            Ok::<_, Error>(known)
        };
        known = store.write(batch).await?;
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
        password,
    }))
}

/// What is there before anybody can act: the workspace, the people, the token. Gives what the keys stand for so far.
fn found_organization(
    tx: &mut Tx<'_>,
    plan: &Plan,
    (token, password_hash): (&str, &str),
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
        account::store_password(tx, now, user, password_hash)?;
        learn(&mut known, *key, user);
    }
    let first = plan.people.first().and_then(|key| known.get(*key).copied().flatten());
    if let Some(user) = first {
        admin::create_token(tx, now, user, "demo", token, &Doer::server())?;
    }
    Ok(known)
}

fn learn(known: &mut [Option<Gid>], key: Key, gid: Gid) {
    if let Some(place) = known.get_mut(key) {
        *place = Some(gid);
    }
}

/// A file of the demo in the storage: its key there, and what was written.
type StoredFile = (String, WrittenFile);

/// Stores a file for each step that attaches one, by the step's number.
async fn store_files(app: &App, plan: &Plan) -> Result<HashMap<usize, StoredFile>> {
    let mut stored = HashMap::new();
    for (number, step) in plan.steps.iter().enumerate() {
        let What::File { file, .. } = &step.what else { continue };
        let Some((_, _, text)) = projects::FILES.get(*file) else { continue };
        let mut bytes = [0_u8; 16];
        (app.entropy)(&mut bytes);
        let key = crate::auth::hex(&bytes);
        let mut writer = app.files.create(&key);
        writer.write(text.as_bytes()).await?;
        stored.insert(number, (key, writer.finish().await?));
    }
    Ok(stored)
}

/// Carries out steps.
struct Scribe<'s> {
    app: &'s App,
    plan: &'s Plan,
    files: &'s HashMap<usize, StoredFile>,
    /// The gids of the keys.
    known: &'s mut [Option<Gid>],
}

impl Scribe<'_> {
    fn gid(&self, key: Key) -> Result<Gid> {
        self.known
            .get(key)
            .copied()
            .flatten()
            .ok_or_else(|| Error::Internal(anyhow!("the demo names something before it is made")))
    }

    /// Carries out one step, as who did it and at its time.
    fn perform(&mut self, tx: &mut Tx<'_>, step: &Step, number: usize) -> Result<()> {
        let me = self.gid(self.plan.people.get(step.who).copied().unwrap_or_default())?;
        let actor = Actor { user: me, token: None, sight: Sight::Member, time_zone: None };
        let site = Site {
            url: self.app.settings.public_url.clone().unwrap_or_default(),
            now: step.at,
            secret: Arc::clone(&self.app.secret),
            viewer: me,
        };
        let (id, call, list) = self.call(&step.what)?;
        let mut cx = Context::new(tx, self.app, actor, site, format!("demo-{number}"), &call);
        let answer = match &step.what {
            What::Call { .. } => {
                let found = self.app.operations.iter().find(|operation| operation.id == id);
                let operation =
                    found.ok_or_else(|| Error::Internal(anyhow!("there is no operation {id}")))?;
                (operation.run)(&mut cx, &call)
            }
            What::File { file, .. } => self.attach(&mut cx, &call, *file, number),
        };
        let answer = answer.map_err(|error| match error {
            // The store runs the batch again for some of these.
            error @ (Error::Internal(_) | Error::Overloaded) => error,
            refused => {
                Error::Internal(anyhow!("{id} was refused: {refused}; {:?}", call.body.fields()))
            }
        })?;
        cx.write_events()?;
        if let (Some(key), Some(gid)) = (step.gives, answer.gid) {
            learn(self.known, key, gid);
        }
        if !list.is_empty() {
            let data: Value = serde_json::from_slice(&answer.data)?;
            let rows = data.get("enum_options").unwrap_or(&data).as_array();
            let gids = rows
                .into_iter()
                .flatten()
                .filter_map(|row| row.get("gid").and_then(Value::as_str).and_then(Gid::parse));
            for (key, gid) in list.iter().zip(gids) {
                learn(self.known, *key, gid);
            }
        }
        Ok(())
    }

    /// The operation of a step, its call, and the keys of what its answer lists.
    fn call<'w>(&self, what: &'w What) -> Result<(&'static str, Call, &'w [Key])> {
        let (id, path, body, list) = match what {
            What::Call { id, path, body, list } => (*id, *path, body.clone(), list.as_slice()),
            What::File { parent, .. } => {
                let body = json!({ "parent": plan::name_of(*parent) });
                ("createAttachmentForObject", None, body, [].as_slice())
            }
        };
        let Value::Object(fields) = resolved(&body, self.known) else {
            return Err(Error::Internal(anyhow!("a body of the demo is no object")));
        };
        let shown = if list.is_empty() { "gid" } else { "gid,enum_options.gid" };
        let path = path.map(|key| self.gid(key)).transpose()?;
        let call = Call {
            path: path.iter().map(Gid::to_string).collect(),
            body: Body::new(fields),
            options: Options { fields: Selection::parse(shown).ok(), ..Options::default() },
            ..Call::default()
        };
        Ok((id, call, list))
    }

    /// Puts a stored file on the object that the body calls the parent.
    fn attach(
        &self,
        cx: &mut Context<'_, '_>,
        call: &Call,
        file: usize,
        number: usize,
    ) -> Result<Answer> {
        let stored = self.files.get(&number).zip(projects::FILES.get(file));
        let ((key, written), (name, content_type, _)) =
            stored.ok_or_else(|| Error::Internal(anyhow!("a file of the demo is missing")))?;
        let parent = call.body.reference("parent")?.flatten();
        let upload = Upload {
            gid: attachments::begin(cx, parent.as_deref(), key)?,
            file_name: Some((*name).to_owned()),
            content_type: Some((*content_type).to_owned()),
            file: written.clone(),
        };
        attachments::finish(cx, &call.body, &upload)
    }
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

//! The audit log: who changed what others may do, see or find, written in the transaction of the change.
//!
//! [`Context::audit`] adds an entry. Deletions, creations and members of projects, portfolios and goals need no call: they follow
//! from the events of a request ([`Context::audit_events`]), and privacy from a saved row. Entries name objects, not their names;
//! [`crate::resources::audit_log`] looks those up for whoever may read the log.

use crate::App;
use crate::api::Context;
use crate::api::call::Client;
use crate::auth;
use crate::error::{Error, Result};
use crate::events::Event;
use engine::Sight;
use model::{Gid, Timestamp};
use store::{Tx, params};

/// How long entries are kept, in milliseconds: 90 days. Source: dossier 3.21.
pub const KEPT_FOR: i64 = 90 * 24 * 60 * 60 * 1_000;

/// Where a request came from.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    /// Through which door: [`Door::Api`] unless told otherwise.
    pub door: Door,
    /// The address of the client.
    pub address: Option<String>,
    /// What the client calls itself.
    pub agent: Option<String>,
}

impl Origin {
    /// Where a request came from, by what the actor came with and what the network tells.
    pub(crate) fn of(credential: Option<auth::Origin>, client: &Client) -> Self {
        let is_session = credential.and_then(auth::Origin::session).is_some();
        Origin {
            door: if is_session { Door::Web } else { Door::Api },
            address: client.address.map(|address| address.to_string()),
            agent: Some(client.user_agent.clone()).filter(|agent| !agent.is_empty()),
        }
    }
}

/// Through which door somebody came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Door {
    /// The API, with a personal access token or as a service account.
    #[default]
    Api,
    /// The API, with a token that an application was given.
    Oauth,
    /// The web application, signed in.
    Web,
    /// An e-mail.
    Email,
    /// The server itself or its operator: the command line, jobs.
    Server,
}

impl Door {
    /// The `context_type`.
    const fn context(self) -> &'static str {
        match self {
            Door::Api | Door::Oauth => "api",
            Door::Web => "web",
            Door::Email => "email",
            Door::Server => "asana",
        }
    }

    /// The `api_authentication_method`, of requests to the API.
    const fn authentication(self, is_service: bool) -> Option<&'static str> {
        match self {
            Door::Api if is_service => Some("service_account"),
            Door::Api => Some("personal_access_token"),
            Door::Oauth => Some("oauth"),
            Door::Web | Door::Email | Door::Server => None,
        }
    }
}

/// Who did something, as the log keeps it.
#[derive(Clone, Debug, Default)]
pub struct Doer {
    /// The user; nobody for the server itself and for those who are not signed in.
    pub user: Option<Gid>,
    /// Whether he is a service account.
    pub is_service: bool,
    /// Where the request came from.
    pub origin: Origin,
}

impl Doer {
    /// The server itself, or its operator at the command line.
    pub fn server() -> Self {
        Doer { origin: Origin { door: Door::Server, ..Origin::default() }, ..Doer::default() }
    }

    /// The `actor_type`.
    const fn kind(&self) -> &'static str {
        match (self.user, self.origin.door) {
            (Some(_), _) => "user",
            (None, Door::Server) => "asana",
            (None, _) => "anonymous",
        }
    }
}

/// An entry.
#[derive(Clone, Debug)]
pub struct Audit {
    event_type: String,
    workspace: Gid,
    resource: Option<(&'static str, Gid)>,
    subtype: Option<String>,
    member: Option<Gid>,
    old: Option<String>,
    new: Option<String>,
}

impl Audit {
    /// Something happened in a workspace; `event_type` is one of the names of dossier 3.21.
    pub fn new(event_type: impl Into<String>, workspace: Gid) -> Self {
        Audit {
            event_type: event_type.into(),
            workspace,
            resource: None,
            subtype: None,
            member: None,
            old: None,
            new: None,
        }
    }

    /// To which object it happened.
    pub fn about(mut self, kind: &'static str, gid: Gid) -> Self {
        self.resource = Some((kind, gid));
        self
    }

    /// The user or team that was added or removed.
    pub fn member(mut self, member: Gid) -> Self {
        self.member = Some(member);
        self
    }

    /// What it was and what it is now: words of ours, never names of objects.
    pub fn change(mut self, old: Option<&str>, new: Option<&str>) -> Self {
        self.old = old.map(str::to_owned);
        self.new = new.map(str::to_owned);
        self
    }
}

/// Writes an entry. Where there is a [`Context`], [`Context::audit`] knows who and where from.
///
/// Errors: those of the database.
pub fn write(
    tx: &mut Tx<'_>,
    now: Timestamp,
    doer: &Doer,
    entry: &Audit,
) -> Result<(), store::Error> {
    let gid = tx.gid()?;
    let (kind, resource) = entry.resource.unzip();
    tx.later(
        "INSERT INTO audit_events (gid, workspace, at, event_type, actor, actor_type, resource_type, resource_subtype, resource, member, old_value, new_value, context_type, authentication, client_ip_address, user_agent) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        params![
            gid,
            entry.workspace,
            now,
            entry.event_type,
            doer.user,
            doer.kind(),
            kind,
            entry.subtype,
            resource,
            entry.member,
            entry.old,
            entry.new,
            doer.origin.door.context(),
            doer.origin.door.authentication(doer.is_service),
            doer.origin.address,
            doer.origin.agent
        ]
        .to_vec(),
    )
}

/// Writes an entry into the log of each workspace that a user is in: tokens and sign-ins are of the person, not of a workspace.
///
/// Errors: those of the database.
pub fn write_everywhere(
    tx: &mut Tx<'_>,
    now: Timestamp,
    doer: &Doer,
    event_type: &str,
    user: Gid,
) -> Result<(), store::Error> {
    let workspaces: Vec<Gid> = tx.query(
        r#"SELECT wm.workspace FROM workspace_memberships AS wm WHERE wm."user" = ? AND wm.is_active = 1"#,
        params![user],
        |row| row.get(0),
    )?;
    for workspace in workspaces {
        write(tx, now, doer, &Audit::new(event_type, workspace).about("user", user))?;
    }
    Ok(())
}

impl Context<'_, '_> {
    /// Who acts, for the audit log.
    pub fn doer(&self) -> Doer {
        let by_server = self.actor.token.is_none() && self.actor.sight == Sight::System;
        Doer {
            user: (!by_server).then_some(self.actor.user),
            is_service: self.actor.sight == Sight::Service,
            origin: self.origin.clone(),
        }
    }

    /// Adds an entry to the audit log, by the actor.
    pub fn audit(&mut self, entry: Audit) -> Result<()> {
        let (now, doer) = (self.now(), self.doer());
        Ok(write(self.tx, now, &doer, &entry)?)
    }

    /// Adds an entry about a person, who signed in or got a token, to the logs of all his workspaces, by the actor.
    pub fn audit_user(&mut self, event_type: &str, user: Gid) -> Result<()> {
        let (now, doer) = (self.now(), self.doer());
        Ok(write_everywhere(self.tx, now, &doer, event_type, user)?)
    }

    /// Adds the entry about another value of a setting that decides who sees an object, if it is one.
    pub(crate) fn audit_privacy(
        &mut self,
        kind: &'static str,
        workspace: Gid,
        gid: Gid,
        (column, old, new): (&str, &store::Value, &store::Value),
    ) -> Result<()> {
        if !matches!(
            (kind, column),
            ("project" | "portfolio" | "goal", "privacy_setting") | ("team", "visibility")
        ) {
            return Ok(());
        }
        let text = |value: &store::Value| match value {
            store::Value::Text(text) => Some(text.clone()),
            _ => None,
        };
        let entry = Audit::new(format!("{kind}_privacy_settings_changed"), workspace)
            .about(kind, gid)
            .change(text(old).as_deref(), text(new).as_deref());
        self.audit(entry)
    }

    /// Adds the entries that follow from events: what was deleted, restored or made, and who was let in.
    pub(crate) fn audit_events(&mut self, events: &[Event]) -> Result<()> {
        for event in events {
            for entry in entries_of(event) {
                self.audit(entry)?;
            }
        }
        Ok(())
    }
}

/// The types whose deletions and restorations are kept. Source: dossier 3.21, "deletion".
const DELETED: [&str; 12] = [
    "task",
    "project",
    "portfolio",
    "goal",
    "custom_field",
    "message",
    "team",
    "attachment",
    "status_update",
    "task_template",
    "project_template",
    "story",
];

/// The entries that follow from an event.
fn entries_of(event: &Event) -> Vec<Audit> {
    let about = |event_type: String| Audit {
        subtype: event.subtype.clone(),
        ..Audit::new(event_type, event.workspace).about(event.kind, event.resource)
    };
    match (event.kind, event.action) {
        ("story", "deleted" | "undeleted") if event.subtype.as_deref() == Some("comment_added") => {
            vec![about(format!("comment_{}", event.action))]
        }
        (kind, "deleted" | "undeleted") if DELETED.contains(&kind) => {
            vec![about(format!("{kind}_{}", event.action))]
        }
        ("team", "added") => vec![about("team_created".to_owned())],
        ("attachment", "added") => vec![about("attachment_uploaded".to_owned())],
        ("project" | "portfolio" | "goal", "changed") => event
            .changes
            .iter()
            .filter(|change| change.field == "members" && change.action != "changed")
            .filter_map(|change| {
                let (_, member) = change.value?;
                let event_type = format!("{}_member_{}", event.kind, change.action);
                Some(about(event_type).member(member))
            })
            .collect(),
        _ => Vec::new(),
    }
}

/// The category of a type of entry. Source: dossier 3.21.
pub fn category(event_type: &str) -> &'static str {
    match event_type {
        "user_login_succeeded" | "user_login_failed" | "user_logged_out" => "logins",
        "user_invited"
        | "user_deprovisioned"
        | "user_reprovisioned"
        | "user_forgot_password_started"
        | "user_password_reset"
        | "user_password_changed"
        | "user_two_factor_auth_enabled"
        | "user_two_factor_auth_disabled" => "user_updates",
        "user_workspace_admin_role_changed" | "user_division_admin_role_changed" => "roles",
        "attachment_downloaded" => "content_export",
        "team_created" | "attachment_uploaded" => "creation",
        "team_harvest_integration_enabled"
        | "team_harvest_integration_disabled"
        | "user_app_authorized"
        | "user_app_revoked"
        | "user_personal_access_token_authorized"
        | "user_personal_access_token_revoked"
        | "service_account_created"
        | "service_account_deleted"
        | "service_account_name_changed" => "apps",
        other if other.ends_with("_export_started") => "content_export",
        other if other.ends_with("_deleted") || other.ends_with("_undeleted") => "deletion",
        other if other.starts_with("workspace_") => "admin_settings",
        _ => "access_control",
    }
}

/// Removes entries that are older than ninety days; called with the other things that are done once a minute.
///
/// Errors: those of the database.
pub async fn expire(app: &App) -> Result<()> {
    let before = Timestamp::from_millis((app.clock)().millis() - KEPT_FOR);
    app.store
        .write(move |tx| {
            tx.execute("DELETE FROM audit_events WHERE at < ?", params![before])?;
            Ok::<(), Error>(())
        })
        .await
}

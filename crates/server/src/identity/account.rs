//! Set-up of a new server, and passwords: the operations that belong to no resource.

use crate::admin;
use crate::api::operations::Input;
use crate::auth;
use crate::identity::passwords::{self, Ask, Check};
use crate::identity::{attempts, links};
use crate::mail::{self, Mail};
use crate::prelude::*;
use crate::resources::sessions::{self, Session};
use crate::resources::users;
use serde_json::json;
use store::Tx;

/// Stores the hash of a user's password.
pub fn store_password(tx: &mut Tx<'_>, now: Timestamp, user: Gid, hash: &str) -> Result<()> {
    tx.execute(
        r#"INSERT INTO passwords ("user", hash, changed_at) VALUES (?, ?, ?) ON CONFLICT ("user") DO UPDATE SET hash = excluded.hash, changed_at = excluded.changed_at"#,
        params![user, hash, now],
    )?;
    Ok(())
}

/// The operations of the sections.
pub fn operations(api: &mut Operations) {
    api.extension(
        "Set-up",
        "The first administrator and the first workspace of a new server, whose start prints the link.",
    );
    api.add(
        "GET",
        "getSetup",
        "/setup",
        "Whether the server waits for its first administrator. Needs no token.",
        Input::None,
        Output::Plain(&[("needed", JsonType::Boolean, "Whether nobody uses this server yet.")]),
        |cx, _| {
            let data = json!({ "needed": links::needs_setup(cx.tx)? });
            Ok(Answer { data: data.to_string().into_bytes(), ..Answer::default() })
        },
    )
    .open();
    api.add(
        "POST",
        "setUp",
        "/setup",
        "Makes the first administrator and the first workspace, an organization, and signs in. Works once, with the secret of the link that the server printed.",
        Input::Fields,
        Output::One(Session::TYPE),
        set_up,
    )
    .required_field("token", JsonType::String, "The secret of the link that the server printed.")
    .required_field("workspace_name", JsonType::String, "What the workspace is called.")
    .required_field("name", JsonType::String, "The administrator's name.")
    .required_field("email", JsonType::String, "The administrator's e-mail address.")
    .required_field("password", JsonType::String, "The administrator's password.")
    .created()
    .open()
    .with_passwords(begin_set_up);
    api.extension("Passwords", "Changing a password, and making a new one when it is forgotten.");
    api.add(
        "POST",
        "requestPasswordReset",
        "/password_resets",
        "Sends a link for a new password to an e-mail address, if a user has it. The answer does not tell. Needs no token.",
        Input::Fields,
        Output::Empty,
        |_, call| {
            text(&call.body, "email")?;
            Ok(Answer::empty())
        },
    )
    .required_field("email", JsonType::String, "The e-mail address.")
    .open()
    .afterwards(send_reset);
    api.add(
        "POST",
        "usePasswordReset",
        "/password_resets/use",
        "Sets a new password by a link, ends all sessions of the user, and signs in.",
        Input::Fields,
        Output::One(Session::TYPE),
        use_reset,
    )
    .required_field("token", JsonType::String, "The secret of the link.")
    .required_field("password", JsonType::String, "The new password.")
    .created()
    .open()
    .with_passwords(begin_use_reset);
    api.add(
        "PUT",
        "changePassword",
        "/password",
        "Changes the password of the actor and ends his other sessions.",
        Input::Fields,
        Output::Empty,
        change,
    )
    .field(
        "current_password",
        JsonType::String,
        "The password so far; left out by users who have none yet.",
    )
    .required_field("password", JsonType::String, "The new password.")
    .secret()
    .with_passwords(begin_change);
}

/// A text that must be sent.
fn text(body: &Body, name: &'static str) -> Result<String> {
    body.read::<String>(name)?.ok_or_else(|| invalid(name, "Missing input"))
}

/// Checks what was sent before any work goes into the password.
fn begin_set_up(cx: &mut Context<'_, '_>, call: &Call) -> Result<Ask> {
    let password = text(&call.body, "password")?;
    let email = text(&call.body, "email")?;
    for name in ["workspace_name", "name"] {
        let Name(sent) = call.body.read(name)?.ok_or_else(|| invalid(name, "Missing input"))?;
        require(!sent.is_empty(), name, "Must not be empty")?;
    }
    let is_address = users::address(&email).is_some();
    require(is_address, "email", "Not a valid e-mail address")?;
    let now = cx.now();
    let secret = text(&call.body, "token")?;
    let known: Option<i64> = cx.cell(
        "SELECT 1 FROM one_time_links AS l WHERE l.hash = ? AND l.kind = 'setup' AND l.expires_at > ?",
        params![auth::hash(&secret), now],
    )?;
    if known.is_none() {
        return Err(links::unusable());
    }
    passwords::accept("password", &password, &[&email])?;
    Ok(Ask { check: None, new: Some(password) })
}

/// `setUp`.
fn set_up(cx: &mut Context<'_, '_>, call: &Call) -> Result<Answer> {
    let now = cx.now();
    links::use_setup(cx.tx, now, &text(&call.body, "token")?)?;
    let (name, email) = (text(&call.body, "name")?, text(&call.body, "email")?);
    let workspace_name = text(&call.body, "workspace_name")?;
    let workspace = admin::create_workspace(cx.tx, now, &workspace_name, true, &[])?;
    let user = admin::create_user(cx.tx, now, &name, &email, workspace, "admin")?;
    let hash = call.proof()?.hash.clone().unwrap_or_default();
    store_password(cx.tx, now, user, &hash)?;
    sessions::begin(cx, user)
}

/// What follows `requestPasswordReset`, where nobody can tell by the time it takes whether somebody has the address.
fn send_reset(cx: &mut Context<'_, '_>, call: &Call) -> Result<()> {
    let email = text(&call.body, "email")?.trim().to_lowercase();
    let now = cx.now();
    let secret = auth::fresh_secret(&cx.app.entropy);
    if attempts::letter(cx.tx, now, &email)? {
        let known = links::make_reset(cx.tx, now, &email, &secret)?;
        let link = links::reset_url(&cx.site.url, &secret);
        let letter = Mail {
            to: email,
            subject: "A new password".to_owned(),
            text: format!(
                "Somebody, probably you, asked for a new password.\n\nFollow this link to choose one:\n\n{link}\n\nIt works for a day. If it was not you, you need not do anything.\n"
            ),
        };
        if let Some(user) = known {
            cx.audit_user("user_forgot_password_started", user)?;
            mail::queue(cx, &letter)?;
        }
    }
    Ok(())
}

/// Checks the link before any work goes into the password.
fn begin_use_reset(cx: &mut Context<'_, '_>, call: &Call) -> Result<Ask> {
    let password = text(&call.body, "password")?;
    let now = cx.now();
    let user = links::reset_user(cx.tx, now, &text(&call.body, "token")?)?;
    let email = email_of(cx, user)?;
    passwords::accept("password", &password, &[&email])?;
    Ok(Ask { check: None, new: Some(password) })
}

/// `usePasswordReset`.
fn use_reset(cx: &mut Context<'_, '_>, call: &Call) -> Result<Answer> {
    let now = cx.now();
    let user = links::use_reset(cx.tx, now, &text(&call.body, "token")?)?;
    let hash = call.proof()?.hash.clone().unwrap_or_default();
    store_password(cx.tx, now, user, &hash)?;
    sessions::end_all(cx.tx, user, None)?;
    let email = email_of(cx, user)?;
    attempts::forget(cx.tx, &email)?;
    cx.audit_user("user_password_reset", user)?;
    sessions::begin(cx, user)
}

fn email_of(cx: &mut Context<'_, '_>, user: Gid) -> Result<String> {
    let sql = "SELECT u.email FROM users AS u WHERE u.gid = ?";
    Ok(cx.cell(sql, params![user])?.unwrap_or_default())
}

/// Counts the attempt, since it is one to guess the password.
fn begin_change(cx: &mut Context<'_, '_>, call: &Call) -> Result<Ask> {
    let new = text(&call.body, "password")?;
    let (me, now) = (cx.me(), cx.now());
    let email = email_of(cx, me)?;
    passwords::accept("password", &new, &[&email])?;
    let stored: Option<String> =
        cx.cell(r#"SELECT p.hash FROM passwords AS p WHERE p."user" = ?"#, params![me])?;
    let check = match stored {
        None => None,
        Some(stored) => {
            let password = text(&call.body, "current_password")?;
            attempts::sign_in(cx.tx, now, &email, cx.origin.address.as_deref())?;
            Some(Check { user: Some(me), password, stored: Some(stored) })
        }
    };
    Ok(Ask { check, new: Some(new) })
}

/// `changePassword`.
fn change(cx: &mut Context<'_, '_>, call: &Call) -> Result<Answer> {
    let proof = call.proof()?;
    let (me, now) = (cx.me(), cx.now());
    let wrong = || invalid("current_password", "Is wrong");
    require(proof.right || proof.against.is_none(), "current_password", "Is wrong")?;
    sessions::require_proven(cx, me, proof.against.as_deref()).map_err(|_| wrong())?;
    let hash = proof.hash.clone().unwrap_or_default();
    store_password(cx.tx, now, me, &hash)?;
    let current = cx.actor.session();
    sessions::end_all(cx.tx, me, current)?;
    cx.later(r#"DELETE FROM one_time_links WHERE "user" = ?"#, params![me].to_vec())?;
    let email = email_of(cx, me)?;
    attempts::forget(cx.tx, &email)?;
    cx.audit_user("user_password_changed", me)?;
    Ok(Answer::empty())
}

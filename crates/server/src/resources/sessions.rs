//! Sessions: browsers that are signed in.
//!
//! Extension API, section "Sessions". A session is a cookie; what it lets its user do is what a token would. Its row goes when
//! he signs out, when it was not used for 30 days, or when his password changes elsewhere.

use crate::api::operations::{Cookie, Input};
use crate::audit::Door;
use crate::auth::{self, Credential};
use crate::identity::attempts;
use crate::identity::passwords::{Ask, Check};
use crate::prelude::*;
use crate::resources::preferences::{self, Preferences};
use crate::resources::users::{self, User};
use engine::record::insert_text;
use store::Tx;

/// A session as stored, one row of `sessions`, and whether it is that of the request.
#[derive(Debug, Clone)]
pub struct Session {
    pub gid: Gid,
    pub user: Gid,
    pub hash: String,
    pub user_agent: String,
    pub created_at: Timestamp,
    pub last_used_at: Timestamp,
    pub expires_at: Timestamp,
    /// Not stored.
    pub is_current: bool,
}

impl Stored for Session {
    const TABLE: &'static str = "sessions";
    const COLUMNS: &'static [&'static str] =
        &["gid", "user", "hash", "user_agent", "created_at", "last_used_at", "expires_at"];

    fn from_row(row: &store::Row<'_>, at: usize) -> Result<Self, store::Error> {
        Ok(Session {
            gid: row.get(at)?,
            user: row.get(at + 1)?,
            hash: row.get(at + 2)?,
            user_agent: row.get(at + 3)?,
            created_at: row.get(at + 4)?,
            last_used_at: row.get(at + 5)?,
            expires_at: row.get(at + 6)?,
            is_current: false,
        })
    }

    fn values(&self) -> Vec<Value> {
        params![
            self.gid,
            self.user,
            self.hash,
            self.user_agent,
            self.created_at,
            self.last_used_at,
            self.expires_at
        ]
        .to_vec()
    }
}

/// A workspace of whoever is signed in, with his role there.
#[derive(Debug, Clone)]
pub struct SessionWorkspace {
    pub gid: Gid,
    pub name: String,
    pub is_organization: bool,
    pub role: String,
}

row! { SessionWorkspace { gid, name, is_organization, role } }

impl Record for SessionWorkspace {
    fn schema(s: &mut Schema<Self>) {
        s.identity(Some("workspace"), |w| w.gid);
        s.field("name", |w| &w.name).doc("What the workspace is called.");
        s.field("is_organization", |w| &w.is_organization)
            .doc("Whether the workspace is an organization.");
        s.field("role", |w| &w.role)
            .doc("What the user is there: admin, member, guest or service.");
    }
}

/// The workspaces that the session's user is in, oldest first.
const WORKSPACES: &str = r#"SELECT i.key, w.gid, w.name, w.is_organization, wm.role FROM :ids AS i JOIN sessions AS k ON k.gid = i.value JOIN workspace_memberships AS wm ON wm."user" = k."user" AND wm.is_active = 1 JOIN workspaces AS w ON w.gid = wm.workspace ORDER BY i.key, wm.created_at, w.gid"#;

impl Record for Session {
    fn schema(s: &mut Schema<Self>) {
        s.doc("A browser that is signed in.");
        s.one::<User>("user", |k| Some(k.user)).full().doc("Who is signed in.");
        s.computed("csrf_token", |k, site| {
            k.is_current.then(|| auth::csrf_token(&site.secret, &k.hash))
        })
        .doc("What writes with the session's cookie send in `X-CSRF-Token`; null for other sessions than that of the request.");
        s.inline::<SessionWorkspace>("workspaces", WORKSPACES)
            .doc("The workspaces that the user is in, oldest first.");
        s.one::<Preferences>("preferences", |k| Some(k.user))
            .full()
            .doc("How the user wants the application.");
        s.field("user_agent", |k| &k.user_agent)
            .compact()
            .doc("The program that signed in, as it calls itself.");
        s.field("is_current", |k| &k.is_current)
            .compact()
            .doc("Whether this is the session of the request.");
        s.field("created_at", |k| &k.created_at).compact().doc("When the user signed in.");
        s.field("last_used_at", |k| &k.last_used_at)
            .compact()
            .doc("When the session was last used, to the minute.");
        s.field("expires_at", |k| &k.expires_at)
            .compact()
            .doc("When it ends if it is not used: 30 days after its last use.");
    }
}

impl Resource for Session {
    const TYPE: &'static str = "session";
    fn gid(&self) -> Gid {
        self.gid
    }
}

impl Object for Session {
    /// Sessions belong to no workspace; those of others are unknown.
    fn workspace(&self) -> Gid {
        Gid::new(0)
    }

    fn delete(cx: &mut Context<'_, '_>, row: &Self) -> Result<()> {
        cx.later("DELETE FROM sessions WHERE gid = ?", params![row.gid].to_vec())?;
        cx.audit_user("user_logged_out", row.user)
    }
}

/// Longest `User-Agent` that is kept, in characters.
const MAX_AGENT: usize = 300;

/// Signs a user in: makes a session, from here on acts as him, and answers with it and its cookie.
pub fn begin(cx: &mut Context<'_, '_>, user: Gid) -> Result<Answer> {
    let secret = auth::fresh_secret(&cx.app.entropy);
    let now = cx.now();
    let row = Session {
        gid: cx.gid()?,
        user,
        hash: auth::hash(&secret),
        user_agent: cx.origin.agent.clone().unwrap_or_default().chars().take(MAX_AGENT).collect(),
        created_at: now,
        last_used_at: now,
        expires_at: Timestamp::from_millis(now.millis() + auth::SESSION_LIFE),
        is_current: true,
    };
    cx.later(&insert_text::<Session>(), row.values())?;
    preferences::ensure(cx.tx, user)?;
    let credential = Credential::Session(row.hash.clone());
    cx.actor = auth::actor(cx.tx, &credential, now)?.ok_or(Error::Unauthorized)?;
    cx.site.viewer = user;
    cx.origin.door = Door::Web;
    cx.audit_user("user_login_succeeded", user)?;
    let answer = cx.answer(row)?;
    Ok(Answer { created: true, cookie: Cookie::Set(secret), ..answer })
}

/// Ends the sessions of a user, but for one that is to stay.
pub fn end_all(tx: &mut Tx<'_>, user: Gid, but: Option<Gid>) -> Result<()> {
    tx.execute(
        r#"DELETE FROM sessions WHERE "user" = ? AND gid <> ?"#,
        params![user, but.unwrap_or(Gid::new(0))],
    )?;
    Ok(())
}

/// The operations of the section.
pub fn operations(api: &mut Operations) {
    api.extension(
        "Sessions",
        "Signing in with e-mail address and password. A session is the cookie `vinyasa_session`, which every operation takes in the place of a token; writes with it need the header `X-CSRF-Token`.",
    );
    api.add(
        "POST",
        "createSession",
        "/sessions",
        "Signs in and sets the cookie of the session.",
        Input::Fields,
        Output::One(Session::TYPE),
        sign_in,
    )
    .required_field("email", JsonType::String, "The e-mail address.")
    .required_field("password", JsonType::String, "The password.")
    .created()
    .open()
    .with_passwords(begin_sign_in);
    api.list::<Session>(
        "getSessions",
        "/sessions",
        "The sessions of the actor, newest first.",
        mine,
    );
    api.add(
        "GET",
        "getCurrentSession",
        "/sessions/current",
        "The session of the request: who is signed in, where, and how he wants it; 404 for a token.",
        Input::None,
        Output::One(Session::TYPE),
        |cx, _| {
            let row = current(cx)?;
            cx.answer(row)
        },
    )
    .secret();
    api.add(
        "DELETE",
        "deleteCurrentSession",
        "/sessions/current",
        "Signs out and takes the cookie back; 404 for a token.",
        Input::None,
        Output::Empty,
        |cx, _| {
            let row = current(cx)?;
            Session::delete(cx, &row)?;
            Ok(Answer { cookie: Cookie::Clear, ..Answer::empty() })
        },
    );
    api.add(
        "DELETE",
        "deleteSession",
        "/sessions/{session_gid}",
        "Ends a session of the actor.",
        Input::None,
        Output::Empty,
        |cx, call| {
            let (row, _) = cx.target::<Session>(call, 0)?;
            Session::delete(cx, &row)?;
            Ok(Answer::empty())
        },
    );
}

/// The session of the request.
///
/// Errors: 404 for a request with a token.
fn current(cx: &mut Context<'_, '_>) -> Result<Session> {
    let unknown = || not_found(Session::TYPE, "current");
    let gid = cx.actor.session().ok_or_else(unknown)?;
    let row = cx.rows_seen::<Session>(&[gid])?.pop().flatten().ok_or_else(unknown)?;
    Ok(Session { is_current: true, ..row })
}

/// `getSessions`: newest first, without those that have ended.
fn mine(cx: &mut Context<'_, '_>, call: &Call) -> Result<Page<Session>> {
    let (me, now, current) = (cx.me(), cx.now(), cx.actor.session());
    let mut page = Query::<Session>::given()
        .filter(r#"t."user" = ?"#, params![me])
        .filter("t.expires_at > ?", params![now])
        .order(&["t.created_at", "t.gid"])
        .descending()
        .page(cx, call)?;
    for row in &mut page.rows {
        row.is_current = current == Some(row.gid);
    }
    Ok(page)
}

/// The e-mail address and the password that were sent.
fn sent(body: &Body) -> Result<(String, String)> {
    let email = body.read::<String>("email")?.ok_or_else(|| invalid("email", "Missing input"))?;
    let password =
        body.read::<String>("password")?.ok_or_else(|| invalid("password", "Missing input"))?;
    Ok((email.trim().to_lowercase(), password))
}

/// Counts the attempt and looks the password up.
fn begin_sign_in(cx: &mut Context<'_, '_>, call: &Call) -> Result<Ask> {
    let (email, password) = sent(&call.body)?;
    let now = cx.now();
    attempts::sign_in(cx.tx, now, &email, cx.origin.address.as_deref())?;
    let found = cx.first(
        r#"SELECT u.gid, p.hash FROM users AS u LEFT JOIN passwords AS p ON p."user" = u.gid WHERE u.email = ?"#,
        params![email],
        |row| Ok((row.get::<Gid>(0)?, row.get::<Option<String>>(1)?)),
    )?;
    let (user, stored) = found.unzip();
    Ok(Ask { check: Some(Check { user, password, stored: stored.flatten() }), new: None })
}

/// `createSession`.
fn sign_in(cx: &mut Context<'_, '_>, call: &Call) -> Result<Answer> {
    let (email, _) = sent(&call.body)?;
    let proof = call.proof()?;
    let user = users::by_email(cx.tx, &email)?;
    let user = user.filter(|_| proof.right).ok_or(Error::WrongPassword)?;
    require_proven(cx, user.gid, proof.against.as_deref())?;
    attempts::forget(cx.tx, &email)?;
    begin(cx, user.gid)
}

/// Refuses what was proven with a password that has been changed since.
pub fn require_proven(cx: &mut Context<'_, '_>, user: Gid, against: Option<&str>) -> Result<()> {
    let stored: Option<String> =
        cx.cell(r#"SELECT p.hash FROM passwords AS p WHERE p."user" = ?"#, params![user])?;
    if stored.as_deref() == against { Ok(()) } else { Err(Error::WrongPassword) }
}

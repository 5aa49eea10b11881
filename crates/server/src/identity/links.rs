//! Links that work once. Their secret is shown when they are made; its SHA-256 is stored.

use crate::auth;
use crate::error::{Result, invalid};
use model::{Gid, Timestamp};
use store::{Tx, params};

/// How long the link for the first administrator works, in milliseconds: a week. Each start of an empty server makes another.
const SETUP_LIFE: i64 = 7 * 24 * 60 * 60 * 1_000;

/// How long a link for a new password works, in milliseconds: a day.
const RESET_LIFE: i64 = 24 * 60 * 60 * 1_000;

/// The address of the page for the first administrator.
pub fn setup_url(public: &str, secret: &str) -> String {
    format!("{public}/setup?token={secret}")
}

/// The address of the page for a new password.
pub fn reset_url(public: &str, secret: &str) -> String {
    format!("{public}/reset/{secret}")
}

/// The address of the page for whoever is invited.
pub fn invitation_url(public: &str, secret: &str) -> String {
    format!("{public}/invite/{secret}")
}

/// Whether the server waits for its first administrator: nobody is in the database.
pub fn needs_setup(tx: &mut Tx<'_>) -> Result<bool> {
    let found: Option<Gid> =
        tx.first("SELECT u.gid FROM users AS u LIMIT 1", &[], |row| row.get(0))?;
    Ok(found.is_none())
}

/// Makes a link for the first administrator; `None` where there is somebody already.
pub fn make_setup(
    tx: &mut Tx<'_>,
    now: Timestamp,
    entropy: &dyn Fn(&mut [u8]),
) -> Result<Option<String>> {
    if !needs_setup(tx)? {
        return Ok(None);
    }
    let secret = auth::fresh_secret(entropy);
    tx.execute(
        "INSERT INTO one_time_links (hash, kind, created_at, expires_at) VALUES (?, 'setup', ?, ?)",
        params![auth::hash(&secret), now, now.millis() + SETUP_LIFE],
    )?;
    Ok(Some(secret))
}

/// Uses up the link for the first administrator, and all others of its kind.
///
/// Errors: 400 if there is no such link, or no need for one.
pub fn use_setup(tx: &mut Tx<'_>, now: Timestamp, secret: &str) -> Result<()> {
    let used = tx.execute(
        "DELETE FROM one_time_links WHERE hash = ? AND kind = 'setup' AND expires_at > ?",
        params![auth::hash(secret), now],
    )?;
    if used == 0 || !needs_setup(tx)? {
        return Err(unusable());
    }
    tx.execute("DELETE FROM one_time_links WHERE kind = 'setup'", &[])?;
    Ok(())
}

/// Makes a link for a new password of whoever has this e-mail address, and gives the user, if there is one. Those made
/// before stay good.
pub fn make_reset(
    tx: &mut Tx<'_>,
    now: Timestamp,
    email: &str,
    secret: &str,
) -> Result<Option<Gid>> {
    let made = tx.query(
        r#"INSERT INTO one_time_links (hash, kind, "user", created_at, expires_at) SELECT CAST(? AS TEXT), 'reset', u.gid, CAST(? AS BIGINT), CAST(? AS BIGINT) FROM users AS u WHERE u.email = ? RETURNING "user""#,
        params![auth::hash(secret), now, now.millis() + RESET_LIFE, email],
        |row| row.get(0),
    )?;
    Ok(made.into_iter().next())
}

/// The user whose password a link sets.
///
/// Errors: 400 if there is no such link.
pub fn reset_user(tx: &mut Tx<'_>, now: Timestamp, secret: &str) -> Result<Gid> {
    let found: Option<Gid> = tx.first(
        r#"SELECT l."user" FROM one_time_links AS l JOIN users AS u ON u.gid = l."user" WHERE l.hash = ? AND l.kind = 'reset' AND l.expires_at > ?"#,
        params![auth::hash(secret), now],
        |row| row.get(0),
    )?;
    found.ok_or_else(unusable)
}

/// Uses up a link for a new password, and all others of the same user.
///
/// Errors: 400 if there is no such link, any more.
pub fn use_reset(tx: &mut Tx<'_>, now: Timestamp, secret: &str) -> Result<Gid> {
    let user = reset_user(tx, now, secret)?;
    let used = tx.execute(
        "DELETE FROM one_time_links WHERE hash = ? AND kind = 'reset'",
        params![auth::hash(secret)],
    )?;
    if used == 0 {
        return Err(unusable());
    }
    tx.execute(r#"DELETE FROM one_time_links WHERE "user" = ?"#, params![user])?;
    Ok(user)
}

/// The 400 for a link that does not work; it is not told why.
pub fn unusable() -> crate::Error {
    invalid("token", "This link is unknown, was used before or has expired")
}

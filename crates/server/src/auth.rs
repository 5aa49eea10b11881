//! Who is asking: from what a request came with to the actor.
//!
//! Tokens and the cookies of sessions are random texts of 256 bits, of which only the SHA-256 is stored.

use crate::api::context::Actor;
use crate::error::Result;
use engine::Sight;
use hmac::{Hmac, Mac};
use model::{Gid, Timestamp};
use sha2::{Digest, Sha256};
use store::{Tx, params};

/// How long a session lives after it was last used, in milliseconds: 30 days.
pub const SESSION_LIFE: i64 = 30 * 24 * 60 * 60 * 1_000;

/// What a request came with, as a hash.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Credential {
    /// A bearer token.
    Token(String),
    /// The cookie of a session.
    Session(String),
}

impl Credential {
    /// The hash.
    pub fn hash(&self) -> &str {
        match self {
            Credential::Token(hash) | Credential::Session(hash) => hash,
        }
    }
}

/// What an actor came in with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// A personal access token.
    Token(Gid),
    /// A session of the web application.
    Session(Gid),
}

impl Origin {
    /// The session, if it is one.
    pub fn session(self) -> Option<Gid> {
        match self {
            Origin::Session(gid) => Some(gid),
            Origin::Token(_) => None,
        }
    }
}

/// The SHA-256 of a text, as hexadecimal digits: the form in which tokens are stored and external gids are looked up.
pub fn hash(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes()))
}

/// 256 random bits as 64 hexadecimal digits.
pub fn fresh_secret(entropy: &dyn Fn(&mut [u8])) -> String {
    let mut bytes = [0_u8; 32];
    entropy(&mut bytes);
    hex(&bytes)
}

/// A fresh token text: `2/` and a secret.
pub fn fresh_token(entropy: &dyn Fn(&mut [u8])) -> String {
    format!("2/{}", fresh_secret(entropy))
}

/// Bytes as hexadecimal digits, in lower case.
pub fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// What writes with a session's cookie send in `X-CSRF-Token`: it follows from the cookie, and only this server can tell how.
pub fn csrf_token(secret: &[u8], session_hash: &str) -> String {
    let mut mac =
        <Hmac<Sha256> as Mac>::new_from_slice(secret).expect("a key of any length makes an HMAC");
    mac.update(b"csrf");
    mac.update(session_hash.as_bytes());
    hex(&mac.finalize().into_bytes())
}

/// Whether two secret texts are the same, in a time that does not tell where they differ.
pub fn same(one: &str, other: &str) -> bool {
    Sha256::digest(one.as_bytes()) == Sha256::digest(other.as_bytes())
}

/// What an actor's rights follow from: his user, his zone, and how far he sees (as a service account if he is one somewhere, as
/// a member if he is a full member somewhere, else as a guest). `k` is a row that names him in `user`.
macro_rules! actor_by {
    ($from:literal) => {
        concat!(
            r#"SELECT k.gid, u.gid, u.time_zone, coalesce((SELECT max(CASE wm.role WHEN 'service' THEN 3 WHEN 'guest' THEN 1 ELSE 2 END) FROM workspace_memberships AS wm WHERE wm."user" = u.gid AND wm.is_active = 1), 0) "#,
            $from
        )
    };
}

/// The actor behind a credential; `None` if there is none, or it has expired or was revoked.
pub fn actor(tx: &mut Tx<'_>, credential: &Credential, now: Timestamp) -> Result<Option<Actor>> {
    match credential {
        Credential::Token(hash) => found(
            tx,
            actor_by!(
                r#"FROM tokens AS k JOIN users AS u ON u.gid = k."user" WHERE k.hash = ? AND k.revoked_at IS NULL"#
            ),
            params![hash],
            |gid| Some(Origin::Token(gid)),
        ),
        Credential::Session(hash) => found(
            tx,
            actor_by!(
                r#"FROM sessions AS k JOIN users AS u ON u.gid = k."user" WHERE k.hash = ? AND k.expires_at > ?"#
            ),
            params![hash, now],
            |gid| Some(Origin::Session(gid)),
        ),
    }
}

fn found(
    tx: &mut Tx<'_>,
    sql: &str,
    values: &[store::Value],
    origin: impl Fn(Gid) -> Option<Origin>,
) -> Result<Option<Actor>> {
    let row = tx.first(sql, values, |row| {
        Ok((
            row.get::<Gid>(0)?,
            row.get::<Gid>(1)?,
            row.get::<Option<String>>(2)?,
            row.get::<i64>(3)?,
        ))
    })?;
    Ok(row.map(|(gid, user, time_zone, rank)| Actor {
        user,
        token: origin(gid),
        sight: sight(rank),
        time_zone,
    }))
}

/// The user as an actor without a token: for what the server does on his behalf. Somebody who is gone sees as a guest.
pub fn actor_of(tx: &mut Tx<'_>, user: Gid) -> Result<Actor> {
    let found = tx.first(
        r#"SELECT u.time_zone, coalesce((SELECT max(CASE wm.role WHEN 'service' THEN 3 WHEN 'guest' THEN 1 ELSE 2 END) FROM workspace_memberships AS wm WHERE wm."user" = u.gid AND wm.is_active = 1), 0) FROM users AS u WHERE u.gid = ?"#,
        params![user],
        |row| Ok((row.get::<Option<String>>(0)?, row.get::<i64>(1)?)),
    )?;
    let (time_zone, rank) = found.unwrap_or_default();
    Ok(Actor { user, token: None, sight: sight(rank), time_zone })
}

/// How far somebody sees whose highest role is this.
fn sight(rank: i64) -> Sight {
    match rank {
        3 => Sight::Service,
        2 => Sight::Member,
        _ => Sight::Guest,
    }
}

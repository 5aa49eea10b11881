//! Who is asking.

use crate::api::context::Actor;
use crate::error::Result;
use engine::Sight;
use model::Gid;
use sha2::{Digest, Sha256};
use store::{Tx, params};

/// The SHA-256 of a text, as hexadecimal digits: the form in which tokens are stored and external gids are looked up.
pub fn hash(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes()))
}

/// A fresh token text: `2/` and 64 hexadecimal digits of 256 random bits.
pub fn fresh_token(entropy: &dyn Fn(&mut [u8])) -> String {
    let mut bytes = [0_u8; 32];
    entropy(&mut bytes);
    format!("2/{}", hex(&bytes))
}

/// Bytes as hexadecimal digits, in lower case.
pub fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// The actor behind a token's hash; `None` if there is none or it was revoked.
///
/// He sees as a service account if he is one somewhere, as a member if he is a full member somewhere, else as a guest.
pub fn actor(tx: &mut Tx<'_>, hash: &str) -> Result<Option<Actor>> {
    let found = tx.first(
        r#"SELECT k.gid, k."user", u.time_zone, coalesce((SELECT max(CASE wm.role WHEN 'service' THEN 3 WHEN 'guest' THEN 1 ELSE 2 END) FROM workspace_memberships AS wm WHERE wm."user" = k."user" AND wm.is_active = 1), 0) FROM tokens AS k JOIN users AS u ON u.gid = k."user" WHERE k.hash = ? AND k.revoked_at IS NULL"#,
        params![hash],
        |row| Ok((row.get::<Gid>(0)?, row.get::<Gid>(1)?, row.get::<Option<String>>(2)?, row.get::<i64>(3)?)),
    )?;
    Ok(found.map(|(token, user, time_zone, rank)| Actor {
        user,
        token: Some(token),
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

//! Addresses that answers can be sent to: they name who may answer and to what, under a seal that only this server can make.

use crate::auth;
use hmac::{Hmac, Mac as _};
use model::Gid;
use sha2::Sha256;

/// Digits of the seal: what is before the `@` of an address has at most 64 characters. Source: RFC 5321, 4.5.3.1.1.
const SEAL: usize = 20;

/// The address to which `user` answers about `object`.
pub fn address(secret: &[u8], domain: &str, user: Gid, object: Gid) -> String {
    format!("r-{user}-{object}-{}@{domain}", seal(secret, user, object))
}

/// The user and the object of an address's part before the `@`; `None` if this server did not make it.
pub fn open(secret: &[u8], local: &str) -> Option<(Gid, Gid)> {
    let mut parts = local.strip_prefix("r-")?.split('-');
    let (user, object) = (Gid::parse(parts.next()?)?, Gid::parse(parts.next()?)?);
    let given = parts.next()?;
    (parts.next().is_none() && auth::same(given, &seal(secret, user, object)))
        .then_some((user, object))
}

fn seal(secret: &[u8], user: Gid, object: Gid) -> String {
    let mut mac = <Hmac<Sha256> as hmac::Mac>::new_from_slice(secret)
        .expect("a key of any length makes an HMAC");
    mac.update(format!("reply {user} {object}").as_bytes());
    auth::hex(&mac.finalize().into_bytes()).chars().take(SEAL).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_opens_only_as_it_was_made() {
        let (user, object) = (Gid::new(i64::MAX), Gid::new(i64::MAX - 1));
        let made = address(b"key", "reply.example.com", user, object);
        let (local, domain) = made.split_once('@').expect("it is an address");

        assert_eq!(domain, "reply.example.com");
        assert!(local.len() <= 64, "{local}");
        assert_eq!(open(b"key", local), Some((user, object)));
        assert_eq!(open(b"other", local), None);
        for wrong in ["", "r-1-2", "r-1-2-", &local.replace('6', "5"), &format!("{local}-1")] {
            assert_eq!(open(b"key", wrong), None, "{wrong}");
        }
    }
}

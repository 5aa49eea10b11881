//! Sync tokens: how far a client has read the events of one resource.

use crate::readers::Position;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use model::Gid;
use sha2::Sha256;

/// Bytes of the seal.
const SEAL: usize = 6;

/// A place in the events of one resource. An event of the log may be several of the API's: `part` is how many of those of the
/// event at `position` were given, or zero where it was given whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The last event that was given.
    pub position: Position,
    /// How much of it, zero for all.
    pub part: u16,
}

/// What tokens belong to.
pub struct Tokens<'a> {
    /// The server's key.
    pub secret: &'a [u8],
    /// The epoch of the database.
    pub epoch: u32,
    /// Who reads.
    pub actor: Gid,
    /// Whose events.
    pub resource: Gid,
}

impl Tokens<'_> {
    /// The token of a place: 36 characters, as long as clients keep room for.
    pub fn close(&self, place: Place) -> String {
        let mut bytes = Vec::with_capacity(27);
        bytes.extend_from_slice(&self.epoch.to_be_bytes());
        bytes.extend_from_slice(&place.position.txid.to_be_bytes());
        // Gids are below 2^53: the first byte is always zero.
        bytes.extend(place.position.gid.to_be_bytes().into_iter().skip(1));
        bytes.extend_from_slice(&place.part.to_be_bytes());
        let seal = self.seal(&bytes);
        bytes.extend(seal);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The place of a token, `None` for anything that was not made by [`Tokens::close`] for the same resource and reader in the
    /// same database.
    pub fn open(&self, token: &str) -> Option<Place> {
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (body, seal) = bytes.split_at_checked(21)?;
        if seal != self.seal(body) {
            return None;
        }
        let (epoch, rest) = body.split_first_chunk::<4>()?;
        let (txid, rest) = rest.split_first_chunk::<8>()?;
        let (gid, rest) = rest.split_first_chunk::<7>()?;
        let (part, _) = rest.split_first_chunk::<2>()?;
        if u32::from_be_bytes(*epoch) != self.epoch {
            return None;
        }
        let mut wide = [0_u8; 8];
        wide.get_mut(1..)?.copy_from_slice(gid);
        Some(Place {
            position: Position { txid: i64::from_be_bytes(*txid), gid: i64::from_be_bytes(wide) },
            part: u16::from_be_bytes(*part),
        })
    }

    fn seal(&self, body: &[u8]) -> Vec<u8> {
        let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(self.secret)
            .expect("a key of any length will do for HMAC");
        mac.update(b"sync");
        mac.update(&self.actor.get().to_be_bytes());
        mac.update(&self.resource.get().to_be_bytes());
        mac.update(body);
        mac.finalize().into_bytes().into_iter().take(SEAL).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_good_for_its_resource_reader_and_database_only() {
        let tokens = Tokens { secret: b"key", epoch: 7, actor: Gid::new(1), resource: Gid::new(2) };
        let place =
            Place { position: Position { txid: -5, gid: 1_200_000_000_000_001 }, part: 300 };

        let token = tokens.close(place);

        assert_eq!(token.len(), 36);
        assert_eq!(tokens.open(&token), Some(place));
        assert_eq!(Tokens { resource: Gid::new(3), ..tokens }.open(&token), None);
        let tokens = Tokens { secret: b"key", epoch: 8, actor: Gid::new(1), resource: Gid::new(2) };
        assert_eq!(tokens.open(&token), None);
        for wrong in ["", "bogus", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"] {
            assert_eq!(tokens.open(wrong), None);
        }
    }
}

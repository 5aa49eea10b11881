//! Cursors: the sort key of the last row of a page, sealed so that no client can make or change one.

use crate::error::{Error, Result, invalid};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use model::Gid;
use serde_json::json;
use sha2::{Digest, Sha256};
use store::Value;

const VERSION: i64 = 1;

/// What a cursor belongs to: a query of an actor. A cursor of another one is refused.
pub struct Seal<'a> {
    /// The server's key.
    pub secret: &'a [u8],
    /// Who pages.
    pub actor: Gid,
    /// Path and filters.
    pub query: &'a str,
}

impl Seal<'_> {
    fn mac(&self, payload: &[u8]) -> Result<Vec<u8>> {
        let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(self.secret).map_err(|_| {
            Error::Internal(anyhow::anyhow!("the server's secret has no usable length"))
        })?;
        mac.update(b"page");
        mac.update(&self.actor.get().to_be_bytes());
        mac.update(&Sha256::digest(self.query.as_bytes()));
        mac.update(payload);
        let mut tag = mac.finalize().into_bytes().to_vec();
        tag.truncate(16);
        Ok(tag)
    }

    /// Seals a sort key.
    pub fn close(&self, key: &[Value]) -> Result<String> {
        let values: Vec<serde_json::Value> = key
            .iter()
            .map(|value| match value {
                Value::Int(number) => json!(number),
                Value::Real(number) => json!({ "r": number.to_string() }),
                Value::Text(text) => json!(text),
                _ => serde_json::Value::Null,
            })
            .collect();
        let payload = json!([VERSION, values]).to_string();
        let mut sealed = self.mac(payload.as_bytes())?;
        sealed.extend_from_slice(payload.as_bytes());
        Ok(URL_SAFE_NO_PAD.encode(sealed))
    }

    /// Opens a cursor.
    ///
    /// Errors: `offset: Your pagination token is invalid.` for anything that this seal did not make.
    pub fn open(&self, text: &str) -> Result<Vec<Value>> {
        let refused = || invalid("offset", "Your pagination token is invalid.");
        let sealed = URL_SAFE_NO_PAD.decode(text).map_err(|_| refused())?;
        let (tag, payload) = sealed.split_at_checked(16).ok_or_else(refused)?;
        // Both sides are MACs of the same payload; hashing them once more makes the comparison independent of their bytes.
        if Sha256::digest(self.mac(payload)?) != Sha256::digest(tag) {
            return Err(refused());
        }
        let (version, values): (i64, Vec<serde_json::Value>) =
            serde_json::from_slice(payload).map_err(|_| refused())?;
        if version != VERSION {
            return Err(refused());
        }
        Ok(values
            .into_iter()
            .map(|value| match value {
                serde_json::Value::Number(number) => {
                    number.as_i64().map_or(Value::Null, Value::Int)
                }
                serde_json::Value::String(text) => Value::Text(text),
                serde_json::Value::Object(object) => object
                    .get("r")
                    .and_then(|text| text.as_str()?.parse().ok())
                    .map_or(Value::Null, Value::Real),
                _ => Value::Null,
            })
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_opens_only_for_its_own_query_and_actor() {
        let seal = |actor, query| Seal { secret: b"secret", actor: Gid::new(actor), query };
        let key = vec![Value::Int(7), Value::Text("a0".into()), Value::Null, Value::Real(0.5)];
        let cursor = seal(1, "/tasks").close(&key).unwrap();

        assert_eq!(seal(1, "/tasks").open(&cursor).unwrap(), key);
        assert!(seal(2, "/tasks").open(&cursor).is_err());
        assert!(seal(1, "/tags").open(&cursor).is_err());
        assert!(seal(1, "/tasks").open(&format!("{cursor}A")).is_err());
        assert!(seal(1, "/tasks").open("bogus").is_err());
    }
}

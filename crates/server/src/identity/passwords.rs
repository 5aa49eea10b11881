//! Passwords: hashed by Argon2id, away from the database, a few at a time.

use crate::error::{Error, Result, invalid};
use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use model::Gid;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::Semaphore;

/// Fewest characters of a password. Source: NIST SP 800-63B, 3.1.1.2, asks for 8; two more cost nobody anything.
pub const MIN_LENGTH: usize = 10;

/// Most characters of a password, so that hashing one is bounded.
pub const MAX_LENGTH: usize = 256;

/// How many passwords are worked on at once. Each takes 19 MiB and some tens of milliseconds of a core.
const AT_ONCE: usize = 2;

/// How many may wait; beyond it the server says that it is busy.
const MAX_WAITING: usize = 64;

/// What a password costs to check, in KiB of memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost(pub u32);

/// 19 MiB, twice over. Source: OWASP password storage cheat sheet, Argon2id.
impl Default for Cost {
    fn default() -> Self {
        Cost(19 * 1_024)
    }
}

/// A password to be checked.
#[derive(Clone)]
pub struct Check {
    /// Whose it is to be, if there is such a user.
    pub user: Option<Gid>,
    /// As it was sent.
    pub password: String,
    /// What is stored of the right one; `None` where there is no user or no password, which takes as long.
    pub stored: Option<String>,
}

/// What is to be done before an operation runs.
#[derive(Clone, Default)]
pub struct Ask {
    /// A password to be checked.
    pub check: Option<Check>,
    /// A password to be hashed.
    pub new: Option<String>,
}

/// What came of it.
#[derive(Clone, Debug, Default)]
pub struct Proof {
    /// Whose password was checked.
    pub user: Option<Gid>,
    /// Whether a password was checked and is right.
    pub right: bool,
    /// What it was checked against: if that is not stored any more, it proves nothing.
    pub against: Option<String>,
    /// The hash of the new password.
    pub hash: Option<String>,
}

/// Checks and hashes.
pub struct Passwords {
    argon2: Argon2<'static>,
    /// The hash of a password that nobody has, for users who are not there.
    nobody: String,
    permits: Semaphore,
    waiting: AtomicUsize,
}

impl Passwords {
    /// With a cost; what was stored at another cost is checked at that.
    ///
    /// Errors: a cost that makes no sense.
    pub fn new(cost: Cost) -> Result<Self> {
        let argon2 = hasher(cost)?;
        let nobody = hash(&argon2, "nobody has this password", [0; 16])?;
        Ok(Passwords {
            argon2,
            nobody,
            permits: Semaphore::new(AT_ONCE),
            waiting: AtomicUsize::new(0),
        })
    }

    /// Does what was asked for, on a thread of its own. `salt` is random.
    ///
    /// Errors: 503 if too many wait.
    pub async fn work(&self, ask: Ask, salt: [u8; 16]) -> Result<Proof> {
        if ask.check.is_none() && ask.new.is_none() {
            return Ok(Proof::default());
        }
        let _place = Place::take(&self.waiting).ok_or(Error::Overloaded)?;
        let _permit = self.permits.acquire().await.map_err(|_| Error::Overloaded)?;
        let (argon2, nobody) = (self.argon2.clone(), self.nobody.clone());
        let done = tokio::task::spawn_blocking(move || {
            let mut proof = Proof::default();
            if let Some(check) = ask.check {
                let fits =
                    verify(&argon2, &check.password, check.stored.as_deref().unwrap_or(&nobody));
                proof.right = fits && check.stored.is_some();
                proof.user = check.user;
                proof.against = check.stored;
            }
            if let Some(new) = ask.new {
                proof.hash = Some(hash(&argon2, &new, salt)?);
            }
            Ok(proof)
        });
        done.await.map_err(|error| Error::Internal(error.into()))?
    }
}

/// One of those who wait.
struct Place<'a>(&'a AtomicUsize);

impl<'a> Place<'a> {
    fn take(waiting: &'a AtomicUsize) -> Option<Self> {
        if waiting.fetch_add(1, Ordering::AcqRel) >= MAX_WAITING {
            waiting.fetch_sub(1, Ordering::AcqRel);
            return None;
        }
        Some(Place(waiting))
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

fn hasher(cost: Cost) -> Result<Argon2<'static>> {
    let params = Params::new(cost.0, 2, 1, None)
        .map_err(|error| Error::Internal(anyhow::anyhow!("the cost of passwords: {error}")))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash(argon2: &Argon2<'_>, password: &str, salt: [u8; 16]) -> Result<String> {
    let failed =
        |error| Error::Internal(anyhow::anyhow!("a password could not be hashed: {error}"));
    let salt = SaltString::encode_b64(&salt).map_err(failed)?;
    Ok(argon2.hash_password(password.as_bytes(), &salt).map_err(failed)?.to_string())
}

fn verify(argon2: &Argon2<'_>, password: &str, stored: &str) -> bool {
    PasswordHash::new(stored)
        .is_ok_and(|stored| argon2.verify_password(password.as_bytes(), &stored).is_ok())
}

/// The hash of a password, for commands, which have time.
///
/// Errors: 400 for a password that is refused.
pub fn hash_now(password: &str, cost: Cost, entropy: &dyn Fn(&mut [u8])) -> Result<String> {
    accept("password", password, &[])?;
    let mut salt = [0_u8; 16];
    entropy(&mut salt);
    hash(&hasher(cost)?, password, salt)
}

/// Refuses passwords that are too short or too long, or that say nothing but who the user is.
///
/// Errors: 400, naming `field`.
pub fn accept(field: &'static str, password: &str, names: &[&str]) -> Result<()> {
    let length = password.chars().count();
    if length < MIN_LENGTH {
        return Err(invalid(field, format!("Must have at least {MIN_LENGTH} characters")));
    }
    if length > MAX_LENGTH {
        return Err(invalid(field, format!("Must have at most {MAX_LENGTH} characters")));
    }
    let plain = password.to_lowercase();
    let mut letters = plain.chars();
    let first = letters.next();
    if letters.all(|letter| Some(letter) == first)
        || names.iter().any(|name| name.to_lowercase() == plain)
    {
        return Err(invalid(field, "Is too easy to guess"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHEAP: Cost = Cost(8);

    fn work(passwords: &Passwords, ask: Ask) -> Result<Proof> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(passwords.work(ask, [7; 16]))
    }

    #[test]
    fn a_password_is_right_only_where_it_is_stored() {
        let passwords = Passwords::new(CHEAP).unwrap();
        let stored = hash_now("correct horse", CHEAP, &|bytes| bytes.fill(1)).unwrap();
        let check = |password: &str, stored: Option<&String>| {
            let check =
                Check { user: None, password: password.to_owned(), stored: stored.cloned() };
            work(&passwords, Ask { check: Some(check), new: None }).unwrap().right
        };

        assert!(check("correct horse", Some(&stored)));
        assert!(!check("correct horsf", Some(&stored)));
        assert!(!check("nobody has this password", None));
        assert!(!check("correct horse", Some(&"nonsense".to_owned())));
    }

    #[test]
    fn the_usual_cost_is_the_recommended_one() {
        let stored = hash_now("correct horse", Cost::default(), &|bytes| bytes.fill(1)).unwrap();

        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
    }

    #[test]
    fn poor_passwords_are_refused() {
        for poor in ["short", "aaaaaaaaaaaa", "Ada@Acme.Example", &"x".repeat(257)] {
            assert!(accept("password", poor, &["ada@acme.example"]).is_err(), "{poor}");
        }
        assert!(accept("password", "zehn Töne!", &["ada@acme.example"]).is_ok());
    }
}

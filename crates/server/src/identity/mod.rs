//! How people come in: passwords, set-up, invitations, links for new passwords.
//!
//! [`passwords`] hashes and checks, [`attempts`] counts who tries, [`links`] are texts that work once, [`account`] has the
//! operations that no resource has. Sessions, tokens, invitations and preferences are resources like others, in
//! [`crate::resources`].

pub mod account;
pub mod attempts;
pub mod links;
pub mod passwords;

use crate::App;
use crate::error::{Error, Result};
use store::params;

/// Removes what has expired: sessions, links, invitations that nobody followed for long, old attempts.
///
/// Errors: those of the database.
pub async fn sweep(app: &App) -> Result<()> {
    let now = (app.clock)();
    app.store
        .write(move |tx| {
            tx.later("DELETE FROM sessions WHERE expires_at <= ?", params![now].to_vec())?;
            tx.later("DELETE FROM one_time_links WHERE expires_at <= ?", params![now].to_vec())?;
            tx.later("DELETE FROM invitations WHERE expires_at <= ?", params![now].to_vec())?;
            let old = now.minus_millis(attempts::WINDOW);
            tx.later("DELETE FROM attempts WHERE since <= ?", params![old].to_vec())?;
            Ok::<(), Error>(())
        })
        .await
}

//! Mail that the server sends. There is one way out, [`queue`].

use crate::App;

/// A letter.
#[derive(Clone, Debug)]
pub struct Mail {
    /// To whom.
    pub to: String,
    /// What it is about, one line.
    pub subject: String,
    /// What it says, plain text. It may hold a link that lets its reader in, so it is never logged.
    pub text: String,
}

/// Gives a letter to whoever delivers it, and says whether somebody does.
///
/// Nobody does yet: a server without mail shows the links of invitations to the admins who make them, and its operator makes
/// links for new passwords by `vinyasa admin user reset-link`.
pub fn queue(_app: &App, mail: &Mail) -> bool {
    tracing::info!(subject = mail.subject, "a letter was not sent: the server has no mail");
    false
}

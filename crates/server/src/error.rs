//! Why an operation was refused or failed.

use crate::api::wire::HELP;
use std::borrow::Cow;
use std::time::Duration;

/// The result of everything above the store.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why an operation was refused or failed. `Display` is the message clients read; the HTTP layer knows the status codes.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// 400. The request is wrong; `field` names the part, as in the body or the query.
    #[error("{field}: {message}")]
    Invalid {
        /// The part of the request.
        field: Cow<'static, str>,
        /// What would be right.
        message: Cow<'static, str>,
    },
    /// 400. The request as a whole is wrong.
    #[error("{0}")]
    BadRequest(Cow<'static, str>),
    /// 400. As above, with a code for programs, which gets the message a second time for people.
    #[error("{message}")]
    Named {
        /// The code.
        code: &'static str,
        /// What is wrong.
        message: &'static str,
    },
    /// 401. No token, or one that is unknown, expired or revoked.
    #[error("Not Authorized")]
    Unauthorized,
    /// 401. Whoever signs in does not know the password; whether the user exists is not told.
    #[error("The e-mail address or the password is wrong")]
    WrongPassword,
    /// 403. The actor may not do this to the object, or the object of his workspace is hidden from him (one fixed text).
    #[error("{0}")]
    Forbidden(Cow<'static, str>),
    /// 404. There is no such object, it is deleted, or it is in a workspace that the actor is not in.
    #[error("{name}: Unknown object: {gid}")]
    NotFound {
        /// The singular name of the path parameter.
        name: Cow<'static, str>,
        /// The identifier as sent.
        gid: String,
    },
    /// 404. There is no such path and method.
    #[error("No matching route for request")]
    NoRoute,
    /// 409. Another object has the name or external id already.
    #[error("{0}")]
    Conflict(Cow<'static, str>),
    /// 412. A sync token that is missing, old or of another database; `sync` is a fresh one.
    #[error(
        "Sync token invalid or too old. If you are attempting to keep resources in sync, you must fetch the full dataset for this query now and use the new sync token for the next sync."
    )]
    OutOfSync {
        /// The fresh token.
        sync: String,
    },
    /// 413. The body is larger than allowed.
    #[error("{0}")]
    TooLarge(Cow<'static, str>),
    /// 415. The body is of a kind that the operation does not take.
    #[error("{0}")]
    UnsupportedMedia(Cow<'static, str>),
    /// 422. An `Idempotency-Key` was used before with another body.
    #[error("{0}")]
    Unprocessable(Cow<'static, str>),
    /// 429. Too many requests.
    #[error(
        "You've made too many requests and hit a rate limit. Please retry after the given amount of time."
    )]
    RateLimited {
        /// When the next request may succeed.
        retry_after: Duration,
    },
    /// 503. The server is too busy.
    #[error("The server is too busy at the moment; please retry")]
    Overloaded,
    /// 500. Ours. The client gets a phrase; the log gets the phrase and the whole chain.
    #[error("Server Error")]
    Internal(#[source] anyhow::Error),
}

impl Error {
    /// The HTTP status.
    pub fn status(&self) -> u16 {
        match self {
            Error::Invalid { .. } | Error::BadRequest(_) | Error::Named { .. } => 400,
            Error::Unauthorized | Error::WrongPassword => 401,
            Error::Forbidden(_) => 403,
            Error::NotFound { .. } | Error::NoRoute => 404,
            Error::Conflict(_) => 409,
            Error::OutOfSync { .. } => 412,
            Error::TooLarge(_) => 413,
            Error::UnsupportedMedia(_) => 415,
            Error::Unprocessable(_) => 422,
            Error::RateLimited { .. } => 429,
            Error::Overloaded => 503,
            Error::Internal(_) => 500,
        }
    }

    /// The body in Asana's form: `{"errors":[{"message":…,"help":…}]}`.
    ///
    /// `phrase` is shown with internal errors, so that a client's report finds the log line.
    pub fn body(&self, phrase: &str) -> Vec<u8> {
        let mut entry = serde_json::json!({ "message": self.to_string(), "help": HELP });
        if let (Error::Internal(_), Some(entry)) = (self, entry.as_object_mut()) {
            entry.insert("phrase".to_owned(), phrase.into());
        }
        if let (Error::Named { code, message }, Some(entry)) = (self, entry.as_object_mut()) {
            entry.insert("error".to_owned(), (*code).into());
            entry.insert("user_message".to_owned(), (*message).into());
        }
        let mut body = serde_json::json!({ "errors": [entry] });
        if let (Error::OutOfSync { sync }, Some(body)) = (self, body.as_object_mut()) {
            body.insert("sync".to_owned(), sync.as_str().into());
        }
        body.to_string().into_bytes()
    }
}

impl From<engine::Problem> for Error {
    fn from(problem: engine::Problem) -> Self {
        Error::Invalid { field: problem.field.into(), message: problem.message.into() }
    }
}

impl From<anyhow::Error> for Error {
    fn from(error: anyhow::Error) -> Self {
        Error::Internal(error)
    }
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        Error::Internal(error.into())
    }
}

/// What clients read when a unique index refuses a write.
const CONSTRAINTS: &[(&str, &str, &str)] = &[
    (
        "custom_fields_name_unique",
        "name",
        "A custom field with this name already exists in the workspace",
    ),
    (
        "custom_fields_id_prefix_unique",
        "id_prefix",
        "Another ID field of the workspace has this prefix",
    ),
    ("enum_options_name_unique", "name", "The field already has an option with this name"),
    ("externals_gid_unique", "external", "Another object has this external gid already"),
    (
        "invitations_email_unique",
        "emails",
        "Somebody else invited one of these addresses at the same time",
    ),
    ("users_email_unique", "email", "Another user has this e-mail address"),
];

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::Constraint { name } => {
                match CONSTRAINTS.iter().find(|(constraint, _, _)| *constraint == name) {
                    Some(("externals_gid_unique", _, message)) => {
                        Error::Conflict((*message).into())
                    }
                    Some((_, field, message)) => invalid(*field, *message),
                    None => Error::Internal(anyhow::anyhow!("constraint {name} refused a write")),
                }
            }
            store::Error::Overloaded | store::Error::Conflict => Error::Overloaded,
            other => Error::Internal(other.into()),
        }
    }
}

/// A 400 that names a part of the request.
pub fn invalid(
    field: impl Into<Cow<'static, str>>,
    message: impl Into<Cow<'static, str>>,
) -> Error {
    Error::Invalid { field: field.into(), message: message.into() }
}

/// A 400 about the request as a whole.
pub fn bad_request(message: impl Into<Cow<'static, str>>) -> Error {
    Error::BadRequest(message.into())
}

/// A 403 with its reason.
pub fn forbidden(message: impl Into<Cow<'static, str>>) -> Error {
    Error::Forbidden(message.into())
}

/// The 403 for an object that is hidden from the actor; always the same text.
pub fn hidden() -> Error {
    Error::Forbidden("Forbidden".into())
}

/// A 404 for the object that a path names.
pub fn not_found(name: impl Into<Cow<'static, str>>, gid: impl ToString) -> Error {
    Error::NotFound { name: name.into(), gid: gid.to_string() }
}

/// Refuses with a 400 unless `condition` holds.
pub fn require(condition: bool, field: &'static str, message: &'static str) -> Result<()> {
    if condition { Ok(()) } else { Err(invalid(field, message)) }
}

//! A believable organization.

use crate::App;
use crate::error::Result;
use std::sync::Arc;

/// What was made, and how to sign in.
#[derive(Clone, Debug)]
pub struct Made {
    /// The name of the organization.
    pub workspace: String,
    /// How many people it has.
    pub people: usize,
    /// How many projects.
    pub projects: usize,
    /// How many tasks, with subtasks.
    pub tasks: usize,
    /// Who the token is for.
    pub name: String,
    /// His e-mail address.
    pub email: String,
    /// The token.
    pub token: String,
}

/// Fills an empty database; does nothing, and gives `None`, where there is a workspace already.
///
/// Errors: those of the database.
pub async fn fill(_app: &Arc<App>) -> Result<Option<Made>> {
    Ok(None)
}

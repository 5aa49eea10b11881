//! Who shares a goal, as in everything that is shared: see [`sharing`]. The owner administers the goal whatever his membership says.

use super::{Goal, followers};
use crate::access::grants;
use crate::prelude::*;
use crate::resources::sharing::{self, Shared};
use crate::resources::users::User;
use model::AccessLevelName;

impl Shared for Goal {
    const MEMBERSHIP: &'static str = "goal_membership";
    const MEMBERSHIPS: &'static str = "goal_memberships";
    const COLUMN: &'static str = "goal";
    const LEVELS: &'static [&'static str] = AccessLevelName::ALL;

    fn default_level(&self) -> &str {
        &self.default_access_level
    }

    fn administering_owner(&self) -> Option<Gid> {
        self.owner
    }

    fn grant(&self, cx: &mut Context<'_, '_>) -> Result<()> {
        grants::of_goal(cx.tx, self.gid)
    }

    /// Who leaves follows the goal no longer.
    fn left(&self, cx: &mut Context<'_, '_>, members: &[Gid]) -> Result<Vec<FieldChange>> {
        let unfollowed = followers::unfollow(cx, self, members)?;
        Ok(unfollowed
            .into_iter()
            .map(|user| FieldChange::removed("followers", User::TYPE, user))
            .collect())
    }
}

/// Makes a new owner an admin among the members.
pub(super) fn admit_owner(cx: &mut Context<'_, '_>, goal: &Goal, owner: Gid) -> Result<()> {
    let admin = AccessLevelName::Admin.as_str();
    match sharing::memberships(cx, goal, &[owner])?.first() {
        Some(row) => sharing::set_level(cx, goal, row, admin),
        None => sharing::add(cx, goal, owner, User::TYPE, admin),
    }
}

//! Portfolio memberships: users and teams in a portfolio, each at a level.
//!
//! API section "Portfolio memberships", the older view of what [`super::memberships`] shows too. How they come and go is in
//! [`super::sharing`]. Events: `portfolio_membership` added, changed, deleted.

use crate::prelude::*;
use crate::resources::portfolios::Portfolio;
use crate::resources::teams::Team;
use crate::resources::users::User;
use crate::resources::workspaces::Workspace;

/// One row of `portfolio_memberships`.
#[derive(Debug, Clone)]
pub struct PortfolioMembership {
    pub gid: Gid,
    pub workspace: Gid,
    pub portfolio: Gid,
    pub member: Gid,
    /// `user` or `team`.
    pub member_type: String,
    pub access_level: String,
    pub created_at: Timestamp,
}

row! { PortfolioMembership in "portfolio_memberships" { gid, workspace, portfolio, member, member_type, access_level, created_at } }

impl Record for PortfolioMembership {
    fn schema(s: &mut Schema<Self>) {
        s.doc("A user or team in a portfolio.");
        s.one::<Portfolio>("portfolio", |m| Some(m.portfolio)).on_request().doc("The portfolio.");
        s.one::<User>("user", |m| (m.member_type != Team::TYPE).then_some(m.member))
            .compact()
            .doc("The member, if it is a user.");
        s.field("access_level", |m| &m.access_level)
            .compact()
            .doc("What the member may do in the portfolio.");
    }
}

impl Resource for PortfolioMembership {
    const TYPE: &'static str = "portfolio_membership";
    fn gid(&self) -> Gid {
        self.gid
    }
}

impl Object for PortfolioMembership {
    fn workspace(&self) -> Gid {
        self.workspace
    }
}

/// The operations of the section, in the order of the API reference.
pub fn operations(api: &mut Operations) {
    api.section("Portfolio memberships", "Who is in a portfolio, in the older form.");
    api.list::<PortfolioMembership>(
        "getPortfolioMemberships",
        "/portfolio_memberships",
        "The memberships of a portfolio, or those of a user in the portfolios of a workspace that the actor sees; longest member first.",
        listed,
    )
    .query("portfolio", "The portfolio.")
    .query("workspace", "The workspace; goes with `user`.")
    .query("user", "Only the memberships of this user.");
    api.read::<PortfolioMembership>(
        "getPortfolioMembership",
        "/portfolio_memberships/{portfolio_membership_gid}",
        "One portfolio membership.",
    );
    api.list_in::<Portfolio, PortfolioMembership>(
        "getPortfolioMembershipsForPortfolio",
        "/portfolios/{portfolio_gid}/portfolio_memberships",
        "The memberships of a portfolio, longest member first.",
        |cx, portfolio, call| of(cx, call, "t.portfolio = ?", portfolio.gid),
    )
    .query("user", "Only the membership of this user.");
}

/// `getPortfolioMemberships`.
fn listed(cx: &mut Context<'_, '_>, call: &Call) -> Result<Page<PortfolioMembership>> {
    if let Some(raw) = call.param("portfolio") {
        let (portfolio, _) = cx.refer::<Portfolio>("portfolio", raw)?;
        return of(cx, call, "t.portfolio = ?", portfolio.gid);
    }
    match (call.param("workspace"), call.param("user")) {
        (Some(raw), Some(_)) => {
            let (workspace, _) = cx.refer::<Workspace>("workspace", raw)?;
            of(cx, call, "t.workspace = ?", workspace.gid)
        }
        _ => Err(bad_request("You should specify portfolio, or workspace and user")),
    }
}

/// The memberships in something, narrowed by `user`.
fn of(
    cx: &mut Context<'_, '_>,
    call: &Call,
    condition: &str,
    gid: Gid,
) -> Result<Page<PortfolioMembership>> {
    let mut query =
        Query::inside().filter(condition, params![gid]).order(&["t.created_at", "t.gid"]);
    if let Some(raw) = call.param("user") {
        let (user, _) = cx.refer::<User>("user", raw)?;
        query = query.filter("t.member = ?", params![user.gid]);
    }
    query.page(cx, call)
}

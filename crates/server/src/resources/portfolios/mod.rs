//! Portfolios: projects and portfolios that are looked at together.
//!
//! API section "Portfolios". What is in a portfolio is in [`items`], how it does altogether in [`progress`].
//! Events: `portfolio` added, changed, deleted; its members and items are lists that change.

mod items;
mod progress;

use crate::access::grants;
use crate::api::operations::Input;
use crate::prelude::*;
use crate::resources::custom_fields::settings::{self, CustomFieldSetting};
use crate::resources::custom_fields::values;
use crate::resources::portfolio_memberships::PortfolioMembership;
use crate::resources::projects::check_dates;
use crate::resources::sharing::{self, Shared};
use crate::resources::users::User;
use crate::resources::workspaces::Workspace;
use crate::resources::{status_updates, workspace_memberships};
use engine::changed_columns;
use model::{Color, name_key};

/// A portfolio as stored, one row of `portfolios`.
#[derive(Debug, Clone)]
pub struct Portfolio {
    pub gid: Gid,
    pub workspace: Gid,
    pub name: String,
    pub name_key: String,
    pub archived: bool,
    pub color: Option<String>,
    pub owner: Option<Gid>,
    pub start_on: Option<Date>,
    pub due_on: Option<Date>,
    pub privacy_setting: String,
    pub default_access_level: String,
    pub created_at: Timestamp,
    pub created_by: Option<Gid>,
    pub modified_at: Timestamp,
}

row! { Portfolio in "portfolios" { gid, workspace, name, name_key, archived, color, owner, start_on, due_on, privacy_setting, default_access_level, created_at, created_by, modified_at } }

model::string_enum! {
    /// Who may find a portfolio. Source: `PortfolioResponse.privacy_setting`.
    enum Privacy {
        PublicToDomain = "public_to_domain",
        MembersOnly = "members_only",
    }
}

/// What a member may do in a portfolio. Source: `PortfolioMembershipBase.access_level`.
const LEVELS: &[&str] = &["admin", "editor", "viewer"];

impl Record for Portfolio {
    fn schema(s: &mut Schema<Self>) {
        s.doc("Projects and portfolios that are looked at together.");
        s.field("name", |p| &p.name)
            .write(|p, Name(name)| p.name = name)
            .compact()
            .doc("What the portfolio is called.");
        s.field("archived", |p| &p.archived)
            .write(|p, v| p.archived = v)
            .on_request()
            .doc("Whether the portfolio is put away; it can still be read and written.");
        s.field("color", |p| &p.color)
            .values(Color::ALL)
            .write(|p, v| p.color = v)
            .doc("A colour of the palette, or null for none.");
        s.field("start_on", |p| &p.start_on)
            .write(|p, v| p.start_on = v)
            .doc("The day on which work begins. Can be set only together with `due_on`.");
        s.field("due_on", |p| &p.due_on)
            .write(|p, v| p.due_on = v)
            .doc("The day on which the portfolio is due.");
        s.field("default_access_level", |p| &p.default_access_level)
            .values(LEVELS)
            .write(|p, v| p.default_access_level = v)
            .doc("The level of users and teams that join, and of those who see the portfolio without being members.");
        s.field("created_at", |p| &p.created_at).doc("When the portfolio was created.");
        s.one::<User>("created_by", |p| p.created_by).doc("Who created the portfolio.");
        s.many::<CustomFieldSetting>(
            "custom_field_settings",
            Join::back("parent").order("t.position, t.gid"),
        )
        .full()
        .doc("The custom fields of the portfolio, in their order; its items can have values of them.");
        status_updates::current(s);
        s.fetched("custom_fields", values::of_containers)
            .written_apart()
            .doc("The custom fields that the portfolio itself has values for, and those of the portfolios it is in.");
        s.many::<User>(
            "members",
            Join::through("portfolio_memberships", "portfolio", "member")
                .order("j.created_at, j.gid"),
        )
        .doc("The users who are members of the portfolio, longest member first.");
        s.one::<User>("owner", |p| p.owner)
            .write(|p, v| p.owner = v)
            .doc("Who is responsible for the portfolio, and administers it.");
        s.one::<Workspace>("workspace", |p| Some(p.workspace))
            .doc("The workspace the portfolio belongs to; it never moves.");
        s.computed("permalink_url", |p, site| site.link(p.workspace, "portfolio", p.gid))
            .doc("Where people open the portfolio.");
        s.field("public", |p| if p.is_public() { &true } else { &false })
            .write(|p, v: bool| {
                let setting = if v { Privacy::PublicToDomain } else { Privacy::MembersOnly };
                setting.as_str().clone_into(&mut p.privacy_setting);
            })
            .doc("Whether everybody in the workspace sees the portfolio. The old form of `privacy_setting`.");
        s.field("privacy_setting", |p| &p.privacy_setting)
            .values(Privacy::ALL)
            .write(|p, v| p.privacy_setting = v)
            .doc("Who sees the portfolio beside its members.");
        s.computed("project_templates", |_, _| Vec::<serde_json::Value>::new())
            .doc("The project templates in the portfolio; there are none.");
    }
}

impl Resource for Portfolio {
    const TYPE: &'static str = "portfolio";
    fn gid(&self) -> Gid {
        self.gid
    }
}

impl Object for Portfolio {
    const DELETE: Level = Level::Admin;

    fn workspace(&self) -> Gid {
        self.workspace
    }

    /// A portfolio of the actor's in the workspace of the body; guests may not create one.
    fn draft(cx: &mut Context<'_, '_>, body: &Body) -> Result<Self> {
        let workspace = cx.workspace_of(body, Level::Edit)?;
        let (now, me) = (cx.now(), cx.me());
        Ok(Portfolio {
            gid: cx.gid()?,
            workspace,
            name: String::new(),
            name_key: String::new(),
            archived: false,
            color: None,
            owner: Some(me),
            start_on: None,
            due_on: None,
            privacy_setting: Privacy::MembersOnly.as_str().to_owned(),
            default_access_level: "editor".to_owned(),
            created_at: now,
            created_by: Some(me),
            modified_at: now,
        })
    }

    fn prepare(
        cx: &mut Context<'_, '_>,
        before: Option<&Self>,
        row: &mut Self,
        body: &Body,
    ) -> Result<()> {
        check_dates(&mut row.start_on, row.due_on, before.is_none(), body)?;
        if let Some(owner) = row.owner.filter(|_| before.is_none_or(|b| b.owner != row.owner)) {
            workspace_memberships::require_in_workspace(cx, row.workspace, "owner", &[owner])?;
        }
        row.name_key = name_key(&row.name);
        if before.is_some_and(|before| !changed_columns(before, row).is_empty()) {
            row.modified_at = cx.now();
        }
        Ok(())
    }

    fn changed(
        cx: &mut Context<'_, '_>,
        before: Option<&Self>,
        row: &Self,
        fields: &mut Fields,
        body: &Body,
    ) -> Result<()> {
        if before.is_none() {
            let me = cx.me();
            let mut admins = vec![me];
            admins.extend(row.owner.filter(|owner| *owner != me));
            sharing::insert(cx, row, &admins, User::TYPE, "admin")?;
        }
        if before.is_none() || fields.has_any(&["owner", "privacy_setting", "default_access_level"])
        {
            grants::of_portfolio(cx.tx, row.gid)?;
        }
        if let Some(sent) = body.get("custom_fields").filter(|sent| !sent.is_null())
            && values::write_on_container(cx, row, sent)?
        {
            fields.add(FieldChange::changed("custom_fields"));
            let now = cx.now();
            cx.later(
                "UPDATE portfolios SET modified_at = ? WHERE gid = ?",
                params![now, row.gid].to_vec(),
            )?;
        }
        Ok(())
    }

    /// What was in it stays where it is otherwise.
    fn delete(cx: &mut Context<'_, '_>, row: &Self) -> Result<()> {
        cx.trash(Self::TYPE, Self::TABLE, row.gid, row.workspace)?;
        cx.later("DELETE FROM grants WHERE object = ?", params![row.gid].to_vec())
    }
}

impl Portfolio {
    fn is_public(&self) -> bool {
        self.privacy_setting == Privacy::PublicToDomain.as_str()
    }
}

impl Shared for Portfolio {
    const MEMBERSHIP: &'static str = PortfolioMembership::TYPE;
    const MEMBERSHIPS: &'static str = "portfolio_memberships";
    const COLUMN: &'static str = "portfolio";
    const LEVELS: &'static [&'static str] = LEVELS;

    fn default_level(&self) -> &str {
        &self.default_access_level
    }

    fn administering_owner(&self) -> Option<Gid> {
        self.owner
    }

    fn grant(&self, cx: &mut Context<'_, '_>) -> Result<()> {
        grants::of_portfolio(cx.tx, self.gid)
    }
}

/// The operations of the section, in the order of the API reference.
pub fn operations(api: &mut Operations) {
    let list = "Users: an array or a comma list.";
    api.section("Portfolios", "Projects and portfolios that are looked at together.");
    api.list::<Portfolio>(
        "getPortfolios",
        "/portfolios",
        "The portfolios in a workspace that the actor owns; for a service account all, or those of an owner. Oldest first.",
        owned,
    )
    .required_query("workspace", "The workspace.")
    .query("owner", "The owner; anybody but a service account can name only himself.");
    api.create::<Portfolio>(
        "createPortfolio",
        "/portfolios",
        "Creates a portfolio of the actor's.",
    )
    .field("workspace", JsonType::Gid, "The workspace the portfolio belongs to.");
    api.read::<Portfolio>("getPortfolio", "/portfolios/{portfolio_gid}", "One portfolio.");
    api.add(
        "PUT",
        "updatePortfolio",
        "/portfolios/{portfolio_gid}",
        "Changes a portfolio; only what is sent changes.",
        Input::Update(Portfolio::TYPE),
        Output::One(Portfolio::TYPE),
        update,
    );
    api.delete::<Portfolio>(
        "deletePortfolio",
        "/portfolios/{portfolio_gid}",
        "Deletes a portfolio; what was in it stays.",
    );
    items::operations(api);
    settings::portfolio_operations(api);
    api.add(
        "POST",
        "addMembersForPortfolio",
        "/portfolios/{portfolio_gid}/addMembers",
        "Makes users members of a portfolio, at the portfolio's default level.",
        Input::Fields,
        Output::One(Portfolio::TYPE),
        sharing::add_members::<Portfolio>,
    )
    .required_field("members", JsonType::Objects, list);
    api.add(
        "POST",
        "removeMembersForPortfolio",
        "/portfolios/{portfolio_gid}/removeMembers",
        "Takes users out of a portfolio.",
        Input::Fields,
        Output::One(Portfolio::TYPE),
        sharing::remove_members::<Portfolio>,
    )
    .required_field("members", JsonType::Objects, list);
    progress::operations(api);
}

/// `getPortfolios`: those of one owner; all for a service account that names none.
fn owned(cx: &mut Context<'_, '_>, call: &Call) -> Result<Page<Portfolio>> {
    let (workspace, _) = cx.refer::<Workspace>("workspace", call.required("workspace")?)?;
    let owner = match call.param("owner") {
        Some(raw) => Some(cx.refer::<User>("owner", raw)?.0.gid),
        None => None,
    };
    let me = cx.me();
    let owner = match cx.role(workspace.gid)?.as_deref() {
        Some("service") => owner,
        _ if owner.is_some_and(|owner| owner != me) => {
            return Err(forbidden("Only service accounts can list the portfolios of others"));
        }
        _ => Some(me),
    };
    Query::inside()
        .filter("t.workspace = ?", params![workspace.gid])
        .filter_if("t.owner = ?", owner.map(|owner| Value::Int(owner.get())))
        .order(&["t.created_at", "t.gid"])
        .page(cx, call)
}

/// `updatePortfolio`: what is written decides which level it takes.
fn update(cx: &mut Context<'_, '_>, call: &Call) -> Result<Answer> {
    let (before, level) = cx.target::<Portfolio>(call, 0)?;
    cx.require_level(level, Level::Edit)?;
    let after = cx.change(before.clone(), &call.body)?;
    if before.owner != after.owner {
        // Owning is administering.
        cx.require_level(level, Level::Admin)?;
    }
    if before.default_access_level != after.default_access_level {
        cx.require_level(level, Level::from_name(&after.default_access_level))?;
    }
    if let Some(owner) = after.owner.filter(|_| before.owner != after.owner) {
        sharing::admit_owner(cx, &after, owner, level)?;
    }
    cx.answer_gid::<Portfolio>(after.gid)
}

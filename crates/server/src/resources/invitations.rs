//! Invitations: who is asked into a workspace and has not come yet.
//!
//! Extension API, section "Invitations". An invitation is a link; following it makes the account, if there is none, and the
//! membership. What it lets its user into beyond the workspace is done in the name of who invited him, with the rights that he
//! has then.

use crate::api::call::cut;
use crate::api::operations::Input;
use crate::auth;
use crate::identity::attempts;
use crate::identity::links;
use crate::identity::passwords::{self, Ask, Check};
use crate::mail::{self, Mail};
use crate::prelude::*;
use crate::resources::projects::Project;
use crate::resources::sessions;
use crate::resources::teams::Team;
use crate::resources::users::{self, User};
use crate::resources::workspace_memberships::Role;
use crate::resources::workspaces::{Workspace, people};
use engine::plan::Shape;
use engine::record::{insert_text, select_list};
use serde_json::json;

/// How long an invitation stands, in milliseconds: two weeks.
const LIFE: i64 = 14 * 24 * 60 * 60 * 1_000;

/// Most addresses in one request.
const MAX_ADDRESSES: usize = 100;

/// An invitation as stored, one row of `invitations`, and its link where it was just made.
#[derive(Debug, Clone)]
pub struct Invitation {
    pub gid: Gid,
    pub workspace: Gid,
    pub email: String,
    pub role: String,
    /// A JSON list of gids.
    pub teams: String,
    /// A JSON list of gids.
    pub projects: String,
    pub hash: String,
    pub invited_by: Gid,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    /// Not stored.
    pub link: Option<String>,
}

impl Stored for Invitation {
    const TABLE: &'static str = "invitations";
    const COLUMNS: &'static [&'static str] = &[
        "gid",
        "workspace",
        "email",
        "role",
        "teams",
        "projects",
        "hash",
        "invited_by",
        "created_at",
        "expires_at",
    ];

    fn from_row(row: &store::Row<'_>, at: usize) -> Result<Self, store::Error> {
        Ok(Invitation {
            gid: row.get(at)?,
            workspace: row.get(at + 1)?,
            email: row.get(at + 2)?,
            role: row.get(at + 3)?,
            teams: row.get(at + 4)?,
            projects: row.get(at + 5)?,
            hash: row.get(at + 6)?,
            invited_by: row.get(at + 7)?,
            created_at: row.get(at + 8)?,
            expires_at: row.get(at + 9)?,
            link: None,
        })
    }

    fn values(&self) -> Vec<Value> {
        params![
            self.gid,
            self.workspace,
            self.email,
            self.role,
            self.teams,
            self.projects,
            self.hash,
            self.invited_by,
            self.created_at,
            self.expires_at
        ]
        .to_vec()
    }
}

impl Record for Invitation {
    fn schema(s: &mut Schema<Self>) {
        s.doc("Somebody who is asked into a workspace and has not come yet.");
        s.field("email", |i| &i.email).compact().doc("The e-mail address.");
        s.field("role", |i| &i.role)
            .values(&["admin", "member", "guest"])
            .compact()
            .doc("What the user will be in the workspace.");
        s.one::<Workspace>("workspace", |i| Some(i.workspace)).doc("The workspace.");
        s.several::<Team>("teams", |i| gids(&i.teams)).doc("The teams the user will be in.");
        s.several::<Project>("projects", |i| gids(&i.projects))
            .doc("The projects the user will be a member of.");
        s.one::<User>("invited_by", |i| Some(i.invited_by)).compact().doc("Who invited.");
        s.field("created_at", |i| &i.created_at).compact().doc("When the invitation was made.");
        s.field("expires_at", |i| &i.expires_at).compact().doc("When it ends, if nobody comes.");
        s.computed("link", |i, _| i.link.clone())
            .when(|i| i.link.is_some())
            .doc("The link to follow. Shown once, to admins, by a server that sends no mail.");
    }
}

impl Resource for Invitation {
    const TYPE: &'static str = "invitation";
    fn gid(&self) -> Gid {
        self.gid
    }
}

impl Object for Invitation {
    const DELETE: Level = Level::Admin;

    fn workspace(&self) -> Gid {
        self.workspace
    }
}

/// A list of gids as it is stored.
fn gids(stored: &str) -> Vec<Gid> {
    let list: Vec<i64> = serde_json::from_str(stored).unwrap_or_default();
    list.into_iter().map(Gid::new).collect()
}

/// A list of gids as it is stored.
fn listed(gids: impl Iterator<Item = Gid>) -> String {
    json!(gids.map(Gid::get).collect::<Vec<_>>()).to_string()
}

/// The operations of the section.
pub fn operations(api: &mut Operations) {
    api.extension("Invitations", "Asking people into a workspace.");
    api.act::<Workspace>(
        "createInvitationsForWorkspace",
        "/workspaces/{workspace_gid}/invitations",
        "Invites people by e-mail address; full members may, and admins may invite admins. Who was invited before gets a new link.",
        Level::Edit,
        Output::FullList(Invitation::TYPE),
        invite,
    )
    .field("email", JsonType::String, "The address to invite.")
    .field("emails", JsonType::Strings, "The addresses to invite, at most 100.")
    .field(
        "role",
        JsonType::String,
        "What they will be: admin, member or guest; by the domain of the address if it is not sent.",
    )
    .field("teams", JsonType::Strings, "The teams they will be in.")
    .field("projects", JsonType::Strings, "The projects they will be members of.")
    .created()
    .secret();
    api.list_in::<Workspace, Invitation>(
        "getInvitationsForWorkspace",
        "/workspaces/{workspace_gid}/invitations",
        "The invitations that still stand, newest first; for full members.",
        pending,
    );
    api.add(
        "GET",
        "lookUpInvitation",
        "/invitations/lookup",
        "What a link invites to. Needs no token.",
        Input::None,
        Output::Plain(&[
            ("workspace_name", JsonType::String, "What the workspace is called."),
            ("email", JsonType::String, "Who is invited."),
            ("inviter_name", JsonType::String, "Who invites."),
            ("role", JsonType::String, "What the invited will be there: admin, member or guest."),
            ("needs_account", JsonType::Boolean, "Whether accepting makes an account."),
            ("expires_at", JsonType::DateTime, "When the link ends."),
        ]),
        look_up,
    )
    .required_query("token", "The secret of the link.")
    .open();
    api.add(
        "POST",
        "acceptInvitation",
        "/invitations/accept",
        "Follows a link: makes the account, if `needs_account`, else takes its password; joins the workspace and signs in.",
        Input::Fields,
        Output::One(sessions::Session::TYPE),
        accept,
    )
    .required_field("token", JsonType::String, "The secret of the link.")
    .required_field("password", JsonType::String, "The password: a new one for a new account.")
    .field("name", JsonType::String, "The name of a new account; by its address if it is not sent.")
    .created()
    .open()
    .with_passwords(begin_accept);
    api.add(
        "DELETE",
        "deleteInvitation",
        "/invitations/{invitation_gid}",
        "Takes an invitation back; admins and who made it may.",
        Input::None,
        Output::Empty,
        |cx, call| {
            let (row, level) = cx.target::<Invitation>(call, 0)?;
            cx.require_level(level, Invitation::DELETE)?;
            cx.later("DELETE FROM invitations WHERE gid = ?", params![row.gid].to_vec())?;
            Ok(Answer::empty())
        },
    );
}

/// The addresses that were sent, each once.
fn addresses(body: &Body) -> Result<Vec<String>> {
    let mut sent = body.read::<Vec<String>>("emails")?.unwrap_or_default();
    sent.extend(body.read::<String>("email")?);
    require(!sent.is_empty(), "emails", "Missing input")?;
    require(sent.len() <= MAX_ADDRESSES, "emails", "Must be at most 100 addresses")?;
    let mut found: Vec<String> = Vec::with_capacity(sent.len());
    for (at, raw) in sent.iter().enumerate() {
        let address = users::address(raw).ok_or_else(|| {
            invalid(format!("emails: [{at}]"), format!("Not a valid email address: {}", cut(raw)))
        })?;
        if !found.contains(&address) {
            found.push(address);
        }
    }
    Ok(found)
}

/// `createInvitationsForWorkspace`.
fn invite(cx: &mut Context<'_, '_>, workspace: Workspace, call: &Call) -> Result<Answer> {
    let body = &call.body;
    let emails = addresses(body)?;
    let is_admin = matches!(cx.role(workspace.gid)?.as_deref(), Some("admin" | "service"));
    let asked = body.read::<Option<String>>("role")?.flatten();
    let asked = match asked.as_deref() {
        None => None,
        Some("admin") if !is_admin => {
            return Err(forbidden("Only admins of the workspace may invite admins"));
        }
        Some(name @ ("admin" | "member" | "guest")) => Role::parse(name),
        Some(other) => {
            let message = format!("Must be one of admin, member, guest, not: {}", cut(other));
            return Err(invalid("role", message));
        }
    };
    let teams = cx.refer_all::<Team>("teams", &body.references("teams")?)?;
    let projects = cx.refer_all::<Project>("projects", &body.references("projects")?)?;
    let here = teams.iter().all(|team| team.workspace == workspace.gid);
    require(here, "teams", "Must be teams of the workspace")?;
    let here = projects.iter().all(|project| project.workspace == workspace.gid);
    require(here, "projects", "Must be projects of the workspace")?;
    let inside: Option<String> = cx.cell(
        r#"SELECT u.email FROM texts(?) AS i JOIN users AS u ON u.email = i.value JOIN workspace_memberships AS wm ON wm."user" = u.gid AND wm.workspace = ? AND wm.is_active = 1 LIMIT 1"#,
        &[Value::Texts(emails.clone()), Value::Int(workspace.gid.get())],
    )?;
    if let Some(email) = inside {
        return Err(invalid("emails", format!("Is in the workspace already: {email}")));
    }
    let (now, me, url) = (cx.now(), cx.me(), cx.site.url.clone());
    let inviter: String =
        cx.cell("SELECT u.name FROM users AS u WHERE u.gid = ?", params![me])?.unwrap_or_default();
    let mut rows = Vec::with_capacity(emails.len());
    for email in emails {
        let by_domain = people::role_for(&workspace, &email);
        let role = asked.unwrap_or(by_domain);
        if by_domain == Role::Guest && role != Role::Guest {
            return Err(invalid(
                "role",
                format!("Must be guest for an address outside the organization: {email}"),
            ));
        }
        let secret = auth::fresh_secret(&cx.app.entropy);
        let link = links::invitation_url(&url, &secret);
        let letter = Mail {
            to: email.clone(),
            subject: format!("{inviter} invites you to {}", workspace.name),
            text: format!(
                "{inviter} invites you to work together in {}.\n\nFollow this link to join:\n\n{link}\n\nIt works for two weeks.\n",
                workspace.name
            ),
        };
        let is_sent = mail::queue(cx, &letter)?;
        let row = Invitation {
            gid: cx.gid()?,
            workspace: workspace.gid,
            email,
            role: role.name().to_owned(),
            teams: listed(teams.iter().map(|team| team.gid)),
            projects: listed(projects.iter().map(|project| project.gid)),
            hash: auth::hash(&secret),
            invited_by: me,
            created_at: now,
            expires_at: Timestamp::from_millis(now.millis() + LIFE),
            link: Some(link).filter(|_| is_admin && !is_sent),
        };
        cx.later(
            "DELETE FROM invitations WHERE workspace = ? AND email = ?",
            params![row.workspace, row.email].to_vec(),
        )?;
        cx.later(&insert_text::<Invitation>(), row.values())?;
        rows.push(row);
    }
    let answer = cx.answer_page(Page::whole(rows), Shape::Full)?;
    Ok(Answer { created: true, paged: false, ..answer })
}

/// `getInvitationsForWorkspace`: newest first.
fn pending(
    cx: &mut Context<'_, '_>,
    workspace: &Workspace,
    call: &Call,
) -> Result<Page<Invitation>> {
    let now = cx.now();
    if cx.role(workspace.gid)?.as_deref() == Some("guest") {
        return Err(hidden());
    }
    Query::given()
        .filter("t.workspace = ?", params![workspace.gid])
        .filter("t.expires_at > ?", params![now])
        .order(&["t.created_at", "t.gid"])
        .descending()
        .page(cx, call)
}

/// The invitation of a link, as long as who made it could make it today.
///
/// Errors: 400 if there is none.
fn by_secret(cx: &mut Context<'_, '_>, secret: &str) -> Result<Invitation> {
    let now = cx.now();
    let text = format!(
        r#"SELECT {} FROM invitations AS t JOIN workspace_memberships AS wm ON wm.workspace = t.workspace AND wm."user" = t.invited_by AND wm.is_active = 1 AND wm.role <> 'guest' AND (t.role <> 'admin' OR wm.role <> 'member') WHERE t.hash = ? AND t.expires_at > ?"#,
        select_list::<Invitation>("t")
    );
    cx.first(&text, params![auth::hash(secret), now], |row| Invitation::from_row(row, 0))?
        .ok_or_else(links::unusable)
}

/// What there is already of an invited user.
enum Account {
    /// Nothing.
    None,
    /// A user whom nobody ever was: somebody added the address to this workspace, and that is all.
    Unused(Gid),
    /// A user with a password.
    Password(Gid, String),
    /// A user without one who has signed in or is in other workspaces: the link of an invitation must not become his key.
    Other,
}

impl Account {
    fn of(cx: &mut Context<'_, '_>, invitation: &Invitation) -> Result<Account> {
        let found = cx.first(
            r#"SELECT u.gid, (SELECT p.hash FROM passwords AS p WHERE p."user" = u.gid),
                 CASE WHEN (SELECT 1 FROM tokens AS k WHERE k."user" = u.gid LIMIT 1) IS NOT NULL
                   OR (SELECT 1 FROM sessions AS s WHERE s."user" = u.gid LIMIT 1) IS NOT NULL
                   OR (SELECT 1 FROM workspace_memberships AS wm WHERE wm."user" = u.gid AND (wm.workspace <> ? OR wm.role = 'service') LIMIT 1) IS NOT NULL THEN 1 ELSE 0 END
               FROM users AS u WHERE u.email = ?"#,
            params![invitation.workspace, invitation.email],
            |row| Ok((row.get::<Gid>(0)?, row.get::<Option<String>>(1)?, row.get::<bool>(2)?)),
        )?;
        Ok(match found {
            None => Account::None,
            Some((user, Some(hash), _)) => Account::Password(user, hash),
            Some((user, None, false)) => Account::Unused(user),
            Some((_, None, true)) => Account::Other,
        })
    }
}

/// `lookUpInvitation`.
fn look_up(cx: &mut Context<'_, '_>, call: &Call) -> Result<Answer> {
    let invitation = by_secret(cx, call.required("token")?)?;
    let needs_account = matches!(Account::of(cx, &invitation)?, Account::None | Account::Unused(_));
    let (workspace, inviter) = cx
        .first(
            "SELECT w.name, u.name FROM workspaces AS w JOIN users AS u ON u.gid = ? WHERE w.gid = ?",
            params![invitation.invited_by, invitation.workspace],
            |row| Ok((row.get::<String>(0)?, row.get::<String>(1)?)),
        )?
        .unwrap_or_default();
    let data = json!({
        "workspace_name": workspace,
        "email": invitation.email,
        "inviter_name": inviter,
        "role": invitation.role,
        "needs_account": needs_account,
        "expires_at": invitation.expires_at.to_string(),
    });
    Ok(Answer { data: data.to_string().into_bytes(), ..Answer::default() })
}

/// The secret and the password that were sent.
fn sent(body: &Body) -> Result<(String, String)> {
    let [token, password] = ["token", "password"]
        .map(|name| body.read::<String>(name)?.ok_or_else(|| invalid(name, "Missing input")));
    Ok((token?, password?))
}

/// Says whether the password is new or to be checked.
fn begin_accept(cx: &mut Context<'_, '_>, call: &Call) -> Result<Ask> {
    let (secret, password) = sent(&call.body)?;
    let invitation = by_secret(cx, &secret)?;
    match Account::of(cx, &invitation)? {
        Account::None | Account::Unused(_) => {
            passwords::accept("password", &password, &[&invitation.email])?;
            Ok(Ask { check: None, new: Some(password) })
        }
        Account::Password(user, stored) => {
            let now = cx.now();
            attempts::sign_in(cx.tx, now, &invitation.email, cx.origin.address.as_deref())?;
            Ok(Ask {
                check: Some(Check { user: Some(user), password, stored: Some(stored) }),
                new: None,
            })
        }
        Account::Other => Err(bad_request(
            "The account of this address has no password yet. Ask for a link for a new one, then follow the invitation again",
        )),
    }
}

/// `acceptInvitation`.
fn accept(cx: &mut Context<'_, '_>, call: &Call) -> Result<Answer> {
    let (secret, _) = sent(&call.body)?;
    let invitation = by_secret(cx, &secret)?;
    let used = cx.execute("DELETE FROM invitations WHERE gid = ?", params![invitation.gid])?;
    if used == 0 {
        return Err(links::unusable());
    }
    let user = account(cx, call, &invitation)?;
    let inviter = auth::actor_of(cx.tx, invitation.invited_by)?;
    cx.site.viewer = inviter.user;
    cx.actor = inviter;
    let role = Role::parse(&invitation.role).unwrap_or(Role::Guest);
    people::let_in(cx, invitation.workspace, user, role)?;
    let user_gid = user.to_string();
    for team in gids(&invitation.teams) {
        let body = Body::new([("user".to_owned(), json!(user_gid))].into_iter().collect());
        let call = Call { path: vec![team.to_string()], body, ..Call::default() };
        run_if_allowed(cx, "addUserForTeam", &call)?;
    }
    for project in gids(&invitation.projects) {
        let body = Body::new([("members".to_owned(), json!(user_gid))].into_iter().collect());
        let call = Call { path: vec![project.to_string()], body, ..Call::default() };
        run_if_allowed(cx, "addMembersForProject", &call)?;
    }
    // They are the deeds of who invited; what follows is the new user's.
    cx.write_events()?;
    sessions::begin(cx, user)
}

/// Runs an operation as the actor, and leaves it be where it is refused: the team is gone, or he may not share it any more.
fn run_if_allowed(cx: &mut Context<'_, '_>, id: &str, call: &Call) -> Result<()> {
    let operation = cx.app.operations.iter().find(|operation| operation.id == id);
    let operation = operation.ok_or(Error::NoRoute)?;
    match (operation.run)(cx, call) {
        Err(error) if error.status() >= 500 => Err(error),
        _ => Ok(()),
    }
}

/// The user of the account, made if there is none.
fn account(cx: &mut Context<'_, '_>, call: &Call, invitation: &Invitation) -> Result<Gid> {
    let proof = call.proof()?;
    let now = cx.now();
    let user = match (Account::of(cx, invitation)?, &proof.hash) {
        (Account::Password(user, stored), None) => {
            if !proof.right || proof.against != Some(stored) {
                return Err(Error::WrongPassword);
            }
            attempts::forget(cx.tx, &invitation.email)?;
            return Ok(user);
        }
        (Account::None, Some(_)) => {
            let (local, _) = invitation.email.split_once('@').unwrap_or_default();
            users::ensure(cx.tx, now, local, &invitation.email)?.0
        }
        (Account::Unused(user), Some(_)) => user,
        // Somebody was faster.
        _ => return Err(links::unusable()),
    };
    if let Some(Name(name)) = call.body.read::<Name>("name")?
        && !name.is_empty()
    {
        cx.later(
            "UPDATE users SET name = ?, name_key = ? WHERE gid = ?",
            params![name, model::name_key(&name), user].to_vec(),
        )?;
    }
    let hash = proof.hash.as_deref().unwrap_or_default();
    crate::identity::account::store_password(cx.tx, now, user, hash)?;
    Ok(user)
}

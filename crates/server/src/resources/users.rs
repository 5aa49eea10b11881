//! Users: people and service accounts.
//!
//! API section "Users", 8 operations. Events: `user` changed. A user belongs to workspaces by [`super::workspace_memberships`].

use crate::api::call::cut;
use crate::api::operations::Input;
use crate::prelude::*;
use crate::resources::custom_fields::CustomField;
use crate::resources::portfolios::Portfolio;
use crate::resources::project_templates::ProjectTemplate;
use crate::resources::teams::{self, Team};
use crate::resources::workspace_memberships;
use crate::resources::{projects::Project, tags::Tag, tasks::Task, workspaces::Workspace};
use engine::plan::Shape;
use engine::record::{insert_text, select_list};
use model::name_key;
use store::Tx;

/// A user as stored, one row of `users`.
#[derive(Debug, Clone)]
pub struct User {
    pub gid: Gid,
    pub name: String,
    pub name_key: String,
    /// In lower case.
    pub email: String,
    /// An IANA name; UTC where it is not set.
    pub time_zone: Option<String>,
    pub created_at: Timestamp,
}

row! { User in "users" { gid, name, name_key, email, time_zone, created_at } }

/// The addresses of those whom the viewer sees by themselves, since a name may be seen wherever it stands. As the rule of users.
const EMAIL: &str = r#"SELECT i.key, u.email FROM :ids AS i JOIN users AS u ON u.gid = i.value WHERE u.gid = :me
 OR (SELECT 1 FROM workspace_memberships AS mine JOIN workspace_memberships AS theirs ON theirs.workspace = mine.workspace WHERE mine."user" = :me AND mine.is_active = 1 AND mine.role <> 'guest' AND theirs."user" = u.gid AND theirs.is_active = 1 LIMIT 1) IS NOT NULL
 OR (SELECT 1 FROM principals AS a JOIN grants AS g ON g.principal = a.principal JOIN grants AS h ON h.object = g.object JOIN principals AS b ON b.principal = h.principal WHERE a."user" = :me AND b."user" = u.gid LIMIT 1) IS NOT NULL"#;

impl Record for User {
    fn schema(s: &mut Schema<Self>) {
        s.doc("A person or service account with access to one or more workspaces.");
        s.field("name", |u| &u.name)
            .write_later(|u, Name(name)| u.name = name)
            .compact()
            .doc("The user's name.");
        s.batch("email", EMAIL, None::<String>, |row, _| row.get(1))
            .doc("The user's e-mail address; null for those who share nothing with the user.");
        s.computed("photo", |_, _| None::<serde_json::Value>)
            .doc("Addresses of the user's photo in several sizes, or null.");
        s.many::<Workspace>(
            "workspaces",
            Join::through("workspace_memberships", "user", "workspace")
                .filter(r#"j.is_active = 1 AND (SELECT 1 FROM workspace_memberships AS mine WHERE mine.workspace = j.workspace AND mine."user" = :me AND mine.is_active = 1) IS NOT NULL"#)
                .order("j.created_at, t.gid"),
        )
        .doc("The workspaces that both the user and the actor are in.");
        s.many::<CustomField>("custom_fields", Join::back("gid").filter("1 = 0").order("t.gid"))
            .doc("The custom fields of the user; there are none.");
    }
}

impl Resource for User {
    const TYPE: &'static str = "user";
    fn gid(&self) -> Gid {
        self.gid
    }
}

impl Object for User {
    const EDIT: Level = Level::Admin;

    /// Users belong to no workspace; whoever is hidden is unknown.
    fn workspace(&self) -> Gid {
        Gid::new(0)
    }

    /// Each user writes for himself.
    fn prepare(
        cx: &mut Context<'_, '_>,
        _before: Option<&Self>,
        row: &mut Self,
        _body: &Body,
    ) -> Result<()> {
        if row.gid != cx.me() {
            return Err(forbidden("Only users themselves may change what they say of themselves"));
        }
        require(!row.name.is_empty(), "name", "Must not be empty")?;
        row.name_key = name_key(&row.name);
        Ok(())
    }

    /// Himself and the workspaces that he is in.
    fn scopes(&self, cx: &mut Context<'_, '_>) -> Result<Vec<Gid>> {
        let mut scopes = cx.gids(
            r#"SELECT wm.workspace FROM workspace_memberships AS wm WHERE wm."user" = ? AND wm.is_active = 1"#,
            params![self.gid],
        )?;
        scopes.push(self.gid);
        Ok(scopes)
    }
}

/// Longest e-mail address.
///
/// Source: RFC 5321, 4.5.3.1.3.
const MAX_ADDRESS: usize = 254;

/// The e-mail address as it is stored, in lower case; `None` if the text is none.
pub fn address(text: &str) -> Option<String> {
    let address = text.trim().to_lowercase();
    let (local, domain) = address.split_once('@')?;
    let is_plain = |c: char| !c.is_control() && !c.is_whitespace() && !"@,;<>()[]\\\"".contains(c);
    let valid = address.len() <= MAX_ADDRESS
        && !local.is_empty()
        && !domain.is_empty()
        && local.chars().all(is_plain)
        && domain.chars().all(is_plain)
        && domain.split('.').all(|label| !label.is_empty());
    valid.then_some(address)
}

/// The user with this e-mail address.
pub fn by_email(tx: &mut Tx<'_>, email: &str) -> Result<Option<User>> {
    let text = format!("SELECT {} FROM users AS t WHERE t.email = ?", select_list::<User>("t"));
    Ok(tx.first(&text, params![email.trim().to_lowercase()], |row| User::from_row(row, 0))?)
}

/// The user with this e-mail address, made under `name` if there is none; says whether he is new. The address is checked
/// before, by [`address`].
pub fn ensure(tx: &mut Tx<'_>, now: Timestamp, name: &str, email: &str) -> Result<(Gid, bool)> {
    if let Some(user) = by_email(tx, email)? {
        return Ok((user.gid, false));
    }
    let user = User {
        gid: tx.gid()?,
        name: name.to_owned(),
        name_key: name_key(name),
        email: email.to_owned(),
        time_zone: None,
        created_at: now,
    };
    let text = format!("{} ON CONFLICT DO NOTHING", insert_text::<User>());
    if tx.execute(&text, &user.values())? == 0 {
        // Somebody else made him at the same time.
        let found = by_email(tx, email)?.ok_or_else(|| {
            crate::Error::Internal(anyhow::anyhow!("the user that was in the way is gone"))
        })?;
        return Ok((found.gid, false));
    }
    Ok((user.gid, true))
}

/// The 400 for a user that the body or the query names and that the actor does not know.
pub fn unknown(field: &'static str, raw: &str) -> Error {
    invalid(field, format!("Unknown object: {}", cut(raw)))
}

/// Most users in one answer of the lists that need no `limit`.
///
/// Source: dossier 1.7.
const MAX_PEOPLE: usize = 2_000;

/// The operations of the section, in the order of the API reference.
pub fn operations(api: &mut Operations) {
    api.section("Users", "People and service accounts.");
    api.list::<User>(
        "getUsers",
        "/users",
        "The users of a workspace or a team, or all whom the actor sees, by gid.",
        list,
    )
    .query("workspace", "Only users in this workspace.")
    .query("team", "Only users in this team.");
    api.read::<User>("getUser", "/users/{user_gid}", "One user, by gid, e-mail address or `me`.")
        .query("workspace", "The workspace in which the user is looked at; makes no difference.");
    api.update::<User>(
        "updateUser",
        "/users/{user_gid}",
        "Changes what the actor says of himself; nobody else may.",
    )
    .query("workspace", "The workspace in which the user is looked at; makes no difference.");
    api.add(
        "GET",
        "getFavoritesForUser",
        "/users/{user_gid}/favorites",
        "The favourites of one type in a workspace, in the actor's order; of the actor only.",
        Input::None,
        Output::List(User::TYPE),
        favorites,
    )
    .required_query(
        "resource_type",
        "One of portfolio, project, tag, task, user, project_template.",
    )
    .required_query("workspace", "The workspace of the favourites.");
    api.add(
        "GET",
        "getUsersForTeam",
        "/teams/{team_gid}/users",
        "The users in a team, by name, at most 2,000 at once.",
        Input::None,
        Output::List(User::TYPE),
        |cx, call| {
            let team = teams::with_members(cx.target::<Team>(call, 0)?)?;
            people(cx, call, in_team(&team))
        },
    );
    api.add(
        "GET",
        "getUsersForWorkspace",
        "/workspaces/{workspace_gid}/users",
        "The users in a workspace whom the actor sees, by name, at most 2,000 at once.",
        Input::None,
        Output::List(User::TYPE),
        |cx, call| {
            let (workspace, _) = cx.target::<Workspace>(call, 0)?;
            let query = in_workspace(cx, &workspace)?;
            people(cx, call, query)
        },
    );
    api.add(
        "GET",
        "getUserForWorkspace",
        "/workspaces/{workspace_gid}/users/{user_gid}",
        "One user of a workspace.",
        Input::None,
        Output::One(User::TYPE),
        |cx, call| {
            let row = in_workspace_of_path(cx, call)?;
            cx.answer(row)
        },
    );
    api.add(
        "PUT",
        "updateUserForWorkspace",
        "/workspaces/{workspace_gid}/users/{user_gid}",
        "Changes what the actor says of himself, in a workspace that he is in.",
        Input::Update(User::TYPE),
        Output::One(User::TYPE),
        |cx, call| {
            let row = in_workspace_of_path(cx, call)?;
            let after = cx.change(row, &call.body)?;
            cx.answer_gid::<User>(after.gid)
        },
    );
}

/// The user of a path, if he is in the workspace of the path.
fn in_workspace_of_path(cx: &mut Context<'_, '_>, call: &Call) -> Result<User> {
    let (workspace, _) = cx.target::<Workspace>(call, 0)?;
    let (user, _) = cx.target::<User>(call, 1)?;
    workspace_memberships::of(cx.tx, workspace.gid, user.gid)?
        .filter(|membership| membership.is_active)
        .ok_or_else(|| not_found(User::TYPE, cut(call.segment(1))))?;
    Ok(user)
}

/// The users in a team whose members the actor sees.
fn in_team(team: &Team) -> Query<User> {
    Query::given()
        .join(r#"team_memberships AS m ON m."user" = t.gid AND m.team = ?"#, params![team.gid])
}

/// The users in a workspace of the actor: all, or for a guest himself and those he shares something with.
fn in_workspace(cx: &mut Context<'_, '_>, workspace: &Workspace) -> Result<Query<User>> {
    let query = Query::given().join(
        r#"workspace_memberships AS m ON m."user" = t.gid AND m.workspace = ? AND m.is_active = 1"#,
        params![workspace.gid],
    );
    let me = cx.me();
    Ok(match cx.role(workspace.gid)?.as_deref() {
        Some("admin" | "member" | "service") => query,
        _ => query.filter(
            r#"t.gid = ? OR t.gid IN (SELECT b."user" FROM principals AS a JOIN grants AS g ON g.principal = a.principal JOIN grants AS h ON h.object = g.object JOIN principals AS b ON b.principal = h.principal WHERE a."user" = ?)"#,
            params![me, me],
        ),
    })
}

/// `getUsers`: by gid.
fn list(cx: &mut Context<'_, '_>, call: &Call) -> Result<Page<User>> {
    let workspace = match call.param("workspace") {
        Some(raw) => Some(cx.refer::<Workspace>("workspace", raw)?.0),
        None => None,
    };
    if let Some(raw) = call.param("team") {
        let found = cx.refer::<Team>("team", raw)?;
        let team = teams::with_members(found)?;
        let outside = workspace.is_some_and(|workspace| workspace.gid != team.workspace);
        require(!outside, "team", "Not in the workspace")?;
        return in_team(&team).page(cx, call);
    }
    if let Some(workspace) = workspace {
        return in_workspace(cx, &workspace)?.page(cx, call);
    }
    if cx.options.limit.is_some() {
        return Err(bad_request("Need to specify a workspace to paginate!"));
    }
    let me = cx.me();
    Query::inside()
        .filter(
            r#"t.gid IN (SELECT theirs."user" FROM workspace_memberships AS mine JOIN workspace_memberships AS theirs ON theirs.workspace = mine.workspace WHERE mine."user" = ? AND mine.is_active = 1 AND theirs.is_active = 1)"#,
            params![me],
        )
        .page(cx, call)
}

/// Answers with users by name; without `limit` up to [`MAX_PEOPLE`], and the cursor of the rest.
fn people(cx: &mut Context<'_, '_>, call: &Call, query: Query<User>) -> Result<Answer> {
    let limit = cx.options.limit;
    cx.options.limit = Some(limit.unwrap_or(MAX_PEOPLE));
    let page = query.order(&["t.name_key", "t.gid"]).page(cx, call)?;
    cx.options.limit = limit;
    let answer = cx.answer_page(page, Shape::Compact)?;
    Ok(Answer { paged: answer.paged || answer.next.is_some(), ..answer })
}

/// `getFavoritesForUser`: in the order of the actor; what he cannot see is left out.
fn favorites(cx: &mut Context<'_, '_>, call: &Call) -> Result<Answer> {
    let (user, _) = cx.target::<User>(call, 0)?;
    if user.gid != cx.me() {
        return Err(forbidden("Only the favorites of the authenticated user can be read"));
    }
    let kind = call.required("resource_type")?;
    let (workspace, _) = cx.refer::<Workspace>("workspace", call.required("workspace")?)?;
    match kind {
        "project" => favorites_of::<Project>(cx, call, &workspace),
        "tag" => favorites_of::<Tag>(cx, call, &workspace),
        "task" => favorites_of::<Task>(cx, call, &workspace),
        "user" => favorites_of::<User>(cx, call, &workspace),
        "portfolio" => favorites_of::<Portfolio>(cx, call, &workspace),
        "project_template" => favorites_of::<ProjectTemplate>(cx, call, &workspace),
        other => Err(invalid(
            "resource_type",
            format!(
                "Must be one of portfolio, project, tag, task, user, project_template, not: {}",
                cut(other)
            ),
        )),
    }
}

/// The favourites of one type: gid, type and name, if nothing else is selected.
fn favorites_of<T: Resource>(
    cx: &mut Context<'_, '_>,
    call: &Call,
    workspace: &Workspace,
) -> Result<Answer> {
    let me = cx.me();
    let page = Query::<T>::inside()
        .join(
            r#"favorites AS f ON f.object = t.gid AND f."user" = ? AND f.workspace = ? AND f.resource_type = ?"#,
            params![me, workspace.gid, T::TYPE],
        )
        .order(&["f.position", "t.gid"])
        .page(cx, call)?;
    cx.select("resource_type,name");
    cx.answer_page(page, Shape::Compact)
}

//! Personal access tokens: texts with which programs act as a user.
//!
//! Extension API, section "Tokens". The text is shown once, when the token is made; its SHA-256 is stored.

use crate::api::operations::Input;
use crate::auth;
use crate::prelude::*;

/// A token as stored, one row of `tokens`, and its text where it was just made.
#[derive(Debug, Clone)]
pub struct Token {
    pub gid: Gid,
    pub user: Gid,
    pub name: String,
    pub created_at: Timestamp,
    pub last_used_at: Option<Timestamp>,
    /// Not stored.
    pub text: Option<String>,
}

impl Stored for Token {
    const TABLE: &'static str = "tokens";
    const COLUMNS: &'static [&'static str] = &["gid", "user", "name", "created_at", "last_used_at"];

    fn from_row(row: &store::Row<'_>, at: usize) -> Result<Self, store::Error> {
        Ok(Token {
            gid: row.get(at)?,
            user: row.get(at + 1)?,
            name: row.get(at + 2)?,
            created_at: row.get(at + 3)?,
            last_used_at: row.get(at + 4)?,
            text: None,
        })
    }

    fn values(&self) -> Vec<Value> {
        params![self.gid, self.user, self.name, self.created_at, self.last_used_at].to_vec()
    }
}

impl Record for Token {
    fn schema(s: &mut Schema<Self>) {
        s.doc("A text with which a program acts as a user.");
        s.field("name", |k| &k.name).compact().doc("What the user calls it.");
        s.computed("token", |k, _| k.text.clone())
            .when(|k| k.text.is_some())
            .doc("The text itself; shown only in the answer that makes it.");
        s.field("created_at", |k| &k.created_at).compact().doc("When it was made.");
        s.field("last_used_at", |k| &k.last_used_at)
            .compact()
            .doc("When it was last used, to the minute; null if never.");
    }
}

impl Resource for Token {
    const TYPE: &'static str = "token";
    fn gid(&self) -> Gid {
        self.gid
    }
}

impl Object for Token {
    /// Tokens belong to no workspace; those of others are unknown.
    fn workspace(&self) -> Gid {
        Gid::new(0)
    }
}

/// The operations of the section.
pub fn operations(api: &mut Operations) {
    api.extension("Tokens", "Personal access tokens, with which programs act as their user.");
    api.list::<Token>("getTokens", "/tokens", "The tokens of the actor, newest first.", mine);
    api.add(
        "POST",
        "createToken",
        "/tokens",
        "Makes a token of the actor; its text is shown only in this answer.",
        Input::Fields,
        Output::One(Token::TYPE),
        create,
    )
    .required_field("name", JsonType::String, "What the token is called.")
    .created()
    .secret();
    api.add(
        "DELETE",
        "deleteToken",
        "/tokens/{token_gid}",
        "Revokes a token of the actor; from the next request on it is unknown.",
        Input::None,
        Output::Empty,
        |cx, call| {
            let (row, _) = cx.target::<Token>(call, 0)?;
            let now = cx.now();
            cx.later(
                "UPDATE tokens SET revoked_at = ? WHERE gid = ?",
                params![now, row.gid].to_vec(),
            )?;
            cx.audit_user("user_personal_access_token_revoked", row.user)?;
            Ok(Answer::empty())
        },
    );
}

/// `getTokens`: newest first.
fn mine(cx: &mut Context<'_, '_>, call: &Call) -> Result<Page<Token>> {
    let me = cx.me();
    Query::given()
        .filter(r#"t."user" = ?"#, params![me])
        .order(&["t.created_at", "t.gid"])
        .descending()
        .page(cx, call)
}

/// `createToken`.
fn create(cx: &mut Context<'_, '_>, call: &Call) -> Result<Answer> {
    let Name(name) = call.body.read("name")?.ok_or_else(|| invalid("name", "Missing input"))?;
    require(!name.is_empty(), "name", "Must not be empty")?;
    let text = auth::fresh_token(&cx.app.entropy);
    let (now, me, doer) = (cx.now(), cx.me(), cx.doer());
    let gid = crate::admin::create_token(cx.tx, now, me, &name, &text, &doer)?;
    let row = Token { gid, user: me, name, created_at: now, last_used_at: None, text: Some(text) };
    let answer = cx.answer(row)?;
    Ok(Answer { created: true, ..answer })
}

//! Likes of tasks and stories, which older clients call hearts.

use crate::prelude::*;
use crate::resources::users::User;

/// One like.
#[derive(Debug, Clone)]
pub struct Like {
    /// Its own gid.
    pub gid: Gid,
    /// Who likes.
    pub user: Gid,
}

row! { Like { gid, user } }

impl Record for Like {
    fn schema(s: &mut Schema<Self>) {
        s.doc("Somebody's like of a task or story.");
        s.identity(None, |like| like.gid);
        s.one::<User>("user", |like| Some(like.user)).doc("Who likes.");
    }
}

const MINE: &str =
    r#"SELECT i.key FROM :ids AS i JOIN likes AS l ON l.object = i.value AND l."user" = :me"#;
const NUMBER: &str =
    "SELECT i.key, count(*) FROM :ids AS i JOIN likes AS l ON l.object = i.value GROUP BY i.key";
const LIST: &str = r#"SELECT i.key, l.gid, l."user" FROM :ids AS i JOIN likes AS l ON l.object = i.value ORDER BY i.key, l.created_at, l.gid"#;

/// Declares `hearted`, `hearts` and `num_hearts`, the old names of the fields of [`liked`].
pub fn hearted<T: Record>(s: &mut Schema<T>) {
    s.batch("hearted", MINE, false, |_, _| Ok(true)).doc("The old name of `liked`.");
    s.inline::<Like>("hearts", LIST).doc("The old name of `likes`.");
    s.batch("num_hearts", NUMBER, 0_i64, |row, _| row.get(1)).doc("The old name of `num_likes`.");
}

/// Declares `liked`, `likes` and `num_likes`. `liked` can be written; [`write()`] does it.
pub fn liked<T: Record>(s: &mut Schema<T>) {
    s.batch("liked", MINE, false, |_, _| Ok(true))
        .written_apart()
        .doc("Whether the actor likes it.");
    s.inline::<Like>("likes", LIST).doc("Who likes it, the first first.");
    s.batch("num_likes", NUMBER, 0_i64, |row, _| row.get(1)).doc("How many people like it.");
}

/// Declares all six fields.
pub fn fields<T: Record>(s: &mut Schema<T>) {
    hearted(s);
    liked(s);
}

/// Makes the actor like an object, or not; says whether that changed anything.
pub fn write(cx: &mut Context<'_, '_>, object: Gid, workspace: Gid, liked: bool) -> Result<bool> {
    let (me, now) = (cx.me(), cx.now());
    let changed = if liked {
        let gid = cx.gid()?;
        cx.execute(
            r#"INSERT INTO likes (gid, workspace, object, "user", created_at) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"#,
            params![gid, workspace, object, me, now],
        )?
    } else {
        cx.execute(r#"DELETE FROM likes WHERE object = ? AND "user" = ?"#, params![object, me])?
    };
    Ok(changed > 0)
}

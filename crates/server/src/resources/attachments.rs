//! Attachments: files and links on tasks, projects and project briefs.
//!
//! API section "Attachments", 4 operations. Events: `attachment` added, deleted; the parent is what it is attached to.
//! A file is streamed by [`crate::http::attachments`], which calls [`begin`] before and [`finish`] after.

use crate::files::{self, WrittenFile};
use crate::http::attachments::{DOWNLOAD, PERMANENT};
use crate::prelude::*;
use crate::resources::project_briefs::ProjectBrief;
use crate::resources::projects::Project;
use crate::resources::stories::{self, Details};
use crate::resources::tasks::{self, Task};
use engine::Site;
use model::single_line;

/// How long a signed download address is good, in milliseconds: 2 minutes, as upstream.
const DOWNLOAD_LIFETIME: i64 = 2 * 60 * 1_000;

/// Longest name of an attachment, in characters. What file systems take; upstream says nothing.
const MAX_NAME: usize = 255;

/// Longest address of a link, in bytes. What browsers take; upstream says nothing.
const MAX_URL: usize = 8_192;

/// What something can be attached to.
const KINDS: &[&str] = &[Task::TYPE, Project::TYPE, ProjectBrief::TYPE];

/// A file or link as stored, one row of `attachments`. Until its bytes are stored its state is `pending` and nobody sees it.
#[derive(Debug, Clone)]
pub struct Attachment {
    pub gid: Gid,
    pub workspace: Gid,
    /// A task, project or project brief.
    pub parent: Gid,
    pub name: String,
    pub resource_subtype: String,
    pub host: String,
    /// The address of a link.
    pub url: Option<String>,
    /// Where the bytes of a file are.
    pub storage_key: Option<String>,
    pub size: Option<i64>,
    pub content_type: Option<String>,
    pub sha256: Option<String>,
    pub state: String,
    pub created_at: Timestamp,
    pub created_by: Option<Gid>,
}

row! { Attachment in "attachments" { gid, workspace, parent, name, resource_subtype, host, url, storage_key, size, content_type, sha256, state, created_at, created_by } }

impl Attachment {
    fn is_file(&self) -> bool {
        self.host == "asana"
    }
}

impl Record for Attachment {
    fn schema(s: &mut Schema<Self>) {
        s.doc("A file or a link on a task, project or project brief.");
        s.field("name", |t| &t.name).compact().doc("The name of the file or link.");
        s.field("resource_subtype", |t| &t.resource_subtype)
            .compact()
            .doc("`asana` for a file that is stored here, `external` for a link.");
        s.field("created_at", |t| &t.created_at).doc("When it was attached.");
        s.computed("download_url", |t, site| t.is_file().then(|| download_url(site, t.gid)))
            .doc("Where the bytes are, good for two minutes; null for links.");
        s.computed("permanent_url", |t, site| permanent_url(site, t.gid))
            .doc("A stable address that leads to the bytes whoever may see them.");
        s.field("host", |t| &t.host).doc("Where it is stored: `asana` is here, or `external`.");
        s.one_of("parent", KINDS, |t| Some(("", t.parent)))
            .doc("The task, project or project brief it is attached to.");
        s.computed("size", |t, _| t.size)
            .when(Attachment::is_file)
            .doc("The size in bytes; files only.");
        s.computed("view_url", |t, site| {
            t.url.clone().or_else(|| Some(permanent_url(site, t.gid)))
        })
        .doc("Where people look at it.");
        s.computed("connected_to_app", |_, _| false)
            .doc("Whether an app shows it in a widget; never here.");
    }
}

/// The signed address of a file's bytes, good for two minutes.
pub fn download_url(site: &Site, gid: Gid) -> String {
    let expires = site.now.plus_millis(DOWNLOAD_LIFETIME).millis();
    let signature = files::signature(&site.secret, Attachment::TYPE, gid, expires);
    format!("{}{DOWNLOAD}{gid}?expires={expires}&signature={signature}", site.url)
}

/// The stable address of an attachment.
pub fn permanent_url(site: &Site, gid: Gid) -> String {
    format!("{}{PERMANENT}?asset_id={gid}", site.url)
}

impl Resource for Attachment {
    const TYPE: &'static str = "attachment";
    fn gid(&self) -> Gid {
        self.gid
    }
}

impl Object for Attachment {
    /// Whoever attached it may delete it; [`delete`] checks the others.
    const DELETE: Level = Level::See;

    fn workspace(&self) -> Gid {
        self.workspace
    }

    fn subtype(&self) -> Option<String> {
        Some(self.resource_subtype.clone())
    }

    fn scopes(&self, cx: &mut Context<'_, '_>) -> Result<Vec<Gid>> {
        let task = cx.as_system(|cx| cx.rows_seen::<Task>(&[self.parent]))?;
        let mut scopes = match task.into_iter().next().flatten() {
            Some(task) => tasks::scopes(cx, &task)?,
            None => match brief_of(cx, self.parent)? {
                Some(brief) => brief.scopes(cx)?,
                None => vec![self.parent, self.workspace],
            },
        };
        scopes.push(self.gid);
        Ok(scopes)
    }
}

/// The operations of the section, in the order of the API reference.
pub fn operations(api: &mut Operations) {
    api.section("Attachments", "Files and links on tasks, projects and project briefs.");
    api.read::<Attachment>("getAttachment", "/attachments/{attachment_gid}", "One attachment.");
    api.add(
        "DELETE",
        "deleteAttachment",
        "/attachments/{attachment_gid}",
        "Deletes an attachment; its bytes go with it.",
        crate::api::operations::Input::None,
        Output::Empty,
        delete,
    );
    api.list::<Attachment>(
        "getAttachmentsForObject",
        "/attachments",
        "The attachments of a task, project or project brief, the oldest first.",
        of_object,
    )
    .required_query("parent", "The task, project or project brief.");
    api.outside(
        "POST",
        "createAttachmentForObject",
        "/attachments",
        "Attaches a file, sent as `multipart/form-data`, or a link.",
        Output::One(Attachment::TYPE),
    )
    .required_field("parent", JsonType::Gid, "The task, project or project brief.")
    .field("file", JsonType::String, "The file, up to 100 MB.")
    .field("name", JsonType::String, "The name; of a file the one it has, if it is left out.")
    .field("resource_subtype", JsonType::String, "`asana` for a file, `external` for a link.")
    .field("url", JsonType::String, "The address of a link, `http` or `https`.");
    api.outside(
        "POST",
        "createAttachmentForTask",
        "/tasks/{task_gid}/attachments",
        "Attaches a file or link to the task of the path.",
        Output::One(Attachment::TYPE),
    )
    .alias();
}

/// `getAttachmentsForObject`.
fn of_object(cx: &mut Context<'_, '_>, call: &Call) -> Result<Page<Attachment>> {
    let parent = Parent::find(cx, call.required("parent")?)?;
    Query::given()
        .filter("t.parent = ?", params![parent.gid()])
        .order(&["t.created_at", "t.gid"])
        .page(cx, call)
}

/// `deleteAttachment`. The sweep removes the bytes once the deletion is certain.
fn delete(cx: &mut Context<'_, '_>, call: &Call) -> Result<Answer> {
    let (row, level) = cx.target::<Attachment>(call, 0)?;
    if row.created_by != Some(cx.me()) {
        cx.require_level(level, Level::Edit)?;
    }
    let answer = cx.delete_answer::<Attachment>(call)?;
    let task = cx.as_system(|cx| cx.rows_seen::<Task>(&[row.parent]))?.into_iter().next().flatten();
    if let Some(task) = task {
        tasks::touch(cx, task.gid)?;
        let change = FieldChange::removed("attachments", Attachment::TYPE, row.gid);
        let mut event = Event::changed(Task::TYPE, &task, vec![change]);
        event.scopes.extend(tasks::scopes(cx, &task)?);
        cx.emit(event);
    }
    Ok(answer)
}

/// The brief of a gid, whoever asks.
fn brief_of(cx: &mut Context<'_, '_>, gid: Gid) -> Result<Option<ProjectBrief>> {
    let found = cx.as_system(|cx| cx.rows_seen::<ProjectBrief>(&[gid]))?;
    Ok(found.into_iter().next().flatten())
}

/// What something is attached to.
enum Parent {
    Task(Task, Level),
    Project(Project, Level),
    Brief(ProjectBrief, Level),
}

impl Parent {
    /// The task, project or project brief that `raw` names. An unknown one is told of as an unknown task.
    ///
    /// Errors: 400 for an unknown one, 403 for a hidden one.
    fn find(cx: &mut Context<'_, '_>, raw: &str) -> Result<Self> {
        let kind = match cx.identify(Task::TYPE, "parent", raw)? {
            Some(gid) => cx.kind_of(gid, KINDS)?,
            None => None,
        };
        Ok(match kind {
            Some(Project::TYPE) => {
                let (project, level) = cx.refer::<Project>("parent", raw)?;
                Parent::Project(project, level)
            }
            Some(ProjectBrief::TYPE) => {
                let (brief, level) = cx.refer::<ProjectBrief>("parent", raw)?;
                Parent::Brief(brief, level)
            }
            _ => {
                let (task, level) = cx.refer::<Task>("parent", raw)?;
                Parent::Task(task, level)
            }
        })
    }

    /// The same, where the actor may comment; a brief is part of the project's text, which takes editing.
    fn open(cx: &mut Context<'_, '_>, raw: &str) -> Result<Self> {
        let parent = Parent::find(cx, raw)?;
        let (level, needed) = match &parent {
            Parent::Task(_, level) | Parent::Project(_, level) => (*level, Level::Comment),
            Parent::Brief(_, level) => (*level, Level::Edit),
        };
        cx.require_level(level, needed)?;
        Ok(parent)
    }

    fn kind(&self) -> &'static str {
        match self {
            Parent::Task(..) => Task::TYPE,
            Parent::Project(..) => Project::TYPE,
            Parent::Brief(..) => ProjectBrief::TYPE,
        }
    }

    fn gid(&self) -> Gid {
        match self {
            Parent::Task(task, _) => task.gid,
            Parent::Project(project, _) => project.gid,
            Parent::Brief(brief, _) => brief.gid,
        }
    }

    fn workspace(&self) -> Gid {
        match self {
            Parent::Task(task, _) => task.workspace,
            Parent::Project(project, _) => project.workspace,
            Parent::Brief(brief, _) => brief.workspace,
        }
    }
}

/// A name as it is stored: decoded where it was URL-encoded, one line, without folders.
fn clean_name(name: &str) -> String {
    let decoded = crate::http::request::percent_decode(name).unwrap_or_else(|| name.to_owned());
    let last = decoded.rsplit(['/', '\\']).next().unwrap_or_default();
    let name: String =
        single_line(last).chars().filter(|c| !c.is_control()).take(MAX_NAME).collect();
    name.trim().to_owned()
}

/// Makes a place for a file whose bytes are about to come, invisible for now, and gives its gid.
///
/// Errors: 400 and 403 for a parent to which the actor cannot attach anything; it may come later, `None`.
pub fn begin(cx: &mut Context<'_, '_>, parent: Option<&str>, key: &str) -> Result<Gid> {
    let (gid, workspace) = match parent {
        Some(raw) => {
            let parent = Parent::open(cx, raw)?;
            (parent.gid(), parent.workspace())
        }
        None => (Gid::new(0), Gid::new(0)),
    };
    let row = Attachment {
        gid: cx.gid()?,
        workspace,
        parent: gid,
        name: String::new(),
        resource_subtype: "asana".to_owned(),
        host: "asana".to_owned(),
        url: None,
        storage_key: Some(key.to_owned()),
        size: None,
        content_type: None,
        sha256: None,
        state: "pending".to_owned(),
        created_at: cx.now(),
        created_by: Some(cx.me()),
    };
    cx.insert(&row)?;
    Ok(row.gid)
}

/// A file that has come.
#[derive(Clone, Debug)]
pub struct Upload {
    /// What [`begin`] gave.
    pub gid: Gid,
    /// The name that the file came with.
    pub file_name: Option<String>,
    /// The type that it came with.
    pub content_type: Option<String>,
    /// What was written.
    pub file: WrittenFile,
}

/// Makes a file visible whose bytes are stored.
///
/// Errors: as [`begin`], for the rights may have changed; 400 for a name or subtype that makes no sense.
pub fn finish(cx: &mut Context<'_, '_>, body: &Body, upload: &Upload) -> Result<Answer> {
    check_subtype(body, "asana")?;
    let raw =
        body.reference("parent")?.flatten().ok_or_else(|| invalid("parent", "Missing input"))?;
    let parent = Parent::open(cx, &raw)?;
    let before: Option<Attachment> = {
        let sql = format!(
            "SELECT {} FROM attachments AS t WHERE t.gid = ? AND t.state = 'pending'",
            engine::record::select_list::<Attachment>("t")
        );
        cx.first(&sql, params![upload.gid], |row| engine::Stored::from_row(row, 0))?
    };
    let before = before.ok_or_else(|| bad_request("The upload took too long"))?;
    let given = body.read::<String>("name")?.filter(|name| !name.is_empty());
    let name = given.or_else(|| upload.file_name.clone()).map(|name| clean_name(&name));
    let row = Attachment {
        workspace: parent.workspace(),
        parent: parent.gid(),
        name: name.filter(|name| !name.is_empty()).unwrap_or_else(|| "file".to_owned()),
        size: i64::try_from(upload.file.size).ok(),
        content_type: upload.content_type.clone(),
        sha256: Some(upload.file.sha256.clone()),
        state: "stored".to_owned(),
        created_at: cx.now(),
        ..before.clone()
    };
    cx.update(&before, &row)?;
    attached(cx, parent, row)
}

/// Attaches a link.
///
/// Errors: 400 for a missing name or address, an address that is not of the web; as [`begin`].
pub fn link(cx: &mut Context<'_, '_>, body: &Body) -> Result<Answer> {
    let raw =
        body.reference("parent")?.flatten().ok_or_else(|| invalid("parent", "Missing input"))?;
    if body.read::<Option<String>>("resource_subtype")?.flatten().is_none() {
        return Err(invalid("file", "Missing input"));
    }
    check_subtype(body, "external")?;
    let parent = Parent::open(cx, &raw)?;
    let url = body.read::<String>("url")?.ok_or_else(|| invalid("url", "Missing input"))?;
    let name = body.read::<String>("name")?.ok_or_else(|| invalid("name", "Missing input"))?;
    let name: String = single_line(&name).chars().take(MAX_NAME).collect();
    require(!name.trim().is_empty(), "name", "Must not be empty")?;
    require(is_web_address(&url), "url", "Must be an http or https address")?;
    let row = Attachment {
        gid: cx.gid()?,
        workspace: parent.workspace(),
        parent: parent.gid(),
        name,
        resource_subtype: "external".to_owned(),
        host: "external".to_owned(),
        url: Some(url),
        storage_key: None,
        size: None,
        content_type: None,
        sha256: None,
        state: "stored".to_owned(),
        created_at: cx.now(),
        created_by: Some(cx.me()),
    };
    cx.insert(&row)?;
    attached(cx, parent, row)
}

/// Whether links may lead there.
fn is_web_address(url: &str) -> bool {
    let host = ["http://", "https://"].iter().find_map(|scheme| {
        let start = url.get(..scheme.len())?;
        start.eq_ignore_ascii_case(scheme).then(|| url.get(scheme.len()..)).flatten()
    });
    url.len() <= MAX_URL
        && !url.chars().any(|c| c.is_control() || c.is_whitespace())
        && host.is_some_and(|host| !host.is_empty() && !host.starts_with(['/', '?', '#']))
}

/// Refuses a subtype that is not what was sent.
fn check_subtype(body: &Body, expected: &'static str) -> Result<()> {
    match body.read::<Option<String>>("resource_subtype")?.flatten().as_deref() {
        None => Ok(()),
        Some(subtype) if subtype == expected => Ok(()),
        Some("asana") => Err(invalid("file", "Missing input")),
        Some("external") => Err(bad_request("A link has no file")),
        Some(other) => {
            let other: String = other.chars().take(100).collect();
            Err(invalid(
                "resource_subtype",
                format!("Must be one of asana, external, not: {other}"),
            ))
        }
    }
}

/// What follows from a new attachment: its event, and on tasks a story. Answers with the record.
fn attached(cx: &mut Context<'_, '_>, parent: Parent, row: Attachment) -> Result<Answer> {
    let mut event = Event::added(Attachment::TYPE, &row);
    event.parent = Some((parent.kind(), parent.gid()));
    event.scopes.push(parent.gid());
    if let Parent::Task(task, _) = &parent {
        let scopes = tasks::scopes(cx, task)?;
        event.scopes.extend(&scopes);
        let change = FieldChange::added("attachments", Attachment::TYPE, row.gid);
        let mut changed = Event::changed(Task::TYPE, task, vec![change]);
        changed.scopes.extend(&scopes);
        cx.emit(event);
        cx.emit(changed);
        let details = Details { attachment: Some(row.gid.get()), ..Details::default() };
        stories::tell(cx, task, "attachment_added", details)?;
        tasks::touch(cx, task.gid)?;
    } else {
        if let Parent::Brief(brief, _) = &parent {
            event.scopes.extend(brief.scopes(cx)?);
        }
        cx.emit(event);
    }
    cx.answer_gid::<Attachment>(row.gid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_decoded_and_lose_their_folders() {
        assert_eq!(clean_name("report.pdf"), "report.pdf");
        assert_eq!(clean_name("%C3%BC%20b.pdf"), "ü b.pdf");
        assert_eq!(clean_name("100%.txt"), "100%.txt");
        assert_eq!(clean_name("../../etc/passwd"), "passwd");
        assert_eq!(clean_name("C:\\temp\\a.txt"), "a.txt");
        assert_eq!(clean_name("..%2F..%2Fpasswd"), "passwd");
        assert_eq!(clean_name(&"é".repeat(300)).chars().count(), MAX_NAME);
    }

    #[test]
    fn links_lead_into_the_web_only() {
        for good in ["http://a", "HTTPS://a.b/c?d#e"] {
            assert!(is_web_address(good), "{good}");
        }
        for bad in ["", "http://", "https:///x", "javascript:alert(1)", "file:///a", "http://a b"] {
            assert!(!is_web_address(bad), "{bad}");
        }
    }
}

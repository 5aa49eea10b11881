//! Sections: the parts of a project or of a user task list, in order.
//!
//! API section "Sections". A container has at least one section. The list of a user stands in for a project in the paths:
//! its owner reads and changes its sections there. Events: `section` added, changed, deleted.

use crate::api::operations::Input;
use crate::api::order::{self, Anchor, List, Spot};
use crate::prelude::*;
use crate::resources::projects::Project;
use crate::resources::user_task_lists::UserTaskList;
use engine::plan::Shape;

/// One row of `sections`.
#[derive(Debug, Clone)]
pub struct Section {
    pub gid: Gid,
    pub workspace: Gid,
    pub container: Gid,
    pub name: String,
    pub position: String,
    pub created_at: Timestamp,
}

row! { Section in "sections" { gid, workspace, container, name, position, created_at } }

impl Record for Section {
    fn schema(s: &mut Schema<Self>) {
        s.doc("A part of a project or of the list of a user's tasks.");
        s.field("name", |t| &t.name)
            .write(|t, Name(name)| t.name = name)
            .compact()
            .doc("What the section is called.");
        s.field("created_at", |t| &t.created_at).doc("When the section was created.");
        s.one::<Project>("project", |t| Some(t.container))
            .doc("The project; null for a section of a user's list.");
        s.many::<Project>("projects", Join::through("sections", "gid", "container").order("t.gid"))
            .doc("The old form of `project`: a list of one.");
    }
}

impl Resource for Section {
    const TYPE: &'static str = "section";
    fn gid(&self) -> Gid {
        self.gid
    }
}

impl Object for Section {
    fn workspace(&self) -> Gid {
        self.workspace
    }

    fn prepare(
        _cx: &mut Context<'_, '_>,
        _before: Option<&Self>,
        row: &mut Self,
        _body: &Body,
    ) -> Result<()> {
        require(!row.name.is_empty(), "name", "Must not be empty")
    }

    /// Itself, its project or list, the project's team, the workspace.
    fn scopes(&self, cx: &mut Context<'_, '_>) -> Result<Vec<Gid>> {
        let team: Option<Gid> =
            cx.cell("SELECT p.team FROM projects AS p WHERE p.gid = ?", params![self.container])?;
        let mut scopes = vec![self.gid, self.container, self.workspace];
        scopes.extend(team);
        Ok(scopes)
    }

    fn delete(cx: &mut Context<'_, '_>, row: &Self) -> Result<()> {
        lock(cx, row.container)?;
        // Nobody puts a task into it meanwhile; see [`hold`].
        cx.lock(Self::TABLE, row.gid)?;
        let task: Option<Gid> = cx.cell(
            "SELECT tp.task FROM task_projects AS tp JOIN tasks AS t ON t.gid = tp.task WHERE tp.section = ? AND t.deleted IS NULL
             UNION ALL SELECT li.task FROM user_task_list_items AS li JOIN tasks AS k ON k.gid = li.task WHERE li.section = ? AND k.deleted IS NULL
             LIMIT 1",
            params![row.gid, row.gid],
        )?;
        if task.is_some() {
            return Err(bad_request("Only an empty section can be deleted"));
        }
        let other: Option<Gid> = cx.cell(
            "SELECT s.gid FROM sections AS s WHERE s.container = ? AND s.deleted IS NULL AND s.gid <> ? LIMIT 1",
            params![row.container, row.gid],
        )?;
        if other.is_none() {
            return Err(bad_request("The last section cannot be deleted"));
        }
        cx.trash(Self::TYPE, "sections", row.gid, row.workspace).map(drop)
    }
}

/// What sections are in: a project or the list of a user.
#[derive(Debug, Clone, Copy)]
pub struct Container {
    /// The project or list.
    pub gid: Gid,
    /// Its workspace.
    pub workspace: Gid,
    /// `project` or `user_task_list`.
    pub kind: &'static str,
}

impl Container {
    /// A project.
    pub fn of_project(project: &Project) -> Self {
        Container { gid: project.gid, workspace: project.workspace, kind: Project::TYPE }
    }

    /// The list of a user.
    pub fn of_list(list: &UserTaskList) -> Self {
        Container { gid: list.gid, workspace: list.workspace, kind: UserTaskList::TYPE }
    }
}

/// The operations of the section, in the order of the API reference.
pub fn operations(api: &mut Operations) {
    api.section(
        "Sections",
        "The parts of a project, in order: columns of a board, groups of a list.",
    );
    api.read::<Section>("getSection", "/sections/{section_gid}", "One section.");
    api.update::<Section>("updateSection", "/sections/{section_gid}", "Renames a section.");
    api.delete::<Section>(
        "deleteSection",
        "/sections/{section_gid}",
        "Deletes a section that has no tasks and is not the last one.",
    );
    api.add(
        "GET",
        "getSectionsForProject",
        "/projects/{project_gid}/sections",
        "The sections of a project, or of a user task list, in their order.",
        Input::None,
        Output::List(Section::TYPE),
        listed,
    );
    api.add(
        "POST",
        "createSectionForProject",
        "/projects/{project_gid}/sections",
        "Creates a section in a project, or in one's own user task list; at the end, unless a place is given.",
        Input::Create(Section::TYPE),
        Output::One(Section::TYPE),
        create,
    )
    .created()
    .field("insert_before", JsonType::Gid, "The section that the new one comes before.")
    .field("insert_after", JsonType::Gid, "The section that the new one comes after.");
    api.add(
        "POST",
        "insertSectionForProject",
        "/projects/{project_gid}/sections/insert",
        "Moves a section within its project, before or after another one.",
        Input::Fields,
        Output::Empty,
        insert,
    )
    .required_field("section", JsonType::Gid, "The section to move.")
    .field("before_section", JsonType::Gid, "The section that it comes before.")
    .field("after_section", JsonType::Gid, "The section that it comes after.");
}

/// The first section of a project or list, held as by [`hold`].
pub fn first_of(cx: &mut Context<'_, '_>, container: Gid) -> Result<Gid> {
    outermost(cx, container, "")
}

/// The last section of a project or list, held as by [`hold`].
pub fn last_of(cx: &mut Context<'_, '_>, container: Gid) -> Result<Gid> {
    outermost(cx, container, " DESC")
}

fn outermost(cx: &mut Context<'_, '_>, container: Gid, direction: &str) -> Result<Gid> {
    let sql = format!(
        "SELECT s.gid FROM sections AS s WHERE s.container = ? AND s.deleted IS NULL ORDER BY s.position{direction}, s.gid{direction} LIMIT 1{}",
        cx.tx.dialect().hold("s")
    );
    // Where the section was deleted while this waited for it, the next query finds another one.
    for _ in 0..3 {
        if let Some(section) = cx.cell(&sql, params![container])? {
            return Ok(section);
        }
    }
    Err(invalid("project", format!("Unknown object: {container}")))
}

/// Keeps a section from being deleted until the transaction ends: something is put into it.
///
/// Errors: 400 if it was deleted meanwhile.
pub fn hold(cx: &mut Context<'_, '_>, section: Gid) -> Result<()> {
    let sql = format!(
        "SELECT s.gid FROM sections AS s WHERE s.gid = ? AND s.deleted IS NULL{}",
        cx.tx.dialect().hold("s")
    );
    match cx.cell::<Gid>(&sql, params![section])? {
        Some(_) => Ok(()),
        None => Err(invalid("section", format!("Unknown object: {section}"))),
    }
}

/// Adds a section at the end.
pub fn add(cx: &mut Context<'_, '_>, container: &Container, name: &str) -> Result<Section> {
    let position = list_of(container.gid).place(cx, Spot::Last, None)?;
    write(cx, container, name, position)
}

/// Writes a new section and records its event.
fn write(
    cx: &mut Context<'_, '_>,
    container: &Container,
    name: &str,
    position: Position,
) -> Result<Section> {
    let section = Section {
        gid: cx.gid()?,
        workspace: container.workspace,
        container: container.gid,
        name: name.to_owned(),
        position: position.into_string(),
        created_at: cx.now(),
    };
    cx.insert(&section)?;
    let mut event = Event::moved(&section, "added", (container.kind, container.gid));
    event.scopes = section.scopes(cx)?;
    cx.emit(event);
    Ok(section)
}

/// Takes the container's row for this transaction: the order of its sections changes by one request at a time.
///
/// Errors: 400 if it was deleted meanwhile.
fn lock(cx: &mut Context<'_, '_>, container: Gid) -> Result<()> {
    cx.lock("projects", container)?;
    cx.lock("user_task_lists", container)?;
    if !cx.tx.dialect().has_parallel_writers() {
        return Ok(());
    }
    let found: Option<i64> = cx.cell(
        "SELECT 1 FROM projects AS p WHERE p.gid = ? AND p.deleted IS NULL UNION ALL SELECT 1 FROM user_task_lists AS l WHERE l.gid = ?",
        params![container, container],
    )?;
    match found {
        Some(_) => Ok(()),
        None => Err(invalid("project", format!("Unknown object: {container}"))),
    }
}

fn list_of(container: Gid) -> List {
    List::of("sections", "container", container)
}

/// The container that the path names: a project, or a user task list in its place, on which the actor has at least `needed`.
fn container(cx: &mut Context<'_, '_>, call: &Call, needed: Level) -> Result<Container> {
    match cx.target::<Project>(call, 0) {
        Ok((project, level)) => {
            cx.require_level(level, needed)?;
            Ok(Container::of_project(&project))
        }
        Err(unknown @ Error::NotFound { .. }) => {
            match cx.find::<UserTaskList>("project", call.segment(0)) {
                // The sections of a list are its owner's alone.
                Ok((list, level)) => {
                    cx.require_level(level, needed.max(Level::Admin))?;
                    Ok(Container::of_list(&list))
                }
                Err(Error::NotFound { .. }) => Err(unknown),
                Err(error) => Err(error),
            }
        }
        Err(error) => Err(error),
    }
}

/// The section that `raw` names, which must be one of the container's.
fn sibling(
    cx: &mut Context<'_, '_>,
    container: &Container,
    name: &'static str,
    raw: &str,
) -> Result<Section> {
    let (section, _) = cx.refer::<Section>(name, raw)?;
    require(section.container == container.gid, name, "Must be a section of this project")?;
    Ok(section)
}

/// The spot among the container's sections that `spot` names.
fn beside(cx: &mut Context<'_, '_>, container: &Container, spot: Spot<Anchor>) -> Result<Spot> {
    spot.map(|anchor| Ok(sibling(cx, container, anchor.field, &anchor.raw)?.gid))
}

/// `getSectionsForProject`.
fn listed(cx: &mut Context<'_, '_>, call: &Call) -> Result<Answer> {
    let container = container(cx, call, Level::See)?;
    let page = Query::<Section>::inside()
        .filter("t.container = ?", params![container.gid])
        .order(&["t.position", "t.gid"])
        .page(cx, call)?;
    cx.answer_page(page, Shape::Compact)
}

/// `createSectionForProject`.
fn create(cx: &mut Context<'_, '_>, call: &Call) -> Result<Answer> {
    let container = container(cx, call, Level::Edit)?;
    let Name(name) = call.body.read("name")?.ok_or_else(|| invalid("name", "Missing input"))?;
    require(!name.is_empty(), "name", "Must not be empty")?;
    lock(cx, container.gid)?;
    let spot = order::sent(&call.body, "insert_before", "insert_after")?.unwrap_or(Spot::Last);
    let spot = beside(cx, &container, spot)?;
    let position = list_of(container.gid).place(cx, spot, None)?;
    let section = write(cx, &container, &name, position)?;
    cx.answer_gid::<Section>(section.gid)
}

/// `insertSectionForProject`: next to itself it stays where it is.
fn insert(cx: &mut Context<'_, '_>, call: &Call) -> Result<Answer> {
    let container = container(cx, call, Level::Edit)?;
    lock(cx, container.gid)?;
    let raw = call.body.reference("section")?.flatten();
    let raw = raw.ok_or_else(|| invalid("section", "Missing input"))?;
    let section = sibling(cx, &container, "section", &raw)?;
    let spot = order::sent(&call.body, "before_section", "after_section")?
        .filter(|spot| spot.anchor().is_some())
        .ok_or_else(|| {
            bad_request("You must provide exactly one of before_section and after_section")
        })?;
    let spot = beside(cx, &container, spot)?;
    if spot.anchor() == Some(&section.gid) {
        return Ok(Answer::empty());
    }
    let position = list_of(container.gid).place(cx, spot, Some(section.gid))?;
    cx.later(
        "UPDATE sections SET position = ? WHERE gid = ?",
        params![position.as_str(), section.gid].to_vec(),
    )?;
    let mut event = Event::changed(Section::TYPE, &section, vec![FieldChange::changed("position")]);
    event.scopes = section.scopes(cx)?;
    cx.emit(event);
    Ok(Answer::empty())
}

//! Sections: the parts of a project or of a user task list, in order.
//!
//! API section "Sections". A container has at least one section. The list of a user stands in for a project in the paths:
//! its owner reads and changes its sections there. Events: `section` added, changed, deleted.

use crate::api::operations::Input;
use crate::prelude::*;
use crate::resources::projects::Project;
use crate::resources::user_task_lists::UserTaskList;
use engine::plan::Shape;
use model::single_line;

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
            .write(|t, v: String| t.name = single_line(&v))
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
        let task: Option<Gid> = cx.cell(
            "SELECT tp.task FROM task_projects AS tp JOIN tasks AS t ON t.gid = tp.task WHERE tp.section = ? AND t.deleted IS NULL
             UNION ALL SELECT li.task FROM user_task_list_items AS li JOIN tasks AS k ON k.gid = li.task WHERE li.section = ? AND k.deleted IS NULL
             LIMIT 1",
            params![row.gid, row.gid],
        )?;
        if task.is_some() {
            return Err(bad_request("Only an empty section can be deleted"));
        }
        if order(cx, row.container)?.len() < 2 {
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

/// The first section of a project or list.
pub fn first_of(cx: &mut Context<'_, '_>, container: Gid) -> Result<Gid> {
    let sql = "SELECT s.gid FROM sections AS s WHERE s.container = ? AND s.deleted IS NULL ORDER BY s.position, s.gid LIMIT 1";
    cx.cell(sql, params![container])?.ok_or_else(|| without(container))
}

/// The last section of a project or list.
pub fn last_of(cx: &mut Context<'_, '_>, container: Gid) -> Result<Gid> {
    let sql = "SELECT s.gid FROM sections AS s WHERE s.container = ? AND s.deleted IS NULL ORDER BY s.position DESC, s.gid DESC LIMIT 1";
    cx.cell(sql, params![container])?.ok_or_else(|| without(container))
}

fn without(container: Gid) -> Error {
    Error::Internal(anyhow::anyhow!("{container} has no section"))
}

/// Adds a section at the end.
pub fn add(cx: &mut Context<'_, '_>, container: &Container, name: &str) -> Result<Section> {
    let position = place(cx, container.gid, None, Place::End)?;
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
fn lock(cx: &mut Context<'_, '_>, container: Gid) -> Result<()> {
    cx.lock("projects", container)?;
    cx.lock("user_task_lists", container)
}

/// The sections of a container with their positions, in order.
fn order(cx: &mut Context<'_, '_>, container: Gid) -> Result<Vec<(Gid, String)>> {
    cx.query(
        "SELECT s.gid, s.position FROM sections AS s WHERE s.container = ? AND s.deleted IS NULL ORDER BY s.position, s.gid",
        params![container],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

/// Where a section comes to stand.
#[derive(Debug, Clone, Copy)]
enum Place {
    /// Behind all others.
    End,
    /// Before this one.
    Before(Gid),
    /// Behind this one.
    After(Gid),
}

/// The position for a new section or for `moving`. Neighbours with equal positions get new ones first.
fn place(
    cx: &mut Context<'_, '_>,
    container: Gid,
    moving: Option<Gid>,
    place: Place,
) -> Result<Position> {
    let mut others = order(cx, container)?;
    others.retain(|(gid, _)| Some(*gid) != moving);
    let index = |anchor: Gid| others.iter().position(|(gid, _)| *gid == anchor);
    let at = match place {
        Place::End => others.len(),
        Place::Before(anchor) => index(anchor).unwrap_or(others.len()),
        Place::After(anchor) => index(anchor).map_or(others.len(), |at| at + 1),
    };
    let neighbours = |others: &[(Gid, String)]| {
        let before = at.checked_sub(1).and_then(|at| others.get(at));
        (before.map(|(_, key)| key.clone()), others.get(at).map(|(_, key)| key.clone()))
    };
    let (mut before, mut after) = neighbours(&others);
    if before.is_some() && after.is_some() && before >= after {
        let mut last: Option<String> = None;
        for (gid, key) in &mut others {
            let position = cx.position(last.as_deref(), None)?.into_string();
            cx.later(
                "UPDATE sections SET position = ? WHERE gid = ?",
                params![position, *gid].to_vec(),
            )?;
            key.clone_from(&position);
            last = Some(position);
        }
        (before, after) = neighbours(&others);
    }
    cx.position(before.as_deref(), after.as_deref())
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

/// The section that the body names as `name`, which must be one of the container's.
fn sibling(
    cx: &mut Context<'_, '_>,
    container: &Container,
    name: &'static str,
    body: &Body,
) -> Result<Option<Section>> {
    let Some(raw) = body.reference(name)?.flatten() else { return Ok(None) };
    let (section, _) = cx.refer::<Section>(name, &raw)?;
    require(section.container == container.gid, name, "Must be a section of this project")?;
    Ok(Some(section))
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
    let name: String = call.body.read("name")?.ok_or_else(|| invalid("name", "Missing input"))?;
    let name = single_line(&name);
    require(!name.is_empty(), "name", "Must not be empty")?;
    lock(cx, container.gid)?;
    let before = sibling(cx, &container, "insert_before", &call.body)?;
    let after = sibling(cx, &container, "insert_after", &call.body)?;
    let at = match (before, after) {
        (None, None) => Place::End,
        (Some(anchor), None) => Place::Before(anchor.gid),
        (None, Some(anchor)) => Place::After(anchor.gid),
        (Some(_), Some(_)) => {
            return Err(bad_request("You may only provide one of insert_before and insert_after"));
        }
    };
    let position = place(cx, container.gid, None, at)?;
    let section = write(cx, &container, &name, position)?;
    cx.answer_gid::<Section>(section.gid)
}

/// `insertSectionForProject`: next to itself it stays where it is.
fn insert(cx: &mut Context<'_, '_>, call: &Call) -> Result<Answer> {
    let container = container(cx, call, Level::Edit)?;
    lock(cx, container.gid)?;
    let section = sibling(cx, &container, "section", &call.body)?
        .ok_or_else(|| invalid("section", "Missing input"))?;
    let before = sibling(cx, &container, "before_section", &call.body)?;
    let after = sibling(cx, &container, "after_section", &call.body)?;
    let (anchor, at) = match (before, after) {
        (Some(anchor), None) => (anchor.gid, Place::Before(anchor.gid)),
        (None, Some(anchor)) => (anchor.gid, Place::After(anchor.gid)),
        _ => {
            return Err(bad_request(
                "You must provide exactly one of before_section and after_section",
            ));
        }
    };
    if anchor == section.gid {
        return Ok(Answer::empty());
    }
    let position = place(cx, container.gid, Some(section.gid), at)?;
    cx.later(
        "UPDATE sections SET position = ? WHERE gid = ?",
        params![position.as_str(), section.gid].to_vec(),
    )?;
    let mut event = Event::changed(Section::TYPE, &section, vec![FieldChange::changed("position")]);
    event.scopes = section.scopes(cx)?;
    cx.emit(event);
    Ok(Answer::empty())
}

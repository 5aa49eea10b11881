//! Creating, changing and deleting, the same for every resource.
//!
//! What a resource adds is in the methods of [`Object`]: a draft with its defaults, what must be looked up before saving, what
//! follows from a change.

use crate::access::Level;
use crate::api::call::Call;
use crate::api::context::Context;
use crate::api::operations::Answer;
use crate::error::{Result, forbidden};
use crate::events::{Event, FieldChange};
use crate::search::index;
use engine::record::{insert_text, update_text};
use engine::schema::{Mode, schema_of};
use engine::{Body, Resource, changed_columns};
use model::Gid;
use store::{Value, params};

/// A resource that the pipeline can load as a target, create, change and delete.
pub trait Object: Resource {
    /// The singular name in `name: Unknown object: …`.
    const PARAM: &'static str = Self::TYPE;
    /// The level that changing takes.
    const EDIT: Level = Level::Edit;
    /// The level that deleting takes.
    const DELETE: Level = Level::Edit;

    /// The workspace it belongs to.
    fn workspace(&self) -> Gid;

    /// The `resource_subtype`, where there is one; events carry it.
    fn subtype(&self) -> Option<String> {
        None
    }

    /// A new row with its defaults, from what the body says about where it belongs. The writable fields come after.
    ///
    /// Errors: 400 if the body does not say where it belongs; 403 if the actor may not create one there.
    fn draft(_cx: &mut Context<'_, '_>, _body: &Body) -> Result<Self> {
        Err(forbidden("Objects of this type cannot be created"))
    }

    /// Checks and completes a row before it is saved; `before` is the row as it was, `None` when creating.
    fn prepare(
        _cx: &mut Context<'_, '_>,
        _before: Option<&Self>,
        _row: &mut Self,
        _body: &Body,
    ) -> Result<()> {
        Ok(())
    }

    /// What follows from a change: stories, followers, derived rows. `fields` are the columns that really changed; names of
    /// further changed fields are to be added to it, for the event.
    fn changed(
        _cx: &mut Context<'_, '_>,
        _before: Option<&Self>,
        _row: &Self,
        _fields: &mut Fields,
        _body: &Body,
    ) -> Result<()> {
        Ok(())
    }

    /// The objects whose watchers hear of changes to this one: itself, its containers, its parents, the workspace.
    fn scopes(&self, _cx: &mut Context<'_, '_>) -> Result<Vec<Gid>> {
        Ok(vec![self.gid(), self.workspace()])
    }

    /// The object that an `added` event calls the parent.
    fn parent(&self) -> Option<(&'static str, Gid)> {
        None
    }

    /// Deletes the row and what belongs to it.
    fn delete(cx: &mut Context<'_, '_>, row: &Self) -> Result<()> {
        cx.trash(Self::TYPE, Self::TABLE, row.gid(), row.workspace()).map(|_| ())
    }
}

/// The fields that a write really changed, for `changed()` and the event.
#[derive(Debug, Default)]
pub struct Fields {
    changes: Vec<FieldChange>,
}

impl Fields {
    /// Whether `name` changed.
    pub fn has(&self, name: &str) -> bool {
        self.changes.iter().any(|change| change.field == name)
    }

    /// Whether one of `names` changed.
    pub fn has_any(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.has(name))
    }

    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// Lets the changes of these columns be one of `field`, which they make up.
    pub fn rename(&mut self, columns: &[&str], field: &'static str) {
        let before = self.changes.len();
        self.changes.retain(|change| !columns.contains(&change.field));
        if self.changes.len() < before {
            self.add(FieldChange::changed(field));
        }
    }

    /// Adds a change that is not a column of the row.
    pub fn add(&mut self, change: FieldChange) {
        if !self.changes.contains(&change) {
            self.changes.push(change);
        }
    }
}

/// Columns that change with others and are not told of by themselves.
const SILENT: &[&str] = &["modified_at", "name_key", "parent_position", "position", "last_id"];

impl Context<'_, '_> {
    /// Saves a new row.
    pub fn insert<T: Resource>(&mut self, row: &T) -> Result<()> {
        self.later(&insert_text::<T>(), row.values())?;
        index::named(self, None, row)
    }

    /// Saves the columns that differ; gives their names and new values.
    pub fn update<T: Resource>(
        &mut self,
        before: &T,
        after: &T,
    ) -> Result<Vec<(&'static str, Value)>> {
        let changed = changed_columns(before, after);
        if !changed.is_empty() {
            let mut values: Vec<Value> = changed.iter().map(|(_, value)| value.clone()).collect();
            values.push(Value::Int(after.gid().get()));
            self.later(&update_text::<T>(&changed), values)?;
            if changed.iter().any(|(column, _)| *column == "name") {
                index::named(self, Some(before), after)?;
            }
        }
        Ok(changed)
    }

    /// Creates an object from what was sent and gives the row.
    pub fn create<T: Object>(&mut self, body: &Body) -> Result<T> {
        let draft = T::draft(self, body)?;
        self.create_from(draft, body, |_, _| Ok(()))
    }

    /// Creates an object from a draft and what was sent; `place` runs once the row is there, before what follows from its
    /// creation.
    pub fn create_from<T: Object>(
        &mut self,
        draft: T,
        body: &Body,
        place: impl FnOnce(&mut Self, &T) -> Result<()>,
    ) -> Result<T> {
        let schema = schema_of::<T>();
        let mut row = draft;
        let resolved = self.resolve(&schema.sent(body, Mode::Create)?)?;
        schema.apply(&mut row, body, Mode::Create, &resolved)?;
        T::prepare(self, None, &mut row, body)?;
        self.insert(&row)?;
        self.emit(Event::added(T::TYPE, &row));
        place(self, &row)?;
        T::changed(self, None, &row, &mut Fields::default(), body)?;
        let scopes = row.scopes(self)?;
        self.scope(row.gid(), &scopes);
        Ok(row)
    }

    /// Changes an object by what was sent and gives the row.
    pub fn change<T: Object>(&mut self, before: T, body: &Body) -> Result<T> {
        let schema = schema_of::<T>();
        let resolved = self.resolve(&schema.sent(body, Mode::Update)?)?;
        let mut after = before.clone();
        schema.apply(&mut after, body, Mode::Update, &resolved)?;
        T::prepare(self, Some(&before), &mut after, body)?;
        self.save(&before, &after, body)?;
        Ok(after)
    }

    /// Saves what differs between two states of an object, with everything that follows from it.
    pub fn save<T: Object>(&mut self, before: &T, after: &T, body: &Body) -> Result<()> {
        let changed = self.update(before, after)?;
        let mut fields = Fields::default();
        for (column, value) in &changed {
            let old = T::COLUMNS.iter().position(|one| one == column);
            let old = old.and_then(|at| before.values().into_iter().nth(at)).unwrap_or(Value::Null);
            self.audit_privacy(T::TYPE, after.workspace(), after.gid(), (*column, &old, value))?;
        }
        for (column, value) in changed.iter().filter(|(column, _)| !SILENT.contains(column)) {
            fields.add(FieldChange::column::<T>(column, value));
        }
        T::changed(self, Some(before), after, &mut fields, body)?;
        if !fields.is_empty() {
            let scopes = after.scopes(self)?;
            let mut event = Event::changed(T::TYPE, after, fields.changes);
            event.scopes = scopes;
            self.emit(event);
        }
        Ok(())
    }

    /// Puts a row into the trash: marks it with a new deletion, which is given.
    pub fn trash(&mut self, kind: &str, table: &str, gid: Gid, workspace: Gid) -> Result<Gid> {
        let deletion = self.gid()?;
        let (now, me) = (self.now(), self.me());
        self.later(
            "INSERT INTO deletions (gid, workspace, resource_type, resource, deleted_at, deleted_by, finished) VALUES (?, ?, ?, ?, ?, ?, 1)",
            params![deletion, workspace, kind, gid, now, me].to_vec(),
        )?;
        self.later(
            &format!("UPDATE {table} SET deleted = ? WHERE gid = ? AND deleted IS NULL"),
            params![deletion, gid].to_vec(),
        )?;
        Ok(deletion)
    }

    /// `create` as an operation.
    pub fn create_answer<T: Object>(&mut self, body: &Body) -> Result<Answer> {
        let row = self.create::<T>(body)?;
        let mut answer = self.answer_gid::<T>(row.gid())?;
        answer.created = true;
        Ok(answer)
    }

    /// `update` as an operation.
    pub fn update_answer<T: Object>(&mut self, call: &Call) -> Result<Answer> {
        let (before, level) = self.target::<T>(call, 0)?;
        self.require_level(level, T::EDIT)?;
        let after = self.change(before, &call.body)?;
        self.answer_gid::<T>(after.gid())
    }

    /// `delete` as an operation.
    pub fn delete_answer<T: Object>(&mut self, call: &Call) -> Result<Answer> {
        let (row, level) = self.target::<T>(call, 0)?;
        self.require_level(level, T::DELETE)?;
        self.delete(&row)?;
        Ok(Answer::empty())
    }

    /// Deletes an object, with its event.
    pub fn delete<T: Object>(&mut self, row: &T) -> Result<()> {
        let scopes = row.scopes(self)?;
        T::delete(self, row)?;
        let mut event = Event::deleted(T::TYPE, row);
        event.scopes = scopes;
        self.emit(event);
        Ok(())
    }

    /// Deletes the object of this gid, if there is one that the actor sees.
    pub fn discard<T: Object>(&mut self, gid: Gid) -> Result<()> {
        match self.rows_seen::<T>(&[gid])?.into_iter().next().flatten() {
            Some(row) => self.delete(&row),
            None => Ok(()),
        }
    }
}

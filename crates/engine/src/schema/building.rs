//! What can be said about a field while it is being declared.

use super::{FieldInfo, Schema, Setter, Writable, setter};
use crate::body::FromJson;
use crate::record::Record;
use model::Gid;

/// A field being declared.
pub struct Building<'s, T: Record> {
    pub(super) schema: &'s mut Schema<T>,
}

impl<T: Record> Building<'_, T> {
    fn info(&mut self, change: impl FnOnce(&mut FieldInfo)) {
        if let Some(info) = self.schema.infos.last_mut() {
            change(info);
        }
    }

    /// Shown in compact records: list rows and nested objects.
    #[must_use]
    pub fn compact(mut self) -> Self {
        self.info(|info| info.compact = true);
        self
    }

    /// Shown only when asked for by name.
    #[must_use]
    pub fn on_request(mut self) -> Self {
        self.info(|info| info.on_request = true);
        self
    }

    /// Present only on rows where `when` holds.
    #[must_use]
    pub fn when(mut self, when: impl Fn(&T) -> bool + Send + Sync + 'static) -> Self {
        self.info(|info| info.conditional = true);
        if let Some(field) = self.schema.fields.last_mut() {
            field.when = Some(Box::new(when));
        }
        self
    }

    /// The objects are shown in full, where this record is and nothing is selected.
    #[must_use]
    pub fn full(mut self) -> Self {
        self.info(|info| info.full = true);
        self
    }

    /// Left out, not null, where nothing was found.
    #[must_use]
    pub fn omit_empty(mut self) -> Self {
        self.info(|info| info.omit_empty = true);
        self
    }

    /// Sending it in an update is an error, not ignored.
    #[must_use]
    pub fn refused(mut self) -> Self {
        self.info(|info| info.refused = true);
        let at = self.schema.infos.len().saturating_sub(1);
        if let Some(info) = self.schema.infos.last() {
            self.schema.writable.insert(
                info.name,
                Writable { at, create: true, update: false, refers: None, values: &[] },
            );
        }
        self
    }

    /// Can be written when creating and updating, but not by [`Schema::apply`]: the resource does it.
    #[must_use]
    pub fn written_apart(self) -> Self {
        let at = self.schema.infos.len().saturating_sub(1);
        if let Some(info) = self.schema.infos.last() {
            self.schema.writable.insert(
                info.name,
                Writable { at, create: true, update: true, refers: None, values: &[] },
            );
        }
        self
    }

    /// What it holds, for the reference. Ends the declaration.
    pub fn doc(mut self, doc: &'static str) {
        self.info(|info| info.doc = doc);
    }
}

/// A field of the row being declared.
pub struct Typed<'s, T: Record, V> {
    pub(super) building: Building<'s, T>,
    pub(super) marker: std::marker::PhantomData<V>,
}

impl<'s, T: Record, V> Typed<'s, T, V> {
    fn writable(self, create: bool, update: bool, set: Setter<T>) -> Self {
        let Typed { building, marker } = self;
        let at = building.schema.infos.len().saturating_sub(1);
        if let (Some(info), Some(field)) =
            (building.schema.infos.last(), building.schema.fields.last_mut())
        {
            field.set = Some(set);
            building.schema.writable.insert(
                info.name,
                Writable { at, create, update, refers: None, values: info.values },
            );
        }
        Typed { building, marker }
    }

    /// Can be written when creating and updating. `W` is how it is read from the request.
    #[must_use]
    pub fn write<W: FromJson>(self, set: impl Fn(&mut T, W) + Send + Sync + 'static) -> Self {
        self.writable(true, true, setter(set))
    }

    /// Can be written when creating only; ignored afterwards.
    #[must_use]
    pub fn write_once<W: FromJson>(self, set: impl Fn(&mut T, W) + Send + Sync + 'static) -> Self {
        self.writable(true, false, setter(set))
    }

    /// Can be changed but not given when creating.
    #[must_use]
    pub fn write_later<W: FromJson>(self, set: impl Fn(&mut T, W) + Send + Sync + 'static) -> Self {
        self.writable(false, true, setter(set))
    }

    /// The allowed values; others are refused with a message that lists them. Comes before `write`.
    #[must_use]
    pub fn values(mut self, values: &'static [&'static str]) -> Self {
        self.building.info(|info| info.values = values);
        self
    }

    /// See [`Building::compact`].
    #[must_use]
    pub fn compact(self) -> Self {
        Typed { building: self.building.compact(), marker: self.marker }
    }

    /// See [`Building::on_request`].
    #[must_use]
    pub fn on_request(self) -> Self {
        Typed { building: self.building.on_request(), marker: self.marker }
    }

    /// See [`Building::when`].
    #[must_use]
    pub fn when(self, when: impl Fn(&T) -> bool + Send + Sync + 'static) -> Self {
        Typed { building: self.building.when(when), marker: self.marker }
    }

    /// See [`Building::doc`].
    pub fn doc(self, doc: &'static str) {
        self.building.doc(doc);
    }
}

/// A to-one field being declared.
pub struct Edge<'s, T: Record> {
    pub(super) building: Building<'s, T>,
    pub(super) target: &'static str,
}

impl<T: Record> Edge<'_, T> {
    fn writable(
        self,
        create: bool,
        update: bool,
        set: impl Fn(&mut T, Option<Gid>) + Send + Sync + 'static,
    ) -> Self {
        let Edge { building, target } = self;
        let at = building.schema.infos.len().saturating_sub(1);
        if let (Some(info), Some(field)) =
            (building.schema.infos.last(), building.schema.fields.last_mut())
        {
            field.set = Some(Box::new(move |t, _, resolved| {
                set(t, resolved);
                Ok(())
            }));
            building.schema.writable.insert(
                info.name,
                Writable { at, create, update, refers: Some(target), values: &[] },
            );
        }
        Edge { building, target }
    }

    /// Can be written when creating and updating; null writes `None`.
    #[must_use]
    pub fn write(self, set: impl Fn(&mut T, Option<Gid>) + Send + Sync + 'static) -> Self {
        self.writable(true, true, set)
    }

    /// Can be written when creating only; ignored afterwards.
    #[must_use]
    pub fn write_once(self, set: impl Fn(&mut T, Option<Gid>) + Send + Sync + 'static) -> Self {
        self.writable(true, false, set)
    }

    /// See [`Building::compact`].
    #[must_use]
    pub fn compact(self) -> Self {
        Edge { building: self.building.compact(), target: self.target }
    }

    /// See [`Building::on_request`].
    #[must_use]
    pub fn on_request(self) -> Self {
        Edge { building: self.building.on_request(), target: self.target }
    }

    /// See [`Building::full`].
    #[must_use]
    pub fn full(self) -> Self {
        Edge { building: self.building.full(), target: self.target }
    }

    /// See [`Building::when`].
    #[must_use]
    pub fn when(self, when: impl Fn(&T) -> bool + Send + Sync + 'static) -> Self {
        Edge { building: self.building.when(when), target: self.target }
    }

    /// See [`Building::doc`].
    pub fn doc(self, doc: &'static str) {
        self.building.doc(doc);
    }
}

//! Loads what a plan names, level by level, and writes it as JSON.
//!
//! The number of queries depends on the plan, not on the rows: at most one for each place below the root (loader functions:
//! what they say), and one for all places of a level that ask the same. All queries of one level are handed to the store together, so that PostgreSQL can pipeline them.

use crate::json::write_reference;
use crate::plan::{Plan, Step};
use crate::registry::Registry;
use crate::schema::{Fetching, Kind, Rows, Site};
use crate::template::{Sight, Template};
use model::Gid;
use std::collections::HashMap;
use store::{Error, Load, Row, Tx, Value};

/// Who looks.
#[derive(Clone, Copy, Debug)]
pub struct Viewer {
    /// The user.
    pub gid: Gid,
    /// How far he sees.
    pub sight: Sight,
}

/// Reads through one transaction, as one viewer.
pub struct Reader<'a, 'c> {
    /// Every kind of resource.
    pub registry: &'a Registry,
    /// The transaction.
    pub tx: &'a mut Tx<'c>,
    /// Public address and time.
    pub site: &'a Site,
    /// Who looks.
    pub viewer: Viewer,
    /// Whether a row of this type is visible wherever something visible names it.
    pub named: &'a dyn Fn(&str) -> bool,
}

/// Rows of one place of the answer with what was loaded below them.
struct Place<'p> {
    plan: &'p Plan,
    rows: Box<dyn Rows>,
    below: Vec<Vec<Below>>,
}

/// What was loaded for one step of a place.
enum Below {
    /// Nothing was needed, or nothing was there.
    Nothing,
    /// For each parent row the row of `place`, if any; the type name says which of several.
    One { place: usize, rows: Vec<Option<usize>> },
    /// For each parent row the rows of `place`.
    Several { place: usize, rows: Vec<Vec<usize>> },
    /// For each parent row the range of rows of `place`.
    Many { place: usize, ranges: Vec<(usize, usize)> },
    /// For each parent row the range of bytes.
    Bytes { bytes: Vec<u8>, ranges: Vec<Option<(usize, usize)>> },
}

/// A query of the current level and where its rows go.
struct Pending<'p> {
    parent: usize,
    step: usize,
    slot: usize,
    template: &'p Template,
    ids: Vec<i64>,
    into: Sink<'p>,
}

enum Sink<'p> {
    One {
        plan: &'p Plan,
        rows: Box<dyn Rows>,
        found: Vec<Option<usize>>,
        wanted: Vec<Option<usize>>,
    },
    Several {
        plan: &'p Plan,
        rows: Box<dyn Rows>,
        found: Vec<Option<usize>>,
        wanted: Vec<Vec<usize>>,
    },
    Many {
        plan: &'p Plan,
        rows: Box<dyn Rows>,
        keys: Vec<usize>,
    },
    Bytes {
        field: &'p Kind,
        bytes: Vec<u8>,
        ranges: Vec<Option<(usize, usize)>>,
    },
}

impl Sink<'_> {
    /// Takes a row for the object at the place `key`.
    fn push(&mut self, key: usize, row: &Row<'_>, site: &Site) -> Result<(), Error> {
        match self {
            Sink::One { rows, found, .. } | Sink::Several { rows, found, .. } => {
                let at = rows.len();
                rows.push(row, 1)?;
                if let Some(slot) = found.get_mut(key) {
                    *slot = Some(at);
                }
            }
            Sink::Many { rows, keys, .. } => {
                rows.push(row, 1)?;
                keys.push(key);
            }
            Sink::Bytes { field, bytes, ranges } => {
                let start = bytes.len();
                if let Kind::Batch { decode, .. } = field {
                    decode(row, site, bytes)?;
                }
                if let Some(slot) = ranges.get_mut(key) {
                    *slot = Some((start, bytes.len()));
                }
            }
        }
        Ok(())
    }
}

impl Reader<'_, '_> {
    /// Writes `rows` as a JSON array of what `plan` names.
    ///
    /// Errors: those of the store.
    pub fn write_list(
        &mut self,
        rows: Box<dyn Rows>,
        plan: &Plan,
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        let places = self.load(rows, plan)?;
        let count = places.first().map_or(0, |place| place.rows.len());
        out.push(b'[');
        for at in 0..count {
            if at > 0 {
                out.push(b',');
            }
            self.write_object(&places, 0, at, out);
        }
        out.push(b']');
        Ok(())
    }

    /// Writes each of `rows` as a JSON object of what `plan` names, in as many queries as for one.
    ///
    /// Errors: those of the store.
    pub fn write_each(&mut self, rows: Box<dyn Rows>, plan: &Plan) -> Result<Vec<Vec<u8>>, Error> {
        let places = self.load(rows, plan)?;
        let count = places.first().map_or(0, |place| place.rows.len());
        let each = (0..count).map(|at| {
            let mut out = Vec::with_capacity(256);
            self.write_object(&places, 0, at, &mut out);
            out
        });
        Ok(each.collect())
    }

    /// Writes the first of `rows` as a JSON object of what `plan` names, or `null` if there is none.
    ///
    /// Errors: those of the store.
    pub fn write_one(
        &mut self,
        rows: Box<dyn Rows>,
        plan: &Plan,
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        let places = self.load(rows, plan)?;
        if places.first().is_some_and(|place| !place.rows.is_empty()) {
            self.write_object(&places, 0, 0, out);
        } else {
            out.extend_from_slice(b"null");
        }
        Ok(())
    }

    /// Loads everything below `rows`, level by level.
    fn load<'p>(&mut self, rows: Box<dyn Rows>, plan: &'p Plan) -> Result<Vec<Place<'p>>, Error> {
        let mut places = vec![Place { plan, rows, below: Vec::new() }];
        let mut level = 0..1;
        while !level.is_empty() {
            let end = places.len();
            let mut pending = Vec::new();
            for at in level {
                self.prepare(&mut places, at, &mut pending)?;
            }
            let site = self.site;
            let viewer = self.viewer.gid;
            let mut groups = grouped(pending);
            let mut loads: Vec<Load<'_>> =
                groups.iter_mut().filter_map(|group| load_of(group, viewer, site)).collect();
            if !loads.is_empty() {
                self.tx.batch(&mut loads)?;
            }
            drop(loads);
            for done in groups.into_iter().flatten() {
                finish(&mut places, done);
            }
            level = end..places.len();
        }
        Ok(places)
    }

    /// Collects the queries of one place; loader functions run at once.
    fn prepare<'p>(
        &mut self,
        places: &mut Vec<Place<'p>>,
        at: usize,
        pending: &mut Vec<Pending<'p>>,
    ) -> Result<(), Error> {
        let Some(place) = places.get(at) else { return Ok(()) };
        let plan: &'p Plan = place.plan;
        let count = place.rows.len();
        let mut below: Vec<Vec<Below>> = Vec::with_capacity(plan.steps.len());
        let mut fetched: Vec<(usize, Place<'p>, Vec<usize>)> = Vec::new();
        let ids: Vec<i64> = (0..count).map(|row| place.rows.gid(row).map_or(0, Gid::get)).collect();
        for (step_at, step) in plan.steps.iter().enumerate() {
            let field = plan.info.fields.get(step.field);
            let Some(field) = field.filter(|field| !matches!(field.kind, Kind::Scalar)) else {
                below.push(Vec::new());
                continue;
            };
            let slots = step.below.len().max(1);
            below.push((0..slots).map(|_| Below::Nothing).collect());
            if count == 0 || step.same_as.is_some() {
                continue;
            }
            match &field.kind {
                Kind::Scalar => {}
                Kind::One(_) => {
                    for (slot, plan_below) in step.below.iter().enumerate() {
                        if plan_below.bare && (self.named)(plan_below.info.name) {
                            continue;
                        }
                        if let Some(query) = self.wanted(place, step, slot, plan_below, at, step_at)
                        {
                            pending.push(query);
                        }
                    }
                }
                Kind::Several(_) => {
                    if let Some(query) = step.below.first().and_then(|plan_below| {
                        self.wanted_several(place, step, plan_below, at, step_at)
                    }) {
                        pending.push(query);
                    }
                }
                Kind::Many { query, .. } | Kind::Inline { query, .. } => {
                    if let (Some(templates), Some(plan_below)) = (query.get(), step.below.first()) {
                        pending.push(Pending {
                            parent: at,
                            step: step_at,
                            slot: 0,
                            template: templates.of(self.viewer.sight),
                            ids: ids.clone(),
                            into: Sink::Many {
                                plan: plan_below,
                                rows: plan_below.info.empty(),
                                keys: Vec::new(),
                            },
                        });
                    }
                }
                Kind::Fetched { fetch, .. } => {
                    if let Some(plan_below) = step.below.first() {
                        let mut fetching = Fetching {
                            tx: &mut *self.tx,
                            viewer: self.viewer,
                            site: self.site,
                            ids: &ids,
                            parents: &*place.rows,
                        };
                        let found = fetch(&mut fetching)?;
                        let child = Place { plan: plan_below, rows: found.rows, below: Vec::new() };
                        fetched.push((step_at, child, found.keys));
                    }
                }
                Kind::Found { answers, .. } => {
                    let mut fetching = Fetching {
                        tx: &mut *self.tx,
                        viewer: self.viewer,
                        site: self.site,
                        ids: &ids,
                        parents: &*place.rows,
                    };
                    let value = bytes_of(answers(&mut fetching)?, count);
                    if let Some(slot) = below.last_mut().and_then(|slots| slots.first_mut()) {
                        *slot = value;
                    }
                }
                Kind::Batch { query, .. } => {
                    if let Some(templates) = query.get() {
                        pending.push(Pending {
                            parent: at,
                            step: step_at,
                            slot: 0,
                            template: templates.of(self.viewer.sight),
                            ids: ids.clone(),
                            into: Sink::Bytes {
                                field: &field.kind,
                                bytes: Vec::new(),
                                ranges: vec![None; count],
                            },
                        });
                    }
                }
            }
        }
        for (step, child, keys) in fetched {
            let index = places.len();
            places.push(child);
            let value = Below::Many { place: index, ranges: ranges(&keys, count) };
            if let Some(slot) = below.get_mut(step).and_then(|slots| slots.first_mut()) {
                *slot = value;
            }
        }
        if let Some(place) = places.get_mut(at) {
            place.below = below;
        }
        Ok(())
    }

    /// The query for the objects that a to-one step names, each once.
    fn wanted<'p>(
        &self,
        place: &Place<'p>,
        step: &Step,
        slot: usize,
        below: &'p Plan,
        parent: usize,
        step_at: usize,
    ) -> Option<Pending<'p>> {
        let mut ids: Vec<i64> = Vec::new();
        let mut seen: HashMap<i64, usize> = HashMap::new();
        let wanted: Vec<Option<usize>> = (0..place.rows.len())
            .map(|row| {
                let (kind, gid) = place.rows.one(row, step.field)?;
                if !kind.is_empty() && kind != below.info.name {
                    return None;
                }
                Some(*seen.entry(gid.get()).or_insert_with(|| {
                    ids.push(gid.get());
                    ids.len() - 1
                }))
            })
            .collect();
        if ids.is_empty() {
            return None;
        }
        let template = below.info.by_ids.get()?.of(self.viewer.sight);
        let found = vec![None; ids.len()];
        let into = Sink::One { plan: below, rows: below.info.empty(), found, wanted };
        Some(Pending { parent, step: step_at, slot, template, ids, into })
    }

    /// The query for the objects that a to-many step names, each once.
    fn wanted_several<'p>(
        &self,
        place: &Place<'p>,
        step: &Step,
        below: &'p Plan,
        parent: usize,
        step_at: usize,
    ) -> Option<Pending<'p>> {
        let mut ids: Vec<i64> = Vec::new();
        let mut seen: HashMap<i64, usize> = HashMap::new();
        let wanted: Vec<Vec<usize>> = (0..place.rows.len())
            .map(|row| {
                let gids = place.rows.several(row, step.field).into_iter();
                gids.map(|gid| {
                    *seen.entry(gid.get()).or_insert_with(|| {
                        ids.push(gid.get());
                        ids.len() - 1
                    })
                })
                .collect()
            })
            .collect();
        if ids.is_empty() {
            return None;
        }
        let template = below.info.by_ids.get()?.of(self.viewer.sight);
        let found = vec![None; ids.len()];
        let into = Sink::Several { plan: below, rows: below.info.empty(), found, wanted };
        Some(Pending { parent, step: step_at, slot: 0, template, ids, into })
    }

    fn write_object(&self, places: &[Place<'_>], place_at: usize, row: usize, out: &mut Vec<u8>) {
        let Some(place) = places.get(place_at) else { return };
        out.push(b'{');
        let mut first = true;
        for (step_at, step) in place.plan.steps.iter().enumerate() {
            let Some(field) = place.plan.info.fields.get(step.field) else { continue };
            if field.conditional && !place.rows.present(row, step.field) {
                continue;
            }
            let source = step.same_as.unwrap_or(step_at);
            if field.omit_empty && is_empty(place, source, row) {
                continue;
            }
            if !first {
                out.push(b',');
            }
            first = false;
            out.push(b'"');
            out.extend_from_slice(field.name.as_bytes());
            out.extend_from_slice(b"\":");
            if let Kind::Scalar = field.kind {
                place.rows.write(row, step.field, self.site, out);
                continue;
            }
            let slots = place.below.get(source).map_or(&[][..], Vec::as_slice);
            self.write_below(places, place, step, slots, &field.kind, row, out);
        }
        out.push(b'}');
    }

    #[expect(clippy::too_many_arguments, reason = "one recursive step, split off for reading")]
    fn write_below(
        &self,
        places: &[Place<'_>],
        place: &Place<'_>,
        step: &Step,
        slots: &[Below],
        kind: &Kind,
        row: usize,
        out: &mut Vec<u8>,
    ) {
        match kind {
            Kind::Scalar => {}
            Kind::One(_) => {
                let Some((name, gid)) = place.rows.one(row, step.field) else {
                    out.extend_from_slice(b"null");
                    return;
                };
                let slot = if name.is_empty() {
                    slots.iter().position(|slot| {
                        matches!(slot, Below::One { rows, .. } if rows.get(row).copied().flatten().is_some())
                    })
                } else {
                    step.below.iter().position(|plan| plan.info.name == name)
                };
                let plan = slot.and_then(|slot| step.below.get(slot));
                match (slot.and_then(|slot| slots.get(slot)), plan) {
                    (Some(Below::One { place: below, rows }), _) => {
                        match rows.get(row).copied().flatten() {
                            Some(at) => self.write_object(places, *below, at, out),
                            None => out.extend_from_slice(b"null"),
                        }
                    }
                    (_, Some(plan)) if plan.bare && (self.named)(name) => {
                        write_reference(gid, name, out);
                    }
                    _ => out.extend_from_slice(b"null"),
                }
            }
            Kind::Several(_) => {
                out.push(b'[');
                if let Some(Below::Several { place: below, rows }) = slots.first() {
                    for (at, child) in rows.get(row).into_iter().flatten().enumerate() {
                        if at > 0 {
                            out.push(b',');
                        }
                        self.write_object(places, *below, *child, out);
                    }
                }
                out.push(b']');
            }
            Kind::Many { .. } | Kind::Inline { .. } | Kind::Fetched { .. } => {
                let (below, range) = match slots.first() {
                    Some(Below::Many { place, ranges }) => {
                        (*place, ranges.get(row).copied().unwrap_or((0, 0)))
                    }
                    _ => (0, (0, 0)),
                };
                if kind.is_single() {
                    if range.0 < range.1 {
                        self.write_object(places, below, range.0, out);
                    } else {
                        out.extend_from_slice(b"null");
                    }
                    return;
                }
                out.push(b'[');
                for at in range.0..range.1 {
                    if at > range.0 {
                        out.push(b',');
                    }
                    self.write_object(places, below, at, out);
                }
                out.push(b']');
            }
            Kind::Batch { default, .. } | Kind::Found { default, .. } => {
                let found = match slots.first() {
                    Some(Below::Bytes { bytes, ranges }) => ranges
                        .get(row)
                        .copied()
                        .flatten()
                        .and_then(|(from, to)| bytes.get(from..to)),
                    _ => None,
                };
                match found {
                    Some(bytes) => out.extend_from_slice(bytes),
                    None => default(out),
                }
            }
        }
    }
}

/// Puts queries with the same text together: of all users that a level names, each is asked for in one.
fn grouped(pending: Vec<Pending<'_>>) -> Vec<Vec<Pending<'_>>> {
    let mut groups: Vec<Vec<Pending<'_>>> = Vec::with_capacity(pending.len());
    for one in pending {
        let same = |group: &&mut Vec<Pending<'_>>| {
            group.first().is_some_and(|first| std::ptr::eq(first.template, one.template))
        };
        match groups.iter_mut().find(same) {
            Some(group) => group.push(one),
            None => groups.push(vec![one]),
        }
    }
    groups
}

/// One query for all of a group: the lists of ids stand one behind the other, and a row's key says whose it is.
fn load_of<'l>(group: &'l mut [Pending<'_>], viewer: Gid, site: &'l Site) -> Option<Load<'l>> {
    let template = group.first()?.template;
    let params = match &*group {
        [only] => template.params(viewer, &only.ids),
        all => {
            let ids: Vec<i64> = all.iter().flat_map(|one| one.ids.iter().copied()).collect();
            template.params(viewer, &ids)
        }
    };
    let each = Box::new(move |row: &Row<'_>| {
        let mut key = usize::try_from(row.get::<i64>(0)?).unwrap_or(usize::MAX);
        for one in &mut *group {
            if key < one.ids.len() {
                return one.into.push(key, row, site);
            }
            key -= one.ids.len();
        }
        Ok(())
    });
    Some(Load { sql: template.sql(), params, each })
}

/// Hangs what a query found below its place.
fn finish<'p>(places: &mut Vec<Place<'p>>, done: Pending<'p>) {
    let index = places.len();
    let count = places.get(done.parent).map_or(0, |place| place.rows.len());
    let value = match done.into {
        Sink::One { plan, rows, found, wanted } => {
            let rows_of = wanted
                .iter()
                .map(|key| key.and_then(|key| found.get(key).copied().flatten()))
                .collect();
            places.push(Place { plan, rows, below: Vec::new() });
            Below::One { place: index, rows: rows_of }
        }
        Sink::Several { plan, rows, found, wanted } => {
            let visible = |keys: &Vec<usize>| {
                keys.iter().filter_map(|key| found.get(*key).copied().flatten()).collect()
            };
            let rows_of = wanted.iter().map(visible).collect();
            places.push(Place { plan, rows, below: Vec::new() });
            Below::Several { place: index, rows: rows_of }
        }
        Sink::Many { plan, rows, keys } => {
            let ranges = ranges(&keys, count);
            places.push(Place { plan, rows, below: Vec::new() });
            Below::Many { place: index, ranges }
        }
        Sink::Bytes { bytes, ranges, .. } => Below::Bytes { bytes, ranges },
    };
    if let Some(slot) = places
        .get_mut(done.parent)
        .and_then(|place| place.below.get_mut(done.step))
        .and_then(|slots| slots.get_mut(done.slot))
    {
        *slot = value;
    }
}

/// Whether the query of a step found nothing for `row`.
fn is_empty(place: &Place<'_>, step: usize, row: usize) -> bool {
    match place.below.get(step).and_then(|slots| slots.first()) {
        Some(Below::Many { ranges, .. }) => ranges.get(row).is_none_or(|(from, to)| from == to),
        Some(Below::Bytes { ranges, .. }) => ranges.get(row).copied().flatten().is_none(),
        _ => true,
    }
}

/// The answers of a function, one behind the other.
fn bytes_of(answers: Vec<(usize, Vec<u8>)>, count: usize) -> Below {
    let mut bytes = Vec::new();
    let mut ranges = vec![None; count];
    for (key, json) in answers {
        let start = bytes.len();
        bytes.extend_from_slice(&json);
        if let Some(slot) = ranges.get_mut(key) {
            *slot = Some((start, bytes.len()));
        }
    }
    Below::Bytes { bytes, ranges }
}

/// For each of `count` parents the range of rows whose key it is; keys ascend.
fn ranges(keys: &[usize], count: usize) -> Vec<(usize, usize)> {
    let mut ranges = vec![(0, 0); count];
    let mut start = 0;
    while let Some(&key) = keys.get(start) {
        let length = keys.iter().skip(start).take_while(|other| **other == key).count();
        if let Some(range) = ranges.get_mut(key) {
            *range = (start, start + length);
        }
        start += length;
    }
    ranges
}

/// A list of gids as a parameter.
pub fn ids_of(gids: &[Gid]) -> Value {
    Value::Ids(gids.iter().map(|gid| gid.get()).collect())
}

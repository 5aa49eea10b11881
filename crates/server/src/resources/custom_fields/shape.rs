//! The record of a custom field, declared once for both of its forms: the definition, and the value on an object.

use super::CustomField;
use super::display;
use super::values::{Choice, DateValue, Named, Value};
use crate::prelude::*;
use crate::resources::users::User;
use engine::schema::{Fetching, RowsOf};
use model::{FieldSubtype, LabelPosition, NumberFormat};
use std::collections::HashMap;

/// Something shown as a custom field.
pub trait Shown: Record {
    /// The field.
    fn definition(&self) -> &CustomField;
    /// The field, to be written.
    fn definition_mut(&mut self) -> &mut CustomField;
    /// The value, where this is one on an object.
    fn value(&self) -> Option<&Value>;

    /// Whether this is a value of the kind.
    fn is_value(&self, kind: FieldSubtype) -> bool {
        self.value().is_some() && self.definition().is(kind)
    }
}

impl Shown for CustomField {
    fn definition(&self) -> &CustomField {
        self
    }
    fn definition_mut(&mut self) -> &mut CustomField {
        self
    }
    fn value(&self) -> Option<&Value> {
        None
    }
}

/// Declares every field of the record, in the order of the API reference.
pub fn fields<T: Shown>(s: &mut Schema<T>) {
    s.field("name", |t: &T| &t.definition().name)
        .write(|t, Name(name)| t.definition_mut().name = name)
        .compact()
        .doc("What the field is called; unique in the workspace, without regard to case.");
    s.field("type", |t: &T| &t.definition().resource_subtype)
        .values(FieldSubtype::ALL)
        .compact()
        .doc("Deprecated: the same as resource_subtype.");
    s.fetched::<Choice>("enum_options", options_of::<T>)
        .when(|t| t.definition().has_options())
        .compact()
        .doc("The options to choose from, in their order; of enum and multi_enum fields.");
    s.computed("enabled", |_, _| true)
        .when(|t: &T| t.value().is_some())
        .compact()
        .doc("Whether the field can be used on the object; of values only.");
    s.computed("representation_type", |t: &T, _| {
        let field = t.definition();
        if field.id_prefix.is_some() {
            "custom_id".to_owned()
        } else {
            field.resource_subtype.clone()
        }
    })
    .compact()
    .doc("The type, where custom_id stands for ID fields.");
    s.field("id_prefix", |t: &T| &t.definition().id_prefix)
        .write_once(|t, v: Option<String>| {
            t.definition_mut().id_prefix = v.filter(|v| !v.is_empty());
        })
        .compact()
        .doc("What the ids of an ID field begin with, uppercase letters; null for other fields.");
    s.computed("input_restrictions", |t: &T, _| {
        t.definition().referable().map(str::to_owned).collect::<Vec<_>>()
    })
    .when(|t| t.definition().is(FieldSubtype::Reference))
    .compact()
    .written_apart()
    .doc("The types of objects that a reference field may hold: task, project, portfolio, goal.");
    s.computed("is_formula_field", |_, _| false)
        .compact()
        .doc("Whether a formula gives the values.");
    s.fetched_one::<DateValue>("date_value", |f| Ok(from_values::<T, _>(f, date_of)))
        .when(|t| t.is_value(FieldSubtype::Date))
        .compact()
        .doc("The day, with the time if there is one, or null; of values of date fields.");
    s.fetched_one::<Choice>("enum_value", |f| Ok(from_values::<T, _>(f, |v| v.options.clone())))
        .when(|t| t.is_value(FieldSubtype::Enum))
        .compact()
        .doc("The chosen option, or null; of values of enum fields.");
    s.fetched::<Choice>("multi_enum_values", |f| Ok(from_values::<T, _>(f, |v| v.options.clone())))
        .when(|t| t.is_value(FieldSubtype::MultiEnum))
        .compact()
        .doc("The chosen options; of values of multi_enum fields.");
    s.computed("number_value", |t: &T, _| t.value().and_then(|v| v.content.number))
        .when(|t| t.is_value(FieldSubtype::Number))
        .compact()
        .doc("The number as stored, not rounded, or null; of values of number fields.");
    s.computed("text_value", |t: &T, _| t.value().and_then(|v| display::text(t.definition(), v)))
        .when(|t| t.is_value(FieldSubtype::Text))
        .compact()
        .doc("The text, or null; of values of text fields.");
    s.computed("display_value", |t: &T, _| {
        t.value().and_then(|value| display::value(t.definition(), value))
    })
    .when(|t| t.value().is_some())
    .compact()
    .doc("The value as a text for people, or null where there is none; of values only.");
    more_fields(s);
}

/// Those that compact records leave out.
fn more_fields<T: Shown>(s: &mut Schema<T>) {
    s.field("description", |t: &T| &t.definition().description)
        .write(|t, v: Option<String>| t.definition_mut().description = v.unwrap_or_default())
        .on_request()
        .doc("What the field is for.");
    s.field("precision", |t: &T| &t.definition().precision)
        .write(|t, v: Option<i64>| t.definition_mut().precision = v)
        .when(|t| t.definition().is(FieldSubtype::Number))
        .doc("How many digits a number shows after the point, 0 to 6.");
    s.field("format", |t: &T| &t.definition().format)
        .values(NumberFormat::ALL)
        .write(|t, v: Option<String>| t.definition_mut().format = v)
        .when(|t| t.definition().is(FieldSubtype::Number))
        .doc("How a number is shown.");
    s.field("currency_code", |t: &T| &t.definition().currency_code)
        .write(|t, v: Option<String>| t.definition_mut().currency_code = v)
        .when(|t| t.definition().is(FieldSubtype::Number))
        .doc("The currency of a number in the currency format, ISO 4217; null for other formats.");
    s.field("custom_label", |t: &T| &t.definition().custom_label)
        .write(|t, v: Option<String>| t.definition_mut().custom_label = v)
        .when(|t| t.definition().is(FieldSubtype::Number))
        .doc("What stands next to a number in the custom format; null for other formats.");
    s.field("custom_label_position", |t: &T| &t.definition().custom_label_position)
        .values(LabelPosition::ALL)
        .write(|t, v: Option<String>| t.definition_mut().custom_label_position = v)
        .when(|t| t.definition().is(FieldSubtype::Number))
        .doc("On which side of the number the label stands.");
    s.computed("is_global_to_workspace", |t: &T, _| t.definition().local_to.is_none())
        .doc("Whether every project of the workspace can use the field.");
    s.field("has_notifications_enabled", |t: &T| &t.definition().has_notifications_enabled)
        .write(|t, v: bool| t.definition_mut().has_notifications_enabled = v)
        .doc("Whether followers of a task hear of changes to the field.");
    s.computed("asana_created_field", |_, _| None::<String>)
        .doc("Which ready-made field it is; always null here.");
    s.computed("is_value_read_only", |t: &T, _| t.definition().id_prefix.is_some())
        .doc("Whether the server alone gives the values, as for ID fields.");
    s.one::<User>("created_by", |t| t.definition().created_by).doc("Who defined the field.");
    s.several::<User>("people_value", |t| {
        t.value().map(|v| v.people.iter().map(|one| one.gid).collect()).unwrap_or_default()
    })
    .when(|t| t.is_value(FieldSubtype::People))
    .doc("The chosen users; of values of people fields.");
    s.fetched::<Named>("reference_value", |f| Ok(from_values::<T, _>(f, |v| v.references.clone())))
        .when(|t| t.is_value(FieldSubtype::Reference))
        .doc("The chosen objects that the actor sees; of values of reference fields.");
    s.computed("html_text_value", |t: &T, _| {
        t.value()
            .and_then(|value| display::text(t.definition(), value))
            .map(|text| model::rich_text::from_plain(&text))
    })
    .when(|t| t.is_value(FieldSubtype::Text))
    .doc("The text as HTML, or null; of values of text fields.");
    s.field("privacy_setting", |t: &T| &t.definition().privacy_setting)
        .values(&["public_with_guests", "public", "private"])
        .write(|t, v: String| t.definition_mut().privacy_setting = v)
        .doc("Who sees the field: guests too, full members, or only those who reach a project that uses it.");
    s.field("default_access_level", |t: &T| &t.definition().default_access_level)
        .values(&["admin", "editor", "user"])
        .write(|t, v: String| t.definition_mut().default_access_level = v)
        .doc("What full members may do with the field's definition.");
    s.field("resource_subtype", |t: &T| &t.definition().resource_subtype)
        .values(FieldSubtype::ALL)
        .write_once(|t, v: String| t.definition_mut().resource_subtype = v)
        .compact()
        .doc("The type of the field; it never changes.");
}

/// What `each` takes from the values of the rows, without a query: they hold it.
fn from_values<T: Shown, R>(
    f: &mut Fetching<'_, '_>,
    each: impl Fn(&Value) -> Vec<R>,
) -> Vec<(usize, R)> {
    let rows = f.parents.any().downcast_ref::<RowsOf<T>>().map_or(&[][..], |all| &all.rows);
    let found = rows.iter().enumerate().filter_map(|(key, row)| Some((key, row.value()?)));
    found.flat_map(|(key, value)| each(value).into_iter().map(move |one| (key, one))).collect()
}

fn date_of(value: &Value) -> Vec<DateValue> {
    let content = &value.content;
    content
        .date
        .map(|date| DateValue { date: Some(date), date_time: content.date_time })
        .into_iter()
        .collect()
}

/// The options of the fields, each field's loaded once.
fn options_of<T: Shown>(f: &mut Fetching<'_, '_>) -> Result<Vec<(usize, Choice)>, store::Error> {
    let rows = f.parents.any().downcast_ref::<RowsOf<T>>().map_or(&[][..], |all| &all.rows);
    let mut wanted: Vec<i64> = rows
        .iter()
        .map(Shown::definition)
        .filter(|field| field.has_options())
        .map(|field| field.gid.get())
        .collect();
    wanted.sort_unstable();
    wanted.dedup();
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let mut options: HashMap<Gid, Vec<Choice>> = HashMap::new();
    let found = f.tx.query(
        "SELECT o.custom_field, o.gid, o.name, o.enabled, o.color FROM ids(?) AS i JOIN enum_options AS o ON o.custom_field = i.value ORDER BY i.key, o.position, o.gid",
        params![wanted],
        |row| Ok((row.get::<Gid>(0)?, <Choice as engine::Stored>::from_row(row, 1)?)),
    )?;
    for (field, option) in found {
        options.entry(field).or_default().push(option);
    }
    let of = |row: &T| options.get(&row.definition().gid).map_or(&[][..], Vec::as_slice);
    Ok(rows
        .iter()
        .enumerate()
        .flat_map(|(key, row)| of(row).iter().map(move |option| (key, option.clone())))
        .collect())
}

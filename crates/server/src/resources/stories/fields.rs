//! The fields of a story: those of every story, and those of one kind of system story each.

use super::details::{Dates, ShownDates};
use super::{Details, Story, wording};
use crate::prelude::*;
use crate::resources::custom_fields::CustomField;
use crate::resources::custom_fields::enum_options::EnumOption;
use crate::resources::projects::Project;
use crate::resources::sections::Section;
use crate::resources::tags::Tag;
use crate::resources::tasks::Task;
use crate::resources::users::User;
use crate::resources::{likes, texts};
use engine::schema::{Fetching, RowsOf};
use model::rich_text;

/// The stickers that a comment can carry.
const STICKERS: &[&str] = &[
    "green_checkmark",
    "people_dancing",
    "dancing_unicorn",
    "heart",
    "party_popper",
    "people_waving_flags",
    "splashing_narwhal",
    "trophy",
    "yeti_riding_unicorn",
    "celebrating_people",
    "determined_climbers",
    "phoenix_spreading_love",
];

/// Declares them all, in the order of the API reference.
pub(super) fn declare(s: &mut Schema<Story>) {
    s.doc("A comment on a task, or the record of something that happened to it.");
    s.field("created_at", |t| &t.created_at).compact().doc("When it happened.");
    s.one::<User>("created_by", |t| t.created_by)
        .compact()
        .doc("Who did it; null for the server itself.");
    s.field("resource_subtype", |t| &t.resource_subtype)
        .compact()
        .doc("What happened, for example `comment_added` or `assigned`.");
    s.found("text", String::new(), |fetching| text(fetching, texts::Form::Plain))
        .compact()
        .written_apart()
        .doc("The comment, or a sentence about what happened; the sentences may change.");
    s.found("html_text", String::new(), |fetching| text(fetching, texts::Form::Html))
        .on_request()
        .written_apart()
        .doc("The text with formatting: XML with the root `body`.");
    s.field("is_pinned", |t| &t.is_pinned)
        .write(|t, v| t.is_pinned = v)
        .when(Story::can_be_pinned)
        .doc("Whether it is pinned to the top of its task.");
    s.field("sticker_name", |t| &t.sticker_name)
        .values(STICKERS)
        .write(|t, v| t.sticker_name = v)
        .doc("The sticker in this story, or null.");
    s.computed("type", |t, _| if t.is_comment() { "comment" } else { "system" })
        .doc("Whether it is a comment or a system story.");
    s.computed("is_editable", |t, site| t.is_comment() && t.created_by == Some(site.viewer))
        .doc("Whether the actor may change its text.");
    s.field("is_edited", |t| &t.is_edited)
        .when(Story::is_comment)
        .doc("Whether its text was changed.");
    likes::fields(s);
    s.computed("reaction_summary", |_, _| Vec::<serde_json::Value>::new())
        .doc("The reactions; there are none.");
    s.computed("previews", |_, _| Vec::<serde_json::Value>::new())
        .when(Story::can_be_pinned)
        .doc("Previews of the links in the text; there are none.");
    names(s);
    references(s);
    values(s);
    s.field("source", |t| &t.source).doc("How it came about: `web`, `email`, `mobile`, `api`.");
    s.one::<Task>("target", |t| Some(t.target)).doc("The task it belongs to.");
}

/// Names, dates and subtypes before and after.
fn names(s: &mut Schema<Story>) {
    let is_name = |t: &Story| t.resource_subtype == "name_changed";
    s.computed("old_name", |t, _| t.details.old_name.clone()).when(is_name).doc("The name before.");
    s.computed("new_name", |t, _| t.details.new_name.clone()).when(is_name).doc("The name after.");
    dates(s, "old_dates", |d| &d.old_dates, "The dates before.");
    dates(s, "new_dates", |d| &d.new_dates, "The dates after.");
    let is_subtype = |t: &Story| t.resource_subtype == "resource_subtype_changed";
    s.computed("old_resource_subtype", |t, _| t.details.old_resource_subtype.clone())
        .when(is_subtype)
        .doc("The subtype before.");
    s.computed("new_resource_subtype", |t, _| t.details.new_resource_subtype.clone())
        .when(is_subtype)
        .doc("The subtype after.");
}

/// The objects that a story is about.
fn references(s: &mut Schema<Story>) {
    s.one::<Story>("story", |t| t.details.story.map(Gid::new))
        .when(|t| t.details.story.is_some())
        .doc("The story that was liked or that mentioned the task.");
    s.one::<User>("assignee", |t| t.details.assignee.map(Gid::new))
        .when(|t| t.details.assignee.is_some())
        .doc("Whom the task was assigned to or taken from.");
    s.one::<User>("follower", |t| t.details.follower.map(Gid::new))
        .when(|t| t.details.follower.is_some())
        .doc("Who follows now.");
    s.one::<Section>("old_section", |t| t.details.old_section.map(Gid::new))
        .when(|t| t.resource_subtype == "section_changed")
        .doc("The section before.");
    s.one::<Section>("new_section", |t| t.details.new_section.map(Gid::new))
        .when(|t| t.resource_subtype == "section_changed")
        .doc("The section after.");
    s.one::<Task>("task", |t| t.details.task.map(Gid::new))
        .when(|t| t.details.task.is_some())
        .doc("The other task that this is about.");
    s.one::<Project>("project", |t| t.details.project.map(Gid::new))
        .when(|t| t.details.project.is_some())
        .doc("The project that this is about.");
    s.one::<Tag>("tag", |t| t.details.tag.map(Gid::new))
        .when(|t| t.details.tag.is_some())
        .doc("The tag that this is about.");
    s.one::<CustomField>("custom_field", |t| t.details.custom_field.map(Gid::new))
        .when(|t| t.details.custom_field.is_some())
        .doc("The field whose value changed.");
}

/// Values of custom fields before and after, approvals, duplicates and dependencies.
fn values(s: &mut Schema<Story>) {
    let is_text = |t: &Story| t.resource_subtype == "text_custom_field_changed";
    s.computed("old_text_value", |t, _| t.details.old_text_value.clone())
        .when(is_text)
        .doc("The text before.");
    s.computed("new_text_value", |t, _| t.details.new_text_value.clone())
        .when(is_text)
        .doc("The text after.");
    let is_number = |t: &Story| t.resource_subtype == "number_custom_field_changed";
    s.computed("old_number_value", |t, _| t.details.old_number_value)
        .when(is_number)
        .doc("The number before.");
    s.computed("new_number_value", |t, _| t.details.new_number_value)
        .when(is_number)
        .doc("The number after.");
    let is_enum = |t: &Story| t.resource_subtype == "enum_custom_field_changed";
    s.one::<EnumOption>("old_enum_value", |t| t.details.old_enum_value.map(Gid::new))
        .when(is_enum)
        .doc("The option before.");
    s.one::<EnumOption>("new_enum_value", |t| t.details.new_enum_value.map(Gid::new))
        .when(is_enum)
        .doc("The option after.");
    dates(s, "old_date_value", |d| &d.old_date_value, "The date before.");
    dates(s, "new_date_value", |d| &d.new_date_value, "The date after.");
    let is_people = |t: &Story| t.resource_subtype == "people_custom_field_changed";
    s.several::<User>("old_people_value", |t| gids(&t.details.old_people_value))
        .when(is_people)
        .doc("The people before.");
    s.several::<User>("new_people_value", |t| gids(&t.details.new_people_value))
        .when(is_people)
        .doc("The people after.");
    let is_multi = |t: &Story| t.resource_subtype == "multi_enum_custom_field_changed";
    s.several::<EnumOption>("old_multi_enum_values", |t| gids(&t.details.old_multi_enum_values))
        .when(is_multi)
        .doc("The options before.");
    s.several::<EnumOption>("new_multi_enum_values", |t| gids(&t.details.new_multi_enum_values))
        .when(is_multi)
        .doc("The options after.");
    s.computed("new_approval_status", |t, _| t.details.new_approval_status.clone())
        .when(|t| t.details.new_approval_status.is_some())
        .doc("The approval status after.");
    s.computed("old_approval_status", |t, _| t.details.old_approval_status.clone())
        .when(|t| t.details.old_approval_status.is_some())
        .doc("The approval status before.");
    s.one::<Task>("duplicate_of", |t| t.details.duplicate_of.map(Gid::new))
        .when(|t| t.details.duplicate_of.is_some())
        .doc("The task that this one is a duplicate of.");
    s.one::<Task>("duplicated_from", |t| t.details.duplicated_from.map(Gid::new))
        .when(|t| t.details.duplicated_from.is_some())
        .doc("The task that this one was made from, or that is a duplicate of it.");
    s.one::<Task>("dependency", |t| t.details.dependency.map(Gid::new))
        .when(|t| t.details.dependency.is_some())
        .doc("The other task of the dependency.");
}

fn gids(numbers: &[i64]) -> Vec<Gid> {
    numbers.iter().copied().map(Gid::new).collect()
}

/// Declares a field of dates, present where the story says that dates changed; null where there were none.
fn dates(
    s: &mut Schema<Story>,
    name: &'static str,
    get: fn(&Details) -> &Option<Dates>,
    doc: &'static str,
) {
    let is_value = name.ends_with("_value");
    s.fetched_one::<ShownDates>(name, move |fetching| {
        let dates = stories(fetching).iter().enumerate().filter_map(|(key, story)| {
            get(&story.details).as_ref().map(|dates| (key, ShownDates::from(dates)))
        });
        Ok(dates.collect())
    })
    .when(move |t| {
        if is_value {
            t.resource_subtype == "date_custom_field_changed"
        } else {
            t.resource_subtype.ends_with("_date_changed")
        }
    })
    .doc(doc);
}

/// The stories that are being shown.
fn stories<'f>(fetching: &'f Fetching<'_, '_>) -> &'f [Story] {
    fetching.parents.any().downcast_ref::<RowsOf<Story>>().map_or(&[], |rows| &rows.rows)
}

/// What comments say, and sentences for the other stories.
fn text(
    fetching: &mut Fetching<'_, '_>,
    form: texts::Form,
) -> Result<Vec<(usize, String)>, store::Error> {
    let mut all = Vec::new();
    let (comments, others) =
        stories(fetching).iter().enumerate().partition::<Vec<_>, _>(|(_, t)| t.is_comment());
    let others: Vec<(usize, Story)> = others.into_iter().map(|(at, t)| (at, t.clone())).collect();
    if !comments.is_empty() {
        all = texts::shown(fetching, form)?;
    }
    let sentences = wording::sentences(fetching, &others)?;
    all.extend(sentences.into_iter().map(|(key, text)| match form {
        texts::Form::Plain => (key, text),
        texts::Form::Html => (key, rich_text::from_plain(&text)),
    }));
    Ok(all)
}

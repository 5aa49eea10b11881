//! The sentences that system stories read as, for people; programs read the typed fields.

use super::details::Dates;
use super::{Details, Story};
use crate::prelude::*;
use crate::resources::names::{self, Named, Reach};
use engine::schema::Fetching;
use std::collections::HashMap;

/// The sentence of each story, with the names that the reader may see.
pub(super) fn sentences(
    fetching: &mut Fetching<'_, '_>,
    stories: &[(usize, Story)],
) -> Result<Vec<(usize, String)>, store::Error> {
    if stories.is_empty() {
        return Ok(Vec::new());
    }
    let mut users = Vec::new();
    let mut tasks = Vec::new();
    let mut projects = Vec::new();
    let mut tags = Vec::new();
    let mut sections = Vec::new();
    let mut attachments = Vec::new();
    let mut fields = Vec::new();
    let mut options = Vec::new();
    for (_, story) in stories {
        let d = &story.details;
        users.extend(d.assignee.into_iter().chain(d.follower));
        users.extend(d.new_people_value.iter().copied());
        tasks.extend([d.task, d.dependency, d.duplicate_of, d.duplicated_from].iter().flatten());
        projects.extend(d.project);
        tags.extend(d.tag);
        sections.extend(d.old_section.into_iter().chain(d.new_section));
        attachments.extend(d.attachment);
        fields.extend(d.custom_field);
        options.extend(d.new_enum_value.into_iter().chain(d.new_multi_enum_values.iter().copied()));
    }
    let wanted = [
        ("user", users),
        ("task", tasks),
        ("project", projects),
        ("tag", tags),
        ("section", sections),
        ("attachment", attachments),
        ("custom_field", fields),
        ("enum_option", options),
    ];
    let known = names::of(fetching.tx, fetching.viewer, Reach::Nested, &wanted)?;
    let words =
        Words { known, viewer: fetching.viewer.gid, today: fetching.site.now.date_in("UTC") };
    Ok(stories.iter().map(|(key, story)| (*key, words.sentence(story))).collect())
}

/// What sentences are made with.
struct Words {
    known: HashMap<Gid, Named>,
    viewer: Gid,
    today: Date,
}

impl Words {
    /// What an object is called, or `otherwise` where the reader may not see it or it is gone.
    fn name(&self, gid: Option<i64>, otherwise: &str) -> String {
        gid.and_then(|gid| self.known.get(&Gid::new(gid)))
            .map_or_else(|| otherwise.to_owned(), |object| object.name.clone())
    }

    fn person(&self, gid: Option<i64>) -> String {
        if gid == Some(self.viewer.get()) { "you".to_owned() } else { self.name(gid, "someone") }
    }

    fn task(&self, gid: Option<i64>) -> String {
        self.name(gid, "a private task")
    }

    fn project(&self, gid: Option<i64>) -> String {
        self.name(gid, "a private project")
    }

    fn sentence(&self, story: &Story) -> String {
        let d = &story.details;
        match story.resource_subtype.as_str() {
            "attachment_added" => format!("attached {}", self.name(d.attachment, "a file")),
            "assigned" | "reassigned" => format!("assigned to {}", self.person(d.assignee)),
            "unassigned" => format!("unassigned from {}", self.person(d.assignee)),
            "name_changed" => match (filled(d.old_name.as_ref()), filled(d.new_name.as_ref())) {
                (_, None) => "removed the name".to_owned(),
                (None, Some(_)) => "added the name".to_owned(),
                (Some(_), Some(new)) => format!("changed the name to \"{new}\""),
            },
            "notes_changed" => "changed the description".to_owned(),
            "notes_added" => "added the description".to_owned(),
            "notes_removed" => "removed the description".to_owned(),
            "due_date_changed" => self.dates(d, "due date"),
            "start_date_changed" => self.dates(d, "start date"),
            "due_today" => "You have a task due today".to_owned(),
            "section_changed" => self.moved(d),
            "added_to_project" => format!("added to {}", self.project(d.project)),
            "removed_from_project" => format!("removed from {}", self.project(d.project)),
            "added_to_task" => format!("added subtask {}", self.task(d.task)),
            "removed_from_task" => format!("removed subtask {}", self.task(d.task)),
            "added_to_tag" => format!("added to {}", self.name(d.tag, "a tag")),
            "removed_from_tag" => format!("removed from {}", self.name(d.tag, "a tag")),
            "marked_complete" => "completed this task".to_owned(),
            "marked_incomplete" => "marked incomplete".to_owned(),
            "resource_subtype_changed" => subtype(d),
            "marked_duplicate" => {
                format!("marked this a duplicate of {}", self.task(d.duplicate_of))
            }
            "unmarked_duplicate" => {
                format!("unmarked this as a duplicate of {}", self.task(d.duplicate_of))
            }
            "duplicate_merged" => {
                format!("marked {} as a duplicate of this", self.task(d.duplicated_from))
            }
            "duplicate_unmerged" => {
                format!("unmarked {} as a duplicate of this", self.task(d.duplicated_from))
            }
            "duplicated" => format!("duplicated task from {}", self.task(d.duplicated_from)),
            "dependency_added" => format!("marked this as blocked by {}", self.task(d.dependency)),
            "dependency_removed" => {
                format!("marked this as no longer blocked by {}", self.task(d.dependency))
            }
            "dependent_added" => format!("marked this as blocking {}", self.task(d.dependency)),
            "dependent_removed" => {
                format!("marked this as no longer blocking {}", self.task(d.dependency))
            }
            "dependency_marked_complete" => {
                format!("completed a task you were waiting on: {}", self.task(d.dependency))
            }
            "dependency_marked_incomplete" => {
                format!("marked incomplete a task you are waiting on: {}", self.task(d.dependency))
            }
            "dependency_due_date_changed" => format!(
                "changed the due date of a task you are waiting on: {}",
                self.task(d.dependency)
            ),
            "follower_added" => format!("added {} as a collaborator", self.person(d.follower)),
            "follower_removed" => format!("removed {} as a collaborator", self.person(d.follower)),
            "mentioned" => format!("mentioned this task in {}", self.task(d.task)),
            "liked" => "liked this task".to_owned(),
            "comment_liked" => "liked your comment".to_owned(),
            "completion_liked" => "liked that you completed this task".to_owned(),
            "attachment_liked" => "liked your attachment".to_owned(),
            "approved" => "approved this task".to_owned(),
            "rejected" => "rejected this task".to_owned(),
            "changes_requested" => "requested changes".to_owned(),
            "approval_status_changed" => match d.new_approval_status.as_deref() {
                Some("approved") => "approved this task".to_owned(),
                Some("rejected") => "rejected this task".to_owned(),
                Some("changes_requested") => "requested changes".to_owned(),
                _ => "reset the approval to pending".to_owned(),
            },
            other if other.ends_with("_custom_field_changed") => self.value(other, d),
            other => other.replace('_', " "),
        }
    }

    /// A move between sections.
    fn moved(&self, d: &Details) -> String {
        let mut text = "moved this task".to_owned();
        if d.old_section.is_some() {
            text.push_str(&format!(" from \"{}\"", self.name(d.old_section, "a section")));
        }
        text.push_str(&format!(" to \"{}\"", self.name(d.new_section, "a section")));
        if d.project.is_some() {
            text.push_str(&format!(" in {}", self.project(d.project)));
        }
        text
    }

    /// A change of the dates of a task; `what` is the date that the subtype names.
    fn dates(&self, d: &Details, what: &str) -> String {
        let Some(new) = d.new_dates.as_ref().filter(|dates| !is_empty(dates)) else {
            return format!("removed the {what}");
        };
        let (due, start) = (self.due(new), new.start_on.as_deref().and_then(Date::parse));
        match (what, due, start) {
            ("start date", _, Some(start)) => {
                format!("changed the start date to {}", self.day(start))
            }
            ("due date", Some(due), Some(start)) => {
                format!("changed the date range to {} – {due}", self.day(start))
            }
            ("due date", Some(due), None) => format!("changed the due date to {due}"),
            _ => format!("removed the {what}"),
        }
    }

    /// The due date of `dates`, to the minute where it has a time.
    fn due(&self, dates: &Dates) -> Option<String> {
        match (dates.due_at, dates.due_on.as_deref().and_then(Date::parse)) {
            (Some(at), _) => {
                let at = Timestamp::from_millis(at);
                let text = at.to_string();
                let time = text.get(11..16).unwrap_or_default().to_owned();
                Some(format!("{} at {time} UTC", self.day(at.date_in("UTC"))))
            }
            (None, Some(day)) => Some(self.day(day)),
            (None, None) => None,
        }
    }

    /// A day as people write it; the year only where it is another one.
    fn day(&self, day: Date) -> String {
        const MONTHS: [&str; 12] = [
            "January",
            "February",
            "March",
            "April",
            "May",
            "June",
            "July",
            "August",
            "September",
            "October",
            "November",
            "December",
        ];
        let (year, month, day) = day.ymd();
        let month = usize::try_from(month - 1).ok().and_then(|at| MONTHS.get(at));
        let month = month.copied().unwrap_or_default();
        if year == self.today.ymd().0 {
            format!("{month} {day}")
        } else {
            format!("{month} {day}, {year}")
        }
    }

    /// A change of a custom field's value.
    fn value(&self, subtype: &str, d: &Details) -> String {
        let field = self.name(d.custom_field, "a private field");
        let names = |gids: &[i64], otherwise: &str| {
            let names: Vec<String> =
                gids.iter().map(|gid| self.name(Some(*gid), otherwise)).collect();
            Some(names.join(", ")).filter(|text| !text.is_empty())
        };
        let value = match subtype {
            "text_custom_field_changed" => filled(d.new_text_value.as_ref()).map(str::to_owned),
            "number_custom_field_changed" => d.new_number_value.map(|number| {
                let mut text = Vec::new();
                model::write_number(number, &mut text);
                String::from_utf8_lossy(&text).into_owned()
            }),
            "enum_custom_field_changed" => {
                d.new_enum_value.map(|gid| self.name(Some(gid), "an option"))
            }
            "multi_enum_custom_field_changed" => names(&d.new_multi_enum_values, "an option"),
            "people_custom_field_changed" => names(&d.new_people_value, "someone"),
            "date_custom_field_changed" => {
                d.new_date_value.as_ref().and_then(|dates| self.due(dates))
            }
            _ => return format!("changed {field}"),
        };
        match value {
            Some(value) => format!("changed {field} to {value}"),
            None => format!("cleared {field}"),
        }
    }
}

fn filled(text: Option<&String>) -> Option<&str> {
    text.map(String::as_str).filter(|text| !text.is_empty())
}

fn is_empty(dates: &Dates) -> bool {
    dates.due_on.is_none() && dates.due_at.is_none() && dates.start_on.is_none()
}

/// A change between task, milestone and approval.
fn subtype(d: &Details) -> String {
    let kind = |subtype: &Option<String>| match subtype.as_deref() {
        Some("milestone") => Some("a milestone"),
        Some("approval") => Some("an approval"),
        _ => None,
    };
    match (kind(&d.old_resource_subtype), kind(&d.new_resource_subtype)) {
        (_, Some(new)) => format!("marked this task as {new}"),
        (Some(old), None) => format!("unmarked this task as {old}"),
        (None, None) => "changed the type of this task".to_owned(),
    }
}

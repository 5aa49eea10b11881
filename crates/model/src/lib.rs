//! The shared vocabulary of Vinyasa: small values that every layer speaks of, and their text forms.
//!
//! Here live gids ([`Gid`]), points in time and days ([`Timestamp`], [`Date`]), list positions
//! ([`Position`]), the fixed word lists of the API ([`palette`]), numbers as JSON text ([`number`]),
//! names ([`names`], [`mod@fold`]) and rich text ([`rich_text`]). Nothing here does I/O, reads a clock,
//! draws a random number or knows a resource. Start reading at [`gid`] and [`time`].

pub mod fold;
pub mod gid;
pub mod names;
pub mod number;
pub mod order;
pub mod palette;
pub mod rich_text;
pub mod time;

pub use fold::{fold, name_key};
pub use gid::Gid;
pub use names::single_line;
pub use number::{fixed, number_text, write_number};
pub use order::Position;
pub use palette::{
    AccessLevelName, ApprovalStatus, AssigneeStatus, Color, DefaultView, EnumColor, FieldSubtype,
    Icon, LabelPosition, NumberFormat, PrivacySetting, Sticker, StorySource, TaskSubtype,
    TeamVisibility,
};
pub use rich_text::{RichText, RichTextError};
pub use time::{Date, Timestamp};

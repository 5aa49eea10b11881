//! The fixed word lists of the API, each an enum written with [`string_enum!`](crate::string_enum).
//!
//! A list that belongs to one resource only is declared in the file of that resource.
//! Source of the words: API reference, the `enum`s of the schemas named below.

/// Declares an enum whose variants are words of the API.
///
/// Each enum gets `as_str()`, `parse(&str) -> Option<Self>` (exact match) and `ALL`, the words in the
/// order of declaration. Derives `Clone, Copy, Debug, PartialEq, Eq, Hash`. The word is added to the
/// documentation of its variant, so a variant needs a comment only if there is more to say.
///
/// ```
/// model::string_enum! {
///     /// How loud a notice is.
///     pub enum Volume {
///         Low = "low",
///         /// Heard in the next room.
///         High = "high",
///     }
/// }
/// assert_eq!(Volume::parse("high"), Some(Volume::High));
/// assert_eq!(Volume::Low.as_str(), "low");
/// assert_eq!(Volume::ALL, ["low", "high"]);
/// ```
#[macro_export]
macro_rules! string_enum {
    ($(
        $(#[$about:meta])*
        $visibility:vis enum $name:ident {
            $($(#[$note:meta])* $variant:ident = $word:literal),+ $(,)?
        }
    )+) => {$(
        // A private enum may leave some of these unused; naming them here keeps the compiler quiet.
        const _: (&[&str], fn($name) -> &'static str, fn(&str) -> Option<$name>) =
            ($name::ALL, $name::as_str, $name::parse);

        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        $visibility enum $name {
            $(#[doc = concat!("`", $word, "`.")] #[doc = ""] $(#[$note])* $variant,)+
        }

        impl $name {
            /// Every word, in the order of declaration.
            $visibility const ALL: &'static [&'static str] = &[$($word),+];

            /// The word as the API writes it.
            $visibility const fn as_str(self) -> &'static str {
                match self {
                    $($name::$variant => $word,)+
                }
            }

            /// The variant with exactly this word, if there is one.
            $visibility fn parse(word: &str) -> Option<Self> {
                match word {
                    $($word => Some($name::$variant),)+
                    _ => None,
                }
            }
        }
    )+};
}

crate::string_enum! {
    /// The colour of a project, portfolio or tag. Source: `ProjectBase.color`.
    pub enum Color {
        DarkPink = "dark-pink",
        DarkGreen = "dark-green",
        DarkBlue = "dark-blue",
        DarkRed = "dark-red",
        DarkTeal = "dark-teal",
        DarkBrown = "dark-brown",
        DarkOrange = "dark-orange",
        DarkPurple = "dark-purple",
        DarkWarmGray = "dark-warm-gray",
        LightPink = "light-pink",
        LightGreen = "light-green",
        LightBlue = "light-blue",
        LightRed = "light-red",
        LightTeal = "light-teal",
        LightBrown = "light-brown",
        LightOrange = "light-orange",
        LightPurple = "light-purple",
        LightWarmGray = "light-warm-gray",
        /// Chosen to be without a colour, where the API has a word for that.
        None = "none",
    }

    /// The colour of an option of an enum field. Source: `EnumOption.color`.
    pub enum EnumColor {
        None = "none",
        Red = "red",
        Orange = "orange",
        YellowOrange = "yellow-orange",
        Yellow = "yellow",
        YellowGreen = "yellow-green",
        Green = "green",
        BlueGreen = "blue-green",
        Aqua = "aqua",
        Blue = "blue",
        Indigo = "indigo",
        Purple = "purple",
        Magenta = "magenta",
        HotPink = "hot-pink",
        Pink = "pink",
        CoolGray = "cool-gray",
    }

    /// The icon of a project. Source: `ProjectResponse.icon`.
    pub enum Icon {
        List = "list",
        Board = "board",
        Timeline = "timeline",
        Calendar = "calendar",
        Rocket = "rocket",
        People = "people",
        Graph = "graph",
        Star = "star",
        Bug = "bug",
        LightBulb = "light_bulb",
        Globe = "globe",
        Gear = "gear",
        Notebook = "notebook",
        Computer = "computer",
        Check = "check",
        Target = "target",
        Html = "html",
        Megaphone = "megaphone",
        ChatBubbles = "chat_bubbles",
        Briefcase = "briefcase",
        PageLayout = "page_layout",
        MountainFlag = "mountain_flag",
        Puzzle = "puzzle",
        Presentation = "presentation",
        LineAndSymbols = "line_and_symbols",
        SpeedDial = "speed_dial",
        Ribbon = "ribbon",
        Shoe = "shoe",
        ShoppingBasket = "shopping_basket",
        Map = "map",
        Ticket = "ticket",
        Coins = "coins",
    }

    /// The view in which a project opens. Source: `ProjectBase.default_view`.
    pub enum DefaultView {
        List = "list",
        Board = "board",
        Calendar = "calendar",
        Timeline = "timeline",
    }

    /// Who may find a project. Source: `ProjectBase.privacy_setting`.
    pub enum PrivacySetting {
        PublicToWorkspace = "public_to_workspace",
        /// Deprecated upstream, still accepted.
        PrivateToTeam = "private_to_team",
        Private = "private",
    }

    /// What a member may do in a project. Source: `ProjectMembershipCompact.access_level`.
    pub enum AccessLevelName {
        Admin = "admin",
        Editor = "editor",
        Commenter = "commenter",
        Viewer = "viewer",
    }

    /// The kind of a task. Source: `TaskCompact.resource_subtype`.
    pub enum TaskSubtype {
        DefaultTask = "default_task",
        Milestone = "milestone",
        Approval = "approval",
        /// A task of a custom type.
        Custom = "custom",
        /// A heading among the tasks of a list, from the time before sections were objects.
        Section = "section",
    }

    /// The outcome of an approval task. Source: `TaskBase.approval_status`.
    pub enum ApprovalStatus {
        Pending = "pending",
        Approved = "approved",
        Rejected = "rejected",
        ChangesRequested = "changes_requested",
    }

    /// Where a task stands in the list of its assignee. Source: `TaskBase.assignee_status`.
    pub enum AssigneeStatus {
        Today = "today",
        Upcoming = "upcoming",
        Later = "later",
        New = "new",
        Inbox = "inbox",
    }

    /// The kind of a custom field. Source: `CustomFieldCompact.resource_subtype`.
    pub enum FieldSubtype {
        Text = "text",
        Enum = "enum",
        MultiEnum = "multi_enum",
        Number = "number",
        Date = "date",
        People = "people",
        Reference = "reference",
    }

    /// How the value of a number field is shown. Source: `CustomFieldBase.format`.
    pub enum NumberFormat {
        /// With the sign of `currency_code`.
        Currency = "currency",
        /// Plain digits, no places after the point.
        Identifier = "identifier",
        /// A value of 0.5 is shown as 50 %.
        Percentage = "percentage",
        /// With `custom_label` before or after it.
        Custom = "custom",
        /// Minutes.
        Duration = "duration",
        None = "none",
    }

    /// On which side of the number a custom label stands. Source: `CustomFieldBase.custom_label_position`.
    pub enum LabelPosition {
        Prefix = "prefix",
        Suffix = "suffix",
    }

    /// The sticker of a comment. Source: `StoryBase.sticker_name`.
    pub enum Sticker {
        GreenCheckmark = "green_checkmark",
        PeopleDancing = "people_dancing",
        DancingUnicorn = "dancing_unicorn",
        Heart = "heart",
        PartyPopper = "party_popper",
        PeopleWavingFlags = "people_waving_flags",
        SplashingNarwhal = "splashing_narwhal",
        Trophy = "trophy",
        YetiRidingUnicorn = "yeti_riding_unicorn",
        CelebratingPeople = "celebrating_people",
        DeterminedClimbers = "determined_climbers",
        PhoenixSpreadingLove = "phoenix_spreading_love",
    }

    /// Who may find and join a team. Source: `TeamResponse.visibility`.
    pub enum TeamVisibility {
        Secret = "secret",
        RequestToJoin = "request_to_join",
        Public = "public",
    }

    /// Through what a story came to be. Source: `StoryResponse.source`.
    pub enum StorySource {
        Web = "web",
        Email = "email",
        Mobile = "mobile",
        Api = "api",
        Unknown = "unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_survive_parsing() {
        for word in Icon::ALL {
            assert_eq!(Icon::parse(word).map(Icon::as_str), Some(*word));
        }
        assert_eq!(Color::parse("Dark-Pink"), None);
        assert_eq!(Color::parse(""), None);
    }

    #[test]
    fn lists_are_as_long_as_upstream() {
        let lengths = [Color::ALL, EnumColor::ALL, Icon::ALL, Sticker::ALL].map(<[&str]>::len);
        assert_eq!(lengths, [19, 16, 32, 12]);
    }
}

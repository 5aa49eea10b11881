//! The made-up people of the demo, and their teams. None of them exists.

/// Somebody.
pub(super) struct Person {
    pub(super) name: &'static str,
    /// Of the workspace: `admin`, `member` or `guest`.
    pub(super) role: &'static str,
    /// The team: its place in [`TEAMS`].
    pub(super) team: usize,
}

/// A group of people.
pub(super) struct Team {
    pub(super) name: &'static str,
    pub(super) description: &'static str,
    pub(super) visibility: &'static str,
}

/// What the organization is called.
pub(super) const ORGANIZATION: &str = "Tidewater Instruments";

/// Its e-mail domain; `.example` is for examples alone.
pub(super) const DOMAIN: &str = "tidewater.example";

/// Where guests come from.
pub(super) const GUEST_DOMAIN: &str = "partner.example";

pub(super) const PRODUCT: usize = 0;
pub(super) const ENGINEERING: usize = 1;
pub(super) const MARKETING: usize = 2;
pub(super) const CUSTOMERS: usize = 3;
pub(super) const OPERATIONS: usize = 4;
pub(super) const FIELD: usize = 5;

pub(super) const TEAMS: [Team; 6] = [
    Team {
        name: "Product & Design",
        description: "What we build next, and how it feels to use it.",
        visibility: "public",
    },
    Team {
        name: "Engineering",
        description: "Firmware, platform and the dashboard.",
        visibility: "public",
    },
    Team { name: "Marketing", description: "How utilities hear of us.", visibility: "public" },
    Team {
        name: "Customer Success",
        description: "From the signed contract to the hundredth sensor.",
        visibility: "public",
    },
    Team {
        name: "People & Operations",
        description: "Hiring, offices, money, contracts.",
        visibility: "request_to_join",
    },
    Team {
        name: "Field Research",
        description: "Rivers, reservoirs and rubber boots.",
        visibility: "public",
    },
];

const fn person(name: &'static str, team: usize) -> Person {
    Person { name, role: "member", team }
}

/// Everybody. The first one is whose token is printed.
pub(super) const PEOPLE: [Person; 40] = [
    Person { name: "Maren Okafor", role: "admin", team: PRODUCT },
    Person { name: "Tomasz Lindqvist", role: "admin", team: OPERATIONS },
    person("Priya Raghunathan", ENGINEERING),
    person("Diego Salvatierra", ENGINEERING),
    person("Aiko Hasegawa", PRODUCT),
    person("Femi Adeyinka", CUSTOMERS),
    person("Nora Bjerregaard", MARKETING),
    person("Youssef Benhaddou", ENGINEERING),
    person("Clara Montague", MARKETING),
    person("Lindiwe Khumalo", CUSTOMERS),
    person("Arvid Stenmark", FIELD),
    person("Mei-Ling Zhou", ENGINEERING),
    person("Rafael Antunes", PRODUCT),
    person("Siobhán Keogh", OPERATIONS),
    person("Hamza Qureshi", ENGINEERING),
    person("Ingrid Valdés", FIELD),
    person("Jonas Pfeiffer", ENGINEERING),
    person("Leilani Kekoa", MARKETING),
    person("Oksana Hrytsenko", ENGINEERING),
    person("Bartholomew Finch", CUSTOMERS),
    person("Zeynep Aksoy", PRODUCT),
    person("Kwabena Mensah", CUSTOMERS),
    person("Élodie Garnier", MARKETING),
    person("Tariq al-Hamdani", OPERATIONS),
    person("Saoirse Brannigan", ENGINEERING),
    person("Mateo Villanueva", FIELD),
    person("Hannah Weissberg", OPERATIONS),
    person("Dmitri Aslanov", ENGINEERING),
    person("Anjali Deshmukh", PRODUCT),
    person("Willem van Houten", CUSTOMERS),
    person("Nkechi Obiora", MARKETING),
    person("Sunniva Haugland", FIELD),
    person("Caleb Runningwater", FIELD),
    person("Ji-woo Seong", ENGINEERING),
    person("Beatriz Carvalhal", CUSTOMERS),
    person("Marcus Thornbury", OPERATIONS),
    person("Thuy Linh Pham", PRODUCT),
    person("Gabriel Ionescu", ENGINEERING),
    Person { name: "Esther Nyambura", role: "guest", team: MARKETING },
    Person { name: "Luca Ferrante", role: "guest", team: OPERATIONS },
];

/// The e-mail address of a person: the name without marks, at the domain.
pub(super) fn email(person: &Person) -> String {
    let domain = if person.role == "guest" { GUEST_DOMAIN } else { DOMAIN };
    let local: String = model::fold(person.name)
        .chars()
        .map(|letter| if letter == ' ' { '.' } else { letter })
        .filter(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '-'))
        .collect();
    format!("{local}@{domain}")
}

/// The members of a team who are not guests.
pub(super) fn of_team(team: usize) -> Vec<usize> {
    PEOPLE
        .iter()
        .enumerate()
        .filter(|(_, person)| person.team == team && person.role != "guest")
        .map(|(place, _)| place)
        .collect()
}

//! Values of custom fields as texts for people: `display_value` and its relatives. Source: dossier 3.8.

use super::CustomField;
use super::values::Value;
use model::{FieldSubtype, LabelPosition, NumberFormat, fixed};

/// Currencies that are shown with a sign; the others with their code.
const SIGNS: &[(&str, &str)] = &[
    ("USD", "$"),
    ("EUR", "€"),
    ("GBP", "£"),
    ("JPY", "¥"),
    ("CNY", "CN¥"),
    ("INR", "₹"),
    ("KRW", "₩"),
    ("BRL", "R$"),
    ("CAD", "CA$"),
    ("AUD", "A$"),
    ("NZD", "NZ$"),
    ("MXN", "MX$"),
    ("HKD", "HK$"),
    ("TWD", "NT$"),
    ("ILS", "₪"),
    ("VND", "₫"),
    ("PHP", "₱"),
];

/// The value of `field` as a text; `None` where there is none.
pub fn value(field: &CustomField, value: &Value) -> Option<String> {
    let content = &value.content;
    match FieldSubtype::parse(&field.resource_subtype)? {
        FieldSubtype::Text => text(field, value),
        FieldSubtype::Number => content.number.map(|given| number(field, given)),
        FieldSubtype::Date => match content.date_time {
            Some(time) => Some(time.to_string()),
            None => content.date.map(|date| date.to_string()),
        },
        FieldSubtype::Enum | FieldSubtype::MultiEnum => {
            joined(value.options.iter().map(|option| option.name.as_str()))
        }
        FieldSubtype::People => joined(value.people.iter().map(|person| person.name.as_str())),
        FieldSubtype::Reference => {
            joined(value.references.iter().map(|object| object.name.as_str()))
        }
    }
}

/// The text of a text field; of an ID field its prefix and number.
pub fn text(field: &CustomField, value: &Value) -> Option<String> {
    match &field.id_prefix {
        Some(prefix) => value.content.number.map(|number| format!("{prefix}-{}", fixed(number, 0))),
        None => value.content.text.clone(),
    }
}

/// A number in the format of `field`.
fn number(field: &CustomField, number: f64) -> String {
    let precision = field.precision.and_then(|digits| u8::try_from(digits).ok()).unwrap_or(0);
    let format = field.format.as_deref().and_then(NumberFormat::parse);
    match format.unwrap_or(NumberFormat::None) {
        NumberFormat::None => fixed(number, precision),
        NumberFormat::Identifier => fixed(number, 0),
        NumberFormat::Percentage => percentage(number, precision),
        NumberFormat::Duration => duration(number),
        NumberFormat::Currency => {
            currency(field.currency_code.as_deref().unwrap_or_default(), number, precision)
        }
        NumberFormat::Custom => {
            let label = field.custom_label.as_deref().unwrap_or_default();
            let digits = fixed(number, precision);
            if field.custom_label_position.as_deref() == Some(LabelPosition::Prefix.as_str()) {
                format!("{label} {digits}")
            } else {
                format!("{digits} {label}")
            }
        }
    }
}

/// A share of one as a percentage.
pub fn percentage(number: f64, precision: u8) -> String {
    format!("{}%", fixed(number * 100.0, precision))
}

/// An amount of money, with the sign or the code of its currency.
pub fn currency(code: &str, number: f64, precision: u8) -> String {
    let digits = fixed(number, precision);
    let (sign, digits) = digits.strip_prefix('-').map_or(("", &*digits), |rest| ("-", rest));
    match SIGNS.iter().find(|(known, _)| *known == code) {
        Some((_, symbol)) => format!("{sign}{symbol}{digits}"),
        None => format!("{code} {sign}{digits}"),
    }
}

/// Minutes as hours and minutes: `1h 30m`, `45m`, `2h`.
fn duration(minutes: f64) -> String {
    let whole = fixed(minutes, 0);
    // Beyond what an integer holds nobody reads hours.
    let Ok(total) = whole.parse::<i64>() else { return format!("{whole}m") };
    let sign = if total < 0 { "-" } else { "" };
    let (hours, rest) = (total.unsigned_abs() / 60, total.unsigned_abs() % 60);
    match (hours, rest) {
        (0, rest) => format!("{sign}{rest}m"),
        (hours, 0) => format!("{sign}{hours}h"),
        (hours, rest) => format!("{sign}{hours}h {rest}m"),
    }
}

/// The names with commas between them; `None` for no names.
fn joined<'a>(names: impl Iterator<Item = &'a str>) -> Option<String> {
    let all: Vec<&str> = names.collect();
    (!all.is_empty()).then(|| all.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{Gid, Timestamp};

    fn field(format: &str, precision: i64) -> CustomField {
        CustomField {
            gid: Gid::new(1),
            workspace: Gid::new(2),
            name: "Cost".to_owned(),
            name_key: "cost".to_owned(),
            resource_subtype: "number".to_owned(),
            description: String::new(),
            precision: Some(precision),
            format: Some(format.to_owned()),
            currency_code: None,
            custom_label: None,
            custom_label_position: None,
            id_prefix: None,
            last_id: 0,
            input_restrictions: None,
            has_notifications_enabled: false,
            privacy_setting: "public".to_owned(),
            default_access_level: "user".to_owned(),
            local_to: None,
            created_at: Timestamp::from_millis(0),
            created_by: None,
        }
    }

    #[test]
    fn numbers_are_rounded_and_dressed() {
        let dollars = CustomField { currency_code: Some("USD".to_owned()), ..field("currency", 2) };
        let francs = CustomField { currency_code: Some("CHF".to_owned()), ..field("currency", 0) };
        let prefixed = CustomField {
            custom_label: Some("story points".to_owned()),
            custom_label_position: Some("prefix".to_owned()),
            ..field("custom", 1)
        };
        let suffixed = CustomField { custom_label_position: None, ..prefixed.clone() };
        for (field, given, shown) in [
            (field("none", 2), 12.345, "12.35"),
            (field("identifier", 0), 1200.0, "1200"),
            (field("percentage", 0), 0.25, "25%"),
            (field("percentage", 1), 0.251, "25.1%"),
            (field("duration", 0), 90.0, "1h 30m"),
            (field("duration", 0), 45.0, "45m"),
            (field("duration", 0), -120.0, "-2h"),
            (dollars.clone(), 12.5, "$12.50"),
            (dollars, -3.0, "-$3.00"),
            (francs, 7.0, "CHF 7"),
            (prefixed, 3.0, "story points 3.0"),
            (suffixed, 3.0, "3.0 story points"),
        ] {
            assert_eq!(number(&field, given), shown);
        }
    }
}

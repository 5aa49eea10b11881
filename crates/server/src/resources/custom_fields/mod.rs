//! Custom fields: further fields of tasks and projects, defined by a workspace.
//!
//! API section "Custom fields", 8 operations with those of [`enum_options`]. [`shape`] is the record, shared by a field's
//! definition and its value on an object; [`settings`] says where a field is used; [`values`] and [`mod@write`] are what objects
//! hold; [`ids`] numbers tasks. Events: `custom_field` added, changed, deleted.

pub mod display;
pub mod enum_options;
pub mod ids;
pub mod settings;
pub mod shape;
pub mod values;
pub mod write;

use crate::prelude::*;
use crate::resources::workspaces::Workspace;
use engine::plan::Shape;
use model::{FieldSubtype, LabelPosition, NumberFormat, name_key, single_line};

/// Most digits that a number is rounded to. Source: API reference, `CustomFieldBase.precision`.
const MAX_PRECISION: i64 = 6;

/// Most letters of the prefix of an ID field; ours, since none is published.
const MAX_ID_PREFIX: usize = 20;

/// Names of what every task has, as keys; no field may take one. Source: API reference, "Custom fields": names that conflict with
/// properties of tasks.
const BUILT_IN: &[&str] = &[
    "assignee",
    "collaborators",
    "completed",
    "completed on",
    "created by",
    "created on",
    "dependencies",
    "description",
    "due date",
    "followers",
    "last modified on",
    "name",
    "notes",
    "parent task",
    "projects",
    "start date",
    "subtasks",
    "tags",
    "task name",
];

/// What a reference field may hold. Source: API reference, `CustomFieldCompact.input_restrictions`.
const REFERABLE: &[&str] = &["task", "project", "portfolio", "goal"];

/// The codes of ISO 4217 for money in use.
const CURRENCIES: &str = "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SLL SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWG ZWL";

/// One row of `custom_fields`.
#[derive(Debug, Clone)]
pub struct CustomField {
    pub gid: Gid,
    pub workspace: Gid,
    pub name: String,
    pub name_key: String,
    pub resource_subtype: String,
    pub description: String,
    pub precision: Option<i64>,
    pub format: Option<String>,
    pub currency_code: Option<String>,
    pub custom_label: Option<String>,
    pub custom_label_position: Option<String>,
    /// What the ids of an ID field begin with; it is what makes a text field one.
    pub id_prefix: Option<String>,
    /// The last number that an ID field gave away.
    pub last_id: i64,
    /// The types that a reference field may hold, a comma list.
    pub input_restrictions: Option<String>,
    pub has_notifications_enabled: bool,
    pub privacy_setting: String,
    pub default_access_level: String,
    /// The project that alone can use the field; none for a field of the whole workspace.
    pub local_to: Option<Gid>,
    pub created_at: Timestamp,
    pub created_by: Option<Gid>,
}

row! { CustomField in "custom_fields" { gid, workspace, name, name_key, resource_subtype, description, precision, format, currency_code, custom_label, custom_label_position, id_prefix, last_id, input_restrictions, has_notifications_enabled, privacy_setting, default_access_level, local_to, created_at, created_by } }

impl CustomField {
    /// Whether it is of the kind.
    pub fn is(&self, kind: FieldSubtype) -> bool {
        self.resource_subtype == kind.as_str()
    }

    /// Whether its values are chosen from options.
    pub fn has_options(&self) -> bool {
        self.is(FieldSubtype::Enum) || self.is(FieldSubtype::MultiEnum)
    }

    /// The types that a reference field may hold.
    pub fn referable(&self) -> impl Iterator<Item = &str> {
        self.input_restrictions.as_deref().unwrap_or_default().split(',').filter(|t| !t.is_empty())
    }

    /// Whether a number is shown in this format.
    pub fn is_format(&self, format: NumberFormat) -> bool {
        self.format.as_deref() == Some(format.as_str())
    }
}

impl Record for CustomField {
    fn schema(s: &mut Schema<Self>) {
        s.doc("A further field of tasks or projects, defined by a workspace; its value on an object shows the same record with the value in it.");
        shape::fields(s);
    }
}

impl Resource for CustomField {
    const TYPE: &'static str = "custom_field";
    fn gid(&self) -> Gid {
        self.gid
    }
}

impl Object for CustomField {
    const DELETE: Level = Level::Admin;

    fn workspace(&self) -> Gid {
        self.workspace
    }

    fn subtype(&self) -> Option<String> {
        Some(self.resource_subtype.clone())
    }

    /// A field in the workspace of the body; full members may define one.
    fn draft(cx: &mut Context<'_, '_>, body: &Body) -> Result<Self> {
        let workspace = cx.workspace_of(body, Level::Edit)?;
        if body.read::<Option<bool>>("owned_by_app")?.flatten() == Some(true) {
            return Err(forbidden("Fields owned by an app cannot be created"));
        }
        let kind = match body.read::<Option<String>>("resource_subtype")?.flatten() {
            Some(kind) => Some(kind),
            None => body.read::<Option<String>>("type")?.flatten(),
        };
        let kind = kind.ok_or_else(|| invalid("resource_subtype", "Missing input"))?;
        let kind = FieldSubtype::parse(&kind).ok_or_else(|| {
            let shown: String = kind.chars().take(100).collect();
            let all = FieldSubtype::ALL.join(", ");
            invalid("resource_subtype", format!("Must be one of {all}, not: {shown}"))
        })?;
        Ok(CustomField {
            gid: cx.gid()?,
            workspace,
            name: String::new(),
            name_key: String::new(),
            resource_subtype: kind.as_str().to_owned(),
            description: String::new(),
            precision: None,
            format: None,
            currency_code: None,
            custom_label: None,
            custom_label_position: None,
            id_prefix: None,
            last_id: 0,
            input_restrictions: None,
            has_notifications_enabled: false,
            privacy_setting: "public_with_guests".to_owned(),
            default_access_level: "editor".to_owned(),
            local_to: None,
            created_at: cx.now(),
            created_by: Some(cx.me()),
        })
    }

    fn prepare(
        cx: &mut Context<'_, '_>,
        before: Option<&Self>,
        row: &mut Self,
        body: &Body,
    ) -> Result<()> {
        if before.is_some_and(|before| {
            before.privacy_setting != row.privacy_setting
                || before.default_access_level != row.default_access_level
        }) {
            // Who may edit a field may not share it.
            let (_, level) = cx.find::<CustomField>(Self::TYPE, &row.gid.to_string())?;
            cx.require_level(level, Level::Admin)?;
        }
        require(!row.name.is_empty(), "name", "Must not be empty")?;
        row.name_key = name_key(&row.name);
        require(
            !BUILT_IN.contains(&row.name_key.as_str()),
            "name",
            "Must not be the name of a property that every task has",
        )?;
        number_rules(row)?;
        id_rules(row)?;
        reference_rules(row, body)
    }

    /// Adds the options that came with a new field.
    fn changed(
        cx: &mut Context<'_, '_>,
        before: Option<&Self>,
        row: &Self,
        fields: &mut Fields,
        body: &Body,
    ) -> Result<()> {
        if before.is_some() {
            return Ok(());
        }
        let added = enum_options::add_sent(cx, row, body)?;
        if added > 0 {
            fields.add(FieldChange::changed("enum_options"));
        }
        Ok(())
    }

    /// Takes the field off everything that uses it; the values stay, hidden.
    fn delete(cx: &mut Context<'_, '_>, row: &Self) -> Result<()> {
        cx.trash(Self::TYPE, "custom_fields", row.gid, row.workspace)?;
        cx.later(
            "DELETE FROM custom_field_settings WHERE custom_field = ?",
            params![row.gid].to_vec(),
        )
    }
}

/// Checks and completes what only numbers have; other fields lose it.
fn number_rules(row: &mut CustomField) -> Result<()> {
    if !row.is(FieldSubtype::Number) {
        row.precision = None;
        row.format = None;
        row.currency_code = None;
        row.custom_label = None;
        row.custom_label_position = None;
        return Ok(());
    }
    let precision = row.precision.unwrap_or(0);
    require(
        (0..=MAX_PRECISION).contains(&precision),
        "precision",
        "Must be a whole number from 0 to 6",
    )?;
    row.precision = Some(precision);
    row.format.get_or_insert_with(|| NumberFormat::None.as_str().to_owned());
    if row.is_format(NumberFormat::Identifier) {
        row.precision = Some(0);
    }
    if row.is_format(NumberFormat::Currency) {
        let code = row.currency_code.as_deref().unwrap_or_default().trim().to_uppercase();
        require(!code.is_empty(), "currency_code", "Missing input")?;
        require(
            CURRENCIES.split(' ').any(|known| known == code),
            "currency_code",
            "Must be a currency code of ISO 4217",
        )?;
        row.currency_code = Some(code);
    } else {
        row.currency_code = None;
    }
    if row.is_format(NumberFormat::Custom) {
        let label = single_line(row.custom_label.as_deref().unwrap_or_default());
        require(!label.is_empty(), "custom_label", "Missing input")?;
        row.custom_label = Some(label);
        row.custom_label_position.get_or_insert_with(|| LabelPosition::Suffix.as_str().to_owned());
    } else {
        row.custom_label = None;
        row.custom_label_position = None;
    }
    Ok(())
}

/// Checks the prefix of an ID field, which is a text field.
fn id_rules(row: &CustomField) -> Result<()> {
    let Some(prefix) = row.id_prefix.as_deref() else { return Ok(()) };
    require(row.is(FieldSubtype::Text), "id_prefix", "Only text fields can have a prefix")?;
    require(
        (1..=MAX_ID_PREFIX).contains(&prefix.len())
            && prefix.bytes().all(|byte| byte.is_ascii_uppercase()),
        "id_prefix",
        "Must be 1 to 20 uppercase letters",
    )
}

/// Checks and takes what a reference field may hold; a new one must say so. Other fields lose it.
fn reference_rules(row: &mut CustomField, body: &Body) -> Result<()> {
    let is_null = body.get("input_restrictions").is_some_and(serde_json::Value::is_null);
    let sent = if is_null { None } else { body.read::<Vec<String>>("input_restrictions")? };
    if let Some(sent) = sent {
        require(
            sent.iter().all(|kind| REFERABLE.contains(&kind.as_str())),
            "input_restrictions",
            "Must be a list of task, project, portfolio, goal",
        )?;
        let kept: Vec<&str> =
            REFERABLE.iter().copied().filter(|kind| sent.iter().any(|one| one == kind)).collect();
        row.input_restrictions = Some(kept.join(","));
    }
    if row.is(FieldSubtype::Reference) {
        let is_any = row.referable().next().is_some();
        return require(is_any, "input_restrictions", "Must not be empty");
    }
    row.input_restrictions = None;
    Ok(())
}

/// Holds other writers of what belongs to the field until this transaction ends, where writers run side by side.
pub fn lock(cx: &mut Context<'_, '_>, field: Gid) -> Result<()> {
    cx.lock(CustomField::TABLE, field)
}

/// The operations of the section, in the order of the API reference.
pub fn operations(api: &mut Operations) {
    api.section(
        "Custom fields",
        "Further fields of tasks and projects, defined once for a workspace and used in many projects.",
    );
    api.create::<CustomField>(
        "createCustomField",
        "/custom_fields",
        "Defines a custom field in a workspace.",
    )
    .required_field("workspace", JsonType::Gid, "The workspace the field belongs to.")
    .field("enum_options", JsonType::Objects, "The options to choose from, each with a name and perhaps a color and enabled; for enum and multi_enum fields.")
    .field("owned_by_app", JsonType::Boolean, "Must not be true: no app may own a field here.");
    api.read::<CustomField>(
        "getCustomField",
        "/custom_fields/{custom_field_gid}",
        "One custom field.",
    );
    api.update::<CustomField>(
        "updateCustomField",
        "/custom_fields/{custom_field_gid}",
        "Changes a custom field; only what is sent changes. Its type and its prefix stay, and options have operations of their own.",
    );
    api.delete::<CustomField>(
        "deleteCustomField",
        "/custom_fields/{custom_field_gid}",
        "Deletes a custom field; it disappears from everything that uses it.",
    );
    api.add(
        "GET",
        "getCustomFieldsForWorkspace",
        "/workspaces/{workspace_gid}/custom_fields",
        "The custom fields of a workspace that the actor sees, oldest first, each in full.",
        crate::api::operations::Input::None,
        Output::FullList(CustomField::TYPE),
        |cx, call| {
            let (workspace, _) = cx.target::<Workspace>(call, 0)?;
            let page = Query::<CustomField>::scan()
                .filter("t.workspace = ? AND t.local_to IS NULL", params![workspace.gid])
                .order(&["t.created_at", "t.gid"])
                .page(cx, call)?;
            cx.answer_page(page, Shape::Full)
        },
    );
    enum_options::operations(api);
}

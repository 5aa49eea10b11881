//! Parameters of statements and the values read back.

use model::{Date, Gid, Timestamp};

/// A parameter.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// SQL `NULL`.
    Null,
    /// An integer; also gids, milliseconds and 0/1 booleans.
    Int(i64),
    /// A double.
    Real(f64),
    /// Text; also days, as `YYYY-MM-DD`.
    Text(String),
    /// A list of integers, for `ids(?)`.
    Ids(Vec<i64>),
    /// A list of texts, for `texts(?)`.
    Texts(Vec<String>),
}

/// What can be given as a parameter; see [`params!`](crate::params).
pub trait ToValue {
    /// The parameter, copied.
    fn to_value(&self) -> Value;
}

/// The parameters of a statement, in order, as `&[Value]`: `params![gid, name, Option::<i64>::None]`.
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => { &[$($crate::ToValue::to_value(&$value)),*] };
}

impl ToValue for Value {
    fn to_value(&self) -> Value {
        self.clone()
    }
}

impl ToValue for i64 {
    fn to_value(&self) -> Value {
        Value::Int(*self)
    }
}

impl ToValue for i32 {
    fn to_value(&self) -> Value {
        Value::Int(i64::from(*self))
    }
}

impl ToValue for u32 {
    fn to_value(&self) -> Value {
        Value::Int(i64::from(*self))
    }
}

impl ToValue for f64 {
    fn to_value(&self) -> Value {
        Value::Real(*self)
    }
}

impl ToValue for bool {
    fn to_value(&self) -> Value {
        Value::Int(i64::from(*self))
    }
}

impl ToValue for str {
    fn to_value(&self) -> Value {
        Value::Text(self.to_owned())
    }
}

impl ToValue for String {
    fn to_value(&self) -> Value {
        Value::Text(self.clone())
    }
}

impl<T: ToValue> ToValue for Option<T> {
    fn to_value(&self) -> Value {
        self.as_ref().map_or(Value::Null, T::to_value)
    }
}

impl<T: ToValue + ?Sized> ToValue for &T {
    fn to_value(&self) -> Value {
        T::to_value(self)
    }
}

impl ToValue for [i64] {
    fn to_value(&self) -> Value {
        Value::Ids(self.to_vec())
    }
}

impl ToValue for [Gid] {
    fn to_value(&self) -> Value {
        Value::Ids(self.iter().map(|gid| gid.get()).collect())
    }
}

impl ToValue for [String] {
    fn to_value(&self) -> Value {
        Value::Texts(self.to_vec())
    }
}

impl<T> ToValue for Vec<T>
where
    [T]: ToValue,
{
    fn to_value(&self) -> Value {
        self.as_slice().to_value()
    }
}

impl ToValue for Gid {
    fn to_value(&self) -> Value {
        Value::Int(self.get())
    }
}

impl ToValue for Timestamp {
    fn to_value(&self) -> Value {
        Value::Int(self.millis())
    }
}

impl ToValue for Date {
    fn to_value(&self) -> Value {
        Value::Text(self.to_string())
    }
}

/// A value read from a row, borrowed from it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Column<'a> {
    /// SQL `NULL`.
    Null,
    /// Any integer type; on PostgreSQL also `boolean` (0 or 1) and a `numeric` without decimals.
    Int(i64),
    /// Any floating type; on PostgreSQL also a `numeric` with decimals.
    Real(f64),
    /// Any text type.
    Text(&'a str),
}

/// What a column can be read as.
pub trait FromColumn: Sized {
    /// The value; `None` if the column holds something else.
    fn from_column(column: Column<'_>) -> Option<Self>;
}

impl FromColumn for i64 {
    fn from_column(column: Column<'_>) -> Option<i64> {
        match column {
            Column::Int(number) => Some(number),
            _ => None,
        }
    }
}

impl FromColumn for f64 {
    fn from_column(column: Column<'_>) -> Option<f64> {
        match column {
            Column::Real(number) => Some(number),
            Column::Int(number) => Some(double(number)),
            _ => None,
        }
    }
}

impl FromColumn for bool {
    fn from_column(column: Column<'_>) -> Option<bool> {
        match column {
            Column::Int(number) => Some(number != 0),
            _ => None,
        }
    }
}

impl FromColumn for String {
    fn from_column(column: Column<'_>) -> Option<String> {
        match column {
            Column::Text(text) => Some(text.to_owned()),
            _ => None,
        }
    }
}

impl<T: FromColumn> FromColumn for Option<T> {
    fn from_column(column: Column<'_>) -> Option<Option<T>> {
        match column {
            Column::Null => Some(None),
            other => T::from_column(other).map(Some),
        }
    }
}

impl FromColumn for Gid {
    fn from_column(column: Column<'_>) -> Option<Gid> {
        i64::from_column(column).map(Gid::new)
    }
}

impl FromColumn for Timestamp {
    fn from_column(column: Column<'_>) -> Option<Timestamp> {
        i64::from_column(column).map(Timestamp::from_millis)
    }
}

impl FromColumn for Date {
    fn from_column(column: Column<'_>) -> Option<Date> {
        match column {
            Column::Text(text) => Date::parse(text),
            _ => None,
        }
    }
}

/// The nearest double; exact up to 2⁵³.
#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "there is no other conversion, and rounding to the nearest double is what is wanted"
)]
pub(crate) fn double(number: i64) -> f64 {
    number as f64
}

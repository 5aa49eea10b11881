//! How parameters and columns travel: in PostgreSQL's binary formats, by the type that the server expects.

use std::fmt::Write as _;

use bytes::{BufMut, BytesMut};
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

use crate::value::double;
use crate::{Column, Value};

type Failure = Box<dyn std::error::Error + Sync + Send>;

impl ToSql for Value {
    fn to_sql(&self, expected: &Type, out: &mut BytesMut) -> Result<IsNull, Failure> {
        match (self, expected) {
            (Value::Null, _) => Ok(IsNull::Yes),
            (Value::Int(number), &Type::INT8) => number.to_sql(expected, out),
            (Value::Int(number), &Type::INT4) => i32::try_from(*number)?.to_sql(expected, out),
            (Value::Int(number), &Type::INT2) => i16::try_from(*number)?.to_sql(expected, out),
            (Value::Int(number), &Type::BOOL) => (*number != 0).to_sql(expected, out),
            (Value::Int(number), &Type::FLOAT8) => double(*number).to_sql(expected, out),
            (Value::Real(number), &Type::FLOAT8) => number.to_sql(expected, out),
            (Value::Real(number), &Type::FLOAT4) => {
                out.put_f32(single(*number));
                Ok(IsNull::No)
            }
            (Value::Text(text), _) if is_text(expected) => {
                out.put_slice(text.as_bytes());
                Ok(IsNull::No)
            }
            (Value::Ids(ids), &Type::INT8_ARRAY) => ids.to_sql(expected, out),
            (Value::Texts(texts), &Type::TEXT_ARRAY | &Type::VARCHAR_ARRAY) => {
                texts.to_sql(expected, out)
            }
            _ => Err(format!(
                "the server expects {expected} here, not {self:?}; CAST(? AS …) tells it otherwise"
            )
            .into()),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    reason = "the column holds no more than a single"
)]
fn single(number: f64) -> f32 {
    number as f32
}

fn is_text(kind: &Type) -> bool {
    [Type::TEXT, Type::VARCHAR, Type::BPCHAR, Type::NAME, Type::UNKNOWN].contains(kind)
}

/// The value at place `i`; an error tells what is there instead.
pub(crate) fn column(row: &tokio_postgres::Row, i: usize) -> Result<Column<'_>, String> {
    if i >= row.len() {
        return Err(format!("{} columns", row.len()));
    }
    row.try_get(i).map_err(|error| crate::dialect::postgres::whole(&error))
}

impl<'a> FromSql<'a> for Column<'a> {
    fn from_sql(kind: &Type, raw: &'a [u8]) -> Result<Column<'a>, Failure> {
        Ok(match *kind {
            Type::INT8 => Column::Int(i64::from_sql(kind, raw)?),
            Type::INT4 => Column::Int(i64::from(i32::from_sql(kind, raw)?)),
            Type::INT2 => Column::Int(i64::from(i16::from_sql(kind, raw)?)),
            Type::BOOL => Column::Int(i64::from(bool::from_sql(kind, raw)?)),
            Type::FLOAT8 => Column::Real(f64::from_sql(kind, raw)?),
            Type::FLOAT4 => Column::Real(f64::from(f32::from_sql(kind, raw)?)),
            Type::NUMERIC => numeric(raw).ok_or("a numeric that is no number")?,
            Type::VOID => Column::Null,
            _ if is_text(kind) => Column::Text(std::str::from_utf8(raw)?),
            _ => {
                return Err(format!("a {kind}; CAST it to bigint, double precision or text").into());
            }
        })
    }

    fn from_sql_null(_: &Type) -> Result<Column<'a>, Failure> {
        Ok(Column::Null)
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// A `numeric`, as `sum` and `avg` give it: an integer if it shows no decimals and fits, else a double.
///
/// The format is four 16-bit numbers (count of digits, weight of the first, sign, decimals shown) and
/// the digits, to base 10,000.
fn numeric(raw: &[u8]) -> Option<Column<'static>> {
    let mut words =
        raw.chunks_exact(2).filter_map(|pair| Some(i16::from_be_bytes(pair.try_into().ok()?)));
    let _count = words.next()?;
    let weight = words.next()?;
    let negative = match words.next()? {
        0 => false,
        0x4000 => true,
        _ => return None,
    };
    let decimals = words.next()?;
    let digits: Vec<i16> = words.collect();
    if decimals == 0
        && let Some(whole) = whole(&digits, weight)
    {
        return Some(Column::Int(if negative { -whole } else { whole }));
    }
    // Through text, because that rounds correctly.
    let mut text = String::new();
    for digit in &digits {
        write!(text, "{digit:04}").expect("writing to a string cannot fail");
    }
    let exponent = (i32::from(weight) + 1 - i32::try_from(digits.len()).ok()?) * 4;
    let number: f64 =
        if text.is_empty() { 0.0 } else { format!("{text}e{exponent}").parse().ok()? };
    Some(Column::Real(if negative { -number } else { number }))
}

/// The digits as an integer. Trailing zero digits are not sent, so up to `weight` they are filled up.
fn whole(digits: &[i16], weight: i16) -> Option<i64> {
    let mut number = 0_i64;
    for place in 0..=weight {
        let digit = digits.get(usize::try_from(place).ok()?).copied().unwrap_or(0);
        number = number.checked_mul(10_000)?.checked_add(i64::from(digit))?;
    }
    Some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[i16]) -> Vec<u8> {
        words.iter().flat_map(|word| word.to_be_bytes()).collect()
    }

    #[test]
    fn numerics_are_integers_or_doubles() {
        assert_eq!(numeric(&words(&[0, 0, 0, 0])), Some(Column::Int(0)));
        assert_eq!(numeric(&words(&[2, 1, 0, 0, 12, 34])), Some(Column::Int(120_034)));
        assert_eq!(numeric(&words(&[1, 2, 0x4000, 0, 5])), Some(Column::Int(-500_000_000)));
        assert_eq!(numeric(&words(&[2, 0, 0, 2, 1, 2500])), Some(Column::Real(1.25)));
        assert_eq!(numeric(&words(&[0, 0, 0, 16])), Some(Column::Real(0.0)));
        assert_eq!(numeric(&words(&[0, 0, -0x4000, 0])), None);
    }
}

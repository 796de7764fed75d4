//! Values on the way to PostgreSQL and back.

use std::error::Error;
use std::fmt;

use postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

use super::StoreError;
use crate::store::{Row, Value};

/// A value of a statement. It is not shown, since the client writes parameters to the log when it is asked for detail.
pub(super) struct Parameter<'a>(pub(super) &'a Value);

impl fmt::Debug for Parameter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

impl ToSql for Parameter<'_> {
    /// (The buffer's type has no other name than the one that the macro below uses.) The server says of which type it expects a value; integers fit wherever a number is wanted.
    fn to_sql(
        &self,
        wanted: &Type,
        out: &mut postgres::types::private::BytesMut,
    ) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match (self.0, wanted) {
            (Value::Null, _) => Ok(IsNull::Yes),
            (Value::Integer(integer), &Type::INT8) => integer.to_sql(wanted, out),
            (Value::Integer(integer), &Type::INT4) => i32::try_from(*integer)?.to_sql(wanted, out),
            (Value::Integer(integer), &Type::FLOAT8) => (*integer as f64).to_sql(wanted, out),
            (Value::Real(real), &Type::FLOAT8) => real.to_sql(wanted, out),
            (Value::Text(text), &Type::TEXT | &Type::VARCHAR) => text.to_sql(wanted, out),
            (Value::Blob(bytes), &Type::BYTEA) => bytes.to_sql(wanted, out),
            (_, wanted) => Err(format!("a value is not of type {wanted}").into()),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// A row with the types that both databases have; a truth is 0 or 1, as it is on SQLite.
pub(super) fn row(row: &postgres::Row) -> Result<Row, StoreError> {
    let value = |column: usize| match *row.columns()[column].type_() {
        Type::INT8 => get(row, column, Value::Integer),
        Type::INT4 => get(row, column, |integer: i32| Value::Integer(integer.into())),
        Type::INT2 => get(row, column, |integer: i16| Value::Integer(integer.into())),
        Type::BOOL => get(row, column, |truth: bool| Value::from(truth)),
        Type::FLOAT8 => get(row, column, Value::Real),
        Type::TEXT | Type::VARCHAR | Type::NAME => get(row, column, Value::Text),
        Type::BYTEA => get(row, column, Value::Blob),
        ref other => {
            Err(StoreError::Database(format!("column {column} of a result is {other}: CAST it AS BIGINT or TEXT")))
        }
    };
    (0..row.len()).map(value).collect::<Result<_, _>>().map(Row)
}

fn get<'a, T: FromSql<'a>>(
    row: &'a postgres::Row,
    column: usize,
    made: impl FnOnce(T) -> Value,
) -> Result<Value, StoreError> {
    let value: Option<T> = row.try_get(column).map_err(|error| StoreError::Corrupt(error.to_string()))?;
    Ok(value.map_or(Value::Null, made))
}

//! What goes into a statement and what comes out of it.

use super::StoreError;

/// A value of a statement or of a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Nothing.
    Null,
    /// `BIGINT`; a `bool` is 0 or 1.
    Integer(i64),
    /// `DOUBLE PRECISION`, never NaN.
    Real(f64),
    /// `TEXT`, without U+0000 (PostgreSQL has no such text).
    Text(String),
    /// `BLOB`, on PostgreSQL `BYTEA`.
    Blob(Vec<u8>),
}

impl Value {
    /// Whether both databases can hold it.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        match self {
            Value::Text(text) if text.contains('\0') => Err(StoreError::Database("text with U+0000".to_owned())),
            Value::Real(real) if real.is_nan() => Err(StoreError::Database("a number that is NaN".to_owned())),
            _ => Ok(()),
        }
    }

    fn kind(&self) -> &'static str {
        match self {
            Value::Null => "NULL",
            Value::Integer(_) => "an integer",
            Value::Real(_) => "a real number",
            Value::Text(_) => "text",
            Value::Blob(_) => "bytes",
        }
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Value {
        Value::Integer(value)
    }
}

impl From<i32> for Value {
    fn from(value: i32) -> Value {
        Value::Integer(i64::from(value))
    }
}

impl From<u32> for Value {
    fn from(value: u32) -> Value {
        Value::Integer(i64::from(value))
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Value {
        Value::Integer(i64::from(value))
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Value {
        Value::Real(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Value {
        Value::Text(value.to_owned())
    }
}

impl From<&String> for Value {
    fn from(value: &String) -> Value {
        Value::Text(value.clone())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Value {
        Value::Text(value)
    }
}

impl From<Vec<u8>> for Value {
    fn from(value: Vec<u8>) -> Value {
        Value::Blob(value)
    }
}

impl From<&[u8]> for Value {
    fn from(value: &[u8]) -> Value {
        Value::Blob(value.to_vec())
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Value {
        value.map_or(Value::Null, Into::into)
    }
}

/// A row of a result: values by position, from 0.
///
/// All getters give [`StoreError::Corrupt`] where the row has no such column, or a value of another type in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Row(pub(super) Vec<Value>);

impl Row {
    /// An integer.
    ///
    /// # Errors
    /// As said at [`Row`], also for NULL.
    pub fn integer(&self, column: usize) -> Result<i64, StoreError> {
        self.optional_integer(column)?.ok_or_else(|| self.unlike(column, "an integer"))
    }

    /// An integer or NULL.
    ///
    /// # Errors
    /// As said at [`Row`].
    pub fn optional_integer(&self, column: usize) -> Result<Option<i64>, StoreError> {
        match self.value(column)? {
            Value::Null => Ok(None),
            Value::Integer(integer) => Ok(Some(*integer)),
            _ => Err(self.unlike(column, "an integer")),
        }
    }

    /// A real number.
    ///
    /// # Errors
    /// As said at [`Row`], also for NULL.
    pub fn real(&self, column: usize) -> Result<f64, StoreError> {
        self.optional_real(column)?.ok_or_else(|| self.unlike(column, "a real number"))
    }

    /// A real number or NULL.
    ///
    /// # Errors
    /// As said at [`Row`].
    pub fn optional_real(&self, column: usize) -> Result<Option<f64>, StoreError> {
        match self.value(column)? {
            Value::Null => Ok(None),
            Value::Real(real) => Ok(Some(*real)),
            _ => Err(self.unlike(column, "a real number")),
        }
    }

    /// A text.
    ///
    /// # Errors
    /// As said at [`Row`], also for NULL.
    pub fn text(&self, column: usize) -> Result<&str, StoreError> {
        self.optional_text(column)?.ok_or_else(|| self.unlike(column, "text"))
    }

    /// A text or NULL.
    ///
    /// # Errors
    /// As said at [`Row`].
    pub fn optional_text(&self, column: usize) -> Result<Option<&str>, StoreError> {
        match self.value(column)? {
            Value::Null => Ok(None),
            Value::Text(text) => Ok(Some(text)),
            _ => Err(self.unlike(column, "text")),
        }
    }

    /// Bytes.
    ///
    /// # Errors
    /// As said at [`Row`], also for NULL.
    pub fn blob(&self, column: usize) -> Result<&[u8], StoreError> {
        self.optional_blob(column)?.ok_or_else(|| self.unlike(column, "bytes"))
    }

    /// Bytes or NULL.
    ///
    /// # Errors
    /// As said at [`Row`].
    pub fn optional_blob(&self, column: usize) -> Result<Option<&[u8]>, StoreError> {
        match self.value(column)? {
            Value::Null => Ok(None),
            Value::Blob(bytes) => Ok(Some(bytes)),
            _ => Err(self.unlike(column, "bytes")),
        }
    }

    /// Any value.
    ///
    /// # Errors
    /// There is no such column.
    pub fn value(&self, column: usize) -> Result<&Value, StoreError> {
        let columns = self.0.len();
        let missing = || StoreError::Corrupt(format!("a row has {columns} columns and no column {column}"));
        self.0.get(column).ok_or_else(missing)
    }

    fn unlike(&self, column: usize, wanted: &str) -> StoreError {
        let found = self.0.get(column).map_or("nothing", Value::kind);
        StoreError::Corrupt(format!("column {column} of a row holds {found} instead of {wanted}"))
    }
}

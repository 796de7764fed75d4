//! What people said or wrote, without what identifies them.

use serde::{Deserialize, Serialize};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::text::mask::masked;

/// What stands in the place of a name, as in masked texts in general.
const HIDDEN: &str = "某某";

/// A text of a person. What identifies somebody is masked; the text as it was written stands in the table `personal`
/// alone, where it can be erased.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Words {
    /// The text with numbers and names masked.
    pub masked: String,
    /// The row of `personal` that holds the original, where something was masked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub personal: Option<i64>,
    /// The original, until it is stored.
    #[serde(skip)]
    pub(super) original: Option<String>,
}

impl Words {
    /// The text, masked; with its original where that differs.
    pub fn new(text: &str) -> Words {
        let masked = masked(text);
        let original = (masked != text).then(|| text.to_owned());
        Words { masked, personal: None, original }
    }

    /// Masks further what is known to identify the caller: a name alone is found in a text only by whoever knows it.
    pub(super) fn hide(&mut self, known: &str) {
        if self.masked.contains(known) {
            let masked = self.masked.replace(known, HIDDEN);
            let whole = std::mem::replace(&mut self.masked, masked);
            self.original.get_or_insert(whole);
        }
    }
}

/// Whoever asks sees a text: masked, or the original.
impl PartialSchema for Words {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::String).build().into()
    }
}

impl ToSchema for Words {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_identifies_is_kept_apart() {
        let plain = Words::new("路灯不亮");
        assert_eq!((plain.masked.as_str(), plain.original.is_none()), ("路灯不亮", true));
        let personal = Words::new("请回电13812345678");
        assert!(!personal.masked.contains("13812345678"));
        assert_eq!(personal.original.as_deref(), Some("请回电13812345678"));
    }
}

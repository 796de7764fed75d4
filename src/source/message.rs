//! What the program says to people, in the two languages it speaks.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A language the program speaks to its users. (Complaints are Chinese whatever this says.)
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Lang {
    /// Chinese, the default.
    #[default]
    Zh,
    /// English.
    En,
}

impl Lang {
    /// The language of a locale name such as `zh_CN.UTF-8` or `en_US`; `None` for one that says nothing (`C`, empty).
    pub fn from_locale(locale: &str) -> Option<Lang> {
        let locale = locale.to_ascii_lowercase();
        match locale.get(..2) {
            Some("zh") => Some(Lang::Zh),
            _ if matches!(locale.as_str(), "" | "c" | "posix") || locale.starts_with("c.") => None,
            _ => Some(Lang::En),
        }
    }
}

/// One sentence in Chinese and in English; made by [`say!`](crate::say).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Message {
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

impl Message {
    /// The sentence in one language.
    pub fn in_lang(&self, lang: Lang) -> &str {
        match lang {
            Lang::Zh => &self.zh,
            Lang::En => &self.en,
        }
    }
}

/// `say!("文件 {path} 打不开", "cannot open {path}")`: a [`Message`](crate::source::Message) in both languages.
#[macro_export]
macro_rules! say {
    ($zh:literal, $en:literal $(,)?) => {
        $crate::source::Message { zh: format!($zh), en: format!($en) }
    };
}

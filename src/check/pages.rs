//! The page that explains each kind of finding: what to avoid, what to write, why, and the exceptions. They are the files
//! of `docs/checks/`, so that they read the same in the repository and in `check --why`.

use crate::source::Code;

macro_rules! pages {
    ($($id:ident)*) => {
        const PAGES: &[(&str, &str)] =
            &[$((stringify!($id), include_str!(concat!("../../docs/checks/", stringify!($id), ".md"))),)*];
    };
}

pages! {
    J001 J002 J003 J004 J005 J006 J007 J008 J009 J010 J011 J012 J013 J014
    J015 J019 J020 J021 J022 J023 J024 J025 J026 J027 J028 J029 J030 J031 J032
    J033 J040 J041 J042 J043 J050 J051 J052 J053 J054 J055 J056 J057 J060
    J061 J062 J063 J064 J065 J066 J067 J068 J069 J070 J071 J072 J073 J074
    J075 J076 J077 J078 J080 J081 J082 J083 J084 J086 J090 J091 J092 J093
    J094 J095 J096 J097 J098 J099 J100 J101 J102 J103 J104 J105 J106 J107
    J108 J109 J110 J111 J112
}

/// The page of a code, Markdown in Chinese.
pub fn page(code: Code) -> &'static str {
    PAGES.iter().find(|(id, _)| *id == code.id()).map_or("", |(_, page)| page)
}

/// What a code is called in Chinese: the heading of its page.
pub fn title(code: Code) -> &'static str {
    let heading = page(code).lines().next().unwrap_or_default();
    heading.trim_start_matches("# ").trim_start_matches(code.id()).trim()
}

//! What people propose to editors over HTTP: drafted on the spot with its impact, kept as a proposal, decided by an
//! editor, taken as a patch or as a branch.
//!
//! What is drafted is the business of `report/correct`, what is kept that of `tickets`. Nothing of a draft is taken from
//! whoever proposes: a proposal is drafted anew when it is kept.

mod asked;
mod drafting;
mod routes;

pub(super) use routes::{
    __path_decide, __path_draft, __path_get, __path_list, __path_patch, __path_propose, decide, draft, get, list,
    patch, propose,
};

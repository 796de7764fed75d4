//! Why something is not done with a ticket.

use crate::decide::ComplaintError;
use crate::say;
use crate::source::Message;
use crate::store::StoreError;

use super::model::State;
use super::names::scopes_in_words;

/// Why an action was refused, or could not be carried out. Nothing was changed.
#[derive(Debug)]
pub enum Refusal {
    /// There is no such ticket, or not for this actor.
    NoTicket,
    /// The actor's key does not allow it.
    Forbidden {
        /// The scopes that would allow it.
        needs: &'static str,
    },
    /// Not in this state.
    NotNow {
        /// Where the ticket stands.
        state: State,
        /// What would have to be so.
        wants: Message,
    },
    /// It changed in the meantime.
    Changed {
        /// How many events it has now.
        version: u32,
    },
    /// Somebody else has it in hand.
    Claimed {
        /// Who.
        by: String,
    },
    /// There is no active assignment of this number.
    NoAssignment {
        /// The number.
        number: u32,
    },
    /// A value cannot be used.
    Invalid {
        /// Its field.
        field: &'static str,
        /// What is wrong and what to do.
        message: Message,
    },
    /// The key of a repeated request was used for another one.
    KeyReused,
    /// The complaint cannot be read.
    Complaint(ComplaintError),
    /// The database did not do it.
    Store(StoreError),
}

impl Refusal {
    /// A value that cannot be used.
    pub(super) fn invalid(field: &'static str, message: Message) -> Refusal {
        Refusal::Invalid { field, message }
    }

    /// What to tell people.
    pub fn message(&self) -> Message {
        match self {
            Refusal::NoTicket => {
                say!("没有这个工单，或当前密钥看不到它", "there is no such ticket, or not for this key")
            }
            Refusal::Forbidden { needs } => {
                let zh = scopes_in_words(needs);
                say!("当前密钥不能做这一步，需要权限：{zh}", "this key may not do that: it needs {needs}")
            }
            Refusal::NotNow { state, wants } => {
                let (name, words, zh, en) = (state.name(), state.in_words().zh, &wants.zh, &wants.en);
                say!(
                    "工单处于“{words}”（{name}），现在不能这样做：{zh}",
                    "the ticket is {name}, so this cannot be done now: {en}"
                )
            }
            Refusal::Changed { version } => say!(
                "工单已被别人改动（现为第 {version} 版），请刷新后再试",
                "the ticket has changed (it is at version {version}): look at it again"
            ),
            Refusal::Claimed { by } => {
                say!(
                    "工单正由“{by}”处理；等其放回，或到时自动放回",
                    "`{by}` has the ticket in hand: wait until it is put back"
                )
            }
            Refusal::NoAssignment { number } => {
                say!("没有第 {number} 号派单，或它已撤回", "there is no assignment {number}, or it was withdrawn")
            }
            Refusal::Invalid { message, .. } => message.clone(),
            Refusal::KeyReused => say!(
                "这个 Idempotency-Key 已用于内容不同的请求；重发须原样，新请求换一个键",
                "this Idempotency-Key was used for another request: repeat it unchanged, or take a new key"
            ),
            Refusal::Complaint(error) => error.message(),
            Refusal::Store(error) => error.message(),
        }
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Refusal {
        Refusal::Store(error)
    }
}

//! What values are called by people: the words of the hotline for what programs write in English.

use super::model::State;
use crate::say;
use crate::source::Message;

impl State {
    /// What people call it.
    pub fn in_words(self) -> Message {
        in_words(self.name()).unwrap_or_else(|| say!("未知", "unknown"))
    }
}

/// What people call a state, a role, a reason, an urgency or another value, as it is written.
pub fn in_words(name: &str) -> Option<Message> {
    Some(match name {
        "received" => say!("已接收", "received"),
        "in_review" => say!("待审", "in review"),
        "dispatched" => say!("已派单", "dispatched"),
        "accepted" => say!("已签收", "accepted"),
        "contacted" => say!("已联系", "contacted"),
        "resolved" => say!("待审答复", "resolved"),
        "answer_reviewed" => say!("答复已审", "answer reviewed"),
        "reply_sent" => say!("已答复", "reply sent"),
        "called_back" => say!("已回访", "called back"),
        "closed" => say!("已归档", "closed"),
        "parked" => say!("挂账", "parked"),
        "finalised" => say!("已终结", "finalised"),
        "merged" => say!("已并单", "merged"),
        "refused" => say!("不予受理", "refused"),
        "normal" => say!("一般", "normal"),
        "urgent" => say!("紧急", "urgent"),
        "critical" => say!("特急", "critical"),
        "lead" => say!("主办", "lead"),
        "joint" => say!("协办", "joint"),
        "verify" => say!("先行核实", "verify"),
        "not_ours" => say!("不属于本单位职责", "not ours"),
        "wrong_district" => say!("不在本辖区", "wrong district"),
        "duplicate" => say!("重复工单", "duplicate"),
        "missing_information" => say!("信息不足", "missing information"),
        "several_owners" => say!("涉及多个单位", "several owners"),
        "in_proceedings" => say!("已进入诉讼、仲裁或复议", "in proceedings"),
        "finally_answered" => say!("已有终结答复", "finally answered"),
        "nothing_concrete" => say!("没有具体对象或事实", "nothing concrete"),
        "out_of_scope" => say!("不属于热线受理范围", "out of scope"),
        "own_channel" => say!("另有专门渠道", "a channel of its own"),
        "emergency" => say!("应拨 110、119、120", "for 110, 119 or 120"),
        "same_matter" => say!("同一事项", "the same matter"),
        "same_caller" => say!("同一来电人", "the same caller"),
        "call_back" => say!("回访产生", "from a call-back"),
        "unit" => say!("承办单位", "the department"),
        "centre" => say!("热线中心", "the centre"),
        "yes" => say!("已解决", "solved"),
        "partly" => say!("部分解决", "partly"),
        "no" => say!("未解决", "not solved"),
        _ => return None,
    })
}

/// What people call scopes of keys, as they stand in messages: `agent / dispatcher`.
pub(super) fn scopes_in_words(scopes: &str) -> String {
    let words = |scope: &str| match scope {
        "submit" => "提交",
        "agent" => "坐席",
        "dispatcher" => "派单员",
        "editor" => "规则维护员",
        "admin" => "管理员",
        "metrics" => "监控",
        "department:ID" => "承办单位",
        _ => "",
    };
    let named = scopes.split(" / ").map(|scope| match words(scope) {
        "" => scope.to_owned(),
        words => format!("{words}（{scope}）"),
    });
    named.collect::<Vec<_>>().join("、")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_has_words() {
        for state in State::ALL {
            assert!(in_words(state.name()).is_some(), "{state:?}");
        }
    }
}

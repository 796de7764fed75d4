//! The JSON Schema of a condition, for editors that complete and check YAML as it is typed. It says what
//! [`condition`](super::condition) reads; a condition that it refuses would be refused there, and nearly always the other
//! way round (what a name stands for and whether an expression is one, only reading tells).

use serde_json::{Value, json};

use super::{MAX_TERM, condition::MAX_NEAR};
use crate::text::FactKind;

/// Definitions of a condition and its parts: `when` (what stands under `when:`), `clause` (a member of a list, and a
/// shared condition), `term` (a term or `$name`), and those that they refer to, as `#/$defs/…`.
pub fn condition_definitions() -> Value {
    let list = |of: &str, words: &str| json!({ "type": "array", "minItems": 1, "items": to(of), "description": words });
    json!({
        "term": {
            // Numbers are terms too: 119.
            "type": ["string", "number", "boolean"],
            "minLength": 1,
            "description": format!("词：原样出现在诉求里的一串字，最多 {MAX_TERM} 个字；或 $名称，引用 rules/terms/ 的词表"),
        },
        "when": {
            "description": "什么样的诉求属于本场景。直接写在 when 下的 any、all、none 看整篇诉求",
            "anyOf": [to("group"), to("near"), to("regex"), to("fact"), to("flagged")],
        },
        "clause": {
            "description": "条件：一个词、$词表、[同一句里都要有]，或 near、regex、fact、any/all/none",
            "anyOf": [
                to("term"),
                list("clause", "同一句话里都要出现，先后不限"),
                to("group"),
                to("near"),
                to("regex"),
                to("fact"),
                to("flagged"),
            ],
        },
        "group": {
            "type": "object",
            "description": "几个条件合在一起，在同一个范围（默认一句话）里判断",
            "properties": {
                "any": list("clause", "有一个成立即可"),
                "all": list("clause", "都要成立"),
                "none": list("clause", "一个都不能出现"),
                "at_least": { "type": "integer", "minimum": 1, "description": "of 里至少成立几个" },
                "of": list("clause", "和 at_least 一起用：从这些里面数"),
                "in": {
                    "enum": ["clause", "sentence", "text", "title"],
                    "description": "判断的范围：clause 分句（逗号隔开）、sentence 一句话、text 全文、title 标题",
                },
            },
            "additionalProperties": false,
            "anyOf": [{ "required": ["any"] }, { "required": ["all"] }, { "required": ["of"] }],
            "dependentRequired": { "at_least": ["of"], "of": ["at_least"] },
            "not": { "required": ["any", "of"] },
        },
        "near": {
            "type": "object",
            "description": "几个词挨得近：相邻两个之间最多隔 within 个字，先后不限，在同一句话里",
            "properties": {
                "near": {
                    "type": "array",
                    "minItems": 2,
                    "maxItems": MAX_NEAR,
                    "items": { "anyOf": [to("term"), to("choice"), to("flagged")] },
                    "description": format!("2 到 {MAX_NEAR} 个：词、$词表或 {{any: [词, 词]}}"),
                },
                "within": { "type": "integer", "minimum": 0, "maximum": 200, "description": "相邻两个之间最多隔几个字（0 到 200）" },
            },
            "required": ["near", "within"],
            "additionalProperties": false,
        },
        "choice": {
            "type": "object",
            "description": "这些词里的任意一个",
            "properties": { "any": { "type": "array", "minItems": 1, "items": { "anyOf": [to("term"), to("flagged")] } }, "in": { "const": "sentence" } },
            "required": ["any"],
            "additionalProperties": false,
        },
        "regex": {
            "type": "object",
            "description": "正则表达式，在归一化后的每一句话里查找；请放在单引号里。能用词和 near 说清的不要用它",
            "properties": { "regex": { "type": ["string", "number"], "minLength": 1, "description": "正则表达式" } },
            "required": ["regex"],
            "additionalProperties": false,
        },
        "fact": {
            "type": "object",
            "description": "能读出这种要素的地方",
            "properties": { "fact": fact() },
            "required": ["fact"],
            "additionalProperties": false,
        },
        "flagged": {
            "type": "object",
            "description": "带选项的词",
            "properties": {
                "term": to("term"),
                "whole_word": { "type": "boolean", "description": "true：两端都要是词的边界，用于容易误中的短词" },
                "even_negated": { "type": "boolean", "description": "true：被否定的（没有漏水）也算" },
            },
            "required": ["term"],
            "additionalProperties": false,
        },
    })
}

/// The schema of the name of a kind of fact.
pub fn fact() -> Value {
    let names: Vec<&str> = FactKind::ALL.iter().map(|kind| kind.as_str()).collect();
    json!({
        "enum": names,
        "description": "要素：phone 电话，id_card 身份证号，bank_card 银行卡号，plate 车牌，amount 金额，date 日期，time 时刻，\
            duration 时长，order_number 单号，url 网址，address 地址，bus_line 公交地铁线路",
    })
}

fn to(definition: &str) -> Value {
    json!({ "$ref": format!("#/$defs/{definition}") })
}

//! What columns are called in the exports of hotline systems.

use super::field::{Field, Purpose};
use crate::text::normalise;

/// Names of columns by field, the likelier of two first. Compared after [`key`].
const NAMES: &[(Field, &[&str])] = &[
    (
        Field::Id,
        &[
            "工单编号",
            "受理编号",
            "诉求编号",
            "工单号",
            "受理单号",
            "工单流水号",
            "业务编号",
            "案件编号",
            "事件编号",
            "信件编号",
            "受理号",
            "流水号",
            "单号",
            "编号",
            "id",
            "ticketid",
            "ticketno",
            "ticketnumber",
            "caseid",
            "orderno",
            "orderid",
            "ordernumber",
        ],
    ),
    (
        Field::Title,
        &[
            "诉求标题",
            "工单标题",
            "事件标题",
            "留言标题",
            "信件标题",
            "投诉标题",
            "工单主题",
            "诉求主题",
            "标题",
            "主题",
            "title",
            "subject",
        ],
    ),
    (
        Field::Text,
        &[
            "诉求内容",
            "工单内容",
            "来电内容",
            "问题描述",
            "诉求描述",
            "投诉内容",
            "反映内容",
            "受理内容",
            "留言内容",
            "信件内容",
            "事件描述",
            "案件描述",
            "问题内容",
            "内容描述",
            "主要内容",
            "详细内容",
            "详细描述",
            "详情",
            "描述",
            "内容",
            "正文",
            "text",
            "content",
            "description",
            "complaint",
            "body",
            "details",
        ],
    ),
    (
        Field::Category,
        &[
            "问题分类",
            "诉求分类",
            "工单分类",
            "事项分类",
            "内容分类",
            "问题类别",
            "诉求类别",
            "问题类型",
            "事件类型",
            "业务分类",
            "所属类别",
            "所属分类",
            "分类",
            "类别",
            "诉求类型",
            "工单类型",
            "category",
            "categorypath",
        ],
    ),
    (
        Field::Department,
        &[
            "承办单位",
            "主办单位",
            "承办部门",
            "主办部门",
            "责任单位",
            "责任部门",
            "处理单位",
            "处理部门",
            "办理单位",
            "办理部门",
            "处置单位",
            "处置部门",
            "派单单位",
            "转办单位",
            "归口部门",
            "department",
            "agency",
            "responsibledepartment",
        ],
    ),
    (Field::Unit, &["承办科室", "处置科室", "二级承办单位", "二级单位", "下级单位", "具体承办单位", "unit"]),
    (
        Field::District,
        &[
            "区县",
            "所属区县",
            "区县名称",
            "所属区域",
            "事发区域",
            "属地",
            "所属地区",
            "事发地区",
            "所在区域",
            "行政区",
            "行政区划",
            "辖区",
            "区域",
            "街道",
            "所属街道",
            "街道乡镇",
            "乡镇街道",
            "district",
            "region",
            "area",
        ],
    ),
    (Field::Scenario, &["场景", "场景编号", "scenario"]),
    (
        Field::Reply,
        &[
            "答复内容",
            "回复内容",
            "办理结果",
            "处理结果",
            "处置结果",
            "答复意见",
            "回复意见",
            "办结意见",
            "办理意见",
            "处理意见",
            "办理情况",
            "处理情况",
            "答复",
            "回复",
            "reply",
            "answer",
            "response",
            "resolution",
        ],
    ),
    (
        Field::OpenedOn,
        &[
            "受理时间",
            "来电时间",
            "创建时间",
            "创建日期",
            "登记时间",
            "受理日期",
            "来电日期",
            "登记日期",
            "诉求时间",
            "反映时间",
            "投诉时间",
            "留言时间",
            "提交时间",
            "工单时间",
            "来信时间",
            "日期",
            "时间",
            "openedon",
            "createdat",
            "createdon",
            "opendate",
            "date",
        ],
    ),
];

/// Further names of columns, that mean something only where rows become tickets.
const OF_TICKETS: &[(Field, &[&str])] = &[
    (Field::ExternalId, &["来源编号", "外部编号", "externalid"]),
    (
        Field::Channel,
        &[
            "渠道",
            "来源渠道",
            "诉求渠道",
            "受理渠道",
            "受理方式",
            "来电方式",
            "反映渠道",
            "诉求来源",
            "工单来源",
            "channel",
        ],
    ),
    (Field::ReceivedAt, &["receivedat"]),
    (
        Field::Address,
        &[
            "事发地址",
            "诉求地址",
            "事发地点",
            "事件地址",
            "发生地址",
            "详细地址",
            "具体地址",
            "地点",
            "地址",
            "address",
        ],
    ),
    (
        Field::ContactName,
        &[
            "联系人",
            "联系人姓名",
            "诉求人",
            "诉求人姓名",
            "来电人",
            "来电人姓名",
            "反映人",
            "反映人姓名",
            "投诉人",
            "投诉人姓名",
            "市民姓名",
            "姓名",
            "contactname",
            "callername",
            "name",
        ],
    ),
    (
        Field::ContactPhone,
        &[
            "联系电话",
            "来电号码",
            "主叫号码",
            "联系人电话",
            "诉求人电话",
            "手机号码",
            "手机号",
            "手机",
            "电话号码",
            "电话",
            "联系方式",
            "contactphone",
            "callerphone",
            "phone",
            "mobile",
        ],
    ),
    (Field::ContactOther, &["邮箱", "电子邮箱", "微信", "其他联系方式", "contactother", "email"]),
];

/// What the name of a column holds that says who complained.
const PERSONAL: &[&str] = &[
    "姓名",
    "联系电话",
    "联系方式",
    "联系人",
    "电话号码",
    "手机",
    "来电号码",
    "主叫",
    "电话",
    "身份证",
    "证件号",
    "证件类型",
    "诉求人",
    "投诉人",
    "来电人",
    "反映人",
    "举报人",
    "邮箱",
    "email",
    "phone",
    "mobile",
    "性别",
    "年龄",
    "微信",
    "联系地址",
    "家庭住址",
    "callername",
    "contactname",
];

/// What the name of a column holds that is about a field, and not it: 办理结果满意度, 承办单位编码.
const ABOUT: &[&str] =
    &["满意", "是否", "编码", "代码", "评价", "附件", "备注", "数量", "次数", "时长", "状态", "回访"];

/// Levels of a category that has a column for each.
const LEVELS: &[(&str, u8)] = &[
    ("一级", 1),
    ("二级", 2),
    ("三级", 3),
    ("四级", 4),
    ("五级", 5),
    ("大类", 1),
    ("中类", 2),
    ("小类", 3),
    ("细类", 4),
    ("level1", 1),
    ("level2", 2),
    ("level3", 3),
    ("level4", 4),
    ("level5", 5),
];
/// What such columns are called otherwise.
const LEVELLED: &[&str] = &["分类", "类别", "类型", "目录", "事项", "标签", "问题", "category", "class"];

/// A column's name without what differs from system to system: blanks, marks, remarks in brackets.
pub(super) fn key(name: &str) -> String {
    let name = normalise(name);
    let name = name.split(['(', '[', '【']).next().filter(|head| !head.trim().is_empty()).unwrap_or(&name);
    name.chars().filter(|c| c.is_alphanumeric()).collect()
}

/// Names that are known, with their fields among those of a purpose, and how likely each is: 0 is the likeliest.
fn known(purpose: Purpose) -> impl Iterator<Item = (Field, usize, &'static str)> {
    let further = if purpose == Purpose::Tickets { OF_TICKETS } else { &[] };
    let all = NAMES.iter().chain(further);
    let all = all.filter_map(move |(field, names)| Some((field.of(purpose)?, names)));
    all.flat_map(|(field, names)| names.iter().enumerate().map(move |(place, name)| (field, place, *name)))
}

/// The field that a column of this name may be, with how likely the name is among those of the field: 0 is the
/// likeliest.
pub(super) fn exact(name: &str, purpose: Purpose) -> Option<(Field, usize)> {
    let key = key(name);
    known(purpose).find(|(_, _, name)| *name == key).map(|(field, place, _)| (field, place))
}

/// The field whose name stands within that of the column: 市民诉求内容, 承办单位名称.
pub(super) fn within(name: &str, purpose: Purpose) -> Option<(Field, usize)> {
    let key = key(name);
    if ABOUT.iter().any(|word| key.contains(word)) {
        return None;
    }
    known(purpose)
        .filter(|(_, _, name)| name.chars().count() >= 4 && !name.is_ascii() && key.contains(name))
        .max_by_key(|(_, place, name)| (name.len(), std::cmp::Reverse(*place)))
        .map(|(field, place, _)| (field, place))
}

/// The level of the category that a column holds.
pub(super) fn level(name: &str) -> Option<u8> {
    let key = key(name);
    let (word, level) = LEVELS.iter().find(|(word, _)| key.contains(word))?;
    let rest = key.replacen(word, "", 1);
    let alone = rest.is_empty() || matches!(*word, "大类" | "中类" | "小类" | "细类");
    (alone || LEVELLED.iter().any(|known| rest.contains(known))).then_some(*level)
}

/// Whether a column of this name holds who complained.
pub(super) fn is_personal(name: &str) -> bool {
    let key = key(name);
    exact(name, Purpose::Cases).is_none()
        && (key == "name" || PERSONAL.iter().any(|word| key.contains(word)))
        && !["内容", "描述", "标题"].iter().any(|word| key.ends_with(word))
}

/// How many cells of a row are names of columns.
pub(super) fn score(cells: &[String], purpose: Purpose) -> usize {
    let known = |cell: &&String| {
        exact(cell, purpose).is_some()
            || level(cell).is_some()
            || within(cell, purpose).is_some() && cell.chars().count() < 12
    };
    cells.iter().filter(known).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_columns() {
        for (name, expect) in [
            ("工单编号", Some(Field::Id)),
            ("受理编号*", Some(Field::Id)),
            ("诉求内容（必填）", Some(Field::Text)),
            ("来电 内容", Some(Field::Text)),
            ("工單內容", Some(Field::Text)),
            ("问题描述：", Some(Field::Text)),
            ("主题", Some(Field::Title)),
            ("承办单位", Some(Field::Department)),
            ("责任部门", Some(Field::Department)),
            ("诉求类型", Some(Field::Category)),
            ("区县", Some(Field::District)),
            ("受理时间", Some(Field::OpenedOn)),
            ("Created_At", Some(Field::OpenedOn)),
            ("答复内容", Some(Field::Reply)),
            ("opened_on", Some(Field::OpenedOn)),
            ("ID", Some(Field::Id)),
            ("序号", None),
            ("办结时间", None),
            ("", None),
        ] {
            assert_eq!(exact(name, Purpose::Cases).map(|(field, _)| field), expect, "{name}");
        }
    }

    #[test]
    fn names_of_columns_of_tickets() {
        for (name, expect) in [
            ("工单编号", Some(Field::ExternalId)),
            ("受理时间", Some(Field::ReceivedAt)),
            ("联系电话", Some(Field::ContactPhone)),
            ("来电人", Some(Field::ContactName)),
            ("事发地址（必填）", Some(Field::Address)),
            ("来源渠道", Some(Field::Channel)),
            ("诉求内容", Some(Field::Text)),
            ("承办单位", None),
            ("答复内容", None),
        ] {
            assert_eq!(exact(name, Purpose::Tickets).map(|(field, _)| field), expect, "{name}");
        }
    }

    #[test]
    fn names_within_names() {
        for (name, expect) in [
            ("市民诉求内容", Some(Field::Text)),
            ("承办单位名称", Some(Field::Department)),
            ("工单受理时间", Some(Field::OpenedOn)),
            ("办理结果满意度", None),
            ("承办单位编码", None),
            ("回访内容", None),
            ("办结时间", None),
        ] {
            assert_eq!(within(name, Purpose::Cases).map(|(field, _)| field), expect, "{name}");
        }
    }

    #[test]
    fn levels_and_persons() {
        for (name, expect) in [
            ("一级分类", Some(1)),
            ("诉求四级类别", Some(4)),
            ("事项二级目录", Some(2)),
            ("问题大类", Some(1)),
            ("category_level3", Some(3)),
            ("二级承办单位", None),
            ("分类", None),
        ] {
            assert_eq!(level(name), expect, "{name}");
        }
        for (name, expect) in [
            ("联系电话", true),
            ("市民姓名", true),
            ("投诉人身份证号", true),
            ("name", true),
            ("电话内容", false),
            ("投诉内容", false),
            ("承办单位", false),
        ] {
            assert_eq!(is_personal(name), expect, "{name}");
        }
    }

    /// No name belongs to two fields, and each is written as it is compared.
    #[test]
    fn names_are_unique() {
        let mut all: Vec<&str> = NAMES.iter().chain(OF_TICKETS).flat_map(|(_, names)| names.iter().copied()).collect();
        assert!(all.iter().all(|name| key(name) == *name));
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }
}

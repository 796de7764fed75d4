//! What the keys of each file mean, in the words of those who write them.

use crate::rules::condition_definitions;

/// What each kind of file is.
const TITLES: &[(&str, &str)] = &[
    ("bundle", "规则包设置 rules/bundle.yaml"),
    ("departments", "承办单位 rules/departments.yaml"),
    ("regions", "属地 rules/regions.yaml"),
    ("assessment", "考核办法 rules/assessment.yaml"),
    ("responsibility", "派单目录 rules/responsibility/"),
    ("calendar", "工作日历 rules/calendar/"),
    ("terms", "词表 rules/terms/，在条件里写作 $名称"),
    ("conditions", "共用条件 rules/conditions/，在条件里写作 $名称"),
    ("scenario", "场景 rules/scenarios/"),
    ("article", "知识条目的头部 knowledge/articles/"),
    ("notice", "公告的头部 knowledge/notices/"),
    ("case", "历史案例的一行 knowledge/cases/"),
];

/// By kind of file or name of a part, and key.
pub(super) const KEYS: super::Words = &[
    ("bundle.name", "规则包的名称"),
    ("bundle.languages", "内容的语言，例如 [zh]"),
    ("bundle.time_zone", "时区（IANA 名称），默认 Asia/Shanghai"),
    ("bundle.hotline", "热线号码，答复里的 {{ hotline }}"),
    ("bundle.bar", "自动派单必须达到的准确率，默认 {target: 0.95}"),
    ("Assessment.from", "从哪一天起执行"),
    ("Assessment.basis", "依据的文件"),
    ("Assessment.rates", "各项指标"),
    ("Rate.name", "指标的英文名，程序用"),
    ("Rate.title", "指标的名称"),
    ("Rate.of", "分子：计数 → 权重"),
    ("Rate.out_of", "分母：计数 → 权重"),
    ("Rate.points", "指标为 1 时的分值"),
    ("Bar.target", "判对的比例，0 到 1"),
    ("Department.id", "编号：小写字母、数字和 -"),
    ("Department.name", "正式名称"),
    ("Department.aliases", "市民和话务员怎么叫它"),
    ("Department.webhook", "它的业务系统接收工单消息的 https 地址"),
    ("Department.parent", "上级单位的编号"),
    ("Department.region", "只负责一个属地时，写该属地的编号"),
    ("Department.duties", "职责，一两句话"),
    ("Department.phone", "电话"),
    ("Department.calendar", "哪些天算工作日：workdays 按工作日历（默认），every-day 天天上班"),
    ("Department.bar", "派给它的自动派单要达到的准确率，与全局不同时才写"),
    ("Department.confidential", "true：对它隐去是谁反映的"),
    ("Region.id", "编号：小写字母、数字和 -"),
    ("Region.name", "正式名称"),
    ("Region.level", "级别：city 市，district 区县，street 街道或乡镇"),
    ("Region.parent", "上一级属地的编号"),
    ("Region.aliases", "别的叫法"),
    ("Responsible.scenario", "场景编号；scenario 和 category 写一个"),
    ("Responsible.category", "类别，对其下所有场景有效；scenario 和 category 写一个"),
    ("Responsible.region", "只在这个属地有效（属地编号）；不写则全市"),
    ("Responsible.from", "从这天起有效"),
    ("Responsible.until", "到这天为止，当天仍有效"),
    ("Responsible.lead", "主办单位的编号"),
    ("Responsible.joint", "协办单位的编号"),
    ("Responsible.basis", "依据：派单目录、法规或会议纪要，必填"),
    ("Responsible.reason", "理由，有争议时凭什么认定"),
    ("calendar.year", "年份"),
    ("calendar.basis", "依据的放假通知"),
    ("calendar.holidays", "放假的日子，连周末一起算"),
    ("calendar.workdays", "调休上班的周末"),
    ("Holiday.name", "节日"),
    ("Holiday.from", "第一天"),
    ("Holiday.to", "最后一天"),
    ("scenario.id", "编号，写成 领域/名称，只用小写字母、数字和 -"),
    ("scenario.title", "标题，话务员看到的"),
    ("scenario.category", "类别，一级一级用 / 隔开"),
    ("scenario.kind", "来电人通常要什么：咨询、求助、投诉、举报、建议、表扬、其他"),
    ("scenario.priority", "几个场景同时命中时谁在前：emergency 紧急，urgent 优先，normal 一般（默认），low 靠后"),
    ("scenario.exclusive", "true：命中后，学来的判断不能推翻它"),
    ("scenario.auto", "true：编辑担保可以不经人工直接派单"),
    ("scenario.when", "什么样的诉求属于本场景"),
    ("scenario.hints", "出现时名次提前，但单靠它不会命中；只写词和 $词表"),
    ("scenario.deadline", "办结时限，例如 24 hours、5 working days、24小时、5个工作日"),
    ("scenario.deadline_basis", "时限的依据"),
    ("scenario.slots", "要素槽：答复或派单要用的信息，缺了就问；名称用小写字母、数字和 _"),
    ("scenario.steps", "处理步骤，按顺序"),
    ("scenario.reply", "答复。{{ 名称 }} 处填入要素槽或 department、unit、deadline、district、scenario、hotline"),
    ("scenario.articles", "相关知识条目的编号，最要紧的在前"),
    ("scenario.examples", "例句"),
    ("SlotFile.fact", "由哪种要素填入；不写则只能由话务员填"),
    ("SlotFile.ask", "没有时问来电人的话"),
    ("SlotFile.required", "true：没有它不能办理，不会自动派单"),
    ("SlotFile.else", "没有时答复里写什么"),
    ("Examples.match", "应当命中并排在首位的整句话"),
    ("Examples.no_match", "不应命中的整句话，写最容易混淆的"),
    ("article.id", "编号：小写字母、数字、- 和 /"),
    ("article.title", "标题"),
    ("article.basis", "依据的法规或文件，至少一项"),
    ("article.effective", "所依据的内容从哪天起生效"),
    ("article.reviewed", "最近一次核对的日期"),
    ("article.expires", "最后有效的一天，过后不再提供"),
    ("article.local_example", "true：虚构的本地规定，采用规则包的城市要换成自己的"),
    ("article.questions", "已知的问法"),
    ("article.scenarios", "它回答哪些场景（编号）"),
    ("article.departments", "与哪些承办单位有关（编号）"),
    ("article.regions", "只在这些属地有效（编号）；不写则全市"),
    ("Basis.title", "法规或文件的全称"),
    ("Basis.article", "第几条"),
    ("Basis.url", "发布的网址"),
    ("notice.id", "编号"),
    ("notice.title", "标题"),
    ("notice.place", "涉及的属地（编号）"),
    ("notice.words", "涉及的路名、小区名，每个至少两个字"),
    ("notice.from", "从何时起，例如 2026-11-25 08:00"),
    ("notice.until", "到何时止（这一分钟不算在内）"),
    ("notice.scenarios", "只在这些场景下提供（编号）"),
    ("case.id", "编号，不能重复"),
    ("case.text", "诉求内容"),
    ("case.title", "标题"),
    ("case.scenario", "场景编号"),
    ("case.category", "类别"),
    ("case.department", "承办单位，编号或名称"),
    ("case.unit", "具体承办的单位"),
    ("case.district", "属地"),
    ("case.reply", "答复内容"),
    ("case.opened_on", "受理日期"),
    ("case.origin", "real 真实（默认），example 编写的示例"),
];

/// The title of the schema of a kind of file.
pub(super) fn title(kind: &str) -> &'static str {
    TITLES.iter().find(|(known, _)| *known == kind).map_or("", |(_, title)| title)
}

/// What a key of a kind of file, or of a part of one, means.
pub(super) fn of(words: super::Words, part: &str, key: &str) -> Option<&'static str> {
    let wanted = |known: &str| known.split_once('.') == Some((part, key));
    words.iter().find(|(known, _)| wanted(known)).map(|(_, words)| *words)
}

/// Whether the schema of a part was written with its words, not derived from a struct: those of conditions.
pub(super) fn is_written_by_hand(part: &str) -> bool {
    matches!(part, "terms" | "conditions")
        || condition_definitions().as_object().is_some_and(|definitions| definitions.contains_key(part))
}

#[cfg(test)]
pub(super) fn keys() -> impl Iterator<Item = &'static str> {
    KEYS.iter().map(|(key, _)| *key)
}

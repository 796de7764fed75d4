//! Names of persons in a text, found by what stands around them: 张先生, 市民张三反映, 联系人：张三. There is no list of
//! names; a name is one to three characters that begin with a surname where such words say that a person is named. A name
//! that nothing points to is not found.

use std::ops::Range;
use std::sync::LazyLock;

use rustc_hash::FxHashSet;

/// Surnames of one character, by how many bear them (the first two hundred or so).
const SURNAMES: &str = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖萧田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈\
姚卢姜崔钟谭陆汪范金石廖贾夏韦付傅方白邹孟熊秦邱丘江尹薛闫阎段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤温康施文牛樊葛邢安\
齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申欧耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅童凌毕单季裴霍涂成苗谷盛曲翁冉骆蓝路游辛靳管柴蒙鲍华\
喻祁蒲房滕屈饶解牟艾尤阳时穆农司卓古吉缪简车项连芦麦褚娄窦戚岑景党宫费卜冷晏席卫米柏宗瞿桂全佟应臧闵苟邬边卞姬师和仇栾隋商刁沙荣巫寇桑郎甄丛仲虞敖巩明佘池查麻苑迟邝";
/// Surnames of two characters.
const COMPOUND: &[&str] = &[
    "欧阳", "司马", "上官", "诸葛", "司徒", "东方", "独孤", "南宫", "夏侯", "尉迟", "公孙", "慕容", "令狐", "皇甫",
    "宇文", "长孙", "端木", "申屠", "轩辕",
];
/// Surnames that are far more often another word; before a mere office (向主任) they are taken for that.
const OTHER_WORDS: &str = "向于和时全成关连安明应单路车管解项古文方白金高万华任司房何谢";
/// Words that end in a surname: 公司经理, 班主任老师, 药房主任.
const WORDS: &[&str] = &[
    "公司", "主任", "药房", "查房", "病房", "住房", "感谢", "多谢", "任何", "健康", "小区", "校区", "社区", "辖区",
    "小时", "当时", "及时",
];
/// Words that begin with a surname and stand where names do: 已向客户解释.
const LIKE_NAMES: &[&str] = &[
    "解释", "解决", "解答", "查询", "查看", "安全", "安装", "安排", "时间", "管理", "商量", "商议", "付钱", "付款",
    "关切", "关注", "关于", "明确", "谢谢", "施工", "单元", "单位", "殷切", "应该", "成功", "满意", "方便", "高度",
    "高兴", "和谐", "沈阳", "申请", "支付", "安心", "温馨", "强烈", "多次", "全体", "连续", "计划", "计算", "金额",
    "车辆", "车主", "路过", "古稀", "董事", "常年", "相关",
];
/// Characters that are in no name.
const FUNCTION: &str = "被的了是在不有与及对给把让将已要请能会都也还就时称说";
/// What a person is called after the name, of whoever calls. The longest first.
const TITLES: &[&str] =
    &["先生", "女士", "小姐", "同志", "太太", "大爷", "大妈", "大娘", "大叔", "大哥", "大姐", "阿姨", "奶奶", "爷爷"];
/// What a person is called by office or trade.
const OFFICES: &[&str] = &[
    "师傅", "老师", "医生", "大夫", "护士", "经理", "主任", "校长", "局长", "科长", "所长", "书记", "律师", "警官",
    "总",
];
/// Who comes before a name.
const PERSONS: &[&str] = &[
    "市民",
    "居民",
    "村民",
    "业主",
    "群众",
    "住户",
    "租户",
    "租客",
    "房东",
    "家长",
    "游客",
    "乘客",
    "顾客",
    "客户",
    "用户",
    "消费者",
    "患者",
    "病人",
    "员工",
    "职工",
    "工人",
    "司机",
    "诉求人",
    "投诉人",
    "来电人",
    "反映人",
    "举报人",
    "求助人",
    "我叫",
    "名叫",
    "本人叫",
    "联系人",
    "姓名",
    "户主",
];
/// What a person who was named does next.
const DEEDS: &[&str] = &[
    "来电",
    "反映",
    "反应",
    "投诉",
    "咨询",
    "举报",
    "求助",
    "称",
    "表示",
    "建议",
    "希望",
    "要求",
    "询问",
    "致电",
    "拨打",
    "来信",
    "来访",
    "电话",
    "手机",
    "联系",
    "身份证",
    "性别",
    "，",
    "。",
    "、",
    "；",
    "：",
    ",",
    ";",
    ":",
    "(",
    "（",
    "）",
    ")",
    " ",
    "\n",
    "\t",
    "【",
    "】",
    "[",
    "]",
    "|",
    "/",
];
/// Labels of forms that a name follows.
const LABELS: &[&str] = &[
    "联系人",
    "诉求人",
    "投诉人",
    "来电人",
    "反映人",
    "举报人",
    "求助人",
    "申请人",
    "当事人",
    "报修人",
    "来信人",
    "来访人",
    "姓名",
    "户主",
    "户名",
    "业主姓名",
    "市民姓名",
    "经办人",
    "法人代表",
    "法定代表人",
    "负责人",
];
/// What stands before a title without being a name: 销售小姐.
const SERVICES: &[&str] = &["销售", "客服", "导购", "服务", "前台", "接线", "话务", "值班", "工作", "退休", "革命"];
/// Characters that are in no name before a title: 这位女士, 另一名男子.
const NOT_IN_NAMES: &str = "这那位名个该某各诸男女老的是有和与及请我你您他她们对给被把让当本小大另其几两";
/// What stands after such a label without being a name.
const NO_NAMES: &[&str] = &[
    "匿名",
    "不详",
    "无",
    "保密",
    "未知",
    "本人",
    "市民",
    "业主",
    "群众",
    "居民",
    "拒绝",
    "不便",
    "未提供",
    "不愿",
    "不明",
    "同上",
    "某某",
    "女士",
    "先生",
    "小姐",
    "机主",
    "客户",
    "用户",
    "暂无",
    "没有",
];

static SURNAME: LazyLock<FxHashSet<char>> = LazyLock::new(|| SURNAMES.chars().collect());

/// The characters of a text with questions that are asked of them.
struct Scan<'a>(&'a [char]);

impl Scan<'_> {
    fn is_han(&self, at: usize) -> bool {
        self.0.get(at).is_some_and(|c| ('\u{3400}'..='\u{9FFF}').contains(c))
    }

    fn begins(&self, at: usize, word: &str) -> bool {
        let mut rest = self.0.get(at..).unwrap_or_default().iter();
        word.chars().all(|c| rest.next() == Some(&c))
    }

    fn ends(&self, at: usize, word: &str) -> bool {
        let length = word.chars().count();
        at >= length && self.begins(at - length, word)
    }

    /// The length of the first of the words that begins here.
    fn any(&self, at: usize, words: &[&str]) -> Option<usize> {
        words.iter().find(|word| self.begins(at, word)).map(|word| word.chars().count())
    }

    fn any_ends(&self, at: usize, words: &[&str]) -> bool {
        words.iter().any(|word| self.ends(at, word))
    }

    /// The length of the surname that begins here.
    fn surname(&self, at: usize) -> Option<usize> {
        if let Some(length) = self.any(at, COMPOUND) {
            return Some(length);
        }
        self.0.get(at).is_some_and(|c| SURNAME.contains(c)).then_some(1)
    }
}

/// Whether a cell for a name says that there is none.
pub(super) fn is_none(cell: &str) -> bool {
    NO_NAMES.iter().any(|word| cell.starts_with(word))
}

/// Where names stand, in characters; in order and apart from one another.
pub(super) fn find(characters: &[char]) -> Vec<Range<usize>> {
    let scan = Scan(characters);
    let mut found: Vec<Range<usize>> = Vec::new();
    for at in 0..characters.len() {
        let name = after_label(&scan, at).or_else(|| before_title(&scan, at)).or_else(|| after_person(&scan, at));
        if let Some(name) = name {
            found.push(name);
        }
    }
    found.sort_by_key(|range| (range.start, std::cmp::Reverse(range.end)));
    let mut end = 0;
    found.retain(|range| {
        let apart = range.start >= end;
        end = end.max(range.end);
        apart
    });
    found
}

/// `联系人：张三`: a label that ends at `at`, then a colon or blank, then up to four characters to the next mark.
fn after_label(scan: &Scan<'_>, at: usize) -> Option<Range<usize>> {
    if !scan.0.get(at).is_some_and(|c| matches!(c, '：' | ':' | ' ' | '是' | '为')) || !scan.any_ends(at, LABELS) {
        return None;
    }
    let marked = matches!(scan.0[at], '：' | ':');
    let start = at + 1 + scan.0[at + 1..].iter().take(3).take_while(|c| c.is_whitespace()).count();
    if scan.any(start, NO_NAMES).is_some() {
        return None;
    }
    let ends = |end: usize| !scan.is_han(end) && scan.0.get(end) != Some(&'·') || scan.any(end, TITLES).is_some();
    let end = (start + 1..=start + 12).find(|end| ends(*end) || scan.any(*end, DEEDS).is_some())?;
    let name = &scan.0[start.min(end)..end.min(scan.0.len())];
    // Of four characters and more only the names that are written with a dot, or begin as a name does.
    let fits = match name.len() {
        0 | 1 => false,
        2 | 3 => marked || scan.surname(start).is_some(),
        4 => scan.surname(start) == Some(2),
        _ => name.contains(&'·'),
    };
    (fits && scan.is_han(start)).then_some(start..end)
}

/// `张先生`, `张三先生`: the name before a title that begins at `at`.
fn before_title(scan: &Scan<'_>, at: usize) -> Option<Range<usize>> {
    let is_title = scan.any(at, TITLES).is_some();
    if !is_title && scan.any(at, OFFICES).is_none() {
        return None;
    }
    let is_start = |start: usize| {
        start == 0
            || !scan.is_han(start - 1)
            || scan.any_ends(start, PERSONS)
            || matches!(scan.0[start - 1], '的' | '由' | '叫' | '是' | '找' | '与')
    };
    let candidates: Vec<usize> = (1..=4)
        .filter_map(|length| at.checked_sub(length))
        .filter(|start| (*start..at).all(|place| scan.is_han(place)))
        .filter(|start| scan.surname(*start).is_some_and(|length| (length..=length + 2).contains(&(at - start))))
        .collect();
    if candidates.is_empty() && is_title {
        // A surname that few bear, where it is clear how far the name goes.
        let in_name = |place: usize| scan.is_han(place) && !NOT_IN_NAMES.contains(scan.0[place]);
        let run = (0..at).rev().take_while(|place| in_name(*place)).take(4).count();
        let start = at - run;
        let lead = (start..at).find(|place| scan.any_ends(*place, PERSONS));
        let start = lead.unwrap_or(start);
        let is_word = scan.any_ends(at, TITLES) || scan.any_ends(at, SERVICES);
        return ((1..=3).contains(&(at - start)) && is_start(start) && !is_word).then_some(start..at);
    }
    // The longest where a name clearly begins, else the shortest: 小区张先生, where 区 is a surname too.
    let clear = candidates.iter().rev().find(|start| is_start(**start));
    let compound = candidates.iter().find(|start| scan.surname(**start) == Some(2));
    let start = *clear.or(compound).or_else(|| candidates.first())?;
    let is_word = at - start == 1 && (OTHER_WORDS.contains(scan.0[start]) || scan.any_ends(at, WORDS));
    let doubtful = !is_title && (is_word || !is_start(start) && at - start > 1);
    // 王总 is a person, 王总是 is not.
    let total = scan.0[at] == '总' && scan.is_han(at + 1) && scan.any(at + 1, DEEDS).is_none();
    (!doubtful && !total).then_some(start..at)
}

/// `市民张三反映`: the name after who it is, up to what that person does.
fn after_person(scan: &Scan<'_>, at: usize) -> Option<Range<usize>> {
    if at == 0 || !scan.any_ends(at, PERSONS) {
        return None;
    }
    let surname = scan.surname(at)?;
    // The longer name first: 王小林 before 王小.
    (surname + 1..=surname + 2).rev().map(|length| at + length).find_map(|end| {
        let in_name = |place: usize| scan.is_han(place) && !FUNCTION.contains(scan.0[place]);
        let is_name = (at..end).all(in_name) && scan.any(at, LIKE_NAMES).is_none();
        let over = end == scan.0.len() || scan.any(end, DEEDS).is_some();
        (is_name && over).then_some(at..end)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        let characters: Vec<char> = text.chars().collect();
        find(&characters).into_iter().map(|range| characters[range].iter().collect()).collect()
    }

    /// All names are made up.
    #[test]
    fn names_are_found() {
        for (text, expect) in [
            ("张先生反映路灯不亮", &["张"][..]),
            ("市民王小林女士来电", &["王小林"]),
            ("小区张先生称", &["张"]),
            ("欧阳女士反映", &["欧阳"]),
            ("市民张三反映路灯不亮", &["张三"]),
            ("业主李四五投诉物业", &["李四五"]),
            ("联系人：赵六，电话", &["赵六"]),
            ("联系人: 钱七", &["钱七"]),
            ("姓名：尼格·买提，住", &["尼格·买提"]),
            ("我叫孙八，住在", &["孙八"]),
            ("请联系周师傅", &["周"]),
            ("寅先生您好", &["寅"]),
            ("业主寅一一女士反映", &["寅一一"]),
            ("有一位老先生", &[]),
            ("已向客户解释，客户不认可", &[]),
            ("班主任老师和公司经理", &[]),
            ("销售小姐说没有", &[]),
            ("孩子的爷爷奶奶", &[]),
            ("联系人：女士", &[]),
            ("市民和被投诉市民商议", &[]),
            ("多名小区女士", &[]),
            ("李主任说不归他管", &["李"]),
            ("投诉人：匿名", &[]),
            ("联系人：不详", &[]),
            ("市民反映路灯不亮", &[]),
            ("市民高度关注", &[]),
            ("业主张贴小广告被罚", &[]),
            ("我向主任反映过", &[]),
            ("物业经理态度差", &[]),
            ("先生您好", &[]),
            ("这位女士", &[]),
            ("多次联系人工客服", &[]),
            ("", &[]),
        ] {
            assert_eq!(found(text), expect, "{text}");
        }
    }
}

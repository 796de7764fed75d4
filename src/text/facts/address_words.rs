//! The words that addresses are made of: what the parts end in, what cannot be part of a name, and names that are no
//! one place's.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use super::scan::Lexicon;

/// What a part of an address names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    /// Province, city, district, county.
    Region,
    /// Street office, town, village, community.
    Town,
    /// Road, street, lane.
    Road,
    /// Compound, building, shop, school, park, station.
    Site,
}

/// How a part ends.
pub(super) struct Suffix {
    pub(super) word: &'static str,
    pub(super) level: Level,
    /// The most characters a name before it has.
    pub(super) longest: usize,
    /// How many a name has where nothing shows where it begins.
    pub(super) usual: usize,
}

const fn suffix(word: &'static str, level: Level, longest: usize, usual: usize) -> Suffix {
    Suffix { word, level, longest, usual }
}

use Level::{Region, Road, Site, Town};

/// Longer words first where one ends another.
const SUFFIXES: &[Suffix] = &[
    suffix("开发区", Region, 6, 2),
    suffix("新区", Region, 4, 2),
    suffix("省", Region, 3, 2),
    suffix("市", Region, 3, 2),
    suffix("县", Region, 4, 2),
    suffix("街道", Town, 4, 2),
    suffix("社区", Town, 5, 2),
    suffix("新村", Site, 4, 2),
    suffix("镇", Town, 4, 2),
    suffix("乡", Town, 4, 2),
    suffix("村", Town, 4, 2),
    suffix("大道", Road, 5, 2),
    suffix("大街", Road, 4, 2),
    suffix("路", Road, 5, 2),
    suffix("街", Road, 4, 2),
    suffix("巷", Road, 4, 2),
    suffix("胡同", Road, 4, 2),
    suffix("立交桥", Road, 4, 2),
    suffix("大桥", Road, 4, 2),
    suffix("小区", Site, 8, 4),
    suffix("校区", Site, 6, 2),
    suffix("花园", Site, 6, 2),
    suffix("家园", Site, 6, 2),
    suffix("公寓", Site, 6, 2),
    suffix("大厦", Site, 6, 2),
    suffix("广场", Site, 6, 2),
    suffix("市场", Site, 8, 4),
    suffix("医院", Site, 10, 4),
    suffix("学校", Site, 8, 4),
    suffix("小学", Site, 8, 2),
    suffix("中学", Site, 8, 2),
    suffix("幼儿园", Site, 8, 2),
    suffix("大学", Site, 8, 2),
    suffix("学院", Site, 8, 4),
    suffix("公园", Site, 6, 2),
    suffix("酒店", Site, 8, 4),
    suffix("宾馆", Site, 6, 2),
    suffix("超市", Site, 6, 2),
    suffix("商场", Site, 6, 2),
    suffix("商城", Site, 6, 2),
    suffix("购物中心", Site, 6, 2),
    suffix("公馆", Site, 5, 2),
    suffix("别墅", Site, 5, 2),
    suffix("山庄", Site, 5, 2),
    suffix("雅苑", Site, 4, 2),
    suffix("豪庭", Site, 4, 2),
    suffix("华庭", Site, 4, 2),
    suffix("华府", Site, 4, 2),
    suffix("工业园", Site, 6, 2),
    suffix("产业园", Site, 6, 2),
    suffix("车站", Site, 5, 2),
    suffix("东站", Site, 3, 2),
    suffix("西站", Site, 3, 2),
    suffix("南站", Site, 3, 2),
    suffix("北站", Site, 3, 2),
    suffix("机场", Site, 4, 2),
    suffix("码头", Site, 4, 2),
    suffix("地铁站", Site, 5, 3),
    suffix("苑", Site, 4, 3),
    suffix("区", Region, 4, 2),
];

/// Characters that no name of a place has: where one stands, the name begins after it.
pub(super) const BREAKS: &str = "的了我你您他她它们这那哪该请吗呢吧啊是在把被给称问坐乘搭等而避免些违停占辆怪促拐入求各像盼说着很就都还到到没就想让沿因此其某每些与及或跟但望去从再也又才只并且则若均已";

/// Words that stand before names and end in characters that names have too. The name begins after the last of them.
const LEADS: &str = "物业公司 私家车 机动车 开发商 教育局 申请人 大部分 附属于 位于 位於 住于 处于 由于 关于 对于 至于 属于 \
    坐落 反映 反应 来电 咨询 投诉 举报 建议 求助 表示 发现 市民 业主 居民 村民 群众 网友 家住 居住 租住 入住 \
    路过 经过 途经 途径 前往 来到 走到 开往 往返 附近 旁边 对面 周边 周围 门口 工单 内容 地址 地点 位置 现在 \
    今天 昨天 前天 今年 去年 目前 近日 最近 早上 上午 下午 晚上 希望 要求 尊敬 领导 书记 您好 你好 修好 搞好 \
    做好 如何 为何 什么 怎么 以及 还有 包括 购买 乘坐 行驶 施工 堵塞 占用 建成 修建 通过 穿过 连接 进入 离开 \
    回到 出口 入口 方向 交界 路口 等于 小型 完善 避免 督促 负责 支持 联系 严格 遵守 强烈 加强 维护 破坏 影响 \
    治理 整治 导致 造成 难怪 反倒 商户 垄断 切断 阻止 政府 公司 部门 车辆 小车 司机 学生 家长 老师 孩子 患者 \
    医生 保安 物业 各类 各种 各个 多家 一家 两家 几家 一些 大量 所有 全部 任何 其他 其它 另外 因为 虽然 但是 \
    而且 如果 按照 根据 依据 针对 面对 应该 必须 需要 已经 曾经 一直 仍然 正在 刚刚 本来 原来 没有 不是 就是 \
    还是 都是 只有 只能 才能 可以 可能 能否 是否 请问 请求 恳请 恳求 敬请 呼吁 开通 增设 设立 新建 扩建 改造 \
    拆除 拆迁 搬迁 征收 承包 经营 销售 出售 贩卖 进行 成立 组织 提供 收取 缴纳 办理 报名 就读 上学 毕业 工作 \
    上班 下班 打工 来自 靠近 临近 邻近 毗邻 西邻 东邻 隔壁 沿着 两所 几所 一所 多所 号线 监管 监督 管理 指导 \
    举办 开设 设置 安装 增加 减少 取消 停止 恢复 变成 成为 作为 认为 以为 名为 叫做 叫作 进驻 落户 送到 送往 \
    调到 转到 搬到 住院 检查 治疗 抢救 看病 毗连 途中 期间 之前 之后 以前 以后 以来 当时 同时 随时 有时 小时 \
    分钟 左右 多次 再次 每次 首次 这次 此次 严重 非常 十分 特别 比较 尽快 立即 马上 及时 查办 责令 考虑 致电 \
    原告 被告 前去 亲自 查查 开办 合作 好像 就像 优质 非法 四周 从事 改善 新型 偏远 宣传 反正 部分 三家 这家 \
    那家 某家 网上 路上 楼上 楼下 街上 地上 以上 以下 小区 确认 申请 校外 整个 除了 甚至 至今 建在 位在 届 \
    位 治 力 称 对 和 由 于 往 有 住 为 至 向 离 距 以 将 可 要 会 能 来 不 个 条 座 所 号 后 时 间 内 里 过 \
    旁 边 侧 处 日 月 年 点 分 级 走 靠 近 逛 堵 修 挖 开 出 进 回 当 买 卖 租 建 盖 归 管 找 叫 派 使 用 即 \
    路 如 告";

/// [`LEADS`] where they begin.
pub(super) static LEAD: LazyLock<Lexicon> = LazyLock::new(|| Lexicon::beginning(LEADS));

/// [`LEADS`] where they end.
pub(super) static LEAD_END: LazyLock<Lexicon> = LazyLock::new(|| Lexicon::ending(LEADS));

/// Names that begin or end with one of [`LEADS`] of one character, which is then no lead.
pub(super) static NAME: LazyLock<Lexicon> = LazyLock::new(|| {
    Lexicon::beginning(
        "家天下 和平 和谐 和睦 和苑 为民 有为 上海 上城 上虞 下城 长上 来宾 不夜 进贤 开发 开元 开福 开封 开平 \
    开州 开江 开阳 用友 建设 建国 建业 建华 建安 建新 建邺 日月 日照 月亮 月湖 年丰 分宜 后海 后湖 内江 内环 \
    里水 近郊 里程 个旧 家乐 家和 处州 点军 上饶 上街 上林 下关 下沙 下陆 出海 回龙 回民 进化 当涂 当阳 向阳 \
    向荣 至善 以太 将乐 将军 可园 会展 会同 会城 会昌 能源 要塞 修文 修水 管城 过街 边城 时代 于都 于洪 由拳 \
    对山 住宅 条山 所前 即墨 归德 归仁 走马 靠山 离石 外环 建材 建筑 进修 用品 管理 盖州 如东 如皋 如意 路桥 \
    万和 人和 永和 泰和 仁和 中和 太和 安和 祥和 融和 三和 天和 德和 和安 和祥 和兴 和顺 和盛",
    )
});

/// Names of no one place, before the suffix.
pub(super) static GENERIC: LazyLock<Lexicon> = LazyLock::new(|| {
    Lexicon::beginning(
        "公共汽车 物业公司 劳动力 房地产 五星级 非机动 小区内 大多数 同一个 无物业 乡村医 供电线 高速公 乡村公 \
    示范性 商品房 二手房 水泥 柏油 沥青 高速 快速 主干 乡村 盘山 商业 步行 美食 小吃 整个 住宅 居民 封闭 \
    多个 几个 老旧 安置 物业 成熟 高档 普通 农贸 批发 综合 二手 建材 人才 水产 花鸟 租赁 金融 股票 资本 生鲜 \
    连锁 购物 城市 农村 城中 本地 外地 当地 中心 城乡 私立 公立 民办 公办 中小 高级 三甲 附属 定点 社会 职业 \
    专科 技工 培训 星级 大型 小型 商务 单身 白领 联排 独栋 地下 公交 汽车 加油 充电 国际 国内 市民 休闲 娱乐 \
    森林 湿地 街心 口袋 人行 机动 大马 大公 十字 丁字 交叉 风景 旅游 片区 生活 办公 休息 服务 保税 工业 自治 \
    行政 管辖 禁烟 吸烟 核心 营业 东南 东北 西南 西北 一个 这个 那个 两个 三个 每个 附近 周边 旁边 他们 我们 \
    咱们 楼下 对面 门口 多层 电梯 拆迁 回迁 保障 还建 单位 机关 部分 其他 另一 老年 开放 高层 别墅 花园 绿化 \
    大众 自然 贫困 外省 县级 地级 省会 本省 全省 全市 地铁 供电 供水 高考 美术 排水 大专 重点 建设 专业 蔬菜 \
    水果 海鲜 服装 家具 灯具 供应 演出 校外 就业 消费 房产 马 公 道 铁 线 电 走 修 小 土 半 思 出 回 问 网 \
    管 油 气 一 条 段 泥 让 占 堵 封 步 逛 大 老 旧 新 本 各 全 菜 城 农 乡 家 故 同 外 中 客 火 停 带 市 县 \
    区 省 街 路 村 镇 通 车 渠 频 轨 隧 过 岔 拐 内 里 支 便 辅 匝 景 库 矿 片 辖 灾 疫 地 专 校 社 郊 战 禁 \
    误 盲 园 特 时 分 重 学 病 东 西 南 北 整 商 贵 每 主 位 夜",
    )
});

/// What follows a region or town that speaks of its people or its office and not of the place.
pub(super) static NOT_PLACE: LazyLock<Lexicon> = LazyLock::new(|| {
    Lexicon::beginning(
        "人民政府 人民法院 城市管理 市场监 综合执 行政执 政府 法院 检察 公安 城管 住建 领导 干部 分局 交警 派出 \
    教育 卫生 工商 国土 规划 环保 水务 物价 食药 人社 财政 民政 相关 有关 管理 部门 交通 监督 信访 场化 局 \
    委 办 纪 党 民 长 级 别 税 各 亲 价 面 值 域 场 村 镇",
    )
});

/// What a name of a road goes on with when it is none: `路面`, `路灯`, `街道`.
pub(super) static NOT_ROAD: LazyLock<Lexicon> =
    LazyLock::new(|| Lexicon::beginning("边摊 上面 面 灯 过 人 政 费 况 由 线 程 子 道 坊 基 障 牌 径"));

/// Characters that make something else of what ends in `路`: `公路`, `铁路`, `堵路`.
pub(super) const NO_ROAD: &str = "堵线道电铁马倒走让占修赶带迷问思网套";

/// What numbers a house, building, floor or room, longer first.
pub(super) const NUMBERED: &[&str] = &[
    "号楼", "号院", "单元", "栋", "幢", "座", "号", "楼", "层", "室", "房", "期", "区", "弄", "组", "队", "门", "铺",
    "巷", "排", "户",
];

/// Where something is beside a place; the address ends with it.
pub(super) static TAIL: LazyLock<Lexicon> = LazyLock::new(|| {
    Lexicon::beginning(
        "十字路口 交叉路口 丁字路口 三岔路口 地下车库 农贸市场 委会门口 交叉口 交汇处 交界处 红绿灯 公交站 地铁站 \
    斜对面 停车场 西北角 东北角 西南角 东南角 菜市场 路口 路段 旁边 对面 门口 附近 后面 前面 楼下 楼上 楼顶 \
    入口 出口 东侧 西侧 南侧 北侧 东门 西门 南门 北门 后门 正门 大门 东边 西边 南边 北边 东面 西面 南面 北面 \
    桥下 桥头 周边 两侧 沿线 天桥 旁 段 口",
    )
});

/// What two roads have in common.
pub(super) static CROSSING: LazyLock<Lexicon> = LazyLock::new(|| {
    Lexicon::beginning("十字路口 交叉路口 丁字路口 三岔路口 交叉口 交汇处 交汇口 交界处 交接处 交叉处 路口 交汇 交叉")
});

/// The suffixes by their last character, in the order of [`SUFFIXES`].
pub(super) static SUFFIX: LazyLock<FxHashMap<char, Vec<&'static Suffix>>> = LazyLock::new(|| {
    let mut suffixes: FxHashMap<char, Vec<_>> = FxHashMap::default();
    for suffix in SUFFIXES {
        if let Some(last) = suffix.word.chars().next_back() {
            suffixes.entry(last).or_default().push(suffix);
        }
    }
    suffixes
});

/// The last characters of all suffixes: where none of them stands, no part ends.
pub(super) fn last_characters() -> String {
    SUFFIX.keys().collect()
}

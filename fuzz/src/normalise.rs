//! Any text, normalised, with the way back, sentences, words and facts.

use std::sync::OnceLock;

use jiesu::text::{Field, Segmenter, Text, normalise};

use crate::{Target, text};

/// A title, and after a line break the text.
pub const NORMALISE: Target = Target {
    name: "normalise",
    run,
    seeds: &[
        "水管漏水\n昨天下午三点半，东区人民路128弄5号3单元201室水管爆裂，电话１３８００１３８０００，损失三千五百元。",
        "\n2026年3月1日至3月5日，车牌京A·12345，12路公交车。身份证11010119900307743X，银行卡6222020200112233445，订单号ABC20260301001。",
        "①③⑫㎏㏄½ﬁ\u{feff}e\u{301}가\u{1f1e8}\u{1f1f3}👨‍👩‍👧☎️&lt;b&gt;&amp;nbsp;&#128688;&#x6c34;",
        "請問臺灣髒亂\r\n\u{2028}\u{85}\u{b}？！；…：。\n\n半小时、两三天、近一周、20来分钟、每月15号、上上周五、十二点一刻",
        "壹万贰仟叁佰元整，1,234.56元，3.5万，百分之五，二〇二六年，廿三，零下5度，1～3楼，5-6层",
    ],
    words: &[
        "年",
        "月",
        "日",
        "号",
        "点",
        "半",
        "元",
        "万",
        "亿",
        "千",
        "百",
        "十",
        "零",
        "〇",
        "两",
        "廿",
        "昨天",
        "去年",
        "上周五",
        "路",
        "弄",
        "单元",
        "区",
        "街道",
        "京A·12345",
        "13800138000",
        "0571-88888888",
        "&amp;",
        "&#",
        "&#x",
        ";",
        "\u{301}",
        "\u{200d}",
        "\u{fe0f}",
        "\u{202e}",
        "\u{feff}",
        "𠮷",
        "①",
        "㎏",
        "ﷺ",
        "ﬁ",
        "İ",
        "ß",
        "9999",
        "0000-00-00",
        "2026-02-30",
        "24:60",
        "。",
        "，",
        "\n",
        "999999999999999999999",
        "小时",
        "分钟",
        "http://",
        "每",
        "左右",
        "．",
        "／",
        "　",
    ],
};

fn run(data: &[u8]) {
    let input = text(data);
    let (title, body) = input.split_once('\n').unwrap_or(("", &input));
    let read = Text::new(Some(title), body);
    way_back(&read, title, body);
    for parts in [read.sentences(), read.clauses(), read.words(segmenter())] {
        assert!(parts.iter().all(|part| part.start <= part.end && part.end <= read.len()), "{parts:?}");
        assert!(parts.windows(2).all(|pair| pair[0].end <= pair[1].start), "they overlap: {parts:?}");
    }
    for fact in read.facts() {
        assert!(fact.range.start < fact.range.end && fact.range.end <= read.len(), "{fact:?}");
        for at in ["2026-03-02T10:00", "2024-02-29T23:59", "-009999-01-01T00:00", "9999-12-31T23:59:59"] {
            let at = at.parse().expect("a time");
            assert!(!fact.value(at).is_empty(), "{fact:?}");
        }
    }
    let once = normalise(body);
    // Entities are read once: what was escaped twice (&amp;nbsp;) is not read to the end.
    if !once.contains('&') {
        assert_eq!(normalise(&once), once, "normalised twice");
    }
}

/// Every normalised character has its place in the original, in order, and positions turn into bytes and back.
fn way_back(read: &Text, title: &str, body: &str) {
    let lengths = [title.chars().count(), body.chars().count()];
    let mut before = (Field::Title, 0);
    for (c, (byte, character)) in (0..).zip(read.normalised().char_indices()) {
        assert_eq!((read.byte_at_char(c), read.char_at_byte(byte)), (byte, c));
        assert_eq!(read.slice(c..c + 1), character.encode_utf8(&mut [0; 4]));
        let span = read.original(c..c + 1);
        let length = lengths[usize::from(span.field == Field::Text)];
        assert!(span.start <= span.end && span.end as usize <= length, "{span:?} of {length}");
        assert!(before <= (span.field, span.start), "{span:?} after {before:?}");
        assert_eq!(read.original_str(span).chars().count(), (span.end - span.start) as usize);
        before = (span.field, span.start);
    }
    // Past the end is the end, and backwards is nothing.
    let length = read.len();
    let _ = (read.original(length..length + 9), read.original(0..u32::MAX), read.slice(0..u32::MAX));
    let _ = (
        read.sentence_of(u32::MAX),
        read.clause_of(u32::MAX),
        read.byte_at_char(u32::MAX),
        read.char_at_byte(usize::MAX),
    );
}

fn segmenter() -> &'static Segmenter {
    static SEGMENTER: OnceLock<Segmenter> = OnceLock::new();
    SEGMENTER.get_or_init(|| Segmenter::new(["停水"]))
}

//! Broken tables: made of pieces that mean something to a reader, and by damaging whole ones.

use crate::archive;

/// The head of a table.
pub(crate) const HEAD: &str = "工单编号,诉求内容,诉求来源,区县,受理时间,联系人,联系电话\n";

/// What rows of text are put together from.
pub(crate) const PIECES: &[&str] = &[
    ",",
    "\n",
    "\r\n",
    "\"",
    "\"\"",
    "'",
    ";",
    "\t",
    "|",
    "G1",
    "路灯不亮，没有人管",
    "水管漏水两天了",
    "张三",
    "13800000000",
    "2026-03-01 09:30",
    "43221.5",
    "昨天",
    "2.01805E+15",
    "\0",
    "\u{feff}",
    "\u{2028}",
    "\u{200b}",
    "=1+1",
    "-",
    "NULL",
    "东区",
    "\u{1f692}",
    "e\u{301}",
    "�",
    "\r",
    "\"一\n二\"",
    ",,,,,,,,,,,,",
    "微信",
    "99999999999999999999",
];

/// The first line of a file of JSON Lines.
pub(crate) const JSON_HEAD: &str = "{\"text\": \"路灯不亮，没有人管\", \"external_id\": \"1\", \"received_at\": \"2026-03-01\", \"contact\": {\"phone\": \"1\"}}\n";

/// What such files are put together from.
pub(crate) const JSON_PIECES: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    "\"",
    ":",
    ",",
    "\n",
    "\r\n",
    "\\u0000",
    "\\ud800",
    "null",
    "true",
    "1e999",
    "-0",
    "\"text\": ",
    "\"路灯不亮\"",
    "\"contact\": {",
    "\"phone\"",
    "{\"text\": \"水管漏水了\"}\n",
    "\"a\": {\"a\": {\"a\": ",
    "[[[[[[[[[[[[[[[[",
    "\u{feff}",
    "\0",
    "\"external_id\": 1",
    "\"received_at\": \"昨天\"",
    "{\"text\": 1}\n",
    "\n\n\n",
];

/// Pieces of what spreadsheets are made of, such as no program writes.
const XML_PIECES: &[&str] = &[
    "<table:table-cell table:number-columns-repeated=\"16384\" office:value-type=\"string\"><text:p>路灯不亮</text:p></table:table-cell>",
    "<table:table-row table:number-rows-repeated=\"100000\"><table:table-cell office:value-type=\"string\"><text:p>路灯不亮</text:p></table:table-cell></table:table-row>",
    "<table:table-row table:number-rows-repeated=\"4294967296\"><table:table-cell/></table:table-row>",
    " table:number-columns-repeated=\"1000000000\"",
    " table:number-rows-repeated=\"-1\"",
    "<table:covered-table-cell/>",
    "<text:s text:c=\"2000000000\"/>",
    "<table:table table:name=\"a\">",
    "</table:table>",
    "<row r=\"1048577\"><c r=\"XFE1\"><v>1</v></c></row>",
    "<row r=\"4294967295\"><c r=\"A4294967295\"><v>1</v></c></row>",
    "<row r=\"0\"><c r=\"A0\"><v>1</v></c></row>",
    "<c r=\"XFD1048576\" t=\"s\"><v>99999999</v></c>",
    "<c t=\"s\"><v>-1</v></c>",
    "<c t=\"d\"><v>1e308</v></c>",
    "<c s=\"4294967295\"><v>99999999999</v></c>",
    "<dimension ref=\"A1:XFD1048576\"/>",
    "<c r=\"A1\" t=\"inlineStr\"><is><t>",
    "<!DOCTYPE a [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;\">]>",
    "&b;&#x0;&#1114112;",
    "<![CDATA[",
    "<!--",
    "\"",
    ">",
    "</row>",
];

/// Encodings that [`encoded`] knows.
pub(crate) const ENCODINGS: usize = 5;

/// A text in one of the encodings that tables come in.
pub(crate) fn encoded(text: &str, encoding: usize) -> Vec<u8> {
    match encoding {
        1 => encoding_rs::GB18030.encode(text).0.into_owned(),
        2 => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        3 => std::iter::once(0xFEFF).chain(text.encode_utf16()).flat_map(u16::to_be_bytes).collect(),
        4 => encoding_rs::BIG5.encode(text).0.into_owned(),
        _ => text.as_bytes().to_vec(),
    }
}

/// A table of a few good rows.
fn table() -> String {
    let row = |n: u32| format!("G{n},第{n}盏路灯不亮，没有人管,微信,东区,2026-03-0{n} 09:30,丁一,1380000000{n}\n");
    format!("{HEAD}{}", (1..=4).map(row).collect::<String>())
}

/// Whole files of every format and encoding, those of text first.
pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let text = table();
    let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split(',').collect()).collect();
    let object = |row: &Vec<&str>| {
        let cells = rows[0].iter().zip(row).map(|(name, cell)| ((*name).to_owned(), (*cell).into()));
        serde_json::Value::Object(cells.collect()).to_string()
    };
    let lines: Vec<String> = rows[1..].iter().map(object).collect();
    let mut seeds: Vec<Vec<u8>> = (0..4).map(|encoding| encoded(&text, encoding)).collect();
    seeds.extend([
        text.replace(',', "\t").into_bytes(),
        lines.join("\n").into_bytes(),
        archive::workbook(&text),
        archive::open_document(&rows),
        include_bytes!("tickets.xlsx").to_vec(),
        include_bytes!("tickets.xls").to_vec(),
    ]);
    seeds
}

/// Bytes of an input, at the most.
const MOST: usize = 64 << 10;

/// Damages seeds; the same number gives the same inputs.
pub(crate) struct Mutator {
    state: u64,
    seeds: Vec<Vec<u8>>,
    books: Vec<archive::Parts>,
}

impl Mutator {
    pub(crate) fn new(seed: u64) -> Mutator {
        let text = table();
        let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split(',').collect()).collect();
        let books = vec![archive::workbook_parts(&text), archive::open_document_parts(&rows)];
        Mutator { state: seed, seeds: seeds(), books }
    }

    /// SplitMix64 (Steele, Lea and Flood 2014).
    fn random(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Below `most`, or 0 where that is 0.
    fn below(&mut self, most: usize) -> usize {
        (self.random() % most.max(1) as u64) as usize
    }

    pub(crate) fn next(&mut self) -> Vec<u8> {
        if self.below(4) == 0 {
            return self.next_book();
        }
        let at = self.below(self.seeds.len());
        let mut input = self.seeds[at].clone();
        for _ in 0..=self.below(4) * self.below(4) {
            self.change(&mut input);
        }
        input.truncate(MOST);
        input
    }

    /// A sound archive whose parts are damaged, so that whoever reads it comes as far as what they say.
    fn next_book(&mut self) -> Vec<u8> {
        let at = self.below(self.books.len());
        let mut book = self.books[at].clone();
        for _ in 0..=self.below(4) {
            // Mostly the one with the cells, which is the last.
            let part = if self.below(4) == 0 { self.below(book.len()) } else { book.len() - 1 };
            let mut content = std::mem::take(&mut book[part].1);
            if self.below(3) == 0 {
                self.change(&mut content);
            } else {
                let piece = XML_PIECES[self.below(XML_PIECES.len())];
                // Behind a bracket or before one, where it is most likely to be understood.
                let ends: Vec<usize> = (0..content.len()).filter(|at| content[*at] == b'>').collect();
                let end = ends.get(self.below(ends.len())).copied().unwrap_or(0);
                let at = if piece.starts_with(' ') { end } else { (end + 1).min(content.len()) };
                content.splice(at..at, piece.bytes());
            }
            content.truncate(MOST);
            book[part].1 = content;
        }
        archive::of_parts(&book)
    }

    fn change(&mut self, input: &mut Vec<u8>) {
        let at = self.below(input.len() + 1);
        let end = (at + 1 + self.below(24)).min(input.len());
        match self.below(10) {
            0 => input.insert(at, self.random() as u8),
            1 | 2 if at < input.len() => input[at] ^= 1 << self.below(8),
            3 => drop(input.drain(at.min(end)..end)),
            4 => input.truncate(at),
            // The same again, up to many times.
            5 => {
                let part = input[at.min(end)..end].to_vec();
                let times = [1, 2, 8, 64, 500][self.below(5)];
                if input.len() + part.len() * times <= MOST {
                    input.splice(at..at, part.repeat(times));
                }
            }
            // A part of another file.
            6 => {
                let other = self.below(self.seeds.len());
                let from = self.below(self.seeds[other].len());
                let to = (from + self.below(200)).min(self.seeds[other].len());
                let part = self.seeds[other][from..to].to_vec();
                input.splice(at..at, part);
            }
            // A number that means much to an archive: sizes, offsets, counts.
            7 if at + 4 <= input.len() => {
                let number = [0, 1, 0xFF, 0xFFFF, 0x7FFF_FFFF, u32::MAX][self.below(6)];
                input[at..at + 4].copy_from_slice(&number.to_le_bytes());
            }
            8 => {
                let piece = self.below(JSON_PIECES.len());
                input.splice(at..at, JSON_PIECES[piece].bytes());
            }
            _ => {
                let piece = self.below(PIECES.len());
                input.splice(at..at, PIECES[piece].bytes());
            }
        }
    }
}

//! In which encoding a file is written, and its bytes as UTF-8.
//!
//! UTF-8 is known by its form (a text in GB18030 of more than a few characters is no UTF-8), UTF-16 by its mark or by the
//! zero bytes of its ASCII characters, and what remains is GB18030, which contains GBK and GB2312. The whole file is
//! looked at: an export may begin with a megabyte of ASCII.

use std::io::{self, Read};
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use encoding_rs::{CoderResult, Decoder};

use crate::say;
use crate::source::Message;

/// Bytes read at a time.
const CHUNK: usize = 64 << 10;
/// Share of characters that cannot be decoded (one in so many) from which a file is no text in its encoding.
const WRONG: u64 = 100;

/// How a file of text is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Encoding(&'static encoding_rs::Encoding);

impl Encoding {
    /// The name as the WHATWG encoding standard has it: `UTF-8`, `gb18030`, `UTF-16LE`.
    pub fn name(self) -> &'static str {
        self.0.name()
    }
}

impl FromStr for Encoding {
    type Err = Message;

    /// Any label of the WHATWG encoding standard: `utf-8`, `gbk`, `big5`.
    fn from_str(label: &str) -> Result<Encoding, Message> {
        encoding_rs::Encoding::for_label(label.as_bytes()).map(Encoding).ok_or_else(|| {
            say!(
                "不认识编码“{label}”，可用的有 auto、utf-8、gb18030、gbk、utf-16le、big5 等",
                "unknown encoding `{label}`: such as auto, utf-8, gb18030, gbk, utf-16le, big5"
            )
        })
    }
}

/// What was seen of a file's bytes.
#[derive(Default)]
struct Seen {
    bytes: u64,
    zeros: [u64; 2],
    not_utf8: bool,
    /// The bytes of a character that the chunk before broke off.
    open: Vec<u8>,
}

impl Seen {
    fn add(&mut self, chunk: &[u8]) {
        for (place, byte) in chunk.iter().enumerate() {
            if *byte == 0 {
                self.zeros[(self.bytes as usize + place) % 2] += 1;
            }
        }
        self.bytes += chunk.len() as u64;
        if self.not_utf8 {
            return;
        }
        self.open.extend_from_slice(chunk);
        match std::str::from_utf8(&self.open) {
            Ok(_) => self.open.clear(),
            Err(error) if error.error_len().is_none() => {
                let valid = error.valid_up_to();
                self.open.drain(..valid);
            }
            Err(_) => self.not_utf8 = true,
        }
    }

    fn encoding(&self) -> Result<Encoding, Message> {
        let [even, odd] = self.zeros;
        // At least every tenth character of a table is ASCII: its separators, digits and line breaks.
        let units = self.bytes / 2;
        let many = |zeros: u64| self.bytes.is_multiple_of(2) && zeros >= 4 && zeros * 10 >= units;
        if many(odd) && odd > 10 * even {
            return Ok(Encoding(encoding_rs::UTF_16LE));
        }
        if many(even) && even > 10 * odd {
            return Ok(Encoding(encoding_rs::UTF_16BE));
        }
        if even + odd > 0 {
            return Err(binary());
        }
        let utf8 = !self.not_utf8 && self.open.is_empty();
        Ok(Encoding(if utf8 { encoding_rs::UTF_8 } else { encoding_rs::GB18030 }))
    }
}

fn binary() -> Message {
    say!(
        "这不是文本表格：文件里有空字节。可以导入 CSV、Excel（.xlsx、.xls、.ods）和 JSON Lines",
        "this is no table of text: there are NUL bytes in it. CSV, Excel (.xlsx, .xls, .ods) and JSON Lines can be imported"
    )
}

/// The encoding of all that a reader gives.
///
/// # Errors
/// The reader fails, or what it gives is not text.
pub(super) fn detect(mut reader: impl Read) -> Result<Encoding, Message> {
    let mut seen = Seen::default();
    let mut chunk = vec![0; CHUNK];
    let mut first = true;
    loop {
        let length =
            read_full(&mut reader, &mut chunk).map_err(|error| say!("读取失败：{error}", "reading failed: {error}"))?;
        if length == 0 {
            return seen.encoding();
        }
        if first && let Some((encoding, _)) = encoding_rs::Encoding::for_bom(&chunk[..length]) {
            return Ok(Encoding(encoding));
        }
        first = false;
        seen.add(&chunk[..length]);
    }
}

/// Fills the buffer as far as the reader goes.
fn read_full(reader: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match reader.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(length) => filled += length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// A reader's bytes as UTF-8, without the mark at the beginning.
pub(super) struct Decoded<R> {
    reader: R,
    decoder: Decoder,
    input: Vec<u8>,
    output: Vec<u8>,
    given: usize,
    ended: bool,
    characters: u64,
    wrong: u64,
    /// Characters that could not be decoded, for whoever keeps the other end.
    replaced: Arc<AtomicU64>,
}

impl<R: Read> Decoded<R> {
    /// Decodes what `reader` gives; characters that cannot be are replaced and counted in `replaced`. When more than one
    /// in a hundred cannot, reading fails.
    pub(super) fn new(reader: R, encoding: Encoding, replaced: Arc<AtomicU64>) -> Decoded<R> {
        Decoded {
            reader,
            decoder: encoding.0.new_decoder_with_bom_removal(),
            input: Vec::new(),
            output: Vec::new(),
            given: 0,
            ended: false,
            characters: 0,
            wrong: 0,
            replaced,
        }
    }

    /// Decodes the next chunk into `output`.
    fn fill(&mut self) -> io::Result<()> {
        self.input.resize(CHUNK, 0);
        let length = read_full(&mut self.reader, &mut self.input)?;
        self.ended = length < CHUNK;
        let most = self.decoder.max_utf8_buffer_length(length).unwrap_or(4 * CHUNK);
        self.output.resize(most, 0);
        let (result, _, written, _) = self.decoder.decode_to_utf8(&self.input[..length], &mut self.output, self.ended);
        debug_assert!(matches!(result, CoderResult::InputEmpty));
        self.output.truncate(written);
        self.given = 0;
        let text = std::str::from_utf8(&self.output).unwrap_or_default();
        self.characters += text.chars().count() as u64;
        self.wrong += text.matches('\u{FFFD}').count() as u64;
        self.replaced.store(self.wrong, Ordering::Relaxed);
        if self.wrong >= 5 && self.wrong * WRONG > self.characters {
            let message = "more than one character in a hundred cannot be decoded: another encoding, or no text";
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
        Ok(())
    }
}

impl<R: Read> Read for Decoded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.given == self.output.len() {
            if self.ended {
                return Ok(0);
            }
            self.fill()?;
        }
        let rest = &self.output[self.given..];
        let length = rest.len().min(buffer.len());
        buffer[..length].copy_from_slice(&rest[..length]);
        self.given += length;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const TABLE: &str = "编号,内容\r\n1,路灯不亮\r\n2,井盖丢失\r\n";

    fn utf16(text: &str, little: bool) -> Vec<u8> {
        text.encode_utf16().flat_map(|unit| if little { unit.to_le_bytes() } else { unit.to_be_bytes() }).collect()
    }

    fn decoded(bytes: &[u8]) -> io::Result<(String, &'static str)> {
        let encoding = detect(bytes).map_err(|message| io::Error::other(message.en))?;
        let mut text = String::new();
        Decoded::new(bytes, encoding, Arc::default()).read_to_string(&mut text)?;
        Ok((text, encoding.name()))
    }

    #[test]
    fn encodings_are_told_apart() {
        let marked = format!("\u{feff}{TABLE}");
        let long = format!("{}{TABLE}", "a,b\n".repeat(300_000));
        let gb = |text: &str| encoding_rs::GB18030.encode(text).0.into_owned();
        for (bytes, text, name) in [
            (TABLE.as_bytes().to_vec(), TABLE, "UTF-8"),
            (marked.as_bytes().to_vec(), TABLE, "UTF-8"),
            (gb(TABLE), TABLE, "gb18030"),
            (gb(&long), long.as_str(), "gb18030"),
            (long.as_bytes().to_vec(), long.as_str(), "UTF-8"),
            (utf16(TABLE, true), TABLE, "UTF-16LE"),
            (utf16(TABLE, false), TABLE, "UTF-16BE"),
            (utf16(&marked, true), TABLE, "UTF-16LE"),
            (utf16(&marked, false), TABLE, "UTF-16BE"),
            (Vec::new(), "", "UTF-8"),
            (b"a".to_vec(), "a", "UTF-8"),
        ] {
            assert_eq!(decoded(&bytes).unwrap(), (text.to_owned(), name));
        }
    }

    #[test]
    fn junk_is_no_text() {
        assert!(detect(&b"a,b\n1\0,2\n and more text that is plain"[..]).is_err());
        let junk: Vec<u8> = (0..20_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8 | 1).collect();
        assert!(decoded(&junk).is_err());
    }

    #[test]
    fn names() {
        assert_eq!("GBK".parse::<Encoding>().unwrap().name(), "GBK");
        assert_eq!("utf-8".parse::<Encoding>().unwrap().name(), "UTF-8");
        assert!("latein".parse::<Encoding>().is_err());
    }
}

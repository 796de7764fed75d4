//! How large the content of a ZIP archive says it is, before anybody unpacks it (APPNOTE.TXT 6.3.9, 4.3.12 to 4.3.16).
//!
//! A spreadsheet of some kilobytes can unpack to gigabytes. The reader of spreadsheets stops where an entry grows beyond
//! the size that the directory gives, so the sum of those sizes bounds what it can come to.

use std::io::{self, Read, Seek, SeekFrom};

const END: &[u8] = b"PK\x05\x06";
const END_64: &[u8] = b"PK\x06\x06";
const LOCATOR_64: &[u8] = b"PK\x06\x07";
const ENTRY: &[u8] = b"PK\x01\x02";
/// Bytes of the end record without its comment.
const END_LENGTH: usize = 22;
/// Bytes of the directory, at the most: a workbook has some dozens of entries.
const MAX_DIRECTORY: u64 = 4 << 20;

/// The sum of all entries' sizes unpacked, in bytes; `None` when it is not one plain archive from beginning to end.
///
/// # Errors
/// Reading fails.
pub(super) fn unpacked_size(file: &mut (impl Read + Seek)) -> io::Result<Option<u64>> {
    let length = file.seek(SeekFrom::End(0))?;
    let tail_length = length.min((END_LENGTH + usize::from(u16::MAX)) as u64);
    let tail = read_at(file, length - tail_length, tail_length)?;
    let found = (0..tail.len().saturating_sub(END_LENGTH - 1)).rev().find(|at| {
        // The comment reaches to the end of the file, so that there is only one reading.
        tail[*at..].starts_with(END) && *at + END_LENGTH + short(&tail, at + 20) as usize == tail.len()
    });
    let Some(at) = found else { return Ok(None) };
    let end = length - tail_length + at as u64;
    let (mut size, mut offset) = (u64::from(long(&tail, at + 12)), u64::from(long(&tail, at + 16)));
    let mut directory_end = end;
    if let Some(locator_at) = end.checked_sub(20) {
        let locator = read_at(file, locator_at, 20)?;
        if locator.starts_with(LOCATOR_64) {
            let record_at = very_long(&locator, 8);
            if record_at.checked_add(56).is_none_or(|end| end > locator_at) {
                return Ok(None);
            }
            let record = read_at(file, record_at, 56)?;
            if !record.starts_with(END_64) {
                return Ok(None);
            }
            (size, offset) = (very_long(&record, 40), very_long(&record, 48));
            directory_end = record_at;
        }
    }
    if size > MAX_DIRECTORY || offset.checked_add(size) != Some(directory_end) {
        return Ok(None);
    }
    Ok(sum(&read_at(file, offset, size)?))
}

fn read_at(file: &mut (impl Read + Seek), at: u64, length: u64) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; length as usize];
    file.seek(SeekFrom::Start(at))?;
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// The sum over all entries of a directory.
fn sum(directory: &[u8]) -> Option<u64> {
    let mut total = 0u64;
    let mut rest = directory;
    while !rest.is_empty() {
        if !rest.starts_with(ENTRY) || rest.len() < 46 {
            return None;
        }
        let [name, extra, comment] = [28, 30, 32].map(|at| short(rest, at) as usize);
        let end = 46 + name + extra + comment;
        let extra = rest.get(46 + name..46 + name + extra)?;
        let size = match long(rest, 24) {
            u32::MAX => size_64(extra)?,
            size => u64::from(size),
        };
        total = total.checked_add(size)?;
        rest = rest.get(end..)?;
    }
    Some(total)
}

/// The size in the extra field of ZIP64 (4.5.3), where it comes first.
fn size_64(mut extra: &[u8]) -> Option<u64> {
    while extra.len() >= 4 {
        let length = short(extra, 2) as usize;
        let content = extra.get(4..4 + length)?;
        if short(extra, 0) == 1 {
            return (content.len() >= 8).then(|| very_long(content, 0));
        }
        extra = &extra[4 + length..];
    }
    None
}

fn bytes<const N: usize>(from: &[u8], at: usize) -> [u8; N] {
    from.get(at..at + N).and_then(|part| part.try_into().ok()).unwrap_or([0; N])
}

fn short(from: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(bytes(from, at))
}

fn long(from: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes(from, at))
}

fn very_long(from: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes(from, at))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;
    use std::io::Cursor;

    /// A directory of one entry that claims a size, and its end record.
    fn archive(size: u32, extra: &[u8], comment: &[u8]) -> Vec<u8> {
        let mut directory = [ENTRY, &[0; 20], &size.to_le_bytes(), &1u16.to_le_bytes()].concat();
        directory.extend_from_slice(&(extra.len() as u16).to_le_bytes());
        directory.extend_from_slice(&[0; 14]);
        directory.push(b'a');
        directory.extend_from_slice(extra);
        let mut all = b"PK\x03\x04some content".to_vec();
        let offset = all.len() as u32;
        all.extend_from_slice(&directory);
        all.extend_from_slice(END);
        all.extend_from_slice(&[0; 8]);
        all.extend_from_slice(&(directory.len() as u32).to_le_bytes());
        all.extend_from_slice(&offset.to_le_bytes());
        all.extend_from_slice(&(comment.len() as u16).to_le_bytes());
        all.extend_from_slice(comment);
        all
    }

    fn size(bytes: &[u8]) -> Option<u64> {
        unpacked_size(&mut Cursor::new(bytes)).unwrap()
    }

    #[test]
    fn sizes_are_read() {
        let wide = [&[1, 0, 8, 0][..], &(9u64 << 32).to_le_bytes()].concat();
        for (archive, expect) in [
            (archive(1_234, &[], b""), Some(1_234)),
            (archive(1_234, &[], b"PK\x05\x06 a comment"), Some(1_234)),
            (archive(u32::MAX, &wide, b""), Some(9 << 32)),
            (archive(u32::MAX, &[], b""), None),
            ([&archive(5, &[], b"")[..], b"more"].concat(), None),
            ([b"before", &archive(5, &[], b"")[..]].concat(), None),
            (b"PK\x03\x04".to_vec(), None),
            (Vec::new(), None),
        ] {
            assert_eq!(size(&archive), expect);
        }
    }

    proptest! {
        #[test]
        fn damage_is_no_panic(place in 0usize..120, byte: u8, cut in 0usize..120) {
            let mut bytes = archive(u32::MAX, &[1, 0, 8, 0, 1, 2, 3, 4, 5, 6, 7, 8], b"");
            let length = bytes.len();
            bytes[place % length] = byte;
            size(&bytes);
            size(&bytes[..cut % length]);
        }
    }
}

//! ZIP archives without compression, for spreadsheets that no program would write (APPNOTE.TXT 6.3.9).
#![allow(dead_code)] // each test uses some of it

/// An archive of files, given as name and content.
pub(crate) fn stored(files: &[(&str, &[u8])]) -> Vec<u8> {
    archive(files, None)
}

/// An archive whose only file claims a size that it has not.
pub(crate) fn claiming(size: u32) -> Vec<u8> {
    archive(&[("xl/workbook.xml", b"x")], Some(size))
}

/// Files of an archive, as name and content.
pub(crate) type Parts = Vec<(&'static str, Vec<u8>)>;

/// An archive of these.
pub(crate) fn of_parts(parts: &Parts) -> Vec<u8> {
    stored(&parts.iter().map(|(name, content)| (*name, content.as_slice())).collect::<Vec<_>>())
}

/// An OpenDocument spreadsheet of texts.
pub(crate) fn open_document(rows: &[Vec<&str>]) -> Vec<u8> {
    of_parts(&open_document_parts(rows))
}

/// What one is made of.
pub(crate) fn open_document_parts(rows: &[Vec<&str>]) -> Parts {
    let cell = |cell: &&str| {
        format!("<table:table-cell office:value-type=\"string\"><text:p>{cell}</text:p></table:table-cell>")
    };
    let row =
        |row: &Vec<&str>| format!("<table:table-row>{}</table:table-row>", row.iter().map(cell).collect::<String>());
    let content = format!(
        "<?xml version=\"1.0\"?><office:document-content xmlns:office=\"o\" xmlns:table=\"t\" xmlns:text=\"x\"><office:body>\
         <office:spreadsheet><table:table table:name=\"三月工单\">{}</table:table></office:spreadsheet></office:body></office:document-content>",
        rows.iter().map(row).collect::<String>()
    );
    vec![
        ("mimetype", b"application/vnd.oasis.opendocument.spreadsheet".to_vec()),
        ("META-INF/manifest.xml", b"<?xml version=\"1.0\"?><manifest:manifest/>".to_vec()),
        ("content.xml", content.into_bytes()),
    ]
}

/// A workbook of one sheet with one row, the ninth.
pub(crate) fn sheet_with(cells: &str) -> Vec<u8> {
    of_parts(&sheet(&format!("<row r=\"9\">{cells}</row>")))
}

/// A workbook with the cells of a table of commas.
pub(crate) fn workbook(table: &str) -> Vec<u8> {
    of_parts(&workbook_parts(table))
}

/// What one is made of.
pub(crate) fn workbook_parts(table: &str) -> Parts {
    let cell = |cell: &str| format!("<c t=\"inlineStr\"><is><t>{cell}</t></is></c>");
    let row = |line: &str| format!("<row>{}</row>", line.split(',').map(cell).collect::<String>());
    sheet(&table.lines().map(row).collect::<String>())
}

/// A workbook of one sheet with these rows.
fn sheet(rows: &str) -> Parts {
    let sheet = format!("<worksheet><sheetData>{rows}</sheetData></worksheet>");
    vec![
        (
            "_rels/.rels",
            b"<Relationships><Relationship Id=\"rId1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>".to_vec(),
        ),
        ("xl/workbook.xml", b"<workbook xmlns:r=\"r\"><sheets><sheet name=\"a\" sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>".to_vec()),
        (
            "xl/_rels/workbook.xml.rels",
            b"<Relationships><Relationship Id=\"rId1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet\" Target=\"worksheets/sheet1.xml\"/></Relationships>".to_vec(),
        ),
        ("xl/worksheets/sheet1.xml", sheet.into_bytes()),
    ]
}

fn archive(files: &[(&str, &[u8])], claimed: Option<u32>) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (name, content) in files {
        let (length, offset) = (content.len() as u32, out.len() as u32);
        let size = claimed.unwrap_or(length);
        // Version, flags, method and time, then what it holds.
        let mut about = [10u16, 0, 0, 0, 0].map(u16::to_le_bytes).concat();
        about.extend([checksum(content), length, size].map(u32::to_le_bytes).concat());
        about.extend((name.len() as u16).to_le_bytes());
        about.extend(0u16.to_le_bytes());
        out.extend(b"PK\x03\x04");
        out.extend(&about);
        out.extend(name.as_bytes());
        out.extend(*content);
        directory.extend(b"PK\x01\x02");
        directory.extend(10u16.to_le_bytes());
        directory.extend(&about);
        directory.extend([0; 10]);
        directory.extend(offset.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let (offset, length, count) = (out.len() as u32, directory.len() as u32, files.len() as u16);
    out.extend(directory);
    out.extend(b"PK\x05\x06");
    out.extend([0, 0, count, count].map(u16::to_le_bytes).concat());
    out.extend([length, offset].map(u32::to_le_bytes).concat());
    out.extend(0u16.to_le_bytes());
    out
}

/// CRC-32 (ISO 3309), bit by bit.
fn checksum(bytes: &[u8]) -> u32 {
    let step = |crc: u32| if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 };
    !bytes.iter().fold(u32::MAX, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), |crc, _| step(crc)))
}

//! Renaming an id, a list or a slot everywhere at once.

use std::collections::BTreeMap;
use std::ops::Range;

use lsp_types::{
    MessageType, PrepareRenameResponse, RenameParams, ShowMessageParams, TextDocumentPositionParams, TextEdit,
    WorkspaceEdit,
};

use super::index::{Name, in_cases};
use super::keys::{File, Kind, called};
use super::position::Lines;
use super::session::Session;
use crate::reply::PLACEHOLDERS;
use crate::say;
use crate::source::{Message, is_id};

/// The name at a place and what it is, where it can be renamed.
pub(super) fn prepare(session: &Session, asked: &TextDocumentPositionParams) -> Option<PrepareRenameResponse> {
    let at = session.at(asked)?;
    let name = at.file.name_at(at.byte)?;
    session.index.places(&at.path, name).find(|(_, _, it)| it.defines)?;
    let range = Lines::of(at.file.text()).place(&name.range);
    Some(PrepareRenameResponse::RangeWithPlaceholder { range, placeholder: name.text.clone() })
}

/// All changes that a new name makes.
///
/// # Errors
/// There is no name at the place, the new one cannot be one or is taken, or a file cannot be read, so that the old name
/// might be left in it.
pub(super) fn rename(session: &Session, asked: &RenameParams) -> Result<WorkspaceEdit, Message> {
    let nothing = || say!("这里没有可以改名的编号或词表", "there is no id or list here that could be renamed");
    let at = session.at(&asked.text_document_position).ok_or_else(nothing)?;
    let name = at.file.name_at(at.byte).ok_or_else(nothing)?;
    let new = asked.new_name.trim();
    let new = if name.kind == Kind::List { new.strip_prefix('$').unwrap_or(new) } else { new };
    check_name(name.kind, new)?;
    check_free(session, &at.path, name, new)?;
    check_files(session, name)?;
    let mut edits: BTreeMap<String, Vec<TextEdit>> = BTreeMap::new();
    let mut replace = |path: &str, lines: &Lines<'_>, range: &Range<usize>| {
        let edit = TextEdit { range: lines.place(range), new_text: new.to_owned() };
        edits.entry(path.to_owned()).or_default().push(edit);
    };
    let mut defined_in = None;
    for (path, file, place) in session.index.places(&at.path, name) {
        defined_in = defined_in.or(place.defines.then_some(path));
        replace(path, &Lines::of(file.text()), &place.range);
    }
    let defined_in = defined_in.ok_or_else(|| {
        let text = &name.text;
        say!("找不到“{text}”的定义", "`{text}` is defined nowhere")
    })?;
    for (path, content, ranges) in in_cases(&session.files(), name.kind, &name.text) {
        let lines = Lines::of(&content.text);
        ranges.iter().for_each(|range| replace(path, &lines, range));
    }
    if name.kind == Kind::Scenario {
        tell_of_file(session, defined_in, new);
    }
    Ok(session.edit(edits))
}

/// Whether a text can be a name of a kind.
fn check_name(kind: Kind, new: &str) -> Result<(), Message> {
    let slot = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    match kind {
        Kind::Scenario if !is_id(new) || new.split('/').count() != 2 => Err(say!(
            "场景编号“{new}”应写成“领域/名称”，只用小写字母、数字和 -",
            "the id `{new}` should be `domain/name`, of lower-case letters, digits and `-`"
        )),
        Kind::Slot if !new.starts_with(|c: char| c.is_ascii_lowercase()) || !new.chars().all(slot) => Err(say!(
            "要素槽名“{new}”只能用小写字母、数字和下划线，并以字母开头",
            "the slot name `{new}` may only have lower-case letters, digits and `_`, a letter first"
        )),
        // What needs quotation marks or could be read as something else does not make a name.
        Kind::List if new.is_empty() || !new.chars().all(|c| c.is_alphanumeric() || c == '_') => Err(say!(
            "词表名“{new}”只能用汉字、字母、数字和下划线",
            "the name `{new}` may only have letters, digits and `_`"
        )),
        Kind::Slot | Kind::List | Kind::Scenario => Ok(()),
        _ if !is_id(new) => Err(say!(
            "编号“{new}”只能用小写字母、数字、- 和 /",
            "the id `{new}` may only have lower-case letters, digits, `-` and `/`"
        )),
        _ => Ok(()),
    }
}

/// Whether nothing else of the kind is called so.
fn check_free(session: &Session, path: &str, name: &Name, new: &str) -> Result<(), Message> {
    let other = Name { text: new.to_owned(), ..name.clone() };
    let taken = session.index.places(path, &other).any(|(_, _, it)| it.defines);
    let reserved = name.kind == Kind::Slot && PLACEHOLDERS.contains(&new);
    if (taken || reserved) && new != name.text {
        let kind = called(name.kind);
        let (zh, en) = (kind.zh, kind.en);
        return Err(say!(
            "已经有叫“{new}”的{zh}，请换一个名字",
            "there is a {en} `{new}` already: choose another name"
        ));
    }
    Ok(())
}

/// Whether every file that may have the name can be read.
fn check_files(session: &Session, name: &Name) -> Result<(), Message> {
    let unread = session.index.files().find(|(path, file)| {
        let written = !matches!(File::at(path), File::Cases | File::Other);
        written && file.document.is_none() && file.content.text.contains(&name.text)
    });
    match unread {
        Some((path, _)) if name.kind != Kind::Slot => Err(say!(
            "{path} 不是合法的 YAML，里面的名字改不了；请先改好它",
            "{path} is not valid YAML, so names in it cannot be changed: mend it first"
        )),
        _ => Ok(()),
    }
}

/// A scenario's file is called like its id; moving it is left to the editor.
fn tell_of_file(session: &Session, path: &str, new: &str) {
    let wanted = format!("rules/scenarios/{new}.yaml");
    if path == wanted {
        return;
    }
    let message = say!(
        "编号已改为 {new}；文件没有移动，请把 {path} 改名为 {wanted}",
        "the id is now {new}; the file was not moved: please rename {path} to {wanted}"
    );
    let message = message.in_lang(session.lang).to_owned();
    session.outbox.notify("window/showMessage", ShowMessageParams { typ: MessageType::INFO, message });
}

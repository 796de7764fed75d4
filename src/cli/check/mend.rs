//! `jiesu check --fix`: writes what fixes change, and only where the folder is as it was read.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use serde_json::json;

use super::{Checked, is_shown, look};
use crate::bundle::{FileContent, Loader, Snapshot};
use crate::check::{self, Files};
use crate::cli::{Common, Failure};
use crate::say;
use crate::source::{Diagnostic, Lang, Message};

/// What was mended.
pub(super) struct Done {
    mended: Vec<Diagnostic>,
    left: usize,
}

impl Done {
    pub(super) fn messages(&self) -> Vec<Message> {
        let mut messages = Vec::new();
        for finding in &self.mended {
            let Some(fix) = &finding.fix else { continue };
            let (place, id) = (finding.location(), finding.code.id());
            let (zh, en) = (&fix.title.zh, &fix.title.en);
            messages.push(say!("已修改 {place} [{id}]：{zh}", "mended {place} [{id}]: {en}"));
        }
        let (mended, left) = (self.mended.len(), self.left);
        messages.push(say!("自动修改了 {mended} 处", "{mended} findings were mended"));
        if left > 0 {
            messages.push(say!(
                "还有 {left} 处没有改：与别的修改重叠，或改了会引出新的错误；再运行一次，或手工修改",
                "{left} were left: they overlap others, or would lead to new errors. Run it again, or mend them by hand"
            ));
        }
        messages
    }

    pub(super) fn to_json(&self, lang: Lang) -> serde_json::Value {
        json!({
            "mended": self.mended.iter().map(|finding| finding.to_json(lang)).collect::<Vec<_>>(),
            "left": self.left,
        })
    }
}

/// Applies the fixes of what is shown and looks again. Nothing is written where the bundle would have a new error.
pub(super) fn run(
    common: &Common,
    loader: &mut Loader,
    checked: &Checked,
    only: &[String],
) -> Result<(Done, Checked), Failure> {
    let shown: Vec<Diagnostic> =
        checked.findings.iter().filter(|finding| is_shown(only, &finding.path)).cloned().collect();
    let fixable = shown.iter().filter(|finding| finding.fix.is_some()).count();
    let mut mended = check::mend(&checked.files, &shown);
    let mut again = try_out(common, loader, checked, &mended.files)?;
    if errors(&again) > errors(checked) {
        // Some file leads to it: those that do not are kept.
        let mut kept: BTreeMap<String, String> = BTreeMap::new();
        for (path, text) in std::mem::take(&mut mended.files) {
            kept.insert(path.clone(), text);
            if errors(&try_out(common, loader, checked, &kept)?) > errors(checked) {
                kept.remove(&path);
            }
        }
        again = try_out(common, loader, checked, &kept)?;
        mended.files = kept;
    }
    write(common.folder(), &checked.files, &mended.files)?;
    let done: Vec<Diagnostic> = mended
        .mended
        .iter()
        .map(|index| &shown[*index])
        .filter(|it| mended.files.contains_key(&it.path))
        .cloned()
        .collect();
    Ok((Done { left: fixable - done.len(), mended: done }, again))
}

fn errors(checked: &Checked) -> usize {
    checked.findings.iter().filter(|finding| finding.is_error()).count()
}

/// The folder as it would be with new texts, checked.
fn try_out(
    common: &Common,
    loader: &mut Loader,
    checked: &Checked,
    new: &BTreeMap<String, String>,
) -> Result<Checked, Failure> {
    let mut snapshot = Snapshot { files: checked.files.clone(), diagnostics: checked.unread.clone() };
    for (path, text) in new {
        snapshot.files.insert(path.clone(), Arc::new(FileContent::new(text.clone())));
    }
    look(common, loader, snapshot)
}

/// Writes the files that are still as they were read; if one is not, none is written.
fn write(folder: &Path, read: &Files, new: &BTreeMap<String, String>) -> Result<(), Failure> {
    let changed = |path: &&String| {
        let now = fs::read_to_string(folder.join(path)).ok();
        now.as_ref() != read.get(*path).map(|content| &content.text)
    };
    if let Some(path) = new.keys().find(changed) {
        return Err(Failure(say!(
            "{path} 在检查之后被改过，一处也没有修改；请再运行一次",
            "{path} changed after it was checked, so nothing was mended: run it again"
        )));
    }
    for (path, text) in new {
        replace(&folder.join(path), text)
            .map_err(|error| Failure(say!("写入 {path} 失败：{error}", "cannot write {path}: {error}")))?;
    }
    Ok(())
}

/// Puts a new text in place of a file in one step, so that no reader sees half of it. A link stays one.
fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    let path = fs::canonicalize(path)?;
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let beside = path.with_file_name(format!(".{name}.{}.tmp", std::process::id()));
    let written = fs::File::create_new(&beside).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.set_permissions(fs::metadata(&path)?.permissions())?;
        file.sync_all()
    });
    let done = written.and_then(|()| fs::rename(&beside, &path));
    if done.is_err() {
        let _ = fs::remove_file(&beside);
    }
    done
}

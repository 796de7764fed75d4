//! The pages of `docs/checks/`: what each advises against is found, what it recommends is not; and golden files of the
//! exact output.
//!
//! A block of a page names the file it belongs to. Its keys take the place of those of that file in `tests/check/bundle`,
//! items of a list are added to it; a file that is not there is the block as it stands.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use jiesu::bundle::{Loader, Snapshot};
use jiesu::check;
use jiesu::source::{Code, Diagnostic, Lang, render_plain};

/// What stands in a block for a file that is taken away.
const NOT_THERE: &str = "（没有这个文件）\n";
/// The day on which a bundle is looked at, unless the page names one.
const DAY: &str = "2026-06-01";

type Files = BTreeMap<String, Vec<u8>>;

fn base() -> Files {
    fn read(folder: &Path, root: &Path, files: &mut Files) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                read(&path, root, files);
            } else {
                let name = path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
                files.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/check/bundle");
    let mut files = Files::new();
    read(&root, &root, &mut files);
    files
}

/// All findings about files, at the start of a day.
fn findings(files: &Files, day: &str, loader: &mut Loader) -> Vec<Diagnostic> {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let place = folder.path().join(path);
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::write(place, text).unwrap();
    }
    let snapshot = Snapshot::read(folder.path()).unwrap();
    let texts = snapshot.files.clone();
    let at = day.parse::<jiff::civil::Date>().unwrap().at(8, 0, 0, 0);
    check::run(&loader.load(snapshot, at), &texts, at)
}

/// Blocks under a heading of a page: what follows the three signs, and the text.
fn blocks<'a>(page: &'a str, heading: &str) -> Vec<(&'a str, &'a str)> {
    let section = page.split("\n## ").find_map(|section| section.strip_prefix(heading)).unwrap_or_default();
    let mut blocks = Vec::new();
    let mut rest = section;
    while let Some((_, opened)) = rest.split_once("\n```") {
        let (info, inside) = opened.split_once('\n').unwrap();
        let (text, after) = inside.split_once("```").unwrap();
        blocks.push((info, text));
        rest = after;
    }
    blocks
}

/// A text in pieces that begin with a key (comments before it included), each with its key.
fn pieces(text: &str) -> Vec<(String, String)> {
    let mut pieces: Vec<(String, String)> = Vec::new();
    let mut before = String::new();
    for line in text.split_inclusive('\n') {
        if line.starts_with('#') {
            before.push_str(line);
        } else if line.starts_with([' ', '\n']) && !pieces.is_empty() {
            pieces.last_mut().unwrap().1.push_str(line);
        } else {
            let key = line.split(':').next().unwrap().to_owned();
            pieces.push((key, std::mem::take(&mut before) + line));
        }
    }
    pieces
}

fn merged(base: &str, block: &str) -> String {
    if base.starts_with("- ") {
        return format!("{base}{block}");
    }
    if let Some(rest) = base.strip_prefix("---\n") {
        let (front, body) = rest.split_once("---\n").unwrap();
        return format!("---\n{}---\n{body}", merged(front, block));
    }
    let new = pieces(block);
    let (mut text, mut done) = (String::new(), Vec::new());
    for (key, piece) in pieces(base) {
        if new.iter().any(|(other, _)| *other == key) {
            new.iter().filter(|(other, _)| *other == key).for_each(|(_, piece)| text.push_str(piece));
            done.push(key);
        } else {
            text.push_str(&piece);
        }
    }
    new.iter().filter(|(key, _)| !done.contains(key)).for_each(|(_, piece)| text.push_str(piece));
    text
}

/// The base with the blocks of a heading, and the paths that they are about.
fn with_blocks(page: &str, heading: &str) -> (Files, Vec<String>) {
    let (mut files, mut paths) = (base(), Vec::new());
    for (info, text) in blocks(page, heading) {
        let Some((_, path)) = info.split_once(' ') else { continue };
        paths.push(path.to_owned());
        if text == NOT_THERE {
            files.remove(path);
            continue;
        }
        let is_whole = text.starts_with("---\n") || path.ends_with(".txt") || path.ends_with(".jsonl");
        let text = match files.get(path).filter(|_| !is_whole) {
            Some(base) => merged(std::str::from_utf8(base).unwrap(), text),
            None => text.to_owned(),
        };
        files.insert(path.to_owned(), text.into_bytes());
    }
    (files, paths)
}

/// What is advised against, also where it is too long, or no text, and the page only says so.
fn avoided(code: Code, page: &str) -> (Files, Vec<String>) {
    let (mut files, mut paths) = with_blocks(page, "避免");
    let path = "rules/terms/water.yaml".to_owned();
    let content = match code {
        Code::FileTooLarge => "# 词\n".repeat(800_000).into_bytes(),
        Code::UnreadableFile => b"\xCB\xAE\xB9\xDC: [\xCB\xAE\xB9\xDC]\n".to_vec(),
        _ => return (files, paths),
    };
    files.insert(path.clone(), content);
    paths.push(path);
    (files, paths)
}

fn day(page: &str) -> &str {
    page.split_once("示例按 ").map_or(DAY, |(_, rest)| &rest[..10])
}

#[test]
fn the_bundle_that_pages_begin_with_has_no_findings() {
    let found = findings(&base(), DAY, &mut Loader::default().without_learning());
    let shown: Vec<_> = found.iter().map(|finding| render_plain(finding, Lang::En)).collect();
    assert!(found.is_empty(), "{}", shown.join("\n"));
}

#[test]
fn every_code_has_a_page_in_four_parts_and_a_line_in_the_list() {
    let list = include_str!("../../docs/checks/README.md");
    let mut names: Vec<String> = Vec::new();
    for code in Code::ALL {
        let (id, name) = (code.id(), code.name());
        let page = check::page(*code);
        assert!(page.starts_with(&format!("# {id} ")), "{id}: {page}");
        assert!(page.contains(&format!("名称 `{name}`")), "{id}");
        let headings: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix("## ")).collect();
        assert_eq!(headings, ["避免", "推荐", "为什么", "例外"], "{id}");
        let title = check::title(*code);
        assert!(list.contains(&format!("| [{id}]({id}.md) | `{name}` | {title} |")), "{id} {title}");
        names.push(format!("{id}.md"));
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/checks");
    let mut files: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    files.retain(|file| file != "README.md");
    files.sort();
    names.sort();
    assert_eq!(files, names);
}

#[test]
fn what_pages_avoid_is_found_and_what_they_recommend_is_not() {
    let mut loader = Loader::default().without_learning();
    let list = include_str!("../../docs/checks/README.md");
    let mut wrong = Vec::new();
    // What only `fmt` reports is no finding of a check.
    for code in Code::ALL.iter().filter(|code| **code != Code::LayoutKept) {
        let (id, page) = (code.id(), check::page(*code));
        let (files, paths) = avoided(*code, page);
        let found = findings(&files, day(page), &mut loader);
        let own: Vec<&Diagnostic> = found.iter().filter(|finding| finding.code == *code).collect();
        if own.is_empty() {
            let shown: Vec<_> = found.iter().map(|it| format!("{} {}", it.code.id(), it.location())).collect();
            wrong.push(format!("{id} is not found in what its page avoids: {shown:?}"));
        }
        let says = list.lines().any(|line| line.starts_with(&format!("| [{id}]")) && line.ends_with("| 可以 |"));
        if own.iter().any(|finding| finding.fix.is_some()) != says {
            wrong.push(format!("{id}: the list says otherwise whether it is mended by itself"));
        }
        golden(*code, &files, &paths, &own);
        let (files, _) = with_blocks(page, "推荐");
        let found = findings(&files, day(page), &mut loader);
        for finding in found.iter().filter(|finding| finding.code == *code) {
            wrong.push(format!("{id} is found in what its page recommends:\n{}", render_plain(finding, Lang::Zh)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Input, output in both languages, and the files after the fix.
fn golden(code: Code, files: &Files, paths: &[String], own: &[&Diagnostic]) {
    let mut text = String::new();
    for path in paths {
        let shown = match files.get(path).map(|content| (content.len(), String::from_utf8_lossy(content))) {
            None => "（没有这个文件）\n".to_owned(),
            Some((length, _)) if length > 10_000 => format!("（{length} 字节）\n"),
            Some((_, content)) => content.into_owned(),
        };
        write!(text, "──── {path}\n{shown}").unwrap();
    }
    for (heading, lang) in [("中文", Lang::Zh), ("English", Lang::En)] {
        writeln!(text, "\n════ {heading}").unwrap();
        for finding in own {
            writeln!(text, "{}", render_plain(finding, lang)).unwrap();
        }
    }
    let own: Vec<Diagnostic> = own.iter().map(|finding| (*finding).clone()).collect();
    let read = |content: &Vec<u8>| String::from_utf8(content.clone()).ok();
    let contents = files.iter().filter_map(|(path, content)| {
        let content = jiesu::bundle::FileContent::new(read(content)?);
        Some((path.clone(), std::sync::Arc::new(content)))
    });
    let mended = check::mend(&contents.collect(), &own);
    for (path, content) in &mended.files {
        write!(text, "\n════ {path} 修改后\n{content}").unwrap();
    }
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("golden");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(format!("{}-{}", code.id(), code.name()), text));
}

/// Applied to a whole file, every fix leaves nothing of what it mends.
#[test]
fn a_fix_mends_what_it_says() {
    let mut loader = Loader::default().without_learning();
    let mut tried = 0;
    for code in Code::ALL {
        let page = check::page(*code);
        let (files, _) = avoided(*code, page);
        let found = findings(&files, day(page), &mut loader);
        let own: Vec<Diagnostic> = found.into_iter().filter(|it| it.code == *code && it.fix.is_some()).collect();
        if own.is_empty() {
            continue;
        }
        tried += 1;
        let contents = files.iter().map(|(path, content)| {
            let content = jiesu::bundle::FileContent::new(String::from_utf8(content.clone()).unwrap());
            (path.clone(), std::sync::Arc::new(content))
        });
        let mended = check::mend(&contents.collect(), &own);
        assert_eq!(mended.left, Vec::<usize>::new(), "{}", code.id());
        let mut after = files.clone();
        after.extend(mended.files.into_iter().map(|(path, text)| (path, text.into_bytes())));
        let again = findings(&after, day(page), &mut loader);
        let same: Vec<_> = again.iter().filter(|it| it.code == *code && it.fix.is_some()).collect();
        assert!(same.is_empty(), "{}: {}", code.id(), render_plain(same[0], Lang::En));
    }
    assert!(tried >= 8, "only {tried} fixes were tried");
}

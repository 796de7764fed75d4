//! A bundle in a temporary folder, and the program run on it.
#![allow(dead_code)] // each test file uses some of it

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// A folder that goes away with the test.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn empty() -> Folder {
        Folder(tempfile::tempdir().unwrap())
    }

    /// With files, given as path and text.
    pub(crate) fn with(files: &[(&str, &str)]) -> Folder {
        let folder = Folder::empty();
        for (path, text) in files {
            folder.write(path, text);
        }
        folder
    }

    /// The bundle that `jiesu init` writes.
    pub(crate) fn init() -> Folder {
        let folder = Folder::empty();
        let ran = Run::of(&["init", &folder.shown("bundle")]).go();
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        folder
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// The bundle's own folder in what [`Folder::init`] makes.
    pub(crate) fn bundle(&self) -> PathBuf {
        self.path().join("bundle")
    }

    pub(crate) fn at(&self, path: &str) -> PathBuf {
        self.path().join(path)
    }

    /// A path in the folder as text, for the command line.
    pub(crate) fn shown(&self, path: &str) -> String {
        self.at(path).to_str().unwrap().to_owned()
    }

    pub(crate) fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.at(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Replaces a part of a file; the part must be there.
    pub(crate) fn edit(&self, path: &str, from: &str, to: &str) {
        let text = fs::read_to_string(self.at(path)).unwrap();
        assert!(text.contains(from), "{path} has no {from}");
        fs::write(self.at(path), text.replacen(from, to, 1)).unwrap();
    }

    /// A command on the bundle that [`Folder::init`] makes.
    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        let run = Run::of(arguments);
        let (bundle, cache) = (self.shown("bundle"), self.shown("cache"));
        run.env("JIESU_CACHE", &cache).arguments(&["--bundle", &bundle])
    }
}

/// One run of the program: how it is started.
pub(crate) struct Run {
    command: Command,
    input: Vec<u8>,
    most: Duration,
}

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Ran {
    /// The exit code; none when a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Run {
    /// The program with arguments. It speaks English unless told otherwise, and never reads a terminal.
    pub(crate) fn of(arguments: &[&str]) -> Run {
        let mut command = Command::new(env!("CARGO_BIN_EXE_jiesu"));
        command.args(arguments);
        Run::command(command)
    }

    /// A command that leads to the program, such as a shell with limits.
    pub(crate) fn command(mut command: Command) -> Run {
        for name in ["LC_ALL", "LC_MESSAGES", "JIESU_CACHE", "XDG_CACHE_HOME", "HOME"] {
            command.env_remove(name);
        }
        command.env("LANG", "en_US.UTF-8").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Run { command, input: Vec::new(), most: Duration::from_secs(60) }
    }

    pub(crate) fn arguments(mut self, arguments: &[&str]) -> Run {
        self.command.args(arguments);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Run {
        self.command.env(name, value);
        self
    }

    pub(crate) fn input(mut self, input: impl AsRef<[u8]>) -> Run {
        self.input = input.as_ref().to_vec();
        self
    }

    /// The most it may take; a run that takes longer is ended and fails the test.
    pub(crate) fn within(mut self, most: Duration) -> Run {
        self.most = most;
        self
    }

    pub(crate) fn go(mut self) -> Ran {
        let shown = format!("{:?}", self.command);
        let mut child = self.command.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let input = std::mem::take(&mut self.input);
        // Threads, since a pipe that is full stops whoever writes to it. The program need not read its input.
        let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
        let (out, err) = (drain(child.stdout.take()), drain(child.stderr.take()));
        let started = Instant::now();
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            if started.elapsed() > self.most {
                child.kill().unwrap();
                child.wait().unwrap();
                panic!("still running after {:?}: {shown}", self.most);
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        writer.join().unwrap();
        Ran { code: status.code(), out: out.join().unwrap(), err: err.join().unwrap() }
    }
}

fn drain(pipe: Option<impl std::io::Read + Send + 'static>) -> std::thread::JoinHandle<String> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        pipe.unwrap().read_to_end(&mut bytes).unwrap();
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

impl Ran {
    /// It ended with this code, did not panic, and said each of the words (on either stream).
    #[track_caller]
    pub(crate) fn ends(&self, code: i32, words: &[&str]) -> &Ran {
        let Ran { out, err, .. } = self;
        assert!(!err.contains("panicked"), "panicked:\n{err}");
        assert_eq!(self.code, Some(code), "exit code\n--- out\n{out}\n--- err\n{err}");
        for word in words {
            assert!(out.contains(word) || err.contains(word), "no `{word}` in\n--- out\n{out}\n--- err\n{err}");
        }
        self
    }

    /// What was written to standard output, as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}\n{}", self.out, self.err))
    }
}

/// Asks again until it holds, for ten seconds at the most.
#[track_caller]
pub(crate) fn eventually(what: impl Fn() -> String, mut holds: impl FnMut() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < Duration::from_secs(10), "not within ten seconds: {}", what());
        std::thread::sleep(Duration::from_millis(20));
    }
}

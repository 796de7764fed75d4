//! One editor's conversation: what came in, to whom it goes, and when it is over.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::Sender;

use lsp_server::{ErrorCode, Message as Wire, Notification, Request, RequestId, Response};
use lsp_types as lsp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::checker::{self, Job, Shared};
use super::index::{Index, Indexed};
use super::position::Lines;
use super::transport::{Incoming, Outbox};
use super::workspace::{Workspace, path_of};
use super::{Options, actions, complete, hover, layout, log, navigate, outline, rename};
use crate::bundle::Snapshot;
use crate::check::Files;
use crate::say;
use crate::source::{Lang, Message};

/// Where the conversation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Nothing has been said yet.
    New,
    Running,
    /// `shutdown` was said; only `exit` may follow.
    ShutDown,
}

/// What answers are made from.
pub(super) struct Session {
    phase: Phase,
    pub(super) lang: Lang,
    pub(super) workspace: Workspace,
    pub(super) index: Index,
    pub(super) shared: Arc<Shared>,
    pub(super) outbox: Arc<Outbox>,
    folder: Option<PathBuf>,
    jobs: Sender<Job>,
    /// Whether the editor can be asked to tell of files that change.
    may_watch: bool,
}

/// Why a request has no answer: a code of the protocol, and what to tell.
pub(super) struct Refusal(ErrorCode, Message);

impl From<Message> for Refusal {
    fn from(message: Message) -> Refusal {
        Refusal(ErrorCode::RequestFailed, message)
    }
}

type Answer = Result<Value, Refusal>;

/// A place that was asked about: the file's path, its names and tree, and the byte.
pub(super) struct At<'s> {
    pub path: String,
    pub file: &'s Indexed,
    /// The byte in the text that ranges of the tree count in; in the text as it is, where there is no tree.
    pub byte: usize,
}

impl Session {
    /// A conversation that has not begun.
    pub(super) fn new(options: Options, outbox: Arc<Outbox>) -> Session {
        let (lang, folder, shared) = (options.lang, options.bundle.clone(), Arc::new(Shared::default()));
        let jobs = checker::start(options, Arc::clone(&shared), Arc::clone(&outbox));
        let (workspace, index) = (Workspace::default(), Index::default());
        Session { phase: Phase::New, lang, workspace, index, shared, outbox, folder, jobs, may_watch: false }
    }

    /// Takes what came in. Gives whether the end was clean, once it has come.
    pub(super) fn take(&mut self, incoming: Incoming) -> Option<bool> {
        match incoming {
            Ok(Wire::Request(request)) => {
                let Request { id, method, params } = request;
                let answer = catch_unwind(AssertUnwindSafe(|| self.request(&method, params)));
                let answer = answer.unwrap_or_else(|_| Err(self.failed(&method)));
                self.outbox.answer(self.response(id, answer));
            }
            Ok(Wire::Notification(notification)) if notification.method == "exit" => {
                return Some(self.phase == Phase::ShutDown);
            }
            Ok(Wire::Notification(Notification { method, params })) => {
                if catch_unwind(AssertUnwindSafe(|| self.hear(&method, params))).is_err() {
                    self.failed(&method);
                }
            }
            // Answers to what we asked say nothing that we wait for.
            Ok(Wire::Response(_)) => {}
            Err(error) => log(self.lang, &say!("收到无法读取的消息：{error}", "what came in cannot be read: {error}")),
        }
        None
    }

    fn response(&self, id: RequestId, answer: Answer) -> Response {
        match answer {
            Ok(result) => Response { id, result: Some(result), error: None },
            Err(Refusal(code, message)) => Response::new_err(id, code as i32, message.in_lang(self.lang).to_owned()),
        }
    }

    /// What to answer where the program itself failed.
    fn failed(&self, method: &str) -> Refusal {
        let message = say!("处理 {method} 时程序出错", "the program failed on {method}");
        log(self.lang, &message);
        Refusal(ErrorCode::InternalError, message)
    }

    fn request(&mut self, method: &str, params: Value) -> Answer {
        match (self.phase, method) {
            (Phase::New, "initialize") => return self.initialize(params),
            (Phase::New, _) => {
                let message = say!("还没有 initialize", "`initialize` comes first");
                return Err(Refusal(ErrorCode::ServerNotInitialized, message));
            }
            (Phase::ShutDown, _) => {
                let message = say!("已经 shutdown", "nothing but `exit` may follow `shutdown`");
                return Err(Refusal(ErrorCode::InvalidRequest, message));
            }
            (Phase::Running, _) => {}
        }
        if method == "shutdown" {
            self.phase = Phase::ShutDown;
            return Ok(Value::Null);
        }
        self.refresh();
        match method {
            "textDocument/completion" => answer(params, |it| complete::complete(self, &it)),
            "textDocument/hover" => answer(params, |it| hover::hover(self, &it)),
            "textDocument/definition" => answer(params, |it| navigate::definition(self, &it)),
            "textDocument/references" => answer(params, |it| navigate::references(self, &it)),
            "textDocument/prepareRename" => answer(params, |it| rename::prepare(self, &it)),
            "textDocument/rename" => try_answer(params, |it| rename::rename(self, &it)),
            "textDocument/codeAction" => answer(params, |it| actions::actions(self, &it)),
            "textDocument/formatting" => answer(params, |it| layout::layout(self, &it)),
            "textDocument/documentSymbol" => answer(params, |it| outline::of_file(self, &it)),
            "workspace/symbol" => answer(params, |it| outline::of_bundle(self, &it)),
            _ => {
                let message = say!("不支持 {method}", "{method} is not supported");
                Err(Refusal(ErrorCode::MethodNotFound, message))
            }
        }
    }

    fn initialize(&mut self, params: Value) -> Answer {
        let params: lsp::InitializeParams = read(params)?;
        let named = params.workspace_folders.unwrap_or_default().into_iter().map(|folder| folder.uri);
        #[allow(deprecated)] // some editors still send nothing else
        let folders: Vec<PathBuf> = named.chain(params.root_uri).filter_map(|uri| path_of(&uri)).collect();
        self.workspace = match self.folder.take() {
            Some(folder) => Workspace::new([folder]),
            None => Workspace::new(folders.into_iter().chain([PathBuf::from(".")])),
        };
        let watching = params.capabilities.workspace.and_then(|it| it.did_change_watched_files);
        self.may_watch = watching.and_then(|it| it.dynamic_registration).unwrap_or_default();
        self.phase = Phase::Running;
        to_json(lsp::InitializeResult {
            capabilities: capabilities(),
            server_info: Some(lsp::ServerInfo {
                name: "jiesu".to_owned(),
                version: Some(env!("CARGO_PKG_VERSION").to_owned()),
            }),
        })
    }

    fn hear(&mut self, method: &str, params: Value) {
        if self.phase != Phase::Running {
            return;
        }
        let check = match method {
            "initialized" => {
                self.watch();
                true
            }
            "textDocument/didOpen" => heard(params, |it: lsp::DidOpenTextDocumentParams| {
                let document = it.text_document;
                self.workspace.open(document.uri, document.version, document.text)
            }),
            "textDocument/didChange" => heard(params, |it: lsp::DidChangeTextDocumentParams| {
                let lsp::VersionedTextDocumentIdentifier { uri, version } = it.text_document;
                self.workspace.change(&uri, version, &it.content_changes)
            }),
            "textDocument/didClose" => {
                heard(params, |it: lsp::DidCloseTextDocumentParams| self.workspace.close(&it.text_document.uri))
            }
            "textDocument/didSave" | "workspace/didChangeWatchedFiles" => true,
            _ => false,
        };
        let Some(root) = self.workspace.root().filter(|_| check) else { return };
        let job = Job { root: root.to_owned(), open: self.workspace.open_files().clone() };
        // That the thread is gone was told when it went.
        let _ = self.jobs.send(job);
    }

    /// Asks to be told of files that change on disk: another program's edits, a checkout.
    fn watch(&self) {
        if !self.may_watch {
            return;
        }
        let watchers = ["**/rules/**", "**/knowledge/**"].map(|glob| json!({ "globPattern": glob }));
        let registration = json!({ "id": "files", "method": "workspace/didChangeWatchedFiles", "registerOptions": { "watchers": watchers } });
        self.outbox.ask("watch-files", "client/registerCapability", json!({ "registrations": [registration] }));
    }

    /// The files as the last check saw them, or as they stand on disk before the first.
    pub(super) fn files(&self) -> Arc<Files> {
        if let Some(files) = &self.shared.now().files {
            return Arc::clone(files);
        }
        let snapshot = self.workspace.root().and_then(|root| Snapshot::read(root).ok());
        let files = Arc::new(snapshot.map(|snapshot| snapshot.files).unwrap_or_default());
        self.shared.now().files.get_or_insert_with(|| Arc::clone(&files));
        files
    }

    /// Brings the names up to date with what is open.
    fn refresh(&mut self) {
        let files = self.files();
        let mut all: BTreeMap<_, _> = files.iter().map(|(path, it)| (path.as_str(), it)).collect();
        all.extend(self.workspace.open_files().iter().map(|(path, open)| (path.as_str(), &open.content)));
        self.index.update(all.into_iter());
    }

    /// The file and the byte that a request is about; none for what is not of the bundle.
    pub(super) fn at(&self, asked: &lsp::TextDocumentPositionParams) -> Option<At<'_>> {
        let path = self.workspace.relative(&asked.text_document.uri)?;
        let file = self.index.file(&path)?;
        let byte = Lines::of(file.text()).byte(asked.position);
        Some(At { path, file, byte })
    }

    /// Changes to files, as the protocol has them.
    pub(super) fn edit(&self, edits: BTreeMap<String, Vec<lsp::TextEdit>>) -> lsp::WorkspaceEdit {
        let of_file = |(path, edits): (String, _)| Some((self.workspace.uri(&path)?, edits));
        let changes = Some(edits.into_iter().filter_map(of_file).collect());
        lsp::WorkspaceEdit { changes, ..lsp::WorkspaceEdit::default() }
    }

    /// A place in a file, as the protocol has it.
    pub(super) fn location(&self, path: &str, range: lsp::Range) -> Option<lsp::Location> {
        Some(lsp::Location { uri: self.workspace.uri(path)?, range })
    }
}

fn capabilities() -> lsp::ServerCapabilities {
    let sync = lsp::TextDocumentSyncOptions {
        open_close: Some(true),
        change: Some(lsp::TextDocumentSyncKind::INCREMENTAL),
        save: Some(lsp::TextDocumentSyncSaveOptions::Supported(true)),
        ..lsp::TextDocumentSyncOptions::default()
    };
    let fixes = lsp::CodeActionOptions {
        code_action_kinds: Some(vec![lsp::CodeActionKind::QUICKFIX]),
        ..lsp::CodeActionOptions::default()
    };
    let triggers = ["$", "[", "{", ":", " ", "/", "\""].map(str::to_owned).to_vec();
    lsp::ServerCapabilities {
        position_encoding: Some(lsp::PositionEncodingKind::UTF16),
        text_document_sync: Some(lsp::TextDocumentSyncCapability::Options(sync)),
        completion_provider: Some(lsp::CompletionOptions {
            trigger_characters: Some(triggers),
            ..lsp::CompletionOptions::default()
        }),
        hover_provider: Some(lsp::HoverProviderCapability::Simple(true)),
        definition_provider: Some(lsp::OneOf::Left(true)),
        references_provider: Some(lsp::OneOf::Left(true)),
        rename_provider: Some(lsp::OneOf::Right(lsp::RenameOptions {
            prepare_provider: Some(true),
            work_done_progress_options: lsp::WorkDoneProgressOptions::default(),
        })),
        code_action_provider: Some(lsp::CodeActionProviderCapability::Options(fixes)),
        document_formatting_provider: Some(lsp::OneOf::Left(true)),
        document_symbol_provider: Some(lsp::OneOf::Left(true)),
        workspace_symbol_provider: Some(lsp::OneOf::Left(true)),
        ..lsp::ServerCapabilities::default()
    }
}

fn read<P: DeserializeOwned>(params: Value) -> Result<P, Refusal> {
    serde_json::from_value(params).map_err(|error| {
        Refusal(ErrorCode::InvalidParams, say!("参数不合要求：{error}", "the parameters do not fit: {error}"))
    })
}

fn to_json(result: impl Serialize) -> Answer {
    serde_json::to_value(result).map_err(|error| Refusal(ErrorCode::InternalError, say!("{error}", "{error}")))
}

fn answer<P: DeserializeOwned, R: Serialize>(params: Value, answer: impl FnOnce(P) -> R) -> Answer {
    to_json(answer(read(params)?))
}

fn try_answer<P: DeserializeOwned, R: Serialize>(
    params: Value,
    answer: impl FnOnce(P) -> Result<R, Message>,
) -> Answer {
    to_json(answer(read(params)?)?)
}

/// What a notification changed; nothing, where it does not fit.
fn heard<P: DeserializeOwned>(params: Value, take: impl FnOnce(P) -> bool) -> bool {
    serde_json::from_value(params).is_ok_and(take)
}

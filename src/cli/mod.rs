//! The command line, one file per command. Nothing here knows how anything works.
//!
//! Exit codes: 0 fine, 1 errors found, 2 could not run.
#![allow(clippy::print_stdout)]

mod backup;
mod build;
mod bundle;
mod cases;
mod check;
mod collisions;
mod eval;
mod explain;
mod fmt;
mod help;
mod impact;
mod import;
mod init;
mod keys;
mod load;
mod lsp;
mod matching;
mod outbox;
mod paths;
mod read_sheet;
mod replay;
mod schema;
mod search;
mod serve;
mod settings;
mod test;
mod tickets;
mod tickets_import;

mod show;
mod stats;
mod suggest;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::source::{Lang, Message};

/// Complaint routing: text in; scenario, department responsible and reply out.
#[derive(Debug, Parser)]
#[command(name = "jiesu", version, disable_help_subcommand = true, arg_required_else_help = true)]
struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

/// What every command takes.
#[derive(Clone, Debug, clap::Args)]
struct Common {
    /// The folder that holds rules/ and knowledge/ (default: the current one)
    #[arg(long, global = true, value_name = "DIR")]
    bundle: Option<PathBuf>,
    /// Language of messages: zh or en (default: that of the locale, else zh)
    #[arg(long, global = true, value_name = "LANG", value_parser = ["zh", "en"])]
    lang: Option<String>,
    /// Print for machines
    #[arg(long, global = true)]
    json: bool,
    /// The folder for large indexes (default: $XDG_CACHE_HOME/jiesu or ~/.cache/jiesu)
    #[arg(long, global = true, value_name = "DIR", env = "JIESU_CACHE")]
    cache: Option<PathBuf>,
    /// The time to decide at, such as 2026-11-22 or 2026-11-22T10:00 (default: now)
    #[arg(long, global = true, value_name = "TIME")]
    at: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Decide a complaint: scenario, department, deadline, reply, and why
    Match(matching::Arguments),
    /// Search articles, notices and cases
    Search(search::Arguments),
    /// Check rules and knowledge: every finding with its file, line and column
    Check(check::Arguments),
    /// Why a complaint is decided as it is: clause by clause, and what would change it
    Explain(explain::Arguments),
    /// Run the examples in scenarios and the tests in rules/tests
    Test(test::Arguments),
    /// Measure on data with known answers
    Eval(eval::Arguments),

    /// Show what an edit does to past complaints, before it goes live
    Impact(impact::Arguments),
    /// Find scenarios that get in each other's way, proved by a text
    Collisions(collisions::Arguments),
    /// How often scenarios and their clauses hit, how right they are, and what they cost
    Stats(stats::Arguments),
    /// The bundle's history in git, and differences between versions
    Bundle(bundle::Arguments),
    /// Put rules and knowledge into their one layout; comments stay, and nothing that is said changes
    Fmt(fmt::Arguments),
    /// Write JSON Schemas of all files, for editors that complete and check YAML
    Schema(schema::Arguments),
    /// Propose terms, clauses and scenarios from labelled cases; nothing is written to the rules
    Suggest(suggest::Arguments),
    /// Import past tickets from CSV, Excel or JSON Lines as cases
    Import(import::Arguments),
    /// Decide what a server's log holds again, under the same rules or others, and show what differs
    Replay(replay::Arguments),
    /// Serve the API, reloading rules as they change
    Serve(serve::Arguments),
    /// Tickets: what returns teach, their figures, messages to other systems
    Tickets(tickets::Arguments),
    /// Keys: who may use the service, and for what
    Keys(keys::Arguments),
    /// Back up tickets and attachments while the server runs
    Backup(backup::Backup),
    /// Put a backup back in place; the server must be stopped
    Restore(backup::Restore),
    /// Help editors as they type: a language server over standard input and output
    Lsp(lsp::Arguments),
    /// Write a minimal bundle to start from
    Init(init::Arguments),
    /// Load the bundle and fill the cache
    Build(build::Arguments),
    /// Read a spreadsheet for an import
    #[command(hide = true)]
    ReadSheet(read_sheet::Arguments),
}

impl Common {
    /// The bundle's folder: the one that was named, else the current one.
    fn folder(&self) -> &Path {
        self.bundle.as_deref().unwrap_or(Path::new("."))
    }
}

/// Why a command could not run.
#[derive(Debug)]
struct Failure(Message);

impl From<Message> for Failure {
    fn from(message: Message) -> Failure {
        Failure(message)
    }
}

/// How a command that ran ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    Fine,
    ErrorsFound,
}

/// Reads the command line, runs the command and gives the exit code.
pub fn run() -> ExitCode {
    let lang = help::language(std::env::args_os());
    let matches = match help::localised(Cli::command(), lang).try_get_matches() {
        Ok(matches) => matches,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(2) } else { ExitCode::SUCCESS };
        }
    };
    let cli = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(2);
        }
    };
    let ended = match cli.command {
        Command::Match(arguments) => matching::run(&cli.common, lang, &arguments),
        Command::Search(arguments) => search::run(&cli.common, lang, &arguments),
        Command::Check(arguments) => check::run(&cli.common, lang, &arguments),
        Command::Explain(arguments) => explain::run(&cli.common, lang, &arguments),
        Command::Test(arguments) => test::run(&cli.common, lang, &arguments),
        Command::Eval(arguments) => eval::run(&cli.common, lang, &arguments),

        Command::Impact(arguments) => impact::run(&cli.common, lang, &arguments),
        Command::Collisions(arguments) => collisions::run(&cli.common, lang, &arguments),
        Command::Stats(arguments) => stats::run(&cli.common, lang, &arguments),
        Command::Bundle(arguments) => bundle::run(&cli.common, lang, &arguments),
        Command::Fmt(arguments) => fmt::run(&cli.common, lang, &arguments),
        Command::Schema(arguments) => schema::run(&cli.common, lang, &arguments),
        Command::Suggest(arguments) => suggest::run(&cli.common, lang, &arguments),
        Command::Import(arguments) => import::run(&cli.common, lang, &arguments),
        Command::Replay(arguments) => replay::run(&cli.common, lang, &arguments),
        Command::Serve(arguments) => serve::run(&cli.common, lang, &arguments),
        Command::Tickets(arguments) => tickets::run(&cli.common, lang, &arguments),
        Command::Keys(arguments) => keys::run(&cli.common, lang, &arguments),
        Command::Backup(arguments) => backup::backup(&cli.common, lang, &arguments),
        Command::Restore(arguments) => backup::restore(&cli.common, lang, &arguments),
        Command::Lsp(arguments) => lsp::run(&cli.common, lang, &arguments),
        Command::Init(arguments) => init::run(&cli.common, lang, &arguments),
        Command::Build(arguments) => build::run(&cli.common, lang, &arguments),
        Command::ReadSheet(arguments) => read_sheet::run(&arguments),
    };
    match ended {
        Ok(Ended::Fine) => ExitCode::SUCCESS,
        Ok(Ended::ErrorsFound) => ExitCode::from(1),
        Err(Failure(message)) => {
            let prefix = match lang {
                Lang::Zh => "jiesu：",
                Lang::En => "jiesu: ",
            };
            anstream::eprintln!("{prefix}{}", message.in_lang(lang));
            ExitCode::from(2)
        }
    }
}

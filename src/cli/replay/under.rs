//! Which bundle decides a logged complaint again.

use std::path::Path;
use std::sync::Arc;

use super::super::build::told;
use super::super::{Common, Failure, impact, load};
use crate::bundle::{Bundle, History, LearningState, Loader, Place, Snapshot, WantedLessons, lessons_key};
use crate::say;
use crate::source::{Lang, Message};

/// Bundles that are kept while a log goes back and forth between them.
const KEPT: usize = 3;

/// Each line's own bundle, or one for all.
pub(super) enum Under<'a> {
    /// The revision that the line names, from what a server kept.
    Own(Box<Own<'a>>),
    /// This one.
    One {
        /// It.
        bundle: Arc<Bundle>,
        /// What it was named by.
        name: String,
    },
}

/// Kept bundles as they are asked for.
pub(super) struct Own<'a> {
    common: &'a Common,
    history: History,
    loader: Loader,
    /// The last asked for at the end.
    loaded: Vec<Kept>,
}

/// A bundle that was asked for; a failure is remembered too.
struct Kept {
    revision: String,
    lessons: Option<String>,
    bundle: Result<Arc<Bundle>, Message>,
}

impl<'a> Under<'a> {
    /// From what the command line says.
    ///
    /// # Errors
    /// It says too little, or names what is not there.
    pub(super) fn new(
        common: &'a Common,
        lang: Lang,
        data: Option<&Path>,
        revision: Option<&str>,
    ) -> Result<Under<'a>, Failure> {
        let history = data.map(History::existing).transpose().map_err(|path| {
            let path = path.display();
            say!(
                "{path} 不是 jiesu serve --data 用过的目录：里面没有 bundles/",
                "{path} is no folder that `jiesu serve --data` wrote: there is no bundles/ in it"
            )
        })?;
        let mut loader = Loader::new(load::cache(common)).learning(told(lang));
        let kept = history.as_ref().zip(revision).and_then(|(history, revision)| history.snapshot(revision));
        let (bundle, name) = match (kept, revision, history) {
            (Some(snapshot), Some(revision), _) => {
                let at = load::time(common, &load::default_zone())?.datetime();
                let loaded = loader.load(snapshot, at);
                let errors = loaded.diagnostics.iter().filter(|finding| finding.is_error()).count();
                (loaded.bundle.ok_or_else(|| refused(revision, errors))?, revision.to_owned())
            }
            (None, Some(name), _) => {
                let place = Place::parse(name, common.folder())?;
                (impact::load_place(common, &mut loader, &place, lang)?, name.to_owned())
            }
            (_, None, _) if common.bundle.is_some() => {
                let place = Place::Folder(common.folder().to_owned());
                (impact::load_place(common, &mut loader, &place, lang)?, place.name())
            }
            (_, None, Some(history)) => {
                return Ok(Under::Own(Box::new(Own { common, history, loader, loaded: Vec::new() })));
            }
            (_, None, None) => {
                return Err(Failure(say!(
                    "请写明按哪个规则包重放：--data 服务的数据目录（按当时的版本），或 --revision 版本、--bundle 目录",
                    "say which bundle decides: --data with a server's folder (each line's own), or --revision, or --bundle"
                )));
            }
        };
        let revision = bundle.engine.revision();
        let name = if name == revision { name } else { format!("{name} ({revision})") };
        Ok(Under::One { bundle, name })
    }

    /// What to call the one bundle that decides all.
    pub(super) fn name(&self) -> Option<String> {
        match self {
            Under::Own(_) => None,
            Under::One { name, .. } => Some(name.clone()),
        }
    }

    /// The bundle for lines of a revision, with the lessons of earlier cases that they name.
    ///
    /// # Errors
    /// It is not kept, or cannot be loaded as it was.
    pub(super) fn bundle(&mut self, revision: &str, lessons: Option<&str>) -> Result<Arc<Bundle>, Message> {
        match self {
            Under::One { bundle, .. } => Ok(Arc::clone(bundle)),
            Under::Own(own) => own.bundle(revision, lessons),
        }
    }
}

impl Own<'_> {
    fn bundle(&mut self, revision: &str, lessons: Option<&str>) -> Result<Arc<Bundle>, Message> {
        let is_it = |own: &Kept| own.revision == revision && own.lessons.as_deref() == lessons;
        if let Some(at) = self.loaded.iter().position(is_it) {
            let found = self.loaded.remove(at);
            let bundle = found.bundle.clone();
            self.loaded.push(found);
            return bundle;
        }
        let bundle = self.load(revision, lessons);
        if self.loaded.len() >= KEPT {
            drop(self.loaded.remove(0));
        }
        let (revision, lessons) = (revision.to_owned(), lessons.map(str::to_owned));
        self.loaded.push(Kept { revision, lessons, bundle: bundle.clone() });
        bundle
    }

    /// Loads the files that were kept, with what had been learned then.
    fn load(&mut self, revision: &str, lessons: Option<&str>) -> Result<Arc<Bundle>, Message> {
        let (files, state) = revision.split_once('-').unwrap_or((revision, ""));
        let snapshot = self
            .history
            .snapshot(files)
            .ok_or_else(|| say!("--data 里没有保存这个版本", "the folder of --data does not hold this revision"))?;
        let wanted = match (state, lessons) {
            ("", _) => WantedLessons::Best,
            ("untaught", _) => WantedLessons::None,
            ("stale", Some(lessons)) => WantedLessons::Of(lessons.to_owned()),
            _ => return Err(say!("看不懂这个版本号", "no revision is called so")),
        };
        let mut bundle = self.load_with(wanted.clone(), snapshot, revision)?;
        // What earlier cases taught has left the cache: it is learned again from the bundle that they were of.
        if let (WantedLessons::Of(lessons), LearningState::Missing) = (&wanted, bundle.learning.state)
            && let Some(earlier) = self.bundle_of(lessons)
        {
            self.load_with(WantedLessons::Best, earlier, revision)?;
            let again = self.history.snapshot(files).unwrap_or_default();
            bundle = self.load_with(wanted, again, revision)?;
        }
        if bundle.engine.revision() == revision {
            return Ok(bundle);
        }
        Err(match bundle.learning.state {
            LearningState::Missing | LearningState::Stale => say!(
                "当时学到的内容已不在缓存里，无法按当时的样子判定",
                "what had been learned then is no longer in the cache, so nothing can be decided as then"
            ),
            _ => say!(
                "保存的文件现在加载成另一个版本，无法按当时的样子判定",
                "what was kept loads as another revision now, so nothing can be decided as then"
            ),
        })
    }
}

impl Own<'_> {
    fn load_with(&mut self, lessons: WantedLessons, files: Snapshot, name: &str) -> Result<Arc<Bundle>, Message> {
        let at = load::time(self.common, &load::default_zone()).map_err(|failure| failure.0)?.datetime();
        self.loader.want_lessons(lessons);
        let loaded = self.loader.load(files, at);
        let errors = loaded.diagnostics.iter().filter(|finding| finding.is_error()).count();
        loaded.bundle.ok_or_else(|| refused(name, errors))
    }

    /// A kept bundle whose cases teach the lessons of a name.
    fn bundle_of(&self, lessons: &str) -> Option<Snapshot> {
        let mut kept = self.history.revisions().into_iter().filter_map(|revision| self.history.snapshot(&revision));
        kept.find(|snapshot| lessons_key(snapshot) == lessons)
    }
}

fn refused(revision: &str, errors: usize) -> Message {
    say!(
        "版本 {revision} 的规则包有 {errors} 处错误，这个版本的 jiesu 加载不了",
        "the bundle {revision} has {errors} errors: this version of jiesu does not load it"
    )
}

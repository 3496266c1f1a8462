//! Which settings hold where.

use super::file::{self, DEFAULT_EXCLUDES, FILE_NAMES, File, LISTED, PYPROJECT};
use super::names::{Choice, Names, choices};
use super::reader::{Source, fault};
use super::resolve::{Checked, Effective, check};
use super::settings::{Lookup, Overrides, PathSettings, Place, Problem};
use crate::page::Page;
use crate::snapshot::{RepoPath, Snapshot};
use crate::text::Span;
use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

/// The settings of a repository. Files are read when a path under them is first asked about; shared between
/// threads.
pub struct Configs<'a> {
    snapshot: &'a dyn Snapshot,
    pub(super) names: Names<'a>,
    pub(super) choices: Vec<Choice>,
    /// What holds everywhere, if `--config` or `--isolated` says so.
    everywhere: Option<Arc<Effective>>,
    /// What holds where no file says anything.
    defaults: Arc<Effective>,
    root: Arc<Effective>,
    folders: RwLock<HashMap<Box<str>, Arc<Effective>>>,
    files: Mutex<HashMap<Place, Loaded>>,
    /// What is wrong beside the contents of single files.
    problems: Mutex<Vec<Problem>>,
}

/// What stands at a place.
#[derive(Clone)]
enum Loaded {
    Missing,
    /// A `pyproject.toml` without our table.
    Foreign,
    Here(Arc<Checked>),
}

/// The folders with rule pages of the repository's own, as the settings of its root (or `--config`) name them. They
/// are wanted before there is a book to make [`Configs`] with; what is wrong with them is told by
/// [`Configs::problems`].
pub fn pages(snapshot: &dyn Snapshot, overrides: &Overrides) -> Vec<RepoPath> {
    let config = overrides.config.clone();
    let files_only = Overrides { config, isolated: overrides.isolated, ..Overrides::default() };
    Configs::new(snapshot, [], &files_only).pages()
}

/// The settings file that holds in a folder of its own, without a look at those above.
pub fn own_file(snapshot: &dyn Snapshot, folder: &RepoPath) -> Option<RepoPath> {
    let configs = Configs::new(snapshot, [], &Overrides { isolated: true, ..Overrides::default() });
    match configs.own_file(folder)?.source.place {
        Place::Inside(ref path) => Some(path.clone()),
        Place::Outside(_) => None,
    }
}

impl<'a> Configs<'a> {
    /// Settings of the repository that `snapshot` shows, for the rules of a book in its order.
    pub fn new(snapshot: &'a dyn Snapshot, rules: impl IntoIterator<Item = &'a Page>, overrides: &Overrides) -> Self {
        let names = Names::new(rules);
        let (choices, problems) = choices(&names, overrides);
        let defaults = Arc::new(Effective::new(Vec::new(), &names, &choices));
        let mut configs = Self {
            snapshot,
            names,
            choices,
            everywhere: None,
            root: Arc::clone(&defaults),
            defaults,
            folders: RwLock::default(),
            files: Mutex::default(),
            problems: Mutex::new(problems),
        };
        if overrides.isolated {
            configs.everywhere = Some(Arc::clone(&configs.defaults));
        } else if let Some(place) = &overrides.config {
            configs.everywhere = Some(configs.given(place));
        }
        configs.root = configs.folder("");
        configs.check_pages();
        configs.check_baseline();
        configs
    }

    /// What holds for the file at `path`. Equal settings are shared.
    pub fn for_path(&self, path: &RepoPath) -> Arc<PathSettings> {
        self.effective(path).for_path(path, &self.names, &self.choices)
    }

    /// Whether settings leave out one entry of a folder, be it a file or a folder. For a walk, which never gets to
    /// what lies below a folder that is left out.
    pub fn excluded(&self, path: &RepoPath, is_folder: bool) -> bool {
        let by_default = || is_folder && (DEFAULT_EXCLUDES.binary_search(&path.name()).is_ok() || is_egg(path));
        !path.as_str().is_empty() && self.effective(path).excluded(path, is_folder).unwrap_or_else(by_default)
    }

    /// Whether the names in a folder are looked at although it is left out by default: what the platform's tools keep
    /// there must not be committed.
    pub fn lists(&self, folder: &RepoPath) -> bool {
        LISTED.contains(&folder.name()) && self.effective(folder).excluded(folder, true).is_none()
    }

    /// Whether settings leave out `path` or a folder above it. For paths that no walk has found.
    pub fn excluded_from_top(&self, path: &RepoPath, is_folder: bool) -> bool {
        let text = path.as_str();
        let mut folders = memchr::memchr_iter(b'/', text.as_bytes()).filter_map(|at| text.get(..at));
        folders.any(|folder| self.excluded(&RepoPath::new(folder), true)) || self.excluded(path, is_folder)
    }

    /// Whether a walk leaves out what `.gitignore` names; the settings of the root decide.
    pub fn respect_gitignore(&self) -> bool {
        self.root.first(|file| file.respect_gitignore).is_none_or(|(respect, _)| respect)
    }

    /// Folders with rule pages of the repository's own; the settings of the root decide.
    pub fn pages(&self) -> Vec<RepoPath> {
        let all = self.root.chain.iter().flat_map(|checked| {
            checked.file.pages.iter().filter_map(|(page, _)| folder_of(&checked.source.base, page))
        });
        let mut pages = Vec::new();
        for page in all.filter(|page| self.snapshot.is_folder(page)) {
            if !pages.contains(&page) {
                pages.push(page);
            }
        }
        pages
    }

    /// The file with the findings that are let pass, if settings name one; the settings of the root decide.
    pub fn baseline(&self) -> Option<RepoPath> {
        self.root.chain.iter().find_map(|checked| {
            let (written, _) = checked.file.baseline.as_ref()?;
            folder_of(&checked.source.base, written)
        })
    }

    /// What holds at the root.
    pub(super) fn root(&self) -> &Effective {
        &self.root
    }

    /// What the settings of the root say first, of the file and those that it extends.
    pub(super) fn at_root<T>(&self, get: impl Fn(&File) -> Option<T>) -> Option<T> {
        self.root.chain.iter().find_map(|checked| get(&checked.file))
    }

    /// The settings files that hold for `path`: the nearest, what it extends, and so on.
    pub fn files(&self, path: &RepoPath) -> Vec<Place> {
        self.effective(path).chain.iter().map(|checked| checked.source.place.clone()).collect()
    }

    /// All that is wrong with the command line's rule names and with the files read so far, sorted.
    pub fn problems(&self) -> Vec<Problem> {
        let mut problems = self.problems.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        for loaded in files.values() {
            if let Loaded::Here(checked) = loaded {
                problems.extend(checked.problems.iter().cloned());
            }
        }
        drop(files);
        problems.sort();
        problems.dedup();
        problems
    }

    /// The settings of the folder that holds `path`.
    pub(super) fn effective(&self, path: &RepoPath) -> Arc<Effective> {
        let path = path.as_str();
        self.folder(path.rfind('/').and_then(|at| path.get(..at)).unwrap_or(""))
    }

    fn folder(&self, folder: &str) -> Arc<Effective> {
        if let Some(everywhere) = &self.everywhere {
            return Arc::clone(everywhere);
        }
        if let Some(known) = self.folders.read().unwrap_or_else(PoisonError::into_inner).get(folder) {
            return Arc::clone(known);
        }
        // Climb to the nearest folder that is known or has a file of its own.
        let mut climbed = vec![folder];
        let mut at = folder;
        let found = loop {
            let base = RepoPath::new(at);
            if let Some(own) = self.own_file(&base) {
                break self.chain(own, !at.is_empty());
            }
            if at.is_empty() {
                break Arc::clone(&self.defaults);
            }
            at = at.rfind('/').and_then(|slash| at.get(..slash)).unwrap_or("");
            if let Some(known) = self.folders.read().unwrap_or_else(PoisonError::into_inner).get(at) {
                break Arc::clone(known);
            }
            climbed.push(at);
        };
        let mut folders = self.folders.write().unwrap_or_else(PoisonError::into_inner);
        // Another thread may have climbed as well; all must share what came first.
        let found = climbed.last().and_then(|top| folders.get(*top).cloned()).unwrap_or(found);
        for folder in climbed {
            folders.entry(folder.into()).or_insert_with(|| Arc::clone(&found));
        }
        found
    }

    fn own_file(&self, folder: &RepoPath) -> Option<Arc<Checked>> {
        FILE_NAMES.iter().chain([&PYPROJECT]).find_map(|name| {
            let place = Place::Inside(folder.join(name)?);
            match self.load(&place) {
                Loaded::Here(checked) => Some(checked),
                Loaded::Missing | Loaded::Foreign => None,
            }
        })
    }

    /// The file that `--config` names.
    fn given(&self, place: &Place) -> Arc<Effective> {
        let message = match self.load(place) {
            Loaded::Here(checked) => return self.chain(checked, false),
            Loaded::Missing => format!("there is no file `{place}`"),
            Loaded::Foreign => format!("`{place}` has no `[tool.brickgate]`"),
        };
        let text: Arc<str> = place.to_string().into();
        let span = Span::from_range(0..text.len());
        self.add(Problem { path: "--config".to_owned(), span, message, help: None, text });
        Arc::clone(&self.defaults)
    }

    /// A file with all that it extends.
    fn chain(&self, own: Arc<Checked>, nested: bool) -> Arc<Effective> {
        if nested {
            for (key, span) in [
                ("baseline", own.file.baseline.as_ref().map(|&(_, span)| span)),
                ("pages", own.file.pages.first().map(|&(_, span)| span)),
                ("respect-gitignore", own.file.respect_gitignore.map(|(_, span)| span)),
            ] {
                if let Some(span) = span {
                    let message = format!("`{key}` holds for the whole repository, so it is only read at its root");
                    let help = Some("move it to the `brickgate.toml` of the root".to_owned());
                    self.add(fault(&own.source, span, message, help));
                }
            }
        }
        let mut chain = vec![own];
        while let Some(next) = chain.last().and_then(|last| self.extended(last, &chain)) {
            chain.push(next);
        }
        Arc::new(Effective::new(chain, &self.names, &self.choices))
    }

    /// The file that `last` extends.
    fn extended(&self, last: &Checked, chain: &[Arc<Checked>]) -> Option<Arc<Checked>> {
        let (written, span) = last.file.extend.as_ref()?;
        let source = &last.source;
        let place = match &source.place {
            _ if Path::new(written).is_absolute() => None,
            Place::Inside(path) => path.parent().join(written).map(Place::Inside),
            Place::Outside(path) => path.parent().map(|folder| Place::Outside(folder.join(written))),
        };
        let Some(place) = place else {
            let message = format!("`{written}` leaves the repository; a check must mean the same everywhere");
            let help = Some("name a file of the repository by a relative path".to_owned());
            self.add(fault(source, *span, message, help));
            return None;
        };
        if chain.iter().any(|known| known.source.place == place) {
            let mut names: Vec<String> = chain.iter().map(|known| known.source.place.to_string()).collect();
            names.push(place.to_string());
            self.add(fault(source, *span, format!("`extend` runs in a circle: {}", names.join(" -> ")), None));
            return None;
        }
        match self.load(&place) {
            Loaded::Here(checked) => return Some(checked),
            Loaded::Missing => self.add(fault(source, *span, format!("there is no file `{place}`"), None)),
            Loaded::Foreign => {
                self.add(fault(source, *span, format!("`{place}` has no `[tool.brickgate]`"), None));
            }
        }
        None
    }

    fn load(&self, place: &Place) -> Loaded {
        if let Some(loaded) = self.files.lock().unwrap_or_else(PoisonError::into_inner).get(place) {
            return loaded.clone();
        }
        let loaded = match file::load(self.snapshot, place) {
            Ok(source) => match file::parse(&source) {
                (Some(file), problems) => Loaded::Here(Arc::new(check(source, file, problems, &self.names))),
                (None, _) => Loaded::Foreign,
            },
            Err(error) if error.missing => return Loaded::Missing,
            Err(error) => {
                let source = Source { place: place.clone(), base: RepoPath::root(), text: Arc::from("") };
                let message = format!("this file cannot be read: {}", error.message);
                let problem = fault(&source, Span::default(), message, None);
                Loaded::Here(Arc::new(check(source, File::default(), vec![problem], &self.names)))
            }
        };
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        files.entry(place.clone()).or_insert(loaded).clone()
    }

    fn check_pages(&self) {
        for checked in &self.root.chain {
            for (page, span) in &checked.file.pages {
                let message = match folder_of(&checked.source.base, page) {
                    Some(folder) if self.snapshot.is_folder(&folder) => continue,
                    Some(folder) => format!("there is no folder `{folder}`"),
                    None => format!("`{page}` leaves the repository"),
                };
                self.add(fault(&checked.source, *span, message, None));
            }
        }
    }

    fn check_baseline(&self) {
        for checked in &self.root.chain {
            let Some((written, span)) = &checked.file.baseline else { continue };
            let named = folder_of(&checked.source.base, written);
            if named.is_none_or(|path| path.as_str().is_empty()) {
                let message = format!("`{written}` is no file of the repository");
                let help = Some("name one by a relative path".to_owned());
                self.add(fault(&checked.source, *span, message, help));
            }
        }
    }

    fn add(&self, problem: Problem) {
        self.problems.lock().unwrap_or_else(PoisonError::into_inner).push(problem);
    }
}

impl Lookup for Configs<'_> {
    fn for_path(&self, path: &RepoPath) -> Arc<PathSettings> {
        Self::for_path(self, path)
    }
}

/// A path that a file names, unless it leaves the repository.
fn folder_of(base: &RepoPath, written: &str) -> Option<RepoPath> {
    if written.starts_with('/') { None } else { base.join(written) }
}

/// Whether this is what setuptools leaves behind.
fn is_egg(path: &RepoPath) -> bool {
    path.extension() == "egg-info"
}

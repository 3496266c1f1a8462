//! How code is to be formatted at a path: what the repository already says to ruff, else to black, else to us.
//!
//! ruff's own order holds for ruff's files: in one folder `.ruff.toml`, else `ruff.toml`, else `[tool.ruff]` in
//! `pyproject.toml`; the nearest folder upwards that has one decides alone, and `extend` lays it over another.
//! Only files of the repository count, so that a check means the same everywhere.

mod black;
mod exclude;
mod isort;
mod ruff;
#[cfg(test)]
mod tests;
mod version;

use super::explain::Row;
use super::lookup::Configs;
use super::reader::{Reader, Source, fault};
use super::settings::{Place, Problem};
use super::{PYPROJECT, file};
use crate::python::format::{Ending, Style};
use crate::python::imports::Order;
use crate::snapshot::attributes::{Attributes, Eol};
use crate::snapshot::{RepoPath, Snapshot};
use crate::text::Span;
use exclude::Excludes;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use toml::de::{DeTable, DeValue};

/// What becomes of what an `.ipynb` holds beside its cells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ipynb {
    /// It stays.
    #[default]
    Keep,
    /// Outputs, execution counts and metadata that changes with every run go away.
    Strip,
}

/// How the file at one path is to be formatted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FormatSettings {
    /// How Python is to look.
    pub style: Style,
    /// The line ends of a source notebook, if ruff's settings or `.gitattributes` say.
    pub ending: Ending,
    /// How imports are sorted.
    pub order: Arc<Order>,
    /// Whether SQL is formatted.
    pub sql: bool,
    /// What becomes of the rest of an `.ipynb`.
    pub ipynb: Ipynb,
}

/// The formatting settings of a repository. Files are read when a path under them is first asked about; shared
/// between threads.
pub struct Styles<'a> {
    snapshot: &'a dyn Snapshot,
    configs: &'a Configs<'a>,
    /// Whether no settings file counts.
    isolated: bool,
    folders: RwLock<HashMap<Box<str>, Arc<Folder>>>,
    attributes: Attributes<'a>,
    problems: Mutex<Vec<Problem>>,
}

/// What holds in one folder.
#[derive(Debug)]
struct Folder {
    settings: FormatSettings,
    /// The file of ruff or black that was found, so that ours does not count for Python.
    foreign: Option<String>,
    exclude: Excludes,
    /// Where first-party modules are looked for.
    sources: Vec<RepoPath>,
    /// Targets of some files, the first that matches.
    targets: Vec<(Excludes, (u8, u8))>,
}

impl<'a> Styles<'a> {
    /// The formatting settings of the repository that `snapshot` shows. `isolated`: no file counts.
    pub fn new(snapshot: &'a dyn Snapshot, configs: &'a Configs<'a>, isolated: bool) -> Self {
        Self {
            snapshot,
            configs,
            isolated,
            folders: RwLock::default(),
            attributes: Attributes::new(snapshot),
            problems: Mutex::default(),
        }
    }

    /// What holds for the file at `path`.
    pub fn for_path(&self, path: &RepoPath) -> FormatSettings {
        if self.isolated {
            return FormatSettings::default();
        }
        let folder = self.folder(&path.parent());
        let mut settings = folder.settings.clone();
        self.configs.format(path, &mut settings, folder.foreign.is_some());
        if let Some((_, target)) = folder.targets.iter().find(|(files, _)| files.matches(path)) {
            settings.style.target = *target;
        }
        settings.ending = match settings.style.line_ending {
            Ending::Auto => match self.attributes.of(path).eol {
                Some(Eol::Lf) => Ending::Lf,
                Some(Eol::CrLf) => Ending::CrLf,
                None => Ending::Auto,
            },
            ending => ending,
        };
        settings
    }

    /// What holds for the file at `path`, and who says so.
    pub fn explain(&self, path: &RepoPath) -> Vec<Row> {
        let folder = self.folder(&path.parent());
        let from = folder.foreign.as_deref().filter(|_| !self.isolated);
        self.configs.explain_format(path, &self.for_path(path), from)
    }

    /// Whether ruff's settings leave the file out, or a folder above it.
    pub fn excluded(&self, path: &RepoPath) -> bool {
        !self.isolated && (self.folder(&path.parent()).exclude.matches(path) || self.configs.format_excluded(path))
    }

    /// All that is wrong with the files read so far, sorted.
    pub fn problems(&self) -> Vec<Problem> {
        let mut problems = self.problems.lock().unwrap_or_else(PoisonError::into_inner).clone();
        problems.sort();
        problems.dedup();
        problems
    }

    /// Whether `module` is first party for the file at `path`: a source of the repository, or its own package.
    pub fn is_ours(&self, path: &RepoPath, module: &str) -> bool {
        let folder = self.folder(&path.parent());
        let relative = module.replace('.', "/");
        let stands = |root: &RepoPath| {
            root.join(&relative).is_some_and(|at| {
                let file = |extension: &str| RepoPath::new(&format!("{at}.{extension}"));
                self.snapshot.is_folder(&at) || ["py", "pyi"].iter().any(|end| self.snapshot.is_file(&file(end)))
            })
        };
        let mut package = None;
        if folder.settings.order.detect_same_package {
            let is_package = |at: &RepoPath| at.join("__init__.py").is_some_and(|file| self.snapshot.is_file(&file));
            package = upwards(&path.parent()).take_while(is_package).last();
        }
        package.is_some_and(|package| Some(package.name()) == module.split('.').next())
            || folder.sources.iter().any(stands)
    }

    fn folder(&self, folder: &RepoPath) -> Arc<Folder> {
        let key = folder.as_str();
        if let Some(known) = self.folders.read().unwrap_or_else(PoisonError::into_inner).get(key) {
            return Arc::clone(known);
        }
        let found = self.find(folder);
        let mut folders = self.folders.write().unwrap_or_else(PoisonError::into_inner);
        // Another thread may have been faster; all must share what came first.
        Arc::clone(folders.entry(key.into()).or_insert(found))
    }

    /// Looks upwards from `folder`.
    fn find(&self, folder: &RepoPath) -> Arc<Folder> {
        let names = [".ruff.toml", "ruff.toml", PYPROJECT];
        let here = |at: &RepoPath, name| at.join(name).filter(|path| self.snapshot.is_file(path));
        if !folder.as_str().is_empty() && names.iter().all(|name| here(folder, name).is_none()) {
            return self.folder(&folder.parent());
        }
        let mut black = None;
        for at in upwards(folder) {
            for name in names {
                let Some(path) = here(&at, name) else { continue };
                let Some(source) = self.load(&path) else { return Arc::default() };
                if let Some(found) = self.ruff(&source, &path) {
                    return Arc::new(found);
                }
                if name == PYPROJECT && black.is_none() {
                    let (found, problems) = black::read(&source);
                    self.add(problems);
                    black = found.map(|found| (found, path.to_string()));
                }
            }
        }
        let mut found = Folder::default();
        let mut target = None;
        if let Some(((style, oldest), path)) = black {
            (found.settings.style, target, found.foreign) = (style, oldest, Some(path));
        }
        found.settings.style.target =
            target.or_else(|| self.requires_python(folder)).unwrap_or(found.settings.style.target);
        Arc::new(found)
    }

    /// The settings of ruff that stand at `path`, with what they extend; `None` if the file is a `pyproject.toml`
    /// that has none.
    fn ruff(&self, source: &Source, path: &RepoPath) -> Option<Folder> {
        let (own, problems) = ruff::read(source);
        self.add(problems);
        let mut all = own?;
        let mut seen = vec![path.clone()];
        let mut last = (path.clone(), all.extend.clone());
        while let (base, Some((written, span))) = last {
            let next = base.parent().join(&written).filter(|_| !written.starts_with(['/', '~', '$']));
            let complain = |message: String| {
                self.add(vec![fault(source, if seen.len() == 1 { span } else { Span::default() }, message, None)]);
            };
            let Some(next) = next else {
                complain(format!("`{written}` leaves the repository, so what it says about formatting is not known"));
                break;
            };
            if seen.contains(&next) {
                complain("`extend` runs in a circle".to_owned());
                break;
            }
            if !self.snapshot.is_file(&next) {
                complain(format!("there is no file `{next}`"));
                break;
            }
            let Some(source) = self.load(&next) else { break };
            let (extended, problems) = ruff::read(&source);
            self.add(problems);
            let extended = extended.unwrap_or_default();
            last = (next.clone(), extended.extend.clone());
            seen.push(next);
            all = all.over(extended);
        }
        let requires = if all.target.is_some() { None } else { self.requires_python(&path.parent()) };
        let mut folder = all.folder(&path.parent(), requires);
        folder.foreign = Some(path.to_string());
        Some(folder)
    }

    /// The oldest Python that the nearest `pyproject.toml` with `requires-python` allows.
    fn requires_python(&self, folder: &RepoPath) -> Option<(u8, u8)> {
        upwards(folder).find_map(|at| {
            let path = at.join(PYPROJECT).filter(|path| self.snapshot.is_file(path))?;
            let source = self.load(&path)?;
            let (document, _) = DeTable::parse_recoverable(&source.text);
            let project = document.get_ref().get("project")?.get_ref().get("requires-python")?;
            match project.get_ref() {
                DeValue::String(specifiers) => version::oldest(specifiers),
                _ => None,
            }
        })
    }

    fn load(&self, path: &RepoPath) -> Option<Source> {
        let place = Place::Inside(path.clone());
        match file::load(self.snapshot, &place) {
            Ok(source) => Some(source),
            Err(error) => {
                let source = Source { place, base: RepoPath::root(), text: Arc::from("") };
                let message = format!("this file cannot be read: {}", error.message);
                self.add(vec![fault(&source, Span::default(), message, None)]);
                None
            }
        }
    }

    fn add(&self, problems: Vec<Problem>) {
        if !problems.is_empty() {
            self.problems.lock().unwrap_or_else(PoisonError::into_inner).extend(problems);
        }
    }
}

impl Default for Folder {
    fn default() -> Self {
        Self {
            settings: FormatSettings::default(),
            foreign: None,
            exclude: Excludes::default(),
            sources: vec![RepoPath::root(), RepoPath::new("src")],
            targets: Vec::new(),
        }
    }
}

/// A folder and all above it, up to the root.
fn upwards(folder: &RepoPath) -> impl Iterator<Item = RepoPath> {
    let mut next = Some(folder.clone());
    std::iter::from_fn(move || {
        let here = next.take()?;
        next = (!here.as_str().is_empty()).then(|| here.parent());
        Some(here)
    })
}

/// The table of a tool in a `pyproject.toml`, or the whole of another file. `None` if there is none; what is wrong
/// with the file as TOML is noted.
fn tool<'d>(reader: &mut Reader<'_>, document: &'d DeTable<'d>, name: &str) -> Option<&'d DeTable<'d>> {
    if !file::is_pyproject(&reader.source.place) {
        return Some(document);
    }
    let value = document.get("tool")?.get_ref().get(name)?;
    reader.table(&format!("tool.{name}"), value)
}

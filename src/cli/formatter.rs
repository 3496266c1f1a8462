//! Formatting one file of a repository by the settings that hold for it; shared by `format` and `check --format`.

use crate::config::style::{Ipynb, Styles};
use crate::config::{Configs, Problem};
use crate::format::{self, Formatted, IpynbPolicy, Plan, SqlFormatter};
use crate::project::document::Kind;
use crate::python::imports::Imports;
use crate::snapshot::{RepoPath, Snapshot};

/// What the command line says about formatting.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Options {
    /// `--imports`.
    pub imports: bool,
    /// `--range`, in lines, 1-based, both ends included.
    pub lines: Option<(u32, u32)>,
    /// Whether it is enough to know if anything changes.
    pub ask: bool,
    /// `--isolated`.
    pub isolated: bool,
}

/// Formats the files of one repository.
pub(super) struct Formatter<'a> {
    configs: &'a Configs<'a>,
    styles: Styles<'a>,
    options: Options,
}

impl<'a> Formatter<'a> {
    pub(super) fn new(snapshot: &'a dyn Snapshot, configs: &'a Configs<'a>, options: Options) -> Self {
        Self { configs, styles: Styles::new(snapshot, configs, options.isolated), options }
    }

    /// What is wrong with the settings that hold for these files.
    pub(super) fn problems(&self, files: &[RepoPath]) -> Vec<Problem> {
        files.iter().for_each(|path| drop(self.styles.for_path(path)));
        let mut problems = self.configs.problems();
        problems.extend(self.styles.problems());
        problems
    }

    /// Whether the file at `path` is of a kind that can be formatted, going by its name and settings.
    pub(super) fn is_concerned(&self, path: &RepoPath) -> bool {
        let extension = path.extension();
        if extension.eq_ignore_ascii_case("py") {
            let kind = self.configs.for_path(path).read.kind;
            return !matches!(kind, Some(Kind::Other | Kind::Sql | Kind::Bundle));
        }
        ["ipynb", "sql", "scala", "r"].iter().any(|known| extension.eq_ignore_ascii_case(known))
    }

    /// Whether settings leave the file out of formatting.
    pub(super) fn is_excluded(&self, path: &RepoPath) -> bool {
        self.styles.excluded(path)
    }

    /// Formats `text`, which stands at `path`; `None` if it is no file that is formatted, such as a plain `.scala`.
    ///
    /// # Errors
    /// One line if it cannot be formatted.
    pub(super) fn format(&self, path: &RepoPath, text: &str) -> Result<Option<Formatted>, String> {
        if !self.is_concerned(path) {
            return Ok(None);
        }
        let settings = self.styles.for_path(path);
        let is_ours = |module: &str| self.styles.is_ours(path, module);
        let plan = Plan {
            style: Some(&settings.style),
            ending: settings.ending,
            imports: self.options.imports.then_some(Imports { order: &settings.order, is_ours: &is_ours }),
            sql: if settings.sql { sql() } else { None },
            ipynb: if settings.ipynb == Ipynb::Strip { strip() } else { None },
            ask: self.options.ask,
            lines: self.options.lines,
        };
        format::format(text, path.extension(), &plan)
    }
}

/// What formats SQL, if this build can.
fn sql() -> Option<&'static dyn SqlFormatter> {
    None
}

/// What strips an `.ipynb`.
fn strip() -> Option<&'static dyn IpynbPolicy> {
    None
}

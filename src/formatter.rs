//! Formatting one file of a repository by the settings that hold for it; for the command line and the language
//! server.

use crate::config::style::{Ipynb, Styles};
use crate::config::{Configs, Problem};
use crate::format::{self, Formatted, Plan, Sql, Strip};
use crate::notebook::ipynb::kept::{self, Kept};
use crate::project::document::Kind;
use crate::python::imports::{self, Imports};
use crate::snapshot::{RepoPath, Snapshot};
use crate::sql;
use std::sync::OnceLock;

/// What whoever asks says about formatting.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
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
pub struct Formatter<'a> {
    configs: &'a Configs<'a>,
    styles: Styles<'a>,
    options: Options,
    snapshot: &'a dyn Snapshot,
    /// The notebooks whose outputs are committed on purpose, once somebody asks.
    kept: OnceLock<Option<Kept>>,
}

impl<'a> Formatter<'a> {
    /// Formats files of `snapshot` by what `configs` and the settings of other formatters say.
    pub fn new(snapshot: &'a dyn Snapshot, configs: &'a Configs<'a>, options: Options) -> Self {
        let styles = Styles::new(snapshot, configs, options.isolated);
        Self { configs, styles, options, snapshot, kept: OnceLock::new() }
    }

    /// What is wrong with the settings that hold for these files.
    pub fn problems(&self, files: &[RepoPath]) -> Vec<Problem> {
        for path in files {
            self.styles.for_path(path);
        }
        let mut problems = self.configs.problems();
        problems.extend(self.styles.problems());
        problems
    }

    /// What this build would need to format these files as settings ask for.
    pub fn missing(&self, files: &[RepoPath]) -> Option<&'static str> {
        let asks = || files.iter().any(|path| self.styles.for_path(path).sql);
        (!sql::IS_AVAILABLE && asks()).then_some(
            "`format.sql` is on, and this build of brickgate has no SQL formatter: install one with \
             `cargo install --locked --features sql --path .`, or turn it off",
        )
    }

    /// Whether the file at `path` is of a kind that can be formatted, going by its name and settings.
    pub fn is_concerned(&self, path: &RepoPath) -> bool {
        let extension = path.extension();
        if extension.eq_ignore_ascii_case("py") {
            let kind = self.configs.for_path(path).read.kind;
            return !matches!(kind, Some(Kind::Other | Kind::Sql | Kind::Bundle));
        }
        ["ipynb", "sql", "scala", "r"].iter().any(|known| extension.eq_ignore_ascii_case(known))
    }

    /// Whether settings leave the file out of formatting.
    pub fn is_excluded(&self, path: &RepoPath) -> bool {
        self.styles.excluded(path)
    }

    /// Formats `text`, which stands at `path`; `None` if it is no file that is formatted, such as a plain `.scala`.
    ///
    /// # Errors
    /// One line if it cannot be formatted.
    pub fn format(&self, path: &RepoPath, text: &str) -> Result<Option<Formatted>, String> {
        if !self.is_concerned(path) {
            return Ok(None);
        }
        let settings = self.styles.for_path(path);
        let strip = Strip { keep_outputs: settings.ipynb == Ipynb::Strip && self.keeps_outputs(path) };
        let is_ours = |module: &str| self.styles.is_ours(path, module);
        let plan = Plan {
            style: Some(&settings.style),
            ending: settings.ending,
            imports: self.options.imports.then_some(Imports { order: &settings.order, is_ours: &is_ours }),
            sql: if settings.sql { Some(&Sql) } else { None },
            ipynb: if settings.ipynb == Ipynb::Strip { Some(&strip) } else { None },
            ask: self.options.ask,
            lines: self.options.lines,
        };
        format::format(text, path.extension(), &plan)
    }

    /// The code of one cell or module of `path` with its imports sorted, if that changes it.
    pub fn sort_imports(&self, path: &RepoPath, code: &str, ipython: bool) -> Option<String> {
        let settings = self.styles.for_path(path);
        let is_ours = |module: &str| self.styles.is_ours(path, module);
        imports::sort(code, Imports { order: &settings.order, is_ours: &is_ours }, ipython)
    }

    /// Whether `.databricks/commit_outputs` names the file.
    fn keeps_outputs(&self, path: &RepoPath) -> bool {
        let read = || {
            let bytes = self.snapshot.read(&RepoPath::new(kept::PATH)).ok()?;
            Some(Kept::read(&String::from_utf8_lossy(&bytes)))
        };
        path.has_extension("ipynb")
            && self.kept.get_or_init(read).as_ref().is_some_and(|kept| kept.holds(path.as_str()))
    }
}

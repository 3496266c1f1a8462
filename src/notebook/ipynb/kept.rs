//! `.databricks/commit_outputs`: the notebooks whose outputs are committed on purpose.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

/// The path of the file, from the root of the repository.
pub const PATH: &str = ".databricks/commit_outputs";

/// What the file says.
#[derive(Clone, Debug)]
pub struct Kept {
    set: GlobSet,
    /// For each glob in the set, whether it takes back what an earlier one matched.
    negated: Vec<bool>,
}

impl Kept {
    /// Reads the file: one glob a line, `#` starts a comment, `!` takes back. A line that is no glob says nothing.
    pub fn read(text: &str) -> Self {
        let mut builder = GlobSetBuilder::new();
        let mut negated = Vec::new();
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        for line in lines {
            let (line, takes_back) = line.strip_prefix('!').map_or((line, false), |rest| (rest, true));
            let rooted = line.trim_start_matches("./").trim_start_matches('/');
            // A folder stands for what is below it.
            for glob in [rooted.to_owned(), format!("{}/**", rooted.trim_end_matches('/'))] {
                if let Ok(glob) = GlobBuilder::new(&glob).literal_separator(true).build() {
                    builder.add(glob);
                    negated.push(takes_back);
                }
            }
        }
        match builder.build() {
            Ok(set) => Self { set, negated },
            // Too much for one set: then it is safer to keep everything.
            Err(_) => Self::read("**"),
        }
    }

    /// Whether the outputs of the notebook at `path`, from the root of the repository, are kept; the last glob that
    /// matches decides. A glob may name the notebook as the workspace does, without its extension.
    pub fn holds(&self, path: &str) -> bool {
        let without = path.strip_suffix(".ipynb").unwrap_or(path);
        let last = self.set.matches(path).into_iter().chain(self.set.matches(without)).max();
        last.and_then(|last| self.negated.get(last)).is_some_and(|negated| !negated)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_glob_that_matches_decides() {
        let kept = Kept::read("# **\n\n/reports/*.ipynb\n!reports/draft.ipynb\n daily/report \nshared/\n[broken\n");
        let held = ["reports/a.ipynb", "daily/report.ipynb", "shared/x/y.ipynb"];
        let not = ["reports/draft.ipynb", "reports/x/a.ipynb", "Reports/a.ipynb", "a.ipynb", "daily/report2.ipynb"];
        assert!(held.iter().all(|path| kept.holds(path)) && !not.iter().any(|path| kept.holds(path)));
        assert!(Kept::read("**").holds("a/b.ipynb") && !Kept::read("# **\n").holds("a.ipynb"));
        assert!(!Kept::read("**\n!old").holds("old/a.ipynb"));
    }
}

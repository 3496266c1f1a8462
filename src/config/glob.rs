//! Globs as `.gitignore` has them, relative to one folder.

use crate::snapshot::RepoPath;
use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

/// Globs that stand in one settings file.
#[derive(Clone, Debug)]
pub(super) struct Globs {
    /// The folder that they are relative to.
    base: RepoPath,
    set: GlobSet,
    /// One entry for each glob in the set.
    each: Vec<Each>,
}

#[derive(Clone, Copy, Debug)]
struct Each {
    /// Starts with `!`: takes back what an earlier glob matched.
    negated: bool,
    /// Ends with `/`: matches folders only.
    folder: bool,
}

/// What globs are asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// Each file and folder is asked about from the top, so a glob need not match what lies below a folder.
    Entries,
    /// Only files are asked about: a glob that matches a folder holds for everything below it.
    Below,
}

impl Globs {
    /// Compiles globs. What is wrong with one comes back with its index; the others still hold.
    pub(super) fn new<'a>(
        base: &RepoPath,
        globs: impl IntoIterator<Item = &'a str>,
        reach: Reach,
    ) -> (Self, Vec<(usize, String)>) {
        let mut builder = GlobSetBuilder::new();
        let mut each = Vec::new();
        let mut faults = Vec::new();
        for (index, glob) in globs.into_iter().enumerate() {
            match compile(glob, reach) {
                Ok((patterns, flags)) => {
                    for pattern in patterns {
                        builder.add(pattern);
                        each.push(flags);
                    }
                }
                Err(message) => faults.push((index, message)),
            }
        }
        let set = builder.build().unwrap_or_else(|error| {
            faults.push((0, format!("these globs are too large: {}", error.kind())));
            each.clear();
            GlobSet::empty()
        });
        (Self { base: base.clone(), set, each }, faults)
    }

    /// Whether a file is meant; the last glob that matches decides.
    pub(super) fn matches(&self, path: &RepoPath) -> bool {
        self.decide(path, false) == Some(true)
    }

    /// What the last glob that matches says: `Some(false)` if it takes back what an earlier one matched, `None` if
    /// none matches.
    pub(super) fn decide(&self, path: &RepoPath, is_folder: bool) -> Option<bool> {
        if self.each.is_empty() {
            return None;
        }
        let base = self.base.as_str();
        let path = if base.is_empty() { path.as_str() } else { path.as_str().strip_prefix(base)?.strip_prefix('/')? };
        // Sorted by index, as the set says of itself.
        let hits = self.set.matches(path);
        let last = hits.iter().rev().filter_map(|&hit| self.each.get(hit)).find(|each| is_folder || !each.folder)?;
        Some(!last.negated)
    }
}

/// The patterns that one glob stands for.
fn compile(written: &str, reach: Reach) -> Result<(Vec<globset::Glob>, Each), String> {
    let (negated, glob) = written.strip_prefix('!').map_or((false, written), |rest| (true, rest));
    let (folder, glob) = glob.strip_suffix('/').map_or((false, glob), |rest| (true, rest));
    let dotted = glob.strip_prefix("./");
    let anchored = dotted.is_some() || glob.contains('/');
    let glob = dotted.unwrap_or(glob).trim_start_matches('/');
    if glob.is_empty() {
        return Err("this glob is empty".to_owned());
    }
    if glob.split('/').any(|part| part == "..") {
        return Err(format!("`{written}` leaves the folder of this file, so it can match nothing"));
    }
    let pattern = if anchored { glob.to_owned() } else { format!("**/{glob}") };
    let below = format!("{pattern}/**");
    let mut patterns = Vec::with_capacity(2);
    if !(folder && reach == Reach::Below) {
        patterns.push(build(written, &pattern)?);
    }
    if reach == Reach::Below && !pattern.ends_with("/**") {
        patterns.push(build(written, &below)?);
    }
    // A folder-only glob that reaches below has become one that matches files below the folder.
    Ok((patterns, Each { negated, folder: folder && reach == Reach::Entries }))
}

fn build(written: &str, pattern: &str) -> Result<globset::Glob, String> {
    GlobBuilder::new(pattern)
        .literal_separator(true)
        .backslash_escape(true)
        .build()
        .map_err(|error| format!("`{written}` is not a valid glob: {}", error.kind()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn globs(base: &str, globs: &[&str], reach: Reach) -> Globs {
        let (globs, faults) = Globs::new(&RepoPath::new(base), globs.iter().copied(), reach);
        assert_eq!(faults, []);
        globs
    }

    fn file(globs: &Globs, path: &str) -> bool {
        globs.matches(&RepoPath::new(path))
    }

    #[test]
    fn a_bare_name_matches_at_any_depth_and_all_below_a_folder() {
        let globs = globs("", &["legacy", "*.tmp.py"], Reach::Below);
        for path in ["legacy", "legacy/a.py", "jobs/legacy/deep/a.py", "a.tmp.py", "x/y/a.tmp.py"] {
            assert!(file(&globs, path), "{path}");
        }
        for path in ["legacy2/a.py", "a.py", "jobs/legacy.py"] {
            assert!(!file(&globs, path), "{path}");
        }
    }

    #[test]
    fn a_slash_ties_a_glob_to_its_folder() {
        let globs = globs("jobs", &["daily/*.py", "/only.py", "./here.py", "a/**/z.py"], Reach::Below);
        for path in ["jobs/daily/a.py", "jobs/only.py", "jobs/here.py", "jobs/a/z.py", "jobs/a/b/c/z.py"] {
            assert!(file(&globs, path), "{path}");
        }
        for path in ["daily/a.py", "jobs/x/daily/a.py", "jobs/daily/x/a.py", "jobs/x/only.py", "jobs2/only.py", "jobs"]
        {
            assert!(!file(&globs, path), "{path}");
        }
    }

    #[test]
    fn the_last_match_decides_and_a_slash_at_the_end_means_a_folder() {
        let globs = globs("", &["out/", "gen*", "!generated"], Reach::Entries);
        let path = |path| RepoPath::new(path);
        assert_eq!(globs.decide(&path("out"), true), Some(true));
        assert_eq!(globs.decide(&path("out"), false), None);
        assert_eq!(globs.decide(&path("x/gen1"), true), Some(true));
        assert_eq!(globs.decide(&path("x/generated"), true), Some(false));
        assert_eq!(globs.decide(&path("other"), true), None);
        let below = super::tests::globs("", &["out/"], Reach::Below);
        assert!(file(&below, "x/out/a.py") && !file(&below, "out"));
    }

    #[test]
    fn faults_name_the_glob() {
        let (globs, faults) = Globs::new(&RepoPath::root(), ["a[", "ok", "", "../x", "{a"], Reach::Below);
        assert_eq!(faults.iter().map(|(index, _)| *index).collect::<Vec<_>>(), [0, 2, 3, 4]);
        assert!(file(&globs, "ok"));
    }
}

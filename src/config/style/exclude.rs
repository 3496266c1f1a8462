//! Globs as ruff has them: tried on the whole path and, without a slash, on each name of it.

use crate::snapshot::RepoPath;
use globset::{Glob, GlobSet, GlobSetBuilder};

/// Globs of one or more of ruff's settings files.
#[derive(Clone, Debug, Default)]
pub(super) struct Excludes {
    set: GlobSet,
}

impl Excludes {
    /// Compiles globs, each with the folder that it is relative to. Those that are not valid come back.
    pub(super) fn new<'g>(globs: impl IntoIterator<Item = (&'g RepoPath, &'g str)>) -> (Self, Vec<String>) {
        let mut builder = GlobSetBuilder::new();
        let mut bad = Vec::new();
        for (base, glob) in globs {
            let dotted = glob.trim_end_matches('/');
            let dotted = dotted.strip_prefix("./").unwrap_or(dotted);
            let whole = match base.as_str() {
                "" => format!("/{dotted}"),
                base => format!("/{}/{dotted}", globset::escape(base)),
            };
            let patterns = [Some(whole.as_str()), (!glob.contains('/')).then_some(glob)];
            for pattern in patterns.into_iter().flatten() {
                match Glob::new(pattern) {
                    Ok(pattern) => {
                        builder.add(pattern);
                    }
                    Err(_) => bad.push(glob.to_owned()),
                }
            }
        }
        (Self { set: builder.build().unwrap_or_default() }, bad)
    }

    /// Whether a file is meant, or a folder that holds it.
    pub(super) fn matches(&self, path: &RepoPath) -> bool {
        if self.set.is_empty() {
            return false;
        }
        let whole = format!("/{}", path.as_str());
        let mut ends = memchr::memchr_iter(b'/', whole.as_bytes()).skip(1).chain([whole.len()]);
        ends.any(|end| {
            let part = whole.get(..end).unwrap_or("");
            let name = part.rsplit('/').next().unwrap_or("");
            self.set.is_match(part) || self.set.is_match(name)
        })
    }
}

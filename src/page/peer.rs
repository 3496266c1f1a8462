//! Other linters, and how each names its rules: what `replaces` in a page can say.

/// One rule of another linter that a rule of ours does the work of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Replaced {
    /// The linter, one of [`Peer::ALL`].
    pub peer: &'static str,
    /// Its name for the rule, such as `R8906`.
    pub id: String,
}

/// `pylint R8906`, as pages write it.
impl std::fmt::Display for Replaced {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.peer, self.id)
    }
}

/// Another linter.
#[derive(Clone, Copy, Debug)]
pub struct Peer {
    /// The word for it in pages and on the command line.
    pub name: &'static str,
    /// How it names its rules.
    pub form: Form,
}

/// The form of a rule's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Capitals, then digits, perhaps with hyphens between: `R8906`, `SPL-D09-010`.
    Code,
    /// Words of letters and digits, joined by `-` or `_`: `notebook-not-found`, `reportUndefinedVariable`.
    Words,
}

impl Form {
    const fn example(self) -> &'static str {
        match self {
            Self::Code => "R8906",
            Self::Words => "notebook-not-found",
        }
    }

    fn fits(self, id: &str) -> bool {
        match self {
            Self::Code => {
                id.starts_with(|c: char| c.is_ascii_uppercase())
                    && id.ends_with(|c: char| c.is_ascii_digit())
                    && id.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'-')
            }
            Self::Words => {
                id.starts_with(|c: char| c.is_ascii_alphabetic())
                    && id.split(['-', '_']).all(|word| !word.is_empty())
                    && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
            }
        }
    }
}

impl Peer {
    /// All that pages may name. `pylint` is pylint itself and the plugin of Databricks Labs; `pre-commit` the hooks of
    /// `pre-commit-hooks`.
    pub const ALL: [Self; 19] = [
        Self { name: "cylint", form: Form::Code },
        Self { name: "databricks-notebook-linter", form: Form::Code },
        Self { name: "detect-secrets", form: Form::Words },
        Self { name: "dltlint", form: Form::Code },
        Self { name: "flake8-pyspark-with-column", form: Form::Code },
        Self { name: "nborder", form: Form::Code },
        Self { name: "nbstripout", form: Form::Words },
        Self { name: "pipeline-lint", form: Form::Code },
        Self { name: "pre-commit", form: Form::Words },
        Self { name: "pylint", form: Form::Code },
        Self { name: "pynblint", form: Form::Words },
        Self { name: "pyright", form: Form::Words },
        Self { name: "pyspark-antipattern", form: Form::Code },
        Self { name: "ruff", form: Form::Code },
        Self { name: "spark-perf-lint", form: Form::Code },
        Self { name: "sparkdoctor", form: Form::Code },
        Self { name: "sparkgrep", form: Form::Words },
        Self { name: "sqlfluff", form: Form::Code },
        Self { name: "ucx", form: Form::Words },
    ];
}

/// Reads `pylint R8906`.
///
/// # Errors
/// What is wrong with it, and what to do.
pub(super) fn parse(text: &str) -> Result<Replaced, (String, String)> {
    let Some((name, id)) = text.split_once(' ') else {
        let help = "write the linter and its name for the rule, such as \"pylint R8906\"".to_owned();
        return Err((format!("`{text}` names no rule of another linter"), help));
    };
    let names = || Peer::ALL.iter().map(|peer| peer.name);
    let Some(peer) = Peer::ALL.into_iter().find(|peer| peer.name == name) else {
        let near = crate::text::nearest::nearest(name, names());
        let known = || format!("known: {}", names().collect::<Vec<_>>().join(", "));
        return Err((
            format!("unknown linter `{name}`"),
            near.map_or_else(known, |near| format!("did you mean `{near}`?")),
        ));
    };
    if !peer.form.fits(id) {
        let help = format!("its names look like `{}`, one in a string", peer.form.example());
        return Err((format!("`{id}` cannot be a rule of {name}"), help));
    }
    Ok(Replaced { peer: peer.name, id: id.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_linter_and_rule() {
        let read = |text: &str| parse(text).map(|replaced| replaced.to_string());
        for text in ["pylint R8906", "ruff F821", "spark-perf-lint SPL-D09-010", "ucx notebook-not-found"] {
            assert_eq!(read(text).as_deref(), Ok(text));
        }
        assert_eq!(read("pyright reportUndefinedVariable").as_deref(), Ok("pyright reportUndefinedVariable"));
        for (text, message) in [
            ("R8906", "`R8906` names no rule of another linter"),
            ("pylnt R8906", "unknown linter `pylnt`"),
            ("pylint dbutils-fs-mount", "`dbutils-fs-mount` cannot be a rule of pylint"),
            ("ruff F821, F401", "`F821, F401` cannot be a rule of ruff"),
            ("ucx -x", "`-x` cannot be a rule of ucx"),
            ("ruff ", "`` cannot be a rule of ruff"),
        ] {
            assert_eq!(read(text).unwrap_err().0, message);
        }
        assert_eq!(read("pylnt R8906").unwrap_err().1, "did you mean `pylint`?");
    }

    #[test]
    fn linters_are_sorted_and_named_once() {
        assert!(Peer::ALL.windows(2).all(|two| two[0].name < two[1].name));
    }
}

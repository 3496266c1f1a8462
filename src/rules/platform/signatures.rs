//! What `dbutils` has in Python.
//!
//! Sources: `databricks-sdk-py`, `databricks/sdk/runtime/dbutils_stub.py`; Databricks documentation, "Databricks
//! Utilities (dbutils) reference".

/// The utilities.
pub(super) const UTILITIES: [&str; 13] = [
    "credentials",
    "data",
    "fs",
    "help",
    "jobs",
    "library",
    "meta",
    "notebook",
    "preview",
    "secrets",
    "widgets",
    "api",
    "entry_point",
];

/// A function of a utility.
pub(super) struct Signature {
    /// Its path behind `dbutils.`.
    pub path: &'static str,
    /// Its parameters in order; those with a `?` need not be given.
    pub parameters: &'static [&'static str],
    /// Whether the spelling of its parameters is known to be the only one.
    pub exact: bool,
}

const fn exact(path: &'static str, parameters: &'static [&'static str]) -> Signature {
    Signature { path, parameters, exact: true }
}

const fn loose(path: &'static str, parameters: &'static [&'static str]) -> Signature {
    Signature { path, parameters, exact: false }
}

/// Every function with its parameters, but those whose parameters another rule looks at.
pub(super) const SIGNATURES: &[Signature] = &[
    exact("credentials.getServiceCredentialsProvider", &["credentialName"]),
    loose("data.summarize", &["df", "precise?"]),
    loose("fs.cp", &["from", "to", "recurse?"]),
    loose("fs.head", &["file", "maxBytes?"]),
    loose("fs.ls", &["dir"]),
    loose("fs.mkdirs", &["dir"]),
    loose("fs.mv", &["from", "to", "recurse?"]),
    loose("fs.put", &["file", "contents", "overwrite?"]),
    loose("fs.rm", &["dir", "recurse?"]),
    loose("fs.unmount", &["mountPoint"]),
    exact("jobs.taskValues.get", &["taskKey", "key", "default?", "debugValue?"]),
    exact("jobs.taskValues.set", &["key", "value"]),
    exact("library.restartPython", &[]),
    exact("notebook.exit", &["value"]),
    exact("secrets.get", &["scope", "key"]),
    exact("secrets.getBytes", &["scope", "key"]),
    exact("secrets.list", &["scope"]),
    exact("secrets.listScopes", &[]),
    exact("widgets.combobox", &["name", "defaultValue", "choices", "label?"]),
    exact("widgets.dropdown", &["name", "defaultValue", "choices", "label?"]),
    exact("widgets.get", &["name"]),
    exact("widgets.getAll", &[]),
    exact("widgets.multiselect", &["name", "defaultValue", "choices", "label?"]),
    exact("widgets.remove", &["name"]),
    exact("widgets.removeAll", &[]),
    exact("widgets.text", &["name", "defaultValue", "label?"]),
];

/// Members of utilities that have no signature above: old ones, those that others look at, and internal ones.
const MEMBERS: &[(&str, &[&str])] = &[
    ("credentials", &["assumeRole", "getCurrentCredentials", "showCurrentRole", "showRoles"]),
    ("data", &[]),
    (
        "fs",
        &[
            "cacheFiles",
            "cacheTable",
            "mount",
            "mounts",
            "refreshMounts",
            "uncacheFiles",
            "uncacheTable",
            "updateMount",
            "entry_point",
            "dbfs",
        ],
    ),
    ("jobs", &["taskValues"]),
    ("library", &["install", "installPyPI", "list", "updateCondaEnv"]),
    ("notebook", &["entry_point", "getContext", "run"]),
    ("secrets", &[]),
    ("widgets", &["getArgument", "bindings"]),
];

/// The members of a utility; `None` for those of which not all are known.
pub(super) fn members(utility: &str) -> Option<Vec<&'static str>> {
    let (_, more) = MEMBERS.iter().find(|(name, _)| *name == utility)?;
    let own = SIGNATURES.iter().filter_map(|signature| {
        let rest = signature.path.strip_prefix(utility)?.strip_prefix('.')?;
        Some(rest.split('.').next().unwrap_or(rest))
    });
    Some(own.chain(more.iter().copied()).chain(["help"]).collect())
}

/// The function at a path behind `dbutils.`.
pub(super) fn signature(path: &str) -> Option<&'static Signature> {
    SIGNATURES.iter().find(|signature| signature.path == path)
}

//! What an editor says about how the server is to work. What is right and wrong in a repository is said by its own
//! settings files, so that an editor and a hook never differ.

use serde::Deserialize;
use serde_json::Value;
use std::path::PathBuf;

/// The section under which editors keep these settings.
pub(super) const SECTION: &str = "brickgate";

/// The settings of an editor. What is not said keeps its default; what is not understood is passed over, because an
/// editor may be newer than the server.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Settings {
    /// Whether anything is said at all.
    pub enable: bool,
    /// A settings file that holds for every path, instead of those of the repository.
    pub configuration: Option<PathBuf>,
    /// If not empty: exactly these rules run.
    pub select: Vec<String>,
    /// These rules run as well.
    pub extend_select: Vec<String>,
    /// These rules do not run.
    pub ignore: Vec<String>,
    /// Whether findings that the baseline lets pass are left out.
    pub baseline: bool,
    /// Whether all files of a repository are looked at, or those that are open.
    pub whole_workspace: bool,
    /// Whether "fix all" makes fixes that may change what the code does.
    pub unsafe_fixes: bool,
    /// Whether to say above a notebook who runs it.
    pub code_lens: bool,
    /// Whether to say behind a `%run` which names it brings.
    pub inlay_hints: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            enable: true,
            configuration: None,
            select: Vec::new(),
            extend_select: Vec::new(),
            ignore: Vec::new(),
            baseline: true,
            whole_workspace: false,
            unsafe_fixes: false,
            code_lens: false,
            inlay_hints: false,
        }
    }
}

impl Settings {
    /// Reads settings: the section itself, or an object that holds it. What has a wrong type is left at its default.
    pub(super) fn read(value: &Value) -> Self {
        let value = value.get(SECTION).or_else(|| value.get("settings")).unwrap_or(value);
        if let Ok(settings) = serde_json::from_value(value.clone()) {
            return settings;
        }
        let Some(given) = value.as_object() else { return Self::default() };
        let mut good = serde_json::Map::new();
        for (key, value) in given {
            let alone = Value::Object(std::iter::once((key.clone(), value.clone())).collect());
            if serde_json::from_value::<Self>(alone).is_ok() {
                good.insert(key.clone(), value.clone());
            }
        }
        serde_json::from_value(Value::Object(good)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn one_wrong_setting_costs_only_itself() {
        let read =
            Settings::read(&json!({ "brickgate": { "select": ["run/*"], "enable": 3, "codeLens": true, "new": 1 } }));
        assert_eq!(read, Settings { select: vec!["run/*".to_owned()], code_lens: true, ..Settings::default() });
        assert!(!Settings::read(&json!({ "settings": { "baseline": false } })).baseline);
        for nothing in [Value::Null, json!([]), json!("x"), json!({ "brickgate": null })] {
            assert_eq!(Settings::read(&nothing), Settings::default());
        }
    }
}

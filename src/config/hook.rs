//! `[hook]`: what git hooks of our own do.

use super::file::{File, parse_size};
use super::lookup::Configs;
use super::reader::{At, Reader, Value, entries, span_of};
use super::settings::Overrides;
use crate::snapshot::Snapshot;
use toml::de::DeValue;

/// All keys of the table.
pub(super) const KEYS: [&str; 6] = ["fix", "format", "max-findings", "memory-limit", "on-failure", "time-limit"];

/// The words for `on-failure`: whether a push is let through that could not be checked.
pub const FAILURES: [(&str, bool); 2] = [("fail-open", true), ("fail-closed", false)];

/// What holds for hooks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hook {
    /// Whether `pre-commit` mends what is staged.
    pub fix: bool,
    /// Whether `pre-commit` formats what is staged.
    pub format: bool,
    /// On a server: whether a push is let through that could not be checked.
    pub fail_open: bool,
    /// On a server: how long a check may take, in seconds.
    pub time_limit: u32,
    /// On a server: how much memory a check may take, in bytes.
    pub memory_limit: u64,
    /// On a server: how many findings are shown.
    pub max_findings: u32,
}

impl Default for Hook {
    fn default() -> Self {
        Self {
            fix: false,
            format: false,
            fail_open: true,
            time_limit: 60,
            memory_limit: 2_000_000_000,
            max_findings: 20,
        }
    }
}

/// What the table of one file says.
#[derive(Debug, Default)]
pub(super) struct HookTable {
    pub fix: Option<At<bool>>,
    pub format: Option<At<bool>>,
    pub fail_open: Option<At<bool>>,
    pub time_limit: Option<At<u32>>,
    pub memory_limit: Option<At<u64>>,
    pub max_findings: Option<At<u32>>,
}

impl Reader<'_> {
    /// Reads the table.
    pub(super) fn hook(&mut self, value: &Value<'_>) -> HookTable {
        let mut hook = HookTable::default();
        let Some(table) = self.table("hook", value) else { return hook };
        for (key, span, value) in entries(table) {
            match key {
                "fix" => hook.fix = self.switch(key, value),
                "format" => hook.format = self.switch(key, value),
                "max-findings" => hook.max_findings = self.count(key, value),
                "memory-limit" => hook.memory_limit = self.memory(value),
                "on-failure" => hook.fail_open = self.failure(key, value),
                "time-limit" => hook.time_limit = self.count(key, value),
                _ => self.unknown_key("hook", key, span, &KEYS),
            }
        }
        hook
    }

    fn count(&mut self, key: &str, value: &Value<'_>) -> Option<At<u32>> {
        let number = match value.get_ref() {
            DeValue::Integer(number) => u32::from_str_radix(number.as_str(), number.radix()).ok(),
            _ => None,
        };
        let number = number.filter(|&number| number > 0);
        if number.is_none() {
            self.fault(span_of(value), format!("`{key}` must be a whole number from 1 to {}", u32::MAX), None);
        }
        number.map(|number| (number, span_of(value)))
    }

    fn memory(&mut self, value: &Value<'_>) -> Option<At<u64>> {
        let bytes = match value.get_ref() {
            DeValue::Integer(number) => u64::from_str_radix(number.as_str(), number.radix()).ok(),
            DeValue::String(text) => parse_size(text),
            _ => None,
        };
        let bytes = bytes.filter(|&bytes| bytes > 0);
        if bytes.is_none() {
            let message = "`memory-limit` must be a number of bytes, or a string such as `\"2GB\"`";
            self.fault(span_of(value), message, None);
        }
        bytes.map(|bytes| (bytes, span_of(value)))
    }

    fn failure(&mut self, key: &str, value: &Value<'_>) -> Option<At<bool>> {
        let (word, span) = self.text(key, value)?;
        let found = FAILURES.iter().find(|(known, _)| *known == word);
        if found.is_none() {
            self.unknown(&format!("`{key}`"), &word, span, &FAILURES.map(|(word, _)| word));
        }
        found.map(|&(_, open)| (open, span))
    }
}

impl Configs<'_> {
    fn hook(&self) -> Hook {
        let default = Hook::default();
        Hook {
            fix: self.hook_value(|table| table.fix).unwrap_or(default.fix),
            format: self.hook_value(|table| table.format).unwrap_or(default.format),
            fail_open: self.hook_value(|table| table.fail_open).unwrap_or(default.fail_open),
            time_limit: self.hook_value(|table| table.time_limit).unwrap_or(default.time_limit),
            memory_limit: self.hook_value(|table| table.memory_limit).unwrap_or(default.memory_limit),
            max_findings: self.hook_value(|table| table.max_findings).unwrap_or(default.max_findings),
        }
    }

    fn hook_value<T: Copy>(&self, get: impl Fn(&HookTable) -> Option<At<T>>) -> Option<T> {
        self.at_root(|file: &File| get(&file.hook)).map(|(value, _)| value)
    }
}

/// What the settings of the root (or `--config`) say about hooks. What is wrong with them is told by
/// [`Configs::problems`] when files are checked.
pub fn hook(snapshot: &dyn Snapshot, overrides: &Overrides) -> Hook {
    let config = overrides.config.clone();
    let files_only = Overrides { config, isolated: overrides.isolated, ..Overrides::default() };
    Configs::new(snapshot, [], &files_only).hook()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::RepoPath;
    use crate::snapshot::memory::Memory;
    use std::collections::BTreeMap;

    #[test]
    fn every_key_is_read() {
        let text = "[hook]\nfix = true\nformat = true\non-failure = \"fail-closed\"\ntime-limit = 5\nmemory-limit = \"1GB\"\n\
                    max-findings = 3\n";
        let files = Memory::new(BTreeMap::from([(RepoPath::new("brickgate.toml"), text.into())]));
        let expected = Hook {
            fix: true,
            format: true,
            fail_open: false,
            time_limit: 5,
            memory_limit: 1_000_000_000,
            max_findings: 3,
        };
        assert_eq!(hook(&files, &Overrides::default()), expected);
        let none = Overrides { isolated: true, ..Overrides::default() };
        assert_eq!(hook(&files, &none), Hook::default());
    }

    #[test]
    fn faults_are_said() {
        let text = "[hook]\nfix = 1\non-failure = \"open\"\ntime-limit = 0\nmemory-limit = true\nspeed = 3\n";
        let files = Memory::new(BTreeMap::from([(RepoPath::new("brickgate.toml"), text.into())]));
        let configs = Configs::new(&files, [], &Overrides::default());
        configs.for_path(&RepoPath::new("x.py"));
        let said: Vec<String> = configs.problems().into_iter().map(|problem| problem.message).collect();
        assert_eq!(said.len(), 5, "{said:?}");
        assert_eq!(configs.hook(), Hook::default());
    }
}

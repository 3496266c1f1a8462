//! Laying files over each other and over the book's defaults.

use super::file::{File, Level, Override, RuleEntry};
use super::glob::Globs;
use super::names::{Choice, Meant, Names, cannot_be_off};
use super::reader::{At, Reader, Source, did_you_mean};
use super::settings::{PathSettings, Problem};
use crate::finding::Severity;
use crate::page::OptionValue;
use crate::project::document::{Kind, ReadOptions};
use crate::project::target::python_of;
use crate::rules::context::{RuleSettings, Target};
use crate::snapshot::RepoPath;
use crate::text::Span;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// A file whose rule names are looked up.
#[derive(Debug)]
pub(super) struct Checked {
    pub source: Source,
    pub file: File,
    /// Entries of `[rules]`, groups first, so that a name overrules its group.
    pub rules: Vec<Change>,
    /// Each `[[override]]` in the order of the file.
    pub overrides: Vec<(Globs, Vec<Change>)>,
    /// What is wrong with it.
    pub problems: Vec<Problem>,
}

/// What one entry changes.
#[derive(Debug)]
pub(super) struct Change {
    rules: Vec<usize>,
    level: Option<Level>,
    options: Vec<(String, OptionValue)>,
    /// Where its name stands.
    pub span: Span,
    group: bool,
}

/// Looks the rule names of a file up.
pub(super) fn check(source: Source, mut file: File, mut problems: Vec<Problem>, names: &Names<'_>) -> Checked {
    let mut reader = Reader::new(&source);
    let rules = changes(&mut reader, std::mem::take(&mut file.rules), names);
    let overrides = std::mem::take(&mut file.overrides)
        .into_iter()
        .map(|Override { files, rules }| (files, changes(&mut reader, rules, names)))
        .collect();
    problems.append(&mut reader.problems);
    Checked { source, file, rules, overrides, problems }
}

fn changes(reader: &mut Reader<'_>, entries: Vec<RuleEntry>, names: &Names<'_>) -> Vec<Change> {
    let mut changes: Vec<Change> = entries.into_iter().filter_map(|entry| change(reader, entry, names)).collect();
    changes.sort_by_key(|change| !change.group);
    changes
}

fn change(reader: &mut Reader<'_>, entry: RuleEntry, names: &Names<'_>) -> Option<Change> {
    let (name, span) = entry.name;
    let rules = match names.find(&name) {
        Ok(Meant::Rule(rule)) => {
            if entry.level == Some(Level::Off) && names.always[rule] {
                reader.fault(span, cannot_be_off(&name), None);
            }
            let options = options(reader, entry.options, names, rule);
            return Some(Change { rules: vec![rule], level: entry.level, options, span, group: false });
        }
        Ok(Meant::Group(rules)) => rules,
        Err((message, help)) => {
            reader.fault(span, message, help);
            return None;
        }
    };
    for ((option, span), _) in &entry.options {
        let message = format!("a group has no options, so `{option}` cannot be set here");
        reader.fault(*span, message, Some("set it for the rule that has it".to_owned()));
    }
    Some(Change { rules, level: entry.level, options: Vec::new(), span, group: true })
}

/// The options that the rule's page declares, with values of the right type.
fn options(
    reader: &mut Reader<'_>,
    written: Vec<(At<String>, At<OptionValue>)>,
    names: &Names<'_>,
    rule: usize,
) -> Vec<(String, OptionValue)> {
    let page = names.pages[rule];
    let declared = &page.head.options;
    let mut options = Vec::with_capacity(written.len());
    for ((name, span), (value, value_span)) in written {
        let Some(option) = declared.iter().find(|option| option.name == name) else {
            let known = declared.iter().map(|option| option.name.as_str()).chain(["severity"]);
            let help =
                did_you_mean(&name, known).or_else(|| Some(format!("`brickgate rule {}` shows them", page.name)));
            reader.fault(span, format!("`{}` has no option `{name}`", page.name), help);
            continue;
        };
        if std::mem::discriminant(&option.default) == std::mem::discriminant(&value) {
            options.push((name, value));
        } else {
            let wanted = option.default.type_name();
            reader.fault(value_span, format!("`{name}` must be {wanted}, as its default is"), None);
        }
    }
    options
}

/// Why something is as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// The page, or the program.
    Default,
    /// A file of the chain, by index, and the place in it.
    File(usize, Span),
    /// An option of the command line.
    Option(&'static str),
}

/// One rule on its way through the layers.
#[derive(Clone, Debug)]
pub(super) struct State {
    pub on: bool,
    pub severity: Severity,
    /// Options that files set.
    pub options: Vec<(String, OptionValue, Origin)>,
    pub origin: Origin,
}

/// The settings of one folder: its file, what that extends, and so on, the nearest first.
pub(super) struct Effective {
    pub chain: Vec<Arc<Checked>>,
    base: Arc<PathSettings>,
    /// Whether paths under these settings can differ from each other.
    plain: bool,
    variants: Mutex<HashMap<Variant, Arc<PathSettings>>>,
}

/// What makes the settings of one path differ from another's: overrides that hold, and the kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Variant {
    /// (index in the chain, index of the override).
    overrides: Vec<(usize, usize)>,
    kind: Option<Kind>,
}

impl Effective {
    pub(super) fn new(chain: Vec<Arc<Checked>>, names: &Names<'_>, choices: &[Choice]) -> Self {
        let plain = chain.iter().all(|checked| checked.overrides.is_empty() && checked.file.kinds.is_empty());
        let mut effective = Self { chain, base: Arc::default(), plain, variants: Mutex::default() };
        effective.base = Arc::new(effective.settings(&Variant::default(), names, choices));
        effective
    }

    /// What holds for one path.
    pub(super) fn for_path(&self, path: &RepoPath, names: &Names<'_>, choices: &[Choice]) -> Arc<PathSettings> {
        if self.plain {
            return Arc::clone(&self.base);
        }
        let variant = self.variant(path);
        if variant == Variant::default() {
            return Arc::clone(&self.base);
        }
        let mut variants = self.variants.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(settings) = variants.get(&variant) {
            return Arc::clone(settings);
        }
        let settings = Arc::new(self.settings(&variant, names, choices));
        variants.insert(variant, Arc::clone(&settings));
        settings
    }

    /// The first value in the chain, and where it stands.
    pub(super) fn first<T: Copy>(&self, get: impl Fn(&File) -> Option<At<T>>) -> Option<(T, Origin)> {
        self.chain
            .iter()
            .enumerate()
            .find_map(|(index, checked)| get(&checked.file).map(|(value, span)| (value, Origin::File(index, span))))
    }

    /// The kind that settings give a file: the first whose globs match, in the nearest file that has one.
    pub(super) fn kind(&self, path: &RepoPath) -> Option<(Kind, Origin)> {
        self.chain.iter().enumerate().find_map(|(index, checked)| {
            let (kind, _, (_, span)) = checked.file.kinds.iter().find(|(_, globs, _)| globs.matches(path))?;
            Some((*kind, Origin::File(index, *span)))
        })
    }

    /// Whether one entry of a folder is left out; `None` if no glob speaks of it.
    pub(super) fn excluded(&self, path: &RepoPath, is_folder: bool) -> Option<bool> {
        self.chain.iter().find_map(|checked| checked.file.exclude.as_ref()?.decide(path, is_folder))
    }

    fn variant(&self, path: &RepoPath) -> Variant {
        let mut overrides = Vec::new();
        for (index, checked) in self.chain.iter().enumerate() {
            let holds = checked.overrides.iter().enumerate().filter(|(_, (files, _))| files.matches(path));
            overrides.extend(holds.map(|(at, _)| (index, at)));
        }
        Variant { overrides, kind: self.kind(path).map(|(kind, _)| kind) }
    }

    /// How every rule stands at a path, and why.
    pub(super) fn states_at(&self, path: &RepoPath, names: &Names<'_>, choices: &[Choice]) -> Vec<State> {
        self.states(&self.variant(path), names, choices)
    }

    fn states(&self, variant: &Variant, names: &Names<'_>, choices: &[Choice]) -> Vec<State> {
        let mut states: Vec<State> = names
            .pages
            .iter()
            .map(|page| State {
                on: page.head.enabled,
                severity: page.head.severity,
                options: Vec::new(),
                origin: Origin::Default,
            })
            .collect();
        for (index, checked) in self.chain.iter().enumerate().rev() {
            apply(&mut states, index, &checked.rules);
            for &(_, at) in variant.overrides.iter().filter(|(of, _)| *of == index) {
                if let Some((_, changes)) = checked.overrides.get(at) {
                    apply(&mut states, index, changes);
                }
            }
        }
        for ((state, choice), &always) in states.iter_mut().zip(choices).zip(&names.always) {
            match *choice {
                Choice::On(option) if !state.on => (state.on, state.origin) = (true, Origin::Option(option)),
                Choice::Off(option) if state.on => (state.on, state.origin) = (false, Origin::Option(option)),
                _ => {}
            }
            if always && !state.on {
                (state.on, state.origin) = (true, Origin::Default);
            }
        }
        states
    }

    fn settings(&self, variant: &Variant, names: &Names<'_>, choices: &[Choice]) -> PathSettings {
        let default = ReadOptions::default();
        let target = Target {
            compute: self.first(|file| file.compute).map(|(compute, _)| compute),
            dbr: self.first(|file| file.dbr).map(|(dbr, _)| dbr),
            environment: None,
        };
        let read = ReadOptions {
            kind: variant.kind,
            target_python: self.target_python().map_or(default.target_python, |(python, _)| python),
            max_file_size: self.first(|file| file.max_file_size).map_or(default.max_file_size, |(size, _)| size),
        };
        let rules = self
            .states(variant, names, choices)
            .into_iter()
            .zip(&names.pages)
            .map(|(state, page)| {
                state.on.then(|| {
                    let declared = page.head.options.iter().map(|option| (option.name.clone(), option.default.clone()));
                    let set = state.options.into_iter().map(|(name, value, _)| (name, value));
                    Arc::new(RuleSettings { severity: state.severity, options: declared.chain(set).collect() })
                })
            })
            .collect();
        PathSettings { read, target, rules }
    }

    /// The Python to write for: as set, else the one that the runtime brings. The nearest file that says either
    /// decides.
    pub(super) fn target_python(&self) -> Option<((u8, u8), Origin)> {
        self.first(|file| file.target_python.or_else(|| file.dbr.map(|((major, _), span)| (python_of(major), span))))
    }
}

fn apply(states: &mut [State], file: usize, changes: &[Change]) {
    for change in changes {
        for &rule in &change.rules {
            let Some(state) = states.get_mut(rule) else { continue };
            match change.level {
                Some(Level::Off) => state.on = false,
                Some(Level::On(severity)) => (state.on, state.severity) = (true, severity),
                None => {}
            }
            for (name, value) in &change.options {
                state.options.retain(|(other, ..)| other != name);
                state.options.push((name.clone(), value.clone(), Origin::File(file, change.span)));
            }
            state.origin = Origin::File(file, change.span);
        }
    }
}

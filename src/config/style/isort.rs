//! ruff's settings of its isort rules.

use super::super::reader::{Reader, entries};
use crate::python::imports::{Order, Section};
use toml::de::{DeTable, DeValue};

/// Reads `[lint.isort]`. A key that is not known, or a value that is no value, makes the order unknown: then nothing
/// is sorted.
pub(super) fn read(reader: &mut Reader<'_>, table: &DeTable<'_>) -> Order {
    let mut order = Order::default();
    let mut parts = Parts::default();
    let problems = reader.problems.len();
    for (key, _, value) in entries(table) {
        let mut switch = |to: &mut bool| {
            if let Some((on, _)) = reader.switch(key, value) {
                *to = on;
            }
        };
        match key {
            "combine-as-imports" => switch(&mut order.combine_as_imports),
            "force-single-line" => switch(&mut order.force_single_line),
            "force-sort-within-sections" => switch(&mut order.force_sort_within_sections),
            "case-sensitive" => switch(&mut order.case_sensitive),
            "force-wrap-aliases" => switch(&mut order.force_wrap_aliases),
            "order-by-type" => switch(&mut order.order_by_type),
            "split-on-trailing-comma" => switch(&mut order.split_on_trailing_comma),
            "no-sections" => switch(&mut order.no_sections),
            "from-first" => switch(&mut order.from_first),
            "length-sort" => switch(&mut order.length_sort),
            "length-sort-straight" => switch(&mut order.length_sort_straight),
            "detect-same-package" => switch(&mut order.detect_same_package),
            "lines-after-imports" | "lines-between-types" => {
                let number = match value.get_ref() {
                    DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix()).ok(),
                    _ => None,
                };
                match (key, number, number.and_then(|number| u8::try_from(number).ok())) {
                    ("lines-after-imports", Some(-1), _) => order.lines_after_imports = None,
                    ("lines-after-imports", _, Some(lines)) => order.lines_after_imports = Some(lines),
                    ("lines-between-types", _, Some(lines)) => order.lines_between_types = lines,
                    _ => order.unknown = true,
                }
            }
            "relative-imports-order" => match value.get_ref().as_str() {
                Some("closest-to-furthest") => order.closest_first = true,
                Some("furthest-to-closest") => order.closest_first = false,
                _ => order.unknown = true,
            },
            "default-section" => match value.get_ref().as_str() {
                Some(name) => order.default_section = Section::named(name),
                None => order.unknown = true,
            },
            "sections" => match reader.table(key, value) {
                Some(table) => {
                    for (name, _, value) in entries(table) {
                        let modules = reader.texts(name, value).unwrap_or_default();
                        parts.own.extend(modules.into_iter().map(|(module, _)| (module, Section::named(name))));
                    }
                }
                None => order.unknown = true,
            },
            // Imports that must be there are another rule's.
            "required-imports" => {}
            _ => {
                let lists: [(&str, &mut Vec<String>); 10] = [
                    ("single-line-exclusions", &mut order.single_line_exclusions),
                    ("force-to-top", &mut order.force_to_top),
                    ("classes", &mut order.classes),
                    ("constants", &mut order.constants),
                    ("variables", &mut order.variables),
                    ("forced-separate", &mut order.forced_separate),
                    ("known-first-party", &mut parts.first_party),
                    ("known-third-party", &mut parts.third_party),
                    ("known-local-folder", &mut parts.local_folder),
                    ("extra-standard-library", &mut parts.standard_library),
                ];
                if let Some((_, list)) = lists.into_iter().find(|(name, _)| *name == key) {
                    *list = words(reader, key, value);
                } else if key == "section-order" || key == "no-lines-before" {
                    let sections = words(reader, key, value).iter().map(|name| Section::named(name)).collect();
                    *(if key == "section-order" { &mut order.sections } else { &mut order.no_lines_before }) = sections;
                } else {
                    order.unknown = true;
                }
            }
        }
    }
    order.unknown |= reader.problems.len() > problems;
    order.known = parts.known();
    if !order.sections.contains(&order.default_section) {
        order.sections.push(order.default_section.clone());
    }
    order
}

fn words(reader: &mut Reader<'_>, key: &str, value: &super::super::reader::Value<'_>) -> Vec<String> {
    reader.texts(key, value).unwrap_or_default().into_iter().map(|(word, _)| word).collect()
}

/// Modules whose section is said.
#[derive(Default)]
struct Parts {
    own: Vec<(String, Section)>,
    first_party: Vec<String>,
    third_party: Vec<String>,
    local_folder: Vec<String>,
    standard_library: Vec<String>,
}

impl Parts {
    /// In the order in which ruff tries them.
    fn known(self) -> Vec<(String, Section)> {
        let mut known = self.own;
        for (modules, section) in [
            (self.first_party, Section::FirstParty),
            (self.third_party, Section::ThirdParty),
            (self.local_folder, Section::LocalFolder),
            (self.standard_library, Section::StandardLibrary),
        ] {
            known.extend(modules.into_iter().map(|module| (module, section.clone())));
        }
        known
    }
}

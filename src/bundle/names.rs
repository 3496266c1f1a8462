//! What a bundle declares by name, and the `${…}` that refer to such names.

use super::job::Key;
use super::yaml::{Node, Value};
use crate::text::Span;
use std::collections::HashSet;
use std::sync::Arc;

/// The names of one bundle file.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// The variables that it declares.
    pub variables: Vec<Key>,
    /// The variables that a target gives a value.
    pub assigned: Vec<Key>,
    /// Its resources, as `jobs.nightly`.
    pub resources: Vec<String>,
    /// What stands in `${…}` in its resources and workspaces, each with its place: `var.catalog`,
    /// `resources.jobs.nightly.id`.
    pub references: Vec<Key>,
    /// Whether all that it declares is written out: nothing stands behind a variable, and the file is no template.
    pub is_whole: bool,
}

/// The parts of a bundle in which references are filled in.
const PARTS: [&str; 2] = ["resources", "workspace"];

/// The names of a bundle file.
pub(super) fn read(text: &str, root: &Node) -> Names {
    // What the command line makes bundles of is filled in by Go's templates.
    let is_template = ["{{.", "{{ .", "{{-", "{{ if", "{{if"].iter().any(|sign| text.contains(sign));
    let mut names = Names { is_whole: !is_template, ..Names::default() };
    if let Some(variables) = root.get("variables") {
        names.is_whole &= matches!(variables.value, Value::Mapping(_));
        names.variables = keys(variables);
    }
    let targets = ["targets", "environments"].into_iter().filter_map(|key| root.get(key));
    let targets: Vec<&Node> = targets.flat_map(Node::entries).map(|target| target.value).collect();
    names.assigned = targets.iter().filter_map(|target| target.get("variables")).flat_map(keys).collect();
    for place in std::iter::once(root).chain(targets) {
        for kind in place.get("resources").map(Node::entries).unwrap_or_default() {
            names.is_whole &= !matches!(&kind.value.value, Value::Scalar(text) if !text.is_empty());
            names.resources.extend(kind.value.entries().iter().map(|entry| format!("{}.{}", kind.key, entry.key)));
        }
        if text.contains("${") {
            let mut walk = Walk { text, seen: HashSet::new(), found: &mut names.references };
            PARTS.iter().filter_map(|part| place.get(part)).for_each(|part| walk.node(part));
        }
    }
    names.references.sort_by_key(|row| row.span);
    names.references.dedup();
    names
}

fn keys(mapping: &Node) -> Vec<Key> {
    let entries = mapping.entries().into_iter();
    entries.map(|entry| Key { text: entry.key.to_owned(), span: entry.key_span }).collect()
}

/// Goes through all values once, however many aliases lead to them.
struct Walk<'a> {
    text: &'a str,
    seen: HashSet<*const Node>,
    found: &'a mut Vec<Key>,
}

impl Walk<'_> {
    fn node(&mut self, node: &Node) {
        match &node.value {
            Value::Scalar(value) if value.contains("${") => self.references(node.span),
            Value::Scalar(_) => {}
            Value::Sequence(items) => items.iter().for_each(|item| self.shared(item)),
            Value::Mapping(pairs) => pairs.iter().for_each(|(_, value)| self.shared(value)),
        }
    }

    fn shared(&mut self, node: &Arc<Node>) {
        if self.seen.insert(Arc::as_ptr(node)) {
            self.node(node);
        }
    }

    /// The references in a scalar, as it is written.
    fn references(&mut self, scalar: Span) {
        let written = scalar.of(self.text);
        for (at, _) in written.match_indices("${") {
            let rest = written.get(at + 2..).unwrap_or_default();
            let Some(inner) = rest.find('}').and_then(|end| rest.get(..end)) else { continue };
            let is_path = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '[' | ']');
            if !inner.is_empty() && inner.chars().all(is_path) {
                let start = scalar.start as usize + at;
                let span = Span::from_range(start..start + 2 + inner.len() + 1);
                self.found.push(Key { text: inner.to_owned(), span });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::yaml::parse;

    #[test]
    fn names_and_references() {
        let text = "variables:
  catalog: {default: main}
  size:
resources:
  jobs:
    nightly:
      name: ${bundle.target} # ${var.comment}
      tasks: &tasks
        - {task_key: a, note: 'x ${var.catalog} ${var.size[0].a}', other: '${not one}'}
    weekly: {tasks: *tasks}
targets:
  dev:
    variables: {catalog: dev, colour: red}
    resources:
      schemas: {raw: {catalog_name: '${var.catalog}'}}
scripts:
  run: {content: 'echo ${var.shell}'}
";
        let names = read(text, &parse(text).unwrap().unwrap());
        let texts = |keys: &[Key]| keys.iter().map(|key| key.text.clone()).collect::<Vec<_>>();
        assert_eq!(texts(&names.variables), ["catalog", "size"]);
        assert_eq!(texts(&names.assigned), ["catalog", "colour"]);
        assert_eq!(names.resources, ["jobs.nightly", "jobs.weekly", "schemas.raw"]);
        assert_eq!(texts(&names.references), ["bundle.target", "var.catalog", "var.size[0].a", "var.catalog"]);
        assert!(names.references.iter().all(|key| key.span.of(text) == format!("${{{}}}", key.text)));
        assert!(names.is_whole);
    }

    #[test]
    fn templates_are_not_whole() {
        for text in ["variables: ${x}\n", "bundle: {name: '{{.project_name}}'}\n", "resources: {jobs: '${var.jobs}'}\n"]
        {
            assert!(!read(text, &parse(text).unwrap().unwrap()).is_whole, "{text}");
        }
        let text = "resources: {jobs: {a: {parameters: [{name: x, default: '{{job.run_id}}'}]}}}\n";
        assert!(read(text, &parse(text).unwrap().unwrap()).is_whole);
    }
}

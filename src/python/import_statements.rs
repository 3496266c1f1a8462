//! What imports bind.

use super::facts::{BindingKind, Import};
use super::state::{Walker, index};
use super::symbols::Symbol;
use ruff_python_ast::{Alias, StmtImport, StmtImportFrom};
use ruff_text_size::{Ranged, TextRange, TextSize};

impl Walker<'_> {
    pub(super) fn import(&mut self, node: &StmtImport) {
        for alias in &node.names {
            let module = self.facts.symbols.intern(&alias.name.id);
            let bound = match &alias.asname {
                Some(name) => name.id.as_str(),
                None => alias.name.id.split('.').next().unwrap_or(""),
            };
            let bound = self.facts.symbols.intern(bound);
            self.imported(
                alias,
                alias.name.range,
                Import { module, level: 0, name: None, bound: Some(bound), ..self.import_row(node.range) },
            );
        }
    }

    pub(super) fn import_from(&mut self, node: &StmtImportFrom) {
        let module = self.facts.symbols.intern(node.module.as_ref().map_or("", |module| &module.id));
        for alias in &node.names {
            let name = self.facts.symbols.intern(&alias.name.id);
            let bound = match &alias.asname {
                Some(bound) => Some(self.facts.symbols.intern(&bound.id)),
                None if alias.name.id == "*" => None,
                None => Some(name),
            };
            let range = match &node.module {
                Some(module) if node.level > 0 => {
                    // The dots have no node; they are the first thing after `from`.
                    let before = self.source(TextRange::new(node.start(), module.start()));
                    let dot = before.find('.').and_then(|dot| TextSize::try_from(dot).ok());
                    dot.map_or(module.range, |dot| TextRange::new(node.start() + dot, module.end()))
                }
                Some(module) => module.range,
                None => alias.name.range,
            };
            self.imported(
                alias,
                range,
                Import { module, level: node.level, name: Some(name), bound, ..self.import_row(node.range) },
            );
        }
    }

    /// A row with what all imports of a statement share.
    fn import_row(&self, statement: TextRange) -> Import {
        let statement = self.span(statement);
        Import {
            module: Symbol::default(),
            level: 0,
            name: None,
            bound: None,
            span: statement,
            alias_span: statement,
            statement,
            scope: self.at.scope,
            optional: self.at.optional,
            alone: self.alone,
            cell: self.cell,
        }
    }

    fn imported(&mut self, alias: &Alias, module: TextRange, mut row: Import) {
        let id = index(self.facts.imports.len());
        self.note_typing(&row);
        row.span = self.span(module);
        row.alias_span = self.span(alias.range);
        if let Some(bound) = row.bound.filter(|_| !alias.name.id.is_empty()) {
            let range = match &alias.asname {
                Some(name) => name.range,
                None if row.name.is_none() => {
                    let len = self.facts.symbols.text(bound).len();
                    let end = alias.name.start() + TextSize::try_from(len).unwrap_or_default();
                    TextRange::new(alias.name.start(), end.min(alias.name.end()))
                }
                None => alias.name.range,
            };
            self.bind(bound, range, BindingKind::Import(id));
        }
        self.facts.imports.push(row);
    }
}

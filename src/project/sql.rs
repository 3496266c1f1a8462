//! The SQL of a document, wherever it stands: in cells, in a file, and in text that Python gives to `spark.sql`.

use super::document::{Document, Kind};
use crate::notebook::{Form, regions::sql_regions};
use crate::python::facts::{BindingKind, Call, Facts, ScopeId, StringLiteral, SyntaxErrorKind, Value};
use crate::python::literal::assemble;
use crate::python::symbols::Symbol;
use crate::sql::facts::{Place, SqlFacts};
use crate::text::Span;
use crate::text::region::OffsetMap;
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

/// Everything that is SQL in `document`.
pub(super) fn read(document: &Document) -> SqlFacts {
    let text = document.text();
    let mut pieces = Vec::new();
    if let Some(notebook) = &document.notebook {
        for region in sql_regions(notebook, text) {
            let cell = u32::try_from(region.cell).unwrap_or(u32::MAX);
            let start = region.map.offset(0);
            let code = region.code;
            pieces.push(Text {
                place: Place::Cell(cell),
                start,
                code,
                map: region.map,
                whole: None,
                holes: Vec::new(),
            });
        }
    } else if document.kind == Kind::Sql {
        // A byte order mark is no SQL.
        let skip = text.len() - text.trim_start_matches('\u{feff}').len();
        let code = Cow::Borrowed(text.get(skip..).unwrap_or_default());
        let start = u32::try_from(skip).unwrap_or(0);
        let map = OffsetMap::shift(start);
        pieces.push(Text { place: Place::File, start, code, map, whole: None, holes: Vec::new() });
    }
    literals(document, &mut pieces);
    pieces.sort_by_key(|piece| piece.start);
    let mut facts = SqlFacts::default();
    for Text { place, code, map, whole, holes, .. } in pieces {
        facts.read(place, &code, map, whole, holes);
    }
    facts
}

/// A piece before it is read.
struct Text<'a> {
    place: Place,
    /// Where it starts in the document.
    start: u32,
    code: Cow<'a, str>,
    map: OffsetMap,
    whole: Option<Span>,
    holes: Vec<Span>,
}

/// The texts that Spark sessions are given as SQL.
fn literals<'a>(document: &'a Document, pieces: &mut Vec<Text<'a>>) {
    let facts = &document.python;
    let Some(sql) = facts.symbols.get("sql") else { return };
    // What the parser made of broken code may not be what is written.
    let broken: HashSet<u32> = facts
        .syntax_errors
        .iter()
        .filter(|error| error.kind == SyntaxErrorKind::Invalid)
        .map(|error| error.cell)
        .collect();
    let mut seen = HashSet::new();
    let mut assigned = Assigned::default();
    let mut strings = None;
    for (index, call) in (0_u32..).zip(&facts.calls) {
        if call.method != Some(sql) || broken.contains(&call.cell) || !is_session(document, call) {
            continue;
        }
        let Some(argument) = facts.argument(call, 0, "sqlQuery").or_else(|| facts.argument(call, 0, "query")) else {
            continue;
        };
        let place = Place::Literal(index);
        let mut read = |span, in_line| {
            if is_prefixed(document, call.cell) {
                let starts = || facts.strings.iter().map(|string| (string.span.start, string)).collect();
                behind_magic(document, strings.get_or_insert_with(starts), place, span, in_line)
            } else {
                expression(document, place, span, in_line)
            }
        };
        let piece = read(argument.span, false).or_else(|| {
            let name = facts.symbols.get(argument.span.of(document.text()))?;
            read(assigned.value_of(document, name, call.scope)?, true)
        });
        let piece = piece.or_else(|| match &argument.value {
            Value::String(code) => Some(whole(place, argument.span, code, Vec::new())),
            _ => None,
        });
        if let Some(piece) = piece
            && seen.insert(piece.start)
        {
            pieces.push(piece);
        }
    }
}

fn whole(place: Place, span: Span, code: &str, holes: Vec<Span>) -> Text<'_> {
    let map = OffsetMap::shift(span.start);
    Text { place, start: span.start, code: Cow::Borrowed(code), map, whole: Some(span), holes }
}

/// The text that an expression makes, as far as it is written out. `in_line`: it stands behind `x =`.
fn expression(document: &Document, place: Place, span: Span, in_line: bool) -> Option<Text<'_>> {
    let made = assemble(document.text(), span.start, span.end, in_line)?;
    let map = made.offsets();
    Some(Text { place, start: span.start, code: Cow::Owned(made.code), map, whole: None, holes: made.holes })
}

/// The same behind `# MAGIC`, where the lines of a literal are not as they stand in the file: one literal, whose
/// value the facts know.
fn behind_magic<'a>(
    document: &'a Document,
    strings: &HashMap<u32, &'a StringLiteral>,
    place: Place,
    span: Span,
    in_line: bool,
) -> Option<Text<'a>> {
    let text = document.text();
    let string = strings.get(&span.start)?;
    if !string.span.of(text).contains('\n') {
        return expression(document, place, span, in_line);
    }
    let holes = || string.value.match_indices("{}").map(|(at, _)| Span::from_range(at..at + 2)).collect();
    let holes = if string.holes { holes() } else { Vec::new() };
    (in_line || string.span == span).then(|| whole(place, string.span, &string.value, holes))
}

fn is_prefixed(document: &Document, cell: u32) -> bool {
    let cells = document.notebook.as_ref().map(|notebook| &notebook.cells);
    cells.and_then(|cells| cells.get(cell as usize)).is_some_and(|cell| cell.form == Form::Prefixed)
}

/// Whether the method `sql` is called on something that is a Spark session by its name, or as the function that
/// Databricks gives to notebooks.
fn is_session(document: &Document, call: &Call) -> bool {
    let facts = &document.python;
    if let Some(receiver) = call.receiver {
        let maker = facts.calls.get(receiver as usize).and_then(|receiver| receiver.method);
        return ["getOrCreate", "getActiveSession", "newSession"].iter().any(|name| facts.is(maker, name));
    }
    let Some(path) = call.path.map(|path| facts.text(path)) else { return false };
    let mut parts = path.rsplit('.').skip(1);
    let Some(owner) = parts.next() else {
        return document.is_notebook() && facts.bindings.iter().all(|binding| Some(binding.name) != call.method);
    };
    let owner = owner.to_ascii_lowercase();
    owner != "pyspark" && (owner.contains("spark") || matches!(&*owner, "sqlcontext" | "hivecontext"))
}

/// Names that are bound exactly once in their scope, by `name = …`.
#[derive(Default)]
struct Assigned {
    /// Where the name stands; `None` if it is bound more than once, or otherwise.
    rows: Option<HashMap<(Symbol, ScopeId), Option<Span>>>,
}

impl Assigned {
    /// What the name is assigned: from behind its `=` to the end of its cell.
    fn value_of(&mut self, document: &Document, name: Symbol, scope: ScopeId) -> Option<Span> {
        let facts = &document.python;
        let rows = self.rows.get_or_insert_with(|| {
            let mut rows = HashMap::new();
            for binding in &facts.bindings {
                let plain =
                    (binding.kind == BindingKind::Assignment && binding.place == binding.scope).then_some(binding.span);
                rows.entry((binding.name, binding.scope)).and_modify(|row| *row = None).or_insert(plain);
            }
            rows
        });
        let mut scope = scope;
        let row = loop {
            match rows.get(&(name, scope)) {
                Some(row) => break (*row)?,
                None => scope = outer(facts, scope)?,
            }
        };
        let text = document.text();
        let rest = text.get(row.end as usize..)?;
        let after = rest.trim_start_matches([' ', '\t']).strip_prefix('=')?;
        if after.starts_with('=') {
            return None;
        }
        let start = u32::try_from(text.len() - after.len()).ok()?;
        let end = document
            .cell_at(row.start)
            .and_then(|cell| document.notebook.as_ref()?.cells.get(cell))
            .map_or(u32::try_from(text.len()).unwrap_or(u32::MAX), |cell| cell.span.end);
        let blanks = u32::try_from(after.len() - after.trim_start_matches([' ', '\t']).len()).ok()?;
        (start + blanks <= end).then(|| Span::new(start + blanks, end))
    }
}

fn outer(facts: &Facts, scope: ScopeId) -> Option<ScopeId> {
    facts.scopes.get(scope as usize)?.parent
}

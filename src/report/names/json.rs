//! For machines: one object. `docs/names.md` describes its fields.

use super::NamesReport;
use super::rows::{Row, Standing, meaning, rows};
use crate::names::scope::Origin;
use crate::project::document::Document;
use crate::report::place::Places;
use crate::text::Span;
use serde_json::{Map, Value, json};
use std::io;

pub(super) fn write(out: &mut dyn io::Write, report: &NamesReport<'_>) -> io::Result<()> {
    let mut page = Page { report, places: Places::new(report.names.project) };
    let names: Vec<Value> = rows(report).iter().map(|row| page.row(row)).collect();
    let mut object = Map::new();
    if let Some(document) = report.document() {
        object.insert("filename".into(), document.path.as_str().into());
        let at = report.at.map(|at| page.place(document, Span::at(at)));
        object.insert("at".into(), at.map_or(Value::Null, Value::Object));
    }
    object.insert("names".into(), names.into());
    if report.only.is_some() {
        let uses = report.uses.iter().filter_map(|place| Some(page.place(report.other(place.document)?, place.span)));
        let uses: Vec<Value> = uses.collect::<Vec<_>>().into_iter().map(Value::Object).collect();
        object.insert("uses".into(), uses.into());
    }
    let unknown = report.scope.unknowns.iter().filter_map(|(id, unknown)| {
        let mut row = page.place(report.other(*id)?, unknown.span);
        row.insert("reason".into(), unknown.kind.reason().into());
        Some(Value::Object(row))
    });
    let unknown: Vec<Value> = unknown.collect();
    object.insert("unknown".into(), unknown.into());
    writeln!(out, "{:#}", Value::Object(object))
}

struct Page<'a> {
    report: &'a NamesReport<'a>,
    places: Places<'a>,
}

impl<'a> Page<'a> {
    fn row(&mut self, row: &Row<'a>) -> Value {
        let standing = match &row.standing {
            Standing::Bound => "bound",
            Standing::Local => "local",
            Standing::Lost(_) => "lost",
            Standing::Callers(_) => "callers",
            Standing::Given => "platform",
        };
        let mut object = Map::new();
        object.insert("name".into(), row.name.into());
        object.insert("standing".into(), standing.into());
        object.insert("conditional".into(), row.conditional.into());
        let origins: Vec<Value> = row.origins.iter().map(|origin| self.origin(origin)).collect();
        object.insert("origins".into(), origins.into());
        if let Standing::Lost(lost) = &row.standing {
            let restart = self.report.other(lost.restarted_in).map(|document| self.place(document, lost.wipe.span));
            object.insert("restarted".into(), restart.map_or(Value::Null, Value::Object));
        }
        if let Standing::Callers(by) = &row.standing {
            let project = self.report.names.project;
            let all = project.runs().callers(self.report.document);
            let mut runs = |bound: bool| -> Vec<Value> {
                let edges = all.iter().filter(|edge| by.contains(edge) == bound);
                let rows = edges.filter_map(|&edge| {
                    let (document, reference) = project.edge(edge)?;
                    Some(Value::Object(self.place(document, reference.command)))
                });
                rows.collect()
            };
            let (bound, missing) = (runs(true), runs(false));
            object.insert("bound_by".into(), bound.into());
            object.insert("not_bound_by".into(), missing.into());
        }
        Value::Object(object)
    }

    fn origin(&mut self, origin: &Origin) -> Value {
        let report = self.report;
        let meaning = meaning(report, origin);
        let mut object = Map::new();
        object.insert("kind".into(), meaning.kind.as_str().into());
        object.insert("detail".into(), meaning.detail.into());
        if let Some(document) = report.other(origin.document) {
            object.extend(self.place(document, report.span(origin)));
        }
        object.insert("conditional".into(), origin.conditional.into());
        let mut chain: Vec<Value> = Vec::new();
        for step in report.scope.steps(origin.way) {
            let Some((document, span, text)) = report.step(&step) else { continue };
            let mut step = self.place(document, span);
            step.insert("text".into(), text.into());
            chain.push(Value::Object(step));
        }
        object.insert("chain".into(), chain.into());
        Value::Object(object)
    }

    fn place(&mut self, document: &'a Document, span: Span) -> Map<String, Value> {
        let place = self.places.within(document, span);
        let mut object = Map::new();
        object.insert("filename".into(), document.path.as_str().into());
        object.insert("cell".into(), place.cell.into());
        object.insert("location".into(), json!({ "row": place.start.row, "column": place.start.column }));
        object.insert("end_location".into(), json!({ "row": place.end.row, "column": place.end.column }));
        object.insert("cell_index".into(), place.cell_index.into());
        object
    }
}

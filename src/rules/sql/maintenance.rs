//! Pages: `vacuum-too-short.md`, `vacuum-check-disabled.md`, `clustering-conflict.md`.

use super::statements;
use crate::rules::context::Context;
use crate::sql::facts::{Role, StatementKind, StatementView};
use std::collections::HashSet;

/// The setting whose default keeps `VACUUM` from deleting what is still read.
const CHECK: &str = "spark.databricks.delta.retentionDurationCheck.enabled";

/// `VACUUM t RETAIN 0 HOURS`.
pub(super) fn vacuum_too_short(context: &mut Context<'_>) {
    let least = context.integer("hours");
    for view in statements(context).filter(|view| view.row.kind == StatementKind::Vacuum) {
        let Some(at) = (0..view.len()).find(|&at| view.is(at, "retain") && view.is(at + 2, "hours")) else { continue };
        if (at..view.len()).any(|at| view.are(at, &["dry", "run"])) {
            continue;
        }
        let Some(hours) = view.text(at + 1).parse::<f64>().ok().filter(|hours| *hours < f64::from(least)) else {
            continue;
        };
        let Some(span) = view.stretch(at, at + 2) else { continue };
        let text = view.text(at + 1);
        let message = if hours == 0.0 {
            format!(
                "`RETAIN 0 HOURS` deletes files that running queries still use, and all history: keep {least} hours"
            )
        } else {
            format!(
                "`RETAIN {text} HOURS` deletes files that slow readers and streams may still use: keep {least} hours"
            )
        };
        context.report(span, message);
    }
}

/// The setting that allows it.
pub(super) fn vacuum_check_disabled(context: &mut Context<'_>) {
    const MESSAGE: &str = "this turns off the check that keeps `VACUUM` from deleting files still in use: leave it on";
    for view in statements(context).filter(|view| view.row.kind == StatementKind::Set) {
        let Some(last) = view.len().checked_sub(1) else { continue };
        let own = view.token(1).zip(view.token(last)).map(|(first, last)| first.own.to(last.own));
        let setting = own.map_or("", |own| own.of(&view.piece.code));
        let is_off = setting
            .split_once('=')
            .is_some_and(|(name, value)| name.trim() == CHECK && value.trim().eq_ignore_ascii_case("false"));
        if is_off && let Some(span) = view.stretch(0, last) {
            context.report(span, MESSAGE);
        }
    }
}

/// Liquid clustering together with partitions or `ZORDER`.
pub(super) fn clustering_conflict(context: &mut Context<'_>) {
    let mut clustered = HashSet::new();
    for view in statements(context) {
        match view.row.kind {
            StatementKind::CreateTable => {
                let Some(cluster) = clustered_by(view) else { continue };
                if let Some(name) = view.row.tables.iter().find(|table| table.role == Role::Created) {
                    clustered.insert(name.name().to_lowercase());
                }
                let partition = head(view).find(|&at| view.are(at, &["partitioned", "by"]));
                if let Some(span) = partition.and_then(|at| view.stretch(at, at + 1)) {
                    let kind = if view.is(cluster + 2, "auto") { "CLUSTER BY AUTO" } else { "CLUSTER BY" };
                    context.report(span, format!("a table has partitions or `{kind}`, not both: remove one of them"));
                }
            }
            StatementKind::Alter => {
                let by = (0..view.len()).find(|&at| view.are(at, &["cluster", "by"]));
                let Some(table) = view.row.tables.first().filter(|_| by.is_some()) else { continue };
                let name = table.name().to_lowercase();
                if by.is_some_and(|at| view.is(at + 2, "none")) {
                    clustered.remove(&name);
                } else {
                    clustered.insert(name);
                }
            }
            _ => {}
        }
    }
    if clustered.is_empty() {
        return;
    }
    for view in statements(context).filter(|view| view.row.kind == StatementKind::Optimize) {
        let Some(zorder) = (0..view.len()).find(|&at| view.is(at, "zorder")) else { continue };
        let named = view.row.tables.first().is_some_and(|table| clustered.contains(&table.name().to_lowercase()));
        if named && let Some(span) = view.stretch(zorder, (zorder + 1).min(view.len() - 1)) {
            context.report(span, "this table is clustered (`CLUSTER BY`), and `ZORDER` fails on such a table: `OPTIMIZE` alone clusters it");
        }
    }
}

/// The tokens of a `CREATE TABLE` before its query.
fn head(view: StatementView<'_>) -> impl Iterator<Item = usize> + '_ {
    let query = view.row.blocks.first().map_or(view.len(), |block| block.select);
    (0..query).filter(move |&at| view.depth(at) == 0)
}

fn clustered_by(view: StatementView<'_>) -> Option<usize> {
    head(view).find(|&at| view.are(at, &["cluster", "by"]) && (view.is_symbol(at + 2, "(") || view.is(at + 2, "auto")))
}

//! Pages: `rules/library/dbutils-in-library.md`, `spark-global-in-library.md`, `display-in-library.md`.

use super::imported::unbound;
use super::widgets::widget_calls;
use crate::python::facts::Facts;
use crate::rules::context::Context;
use std::collections::HashSet;

/// `dbutils` that nobody passed in or imported. Widgets are left to `widget-in-library`.
pub(super) fn dbutils(context: &mut Context<'_>) {
    let facts = &context.document.python;
    if facts.symbols.get("dbutils").is_none() {
        return;
    }
    let widgets: HashSet<u32> = widget_calls(facts).map(|call| call.span.start).collect();
    for uses in unbound(context, "dbutils", |name_use| widgets.contains(&name_use.span.start)) {
        let message = "`dbutils` is not defined in code that is imported: take it as a parameter, or import it from `databricks.sdk.runtime`";
        context.report(uses.first, format!("{message}{}", uses.tail()));
    }
}

/// `spark` and the other ways to the session that notebooks are given.
pub(super) fn spark(context: &mut Context<'_>) {
    const NAMES: [(&str, &str); 3] = [
        ("spark", "take it as a parameter, or use `SparkSession.builder.getOrCreate()`"),
        ("sc", "take a session as a parameter and use its `sparkContext`"),
        ("sqlContext", "take a session as a parameter and use that"),
    ];
    // Words that code uses for many things; as an unbound function they can only be the notebook's.
    const FUNCTIONS: [(&str, &str); 3] = [
        ("sql", "use `spark.sql` of a session that is passed in"),
        ("table", "use `spark.table` of a session that is passed in"),
        ("udf", "import it from `pyspark.sql.functions`"),
    ];
    for (name, advice) in NAMES {
        report(context, name, advice, false);
    }
    for (name, advice) in FUNCTIONS {
        report(context, name, advice, true);
    }
}

/// `display` and `displayHTML`.
pub(super) fn display(context: &mut Context<'_>) {
    for name in ["display", "displayHTML"] {
        let facts = &context.document.python;
        let Some(called) = callees(facts, name) else { continue };
        for uses in unbound(context, name, |name_use| !called.contains(&name_use.span.start)) {
            let tail = uses.tail();
            context.report(
                uses.first,
                format!("`{name}` is for notebooks, not for code that is imported: return what it shows and let the notebook display it{tail}"),
            );
        }
    }
}

fn report(context: &mut Context<'_>, name: &str, advice: &str, only_called: bool) {
    let facts = &context.document.python;
    let called = if only_called {
        let Some(called) = callees(facts, name) else { return };
        Some(called)
    } else {
        None
    };
    let skip = |start: u32| called.as_ref().is_some_and(|called| !called.contains(&start));
    for uses in unbound(context, name, |name_use| skip(name_use.span.start)) {
        let tail = uses.tail();
        context.report(uses.first, format!("`{name}` is not defined in code that is imported: {advice}{tail}"));
    }
}

/// Where the plain name is called; `None` if the document does not have the name at all.
fn callees(facts: &Facts, name: &str) -> Option<HashSet<u32>> {
    let symbol = facts.symbols.get(name)?;
    Some(facts.calls.iter().filter(|call| call.method == Some(symbol)).map(|call| call.callee.start).collect())
}

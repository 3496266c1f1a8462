//! Pages: `rules/platform/udf-on-old-runtime.md`, `catalog-api-on-old-runtime.md`.

use crate::python::facts::Value;
use crate::rules::chains::{calls, chains};
use crate::rules::context::{Compute, Context};

/// The first runtime that has these on standard compute.
///
/// Source: Databricks documentation, "Standard compute requirements and limitations", runtime-dependent limitations.
const FIRST: (u16, u16) = (14, 3);

fn is_old(context: &Context<'_>) -> Option<(u16, u16)> {
    let target = context.target;
    target.dbr.filter(|_| target.compute == Some(Compute::Standard) && target.is_before(FIRST))
}

/// Functions over pandas frames.
pub(super) fn udf(context: &mut Context<'_>) {
    const METHODS: [&str; 4] = ["applyInPandas", "applyInPandasWithState", "mapInArrow", "mapInPandas"];
    const FUNCTIONS: [&str; 2] = ["pandas_udf", "udtf"];
    let Some((major, minor)) = is_old(context) else { return };
    let document = context.document;
    let facts = &document.python;
    let mut places: Vec<_> = Vec::new();
    for chain in calls(document) {
        let Some((_, call)) = chain.call else { continue };
        let name = chain.last();
        let of_pyspark = chain.path().is_some_and(|path| path.starts_with("pyspark.sql."));
        let arrow = name == "udf"
            && facts
                .arguments(call)
                .iter()
                .any(|one| facts.is(one.keyword, "useArrow") && one.value == Value::Bool(true));
        if (METHODS.contains(&name) && chain.parts().count() > usize::from(chain.rooted))
            || (of_pyspark && FUNCTIONS.contains(&name))
            || arrow
        {
            places.push((chain.place(document, name), name.to_owned()));
        }
    }
    for (span, name) in places {
        let message = format!(
            "`{name}` comes to standard compute with DBR 14.3, and this runs on {major}.{minor}: raise the runtime, or use dedicated compute"
        );
        context.report(span, message);
    }
}

/// `spark.catalog`.
pub(super) fn catalog_api(context: &mut Context<'_>) {
    let Some((major, minor)) = is_old(context) else { return };
    let document = context.document;
    for chain in chains(document) {
        if chain.path().is_some_and(|path| path.starts_with("spark.catalog.")) {
            let message = format!(
                "`spark.catalog` comes to standard compute with DBR 14.3, and this runs on {major}.{minor}: raise the runtime, or ask with `SHOW TABLES` and `DESCRIBE`"
            );
            context.report(chain.place(document, "catalog"), message);
        }
    }
}

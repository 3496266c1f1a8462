//! What star imports of well-known modules bring.
//!
//! `stars.txt` is written by `benches/stars.py` from the sources of the packages: one module a line, then its public
//! names, sorted. Of several versions all names count (`pyspark` 3.3.4, 3.5.7, 4.0.1, 4.1.1 and 4.2.0, `delta-spark`
//! 2.4.0 and 4.4.1, `databricks-sdk` 0.162, Python 3.11 to 3.14): a name that is missing here makes code look wrong
//! that works, one too many only hides a mistake.

use std::sync::LazyLock;

/// The public names of `module`, sorted; `None` for modules that are not known.
pub(super) fn names(module: &str) -> Option<&'static [&'static str]> {
    let at = TABLE.binary_search_by_key(&module, |row| row.0).ok()?;
    TABLE.get(at).map(|row| row.1.as_slice())
}

/// Modules and their public names, both sorted.
static TABLE: LazyLock<Vec<(&str, Vec<&str>)>> = LazyLock::new(|| {
    let rows = include_str!("stars.txt").lines();
    rows.filter_map(|row| row.split_once(' ')).map(|(module, names)| (module, names.split(' ').collect())).collect()
});

#[cfg(test)]
mod tests {
    use super::{TABLE, names};

    #[test]
    fn modules_and_names_are_sorted() {
        assert!(TABLE.is_sorted_by(|a, b| a.0 < b.0));
        for (module, names) in TABLE.iter() {
            assert!(names.is_sorted_by(|a, b| a < b), "{module}");
        }
    }

    #[test]
    fn what_notebooks_take_by_star_is_there() {
        let has = |module, name: &str| names(module).unwrap_or_default().binary_search(&name).is_ok();
        assert!(has("pyspark.sql.functions", "col") && has("pyspark.sql.functions", "sum"));
        // Not listed in `__all__`, because old versions have none.
        assert!(has("pyspark.sql.functions", "ArrayType"));
        assert!(has("pyspark.sql.types", "StructType") && has("delta.tables", "DeltaTable"));
        assert!(has("databricks.sdk.runtime", "dbutils") && has("datetime", "timedelta"));
        assert!(!has("pyspark.sql.functions", "spark"));
        assert!(names("company_tools").is_none());
    }
}

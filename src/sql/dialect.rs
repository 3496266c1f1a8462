//! For which database a file is written.

/// Whether a file is written for Databricks: it has something that only Databricks has, and nothing that only another
/// database has.
pub(super) fn is_ours(code: &str) -> bool {
    const OURS: [&str; 32] = [
        " string,",
        "abfss:",
        "cache table",
        "clear cache",
        "dbfs:",
        "hive_metastore",
        "hiveconf:",
        "hivevar:",
        "input_file_name",
        "/mnt/",
        "s3://",
        "read_files",
        "cloud_files",
        "stream(",
        "streaming table",
        "live.",
        "use catalog",
        "tblproperties",
        "parquet",
        "zorder",
        "cluster by",
        "unity",
        "databricks",
        "/volumes/",
        "vacuum",
        "optimize",
        "identifier(",
        "insert overwrite",
        "merge into",
        "partitioned by",
        "lateral view",
        "temp view",
    ];
    const FOREIGN: [&str; 32] = [
        "alter default privileges",
        "create policy",
        "create role",
        "dbo.",
        "[dbo]",
        "\ngo\n",
        "\ngo\r",
        "nvarchar",
        "autoincrement",
        "auto_increment",
        "pragma ",
        "serial primary",
        "engine=",
        "delimiter ",
        "plpgsql",
        "varchar2",
        "sp_executesql",
        "set nocount",
        "bigserial",
        "identity(1",
        "create extension",
        "create index",
        "create unique index",
        "jsonb",
        "lakebase",
        "sysibm",
        "on conflict",
        "pg_catalog",
        "postgres",
        "enable row level security",
        "(nolock)",
        "timestamptz",
    ];
    let lower = code.to_ascii_lowercase();
    let has = |signs: &[&str]| signs.iter().any(|sign| lower.contains(sign));
    (has(&OURS) || names_delta(&lower)) && !has(&FOREIGN)
}

/// Whether the word `delta` stands alone, or before a dot: not in `delta_orders`.
fn names_delta(lower: &str) -> bool {
    let is_part = |c: char| c == '_' || c.is_alphanumeric();
    lower.match_indices("delta").any(|(at, word)| {
        let before = lower.get(..at).and_then(|text| text.chars().next_back());
        let after = lower.get(at + word.len()..).and_then(|text| text.chars().next());
        !before.is_some_and(is_part) && !after.is_some_and(is_part)
    })
}

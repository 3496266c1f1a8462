//! For which database a file is written.

/// Whether a file is written for Databricks: it has something that only Databricks has, and nothing that only another
/// database has.
pub(super) fn is_ours(code: &str) -> bool {
    const OURS: [&str; 22] = [
        "delta",
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
    const FOREIGN: [&str; 24] = [
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
        "postgres",
    ];
    let lower = code.to_ascii_lowercase();
    let has = |signs: &[&str]| signs.iter().any(|sign| lower.contains(sign));
    has(&OURS) && !has(&FOREIGN)
}

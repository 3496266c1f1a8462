//! What Spark's methods, functions and classes make of values.

use super::kind::{Kind, Motion, Rows, Type};

/// Methods of a data frame that give one with the same rows, or as many.
const SAME_ROWS: &[&str] = &[
    "alias",
    "cache",
    "checkpoint",
    "coalesce",
    "drop",
    "fillna",
    "hint",
    "localCheckpoint",
    "mapInArrow",
    "mapInPandas",
    "observe",
    "orderBy",
    "persist",
    "repartition",
    "repartitionByRange",
    "repartitionById",
    "replace",
    "select",
    "selectExpr",
    "sort",
    "sortWithinPartitions",
    "to",
    "toDF",
    "unpersist",
    "withColumn",
    "withColumnRenamed",
    "withColumns",
    "withColumnsRenamed",
    "withMetadata",
    "withWatermark",
];

/// Those that give one with fewer rows, or nobody knows how many.
const OTHER_ROWS: &[&str] = &[
    "crossJoin",
    "crosstab",
    "distinct",
    "dropDuplicates",
    "dropDuplicatesWithinWatermark",
    "drop_duplicates",
    "dropna",
    "exceptAll",
    "filter",
    "freqItems",
    "intersect",
    "intersectAll",
    "join",
    "lateralJoin",
    "melt",
    "offset",
    "sample",
    "sampleBy",
    "subtract",
    "transform",
    "transpose",
    "union",
    "unionAll",
    "unionByName",
    "unpivot",
    "where",
];

/// Of these, those whose result is small if the data frame is.
const KEEPS_SMALL: &[&str] = &[
    "distinct",
    "dropDuplicates",
    "drop_duplicates",
    "dropna",
    "exceptAll",
    "filter",
    "intersect",
    "intersectAll",
    "offset",
    "sample",
    "subtract",
    "where",
];

/// Methods that only a data frame of Spark has, and that give one.
pub const ONLY_FRAME: &[&str] = &[
    "crossJoin",
    "dropDuplicates",
    "exceptAll",
    "intersectAll",
    "localCheckpoint",
    "mapInPandas",
    "selectExpr",
    "sortWithinPartitions",
    "unionByName",
    "withColumn",
    "withColumnRenamed",
    "withColumns",
    "withColumnsRenamed",
    "withWatermark",
];

/// Methods of those who make data frames and have a `withColumn` as well (dbldatagen's `DataGenerator`).
pub const ONLY_MAKER: &[&str] = &["build", "withColumnSpec", "withColumnSpecs", "withIdOutput", "withSchema"];

/// Attributes that only a data frame of Spark has, and that give something else.
pub const ONLY_FRAME_TOO: &[&str] = &[
    "createGlobalTempView",
    "createOrReplaceGlobalTempView",
    "createOrReplaceTempView",
    "createTempView",
    "isStreaming",
    "printSchema",
    "toLocalIterator",
    "toPandas",
    "writeStream",
    "writeTo",
];

const READS: &[&str] =
    &["avro", "csv", "delta", "excel", "jdbc", "json", "load", "orc", "parquet", "table", "text", "xml"];

/// Methods of a writer that give it back.
pub const WRITER_SETTINGS: &[&str] = &[
    "bucketBy",
    "clusterBy",
    "foreach",
    "foreachBatch",
    "format",
    "mode",
    "option",
    "options",
    "outputMode",
    "partitionBy",
    "queryName",
    "sortBy",
    "trigger",
];

/// Methods of a batch writer that write.
pub const WRITES: &[&str] =
    &["csv", "insertInto", "jdbc", "json", "orc", "parquet", "save", "saveAsTable", "text", "xml"];

/// Methods of a stream's writer that start it.
pub const STARTS: &[&str] = &["start", "table", "toTable"];

/// Methods of an RDD that give one.
const RDD_STEPS: &[&str] = &[
    "aggregateByKey",
    "cache",
    "cartesian",
    "coalesce",
    "cogroup",
    "combineByKey",
    "distinct",
    "filter",
    "flatMap",
    "flatMapValues",
    "foldByKey",
    "groupBy",
    "groupByKey",
    "intersection",
    "join",
    "keyBy",
    "keys",
    "leftOuterJoin",
    "map",
    "mapPartitions",
    "mapPartitionsWithIndex",
    "mapValues",
    "partitionBy",
    "persist",
    "pipe",
    "reduceByKey",
    "repartition",
    "sample",
    "sortBy",
    "sortByKey",
    "subtract",
    "union",
    "values",
    "zip",
    "zipWithIndex",
    "zipWithUniqueId",
];

/// Methods of pandas frames that give one.
const PANDAS_STEPS: &[&str] = &[
    "assign",
    "copy",
    "drop",
    "drop_duplicates",
    "dropna",
    "fillna",
    "head",
    "join",
    "merge",
    "query",
    "rename",
    "reset_index",
    "sample",
    "set_index",
    "sort_index",
    "sort_values",
    "tail",
];

/// Methods of a column.
const COLUMN_STEPS: &[&str] = &[
    "alias",
    "asc",
    "asc_nulls_first",
    "asc_nulls_last",
    "astype",
    "between",
    "bitwiseAND",
    "bitwiseOR",
    "bitwiseXOR",
    "cast",
    "contains",
    "desc",
    "desc_nulls_first",
    "desc_nulls_last",
    "dropFields",
    "endswith",
    "eqNullSafe",
    "getField",
    "getItem",
    "ilike",
    "isNaN",
    "isNotNull",
    "isNull",
    "isin",
    "like",
    "name",
    "otherwise",
    "over",
    "rlike",
    "startswith",
    "substr",
    "transform",
    "try_cast",
    "when",
    "withField",
];

/// What an attribute of a value is that is not called. [`Kind::Column`] for whatever a data frame does not have.
pub fn attribute(of: Type, name: &str) -> Type {
    let frame = |kind| Type { kind, rows: Rows::Unknown, motion: of.motion };
    match (of.kind, name) {
        (Kind::Session, "read") => Type { motion: Motion::Batch, ..Type::of(Kind::Reader) },
        (Kind::Session | Kind::Unknown, "readStream") => Type { motion: Motion::Stream, ..Type::of(Kind::Reader) },
        (Kind::Session, "_sc") | (Kind::Session | Kind::Unknown, "sparkContext") => Type::of(Kind::Context),
        (Kind::Session, "conf") => Type::of(Kind::Conf),
        (Kind::Session, "catalog") => Type::of(Kind::Catalog),
        (Kind::Session, "udf") => Type::of(Kind::UdfRegistration),
        (Kind::Session, "builder") => Type::of(Kind::SessionBuilder),
        (Kind::Frame, "write") => Type { motion: Motion::Batch, ..Type::of(Kind::Writer) },
        (Kind::Frame | Kind::Unknown, "writeStream") => Type { motion: Motion::Stream, ..Type::of(Kind::Writer) },
        (Kind::Frame, "na" | "stat") => frame(Kind::FrameFunctions),
        (Kind::Frame, "rdd") => Type::of(Kind::Rdd),
        (Kind::Frame, "sparkSession") => Type::of(Kind::Session),
        (Kind::Frame, "columns" | "dtypes" | "schema" | "storageLevel" | "plot") => Type::of(Kind::Other),
        (Kind::Frame, "isStreaming") => Type::of(Kind::Bool),
        // Names in capitals stand for something that is to be filled in.
        (Kind::Frame | Kind::Column, _) if name.starts_with('_') || !name.contains(|c: char| c.is_lowercase()) => {
            Type::UNKNOWN
        }
        (Kind::Frame | Kind::Column, _) => Type::of(Kind::Column),
        _ => Type::UNKNOWN,
    }
}

/// What a method gives; `few` says that its first argument is a number.
pub fn method(of: Type, name: &str, few: bool) -> Type {
    match of.kind {
        Kind::Frame => of_frame(of, name, few),
        Kind::Session | Kind::SessionBuilder => of_session(of.kind, name),
        Kind::Reader => match name {
            "format" | "option" | "options" | "schema" => of,
            "table" | "parquet" | "delta" | "orc" => Type::frame(Rows::Whole, of.motion),
            // Files of other formats are often small.
            _ if READS.contains(&name) => Type::frame(Rows::Unknown, of.motion),
            _ => Type::UNKNOWN,
        },
        Kind::Writer => match name {
            _ if WRITER_SETTINGS.contains(&name) => of,
            _ if of.motion == Motion::Stream && STARTS.contains(&name) => Type::of(Kind::Query),
            _ if WRITES.contains(&name) => Type::of(Kind::Other),
            _ => Type::UNKNOWN,
        },
        Kind::Grouped => match name {
            "agg"
            | "applyInPandas"
            | "applyInArrow"
            | "apply"
            | "applyInPandasWithState"
            | "avg"
            | "count"
            | "max"
            | "mean"
            | "min"
            | "sum"
            | "transformWithStateInPandas" => Type::frame(Rows::Unknown, of.motion),
            "pivot" | "cogroup" => of,
            _ => Type::UNKNOWN,
        },
        Kind::FrameFunctions => match name {
            "drop" | "fill" | "replace" | "crosstab" | "freqItems" | "sampleBy" => {
                Type::frame(Rows::Unknown, of.motion)
            }
            "corr" | "cov" => Type::of(Kind::Number),
            _ => Type::UNKNOWN,
        },
        Kind::Column if COLUMN_STEPS.contains(&name) => of,
        Kind::Maker if name == "build" => Type::frame(Rows::Unknown, Motion::Unknown),
        Kind::Window | Kind::Maker => of,
        Kind::Context => match name {
            "parallelize" | "textFile" | "wholeTextFiles" | "binaryFiles" | "emptyRDD" | "range" | "union"
            | "sequenceFile" | "newAPIHadoopFile" | "hadoopFile" => Type::of(Kind::Rdd),
            "getOrCreate" => of,
            _ => Type::UNKNOWN,
        },
        Kind::Rdd => match name {
            "toDF" => Type::frame(Rows::Unknown, Motion::Batch),
            "collect" | "take" | "top" | "takeOrdered" => Type::of(Kind::RowList),
            "count" | "getNumPartitions" => Type::of(Kind::Number),
            "isEmpty" => Type::of(Kind::Bool),
            _ if RDD_STEPS.contains(&name) => of,
            _ => Type::UNKNOWN,
        },
        Kind::Pandas if PANDAS_STEPS.contains(&name) => of,
        Kind::DeltaTable => match name {
            "alias" => of,
            "toDF" => Type::frame(Rows::Whole, Motion::Batch),
            "history" | "detail" | "vacuum" | "generate" => Type::frame(Rows::Few, Motion::Batch),
            "merge" => Type::of(Kind::Other),
            _ => Type::UNKNOWN,
        },
        Kind::Catalog => match name {
            "listTables" | "listDatabases" | "listCatalogs" | "listColumns" | "listFunctions" => Type::of(Kind::Other),
            "tableExists" | "databaseExists" | "isCached" | "functionExists" => Type::of(Kind::Bool),
            _ => Type::UNKNOWN,
        },
        Kind::UdfRegistration if name == "register" => Type::of(Kind::Udf),
        Kind::Udf => Type::of(Kind::Column),
        Kind::Text => match name {
            "format" | "join" | "lower" | "upper" | "strip" | "lstrip" | "rstrip" | "replace" | "title" => of,
            "split" | "splitlines" => Type::of(Kind::Other),
            "count" | "find" | "index" => Type::of(Kind::Number),
            _ => Type::UNKNOWN,
        },
        Kind::Other if name == "count" || name == "index" => Type::of(Kind::Number),
        _ => only_spark(of, name),
    }
}

/// What a method gives that only things of Spark have.
fn only_spark(of: Type, name: &str) -> Type {
    match name {
        _ if of.kind != Kind::Unknown => Type::UNKNOWN,
        _ if ONLY_FRAME.contains(&name) => Type::frame(Rows::Unknown, Motion::Unknown),
        "toPandas" => Type::of(Kind::Pandas),
        _ => Type::UNKNOWN,
    }
}

fn of_frame(of: Type, name: &str, few: bool) -> Type {
    let frame = |rows| Type::frame(rows, of.motion);
    match name {
        "limit" | "describe" | "summary" => frame(Rows::Few),
        "agg" => frame(Rows::One),
        "groupBy" | "groupby" | "cube" | "rollup" | "groupingSets" => {
            Type { kind: Kind::Grouped, rows: Rows::Unknown, motion: of.motion }
        }
        "count" | "corr" | "cov" | "semanticHash" => Type::of(Kind::Number),
        "isEmpty" | "isLocal" | "sameSemantics" => Type::of(Kind::Bool),
        "collect" | "take" | "tail" | "toLocalIterator" => Type::of(Kind::RowList),
        "head" => Type::of(if few { Kind::RowList } else { Kind::Row }),
        "first" => Type::of(Kind::Row),
        "toPandas" => Type::of(Kind::Pandas),
        "randomSplit" => Type::of(Kind::Frames),
        "writeTo" => Type::of(Kind::WriterV2),
        "colRegex" => Type::of(Kind::Column),
        "toJSON" => Type::of(Kind::Rdd),
        "approxQuantile"
        | "foreach"
        | "foreachPartition"
        | "inputFiles"
        | "createOrReplaceTempView"
        | "createTempView"
        | "createGlobalTempView"
        | "createOrReplaceGlobalTempView"
        | "explain"
        | "printSchema"
        | "show"
        | "display"
        | "pandas_api"
        | "to_pandas_on_spark"
        | "to_koalas"
        | "toArrow" => Type::of(Kind::Other),
        _ if SAME_ROWS.contains(&name) => frame(of.rows),
        _ if KEEPS_SMALL.contains(&name) && of.is_small() => frame(of.rows),
        _ if OTHER_ROWS.contains(&name) => frame(Rows::Unknown),
        _ => Type::UNKNOWN,
    }
}

fn of_session(kind: Kind, name: &str) -> Type {
    match name {
        "table" => Type::frame(Rows::Whole, Motion::Batch),
        "sql" => Type::frame(Rows::Unknown, Motion::Unknown),
        "range" | "createDataFrame" => Type::frame(Rows::Unknown, Motion::Batch),
        "getOrCreate" | "newSession" | "getActiveSession" | "active" | "create" => Type::of(Kind::Session),
        _ if kind == Kind::SessionBuilder => Type::of(Kind::SessionBuilder),
        _ => Type::UNKNOWN,
    }
}

/// What a function gives that is called by its full path, as far as that alone says it.
pub fn function(path: &str) -> Option<Type> {
    if let Some(name) = path.strip_prefix("pyspark.sql.functions.") {
        return Some(match name {
            "udf" | "pandas_udf" | "arrow_udf" | "udtf" => Type::of(Kind::Udf),
            // It gives the frame that it is given.
            "broadcast" => Type::frame(Rows::Unknown, Motion::Unknown),
            _ if name.contains('.') || name.starts_with(|c: char| c.is_uppercase()) => Type::UNKNOWN,
            _ => Type::of(Kind::Column),
        });
    }
    if path.starts_with("pyspark.sql.window.Window.") || path.starts_with("pyspark.sql.Window.") {
        return Some(Type::of(Kind::Window));
    }
    let frame = Type::frame(Rows::Unknown, Motion::Unknown);
    Some(match path {
        "pandas.DataFrame" | "pandas.concat" | "pandas.merge" | "pandas.json_normalize" => Type::of(Kind::Pandas),
        _ if path.starts_with("pandas.read_") && path != "pandas.read_html" => Type::of(Kind::Pandas),
        "delta.tables.DeltaTable.forName"
        | "delta.tables.DeltaTable.forPath"
        | "delta.DeltaTable.forName"
        | "delta.DeltaTable.forPath" => Type::of(Kind::DeltaTable),
        "dlt.read" | "dp.read" | "pyspark.pipelines.read" => Type { motion: Motion::Batch, ..frame },
        "dlt.read_stream" | "dlt.readStream" | "dp.read_stream" | "pyspark.pipelines.read_stream" => {
            Type { motion: Motion::Stream, ..frame }
        }
        "pyspark.SparkContext.getOrCreate" | "pyspark.context.SparkContext.getOrCreate" => Type::of(Kind::Context),
        _ if path.ends_with(".SparkSession.getActiveSession") || path.ends_with(".SparkSession.active") => {
            Type::of(Kind::Session)
        }
        _ if path.ends_with(".DataGenerator") => Type::of(Kind::Maker),
        "pyspark.sql.SQLContext" | "pyspark.sql.HiveContext" => Type::of(Kind::Session),
        "len" | "int" | "float" | "round" | "abs" | "ord" => Type::of(Kind::Number),
        "str" | "repr" | "input" | "chr" => Type::of(Kind::Text),
        "list" | "dict" | "set" | "tuple" | "range" | "sorted" | "zip" | "enumerate" | "map" | "filter"
        | "reversed" | "print" | "open" => Type::of(Kind::Other),
        "bool" | "isinstance" | "any" | "all" | "hasattr" => Type::of(Kind::Bool),
        _ => return None,
    })
}

/// What an annotation says, by the last name of it.
pub fn annotation(name: &str) -> Option<Type> {
    Some(match name {
        "SparkSession" | "DatabricksSession" => Type::of(Kind::Session),
        "SparkContext" => Type::of(Kind::Context),
        "Column" => Type::of(Kind::Column),
        "GroupedData" => Type::of(Kind::Grouped),
        "WindowSpec" => Type::of(Kind::Window),
        "RDD" => Type::of(Kind::Rdd),
        "DeltaTable" => Type::of(Kind::DeltaTable),
        "DataFrameReader" => Type { motion: Motion::Batch, ..Type::of(Kind::Reader) },
        "DataStreamReader" => Type { motion: Motion::Stream, ..Type::of(Kind::Reader) },
        "DataFrameWriter" => Type { motion: Motion::Batch, ..Type::of(Kind::Writer) },
        "DataStreamWriter" => Type { motion: Motion::Stream, ..Type::of(Kind::Writer) },
        "StreamingQuery" => Type::of(Kind::Query),
        "str" => Type::of(Kind::Text),
        "int" | "float" => Type::of(Kind::Number),
        "bool" => Type::of(Kind::Bool),
        "list" | "dict" | "set" | "tuple" | "List" | "Dict" | "Set" | "Tuple" | "Sequence" | "Iterable" => {
            Type::of(Kind::Other)
        }
        _ => return None,
    })
}

/// Whether a data frame of Spark has a method of that name.
pub fn is_frame_method(name: &str) -> bool {
    of_frame(Type::frame(Rows::Unknown, Motion::Unknown), name, false).kind != Kind::Unknown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_stand_in_one_list_only() {
        assert!(SAME_ROWS.iter().all(|name| !OTHER_ROWS.contains(name)));
        assert!(KEEPS_SMALL.iter().all(|name| OTHER_ROWS.contains(name)));
        assert!(ONLY_FRAME.iter().all(|name| is_frame_method(name)));
    }
}

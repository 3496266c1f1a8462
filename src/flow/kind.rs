//! What a value is. What Spark makes of it: [`methods`](super::methods).

/// What is known of a value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Type {
    /// What it is.
    pub kind: Kind,
    /// For a data frame, how many rows it has.
    pub rows: Rows,
    /// For a data frame and what reads or writes it, whether it is a stream.
    pub motion: Motion,
}

/// What a value is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Nobody can say.
    #[default]
    Unknown,
    /// A `SparkSession`.
    Session,
    /// `SparkSession.builder`.
    SessionBuilder,
    /// A `SparkContext`.
    Context,
    /// `spark.conf`.
    Conf,
    /// `spark.catalog`.
    Catalog,
    /// `spark.udf`.
    UdfRegistration,
    /// `spark.read` or `spark.readStream`: see [`Type::motion`].
    Reader,
    /// A data frame of Spark; for a stream see [`Type::motion`].
    Frame,
    /// `df.na`, `df.stat`.
    FrameFunctions,
    /// What `groupBy` gives.
    Grouped,
    /// `df.write` or `df.writeStream`: see [`Type::motion`].
    Writer,
    /// What `df.writeTo` gives.
    WriterV2,
    /// A running stream.
    Query,
    /// A column, or an expression over columns.
    Column,
    /// A window specification.
    Window,
    /// An RDD.
    Rdd,
    /// A function for columns that is written in Python.
    Udf,
    /// A `DeltaTable`.
    DeltaTable,
    /// A data frame of pandas.
    Pandas,
    /// Several data frames of Spark: `df.randomSplit(…)`.
    Frames,
    /// Rows on the driver.
    RowList,
    /// One row on the driver.
    Row,
    /// A number.
    Number,
    /// Text.
    Text,
    /// `True` or `False`.
    Bool,
    /// Something of another library that makes data frames, and has methods that are called like theirs.
    Maker,
    /// Surely none of these: a list, a dictionary, a module, `None`.
    Other,
}

/// How many rows a data frame has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Rows {
    /// Nobody can say.
    #[default]
    Unknown,
    /// One, or none.
    One,
    /// Few, whatever the data: `limit`, `SHOW TABLES`, literal data.
    Few,
    /// All of a table or of files.
    Whole,
}

/// Whether something streams.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Motion {
    /// Nobody can say.
    #[default]
    Unknown,
    /// It is there as a whole.
    Batch,
    /// It comes bit by bit.
    Stream,
}

impl Type {
    /// Nothing is known.
    pub const UNKNOWN: Self = Self::of(Kind::Unknown);

    /// A value of a kind of which nothing more is known.
    pub const fn of(kind: Kind) -> Self {
        Self { kind, rows: Rows::Unknown, motion: Motion::Unknown }
    }

    /// A data frame.
    pub const fn frame(rows: Rows, motion: Motion) -> Self {
        Self { kind: Kind::Frame, rows, motion }
    }

    /// Whether it is a data frame of Spark.
    pub fn is_frame(self) -> bool {
        self.kind == Kind::Frame
    }

    /// Whether it has few rows for sure.
    pub const fn is_small(self) -> bool {
        matches!(self.rows, Rows::One | Rows::Few)
    }

    /// What can be said of a value that is one or the other.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        if self.kind != other.kind {
            return Self::UNKNOWN;
        }
        let rows = match (self.rows, other.rows) {
            (a, b) if a == b => a,
            (Rows::One | Rows::Few, Rows::One | Rows::Few) => Rows::Few,
            _ => Rows::Unknown,
        };
        let motion = if self.motion == other.motion { self.motion } else { Motion::Unknown };
        Self { kind: self.kind, rows, motion }
    }
}

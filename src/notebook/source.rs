//! The source format: reading a file whose first line is the notebook header, and printing it again.

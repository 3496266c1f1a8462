//! Applying fixes until nothing changes.

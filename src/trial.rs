//! Running the examples of rule pages.

//! Rules that are a tree-sitter query in their page.

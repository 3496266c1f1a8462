//! Writes one row for every page under `rules/`, so that the pages travel inside the binary.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=rules");
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join("rules");
    let mut pages = Vec::new();
    for group in entries(&root)? {
        if !group.is_dir() {
            continue;
        }
        println!("cargo::rerun-if-changed={}", group.display());
        for page in entries(&group)? {
            if page.extension().is_some_and(|extension| extension == "md") {
                println!("cargo::rerun-if-changed={}", page.display());
                pages.push((name(&page), name(&group), page));
            }
        }
    }
    pages.sort();
    let mut rows = String::from("&[\n");
    for (name, group, path) in pages {
        let file = path.to_string_lossy();
        let shown = format!("rules/{group}/{name}.md");
        writeln!(rows, "    ({name:?}, {group:?}, {shown:?}, include_str!({file:?})),").map_err(io::Error::other)?;
    }
    rows.push_str("]\n");
    fs::write(PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("pages.rs"), rows)
}

/// What is in a folder; nothing, if there is no such folder.
fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    match fs::read_dir(folder) {
        Ok(entries) => entries.map(|entry| entry.map(|entry| entry.path())).collect(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

fn name(path: &Path) -> String {
    path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default()
}

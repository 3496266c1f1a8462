//! The floor that `brickgate check` is measured against: walk a folder, read every Python file and parse it,
//! in parallel, and nothing else. Prints how many files and bytes that were.
//!
//! With `--start` it does nothing at all: the bare start of a process of this size.

#![allow(missing_docs, clippy::print_stdout, reason = "a program of its own")]

use rayon::prelude::*;
use ruff_python_parser::{Mode, ParseOptions, parse_unchecked};
use std::path::PathBuf;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let Some(folder) = arguments.first().filter(|first| *first != "--start") else { return };
    let files: Vec<PathBuf> = ignore::WalkBuilder::new(folder)
        .hidden(false)
        .build()
        .filter_map(Result::ok)
        .map(ignore::DirEntry::into_path)
        .filter(|path| path.extension().is_some_and(|extension| extension == "py") && path.is_file())
        .collect();
    let bytes: usize = files
        .par_iter()
        .map(|path| {
            let Ok(text) = std::fs::read_to_string(path) else { return 0 };
            let parsed = parse_unchecked(&text, ParseOptions::from(Mode::Ipython));
            std::hint::black_box(&parsed);
            text.len()
        })
        .sum();
    println!("{} files, {bytes} bytes", files.len());
}

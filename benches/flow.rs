//! How far the flow of values sees: of all receivers of methods that data frames of Spark have, how many are known.
//! One line a folder, each taken as a repository of its own, and one for all.
//!
//!     cargo bench --bench flow -- FOLDER...

#![allow(missing_docs, clippy::print_stdout, reason = "a program of its own")]

use brickgate::flow::{Coverage, Flow};
use brickgate::names::Namespaces;
use brickgate::project::document::ReadOptions;
use brickgate::project::{Project, Request};
use brickgate::snapshot::RepoPath;
use brickgate::snapshot::memory::Memory;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

fn main() {
    let folders: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let mut all = Coverage::default();
    for folder in &folders {
        let found = coverage(Path::new(folder));
        print(folder.rsplit('/').next().unwrap_or(folder), found);
        all.receivers += found.receivers;
        all.typed += found.typed;
        all.frames += found.frames;
    }
    print("all", all);
}

fn print(name: &str, found: Coverage) {
    let percent = (found.typed * 100).checked_div(found.receivers).unwrap_or(0);
    println!(
        "{name}: {} receivers, {} known ({percent} %), {} of them data frames",
        found.receivers, found.typed, found.frames
    );
}

fn coverage(folder: &Path) -> Coverage {
    let files = ignore::WalkBuilder::new(folder).build().filter_map(Result::ok).map(ignore::DirEntry::into_path);
    let code = files.filter(|path| path.extension().is_some_and(|it| it == "py" || it == "ipynb") && path.is_file());
    let read = code.filter_map(|path| {
        let bytes = std::fs::read(&path).ok()?;
        Some((RepoPath::new(path.strip_prefix(folder).ok()?.to_str()?), bytes))
    });
    let files: BTreeMap<RepoPath, Vec<u8>> = read.collect();
    let asked: Vec<RepoPath> = files.keys().cloned().collect();
    let everything = asked.clone();
    let request = Request {
        asked: &asked,
        everything: &|| everything.clone(),
        options: &|_| ReadOptions::default(),
        progress: &|| {},
        names: true,
        targets: false,
        whole: true,
    };
    let project = Project::load(Arc::new(Memory::new(files)), &request);
    let names = Namespaces::new(&project, &|_| false);
    project.documents().iter().fold(Coverage::default(), |sum, document| {
        let one = Flow::new(&names, document).coverage();
        Coverage {
            receivers: sum.receivers + one.receivers,
            typed: sum.typed + one.typed,
            frames: sum.frames + one.frames,
        }
    })
}

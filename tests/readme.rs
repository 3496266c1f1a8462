//! What the README shows is what brickgate says. `UPDATE=1 cargo test --test outside -- pages schema readme` writes it anew.

use std::path::Path;
use std::process::Command;

const BEFORE: &str = "$ cargo run --release -- check examples/lakehouse\n";

#[test]
fn shows_real_output() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_brickgate"));
    command.current_dir(root).args(["check", "examples/lakehouse"]).env("NO_COLOR", "1");
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    let mut said = String::from_utf8(output.stdout).unwrap();
    // The time in the summary differs from run to run.
    let summary = String::from_utf8(output.stderr).unwrap();
    said.push_str(&stripped_of_time(&summary));

    let file = root.join("README.md");
    let readme = std::fs::read_to_string(&file).unwrap();
    let (start, rest) = readme.split_once(BEFORE).unwrap();
    let (shown, end) = rest.split_once("```\n").unwrap();
    if std::env::var_os("UPDATE").is_some() {
        let said = said.replace(" checked)", " checked in 9 ms)");
        std::fs::write(&file, format!("{start}{BEFORE}{said}```\n{end}")).unwrap();
    } else {
        assert_eq!(stripped_of_time(shown), said, "UPDATE=1 cargo test --test outside -- pages schema readme");
    }
}

fn stripped_of_time(text: &str) -> String {
    match text.rsplit_once(" checked in ") {
        Some((before, after)) if after.trim_end().ends_with("ms)") => format!("{before} checked)\n"),
        _ => text.to_owned(),
    }
}

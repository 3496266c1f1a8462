//! `benches/mutations.py` on a made-up repository: what breaks a name in a chain of `%run` is found where it breaks.

use std::path::Path;
use std::process::Command;

#[test]
fn what_breaks_a_name_is_found_at_its_line() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/mutations.py");
    let ran = Command::new("python3")
        .arg(script)
        .args(["--binary", env!("CARGO_BIN_EXE_brickgate"), "--tries", "8", "--misses"])
        .output()
        .unwrap();
    let (out, err) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    assert!(ran.status.success(), "{out}\n{err}");
    // A bench that tries nothing would find everything.
    let all = out.lines().find(|line| line.starts_with("all")).unwrap();
    let tries: u32 = all.split_whitespace().nth(1).unwrap().parse().unwrap();
    assert!(tries >= 60, "{out}");
}

//! A new rule page means a new build: the pages are part of the binary.

fn main() {
    println!("cargo::rerun-if-changed=rules");
}

//! The `brickgate` command.

fn main() {}

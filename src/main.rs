//! The `brickgate` command.

use std::process::ExitCode;

/// A quarter faster than the system's for what we do: many small strings on several threads.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    ExitCode::from(brickgate::cli::run(std::env::args_os()))
}

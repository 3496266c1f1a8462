//! What does not belong in a repository goes out of an `.ipynb`.

use super::IpynbPolicy;
use crate::notebook::ipynb::{self, excess};

/// Takes outputs, counts of runs, and metadata that changes without anybody changing the notebook.
#[derive(Clone, Copy, Debug)]
pub struct Strip {
    /// Whether outputs and counts stay, because the repository says that they are committed on purpose.
    pub keep_outputs: bool,
}

impl IpynbPolicy for Strip {
    fn apply(&self, raw: &str) -> Option<String> {
        let (notebook, _) = ipynb::read(raw).ok()?;
        excess::strip(raw, &notebook, self.keep_outputs).filter(|new| new != raw)
    }
}

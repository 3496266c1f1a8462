//! Names and modes of git's objects.

use std::fmt;

/// The name of an object: 20 bytes, or 32 in a SHA-256 repository.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Oid {
    bytes: [u8; 32],
    len: u8,
}

impl Oid {
    /// From 20 or 32 raw bytes.
    pub fn from_bytes(raw: &[u8]) -> Option<Self> {
        if raw.len() != 20 && raw.len() != 32 {
            return None;
        }
        let mut bytes = [0; 32];
        bytes.get_mut(..raw.len())?.copy_from_slice(raw);
        Some(Self { bytes, len: u8::try_from(raw.len()).ok()? })
    }

    /// From 40 or 64 hexadecimal digits.
    pub fn parse(hex: &[u8]) -> Option<Self> {
        let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        let raw: Option<Vec<u8>> = hex
            .chunks(2)
            .map(|pair| match pair {
                [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
                _ => None,
            })
            .collect();
        Self::from_bytes(&raw?)
    }

    /// The raw bytes.
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }

    /// Whether it names nothing: git writes zeros where it does not know.
    pub fn is_zero(&self) -> bool {
        self.bytes == [0; 32]
    }
}

impl fmt::Display for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_bytes().iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What git says an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// A file.
    File,
    /// A file that can be run.
    Executable,
    /// A symbolic link; its blob holds where it leads.
    Link,
    /// A folder.
    Folder,
    /// A commit of another repository.
    Submodule,
}

impl Mode {
    /// From octal digits, as in trees and in raw diffs. `None` for `000000` and what git does not write.
    pub fn parse(octal: &[u8]) -> Option<Self> {
        // Old repositories hold `100664` and the like; git reads them as files, too.
        match octal {
            b"40000" | b"040000" => Some(Self::Folder),
            b"120000" => Some(Self::Link),
            b"160000" => Some(Self::Submodule),
            b"100755" => Some(Self::Executable),
            _ if octal.starts_with(b"100") => Some(Self::File),
            _ => None,
        }
    }

    /// The digits that git writes in the index.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::File => "100644",
            Self::Executable => "100755",
            Self::Link => "120000",
            Self::Folder => "040000",
            Self::Submodule => "160000",
        }
    }
}

/// What stands at a path: its mode and the object that holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Node {
    /// What it is.
    pub mode: Mode,
    /// Its object.
    pub oid: Oid,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_lengths_and_nothing_else() {
        for hex in ["e69de29bb2d1d6434b8b29ae775ad8c2e48c5391", &"0aF1".repeat(16)] {
            assert_eq!(Oid::parse(hex.as_bytes()).unwrap().to_string(), hex.to_lowercase());
        }
        assert!(Oid::parse(b"").is_none() && Oid::parse(b"e69d").is_none() && Oid::parse(&[b'g'; 40]).is_none());
        assert!(Oid::parse(&[b'0'; 39]).is_none() && Oid::parse(&[b'0'; 40]).unwrap().is_zero());
        assert_eq!(Mode::parse(b"100664"), Some(Mode::File));
        assert_eq!(Mode::parse(b"000000"), None);
    }
}

//! Files as editors name them: `file:///a%20b.py`.

use std::path::{Path, PathBuf};

/// The file that a URI names; `None` if it names something else.
pub(super) fn to_path(uri: &str) -> Option<PathBuf> {
    let rest = uri.strip_prefix("file://")?;
    let rest = rest.split(['?', '#']).next().unwrap_or(rest);
    // A host is one of a share on Windows; `localhost` is none.
    let path = rest.get(rest.find('/')?..)?;
    let mut bytes = Vec::with_capacity(path.len());
    let mut left = path.bytes();
    while let Some(byte) = left.next() {
        if byte == b'%' {
            let digits = [left.next()?, left.next()?];
            bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    let path = String::from_utf8(bytes).ok()?;
    if path.contains('\0') {
        return None;
    }
    // `/c:/x` is `c:/x`.
    let drive = path.strip_prefix('/').filter(|rest| cfg!(windows) && rest.as_bytes().get(1) == Some(&b':'));
    Some(PathBuf::from(drive.unwrap_or(&path)))
}

/// The URI of a file, an absolute path.
pub(super) fn of_path(path: &Path) -> String {
    let text = path.to_string_lossy();
    let mut uri = "file://".to_owned();
    if !text.starts_with('/') {
        uri.push('/');
    }
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => uri.push(char::from(byte)),
            b'\\' if cfg!(windows) => uri.push('/'),
            byte => {
                let digit = |half: u8| char::from_digit(u32::from(half), 16).unwrap_or('0').to_ascii_uppercase();
                uri.extend(['%', digit(byte >> 4), digit(byte & 15)]);
            }
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_come_back() {
        for path in ["/a/b c/ü.py", "/100%/x#y?.ipynb", "/a"] {
            assert_eq!(to_path(&of_path(Path::new(path))).unwrap(), Path::new(path));
        }
        assert_eq!(of_path(Path::new("/b c/ü")), "file:///b%20c/%C3%BC");
        assert_eq!(to_path("file://localhost/x").unwrap(), Path::new("/x"));
        for uri in ["untitled:1", "file:x", "file:///a%2", "file:///a%00", "vscode-notebook-cell:/a#b", ""] {
            assert_eq!(to_path(uri), None, "{uri}");
        }
    }
}

//! A small editor.

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

/// Nothing takes so long unless it hangs.
const LONG: Duration = Duration::from_mins(2);

/// An editor and its server.
pub(super) struct Client {
    child: Child,
    stdin: Option<ChildStdin>,
    inbox: Receiver<Value>,
    /// What came in and was not waited for.
    waiting: Vec<Value>,
    root: PathBuf,
    asked: u64,
}

impl Client {
    pub(super) fn start(root: &Path) -> Self {
        Self::start_with(root, &[])
    }

    pub(super) fn start_with(root: &Path, args: &[&str]) -> Self {
        let root = root.canonicalize().unwrap();
        // A law with very many messages wants an optimised server.
        let binary = std::env::var_os("SERVER_BINARY").unwrap_or_else(|| env!("CARGO_BIN_EXE_brickgate").into());
        let mut child = Command::new(binary)
            .arg("server")
            .args(args)
            .current_dir(&root)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take().unwrap());
        let (sender, inbox) = channel();
        std::thread::spawn(move || {
            let mut out = BufReader::new(stdout);
            loop {
                let mut length = 0;
                loop {
                    let mut line = String::new();
                    if out.read_line(&mut line).unwrap() == 0 {
                        return;
                    }
                    match line.trim().split_once(": ") {
                        Some(("Content-Length", value)) => length = value.parse().unwrap(),
                        _ => break assert_eq!(line, "\r\n"),
                    }
                }
                let mut bytes = vec![0; length];
                out.read_exact(&mut bytes).unwrap();
                if sender.send(serde_json::from_slice(&bytes).unwrap()).is_err() {
                    return;
                }
            }
        });
        Self { child, stdin, inbox, waiting: Vec::new(), root, asked: 0 }
    }

    pub(super) fn initialized(root: &Path) -> Self {
        let mut client = Self::start(root);
        client.initialize(&json!({}), &json!({}));
        client
    }

    pub(super) fn initialize(&mut self, capabilities: &Value, options: &Value) -> Value {
        let root = self.uri("");
        let answer = self.ask(
            "initialize",
            &json!({
                "processId": null, "rootUri": root, "capabilities": capabilities, "initializationOptions": options,
                "workspaceFolders": [{ "uri": root, "name": "root" }],
            }),
        );
        self.tell("initialized", &json!({}));
        answer["result"].clone()
    }

    /// The URI of a file: of the repository, or anywhere.
    pub(super) fn uri(&self, path: &str) -> String {
        let full = self.root.join(path);
        format!("file://{}", full.to_str().unwrap().trim_end_matches('/'))
    }

    pub(super) fn raw(&mut self, text: &str) {
        let stdin = self.stdin.as_mut().unwrap();
        write!(stdin, "Content-Length: {}\r\n\r\n{text}", text.len()).unwrap();
        stdin.flush().unwrap();
    }

    pub(super) fn tell(&mut self, method: &str, params: &Value) {
        self.raw(&json!({ "jsonrpc": "2.0", "method": method, "params": params }).to_string());
    }

    pub(super) fn start_asking(&mut self, method: &str, params: &Value) -> Value {
        self.asked += 1;
        self.raw(&json!({ "jsonrpc": "2.0", "id": self.asked, "method": method, "params": params }).to_string());
        json!(self.asked)
    }

    pub(super) fn ask(&mut self, method: &str, params: &Value) -> Value {
        let id = self.start_asking(method, params);
        self.wait(|message| message["id"] == id && message["method"].is_null())
    }

    /// The first message that is wanted.
    pub(super) fn wait(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        if let Some(at) = self.waiting.iter().position(&wanted) {
            return self.waiting.remove(at);
        }
        loop {
            let message = match self.inbox.recv_timeout(LONG) {
                Ok(message) => message,
                Err(RecvTimeoutError::Timeout) => panic!("the server says nothing more; so far: {:#?}", self.waiting),
                Err(RecvTimeoutError::Disconnected) => panic!("the server is gone; so far: {:#?}", self.waiting),
            };
            if message["method"].is_string() && !message["id"].is_null() {
                let answer = json!({ "jsonrpc": "2.0", "id": message["id"], "result": null });
                self.raw(&answer.to_string());
            }
            if wanted(&message) {
                return message;
            }
            self.waiting.push(message);
        }
    }

    /// What came in and was not waited for.
    pub(super) fn seen(&self) -> &[Value] {
        &self.waiting
    }

    pub(super) fn open(&mut self, path: &str, text: &str) {
        let uri = self.uri(path);
        let document = json!({ "uri": uri, "languageId": "python", "version": 1, "text": text });
        self.tell("textDocument/didOpen", &json!({ "textDocument": document }));
    }

    pub(super) fn change(&mut self, path: &str, version: u64, changes: &[Value]) {
        let document = json!({ "uri": self.uri(path), "version": version });
        self.tell("textDocument/didChange", &json!({ "textDocument": document, "contentChanges": changes }));
    }

    /// Says that a file came (1), changed (2) or went (3).
    pub(super) fn watched(&mut self, path: &str, how: u32) {
        let change = json!({ "uri": self.uri(path), "type": how });
        self.tell("workspace/didChangeWatchedFiles", &json!({ "changes": [change] }));
    }

    /// The next diagnostics of a file.
    pub(super) fn diagnostics(&mut self, path: &str) -> Value {
        let uri = self.uri(path);
        self.diagnostics_of(&uri)
    }

    pub(super) fn diagnostics_of(&mut self, uri: &str) -> Value {
        let is_it =
            |message: &Value| message["method"] == "textDocument/publishDiagnostics" && message["params"]["uri"] == uri;
        self.wait(is_it)["params"]["diagnostics"].clone()
    }

    /// The diagnostics of a file once the server has nothing left to do.
    pub(super) fn last_diagnostics(&mut self, path: &str) -> Value {
        let uri = self.uri(path);
        self.last_diagnostics_of(&uri)
    }

    pub(super) fn last_diagnostics_of(&mut self, uri: &str) -> Value {
        let mut last = self.diagnostics_of(uri);
        while let Ok(message) = self.inbox.recv_timeout(Duration::from_millis(500)) {
            self.waiting.push(message);
        }
        for message in std::mem::take(&mut self.waiting) {
            if message["method"] == "textDocument/publishDiagnostics" && message["params"]["uri"] == uri {
                last = message["params"]["diagnostics"].clone();
            } else {
                self.waiting.push(message);
            }
        }
        self.waiting.push(json!({ "last": uri, "diagnostics": last }));
        last
    }

    /// All messages of the diagnostics that were last looked at.
    pub(super) fn last_message(&self, uri: &str) -> String {
        let rows = self.waiting.iter().rev().find(|message| message["last"] == uri).unwrap();
        rows["diagnostics"].to_string()
    }

    /// The editor dies.
    pub(super) fn hang_up(&mut self) {
        self.stdin = None;
    }

    /// The exit code of the server, once it has one.
    pub(super) fn ended(&mut self) -> Option<i32> {
        for _ in 0..600 {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        None
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A byte as an editor counts: line and 16-bit units.
pub(super) fn position(text: &str, offset: usize) -> Value {
    let before = &text[..offset];
    // A `\r` alone ends a line as well.
    let ends = |(at, byte): (usize, u8)| byte == b'\n' || byte == b'\r' && !text[at + 1..].starts_with('\n');
    let line = before.bytes().enumerate().filter(|&end| ends(end)).count();
    let start = before.bytes().enumerate().rfind(|&end| ends(end)).map_or(0, |(at, _)| at + 1);
    json!({ "line": line, "character": before[start..].encode_utf16().count() })
}

/// Where a piece of a text stands for the first time.
pub(super) fn range_of(text: &str, needle: &str) -> Value {
    let at = text.find(needle).unwrap_or_else(|| panic!("{needle:?} is not there"));
    json!({ "start": position(text, at), "end": position(text, at + needle.len()) })
}

/// A place in an open file: one character behind the start of `needle`.
pub(super) fn place(client: &Client, path: &str, text: &str, needle: &str) -> Value {
    let at = text.find(needle).unwrap_or_else(|| panic!("{needle:?} is not there"));
    json!({ "textDocument": { "uri": client.uri(path) }, "position": position(text, at + 1) })
}

/// A text with edits made.
pub(super) fn applied(text: &str, edits: &Value) -> String {
    let offset = |place: &Value| {
        let line = usize::try_from(place["line"].as_u64().unwrap()).unwrap();
        let start: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
        let mut units = place["character"].as_u64().unwrap();
        let mut at = start;
        for c in text[start..].chars() {
            if units == 0 {
                break;
            }
            units = units.checked_sub(c.len_utf16() as u64).expect("a place inside a character");
            at += c.len_utf8();
        }
        at
    };
    let mut rows: Vec<(usize, usize, &str)> = edits
        .as_array()
        .unwrap_or_else(|| panic!("no edits: {edits}"))
        .iter()
        .map(|edit| {
            let range = &edit["range"];
            (offset(&range["start"]), offset(&range["end"]), edit["newText"].as_str().unwrap())
        })
        .collect();
    rows.sort_unstable();
    assert!(rows.windows(2).all(|pair| pair[0].1 <= pair[1].0), "edits overlap: {rows:?}");
    let mut out = text.to_owned();
    for (start, end, new) in rows.into_iter().rev() {
        out.replace_range(start..end, new);
    }
    out
}

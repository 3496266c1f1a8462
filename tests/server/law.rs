//! A law: whatever was typed, asked and garbled before, in the end the server says what a fresh one says.

use super::client::{Client, position};
use super::{HELPER, MAIN, repository};
use serde_json::{Value, json};

/// Numbers that look random and are the same each time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit as u64).unwrap()
    }

    fn of<'a, T: ?Sized>(&mut self, all: &[&'a T]) -> &'a T {
        all[self.below(all.len())]
    }
}

const PIECES: [&str; 18] = [
    "x",
    "\n",
    "clean",
    "# MAGIC %run ./lib/helpers\n",
    "# COMMAND ----------\n",
    "é😀",
    "(",
    ")",
    "\"\"\"",
    "import os\n",
    " = ",
    "def f(a):\n    return catalog\n",
    "dbutils.library.restartPython()\n",
    "\r\n",
    "\r",
    "path = 'a'\nspark.read.load(f'{path}/b')\n",
    "from lib.helpers import *\n",
    "    ",
];

const METHODS: [&str; 15] = [
    "textDocument/definition",
    "textDocument/references",
    "textDocument/hover",
    "textDocument/completion",
    "textDocument/documentSymbol",
    "textDocument/foldingRange",
    "textDocument/documentLink",
    "textDocument/formatting",
    "textDocument/codeAction",
    "textDocument/rename",
    "textDocument/prepareRename",
    "textDocument/documentHighlight",
    "textDocument/inlayHint",
    "textDocument/codeLens",
    "textDocument/rangeFormatting",
];

fn boundary(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    // Between `\r` and `\n` no editor puts its cursor.
    if text[..at].ends_with('\r') && text[at..].starts_with('\n') { at - 1 } else { at }
}

/// One random edit, made here and told to the server.
fn edit(numbers: &mut Numbers, text: &mut String, original: &str) -> Value {
    if text.len() > 4000 || numbers.below(200) == 0 {
        original.clone_into(text);
        return json!({ "text": original });
    }
    let (a, b) = (numbers.below(text.len() + 1), numbers.below(12));
    let start = boundary(text, a);
    let end = boundary(text, (start + if numbers.below(3) == 0 { b } else { 0 }).min(text.len())).max(start);
    let new = numbers.of(&PIECES);
    let range = json!({ "start": position(text, start), "end": position(text, end) });
    text.replace_range(start..end, new);
    json!({ "range": range, "text": new })
}

fn garbage(numbers: &mut Numbers, client: &mut Client) {
    let uri = client.uri("main.py");
    match numbers.below(8) {
        0 => client.raw("{\"jsonrpc\": \"2.0\", \"id\": 1"),
        1 => client.raw("[[[[[[null]]]]]]"),
        2 => client.tell("textDocument/didChange", &json!({ "textDocument": { "uri": uri } })),
        3 => client.tell(
            "textDocument/didChange",
            &json!({ "textDocument": { "uri": "nowhere:x", "version": -1 }, "contentChanges": [{ "text": "" }] }),
        ),
        4 => client.tell("$/cancelRequest", &json!({ "id": { "x": [] } })),
        5 => drop(client.start_asking(
            "textDocument/hover",
            &json!({ "textDocument": { "uri": uri }, "position": { "line": -1, "character": 1e300 } }),
        )),
        6 => client.tell(
            "workspace/didChangeWatchedFiles",
            &json!({ "changes": [{ "uri": "file:///%zz" }, 3, { "uri": uri, "type": "x" }] }),
        ),
        _ => drop(
            client
                .start_asking("codeAction/resolve", &json!({ "data": { "uri": uri, "do": "rule", "rule": "\u{0}" } })),
        ),
    }
}

fn asked(numbers: &mut Numbers, client: &mut Client, path: &str) {
    let at = |numbers: &mut Numbers| json!({ "line": numbers.below(40), "character": numbers.below(60) });
    let (start, end) = (at(numbers), at(numbers));
    let params = json!({
        "textDocument": { "uri": client.uri(path) }, "position": start, "range": { "start": start, "end": end },
        "context": { "diagnostics": [], "includeDeclaration": true }, "newName": "fresh_name", "options": {},
    });
    let id = client.start_asking(numbers.of(&METHODS), &params);
    if numbers.below(4) == 0 {
        client.tell("$/cancelRequest", &json!({ "id": id }));
    }
}

/// All that can be asked about a file.
fn everything(client: &mut Client, path: &str, text: &str) -> Vec<Value> {
    let document = json!({ "textDocument": { "uri": client.uri(path) } });
    let mut answers = Vec::new();
    for method in [
        "textDocument/diagnostic",
        "textDocument/documentSymbol",
        "textDocument/foldingRange",
        "textDocument/documentLink",
        "textDocument/formatting",
    ] {
        let answer = client.ask(method, &document);
        answers.push(if method == "textDocument/formatting" { answer["result"].clone() } else { answer });
    }
    for at in (0..text.len()).step_by(37) {
        let place = json!({ "textDocument": document["textDocument"], "position": position(text, boundary(text, at)) });
        for method in ["textDocument/definition", "textDocument/hover", "textDocument/completion"] {
            answers.push(client.ask(method, &place)["result"].clone());
        }
    }
    for answer in &mut answers {
        if let Some(answer) = answer.as_object_mut() {
            answer.remove("id");
        }
    }
    answers
}

#[test]
fn in_the_end_it_says_what_a_fresh_one_says() {
    let originals = [
        ("main.py", MAIN),
        ("lib/helpers.py", HELPER),
        (
            "other.py",
            "# Databricks notebook source\n# MAGIC %run ./main\n\n# COMMAND ----------\n\nprint(df, catalog)\n",
        ),
    ];
    let folder = repository(&originals);
    // By hand with 25000, and an optimised binary in SERVER_BINARY: a hundred thousand messages.
    let messages = std::env::var("SERVER_MESSAGES").ok().and_then(|count| count.parse().ok()).unwrap_or(700);
    for seed in 1..=4_u64 {
        let mut numbers = Numbers(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let mut texts: Vec<String> = originals.iter().map(|(_, text)| (*text).to_owned()).collect();
        let mut client = Client::initialized(folder.path());
        for (path, text) in originals {
            client.open(path, text);
        }
        for version in 2..messages {
            let file = numbers.below(originals.len());
            let (path, original) = originals[file];
            match numbers.below(12) {
                0 => garbage(&mut numbers, &mut client),
                1 | 2 => asked(&mut numbers, &mut client, path),
                _ => {
                    let count = 1 + numbers.below(3);
                    let changes: Vec<Value> =
                        (0..count).map(|_| edit(&mut numbers, &mut texts[file], original)).collect();
                    client.change(path, version, &changes);
                }
            }
        }
        let mut fresh = Client::initialized(folder.path());
        for ((path, _), text) in originals.iter().zip(&texts) {
            fresh.open(path, text);
        }
        for ((path, _), text) in originals.iter().zip(&texts) {
            let (old, new) = (everything(&mut client, path, text), everything(&mut fresh, path, text));
            assert_eq!(old, new, "seed {seed}, {path}:\n{text}");
        }
    }
}

//! JSON-RPC over a pair of streams: frames in, frames out. What is malformed is told, and costs one message.

use serde_json::{Value, json};
use std::io::{self, BufRead, Read as _, Write};

/// Codes of errors, as JSON-RPC and the protocol define them.
pub(super) mod code {
    /// A message is no JSON.
    pub(in crate::server) const PARSE: i32 = -32700;
    /// A message is no request, notification or response.
    pub(in crate::server) const INVALID_REQUEST: i32 = -32600;
    /// Nobody answers to the method.
    pub(in crate::server) const UNKNOWN_METHOD: i32 = -32601;
    /// The parameters are not those of the method.
    pub(in crate::server) const INVALID_PARAMS: i32 = -32602;
    /// A fault of ours.
    pub(in crate::server) const INTERNAL: i32 = -32603;
    /// `initialize` has not been called.
    pub(in crate::server) const NOT_INITIALIZED: i32 = -32002;
    /// What is asked cannot be done, and the message says why.
    pub(in crate::server) const FAILED: i32 = -32803;
    /// The client takes its request back.
    pub(in crate::server) const CANCELLED: i32 = -32800;
}

/// No message is larger, in bytes: a length beyond it is a broken header.
const LARGEST: usize = 1 << 30;

/// No line of a header is longer.
const LONGEST_LINE: u64 = 8192;

/// What came in.
#[derive(Debug)]
pub(super) enum Incoming {
    /// A request with its identifier, which is a number or a string.
    Request { id: Value, method: String, params: Value },
    /// A notification.
    Notification { method: String, params: Value },
    /// An answer to a request of ours; `None` if it is an error.
    Response { id: Value, result: Option<Value> },
    /// Nothing that can be understood: the code, and what is wrong; with the identifier if it has one.
    Malformed { id: Value, code: i32, message: String },
}

/// Reads the next message; `None` at the end of the stream.
///
/// # Errors
/// If the stream cannot be read.
pub(super) fn read(input: &mut impl BufRead) -> io::Result<Option<Incoming>> {
    let Some(length) = header(input)? else { return Ok(None) };
    let mut bytes = Vec::new();
    let got = (&mut *input).take(length as u64).read_to_end(&mut bytes)?;
    if got < length {
        return Ok(None);
    }
    Ok(Some(understand(&bytes)))
}

/// Reads up to the end of a header and gives the length of what follows. Lines that belong to no header are passed
/// over, so that a stream that went out of step comes in step again.
fn header(input: &mut impl BufRead) -> io::Result<Option<usize>> {
    let mut length = None;
    let mut line = Vec::new();
    loop {
        line.clear();
        (&mut *input).take(LONGEST_LINE).read_until(b'\n', &mut line)?;
        if line.is_empty() {
            return Ok(None);
        }
        let text = String::from_utf8_lossy(&line);
        let text = text.trim();
        if text.is_empty() {
            if let Some(length) = length.take() {
                return Ok(Some(length));
            }
            continue;
        }
        // What a broken message left behind may stand before the name on the same line.
        if let Some((before, value)) = text.rsplit_once(':')
            && before.trim_end().to_ascii_lowercase().ends_with("content-length")
        {
            length = value.trim().parse::<usize>().ok().filter(|length| *length <= LARGEST);
        }
    }
}

/// One message, understood.
fn understand(bytes: &[u8]) -> Incoming {
    let malformed = |id, code, message: &str| Incoming::Malformed { id, code, message: message.to_owned() };
    let message: Value = match serde_json::from_slice(bytes) {
        Ok(message) => message,
        Err(error) => return malformed(Value::Null, code::PARSE, &format!("not valid JSON: {error}")),
    };
    let Value::Object(mut message) = message else {
        return malformed(Value::Null, code::INVALID_REQUEST, "a message is an object");
    };
    let id = message.remove("id").unwrap_or(Value::Null);
    if !matches!(id, Value::Null | Value::Number(_) | Value::String(_)) {
        return malformed(Value::Null, code::INVALID_REQUEST, "an `id` is a number or a string");
    }
    match (message.remove("method"), id) {
        (Some(Value::String(method)), Value::Null) => {
            Incoming::Notification { method, params: message.remove("params").unwrap_or(Value::Null) }
        }
        (Some(Value::String(method)), id) => {
            Incoming::Request { id, method, params: message.remove("params").unwrap_or(Value::Null) }
        }
        (Some(_), id) => malformed(id, code::INVALID_REQUEST, "a `method` is a string"),
        (None, Value::Null) => malformed(Value::Null, code::INVALID_REQUEST, "a message has a `method` or an `id`"),
        (None, id) if message.contains_key("result") || message.contains_key("error") => {
            Incoming::Response { id, result: message.remove("result") }
        }
        (None, id) => malformed(id, code::INVALID_REQUEST, "a message has a `method`, a `result` or an `error`"),
    }
}

/// Writes one message.
///
/// # Errors
/// If the stream cannot be written.
pub(super) fn write(out: &mut impl Write, message: &Value) -> io::Result<()> {
    let text = message.to_string();
    write!(out, "Content-Length: {}\r\n\r\n{text}", text.len())?;
    out.flush()
}

/// A message of these parts.
fn message<const N: usize>(parts: [(&str, Value); N]) -> Value {
    let parts = parts.into_iter().map(|(key, value)| (key.to_owned(), value));
    Value::Object(std::iter::once(("jsonrpc".to_owned(), json!("2.0"))).chain(parts).collect())
}

/// The answer to a request.
pub(super) fn answer(id: Value, result: Value) -> Value {
    message([("id", id), ("result", result)])
}

/// The answer that there is none, and why.
pub(super) fn refusal(id: Value, code: i32, message: &str) -> Value {
    self::message([("id", id), ("error", json!({ "code": code, "message": message }))])
}

/// A notification of ours.
pub(super) fn notification(method: &str, params: Value) -> Value {
    message([("method", json!(method)), ("params", params)])
}

/// A request of ours.
pub(super) fn request(id: &str, method: &str, params: Value) -> Value {
    message([("id", json!(id)), ("method", json!(method)), ("params", params)])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(stream: &str) -> Vec<String> {
        let mut input = stream.as_bytes();
        let mut found = Vec::new();
        while let Some(message) = read(&mut input).unwrap() {
            found.push(match message {
                Incoming::Request { id, method, .. } => format!("{method} {id}"),
                Incoming::Notification { method, .. } => method,
                Incoming::Response { id, result } => format!("response {id} {}", result.is_some()),
                Incoming::Malformed { code, .. } => code.to_string(),
            });
        }
        found
    }

    fn frame(text: &str) -> String {
        format!("Content-Length: {}\r\n\r\n{text}", text.len())
    }

    #[test]
    fn reads_messages_and_survives_what_is_none() {
        let stream = [
            frame(r#"{"jsonrpc":"2.0","id":1,"method":"a"}"#),
            frame("{not json"),
            frame("[1]"),
            frame(r#"{"id":[],"method":"x"}"#),
            frame(r#"{"id":"x","method":7}"#),
            frame("{}"),
            "garbage\r\nmore: garbage\r\n\r\n".to_owned(),
            "content-length:  13 \nContent-Type: x\n\n{\"method\":\"b\"".to_owned(),
            "} Content-Length: 14\r\n\r\n{\"method\":\"c\"}".to_owned(),
            "Content-Length: 99999999999999\r\n\r\n".to_owned(),
            frame(r#"{"id":"own","result":null}"#),
            frame(r#"{"id":"own","error":{}}"#),
        ]
        .concat();
        let wanted = ["a 1", "-32700", "-32600", "-32600", "-32600", "-32600", "-32700", "c", "response \"own\" true"];
        assert_eq!(all(&stream)[..9], wanted);
        assert_eq!(all(&stream)[9..], ["response \"own\" false"]);
        assert!(all("Content-Length: 50\r\n\r\n{\"method\"").is_empty());
    }

    #[test]
    fn writes_what_it_reads() {
        let mut out = Vec::new();
        write(&mut out, &answer(json!("é"), json!([1]))).unwrap();
        let Incoming::Response { id, result } = read(&mut &*out).unwrap().unwrap() else { unreachable!() };
        assert_eq!((id, result), (json!("é"), Some(json!([1]))));
    }
}

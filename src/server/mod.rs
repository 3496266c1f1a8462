//! `brickgate server`: the gate in an editor, over the Language Server Protocol 3.17 on stdin and stdout.
//!
//! One thread reads, one writes, and the loop in between takes in what editors type and hands it on; it never parses,
//! judges or waits for a disk. Each repository has a thread of its own ([`desk`]) that keeps its documents parsed. What
//! it answers it answers for the texts as they were when it was asked.
//!
//! The messages are read and written by hand ([`wire`]): a malformed one must cost no more than itself, and the types
//! of the whole protocol would take longer to build than this room.

mod actions;
mod buffers;
mod capabilities;
mod cells;
mod complete;
mod desk;
mod diagnostics;
mod edits;
mod encoding;
mod forms;
mod hints;
mod hover;
mod ignore;
mod keys;
mod links;
mod outline;
mod references;
mod rename;
mod room;
mod settings;
mod target;
mod uri;
mod view;
mod whole;
mod wire;

use crate::snapshot::root::Roots;
use crate::snapshot::walk::{is_of_interest, repo_path};
use buffers::{Buffers, Update};
use capabilities::Client;
use desk::{Desk, Gather, Order, Question};
use encoding::Encoding;
use serde_json::{Value, json};
use settings::Settings;
use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;
use wire::Incoming;

/// Deep code needs deep stacks. Only what is used costs memory.
const STACK: usize = 64 << 20;

/// How a server ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The editor said goodbye first.
    Proper,
    /// It went without a word.
    Sudden,
}

/// What all threads share.
#[derive(Debug)]
struct Shared {
    outbox: Sender<Value>,
    client: Client,
    encoding: Encoding,
    /// Requests that the editor has taken back.
    cancelled: Mutex<HashSet<String>>,
    log: Option<Arc<Log>>,
}

/// A file that says what was done.
#[derive(Debug)]
struct Log {
    file: Mutex<File>,
    start: Instant,
}

impl Log {
    fn write(&self, line: &str) {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        // A log that cannot be written must not stop the work.
        let _ = writeln!(file, "{:10.3} {line}", self.start.elapsed().as_secs_f64());
    }
}

impl Shared {
    /// Sends a message. If nobody reads any more, the main loop will hear of it.
    fn send(&self, message: Value) {
        let _ = self.outbox.send(message);
    }

    fn log(&self, line: impl FnOnce() -> String) {
        if let Some(log) = &self.log {
            log.write(&line());
        }
    }

    fn cancel(&self, id: &Value) {
        let mut cancelled = self.cancelled.lock().unwrap_or_else(PoisonError::into_inner);
        // Who cancels what was never asked must not fill the memory.
        if cancelled.len() > 10_000 {
            cancelled.clear();
        }
        cancelled.insert(id.to_string());
    }

    fn is_cancelled(&self, id: &Value) -> bool {
        self.cancelled.lock().unwrap_or_else(PoisonError::into_inner).contains(&id.to_string())
    }

    /// A request is answered: whoever cancels it now is late.
    fn forget(&self, id: &Value) {
        self.cancelled.lock().unwrap_or_else(PoisonError::into_inner).remove(&id.to_string());
    }
}

/// Serves one editor until it is done. `log` is where to write what is done, if anywhere.
///
/// # Errors
/// If a thread cannot be started.
pub fn serve(
    input: impl BufRead + Send + 'static,
    output: impl Write + Send + 'static,
    log: Option<File>,
) -> std::io::Result<End> {
    let log = log.map(|file| Arc::new(Log { file: Mutex::new(file), start: Instant::now() }));
    let (outbox, outgoing) = channel::<Value>();
    let (inbox, incoming) = channel::<Incoming>();
    let (mut input, mut output) = (input, output);
    let writer_log = log.clone();
    let writer = std::thread::Builder::new().name("writer".to_owned()).spawn(move || {
        while let Ok(message) = outgoing.recv() {
            if let Some(log) = &writer_log {
                log.write(&format!("-> {}", brief(&message)));
            }
            if wire::write(&mut output, &message).is_err() {
                return;
            }
        }
    })?;
    std::thread::Builder::new().name("reader".to_owned()).spawn(move || {
        while let Ok(Some(message)) = wire::read(&mut input) {
            if inbox.send(message).is_err() {
                return;
            }
        }
    })?;
    let mut server = Server::new(outbox, log);
    let mut end = End::Sudden;
    while let Ok(message) = incoming.recv() {
        if let Some(how) = server.take(message) {
            end = how;
            break;
        }
    }
    server.close();
    // What was answered is to be read.
    let _ = writer.join();
    Ok(end)
}

/// A message on one line, not too long.
fn brief(message: &Value) -> String {
    let text = message.to_string();
    match text.char_indices().nth(2000) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or("")),
        None => text,
    }
}

/// How far the conversation is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Fresh,
    Working,
    ShutDown,
}

/// A repository with a thread of its own.
struct Worker {
    orders: Sender<Order>,
    thread: JoinHandle<()>,
}

/// The main loop's part.
struct Server {
    stage: Stage,
    outbox: Sender<Value>,
    shared: Arc<Shared>,
    buffers: Buffers,
    roots: Roots,
    folders: Vec<PathBuf>,
    settings: Arc<Settings>,
    workers: BTreeMap<Arc<Path>, Worker>,
    /// Where each open file belongs.
    homes: std::collections::HashMap<String, (Arc<Path>, crate::snapshot::RepoPath)>,
    asked: u64,
}

impl Server {
    fn new(outbox: Sender<Value>, log: Option<Arc<Log>>) -> Self {
        let shared = Shared {
            outbox: outbox.clone(),
            client: Client::default(),
            encoding: Encoding::default(),
            cancelled: Mutex::default(),
            log,
        };
        let cwd = std::env::current_dir().and_then(std::fs::canonicalize).unwrap_or_else(|_| PathBuf::from("/"));
        Self {
            stage: Stage::Fresh,
            outbox,
            shared: Arc::new(shared),
            buffers: Buffers::default(),
            roots: Roots::new(cwd),
            folders: Vec::new(),
            settings: Arc::default(),
            workers: BTreeMap::new(),
            homes: std::collections::HashMap::new(),
            asked: 0,
        }
    }

    /// Ends all threads; what they were asked they still answer.
    fn close(self) {
        let Self { workers, outbox, shared, .. } = self;
        let threads: Vec<JoinHandle<()>> = workers.into_values().map(|Worker { thread, .. }| thread).collect();
        for thread in threads {
            let _ = thread.join();
        }
        drop((outbox, shared));
    }

    /// Takes one message; gives the end if it was the last.
    fn take(&mut self, message: Incoming) -> Option<End> {
        match message {
            Incoming::Malformed { id, code, message } => {
                self.shared.log(|| format!("<- malformed: {message}"));
                self.shared.send(wire::refusal(id, code, &message));
            }
            Incoming::Response { id, result } => self.heard(&id, result),
            Incoming::Request { id, method, params } => {
                self.shared.log(|| format!("<- {method} {id} {}", brief(&params)));
                self.request(id, method, params);
            }
            Incoming::Notification { method, params } => {
                self.shared.log(|| format!("<- {method} {}", brief(&params)));
                if method == "exit" {
                    return Some(if self.stage == Stage::ShutDown { End::Proper } else { End::Sudden });
                }
                self.notification(&method, params);
            }
        }
        None
    }

    fn request(&mut self, id: Value, method: String, params: Value) {
        let refuse = |id, code, text: &str| self.shared.send(wire::refusal(id, code, text));
        match (self.stage, method.as_str()) {
            (Stage::Fresh, "initialize") => self.initialize(id, &params),
            (Stage::Fresh, _) => refuse(id, wire::code::NOT_INITIALIZED, "`initialize` comes first"),
            (Stage::ShutDown, _) => refuse(id, wire::code::INVALID_REQUEST, "the server is shut down"),
            (Stage::Working, "initialize") => {
                refuse(id, wire::code::INVALID_REQUEST, "`initialize` comes once");
            }
            (Stage::Working, "shutdown") => {
                self.stage = Stage::ShutDown;
                self.shared.send(wire::answer(id, Value::Null));
            }
            (Stage::Working, "workspace/symbol" | "workspace/diagnostic") => self.ask_all(id, &method, &params),
            (Stage::Working, name) if capabilities::METHODS.contains(&name) => self.ask(id, method, params),
            (Stage::Working, name) => {
                refuse(id, wire::code::UNKNOWN_METHOD, &format!("`{name}` is none of this server's"));
            }
        }
    }

    fn initialize(&mut self, id: Value, params: &Value) {
        let client = Client::read(params);
        let encoding = Encoding::choose(&params["capabilities"]["general"]["positionEncodings"]);
        self.settings = Arc::new(Settings::read(&params["initializationOptions"]));
        let folders = params["workspaceFolders"].as_array().into_iter().flatten().filter_map(|row| row["uri"].as_str());
        self.folders = folders.filter_map(uri::to_path).collect();
        if self.folders.is_empty() {
            self.folders.extend(params["rootUri"].as_str().and_then(uri::to_path));
        }
        let answer = capabilities::server(&client, encoding, &self.settings);
        self.shared = Arc::new(Shared {
            outbox: self.outbox.clone(),
            client,
            encoding,
            cancelled: Mutex::default(),
            log: self.shared.log.clone(),
        });
        self.buffers = Buffers::new(encoding);
        self.stage = Stage::Working;
        self.shared.send(wire::answer(id, answer));
    }

    fn notification(&mut self, method: &str, params: Value) {
        if self.stage != Stage::Working {
            return;
        }
        match method {
            "initialized" => self.begin(),
            "$/cancelRequest" => self.shared.cancel(&params["id"]),
            "workspace/didChangeConfiguration" => {
                if self.shared.client.configuration {
                    self.ask_settings();
                } else {
                    self.set(Settings::read(&params["settings"]));
                }
            }
            "workspace/didChangeWatchedFiles" => self.disk(&params),
            "workspace/didChangeWorkspaceFolders" => {
                let paths = |rows: &Value| -> Vec<PathBuf> {
                    let rows = rows.as_array().into_iter().flatten();
                    rows.filter_map(|row| uri::to_path(row["uri"].as_str()?)).collect()
                };
                let gone = paths(&params["event"]["removed"]);
                self.folders.retain(|folder| !gone.contains(folder));
                self.folders.extend(paths(&params["event"]["added"]));
                self.watch_whole();
            }
            "textDocument/didSave" => {
                if let Some((root, path)) = params["textDocument"]["uri"].as_str().and_then(|uri| self.home(uri)) {
                    self.order(&root, Order::Disk(vec![(path, false)]));
                }
            }
            _ => match self.buffers.update(method, params) {
                Some(Ok(update)) => self.update(update),
                Some(Err(error)) => {
                    let text = format!("brickgate: `{method}` is not understood: {error}");
                    self.shared.send(wire::notification("window/logMessage", json!({ "type": 1, "message": text })));
                }
                None => {}
            },
        }
    }

    /// The editor is ready: what it can watch and tell is asked for.
    fn begin(&mut self) {
        let client = &self.shared.client;
        let mut wanted = Vec::new();
        if client.watches {
            let globs = [
                "**/*.{py,sql,scala,r,R,ipynb,yml,yaml,md}",
                "**/{.brickgate.toml,brickgate.toml,pyproject.toml,ruff.toml,.ruff.toml,.editorconfig,.gitattributes,.brickgate-baseline.json}",
            ];
            let watchers: Vec<Value> = globs.iter().map(|glob| json!({ "globPattern": glob })).collect();
            wanted.push(json!({
                "id": "brickgate-files", "method": "workspace/didChangeWatchedFiles",
                "registerOptions": { "watchers": watchers },
            }));
        }
        if client.configuration_registers {
            wanted.push(json!({
                "id": "brickgate-settings", "method": "workspace/didChangeConfiguration",
                "registerOptions": { "section": settings::SECTION },
            }));
        }
        if !wanted.is_empty() {
            self.ask_client("register", "client/registerCapability", json!({ "registrations": wanted }));
        }
        if self.shared.client.configuration {
            self.ask_settings();
        }
        self.watch_whole();
    }

    fn ask_client(&mut self, what: &str, method: &str, params: Value) {
        self.asked += 1;
        self.shared.send(wire::request(&format!("{what}-{}", self.asked), method, params));
    }

    fn ask_settings(&mut self) {
        let items = json!({ "items": [{ "section": settings::SECTION }] });
        self.ask_client("settings", "workspace/configuration", items);
    }

    /// The editor answers a question of ours.
    fn heard(&mut self, id: &Value, result: Option<Value>) {
        let is_settings = id.as_str().is_some_and(|id| id.starts_with("settings-"));
        if let Some(Value::Array(mut rows)) = result.filter(|_| is_settings && self.stage == Stage::Working) {
            let section = if rows.is_empty() { Value::Null } else { rows.swap_remove(0) };
            // An editor that knows no such section has said all when it started.
            if section.is_object() {
                self.set(Settings::read(&section));
            }
        }
    }

    fn set(&mut self, settings: Settings) {
        self.settings = Arc::new(settings);
        for worker in self.workers.values() {
            let _ = worker.orders.send(Order::Settings(self.settings.clone()));
        }
        self.watch_whole();
    }

    /// Starts the repositories of all folders if they are to be looked at as a whole.
    fn watch_whole(&mut self) {
        if self.settings.whole_workspace {
            for folder in self.folders.clone() {
                if let Ok(folder) = std::fs::canonicalize(folder) {
                    let root = self.roots.of(&folder);
                    self.order(&root, Order::Disk(Vec::new()));
                }
            }
        }
    }

    /// Something is open, reads otherwise, or is closed.
    fn update(&mut self, update: Update) {
        match update {
            Update::Open(content) => {
                let Some((root, path)) = self.home(content.uri()) else { return };
                self.homes.insert(content.uri().to_owned(), (root.clone(), path.clone()));
                self.order(&root, Order::Open(path, content));
            }
            Update::Closed(uri) => {
                if let Some((root, path)) = self.homes.remove(&uri) {
                    self.order(&root, Order::Closed(path));
                }
            }
            Update::Nothing => {}
        }
    }

    /// Files changed on disk.
    fn disk(&mut self, params: &Value) {
        let mut by_root: BTreeMap<Arc<Path>, Vec<(crate::snapshot::RepoPath, bool)>> = BTreeMap::new();
        for change in params["changes"].as_array().into_iter().flatten() {
            let Some(path) = change["uri"].as_str().and_then(uri::to_path) else { continue };
            let came_or_went = change["type"] != 2;
            for root in self.workers.keys() {
                let real =
                    path.parent().and_then(|folder| Some(std::fs::canonicalize(folder).ok()?.join(path.file_name()?)));
                if let Some(path) =
                    repo_path(root, real.as_deref().unwrap_or(&path)).filter(|path| !path.as_str().is_empty())
                {
                    by_root.entry(root.clone()).or_default().push((path, came_or_went));
                }
            }
        }
        for (root, files) in by_root {
            self.order(&root, Order::Disk(files));
        }
    }

    /// The repository of a file, and its path there; `None` for what is of no interest.
    fn home(&self, uri: &str) -> Option<(Arc<Path>, crate::snapshot::RepoPath)> {
        let uri = self.buffers.notebook_of(uri).unwrap_or(uri);
        if let Some(home) = self.homes.get(uri) {
            return Some(home.clone());
        }
        let path = uri::to_path(uri)?;
        if !is_of_interest(path.file_name()?) {
            return None;
        }
        let full = crate::snapshot::root::absolute(self.roots.cwd(), &path).ok()?;
        let root = self.roots.of(full.parent()?);
        let path = repo_path(&root, &full).filter(|path| !path.as_str().is_empty())?;
        Some((root, path))
    }

    /// Gives an order to a repository, whose thread is started if there is none.
    fn order(&mut self, root: &Arc<Path>, order: Order) {
        if let Some(worker) = self.workers.get(root)
            && !worker.thread.is_finished()
        {
            let _ = worker.orders.send(order);
            return;
        }
        let (orders, inbox) = channel();
        let (shared, settings, own) = (self.shared.clone(), self.settings.clone(), root.clone());
        let desk = move || Desk::new(shared, own, settings, inbox).work();
        match std::thread::Builder::new().name("repository".to_owned()).stack_size(STACK).spawn(desk) {
            Ok(thread) => {
                let _ = orders.send(order);
                self.workers.insert(root.clone(), Worker { orders, thread });
            }
            Err(error) => self.shared.log(|| format!("cannot start a thread: {error}")),
        }
    }

    /// Asks the repository of the file that a request is about.
    fn ask(&mut self, id: Value, method: String, params: Value) {
        let about = [&params["textDocument"]["uri"], &params["data"]["uri"], &params["arguments"][0]["uri"]];
        let about = about.into_iter().find_map(Value::as_str);
        match about.and_then(|uri| self.home(uri)) {
            Some((root, _)) => self.order(&root, Order::Ask(Question { id, method, params, gather: None })),
            None if about.is_some() => self.shared.send(wire::answer(id, Value::Null)),
            None => {
                self.shared.send(wire::refusal(id, wire::code::INVALID_PARAMS, &format!("`{method}` of which file?")));
            }
        }
    }

    /// Asks all repositories.
    fn ask_all(&mut self, id: Value, method: &str, params: &Value) {
        if self.workers.is_empty() {
            let nothing = if method == "workspace/symbol" { json!([]) } else { json!({ "items": [] }) };
            self.shared.send(wire::answer(id, nothing));
            return;
        }
        let gather = Gather::new(self.workers.len(), method == "workspace/diagnostic");
        for root in self.workers.keys().cloned().collect::<Vec<_>>() {
            let question = Question {
                id: id.clone(),
                method: method.to_owned(),
                params: params.clone(),
                gather: Some(gather.clone()),
            };
            self.order(&root, Order::Ask(question));
        }
    }
}

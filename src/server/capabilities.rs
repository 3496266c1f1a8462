//! What editors can do, and what the server can.

use super::encoding::Encoding;
use super::settings::Settings;
use serde_json::{Value, json};

/// What an editor says that it can do, as far as it matters.
#[derive(Clone, Debug, Default)]
pub(super) struct Client {
    /// It asks for diagnostics, and can be told to ask again: then nothing is pushed.
    pub pulls: bool,
    /// It can be asked for settings.
    pub configuration: bool,
    /// It can be told to say when settings change.
    pub configuration_registers: bool,
    /// It can be told to watch files.
    pub watches: bool,
    /// It works out the edit of a code action when the action is chosen.
    pub resolves_actions: bool,
    /// It can show a document.
    pub shows: bool,
    /// It takes edits of a certain state of a text.
    pub document_changes: bool,
    /// It shows symbols as a tree.
    pub symbol_trees: bool,
    /// It can be told to ask for code lenses again.
    pub refreshes_lenses: bool,
    /// It can be told to ask for inlay hints again.
    pub refreshes_hints: bool,
}

impl Client {
    /// Reads the parameters of `initialize`.
    pub(super) fn read(params: &Value) -> Self {
        let (text, workspace) = (&params["capabilities"]["textDocument"], &params["capabilities"]["workspace"]);
        let is = |value: &Value| value.as_bool() == Some(true);
        Self {
            pulls: text["diagnostic"].is_object() && is(&workspace["diagnostics"]["refreshSupport"]),
            configuration: is(&workspace["configuration"]),
            configuration_registers: is(&workspace["didChangeConfiguration"]["dynamicRegistration"]),
            watches: is(&workspace["didChangeWatchedFiles"]["dynamicRegistration"]),
            resolves_actions: text["codeAction"]["resolveSupport"]["properties"]
                .as_array()
                .is_some_and(|properties| properties.iter().any(|one| one == "edit")),
            shows: is(&params["capabilities"]["window"]["showDocument"]["support"]),
            document_changes: is(&workspace["workspaceEdit"]["documentChanges"]),
            symbol_trees: is(&text["documentSymbol"]["hierarchicalDocumentSymbolSupport"]),
            refreshes_lenses: is(&workspace["codeLens"]["refreshSupport"]),
            refreshes_hints: is(&workspace["inlayHint"]["refreshSupport"]),
        }
    }
}

/// Commands that the server runs.
pub(super) const COMMANDS: [&str; 3] = ["brickgate.showRule", "brickgate.fixAll", "brickgate.fixRule"];

/// Requests about one file.
pub(super) const METHODS: [&str; 20] = [
    "codeAction/resolve",
    "textDocument/codeAction",
    "textDocument/codeLens",
    "textDocument/completion",
    "textDocument/definition",
    "textDocument/diagnostic",
    "textDocument/documentHighlight",
    "textDocument/documentLink",
    "textDocument/documentSymbol",
    "textDocument/foldingRange",
    "textDocument/formatting",
    "textDocument/hover",
    "textDocument/inlayHint",
    "textDocument/prepareRename",
    "textDocument/rangeFormatting",
    "textDocument/references",
    "textDocument/rename",
    "workspace/executeCommand",
    "workspace/symbol",
    "workspace/diagnostic",
];

/// The answer to `initialize`.
pub(super) fn server(client: &Client, encoding: Encoding, settings: &Settings) -> Value {
    let mut capabilities = json!({
        "positionEncoding": encoding.name(),
        "textDocumentSync": { "openClose": true, "change": 2, "save": { "includeText": false } },
        "notebookDocumentSync": {
            "notebookSelector": [{ "notebook": { "notebookType": "jupyter-notebook", "scheme": "file" } }],
            "save": false,
        },
        "definitionProvider": true,
        "referencesProvider": true,
        "documentHighlightProvider": true,
        "hoverProvider": true,
        "documentSymbolProvider": true,
        "workspaceSymbolProvider": true,
        "foldingRangeProvider": true,
        "documentLinkProvider": { "resolveProvider": false },
        "renameProvider": { "prepareProvider": true },
        "completionProvider": { "triggerCharacters": ["/", "\"", "'"], "resolveProvider": false },
        "documentFormattingProvider": true,
        "documentRangeFormattingProvider": true,
        "codeActionProvider": {
            "codeActionKinds": ["quickfix", "source.fixAll.brickgate", "source.organizeImports.brickgate"],
            "resolveProvider": true,
        },
        "codeLensProvider": { "resolveProvider": false },
        "inlayHintProvider": { "resolveProvider": false },
        "executeCommandProvider": { "commands": COMMANDS },
        "workspace": { "workspaceFolders": { "supported": true, "changeNotifications": true } },
    });
    if client.pulls {
        capabilities["diagnosticProvider"] = json!({
            "identifier": "brickgate",
            "interFileDependencies": true,
            "workspaceDiagnostics": settings.whole_workspace,
        });
    }
    json!({
        "capabilities": capabilities,
        "serverInfo": { "name": "brickgate", "version": env!("CARGO_PKG_VERSION") },
    })
}

// What a user can ask for.

import * as vscode from 'vscode';
import { type FormattingOptions, type TextEdit } from 'vscode-languageclient/node';
import { ruleOf } from './beside';
import type { Gate } from './gate';
import { pageOf, type Rule } from './page';
import { useSchema } from './schema';

const RULE_PAGES = 'brickgate-rule';
const SETTINGS_IN_USE = 'brickgate-settings';

/** All commands, and the texts that they show. */
export function registerCommands(context: vscode.ExtensionContext, gate: Gate): vscode.Disposable[] {
  const shown = new Texts();
  const command = (name: string, work: (...args: unknown[]) => unknown): vscode.Disposable =>
    vscode.commands.registerCommand(`brickgate.${name}`, async (...args: unknown[]) => {
      try {
        await work(...args);
      } catch (error) {
        const message = said(error);
        gate.output.error(`${name}: ${message}`);
        void vscode.window.showErrorMessage(`brickgate: ${message}`);
      }
    });
  return [
    shown,
    vscode.workspace.registerTextDocumentContentProvider(RULE_PAGES, shown),
    vscode.workspace.registerTextDocumentContentProvider(SETTINGS_IN_USE, shown),
    command('restart', () => gate.restart()),
    command('showOutput', () => gate.output.show()),
    command('showSettings', () => showSettings(gate, shown)),
    command('openRulePage', (name) => showRule(gate, shown, name)),
    command('fixFile', () => applyAll('source.fixAll.brickgate')),
    command('organizeFile', () => applyAll('source.organizeImports.brickgate')),
    command('formatFile', () => format(gate)),
    command('useSchema', () => useSchema(context)),
    command('menu', () => showMenu()),
  ];
}

/** Texts that are in no file. */
class Texts implements vscode.TextDocumentContentProvider, vscode.Disposable {
  readonly #texts = new Map<string, string>();
  readonly #changed = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChange = this.#changed.event;

  set(uri: vscode.Uri, text: string): void {
    this.#texts.set(uri.toString(), text);
    this.#changed.fire(uri);
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.#texts.get(uri.toString()) ?? '';
  }

  dispose(): void {
    this.#changed.dispose();
  }
}

/** The settings that hold for the file in the editor, and which file sets them. */
async function showSettings(gate: Gate, shown: Texts): Promise<void> {
  const file = currentFile();
  if (file === undefined) {
    void vscode.window.showInformationMessage('Open a file to see which settings hold for it.');
    return;
  }
  const text = await gate.run(['config', 'show', file.fsPath], folderOf(file));
  const uri = vscode.Uri.from({ scheme: SETTINGS_IN_USE, path: `${file.path}.brickgate-settings.toml` });
  shown.set(uri, text);
  const document = await vscode.workspace.openTextDocument(uri);
  await vscode.window.showTextDocument(document, { preview: true });
}

/** The page of a rule: the one that is named, else of a finding at the cursor, else one that the user chooses. */
async function showRule(gate: Gate, shown: Texts, name: unknown): Promise<void> {
  const folder = folderOf(currentFile());
  const rule = typeof name === 'string' ? name : (ruleAtCursor() ?? (await chooseRule(gate, folder)));
  if (rule === undefined) {
    return;
  }
  const json = await gate.run(['rule', rule, '--output-format', 'json'], folder);
  const uri = vscode.Uri.from({ scheme: RULE_PAGES, path: `/${rule}.md` });
  shown.set(uri, pageOf(JSON.parse(json) as Rule));
  await vscode.commands.executeCommand('markdown.showPreview', uri);
}

function ruleAtCursor(): string | undefined {
  const editor = vscode.window.activeTextEditor;
  if (editor === undefined) {
    return undefined;
  }
  const here = vscode.languages
    .getDiagnostics(editor.document.uri)
    .filter((finding) => finding.source === 'brickgate' && finding.range.contains(editor.selection.active));
  return ruleOf(here[0]?.code);
}

async function chooseRule(gate: Gate, folder: string | undefined): Promise<string | undefined> {
  const rules = gate
    .run(['rules', '--output-format', 'json'], folder)
    .then((json) =>
      (JSON.parse(json) as Rule[]).map((rule) => ({ label: rule.name, description: `${rule.group}, ${rule.default}`, detail: rule.summary })),
    );
  const chosen = await vscode.window.showQuickPick(rules, { placeHolder: 'Rule', matchOnDetail: true });
  return chosen?.label;
}

async function applyAll(kind: string): Promise<void> {
  await vscode.commands.executeCommand('editor.action.codeAction', { kind, apply: 'first' });
}

/** Formats with brickgate, whichever formatter is the default one for the language. */
async function format(gate: Gate): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  const client = gate.client;
  if (editor === undefined || client === undefined) {
    throw new Error(editor === undefined ? 'no file is open' : 'the server does not run');
  }
  const { document, options } = editor;
  const how: FormattingOptions = {
    tabSize: typeof options.tabSize === 'number' ? options.tabSize : 4,
    insertSpaces: options.insertSpaces !== false,
  };
  const version = document.version;
  const edits = await client.sendRequest<TextEdit[] | null>('textDocument/formatting', {
    textDocument: client.code2ProtocolConverter.asTextDocumentIdentifier(document),
    options: how,
  });
  if (document.version !== version) {
    throw new Error('the text changed while it was formatted');
  }
  const change = new vscode.WorkspaceEdit();
  change.set(document.uri, (await client.protocol2CodeConverter.asTextEdits(edits)) ?? []);
  await vscode.workspace.applyEdit(change);
}

async function showMenu(): Promise<void> {
  const commands = [
    ['$(debug-restart) Restart server', 'brickgate.restart'],
    ['$(output) Show output', 'brickgate.showOutput'],
    ['$(settings-gear) Show settings in use for this file', 'brickgate.showSettings'],
    ['$(book) Show a rule’s page', 'brickgate.openRulePage'],
    ['$(wand) Fix all in this file', 'brickgate.fixFile'],
    ['$(list-flat) Format this file', 'brickgate.formatFile'],
    ['$(gear) Open settings of the extension', 'workbench.action.openSettings', '@ext:brickgate.brickgate'],
  ] as const;
  const items = commands.map(([label, command, argument]) => ({ label, command, argument }));
  const chosen = await vscode.window.showQuickPick(items, { placeHolder: 'brickgate' });
  if (chosen !== undefined) {
    await vscode.commands.executeCommand(chosen.command, ...(chosen.argument === undefined ? [] : [chosen.argument]));
  }
}

/** The file in the editor; of a notebook the notebook. */
function currentFile(): vscode.Uri | undefined {
  const uri = vscode.window.activeNotebookEditor?.notebook.uri ?? vscode.window.activeTextEditor?.document.uri;
  return uri?.scheme === 'file' ? uri : undefined;
}

/** The folder of the workspace that a file is in, or the first one. */
function folderOf(file: vscode.Uri | undefined): string | undefined {
  const folder = file === undefined ? undefined : vscode.workspace.getWorkspaceFolder(file);
  return (folder ?? vscode.workspace.workspaceFolders?.[0])?.uri.fsPath;
}

/** What went wrong, in the words of who knows it. */
function said(error: unknown): string {
  const stderr = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : '';
  return stderr !== '' ? stderr : error instanceof Error ? error.message : String(error);
}

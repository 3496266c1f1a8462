// What VS Code starts and stops.

import * as vscode from 'vscode';
import { registerCommands } from './commands';
import { Gate } from './gate';
import { offerSchema } from './schema';

let gate: Gate | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  gate = new Gate();
  context.subscriptions.push(gate, ...registerCommands(context, gate));
  context.subscriptions.push(
    vscode.workspace.onDidChangeConfiguration((change) => gate?.onConfiguration(change)),
    vscode.workspace.onDidGrantWorkspaceTrust(() => gate?.restart()),
    // An environment of a folder that is added may hold the binary that was missing.
    vscode.workspace.onDidChangeWorkspaceFolders(() => gate?.startIfMissing()),
    vscode.extensions.onDidChange(() => gate?.onExtensions()),
    vscode.workspace.onDidOpenTextDocument((document) => offerSchema(context, document)),
  );
  vscode.workspace.textDocuments.forEach((document) => offerSchema(context, document));
  await gate.start();
}

export async function deactivate(): Promise<void> {
  await gate?.stop();
}

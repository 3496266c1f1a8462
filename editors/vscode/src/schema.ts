// Completion and checks in brickgate.toml, which the extension Even Better TOML makes from a JSON schema.
//
// Its contribution point for schemas of other extensions takes addresses on the web alone; its setting takes a file. So
// the schema is put where no update of this extension moves it, and the setting is written, once the user has said so.

import { mkdir, copyFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import * as vscode from 'vscode';

const TOML = 'tamasfe.even-better-toml';
const SECTION = 'evenBetterToml.schema';
const PATTERN = '(^|.*[/\\\\])\\.?brickgate\\.toml$';
const ASKED = 'schema.asked';

/** Whether a file holds brickgate's settings and nothing else. */
function isSettingsFile(path: string): boolean {
  return ['brickgate.toml', '.brickgate.toml'].includes(basename(path));
}

/** Puts the schema in its place, and gives that place. */
async function placeSchema(context: vscode.ExtensionContext): Promise<vscode.Uri> {
  const folder = context.globalStorageUri.fsPath;
  const target = join(folder, 'brickgate.schema.json');
  await mkdir(folder, { recursive: true });
  await copyFile(context.asAbsolutePath('schema/brickgate.schema.json'), target);
  return vscode.Uri.file(target);
}

/** Tells Even Better TOML of the schema. */
export async function useSchema(context: vscode.ExtensionContext): Promise<void> {
  if (vscode.extensions.getExtension(TOML) === undefined) {
    const show = 'Show Extension';
    const chosen = await vscode.window.showInformationMessage(
      'Completion and checks in brickgate.toml come from the extension Even Better TOML, which is not installed.',
      show,
    );
    if (chosen === show) {
      await vscode.commands.executeCommand('workbench.extensions.search', `@id:${TOML}`);
    }
    return;
  }
  const schema = (await placeSchema(context)).toString();
  const configuration = vscode.workspace.getConfiguration(SECTION);
  const others = configuration.inspect<Record<string, string>>('associations')?.globalValue ?? {};
  await configuration.update('associations', { ...others, [PATTERN]: schema }, vscode.ConfigurationTarget.Global);
}

/** Offers the schema when a settings file is opened: once, and only if it would be of use. */
export async function offerSchema(context: vscode.ExtensionContext, document: vscode.TextDocument): Promise<void> {
  if (document.uri.scheme !== 'file' || !isSettingsFile(document.uri.fsPath)) {
    return;
  }
  const associations = vscode.workspace.getConfiguration(SECTION).get<Record<string, string>>('associations', {});
  if (associations[PATTERN] !== undefined) {
    await placeSchema(context);
    return;
  }
  if (vscode.extensions.getExtension(TOML) === undefined || context.globalState.get<boolean>(ASKED, false)) {
    return;
  }
  await context.globalState.update(ASKED, true);
  const yes = 'Yes';
  const chosen = await vscode.window.showInformationMessage(
    'Complete and check brickgate.toml with the extension Even Better TOML? This writes to your settings.',
    yes,
    'No',
  );
  if (chosen === yes) {
    await useSchema(context);
  }
}

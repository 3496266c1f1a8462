// The item in the status bar.

import * as vscode from 'vscode';

/** Says whether brickgate runs, and which; a click shows what can be done. */
export class Status implements vscode.Disposable {
  readonly #item = vscode.window.createStatusBarItem('brickgate.status', vscode.StatusBarAlignment.Right, 1);

  constructor() {
    this.#item.name = 'brickgate';
    this.#item.command = 'brickgate.menu';
  }

  starting(path: string): void {
    this.#show('$(sync~spin) brickgate', `brickgate starts: ${path}`);
  }

  running(path: string, version: string | undefined): void {
    this.#show('$(check) brickgate', `brickgate ${version ?? ''} runs: ${path}`.replace('  ', ' '));
  }

  missing(): void {
    this.#show('$(warning) brickgate', 'brickgate is not found', 'warning');
  }

  failed(why: string): void {
    this.#show('$(error) brickgate', `brickgate does not run: ${why}`, 'error');
  }

  off(): void {
    this.#show('$(circle-slash) brickgate', 'brickgate does not run');
  }

  dispose(): void {
    this.#item.dispose();
  }

  #show(text: string, tooltip: string, colour?: 'warning' | 'error'): void {
    this.#item.text = text;
    this.#item.tooltip = tooltip;
    this.#item.backgroundColor =
      colour === undefined ? undefined : new vscode.ThemeColor(`statusBarItem.${colour}Background`);
    this.#item.show();
  }
}

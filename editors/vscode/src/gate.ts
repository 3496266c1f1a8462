// The server: which binary it is, and that it runs.

import { execFile } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { promisify } from 'node:util';
import * as vscode from 'vscode';
import {
  type CloseHandlerResult,
  CloseAction,
  type DocumentSelector,
  ErrorAction,
  LanguageClient,
  type LanguageClientOptions,
  type Middleware,
  RevealOutputChannelOn,
  State,
} from 'vscode-languageclient/node';
import { leavesShared, type Sharing, withoutShared } from './beside';
import { findBinary, inFull, type Search, type Surroundings } from './find';
import { Status } from './status';

const RUFF = 'charliermarsh.ruff';

/** The server may end so often in so many milliseconds before it is given up. */
const MOST_ENDS = 5;
const IN_TIME = 3 * 60 * 1000;

/** Settings that the server is started with. */
const STARTED_WITH = ['enable', 'path', 'logFile', 'wholeWorkspace'];

/** brickgate, as it runs for this window. */
export class Gate implements vscode.Disposable {
  readonly output = vscode.window.createOutputChannel('brickgate', { log: true });
  readonly #trace = vscode.window.createOutputChannel('brickgate trace', { log: true });
  readonly #status = new Status();
  #client: LanguageClient | undefined;
  #binary: string | undefined;
  /** What is under way; starting and stopping are never done at once. */
  #work: Promise<void> = Promise.resolve();

  /** The running client, if there is one. */
  get client(): LanguageClient | undefined {
    return this.#client?.state === State.Running ? this.#client : undefined;
  }

  start(): Promise<void> {
    return this.#next(() => this.#start());
  }

  stop(): Promise<void> {
    return this.#next(() => this.#stop());
  }

  restart(): Promise<void> {
    return this.#next(async () => {
      await this.#stop();
      await this.#start();
    });
  }

  async startIfMissing(): Promise<void> {
    if (this.#client === undefined && settings().get<boolean>('enable', true)) {
      await this.start();
    }
  }

  /** Reads settings anew. Those that the server is started with start it again; the client tells it of all others. */
  async onConfiguration(change: vscode.ConfigurationChangeEvent): Promise<void> {
    if (STARTED_WITH.some((name) => change.affectsConfiguration(`brickgate.${name}`))) {
      await this.restart();
    } else if (change.affectsConfiguration('brickgate.sharedRules')) {
      await this.#askAnew();
    }
  }

  /** Looks again whether Ruff is on. */
  async onExtensions(): Promise<void> {
    const isOn = ruffIsOn();
    if (isOn !== this.#ruffWasOn) {
      this.#ruffWasOn = isOn;
      await this.#askAnew();
    }
  }
  #ruffWasOn = ruffIsOn();

  /** Findings that the client has let through, or not, must be asked for again. */
  async #askAnew(): Promise<void> {
    if (this.#client !== undefined) {
      await this.restart();
    }
  }

  /**
   * Runs the same binary as the server for one answer.
   *
   * Gives what it writes to standard output.
   */
  async run(args: readonly string[], folder: string | undefined): Promise<string> {
    const search = this.#binary === undefined ? find() : undefined;
    const binary = this.#binary ?? (search?.found ? search.path : undefined);
    if (binary === undefined) {
      throw new Error('brickgate is not found');
    }
    const { stdout } = await promisify(execFile)(binary, [...args], {
      ...(folder === undefined ? {} : { cwd: folder }),
      encoding: 'utf8',
      maxBuffer: 64 << 20,
      timeout: 30_000,
      windowsHide: true,
    });
    return stdout;
  }

  dispose(): void {
    this.#status.dispose();
    this.#trace.dispose();
    this.output.dispose();
  }

  #next(work: () => Promise<void>): Promise<void> {
    this.#work = this.#work.then(work, work);
    return this.#work;
  }

  async #start(): Promise<void> {
    if (this.#client !== undefined) {
      return;
    }
    if (!settings().get<boolean>('enable', true)) {
      this.#status.off();
      return;
    }
    const search = find();
    if (!search.found) {
      this.#status.missing();
      void this.#tellMissing(search);
      return;
    }
    this.#binary = search.path;
    this.output.info(`${search.path} (${search.origin})`);
    this.#status.starting(search.path);
    const client = new LanguageClient('brickgate', 'brickgate', serverOf(search.path), this.#options());
    client.onDidChangeState(({ newState }) => {
      if (newState === State.Running) {
        this.#status.running(search.path, client.initializeResult?.serverInfo?.version);
      } else if (newState === State.Starting) {
        this.#status.starting(search.path);
      }
    });
    this.#client = client;
    try {
      await client.start();
    } catch (error) {
      await this.#failed(search.path, error);
    }
  }

  async #stop(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    this.#binary = undefined;
    if (client !== undefined) {
      // A server that does not end in time is ended; that is no reason to keep the user waiting.
      await client.dispose().catch((error: unknown) => this.output.warn(String(error)));
    }
    this.#status.off();
  }

  #options(): LanguageClientOptions {
    const ends: number[] = [];
    return {
      documentSelector: SELECTOR,
      outputChannel: this.output,
      traceOutputChannel: this.#trace,
      revealOutputChannelOn: RevealOutputChannelOn.Never,
      initializationOptions: () => ({ settings: settings() }),
      synchronize: { configurationSection: 'brickgate' },
      markdown: { isTrusted: false, supportHtml: false },
      middleware: this.#middleware(),
      // Said by `start`, with a button.
      initializationFailedHandler: () => false,
      errorHandler: {
        error: () => ({ action: ErrorAction.Continue }),
        closed: (): CloseHandlerResult => {
          const now = Date.now();
          ends.push(now);
          if (ends.filter((end) => now - end < IN_TIME).length < MOST_ENDS) {
            this.output.warn('the server ended; it is started again');
            return { action: CloseAction.Restart, handled: true };
          }
          this.#status.failed('the server ended too often');
          void this.#offerOutput(`brickgate ended ${MOST_ENDS} times in three minutes and is not started again.`);
          return { action: CloseAction.DoNotRestart, handled: true };
        },
      },
    };
  }

  #middleware(): Middleware {
    return {
      handleDiagnostics: (uri, findings, next) => next(uri, this.#shown(uri, findings)),
      provideDiagnostics: async (document, previous, token, next) => {
        const report = await next(document, previous, token);
        if (report?.kind === 'full') {
          const uri = document instanceof vscode.Uri ? document : document.uri;
          return { ...report, items: this.#shown(uri, report.items) };
        }
        return report;
      },
      // The page is shown as a page, and not as the text that the server would have an editor open.
      executeCommand: (command, args, next) => {
        const rule: unknown = (args[0] as { rule?: unknown } | undefined)?.rule;
        return command === 'brickgate.showRule' && typeof rule === 'string'
          ? vscode.commands.executeCommand('brickgate.openRulePage', rule)
          : next(command, args);
      },
    };
  }

  /** What is left of findings when other linters have been given theirs. Only open texts are theirs. */
  #shown(uri: vscode.Uri, findings: vscode.Diagnostic[]): vscode.Diagnostic[] {
    const document = vscode.workspace.textDocuments.find((each) => each.uri.toString() === uri.toString());
    if (document === undefined) {
      return findings;
    }
    const text = {
      languageId: document.languageId,
      isCell: uri.scheme === 'vscode-notebook-cell',
      firstLine: document.lineAt(0).text,
    };
    const sharing = settings().get<Sharing>('sharedRules', 'auto');
    return leavesShared(sharing, ruffIsOn(), text) ? withoutShared(findings) : findings;
  }

  async #tellMissing(search: Search & { found: false }): Promise<void> {
    this.output.error(`brickgate is not found. Tried:\n${search.tried.map((path) => `  ${path}`).join('\n')}`);
    const message = search.bySetting
      ? 'The brickgate that the setting `brickgate.path` names does not exist or cannot be run.'
      : "brickgate is not found: neither in the workspace's virtual environment nor on PATH.";
    const [open, again, tried] = ['Open Settings', 'Try Again', 'Show What Was Tried'] as const;
    const chosen = await vscode.window.showErrorMessage(message, open, again, tried);
    if (chosen === open) {
      await vscode.commands.executeCommand('workbench.action.openSettings', 'brickgate.path');
    } else if (chosen === again) {
      await this.restart();
    } else if (chosen === tried) {
      this.output.show();
    }
  }

  async #failed(path: string, error: unknown): Promise<void> {
    this.output.error(`the server does not start: ${error instanceof Error ? error.message : String(error)}`);
    const client = this.#client;
    this.#client = undefined;
    await client?.dispose().catch(() => undefined);
    this.#status.failed('the server does not start');
    const version = await this.run(['--version'], undefined).catch(() => undefined);
    void this.#offerOutput(
      version === undefined
        ? `${path} does not run.`
        : `${version.trim()} (${path}) does not start as a server; it may be too old for this extension.`,
    );
  }

  async #offerOutput(message: string): Promise<void> {
    const [show, again] = ['Show Output', 'Restart Server'] as const;
    const chosen = await vscode.window.showErrorMessage(message, show, again);
    if (chosen === show) {
      this.output.show();
    } else if (chosen === again) {
      await this.restart();
    }
  }
}

/** Texts that the server is told of. Cells of notebook editors come with their notebook, in the server's own words. */
const SELECTOR: DocumentSelector = [
  ...['python', 'sql', 'databricks-sql', 'scala', 'r', 'yaml'].flatMap((language) => [
    { scheme: 'file', language },
    { scheme: 'untitled', language },
    { scheme: 'vscode-notebook-cell', language },
  ]),
  // Without an extension for these languages VS Code has no name for them.
  { scheme: 'file', pattern: '**/*.{scala,r,R}' },
  { scheme: 'file', pattern: '**/{brickgate,.brickgate,pyproject}.toml' },
];

function settings(): vscode.WorkspaceConfiguration {
  return vscode.workspace.getConfiguration('brickgate');
}

function ruffIsOn(): boolean {
  const isOn = vscode.workspace.getConfiguration('ruff').get<boolean>('enable', true);
  return isOn && vscode.extensions.getExtension(RUFF) !== undefined;
}

function around(setting: string): Surroundings {
  return {
    platform: process.platform,
    env: process.env,
    home: homedir(),
    folders: (vscode.workspace.workspaceFolders ?? []).filter(({ uri }) => uri.scheme === 'file').map(({ uri }) => uri.fsPath),
    setting,
    trusted: vscode.workspace.isTrusted,
    canRun,
  };
}

function find(): Search {
  return findBinary(around(settings().get<string>('path', '')));
}

function canRun(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function serverOf(command: string): { command: string; args: string[] } {
  const setting = settings().get<string>('logFile', '').trim();
  const log = setting === '' ? undefined : inFull(setting, around(''))[0];
  return { command, args: ['server', ...(log === undefined ? [] : ['--log-file', log])] };
}

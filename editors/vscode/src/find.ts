// Which brickgate to run. Knows nothing of VS Code, so that it can be tried for every platform on any.

import { posix, win32 } from 'node:path';

/** How a binary was found. */
export type Origin = 'setting' | 'environment' | 'PATH' | 'home';

/** What there is to look at. */
export interface Surroundings {
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The user's home folder. */
  readonly home: string;
  /** The workspace's folders, absolute. */
  readonly folders: readonly string[];
  /** What `brickgate.path` says; empty if nothing. */
  readonly setting: string;
  /** Whether programs that lie in the workspace may be run. */
  readonly trusted: boolean;
  /** Whether there is a file at a path that can be run. */
  readonly canRun: (path: string) => boolean;
}

/** A binary, or where it was looked for. */
export type Search =
  | { readonly found: true; readonly path: string; readonly origin: Origin }
  | { readonly found: false; readonly tried: readonly string[]; readonly bySetting: boolean };

/**
 * Finds the binary: as set, in a virtual environment of the workspace, on PATH, and where cargo, pipx and uv put
 * programs, which a window that was not started from a shell may not have on its PATH.
 *
 * A setting that names nothing is not passed over: whoever set it wants that one, and no other version.
 */
export function findBinary(around: Surroundings): Search {
  const path = around.platform === 'win32' ? win32 : posix;
  const name = around.platform === 'win32' ? 'brickgate.exe' : 'brickgate';
  const tried: string[] = [];
  const first = (candidates: readonly string[]): string | undefined =>
    candidates.find((candidate) => {
      tried.push(candidate);
      return around.canRun(candidate);
    });

  const setting = around.setting.trim();
  if (setting !== '') {
    const candidates = inFull(setting, around).flatMap((each) => asSet(each, around));
    const found = first(unique(candidates));
    return found === undefined ? { found: false, tried, bySetting: true } : { found: true, path: found, origin: 'setting' };
  }

  const scripts = around.platform === 'win32' ? 'Scripts' : 'bin';
  const own = around.trusted ? around.folders.flatMap((folder) => [path.join(folder, '.venv'), path.join(folder, 'venv')]) : [];
  const active = ['VIRTUAL_ENV', 'CONDA_PREFIX'].map((variable) => variableOf(around, variable) ?? '');
  const environments = [...own, ...active.filter((folder) => path.isAbsolute(folder) && mayRun(folder, around))];
  const inEnvironment = first(environments.map((folder) => path.join(folder, scripts, name)));
  if (inEnvironment !== undefined) {
    return { found: true, path: inEnvironment, origin: 'environment' };
  }

  const onPath = first(pathFolders(around).map((folder) => path.join(folder, name)));
  if (onPath !== undefined) {
    return { found: true, path: onPath, origin: 'PATH' };
  }

  const inHome = first(['.cargo', '.local'].map((folder) => path.join(around.home, folder, 'bin', name)));
  return inHome === undefined ? { found: false, tried: unique(tried), bySetting: false } : { found: true, path: inHome, origin: 'home' };
}

/** The files that a setting may mean: a path, a path below each of the workspace's folders, or a name on PATH. */
function asSet(setting: string, around: Surroundings): string[] {
  const path = around.platform === 'win32' ? win32 : posix;
  const names = around.platform === 'win32' && path.extname(setting) === '' ? [`${setting}.exe`] : [setting];
  const isName = !setting.includes('/') && !(around.platform === 'win32' && setting.includes('\\'));
  return names.flatMap((each) => {
    if (path.isAbsolute(each)) {
      return [path.normalize(each)];
    }
    const folders = isName ? pathFolders(around) : around.folders;
    return folders.map((folder) => path.join(folder, each));
  });
}

/**
 * Replaces what stands for something else in a path of the settings: `~`, `${workspaceFolder}`, `${userHome}`,
 * `${env:NAME}`. One path for each of the workspace's folders if it speaks of them.
 */
export function inFull(setting: string, around: Pick<Surroundings, 'env' | 'folders' | 'home' | 'platform'>): string[] {
  const expanded = setting
    .replace(/^~(?=$|[\\/])/, () => around.home)
    .replaceAll('${userHome}', () => around.home)
    .replace(/\$\{env:([^}]+)\}/g, (_, name: string) => variableOf(around, name) ?? '');
  if (!expanded.includes('${workspaceFolder}')) {
    return [expanded];
  }
  return around.folders.map((folder) => expanded.replaceAll('${workspaceFolder}', () => folder));
}

/** The folders on PATH. Relative ones are left out: they would mean whatever folder is open. */
function pathFolders(around: Surroundings): string[] {
  const path = around.platform === 'win32' ? win32 : posix;
  const folders = (variableOf(around, 'PATH') ?? '').split(path.delimiter).map((folder) => folder.replace(/^"(.*)"$/, '$1'));
  return unique(folders.filter((folder) => path.isAbsolute(folder) && mayRun(folder, around)));
}

/** Whether programs in a folder may be run: not below the workspace if nobody said that it is to be trusted. */
function mayRun(folder: string, around: Surroundings): boolean {
  const path = around.platform === 'win32' ? win32 : posix;
  return (
    around.trusted ||
    around.folders.every((root) => {
      const way = path.relative(root, folder);
      return way === '..' || way.startsWith(`..${path.sep}`) || path.isAbsolute(way);
    })
  );
}

/** A variable of the environment, whose name has no case on Windows. */
function variableOf(around: Pick<Surroundings, 'env' | 'platform'>, name: string): string | undefined {
  if (around.platform !== 'win32') {
    return around.env[name];
  }
  const key = Object.keys(around.env).find((each) => each.toUpperCase() === name.toUpperCase());
  return key === undefined ? undefined : around.env[key];
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values)];
}

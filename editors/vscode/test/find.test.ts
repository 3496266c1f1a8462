import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findBinary, inFull, type Surroundings } from '../src/find';

function around(files: readonly string[], other: Partial<Surroundings> = {}): Surroundings {
  return {
    platform: 'linux',
    env: { PATH: '/usr/bin:/bin' },
    home: '/home/ana',
    folders: ['/repo', '/other'],
    setting: '',
    trusted: true,
    canRun: (path) => files.includes(path),
    ...other,
  };
}

function found(files: readonly string[], other: Partial<Surroundings> = {}): [string, string] | undefined {
  const search = findBinary(around(files, other));
  return search.found ? [search.path, search.origin] : undefined;
}

const EVERYWHERE = [
  '/opt/brickgate',
  '/repo/.venv/bin/brickgate',
  '/repo/venv/bin/brickgate',
  '/other/.venv/bin/brickgate',
  '/envs/a/bin/brickgate',
  '/conda/bin/brickgate',
  '/usr/bin/brickgate',
  '/home/ana/.cargo/bin/brickgate',
  '/home/ana/.local/bin/brickgate',
];

test('the first of setting, environments, PATH and home counts', () => {
  const env = { PATH: '/usr/bin:/bin', VIRTUAL_ENV: '/envs/a', CONDA_PREFIX: '/conda' };
  const origins = ['setting', 'environment', 'environment', 'environment', 'environment', 'environment', 'PATH', 'home', 'home'];
  EVERYWHERE.forEach((path, at) => {
    const setting = at === 0 ? '/opt/brickgate' : '';
    assert.deepEqual(found(EVERYWHERE.slice(at), { env, setting }), [path, origins[at]]);
  });
  assert.equal(found([], { env }), undefined);
});

test('what was tried is told', () => {
  const search = findBinary(around([], { folders: ['/repo'] }));
  assert.deepEqual(search, {
    found: false,
    bySetting: false,
    tried: [
      '/repo/.venv/bin/brickgate',
      '/repo/venv/bin/brickgate',
      '/usr/bin/brickgate',
      '/bin/brickgate',
      '/home/ana/.cargo/bin/brickgate',
      '/home/ana/.local/bin/brickgate',
    ],
  });
});

test('a setting that names nothing is not passed over', () => {
  const search = findBinary(around(EVERYWHERE, { setting: '/opt/older/brickgate' }));
  assert.deepEqual(search, { found: false, bySetting: true, tried: ['/opt/older/brickgate'] });
});

test('a setting is a path, a path in the workspace, or a name on PATH', () => {
  const files = ['/home/ana/bin/bg', '/other/tools/brickgate', '/usr/bin/brickgate-nightly', '/repo/brickgate-nightly'];
  assert.deepEqual(found(files, { setting: '~/bin/bg' }), ['/home/ana/bin/bg', 'setting']);
  assert.deepEqual(found(files, { setting: ' ${userHome}/bin/bg ' }), ['/home/ana/bin/bg', 'setting']);
  assert.deepEqual(found(files, { setting: 'tools/brickgate' }), ['/other/tools/brickgate', 'setting']);
  assert.deepEqual(found(files, { setting: './tools/brickgate' }), ['/other/tools/brickgate', 'setting']);
  assert.deepEqual(found(files, { setting: '${workspaceFolder}/tools/brickgate' }), ['/other/tools/brickgate', 'setting']);
  assert.deepEqual(found(files, { setting: 'brickgate-nightly' }), ['/usr/bin/brickgate-nightly', 'setting']);
  assert.deepEqual(found(files, { setting: '${env:TOOLS}/bg', env: { TOOLS: '/home/ana/bin' } }), ['/home/ana/bin/bg', 'setting']);
});

test('what stands for something else is replaced as it is, with no regard to signs in it', () => {
  const folders = ['/a$&b', '/c'];
  assert.deepEqual(inFull('${workspaceFolder}/x', { env: {}, folders, home: '/h', platform: 'linux' }), ['/a$&b/x', '/c/x']);
  assert.deepEqual(inFull('~x/${env:NONE}y', { env: {}, folders, home: '/h', platform: 'linux' }), ['~x/y']);
  assert.deepEqual(inFull('~', { env: {}, folders, home: '/h$1', platform: 'linux' }), ['/h$1']);
});

test('nothing in a workspace that is not trusted is run', () => {
  const env = { PATH: '/repo/bin:/usr/bin', VIRTUAL_ENV: '/repo/env' };
  const files = ['/repo/.venv/bin/brickgate', '/repo/env/bin/brickgate', '/repo/bin/brickgate', '/usr/bin/brickgate'];
  assert.deepEqual(found(files, { env, trusted: false }), ['/usr/bin/brickgate', 'PATH']);
  assert.deepEqual(found(files, { env }), ['/repo/.venv/bin/brickgate', 'environment']);
  // A folder whose name only begins like the workspace's is another one.
  const beside = { PATH: '/repo-tools/bin' };
  assert.deepEqual(found(['/repo-tools/bin/brickgate'], { env: beside, trusted: false }), ['/repo-tools/bin/brickgate', 'PATH']);
});

test('relative folders on PATH are left out', () => {
  const env = { PATH: '.:bin::/usr/bin' };
  const search = findBinary(around([], { env, folders: [], home: '/h' }));
  assert.deepEqual(search.found ? [] : search.tried, ['/usr/bin/brickgate', '/h/.cargo/bin/brickgate', '/h/.local/bin/brickgate']);
});

test('on Windows', () => {
  const windows: Partial<Surroundings> = {
    platform: 'win32',
    env: { Path: '"C:\\Program Files\\bg";relative;D:\\bin', virtual_env: 'E:\\env' },
    home: 'C:\\Users\\ana',
    folders: ['C:\\repo'],
  };
  const files = [
    'C:\\repo\\.venv\\Scripts\\brickgate.exe',
    'E:\\env\\Scripts\\brickgate.exe',
    'C:\\Program Files\\bg\\brickgate.exe',
    'D:\\bin\\brickgate.exe',
    'C:\\Users\\ana\\.cargo\\bin\\brickgate.exe',
  ];
  const origins = ['environment', 'environment', 'PATH', 'PATH', 'home'];
  files.forEach((path, at) => assert.deepEqual(found(files.slice(at), windows), [path, origins[at]]));
  const setting = (text: string) => found([...files, 'C:\\repo\\tools\\bg.exe'], { ...windows, setting: text });
  assert.deepEqual(setting('tools\\bg'), ['C:\\repo\\tools\\bg.exe', 'setting']);
  assert.deepEqual(setting('${workspaceFolder}/tools/bg.exe'), ['C:\\repo\\tools\\bg.exe', 'setting']);
  assert.deepEqual(setting('brickgate'), ['C:\\Program Files\\bg\\brickgate.exe', 'setting']);
  assert.equal(setting('C:\\nowhere\\brickgate.exe'), undefined);
});

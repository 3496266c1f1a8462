// node drive.mjs TOOLS BINARY SHOTS: see README.md beside this file.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const [tools, binary, shots] = process.argv.slice(2).map((path) => resolve(path));
assert(shots, 'node drive.mjs TOOLS BINARY SHOTS');
const vsix = join(dirname(dirname(fileURLToPath(import.meta.url))), 'brickgate.vsix');
assert(existsSync(vsix), 'brickgate.vsix is not there: npm run package');
const { chromium } = createRequire(join(tools, 'package.json'))('playwright-core');
const codeServer = join(tools, 'node_modules/code-server/out/node/entry.js');

const DAILY = '# Databricks notebook source\ntotal=net( 100 )\nprint(total)\n';
const HELPERS = '# Databricks notebook source\nrate=0.19\n\n\ndef net(gross):\n    """What is left without tax."""\n    return gross/(1 + rate)\n';
const DAILY_AFTER =
  '# Databricks notebook source\n# MAGIC %run ./lib/helpers\n\n# COMMAND ----------\n\ntotal = without_tax(100)\nprint(total)\n';
const HELPERS_AFTER =
  '# Databricks notebook source\nrate = 0.19\n\n\ndef without_tax(gross):\n    """What is left without tax."""\n    return gross / (1 + rate)\n';
const cell = (source) => ({ cell_type: 'code', execution_count: null, metadata: {}, outputs: [], source: [source] });
const FORECAST = {
  cells: [cell('%run ./lib/helpers'), cell('print(net(100))\nprint(nett(100))'), cell('%sql\nSELECT 1 AS one')],
  metadata: { language_info: { name: 'python' } },
  nbformat: 4,
  nbformat_minor: 5,
};

const scratch = mkdtempSync(join(tmpdir(), 'brickgate-drive-'));
const workspace = join(scratch, 'shop');
const user = join(scratch, 'user');
const write = (path, text) => {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
};
const read = (path) => readFileSync(join(workspace, path), 'utf8');
write(join(workspace, 'databricks.yml'), 'bundle:\n  name: shop\n');
write(join(workspace, 'notebooks/daily.py'), DAILY);
write(join(workspace, 'notebooks/lib/helpers.py'), HELPERS);
write(join(workspace, 'notebooks/forecast.ipynb'), `${JSON.stringify(FORECAST, null, 1)}\n`);
write(join(workspace, 'prices.py'), 'import os\n');
write(join(workspace, '.gitignore'), '.venv\n');
spawnSync('git', ['init', '--quiet', workspace]);
mkdirSync(join(workspace, '.venv/bin'), { recursive: true });
symlinkSync(binary, join(workspace, '.venv/bin/brickgate'));
const settings = {
  '[python]': { 'editor.defaultFormatter': 'brickgate.brickgate', 'editor.formatOnSave': true },
  'chat.disableAIFeatures': true,
  'explorer.compactFolders': false,
  'git.openRepositoryInParentFolders': 'never',
  'security.workspace.trust.enabled': false,
  'telemetry.telemetryLevel': 'off',
  'window.menuBarVisibility': 'compact',
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
};
write(join(user, 'User/settings.json'), JSON.stringify(settings));
const use = (own) => write(join(workspace, '.vscode/settings.json'), JSON.stringify(own));
mkdirSync(shots, { recursive: true });

const env = { ...process.env, PATH: [dirname(process.execPath), process.env.PATH].join(delimiter) };
const folders = ['--extensions-dir', join(scratch, 'extensions'), '--user-data-dir', user];
const installed = spawnSync(process.execPath, [codeServer, ...folders, '--install-extension', vsix], { env, encoding: 'utf8' });
assert.equal(installed.status, 0, installed.stderr);

const port = await new Promise((done) => {
  const server = createServer().listen(0, '127.0.0.1', () => {
    const { port } = server.address();
    server.close(() => done(port));
  });
});
const quiet = ['--auth', 'none', '--disable-telemetry', '--disable-update-check', '--disable-workspace-trust'];
const server = spawn(process.execPath, [codeServer, ...folders, ...quiet, '--bind-addr', `127.0.0.1:${port}`], {
  env,
  detached: true,
  stdio: 'ignore',
});

const LONG = 60_000;
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});
const context = await browser.newContext({ viewport: { width: 1400, height: 860 } });
await context.route((url) => url.hostname !== '127.0.0.1', (route) => route.abort());
const page = await context.newPage();
const begun = Date.now();
let count = 0;

async function step(name, work) {
  try {
    await work();
  } catch (error) {
    await page.screenshot({ path: join(shots, 'failed.png') });
    throw new Error(`${name}: ${error.message}`);
  }
  count += 1;
  await page.waitForTimeout(600);
  await page.screenshot({ path: join(shots, `${count}-${name.replaceAll(' ', '-')}.png`) });
  console.log(`ok ${count} - ${name} (${((Date.now() - begun) / 1000).toFixed(1)} s)`);
}

async function until(is_so, what) {
  const end = Date.now() + LONG;
  for (;;) {
    const [so, instead] = await is_so();
    if (so) return;
    if (Date.now() > end) throw new Error(`${what}: ${JSON.stringify(instead)}`);
    await page.waitForTimeout(100);
  }
}

const problems = () => page.$$eval('.markers-panel .monaco-list-row', (rows) => rows.map((row) => row.getAttribute('aria-label') ?? row.innerText));
const problemsAre = (test, what) =>
  until(async () => {
    const rows = await problems();
    return [test(rows.join('\n')), rows];
  }, what);
const shown = () => page.$$eval('.editor-instance .view-line', (lines) => lines.map((line) => line.innerText.replaceAll('\u00a0', ' ')).join('\n'));
const shows = (text) =>
  until(async () => {
    const now = await shown();
    return [now.includes(text), now];
  }, `the editor shows ${text}`);
const tab = () => page.$eval('.tab.active', (tab) => tab.getAttribute('aria-label')).catch(() => '');

async function command(name) {
  await page.keyboard.press('F1');
  await page.waitForSelector('.quick-input-widget input', { timeout: LONG });
  await page.keyboard.type(name);
  await page.waitForSelector(`.quick-input-list .monaco-list-row:has-text("${name.replace(/^[^:]*: /, '')}")`, { timeout: LONG });
  await page.waitForTimeout(300);
  await page.keyboard.press('Enter');
}

async function open(name) {
  await page.dblclick(`.explorer-folders-view .monaco-list-row[aria-label*="${name}"]`, { timeout: LONG });
  await until(async () => [(await tab())?.startsWith(name), await tab()], `${name} is open`);
}

async function go(place) {
  await page.keyboard.press('Control+1');
  await page.keyboard.press('Control+G');
  await page.waitForSelector('.quick-input-widget input', { timeout: LONG });
  await page.waitForTimeout(300);
  await page.keyboard.type(place);
  await page.keyboard.press('Enter');
  await page.waitForTimeout(400);
}

try {
  await until(async () => [await fetch(`http://127.0.0.1:${port}/healthz`).then((answer) => answer.ok, () => false)], 'code-server starts');
  await page.goto(`http://127.0.0.1:${port}/?folder=${workspace}`);
  await page.waitForSelector('.explorer-folders-view .monaco-list-row', { timeout: LONG });
  await page.waitForTimeout(1500);

  await step('diagnostics', async () => {
    await page.click('.explorer-folders-view .monaco-list-row[aria-label*="notebooks"]');
    await open('daily.py');
    await page.keyboard.press('Control+Shift+M');
    await problemsAre((text) => text.includes('`net` is not defined'), 'the undefined name is a problem');
    const item = await page.waitForSelector('.statusbar-item:has-text("brickgate")', { timeout: LONG });
    const label = await item.getAttribute('aria-label');
    assert(label.includes(`runs: ${workspace}/.venv/bin/brickgate`), label);
  });

  await step('code action', async () => {
    await go('2:8');
    await page.keyboard.press('Control+.');
    await page.waitForSelector('.action-widget .monaco-list-row:has-text("./lib/helpers")', { timeout: LONG });
  });

  await step('mended', async () => {
    await page.click('.action-widget .monaco-list-row:has-text("./lib/helpers")');
    await shows('# MAGIC %run ./lib/helpers');
    await problemsAre((text) => !text.includes('not defined'), 'the problem is gone');
  });

  await step('definition across run', async () => {
    await go('6:8');
    await page.keyboard.press('F12');
    await until(async () => [(await tab())?.startsWith('helpers.py'), await tab()], 'the helper is open');
    await page.waitForSelector('.statusbar-item:has-text("Ln 5, Col 5")', { timeout: LONG });
  });

  await step('an edit in the helper is felt in the caller', async () => {
    await go('5:8');
    await page.keyboard.type('t');
    await problemsAre((text) => text.includes('`net` is not defined'), 'the caller misses the name');
  });

  await step('and taken back', async () => {
    await page.keyboard.press('Control+Z');
    await problemsAre((text) => !text.includes('not defined'), 'the caller has the name again');
  });

  await step('rename', async () => {
    await go('5:6');
    await page.keyboard.press('F2');
    await page.waitForSelector('.rename-box input', { timeout: LONG });
    await page.waitForTimeout(300);
    await page.keyboard.press('Control+A');
    await page.keyboard.type('without_tax');
    await page.keyboard.press('Enter');
    await shows('def without_tax(gross)');
  });

  await step('saved and formatted', async () => {
    await page.keyboard.press('Control+S');
    await until(async () => [read('notebooks/lib/helpers.py') === HELPERS_AFTER, read('notebooks/lib/helpers.py')], 'the helper is formatted');
    await open('daily.py');
    await page.keyboard.press('Control+S');
    await until(async () => [read('notebooks/daily.py') === DAILY_AFTER, read('notebooks/daily.py')], 'the caller is formatted');
  });

  await step('rule page', async () => {
    await command("brickgate: Show a Rule's Page");
    await page.waitForSelector('.quick-input-list .monaco-list-row:has-text("file-too-large")', { timeout: LONG });
    await page.keyboard.type('undefined-name');
    await page.waitForTimeout(500);
    await page.keyboard.press('Enter');
    await until(async () => [/Preview undefined-name/.test(await tab()), await tab()], 'the page is shown');
    await page.waitForTimeout(1500);
  });

  await step('settings in use', async () => {
    await open('daily.py');
    await command('brickgate: Show Settings in Use for This File');
    await shows('exclude = []');
  });

  await step('notebook', async () => {
    await open('forecast.ipynb');
    await problemsAre((text) => text.includes('`nett` is not defined'), 'the undefined name in a cell is a problem');
    assert(!(await problems()).some((row) => /SELECT|expected|syntax/i.test(row)), 'the SQL cell is read as Python');
  });

  await step('menu', async () => {
    await page.click('.statusbar-item:has-text("brickgate")');
    await page.waitForSelector('.quick-input-list .monaco-list-row:has-text("Restart server")', { timeout: LONG });
  });

  await step('missing binary', async () => {
    await page.keyboard.press('Escape');
    use({ 'brickgate.path': '/nowhere/brickgate' });
    await page.waitForSelector('.notifications-toasts :text("brickgate.path")', { timeout: LONG });
    await page.waitForSelector('.notifications-toasts .monaco-button:has-text("Try Again")', { timeout: LONG });
  });

  await step('found again', async () => {
    use({ 'brickgate.path': binary });
    await until(async () => {
      const item = await page.$eval('.statusbar-item:has-text("brickgate")', (item) => item.getAttribute('aria-label'));
      return [item?.includes(`runs: ${binary}`), item];
    }, 'the server runs again');
    await problemsAre((text) => text.includes('`nett` is not defined'), 'problems are back');
  });
  await step('a module with an unused import', async () => {
    await open('prices.py');
    await problemsAre((text) => text.includes('`os` is imported and never used'), 'the unused import is a problem');
  });

  await step('left to other linters', async () => {
    use({ 'brickgate.path': binary, 'brickgate.sharedRules': 'notebooks' });
    await problemsAre((text) => !text.includes('`os` is imported'), 'the unused import is left to others');
    await problemsAre((text) => text.includes('`nett` is not defined'), 'what is wrong in a notebook is not');
  });
  console.log(`${count} passed, 0 failed`);
} finally {
  await browser.close();
  process.kill(-server.pid);
  rmSync(scratch, { recursive: true, force: true, maxRetries: 5 });
}

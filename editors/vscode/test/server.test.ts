import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { contributes } from '../package.json';

const repository = join(__dirname, '../../../..');
const source = (path: string): string => readFileSync(join(repository, 'src/server', path), 'utf8');

/** Settings that the extension itself heeds. */
const OWN = ['path', 'sharedRules', 'logFile', 'trace.server'];

test('the settings are those of the server', () => {
  const fields = source('settings.rs').match(/struct Settings \{([^}]*)\}/)?.[1]?.matchAll(/pub (\w+):/g) ?? [];
  const known = [...fields].map(([, name]) => name?.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase()) ?? '');
  assert.ok(known.length > 5, 'has the form of settings changed?');
  const offered = Object.keys(contributes.configuration.properties).map((name) => name.replace(/^brickgate\./, ''));
  assert.deepEqual(offered.filter((name) => !OWN.includes(name)).sort(), known.sort());
});

test('no command has the name of one of the server, which the client registers itself', () => {
  const theirs: string[] = source('capabilities.rs').match(/COMMANDS: [^=]*= \[([^\]]*)\]/)?.[1]?.match(/"[^"]+"/g) ?? [];
  assert.ok(theirs.length > 0, 'has the form of commands changed?');
  const ours = contributes.commands.map(({ command }) => JSON.stringify(command));
  assert.deepEqual(ours.filter((command) => theirs.includes(command)), []);
});

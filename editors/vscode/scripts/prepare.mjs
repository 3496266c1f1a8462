// Takes from the repository what the extension holds a copy of: the schema of brickgate.toml, the licences, and which
// rules other linters have as well, as the rules' own pages say it.

import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const extension = dirname(dirname(fileURLToPath(import.meta.url)));
const repository = dirname(dirname(extension));

mkdirSync(join(extension, 'schema'), { recursive: true });
copyFileSync(join(repository, 'brickgate.schema.json'), join(extension, 'schema/brickgate.schema.json'));
const licences = ['LICENSE-MIT', 'LICENSE-APACHE'].map((name) => readFileSync(join(repository, name), 'utf8').trim());
const either = 'Licensed under the MIT license or the Apache license 2.0, as you like.';
writeFileSync(join(extension, 'LICENSE.txt'), `${[either, ...licences].join(`\n\n${'-'.repeat(78)}\n\n`)}\n`);

// Pyflakes' rules are on by default in Ruff, and each type checker and linter tells of syntax errors.
const SHARED = /"ruff F\d+"|"pylint E0001"/;
const shared = readdirSync(join(repository, 'rules'), { recursive: true })
  .filter((path) => path.endsWith('.md') && dirname(path) !== '.')
  .filter((path) => {
    const header = readFileSync(join(repository, 'rules', path), 'utf8').match(/^```toml rule$([\s\S]*?)^```$/m);
    return SHARED.test(header?.[1]?.match(/^replaces\s*=\s*\[[^\]]*\]/m)?.[0] ?? '');
  })
  .map((path) => basename(path, '.md'))
  .sort();
if (shared.length === 0) {
  throw new Error('no rule page says that it replaces one of Ruff\'s: has the form of pages changed?');
}
mkdirSync(join(extension, 'generated'), { recursive: true });
writeFileSync(join(extension, 'generated/shared-rules.json'), `${JSON.stringify(shared, null, 2)}\n`);

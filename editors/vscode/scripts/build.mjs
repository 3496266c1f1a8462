// Bundles the extension into one file, or with --tests each test.

import { build } from 'esbuild';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const tests = process.argv.includes('--tests');
const production = process.argv.includes('--production');

const { metafile } = await build({
  entryPoints: tests
    ? readdirSync('test').filter((name) => name.endsWith('.test.ts')).map((name) => `test/${name}`)
    : ['src/extension.ts'],
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  external: ['vscode'],
  outdir: tests ? 'out/test' : 'dist',
  minify: production,
  sourcemap: production ? false : 'inline',
  logLevel: 'warning',
  metafile: true,
});

// What is in the bundle asks that its licence goes with it.
if (!tests) {
  const packages = Object.keys(metafile.inputs).map((input) => input.match(/^.*node_modules\/(?:@[^/]+\/)?[^/]+/)?.[0]);
  const notices = [...new Set(packages.filter(Boolean))].sort().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each));
    if (file === undefined) {
      throw new Error(`${name} has no licence file`);
    }
    return `${name} ${version} (${license})\n\n${readFileSync(join(folder, file), 'utf8').trim()}\n`;
  });
  writeFileSync('dist/third-party-licences.txt', notices.join(`\n${'-'.repeat(78)}\n\n`));
}

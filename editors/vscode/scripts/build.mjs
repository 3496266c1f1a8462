// Bundles the extension into one file, or with --tests each test.

import { build } from 'esbuild';
import { readdirSync } from 'node:fs';

const tests = process.argv.includes('--tests');
const production = process.argv.includes('--production');

await build({
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
});

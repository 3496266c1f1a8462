import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pageOf } from '../src/page';

test('a page has its metadata in one line', () => {
  const markdown = '# A thing\n\n```toml rule\nseverity = "error"\n```\n\nWhy. `$&`\n\n```toml\nkept = true\n```\n';
  const rule = { name: 'a-thing', group: 'run', default: 'error', fix: 'none', summary: 'A thing', markdown };
  const page = '# A thing\n\n`a-thing` · group `run` · error · no fix\n\nWhy. `$&`\n\n```toml\nkept = true\n```\n';
  assert.equal(pageOf(rule), page);
  assert.ok(pageOf({ ...rule, fix: 'safe' }).includes(' · safe fix\n'));
});

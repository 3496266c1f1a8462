import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isModule, leavesShared, ruleOf, SHARED_RULES, withoutShared } from '../src/beside';

const MODULE = { languageId: 'python', isCell: false, firstLine: 'import os' };
const NOTEBOOK = { languageId: 'python', isCell: false, firstLine: '# Databricks notebook source' };
const CELL = { languageId: 'python', isCell: true, firstLine: 'import os' };

test('a module is Python that is no notebook', () => {
  assert.ok(isModule(MODULE));
  assert.ok(isModule({ ...NOTEBOOK, firstLine: '# Databricks notebook' }));
  assert.ok(isModule({ ...NOTEBOOK, firstLine: '' }));
  assert.ok(!isModule(NOTEBOOK));
  assert.ok(!isModule({ ...NOTEBOOK, firstLine: '\uFEFF# Databricks notebook source' }));
  assert.ok(!isModule({ ...NOTEBOOK, firstLine: '# Databricks notebook source\r' }));
  assert.ok(!isModule(CELL));
  assert.ok(!isModule({ ...MODULE, languageId: 'sql' }));
});

test('shared rules are left to others in modules only', () => {
  assert.ok(leavesShared('auto', true, MODULE));
  assert.ok(!leavesShared('auto', false, MODULE));
  assert.ok(leavesShared('notebooks', false, MODULE));
  assert.ok(!leavesShared('everywhere', true, MODULE));
  for (const text of [NOTEBOOK, CELL]) {
    assert.ok(!leavesShared('auto', true, text));
    assert.ok(!leavesShared('notebooks', true, text));
  }
});

test('the rules that others have come from the rules\' pages', () => {
  for (const rule of ['unused-import', 'undefined-name', 'unused-variable', 'syntax-error']) {
    assert.ok(SHARED_RULES.has(rule), rule);
  }
  for (const rule of ['run-not-found', 'magic-mixed-cell', 'collect-to-driver']) {
    assert.ok(!SHARED_RULES.has(rule), rule);
  }
});

test('findings of shared rules are left out, whatever form their code has', () => {
  const findings = [
    { code: 'unused-import' },
    { code: { value: 'undefined-name', target: 'https://example.com' } },
    { code: 'run-not-found' },
    { code: { value: 'collect-to-driver' } },
    { code: 7 },
    {},
  ];
  assert.deepEqual(withoutShared(findings), findings.slice(2));
  assert.equal(ruleOf({ value: 'x' }), 'x');
  assert.equal(ruleOf(undefined), undefined);
});

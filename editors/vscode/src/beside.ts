// What brickgate leaves to other linters, so that nothing is said twice.

import sharedRules from '../generated/shared-rules.json';

/** The rules that Ruff and Pylance have as well. */
export const SHARED_RULES: ReadonlySet<string> = new Set(sharedRules);

/** What `brickgate.sharedRules` says. */
export type Sharing = 'auto' | 'everywhere' | 'notebooks';

/** What is to be known of a text. */
export interface Text {
  readonly languageId: string;
  /** Whether it is a cell in a notebook editor. */
  readonly isCell: boolean;
  readonly firstLine: string;
}

/** Whether the text is a module: Python that is no notebook. */
export function isModule(text: Text): boolean {
  return text.languageId === 'python' && !text.isCell && !/^\uFEFF?# Databricks notebook source\s*$/.test(text.firstLine);
}

/** Whether the findings of shared rules in this text are left to other linters. */
export function leavesShared(sharing: Sharing, ruffIsOn: boolean, text: Text): boolean {
  return (sharing === 'notebooks' || (sharing === 'auto' && ruffIsOn)) && isModule(text);
}

/** The code of a finding, in any of the forms that an editor gives it. */
export type Code = string | number | { readonly value: string | number } | undefined;

/** The rule that a finding is of. */
export function ruleOf(code: Code): string | undefined {
  const value = typeof code === 'object' ? code.value : code;
  return value === undefined ? undefined : String(value);
}

/** Leaves out the findings of shared rules. */
export function withoutShared<T extends { readonly code?: Code }>(findings: readonly T[]): T[] {
  return findings.filter((finding) => {
    const rule = ruleOf(finding.code);
    return rule === undefined || !SHARED_RULES.has(rule);
  });
}

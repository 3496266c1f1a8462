// Rule pages, as they are shown.

/** What `brickgate rule NAME --output-format json` says of a rule, as far as it is used. */
export interface Rule {
  readonly name: string;
  readonly group: string;
  readonly default: string;
  readonly fix: string;
  readonly summary: string;
  readonly markdown: string;
}

/** A rule's page for people: what its metadata says in one line, not as a block of TOML. */
export function pageOf(rule: Rule): string {
  const fix = rule.fix === 'none' ? 'no fix' : `${rule.fix} fix`;
  const line = `\`${rule.name}\` · group \`${rule.group}\` · ${rule.default} · ${fix}\n`;
  return rule.markdown.replace(/^```toml rule\r?\n[\s\S]*?^```\r?\n/m, () => line);
}

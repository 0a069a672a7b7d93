import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { commands } from '../../../src/bmc/ipmi/commands/index.ts';
import { CommandTable } from '../../../src/bmc/ipmi/dispatch.ts';
import { ipmiDocs } from '../../../src/bmc/ipmi/docs.ts';

test('docs/ipmi.md is current; else run scripts/generate-docs.js', () => {
  expect(readFileSync('docs/ipmi.md', 'utf8')).toBe(ipmiDocs());
});

test('every command is in the docs, and has its place to itself', () => {
  const text = ipmiDocs();
  for (const { name } of commands) expect(text).toContain(`| ${name} |`);
  expect(() => new CommandTable(commands)).not.toThrow();
});

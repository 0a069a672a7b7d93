import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { hasBridges } from '../lab/host.ts';

/** What the recipes of examples/ci/ run, in their order. */

const run = promisify(execFile);
const script = fileURLToPath(new URL('../../../examples/ci/lab.sh', import.meta.url));

describe.skipIf(!hasBridges)('the steps of a CI job', () => {
  let work: string;
  beforeAll(async () => {
    work = await mkdtemp(join(tmpdir(), 'q5o-ci-'));
  });
  afterAll(async () => {
    await step('down').catch(() => undefined);
    await rm(work, { recursive: true, force: true });
  });

  const step = (name: string) => run(script, [name], { env: { ...process.env, WORK: work } });

  test('bring a lab up, enrol it, deploy, keep its logs and take it down', async () => {
    await step('up');
    await step('enrol');
    const nodes = await readFile(join(work, 'nodes.yaml'), 'utf8');
    expect(parseAllDocuments(nodes).flatMap(({ errors }) => errors)).toEqual([]);
    const passwords = [...nodes.matchAll(/ipmi_password: "?([^"\n]+)/g)].flatMap(([, word]) => word ?? []);
    expect(passwords).toHaveLength(2);

    expect((await step('deploy')).stdout).toContain('node-1: proven in');

    await step('logs');
    const logs = await readdir(join(work, 'logs'));
    expect(logs).toEqual(expect.arrayContaining(['node-0.console', 'node-1.events', 'status.json']));
    for (const log of logs) {
      const text = await readFile(join(work, 'logs', log), 'utf8');
      for (const password of passwords) expect(text).not.toContain(password);
    }

    await step('down');
    expect(await readdir(work)).toEqual(['logs']);
  });

  test('may be ended before they have begun', async () => {
    await step('logs').catch(() => undefined);
    await step('down').catch(() => undefined);
    expect(await readdir(work)).toContain('logs');
  });
});

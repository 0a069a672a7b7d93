import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { enrolmentOf } from '../../src/cli/enrolment.ts';
import type { CredentialsAnswer, LabStatus } from '../../src/daemon/api.ts';
import type { Enrolment } from '../../src/enrol/enrolment.ts';
import { formats } from '../../src/enrol/formats.ts';
import type { LabDefinition } from '../../src/lab/definition.ts';
import type { ExportFormat } from '../../src/lab/exports.ts';
import { readLabFile } from '../../src/lab/lab-file.ts';
import { startDaemon, type TestDaemon } from '../daemon/harness.ts';

/** Every lab of examples/ that writes files for a tool comes up, with simulated machines, and its files are what the tool reads. */

const examples = readdirSync('examples').filter(name => name.endsWith('.yaml'));
const withExports = examples.flatMap(name => {
  const lab = readLabFile(`examples/${name}`, process.cwd(), { BMC_PASSWORD: 'secret' });
  return lab.exports ? [{ name, lab }] : [];
});

/** The same lab with no machines behind it and wherever there is room on this host. */
function simulated(lab: LabDefinition): LabDefinition {
  const here = { address: '127.0.0.1', port: undefined };
  const { redfish } = lab;
  return {
    ...lab,
    driver: { name: 'simulated', latency: 0, faultRate: 0, seed: 1 },
    bmcs: Object.fromEntries(
      Object.entries(lab.bmcs).map(([name, bmc]) => [
        name,
        { ...bmc, ipmi: { ...bmc.ipmi, ...here }, ...(bmc.redfish && { redfish: here }) },
      ]),
    ),
    ...(redfish?.service && { redfish: { ...redfish, service: { ...redfish.service, ...here } } }),
  };
}

let daemon: TestDaemon;
beforeAll(async () => {
  daemon = await startDaemon();
});
afterAll(() => daemon[Symbol.asyncDispose]());

/** Brings a lab up, and says what tools are told of it. */
async function enrolment(lab: LabDefinition): Promise<Enrolment> {
  const progress = await daemon.run('POST', '/v1/labs/apply', simulated(lab));
  expect(progress.at(-1)?.type).toBe('done');
  const { body: labs } = await daemon.call<readonly LabStatus[]>('GET', '/v1/labs');
  const status = labs.find(({ name }) => name === lab.spec.name);
  if (!status) throw new Error(`no status of ${lab.spec.name}`);
  const path = `/v1/labs/${lab.spec.name}/credentials`;
  return enrolmentOf(status, (await daemon.call<CredentialsAnswer>('GET', path)).body);
}

/** What a tool finds in its file: the values that tell the nodes apart. */
const readers: Readonly<Partial<Record<ExportFormat, (text: string) => unknown>>> = {
  maas: text => {
    execFileSync('/bin/sh', ['-n'], { input: text });
    return text;
  },
  foreman: text => JSON.parse(text),
};

function yaml(text: string): unknown {
  return parseAllDocuments(text, { version: '1.1' }).map(document => {
    expect(document.errors).toEqual([]);
    return document.toJS();
  });
}

describe('an example', () => {
  test('is there for every tool that has a page', () => {
    const pages = readdirSync('docs/tools').map(page => basename(page, '.md'));
    expect(withExports.map(({ lab }) => lab.spec.name)).toEqual(expect.arrayContaining([...pages, 'ironic']));
  });

  test.each(withExports)('$name writes what its tool reads', { timeout: 60_000 }, async ({ lab }) => {
    const told = await enrolment(lab);
    for (const { format, options } of lab.exports ?? []) {
      const { write, warnings } = formats[format];
      const text = write(told, options);
      const content = JSON.stringify((readers[format] ?? yaml)(text));
      for (const { name, nics, ipmi } of told.nodes) {
        expect(content).toContain(name);
        for (const { mac } of nics) expect(content).toContain(mac);
        const login = options.driver === 'ipmi' ? ipmi : told.nodes.find(node => node.name === name)?.redfish;
        if (format !== 'openshift-agent') expect(content).toContain(login?.password);
      }
      // What the ports of the example are good for is not to be seen in those that stand for them here.
      const real = {
        ...told,
        nodes: told.nodes.map(node => {
          const { address, port = 623 } = lab.bmcs[node.name]?.ipmi ?? { address: '' };
          return { ...node, ipmi: { ...node.ipmi, address, port } };
        }),
      };
      expect(warnings?.(real, options) ?? []).toEqual([]);
    }
  });
});

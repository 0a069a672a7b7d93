import { afterAll, beforeAll, describe } from 'vitest';
import { freeipmi, ipmitool, ipmiutil, pyghmi } from './clients.ts';
import { freeipmiRows } from './freeipmi-rows.ts';
import { ipmitoolRows, rareDevices } from './ipmitool-rows.ts';
import { ipmiutilRows } from './ipmiutil-rows.ts';
import { type ClientLab, canUseIpmiPort, type IpmiChange, ipmiPortAddress, startLab } from './lab.ts';
import { type ClientColumn, Tally } from './matrix.ts';
import { hasProgram } from './programs.ts';
import { pyghmiRows } from './pyghmi-rows.ts';

/** Every client, every way that it can protect a session, on BMCs that serve what servers serve. */

const bmcs: Readonly<Record<string, IpmiChange>> = {
  'ipmitool-17': {},
  'ipmitool-3': {},
  'ipmitool-old': { ipmi15: true },
  'freeipmi-17': {},
  'freeipmi-3': {},
  'freeipmi-old': { ipmi15: true },
  'pyghmi-17': { cipherSuites: [17] },
  'pyghmi-3': { cipherSuites: [3] },
};

/** Of a client that knows one port only; each has an address of its own. */
const privilegedBmcs: Readonly<Record<string, IpmiChange>> = {
  'ipmiutil-3': { address: ipmiPortAddress, port: 623 },
  'ipmiutil-old': { address: '127.6.23.2', port: 623, ipmi15: true },
};

const columns: readonly (ClientColumn & { readonly program: string })[] = [
  ...([17, 3, '1.5'] as const).flatMap(suite => [
    {
      title: `ipmitool, ${nameOf(suite)}`,
      program: 'ipmitool',
      node: `ipmitool-${suite === '1.5' ? 'old' : suite}`,
      rows: ipmitoolRows(rareDevices),
      command: (bmc, args) => ipmitool(bmc, { suite }, args),
    } satisfies ClientColumn & { program: string },
    {
      title: `freeipmi, ${nameOf(suite)}`,
      program: 'ipmipower',
      node: `freeipmi-${suite === '1.5' ? 'old' : suite}`,
      rows: freeipmiRows,
      command: (bmc, args) => freeipmi(bmc, { suite }, args),
    } satisfies ClientColumn & { program: string },
  ]),
  ...([3, '1.5'] as const).map(
    suite =>
      ({
        title: `ipmiutil, ${nameOf(suite)}`,
        program: 'ipmiutil',
        node: `ipmiutil-${suite === '1.5' ? 'old' : suite}`,
        rows: ipmiutilRows,
        command: (bmc, args) => ipmiutil(bmc, { suite }, args),
      }) satisfies ClientColumn & { program: string },
  ),
  ...[17, 3].map(
    suite =>
      ({
        title: `pyghmi, ${nameOf(suite)}`,
        program: 'python3',
        node: `pyghmi-${suite}`,
        rows: pyghmiRows,
        command: (bmc, args) => pyghmi(bmc, {}, args),
      }) satisfies ClientColumn & { program: string },
  ),
];

const mayUseIpmiPort = await canUseIpmiPort();
const tally = new Tally();
let lab: ClientLab;

beforeAll(async () => {
  lab = await startLab(mayUseIpmiPort ? { ...bmcs, ...privilegedBmcs } : bmcs);
});

afterAll(async () => {
  await lab[Symbol.asyncDispose]();
  console.info(`client matrix: ${tally}`);
});

for (const column of columns) {
  const usable = hasProgram(column.program) && (!(column.node in privilegedBmcs) || mayUseIpmiPort);
  describe.skipIf(!usable)(column.title, () => tally.test(column, () => lab));
}

function nameOf(suite: number | '1.5'): string {
  return suite === '1.5' ? 'IPMI 1.5' : `cipher suite ${suite}`;
}

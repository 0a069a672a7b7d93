import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DhcpWatch } from '../../src/drivers/dhcp-watch.ts';
import type { LabSpec } from '../../src/node/spec.ts';
import { silentLog } from '../../src/support/log.ts';

const mac = '52:54:00:00:00:01';
const node = { name: 'n1', uuid: '7d0f3c1e-52a4-4a3e-9b43-0c9d5a7e1f01', cpus: 1, memory: 1, disks: [] };
const lab: LabSpec = {
  name: 'pair',
  networks: [],
  nodes: [{ ...node, nics: [{ mac, network: 'net' }], firmware: 'bios' }],
};

let folder = '';
let seen: unknown[] = [];
let watch: DhcpWatch;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dhcp-watch-'));
  seen = [];
  watch = new DhcpWatch((machine, observation) => seen.push([machine, observation]), silentLog);
});
afterEach(async () => {
  watch.close();
  await rm(folder, { recursive: true });
});

const ack = (address: string, of = mac) => `dnsmasq-dhcp[7]: DHCPACK(br0) ${address} ${of}\n`;
const leased = (address: string) => ['pair/n1', { type: 'leased', address }];

test('a machine is seen by any of the servers, and strangers are not', async () => {
  const logs = ['one', 'two'].map(name => join(folder, name));
  const [one = '', two = ''] = logs;
  for (const log of logs) await writeFile(log, ack('192.0.2.1'));
  await watch.follow(lab, logs);
  await appendFile(one, ack('192.0.2.66', '52:54:00:00:00:66'));
  await appendFile(one, `${ack('192.0.2.2')}dnsmasq-tftp[7]: sent /srv/undionly.kpxe to 192.0.2.2\n`);
  await expect.poll(() => seen).toHaveLength(2);
  await appendFile(two, ack('198.51.100.2'));
  await expect
    .poll(() => seen)
    .toEqual([
      leased('192.0.2.2'),
      ['pair/n1', { type: 'fetched', what: 'fetched undionly.kpxe by TFTP' }],
      leased('198.51.100.2'),
    ]);
});

test('a server is followed as long as it is named, and when it has come to be', async () => {
  const [one, two] = [join(folder, 'one'), join(folder, 'two')];
  await writeFile(one, '');
  await watch.follow(lab, [one, two]);
  await writeFile(two, '');
  await watch.follow(lab, [two]);
  await appendFile(one, ack('192.0.2.1'));
  await appendFile(two, ack('192.0.2.2'));
  await expect.poll(() => seen).toEqual([leased('192.0.2.2')]);
});

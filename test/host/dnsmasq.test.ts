import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { lastHeardOf } from '../../src/host/dnsmasq.ts';

test('what was last heard of a network card is the end of its story in the log', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'dnsmasq-'));
  const log = join(folder, 'log');
  expect(await lastHeardOf('52:54:00:00:00:01', { log })).toBeUndefined();
  const lines = [
    'Nov 23 13:01:01 dnsmasq-dhcp[77]: DHCPDISCOVER(br0) 52:54:00:00:00:01',
    'Nov 23 13:01:02 dnsmasq-dhcp[77]: 1234 DHCPACK(br0) 192.0.2.7 52:54:00:00:00:01',
    'Nov 23 13:01:03 dnsmasq-dhcp[77]: DHCPDISCOVER(br0) 52:54:00:00:00:02 no address available',
    'Nov 23 13:01:04 dnsmasq-tftp[77]: sent /52:54:00:00:00:01',
  ];
  await writeFile(log, `${'x'.repeat(1 << 20)}\n${lines.join('\n')}\n`);
  expect(await lastHeardOf('52:54:00:00:00:01', { log })).toBe('DHCPACK(br0) 192.0.2.7 52:54:00:00:00:01');
  expect(await lastHeardOf('52:54:00:00:00:02', { log })).toBe(
    'DHCPDISCOVER(br0) 52:54:00:00:00:02 no address available',
  );
  expect(await lastHeardOf('52:54:00:00:00:03', { log })).toBeUndefined();
  await rm(folder, { recursive: true });
});

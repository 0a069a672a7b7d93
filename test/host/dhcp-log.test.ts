import { appendFile, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type DhcpNote, DhcpNotes, followDhcpLog } from '../../src/host/dhcp-log.ts';

const boot = [
  'Nov 23 13:01:01 dnsmasq-dhcp[77]: DHCPDISCOVER(br0) 52:54:00:00:00:01',
  'Nov 23 13:01:01 dnsmasq-dhcp[77]: DHCPOFFER(br0) 192.0.2.7 52:54:00:00:00:01',
  'Nov 23 13:01:02 dnsmasq-dhcp[77]: DHCPREQUEST(br0) 192.0.2.7 52:54:00:00:00:01',
  'Nov 23 13:01:02 dnsmasq-dhcp[77]: DHCPACK(br0) 192.0.2.7 52:54:00:00:00:01',
  'Nov 23 13:01:03 dnsmasq-tftp[77]: error 8 User aborted the transfer received from 192.0.2.7',
  'Nov 23 13:01:04 dnsmasq-tftp[77]: sent /usr/lib/ipxe/ipxe.efi to 192.0.2.7',
];
const mac = '52:54:00:00:00:01';
const notes: readonly DhcpNote[] = [
  { type: 'leased', mac, address: '192.0.2.7' },
  { type: 'sent', mac, file: 'ipxe.efi' },
];

describe('what a DHCP server notes of network cards', () => {
  const read = (...lines: string[]) => {
    const reader = new DhcpNotes();
    return lines.map(line => reader.take(line)).filter(note => note !== undefined);
  };

  test('an address that was given, and a file that was sent to it', () => {
    expect(read(...boot)).toEqual(notes);
  });

  test('with the name that a system calls itself, and with the number of its request', () => {
    const ack = 'DHCPACK(br0) 192.0.2.8 52:54:00:00:00:0A node-1';
    expect(read(`Nov 23 13:01:02 dnsmasq-dhcp[77]: 1234 ${ack}`)).toEqual([
      { type: 'leased', mac: '52:54:00:00:00:0a', address: '192.0.2.8' },
    ]);
  });

  test('nothing of who got no address, and of files for who is not known', () => {
    expect(
      read(
        'Nov 23 13:01:02 dnsmasq-dhcp[77]: DHCPNAK(br0) 192.0.2.9 52:54:00:00:00:01 wrong address',
        'Nov 23 13:01:02 dnsmasq-dhcp[77]: DHCPDISCOVER(br0) 52:54:00:00:00:02 no address available',
        'Nov 23 13:01:04 dnsmasq-tftp[77]: sent /usr/lib/ipxe/ipxe.efi to 192.0.2.7',
      ),
    ).toEqual([]);
  });

  test('any line is taken', () => {
    fc.assert(
      fc.property(fc.string(), line => {
        expect(read(line)).toEqual([]);
      }),
    );
  });
});

describe('a DHCP server’s log', () => {
  let log = '';
  let heard: DhcpNote[] = [];
  let failures: unknown[] = [];
  let stop = () => {};
  const follow = () =>
    followDhcpLog(
      log,
      note => heard.push(note),
      error => failures.push(error),
    );

  beforeEach(async () => {
    log = join(await mkdtemp(join(tmpdir(), 'dhcp-log-')), 'log');
    await writeFile(log, `${boot.join('\n')}\n`);
    [heard, failures] = [[], []];
    stop = await follow();
  });
  afterEach(async () => {
    stop();
    await rm(join(log, '..'), { recursive: true, force: true });
  });

  test('is told from now on, however it is written', async () => {
    const text = `${boot.join('\n')}\n`;
    for (let at = 0; at < text.length; at += 100) await appendFile(log, text.slice(at, at + 100));
    await expect.poll(() => heard).toEqual(notes);
  });

  test('a line is told when it has its end', async () => {
    const last = boot[3] ?? '';
    await appendFile(log, `${last}\n${last}`);
    await expect.poll(() => heard).toHaveLength(1);
    await appendFile(log, ' node-1\n');
    await expect.poll(() => heard).toHaveLength(2);
  });

  test('is told anew when somebody has emptied it', async () => {
    await truncate(log, 0);
    await appendFile(log, `${boot.join('\n')}\n`);
    await expect.poll(() => heard).toEqual(notes);
  });

  test('one that goes is told of, and one that is not there cannot be followed', async () => {
    await rm(log);
    await expect.poll(() => failures).not.toEqual([]);
    await expect(follow()).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

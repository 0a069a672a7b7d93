import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Host, hasBridges, type Running, type Worker } from './host.ts';

/** What a proof needs is killed under it: it ends soon, says what it lost, and after `up` the lab is proven again. */

const lab = { name: 'fire', cidr: '192.168.215.0/24', port: 26_270, nodes: 1, memory: '256MiB' } as const;

describe.skipIf(!hasBridges)('a proof under fire', () => {
  let host: Host;
  let file: string;

  beforeAll(async () => {
    host = await Host.create();
    file = await host.lab(lab);
    await host.done('up', file);
  });

  afterAll(async () => {
    await host[Symbol.asyncDispose]();
  });

  /** Kills when the proof has said that it is so far. */
  async function proveAndKill(stage: string, ...kinds: readonly Worker['kind'][]) {
    const proof: Running = host.start('prove', 'fire');
    await proof.says(`${stage},`);
    if (stage !== 'prepare') await expect.poll(() => host.qemuOf('fire', 'n0')).toBeDefined();
    expect(await host.kill(...kinds)).toBe(kinds.length);
    const { status, text } = await proof.ended;
    expect([1, 6], text).toContain(status);
    expect(text).toContain('n0: not proven');
    return text;
  }

  test('without its DHCP server, it ends when the firmware has given up', async () => {
    const text = await proveAndKill('prepare', 'dnsmasq');
    expect(text).toContain('the firmware gave up');
    expect(text).toContain('Nobody answered DHCP');
    expect(await host.done('up', file)).toContain('its DHCP server is gone');
  });

  test('without the machine, it says that it was found off', async () => {
    expect(await proveAndKill('network boot', 'qemu')).toContain('found powered off');
    expect(await host.done('up', file)).toContain('Nothing to change');
  });

  test('without the daemon, it says so', async () => {
    expect(await proveAndKill('network boot', 'daemon')).toContain('the daemon is not running');
    await host.done('up', file);
  });

  test('passes once up has repaired the lab, and nothing is left of it', async () => {
    expect(await host.done('prove', 'fire')).toContain('n0: proven');
    await host.done('down', 'fire');
    expect(await host.traces()).toEqual([]);
  });
});

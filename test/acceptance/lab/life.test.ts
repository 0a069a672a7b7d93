import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Host, hasBridges, hasQemu } from './host.ts';

/** A lab's life by the command line: made, changed, used and taken away without a trace. */

const one = { name: 'life-one', cidr: '192.168.211.0/24', port: 26_230, nodes: 2 } as const;
const two = { name: 'life-two', cidr: '192.168.212.0/24', port: 26_240, nodes: 1 } as const;

describe.skipIf(!hasQemu)('on user networking', () => {
  test('a lab comes up, its machine is powered, and nothing is left', async () => {
    await using host = await Host.create();
    const file = await host.lab({ ...one, nodes: 1, networking: 'user' });
    await host.done('up', file);
    await host.done('power', 'life-one/n0', 'on');
    expect(await host.ipmitool(26_230, 'power', 'status')).toContain('Power is on');
    await host.done('down', 'life-one');
    expect(await host.traces()).toEqual([]);
  });
});

describe.skipIf(!hasBridges)('on bridges', () => {
  let host: Host;

  beforeAll(async () => {
    host = await Host.create();
  });

  afterAll(async () => {
    await host[Symbol.asyncDispose]();
  });

  test('up makes what the file says, and has nothing to do the second time', async () => {
    const file = await host.lab(one);
    expect(await host.done('up', file)).toContain('3 to create');
    const before = await host.workers();
    expect(before.map(({ kind }) => kind).sort()).toEqual(['daemon', 'dnsmasq']);
    expect(await host.done('up', file)).toContain('Nothing to change');
    expect(await host.workers()).toEqual(before);
    const { phase, nodes } = await host.status('life-one');
    expect(phase).toBe('up');
    expect(nodes.map(({ name, power, bmc }) => [name, power, bmc.port, bmc.problem])).toEqual([
      ['n0', 'off', 26_230, undefined],
      ['n1', 'off', 26_231, undefined],
    ]);
  });

  test('power is what the machine does', async () => {
    await host.done('power', 'n0', 'n1', 'on');
    const machine = await host.qemuOf('life-one', 'n0');
    expect(machine).toBeDefined();
    expect(await host.ipmitool(26_230, 'power', 'status')).toContain('Power is on');
    await host.done('power', 'n1', 'off');
    expect(await host.qemuOf('life-one', 'n1')).toBeUndefined();
    expect(await host.ipmitool(26_231, 'power', 'status')).toContain('Power is off');
    expect(await host.qemuOf('life-one', 'n0')).toEqual(machine);
  });

  test('a changed file changes the lab, and leaves running machines alone', async () => {
    const machine = await host.qemuOf('life-one', 'n0');
    const file = await host.lab({ ...one, nodes: 3, memory: '96MiB' });
    const shown = await host.done('up', file, '--dry-run');
    expect(shown).toMatch(/\+ machine n2/);
    expect(shown).toContain('memory 64 MiB → 96 MiB, at its next power-on');
    expect((await host.status('life-one')).nodes).toHaveLength(2);

    await host.done('up', file);
    expect((await host.status('life-one')).nodes.map(({ name }) => name)).toEqual(['n0', 'n1', 'n2']);
    expect(await host.qemuOf('life-one', 'n0')).toEqual(machine);
    await host.done('power', 'n0', 'cycle');
    expect((await host.qemuOf('life-one', 'n0'))?.commandLine).toContain(`size=${96 * 1024}k`);
  });

  test('a node that is gone from the file is gone, once that is confirmed', async () => {
    await host.done('power', 'n1', 'n2', 'on');
    const file = await host.lab({ ...one, nodes: 1, memory: '96MiB' });
    const refused = await host.cli('up', file);
    expect(refused.status).toBe(7);
    expect(await host.qemuOf('life-one', 'n2')).toBeDefined();
    await host.done('up', file, '--yes');
    expect((await host.status('life-one')).nodes.map(({ name }) => name)).toEqual(['n0']);
    const machines = (await host.workers()).filter(({ kind }) => kind === 'qemu');
    expect(machines).toEqual([await host.qemuOf('life-one', 'n0')]);
    expect(await host.ipmitool(26_230, 'power', 'status')).toContain('Power is on');
  });

  test('two labs live side by side, and down of one leaves the other', async () => {
    await host.done('up', await host.lab(two));
    await host.done('power', 'life-two/n0', 'on');
    const kept = await host.qemuOf('life-two', 'n0');
    expect(await host.qemuOf('life-one', 'n0')).toBeDefined();
    await host.done('down', 'life-one');
    expect(await host.qemuOf('life-one', 'n0')).toBeUndefined();
    expect((await host.traces()).filter(trace => trace.includes('life-one'))).toEqual([]);
    expect(await host.qemuOf('life-two', 'n0')).toEqual(kept);
    expect(await host.ipmitool(26_240, 'power', 'status')).toContain('Power is on');
  });

  test('down of the last lab leaves no process, link, file or port', async () => {
    await host.done('down', 'life-two');
    expect(await host.traces()).toEqual([]);
  });
});

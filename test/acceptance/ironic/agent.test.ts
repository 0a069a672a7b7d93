import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { unexpected } from './complaints.ts';
import { agent, boot, deployed, image, instanceOf } from './images.ts';
import { address } from './places.ts';
import { openTerminal } from './terminal.ts';
import { Workbench } from './workbench.ts';

/** What the agent does for nodes besides deploying them: it looks at their hardware, and it rescues. */

const rescuePassword = 'let-me-in';

let bench: Workbench;

beforeAll(async () => {
  bench = await Workbench.set();
  const inspection = ['--interface', 'inspect=inspector'];
  await bench.enrol(['legacy'], '--interface', 'boot=ipxe', ...inspection);
  await bench.enrol(['media'], '--driver', 'redfish', '--virtual-media', ...inspection);
  for (const node of ['legacy', 'media']) await bench.ironic.provision(node, 'manage', 'manageable');
});

afterAll(async () => {
  await bench?.[Symbol.asyncDispose]();
});

describe('inspection', () => {
  const nodes = [
    { node: 'legacy', way: 'iPXE' },
    { node: 'media', way: 'virtual media' },
  ];
  test.each(nodes)('finds what $node has, by $way', { timeout: boot }, async ({ node }) => {
    const { ironic } = bench;
    await ironic.api.set(node, { properties: { capabilities: 'boot_mode:bios' } });
    const ports = await ironic.ports(node);
    await ironic.provision(node, 'inspect', 'manageable', { bound: boot });
    const { properties, power_state } = await ironic.api.node(node);
    // Where no root device is wished, the first disk counts, less a GiB for partition tables.
    const { cpus, memory_mb, local_gb, cpu_arch } = properties;
    expect([cpus, memory_mb, local_gb].map(Number)).toEqual([1, 1024, 3]);
    expect(cpu_arch).toBe('x86_64');
    expect(await ironic.ports(node)).toEqual(ports);
    expect(power_state).toBe('power off');
  });
});

describe('rescue', () => {
  test('lets the user rescue in on the console, who finds the machine’s disk', {
    timeout: 3 * boot,
  }, async () => {
    const { ironic } = bench;
    await ironic.provision('legacy', 'provide', 'available');
    const { kernel, ramdisk } = agent;
    await ironic.api.set('legacy', {
      rescue_interface: 'agent',
      'driver_info/rescue_kernel': kernel,
      'driver_info/rescue_ramdisk': ramdisk,
      'driver_info/ipmi_terminal_port': 8100,
      instance_info: instanceOf(image.image, 'whole-disk'),
    });
    await ironic.provision('legacy', 'active', 'active', { bound: boot });
    await bench.says('legacy', deployed);

    await ironic.provision('legacy', 'rescue', 'rescue', { bound: boot, rescue_password: rescuePassword });
    await ironic.console('legacy', true);
    await using terminal = await openTerminal(address, 8100);
    await terminal.says('SOL Session operational');
    await terminal.types('\n');
    await terminal.says('login:');
    await terminal.types('rescue\n');
    await terminal.says('Password:');
    await terminal.types(`${rescuePassword}\n`);
    // The user rescue is root there.
    await terminal.says('root@');
    await terminal.types('mount -o ro /dev/vda1 /mnt && ls /mnt\n');
    // It is a FAT file system, with short names.
    await terminal.says('VMLINUZ');
    await terminal.types('umount /mnt && echo $((40 + 2))-is-it\n');
    await terminal.says('42-is-it');
    await ironic.console('legacy', false);
  });

  test('ends with the machine as it was', { timeout: boot }, async () => {
    const { ironic } = bench;
    await ironic.provision('legacy', 'unrescue', 'active', { bound: boot });
    await bench.says('legacy', deployed);
    expect(await bench.power('legacy')).toBe('on');
    await ironic.provision('legacy', 'deleted', 'available', { bound: boot });
  });
});

test('Ironic has complained of nothing but what these tests have done', async () => {
  expect(await unexpected(bench.ironic)).toEqual([]);
});

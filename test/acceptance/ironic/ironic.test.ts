import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { unexpected } from './complaints.ts';
import { boot, configdrive, deployed, image, instanceOf } from './images.ts';
import { address, lab, password } from './places.ts';
import { openTerminal } from './terminal.ts';
import { Workbench } from './workbench.ts';

/**
 * Real Ironic with real machines: what it does with servers from enrolment to the end of a lease. In this order, since
 * a node's way through its states is one story; machines run one at a time.
 */

/** What is deployed. */
const wholeDisk = instanceOf(image.image, 'whole-disk');

let bench: Workbench;

beforeAll(async () => {
  bench = await Workbench.set();
});

afterAll(async () => {
  await bench?.[Symbol.asyncDispose]();
});

describe('hardware type ipmi', () => {
  test('enrols from our export', async () => {
    await bench.enrol(['legacy'], '--interface', 'boot=ipxe');
    expect((await bench.ironic.api.node('legacy')).provision_state).toBe('enroll');
  });

  test('finds the credentials right', async () => {
    const { node } = await bench.ironic.provision('legacy', 'manage', 'manageable');
    expect(node).toMatchObject({ power_state: 'power off', last_error: null });
  });

  test('provides', async () => {
    await bench.ironic.provision('legacy', 'provide', 'available');
    const problems = await bench.ironic.api.problems('legacy');
    expect(problems).not.toHaveProperty('power');
    expect(problems).not.toHaveProperty('management');
    expect(problems).not.toHaveProperty('boot');
  });

  test('reads boot devices back as they were set', async () => {
    const { api } = bench.ironic;
    for (const boot_device of ['pxe', 'disk', 'cdrom']) {
      for (const persistent of [false, true]) {
        await api.setBootDevice('legacy', boot_device, persistent);
        expect(await api.bootDevice('legacy')).toEqual({ boot_device, persistent });
      }
    }
  });

  test('deploys a ramdisk', { timeout: boot }, async () => {
    const { api } = bench.ironic;
    await api.set('legacy', {
      deploy_interface: 'ramdisk',
      instance_info: {
        kernel: `file://${image.kernel}`,
        ramdisk: `file://${image.ramdisk}`,
        ramdisk_kernel_arguments: 'console=ttyS0,115200 no_timer_check quintupleo.stage=netboot',
        capabilities: { boot_option: 'ramdisk' },
      },
    });
    await bench.ironic.provision('legacy', 'active', 'active', { bound: boot });
    await bench.says('legacy', 'quintupleo: stage netboot');
    expect(await bench.power('legacy')).toBe('on');
  });

  test('powers off softly, on, off and reboots', { timeout: boot }, async () => {
    await bench.says('legacy', 'a shell is on this console');
    await powers('legacy');
  });

  test('has its console, by ipmitool and socat', { timeout: 240_000 }, async () => {
    const { ironic } = bench;
    await ironic.api.power('legacy', 'power on');
    await ironic.powerIs('legacy', 'power on');
    await bench.says('legacy', 'a shell is on this console');
    await ironic.api.set('legacy', { 'driver_info/ipmi_terminal_port': 8100 });
    const url = await ironic.console('legacy', true);
    expect(url).toEqual({ type: 'socat', url: `tcp://${address}:8100` });
    await using terminal = await openTerminal(address, 8100);
    await terminal.says('SOL Session operational');
    // The shell echoes what it is told; it says the sum itself.
    await terminal.types('echo $((40 + 2))-is-it\n');
    await terminal.says('42-is-it');
    await ironic.console('legacy', false);
  });

  test('takes it back', async () => {
    await bench.ironic.provision('legacy', 'deleted', 'available');
    expect(await bench.power('legacy')).toBe('off');
  });

  test('deploys an image with the agent', { timeout: 2 * boot }, async () => {
    await bench.ironic.api.set('legacy', { deploy_interface: 'direct', instance_info: wholeDisk });
    await bench.ironic.provision('legacy', 'active', 'active', { bound: boot });
    await bench.says('legacy', deployed);
  });

  test('gives a deploy up that is stuck', { timeout: boot }, async () => {
    const { ironic } = bench;
    await ironic.provision('legacy', 'deleted', 'available');
    await ironic.api.set('legacy', { instance_info: wholeDisk });
    await ironic.provision('legacy', 'active', 'wait call-back', { bound: boot });
    // The machine dies: no agent will ever call.
    await bench.host.done('power', `${lab}/legacy`, 'off');
    await ironic.provision('legacy', 'deleted', 'available', { bound: boot });
    expect(await ironic.api.node('legacy')).toMatchObject({ last_error: null, maintenance: false });
  });

  test('aborts cleaning', { timeout: boot }, async () => {
    const { ironic } = bench;
    await ironic.provision('legacy', 'manage', 'manageable');
    const clean_steps = [{ interface: 'deploy', step: 'erase_devices_metadata' }];
    await ironic.provision('legacy', 'clean', 'clean wait', { bound: boot, clean_steps });
    await ironic.provision('legacy', 'abort', 'clean failed', { bound: boot });
    await ironic.api.call('DELETE', '/nodes/legacy/maintenance');
    await ironic.provision('legacy', 'manage', 'manageable');
    await ironic.api.power('legacy', 'power off');
    await ironic.powerIs('legacy', 'power off');
  });
});

describe('hardware type redfish, by virtual media', () => {
  test('enrols from our export, and trusts the lab’s certificate', async () => {
    const { host, folder, ironic } = bench;
    const certificate = join(folder, 'lab.pem');
    await host.done('export', 'certificate', lab, '--output', certificate);
    await bench.enrol(['media'], '--driver', 'redfish', '--virtual-media', '--ca-file', certificate);
    await ironic.api.set('media', { 'driver_info/redfish_password': 'wrong' });
    const refused = await ironic.provision('media', 'manage', 'enroll');
    expect(refused.node.last_error).toContain('Failed to get power state');
    await ironic.api.set('media', { 'driver_info/redfish_password': password });
    const { node } = await ironic.provision('media', 'manage', 'manageable');
    expect(node).toMatchObject({ power_state: 'power off', last_error: null });
  });

  test('inspects', async () => {
    const { ironic } = bench;
    const before = await ironic.ports('media');
    for (const { uuid } of before) await ironic.api.call('DELETE', `/ports/${uuid}`);
    await ironic.api.set('media', { inspect_interface: 'redfish', properties: {} });
    const { node } = await ironic.provision('media', 'inspect', 'manageable');
    const { cpus, memory_mb, local_gb, cpu_arch } = node.properties;
    // Ironic writes some of them as texts, and leaves a GiB of the disk to partition tables.
    expect([cpus, memory_mb, local_gb].map(Number)).toEqual([1, 1024, 3]);
    expect(cpu_arch).toBe('x86_64');
    expect((await ironic.ports('media')).map(port => port.address)).toEqual(before.map(port => port.address));
  });

  test('provides', async () => {
    const { ironic } = bench;
    await ironic.provision('media', 'provide', 'available');
    expect(await ironic.api.problems('media')).not.toHaveProperty('boot');
  });

  test('reads boot devices back as they were set', async () => {
    const { api } = bench.ironic;
    for (const boot_device of ['pxe', 'disk', 'cdrom']) {
      for (const persistent of [false, true]) {
        await api.setBootDevice('media', boot_device, persistent);
        expect(await api.bootDevice('media')).toEqual({ boot_device, persistent });
      }
    }
  });

  test('deploys an image with the agent', { timeout: 2 * boot }, async () => {
    await bench.ironic.api.set('media', { instance_info: wholeDisk });
    await bench.ironic.provision('media', 'active', 'active', { bound: boot, configdrive });
    await bench.says('media', deployed);
  });

  test('powers off softly, on, off and reboots', { timeout: boot }, () => powers('media'));

  test('has left the config drive on the disk', async () => {
    const disk = await bench.disk('media');
    expect(await disk.onConfigDrive('/openstack/latest/user_data')).toBe(configdrive.user_data);
  });

  test('rebuilds', { timeout: 2 * boot }, async () => {
    await bench.ironic.provision('media', 'rebuild', 'active', { bound: boot });
    await bench.says('media', deployed);
  });

  test('takes it back and cleans its disk', { timeout: boot }, async () => {
    const { ironic } = bench;
    await ironic.api.set('media', { automated_clean: true });
    await ironic.provision('media', 'deleted', 'available', { bound: boot });
    expect(await bench.power('media')).toBe('off');
    // Nothing is left to boot: neither partition table nor boot sector.
    expect(await (await bench.disk('media')).bytes(0, 512)).toEqual(Buffer.alloc(512));
  });
});

test('Ironic has complained of nothing but what these tests have done', async () => {
  expect(await unexpected(bench.ironic)).toEqual([]);
});

/** Node runs a system that hears its power button. */
async function powers(node: string): Promise<void> {
  const { ironic } = bench;
  await ironic.api.power(node, 'soft power off');
  await ironic.powerIs(node, 'power off', 120_000);
  await bench.says(node, 'power button pressed');
  expect(await bench.power(node)).toBe('off');
  await ironic.api.power(node, 'power on');
  await ironic.powerIs(node, 'power on');
  expect(await bench.power(node)).toBe('on');
  await ironic.api.power(node, 'rebooting');
  await ironic.powerIs(node, 'power on');
  await ironic.api.power(node, 'power off');
  await ironic.powerIs(node, 'power off');
  expect(await bench.power(node)).toBe('off');
}

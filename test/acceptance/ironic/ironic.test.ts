import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openTerminal } from './terminal.ts';
import { address, filesUrl, image, lab, password, uefiImage, Workbench } from './workbench.ts';

/**
 * Real Ironic with real machines: what it does with servers from enrolment to the end of a lease. In this order, since
 * a node's way through its states is one story; machines run one at a time.
 */

/** One boot of the agent's ramdisk under software emulation, and what is done then. Milliseconds. */
const boot = 600_000;
/** What is deployed. */
const wholeDisk = instanceOf(image.image);
/** What it says when it has been started from the disk, and has found what it needs. */
const deployed = 'quintupleo: stage disk';

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
    await bench.ironic.provision('media', 'active', 'active', { bound: boot });
    await bench.says('media', deployed);
  });

  test('powers off softly, on, off and reboots', { timeout: boot }, () => powers('media'));

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
    expect(await bench.diskBegins('media')).toEqual(Buffer.alloc(512));
  });
});

describe('UEFI', () => {
  test('deploys an image by iPXE', { timeout: 2 * boot }, async () => {
    const { ironic } = bench;
    await bench.enrol(['uefi'], '--driver', 'redfish', '--interface', 'boot=ipxe');
    await ironic.provision('uefi', 'manage', 'manageable');
    await ironic.provision('uefi', 'provide', 'available');
    await ironic.api.set('uefi', { instance_info: instanceOf(uefiImage) });
    await ironic.provision('uefi', 'active', 'active', { bound: boot });
    await bench.says('uefi', deployed);
    await ironic.provision('uefi', 'deleted', 'available', { bound: boot });
  });

  test('deploys an image by virtual media', { timeout: 2 * boot }, async () => {
    const { ironic } = bench;
    await ironic.api.set('uefi', {
      boot_interface: 'redfish-virtual-media',
      instance_info: instanceOf(uefiImage),
    });
    await ironic.provision('uefi', 'active', 'active', { bound: boot });
    await bench.says('uefi', deployed);
    await ironic.provision('uefi', 'deleted', 'available', { bound: boot });
  });
});

test('Ironic has complained of nothing but what these tests have done', async () => {
  const complaints = await bench.ironic.complaints();
  expect(complaints.filter(line => !expected.some(known => known.test(line)))).toEqual([]);
});

/** What this Ironic writes into its log whatever its hardware does, or has to. */
const expected = [
  // Of every node that netboots by a DHCP server that is not Neutron's.
  /ironic\.common\.pxe_utils .* IPv6 is enabled and the DHCP driver appears set to a plugin aside from "neutron"/,
  // Of an agent that calls while it is being told something.
  /ironic\.drivers\.modules\.agent_base .* is currently locked, skipping heartbeat processing/,
  // Of every inspection by plain Redfish, which does not look for such cards.
  /ironic\.drivers\.modules\.redfish\.inspect .* No PXE enabled NIC was found/,
  // Of every agent that comes from virtual media, since its token came with it.
  /ironic\.conductor\.manager .* An agent token generation request is being refused as one is already present/,
  // The wrong password.
  /(sushy\.\w+|redfish\.utils|conductor\.verify) .*returned code 401\. Base\.[\d.]+AccessUnauthorized/,
  // Cleaning that was aborted.
  /moved to provision state "clean failed" from state "clean wait"; target provision state is "manageable"/,
];

/** How Ironic is told of an image. */
function instanceOf({ path, sha256 }: { readonly path: string; readonly sha256: string }) {
  return {
    image_source: `${filesUrl}/${basename(path)}`,
    image_os_hash_algo: 'sha256',
    image_os_hash_value: sha256,
    image_disk_format: 'raw',
    image_type: 'whole-disk',
  };
}

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

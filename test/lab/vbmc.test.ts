import { describe, expect, test } from 'vitest';
import { readDomain } from '../../src/lab/libvirt-domain.ts';
import { readVbmcConfig } from '../../src/lab/vbmc/config.ts';
import { importVbmc } from '../../src/lab/vbmc/import.ts';
import { definitionOf } from './fixtures.ts';

/** As Python's configparser writes it. */
const config = (name: string, port: number, more = '') => `[VirtualBMC]
domain_name = ${name}
username = admin
password = 100%% secret
port = ${port}
address = ::
libvirt_uri = qemu:///system
active = True
${more}
`;

const domain = `<!-- WARNING: THIS IS AN AUTO-GENERATED FILE -->
<domain type='kvm'>
  <name>Node_1</name>
  <uuid>6f2b5c1c-5f3b-4dd5-8a53-0f2b8a1f2f10</uuid>
  <memory unit='KiB'>4194304</memory>
  <vcpu placement='static'>4</vcpu>
  <os firmware='efi'><type arch='x86_64' machine='q35'>hvm</type></os>
  <devices>
    <disk type='file' device='disk'><source file='/var/lib/libvirt/images/a.qcow2'/><target dev='vda'/></disk>
    <disk type='file' device='cdrom'><target dev='sda'/></disk>
    <interface type='network'>
      <mac address='52:54:00:AA:BB:01'/>
      <source network='baremetal'/>
      <model type='virtio'/>
    </interface>
    <interface type='bridge'><mac address='52:54:00:aa:bb:02'/><source bridge='br-storage'/></interface>
  </devices>
</domain>`;

const imported = (texts: readonly string[], domains: readonly string[] = []) =>
  importVbmc({
    configs: texts.map(text => readVbmcConfig(text, 'config')),
    domains: domains.flatMap(text => readDomain(text) ?? []),
    name: 'moved',
    folder: '~/.vbmc',
  });

describe("VirtualBMC's BMCs", () => {
  test('become nodes whose BMCs answer where they did, to the same users', () => {
    const { text, notMapped } = imported([config('Node_1', 6231), config('node-0', 6230)]);
    const { spec, bmcs } = definitionOf(text);
    expect(spec.nodes.map(({ name }) => name)).toEqual(['node-0', 'node-1']);
    expect(Object.values(bmcs).map(({ ipmi }) => [ipmi.address, ipmi.port])).toEqual([
      ['0.0.0.0', 6230],
      ['0.0.0.0', 6231],
    ]);
    expect(text).toContain('password: 100% secret');
    expect(notMapped.map(({ machine, parameter }) => [machine, parameter])).toEqual([
      ['node-0', 'libvirt_uri'],
      ['Node_1', 'libvirt_uri'],
    ]);
  });

  test('are as large and have the same cards as their domains, where those are given', () => {
    const { text } = imported([config('Node_1', 623)], [domain]);
    const [node] = definitionOf(text).spec.nodes;
    expect(node).toMatchObject({
      cpus: 4,
      memory: 4 * 2 ** 30,
      firmware: 'uefi',
      nics: [
        { network: 'baremetal', mac: '52:54:00:aa:bb:01' },
        { network: 'br-storage', mac: '52:54:00:aa:bb:02' },
      ],
    });
    expect(node?.disks).toHaveLength(1);
  });

  test('tell what of them is not there any more', () => {
    const { notMapped } = imported([
      config('a', 623)
        .replace('::', 'fd00::1')
        .replace('True', 'False')
        .replace('qemu:', 'colour = red\nqemu:'),
    ]);
    expect(Object.fromEntries(notMapped.map(({ parameter, why }) => [parameter, why]))).toMatchObject({
      address: 'BMCs listen on IPv4: it is 127.0.0.1 instead of fd00::1',
      active: 'BMCs of a lab answer as long as it is up',
    });
  });

  test('keep names that are one in a lab apart', () => {
    const { spec } = definitionOf(imported([config('a_b', 1001), config('a.b', 1002)]).text);
    expect(spec.nodes.map(({ name }) => name)).toEqual(['a-b', 'a-b-2']);
  });

  test('are not to be had of another file', () => {
    expect(() => readVbmcConfig('[default]\nport = 1\n', 'x/config')).toThrow(
      'x/config is not of VirtualBMC',
    );
  });
});

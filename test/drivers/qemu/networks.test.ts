import { describe, expect, test } from 'vitest';
import { networkPaths } from '../../../src/drivers/qemu/layout.ts';
import { isOurs } from '../../../src/drivers/qemu/links.ts';
import { addressesOf } from '../../../src/host/addresses.ts';
import { dnsmasqArguments } from '../../../src/host/dnsmasq.ts';

const paths = networkPaths({ stateDirectory: '/state', runtimeDirectory: '/run/q' }, 'lab', 'provisioning');

describe('addresses of a network', () => {
  test.each([
    ['192.168.123.0/24', '192.168.123.1', '255.255.255.0', '192.168.123.11', '192.168.123.254'],
    ['10.0.0.0/8', '10.0.0.1', '255.0.0.0', '10.0.0.11', '10.255.255.254'],
    ['192.0.2.8/29', '192.0.2.9', '255.255.255.248', '192.0.2.11', '192.0.2.14'],
  ])('%s', (cidr, host, netmask, firstLease, lastLease) => {
    expect(addressesOf(cidr)).toMatchObject({ host, netmask, firstLease, lastLease });
  });

  test('one that is too small, or none at all, is refused', () => {
    for (const cidr of ['192.0.2.0/30', 'fe80::/64', 'nonsense']) {
      expect(() => addressesOf(cidr)).toThrow(/cannot be used/);
    }
  });
});

describe('dnsmasq', () => {
  const service = {
    addresses: addressesOf('192.168.123.0/24'),
    reservations: { '52:54:00:00:00:01': '192.168.123.11' },
    bootPort: 8080,
    tftp: undefined,
  };

  test('serves only its bridge, without DNS and without any configuration of the host', () => {
    const argv = dnsmasqArguments({ ...paths, interface: paths.bridge }, service);
    expect(argv).toEqual(
      expect.arrayContaining([
        '--conf-file=/dev/null',
        '--port=0',
        '--bind-interfaces',
        `--interface=${paths.bridge}`,
        `--dhcp-leasefile=${paths.leases}`,
        '--dhcp-host=52:54:00:00:00:01,192.168.123.11',
        '--dhcp-range=192.168.123.11,192.168.123.254,255.255.255.0,1h',
      ]),
    );
  });

  test('sends iPXE to the boot service, and leaves other firmware alone without binaries for it', () => {
    const boots = dnsmasqArguments({ ...paths, interface: paths.bridge }, service).filter(arg =>
      arg.startsWith('--dhcp-boot='),
    );
    expect(boots).toEqual(['--dhcp-boot=tag:ipxe,http://192.168.123.1:8080/boot.ipxe']);
  });

  test('gives other firmware an iPXE of its kind by TFTP', () => {
    const argv = dnsmasqArguments(
      { ...paths, interface: paths.bridge },
      { ...service, tftp: '/usr/lib/ipxe' },
    );
    expect(argv).toEqual(
      expect.arrayContaining([
        '--tftp-root=/usr/lib/ipxe',
        '--dhcp-boot=tag:!ipxe,tag:efi,ipxe.efi',
        '--dhcp-boot=tag:!ipxe,tag:!efi,undionly.kpxe',
      ]),
    );
  });
});

describe('whose bridge it is', () => {
  const ours = { mac: paths.mac, alias: 'quintupleo:lab/provisioning' };
  const link = { name: paths.bridge, kind: 'bridge', ...ours };

  test('ours, also when it has only been half made', () => {
    expect(isOurs(link, ours)).toBe(true);
    expect(isOurs({ ...link, alias: undefined }, ours)).toBe(true);
  });

  test('a stranger’s: another address, another alias, or no bridge', () => {
    expect(isOurs({ ...link, mac: '52:54:00:00:00:01' }, ours)).toBe(false);
    expect(isOurs({ ...link, alias: 'uplink' }, ours)).toBe(false);
    expect(isOurs({ ...link, kind: 'vlan' }, ours)).toBe(false);
  });

  test('names and addresses are fit for the kernel', () => {
    expect(paths.bridge.length).toBeLessThanOrEqual(15);
    expect(paths.mac).toMatch(/^02(:[0-9a-f]{2}){5}$/);
    expect(paths.ipv6).toMatch(/^fd[0-9a-f]{2}:[0-9a-f]{4}:[0-9a-f]{4}::1$/);
  });
});

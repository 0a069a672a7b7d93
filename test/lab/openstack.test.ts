import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseLabFile } from '../../src/lab/lab-file.ts';
import { withLease } from '../../src/lab/lease.ts';
import { definitionOf, linesOf, parse, sources } from './fixtures.ts';

/** A lab on OpenStack with one network and one node; further lines begin at line 5. */
const lab = (lines = '', node = '') =>
  `lab: x\ndriver: openstack\nnetworks: {p: {cidr: 10.0.0.0/24}}\nnodes: [{name: n${node}}]\n${lines}`;

describe('a lab on OpenStack', () => {
  test('is filled in with what Neutron and Nova must not do by themselves', () => {
    expect(definitionOf(lab())).toMatchObject({
      driver: { name: 'openstack', pollInterval: 5000 },
      spec: {
        networks: [
          {
            name: 'p',
            cidr: '10.0.0.0/24',
            dhcp: false,
            cloud: { subnet: true, neutronDhcp: false, portSecurity: false },
          },
        ],
        nodes: [
          {
            disks: [{ name: 'disk-0', cloud: { source: 'local' } }],
            nics: [{ network: 'p', cloud: {} }],
            cloud: {},
          },
        ],
        cloud: { routers: [], serverGroups: [], hosts: [] },
      },
    });
  });

  test('is plain JSON', () => {
    const definition = definitionOf(lab('expires: 4h\nserverGroups: {g: {policy: affinity}}\n'));
    const { driver, spec } = definition;
    expect(JSON.parse(JSON.stringify({ driver, spec }))).toStrictEqual({ driver, spec });
  });

  test('names its cloud', () => {
    const text =
      'lab: x\ndriver: {name: openstack, cloud: c, region: r, pollInterval: 1min}\nnodes: [{name: n}]';
    expect(definitionOf(text).driver).toEqual({
      name: 'openstack',
      cloud: 'c',
      region: 'r',
      pollInterval: 60_000,
    });
  });

  test('says all of a network', () => {
    const { spec } = definitionOf(
      'lab: x\ndriver: openstack\nnodes: [{name: n}]\nnetworks:\n  p: {cidr: 10.0.0.0/24, cidr6: "fd00::/64", ' +
        'ipv6Mode: slaac, mtu: 1400, gateway: 10.0.0.1, dns: [192.0.2.53, "2001:db8::53"], interface: eth1, dhcp: true, ' +
        'allocationPools: [10.0.0.10-10.0.0.19, "fd00::10-fd00::19"], vlanTransparent: true}\n' +
        '  q: {cidr: 10.1.0.0/24, existing: net-q, portSecurity: true}\n  r: {cidr: 10.2.0.0/24, subnet: false}',
    );
    expect(spec.networks).toEqual([
      {
        name: 'p',
        cidr: '10.0.0.0/24',
        dhcp: true,
        cloud: {
          subnet: true,
          cidr6: 'fd00::/64',
          ipv6Mode: 'slaac',
          mtu: 1400,
          gateway: '10.0.0.1',
          dnsNameservers: ['192.0.2.53', '2001:db8::53'],
          allocationPools: [
            { start: '10.0.0.10', end: '10.0.0.19' },
            { start: 'fd00::10', end: 'fd00::19' },
          ],
          neutronDhcp: false,
          portSecurity: false,
          vlanTransparent: true,
          interface: 'eth1',
        },
      },
      {
        name: 'q',
        cidr: '10.1.0.0/24',
        dhcp: false,
        cloud: { existing: 'net-q', subnet: true, neutronDhcp: false, portSecurity: true },
      },
      {
        name: 'r',
        cidr: '10.2.0.0/24',
        dhcp: false,
        cloud: { subnet: false, neutronDhcp: false, portSecurity: false },
      },
    ]);
  });

  test('says all of a node, and numbers what must differ', () => {
    const { spec } = definitionOf(
      'lab: x\ndriver: openstack\nserverGroups: {g: {policy: anti-affinity}}\n' +
        'networks: {p: {cidr: 10.0.0.0/24}, q: {cidr: 10.1.0.0/24}}\nnodes:\n' +
        '  - {name: "n{index}", count: 2, role: control, flavor: f, boot: rescue, firmware: uefi, secureBoot: true,\n' +
        '     availabilityZone: az, serverGroup: g, metadata: {a: b}, serverName: "{lab}_N{index:02}",\n' +
        '     disks: [{size: 1GiB, source: volume, volumeType: t, image: i}],\n' +
        '     nics: [{network: p, addresses: [10.0.0.10-10.0.0.11], vlans: [{network: q, vlan: 7}]}, p]}',
    );
    const [, second] = spec.nodes;
    expect(second?.cloud).toEqual({
      flavor: 'f',
      bootStrategy: 'rescue',
      secureBoot: true,
      availabilityZone: 'az',
      serverGroup: 'g',
      metadata: { a: 'b', 'quintupleo:role': 'control' },
      serverName: 'x_N01',
    });
    expect(second?.disks[0]?.cloud).toEqual({ source: 'volume', volumeType: 't', image: 'i' });
    const [card, bonded] = second?.nics ?? [];
    expect(card?.cloud).toEqual({
      addresses: ['10.0.0.11'],
      // The guest's VLAN interface has the card's own address.
      vlans: [{ network: 'q', vlan: 7, mac: card?.mac }],
    });
    expect(bonded).toMatchObject({ network: 'p', cloud: {} });
    expect(spec.cloud?.serverGroups).toEqual([{ name: 'g', policy: 'anti-affinity' }]);
  });

  test('takes an instance that exists as it is, with whatever MAC address it has', () => {
    const { spec } = definitionOf(
      'lab: x\ndriver: openstack\nnetworks: {p: {cidr: 10.0.0.0/24}}\nnodes:\n' +
        '  - {name: a, server: web-1}\n  - {name: b, server: web-2, nics: [{network: p, mac: "fa:16:3e:00:00:01"}]}',
    );
    expect(spec.nodes.map(node => node.cloud?.existing)).toEqual(['web-1', 'web-2']);
    expect(spec.nodes.map(node => node.nics.map(nic => nic.mac))).toEqual([[], ['fa:16:3e:00:00:01']]);
  });

  test('has routers and hosts, whose texts may be files', () => {
    const { spec } = definitionOf(
      lab(
        'routers: [{name: r, external: e, networks: [p, {network: q, address: 10.1.0.9}], snat: false}]\n' +
          'hosts: [{name: "h{index}", count: 2, image: i, memory: 2GiB, volume: 10GiB, userData: {file: init}, ' +
          'publicKey: {file: key}, floatingIp: e, nics: [{network: p, portSecurity: true, addresses: [10.0.0.5-10.0.0.6]}]}]\n',
      ).replace('{p:', '{q: {cidr: 10.1.0.0/24}, p:'),
      sources({}, { init: '#!/bin/sh\n', key: 'ssh-ed25519 AAAA me\n' }),
    );
    expect(spec.cloud?.routers).toEqual([
      {
        name: 'r',
        external: 'e',
        networks: [{ network: 'p' }, { network: 'q', address: '10.1.0.9' }],
        snat: false,
      },
    ]);
    expect(spec.cloud?.hosts[1]).toEqual({
      name: 'h1',
      image: 'i',
      memory: 2 * 2 ** 30,
      volume: 10 * 2 ** 30,
      nics: [
        {
          network: 'p',
          mac: expect.stringMatching(/^52:54:00:/),
          addresses: ['10.0.0.6'],
          portSecurity: true,
        },
      ],
      publicKey: 'ssh-ed25519 AAAA me',
      userData: '#!/bin/sh\n',
      floatingIp: 'e',
    });
  });
});

describe('an ID', () => {
  const withId = (text: string, id: string) => parseLabFile(text, '/labs/lab.yaml', sources(), id);
  const specOf = (id: string) => {
    const result = withId(lab(), id);
    if (!result.ok) throw new Error(linesOf(result).join('\n'));
    return result.definition.spec;
  };

  test('makes another lab of the same file, with machines of its own', () => {
    const [one, other] = [specOf('1'), specOf('ci-2')];
    expect([one.name, other.name]).toEqual(['x-1', 'x-ci-2']);
    expect(one.nodes[0]?.uuid).not.toBe(other.nodes[0]?.uuid);
    expect(one.nodes[0]?.nics[0]?.mac).not.toBe(other.nodes[0]?.nics[0]?.mac);
  });

  test.each([
    ['A_1', '--id "A_1" cannot be part of a name'],
    ['a-', '--id "a-" cannot be part of a name'],
    ['0123456789012345678901234567890', 'which has 33 characters, and there is room for 32'],
  ])('that cannot be, such as %s, is refused', (id, message) => {
    expect(() => withId(lab(), id)).toThrow(message);
  });
});

describe('a lease', () => {
  test('is what the file says, or what the command line says', () => {
    const definition = definitionOf(lab('expires: 4h\n'));
    expect(definition.spec.cloud?.lease).toBe(4 * 3_600_000);
    expect(withLease(definition, '30min').spec.cloud?.lease).toBe(30 * 60_000);
  });

  test.each(['4', '1s', '9000h', 'soon'])('that cannot be, such as %s, is refused', text => {
    expect(() => withLease(definitionOf(lab()), text)).toThrow('is not a lease');
  });

  test('is not for labs that run here', () => {
    const here = definitionOf('lab: x\nnodes: [{name: n}]');
    expect(() => withLease(here, '4h')).toThrow('a lab of driver qemu does not expire');
  });
});

test('fixed addresses of a range are all of the network and all different', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 254 }), (count, first) => {
      const last = first + count - 1;
      const entry = `10.0.0.${first}-10.0.0.${Math.min(last, 255)}`;
      const text = lab().replace(
        '{name: n}',
        `{name: "n{index}", count: ${count}, nics: [{network: p, addresses: [${entry}]}]}`,
      );
      const result = parse(text);
      expect(result.ok).toBe(last <= 254);
      if (!result.ok) return;
      const addresses = result.definition.spec.nodes.flatMap(node => node.nics[0]?.cloud?.addresses ?? []);
      expect(new Set(addresses).size).toBe(count);
      expect(addresses[0]).toBe(`10.0.0.${first}`);
    }),
    { numRuns: 50 },
  );
});

test('content of any kind gives a definition or located problems', () => {
  const name = fc.constantFrom(
    'p',
    'q',
    'a{index}',
    '',
    'fd00::1',
    '10.0.0.1',
    '10.0.0.1-10.0.0.9',
    'fd00::/64',
  );
  const leaf = fc.oneof(name, fc.integer(), fc.boolean(), fc.constant(null), fc.constant('1GiB'));
  const keys = [
    ...['name', 'count', 'nics', 'network', 'networks', 'addresses', 'address', 'vlans', 'vlan', 'disks'],
    ...['size', 'source', 'image', 'server', 'serverName', 'serverGroup', 'metadata', 'userData', 'volume'],
  ];
  const part = fc.letrec(tie => ({
    value: fc.oneof({ maxDepth: 4 }, leaf, fc.array(tie('value'), { maxLength: 3 }), tie('mapping')),
    mapping: fc.dictionary(fc.constantFrom(...keys), tie('value'), { maxKeys: 4 }),
  })).mapping;
  const list = fc.array(part, { maxLength: 3 });
  const network = fc.record(
    {
      cidr: fc.constantFrom('10.0.0.0/24', '10.0.0.0/16', 'x'),
      cidr6: name,
      allocationPools: fc.array(name),
      gateway: name,
      subnet: leaf,
      existing: leaf,
    },
    { requiredKeys: ['cidr'] },
  );
  const content = fc.record({
    lab: fc.constant('x'),
    driver: fc.constantFrom('openstack', 'qemu', { name: 'openstack', accel: 'kvm' }),
    networks: fc.dictionary(fc.constantFrom('p', 'q'), network),
    nodes: list,
    hosts: list,
    routers: list,
    serverGroups: part,
    expires: leaf,
  });
  fc.assert(
    fc.property(content, value => {
      const result = parse(JSON.stringify(value));
      for (const line of linesOf(result)) expect(line).toMatch(/^lab\.yaml:[1-9]\d*:[1-9]\d*: .+[.?]$/s);
    }),
    { numRuns: 150 },
  );
});

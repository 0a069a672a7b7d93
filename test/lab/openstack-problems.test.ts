import { describe, expect, test } from 'vitest';
import { linesOf, parse } from './fixtures.ts';

/** A lab on OpenStack of one node, with more lines after it; they begin at line 5. */
const withLines = (lines: string) => `lab: x\ndriver: openstack\nnodes:\n  - name: a\n${lines}`;
const p = 'networks: {p: {cidr: 10.0.0.0/24}}';

const problems: Record<string, readonly [text: string, ...lines: string[]]> = {
  'keys of OpenStack on QEMU, at every depth': [
    'lab: x\nnetworks: {p: {cidr: 10.0.0.0/24, mtu: 1400}}\nnodes: [{name: a, flavor: f, nics: [{network: p, vlans: []}]}]\nrouters: []',
    'lab.yaml:2:35: "mtu" is for driver openstack, and this lab\'s is qemu. Leave it away, or choose that driver.',
    'lab.yaml:3:19: "flavor" is for driver openstack, and this lab\'s is qemu.',
    'lab.yaml:3:50: "vlans" is for driver openstack, and this lab\'s is qemu.',
    'lab.yaml:4:1: "routers" is for driver openstack, and this lab\'s is qemu.',
  ],
  'options of QEMU on OpenStack': [
    'lab: x\ndriver: {name: openstack, accel: kvm, colour: red}\nnodes: [{name: a}]',
    'lab.yaml:2:27: "accel" is for driver qemu, and this lab\'s is openstack. Leave it away, or choose that driver.',
    'lab.yaml:2:39: unknown key "colour".',
  ],
  'polling without rest': [
    'lab: x\ndriver: {name: openstack, pollInterval: 10ms}\nnodes: [{name: a}]',
    'lab.yaml:2:41: pollInterval "10ms" is out of range. Use 1s to 10min.',
  ],
  'a MAC address that ironic-python-agent ignores': [
    withLines(`    nics: [{network: p, mac: "fa:16:3e:00:00:01"}]\n${p}`),
    'lab.yaml:5:30: mac "fa:16:3e:00:00:01" begins with fa, and ironic-python-agent ignores such cards. Begin it with 52',
  ],
  'DHCP from nowhere, and from two': [
    withLines(
      'networks: {p: {cidr: 10.0.0.0/24, dhcp: true}, q: {cidr: 10.1.0.0/24, dhcp: true, interface: eth1, neutronDhcp: true}}',
    ),
    'lab.yaml:5:41: dhcp: true needs a leg of this machine on the network. Say which with "interface", or',
    'lab.yaml:5:113: neutronDhcp and dhcp are both true, and two DHCP servers would answer. Leave one of them away.',
  ],
  'a DHCP relay from nowhere, to the network itself, and beside a server': [
    withLines(
      'networks:\n  p: {cidr: 10.0.0.0/24, dhcpRelay: 10.1.0.1}\n  q: {cidr: 10.1.0.0/24, dhcpRelay: 10.1.0.1, interface: eth1}\n' +
        '  r: {cidr: 10.2.0.0/24, dhcpRelay: 10.1.0.1, interface: eth2, neutronDhcp: true}',
    ),
    'lab.yaml:6:37: dhcpRelay needs a leg of this machine on the network. Say which with "interface", or leave DHCP to',
    'lab.yaml:7:37: dhcpRelay "10.1.0.1" is on the network itself, where a server needs no relay. Leave it away.',
    'lab.yaml:8:37: dhcpRelay is for a network that has no DHCP server of its own. Leave it or the other one away.',
  ],
  'one interface on two networks': [
    withLines(
      'networks:\n  p: {cidr: 10.0.0.0/24, interface: eth1}\n  q: {cidr: 10.1.0.0/24, interface: eth1}',
    ),
    'lab.yaml:7:37: interface "eth1" is already used at 6:37. Each network needs its own.',
  ],
  'settings of a network that exists': [
    withLines('networks: {p: {cidr: 10.0.0.0/24, existing: e, mtu: 1400, subnet: false}}'),
    'lab.yaml:5:48: mtu cannot be set of a network that exists: it is used as it is. Leave the key away.',
    'lab.yaml:5:59: subnet cannot be set of a network that exists',
  ],
  'settings of a subnet that is not': [
    withLines('networks: {p: {cidr: 10.0.0.0/24, subnet: false, gateway: 10.0.0.1, neutronDhcp: true}}'),
    'lab.yaml:5:50: gateway needs a subnet, and this network has none. Leave one of the two away.',
    'lab.yaml:5:69: neutronDhcp needs a subnet',
  ],
  'addresses that a network does not have': [
    withLines(
      'networks: {p: {cidr: 10.0.0.0/24, gateway: 10.0.1.1, dns: [1.2.3.400], allocationPools:\n' +
        '  [10.0.0.0-10.0.0.9, 10.0.0.9-10.0.0.5, 10.0.0.20-10.0.0.29, 10.0.0.25-10.0.0.30]}}',
    ),
    'lab.yaml:5:44: gateway "10.0.1.1" is not an address of 10.0.0.0/24. Choose one from it.',
    'lab.yaml:5:60: name server "1.2.3.400" is not an IP address.',
    'lab.yaml:6:4: address "10.0.0.0" is not an address of 10.0.0.0/24.',
    'lab.yaml:6:23: allocation pool "10.0.0.9-10.0.0.5" ends before it begins. Swap its ends.',
    'lab.yaml:6:63: allocation pool "10.0.0.25-10.0.0.30" overlaps another one.',
  ],
  'bad IPv6 networks': [
    withLines(
      'networks:\n  a: {cidr: 10.0.0.0/24, cidr6: "fd00::1/64"}\n  b: {cidr: 10.1.0.0/24, cidr6: "fe80::/64"}\n' +
        '  c: {cidr: 10.2.0.0/24, cidr6: "fd01::/80", ipv6Mode: slaac}\n  d: {cidr: 10.3.0.0/24, ipv6Mode: slaac}\n' +
        '  e: {cidr: 10.4.0.0/24, cidr6: "fd00::/32"}',
    ),
    'lab.yaml:6:33: cidr6 "fd00::1/64" has host bits set. Write "fd00::/64".',
    'lab.yaml:7:33: cidr6 "fe80::/64" is multicast, link-local or loopback.',
    'lab.yaml:8:33: cidr6 "fd01::/80" is not a /64, which slaac needs. Make it one, or use dhcpv6-stateful.',
    'lab.yaml:9:26: ipv6Mode needs an IPv6 network. Add "cidr6".',
    'lab.yaml:10:33: cidr6 "fd00::/32" overlaps that of a at 6:33. Choose another range.',
  ],
  'fixed addresses that cannot be': [
    withLines(
      '    nics: [{network: p, addresses: [10.0.0.300, 10.0.1.1, 10.0.0.5, "fd00::1"]}, {network: q, addresses: [10.1.0.1]}]\n' +
        'hosts: [{name: h, image: i, nics: [{network: p, addresses: [10.0.0.5]}]}]\n' +
        'networks: {p: {cidr: 10.0.0.0/24}, q: {cidr: 10.1.0.0/24, subnet: false}}',
    ),
    'lab.yaml:5:37: address "10.0.0.300" is not an IP address. Write it as 192.168.24.10.',
    'lab.yaml:5:49: address "10.0.1.1" is not an address of 10.0.0.0/24. Choose one from it.',
    'lab.yaml:5:69: address "fd00::1" is IPv6, and its network is not. Give the network "cidr6".',
    'lab.yaml:5:107: address "10.1.0.1" is on a network without subnet, where ports have none.',
    'lab.yaml:6:61: address "10.0.0.5" is already used at 5:59. Give each card its own.',
  ],
  'one address written in two ways': [
    withLines(
      '    nics: [{network: p, addresses: ["fd00::a", "FD00:0::A"]}]\nnetworks: {p: {cidr: 10.0.0.0/24, cidr6: "fd00::/64"}}',
    ),
    'lab.yaml:5:48: address "FD00:0::A" is already used at 5:37. Give each card its own.',
  ],
  'addresses for many nodes': [
    `lab: x\ndriver: openstack\n${p}\nnodes:\n  - {name: "a{index}", count: 3, nics: [{network: p, addresses: [10.0.0.5, 10.0.0.6-10.0.0.7, 10.0.0.9-10.0.0.8]}]}`,
    'lab.yaml:5:66: address "10.0.0.5" would be that of 3 machines. Write a range: FIRST-LAST.',
    'lab.yaml:5:76: the range has 2 addresses, too few for 3 machines. Make it longer.',
    'lab.yaml:5:95: the range has 0 addresses, too few for 3 machines. Swap its ends.',
  ],
  'VLANs that a card cannot have': [
    withLines(
      '    nics: [{network: p, vlans: [{network: q, vlan: 5}, {network: r, vlan: 5}, {network: p, vlan: 6}]}]\nnetworks: {p: {cidr: 10.0.0.0/24}, q: {cidr: 10.1.0.0/24}}',
    ),
    'lab.yaml:5:66: unknown network "r". The lab has: p, q.',
    'lab.yaml:5:75: the card has VLAN 5 twice. Give each network its own.',
    'lab.yaml:5:89: the card already carries network "p". Name each network once.',
  ],
  'a VLAN ID out of range': [
    withLines(`    nics: [{network: p, vlans: [{network: p, vlan: 4095}]}]\n${p}`),
    'lab.yaml:5:52: vlan 4095 must be a whole number from 1 to 4094.',
  ],
  'disks that a cloud does not make': [
    withLines('    disks: [512MiB, {size: 1GiB, volumeType: t}, {size: 1GiB, image: i}]'),
    'lab.yaml:5:13: disk size "512MiB" is not a whole number of GiB, and clouds measure disks in them. Round it.',
    'lab.yaml:5:34: volumeType is for volumes. Add "source: volume", or leave the key away.',
    'lab.yaml:5:63: image is for volumes.',
  ],
  'secure boot without UEFI': [
    withLines('    secureBoot: true'),
    'lab.yaml:5:17: secureBoot needs UEFI. Add "firmware: uefi".',
  ],
  'server groups that are not there': [
    withLines(
      '    serverGroup: contrl\nserverGroups: {control: {policy: affinity}}\nhosts: [{name: h, image: i, nics: [], serverGroup: other}]',
    ),
    'lab.yaml:5:18: unknown server group "contrl". Did you mean "control"?',
    'lab.yaml:7:52: unknown server group "other". Add it: serverGroups: {other: {policy: …}}.',
  ],
  'metadata of our own, and too long': [
    withLines(`    metadata: {"quintupleo:lab": x, a: ${'b'.repeat(256)}}`),
    'lab.yaml:5:16: metadata "quintupleo:lab" is a name of our own. Use one that does not begin with quintupleo.',
    'lab.yaml:5:40: metadata "a" has 256 characters, and Nova has room for 255. Shorten it.',
  ],
  'metadata that is no text': [
    withLines('    metadata: {rack: 1}'),
    'lab.yaml:5:22: rack 1 must be text. Put it in quotes.',
  ],
  'server names twice': [
    withLines('    serverName: x-h\nhosts: [{name: h, image: i, nics: []}]'),
    'lab.yaml:6:16: server name "x-h" is already that at 5:17. Give each instance its own name.',
  ],
  'one server name for many': [
    'lab: x\ndriver: openstack\nnodes: [{name: "a{index}", count: 2, serverName: b}]',
    'lab.yaml:3:50: server name "b" would be that of 2 instances. Put the number in: "b-{index}".',
  ],
  'an instance that exists and shall be otherwise': [
    withLines(`    server: s\n    flavor: f\n    nics: [p]\n${p}`),
    'lab.yaml:6:5: flavor cannot be set of a server that exists. Leave the key away.',
    'lab.yaml:7:12: the network card of a server that exists needs its MAC address. Write {network, mac}, or leave nics away.',
  ],
  'an instance that is two nodes': [
    'lab: x\ndriver: openstack\nnodes: [{name: a, server: s}, {name: b, server: s}, {name: "c{index}", count: 2, server: t}]',
    'lab.yaml:3:49: server "s" is already a node at 3:27. Name each instance once.',
    'lab.yaml:3:90: server "t" would be 2 nodes. Give the node a group of its own.',
  ],
  'routers that lead nowhere': [
    withLines(
      'routers: [{name: r, networks: [q, {network: p, address: 10.9.9.9}]}, {name: r, networks: [p]}, {name: s, networks: [p]}]\nnetworks: {p: {cidr: 10.0.0.0/24}}',
    ),
    'lab.yaml:5:32: unknown network "q". The lab has: p.',
    'lab.yaml:5:57: address "10.9.9.9" is not an address of 10.0.0.0/24. Choose one from it.',
    'lab.yaml:5:77: router name "r" is already used at 5:18. Give each router its own name.',
    'lab.yaml:5:117: address "10.0.0.1" is already used at 5:91. Give each card its own.',
  ],
  'a router where nobody has an address': [
    withLines('routers: [{name: r, networks: [p]}]\nnetworks: {p: {cidr: 10.0.0.0/24, subnet: false}}'),
    'lab.yaml:5:32: router "r" needs addresses, and network "p" has no subnet. Give it one.',
  ],
  'a router without networks': [
    withLines('routers: [{name: r, networks: []}]'),
    'lab.yaml:5:31: networks has no network. Name those that the router joins.',
  ],
  'hosts that cannot be': [
    withLines(
      'hosts:\n  - {name: h, image: i, nics: [q], volume: 1MiB, memory: 1MiB, publicKey: no key, keypair: k}\n' +
        `  - {name: a, image: i, nics: [], floatingIp: e, userData: {file: none}}\n${p}`,
    ),
    'lab.yaml:6:32: unknown network "q". The lab has: p.',
    'lab.yaml:6:44: volume "1MiB" is not a whole number of GiB',
    'lab.yaml:6:58: memory "1MiB" is out of range.',
    'lab.yaml:6:64: publicKey and keypair are both given. Leave one of them away.',
    'lab.yaml:6:75: publicKey is not an SSH public key. Give the line that begins with ssh-ed25519 or ssh-rsa.',
    'lab.yaml:7:12: host name "a" is already used at 4:11. Give each host its own name.',
    'lab.yaml:7:35: floatingIp needs a network card. Add one to "nics".',
    'lab.yaml:7:67: userData: "none" cannot be read: no such file.',
  ],
  'security groups without port security': [
    withLines(`hosts: [{name: h, image: i, nics: [p], securityGroups: [g]}]\n${p}`),
    'lab.yaml:5:40: securityGroups need a card with port security. Give one of them "portSecurity: true", or',
  ],
  'a host without an image': [withLines('hosts: [{name: h}]'), 'lab.yaml:5:9: "image" is missing. Add it.'],
  'a lease that ends before it begins': [
    withLines('expires: 0min'),
    'lab.yaml:5:10: expires "0min" is out of range. Use 1min to 8760h.',
  ],
  'a lease of no unit': [
    withLines('expires: 4'),
    'lab.yaml:5:10: expires 4 is not a lease. Write a number and its unit: 30min, 4h, 72h.',
  ],
};

describe('a lab file for OpenStack with', () => {
  test.each(Object.entries(problems))('%s', (_, [text, ...expected]) => {
    const found = linesOf(parse(text));
    expect(found.map((line, index) => line.slice(0, expected[index]?.length ?? line.length))).toEqual(
      expected,
    );
    // Every problem ends with what to do about it.
    for (const line of found) expect(line).toMatch(/[.?]$/);
  });
});

test('no message shows user data or a key', () => {
  const text = withLines('hosts: [{name: h, image: i, userData: [hunter2], publicKey: {x: hunter2}}]');
  expect(linesOf(parse(text)).join('\n')).not.toContain('hunter2');
  const key = withLines('hosts: [{name: h, image: i, nics: [], publicKey: "-----BEGIN hunter2"}]');
  expect(linesOf(parse(key)).join('\n')).not.toContain('hunter2');
});

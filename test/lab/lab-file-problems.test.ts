import { describe, expect, test } from 'vitest';
import { linesOf, parse } from './fixtures.ts';

/** A lab of one node, with more lines after it; they begin at line 4. */
const withLines = (lines: string) => `lab: x\nnodes:\n  - name: a\n${lines}`;

const problems: Record<string, readonly [text: string, ...lines: string[]]> = {
  'an empty file': ['', 'lab.yaml:1:1: the file is empty. Begin it with "lab: NAME".'],
  'not a mapping': [
    '- a',
    'lab.yaml:1:1: the file must be a mapping. Write its keys below it, each as "key: value".',
  ],
  'broken YAML': ['lab: [', 'lab.yaml:1:7: not valid YAML: Flow sequence in block collection must be'],
  'a key twice': [withLines('lab: y'), 'lab.yaml:4:1: not valid YAML: Map keys must be unique.'],
  'an unknown tag': ['lab: !secret x', 'lab.yaml:1:6: not valid YAML: Unresolved tag: !secret.'],
  'missing keys': [
    'nodes: [{count: 2}]',
    'lab.yaml:1:1: "lab" is missing. Add it.',
    'lab.yaml:1:9: "name" is missing. Add it.',
  ],
  'an empty key': [
    'lab: x\nnodes:\n',
    'lab.yaml:2:7: nodes is empty. Give it a value, or leave the key away.',
  ],
  'no nodes': ['lab: x\nnodes: []', 'lab.yaml:2:8: nodes has no node. Add a group: - name: node-{index}.'],
  'misspelt keys, at every depth': [
    withLines('    memroy: 1GiB\n    bmc: {ipmi: {prot: 1}}\nnetwork: {}'),
    'lab.yaml:4:5: unknown key "memroy". Did you mean "memory"?',
    'lab.yaml:5:18: unknown key "prot". Did you mean "port"?',
    'lab.yaml:6:1: unknown key "network". Did you mean "networks"?',
  ],
  'a key that is like no other': [
    withLines('color: red'),
    'lab.yaml:4:1: unknown key "color". Known here: lab, driver, networks, nodes, routers, serverGroups, hosts, service, expires, bmc, redfish, notify, export, faults.',
  ],
  'a bad lab name': [
    'lab: My_Lab\nnodes: [{name: a}]',
    'lab.yaml:1:6: lab "My_Lab" is not a usable name. Use up to',
  ],
  'a number for a name': [
    'lab: 12\nnodes: [{name: a}]',
    'lab.yaml:1:6: lab 12 is not a usable name. Use up to',
  ],
  'an unknown driver': [
    withLines('driver: qmu'),
    'lab.yaml:4:9: driver "qmu" must be one of: qemu, openstack, simulated. Did you mean "qemu"?',
  ],
  'an unknown driver with options': [
    withLines('driver: {name: xen}'),
    'lab.yaml:4:16: name "xen" must be one of: qemu, openstack, simulated.',
  ],
  'a driver without a name': [withLines('driver: {accel: kvm}'), 'lab.yaml:4:9: "name" is missing. Add it.'],
  'a driver option out of range': [
    withLines('driver: {name: simulated, latency: 99h, faultRate: 2}'),
    'lab.yaml:4:52: faultRate 2 must be a number from 0 to 1.',
  ],
  'a driver that takes its time': [
    withLines('driver: {name: simulated, latency: 99h}'),
    'lab.yaml:4:36: latency "99h" is out of range. Use 0ms to 1h.',
  ],
  'sizes without a unit': [
    withLines('    memory: 512\n    disks: [10, {size: 1 gig}]'),
    'lab.yaml:4:13: memory 512 is not a size. Write a number and its unit, such as 512MiB or 2GiB.',
    'lab.yaml:5:13: item 1 of disks (10) has the wrong form.',
    'lab.yaml:5:24: size "1 gig" is not a size.',
  ],
  'sizes out of range': [
    withLines('    memory: 1MiB\n    disks: [1KiB, 1000.1kB]'),
    'lab.yaml:4:13: memory "1MiB" is out of range. Use 64 MiB to 4 TiB.',
    'lab.yaml:5:13: disk size "1KiB" is out of range. Use 1 MiB to 64 TiB.',
    'lab.yaml:5:19: disk size "1000.1kB" is out of range.',
  ],
  'odd sizes': [
    withLines('    memory: 1GB\n    disks: [1000000001B]'),
    'lab.yaml:4:13: memory "1GB" is not a whole number of MiB. Write it in MiB or GiB.',
    'lab.yaml:5:13: disk size "1000000001B" is not a whole number of sectors. Write it in MiB or GiB.',
  ],
  'disks of one name': [
    withLines('    disks: [1GiB, {name: disk-0, size: 1GiB}]'),
    'lab.yaml:4:19: the node has two disks named "disk-0". Give each its own name.',
  ],
  'numbers out of range': [
    withLines('    cpus: 0\n    count: 1.5'),
    'lab.yaml:4:11: cpus 0 must be a whole number from 1 to 255.',
    'lab.yaml:5:12: count 1.5 must be a whole number from 1 to 10000.',
  ],
  'too many nodes in all': [
    'lab: x\nnodes: [{name: "a{index}", count: 9999}, {name: "b{index}", count: 2}]',
    'lab.yaml:2:42: the lab has more than 10000 nodes. Split it into several labs.',
  ],
  'many nodes of one name': [
    'lab: x\nnodes: [{name: a, count: 2}]',
    'lab.yaml:2:16: name "a" would be that of 2 nodes. Put the number in: "a-{index}".',
  ],
  'a bad placeholder': [
    'lab: x\nnodes: [{name: "a{i}"}]',
    'lab.yaml:2:16: name "a{i}" is not a usable name.',
  ],
  'a name that ends in a hyphen': [
    'lab: x\nnodes: [{name: a-}]',
    'lab.yaml:2:16: name "a-" gives "a-", which is not',
  ],
  'node names twice': [
    'lab: x\nnodes: [{name: "a{index}", count: 2}, {name: a1}]',
    'lab.yaml:2:46: node name "a1" is already used at 2:16. Give each node its own name.',
  ],
  'an unknown network': [
    withLines('    nics: [prov, storage]\nnetworks: {prof: {cidr: 10.0.0.0/24}}'),
    'lab.yaml:4:12: unknown network "prov". Did you mean "prof"?',
    'lab.yaml:4:18: unknown network "storage". The lab has: prof.',
  ],
  'a network where there are none': [
    withLines('    nics: [{network: p}]'),
    'lab.yaml:4:22: unknown network "p". Add it under "networks".',
  ],
  'a network that is wrong in itself is still known': [
    withLines('    nics: [p]\nnetworks: {p: {dhcp: true}}'),
    'lab.yaml:5:15: "cidr" is missing. Add it.',
  ],
  'bad networks': [
    withLines(
      'networks: {P: {cidr: 10.0.0.0/24}, q: {cidr: 10.1.0.1/24}, r: {cidr: 127.0.0.0/24}, s: {cidr: 10.3.0.0/31}, t: {cidr: 999.1.1.0/24}}',
    ),
    'lab.yaml:4:12: "P" is not a usable name.',
    'lab.yaml:4:46: cidr "10.1.0.1/24" has host bits set. Write 10.1.0.0/24.',
    'lab.yaml:4:70: cidr "127.0.0.0/24" is the loopback network. Use a private range',
    'lab.yaml:4:95: cidr "10.3.0.0/31" has an unusable size. Use a prefix length from /8 to /29.',
    'lab.yaml:4:119: cidr "999.1.1.0/24" is not an IPv4 network.',
  ],
  'networks that overlap': [
    withLines('networks:\n  a: {cidr: 10.0.0.0/16}\n  b: {cidr: 10.0.7.0/24}'),
    'lab.yaml:6:13: cidr "10.0.7.0/24" overlaps that of a at 5:13. Choose another range.',
  ],
  'text for a boolean': [
    withLines('networks: {p: {cidr: 10.0.0.0/24, dhcp: yes}}'),
    'lab.yaml:4:41: dhcp "yes" must be true or false.',
  ],
  'bad MAC addresses': [
    withLines(
      '    nics: [{network: p, mac: 5254.0012}, {network: p, mac: "53:54:00:00:00:01"}, {network: p, mac: "00:00:00:00:00:00"}]\nnetworks: {p: {cidr: 10.0.0.0/24}}',
    ),
    'lab.yaml:4:30: mac 5254.0012 is not a MAC address.',
  ],
  'MAC addresses that no card can have': [
    withLines(
      '    nics: [{network: p, mac: "53:54:00:00:00:01"}, {network: p, mac: "00:00:00:00:00:00"}]\nnetworks: {p: {cidr: 10.0.0.0/24}}',
    ),
    'lab.yaml:4:30: mac "53:54:00:00:00:01" is a multicast address. Make its first pair of digits even',
    'lab.yaml:4:70: mac "00:00:00:00:00:00" is no address.',
  ],
  'a MAC address twice': [
    'lab: x\nnetworks: {p: {cidr: 10.0.0.0/24}}\nnodes:\n' +
      '  - {name: a, nics: [{network: p, mac: "52:54:00:00:00:aa"}]}\n' +
      '  - {name: b, nics: [{network: p, mac: "52:54:00:00:00:AA"}]}\n',
    'lab.yaml:5:40: mac "52:54:00:00:00:AA" is already used at 4:40. Give each network card its own.',
  ],
  'a MAC address for many nodes': [
    'lab: x\nnetworks: {p: {cidr: 10.0.0.0/24}}\nnodes: [{name: "a{index}", count: 2, nics: [{network: p, mac: "52:54:00:00:00:aa"}]}]',
    'lab.yaml:3:63: mac "52:54:00:00:00:aa" would be that of 2 nodes. Give the node a group of its own.',
  ],
  'users that IPMI has no room for': [
    withLines(
      'bmc:\n  username: a-very-long-user-name\n  password: a-very-very-long-password\n  users: [{name: ""}]',
    ),
    'lab.yaml:7:18: name "" must be text of 1 to 16 bytes.',
  ],
  'names and passwords too long': [
    withLines('bmc:\n  username: ééééééééé\n  password: a-very-very-long-password\n'),
    'lab.yaml:5:13: user name "ééééééééé" has 18 bytes. IPMI has room for 16; shorten it.',
    'lab.yaml:6:13: password has 25 bytes. IPMI has room for 20; shorten it.',
  ],
  'users of one name': [
    withLines('bmc: {users: [{name: admin}]}'),
    'lab.yaml:4:22: the BMC has two users named "admin". Give each its own name.',
  ],
  'too many users': [
    withLines(`bmc: {users: [${Array.from({ length: 14 }, (_, i) => `{name: u${i}}`).join(', ')}]}`),
    'lab.yaml:4:14: users must be at most 13 users',
  ],
  'a password that YAML takes for a number': [
    withLines('bmc: {password: 123456}'),
    'lab.yaml:4:17: password must be text, {file: PATH} or {env: NAME}. Quote text',
  ],
  'secrets that are not there': [
    withLines('bmc:\n  password: {env: NO_SUCH}\n  ipmi: {kg: {file: no}}'),
    'lab.yaml:5:19: password: the environment variable NO_SUCH is not set. Export it, or leave the key away.',
    'lab.yaml:6:21: kg: "no" cannot be read: no such file. Make the file, or correct its path',
  ],
  'an empty password': [
    withLines('bmc: {password: ""}'),
    'lab.yaml:4:17: password is empty. Leave the key away',
  ],
  'cipher suite 0': [
    withLines('bmc: {ipmi: {cipherSuites: [17, 0]}}'),
    'lab.yaml:4:33: cipher suite 0 is refused: it lets anybody in without a password.',
  ],
  'unknown cipher suites': [
    withLines('bmc: {ipmi: {cipherSuites: [4, 99]}}'),
    'lab.yaml:4:29: item 1 of cipherSuites (4) must be one of the cipher suites 1, 2, 3',
    'lab.yaml:4:32: item 2 of cipherSuites (99) must be one of the cipher suites 1, 2, 3',
  ],
  'a BMC key that is not hexadecimal': [
    withLines('bmc: {ipmi: {kg: secret}}'),
    'lab.yaml:4:18: kg is not a BMC key. Write 2 to 40 hexadecimal digits',
  ],
  'a BMC key that ipmitool would not use': [
    withLines('bmc: {ipmi: {kg: "00ff"}}'),
    'lab.yaml:4:18: kg begins with 00, which ipmitool takes for no key at all. Begin it with another byte.',
  ],
  'a session time-out out of range': [
    withLines('bmc: {ipmi: {sessionTimeout: 1s}}'),
    'lab.yaml:4:30: sessionTimeout "1s" is out of range. Use 5s to 1h',
  ],
  'bad addresses': [
    'lab: x\nnodes:\n' +
      ['localhost', '1.2.3.400', '10.0.0.9-10.0.0.1', '224.0.0.1', '::1']
        .map((address, i) => `  - {name: n${i}, bmc: {ipmi: {address: "${address}"}}}\n`)
        .join(''),
    'lab.yaml:3:38: address "localhost" is not an IPv4 address or range.',
    'lab.yaml:4:38: address "1.2.3.400" is not IPv4.',
    'lab.yaml:5:38: address range "10.0.0.9-10.0.0.1" ends before it begins. Swap its ends.',
    'lab.yaml:6:38: address "224.0.0.1" is multicast or reserved.',
    'lab.yaml:7:38: address "::1" is not an IPv4 address or range.',
  ],
  'ports and addresses that run out': [
    'lab: x\nnodes:\n' +
      '  - {name: "a{index}", count: 3, bmc: {ipmi: {port: 65534}}}\n' +
      '  - {name: "b{index}", count: 3, bmc: {ipmi: {address: 127.0.0.2-127.0.0.3}}}\n',
    'lab.yaml:3:53: ports run out: from 65534 on there are 2, too few for the BMCs. Begin lower.',
    'lab.yaml:4:56: the range has 2 addresses, too few for its BMCs. Make it longer.',
  ],
  'BMCs in one place': [
    'lab: x\nnodes:\n' +
      '  - {name: "a{index}", count: 3, bmc: {ipmi: {port: 6230}}}\n' +
      '  - {name: "b{index}", count: 3, bmc: {ipmi: {address: 0.0.0.0, port: 6232}}}\n',
    'lab.yaml:4:71: the BMCs of a2 and b0 would both listen on 0.0.0.0:6232. Give one of them another port or address.',
  ],
};

describe('a lab file with', () => {
  test.each(Object.entries(problems))('%s', (_, [text, ...expected]) => {
    const found = linesOf(parse(text));
    expect(found.map((line, index) => line.slice(0, expected[index]?.length ?? line.length))).toEqual(
      expected,
    );
    // Every problem ends with what to do about it.
    for (const line of found) expect(line).toMatch(/[.?]$/);
  });
});

test('no message shows a secret', () => {
  const text = withLines(
    'bmc: {password: [hunter2], ipmi: {kg: {file: 3, hunter2: x}}, users: [{name: u, password: {x: hunter2}}]}',
  );
  expect(linesOf(parse(text)).join('\n')).not.toMatch(/: hunter2|\(hunter2|"hunter2" (is|must)/);
  const long = linesOf(parse(withLines('bmc: {password: hunter2hunter2hunter2}')));
  expect(long.join('\n')).not.toContain('hunter2');
});

import { describe, expect, test } from 'vitest';
import { parseLabFile } from '../../src/lab/lab-file.ts';

const none = { env: {}, readFile: () => '' };

function read(service: string, bmc = 'address: 192.168.25.10-192.168.25.19', provision = 'dhcp: false') {
  const text = `
lab: pair
driver: openstack
networks:
  provision: { cidr: 192.168.24.0/24, ${provision} }
  management: { cidr: 192.168.25.0/24, dhcp: false }
nodes:
  - name: node-{index}
    count: 2
    nics: [provision, management]
bmc:
  ipmi: { ${bmc} }
service: ${service}
`;
  return parseLabFile(text, '/lab.yaml', none);
}

function definitionOf(result: ReturnType<typeof read>) {
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.definition;
}

describe('service', () => {
  test.each(['here', '{ on: here }'])('%s: there is no instance', text => {
    const { spec, bmcs } = definitionOf(read(text));
    expect(spec.cloud?.service).toBeUndefined();
    expect(bmcs['node-1']?.ipmi.port).toBe(623);
  });

  test('an instance has an address for each BMC, and a card wherever nodes netboot', () => {
    const { spec, bmcs } = definitionOf(read('{ on: instance, network: management, flavor: tiny }'));
    expect(spec.cloud?.service).toMatchObject({
      nics: [{ network: 'management' }, { network: 'provision' }],
      address: '192.168.25.254',
      bmcs: ['192.168.25.10', '192.168.25.11'],
      flavor: 'tiny',
    });
    const macs = [...(spec.cloud?.service?.nics ?? []), ...spec.nodes.flatMap(({ nics }) => nics)];
    expect(new Set(macs.map(({ mac }) => mac)).size).toBe(6);
    expect(Object.values(bmcs).map(({ ipmi }) => ipmi.port)).toEqual([623, 623]);
  });

  test('an instance can serve DHCP without a leg of this machine', () => {
    const text = '{ on: instance, network: management }';
    expect(definitionOf(read(text, undefined, 'dhcp: true')).spec.networks[0]?.dhcp).toBe(true);
    expect(read('here', undefined, 'dhcp: true').ok).toBe(false);
  });

  test('needs one card only where BMCs and network boot share a network', () => {
    const { spec } = definitionOf(
      read('{ on: instance, network: provision }', 'address: 192.168.24.10-192.168.24.11'),
    );
    expect(spec.cloud?.service?.nics).toMatchObject([{ network: 'provision' }]);
  });

  test.each([
    ['a network that is not there', '{ on: instance, network: nowhere }', undefined, /nowhere/],
    [
      'BMCs elsewhere',
      '{ on: instance, network: management }',
      'address: 10.0.0.1-10.0.0.9',
      /10\.0\.0\.1.*is not one/,
    ],
    [
      'BMCs that share an address',
      '{ on: instance, network: management }',
      'address: 192.168.25.10',
      /of its own/,
    ],
    [
      "a BMC's address",
      '{ on: instance, network: management, address: 192.168.25.11 }',
      undefined,
      /is a BMC's/,
    ],
    ['another place', '{ on: mars }', undefined, /here or instance|must be one of/],
  ])('refuses %s', (_, service, bmc, message) => {
    const result = read(service, bmc);
    expect(result.ok).toBe(false);
    if (!result.ok) expect(result.problems.map(({ text }) => text).join('\n')).toMatch(message);
  });
});

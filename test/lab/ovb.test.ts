import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parse as parseYaml } from 'yaml';
import type { LabDefinition } from '../../src/lab/definition.ts';
import { readEnvironment } from '../../src/lab/ovb/environment.ts';
import { importOvb, type OvbImport } from '../../src/lab/ovb/import.ts';
import { ovbDocs } from '../../src/lab/ovb/ovb-docs.ts';
import { parameters } from '../../src/lab/ovb/parameters.ts';
import { definitionOf } from './fixtures.ts';

interface Given {
  readonly roles?: readonly string[];
  readonly id?: string;
}

/** Imports environments given as texts. */
function importTexts(texts: readonly string[], { roles = [], id }: Given = {}): OvbImport {
  return importOvb({
    environments: texts.map(text => readEnvironment(text, 'env.yaml')),
    roles: roles.map(text => readEnvironment(text, 'role.yaml')),
    name: 'quintupleo',
    id,
    files: ['env.yaml'],
  });
}

const example = (name: string) => readFileSync(`examples/ovb/${name}`, 'utf8');
const labOf = (texts: readonly string[], given?: Given): LabDefinition =>
  definitionOf(importTexts(texts, given).text);
const whyNot = ({ notMapped }: OvbImport) =>
  Object.fromEntries(notMapped.map(({ parameter, why }) => [parameter, why]));
const registry = (type: string, template: string) =>
  `resource_registry: {"OS::OVB::${type}": ../templates/${template}}`;

describe('an environment of OVB', () => {
  test('becomes a lab with its nodes, networks and undercloud', () => {
    const { spec, driver } = labOf([example('env.yaml')]);
    expect(driver.name).toBe('openstack');
    expect(spec.networks.map(({ name, cidr, cloud }) => [name, cidr, cloud?.existing])).toEqual([
      ['provision', '192.168.24.0/24', undefined],
      ['public', '10.0.0.0/24', undefined],
      ['tenant-private', '10.0.1.0/24', 'tenant-private'],
    ]);
    expect(spec.networks[1]?.cloud?.allocationPools).toEqual([{ start: '10.0.0.100', end: '10.0.0.199' }]);
    expect(spec.nodes.map(node => node.name)).toEqual(['baremetal-0', 'baremetal-1', 'baremetal-2']);
    expect(spec.nodes[0]?.cloud).toEqual({
      flavor: 'baremetal',
      metadata: { 'quintupleo:role': 'control' },
    });
    expect(spec.cloud?.hosts).toMatchObject([
      {
        name: 'undercloud',
        flavor: 'm1.xlarge',
        keypair: 'operator',
        floatingIp: 'public-internet',
        nics: [
          { network: 'tenant-private', portSecurity: true },
          { network: 'provision' },
          { network: 'public' },
        ],
      },
    ]);
  });

  test('says where each value went, and why the others went nowhere', () => {
    const imported = importTexts([example('env.yaml'), 'parameter_defaults: {colour: red}\nevent_sinks: []']);
    expect(imported.mapped).toContainEqual({
      environment: 'base',
      parameter: 'node_count',
      value: 3,
      to: 'nodes[0].count',
    });
    expect(whyNot(imported)).toMatchObject({
      bmc_flavor: expect.stringContaining('one process'),
      public_net_shared: expect.stringContaining('administrator'),
      colour: "not a parameter of OVB's templates",
      event_sinks: 'only parameters, parameter_defaults and resource_registry are read',
    });
    expect(imported.text).toContain('#   colour: not a parameter');
    expect(imported.text).toContain('flavor: baremetal # baremetal_flavor');
  });

  test('loses no parameter that it gives', () => {
    const names = [...Object.keys(parameters), 'unheard_of'];
    const types = ['UndercloudNetworks', 'BaremetalNetworks', 'PrivateNetwork', 'DHCPRelay', 'ServerPair'];
    const templates: Record<string, readonly string[]> = {
      UndercloudNetworks: ['undercloud-networks-routed.yaml', 'undercloud-networks-existing.yaml'],
      BaremetalNetworks: ['baremetal-networks-all.yaml', 'baremetal-networks-routed.yaml'],
      PrivateNetwork: ['private-net-create.yaml'],
      DHCPRelay: ['dhcp-relay.yaml', 'dhcpv6-relay.yaml'],
      ServerPair: ['virtual-baremetal-servers-volume.yaml'],
    };
    const entry = fc
      .constantFrom(...types)
      .chain(type => fc.tuple(fc.constant(`OS::OVB::${type}`), fc.constantFrom(...(templates[type] ?? []))));
    fc.assert(
      fc.property(fc.uniqueArray(fc.constantFrom(...names)), fc.array(entry), (given, entries) => {
        const environment = {
          parameter_defaults: Object.fromEntries(given.map(name => [name, '7'])),
          resource_registry: Object.fromEntries(entries),
        };
        const { mapped, notMapped } = importTexts([JSON.stringify(environment)]);
        const told = new Set([...mapped, ...notMapped].map(({ parameter }) => parameter));
        expect([...told].sort()).toEqual([...given, ...Object.keys(environment.resource_registry)].sort());
      }),
    );
  });

  test('may be followed by others, of which the last counts', () => {
    const { spec } = labOf([
      'parameter_defaults: {node_count: 1, baremetal_prefix: a}',
      'parameters: {node_count: 2}\nparameter_defaults: {node_count: 9, baremetal_prefix: b_c}',
    ]);
    expect(spec.nodes.map(node => node.name)).toEqual(['b-c-0', 'b-c-1']);
  });

  test('with every network gives nodes their cards in the order of OVB, and a bond', () => {
    const { spec } = labOf([example('env.yaml'), example('all-networks-bond.yaml')]);
    expect(spec.nodes[0]?.nics.map(nic => nic.network)).toEqual([
      ...['provision', 'public', 'public'],
      ...['overcloud-internal', 'overcloud-storage', 'overcloud-storage-mgmt', 'overcloud-tenant'],
    ]);
    expect(spec.networks.find(({ name }) => name === 'overcloud-tenant')?.cidr).toBe('172.16.0.0/24');
  });

  test('with routed networks has their routers and the DHCP relay', () => {
    const { spec } = labOf([example('env.yaml'), example('routed.yaml')]);
    expect(spec.cloud?.routers.map(({ name, external }) => [name, external])).toEqual([
      ['provision-router', 'public-internet'],
      ['public-router', 'public-internet'],
      ['internal-router', undefined],
      ['storage-router', undefined],
      ['storage-mgmt-router', undefined],
      ['tenant-router', undefined],
    ]);
    expect(spec.cloud?.routers[0]?.networks).toEqual([
      { network: 'provision', address: '192.168.24.254' },
      { network: 'provision2', address: '192.168.25.254' },
      { network: 'provision3', address: '192.168.26.254' },
    ]);
    const relay = spec.cloud?.hosts.find(({ name }) => name === 'dhcrelay');
    expect(relay?.nics.map(({ addresses }) => addresses)).toEqual([
      undefined,
      ['192.168.24.253'],
      ['192.168.25.253'],
      ['192.168.26.253'],
    ]);
    const userData: unknown = parseYaml(relay?.userData ?? '');
    expect(JSON.stringify(userData)).toContain(
      '--dhcp-relay=192.168.25.253,192.168.24.1 --dhcp-relay=192.168.26.253,192.168.24.1',
    );
  });

  test('can ask for no undercloud, one without a floating IP, or one on a volume', () => {
    const hosts = (text: string) => labOf([example('env.yaml'), text]).spec.cloud?.hosts;
    const none = 'resource_registry: {"OS::OVB::UndercloudEnvironment": "OS::Heat::None"}';
    expect(hosts(none)).toEqual([]);
    const [isolated] = hosts(registry('UndercloudFloating', 'undercloud-floating-none.yaml')) ?? [];
    expect(isolated).not.toHaveProperty('floatingIp');
    expect(hosts(registry('UndercloudEnvironment', 'undercloud-volume.yaml'))).toMatchObject([
      { volume: 50 * 2 ** 30 },
    ]);
  });

  test('can have volumes, UEFI, and names of its own for instances', () => {
    const { spec } = labOf([
      'parameters: {baremetal_image: ipxe-boot-uefi, baremetal_volume_size: 60, baremetal_name_template: bm_%index%}',
      registry('ServerPair', 'virtual-baremetal-servers-volume.yaml'),
    ]);
    expect(spec.nodes[1]).toMatchObject({
      firmware: 'uefi',
      disks: [{ size: 60 * 2 ** 30, cloud: { source: 'volume' } }],
      cloud: { serverName: 'bm_1' },
    });
  });

  test('can make the private network', () => {
    const { spec } = labOf([
      'parameters: {external_net: ext, dns_nameservers: "192.0.2.53, 192.0.2.54"}',
      registry('PrivateNetwork', 'private-net-create.yaml'),
    ]);
    expect(spec.networks.find(({ name }) => name === 'private')?.cloud).toMatchObject({
      neutronDhcp: true,
      dnsNameservers: ['192.0.2.53', '192.0.2.54'],
    });
    expect(spec.cloud?.routers).toEqual([
      { name: 'private-router', external: 'ext', networks: [{ network: 'private' }] },
    ]);
  });

  test('can use networks that exist', () => {
    const { spec } = labOf([registry('UndercloudNetworks', 'undercloud-networks-existing.yaml')]);
    expect(spec.networks.map(({ cloud }) => cloud?.existing).sort()).toEqual([
      'private',
      'provision',
      'public',
    ]);
  });

  test('with IPv6 gets both', () => {
    const { spec } = labOf(['parameters: {public_net_ip_version: 6, public_net_cidr: "fd12::/64"}']);
    expect(spec.networks.find(({ name }) => name === 'public')).toMatchObject({
      cidr: '10.0.0.0/24',
      cloud: { cidr6: 'fd12::/64' },
    });
  });

  test('can have an ID, of which only the name of the lab is made', () => {
    const { spec } = labOf([example('env.yaml')], { id: '17' });
    expect(spec.name).toBe('quintupleo-17');
    expect(spec.networks[0]?.name).toBe('provision');
  });

  test('whose network cards are in a template of the user is named', () => {
    const imported = importTexts([registry('BaremetalPorts', 'my-ports.yaml')]);
    expect(whyNot(imported)).toHaveProperty(['OS::OVB::BaremetalPorts']);
  });
});

describe('a role', () => {
  const base = [example('env.yaml'), example('routed.yaml')];

  test('is a node group that inherits what ovb-deploy lets it', () => {
    const { spec } = labOf(base, { roles: [example('role-compute.yaml')] });
    const nodes = spec.nodes.filter(node => node.cloud?.metadata?.['quintupleo:role'] === 'compute');
    expect(nodes.map(node => node.name)).toEqual(['baremetal-compute-0', 'baremetal-compute-1']);
    expect(nodes[0]?.cloud?.flavor).toBe('baremetal-large');
    expect(nodes[0]?.nics.map(nic => nic.network)).toEqual([
      ...['provision2', 'public'],
      ...['overcloud-internal2', 'overcloud-storage2', 'overcloud-storage-mgmt2', 'overcloud-tenant2'],
    ]);
  });

  test('has from the base what ovb-deploy does not let it change', () => {
    const role = `parameter_defaults: {role: r, public_net: other}\n${registry('DHCPRelay', 'dhcp-relay.yaml')}`;
    const imported = importTexts(base, { roles: [role] });
    expect(imported.notMapped.filter(({ environment }) => environment === 'r')).toEqual([
      { environment: 'r', parameter: 'public_net', why: 'ovb-deploy does not heed it in a role' },
      { environment: 'r', parameter: 'OS::OVB::DHCPRelay', why: 'ovb-deploy does not heed it in a role' },
    ]);
  });

  test('of extra nodes is hosts', () => {
    const { spec } = labOf(base, { roles: [example('role-extra.yaml')] });
    expect(spec.cloud?.hosts.at(-1)).toMatchObject({
      name: 'baremetal-extra-0',
      image: 'CentOS-Stream-9',
      nics: [{ network: 'tenant-private' }, { network: 'provision' }, { network: 'public' }],
    });
  });

  test.each(['parameter_defaults: {}', 'parameter_defaults: {role: a_b}'])('needs a name: %s', text => {
    expect(() => importTexts(base, { roles: [text] })).toThrow('needs a parameter "role"');
  });
});

test.each([
  ['[', 'env.yaml: it is not YAML'],
  ['- a', 'env.yaml: an environment must be a mapping'],
  ['parameter_defaults: 3', 'env.yaml: parameter_defaults must be a mapping'],
  ['parameters: {node_count: 0}', 'the environments describe no nodes'],
])('what is no environment is refused: %s', (text, message) => {
  expect(() => importTexts([text])).toThrow(message);
});

test('docs/coming-from-ovb.md is current; else run scripts/generate-docs.js', () => {
  expect(readFileSync('docs/coming-from-ovb.md', 'utf8')).toBe(ovbDocs());
});

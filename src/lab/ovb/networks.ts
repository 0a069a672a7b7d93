import { labelOf } from '../lab-text.ts';
import type { Ledger } from './ledger.ts';
import type { LabSketch } from './sketch.ts';

/** A network that OVB names by a parameter. */
export interface OvbNetwork {
  readonly name: string;
  /** Its name in the lab, where it is added if the environments do not make it. */
  use(sketch: LabSketch): string;
}

/** The networks that machines have cards on. */
export type NetworkNames = Readonly<
  Record<'private' | 'provision' | 'public' | 'internal' | 'storage' | 'storage_mgmt' | 'tenant', OvbNetwork>
>;

const overcloud = ['internal', 'storage', 'storage_mgmt', 'tenant'] as const;
const overcloudCidrs = {
  internal: '172.17',
  storage: '172.18',
  storage_mgmt: '172.19',
  tenant: '172.16',
} as const;

/** The networks that an environment names. */
export function networkNames(ledger: Ledger): NetworkNames {
  const network = (parameter: string, usual: string, cidr: string): OvbNetwork => ({
    name: ledger.text(parameter, usual),
    use(sketch) {
      const label = sketch.network(this.name, cidr);
      ledger.text(parameter, usual, `networks.${label}`);
      return label;
    },
  });
  const ofOvercloud = (name: (typeof overcloud)[number]) =>
    network(`overcloud_${name}_net`, `overcloud_${name}`, `${overcloudCidrs[name]}.0.0/24`);
  return {
    private: network('private_net', 'private', '10.0.1.0/24'),
    provision: network('provision_net', 'provision', '192.168.24.0/24'),
    public: network('public_net', 'public', '10.0.0.0/24'),
    internal: ofOvercloud('internal'),
    storage: ofOvercloud('storage'),
    storage_mgmt: ofOvercloud('storage_mgmt'),
    tenant: ofOvercloud('tenant'),
  };
}

/** Adds the networks and routers that the environment makes. */
export function addNetworks(sketch: LabSketch, ledger: Ledger): NetworkNames {
  const names = networkNames(ledger);
  addUndercloudNetworks(sketch, ledger, names);
  addPrivateNetwork(sketch, ledger, names);
  addOvercloudNetworks(sketch, ledger, names);
  return names;
}

function addUndercloudNetworks(sketch: LabSketch, ledger: Ledger, names: NetworkNames): void {
  const template = ledger.resource('OS::OVB::UndercloudNetworks', 'undercloud-networks.yaml', 'networks');
  if (template === 'undercloud-networks-existing.yaml') return;
  const routed = template === 'undercloud-networks-routed.yaml';
  const provision = addNetwork(sketch, ledger, 'provision_net', names.provision.name, '192.168.24.0/24');
  const further = routed
    ? ([2, 3] as const).map(number => {
        const parameter = `provision_net${number}`;
        const name = ledger.text(parameter, `provision${number}`);
        return addNetwork(sketch, ledger, parameter, name, `192.168.${23 + number}.0/24`);
      })
    : [];
  const publicNetwork = addNetwork(sketch, ledger, 'public_net', names.public.name, '10.0.0.0/24');
  addPools(sketch, ledger, publicNetwork);

  if (routed) {
    const segments = [provision, ...further].map((network, index) => {
      const parameter = `provision_net${index === 0 ? '' : index + 1}`;
      return { parameter, network, address: `192.168.${24 + index}.254` };
    });
    const types = ['OS::OVB::ProvisionNetRouter', 'OS::OVB::ProvisionNetRouterInterface'];
    const routers = types.map(type => ledger.resource(type, '', 'routers'));
    const name = ledger.text('provision_router_name', 'provision_router', 'routers');
    if (!routers.includes('OS::Heat::None')) addRouter(sketch, ledger, name, true, segments);
  }
  if (routed || template === 'undercloud-networks-public-router.yaml') {
    const segment = { parameter: 'public_net', network: publicNetwork, address: '10.0.0.254' };
    addRouter(sketch, ledger, 'public-router', true, [segment]);
  }
}

function addPrivateNetwork(sketch: LabSketch, ledger: Ledger, names: NetworkNames): void {
  const template = ledger.resource('OS::OVB::PrivateNetwork', 'private-net-existing.yaml', 'networks');
  if (template !== 'private-net-create.yaml') return;
  const label = sketch.addNetwork(names.private.name, {});
  const at = `networks.${label}`;
  ledger.text('private_net', 'private', at);
  Object.assign(sketch.content.networks[label] ?? {}, {
    cidr: ledger.text('private_net_cidr', '10.0.1.0/24', `${at}.cidr`),
    dns: ledger.list('dns_nameservers', ['8.8.8.8'], `${at}.dns`),
    neutronDhcp: true,
    portSecurity: true,
  });
  sketch.comment(['networks', label], 'private_net, which OVB makes');
  sketch.comment(['networks', label, 'cidr'], 'private_net_cidr');
  sketch.comment(['networks', label, 'dns'], 'dns_nameservers');
  addRouter(sketch, ledger, 'private-router', true, [{ parameter: 'private_net', network: label }]);
}

function addOvercloudNetworks(sketch: LabSketch, ledger: Ledger, names: NetworkNames): void {
  const template = ledger.resource('OS::OVB::BaremetalNetworks', 'baremetal-networks-none.yaml', 'networks');
  const routed = template === 'baremetal-networks-routed.yaml';
  if (!routed && template !== 'baremetal-networks-all.yaml') return;
  for (const name of overcloud) {
    const parameter = `overcloud_${name}_net`;
    const range = overcloudCidrs[name];
    const first = addNetwork(sketch, ledger, parameter, names[name].name, `${range}.0.0/24`);
    if (!routed) continue;
    const secondName = ledger.text(`${parameter}2`, `overcloud_${name}2`);
    const second = addNetwork(sketch, ledger, `${parameter}2`, secondName, `${range}.1.0/24`);
    addRouter(sketch, ledger, ledger.text(`overcloud_${name}_router`, `${name}_router`, 'routers'), false, [
      { parameter, network: first, address: `${range}.0.254` },
      { parameter: `${parameter}2`, network: second, address: `${range}.1.254` },
    ]);
  }
}

/** Adds a network of the lab's own whose settings are in parameters that begin with `parameter`. */
function addNetwork(
  sketch: LabSketch,
  ledger: Ledger,
  parameter: string,
  name: string,
  usualCidr: string,
): string {
  const at = `networks.${labelOf(name)}`;
  ledger.text(parameter, name, at);
  const version = ledger.number(`${parameter}_ip_version`, 4);
  const cidr = ledger.text(`${parameter}_cidr`, usualCidr);
  const six = version === 6 || cidr.includes(':');
  ledger.number(`${parameter}_ip_version`, 4, six ? `${at}.cidr6` : `${at}.cidr`);
  ledger.text(`${parameter}_cidr`, usualCidr, six ? `${at}.cidr6` : `${at}.cidr`);
  const label = sketch.addNetwork(name, six ? { cidr: usualCidr, cidr6: cidr } : { cidr });
  sketch.comment(['networks', label], parameter);
  sketch.comment(['networks', label, six ? 'cidr6' : 'cidr'], `${parameter}_cidr`);
  if (six) sketch.comment(['networks', label, 'cidr'], 'Networks of a lab have IPv4 as well');
  return label;
}

function addPools(sketch: LabSketch, ledger: Ledger, network: string): void {
  const at = `networks.${network}.allocationPools`;
  const pools = ledger.list('public_net_allocation_pools', [], at).flatMap(pool => {
    if (typeof pool !== 'object' || pool === null || !('start' in pool) || !('end' in pool)) return [];
    return [`${pool.start}-${pool.end}`];
  });
  const settings = sketch.content.networks[network];
  if (pools.length === 0 || !settings || pools.some(pool => pool.includes(':'))) return;
  settings.allocationPools = pools;
  sketch.comment(['networks', network, 'allocationPools'], 'public_net_allocation_pools');
}

interface Segment {
  readonly parameter: string;
  readonly network: string;
  /** Where OVB's router is unless a parameter says otherwise; `undefined`: the gateway. */
  readonly address?: string;
}

function addRouter(
  sketch: LabSketch,
  ledger: Ledger,
  name: string,
  external: boolean,
  segments: readonly Segment[],
): void {
  const index = sketch.content.routers.length;
  const at = `routers[${index}]`;
  const networks = segments.map(({ parameter, network, address }, position) => {
    if (address === undefined) return network;
    const own = ledger.text(`${parameter}_router_address`, address, `${at}.networks[${position}].address`);
    return { network, address: own };
  });
  const router = { name: labelOf(name), networks };
  sketch.content.routers.push(
    external ? { ...router, external: ledger.text('external_net', 'external', `${at}.external`) } : router,
  );
  sketch.comment(['routers', index, 'external'], 'external_net');
  const first = segments[0]?.parameter;
  sketch.comment(['routers', index, 'networks'], `${first}_router_address, and so on`);
}

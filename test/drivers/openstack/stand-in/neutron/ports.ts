import { randomBytes } from 'node:crypto';
import { ApiFault, type Fields, isFields, text, texts } from '../service.ts';
import { slaacAddress } from './addresses.ts';
import { type Around, badRequest, type Item, type Kind } from './kind.ts';
import { type FixedIp, fixedIps, freeAddress, subnetCidr, subnetFor } from './networks.ts';
import type { NetworkStore } from './store.ts';

const macPattern = /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i;

export const portKind: Kind = {
  plural: 'ports',
  singular: 'port',
  label: 'Port',
  attributes: {
    name: '',
    description: '',
    network_id: undefined,
    mac_address: undefined,
    fixed_ips: undefined,
    admin_state_up: true,
    device_id: '',
    device_owner: '',
    port_security_enabled: undefined,
    security_groups: undefined,
    allowed_address_pairs: [],
    extra_dhcp_opts: [],
    'binding:vnic_type': 'normal',
    dns_name: '',
  },
  required: ['network_id'],
  changeable: [
    'name',
    'description',
    'fixed_ips',
    'admin_state_up',
    'device_id',
    'device_owner',
    'port_security_enabled',
    'security_groups',
    'allowed_address_pairs',
    'extra_dhcp_opts',
    'binding:vnic_type',
    'dns_name',
  ],
  forbidden: ['binding:host_id', 'binding:profile'],
  forbiddenLater: ['mac_address'],
  quota: 'port',
  create: (wanted, around) => {
    const { store, projectId } = around;
    const network = store.get('networks', wanted.network_id, projectId);
    const mac = chosenMac(wanted.mac_address, network, store);
    const addresses = allocate(network, mac, wanted.fixed_ips, store);
    const secured = (wanted.port_security_enabled ?? network.port_security_enabled) === true;
    return {
      ...wanted,
      mac_address: mac,
      status: 'DOWN',
      fixed_ips: addresses,
      port_security_enabled: secured,
      security_groups: chosenGroups(wanted.security_groups, secured, around),
      trunk_details: undefined,
    };
  },
  update: (port, changes, around) => {
    const { store } = around;
    const secured = (changes.port_security_enabled ?? port.port_security_enabled) === true;
    const groups = texts(changes.security_groups ?? port.security_groups);
    if (!secured && groups.length > 0) {
      throw new ApiFault(
        409,
        'Port has security group associated. Cannot disable port security or IP address until security group is removed.',
        'PortSecurityPortHasSecurityGroup',
      );
    }
    if (changes.fixed_ips === undefined) return changes;
    const network = store.get('networks', port.network_id, String(port.project_id));
    return {
      ...changes,
      fixed_ips: allocate(network, String(port.mac_address), changes.fixed_ips, store, port),
    };
  },
  remove: (port, { store }) => {
    const owner = String(port.device_owner);
    if (owner.startsWith('network:router') || owner === 'network:floatingip') {
      throw new ApiFault(
        409,
        `Port ${port.id} cannot be deleted directly via the port API: has device owner ${owner}.`,
        'ServicePortInUse',
      );
    }
    const trunk = store
      .all('trunks')
      .find(
        ({ port_id, sub_ports }) =>
          port_id === port.id ||
          (Array.isArray(sub_ports) && sub_ports.some(sub => isFields(sub) && sub.port_id === port.id)),
      );
    if (trunk) {
      throw trunk.port_id === port.id
        ? new ApiFault(
            409,
            `Port ${port.id} is currently a parent port for trunk ${trunk.id}.`,
            'PortInUseAsTrunkParent',
          )
        : new ApiFault(
            409,
            `Port ${port.id} is currently a subport for trunk ${trunk.id}.`,
            'PortInUseAsSubPort',
          );
    }
    for (const floating of store.all('floatingips')) {
      if (floating.port_id !== port.id) continue;
      store.set(floating, { port_id: null, fixed_ip_address: null, router_id: null, status: 'DOWN' });
    }
  },
};

function chosenMac(wanted: unknown, network: Item, store: NetworkStore): string {
  if (wanted === undefined) {
    return ['fa', '16', '3e', ...(randomBytes(3).toString('hex').match(/../g) ?? [])].join(':');
  }
  if (typeof wanted !== 'string' || !macPattern.test(wanted)) {
    throw badRequest(`Invalid input for mac_address. Reason: '${wanted}' is not a valid MAC address.`);
  }
  const mac = wanted.toLowerCase();
  if (store.all('ports').some(port => port.network_id === network.id && port.mac_address === mac)) {
    throw new ApiFault(
      409,
      `Unable to complete operation for network ${network.id}. The mac address ${mac} is in use.`,
      'MacAddressInUse',
    );
  }
  return mac;
}

function chosenGroups(wanted: unknown, secured: boolean, { store, projectId }: Around): string[] {
  const groups = texts(wanted);
  if (groups.length > 0 && !secured) {
    throw new ApiFault(
      400,
      'Port security must be enabled and port must have an IP address in order to use security groups.',
      'PortSecurityAndIPRequiredForSecurityGroups',
    );
  }
  for (const id of groups) store.get('security-groups', id, projectId);
  if (!secured || wanted !== undefined) return groups;
  const standard = store.visible('security-groups', projectId).find(({ name }) => name === 'default');
  return standard ? [standard.id] : [];
}

/** The addresses that a port gets. */
function allocate(
  network: Item,
  mac: string,
  wanted: unknown,
  store: NetworkStore,
  port?: Item,
): readonly FixedIp[] {
  const subnets = store.all('subnets').filter(subnet => subnet.network_id === network.id);
  const taken = new Set(
    store
      .all('ports')
      .filter(other => other.network_id === network.id && other.id !== port?.id)
      .flatMap(other => fixedIps(other).map(({ ip_address }) => ip_address)),
  );
  const give = (subnet: Item): FixedIp => {
    const slaac = hasOwnAddresses(subnet);
    const address = slaac ? slaacAddress(subnetCidr(subnet), mac) : freeAddress(subnet, taken);
    if (address === undefined) {
      throw new ApiFault(
        409,
        `No more IP addresses available on network ${network.id}.`,
        'IpAddressGenerationFailure',
      );
    }
    taken.add(address);
    return { subnet_id: subnet.id, ip_address: address };
  };
  const fromSlaac = subnets.filter(hasOwnAddresses);
  if (wanted === undefined || wanted === null) {
    const chosen = [4, 6].flatMap(
      version => subnets.find(subnet => subnet.ip_version === version && !hasOwnAddresses(subnet)) ?? [],
    );
    return [...chosen, ...fromSlaac].map(give);
  }
  const list = Array.isArray(wanted) ? wanted.filter(isFields) : [];
  const fixed = list.map(entry => chosenAddress(entry, network, subnets, taken, give));
  const missing = fromSlaac.filter(subnet => !fixed.some(({ subnet_id }) => subnet_id === subnet.id));
  return list.length === 0 ? [] : [...fixed, ...missing.map(give)];
}

function chosenAddress(
  entry: Fields,
  network: Item,
  subnets: readonly Item[],
  taken: Set<string>,
  give: (subnet: Item) => FixedIp,
): FixedIp {
  const address = text(entry.ip_address);
  if (address === undefined) {
    const subnet = subnets.find(({ id }) => id === entry.subnet_id);
    if (!subnet) {
      throw invalidAddress(
        `Failed to create port on network ${network.id}, because fixed_ips included invalid subnet ${entry.subnet_id}.`,
      );
    }
    return give(subnet);
  }
  const subnet = subnetFor(
    subnets.filter(({ id }) => entry.subnet_id === undefined || id === entry.subnet_id),
    address,
  );
  if (!subnet) {
    throw entry.subnet_id === undefined
      ? new ApiFault(
          400,
          `IP address ${address} is not a valid IP for any of the subnets on the specified network.`,
          'InvalidIpForNetwork',
        )
      : new ApiFault(
          400,
          `IP address ${address} is not a valid IP for the specified subnet.`,
          'InvalidIpForSubnet',
        );
  }
  if (taken.has(address)) {
    throw new ApiFault(
      409,
      `IP address ${address} already allocated in subnet ${subnet.id}`,
      'IpAddressAlreadyAllocated',
    );
  }
  taken.add(address);
  return { subnet_id: subnet.id, ip_address: address };
}

const invalidAddress = (message: string) =>
  new ApiFault(400, `Invalid input for operation: ${message}`, 'InvalidInput');

/** Whether cards in it give themselves their addresses. */
const hasOwnAddresses = (subnet: Item): boolean =>
  subnet.ipv6_address_mode === 'slaac' || subnet.ipv6_address_mode === 'dhcpv6-stateless';

import { ApiFault, type Fields, isFields, text } from '../service.ts';
import { type Around, badRequest, type Item, type Kind } from './kind.ts';
import { fixedIps, freeAddress } from './networks.ts';
import { portKind } from './ports.ts';
import type { NetworkStore } from './store.ts';

const interfaceOwner = 'network:router_interface';

export const routerKind: Kind = {
  plural: 'routers',
  singular: 'router',
  label: 'Router',
  attributes: {
    name: '',
    description: '',
    admin_state_up: true,
    external_gateway_info: null,
    availability_zone_hints: [],
  },
  changeable: ['name', 'description', 'admin_state_up', 'external_gateway_info'],
  forbidden: ['distributed', 'ha'],
  quota: 'router',
  create: (wanted, around) => ({
    ...wanted,
    external_gateway_info: gateway(wanted.external_gateway_info, around),
    status: 'ACTIVE',
    routes: [],
    availability_zones: [],
    flavor_id: null,
  }),
  update: (router, changes, around) => {
    if (!('external_gateway_info' in changes)) return changes;
    if (around.store.all('floatingips').some(({ router_id }) => router_id === router.id)) {
      throw new ApiFault(
        409,
        `Gateway cannot be updated for router ${router.id}, since a gateway to external network ${externalOf(router)} is required by one or more floating IPs.`,
        'RouterExternalGatewayInUseByFloatingIp',
      );
    }
    return { ...changes, external_gateway_info: gateway(changes.external_gateway_info, around) };
  },
  remove: (router, { store }) => {
    if (interfaces(router, store).length > 0) {
      throw new ApiFault(409, `Router ${router.id} still has ports`, 'RouterInUse');
    }
  },
};

export const floatingIpKind: Kind = {
  plural: 'floatingips',
  singular: 'floatingip',
  label: 'Floating IP',
  attributes: {
    description: '',
    floating_network_id: undefined,
    floating_ip_address: undefined,
    port_id: null,
    fixed_ip_address: undefined,
    subnet_id: undefined,
    dns_name: '',
    dns_domain: '',
  },
  required: ['floating_network_id'],
  changeable: ['description', 'port_id', 'fixed_ip_address'],
  shown: ['router_id'],
  quota: 'floatingip',
  create: (wanted, around) => {
    const { store, projectId } = around;
    const network = externalNetwork(wanted.floating_network_id, around);
    const subnet = store
      .all('subnets')
      .find(other => other.network_id === network.id && other.ip_version === 4);
    const taken = new Set(
      [
        ...store.all('floatingips').map(other => other.floating_ip_address),
        ...store.all('routers').flatMap(gatewayAddresses),
      ].map(String),
    );
    const address = text(wanted.floating_ip_address) ?? (subnet && freeAddress(subnet, taken));
    if (address === undefined) {
      throw new ApiFault(
        409,
        `No more IP addresses available on network ${network.id}.`,
        'IpAddressGenerationFailure',
      );
    }
    return {
      ...wanted,
      subnet_id: undefined,
      floating_ip_address: address,
      ...association(wanted.port_id, network, store, projectId),
    };
  },
  update: (floating, changes, { store, projectId }) => {
    if (!('port_id' in changes)) return changes;
    const network = store.get('networks', floating.floating_network_id, projectId);
    return { ...changes, ...association(changes.port_id, network, store, projectId) };
  },
};

/** Joins a router to a subnet, or to the subnets of a port. */
export function addInterface(store: NetworkStore, router: Item, body: Fields, projectId: string): Fields {
  const port = interfacePort(store, router, body, projectId);
  const [first] = fixedIps(port);
  return interfaceBody(router, port, first?.subnet_id ?? '');
}

function interfacePort(store: NetworkStore, router: Item, body: Fields, projectId: string): Item {
  if (body.port_id !== undefined) {
    const port = store.get('ports', body.port_id, projectId);
    if (port.device_id !== '') {
      throw new ApiFault(
        409,
        `Unable to complete operation on port ${port.id} for network ${port.network_id}. Port already has an attached device ${port.device_id}.`,
        'PortInUse',
      );
    }
    store.set(port, { device_id: router.id, device_owner: interfaceOwner, status: 'ACTIVE' });
    return port;
  }
  const subnet = store.get('subnets', body.subnet_id, projectId);
  if (
    interfaces(router, store).some(port => fixedIps(port).some(({ subnet_id }) => subnet_id === subnet.id))
  ) {
    throw badRequest(`Bad router request: Router already has a port on subnet ${subnet.id}.`);
  }
  if (subnet.gateway_ip === null) {
    throw badRequest('Bad router request: Subnet for router interface must have a gateway IP.');
  }
  const attributes = portKind.create(
    {
      ...portKind.attributes,
      network_id: subnet.network_id,
      fixed_ips: [{ subnet_id: subnet.id, ip_address: subnet.gateway_ip }],
      port_security_enabled: false,
    },
    { store, projectId },
  );
  return store.put(
    'ports',
    { ...attributes, device_id: router.id, device_owner: interfaceOwner, status: 'ACTIVE' },
    projectId,
  );
}

/** Takes a router off a subnet; the port that joined them goes with it. */
export function removeInterface(store: NetworkStore, router: Item, body: Fields): Fields {
  const port = interfaces(router, store).find(
    ({ id, fixed_ips }) =>
      id === body.port_id ||
      (Array.isArray(fixed_ips) &&
        fixed_ips.some(entry => isFields(entry) && entry.subnet_id === body.subnet_id)),
  );
  if (!port) {
    throw new ApiFault(
      404,
      `Router ${router.id} has no interface on subnet ${body.subnet_id ?? body.port_id}`,
      'RouterInterfaceNotFoundForSubnet',
    );
  }
  const subnets = fixedIps(port).map(({ subnet_id }) => subnet_id);
  const needed = store.all('floatingips').some(floating => {
    const inside = store.find('ports', floating.port_id);
    return (
      floating.router_id === router.id &&
      inside &&
      fixedIps(inside).some(ip => subnets.includes(ip.subnet_id))
    );
  });
  if (needed) {
    throw new ApiFault(
      409,
      `Router interface for subnet ${subnets[0]} on router ${router.id} cannot be deleted, as it is required by one or more floating IPs.`,
      'RouterInterfaceInUseByFloatingIP',
    );
  }
  store.drop('ports', port.id);
  return interfaceBody(router, port, fixedIps(port)[0]?.subnet_id ?? '');
}

export const interfaces = (router: Item, store: NetworkStore): readonly Item[] =>
  store.all('ports').filter(port => port.device_id === router.id && port.device_owner === interfaceOwner);

const interfaceBody = (router: Item, port: Item, subnetId: string): Fields => ({
  id: router.id,
  tenant_id: router.project_id,
  project_id: router.project_id,
  port_id: port.id,
  network_id: port.network_id,
  subnet_id: subnetId,
  subnet_ids: fixedIps(port).map(({ subnet_id }) => subnet_id),
  tags: [],
});

function gateway(wanted: unknown, around: Around): Fields | null {
  if (!isFields(wanted) || wanted.network_id === undefined) return null;
  if ('enable_snat' in wanted && wanted.enable_snat === false) {
    throw new ApiFault(
      403,
      '(rule:create_router and (rule:create_router:external_gateway_info and rule:create_router:external_gateway_info:enable_snat)) is disallowed by policy',
      'PolicyNotAuthorized',
    );
  }
  const { store } = around;
  const network = externalNetwork(wanted.network_id, around);
  const subnet = store.all('subnets').find(other => other.network_id === network.id);
  const taken = new Set([
    ...store.all('floatingips').map(other => String(other.floating_ip_address)),
    ...store.all('routers').flatMap(gatewayAddresses),
  ]);
  const address = subnet && freeAddress(subnet, taken);
  return {
    network_id: network.id,
    enable_snat: true,
    external_fixed_ips: subnet ? [{ subnet_id: subnet.id, ip_address: address }] : [],
  };
}

function externalNetwork(id: unknown, { store, projectId }: Around): Item {
  const network = store.get('networks', id, projectId);
  if (network['router:external'] !== true) {
    throw badRequest(`Network ${network.id} is not a valid external network`);
  }
  return network;
}

const externalOf = (router: Item): unknown =>
  isFields(router.external_gateway_info) ? router.external_gateway_info.network_id : undefined;

function gatewayAddresses(router: Item): readonly string[] {
  const info = isFields(router.external_gateway_info) ? router.external_gateway_info : {};
  const addresses = Array.isArray(info.external_fixed_ips) ? info.external_fixed_ips : [];
  return addresses.filter(isFields).map(entry => String(entry.ip_address));
}

/** How a floating IP reaches a port: by the router that joins the port's subnet to the external network. */
function association(portId: unknown, network: Item, store: NetworkStore, projectId: string): Fields {
  if (portId === null || portId === undefined) {
    return { port_id: null, fixed_ip_address: null, router_id: null, status: 'DOWN' };
  }
  const port = store.get('ports', portId, projectId);
  const [fixed] = fixedIps(port);
  const router = store.all('routers').find(candidate => {
    const info = isFields(candidate.external_gateway_info) ? candidate.external_gateway_info : {};
    return (
      info.network_id === network.id &&
      interfaces(candidate, store).some(leg =>
        fixedIps(leg).some(({ subnet_id }) => subnet_id === fixed?.subnet_id),
      )
    );
  });
  if (!router || !fixed) {
    throw new ApiFault(
      404,
      `External network ${network.id} is not reachable from subnet ${fixed?.subnet_id}.  Therefore, cannot associate Port ${port.id} with a Floating IP.`,
      'ExternalGatewayForFloatingIPNotFound',
    );
  }
  return { port_id: port.id, fixed_ip_address: fixed.ip_address, router_id: router.id, status: 'ACTIVE' };
}

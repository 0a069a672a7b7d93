import { systemClock } from '../../../src/support/clock.ts';
import { poll } from '../../../src/support/wait.ts';
import { Api, ApiError, type Json } from './api.ts';

/** What tests make in the tenant's project by themselves, without a lab; disposal takes it away. */
export interface Made extends AsyncDisposable {
  readonly id: string;
}

/** A network with a subnet on which Neutron's own DHCP is silent, and nothing is filtered. */
export async function makeNetwork(name: string, cidr: string): Promise<Made> {
  const tenant = await Api.connect('quintupleo');
  const wanted = { name, port_security_enabled: false };
  const network = idIn(await tenant.call('network', 'POST', '/networks', { network: wanted }));
  const subnet = { network_id: network, ip_version: 4, cidr, enable_dhcp: false };
  await tenant.call('network', 'POST', '/subnets', { subnet });
  return made(network, () => tenant.call('network', 'DELETE', `/networks/${network}`));
}

/** A router between a network and the world. */
export async function makeRouter(network: Made): Promise<Made> {
  const tenant = await Api.connect('quintupleo');
  const [outside] = await tenant.list('network', '/networks?name=public', 'networks');
  const [subnet] = await tenant.list('network', `/subnets?network_id=${network.id}`, 'subnets');
  const wanted = { name: 'router', external_gateway_info: { network_id: outside?.id } };
  const router = idIn(await tenant.call('network', 'POST', '/routers', { router: wanted }));
  const inside = { subnet_id: subnet?.id };
  await tenant.call('network', 'PUT', `/routers/${router}/add_router_interface`, inside);
  return made(router, async () => {
    await tenant.call('network', 'PUT', `/routers/${router}/remove_router_interface`, inside);
    await tenant.call('network', 'DELETE', `/routers/${router}`);
  });
}

/** A security group that lets everything in and out. */
export async function makeOpenGroup(): Promise<Made> {
  const admin = await Api.connect('admin');
  const wanted = { security_group: { name: 'open' } };
  const group = idIn(await admin.call('network', 'POST', '/security-groups', wanted));
  const rule = { security_group_id: group, direction: 'ingress', ethertype: 'IPv4' };
  await admin.call('network', 'POST', '/security-group-rules', { security_group_rule: rule });
  return made(group, () => admin.call('network', 'DELETE', `/security-groups/${group}`));
}

/** A security group of the tenant's that lets nothing in. */
export async function makeGroup(name: string): Promise<Made> {
  const tenant = await Api.connect('quintupleo');
  const group = idIn(await tenant.call('network', 'POST', '/security-groups', { security_group: { name } }));
  return made(group, () => tenant.call('network', 'DELETE', `/security-groups/${group}`));
}

/** Nobody has its private half. */
export const publicKey =
  'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0Yx6xT1cB8m0oZ5m5s1v8Wk9l3F0y8XGkN6n2m3p4q tests';

/** A keypair of the tenant's. */
export async function makeKeypair(name: string): Promise<Made> {
  const tenant = await Api.connect('quintupleo');
  const keypair = { name, public_key: publicKey, type: 'ssh' };
  await tenant.call('compute', 'POST', '/os-keypairs', { keypair });
  return made(name, () => tenant.call('compute', 'DELETE', `/os-keypairs/${name}`));
}

/** A raw disk image whose instances are given no time when they are stopped. */
export async function makeImage(name: string, content: Buffer): Promise<Made> {
  const tenant = await Api.connect('quintupleo');
  const wanted = { name, disk_format: 'raw', container_format: 'bare', os_shutdown_timeout: '0' };
  const image = String((await tenant.call('image', 'POST', '/images', wanted)).id);
  await tenant.upload(image, content);
  return made(image, () => tenant.call('image', 'DELETE', `/images/${image}`));
}

/** What a server is made of. */
export interface ServerOptions {
  readonly name: string;
  readonly image: string;
  readonly network: string;
  readonly zone: 'fake' | 'qemu';
  /** Whether its disk is a new volume of 1 GiB instead of the hypervisor's. */
  readonly volume?: boolean | undefined;
}

/** An instance. */
export interface MadeServer extends Made {
  /** Calls an action and waits for a status. */
  readonly act: (action: Json, status: string) => Promise<void>;
  /** Waits until its serial console has that text. */
  readonly says: (text: string) => Promise<void>;
}

/** An instance that runs. */
export async function makeServer(options: ServerOptions): Promise<MadeServer> {
  const { name, image, network, zone, volume = false } = options;
  const tenant = await Api.connect('quintupleo');
  const flavors = await tenant.list('compute', '/flavors', 'flavors');
  const server = {
    name,
    flavorRef: flavors.find(one => one.name === 'bm.tiny')?.id,
    ...(volume ? { block_device_mapping_v2: [newVolume(image)] } : { imageRef: image }),
    networks: [{ uuid: network }],
    availability_zone: zone,
  };
  const id = idIn(await tenant.call('compute', 'POST', '/servers', { server }));
  const path = `/servers/${id}`;
  const deleted = made(id, async () => {
    await tenant.call('compute', 'DELETE', path);
    await waitUntilGone(tenant, path);
  });
  try {
    await waitForStatus(tenant, path, 'ACTIVE');
  } catch (error) {
    await deleted[Symbol.asyncDispose]();
    throw error;
  }
  const act = async (action: Json, status: string) => {
    await tenant.call('compute', 'POST', `${path}/action`, action);
    await waitForStatus(tenant, path, status);
  };
  const says = async (text: string) => {
    const look = async () => (await consoleOf(tenant, id)).includes(text) || undefined;
    const seen = await poll(systemClock, { every: 500, within: 60_000 }, look);
    if (!seen) throw new Error(`${name} does not say "${text}": ${await consoleOf(tenant, id)}`);
  };
  return { ...deleted, act, says };
}

/** What a server has written to its serial port since it was started, as Nova keeps it; nothing while it is started. */
export async function consoleOf(tenant: Api, server: string): Promise<string> {
  const request = { 'os-getConsoleOutput': {} };
  try {
    return String((await tenant.call('compute', 'POST', `/servers/${server}/action`, request)).output);
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return '';
    throw error;
  }
}

function newVolume(image: string): Json {
  return {
    source_type: 'image',
    uuid: image,
    destination_type: 'volume',
    volume_size: 1,
    boot_index: 0,
    delete_on_termination: true,
  };
}

async function waitForStatus(api: Api, path: string, wanted: string): Promise<void> {
  let last: Json = {};
  const reached = await poll(systemClock, { every: 500, within: 120_000 }, async () => {
    last = (await api.get('compute', path)).server as Json;
    return last.status === 'ERROR' || last.status === wanted ? last.status : undefined;
  });
  if (reached !== wanted) throw new Error(`${path} is not ${wanted} but ${JSON.stringify(last)}`);
}

async function waitUntilGone(api: Api, path: string): Promise<void> {
  const gone = await poll(systemClock, { every: 500, within: 60_000 }, () =>
    api.get('compute', path).then(
      () => undefined,
      error => error instanceof ApiError && error.status === 404,
    ),
  );
  if (!gone) throw new Error(`${path} was not deleted`);
}

function made(id: string, takeAway: () => Promise<unknown>): Made {
  return {
    id,
    [Symbol.asyncDispose]: async () => {
      await takeAway();
    },
  };
}

/** The ID in an answer that has one thing. */
function idIn(answer: Json): string {
  const [thing] = Object.values(answer);
  return String((thing as Json).id);
}

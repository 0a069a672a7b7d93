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
  const subnet = { network_id: network, ip_version: 4, cidr, enable_dhcp: false, gateway_ip: null };
  await tenant.call('network', 'POST', '/subnets', { subnet });
  return made(network, () => tenant.call('network', 'DELETE', `/networks/${network}`));
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
  /** A flavor's name; `undefined`: the smallest. */
  readonly flavor?: string | undefined;
}

/** An instance. */
export interface MadeServer extends Made {
  /** Calls an action and waits for a status. */
  readonly act: (action: Json, status: string) => Promise<void>;
}

/** An instance that runs. */
export async function makeServer(options: ServerOptions): Promise<MadeServer> {
  const { name, image, network, zone, flavor = 'bm.tiny' } = options;
  const tenant = await Api.connect('quintupleo');
  const flavors = await tenant.list('compute', '/flavors', 'flavors');
  const server = {
    name,
    imageRef: image,
    flavorRef: flavors.find(one => one.name === flavor)?.id,
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
  return { ...deleted, act };
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

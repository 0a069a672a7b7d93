import { randomUUID } from 'node:crypto';
import {
  type Answer,
  ApiFault,
  bodyPart,
  type Call,
  type Fields,
  isFields,
  text,
  texts,
} from '../service.ts';
import type { Compute } from './compute.ts';
import { minorVersion } from './microversion.ts';
import {
  type Flavor,
  power,
  type Server,
  type ServerPort,
  type ServerVolume,
  serverLinks,
} from './server.ts';

const properties: readonly string[] = [
  'name',
  'imageRef',
  'flavorRef',
  'availability_zone',
  'networks',
  'metadata',
  'key_name',
  'user_data',
  'config_drive',
  'min_count',
  'max_count',
  'security_groups',
  'block_device_mapping_v2',
  'OS-DCF:diskConfig',
  'adminPass',
  'personality',
  'return_reservation_id',
  'accessIPv4',
  'accessIPv6',
  'block_device_mapping',
];
/** Properties that came with a microversion. */
const later: Readonly<Record<string, number>> = {
  description: 19,
  tags: 52,
  trusted_image_certificates: 63,
  host: 74,
  hypervisor_hostname: 74,
  hostname: 90,
};

/** `POST /servers`. */
export function createServer(call: Call, compute: Compute): Answer {
  const wanted = bodyPart(call, 'server') ?? {};
  const minor = minorVersion(call.headers);
  checkBody(wanted, minor);
  const flavor = compute.flavors.find(
    ({ id }) => id === wanted.flavorRef || id === lastPart(wanted.flavorRef),
  );
  if (!flavor) throw badRequest(`Flavor ${wanted.flavorRef} could not be found.`);
  const zone = text(wanted.availability_zone) ?? compute.zones[0] ?? 'nova';
  if (!compute.zones.includes(zone)) throw badRequest('The requested availability zone is not available');
  const keyName = text(wanted.key_name);
  if (
    keyName !== undefined &&
    !compute.keypairs.some(({ name, userId }) => name === keyName && userId === call.scope.userId)
  ) {
    throw badRequest('Invalid key_name provided.');
  }
  const devices = Array.isArray(wanted.block_device_mapping_v2)
    ? wanted.block_device_mapping_v2.filter(isFields)
    : [];
  const imageId = bootImage(wanted, devices, flavor, compute);
  const hints = isFields(call.body) ? call.body['os:scheduler_hints'] : undefined;
  const group = isFields(hints) ? text(hints.group) : undefined;
  if (group !== undefined && compute.groups.get(group)?.projectId !== call.scope.projectId) {
    throw badRequest(`Instance group ${group} could not be found.`);
  }
  checkQuota(flavor, call.scope.projectId, compute);
  const image = compute.glance.images.get(imageId ?? '');
  const volumes = makeVolumes(devices, wanted, call, compute);
  const ports = choosePorts(wanted.networks, minor, call, compute);
  const now = compute.clock.now();
  const bootVolume = compute.cinder?.volumes.get(volumes[0]?.volumeId ?? '');
  const server: Server = {
    id: randomUUID(),
    projectId: call.scope.projectId,
    userId: call.scope.userId,
    name: text(wanted.name) ?? '',
    vmState: 'building',
    taskState: 'scheduling',
    powerState: power.none,
    locked: false,
    metadata: metadataOf(wanted.metadata),
    tags: [...new Set(texts(wanted.tags))].sort(),
    flavor,
    imageId: imageId ?? undefined,
    imageProperties: { ...(image?.properties ?? bootVolume?.imageProperties) },
    rescueImageId: undefined,
    availabilityZone: zone,
    keyName,
    configDrive: wanted.config_drive === true,
    userData: text(wanted.user_data),
    serverGroup: group,
    ports,
    volumes,
    actions: [{ action: 'create', requestId: call.requestId, startTime: now }],
    createdAt: now,
    updatedAt: now,
    launchedAt: undefined,
    terminatedAt: undefined,
    fault: undefined,
    guest: compute.guestFor(() => server),
  };
  compute.servers.set(server.id, server);
  compute.lifecycle.build(server);
  return {
    status: 202,
    body: {
      server: {
        id: server.id,
        links: serverLinks(server, call.base),
        'OS-DCF:diskConfig': 'MANUAL',
        security_groups: [{ name: 'default' }],
        adminPass: 'create-pass',
      },
    },
    headers: { Location: `${call.base}/servers/${server.id}` },
  };
}

const badRequest = (message: string) => new ApiFault(400, message);

const lastPart = (value: unknown): string | undefined => text(value)?.split('/').at(-1);

function checkBody(wanted: Fields, minor: number): void {
  const invalid = (why: string) =>
    badRequest(`Invalid input for field/attribute server. Value: ${JSON.stringify(wanted)}. ${why}`);
  const unexpected = Object.keys(wanted).find(key => {
    const needs = later[key];
    return needs === undefined ? !properties.includes(key) : minor < needs;
  });
  if (unexpected !== undefined) {
    throw invalid(`Additional properties are not allowed ('${unexpected}' was unexpected)`);
  }
  const required = minor >= 37 ? ['name', 'flavorRef', 'networks'] : ['name', 'flavorRef'];
  const missing = required.find(key => !(key in wanted));
  if (missing !== undefined) throw invalid(`'${missing}' is a required property`);
}

/** @throws {@link ApiFault} when a value is no text */
export function metadataOf(value: unknown): Record<string, string> {
  const metadata: Record<string, string> = {};
  for (const [key, entry] of Object.entries(isFields(value) ? value : {})) {
    if (typeof entry !== 'string') {
      throw badRequest(
        `Invalid input for field/attribute ${key}. Value: ${entry}. ${entry} is not of type 'string'`,
      );
    }
    if (entry.length > 255) {
      throw badRequest(`Invalid input for field/attribute ${key}. Value: ${entry}. '${entry}' is too long`);
    }
    metadata[key] = entry;
  }
  return metadata;
}

function bootImage(
  wanted: Fields,
  devices: readonly Fields[],
  flavor: Flavor,
  compute: Compute,
): string | undefined {
  const id = text(wanted.imageRef);
  if (id === undefined || id === '') {
    if (devices.some(({ boot_index }) => Number(boot_index) === 0)) return undefined;
    throw badRequest(
      'Block Device Mapping is Invalid: Boot sequence for the instance and image/block device mapping combination is not valid.',
    );
  }
  const image = compute.glance.images.get(id);
  if (!image) throw badRequest('Can not find requested image');
  if (image.fields.status !== 'active') throw badRequest(`Image ${id} is not active.`);
  if (Number(image.fields.min_ram) > flavor.ram) {
    throw badRequest("Flavor's memory is too small for requested image.");
  }
  if (flavor.disk > 0 && Number(image.fields.size) > flavor.disk * 2 ** 30) {
    throw badRequest(
      `Flavor's disk is too small for requested image. Flavor disk is ${flavor.disk * 2 ** 30} bytes, image is ${image.fields.size} bytes.`,
    );
  }
  return id;
}

function checkQuota(flavor: Flavor, projectId: string, compute: Compute): void {
  const servers = compute.living(projectId);
  const checks = [
    [
      'cores',
      flavor.vcpus,
      servers.reduce((sum, server) => sum + server.flavor.vcpus, 0),
      compute.quota.cores,
    ],
    ['instances', 1, servers.length, compute.quota.instances],
    ['ram', flavor.ram, servers.reduce((sum, server) => sum + server.flavor.ram, 0), compute.quota.ram],
  ] as const;
  const over = checks.filter(([, requested, used, limit]) => limit >= 0 && used + requested > limit);
  if (over.length === 0) return;
  const column = (index: 0 | 1 | 2 | 3) => over.map(check => check[index]).join(', ');
  throw new ApiFault(
    403,
    `Quota exceeded for ${column(0)}: Requested ${column(1)}, but already used ${column(2)} of ${column(3)} ${column(0)}`,
  );
}

function choosePorts(networks: unknown, minor: number, call: Call, compute: Compute): ServerPort[] {
  const { store } = compute.neutron;
  const { projectId } = call.scope;
  if (networks === 'none') return [];
  if (networks === 'auto' || networks === undefined) {
    const own = store.visible('networks', projectId).filter(network => network['router:external'] !== true);
    const [only] = own;
    if (own.length > 1) {
      throw new ApiFault(409, 'Multiple possible networks found, use a Network ID to be more specific.');
    }
    return only ? [{ portId: makePort({ network_id: only.id }, call, compute), ownedByNova: true }] : [];
  }
  const list = Array.isArray(networks) ? networks.filter(isFields) : [];
  if (minor < 37 && list.length === 0) return choosePorts(undefined, minor, call, compute);
  // Everything is looked at before anything is made.
  for (const entry of list) {
    if (entry.port !== undefined) checkPort(entry.port, projectId, compute);
    else if (!store.visible('networks', projectId).some(({ id }) => id === entry.uuid)) {
      throw badRequest(`Network ${entry.uuid} could not be found.`);
    }
  }
  return list.map(entry => {
    const portId = text(entry.port);
    if (portId !== undefined) return { portId, ownedByNova: false };
    const fixed = entry.fixed_ip === undefined ? {} : { fixed_ips: [{ ip_address: entry.fixed_ip }] };
    return { portId: makePort({ network_id: entry.uuid, ...fixed }, call, compute), ownedByNova: true };
  });
}

/** Whether a server may have this port. */
export function checkPort(id: unknown, projectId: string, compute: Compute): void {
  const { store, extensions } = compute.neutron;
  const port = store.visible('ports', projectId).find(other => other.id === id);
  if (!port) throw badRequest(`Port id ${id} could not be found.`);
  if (port.device_id !== '') throw new ApiFault(409, `Port ${id} is still in use.`);
  const subnets = store.all('subnets').some(subnet => subnet.network_id === port.network_id);
  const addresses = Array.isArray(port.fixed_ips) ? port.fixed_ips : [];
  if (addresses.length === 0 && (subnets || !extensions.has('ip_allocation')))
    throw badRequest(`Port ${id} requires a FixedIP in order to be used.`);
  if (port.port_security_enabled === true && addresses.length === 0) {
    throw badRequest(
      'Network requires port_security_enabled and subnet associated in order to apply security groups.',
    );
  }
}

function makePort(body: Fields, call: Call, compute: Compute): string {
  const port = compute.neutron.store.create('ports', body, call.scope.projectId);
  return port.id;
}

/** Volumes that a new server boots from or gets attached, made where that is asked for. */
function makeVolumes(
  devices: readonly Fields[],
  wanted: Fields,
  call: Call,
  compute: Compute,
): ServerVolume[] {
  const { cinder } = compute;
  const onVolumes = devices.filter(
    device => device.destination_type === 'volume' || device.source_type === 'volume',
  );
  return onVolumes.map((device, index) => {
    const deleteOnTermination = device.delete_on_termination === true;
    const name = `/dev/vd${String.fromCharCode(97 + (wanted.imageRef ? index + 1 : index))}`;
    if (device.source_type === 'volume') {
      const volume = cinder?.find(device.uuid, call.scope.projectId);
      if (!volume) throw badRequest(`Block Device Mapping is Invalid: failed to get volume ${device.uuid}.`);
      if (volume.status !== 'available') {
        throw badRequest(
          `Invalid volume: volume '${volume.id}' status must be 'available'. Currently in '${volume.status}'`,
        );
      }
      volume.status = 'attaching';
      return { volumeId: volume.id, device: name, deleteOnTermination };
    }
    if (!cinder) throw badRequest('Block Device Mapping is Invalid: no volume service.');
    const volume = cinder.create(
      {
        name: '',
        size: Number(device.volume_size ?? 1),
        imageId: device.source_type === 'image' ? text(device.uuid) : undefined,
        volumeType: text(device.volume_type),
      },
      call.scope,
    );
    return { volumeId: volume.id, device: name, deleteOnTermination };
  });
}

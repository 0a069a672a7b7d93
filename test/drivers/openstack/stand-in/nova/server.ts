import { type Fields, longStamp, stamp } from '../service.ts';
import type { Guest } from './guest.ts';

export type VmState = 'building' | 'active' | 'stopped' | 'rescued' | 'error' | 'deleted';

/** What Nova is doing with a server at the moment. */
export type TaskState =
  | 'scheduling'
  | 'networking'
  | 'block_device_mapping'
  | 'spawning'
  | 'powering-off'
  | 'powering-on'
  | 'rebooting'
  | 'reboot_pending'
  | 'reboot_started'
  | 'rebooting_hard'
  | 'reboot_pending_hard'
  | 'reboot_started_hard'
  | 'rescuing'
  | 'unrescuing'
  | 'rebuilding'
  | 'rebuild_spawning'
  | 'deleting';

/** Power states as Nova numbers them. */
export const power = { none: 0, running: 1, shutdown: 4 } as const;

export interface Flavor {
  readonly id: string;
  readonly name: string;
  readonly vcpus: number;
  /** MiB. */
  readonly ram: number;
  /** GiB. */
  readonly disk: number;
  /** GiB. */
  readonly ephemeral: number;
  /** MiB. */
  readonly swap: number;
  readonly extraSpecs: Readonly<Record<string, string>>;
}

/** A port that a server asked for. */
export interface ServerPort {
  readonly portId: string;
  /** Whether Nova made the port, and takes it away with the server. */
  readonly ownedByNova: boolean;
}

export interface ServerVolume {
  readonly volumeId: string;
  readonly device: string;
  readonly deleteOnTermination: boolean;
}

export interface InstanceAction {
  readonly action: string;
  readonly requestId: string;
  readonly startTime: number;
}

/** What Nova knows of a server. */
export interface Server {
  readonly id: string;
  readonly projectId: string;
  readonly userId: string;
  name: string;
  vmState: VmState;
  taskState: TaskState | undefined;
  powerState: number;
  locked: boolean;
  metadata: Record<string, string>;
  tags: string[];
  readonly flavor: Flavor;
  /** `undefined`: it boots from a volume. */
  imageId: string | undefined;
  /** Properties that its image had when it was made. */
  imageProperties: Readonly<Record<string, string>>;
  rescueImageId: string | undefined;
  readonly availabilityZone: string;
  readonly keyName: string | undefined;
  readonly configDrive: boolean;
  readonly userData: string | undefined;
  readonly serverGroup: string | undefined;
  readonly ports: ServerPort[];
  readonly volumes: ServerVolume[];
  readonly actions: InstanceAction[];
  readonly createdAt: number;
  updatedAt: number;
  launchedAt: number | undefined;
  terminatedAt: number | undefined;
  fault: { readonly code: number; readonly message: string; readonly created: number } | undefined;
  readonly guest: Guest;
}

/** The status that the API shows. */
export function statusOf({ vmState, taskState }: Server): string {
  const rebuilding = taskState === 'rebuilding' || taskState === 'rebuild_spawning';
  switch (vmState) {
    case 'active':
      if (rebuilding) return 'REBUILD';
      if (taskState?.startsWith('reboot')) return taskState.endsWith('_hard') ? 'HARD_REBOOT' : 'REBOOT';
      return 'ACTIVE';
    case 'building':
      return 'BUILD';
    case 'stopped':
      return rebuilding ? 'REBUILD' : 'SHUTOFF';
    case 'rescued':
      return 'RESCUE';
    case 'error':
      return rebuilding ? 'REBUILD' : 'ERROR';
    case 'deleted':
      return 'DELETED';
  }
}

/** How one microversion shows a server. */
export function serverView(
  server: Server,
  around: {
    /** Minor version. */
    readonly minor: number;
    /** URL of the API, without a slash. */
    readonly base: string;
    readonly addresses: Fields;
    /** Whether a security group guards any of its ports. */
    readonly guarded: boolean;
    /** Whether it is shown by itself; some fields are in no list. */
    readonly alone: boolean;
  },
): Fields {
  const { minor, base, alone } = around;
  const root = base.replace(/\/v2\.1$/, '');
  const { flavor } = server;
  const status = statusOf(server);
  const bookmark = (path: string) => ({ rel: 'bookmark', href: `${root}/${path}` });
  return {
    id: server.id,
    name: server.name,
    status,
    tenant_id: server.projectId,
    user_id: server.userId,
    metadata: server.metadata,
    hostId: server.launchedAt === undefined ? '' : 'e5333cd88aeebe3ba2618ed0c796fa317cfa734f2eac131535c0d492',
    image:
      server.imageId === undefined
        ? ''
        : { id: server.imageId, links: [bookmark(`images/${server.imageId}`)] },
    flavor:
      minor >= 47
        ? {
            vcpus: flavor.vcpus,
            ram: flavor.ram,
            disk: flavor.disk,
            ephemeral: flavor.ephemeral,
            swap: flavor.swap,
            original_name: flavor.name,
            extra_specs: flavor.extraSpecs,
          }
        : { id: flavor.id, links: [bookmark(`flavors/${flavor.id}`)] },
    created: stamp(server.createdAt),
    updated: stamp(server.updatedAt),
    addresses: around.addresses,
    accessIPv4: '',
    accessIPv6: '',
    links: serverLinks(server, base),
    'OS-DCF:diskConfig': 'MANUAL',
    ...(['ACTIVE', 'BUILD', 'REBUILD'].includes(status) ? { progress: 0 } : {}),
    'OS-EXT-AZ:availability_zone': server.launchedAt === undefined ? '' : server.availabilityZone,
    config_drive: server.configDrive ? 'True' : '',
    key_name: server.keyName ?? null,
    'OS-SRV-USG:launched_at': server.launchedAt === undefined ? null : longStamp(server.launchedAt),
    'OS-SRV-USG:terminated_at': server.terminatedAt === undefined ? null : longStamp(server.terminatedAt),
    'OS-EXT-STS:task_state': server.taskState ?? null,
    'OS-EXT-STS:vm_state': server.vmState,
    'OS-EXT-STS:power_state': server.powerState,
    'os-extended-volumes:volumes_attached': server.volumes.map(({ volumeId, deleteOnTermination }) =>
      minor >= 3 ? { id: volumeId, delete_on_termination: deleteOnTermination } : { id: volumeId },
    ),
    ...(server.fault && (status === 'ERROR' || status === 'DELETED')
      ? {
          fault: {
            code: server.fault.code,
            message: server.fault.message,
            created: stamp(server.fault.created),
          },
        }
      : {}),
    ...(around.guarded ? { security_groups: [{ name: 'default' }] } : {}),
    ...(minor >= 9 ? { locked: server.locked } : {}),
    ...(minor >= 19 ? { description: null } : {}),
    ...(minor >= 26 ? { tags: server.tags } : {}),
    ...(minor >= 63 ? { trusted_image_certificates: null } : {}),
    ...(minor >= 71 && alone
      ? { server_groups: server.serverGroup === undefined ? [] : [server.serverGroup] }
      : {}),
    ...(minor >= 73 ? { locked_reason: null } : {}),
    ...(minor >= 90 ? { 'OS-EXT-SRV-ATTR:hostname': hostname(server.name) } : {}),
  };
}

export const serverLinks = (server: Server, base: string): Fields[] => [
  { rel: 'self', href: `${base}/servers/${server.id}` },
  { rel: 'bookmark', href: `${base.replace(/\/v2\.1$/, '')}/servers/${server.id}` },
];

const hostname = (name: string): string =>
  name
    .toLowerCase()
    .replaceAll(/[ _.]/g, '-')
    .replaceAll(/[^a-z0-9-]/g, '');

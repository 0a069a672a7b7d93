import type { CloudHost } from '../../../../node/cloud-spec.ts';
import type { LabSpec } from '../../../../node/spec.ts';
import { QuintupleoError } from '../../../../support/errors.ts';
import type { Image } from '../../client/image.ts';
import { chooseFlavor, type FlavorNeeds } from '../flavors.ts';
import { nameOfLabel } from './label.ts';
import type { ComparedMachine } from './machine-differences.ts';
import type { DesiredMachine, MachineParts } from './machines.ts';
import type { DesiredPort } from './ports.ts';
import type { Aspects } from './record.ts';

/** IDs of a project's security groups by name, and by ID. */
export type SecurityGroupIds = ReadonlyMap<string, readonly string[]>;

const gibibyte = 2 ** 30;

/** Nova's own limit. Bytes of Base64. */
const longestUserData = 65_535;

/**
 * What a host shall be, as far as it is compared with what is there.
 * @param groups - the IDs of the security groups of the project, by name
 */
export function comparedHost(host: CloudHost, groups: SecurityGroupIds): ComparedMachine {
  const ports = portsOfHost(host, groups);
  return { ports, trunks: [], aspects: aspectsOf(host), metadata: host.metadata ?? {} };
}

/**
 * A host as a machine that can be made.
 * @param groups - the IDs of the security groups of the project, by name
 * @throws QuintupleoError when the cloud has no flavor or image for it, or its user data is too long
 */
export async function hostMachine(
  owner: string,
  host: CloudHost,
  lab: LabSpec,
  parts: MachineParts,
  groups: SecurityGroupIds,
): Promise<DesiredMachine> {
  const { name, volume, configDrive = false } = host;
  const what = `host ${name}`;
  const image = await parts.image(host.image, what);
  const flavor = chooseFlavor(parts.flavors, flavorNeeds(host, image), host.flavor, what);
  const userData = encodeUserData(host);
  const keypair = host.publicKey === undefined ? host.keypair : nameOfLabel({ lab: lab.name, owner, name });
  const root = 'disk-0';
  return {
    kind: 'host',
    name,
    ...comparedHost(host, groups),
    volumes:
      volume === undefined
        ? []
        : [{ part: root, size: Math.ceil(volume / gibibyte), volumeType: undefined, image: image.id }],
    flavor,
    endsOff: false,
    body: async volumes => {
      const uuid = volumes.get(root);
      const boot =
        uuid === undefined
          ? { imageRef: image.id }
          : {
              block_device_mapping_v2: [
                {
                  source_type: 'volume',
                  destination_type: 'volume',
                  uuid,
                  boot_index: 0,
                  delete_on_termination: false,
                } as const,
              ],
            };
      return {
        name: `${lab.name}-${name}`,
        flavorRef: flavor.id,
        availability_zone: host.availabilityZone,
        key_name: keypair,
        user_data: userData,
        config_drive: configDrive,
        ...(host.serverGroup === undefined ? {} : { serverGroup: parts.groupId(host.serverGroup) }),
        ...boot,
      };
    },
  };
}

function portsOfHost(host: CloudHost, groups: SecurityGroupIds): DesiredPort[] {
  const securityGroups = groupIds(host, groups);
  return host.nics.map(({ network, mac, addresses, portSecurity }, index) => ({
    part: `port-${index}`,
    network,
    mac,
    addresses,
    portSecurity,
    securityGroups,
    inTrunk: false,
  }));
}

function aspectsOf(host: CloudHost): Aspects {
  return {
    flavor: { flavor: host.flavor, cpus: host.cpus, memory: host.memory },
    image: host.image,
    disks: host.volume,
    nics: host.nics.map(({ network, mac }) => ({ network, mac })),
    login: {
      keypair: host.keypair,
      publicKey: host.publicKey,
      userData: host.userData,
      configDrive: host.configDrive ?? false,
    },
    place: { zone: host.availabilityZone, group: host.serverGroup },
  };
}

function flavorNeeds({ cpus = 1, memory = 0, volume }: CloudHost, image: Image): FlavorNeeds {
  return {
    cpus,
    memory: Math.max(memory, (image.min_ram ?? 0) * 2 ** 20),
    root: volume === undefined ? Math.max(1, image.min_disk ?? 0) : 0,
    ephemeral: 0,
  };
}

function encodeUserData({ name, userData }: CloudHost): string | undefined {
  if (userData === undefined) return undefined;
  const encoded = Buffer.from(userData).toString('base64');
  if (encoded.length <= longestUserData) return encoded;
  throw new QuintupleoError(
    `the user data of host ${name} is too long: ${encoded.length} bytes in Base64, where Nova takes ${longestUserData}`,
    {
      family: 'config',
      code: 'USER_DATA_TOO_LONG',
      remedy: 'Let it fetch the larger part from somewhere.',
    },
  );
}

function groupIds({ name, securityGroups }: CloudHost, groups: SecurityGroupIds): string[] | undefined {
  return securityGroups?.map(group => {
    const [id, another] = groups.get(group) ?? [];
    if (another !== undefined) {
      throw new QuintupleoError(`host ${name}: the project has several security groups ${group}`, {
        family: 'config',
        code: 'SECURITY_GROUP_AMBIGUOUS',
        remedy: 'Give the ID of one in the lab file.',
      });
    }
    if (id !== undefined) return id;
    throw new QuintupleoError(`host ${name}: the project has no security group ${group}`, {
      family: 'config',
      code: 'SECURITY_GROUP_NOT_FOUND',
      remedy: 'Look at the names with: openstack security group list.',
    });
  });
}

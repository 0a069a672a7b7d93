import { QuintupleoError } from '../../../../support/errors.ts';
import type { BlockDevice, CreateServer } from '../../client/compute-types.ts';
import type { DesiredDisk, DesiredNode } from './desired-node.ts';

/** IDs of what a node's boot devices are made from. */
export interface BootSources {
  /** The image with our firmware: a disc for the director, else a disk. */
  readonly firmware: string;
  /** Of each disk that begins with an image, by part. */
  readonly images: ReadonlyMap<string, string>;
  /** Of each volume that was made, by part. */
  readonly volumes: ReadonlyMap<string, string>;
  /** Whether the flavor brings ephemeral space. */
  readonly ephemeral: boolean;
}

type BootFields = Pick<CreateServer, 'imageRef' | 'block_device_mapping_v2'>;

/**
 * How Nova is told of a node's disks.
 * @throws QuintupleoError `DISK_IMAGE_UNUSABLE`
 */
export function bootDevices(node: DesiredNode, sources: BootSources): BootFields {
  const fields = node.strategy === 'director' ? directorDevices(node, sources) : diskDevices(node, sources);
  const devices = fields.block_device_mapping_v2 ?? [];
  if (!sources.ephemeral || devices.some(({ source_type }) => source_type === 'blank')) return fields;
  return { ...fields, block_device_mapping_v2: [...devices, spareDevice] };
}

/**
 * Where no disk is asked for, Nova makes one of all the flavor's ephemeral space and boots it before the volumes. So the
 * smallest is asked for, as a second CD-ROM: no disk of the machine, and after our firmware.
 */
const spareDevice: BlockDevice = {
  ...blankDevice({ size: 1 }),
  device_type: 'cdrom',
  disk_bus: 'sata',
};

/**
 * Our firmware first, as a CD-ROM that is always there; then the disks. Local ones on SATA, where a BIOS finds them
 * although Nova does not name them in the boot order; volumes are named in it.
 */
function directorDevices({ node, disks }: DesiredNode, { firmware, volumes }: BootSources): BootFields {
  const firmwareDevice: BlockDevice = {
    source_type: 'image',
    destination_type: 'local',
    uuid: firmware,
    boot_index: 0,
    device_type: 'cdrom',
    disk_bus: 'sata',
    delete_on_termination: true,
  };
  let bootIndex = 0;
  const devices = disks.map((disk): BlockDevice => {
    const volume = volumes.get(disk.part);
    if (volume !== undefined) return volumeDevice(volume, ++bootIndex);
    if (disk.image !== undefined) throw imageUnusable(node.name, disk);
    return { ...blankDevice(disk), disk_bus: 'sata' };
  });
  return { imageRef: firmware, block_device_mapping_v2: [firmwareDevice, ...devices] };
}

/** The first disk is the root disk, as with any instance. One that does not begin with an image begins as a disk that boots from the network. */
function diskDevices({ node, disks }: DesiredNode, { firmware, images, volumes }: BootSources): BootFields {
  const [root, ...others] = disks;
  const beside = others.map((disk, index): BlockDevice => {
    const volume = volumes.get(disk.part);
    if (volume !== undefined) return volumeDevice(volume, index + 1);
    if (disk.image !== undefined) throw imageUnusable(node.name, disk);
    return blankDevice(disk);
  });
  const rootVolume = root && volumes.get(root.part);
  if (rootVolume !== undefined) {
    return { block_device_mapping_v2: [volumeDevice(rootVolume, 0), ...beside] };
  }
  const imageRef = (root && images.get(root.part)) ?? firmware;
  const rootDevice: BlockDevice = {
    source_type: 'image',
    destination_type: 'local',
    uuid: imageRef,
    boot_index: 0,
    device_type: 'disk',
    delete_on_termination: true,
  };
  return { imageRef, block_device_mapping_v2: [rootDevice, ...beside] };
}

function blankDevice({ size }: Pick<DesiredDisk, 'size'>): BlockDevice {
  return {
    source_type: 'blank',
    destination_type: 'local',
    volume_size: size,
    boot_index: -1,
    delete_on_termination: true,
  };
}

/** The volume is ours to delete, once the server is gone. */
function volumeDevice(uuid: string, boot_index: number): BlockDevice {
  return {
    source_type: 'volume',
    destination_type: 'volume',
    uuid,
    boot_index,
    delete_on_termination: false,
  };
}

function imageUnusable(node: string, { part, image }: DesiredDisk): QuintupleoError {
  return new QuintupleoError(`${part} of ${node} cannot begin with the image ${image}: it is a local disk`, {
    family: 'config',
    code: 'DISK_IMAGE_UNUSABLE',
    remedy: 'Say source: volume for it in the lab file, or leave the image out: Nova makes such disks blank.',
  });
}

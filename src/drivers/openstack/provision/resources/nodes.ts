import type { LabSpec, NodeSpec } from '../../../../node/spec.ts';
import { chooseFlavor, ephemeralOf } from '../flavors.ts';
import { bootDevices } from './boot-devices.ts';
import { desiredNode } from './desired-node.ts';
import type { DesiredMachine, MachineParts } from './machines.ts';
import type { Site } from './site.ts';

/**
 * A node as a machine that can be made.
 * @throws QuintupleoError when the cloud has no flavor or image for it
 */
export async function nodeMachine(
  site: Pick<Site, 'ctx'>,
  node: NodeSpec,
  lab: LabSpec,
  parts: MachineParts,
): Promise<DesiredMachine> {
  const desired = desiredNode(node, lab);
  const { name, firmware, cloud } = node;
  const what = `node ${name}`;
  const flavor = chooseFlavor(parts.flavors, desired.flavor, cloud?.flavor, what);
  const images = new Map<string, string>();
  for (const { part, image } of desired.disks) {
    if (image !== undefined) images.set(part, (await parts.image(image, `${what}, ${part}`)).id);
  }
  return {
    kind: 'machine',
    name,
    ports: desired.ports,
    trunks: desired.trunks,
    volumes: desired.disks
      .filter(({ source }) => source === 'volume')
      .map(({ part, size, volumeType }) => ({ part, size, volumeType, image: images.get(part) })),
    flavor,
    aspects: desired.aspects,
    metadata: desired.metadata,
    endsOff: true,
    body: async volumes => ({
      name: desired.serverName,
      flavorRef: flavor.id,
      availability_zone: cloud?.availabilityZone,
      config_drive: false,
      ...(cloud?.serverGroup === undefined ? {} : { serverGroup: parts.groupId(cloud.serverGroup) }),
      ...bootDevices(desired, {
        firmware: await parts.firmware.ensure(
          {
            kind: desired.strategy === 'director' ? firmware : 'disk',
            firmware,
            secureBoot: cloud?.secureBoot,
          },
          site.ctx,
        ),
        images,
        volumes,
        ephemeral: ephemeralOf(flavor) > 0,
      }),
    }),
  };
}

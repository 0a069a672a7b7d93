import { QuintupleoError } from '../../../../support/errors.ts';
import type { Lookups } from '../lookups.ts';
import type { DesiredMachine } from '../resources/machines.ts';

/** What of a cloud a machine names. */
export interface NamedParts {
  readonly zone: string | undefined;
  readonly keypair: string | undefined;
}

/**
 * Sees to it that the cloud has what a machine needs, before anything is made.
 * @param what - the machine, for messages: `node m-0`
 * @throws QuintupleoError `ZONE_NOT_FOUND`, `KEYPAIR_NOT_FOUND`, `VOLUME_TYPE_NOT_FOUND`, `CLOUD_LACKS`
 */
export async function checkMachine(
  what: string,
  { volumes, trunks }: Pick<DesiredMachine, 'volumes' | 'trunks'>,
  { zone, keypair }: NamedParts,
  lookups: Lookups,
): Promise<void> {
  // An administrator may name a hypervisor, too: ZONE:HOST.
  const [zoneName] = zone?.split(':') ?? [];
  if (zoneName !== undefined) {
    const zones = await lookups.zones();
    if (!zones.has(zoneName)) throw lacking(what, 'availability zone', zoneName, zones);
  }
  if (keypair !== undefined) {
    const keypairs = await lookups.keypairs();
    if (!keypairs.has(keypair)) throw lacking(what, 'keypair', keypair, keypairs);
  }
  if (trunks.length > 0 && !(await lookups.extensions()).has('trunk')) {
    throw unable(`${what} has a card with VLANs, and this cloud's Neutron has no trunks`, 'Leave vlans out.');
  }
  if (volumes.length === 0) return;
  const types = await lookups.volumeTypes();
  if (!types) {
    throw unable(
      `${what} has volumes, and this cloud has no Cinder`,
      'Say source: local for its disks, or let it boot from its flavor’s disk.',
    );
  }
  for (const { volumeType } of volumes) {
    if (volumeType !== undefined && !types.has(volumeType)) {
      throw lacking(what, 'volume type', volumeType, types);
    }
  }
}

const codes = {
  'availability zone': 'ZONE_NOT_FOUND',
  keypair: 'KEYPAIR_NOT_FOUND',
  'volume type': 'VOLUME_TYPE_NOT_FOUND',
} as const;

function lacking(
  what: string,
  kind: keyof typeof codes,
  name: string,
  known: ReadonlySet<string>,
): QuintupleoError {
  return new QuintupleoError(`${what}: the cloud has no ${kind} ${name}`, {
    family: 'config',
    code: codes[kind],
    remedy: `It has ${[...known].join(', ') || 'none'}.`,
  });
}

function unable(message: string, remedy: string): QuintupleoError {
  return new QuintupleoError(message, { family: 'config', code: 'CLOUD_LACKS', remedy });
}

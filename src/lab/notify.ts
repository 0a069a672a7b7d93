import { dirname, resolve } from 'node:path';
import { Destinations } from '../support/destinations.ts';
import { parseIpv4 } from '../support/ipv4.ts';
import { parseSize } from '../support/quantity.ts';
import type { NotifyDefinition } from './definition.ts';
import { limits, notifyDefaults } from './limits.ts';
import type { Report } from './problem.ts';
import { checkDestinations } from './redfish.ts';
import type { NotifyContent } from './schema-notify.ts';
import { type LabFileSources, readSecret } from './secret.ts';

/** What notifications follow from besides their own section of the file. */
export interface NotifySurroundings {
  /** Absolute path of the lab file. */
  readonly source: string;
  readonly sources: LabFileSources;
  readonly report: Report;
}

/** Fills in who is told of a lab's events, and reports what cannot be; `undefined`: nobody. */
export function resolveNotify(
  content: NotifyContent | undefined,
  around: NotifySurroundings,
): NotifyDefinition | undefined {
  if (!content) return undefined;
  const { report } = around;
  const destinations = content.destinations && checkDestinations(content.destinations, ['notify'], report);
  return {
    webhooks: resolveWebhooks(content.webhooks, destinations, around),
    traps: resolveTraps(content.traps, around),
    file: resolveFile(content.file, around),
    destinations,
  };
}

function resolveWebhooks(
  webhooks: NotifyContent['webhooks'],
  destinations: readonly string[] | undefined,
  { sources, report }: NotifySurroundings,
): NotifyDefinition['webhooks'] {
  const allowed = attempt(() => new Destinations(destinations));
  return webhooks.map(({ secret, ...rest }, index) => {
    const path = ['notify', 'webhooks', index];
    const refusal = allowed?.refusal(rest.url);
    if (refusal !== undefined) {
      const remedy = 'Use another one, or name its host in notify.destinations.';
      report([...path, 'url'], `url cannot be told: ${refusal}. ${remedy}`);
    }
    const key =
      secret === undefined ? undefined : readSecret(secret, 'secret', [...path, 'secret'], sources, report);
    return { ...rest, secret: key };
  });
}

function resolveTraps(
  traps: NotifyContent['traps'],
  { sources, report }: NotifySurroundings,
): NotifyDefinition['traps'] {
  return traps.map(({ community = notifyDefaults.community, ...rest }, index) => {
    const path = ['notify', 'traps', index];
    if ((parseIpv4(rest.address) ?? Number.POSITIVE_INFINITY) >= 0xe000_0000) {
      report(
        [...path, 'address'],
        `address "${rest.address}" is not an address of a host. Use the receiver's.`,
      );
    }
    const read = readSecret(community, 'community', [...path, 'community'], sources, report);
    return { ...rest, community: read ?? notifyDefaults.community };
  });
}

function resolveFile(
  content: NotifyContent['file'],
  { source, report }: NotifySurroundings,
): NotifyDefinition['file'] {
  if (content === false) return undefined;
  const given = content === true ? undefined : content;
  const size = parseSize(given?.size ?? notifyDefaults.size) ?? Number.NaN;
  if (!(size >= limits.leastEventFile && size <= limits.mostEventFile)) {
    report(['notify', 'file', 'size'], `size "${given?.size}" is out of range. Use 64KiB to 1GiB.`);
  }
  const path = given?.path === undefined ? undefined : resolve(dirname(source), given.path);
  return { path, size, keep: given?.keep ?? notifyDefaults.keep };
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    // What is wrong with them has been reported by then.
    return undefined;
  }
}

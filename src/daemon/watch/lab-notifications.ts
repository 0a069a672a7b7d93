import { join } from 'node:path';
import type { Clock } from '../../support/clock.ts';
import type { Logger } from '../../support/log.ts';
import type { Labs } from '../labs.ts';
import type { Happenings } from './happenings.ts';
import { Notifications } from './notifications.ts';

/** Tells those whom the lab files name, as the labs are at any time. */
export function notifyFor(
  labs: Pick<Labs, 'list'>,
  happenings: Happenings,
  {
    stateDirectory,
    ...around
  }: { readonly stateDirectory: string; readonly clock: Clock; readonly log: Logger },
): Notifications {
  const definitionOf = (lab: string) => labs.list().find(({ name }) => name === lab)?.record.definition;
  return new Notifications(happenings, {
    ...around,
    random: Math.random,
    definitionOf: lab => definitionOf(lab)?.notify,
    fileOf: lab => join(stateDirectory, 'labs', lab, 'events.jsonl'),
    subjectOf: (lab, node) => {
      const definition = definitionOf(lab);
      const spec = definition?.spec.nodes.find(({ name }) => name === node);
      const bmc = definition?.bmcs[node];
      return spec && bmc && { uuid: spec.uuid, address: bmc.ipmi.address };
    },
  });
}

import type { Clock } from '../../../../support/clock.ts';
import type { Logger } from '../../../../support/log.ts';
import type { CallContext } from '../../client/call.ts';
import type { OpenStack } from '../../client/openstack.ts';
import type { Thing, Things, ThingType } from '../inventory.ts';
import type { Label } from './label.ts';
import type { ServerWatch } from './server-watch.ts';

/** Where and for whom things are made. */
export interface Site {
  readonly openstack: OpenStack;
  readonly lab: string;
  /** See {@link Label}. */
  readonly owner: string;
  /** Milliseconds since the Unix epoch, as it shall be recorded on what is made. */
  readonly expires: number | undefined;
  readonly servers: ServerWatch;
  readonly clock: Clock;
  readonly log: Logger;
  readonly ctx: CallContext;
}

/** A label of this lab. */
export function labelFor(site: Site, kind: Label['kind'], name: string, part = ''): Label {
  return { lab: site.lab, owner: site.owner, kind, name, part };
}

/** What was just made, as the inventory would find it. */
export function thing<T extends ThingType>(site: Site, type: T, label: Label, it: Things[T]): Thing<T> {
  const id = 'id' in it && typeof it.id === 'string' ? it.id : label.name;
  const name = typeof it.name === 'string' ? it.name : '';
  return { type, id, name, label, expires: site.expires, created: undefined, it };
}

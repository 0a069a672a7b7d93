import type { Privilege } from '../../accounts.ts';
import type { Bmc } from '../bmc.ts';
import { leastPrivilege, privilegeOf } from '../privilege.ts';

/** The one channel that a BMC has. */
export const lanChannel = 1;

/** "The channel that this request came over." */
const thisChannel = 0x0e;

/** Whether a request's channel number, in the low four bits, names the LAN channel. */
export function isLanChannel(byte: number): boolean {
  const channel = byte & 0x0f;
  return channel === lanChannel || channel === thisChannel;
}

/** The most that a session on the LAN channel may have: what the lab file allows, or less if a client said so. */
export function channelPrivilege(bmc: Pick<Bmc, 'settings' | 'memory'>): Privilege {
  const [limit] = bmc.memory.value.channelAccess;
  const { channelPrivilege: most } = bmc.settings;
  return leastPrivilege(most, (limit !== undefined && privilegeOf(limit)) || most);
}

import type { Privilege } from '../accounts.ts';
import type { BmcMemoryContent } from './memory.ts';
import { privilegeOf } from './privilege.ts';

/** Numbers of the SOL configuration parameters that clients may write. @see IPMI 2.0 table 26-5 */
export const SolParameter = {
  enable: 1,
  authentication: 2,
  accumulate: 3,
  retry: 4,
  bitRate: 5,
  volatileBitRate: 6,
} as const;

/** Their values until a client writes them. */
export const defaultSolParameters: Readonly<Record<keyof typeof SolParameter, readonly number[]>> = {
  enable: [0x01],
  authentication: [0x03], // operators may use it; whether it is encrypted is the session's choice
  accumulate: [1, 96], // 5 ms, or so many characters
  retry: [7, 50], // 7 times, every 500 ms
  bitRate: [0x0a], // 115.2 kbit/s
  volatileBitRate: [0x0a],
};

/** What SOL does by these parameters. */
export interface SolConfiguration {
  readonly enabled: boolean;
  /** Least privilege that may activate it. */
  readonly privilege: Privilege;
  readonly forceEncryption: boolean;
  readonly forceAuthentication: boolean;
  /** Milliseconds that a character may wait for more of them. */
  readonly accumulateInterval: number;
  /** So many characters do not wait. */
  readonly sendThreshold: number;
  /** How often, and every how many milliseconds, a packet is sent again that is not acknowledged. */
  readonly retryCount: number;
  readonly retryInterval: number;
}

/** The configuration in force. */
export function solConfiguration({ sol }: Pick<BmcMemoryContent, 'sol'>): SolConfiguration {
  const read = (key: keyof typeof SolParameter) => sol[SolParameter[key]] ?? defaultSolParameters[key];
  const [enable = 0] = read('enable');
  const [authentication = 0] = read('authentication');
  const [interval = 1, threshold = 0] = read('accumulate');
  const [retryCount = 0, retryInterval = 0] = read('retry');
  return {
    enabled: (enable & 0x01) !== 0,
    privilege: privilegeOf(authentication & 0x0f) ?? 'administrator',
    forceEncryption: (authentication & 0x80) !== 0,
    forceAuthentication: (authentication & 0x40) !== 0,
    accumulateInterval: interval * 5,
    sendThreshold: Math.max(1, threshold),
    retryCount: retryCount & 0x07,
    retryInterval: Math.max(1, retryInterval) * 10,
  };
}

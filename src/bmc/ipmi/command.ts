import type { Account, Privilege } from '../accounts.ts';
import type { Bmc } from './bmc.ts';
import type { CompletionCode } from './completion.ts';

/** Network functions of requests; a response has the next odd number. @see IPMI 2.0 table 5-1 */
export const NetFn = {
  chassis: 0x00,
  bridge: 0x02,
  sensor: 0x04,
  app: 0x06,
  firmware: 0x08,
  storage: 0x0a,
  transport: 0x0c,
  groupExtension: 0x2c,
} as const;

/** An RMCP+ or IPMI 1.5 session, as commands see it. */
export interface Session {
  /** 1 to 63: what Get Session Info calls its handle. */
  readonly handle: number;
  /** The BMC's ID of the session. */
  readonly id: number;
  readonly account: Account;
  /** The most that this session may ask for: the least of what its user, its channel and its Open Session allow. */
  readonly maximumPrivilege: Privilege;
  /** What it has now; set by Set Session Privilege Level. */
  privilege: Privilege;
  readonly remote: { readonly address: string; readonly port: number };
  readonly protocol: 'rmcp+' | 'ipmi-1.5';
  /** Whether its cipher suite has integrity and confidentiality: {@link send} uses what there is. */
  readonly authenticated: boolean;
  readonly encrypted: boolean;
  /** Sends a payload that is not an answer (SOL). Payload type as in IPMI 2.0 table 13-16. */
  send(payloadType: number, payload: Uint8Array): void;
  /** Ends the session after the current response has been sent. */
  close(): void;
}

/** What a command handler works with. */
export interface CommandContext {
  readonly bmc: Bmc;
  /** `undefined` for a command outside any session. */
  readonly session: Session | undefined;
  /** Whether the request came in RMCP+ format; Get Channel Authentication Capabilities answers differently then. */
  readonly rmcpPlus: boolean;
}

/** A command's answer: completion code and, when that is 0, data. */
export interface CommandResponse {
  readonly code: CompletionCode;
  readonly data?: Uint8Array | undefined;
}

/** One IPMI command. A command group's file is an array of these. */
export interface IpmiCommand {
  readonly name: string;
  readonly netFn: number;
  readonly command: number;
  /** For group extensions: the defining body that is the first byte of request and response. */
  readonly group?: number | undefined;
  /** Least privilege; `none` may be asked outside a session. @see IPMI 2.0 appendix G */
  readonly privilege: Privilege;
  /** Bytes of request data, least and most (after the group byte, if any); other lengths are answered C7h. */
  readonly length: readonly [number, number];
  /** Whether it is answered at once or when something is safe on disk. */
  readonly handle: (context: CommandContext, data: Buffer) => CommandResponse | Promise<CommandResponse>;
}

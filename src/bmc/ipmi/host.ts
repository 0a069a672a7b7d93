import type { Bmc } from './bmc.ts';
import type { CommandResponse } from './command.ts';
import type { HandshakeTerms } from './handshake.ts';
import type { LanSession } from './session.ts';
import type { SessionTable } from './session-table.ts';
import type { Request } from './wire/message.ts';

/** The BMC, as the two session formats see it. */
export interface LanHost extends HandshakeTerms {
  readonly bmc: Bmc;
  readonly table: SessionTable;
  /** Carries out a request; `answer` is called once. */
  run(
    request: Request,
    session: LanSession | undefined,
    rmcpPlus: boolean,
    answer: (response: CommandResponse) => void,
  ): void;
}

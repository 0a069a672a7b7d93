import type { RequestScope } from '../support/request-scope.ts';
import type { Command, Reply } from './command.ts';
import type { DriverErrorKind, MachineAct, Observation } from './driver.ts';
import type { EventEntry } from './event-log.ts';
import type { Operation, OperationResult } from './state.ts';

/**
 * What a node goes through, as it happens: for timelines, metrics and traces. `request` is the client's on whose
 * behalf it happens, where that is known: not after a restart of the daemon.
 */
export type Activity =
  | { readonly type: 'command'; readonly command: Command; readonly reply: Reply; readonly request: Asking }
  /** A power command is being carried out from now on. */
  | { readonly type: 'operation-began'; readonly operation: Operation; readonly request: Asking }
  | {
      readonly type: 'operation-ended';
      readonly result: OperationResult;
      readonly request: Asking;
      /** How long it was carried out; `undefined`: it had not begun. */
      readonly milliseconds?: number | undefined;
    }
  | { readonly type: 'call'; readonly id: number; readonly act: MachineAct; readonly request: Asking }
  | {
      readonly type: 'call-ended';
      readonly id: number;
      readonly act: MachineAct;
      readonly request: Asking;
      /** `undefined`: it was done. */
      readonly error: { readonly kind: DriverErrorKind; readonly message: string } | undefined;
      readonly milliseconds: number;
    }
  | { readonly type: 'observed'; readonly observation: Observation }
  | { readonly type: 'logged'; readonly entry: EventEntry };

type Asking = RequestScope | undefined;

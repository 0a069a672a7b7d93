import type { Injected } from '../faults/faults.ts';

/** The control API's faults: what is injected into nodes on purpose. */

/** `POST …/faults`. */
export interface FaultRequest {
  /** Nodes' names; `undefined`: all. A fault of a cloud is of the lab as a whole. */
  readonly nodes: readonly string[] | undefined;
  /** As a lab file has it: `{ kind: bmc-unreachable }`, `{ kind: bmc-slow, delay: 2s }` … */
  readonly fault: Readonly<Record<string, unknown>> & { readonly kind: string };
  /** Milliseconds after which it is lifted by itself; `undefined`: when it is told to. */
  readonly duration?: number | undefined;
  /** What chance depends on. */
  readonly seed?: number | undefined;
}

/** A fault that is injected. */
export interface FaultStatus extends Omit<Injected, 'fault'> {
  readonly kind: string;
  /** For people: `every datagram to the BMC is lost`. */
  readonly text: string;
}

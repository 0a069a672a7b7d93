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
export interface FaultStatus {
  readonly id: string;
  readonly lab: string;
  readonly nodes: readonly string[];
  readonly kind: string;
  /** For people: `every datagram to the BMC is lost`. */
  readonly text: string;
  readonly since: number;
  /** When it is lifted by itself. */
  readonly until: number | undefined;
  /** How often it was felt. */
  readonly felt: number;
  /** Why it cannot be had with a node, by node's name. */
  readonly problems: Readonly<Record<string, string>>;
  /** When it will be felt by a node, where that is not at once, by node's name. */
  readonly notes: Readonly<Record<string, string>>;
  /** What chance depends on: by the same one, the same happens again. */
  readonly seed: number;
}

import type { Command, Reply } from './command.ts';
import type { Capabilities, Hardware } from './driver.ts';
import type { SerialPort } from './serial.ts';
import type { NodeSpec } from './spec.ts';
import type { NodeState } from './state.ts';

/** A node as its faces see it: state to read, one call to change it. */
export interface Node {
  readonly spec: NodeSpec;
  readonly capabilities: Capabilities;
  readonly hardware: Hardware;
  readonly serial: SerialPort;
  /** The state now. Reading it costs nothing and never waits. */
  readonly state: NodeState;
  /** Aborts when the node is served no more: its state does not change after that. */
  readonly closed: AbortSignal;
  /** Takes a command. Resolves when the answer is safe on disk. */
  command(command: Command): Promise<Reply>;
  /**
   * Calls back after every change of state.
   * @returns stops it
   */
  onChange(listener: (state: NodeState, before: NodeState) => void): () => void;
}

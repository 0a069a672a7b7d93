import { DriverError } from '../../../node/driver.ts';
import { isOpenStackError } from '../client/api-error.ts';
import type { Compute, ServerAction } from '../client/compute.ts';
import type { Server } from '../client/compute-types.ts';
import type { ServerPoller } from '../server-poller.ts';
import { driverErrorOf } from './failures.ts';
import { describeServer, faultOf, isBusy, powerOf } from './power-state.ts';

/** The part of Nova that machines are driven by. */
export type ServerCalls = Pick<
  Compute,
  | 'act'
  | 'actions'
  | 'rescue'
  | 'rebuild'
  | 'setMetadata'
  | 'deleteMetadata'
  | 'consoleOutput'
  | 'serialConsole'
  | 'screenConsole'
>;

/** What is to be asked of Nova for a server in some state: an action, nothing since it is as wanted, or why that cannot be. */
export type Decide = (server: Server) => ServerAction | 'nothing' | DriverError;

/** One server, as it is driven. Every method throws {@link DriverError}. */
export class ServerControl {
  readonly id: string;
  readonly calls: ServerCalls;
  readonly #poller: ServerPoller;

  constructor(id: string, calls: ServerCalls, poller: ServerPoller) {
    this.id = id;
    this.calls = calls;
    this.#poller = poller;
  }

  /** As last seen: up to some seconds ago. */
  get server(): Server {
    const server = this.#poller.get(this.id);
    if (!server) throw new DriverError('gone', 'the server was deleted');
    return server;
  }

  /** As it is now. */
  async fresh(signal: AbortSignal): Promise<Server> {
    try {
      signal.throwIfAborted();
      const server = await this.#poller.look(this.id, signal);
      if (server) return server;
    } catch (error) {
      throw driverErrorOf(error, signal);
    }
    throw new DriverError('gone', 'the server was deleted');
  }

  /**
   * Asks Nova once for what the server's state calls for. What was seen last may be seconds old: that there is
   * nothing to do, or that nothing can be done, is only said of what has just been looked at.
   * @returns whether anything was asked
   */
  async bring(decide: Decide, signal: AbortSignal): Promise<boolean> {
    const hasty = decide(this.server);
    const action = isAction(hasty) ? hasty : decide(await this.fresh(signal));
    if (action instanceof DriverError) throw action;
    if (action === 'nothing') return false;
    try {
      await this.#act(action, signal);
      return true;
    } catch (error) {
      if (!isOpenStackError(error, 'conflict')) throw driverErrorOf(error, signal);
      const server = await this.fresh(signal);
      const instead = decide(server);
      if (instead === 'nothing') return false;
      mustBeFree(server);
      if (instead instanceof DriverError) throw instead;
      if (instead === action) throw new DriverError('refused', error.message, error);
      await this.ask(() => this.#act(instead, signal), signal);
      return true;
    }
  }

  /** Does a call to Nova; a conflict is told by its reason. */
  async ask(call: () => Promise<void>, signal: AbortSignal): Promise<void> {
    try {
      signal.throwIfAborted();
      await call();
    } catch (error) {
      if (isOpenStackError(error, 'conflict')) mustBeFree(await this.fresh(signal));
      throw driverErrorOf(error, signal);
    }
  }

  /**
   * Waits until Nova has nothing under way with the server.
   * @returns the server then
   */
  async settled(signal: AbortSignal): Promise<Server> {
    let server: Server | undefined;
    try {
      server = await this.#poller.until(this.id, one => one === undefined || !isBusy(one), signal);
    } catch (error) {
      throw driverErrorOf(error, signal);
    }
    if (server) return server;
    throw new DriverError('gone', 'the server was deleted');
  }

  /** Waits until Nova has nothing under way, and the machine is as it should be by that. */
  async settledAs(power: 'on' | 'off', signal: AbortSignal): Promise<void> {
    const server = await this.settled(signal);
    if (powerOf(server) === power) return;
    if (server.status === 'ERROR') throw new DriverError('refused', faultOf(server));
    const state = describeServer(server);
    throw new DriverError('transient', `Nova did not power it ${power}: the server is ${state}`);
  }

  #act(action: ServerAction, signal: AbortSignal): Promise<void> {
    return this.calls.act(this.id, action, { reason: 'power', signal });
  }
}

/** @throws DriverError when the server's state is why Nova takes no action */
export function mustBeFree(server: Server): void {
  if (isBusy(server)) throw new DriverError('conflict', `the server is ${describeServer(server)}`);
  if (server.locked)
    throw new DriverError('refused', 'the server is locked: unlock it (openstack server unlock)');
}

function isAction(decision: ReturnType<Decide>): decision is ServerAction {
  return decision !== 'nothing' && !(decision instanceof DriverError);
}

import type { Clock } from '../../../../../src/support/clock.ts';
import { delay } from '../../../../../src/support/delay.ts';
import type { Timing } from '../timing.ts';
import { power, type Server, type TaskState, type VmState } from './server.ts';

/** What the lifecycle needs done at other services. */
export interface Surroundings {
  readonly clock: Clock;
  readonly timing: Timing;
  /** Aborts when the cloud is taken down. */
  readonly closing: AbortSignal;
  /** Binds its ports and attaches its volumes. */
  readonly connect: (server: Server) => void;
  /** Lets go of ports and volumes, and takes along what goes with the server. */
  readonly disconnect: (server: Server) => void;
  /** Why this server cannot be made, if it cannot. */
  readonly buildFailure: (server: Server) => string | undefined;
}

/** A transition that another one has taken the server from. */
class Superseded extends Error {}

/** The transitions of servers, as nova-compute makes them. Whether one is allowed has been asked before. */
export class Lifecycle {
  readonly #around: Surroundings;
  /** Transitions that wait for one another: stop, reboot, build, delete. */
  readonly #queues = new Map<string, Promise<void>>();

  constructor(around: Surroundings) {
    this.#around = around;
  }

  build(server: Server): void {
    this.#queued(server, async () => {
      const { timing } = this.#around;
      await this.#stay(server, 'scheduling', timing.step);
      const failure = this.#around.buildFailure(server);
      if (failure !== undefined) {
        this.fail(server, failure);
        return;
      }
      this.#task(server, undefined);
      await this.#stay(server, undefined, timing.step);
      this.#task(server, 'networking');
      await this.#stay(server, 'networking', timing.step);
      this.#around.connect(server);
      this.#task(server, 'spawning');
      await this.#stay(server, 'spawning', timing.spawn);
      server.guest.start('power-on');
      server.launchedAt = this.#around.clock.now();
      this.#settle(server, 'active', power.running);
    });
  }

  stop(server: Server): void {
    this.#task(server, 'powering-off');
    this.#queued(server, async () => {
      await this.#shutDown(server);
      this.#still(server, 'powering-off');
      this.#settle(server, 'stopped', power.shutdown);
    });
  }

  start(server: Server): void {
    this.#task(server, 'powering-on');
    this.#now(server, async () => {
      await this.#stay(server, 'powering-on', this.#around.timing.powerOn);
      server.guest.start('power-on');
      this.#settle(server, 'active', power.running);
    });
  }

  softReboot(server: Server): void {
    const { timing } = this.#around;
    this.#task(server, 'rebooting');
    this.#queued(server, async () => {
      await this.#stay(server, 'rebooting', timing.step);
      this.#task(server, 'reboot_pending');
      await this.#stay(server, 'reboot_pending', timing.step);
      this.#task(server, 'reboot_started');
      const obeyed = await server.guest.askOff(timing.softReboot);
      if (!obeyed) server.guest.cut();
      await delay(this.#around.clock, timing.powerOn, this.#around.closing);
      this.#alive(server);
      server.guest.start('reset');
      // A hard reboot that was asked for meanwhile has its own turn.
      if (server.taskState === 'reboot_started') this.#settle(server, 'active', power.running);
    });
  }

  hardReboot(server: Server): void {
    const { timing } = this.#around;
    this.#task(server, 'rebooting_hard');
    this.#queued(server, async () => {
      await this.#stay(server, 'rebooting_hard', timing.step);
      if (server.vmState === 'active') {
        this.#task(server, 'reboot_pending_hard');
        await this.#stay(server, 'reboot_pending_hard', timing.step);
      }
      this.#task(server, 'reboot_started_hard');
      server.guest.cut();
      await this.#stay(server, 'reboot_started_hard', timing.powerOff + timing.powerOn);
      server.guest.start('reset');
      this.#settle(server, 'active', power.running);
    });
  }

  rescue(server: Server, imageId: string): void {
    this.#task(server, 'rescuing');
    this.#now(server, async () => {
      await this.#shutDown(server);
      await this.#stay(server, 'rescuing', this.#around.timing.powerOn);
      server.rescueImageId = imageId;
      server.guest.start('power-on');
      this.#settle(server, 'rescued', power.running);
    });
  }

  unrescue(server: Server): void {
    const { timing } = this.#around;
    this.#task(server, 'unrescuing');
    this.#now(server, async () => {
      server.guest.cut();
      await this.#stay(server, 'unrescuing', timing.powerOff + timing.powerOn);
      server.rescueImageId = undefined;
      server.guest.start('power-on');
      this.#settle(server, 'active', power.running);
    });
  }

  rebuild(server: Server, imageId: string, imageProperties: Readonly<Record<string, string>>): void {
    const { timing } = this.#around;
    const wasStopped = server.vmState === 'stopped';
    this.#task(server, 'rebuilding');
    this.#queued(server, async () => {
      await this.#shutDown(server);
      this.#still(server, 'rebuilding');
      server.imageId = imageId;
      server.imageProperties = imageProperties;
      this.#task(server, 'rebuild_spawning');
      await this.#stay(server, 'rebuild_spawning', timing.spawn);
      const failure = this.#around.buildFailure(server);
      if (failure !== undefined) {
        this.fail(server, failure);
        return;
      }
      server.guest.start('power-on');
      this.#settle(server, 'active', power.running);
      if (!wasStopped) return;
      this.#task(server, 'powering-off');
      await this.#shutDown(server);
      this.#still(server, 'powering-off');
      this.#settle(server, 'stopped', power.shutdown);
    });
  }

  delete(server: Server): void {
    this.#task(server, 'deleting');
    this.#queued(server, async () => {
      await this.#stay(server, 'deleting', this.#around.timing.delete);
      this.remove(server);
    });
  }

  /** Deletes a server at once, whatever is going on. */
  remove(server: Server): void {
    server.guest.cut();
    this.#around.disconnect(server);
    server.metadata = {};
    server.terminatedAt = this.#around.clock.now();
    this.#settle(server, 'deleted', power.none);
  }

  /** A transition has failed: the server is in ERROR, with a fault that says why. */
  fail(server: Server, message: string): void {
    server.fault = { code: 500, message, created: this.#around.clock.now() };
    this.#settle(server, 'error', server.powerState);
  }

  /** The guest has powered itself off; Nova notices late, and not while it does something else. */
  guestLeft(server: Server): void {
    this.#now(server, async () => {
      await delay(this.#around.clock, this.#around.timing.noticed, this.#around.closing);
      if (server.guest.running || server.vmState === 'deleted' || server.taskState !== undefined) return;
      server.powerState = power.shutdown;
      if (server.vmState !== 'active') {
        this.touch(server);
        return;
      }
      this.#task(server, 'powering-off');
      await this.#stay(server, 'powering-off', this.#around.timing.step);
      this.#settle(server, 'stopped', power.shutdown);
    });
  }

  touch(server: Server): void {
    server.updatedAt = this.#around.clock.now();
  }

  /** Gives the guest the time that its image grants it, then takes the power away. */
  async #shutDown(server: Server): Promise<void> {
    const { timing, clock, closing } = this.#around;
    const granted = Number(server.imageProperties.os_shutdown_timeout ?? Number.NaN) * 1000;
    const patience = Number.isNaN(granted) ? timing.shutdownTimeout : granted;
    if (patience > 0) await server.guest.askOff(patience);
    await delay(clock, timing.powerOff, closing);
    server.guest.cut();
  }

  #task(server: Server, task: TaskState | undefined): void {
    server.taskState = task;
    this.touch(server);
  }

  #settle(server: Server, state: VmState, powerState: number): void {
    server.vmState = state;
    server.powerState = powerState;
    this.#task(server, undefined);
  }

  /** Lets time pass within one task, and stops when another one has begun. */
  async #stay(server: Server, task: TaskState | undefined, ms: number): Promise<void> {
    await delay(this.#around.clock, ms, this.#around.closing);
    this.#still(server, task);
  }

  #still(server: Server, task: TaskState | undefined): void {
    this.#alive(server);
    if (server.taskState !== task) throw new Superseded();
  }

  #alive(server: Server): void {
    if (server.vmState === 'deleted') throw new Superseded();
  }

  #queued(server: Server, transition: () => Promise<void>): void {
    const before = this.#queues.get(server.id) ?? Promise.resolve();
    const turn = before.then(() => this.#run(server, transition));
    this.#queues.set(server.id, turn);
  }

  #now(server: Server, transition: () => Promise<void>): void {
    void this.#run(server, transition);
  }

  async #run(server: Server, transition: () => Promise<void>): Promise<void> {
    try {
      await transition();
    } catch (error) {
      if (error instanceof Superseded || this.#around.closing.aborted) return;
      this.fail(server, error instanceof Error ? error.message : String(error));
    }
  }
}

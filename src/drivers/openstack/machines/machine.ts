import type { NextBoot } from '../../../node/boot.ts';
import { DriverError, type MachineAct, type MachineId, type Observation } from '../../../node/driver.ts';
import type { FirmwareAnswer } from '../../../node/firmware.ts';
import { type MediaState, noMedia } from '../../../node/media.ts';
import type { PowerState } from '../../../node/power.ts';
import type { SerialPort } from '../../../node/serial.ts';
import type { Clock } from '../../../support/clock.ts';
import type { Document } from '../../../support/document.ts';
import { messageOf } from '../../../support/errors.ts';
import type { Logger } from '../../../support/log.ts';
import { Turnstile } from '../../../support/wait.ts';
import { abortable } from '../client/abortable.ts';
import type { Server } from '../client/compute-types.ts';
import type { ServerPoller } from '../server-poller.ts';
import {
  ask,
  type BootRecord,
  type BootStep,
  begin,
  foundOn,
  noBoots,
  nowOff,
  nowOn,
  setNext,
  withdraw,
} from './boot-record.ts';
import { answerTo } from './boot-strategies/director.ts';
import { noStrategy } from './boot-strategies/none.ts';
import { type Strategy, type StrategyBoot, toNmi } from './boot-strategies/strategy.ts';
import type { DiscImages } from './disc-images.ts';
import { driverErrorOf } from './failures.ts';
import { type PowerCause, whyOff } from './power-cause.ts';
import { powerOf, taskOf } from './power-state.ts';
import { OpenStackSerial } from './serial.ts';
import { type ServerCalls, ServerControl } from './server-control.ts';
import { stopAfterSoftReboot } from './soft-off.ts';
import { TransitionHurry } from './transition-hurry.ts';

/** What is kept of a machine on disk: what the cloud cannot tell. */
export interface KeptMachine {
  /** ID of the server, once one was found. */
  readonly server?: string | undefined;
  readonly boots: BootRecord;
  /** A soft off that has to be finished by a stop; `asked`: Nova has taken the soft reboot. */
  readonly softOff?: { readonly asked: boolean } | undefined;
  /** What is in its drives. */
  readonly media?: MediaState | undefined;
  /** Once an image of the project was made of the disc in its drive: the image's ID, `undefined` until it is known. */
  readonly disc?: { readonly image: string | undefined } | undefined;
}

/** What a machine works with. */
export interface MachineParts {
  readonly id: MachineId;
  readonly document: Document<KeptMachine>;
  readonly calls: ServerCalls;
  readonly poller: ServerPoller;
  readonly clock: Clock;
  readonly log: Logger;
  readonly strategyOf: (server: Server) => Strategy;
  readonly discs: DiscImages;
  readonly observe: (observation: Observation) => void;
}

/** One machine of a lab: a server of the cloud, as the node has it. */
export class OpenStackMachine {
  readonly serial: SerialPort;
  readonly #parts: MachineParts;
  readonly #serial: OpenStackSerial;
  /** What is seen is taken, kept and told in order. */
  readonly #inOrder = new Turnstile();
  readonly #closing = new AbortController();
  readonly #hurry: TransitionHurry;
  #kept: KeptMachine;
  #control: ServerControl | undefined;
  #strategy: Strategy = noStrategy;
  /** As last seen, whatever has been told since. */
  #power: 'on' | 'off' | undefined;
  #told: PowerState | undefined;
  #acting: MachineAct['action'] | undefined;
  #softOff: { readonly abort: AbortController; readonly done: Promise<void> } | undefined;

  /** @param kept - what an earlier one has kept */
  constructor(parts: MachineParts, kept: KeptMachine | undefined) {
    this.#parts = parts;
    this.#hurry = new TransitionHurry(parts.poller, parts.clock);
    this.#kept = kept ?? { boots: noBoots };
    this.#serial = new OpenStackSerial({
      calls: parts.calls,
      server: () => this.#control?.id,
      clock: parts.clock,
      log: parts.log,
    });
    this.serial = this.#serial;
  }

  /** ID of its server, once one was found. */
  get server(): string | undefined {
    return this.#kept.server;
  }

  get strategy(): Strategy {
    return this.#strategy;
  }

  /** Whether what is typed at its console reaches it; `undefined` as long as that is not known. */
  get canType(): boolean | undefined {
    return this.#serial.writable;
  }

  /** What a watcher is told first. */
  snapshot(): Observation[] {
    if (this.#told === undefined) return [];
    const power: Observation = { type: 'power', power: this.#told };
    if (this.#told !== 'on') return [power];
    return [...foundOn(this.#kept.boots, this.#parts.clock.now()).seen, power];
  }

  /** Takes what the poller saw of its server. */
  see(server: Server): void {
    // Whatever is under way ends by what is seen, and is over when this comes to its turn.
    const ours = this.#acting !== undefined || this.#kept.softOff !== undefined;
    void this.#queue(() => this.#see(server, ours));
  }

  /** Resolves when all that was seen by now has been taken, and told. */
  taken(): Promise<void> {
    return this.#inOrder.run(async () => undefined);
  }

  /** Its server is gone. */
  seeGone(): void {
    void this.#queue(async () => {
      this.#control = undefined;
      this.#hurry.follow(undefined);
      this.#stopSoftOff();
      this.#power = 'off';
      await this.#keep({ server: undefined, boots: nowOff(this.#kept.boots), softOff: undefined });
      this.#tellPower('off', { cause: 'platform', detail: 'the server was deleted' });
    });
  }

  /** The cloud has not been heard for long. */
  seeNothing(): void {
    void this.#queue(async () => {
      if (this.#told !== undefined) this.#tellPower('unknown', {});
    });
  }

  /** @throws DriverError */
  async act(act: MachineAct, signal: AbortSignal): Promise<void> {
    if (signal.aborted) throw new DriverError('transient', 'given up');
    if (!this.#control) throw new DriverError('gone', 'there is no such server');
    if (!this.#strategy.capabilities.actions.includes(act.action)) {
      throw new DriverError('unsupported', `${act.action} cannot be had with ${this.#strategy.name}`);
    }
    if (act.action === 'set-next-boot') {
      await this.#inOrder.run(() => this.#keep({ boots: setNext(this.#kept.boots, act.boot) }));
      return;
    }
    if (act.action === 'set-media') {
      await this.#setMedia(act.media, AbortSignal.any([signal, this.#closing.signal]));
      return;
    }
    this.#acting = act.action;
    const ended = AbortSignal.any([signal, this.#closing.signal]);
    try {
      await this.#do(this.#control, act, ended);
    } catch (error) {
      throw driverErrorOf(error, ended);
    } finally {
      this.#acting = undefined;
    }
  }

  /** Firmware asks what to boot. What the answer uses up is on disk when this resolves. */
  ask(name: string): Promise<FirmwareAnswer> {
    return this.#inOrder.run(async () => {
      if (this.#kept.softOff || !this.#control) return { kind: 'wait' };
      const { answer, ...step } = ask(this.#kept.boots, name, this.#parts.clock.now(), boot =>
        answerTo(boot, this.#kept.media ?? noMedia),
      );
      await this.#step(step);
      return answer;
    });
  }

  /** Ends what it has under way; what is kept stays. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#hurry.follow(undefined);
    this.#serial.close();
    await this.#softOff?.done;
    await this.taken();
  }

  /** Forgets the machine, which is gone, or no longer the lab's. */
  async forget(signal: AbortSignal): Promise<void> {
    await this.close();
    if (this.#kept.disc) await this.#parts.discs.put(undefined, signal);
    await this.#parts.document.delete();
  }

  async #do(control: ServerControl, act: MachineAct, signal: AbortSignal): Promise<void> {
    switch (act.action) {
      case 'on':
        return this.#powerOn(control, act.boot, signal);
      case 'off':
        return this.#powerOff(control, signal);
      case 'soft-off':
        return this.#askGuest(control, signal);
      case 'reset':
        return this.#reset(control, act.boot, signal);
      case 'nmi':
        await control.bring(toNmi, signal);
        return;
      case 'set-next-boot':
      case 'set-media':
        return;
    }
  }

  async #setMedia(media: MediaState, signal: AbortSignal): Promise<void> {
    if (this.#strategy.mediaFrom === 'glance' && (media.cd || this.#kept.disc)) {
      // Written down first: whoever comes after a kill knows that there may be an image to be taken away.
      await this.#keep({ disc: { image: undefined } });
      const image = await this.#parts.discs.put(media.cd, signal).catch((error: unknown) => {
        throw driverErrorOf(error, signal);
      });
      await this.#keep({ disc: image === undefined ? undefined : { image } });
    }
    await this.#keep({ media });
  }

  #withDisc(boot: NextBoot): StrategyBoot {
    return { ...boot, disc: this.#kept.disc?.image };
  }

  async #powerOn(control: ServerControl, boot: NextBoot, signal: AbortSignal): Promise<void> {
    await this.#cancelSoftOff();
    const asked = await this.#booting(boot, 'power-on', () =>
      this.#strategy.powerOn(control, this.#withDisc(boot), signal),
    );
    if (!asked) return;
    await control.settledAs('on', signal);
    await this.#inOrder.run(() => this.#nowOn());
  }

  async #reset(control: ServerControl, boot: NextBoot, signal: AbortSignal): Promise<void> {
    // Nova powers on what is off: nothing older than this moment will do.
    if (powerOf(await control.fresh(signal)) === 'off')
      throw new DriverError('refused', 'the machine is off');
    await this.#cancelSoftOff();
    this.#serial.ended();
    await this.#booting(boot, 'reset', async () => {
      await this.#strategy.reset(control, this.#withDisc(boot), signal);
      await control.settledAs('on', signal);
      return true;
    });
    this.#serial.restarted();
    await this.#inOrder.run(() => this.#nowOn());
  }

  async #powerOff(control: ServerControl, signal: AbortSignal): Promise<void> {
    // Nova takes nothing else until the soft reboot ends; that ends in a stop anyway.
    if (this.#softOff) await abortable(this.#softOff.done, signal);
    await this.#strategy.powerOff(control, signal);
    await control.settledAs('off', signal);
  }

  async #askGuest(control: ServerControl, signal: AbortSignal): Promise<void> {
    if (this.#softOff) return;
    if (this.#strategy.asksDirector) await this.#keep({ softOff: { asked: false } });
    let follows: 'nothing' | 'stop' = 'nothing';
    try {
      follows = await this.#strategy.softOff(control, signal);
    } finally {
      if (this.#kept.softOff) await this.#keep({ softOff: follows === 'stop' ? { asked: true } : undefined });
    }
    if (follows === 'stop') this.#finishSoftOff(control);
  }

  /** Lets firmware that asks from now on know of a boot, as long as it is not known that it does not come. */
  async #booting(
    boot: NextBoot,
    cause: 'power-on' | 'reset',
    work: () => Promise<boolean>,
  ): Promise<boolean> {
    await this.#inOrder.run(() => this.#keep({ boots: begin(this.#kept.boots, boot, cause) }));
    let done = false;
    try {
      done = await work();
      return done;
    } finally {
      if (!done) await this.#inOrder.run(() => this.#keep({ boots: withdraw(this.#kept.boots) }));
    }
  }

  #finishSoftOff(control: ServerControl): void {
    const abort = new AbortController();
    const signal = AbortSignal.any([abort.signal, this.#closing.signal]);
    const { clock, log } = this.#parts;
    const done = stopAfterSoftReboot(control, { clock, log, signal }).then(async () => {
      if (signal.aborted) return;
      await this.#queue(() => this.#keep({ softOff: undefined }));
      if (this.#softOff?.abort === abort) this.#softOff = undefined;
    });
    this.#softOff = { abort, done };
  }

  #stopSoftOff(): void {
    this.#softOff?.abort.abort();
    this.#softOff = undefined;
  }

  async #cancelSoftOff(): Promise<void> {
    this.#stopSoftOff();
    if (this.#kept.softOff) await this.#keep({ softOff: undefined });
  }

  async #see(server: Server, ours: boolean): Promise<void> {
    const power = powerOf(server);
    try {
      await this.#follow(server, power);
    } finally {
      // What cannot be kept is so nevertheless.
      if (power !== this.#told) this.#tellPower(power, ours ? {} : await this.#causeOf(server));
    }
  }

  async #follow(server: Server, power: PowerState): Promise<void> {
    const first = this.#control?.id !== server.id;
    if (first) await this.#bind(server);
    this.#strategy = this.#parts.strategyOf(server);
    this.#hurry.follow(taskOf(server));
    if (first) this.#resumeSoftOff(server);
    if (power !== 'unknown' && power !== this.#power) await this.#powerChanged(power);
  }

  async #bind(server: Server): Promise<void> {
    const { calls, poller } = this.#parts;
    this.#control = new ServerControl(server.id, calls, poller);
    this.#power = undefined;
    if (this.#kept.server !== server.id) await this.#keep({ server: server.id });
  }

  async #powerChanged(power: 'on' | 'off'): Promise<void> {
    const first = this.#power === undefined;
    this.#power = power;
    if (power === 'off') {
      this.#serial.ended();
      await this.#keep({ boots: nowOff(this.#kept.boots) });
    } else if (first) {
      await this.#step(foundOn(this.#kept.boots, this.#parts.clock.now()));
    } else {
      this.#serial.restarted();
      await this.#nowOn();
    }
  }

  async #nowOn(): Promise<void> {
    await this.#step(nowOn(this.#kept.boots, this.#parts.clock.now()));
  }

  async #causeOf(server: Server): Promise<PowerCause> {
    if (powerOf(server) !== 'off' || this.#told === undefined) return {};
    const { calls, clock } = this.#parts;
    return whyOff(server, { calls, clock, signal: this.#closing.signal });
  }

  #resumeSoftOff(server: Server): void {
    const { softOff } = this.#kept;
    if (!softOff || !this.#control) return;
    // Whether Nova has taken a soft reboot is not known when nobody lived to write it down; Nova knows.
    if (softOff.asked || taskOf(server)?.startsWith('reboot')) this.#finishSoftOff(this.#control);
    else void this.#queue(() => this.#keep({ softOff: undefined }));
  }

  async #step({ record, seen }: BootStep): Promise<void> {
    if (record !== this.#kept.boots) await this.#keep({ boots: record });
    for (const observation of seen) this.#parts.observe(observation);
  }

  async #keep(change: Partial<KeptMachine>): Promise<void> {
    this.#kept = { ...this.#kept, ...change };
    await this.#parts.document.write(this.#kept);
  }

  #tellPower(power: PowerState, why: PowerCause): void {
    this.#told = power;
    this.#parts.observe({ type: 'power', power, ...why });
  }

  /** Never rejects: what cannot be kept is logged. */
  #queue(work: () => Promise<void>): Promise<void> {
    return this.#inOrder.run(work).catch((error: unknown) => {
      this.#parts.log.error(
        { machine: this.#parts.id, error: messageOf(error) },
        'what was seen could not be kept',
      );
    });
  }
}

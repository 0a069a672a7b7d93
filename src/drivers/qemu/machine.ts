import { existsSync } from 'node:fs';
import {
  killProcess,
  type ProcessIdentity,
  processStatus,
  ticksPerSecond,
  waitForExit,
} from '../../host/processes.ts';
import type { NextBoot } from '../../node/boot.ts';
import type { Disturbance, LaterDisturbance } from '../../node/disturbance.ts';
import { DriverError, type MachineAct, type MachineScreen, type Observation } from '../../node/driver.ts';
import { type MediaState, noMedia } from '../../node/media.ts';
import type { NodeSpec } from '../../node/spec.ts';
import type { Clock } from '../../support/clock.ts';
import { delay } from '../../support/delay.ts';
import { type Document, fileDocument } from '../../support/document.ts';
import { messageOf } from '../../support/errors.ts';
import type { Logger } from '../../support/log.ts';
import { Turnstile, within } from '../../support/wait.ts';
import type { Accelerator } from './accelerator.ts';
import { blockNode, type NicBackend, serialId } from './command-line.ts';
import { checkParts, Disturbances } from './disturbances.ts';
import { driverErrorOf } from './failures.ts';
import { countResets } from './launch.ts';
import type { MachinePaths } from './layout.ts';
import { checkImage, usableMedia } from './media.ts';
import { changeMedia } from './media-control.ts';
import { dropRequests, lostPorts, removeFilters } from './packet-filter.ts';
import { type QmpClient, QmpError } from './qmp.ts';
import { newRun, type Run, statusOf } from './run.ts';
import {
  completeRecord,
  needsNewQemu,
  nextBootOf,
  orderOf,
  powerOnRecord,
  type RunRecord,
  withNextBoot,
} from './run-record.ts';
import { RunWatch } from './run-watch.ts';
import { QemuSerial } from './serial.ts';
import { startQemu } from './start.ts';

/** What a machine needs of its driver. */
export interface MachineParts {
  readonly lab: string;
  readonly name: string;
  readonly paths: MachinePaths;
  readonly clock: Clock;
  readonly log: Logger;
  readonly accelerator: Accelerator;
  /** What the machine is made of now; `undefined` when it is not finished. */
  readonly spec: () => Promise<NodeSpec | undefined>;
  /** What each of its network cards is to be plugged into. */
  readonly backends: (spec: NodeSpec) => Promise<readonly NicBackend[]>;
  /** Plugs the taps of a QEMU that runs into their bridges. */
  readonly plugIn: (backends: readonly NicBackend[]) => Promise<void>;
  readonly observe: (observation: Observation) => void;
}

/** Milliseconds. */
const quitTime = 2_000;
const resetTime = 10_000;
const exitTime = 2_000;

/** One machine: on as long as its QEMU process exists. */
export class QemuMachine {
  readonly serial: QemuSerial;
  readonly #parts: MachineParts;
  readonly #record: Document<RunRecord>;
  readonly #media: Document<MediaState>;
  readonly #turn = new Turnstile();
  readonly #stop = new AbortController();
  readonly #watch: RunWatch;
  readonly #disturbances = new Disturbances();
  /** Whether there may be a packet filter of ours. */
  #dropsRequests = false;
  #run: Run | undefined;

  constructor(parts: MachineParts) {
    this.#parts = parts;
    this.#record = fileDocument(parts.paths.run);
    this.#media = fileDocument(parts.paths.media);
    const { log, paths } = parts;
    const sendBreak = () => {
      this.#run?.qmp?.execute('chardev-send-break', { id: serialId }).catch((error: unknown) => {
        log.warn({ machine: this.#id, error: messageOf(error) }, 'no serial break');
      });
    };
    this.serial = new QemuSerial({ log: paths.serialLog, input: paths.serialInput }, { log, sendBreak });
    this.#watch = new RunWatch({
      ...{ paths, log, id: this.#id, clock: parts.clock, observe: parts.observe },
      serial: this.serial,
      record: this.#record,
      disturbances: this.#disturbances,
      onEnd: () => {
        this.#run = undefined;
      },
      onNewQemuNeeded: (run, cause) => void this.#replaceInTurn(run, cause),
      stop: this.#stop.signal,
    });
  }

  get #id(): string {
    return `${this.#parts.lab}/${this.#parts.name}`;
  }

  /** What is to be seen of the machine now. */
  snapshot(): Observation[] {
    const run = this.#run;
    if (!run) return [{ type: 'power', power: 'off' }];
    const on: Observation = { type: 'power', power: 'on' };
    return run.held ? [on] : [{ type: 'booted', ...run.record.lastBoot, earlier: true }, on];
  }

  /** Takes over a QEMU that already runs, and finishes what its starter could not. */
  async adopt(process: ProcessIdentity): Promise<void> {
    const { log, clock } = this.#parts;
    const kept = await this.#record.read();
    if (!kept) {
      log.warn({ machine: this.#id, pid: process.pid }, 'a QEMU without a record: it is ended');
      await killProcess(process, clock);
      return;
    }
    if (kept.replacement) {
      await killProcess(process, clock);
      return this.resume();
    }
    const run = newRun(process, completeRecord(kept));
    this.#run = run;
    await this.serial.attach(false);
    // One that does not answer now is on all the same; it is asked again and again.
    await this.#watch.reconnect(run);
    void this.#watch.follow(run);
    await this.replug();
  }

  /** Goes on with a machine whose QEMU was to be replaced by another one, and is gone. */
  async resume(): Promise<void> {
    const kept = await this.#record.read();
    if (kept?.replacement) await this.#startAgain(completeRecord(kept), kept.replacement);
  }

  /** Plugs a running machine into its networks again, after they have been made anew. */
  async replug(): Promise<void> {
    if (this.#run) await this.#parts.plugIn(this.#run.record.backends);
  }

  /** @throws {@link DriverError} */
  act(act: MachineAct, signal: AbortSignal): Promise<void> {
    return this.#inTurn(() => this.#act(act, signal), signal);
  }

  /**
   * Makes things wrong with the machine, in place of what was made wrong before.
   * @returns what it will feel later only
   * @throws {@link DriverError}
   */
  disturb(wrong: readonly Disturbance[], signal: AbortSignal): Promise<readonly LaterDisturbance[]> {
    return this.#inTurn(() => this.#disturb(wrong, signal), signal);
  }

  /** Ends the machine's QEMU, for good. */
  powerOff(signal: AbortSignal): Promise<void> {
    return this.#turn.run(() => this.#off(signal));
  }

  /** Lets a running machine see a disk's new size. */
  async resizeDisk(name: string, size: number): Promise<void> {
    const index = this.#run?.record.spec.disks.findIndex(disk => disk.name === name) ?? -1;
    if (index >= 0) await this.#run?.qmp?.execute('block_resize', { 'node-name': blockNode(index), size });
  }

  /** How its screen is seen. */
  screen(): MachineScreen {
    if (!this.#run) return { kind: 'none', why: 'The machine is off.' };
    const { vncSocket } = this.#parts.paths;
    // One that was powered on by an earlier version.
    if (!existsSync(vncSocket)) return { kind: 'none', why: 'It has a screen from its next power-on.' };
    return { kind: 'vnc', socket: vncSocket };
  }

  get isOn(): boolean {
    return this.#run !== undefined;
  }

  /** Tells how busy the machine has been since the last call. */
  async sampleLoad(): Promise<void> {
    const run = this.#run;
    const status = run && (await processStatus(run.process.pid));
    if (!run || !status || status.startTime !== run.process.startTime) return;
    const before = run.load;
    const now = { at: this.#parts.clock.now(), ticks: status.ticks };
    run.load = now;
    if (!before || now.at <= before.at) return;
    const busy = (now.ticks - before.ticks) / ticksPerSecond / ((now.at - before.at) / 1000);
    const load = Math.min(1, Math.max(0, busy / run.record.spec.cpus));
    if (this.#run === run) this.#parts.observe({ type: 'load', load });
  }

  /** Lets go of the machine, which runs on. */
  close(): void {
    this.#stop.abort();
    this.serial.close();
    this.#run?.qmp?.close();
  }

  async #act(act: MachineAct, signal: AbortSignal): Promise<void> {
    switch (act.action) {
      case 'on':
        return this.#on(act.boot, signal);
      case 'off':
        return this.#off(signal);
      case 'soft-off':
        await this.#running().qmp.execute('system_powerdown', {}, { signal });
        return;
      case 'nmi':
        await this.#running().qmp.execute('inject-nmi', {}, { signal });
        return;
      case 'reset':
        return this.#reset(act.boot, signal);
      case 'set-next-boot':
        if (this.#run) await this.#setNextBoot(act.boot, signal);
        return;
      case 'set-media':
        return this.#setMedia(act.media, signal);
    }
  }

  async #on(boot: NextBoot, signal: AbortSignal): Promise<void> {
    if (!this.#run) {
      const spec = await this.#parts.spec();
      if (!spec) throw new DriverError('refused', `${this.#id} is not finished: run up again`);
      const record = powerOnRecord(spec, await this.#parts.backends(spec), boot);
      const run = await this.#start(record, 'anew', signal);
      this.#watch.tellBoot(run, record.lastBoot);
    }
    this.#parts.observe({ type: 'power', power: 'on' });
  }

  async #start(record: RunRecord, console: 'anew' | 'goes-on', signal: AbortSignal): Promise<Run> {
    const { paths, lab, accelerator, clock, log } = this.#parts;
    const kept = (await this.#media.read()) ?? noMedia;
    const media = await usableMedia(kept, problem => {
      log.warn({ machine: this.#id, problem }, 'powered on without a medium');
    });
    const { run, qmp } = await startQemu({
      ...{ lab, record, paths, accelerator, media, console, clock },
      keep: started => this.#record.write(started),
      connect: started => this.#watch.connect(started, signal),
    });
    this.#run = run;
    void this.#watch.follow(run);
    try {
      await this.#parts.plugIn(record.backends);
      await this.serial.attach(console === 'anew');
      await this.#watch.keep(run, { ...record, replacement: undefined, resets: await countResets(paths) });
      await this.#watch.begin(run, qmp, signal);
      return run;
    } catch (error) {
      await this.#off(AbortSignal.timeout(exitTime + quitTime));
      throw error;
    }
  }

  async #off(signal: AbortSignal): Promise<void> {
    const run = this.#run;
    if (!run) {
      this.#parts.observe({ type: 'power', power: 'off' });
      return;
    }
    run.endedByUs = true;
    await this.#end(run, signal);
  }

  async #end(run: Run, signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts;
    // Asked by QMP it closes its disks tidily; the guest is not asked. What does not answer is killed.
    const asked = await run.qmp?.execute('quit', {}, { timeout: quitTime, signal }).then(
      () => true,
      (error: unknown) => error instanceof QmpError && error.kind === 'closed',
    );
    signal.throwIfAborted();
    const gone = asked === true && (await waitForExit(run.process, clock, exitTime, signal));
    if (!gone && !(await killProcess(run.process, clock))) {
      throw new DriverError('transient', `QEMU process ${run.process.pid} cannot be killed`);
    }
    await run.ended;
  }

  async #reset(boot: NextBoot, signal: AbortSignal): Promise<void> {
    const { run, qmp } = this.#running();
    await this.#setNextBoot(boot, signal);
    if (needsNewQemu(run.record)) return this.#replace(run, 'reset');
    const done = new Promise<void>(resolve => {
      run.onReset = resolve;
    });
    await qmp.execute('system_reset', {}, { signal });
    const late = () => new DriverError('transient', 'QEMU has not reset the machine');
    await within(this.#parts.clock, resetTime, done, late, signal);
    if (this.#disturbances.hangs) return;
    // A machine that had stopped on an error stays so after its reset.
    if ((await statusOf(qmp)) !== 'running') await qmp.execute('cont', {}, { signal });
  }

  /** Has a QEMU with the firmware of the next boot take this one's place: seen from outside, a reset. */
  async #replace(run: Run, cause: 'reset' | 'guest'): Promise<void> {
    await this.#watch.keep(run, { ...run.record, replacement: cause });
    run.replaced = true;
    // From here on the machine would be off if this were given up; only the driver's own end does that.
    try {
      await this.#end(run, this.#stop.signal);
    } catch (error) {
      run.replaced = false;
      if (!this.#stop.signal.aborted) await this.#watch.keep(run, { ...run.record, replacement: undefined });
      throw error;
    }
    await this.#startAgain(run.record, cause);
  }

  async #startAgain(record: RunRecord, cause: 'reset' | 'guest'): Promise<void> {
    const begun = { ...record, settings: record.next.settings, resets: 0 };
    const lastBoot = nextBootOf(begun, cause);
    try {
      const run = await this.#start({ ...begun, lastBoot }, 'goes-on', this.#stop.signal);
      this.#watch.tellBoot(run, lastBoot);
    } catch (error) {
      // The driver after this one goes on.
      if (this.#stop.signal.aborted) throw error;
      await this.#record.write({ ...record, replacement: undefined });
      this.#run = undefined;
      const detail = `could not be started with its new firmware settings: ${messageOf(error)}`;
      this.#parts.observe({ type: 'power', power: 'off', cause: 'platform', detail });
      throw error;
    }
  }

  async #setNextBoot(boot: NextBoot, signal: AbortSignal): Promise<void> {
    const { run, qmp } = this.#running();
    await delay(this.#parts.clock, run.settledAt - this.#parts.clock.now(), signal);
    await run.order.set(qmp, orderOf(withNextBoot(run.record, boot)), signal);
    await this.#watch.keep(run, withNextBoot(run.record, boot));
  }

  async #disturb(wrong: readonly Disturbance[], signal: AbortSignal): Promise<readonly LaterDisturbance[]> {
    const spec = this.#run?.record.spec ?? (await this.#parts.spec());
    if (spec) checkParts(this.#id, spec, wrong);
    await this.#dropRequests(spec, lostPorts(wrong), signal);
    // From here on a power-on brings it about.
    this.#disturbances.set(wrong);
    if (!this.#run) return [];
    const { run, qmp } = this.#running();
    await this.#disturbances.impose(qmp, run.record.spec, signal);
    if (!this.#disturbances.hangs) await this.#watch.goOn(run, qmp, signal);
    return this.#disturbances.hangs && !run.held
      ? [{ kind: 'firmware-hangs', when: 'its firmware hangs when it next starts' }]
      : [];
  }

  async #dropRequests(
    spec: NodeSpec | undefined,
    ports: readonly number[],
    signal: AbortSignal,
  ): Promise<void> {
    const { backends, paths } = this.#parts;
    if (!spec || ports.length === 0) {
      if (this.#dropsRequests) await removeFilters([paths.filter]);
      this.#dropsRequests = false;
      return;
    }
    const taps = (await backends(spec)).flatMap(one => (one.type === 'tap' ? [one.tap] : []));
    if (taps.length === 0) throw new DriverError('unsupported', `${this.#id} is on no bridge of this host`);
    this.#dropsRequests = true;
    await dropRequests(paths.filter, taps, ports, signal);
  }

  async #setMedia(media: MediaState, signal: AbortSignal): Promise<void> {
    if (media.cd) await checkImage('cd', media.cd);
    if (media.usb) await checkImage('usb', media.usb);
    if (this.#run) {
      const { run, qmp } = this.#running();
      const plugged = await changeMedia({ qmp, clock: this.#parts.clock, signal }, media);
      if (plugged) await run.order.set(qmp, orderOf(run.record), signal);
    }
    await this.#media.write(media);
  }

  #inTurn<T>(does: () => Promise<T>, signal: AbortSignal): Promise<T> {
    return this.#turn.run(async () => {
      try {
        signal.throwIfAborted();
        return await does();
      } catch (error) {
        throw driverErrorOf(error, signal);
      }
    });
  }

  #running(): { run: Run; qmp: QmpClient } {
    const run = this.#run;
    if (!run) throw new DriverError('refused', `${this.#id} is off`);
    if (!run.qmp) throw new DriverError('transient', `${this.#id}: QEMU does not answer`);
    return { run, qmp: run.qmp };
  }

  /** Never rejects. */
  async #replaceInTurn(run: Run, cause: 'reset' | 'guest'): Promise<void> {
    try {
      await this.#turn.run(async () => {
        if (this.#run !== run || run.endedByUs || run.replaced) return;
        if (needsNewQemu(run.record)) await this.#replace(run, cause);
        else await this.#watch.booted(run, cause);
      });
    } catch (error) {
      if (!this.#stop.signal.aborted)
        this.#parts.log.error({ machine: this.#id, error: messageOf(error) }, 'no new QEMU');
    }
  }
}

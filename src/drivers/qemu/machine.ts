import {
  isRunning,
  killProcess,
  type ProcessIdentity,
  processStatus,
  ticksPerSecond,
  waitForExit,
} from '../../host/processes.ts';
import type { NextBoot } from '../../node/boot.ts';
import { DriverError, type MachineAct, type Observation } from '../../node/driver.ts';
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
import { driverErrorOf } from './failures.ts';
import { connectSerial, connectWhenReady, countResets } from './launch.ts';
import type { MachinePaths } from './layout.ts';
import { checkImage, usableMedia } from './media.ts';
import { changeMedia } from './media-control.ts';
import { type QmpClient, QmpError, type QmpEvent } from './qmp.ts';
import { describeEnd, newRun, type Run, statusOf } from './run.ts';
import {
  completeRecord,
  firmwareOf,
  type LastBoot,
  needsNewQemu,
  nextBootOf,
  orderOf,
  powerOnRecord,
  type RunRecord,
  withNextBoot,
} from './run-record.ts';
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
const reconnectTime = 5_000;

/**
 * SeaBIOS answers a reset with another one of its own: it finds itself in memory, takes the reset for a warm one and
 * makes it a cold one. Resets that come so soon after another belong to the same boot, and the boot order must stay
 * as it is until then. Milliseconds.
 */
const bounceTime = 2_000;

/** One machine: on as long as its QEMU process exists. */
export class QemuMachine {
  readonly serial: QemuSerial;
  readonly #parts: MachineParts;
  readonly #record: Document<RunRecord>;
  readonly #media: Document<MediaState>;
  readonly #turn = new Turnstile();
  readonly #stop = new AbortController();
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
  }

  get #id(): string {
    return `${this.#parts.lab}/${this.#parts.name}`;
  }

  /** What is to be seen of the machine now. */
  snapshot(): Observation[] {
    const run = this.#run;
    if (!run) return [{ type: 'power', power: 'off' }];
    return [
      { type: 'booted', ...run.record.lastBoot, earlier: true },
      { type: 'power', power: 'on' },
    ];
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
    await this.#reconnect(run);
    void this.#follow(run);
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
    return this.#turn.run(async () => {
      try {
        signal.throwIfAborted();
        await this.#act(act, signal);
      } catch (error) {
        throw driverErrorOf(error, signal);
      }
    });
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
      await this.#start(record, 'anew', signal);
      this.#tellBoot(record.lastBoot);
    }
    this.#parts.observe({ type: 'power', power: 'on' });
  }

  async #start(record: RunRecord, console: 'anew' | 'goes-on', signal: AbortSignal): Promise<void> {
    const { paths, lab, accelerator, clock, log } = this.#parts;
    const kept = (await this.#media.read()) ?? noMedia;
    const media = await usableMedia(kept, problem => {
      log.warn({ machine: this.#id, problem }, 'powered on without a medium');
    });
    const { run, qmp } = await startQemu({
      ...{ lab, record, paths, accelerator, media, console, clock },
      keep: started => this.#record.write(started),
      connect: started => this.#connect(started, signal),
    });
    this.#run = run;
    void this.#follow(run);
    try {
      await this.#parts.plugIn(record.backends);
      await this.serial.attach(console === 'anew');
      await this.#keep(run, { ...record, replacement: undefined, resets: await countResets(paths) });
      await this.#begin(qmp, signal);
    } catch (error) {
      await this.#off(AbortSignal.timeout(exitTime + quitTime));
      throw error;
    }
  }

  /** Lets a machine run that has been waiting since it was launched. */
  async #begin(qmp: QmpClient, signal: AbortSignal): Promise<void> {
    await connectSerial(qmp, this.#parts.paths, signal);
    await qmp.execute('cont', {}, { signal });
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
    // A machine that had stopped on an error stays so after its reset.
    if ((await statusOf(qmp)) !== 'running') await qmp.execute('cont', {}, { signal });
  }

  /** Has a QEMU with the firmware of the next boot take this one's place: seen from outside, a reset. */
  async #replace(run: Run, cause: 'reset' | 'guest'): Promise<void> {
    await this.#keep(run, { ...run.record, replacement: cause });
    run.replaced = true;
    // From here on the machine would be off if this were given up; only the driver's own end does that.
    await this.#end(run, this.#stop.signal);
    await this.#startAgain(run.record, cause);
  }

  async #startAgain(record: RunRecord, cause: 'reset' | 'guest'): Promise<void> {
    const begun = { ...record, settings: record.next.settings, resets: 0 };
    const lastBoot = nextBootOf(begun, cause);
    try {
      await this.#start({ ...begun, lastBoot }, 'goes-on', this.#stop.signal);
    } catch (error) {
      // The driver after this one goes on.
      if (this.#stop.signal.aborted) throw error;
      await this.#record.write({ ...record, replacement: undefined });
      this.#run = undefined;
      const detail = `could not be started with its new firmware settings: ${messageOf(error)}`;
      this.#parts.observe({ type: 'power', power: 'off', cause: 'platform', detail });
      throw error;
    }
    this.#tellBoot(lastBoot);
  }

  async #setNextBoot(boot: NextBoot, signal: AbortSignal): Promise<void> {
    const { run, qmp } = this.#running();
    await delay(this.#parts.clock, run.settledAt - this.#parts.clock.now(), signal);
    await run.order.set(qmp, orderOf(withNextBoot(run.record, boot)), signal);
    await this.#keep(run, withNextBoot(run.record, boot));
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

  #running(): { run: Run; qmp: QmpClient } {
    const run = this.#run;
    if (!run) throw new DriverError('refused', `${this.#id} is off`);
    if (!run.qmp) throw new DriverError('transient', `${this.#id}: QEMU does not answer`);
    return { run, qmp: run.qmp };
  }

  #connect(run: Run, signal: AbortSignal): Promise<QmpClient> {
    const { paths, clock } = this.#parts;
    const onEvent = (event: QmpEvent) => this.#onEvent(run, event);
    return connectWhenReady(paths, { clock, isAlive: () => isRunning(run.process), onEvent }, signal);
  }

  /** Connects to a QEMU that has been running unheard, and finds out what it did meanwhile. Never rejects. */
  async #reconnect(run: Run): Promise<void> {
    const limit = AbortSignal.timeout(reconnectTime);
    try {
      const qmp = await this.#connect(run, AbortSignal.any([limit, this.#stop.signal]));
      run.qmp = qmp;
      await this.#catchUp(run);
      // Its starter was stopped before it let the machine run.
      if ((await statusOf(qmp)) === 'prelaunch') await this.#begin(qmp, limit);
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      this.#parts.log.warn({ machine: this.#id, error: messageOf(error) }, 'QEMU runs but does not answer');
    }
  }

  /** Stays with a run until its QEMU has ended, and tells of that. Never rejects. */
  async #follow(run: Run): Promise<void> {
    const { clock, log, paths, observe } = this.#parts;
    try {
      for (;;) {
        await run.qmp?.closed;
        if (this.#stop.signal.aborted) return;
        run.qmp = undefined;
        if (await waitForExit(run.process, clock, exitTime, this.#stop.signal)) break;
        await this.#reconnect(run);
      }
      await this.serial.detach();
      if (run.replaced) return;
      const end = await describeEnd(run, paths);
      this.#run = undefined;
      observe({ type: 'power', power: 'off', ...end });
    } catch (error) {
      if (!this.#stop.signal.aborted)
        log.error({ machine: this.#id, error: messageOf(error) }, 'lost its QEMU');
    } finally {
      run.atEnd();
    }
  }

  #onEvent(run: Run, { event, data }: QmpEvent): void {
    const { observe, log } = this.#parts;
    switch (event) {
      case 'SHUTDOWN':
        run.shutdown = data;
        break;
      case 'RESET':
        this.#onReset(run, data.guest === true ? 'guest' : 'reset');
        break;
      case 'GUEST_PANICKED':
        observe({ type: 'panicked', detail: 'the guest reported a kernel panic' });
        break;
      case 'GUEST_CRASHLOADED':
        observe({ type: 'panicked', detail: 'the guest panicked and runs its crash kernel' });
        break;
      case 'STOP':
        void this.#stopped(run);
        break;
      default:
        log.debug({ machine: this.#id, event }, 'QEMU event');
    }
  }

  #onReset(run: Run, cause: 'reset' | 'guest'): void {
    const now = this.#parts.clock.now();
    const isBounce = cause === 'guest' && now < run.settledAt;
    if (firmwareOf(run.record).mode === 'bios') run.settledAt = now + bounceTime;
    // The machine has only just begun to start with what it had: that leaves no trace.
    if (!isBounce && needsNewQemu(run.record)) void this.#replaceInTurn(run, cause);
    else void this.#booted(run, isBounce ? undefined : cause);
  }

  /** Never rejects. */
  async #replaceInTurn(run: Run, cause: 'reset' | 'guest'): Promise<void> {
    try {
      await this.#turn.run(async () => {
        if (this.#run !== run || run.endedByUs || run.replaced) return;
        if (needsNewQemu(run.record)) await this.#replace(run, cause);
        else await this.#booted(run, cause);
      });
    } catch (error) {
      if (!this.#stop.signal.aborted)
        this.#parts.log.error({ machine: this.#id, error: messageOf(error) }, 'no new QEMU');
    }
  }

  /** @param cause - of a new boot; `undefined` for a reset that belongs to the latest one. Never rejects. */
  async #booted(run: Run, cause: 'reset' | 'guest' | undefined): Promise<void> {
    const resets = run.record.resets + 1;
    const lastBoot = cause ? nextBootOf(run.record, cause) : run.record.lastBoot;
    const kept = this.#keep(run, { ...run.record, lastBoot, resets });
    if (cause) this.#tellBoot(lastBoot);
    try {
      await kept;
    } catch (error) {
      this.#parts.log.error({ machine: this.#id, error: messageOf(error) }, 'a boot could not be recorded');
    }
    run.onReset?.();
    run.onReset = undefined;
  }

  #tellBoot(boot: LastBoot): void {
    this.#parts.observe({ type: 'booted', ...boot });
  }

  /** Notices the boots that the machine did while nobody looked. It did them as it had been told to. */
  async #catchUp(run: Run): Promise<void> {
    const resets = await countResets(this.#parts.paths);
    if (resets <= run.record.resets) return;
    const lastBoot = nextBootOf(run.record, 'guest');
    await this.#keep(run, { ...run.record, lastBoot, resets });
    this.#tellBoot(lastBoot);
  }

  /** The machine stands still. When nobody stopped it, its processors could not go on. */
  async #stopped(run: Run): Promise<void> {
    try {
      const status = run.qmp && (await statusOf(run.qmp));
      if (status !== 'internal-error' && status !== 'io-error') return;
      const what = status === 'io-error' ? 'a disk of the host failed or is full' : 'the accelerator failed';
      this.#parts.observe({ type: 'panicked', detail: `the machine stands still: ${what}` });
    } catch (error) {
      this.#parts.log.debug({ machine: this.#id, error: messageOf(error) }, 'stopped');
    }
  }

  async #keep(run: Run, record: RunRecord): Promise<void> {
    run.record = record;
    await this.#record.write(record);
  }
}

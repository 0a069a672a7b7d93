import { isRunning, waitForExit } from '../../host/processes.ts';
import type { Observation } from '../../node/driver.ts';
import type { Clock } from '../../support/clock.ts';
import type { Document } from '../../support/document.ts';
import { messageOf } from '../../support/errors.ts';
import type { Logger } from '../../support/log.ts';
import type { Disturbances } from './disturbances.ts';
import { connectSerial, connectWhenReady, countResets } from './launch.ts';
import type { MachinePaths } from './layout.ts';
import type { QmpClient, QmpEvent } from './qmp.ts';
import { describeEnd, type Run, statusOf } from './run.ts';
import { firmwareOf, type LastBoot, needsNewQemu, nextBootOf, type RunRecord } from './run-record.ts';
import type { QemuSerial } from './serial.ts';

/** What watching a machine's QEMU needs. */
export interface RunWatchParts {
  readonly id: string;
  readonly paths: MachinePaths;
  readonly clock: Clock;
  readonly log: Logger;
  readonly serial: QemuSerial;
  readonly record: Document<RunRecord>;
  readonly disturbances: Disturbances;
  readonly observe: (observation: Observation) => void;
  /** A run has ended, and no other one takes its place. */
  readonly onEnd: () => void;
  /** The machine boots, but only another QEMU can do that boot as it is to be done. */
  readonly onNewQemuNeeded: (run: Run, cause: 'reset' | 'guest') => void;
  /** Aborts when nobody watches any longer. */
  readonly stop: AbortSignal;
}

/** Milliseconds. */
const exitTime = 2_000;
const reconnectTime = 5_000;

/**
 * SeaBIOS answers a reset with another one of its own: it finds itself in memory, takes the reset for a warm one and
 * makes it a cold one. Resets that come so soon after another belong to the same boot, and the boot order must stay
 * as it is until then. Milliseconds.
 */
const bounceTime = 2_000;

/** Stays with a machine's QEMU: tells what the machine does, and keeps the record of that. */
export class RunWatch {
  readonly #parts: RunWatchParts;

  constructor(parts: RunWatchParts) {
    this.#parts = parts;
  }

  /** Connects to a run's QEMU, which may not listen yet. */
  connect(run: Run, signal: AbortSignal): Promise<QmpClient> {
    const { paths, clock } = this.#parts;
    const onEvent = (event: QmpEvent) => this.#onEvent(run, event);
    return connectWhenReady(paths, { clock, isAlive: () => isRunning(run.process), onEvent }, signal);
  }

  /** Lets a machine run that has been waiting since it was launched, unless its firmware hangs. */
  async begin(run: Run, qmp: QmpClient, signal: AbortSignal): Promise<void> {
    if (this.#parts.disturbances.any) await this.#impose(run, qmp, signal);
    await this.#start(qmp, signal);
  }

  /** Lets firmware get on that hangs. */
  async goOn(run: Run, qmp: QmpClient, signal: AbortSignal): Promise<void> {
    const { held } = run;
    if (!held) return;
    await qmp.execute('cont', {}, { signal });
    run.held = undefined;
    this.#settle(run);
    this.tellBoot(run, held);
  }

  /** Connects to a QEMU that has been running unheard, and finds out what it did meanwhile. Never rejects. */
  async reconnect(run: Run): Promise<void> {
    const limit = AbortSignal.timeout(reconnectTime);
    try {
      const qmp = await this.connect(run, AbortSignal.any([limit, this.#parts.stop]));
      run.qmp = qmp;
      await this.#catchUp(run);
      await this.#impose(run, qmp, limit);
      // Its starter was stopped before it let the machine run, or while its firmware hung.
      const status = await statusOf(qmp);
      if (status === 'prelaunch' || status === 'paused') await this.#start(qmp, limit);
    } catch (error) {
      if (this.#parts.stop.aborted) return;
      this.#parts.log.warn(
        { machine: this.#parts.id, error: messageOf(error) },
        'QEMU runs but does not answer',
      );
    }
  }

  async #start(qmp: QmpClient, signal: AbortSignal): Promise<void> {
    await connectSerial(qmp, this.#parts.paths, signal);
    if (!this.#parts.disturbances.hangs) await qmp.execute('cont', {}, { signal });
  }

  /** Makes a machine as wrong as it shall be. One that cannot be made so goes on as it is. */
  async #impose(run: Run, qmp: QmpClient, signal: AbortSignal): Promise<void> {
    const { disturbances, log, id } = this.#parts;
    try {
      await disturbances.impose(qmp, run.record.spec, signal);
    } catch (error) {
      signal.throwIfAborted();
      log.warn({ machine: id, error: messageOf(error) }, 'a machine is not as its faults want');
    }
  }

  /** Stays with a run until its QEMU has ended, and tells of that. Never rejects. */
  async follow(run: Run): Promise<void> {
    const { clock, log, paths, observe } = this.#parts;
    try {
      for (;;) {
        await run.qmp?.closed;
        if (this.#parts.stop.aborted) return;
        run.qmp = undefined;
        if (await waitForExit(run.process, clock, exitTime, this.#parts.stop)) break;
        await this.reconnect(run);
      }
      await this.#parts.serial.detach();
      if (run.replaced) return;
      const end = await describeEnd(run, paths);
      this.#parts.onEnd();
      observe({ type: 'power', power: 'off', ...end });
    } catch (error) {
      if (!this.#parts.stop.aborted)
        log.error({ machine: this.#parts.id, error: messageOf(error) }, 'lost its QEMU');
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
        log.debug({ machine: this.#parts.id, event }, 'QEMU event');
    }
  }

  #onReset(run: Run, cause: 'reset' | 'guest'): void {
    const isBounce = cause === 'guest' && this.#parts.clock.now() < run.settledAt;
    this.#settle(run);
    // The machine has only just begun to start with what it had: that leaves no trace.
    if (!isBounce && needsNewQemu(run.record)) this.#parts.onNewQemuNeeded(run, cause);
    else void this.booted(run, isBounce ? undefined : cause);
  }

  /** @param cause - of a new boot; `undefined` for a reset that belongs to the latest one. Never rejects. */
  async booted(run: Run, cause: 'reset' | 'guest' | undefined): Promise<void> {
    const resets = run.record.resets + 1;
    const lastBoot = cause ? nextBootOf(run.record, cause) : run.record.lastBoot;
    const kept = this.keep(run, { ...run.record, lastBoot, resets });
    if (cause) this.tellBoot(run, lastBoot);
    try {
      await kept;
    } catch (error) {
      this.#parts.log.error(
        { machine: this.#parts.id, error: messageOf(error) },
        'a boot could not be recorded',
      );
    }
    run.onReset?.();
    run.onReset = undefined;
  }

  /** Tells that firmware has started, when it gets on. */
  tellBoot(run: Run, boot: LastBoot): void {
    const { disturbances, observe, log, id, stop } = this.#parts;
    if (!disturbances.hangs) {
      observe({ type: 'booted', ...boot });
      return;
    }
    run.held = boot;
    run.qmp?.execute('stop').catch((error: unknown) => {
      if (!stop.aborted) log.warn({ machine: id, error: messageOf(error) }, 'its firmware does not hang');
    });
  }

  #settle(run: Run): void {
    if (firmwareOf(run.record).mode === 'bios') run.settledAt = this.#parts.clock.now() + bounceTime;
  }

  /** Notices the boots that the machine did while nobody looked. It did them as it had been told to. */
  async #catchUp(run: Run): Promise<void> {
    const resets = await countResets(this.#parts.paths);
    if (resets <= run.record.resets) return;
    const lastBoot = nextBootOf(run.record, 'guest');
    await this.keep(run, { ...run.record, lastBoot, resets });
    this.tellBoot(run, lastBoot);
  }

  /** The machine stands still. When nobody stopped it, its processors could not go on. */
  async #stopped(run: Run): Promise<void> {
    try {
      const status = run.qmp && (await statusOf(run.qmp));
      if (status !== 'internal-error' && status !== 'io-error') return;
      const what = status === 'io-error' ? 'a disk of the host failed or is full' : 'the accelerator failed';
      this.#parts.observe({ type: 'panicked', detail: `the machine stands still: ${what}` });
    } catch (error) {
      this.#parts.log.debug({ machine: this.#parts.id, error: messageOf(error) }, 'stopped');
    }
  }

  /** Keeps what is known of a run. */
  async keep(run: Run, record: RunRecord): Promise<void> {
    run.record = record;
    await this.#parts.record.write(record);
  }
}

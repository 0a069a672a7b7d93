import type { NextBoot } from '../../node/boot.ts';
import { DriverError, type MachineAct, type Observation } from '../../node/driver.ts';
import type { NodeSpec } from '../../node/spec.ts';
import type { Clock } from '../../support/clock.ts';
import { type Document, fileDocument } from '../../support/document.ts';
import { messageOf } from '../../support/errors.ts';
import type { Logger } from '../../support/log.ts';
import type { Accelerator } from './accelerator.ts';
import { bootOrder } from './boot-order.ts';
import { BootOrderControl } from './boot-order-control.ts';
import { blockNode, buildCommandLine, type NicBackend, serialId } from './command-line.ts';
import { driverErrorOf } from './failures.ts';
import { clearRunFiles, connectWhenReady, countResets, lastWords, launch } from './launch.ts';
import type { MachinePaths } from './layout.ts';
import {
  isRunning,
  killProcess,
  type ProcessIdentity,
  processStatus,
  ticksPerSecond,
  waitForExit,
} from './processes.ts';
import { asRecord, type QmpClient, QmpError, type QmpEvent } from './qmp.ts';
import { QemuSerial } from './serial.ts';
import { delay, Turnstile, within } from './wait.ts';

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

/** What is kept of a power-on, for a driver that finds the machine running. */
interface RunRecord {
  /** As it was when the machine was powered on: changes come with the next power-on. */
  readonly spec: NodeSpec;
  readonly backends: readonly NicBackend[];
  /** What the machine boots from when it next boots. */
  readonly next: NextBoot;
  readonly lastBoot: { readonly revision: number; readonly cause: 'power-on' | 'reset' | 'guest' };
  /** How many resets have been seen, counted as QEMU notes them. */
  readonly resets: number;
}

/** A running machine. */
interface Run {
  readonly process: ProcessIdentity;
  readonly order: BootOrderControl;
  /** Resolves when QEMU has ended and that has been told. */
  readonly ended: Promise<void>;
  qmp: QmpClient | undefined;
  record: RunRecord;
  /** What QEMU said of its end before it came. */
  shutdown: QmpEvent['data'] | undefined;
  load: { readonly at: number; readonly ticks: number } | undefined;
  onReset: (() => void) | undefined;
  /** When the firmware has read its boot order for certain. */
  settledAt: number;
  endedByUs: boolean;
}

/** Milliseconds. */
const quitTime = 2_000;
const resetTime = 10_000;
const exitTime = 2_000;

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
  readonly #turn = new Turnstile();
  #run: Run | undefined;
  #closed = false;

  constructor(parts: MachineParts) {
    this.#parts = parts;
    this.#record = fileDocument(parts.paths.run);
    const { clock, log, paths } = parts;
    const sendBreak = () => {
      this.#run?.qmp?.execute('chardev-send-break', { id: serialId }).catch((error: unknown) => {
        log.warn({ machine: this.#id, error: messageOf(error) }, 'no serial break');
      });
    };
    this.serial = new QemuSerial(
      { log: paths.serialLog, socket: paths.serialSocket },
      { clock, log, sendBreak },
    );
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
    const { log } = this.#parts;
    const record = await this.#record.read();
    if (!record) {
      log.warn({ machine: this.#id, pid: process.pid }, 'a QEMU without a record: it is ended');
      await killProcess(process, this.#parts.clock);
      return;
    }
    const run = await this.#connect(process, record);
    await this.#parts.plugIn(record.backends);
    await this.serial.attach(false);
    await this.#catchUp(run);
    if (run.qmp && (await statusOf(run.qmp)) === 'prelaunch') await run.qmp.execute('cont');
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
    this.#closed = true;
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
    }
  }

  async #on(boot: NextBoot, signal: AbortSignal): Promise<void> {
    const { paths, lab, accelerator } = this.#parts;
    if (this.#run) {
      this.#parts.observe({ type: 'power', power: 'on' });
      return;
    }
    const spec = await this.#parts.spec();
    if (!spec) throw new DriverError('refused', `${this.#id} is not finished: run up again`);
    const backends = await this.#parts.backends(spec);
    const order = orderFor(boot, spec);
    const record: RunRecord = {
      spec,
      backends,
      next: boot,
      lastBoot: { revision: boot.revision, cause: 'power-on' },
      resets: 0,
    };
    await clearRunFiles(paths);
    // Before the process: whoever finds it must know what it is.
    await this.#record.write(record);
    const args = buildCommandLine({
      lab,
      spec,
      paths,
      accelerator: accelerator.name,
      backends,
      bootOrder: order,
    });
    const process = await launch(args, paths);
    let run: Run;
    try {
      run = await this.#connect(process, record, signal);
    } catch (error) {
      await killProcess(process, this.#parts.clock);
      const words = await lastWords(paths);
      throw error instanceof QmpError && words !== undefined
        ? new DriverError('refused', `QEMU did not start: ${words}`, error)
        : error;
    }
    try {
      await this.#parts.plugIn(backends);
      await this.serial.attach(true);
      await this.#keep(run, { ...record, resets: await countResets(paths) });
      await run.qmp?.execute('cont', {}, { signal });
    } catch (error) {
      await this.#off(AbortSignal.timeout(exitTime + quitTime));
      throw error;
    }
    this.#parts.observe({ type: 'power', power: 'on' });
    this.#parts.observe({ type: 'booted', revision: boot.revision, cause: 'power-on' });
  }

  async #off(signal: AbortSignal): Promise<void> {
    const run = this.#run;
    if (!run) {
      this.#parts.observe({ type: 'power', power: 'off' });
      return;
    }
    run.endedByUs = true;
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
    const done = new Promise<void>(resolve => {
      run.onReset = resolve;
    });
    await qmp.execute('system_reset', {}, { signal });
    const late = () => new DriverError('transient', 'QEMU has not reset the machine');
    await within(this.#parts.clock, resetTime, done, late, signal);
    // A machine that had stopped on an error stays so after its reset.
    if ((await statusOf(qmp)) !== 'running') await qmp.execute('cont', {}, { signal });
  }

  async #setNextBoot(boot: NextBoot, signal: AbortSignal): Promise<void> {
    const { run, qmp } = this.#running();
    await delay(this.#parts.clock, run.settledAt - this.#parts.clock.now(), signal);
    await run.order.set(qmp, orderFor(boot, run.record.spec), signal);
    await this.#keep(run, { ...run.record, next: boot });
  }

  #running(): { run: Run; qmp: QmpClient } {
    const run = this.#run;
    if (!run) throw new DriverError('refused', `${this.#id} is off`);
    if (!run.qmp) throw new DriverError('transient', `${this.#id}: QEMU does not answer`);
    return { run, qmp: run.qmp };
  }

  /** Makes a process this machine's QEMU. */
  async #connect(process: ProcessIdentity, record: RunRecord, signal?: AbortSignal): Promise<Run> {
    let atEnd = () => {};
    const ended = new Promise<void>(resolve => {
      atEnd = resolve;
    });
    const run: Run = {
      process,
      order: new BootOrderControl(),
      ended,
      qmp: undefined,
      record,
      shutdown: undefined,
      load: undefined,
      onReset: undefined,
      settledAt: 0,
      endedByUs: false,
    };
    run.qmp = await this.#connectQmp(run, signal);
    this.#run = run;
    void this.#follow(run).then(atEnd);
    return run;
  }

  #connectQmp(run: Run, signal?: AbortSignal): Promise<QmpClient> {
    const { paths, clock } = this.#parts;
    const onEvent = (event: QmpEvent) => this.#onEvent(run, event);
    return connectWhenReady(paths, { clock, isAlive: () => isRunning(run.process), onEvent }, signal);
  }

  /** Holds the connection until QEMU has ended. Never rejects. */
  async #follow(run: Run): Promise<void> {
    const { clock, log } = this.#parts;
    for (;;) {
      await run.qmp?.closed;
      if (this.#closed) return;
      run.qmp = undefined;
      if (await waitForExit(run.process, clock, exitTime)) break;
      try {
        run.qmp = await this.#connectQmp(run);
        await this.#catchUp(run);
      } catch (error) {
        log.warn({ machine: this.#id, error: messageOf(error) }, 'QEMU runs but does not answer');
        await delay(clock, exitTime);
      }
    }
    await this.serial.detach();
    const end = await this.#describeEnd(run);
    this.#run = undefined;
    if (!this.#closed) this.#parts.observe({ type: 'power', power: 'off', ...end });
  }

  async #describeEnd(run: Run): Promise<{ cause?: 'guest' | 'platform'; detail?: string }> {
    if (run.endedByUs) return {};
    if (run.shutdown?.guest === true) return { cause: 'guest', detail: 'shut down by its guest' };
    if (run.shutdown) return { cause: 'platform', detail: `QEMU was ended (${run.shutdown.reason})` };
    const words = await lastWords(this.#parts.paths);
    return { cause: 'platform', detail: `QEMU ended unexpectedly${words === undefined ? '' : `: ${words}`}` };
  }

  #onEvent(run: Run, { event, data }: QmpEvent): void {
    const { observe, log } = this.#parts;
    switch (event) {
      case 'SHUTDOWN':
        run.shutdown = data;
        break;
      case 'RESET':
        void this.#booted(run, data.guest === true ? 'guest' : 'reset');
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

  async #booted(run: Run, cause: 'reset' | 'guest'): Promise<void> {
    const now = this.#parts.clock.now();
    const isBounce = cause === 'guest' && now < run.settledAt;
    if (run.record.spec.firmware === 'bios') run.settledAt = now + bounceTime;
    const resets = run.record.resets + 1;
    const lastBoot = isBounce ? run.record.lastBoot : { revision: run.record.next.revision, cause };
    const kept = this.#keep(run, { ...run.record, lastBoot, resets });
    if (!isBounce) this.#parts.observe({ type: 'booted', ...lastBoot });
    try {
      await kept;
    } catch (error) {
      this.#parts.log.error({ machine: this.#id, error: messageOf(error) }, 'a boot could not be recorded');
    }
    run.onReset?.();
    run.onReset = undefined;
  }

  /** Notices the boots that the machine did while nobody looked. It did them as it had been told to. */
  async #catchUp(run: Run): Promise<void> {
    const resets = await countResets(this.#parts.paths);
    if (resets <= run.record.resets) return;
    const lastBoot = { revision: run.record.next.revision, cause: 'guest' as const };
    await this.#keep(run, { ...run.record, lastBoot, resets });
    this.#parts.observe({ type: 'booted', ...lastBoot });
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

function orderFor(boot: NextBoot, spec: NodeSpec): readonly string[] {
  const order = bootOrder(boot.target, { disks: spec.disks.length, nics: spec.nics.length });
  if (!order)
    throw new DriverError('unsupported', `a QEMU machine cannot be told to boot from ${boot.target}`);
  return order;
}

async function statusOf(qmp: QmpClient): Promise<unknown> {
  return asRecord(await qmp.execute('query-status'))?.status;
}

import { availableParallelism } from 'node:os';
import { stripVTControlCharacters } from 'node:util';
import type { EventEntry } from '../node/event-log.ts';
import type { Firmware } from '../node/spec.ts';
import { type Clock, systemClock } from '../support/clock.ts';
import { delay } from '../support/delay.ts';
import { messageOf, QuintupleoError } from '../support/errors.ts';
import { inParallel } from '../support/parallel.ts';
import { type RunProgram, runProgram } from '../support/program.ts';
import { type BmcAccess, bootDevices, Ipmitool } from './ipmitool.ts';

/** A node to be proven. */
export interface ProveNode {
  readonly name: string;
  readonly firmware: Firmware;
  readonly bmc: BmcAccess;
}

/** What a netbooted or deployed system said of itself. */
export interface ProveReport {
  readonly at: number;
  readonly stage: string;
  readonly detail: Readonly<Record<string, string>>;
}

/** The lab as the proof needs it; power and boot device go through the BMCs alone. Calls may throw. */
export interface ProveTarget {
  readonly nodes: readonly ProveNode[];
  /** The node's next network boot runs the deploy ramdisk, and its reports start anew. */
  assignDeploy(node: string): Promise<void>;
  reports(node: string): Promise<readonly ProveReport[]>;
  events(node: string): Promise<readonly EventEntry[]>;
  /** Why the node's last operation failed; `undefined` if it did not. */
  lastFailure(node: string): Promise<string | undefined>;
  /** What the node has said on its serial console since it was powered on. */
  consoleHistory(node: string): Promise<Uint8Array>;
}

/** What is done with a node, in this order. */
export const proveStages = ['prepare', 'network boot', 'deploy', 'disk boot', 'check'] as const;
export type ProveStage = (typeof proveStages)[number];

/** Milliseconds that each stage may take. */
export type ProveTimeouts = Readonly<Record<ProveStage, number>>;

/** What has happened so far. */
export type ProveEvent =
  | { readonly type: 'stage-started'; readonly node: string; readonly stage: ProveStage }
  | {
      readonly type: 'stage-done';
      readonly node: string;
      readonly stage: ProveStage;
      /** Milliseconds. */
      readonly duration: number;
      /** What was seen, in a few words. */
      readonly summary: string;
    }
  | { readonly type: 'finished'; readonly proof: NodeProof };

/** Why a node could not be proven, and what it left. */
export interface ProveFailure {
  readonly stage: ProveStage;
  readonly reason: string;
  readonly remedy: string | undefined;
  /** The last lines of its serial console. */
  readonly console: readonly string[];
  /** The last entries of its event log. */
  readonly events: readonly EventEntry[];
}

/** What came of one node. */
export interface NodeProof {
  readonly node: string;
  /** Stages that succeeded, with their milliseconds. */
  readonly stages: readonly { readonly stage: ProveStage; readonly duration: number }[];
  /** `undefined`: proven. */
  readonly failure: ProveFailure | undefined;
}

/** How to prove. */
export interface ProveOptions {
  readonly onEvent?: ((event: ProveEvent) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly clock?: Clock | undefined;
  readonly run?: RunProgram | undefined;
  /** Nodes at the same time; the host's processors by default, since a machine may keep one of them busy. */
  readonly concurrency?: number | undefined;
  readonly timeouts?: Partial<ProveTimeouts> | undefined;
}

/** Patient enough for machines without hardware virtualisation that share a processor. */
const defaultTimeouts: ProveTimeouts = {
  prepare: 120_000,
  'network boot': 300_000,
  deploy: 300_000,
  'disk boot': 300_000,
  check: 60_000,
};
const pollInterval = 500;
const healthCheckInterval = 5_000;
/** How long a machine may be off in a power cycle: a cloud takes its time. Milliseconds. */
const cyclePatience = 20_000;
const shownLines = 15;
const shownEvents = 8;

/**
 * Proves that a lab's nodes are bare metal to those who use them: with nothing but ipmitool each is powered off,
 * booted from the network into a ramdisk that writes and verifies its disk, and booted from that disk. **Overwrites
 * the first disk of every node.** A node that fails does not stop the others.
 * @returns a proof for each node, in their order
 * @throws the signal's reason when it aborts
 */
export async function prove(target: ProveTarget, options: ProveOptions = {}): Promise<readonly NodeProof[]> {
  const proofs: NodeProof[] = [];
  // The clock's timers let a process end; this one shall not before the proof does.
  const alive = setInterval(() => undefined, 60_000);
  try {
    await inParallel(
      target.nodes.entries(),
      options.concurrency ?? availableParallelism(),
      async ([index, node]) => {
        proofs[index] = await proveNode(target, node, options);
      },
    );
  } finally {
    clearInterval(alive);
  }
  return proofs;
}

async function proveNode(target: ProveTarget, node: ProveNode, options: ProveOptions): Promise<NodeProof> {
  const { onEvent, signal, clock = systemClock } = options;
  const run = new Run(target, node, options);
  const stages: { stage: ProveStage; duration: number }[] = [];
  let failure: ProveFailure | undefined;
  for (const stage of proveStages) {
    const startedAt = clock.now();
    onEvent?.({ type: 'stage-started', node: node.name, stage });
    try {
      const summary = await run.stage(stage);
      const duration = clock.now() - startedAt;
      stages.push({ stage, duration });
      onEvent?.({ type: 'stage-done', node: node.name, stage, duration, summary });
    } catch (error) {
      signal?.throwIfAborted();
      failure = await explain(target, node, stage, error);
      break;
    }
  }
  const proof: NodeProof = { node: node.name, stages, failure };
  onEvent?.({ type: 'finished', proof });
  return proof;
}

/** When a machine was first seen to be off; `undefined` while it is on. */
interface OffSince {
  at: number | undefined;
}

/** One node's way through the stages. */
class Run {
  readonly #target: ProveTarget;
  readonly #node: ProveNode;
  readonly #bmc: Ipmitool;
  readonly #clock: Clock;
  readonly #signal: AbortSignal | undefined;
  readonly #timeouts: ProveTimeouts;

  constructor(target: ProveTarget, node: ProveNode, options: ProveOptions) {
    this.#target = target;
    this.#node = node;
    this.#bmc = new Ipmitool(node.bmc, options.run ?? runProgram, options.signal);
    this.#clock = options.clock ?? systemClock;
    this.#signal = options.signal;
    this.#timeouts = { ...defaultTimeouts, ...options.timeouts };
  }

  /** Does one stage and says what was seen. */
  async stage(stage: ProveStage): Promise<string> {
    switch (stage) {
      case 'prepare':
        await this.#power('off', stage);
        await this.#target.assignDeploy(this.#node.name);
        return 'powered off, deploy ramdisk assigned';
      case 'network boot': {
        await this.#bootOnceFrom('pxe');
        await this.#power('on', stage);
        const { detail } = await this.#report(stage, 'ramdisk', 'the deploy ramdisk to start');
        return `ramdisk running at ${detail.address ?? 'an unknown address'}`;
      }
      case 'deploy': {
        const { detail } = await this.#report(stage, 'deployed', 'the disk to be written and verified');
        return `${detail.bytes ?? '?'} bytes on ${detail.disk ?? 'its disk'}, read back and compared`;
      }
      case 'disk boot': {
        await this.#bootOnceFrom('disk');
        await this.#bmc.power('cycle');
        const { detail } = await this.#report(stage, 'disk', 'the deployed system to start');
        return `deployed system running at ${detail.address ?? 'an unknown address'}`;
      }
      case 'check':
        await this.#check();
        return 'power is on, the boot override is used up';
    }
  }

  /** Switches the machine and waits until it is seen to be so: a cloud takes its time. */
  async #power(wanted: 'on' | 'off', stage: ProveStage): Promise<void> {
    if ((await this.#bmc.powerStatus()) === wanted) return;
    await this.#bmc.power(wanted);
    const limit = this.#timeouts[stage];
    const deadline = this.#clock.now() + limit;
    while ((await this.#bmc.powerStatus()) !== wanted) {
      if (this.#clock.now() >= deadline) throw failed(`the machine did not power ${wanted}`, limit);
      await delay(this.#clock, pollInterval, this.#signal);
    }
  }

  /** Sets the boot device and sees that it reads back. */
  async #bootOnceFrom(device: keyof typeof bootDevices): Promise<void> {
    await this.#bmc.bootOnceFrom(device, this.#node.firmware);
    const flags = await this.#bmc.bootFlags();
    if (!flags.valid || flags.device !== bootDevices[device]) {
      const read = flags.valid ? `device ${flags.device}` : 'no valid flags';
      throw failed(`the boot device was set to ${device}, but reads back as ${read}`);
    }
  }

  async #report(stage: ProveStage, wanted: string, what: string): Promise<ProveReport> {
    const limit = this.#timeouts[stage];
    const startedAt = this.#clock.now();
    let healthCheckAt = startedAt + healthCheckInterval;
    const offSince: OffSince = { at: undefined };
    for (;;) {
      const reports = await this.#target.reports(this.#node.name);
      const found = reports.find(report => report.stage === wanted);
      if (found) return found;
      const refused = reports.find(report => report.stage === 'deploy-failed');
      if (refused)
        throw failed(`the deploy ramdisk gave up: ${refused.detail.reason ?? 'it did not say why'}`);
      const now = this.#clock.now();
      if (now - startedAt >= limit) throw failed(`waited for ${what}`, limit);
      if (now >= healthCheckAt) {
        healthCheckAt = now + healthCheckInterval;
        await this.#checkHealth(what, offSince);
      }
      await delay(this.#clock, pollInterval, this.#signal);
    }
  }

  /** @throws QuintupleoError when the machine will never come to what is waited for */
  async #checkHealth(what: string, offSince: OffSince): Promise<void> {
    const { name } = this.#node;
    const now = this.#clock.now();
    offSince.at = (await this.#bmc.powerStatus()) === 'off' ? (offSince.at ?? now) : undefined;
    if (offSince.at !== undefined && now - offSince.at >= cyclePatience) {
      const why = (await this.#target.lastFailure(name)) ?? 'it was killed or switched off';
      throw failed(`while waiting for ${what}, the machine was found powered off: ${why}`);
    }
    const lines = consoleLines(await this.#target.consoleHistory(name));
    const end = lines.slice(-shownLines).find(line => deadEnd.test(line));
    if (end !== undefined) throw failed(`while waiting for ${what}, the firmware gave up: "${end}"`);
  }

  async #check(): Promise<void> {
    const power = await this.#bmc.powerStatus();
    if (power !== 'on') throw failed(`the deployed system runs, but the BMC says that power is ${power}`);
    const flags = await this.#bmc.bootFlags();
    if (flags.valid) throw failed('the boot device was set for one boot and is still set after it');
  }
}

function failed(what: string, limit?: number): QuintupleoError {
  return new QuintupleoError(
    limit === undefined ? what : `${what}, for ${Math.round(limit / 1000)} s in vain`,
    {
      family: 'platform',
      code: 'NOT_PROVEN',
    },
  );
}

/** What is known of a failure, once the node's console and events have been looked at. */
async function explain(
  target: ProveTarget,
  node: ProveNode,
  stage: ProveStage,
  error: unknown,
): Promise<ProveFailure> {
  const [history, events] = await Promise.allSettled([
    target.consoleHistory(node.name),
    target.events(node.name),
  ]);
  // If the lab's own service is gone, that is why its BMC does not answer.
  const cause = events.status === 'rejected' ? events.reason : error;
  const lines = history.status === 'fulfilled' ? consoleLines(history.value) : [];
  return {
    stage,
    reason: messageOf(cause),
    remedy: cause instanceof QuintupleoError && cause.remedy ? cause.remedy : remedyFor(lines),
    console: lines.slice(-shownLines),
    events: events.status === 'fulfilled' ? events.value.slice(-shownEvents) : [],
  };
}

/** Serial output as lines without what was meant to steer a terminal. */
function consoleLines(bytes: Uint8Array): string[] {
  return stripVTControlCharacters(Buffer.from(bytes).toString('utf8'))
    .split(/[\r\n]+/)
    .map(line => line.replaceAll(/\p{C}/gu, '').trim())
    .filter(line => line !== '');
}

/** The last thing that firmware says of a boot: SeaBIOS and OVMF do not try again. */
const deadEnd = /^No bootable device|BdsDxe: No bootable option/;

/** What firmware says when something that it needs is not there. */
const symptoms: readonly { readonly pattern: RegExp; readonly remedy: string }[] = [
  {
    // iPXE breaks lines at 80 columns, between words.
    pattern: /No configuration methods\s+succeeded|PXE-E16|PXE-E18|no DHCP answer/,
    remedy: 'Nobody answered DHCP: see that dnsmasq runs on this network; "quintupleo up" starts it again.',
  },
  {
    pattern: /boot\.ipxe\.\.\. (?!ok)|does not know|could not be started|did not take this report/,
    remedy: 'The boot director was not reached or did not answer: see the log of the daemon.',
  },
  {
    pattern: /No bootable device|no disk holds a note/i,
    remedy: 'The firmware found nothing to boot: see that the boot order and the disk are as they should be.',
  },
];

function remedyFor(lines: readonly string[]): string | undefined {
  const last = lines.slice(-shownLines).join('\n');
  return symptoms.find(({ pattern }) => pattern.test(last))?.remedy;
}

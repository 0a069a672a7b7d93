import type { Command, Reply } from '../../src/node/command.ts';
import type { Capabilities, DriverErrorKind, MachineAct, Observation } from '../../src/node/driver.ts';
import { type NextSettings, noChange } from '../../src/node/firmware-settings.ts';
import { initialState, type NodeState } from '../../src/node/state.ts';
import { transition, wakeTime } from '../../src/node/transition.ts';
import type { Input } from '../../src/node/turn.ts';

export const everything: Capabilities = {
  actions: ['on', 'off', 'soft-off', 'reset', 'nmi', 'set-next-boot', 'set-media'],
  bootTargets: ['default', 'pxe', 'disk', 'cdrom'],
  firmwareSettings: ['mode', 'bootOrder'],
  firmwareModes: ['bios', 'uefi'],
  mediaSlots: ['cd', 'usb'],
  timeouts: { on: 60_000, off: 30_000, softOff: 120_000, reset: 30_000 },
};

/** A driver call that the machine has not answered. */
interface Call {
  readonly id: number;
  readonly act: MachineAct;
  aborted: boolean;
}

/**
 * A node's transition function with a machine beside it that does what a test tells it to, one event at a time.
 * Keeps the books that the invariants are about.
 */
export class NodeModel {
  state: NodeState = initialState();
  now = 1_000_000;
  /** What the machine really is. */
  machine: {
    power: 'on' | 'off';
    nextBootRevision: number;
    nextBootTarget: string;
    nextSettings: NextSettings;
  };
  /** The driver calls under way: never more than one, says an invariant. */
  calls: Call[] = [];
  /** Every act that the driver was asked to do. */
  readonly acts: MachineAct[] = [];
  /** Every boot that the machine did. */
  readonly boots: { revision: number; target: string; settings: number }[] = [];

  readonly capabilities: Capabilities;

  constructor(capabilities: Capabilities = everything, power: 'on' | 'off' = 'off') {
    this.capabilities = capabilities;
    this.machine = { power, nextBootRevision: 0, nextBootTarget: 'default', nextSettings: noChange };
    this.take({ type: 'started', powerLost: false });
    this.observe({ type: 'power', power });
    // A machine that runs is told at once what to boot next.
    this.finishCall();
    this.acts.splice(0);
  }

  take(input: Input): Reply {
    const { state, effects, reply } = transition(this.state, input, {
      now: this.now,
      capabilities: this.capabilities,
    });
    this.state = state;
    for (const effect of effects) {
      if (effect.type === 'call') {
        this.calls.push({ id: effect.id, act: effect.act, aborted: false });
        this.acts.push(effect.act);
      } else {
        for (const call of this.calls) if (call.id === effect.id) call.aborted = true;
      }
    }
    return reply;
  }

  command(command: Command): Reply {
    return this.take({ type: 'command', command });
  }

  power(action: (Command & { type: 'power' })['action']): Reply {
    return this.command({ type: 'power', action, by: 'test' });
  }

  override(
    enabled: 'once' | 'continuous' | 'disabled',
    target: 'pxe' | 'disk' | 'default',
    expiresAfter?: number,
  ): Reply {
    return this.command({
      type: 'set-boot-override',
      override: { enabled, target, detail: undefined },
      expiresAfter,
      by: 'test',
    });
  }

  observe(observation: Observation): void {
    this.take({ type: 'observed', observation });
  }

  /** The call under way does what it was asked to do, and the machine is seen to. */
  finishCall(): void {
    const call = this.calls.shift();
    if (!call) return;
    this.#effect(call.act);
    this.take({ type: 'call-done', id: call.id });
  }

  /** The call under way does it, but its effect is seen only after it has ended. */
  finishCallUnseen(): () => void {
    const call = this.calls.shift();
    if (!call) return () => undefined;
    this.take({ type: 'call-done', id: call.id });
    return () => this.#effect(call.act);
  }

  failCall(kind: DriverErrorKind): void {
    const call = this.calls.shift();
    if (call) this.take({ type: 'call-failed', id: call.id, kind, message: `simulated ${kind}` });
  }

  guestPowersOff(): void {
    if (this.machine.power === 'on') this.#power('off', 'guest');
  }

  /** Not while a driver call is under way: calls take moments, and what happens within one is the driver's affair. */
  guestRestarts(): void {
    if (this.machine.power === 'on' && this.calls.length === 0) this.#boot('guest');
  }

  /** Time passes, and the node is woken whenever it wants to be. */
  pass(ms: number): void {
    const end = this.now + ms;
    for (let turns = 0; turns < 1000; turns++) {
      const at = wakeTime(this.state);
      if (at === undefined || at > end) break;
      this.now = Math.max(this.now, at);
      this.take({ type: 'woken' });
      if (turns === 999) throw new Error('the node wants to be woken without end');
    }
    this.now = end;
  }

  /** The daemon is killed and starts anew: only what was kept survives. The machine goes on. */
  restart(): void {
    this.calls = [];
    this.state = initialState(this.state.durable, this.state.log);
    this.take({ type: 'started', powerLost: false });
    if (this.machine.power === 'on') {
      const revision = this.boots.at(-1)?.revision ?? 0;
      const settings = this.boots.at(-1)?.settings ?? 0;
      this.observe({ type: 'booted', revision, settings, cause: 'power-on', earlier: true });
    }
    this.observe({ type: 'power', power: this.machine.power });
  }

  /** Lets the machine do all that is asked of it until nothing moves any more. */
  settle(): void {
    for (let turns = 0; turns < 200; turns++) {
      if (this.calls.length > 0) this.finishCall();
      else if (this.state.durable.operation) this.pass(1_000);
      else return;
    }
    throw new Error('the node does not come to rest');
  }

  #effect(act: MachineAct): void {
    if ('boot' in act) {
      this.machine.nextBootRevision = act.boot.revision;
      this.machine.nextBootTarget = act.boot.target;
      this.machine.nextSettings = act.boot.settings;
    }
    switch (act.action) {
      case 'on':
        if (this.machine.power === 'on') return;
        this.machine.power = 'on';
        this.#boot('power-on');
        this.#power('on');
        break;
      case 'off':
      case 'soft-off':
        if (this.machine.power === 'on') this.#power('off', act.action === 'soft-off' ? 'guest' : undefined);
        break;
      case 'reset':
        if (this.machine.power === 'on') this.#boot('reset');
        break;
      default:
        break;
    }
  }

  #power(power: 'on' | 'off', cause?: 'guest'): void {
    this.machine.power = power;
    this.observe({ type: 'power', power, cause });
  }

  #boot(cause: 'power-on' | 'reset' | 'guest'): void {
    const { nextBootRevision: revision, nextBootTarget: target, nextSettings } = this.machine;
    const settings = nextSettings.revision;
    this.boots.push({ revision, target, settings });
    this.observe({ type: 'booted', revision, settings, cause });
  }
}

import { describe, expect, test } from 'vitest';
import {
  type NodeProof,
  type ProveEvent,
  type ProveReport,
  type ProveTarget,
  prove,
} from '../../src/lab/prove.ts';
import type { EventEntry } from '../../src/node/event-log.ts';
import { VirtualClock } from '../../src/support/clock.ts';
import { QuintupleoError } from '../../src/support/errors.ts';
import type { ProgramResult, RunProgram } from '../../src/support/program.ts';

/** What a machine does wrong. */
interface Faults {
  readonly silentRamdisk?: boolean;
  readonly deployFails?: boolean;
  readonly diesInRamdisk?: boolean;
  readonly staysOn?: boolean;
  readonly forgetsBootDevice?: boolean;
  readonly keepsOverride?: boolean;
  readonly noBmc?: boolean;
  readonly daemonDiesAt?: number;
  readonly console?: string;
  readonly lastFailure?: string;
}

/** A machine and its BMC as ipmitool sees them. */
class FakeMachine {
  readonly commands: string[] = [];
  power: 'on' | 'off' = 'on';
  flags = { valid: false, device: 0 };
  reports: ProveReport[] = [];
  assigned = false;
  readonly #clock: VirtualClock;
  readonly faults: Faults;

  constructor(clock: VirtualClock, faults: Faults) {
    this.#clock = clock;
    this.faults = faults;
  }

  command(words: string): string | undefined {
    this.commands.push(words);
    if (this.faults.noBmc) return undefined;
    switch (words) {
      case 'chassis power status':
        return `Chassis Power is ${this.power}\n`;
      case 'chassis power off':
        if (!this.faults.staysOn) this.#clock.after(1_000, () => this.#setPower('off'));
        return 'Chassis Power Control: Down/Off\n';
      case 'chassis power on':
      case 'chassis power cycle':
        this.#setPower('on');
        this.#boot();
        return 'Chassis Power Control: Up/On\n';
      case 'chassis bootparam get 5': {
        const data = Buffer.from([this.flags.valid ? 0x80 : 0, this.flags.device << 2, 0, 0, 0]);
        return `Boot parameter version: 1\nBoot parameter 5 is valid/unlocked\nBoot parameter data: ${data.toString('hex')}\n`;
      }
      default: {
        const device = /^chassis bootdev (pxe|disk)/.exec(words)?.[1];
        if (!device) throw new Error(`unexpected: ${words}`);
        if (!this.faults.forgetsBootDevice) this.flags = { valid: true, device: device === 'pxe' ? 1 : 2 };
        return `Set Boot Device to ${device}\n`;
      }
    }
  }

  #setPower(power: 'on' | 'off'): void {
    this.power = power;
  }

  #boot(): void {
    const { device } = this.flags;
    if (!this.faults.keepsOverride) this.flags = { valid: false, device: 0 };
    if (device === 2) {
      this.#say(5_000, 'disk', { address: '192.0.2.7' });
      return;
    }
    if (!this.assigned) return;
    if (this.faults.diesInRamdisk) {
      this.#clock.after(8_000, () => this.#setPower('off'));
      return;
    }
    if (this.faults.silentRamdisk) return;
    this.#say(10_000, 'ramdisk', { address: '192.0.2.7' });
    if (this.faults.deployFails) this.#say(12_000, 'deploy-failed', { reason: 'no disk' });
    else this.#say(12_000, 'deployed', { disk: 'vda', bytes: '4096' });
  }

  #say(after: number, stage: string, detail: Record<string, string>): void {
    this.#clock.after(after, () => {
      this.reports.push({ at: this.#clock.now(), stage, detail });
    });
  }
}

/** A lab of fake machines, and the ipmitool that reaches them. */
function fakeLab(clock: VirtualClock, faults: Readonly<Record<string, Faults>>) {
  const machines = new Map(Object.entries(faults).map(([name, of]) => [name, new FakeMachine(clock, of)]));
  const arguments_: string[][] = [];
  const start = clock.now();
  const machine = (name: string) => {
    const found = machines.get(name);
    if (!found) throw new Error(`no machine ${name}`);
    return found;
  };
  const gone = (name: string) => {
    const { daemonDiesAt } = machine(name).faults;
    return daemonDiesAt !== undefined && clock.now() >= start + daemonDiesAt;
  };
  const api = <T>(name: string, answer: () => T): Promise<T> => {
    if (!gone(name)) return Promise.resolve(answer());
    const remedy = 'Start it with "quintupleo up LAB.yaml".';
    return Promise.reject(
      new QuintupleoError('the daemon is not running', {
        family: 'platform',
        code: 'DAEMON_UNREACHABLE',
        remedy,
      }),
    );
  };
  const poweredOff: EventEntry = { id: 1, at: 0, kind: 'power-off', severity: 'ok', message: 'powered off' };
  const target: ProveTarget = {
    nodes: [...machines.keys()].map((name, index) => ({
      name,
      firmware: index % 2 === 0 ? 'bios' : 'uefi',
      bmc: { address: name, port: 623, user: 'admin', password: async () => 'secret' },
    })),
    assignDeploy: name =>
      api(name, () => {
        machine(name).assigned = true;
        machine(name).reports = [];
      }),
    reports: name => api(name, () => machine(name).reports),
    events: name => api(name, () => [poweredOff]),
    lastFailure: name => api(name, () => machine(name).faults.lastFailure),
    consoleHistory: name => api(name, () => Buffer.from(machine(name).faults.console ?? '')),
  };
  const run: RunProgram = async (program, args, options): Promise<ProgramResult> => {
    arguments_.push([...args]);
    expect(program).toBe('ipmitool');
    expect(options.env).toEqual({ IPMI_PASSWORD: 'secret' });
    const name = args[args.indexOf('-H') + 1] ?? '';
    const words = args.slice(args.indexOf('-E') + 1).join(' ');
    const stdout = gone(name) ? undefined : machine(name).command(words);
    const stderr = 'Error: Unable to establish IPMI v2 / RMCP+ session\n';
    return stdout === undefined ? { status: 1, stdout: '', stderr } : { status: 0, stdout, stderr: '' };
  };
  return { target, run, machine, arguments_ };
}

/** Proves and moves time on until it is done. */
async function proveAll(
  faults: Readonly<Record<string, Faults>>,
  options: { concurrency?: number; signal?: AbortSignal } = {},
) {
  const clock = new VirtualClock();
  const lab = fakeLab(clock, faults);
  const events: ProveEvent[] = [];
  const settled: { value?: readonly NodeProof[]; error?: unknown } = {};
  let done = false;
  prove(lab.target, { ...options, clock, run: lab.run, onEvent: event => events.push(event) })
    .then(
      value => {
        settled.value = value;
      },
      (error: unknown) => {
        settled.error = error;
      },
    )
    .finally(() => {
      done = true;
    });
  const start = clock.now();
  while (!done && clock.now() < start + 3_600_000) await clock.advance(500);
  if (settled.error) throw settled.error;
  const proofs = settled.value ?? [];
  return { ...lab, events, proofs, first: proofs[0], elapsed: clock.now() - start };
}

describe('prove', () => {
  test('takes a node from power off to its own disk, by ipmitool alone', async () => {
    const { first, machine, events } = await proveAll({ one: {} });
    expect(first?.failure).toBeUndefined();
    expect(first?.stages.map(({ stage }) => stage)).toEqual([
      'prepare',
      'network boot',
      'deploy',
      'disk boot',
      'check',
    ]);
    const commands = machine('one').commands.filter(command => command !== 'chassis power status');
    expect(commands).toEqual([
      'chassis power off',
      'chassis bootdev pxe',
      'chassis bootparam get 5',
      'chassis power on',
      'chassis bootdev disk',
      'chassis bootparam get 5',
      'chassis power cycle',
      'chassis bootparam get 5',
    ]);
    expect(events.at(-1)).toEqual({ type: 'finished', proof: first });
    expect(events.filter(({ type }) => type === 'stage-done')).toHaveLength(5);
  });

  test('tells the time that each stage took', async () => {
    const { first } = await proveAll({ one: {} });
    const durations = Object.fromEntries(first?.stages.map(({ stage, duration }) => [stage, duration]) ?? []);
    expect(durations['network boot']).toBe(10_000);
    expect(durations.deploy).toBe(2_000);
    expect(durations['disk boot']).toBe(5_000);
  });

  test('leaves a machine alone that is off already, and asks for UEFI where the node has it', async () => {
    const clock = new VirtualClock();
    const lab = fakeLab(clock, { bios: {}, uefi: {} });
    for (const name of ['bios', 'uefi']) lab.machine(name).power = 'off';
    const proven = prove(lab.target, { clock, run: lab.run, concurrency: 2 });
    for (let second = 0; second < 60; second++) await clock.advance(1_000);
    expect((await proven).every(({ failure }) => failure === undefined)).toBe(true);
    expect(lab.machine('bios').commands).not.toContain('chassis power off');
    expect(lab.machine('bios').commands).toContain('chassis bootdev pxe');
    expect(lab.machine('uefi').commands).toContain('chassis bootdev pxe options=efiboot');
  });

  test('keeps the password out of the arguments', async () => {
    const { arguments_ } = await proveAll({ one: {} });
    expect(arguments_.flat().join(' ')).not.toContain('secret');
    expect(arguments_[0]?.slice(0, 8)).toEqual(['-I', 'lanplus', '-H', 'one', '-p', '623', '-U', 'admin']);
  });

  test('a node that fails does not stop the others', async () => {
    const { proofs } = await proveAll({ bad: { deployFails: true }, good: {}, mute: { noBmc: true } });
    expect(proofs.map(({ node }) => node)).toEqual(['bad', 'good', 'mute']);
    expect(proofs.map(({ failure }) => failure?.stage)).toEqual(['deploy', undefined, 'prepare']);
  });

  test('proves no more nodes at a time than it was told', async () => {
    const { events } = await proveAll({ a: {}, b: {}, c: {} }, { concurrency: 1 });
    const order = events.flatMap(event => (event.type === 'finished' ? [event.proof.node] : []));
    const begun = events.flatMap(event =>
      event.type === 'stage-started' && event.stage === 'prepare' ? [event.node] : [],
    );
    expect(order).toEqual(['a', 'b', 'c']);
    expect(begun).toEqual(['a', 'b', 'c']);
    const secondBegins = events.findIndex(event => event.type === 'stage-started' && event.node === 'b');
    const firstEnds = events.findIndex(event => event.type === 'finished');
    expect(firstEnds).toBeLessThan(secondBegins);
  });

  test.each<{ name: string; faults: Faults; stage: string; reason: RegExp; remedy?: RegExp }>([
    {
      name: 'a machine that does not power off',
      faults: { staysOn: true },
      stage: 'prepare',
      reason: /did not power off, for 120 s/,
    },
    {
      name: 'a ramdisk that never reports',
      faults: { silentRamdisk: true },
      stage: 'network boot',
      reason: /waited for the deploy ramdisk to start, for 300 s/,
    },
    {
      name: 'a network without DHCP',
      faults: {
        silentRamdisk: true,
        console: '\u001b[1miPXE\u001b[0m\r\nNo configuration methods succeeded\r\n',
      },
      stage: 'network boot',
      reason: /waited for the deploy ramdisk/,
      remedy: /dnsmasq/,
    },
    {
      name: 'firmware that has tried everything',
      faults: {
        silentRamdisk: true,
        console:
          'No configuration methods\r\nsucceeded (http://ipxe.org/040ee119)\r\nNo bootable device.\r\n',
      },
      stage: 'network boot',
      reason: /the firmware gave up: "No bootable device."/,
      remedy: /dnsmasq/,
    },
    {
      name: 'a machine that could not be started',
      faults: { diesInRamdisk: true, lastFailure: 'QEMU did not start' },
      stage: 'network boot',
      reason: /found powered off: QEMU did not start/,
    },
    {
      name: 'a ramdisk that gives up',
      faults: { deployFails: true },
      stage: 'deploy',
      reason: /gave up: no disk/,
    },
    {
      name: 'a machine that is killed',
      faults: { diesInRamdisk: true },
      stage: 'network boot',
      reason: /found powered off/,
    },
    {
      name: 'a boot device that does not read back',
      faults: { forgetsBootDevice: true },
      stage: 'network boot',
      reason: /set to pxe, but reads back as no valid flags/,
    },
    {
      name: 'a one-time override that stays',
      faults: { keepsOverride: true },
      stage: 'check',
      reason: /still set after it/,
    },
    {
      name: 'a BMC that does not answer',
      faults: { noBmc: true },
      stage: 'prepare',
      reason: /"ipmitool chassis power status" on one port 623 failed: Error: Unable to establish/,
    },
    {
      name: 'a daemon that is killed meanwhile',
      faults: { daemonDiesAt: 4_000 },
      stage: 'network boot',
      reason: /^the daemon is not running$/,
      remedy: /quintupleo up/,
    },
  ])('says what went wrong: $name', async ({ faults, stage, reason, remedy }) => {
    const { first } = await proveAll({ one: faults });
    expect(first?.failure?.stage).toBe(stage);
    expect(first?.failure?.reason).toMatch(reason);
    if (remedy) expect(first?.failure?.remedy).toMatch(remedy);
  });

  test('names the daemon as the reason when its BMCs are gone with it', async () => {
    const { first } = await proveAll({ one: { daemonDiesAt: 0 } });
    expect(first?.failure?.reason).toBe('the daemon is not running');
  });

  test('shows the last lines of the console without terminal control, and the last events', async () => {
    const lines = Array.from({ length: 40 }, (_, line) => `line ${line}`).join('\r\n');
    const { first } = await proveAll({
      one: { silentRamdisk: true, console: `\u001b[2J${lines}\r\n\u0007` },
    });
    expect(first?.failure?.console).toHaveLength(15);
    expect(first?.failure?.console.at(-1)).toBe('line 39');
    expect(first?.failure?.events.map(({ message }) => message)).toEqual(['powered off']);
  });

  test('gives up a stage when its time is over and not before', async () => {
    const { first, elapsed } = await proveAll({ one: { silentRamdisk: true } });
    expect(first?.failure?.reason).toContain('300 s');
    expect(elapsed).toBeGreaterThanOrEqual(300_000);
    expect(elapsed).toBeLessThan(310_000);
  });

  test('ends with the reason of its signal', async () => {
    const clock = new VirtualClock();
    const lab = fakeLab(clock, { one: { silentRamdisk: true }, two: {} });
    const stop = new AbortController();
    const proven = prove(lab.target, { clock, run: lab.run, signal: stop.signal });
    const refused = expect(proven).rejects.toThrow('enough');
    await clock.advance(20_000);
    stop.abort(new Error('enough'));
    await refused;
  });
});

import { readdir, readFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { freeipmi, ipmitool } from './clients.ts';
import { freeipmiRows } from './freeipmi-rows.ts';
import { ipmitoolRows, refusedDevices } from './ipmitool-rows.ts';
import { type ClientLab, startLab } from './lab.ts';
import { Tally } from './matrix.ts';
import { hasProgram, runClient } from './programs.ts';
import { Terminal } from './terminal.ts';

/** The clients on real machines: what they are told is what QEMU does. */

const bound = { timeout: 60_000, interval: 200 };
const usable = hasProgram('qemu-system-x86_64');
const tally = new Tally();
let lab: ClientLab;

beforeAll(async () => {
  if (!usable) return;
  const driver = { name: 'qemu', accel: 'auto', networking: 'user' } as const;
  lab = await startLab({ ipmitool: {}, freeipmi: {}, machine: {} }, driver);
});

afterAll(async () => {
  if (!usable) return;
  await lab[Symbol.asyncDispose]();
  console.info(`client matrix on QEMU: ${tally}`);
});

const client = (args: string) => ipmitool(lab.endpoint('machine'), {}, args.split(' '));
const run = async (args: string) => (await runClient(client(args), lab.folder)).text;

/** ID of the QEMU process that is the machine, if there is one. */
async function machineProcess(): Promise<string | undefined> {
  const { uuid } = (await lab.status('machine')).spec;
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const line = await readFile(`/proc/${entry}/cmdline`, 'utf8').catch(() => '');
    if (line.includes('qemu-system') && line.includes(uuid)) return entry;
  }
  return undefined;
}

async function events(): Promise<string> {
  const { body } = await lab.daemon.call<unknown[]>('GET', '/v1/labs/clients/nodes/machine/events');
  return JSON.stringify(body);
}

describe.skipIf(!usable)('ipmitool', () => {
  tally.test(
    {
      title: 'ipmitool',
      node: 'ipmitool',
      rows: ipmitoolRows(refusedDevices),
      command: (bmc, args) => ipmitool(bmc, {}, args),
    },
    () => lab,
  );
});

describe.skipIf(!usable || !hasProgram('ipmipower'))('freeipmi', () => {
  tally.test(
    {
      title: 'freeipmi',
      node: 'freeipmi',
      rows: freeipmiRows,
      command: (bmc, args) => freeipmi(bmc, { suite: 17 }, args),
    },
    () => lab,
  );
});

describe.skipIf(!usable)('a machine', () => {
  // A console that was killed is open until its session times out.
  afterEach(async () => {
    await run('sol deactivate');
  });

  test('is there when it is on and gone when it is off', async () => {
    expect(await run('power status')).toBe('Chassis Power is off\n');
    expect(await machineProcess()).toBeUndefined();
    expect(await run('power on')).toBe('Chassis Power Control: Up/On\n');
    await expect.poll(() => run('power status'), bound).toBe('Chassis Power is on\n');
    const first = await machineProcess();
    expect(first).toBeDefined();
    expect(await run('power off')).toBe('Chassis Power Control: Down/Off\n');
    await expect.poll(() => run('power status'), bound).toBe('Chassis Power is off\n');
    expect(await machineProcess()).toBeUndefined();
  });

  test('shows its firmware from the first line on, at power-on and at a reset', async () => {
    await run('chassis bootdev pxe options=persistent');
    await run('power on');
    await expect.poll(() => run('power status'), bound).toBe('Chassis Power is on\n');
    const process = await machineProcess();
    await using console = new Terminal(client('sol activate'));
    await console.until('SeaBIOS (version');
    await console.until('iPXE');
    await run('power reset');
    await console.until('SeaBIOS (version', 2);
    expect(await machineProcess()).toBe(process);
    await run('power cycle');
    await console.until('SeaBIOS (version', 3);
    expect(await run('power status')).toBe('Chassis Power is on\n');
    console.type('\r~.');
    await console.until('[terminated ipmitool]');
  });

  test('takes what is typed', async () => {
    await using console = new Terminal(client('sol activate'));
    await run('power reset');
    const pressCtrlB = () => {
      console.type('\x02');
      return console.text;
    };
    await expect.poll(pressCtrlB, bound).toContain('iPXE>');
    // The BIOS remembers no more than 15 keys that nobody has asked for yet.
    console.type('\r');
    await console.until('iPXE>', 2);
    console.type('echo typed\r');
    // First as the echo of what was typed, then as what the command says.
    await console.until('typed', 2);
  });

  test('is asked by a soft off, and stays on when it does not heed it', async () => {
    expect(await run('power soft')).toBe('Chassis Power Control: Soft\n');
    expect(await run('power status')).toBe('Chassis Power is on\n');
    expect(await machineProcess()).toBeDefined();
  });

  test('takes a diagnostic interrupt', async () => {
    expect(await run('power off')).toBe('Chassis Power Control: Down/Off\n');
    await expect.poll(() => run('power status'), bound).toBe('Chassis Power is off\n');
    await run('power on');
    await expect.poll(() => run('power status'), bound).toBe('Chassis Power is on\n');
    expect(await run('power diag')).toBe('Chassis Power Control: Diag\n');
    await expect.poll(() => run('sel list'), bound).toContain('NMI/Diag Interrupt');
    expect(await events()).toContain('nmi');
  });

  test('keeps running while the daemon is away', async () => {
    const process = await machineProcess();
    await lab.restart();
    expect(await machineProcess()).toBe(process);
    await expect.poll(() => run('power status'), bound).toBe('Chassis Power is on\n');
    await using console = new Terminal(client('sol activate'));
    await console.until('SeaBIOS (version');
  });
});

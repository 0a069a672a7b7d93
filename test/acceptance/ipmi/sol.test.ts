import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { freeipmi, ipmitool, ipmiutil, pyghmi } from './clients.ts';
import { type ClientLab, canUseIpmiPort, ipmiPortAddress, startLab } from './lab.ts';
import { hasProgram, runClient } from './programs.ts';
import { Terminal } from './terminal.ts';

/** Serial over LAN, as somebody uses it who sits before a terminal. The machines say how they boot and echo what is typed. */

const mayUseIpmiPort = await canUseIpmiPort();
let lab: ClientLab;

beforeAll(async () => {
  lab = await startLab({
    tool: {},
    free: {},
    pyghmi: {},
    ...(mayUseIpmiPort ? { util: { address: ipmiPortAddress, port: 623 } } : {}),
  });
});

afterAll(() => lab[Symbol.asyncDispose]());

async function powerOn(node: string, target: 'pxe' | 'disk' = 'pxe'): Promise<void> {
  await lab.daemon.call('PUT', `/v1/labs/clients/nodes/${node}/boot`, { target, enabled: 'once' });
  for (const action of ['off', 'on']) {
    await lab.daemon.call('POST', `/v1/labs/clients/nodes/${node}/power`, { action, wait: 10_000 });
  }
}

async function run(command: readonly string[]): Promise<string> {
  return (await runClient(command, lab.folder)).text;
}

describe.each([17, 3])('ipmitool with cipher suite %d', suite => {
  const sol = (...args: string[]) => ipmitool(lab.endpoint('tool'), { suite }, ['sol', ...args]);

  // A console that was killed is open until its session times out.
  afterEach(async () => {
    await run(sol('deactivate'));
  });

  test('shows the boot from power-on, takes what is typed, ends with ~.', async () => {
    await powerOn('tool');
    await using terminal = new Terminal(sol('activate'));
    await terminal.until('SOL Session operational');
    await terminal.until('clients/tool: simulated boot from pxe');
    await terminal.until('clients/tool login: ');
    terminal.type('root\r');
    await terminal.until('root');
    await powerOn('tool', 'disk');
    await terminal.until('clients/tool: simulated boot from disk');
    terminal.type('\r~.');
    await terminal.until('[terminated ipmitool]');
    expect(await terminal.ended).toBe(0);
    expect(await run(sol('deactivate'))).toContain('SOL payload already de-activated');
  });

  test('one console at a time; deactivate ends the other one', async () => {
    await powerOn('tool');
    await using first = new Terminal(sol('activate'));
    await first.until('login: ');
    expect(await run(sol('activate'))).toContain('SOL payload already active on another session');
    first.type('still here');
    await first.until('still here');
    expect(await run(sol('deactivate'))).toBe('');
    // ipmitool does not heed the BMC's last packet; it notices when nothing takes what it sends.
    first.type('x');
    await first.until('SOL session closed by BMC');
    await first.ended;
    await using second = new Terminal(sol('activate'));
    await second.until('still here');
  });

  test('a break reaches the machine', async () => {
    await powerOn('tool');
    await using terminal = new Terminal(sol('activate'));
    await terminal.until('login: ');
    terminal.type('\r~B');
    await terminal.until('break received');
  });

  test('much output comes whole and in order', async () => {
    await powerOn('tool');
    await using terminal = new Terminal(sol('activate'));
    await terminal.until('login: ');
    const lines = Array.from({ length: 100 }, (_, index) => `line ${index} of a hundred`);
    for (const line of lines) {
      terminal.type(`${line}\r`);
      await terminal.until(line);
    }
    expect(terminal.text.match(/line \d+ of a hundred/g)).toEqual(lines);
  });
});

describe.skipIf(!hasProgram('ipmiconsole'))('ipmiconsole', () => {
  const console = (...args: string[]) => {
    // It has no option for the driver: it speaks IPMI 2.0 only.
    const line = freeipmi(lab.endpoint('free'), { suite: 17 }, ['ipmiconsole', ...args]);
    return line.filter((word, index) => word !== '-D' && line[index - 1] !== '-D');
  };

  test('shows the boot, takes what is typed, ends with &.', async () => {
    await powerOn('free');
    await using terminal = new Terminal(console());
    await terminal.until('[SOL established]');
    await terminal.until('clients/free: simulated boot from pxe');
    await terminal.until('login: ');
    terminal.type('root\r');
    await terminal.until('root');
    terminal.type('&.');
    await terminal.until('[closing the connection]');
    await terminal.ended;
  });

  test('leaves another one alone, or takes its place', async () => {
    await powerOn('free');
    await using first = new Terminal(console());
    await first.until('login: ');
    await using polite = new Terminal(console('--dont-steal'));
    await polite.until('SOL in use');
    await using second = new Terminal(console());
    await second.until('[SOL established]');
    await second.until('login: ');
    expect(await run(console('--deactivate'))).not.toContain('error');
    await second.ended;
  });
});

describe.skipIf(!(hasProgram('ipmiutil') && mayUseIpmiPort))('ipmiutil', () => {
  test('shows the boot, takes what is typed, ends with ~.', async () => {
    await powerOn('util');
    await using terminal = new Terminal(ipmiutil(lab.endpoint('util'), { suite: 3 }, ['sol', '-a']));
    await terminal.until('SOL session is running');
    await terminal.until('clients/util: simulated boot from pxe');
    await terminal.until('login: ');
    terminal.type('root\r');
    await terminal.until('root');
    terminal.type('~.');
    await terminal.until('exit via user input');
    await terminal.ended;
  });
});

describe.skipIf(!hasProgram('python3'))('pyghmi', () => {
  test('shows the boot and takes what is typed', async () => {
    await powerOn('pyghmi');
    const words = JSON.stringify(['login: ', 'root', 'root']);
    const said = await run(pyghmi(lab.endpoint('pyghmi'), {}, ['console', words]));
    expect(said).toContain('clients/pyghmi: simulated boot from pxe');
    expect(said).not.toContain('Error');
  });
});

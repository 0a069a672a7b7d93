import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { ipmitool } from './clients.ts';
import { type ClientLab, startLab } from './lab.ts';
import { runClient } from './programs.ts';
import { Terminal } from './terminal.ts';

/** A BMC that is reset is gone for a moment: it alone, and not its machine. */

let lab: ClientLab;

beforeAll(async () => {
  lab = await startLab({ one: {}, other: {} });
  for (const node of ['one', 'other']) {
    await lab.daemon.call('POST', `/v1/labs/clients/nodes/${node}/power`, { action: 'on', wait: 10_000 });
  }
});

afterAll(() => lab[Symbol.asyncDispose]());

const client = (node: string, args: string) => ipmitool(lab.endpoint(node), {}, args.split(' '));
const run = async (node: string, args: string) => (await runClient(client(node, args), lab.folder)).text;

// A console that was killed is open until its session times out.
afterEach(async () => {
  for (const node of ['one', 'other']) await run(node, 'sol deactivate');
});

test.each(['warm', 'cold'])('a %s reset leaves the other BMC and both machines alone', async kind => {
  await run('one', 'chassis bootdev pxe options=persistent');
  await using console = new Terminal(client('other', 'sol activate'));
  await console.until('login: ');
  await using shell = new Terminal(client('other', 'shell'));
  await shell.until('ipmitool>');
  await using own = new Terminal(client('one', 'sol activate'));
  await own.until('login: ');

  expect(await run('one', `mc reset ${kind}`)).toBe(`Sent ${kind} reset command to MC\n`);
  // Get Payload Activation Status: its own console is over, so there is room for a new one.
  await expect.poll(() => run('one', 'raw 0x06 0x4a 0x01'), { timeout: 30_000 }).toBe(' 01 00 00\n');
  expect(await run('one', 'power status')).toBe('Chassis Power is on\n');
  await using again = new Terminal(client('one', 'sol activate'));
  await again.until('login: ');
  expect(await run('one', 'chassis bootparam get 5')).toContain('Boot parameter data: c004000000');

  console.type(`after the ${kind} reset\r`);
  await console.until(`after the ${kind} reset`);
  shell.type('power status\r');
  await shell.until('Chassis Power is on');
  shell.type('exit\r');
  expect(await shell.ended).toBe(0);

  const events = await lab.daemon.call<{ kind: string }[]>('GET', '/v1/labs/clients/nodes/one/events');
  expect(JSON.stringify(events.body)).not.toContain('powered off');
  expect((await lab.status('one')).power).toBe('on');
});

import { afterAll, beforeAll, expect, test } from 'vitest';
import { freeipmi, ipmitool, pyghmi } from './clients.ts';
import { type ClientLab, startLab } from './lab.ts';
import { hasProgram, runClient } from './programs.ts';
import { Terminal } from './terminal.ts';

/** Clients at the same time. */

const names = Array.from({ length: 20 }, (_, index) => `node-${index}`);
let lab: ClientLab;

beforeAll(async () => {
  lab = await startLab(Object.fromEntries(names.map(name => [name, {}])));
});

afterAll(() => lab[Symbol.asyncDispose]());

const run = async (node: string, args: string) =>
  (await runClient(ipmitool(lab.endpoint(node), {}, args.split(' ')), lab.folder)).text;

test('twenty ipmitool on twenty BMCs, each its own', async () => {
  const uuids = await Promise.all(names.map(name => run(name, 'mc guid')));
  expect(new Set(uuids.map(text => /System GUID {3}: (\S+)/.exec(text)?.[1])).size).toBe(20);
  const even = names.filter((_, index) => index % 2 === 0);
  expect(await Promise.all(even.map(name => run(name, 'power on')))).toEqual(
    even.map(() => 'Chassis Power Control: Up/On\n'),
  );
  const states = await Promise.all(names.map(name => run(name, 'power status')));
  expect(states).toEqual(names.map((_, index) => `Chassis Power is ${index % 2 === 0 ? 'on' : 'off'}\n`));
});

test('different clients on one BMC, beside an open console', async () => {
  await run('node-0', 'power on');
  await using console = new Terminal(ipmitool(lab.endpoint('node-0'), {}, ['sol', 'activate']));
  await console.until('login: ');
  const bmc = lab.endpoint('node-0');
  const lines = [
    ipmitool(bmc, { suite: 17 }, ['sdr', 'elist', 'all']),
    ipmitool(bmc, { suite: 3 }, ['fru']),
    ipmitool(bmc, { user: 'guest', password: 'secret-3', privilege: 'USER' }, ['chassis', 'status']),
    ...(hasProgram('ipmipower') ? [freeipmi(bmc, {}, ['ipmi-sel', '--sdr-cache-directory=.'])] : []),
    ...(hasProgram('python3') ? [pyghmi(bmc, {}, ['get_sensor_data'])] : []),
  ];
  const ended = await Promise.all(lines.map(line => runClient(line, lab.folder)));
  expect(ended.map(({ status }) => status)).toEqual(lines.map(() => 0));
  console.type('not disturbed');
  await console.until('not disturbed');
});

test('two who command the power of one machine are both answered, and it ends in one state', async () => {
  const orders = Array.from({ length: 10 }, (_, index) => (index % 2 === 0 ? 'power on' : 'power off'));
  const said = await Promise.all(orders.map(order => run('node-1', order)));
  for (const [index, text] of said.entries()) {
    expect(text).toBe(`Chassis Power Control: ${index % 2 === 0 ? 'Up/On' : 'Down/Off'}\n`);
  }
  const state = await run('node-1', 'power status');
  expect(await run('node-1', 'power status')).toBe(state);
});

test('somebody who opens sessions and never closes them does not keep others out', async () => {
  const shells = Array.from(
    { length: 17 },
    () => new Terminal(ipmitool(lab.endpoint('node-3'), {}, ['shell'])),
  );
  try {
    for (const shell of shells) await shell.until('ipmitool>');
    const login = { user: 'guest', password: 'secret-3', privilege: 'USER' };
    const { text } = await runClient(
      ipmitool(lab.endpoint('node-3'), login, ['power', 'status']),
      lab.folder,
    );
    expect(text).toBe('Chassis Power is off\n');
  } finally {
    await Promise.all(shells.map(shell => shell[Symbol.asyncDispose]()));
  }
});

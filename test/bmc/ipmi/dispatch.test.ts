import { expect, test } from 'vitest';
import type { CommandContext, IpmiCommand, Session } from '../../../src/bmc/ipmi/command.ts';
import { CompletionCode } from '../../../src/bmc/ipmi/completion.ts';
import { CommandTable, dispatch } from '../../../src/bmc/ipmi/dispatch.ts';
import { silentLog } from '../../../src/support/log.ts';
import { createFixture } from './fixture.ts';

const groupExtension = 0x2c;
const dcmi = 0xdc;

const command = (change: Partial<IpmiCommand>): IpmiCommand => ({
  name: 'Echo',
  netFn: 0x06,
  command: 0x01,
  privilege: 'user',
  length: [0, 3],
  handle: (_, data) => ({ code: CompletionCode.ok, data }),
  ...change,
});

const table = new CommandTable([
  command({}),
  command({ name: 'For all', command: 0x02, privilege: 'none' }),
  command({ name: 'For operators', command: 0x03, privilege: 'operator' }),
  command({ name: 'Grouped', netFn: groupExtension, group: dcmi, length: [1, 1] }),
  command({ name: 'Refuses', command: 0x04, handle: () => ({ code: 0x80, data: Uint8Array.of(1) }) }),
]);

async function run(
  request: { netFn?: number; command: number; data?: number[]; lun?: number },
  privilege: Session['privilege'] | 'outside' = 'user',
) {
  const { bmc } = await createFixture();
  const session = privilege === 'outside' ? undefined : ({ privilege } as Session);
  const context: CommandContext = { bmc, session, rmcpPlus: true };
  const { netFn = 0x06, lun = 0, data = [] } = request;
  const whole = { requesterAddress: 0x81, sequenceAndLun: 0, netFn, lun, command: request.command };
  const response = await dispatch(table, context, { ...whole, data: Buffer.from(data) }, silentLog);
  return [response.code, ...(response.data ?? [])];
}

test('a command gets its data and gives its answer', async () => {
  expect(await run({ command: 1, data: [1, 2, 3] })).toEqual([0, 1, 2, 3]);
});

test('an unknown command is invalid', async () => {
  expect(await run({ command: 9 })).toEqual([CompletionCode.invalidCommand]);
  expect(await run({ netFn: 0x30, command: 1 })).toEqual([CompletionCode.invalidCommand]);
});

test('data of a wrong length is told', async () => {
  expect(await run({ command: 1, data: [1, 2, 3, 4] })).toEqual([CompletionCode.lengthInvalid]);
});

test('too little privilege is told before anything about the data', async () => {
  expect(await run({ command: 3, data: [1, 2, 3, 4] })).toEqual([CompletionCode.insufficientPrivilege]);
  expect(await run({ command: 3 }, 'administrator')).toEqual([0]);
});

test('outside a session, only commands for everybody are told apart', async () => {
  expect(await run({ command: 2 }, 'outside')).toEqual([0]);
  for (const number of [1, 3, 9]) {
    expect(await run({ command: number }, 'outside')).toEqual([CompletionCode.insufficientPrivilege]);
  }
});

test('only LUN 0 has commands', async () => {
  expect(await run({ command: 1, lun: 2 })).toEqual([CompletionCode.invalidForLun]);
});

test('a refusal carries no data', async () => {
  expect(await run({ command: 4 })).toEqual([0x80]);
});

test("a group's byte is taken off the request and put on every response", async () => {
  const netFn = groupExtension;
  expect(await run({ netFn, command: 1, data: [dcmi, 7] })).toEqual([0, dcmi, 7]);
  expect(await run({ netFn, command: 1, data: [dcmi] })).toEqual([CompletionCode.lengthInvalid, dcmi]);
  expect(await run({ netFn, command: 1, data: [0x03, 7] })).toEqual([CompletionCode.invalidCommand, 0x03]);
  expect(await run({ netFn, command: 1 })).toEqual([CompletionCode.invalidCommand]);
});

test('two commands cannot have one place', () => {
  expect(() => new CommandTable([command({}), command({ name: 'Other' })])).toThrow(/Other and Echo/);
});

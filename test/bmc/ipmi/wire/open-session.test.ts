import { expect, test } from 'vitest';
import { cipherSuites } from '../../../../src/bmc/ipmi/cipher-suites.ts';
import {
  buildOpenSessionRefusal,
  buildOpenSessionResponse,
  parseOpenSession,
} from '../../../../src/bmc/ipmi/wire/open-session.ts';
import { Status } from '../../../../src/bmc/ipmi/wire/status.ts';

const hex = (text: string) => Buffer.from(text, 'hex');
const head = '11' + '04' + '0000' + 'a4a3a2a0';
const suite17 = '0000000803000000' + '0100000804000000' + '0200000801000000';

test('a request names three algorithms', () => {
  expect(parseOpenSession(hex(head + suite17))).toEqual({
    tag: 0x11,
    privilege: 4,
    consoleSessionId: 0xa0a2a3a4,
    proposal: { authentication: 3, integrity: 4, confidentiality: 1 },
  });
});

test('a record of length 0 leaves the algorithm to the BMC', () => {
  const anything = '0000000000000000' + '0100000000000000' + '0200000000000000';
  expect(parseOpenSession(hex(head + anything))).toMatchObject({
    proposal: { authentication: undefined, integrity: undefined, confidentiality: undefined },
  });
});

test.each([
  ['a payload cut short', suite17.slice(0, -2), Status.illegalParameter],
  ['a payload too long', `${suite17}00`, Status.illegalParameter],
  ['a record of a fourth kind', suite17.replace('02000008', '03000008'), Status.invalidPayloadType],
  ['no authentication record', `01${suite17.slice(2)}`, Status.noMatchingAuthenticationPayload],
  ['no integrity record', suite17.replace('01000008', '02000008'), Status.noMatchingIntegrityPayload],
  ['no confidentiality record', suite17.replace('02000008', '01000008'), Status.illegalParameter],
])('%s is answered with a status', (_, records, status) => {
  expect(parseOpenSession(hex(head + records))).toMatchObject({ proposal: status });
});

test('what has no session ID cannot be answered', () => {
  expect(parseOpenSession(hex('11040000a4a3a2'))).toBe('too-short');
});

test('an agreement and a refusal', () => {
  const request = {
    tag: 0x11,
    privilege: 0,
    consoleSessionId: 0xa0a2a3a4,
    proposal: Status.illegalParameter,
  };
  const [suite] = cipherSuites;
  if (!suite) throw new Error('no suite');
  const granted = { privilege: 4, sessionId: 0x01020304, suite };
  expect(buildOpenSessionResponse(request, granted).toString('hex')).toBe(
    `11000400a4a3a2a0${'04030201'}${suite17}`,
  );
  expect(buildOpenSessionRefusal(request, Status.noCipherSuiteMatch).toString('hex')).toBe(
    '11110000a4a3a2a0',
  );
});

import { expect, test } from 'vitest';
import { buildPresencePong, parsePresencePing } from '../../../../src/bmc/ipmi/wire/asf.ts';

test('a presence ping is read', () => {
  const ping = Buffer.from(
    '0600ff06' + // RMCP, class ASF
      '000011be' + // ASF's enterprise number
      '80' + // presence ping
      '2a0000', // tag, reserved, no data
    'hex',
  );
  expect(parsePresencePing(ping)).toEqual({ tag: 0x2a });
});

test.each([
  ['0600ff06000011be40010000', 'not-a-ping'], // a pong
  ['0600ff06000011bf80010000', 'not-a-ping'], // another enterprise
  ['0600ff06000011be8001', 'too-short'],
])('%s is dropped: %s', (hex, reason) => {
  expect(parsePresencePing(Buffer.from(hex, 'hex'))).toBe(reason);
});

test('a pong says that IPMI is spoken here', () => {
  expect(buildPresencePong(0x2a).toString('hex')).toBe(
    '0600ff06' +
      '000011be' +
      '40' + // presence pong
      '2a0010' + // tag, reserved, sixteen bytes of data
      '000011be' +
      '00000000' + // nothing OEM-defined
      '81' + // IPMI, ASF 1.0
      '00' +
      '000000000000',
  );
});

import { expect, test } from 'vitest';
import { parseRmcpClass, writeRmcpHeader } from '../../../../src/bmc/ipmi/wire/rmcp.ts';

test.each([
  ['0600ff0700', { class: 'ipmi' }],
  ['0600ff0600', { class: 'asf' }],
  ['0600ff07', 'too-short'], // nothing after the header
  ['0600', 'too-short'],
  ['', 'too-short'],
  ['0500ff0700', 'not-rmcp'], // another version
  ['0600ff0800', 'unknown-class'], // OEM
  ['06000186', 'rmcp-acknowledgement'],
])('an RMCP header %s is read as %j', (hex, expected) => {
  expect(parseRmcpClass(Buffer.from(hex, 'hex'))).toEqual(expected);
});

test('an RMCP header asks for no acknowledgement', () => {
  const datagram = Buffer.alloc(4);
  writeRmcpHeader(datagram, 'ipmi');
  expect(datagram.toString('hex')).toBe('0600ff07');
});

import { expect, test } from 'vitest';
import { buildResponse, checksum, parseRequest } from '../../../../src/bmc/ipmi/wire/message.ts';

const hex = (text: string) => Buffer.from(text, 'hex');

test('a request is read', () => {
  // What ipmitool sends first: Get Channel Authentication Capabilities.
  expect(parseRequest(hex('2018c8' + '810438' + '8e04' + 'b1'))).toEqual({
    netFn: 0x06,
    lun: 0,
    requesterAddress: 0x81,
    sequenceAndLun: 0x04,
    command: 0x38,
    data: hex('8e04'),
  });
});

test.each([
  ['2018c8' + '810438' + '8e04' + 'b2', 'bad-checksum'], // of the body
  ['2018c9' + '810438' + '8e04' + 'b1', 'bad-checksum'], // of the head
  ['2218c6' + '810438' + '8e04' + 'b1', 'not-for-us'],
  ['201cc4' + '810438' + '8e04' + 'b1', 'not-a-request'],
  ['2018c8' + '8104', 'too-short'],
  ['', 'too-short'],
])('%s is dropped: %s', (text, reason) => {
  expect(parseRequest(hex(text))).toBe(reason);
});

test('a response goes back to the LUN that asked, with the same sequence number', () => {
  const request = {
    netFn: 0,
    lun: 0,
    requesterAddress: 0x81,
    sequenceAndLun: 0x2e,
    command: 1,
    data: hex(''),
  };
  expect(buildResponse(request, 0, hex('01004000')).toString('hex')).toBe(
    '81' + // to the requester
      '06' + // chassis response, LUN 2
      '79' +
      '20' + // from the BMC
      '2c' + // sequence number 0b, LUN 0
      '01' +
      '00' +
      '01004000' +
      '72',
  );
});

test('a refusal is a code and no data', () => {
  const request = {
    netFn: 6,
    lun: 0,
    requesterAddress: 0x81,
    sequenceAndLun: 0x08,
    command: 1,
    data: hex(''),
  };
  const response = buildResponse(request, 0xd4);
  expect(response.toString('hex')).toBe('811c63' + '200801d4' + '03');
  expect(checksum(response, 0, response.length)).toBe(0);
});

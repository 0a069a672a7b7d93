import { expect, test } from 'vitest';
import { snmpTrap } from '../../../src/daemon/watch/traps-pdu.ts';

test('a trap is coded as SNMP version 1 has it', () => {
  const datagram = snmpTrap({
    community: 'public',
    enterprise: '1.3.6.1.4.1.3183.1.1',
    agent: '192.0.2.7',
    specificTrap: 0x22_6f_05,
    uptime: 12_340,
    variable: { name: '1.3.6.1.4.1.3183.1.1.1', value: Buffer.from('abc') },
  });
  const lines = [
    '303f', // message
    '020100', // version 1
    '04067075626c6963', // public
    'a432', // trap
    '06092b06010401986f0101', // enterprise
    '4004c0000207', // agent
    '020106', // enterprise-specific
    '0203226f05', // specific trap
    '430204d2', // 1234 hundredths of a second
    '3013', // variables
    '3011', // one
    '060a2b06010401986f010101',
    '0403616263',
  ];
  expect(datagram.toString('hex')).toBe(lines.join(''));
});

test('what is long, and what would look negative, is coded so that it can be read', () => {
  const base = { enterprise: '1.3.6', agent: '0.0.0.0', uptime: 0 };
  const value = Buffer.alloc(300);
  const datagram = snmpTrap({
    ...base,
    community: '',
    specificTrap: 0x80,
    variable: { name: '1.3', value },
  });
  const hex = datagram.toString('hex');
  expect(hex.startsWith('3082')).toBe(true);
  expect(hex).toContain('02020080');
  expect(datagram.readUInt16BE(2)).toBe(datagram.length - 4);
});

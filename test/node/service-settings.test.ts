import { describe, expect, test } from 'vitest';
import { fingerprintIn, fingerprintMark, settingsText } from '../../src/node/service-settings.ts';

const fingerprint = Array.from({ length: 32 }, () => 'AB').join(':');

describe('settingsText', () => {
  test('is a word and its values a line, interfaces before what goes over them', () => {
    const text = settingsText({
      lab: 'pair',
      owner: '0123456789ab',
      manager: fingerprint,
      interfaces: [
        { mac: '52:54:00:00:00:01', name: 'mgmt', addresses: ['10.1.0.2/24', '10.1.0.3/24'] },
        { mac: '52:54:00:00:00:02', name: 'net0', addresses: [], mtu: 1400 },
      ],
      routes: [{ to: 'default', via: '10.1.0.1' }],
      nameservers: ['10.1.0.53'],
    });
    expect(text.split('\n')).toEqual([
      '#quintupleo-service 1',
      'lab pair',
      'owner 0123456789ab',
      `manager ${fingerprint}`,
      'interface mgmt 52:54:00:00:00:01',
      'address mgmt 10.1.0.2/24',
      'address mgmt 10.1.0.3/24',
      'interface net0 52:54:00:00:00:02',
      'mtu net0 1400',
      'route default 10.1.0.1',
      'nameserver 10.1.0.53',
      '',
    ]);
  });
});

describe('fingerprintIn', () => {
  const line = (pair: string) => `${fingerprintMark} ${Array.from({ length: 32 }, () => pair).join(':')}\r\n`;

  test.each([
    ['an empty console', '', undefined],
    ['a line that is still being written', line('AB').slice(0, 60), undefined],
    ['a whole line without its end', line('AB').trimEnd(), undefined],
    ['a line among others', `[    1.0] Linux\r\n${line('AB')}{"msg":"serving"}\r\n`, fingerprint],
    ['a console of several boots', `${line('CD')}[    1.0] Linux\r\n${line('AB')}`, fingerprint],
  ])('%s', (_, text, found) => {
    expect(fingerprintIn(text)).toBe(found);
  });
});

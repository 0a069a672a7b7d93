import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { BootStage } from '../../../src/daemon/api-watch.ts';
import { type BootSign, nextStage } from '../../../src/daemon/watch/boot-stage.ts';
import { ConsoleMarks } from '../../../src/daemon/watch/boot-stage-console.ts';
import type { Observation } from '../../../src/node/driver.ts';

const on: Observation = { type: 'power', power: 'on' };
const off: Observation = { type: 'power', power: 'off' };
const booted: Observation = { type: 'booted', revision: 1, cause: 'guest' };
const fetched = (what: string): Observation => ({ type: 'fetched', what });
const leased: Observation = { type: 'leased', address: '192.0.2.7' };
const observed = (observation: Observation): BootSign => ({ type: 'observed', observation });
const reported = (stage: string): BootSign => ({ type: 'reported', stage });

/** The stages that a machine goes through which gives these signs and writes these texts. */
function stagesOf(...signs: (BootSign | Observation | string)[]): BootStage[] {
  const marks = new ConsoleMarks();
  const stages: BootStage[] = [];
  let stage: BootStage = 'off';
  const take = (sign: BootSign) => {
    const next = nextStage(stage, sign);
    if (next !== stage) stages.push(next);
    stage = next;
  };
  for (const sign of signs) {
    if (typeof sign === 'string') {
      for (const seen of marks.take(Buffer.from(sign))) take({ type: 'console', stage: seen });
    } else if (sign.type === 'observed' || sign.type === 'reported' || sign.type === 'console') take(sign);
    else take(observed(sign));
  }
  return stages;
}

describe('the stage of a boot', () => {
  test('goes on as a netboot of a deploy ramdisk does', () => {
    const stages = stagesOf(
      booted,
      on,
      'iPXE initialising devices...ok\r\n',
      'net0: 192.0.2.7/255.255.255.0 gw 192.0.2.1\r\n',
      fetched('the boot loader asked what to boot: deploy'),
      fetched('fetched vmlinuz'),
      fetched('fetched initrd.img'),
      '[    0.000000] Linux version 6.1.0-40-amd64\r\n',
      'ironic-python-agent: starting\r\n',
      'node login: ',
      off,
    );
    expect(stages).toEqual(['firmware', 'dhcp', 'loader', 'kernel', 'agent', 'off']);
  });

  test('goes on as a boot from disk does', () => {
    expect(
      stagesOf(
        booted,
        'BdsDxe: starting Boot0001 "UEFI Misc Device"\r\n',
        '\x1b[2J\x1b[01;01HGNU GRUB  version 2.06\r\n',
        '[    0.000000] Linux version 6.1.0-40-amd64\r\n',
        '\r\nDebian GNU/Linux 12 node-1 ttyS0\r\n\r\nnode-1 login: ',
      ),
    ).toEqual(['firmware', 'loader', 'kernel', 'os']);
  });

  test('begins anew with a reboot, whatever shows it', () => {
    const up = [booted, 'node-1 login: '];
    expect(stagesOf(...up, booted).at(-1)).toBe('firmware');
    expect(stagesOf(...up, fetched('firmware asked what to boot: network')).at(-1)).toBe('loader');
    expect(stagesOf(...up, 'SeaBIOS (version 1.16)').at(-1)).toBe('firmware');
    expect(stagesOf(...up, 'Linux version 6.1.0').at(-1)).toBe('kernel');
  });

  test('knows what our own systems report where the console is silent', () => {
    expect(stagesOf(booted, reported('ramdisk'), reported('deployed'), booted, reported('disk'))).toEqual([
      'firmware',
      'agent',
      'firmware',
      'os',
    ]);
  });

  test('shows that DHCP was reached and nothing after it', () => {
    expect(stagesOf(booted, '>>Start PXE over IPv4.').at(-1)).toBe('dhcp');
    expect(stagesOf(booted, on, leased)).toEqual(['firmware', 'dhcp']);
  });

  test('shows a panic until the machine boots again', () => {
    const panicked = [booted, 'Linux version 6', '[ 1.0] Kernel panic - not syncing: VFS'];
    expect(stagesOf(...panicked).at(-1)).toBe('panicked');
    expect(stagesOf(...panicked, booted).at(-1)).toBe('firmware');
  });

  test('an address that a system asks for is not taken for its firmware’s', () => {
    expect(stagesOf(booted, 'a login: ', 'net0: 192.0.2.7/24', leased).at(-1)).toBe('os');
    expect(stagesOf(booted, leased, fetched('fetched ipxe.efi by TFTP'), 'iPXE 1.21', leased)).toEqual([
      'firmware',
      'dhcp',
      'loader',
    ]);
  });

  test('what the console has kept of a boot is not undone by its first observation', () => {
    expect(stagesOf('a login: ', { ...booted, earlier: true }, on)).toEqual(['os']);
  });
});

describe('marks on a console', () => {
  test('are found however the bytes come', () => {
    const text =
      'iPXE initialising devices\r\n[    0.0] Linux version 6.1\r\nReached target Multi-User System';
    fc.assert(
      fc.property(fc.array(fc.nat(text.length), { maxLength: 12 }), cuts => {
        const marks = new ConsoleMarks();
        const places = [0, ...cuts.sort((one, other) => one - other), text.length];
        const found = places.flatMap((place, at) =>
          at === 0 ? [] : marks.take(Buffer.from(text.slice(places[at - 1], place))),
        );
        expect(found).toEqual(['firmware', 'kernel', 'os']);
      }),
    );
  });

  test('are told once', () => {
    const marks = new ConsoleMarks();
    expect(marks.take(Buffer.from('a login: '))).toEqual(['os']);
    expect(marks.take(Buffer.from('root\r\n'))).toEqual([]);
  });

  test('any bytes are taken', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), bytes => {
        new ConsoleMarks().take(Buffer.from(bytes));
      }),
    );
  });
});

import { describe, expect, test } from 'vitest';
import { sensorDataRecords } from '../../../../src/bmc/ipmi/sdr.ts';
import { appendEvent, clearEvents, type EventKind } from '../../../../src/node/event-log.ts';
import { StubBmc } from '../stub-bmc.ts';

function log(bmc: StubBmc, kind: EventKind): void {
  const at = bmc.clock.now();
  bmc.node.set({ log: appendEvent(bmc.node.state.log, { at, kind, severity: 'ok', message: '' }) });
}

async function reserve(bmc: StubBmc, command: string): Promise<string> {
  return (await bmc.ask(command)).slice(2);
}

const jan1 = '00b95569'; // 2026-01-01T00:00:00Z

describe('System Event Log', () => {
  test('info tells entries, space and times', async () => {
    const bmc = new StubBmc();
    expect(await bmc.ask('0a 40')).toBe('0051' + '0000' + '0020' + 'ffffffff' + 'ffffffff' + '0b');
    log(bmc, 'power-on');
    expect(await bmc.ask('0a 40')).toBe(`00510100f01f${jan1}ffffffff0b`);
    expect(await bmc.ask('0a 41')).toBe('00' + '0002' + '1000' + 'ff01' + 'ff01' + '01');
  });

  test('entries are read one after the other, whole or in parts', async () => {
    const bmc = new StubBmc();
    expect(await bmc.ask('0a 43 00 00 00 00 00 ff')).toBe('cb');
    log(bmc, 'power-on');
    log(bmc, 'nmi');
    const powerOn = `010002${jan1}200004 22406f00ffff`.replaceAll(' ', '');
    const nmi = `020002${jan1}20000413456f00ffff`;
    expect(await bmc.ask('0a 43 00 00 00 00 00 ff')).toBe(`000200${powerOn}`);
    expect(await bmc.ask('0a 43 00 00 01 00 00 ff')).toBe(`000200${powerOn}`);
    expect(await bmc.ask('0a 43 00 00 02 00 00 ff')).toBe(`00ffff${nmi}`);
    expect(await bmc.ask('0a 43 00 00 ff ff 00 ff')).toBe(`00ffff${nmi}`);
    expect(await bmc.ask('0a 43 00 00 03 00 00 ff')).toBe('cb');
    expect(await bmc.ask('0a 43 00 00 01 00 02 04')).toBe('c5');
    const reservation = await reserve(bmc, '0a 42');
    expect(await bmc.ask(`0a 43 ${reservation} 01 00 02 04`)).toBe(`0002${'00'}${powerOn.slice(4, 12)}`);
    expect(await bmc.ask(`0a 43 ${reservation} 01 00 10 04`)).toBe('c9');
  });

  test('a reservation ends when another is made or entries go away', async () => {
    const bmc = new StubBmc();
    log(bmc, 'power-on');
    const first = await reserve(bmc, '0a 42');
    const second = await reserve(bmc, '0a 42');
    expect(second).not.toBe(first);
    expect(await bmc.ask(`0a 46 ${first} 01 00`)).toBe('c5');
    expect(await bmc.ask(`0a 46 ${second} 01 00`)).toBe('000100');
    expect(bmc.node.commands).toEqual([{ type: 'delete-event', id: 1 }]);
    bmc.node.set({ log: clearEvents(bmc.node.state.log, bmc.clock.now()) });
    expect(await bmc.ask(`0a 46 ${second} 01 00`)).toBe('c5');
  });

  test('clearing needs a reservation and the magic word', async () => {
    const bmc = new StubBmc();
    const reservation = await reserve(bmc, '0a 42');
    expect(await bmc.ask('0a 47 00 00 43 4c 52 aa')).toBe('c5');
    expect(await bmc.ask(`0a 47 ${reservation} 00 4c 52 aa`)).toBe('cc');
    expect(await bmc.ask(`0a 47 ${reservation} 43 4c 52 aa`)).toBe('0001');
    expect(bmc.node.commands).toEqual([{ type: 'clear-log', by: 'ipmi' }]);
    expect(await bmc.ask(`0a 47 ${reservation} 43 4c 52 00`)).toBe('0001');
  });

  test('records can be added', async () => {
    const bmc = new StubBmc();
    bmc.node.reply = { accepted: true, eventId: 0x0203 };
    expect(await bmc.ask('0a 44 000102030405060708090a0b0c0d0e0f')).toBe('000302');
    expect(bmc.node.commands).toEqual([
      { type: 'add-record', record: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15] },
    ]);
  });

  test('its clock can be set and goes on', async () => {
    const bmc = new StubBmc();
    expect(await bmc.ask('0a 48')).toBe(`00${jan1}`);
    expect(await bmc.ask('0a 49 00 00 00 10')).toBe('00');
    await bmc.clock.advance(2000);
    expect(await bmc.ask('0a 48')).toBe('0002000010');
    expect(await bmc.ask('0a 28')).toBe('0002000010');
    expect(await bmc.ask('0a 5c')).toBe('000000');
    expect(await bmc.ask('0a 5d 00 00')).toBe('00');
    expect(await bmc.ask('0a 5d 3c 00')).toBe('cc');
  });
});

describe('sensor data records', () => {
  test.each([
    ['repository', '0a', '22', '23'],
    ['device', '04', '22', '21'],
  ])('of the %s are read in parts under a reservation', async (_, netFn, reserveCommand, getCommand) => {
    const bmc = new StubBmc();
    const reservation = await reserve(bmc, `${netFn} ${reserveCommand}`);
    const read: string[] = [];
    let id = '0000';
    while (id !== 'ffff') {
      const header = await bmc.ask(`${netFn} ${getCommand} 0000 ${id} 00 05`);
      expect(header.slice(0, 2)).toBe('00');
      const length = header.slice(-2);
      const body = await bmc.ask(`${netFn} ${getCommand} ${reservation} ${id} 05 ${length}`);
      read.push(header.slice(6) + body.slice(6));
      id = header.slice(2, 6);
    }
    expect(read).toEqual(sensorDataRecords.map(({ bytes }) => bytes.toString('hex')));
  });

  test('partial reads need a reservation, and records must be there', async () => {
    const bmc = new StubBmc();
    expect(await bmc.ask('0a 23 00 00 01 00 05 10')).toBe('c5');
    expect(await bmc.ask('0a 23 00 00 63 00 00 ff')).toBe('cb');
    expect(await bmc.ask('0a 23 00 00 ff ff 00 05')).toMatch(/^00ffff/);
  });

  test('info counts sensors or records', async () => {
    const bmc = new StubBmc();
    const count = sensorDataRecords.length;
    expect(Buffer.from(await bmc.ask('0a 20'), 'hex').readUInt16LE(2)).toBe(count);
    expect(Buffer.from(await bmc.ask('0a 21'), 'hex').length).toBe(10);
    expect(Buffer.from(await bmc.ask('04 20'), 'hex')[1]).toBe(count - 2); // without the two locators
    expect(Buffer.from(await bmc.ask('04 20 01'), 'hex')[1]).toBe(count);
  });
});

describe('FRU', () => {
  test('is read in parts and write-protected', async () => {
    const bmc = new StubBmc();
    bmc.node.set({}, { assetTag: 'rack 7' });
    const info = Buffer.from(await bmc.ask('0a 10 00'), 'hex');
    const size = info.readUInt16LE(1);
    let inventory = '';
    for (let offset = 0; offset < size; offset += 32) {
      const answer = await bmc.ask(
        `0a 11 00 ${offset.toString(16).padStart(2, '0').slice(-2)} 0${offset >> 8} 20`,
      );
      inventory += answer.slice(4);
    }
    expect(inventory.length).toBe(size * 2);
    expect(Buffer.from(inventory, 'hex').toString('latin1')).toContain('rack 7');
    expect(await bmc.ask('0a 11 00 ff 0f 10')).toBe('c9');
    expect(await bmc.ask('0a 12 00 00 00 01')).toBe('80');
    expect(await bmc.ask('0a 10 01')).toBe('cb');
  });
});

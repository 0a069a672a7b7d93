import { beforeEach, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../../../src/bmc/redfish/json.ts';
import { createFixture, type Fixture } from '../fixture.ts';
import { expectValid } from '../validate.ts';

const thresholdCodes = ['Lower', 'Upper'].flatMap(side =>
  ['Non-critical', 'Critical', 'Non-recoverable'].flatMap(level => [
    `${side} ${level} - going low`,
    `${side} ${level} - going high`,
  ]),
);
const log = '/redfish/v1/Systems/n1/LogServices/EventLog';
let fixture: Fixture;

beforeEach(async () => {
  fixture = await createFixture();
});

const get = async (of = '') => (await fixture.ask('GET', `${log}${of}`)).body;
const add = (record: readonly number[]) => fixture.bmc('n1').node.command({ type: 'add-record', record });

/** A system event that a client adds; the BMC fills in ID and time. */
const record = (sensor: readonly [type: number, number: number], event: readonly number[]) => [
  ...[0, 0, 0x02, 0, 0, 0, 0],
  ...[0x41, 0x00], // from system management software
  0x04,
  ...sensor,
  ...event,
];

describe('the event log', () => {
  test('tells what happened to the node', async () => {
    await fixture.power('n1', 'on');
    const first = await get('/Entries/1');
    const { '@odata.etag': _, ...shown } = first;
    expect(await get('/Entries')).toMatchObject({ 'Members@odata.count': 2, Members: [shown, {}] });
    expect(first).toMatchObject({
      EntryType: 'Event',
      Created: '2026-01-01T00:00:01Z',
      Severity: 'OK',
      Message: 'powered on (command: on)',
      MessageId: 'ResourceEvent.1.4.ResourcePoweredOn',
      MessageArgs: ['n1'],
    });
    expect(await get('/Entries/2')).toMatchObject({ MessageArgs: ['n1', 'Starting'] });
  });

  test('is the same at the manager', async () => {
    await fixture.power('n1', 'on');
    const path = '/redfish/v1/Managers/n1/LogServices/EventLog/Entries/1';
    const { body } = await fixture.ask('GET', path);
    expect(body).toMatchObject({
      '@odata.id': path,
      MessageId: (await get('/Entries/1')).MessageId as string,
    });
  });

  test('tells times by the BMC’s clock', async () => {
    await fixture.bmc('n1').clockOffset.set(3_600_000);
    await fixture.power('n1', 'on');
    expect(await get('/Entries/1')).toMatchObject({ Created: '2026-01-01T01:00:01Z' });
    expect(await get()).toMatchObject({ DateTime: '2026-01-01T01:00:05Z' });
  });

  test('forgets one entry', async () => {
    await fixture.power('n1', 'on');
    expect((await fixture.ask('DELETE', `${log}/Entries/1`)).status).toBe(204);
    expect((await fixture.ask('GET', `${log}/Entries/1`)).status).toBe(404);
    expect(await get('/Entries')).toMatchObject({ Members: [{ '@odata.id': `${log}/Entries/2` }] });
  });

  test('is cleared, and says so', async () => {
    await fixture.power('n1', 'on');
    expect((await fixture.ask('POST', `${log}/Actions/LogService.ClearLog`, {})).status).toBe(204);
    expect(fixture.bmc('n1').node.state.log.entries.map(({ kind }) => kind)).toEqual(['log-cleared']);
  });

  test('is not cleared by who may only read', async () => {
    await fixture.power('n1', 'on');
    const { status } = await fixture.ask(
      'POST',
      `${log}/Actions/LogService.ClearLog`,
      {},
      {
        authorization: `Basic ${Buffer.from('bob:reader').toString('base64')}`,
      },
    );
    expect(status).toBe(403);
  });

  test('can be searched and read in pages', async () => {
    await fixture.power('n1', 'on');
    expect(await get("/Entries?$filter=MessageId eq 'ResourceEvent.1.4.ResourcePoweredOn'")).toMatchObject({
      Members: [{ Id: '1' }],
    });
    expect(await get('/Entries?$top=1&$skip=1')).toMatchObject({
      'Members@odata.count': 2,
      Members: [{ Id: '2' }],
    });
  });

  test('shows records that clients of IPMI have added', async () => {
    await add(record([0x01, 0x30], [0x01, 0x59, 0x5f, 0x5a])); // temperature 0x30, upper critical going high
    await add(record([0x0c, 0x31], [0xef, 0x00, 0xff, 0xff])); // memory 0x31, no more
    await add(record([0xc1, 0x32], [0x6f, 0x00, 0xff, 0xff])); // a sensor type of a vendor's own
    expect(await get('/Entries/1')).toMatchObject({
      EntryType: 'SEL',
      EntryCode: 'Upper Critical - going high',
      SensorType: 'Temperature',
      SensorNumber: 0x30,
      GeneratorId: '0x0041',
      MessageId: '0x01595f5a',
    });
    expect(await get('/Entries/2')).toMatchObject({ EntryCode: 'Deassert', SensorType: 'Memory' });
    expect(await get('/Entries/3')).toMatchObject({ SensorType: 'OEM', OemSensorType: 'OEM 0xc1' });
    expectValid(await get('/Entries'));
  });

  test('knows every sensor type and every threshold of IPMI', async () => {
    for (let type = 0; type < 0x30; type++) await add(record([type, 1], [0x6f, 0, 0xff, 0xff]));
    for (let offset = 0; offset < 16; offset++) await add(record([1, 1], [0x01, 0x50 + offset, 0, 0]));
    expectValid(await get('/Entries'));
    const { Members: members } = await get('/Entries');
    expect((members as readonly JsonObject[]).slice(0x30).map(({ EntryCode }) => EntryCode)).toEqual([
      ...thresholdCodes,
      ...Array<string>(4).fill('Assert'),
    ]);
  });

  test('shows records of a vendor’s own format as bytes', async () => {
    await add([0, 0, 0xe5, ...Array<number>(13).fill(0xab)]);
    expect(await get('/Entries/1')).toMatchObject({
      EntryType: 'Oem',
      OemRecordFormat: 'IPMI SEL record of type 0xe5',
      Message: expect.stringMatching(/e5(ab){13}$/),
    });
    expectValid(await get('/Entries/1'));
  });
});

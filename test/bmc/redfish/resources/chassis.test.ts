import { beforeEach, describe, expect, test } from 'vitest';
import { createFixture, type Fixture } from '../fixture.ts';

const path = '/redfish/v1/Chassis/n1';
let fixture: Fixture;

beforeEach(async () => {
  fixture = await createFixture();
});

const get = async (of: string) => (await fixture.ask('GET', `${path}${of}`)).body;

describe('Chassis', () => {
  test('leads to its system, its manager, and what is in it', async () => {
    const body = await get('');
    expect(body).toMatchObject({
      Id: 'n1',
      PowerState: 'Off',
      Status: { State: 'StandbyOffline', Health: 'OK' },
      LocationIndicatorActive: false,
      Links: {
        ComputerSystems: [{ '@odata.id': '/redfish/v1/Systems/n1' }],
        ManagedBy: [{ '@odata.id': '/redfish/v1/Managers/n1' }],
      },
    });
    await fixture.power('n1', 'on');
    expect(await get('')).toMatchObject({ PowerState: 'On', Status: { State: 'Enabled' } });
  });

  test('lights the same lamp as the system', async () => {
    await fixture.ask('PATCH', path, { LocationIndicatorActive: true });
    expect(await get('')).toMatchObject({ LocationIndicatorActive: true });
    expect((await fixture.ask('GET', '/redfish/v1/Systems/n1')).body).toMatchObject({
      LocationIndicatorActive: true,
    });
    await fixture.ask('PATCH', path, { IndicatorLED: 'Off' });
    expect(await get('')).toMatchObject({ LocationIndicatorActive: false, IndicatorLED: 'Off' });
  });

  test('takes nothing that it does not know', async () => {
    const { status, text } = await fixture.ask('PATCH', path, { ChassisType: 'Blade' });
    expect(status).toBe(400);
    expect(text).toContain('PropertyNotWritable');
  });

  test('has no link that leads nowhere', async () => {
    const seen = new Set<string>();
    const visit = async (of: string): Promise<void> => {
      if (seen.has(of)) return;
      seen.add(of);
      const { status, text } = await fixture.ask('GET', of);
      expect(status, of).toBe(200);
      for (const [, next = ''] of text.matchAll(/"(?:@odata\.id|DataSourceUri)":"([^"#]+)/g)) {
        if (next.startsWith(path)) await visit(next);
      }
    };
    await visit(path);
    expect(seen.size).toBeGreaterThan(15);
  });
});

describe('Sensors', () => {
  test('read nothing where there is no power', async () => {
    expect(await get('/Sensors/CPUTemp')).toMatchObject({
      Reading: null,
      Status: { State: 'UnavailableOffline' },
    });
    expect(await get('/Sensors/InletTemp')).toMatchObject({ Reading: 21, ReadingUnits: 'Cel' });
  });

  test('move with the load, in the steps in which IPMI tells them', async () => {
    await fixture.power('n1', 'on');
    expect(await get('/Sensors/SystemFan')).toMatchObject({
      ReadingType: 'Rotational',
      Reading: 4200,
      Thresholds: { LowerCritical: { Reading: 1020 }, LowerCaution: { Reading: 1500 } },
      Status: { State: 'Enabled', Health: 'OK' },
    });
    expect(await get('/Sensors/PowerDraw')).toMatchObject({ Reading: 90, ReadingUnits: 'W' });
  });

  test('tell by the limits that clients of IPMI have set how they are', async () => {
    Object.assign(fixture.bmc('n1'), {
      thresholds: ({ name }: { name: string }) =>
        name === 'Inlet Temp' ? { upperNonCritical: 20, upperCritical: 30 } : undefined,
    });
    expect(await get('/Sensors/InletTemp')).toMatchObject({
      Status: { Health: 'Warning' },
      Thresholds: { UpperCaution: { Reading: 20 } },
    });
  });

  test('are as many as IPMI has, and no more', async () => {
    expect(await get('/Sensors')).toMatchObject({ 'Members@odata.count': 6 });
    expect((await fixture.ask('GET', `${path}/Sensors/Humidity`)).status).toBe(404);
  });
});

describe('Power, Thermal and the subsystems', () => {
  test('tell the sensors’ readings', async () => {
    await fixture.power('n1', 'on');
    expect(await get('/Power')).toMatchObject({
      PowerControl: [{ PowerConsumedWatts: 90, PowerCapacityWatts: 500 }],
      PowerSupplies: [{ LastPowerOutputWatts: 90, PowerCapacityWatts: 500 }],
      Voltages: [{ ReadingVolts: 12.06 }],
    });
    expect(await get('/Thermal')).toMatchObject({
      Fans: [{ Reading: 4200, ReadingUnits: 'RPM' }],
      Temperatures: [{ ReadingCelsius: 23 }, { ReadingCelsius: 36 }],
    });
    expect(await get('/PowerSubsystem/PowerSupplies/PSU1')).toMatchObject({ PowerCapacityWatts: 500 });
    expect(await get('/ThermalSubsystem/Fans/Fan1')).toMatchObject({
      SpeedPercent: { Reading: 28, SpeedRPM: 4200 },
    });
    expect(await get('/EnvironmentMetrics')).toMatchObject({
      PowerWatts: { DataSourceUri: `${path}/Sensors/PowerDraw`, Reading: 90 },
    });
  });

  test('tell nothing of a machine that is off where nothing is measured', async () => {
    expect(await get('/Thermal')).toMatchObject({
      Fans: [{ Reading: null }],
      Temperatures: [{ ReadingCelsius: 21 }, { ReadingCelsius: null }],
    });
    expect(await get('/ThermalSubsystem/Fans/Fan1')).toMatchObject({
      SpeedPercent: { Reading: null, SpeedRPM: null },
    });
  });
});

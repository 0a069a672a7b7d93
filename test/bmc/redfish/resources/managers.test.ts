import { beforeEach, describe, expect, test } from 'vitest';
import { createFixture, type Fixture } from '../fixture.ts';
import { expectValid } from '../validate.ts';

const path = '/redfish/v1/Managers/n1';
let fixture: Fixture;

beforeEach(async () => {
  fixture = await createFixture();
});

const get = async (of = '') => (await fixture.ask('GET', `${path}${of}`)).body;

describe('Manager', () => {
  test('says what it is and whose', async () => {
    expect(await get()).toMatchObject({
      ManagerType: 'BMC',
      FirmwareVersion: '0.1.0',
      PowerState: 'On',
      ServiceEntryPointUUID: fixture.service.uuid,
      SerialConsole: { ConnectTypesSupported: ['IPMI'] },
      Links: {
        ManagerForServers: [{ '@odata.id': '/redfish/v1/Systems/n1' }],
        ManagerForChassis: [{ '@odata.id': '/redfish/v1/Chassis/n1' }],
      },
    });
  });

  test('has a UUID of its own, that stays', async () => {
    const { UUID } = await get();
    expect(UUID).toMatch(/^[\da-f]{8}-[\da-f]{4}-8[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
    expect(UUID).not.toBe(fixture.bmc('n1').node.spec.uuid);
    const other = await createFixture();
    expect((await other.ask('GET', path)).body.UUID).toBe(UUID);
  });

  test('restarts after it has answered, and leaves its node alone', async () => {
    await fixture.power('n1', 'on');
    const { status } = await fixture.ask('POST', `${path}/Actions/Manager.Reset`, {
      ResetType: 'ForceRestart',
    });
    expect([status, fixture.restarted]).toEqual([204, []]);
    await fixture.clock.advance(1000);
    expect(fixture.restarted).toEqual(['n1']);
    expect(fixture.bmc('n1').node.state.power).toBe('on');
  });

  test('does not do what it does not offer', async () => {
    const { status, text } = await fixture.ask('POST', `${path}/Actions/Manager.Reset`, {
      ResetType: 'ForceOff',
    });
    expect(status).toBe(400);
    expect(text).toContain('ActionParameterValueNotInList');
    expect((await get()).Actions).toMatchObject({
      '#Manager.Reset': {
        'ResetType@Redfish.AllowableValues': ['GracefulRestart', 'ForceRestart'],
      },
    });
  });

  test('has a clock that goes on and can be set', async () => {
    expect(await get()).toMatchObject({ DateTime: '2026-01-01T00:00:00Z', DateTimeLocalOffset: '+00:00' });
    await fixture.clock.advance(90_000);
    expect(await get()).toMatchObject({ DateTime: '2026-01-01T00:01:30Z' });
    const { status } = await fixture.ask('PATCH', path, { DateTime: '2030-06-01T12:00:00+02:00' });
    expect(status).toBe(200);
    await fixture.clock.advance(1000);
    expect(await get()).toMatchObject({ DateTime: '2030-06-01T10:00:01Z' });
  });

  test('has an ETag that its clock does not change', async () => {
    const { headers } = await fixture.ask('GET', path);
    await fixture.clock.advance(90_000);
    const etag = { 'if-match': headers.ETag };
    const time = { DateTime: '2030-06-01T12:00:00Z' };
    expect((await fixture.ask('PATCH', path, time, etag)).status).toBe(200);
    const stale = { 'if-match': '"other"' };
    expect((await fixture.ask('PATCH', path, time, stale)).status).toBe(412);
  });

  test.each([['2200-01-01T00:00:00Z'], ['1969-12-31T23:59:59Z'], ['2030-06-01'], ['tomorrow'], [42]])(
    'does not take %s for a time',
    async wrong => {
      const { status, text } = await fixture.ask('PATCH', path, { DateTime: wrong });
      expect(status).toBe(400);
      expect(text).toContain('DateTime');
      expect(fixture.bmc('n1').clockOffset.value).toBe(0);
    },
  );
});

describe('NetworkProtocol', () => {
  test('says where the BMC answers', async () => {
    expect(await get('/NetworkProtocol')).toMatchObject({
      HTTP: { ProtocolEnabled: false, Port: null },
      HTTPS: { ProtocolEnabled: true, Port: 443 },
      IPMI: { ProtocolEnabled: true, Port: 623 },
      SSDP: { ProtocolEnabled: false },
    });
  });

  test('says that it is plain HTTP where it is', async () => {
    Object.assign(fixture.bmc('n1'), { redfish: { address: '192.0.2.10', port: 8000, tls: false } });
    expect(await get('/NetworkProtocol')).toMatchObject({
      HTTP: { ProtocolEnabled: true, Port: 8000 },
      HTTPS: { ProtocolEnabled: false, Port: null },
    });
    expectValid(await get('/NetworkProtocol'));
  });

  test('is the lab file’s to set', async () => {
    const { status } = await fixture.ask('PATCH', `${path}/NetworkProtocol`, {
      IPMI: { ProtocolEnabled: false },
    });
    expect(status).toBe(405);
  });
});

describe('EthernetInterfaces', () => {
  test('have one card with the addresses of the lab file and the MAC that IPMI tells', async () => {
    expect(await get('/EthernetInterfaces')).toMatchObject({ 'Members@odata.count': 1 });
    expect(await get('/EthernetInterfaces/eth0')).toMatchObject({
      MACAddress: expect.stringMatching(/^02(:[\da-f]{2}){5}$/),
      IPv4Addresses: [{ Address: '192.0.2.10', AddressOrigin: 'Static' }],
      IPv6Addresses: [],
    });
  });

  test('know IPv6', async () => {
    Object.assign(fixture.bmc('n1'), { redfish: { address: '2001:db8::7', port: 443, tls: true } });
    expect(await get('/EthernetInterfaces/eth0')).toMatchObject({
      IPv4Addresses: [{ Address: '192.0.2.10' }],
      IPv6Addresses: [{ Address: '2001:db8::7' }],
    });
    expectValid(await get('/EthernetInterfaces/eth0'));
  });
});

describe('SerialInterfaces', () => {
  test('have the port that Serial over LAN reaches', async () => {
    expect(await get('/SerialInterfaces/ttyS0')).toMatchObject({ BitRate: '115200', Parity: 'None' });
    expect((await fixture.ask('GET', `${path}/SerialInterfaces/ttyS1`)).status).toBe(404);
  });
});

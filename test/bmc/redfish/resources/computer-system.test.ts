import { describe, expect, test } from 'vitest';
import type { Observation } from '../../../../src/node/driver.ts';
import type { NodeRunner } from '../../../../src/node/runner.ts';
import { createFixture, type Fixture } from '../fixture.ts';

const system = '/redfish/v1/Systems/n1';

/** Has the driver see something of the node. */
function observe(fixture: Fixture, seen: Observation): void {
  (fixture.bmc('n1').node as NodeRunner).observe(seen);
}

describe('ComputerSystem', () => {
  test('is what the node is', async () => {
    const { ask, bmc } = await createFixture();
    const { spec } = bmc('n1').node;
    const { body } = await ask('GET', system);
    expect(body).toMatchObject({
      '@odata.type': '#ComputerSystem.v1_27_0.ComputerSystem',
      Id: 'n1',
      Name: 'n1',
      UUID: spec.uuid,
      ProcessorSummary: { Count: 1, CoreCount: 2, LogicalProcessorCount: 2 },
      MemorySummary: { TotalSystemMemoryGiB: 4 },
      SerialConsole: { IPMI: { ServiceEnabled: true, Port: 623 } },
      Links: {
        Chassis: [{ '@odata.id': '/redfish/v1/Chassis/n1' }],
        ManagedBy: [{ '@odata.id': '/redfish/v1/Managers/n1' }],
      },
    });
  });

  test('is found by UUID too, under its own path', async () => {
    const { ask, bmc } = await createFixture();
    const { body } = await ask('GET', `/redfish/v1/Systems/${bmc('n1').node.spec.uuid}`);
    expect(body['@odata.id']).toBe(system);
  });

  test('the collection has all nodes in the order of the lab file', async () => {
    const { ask } = await createFixture({ nodes: ['b', 'a'] });
    const { body } = await ask('GET', '/redfish/v1/Systems');
    expect(body.Members).toEqual([
      { '@odata.id': '/redfish/v1/Systems/b' },
      { '@odata.id': '/redfish/v1/Systems/a' },
    ]);
  });

  test('tells when and why it was last reset, by the clock of the BMC', async () => {
    const fixture = await createFixture();
    expect((await fixture.ask('GET', system)).body).not.toHaveProperty('LastResetTime');
    await fixture.power('n1', 'on');
    const { bootedAt = 0 } = fixture.bmc('n1').node.state.durable;
    await fixture.bmc('n1').clockOffset.set(3_600_000);
    const { body } = await fixture.ask('GET', system);
    expect(Date.parse(String(body.LastResetTime))).toBe(bootedAt + 3_600_000);
    expect(body.LastResetCause).toBe('ManagementCommand');
  });

  test('tells how far a boot was seen to come', async () => {
    const fixture = await createFixture();
    const progress = async () => (await fixture.ask('GET', system)).at('/BootProgress/LastState');
    expect(await progress()).toBe('None');
    await fixture.power('n1', 'on');
    expect(await progress()).toBe('PrimaryProcessorInitializationStarted');
    observe(fixture, { type: 'fetched', what: 'fetched vmlinuz' });
    expect(await progress()).toBe('OSBootStarted');
    await fixture.power('n1', 'off');
    expect(await progress()).toBe('None');
  });

  test('is not well when its guest has panicked, until it boots again', async () => {
    const fixture = await createFixture();
    const status = async () => (await fixture.ask('GET', system)).body.Status;
    await fixture.power('n1', 'on');
    expect(await status()).toEqual({ State: 'Enabled', Health: 'OK', HealthRollup: 'OK' });
    observe(fixture, { type: 'panicked', detail: 'oops' });
    expect(await status()).toMatchObject({ Health: 'Critical', HealthRollup: 'Critical' });
    await fixture.power('n1', 'off');
    expect(await status()).toEqual({ State: 'StandbyOffline', Health: 'OK', HealthRollup: 'OK' });
  });

  test('claims no power state that nobody has seen', async () => {
    const fixture = await createFixture();
    observe(fixture, { type: 'power', power: 'unknown' });
    const { body } = await fixture.ask('GET', system);
    expect(body.PowerState).toBeNull();
    expect(body.Status).toMatchObject({ State: 'UnavailableOffline' });
  });

  test('shows the watchdog that IPMI has set up', async () => {
    const { ask, bmc } = await createFixture();
    const { node } = bmc('n1');
    expect((await ask('GET', system)).body.HostWatchdogTimer).toMatchObject({ FunctionEnabled: false });
    await node.command({
      type: 'set-watchdog',
      settings: {
        use: 3,
        action: 'cycle',
        interval: 60_000,
        dontLog: false,
        preTimeoutInterrupt: 0,
        preTimeoutInterval: 0,
      },
      keepRunning: false,
      clearExpiredUses: 0,
    });
    await node.command({ type: 'kick-watchdog' });
    expect((await ask('GET', system)).body.HostWatchdogTimer).toMatchObject({
      FunctionEnabled: true,
      TimeoutAction: 'PowerCycle',
      Status: { State: 'Enabled' },
    });
  });
});

describe('PATCH of a ComputerSystem', () => {
  test.each([
    [{ AssetTag: 'rack 7' }],
    [{ HostName: 'web1.example' }],
    [{ PowerRestorePolicy: 'AlwaysOn' }],
    [{ PowerRestorePolicy: 'LastState' }],
    [{ LocationIndicatorActive: true }],
  ])('%o reads back as written', async change => {
    const { ask } = await createFixture();
    const answer = await ask('PATCH', system, change);
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject(change);
    expect((await ask('GET', system)).body).toMatchObject(change);
  });

  test('the light is one, however it is called', async () => {
    const { ask } = await createFixture();
    const lit = await ask('PATCH', system, { IndicatorLED: 'Lit' });
    expect(lit.body).toMatchObject({ IndicatorLED: 'Lit', LocationIndicatorActive: true });
    const dark = await ask('PATCH', system, { LocationIndicatorActive: false });
    expect(dark.body).toMatchObject({ IndicatorLED: 'Off', LocationIndicatorActive: false });
  });

  test('null clears what may be empty', async () => {
    const { ask } = await createFixture();
    await ask('PATCH', system, { AssetTag: 'a', HostName: 'b' });
    const { body } = await ask('PATCH', system, { AssetTag: null, HostName: null });
    expect(body).toMatchObject({ AssetTag: '', HostName: null });
  });

  test('does what it can and tells of what is read-only', async () => {
    const { ask } = await createFixture();
    const { status, body, at } = await ask('PATCH', system, { AssetTag: 'a', PowerState: 'On' });
    expect(status).toBe(200);
    expect(body.AssetTag).toBe('a');
    expect(at('/PowerState@Message.ExtendedInfo/0/MessageId')).toBe('Base.1.22.PropertyNotWritable');
  });

  test('refuses an asset tag that IPMI could not show', async () => {
    const { ask } = await createFixture();
    for (const AssetTag of ['x'.repeat(64), 'пример', 'a\nb']) {
      expect((await ask('PATCH', system, { AssetTag })).status).toBe(400);
    }
  });
});

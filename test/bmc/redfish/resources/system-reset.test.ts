import { describe, expect, test } from 'vitest';
import { createFixture, type Fixture } from '../fixture.ts';

const system = '/redfish/v1/Systems/n1';
const target = `${system}/Actions/ComputerSystem.Reset`;

function reset({ ask }: Fixture, ResetType: string, headers: Record<string, string> = {}) {
  return ask('POST', target, { ResetType }, headers);
}

async function power({ ask }: Fixture) {
  return (await ask('GET', system)).body.PowerState;
}

describe('ComputerSystem.Reset', () => {
  test('is accepted at once, and the power state is what was seen', async () => {
    const fixture = await createFixture();
    expect((await reset(fixture, 'On')).status).toBe(204);
    expect(await power(fixture)).toBe('Off');
    await fixture.clock.advance(5000);
    expect(await power(fixture)).toBe('On');
  });

  test.each([
    ['ForceOff', 'Off'],
    ['GracefulShutdown', 'Off'],
    ['PushPowerButton', 'Off'],
    ['GracefulRestart', 'On'],
    ['ForceRestart', 'On'],
    ['PowerCycle', 'On'],
    ['Nmi', 'On'],
    ['On', 'On'],
    ['ForceOn', 'On'],
  ])('%s leaves a node that is on %s', async (type, after) => {
    const fixture = await createFixture();
    await fixture.power('n1', 'on');
    expect((await reset(fixture, type)).status).toBe(204);
    await fixture.clock.advance(10_000);
    expect(await power(fixture)).toBe(after);
  });

  test.each(['ForceOff', 'GracefulShutdown'])('%s of a node that is off has nothing to do', async type => {
    const fixture = await createFixture();
    expect((await reset(fixture, type)).status).toBe(204);
    expect(fixture.bmc('n1').node.state.durable.operation).toBeUndefined();
  });

  test.each(['GracefulRestart', 'ForceRestart', 'PowerCycle', 'PushPowerButton'])(
    '%s starts a node that is off',
    async type => {
      const fixture = await createFixture();
      expect((await reset(fixture, type)).status).toBe(204);
      await fixture.clock.advance(5000);
      expect(await power(fixture)).toBe('On');
    },
  );

  test('an NMI to a node that is off is a conflict', async () => {
    const answer = await reset(await createFixture(), 'Nmi');
    expect(answer.status).toBe(409);
    expect(answer.at('/error/@Message.ExtendedInfo/0/Message')).toMatch(/needs a machine that is on/);
  });

  test('what cannot be done just now says so as Ironic’s client wants to hear it', async () => {
    const fixture = await createFixture();
    await fixture.power('n1', 'on');
    await reset(fixture, 'ForceRestart');
    const answer = await reset(fixture, 'Nmi');
    expect(answer.status).toBe(503);
    expect(answer.text).toMatch(/SYS518/);
    expect(answer.headers['Retry-After']).toBeDefined();
  });

  test('without a type, powers on', async () => {
    const fixture = await createFixture();
    expect((await fixture.ask('POST', target, {})).status).toBe(204);
    await fixture.clock.advance(5000);
    expect(await power(fixture)).toBe('On');
  });

  test('offers what the driver can do, and does no more', async () => {
    const fixture = await createFixture({ capabilities: { actions: ['on', 'off', 'soft-off', 'reset'] } });
    const { at } = await fixture.ask('GET', system);
    const offered = at('/Actions/#ComputerSystem.Reset/ResetType@Redfish.AllowableValues');
    expect(offered).toContain('ForceRestart');
    expect(offered).not.toContain('Nmi');
    await fixture.power('n1', 'on');
    const answer = await reset(fixture, 'Nmi');
    expect(answer.status).toBe(400);
    expect(answer.at('/error/@Message.ExtendedInfo/0/MessageId')).toBe(
      'Base.1.22.ActionParameterValueNotInList',
    );
  });

  test('becomes a task for a client that would rather not wait, which ends when it is done', async () => {
    const fixture = await createFixture();
    const answer = await reset(fixture, 'On', { prefer: 'respond-async' });
    expect(answer.status).toBe(202);
    const task = async () => (await fixture.ask('GET', String(answer.body['@odata.id']))).body;
    expect(await task()).toMatchObject({ Name: 'On n1', TaskState: 'Running' });
    await fixture.clock.advance(5000);
    expect(await task()).toMatchObject({ TaskState: 'Completed', TaskStatus: 'OK' });
    expect(await power(fixture)).toBe('On');
  });

  test('a task tells of a reset that another one has taken the place of', async () => {
    const fixture = await createFixture();
    const answer = await reset(fixture, 'On', { prefer: 'respond-async' });
    await reset(fixture, 'ForceOff');
    await fixture.clock.advance(5000);
    const { body } = await fixture.ask('GET', String(answer.body['@odata.id']));
    expect(body).toMatchObject({ TaskState: 'Exception', TaskStatus: 'Critical' });
  });

  test('is no task when there is nothing to do', async () => {
    const fixture = await createFixture();
    expect((await reset(fixture, 'ForceOff', { prefer: 'respond-async' })).status).toBe(204);
  });
});

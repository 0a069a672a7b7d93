import { expect, test } from 'vitest';
import { allEvents } from '../../../../src/bmc/redfish/events/event-filter.ts';
import type { EventPost } from '../../../../src/bmc/redfish/events/event-post.ts';
import { tellOfNode } from '../../../../src/bmc/redfish/events/node-events.ts';
import type { JsonObject } from '../../../../src/bmc/redfish/json.ts';
import { message } from '../../../../src/bmc/redfish/messages/message.ts';
import { RedfishProblem } from '../../../../src/bmc/redfish/messages/problem.ts';
import type { TaskWork } from '../../../../src/bmc/redfish/model.ts';
import { basic, createFixture } from '../fixture.ts';
import { expectValid } from '../validate.ts';

const subscriptions = '/redfish/v1/EventService/Subscriptions';

const works: Readonly<Record<string, TaskWork>> = {
  Completed: async () => [message('Base.Success')],
  Exception: async () => {
    throw new RedfishProblem(409, message('Base.ResourceInUse'));
  },
  Running: () => new Promise(() => undefined),
};

test.each(Object.keys(works))('a task that is %s is as its schema says', async state => {
  const { ask, service, clock } = await createFixture();
  const target = { path: '/redfish/v1/Somewhere', method: 'POST', body: { Image: 'x' } };
  const { id } = service.tasks.start('Work', target, works[state] ?? (async () => []));
  await clock.advance(0);
  const { body, at } = await ask('GET', `/redfish/v1/TaskService/Tasks/${id}`);
  expect(at('/TaskState')).toBe(state);
  expectValid(body);
  const monitor = await ask('GET', String(at('/TaskMonitor')));
  if (monitor.status === 202) expectValid(monitor.body);
  expectValid((await ask('GET', '/redfish/v1/TaskService/Tasks')).body);
});

test('a destination tells nobody a name and a password', async () => {
  const { ask } = await createFixture();
  const Destination = 'https://olga:hidden@192.0.2.9/events';
  const answer = await ask('POST', subscriptions, { Destination, Protocol: 'Redfish' });
  expect(answer.status).toBe(400);
  expect(answer.text).toContain('HttpHeaders');
  expect(answer.text).not.toContain('hidden');
});

test('subscriptions are as their schema says, whatever was asked for', async () => {
  const { ask } = await createFixture();
  const least = { Destination: 'https://192.0.2.9/', Protocol: 'Redfish' };
  const most = {
    ...least,
    Context: 'mine',
    DeliveryRetryPolicy: 'SuspendRetries',
    EventFormatType: 'Event',
    EventTypes: ['Alert', 'StatusChange'],
    HttpHeaders: [{ 'X-Secret': 'hush' }],
    MessageIds: ['Base.Success'],
    OriginResources: [{ '@odata.id': '/redfish/v1/Systems/n1' }],
    RegistryPrefixes: ['Base'],
    ResourceTypes: ['ComputerSystem'],
    Severities: ['Critical'],
    SubordinateResources: true,
    SubscriptionType: 'RedfishEvent',
    VerifyCertificate: true,
  };
  for (const wanted of [least, most]) {
    const { status, body, at } = await ask('POST', subscriptions, wanted);
    expect(status).toBe(201);
    expectValid(body);
    const suspend = `${at('/@odata.id')}/Actions/EventDestination.SuspendSubscription`;
    expect((await ask('POST', suspend, {})).status).toBe(204);
    expectValid((await ask('GET', String(at('/@odata.id')))).body);
  }
  expectValid((await ask('GET', subscriptions)).body);
});

test('every event that is sent is as its schema says', async () => {
  const posts: EventPost[] = [];
  const fixture = await createFixture({
    poster: { refusal: () => undefined, post: async post => void posts.push(post) },
  });
  const { ask, power, clock, service, bmc } = fixture;
  tellOfNode(bmc('n1'), service.events);
  await ask('POST', subscriptions, { Destination: 'https://192.0.2.9/', Protocol: 'Redfish', Context: 'x' });
  await power('n1', 'on');
  await bmc('n1').node.command({ type: 'add-record', record: Array<number>(16).fill(1) });
  service.tasks.start('Work', { path: '/redfish/v1/Somewhere', method: 'POST' }, async () => []);
  const eventService = '/redfish/v1/EventService/Actions/EventService';
  await ask('POST', `${eventService}.SubmitTestEvent`, { MessageId: 'Contoso.1.0.Anything' });
  await ask('POST', `${eventService}.TestEventSubscription`, {});
  await clock.advance(0);
  expect(posts.length).toBeGreaterThan(6);
  for (const { body } of posts) expectValid(JSON.parse(JSON.stringify(body)) as JsonObject);
});

test('a subscription is its subscriber’s, and not that of who comes into the same slot', async () => {
  const { ask, service } = await createFixture();
  const accounts = '/redfish/v1/AccountService/Accounts';
  const join = async (UserName: string) => {
    const made = await ask('POST', accounts, { UserName, Password: 'reader', RoleId: 'ReadOnly' });
    expect(made.headers.Location).toBe(`${accounts}/5`);
    return { authorization: basic(UserName, 'reader') };
  };
  const bill = await join('bill');
  const { id } = await service.events.subscriptions.create({
    destination: 'https://192.0.2.9/',
    context: null,
    filter: allEvents,
    headers: {},
    retryPolicy: 'RetryForever',
    verifyCertificate: false,
    account: 5,
    userName: 'bill',
  });
  const change = (user: object) => ask('PATCH', `${subscriptions}/${id}`, { Context: 'new' }, { ...user });
  expect((await change(bill)).status).toBe(200);
  await ask('DELETE', `${accounts}/5`);
  const eve = await join('eve');
  expect((await change(eve)).status).toBe(403);
  expect((await change({})).status).toBe(200);
});

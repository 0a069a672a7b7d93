import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { allEvents } from '../../../../src/bmc/redfish/events/event-filter.ts';
import { EventHub } from '../../../../src/bmc/redfish/events/event-hub.ts';
import {
  type EventPost,
  type EventPoster,
  HttpEventPoster,
} from '../../../../src/bmc/redfish/events/event-post.ts';
import type { KeptSubscriptions } from '../../../../src/bmc/redfish/events/subscriptions.ts';
import { message } from '../../../../src/bmc/redfish/messages/message.ts';
import { newServiceSettings } from '../../../../src/bmc/redfish/settings.ts';
import { systemClock, VirtualClock } from '../../../../src/support/clock.ts';
import { Destinations } from '../../../../src/support/destinations.ts';
import { memoryDocument } from '../../../../src/support/document.ts';
import { silentLog } from '../../../../src/support/log.ts';
import { createFixture, kept } from '../fixture.ts';

const subscriptions = '/redfish/v1/EventService/Subscriptions';
const submit = '/redfish/v1/EventService/Actions/EventService.SubmitTestEvent';

/** Takes what is posted, as the test lets it. */
class FakeReceiver implements EventPoster {
  readonly posts: EventPost[] = [];
  answer: (post: EventPost, signal: AbortSignal) => Promise<void> = async () => undefined;

  refusal(url: string): string | undefined {
    return url.startsWith('http') ? undefined : 'only http';
  }

  async post(post: EventPost, signal: AbortSignal): Promise<void> {
    await this.answer(post, signal);
    this.posts.push(post);
  }

  /** The names of the messages that have arrived. */
  get messages(): readonly string[] {
    return this.posts.flatMap(({ body }) =>
      (body.Events as unknown as readonly { MessageId: string }[]).map(
        ({ MessageId }) => MessageId.split('.').at(-1) ?? '',
      ),
    );
  }
}

async function createService() {
  const receiver = new FakeReceiver();
  const fixture = await createFixture({ poster: receiver });
  const subscribe = (wanted: object = {}) =>
    fixture.ask('POST', subscriptions, {
      Destination: 'https://192.0.2.9/events',
      Protocol: 'Redfish',
      ...wanted,
    });
  const send = async (MessageId: string, more: object = {}) => {
    const { status, text } = await fixture.ask('POST', submit, { MessageId, ...more });
    expect(status, text).toBe(204);
    await fixture.clock.advance(0);
  };
  return { ...fixture, receiver, subscribe, send };
}

describe('subscriptions', () => {
  test('an event is posted as the schema has it, with the context and headers of the subscriber', async () => {
    const { subscribe, send, receiver } = await createService();
    const made = await subscribe({ Context: 'mine', HttpHeaders: [{ 'X-Secret': 'hush' }] });
    expect(made.status).toBe(201);
    expect(made.text).not.toContain('hush');
    expect(made.at('/HttpHeaders')).toEqual([]);
    await send('Base.1.8.Success', {
      Message: 'All is well.',
      MessageArgs: [],
      MessageSeverity: 'OK',
      OriginOfCondition: '/redfish/v1/Systems/n1',
      EventTimestamp: '2026-01-02T03:04:05Z',
      EventType: 'Alert',
      EventId: 'my-own',
      EventGroupId: 7,
    });
    const [post] = receiver.posts;
    expect(post).toMatchObject({ url: 'https://192.0.2.9/events', headers: { 'X-Secret': 'hush' } });
    expect(post?.body).toMatchObject({
      '@odata.type': expect.stringMatching(/^#Event\./),
      Context: 'mine',
      Events: [
        {
          MessageId: 'Base.1.8.Success',
          Message: 'All is well.',
          EventId: 'my-own',
          EventGroupId: 7,
          EventType: 'Alert',
          EventTimestamp: '2026-01-02T03:04:05Z',
          OriginOfCondition: { '@odata.id': '/redfish/v1/Systems/n1' },
          MemberId: '0',
        },
      ],
    });
  });

  test.each([
    ['RegistryPrefixes', { RegistryPrefixes: ['Base'] }, ['Success', 'Created']],
    ['MessageIds', { MessageIds: ['Base.1.2.Created', 'TaskEvent.TaskStarted'] }, ['Created', 'TaskStarted']],
    ['both', { RegistryPrefixes: ['TaskEvent'], MessageIds: ['Base.Created'] }, ['Created', 'TaskStarted']],
    ['ExcludeMessageIds', { ExcludeMessageIds: ['Base.Created'] }, ['Success', 'TaskStarted']],
    ['ExcludeRegistryPrefixes', { ExcludeRegistryPrefixes: ['Base'] }, ['TaskStarted']],
    ['ResourceTypes', { ResourceTypes: ['Task'] }, ['TaskStarted']],
    ['Severities', { Severities: ['Critical'] }, ['Created']],
    ['EventTypes', { EventTypes: ['StatusChange'] }, ['Success']],
    ['OriginResources', { OriginResources: [{ '@odata.id': '/redfish/v1/Systems' }] }, []],
    [
      'SubordinateResources',
      { OriginResources: [{ '@odata.id': '/redfish/v1/Systems' }], SubordinateResources: true },
      ['Success', 'Created'],
    ],
  ])('a subscriber is sent only what it wants: %s', async (_, wanted, expected) => {
    const { subscribe, send, receiver } = await createService();
    expect((await subscribe(wanted)).status).toBe(201);
    await send('Base.1.8.Success', {
      OriginOfCondition: '/redfish/v1/Systems/n1',
      EventType: 'StatusChange',
    });
    await send('Base.1.8.Created', {
      OriginOfCondition: '/redfish/v1/Systems/n2',
      MessageSeverity: 'Critical',
    });
    await send('TaskEvent.1.0.TaskStarted', { OriginOfCondition: '/redfish/v1/TaskService/Tasks/1' });
    expect(receiver.messages).toEqual(expected);
  });

  test.each([
    [{ Protocol: 'FTP' }, 'PropertyValueNotInList'],
    [{ Destination: 'gopher://192.0.2.9' }, 'PropertyValueError'],
    [{ Destination: undefined }, 'CreateFailedMissingReqProperties'],
    [{ RegistryPrefixes: ['Contoso'] }, 'PropertyValueNotInList'],
    [{ HttpHeaders: [{ 'X-Bad': 'a\r\nb' }] }, 'PropertyValueFormatError'],
    [{ Unknown: 1 }, 'PropertyUnknown'],
  ])('a subscription that cannot be is refused: %o', async (wanted, expected) => {
    const { subscribe } = await createService();
    const answer = await subscribe(wanted);
    expect(answer.status).toBe(400);
    expect(answer.text).toContain(expected);
  });

  test('what fails is sent again, in order; then the subscription ends', async () => {
    const { subscribe, send, receiver, clock, ask, service } = await createService();
    const made = await subscribe();
    const path = String(made.at('/@odata.id'));
    const { eventRetryAttempts, eventRetryInterval } = service.settings.value;
    let failures = eventRetryAttempts;
    receiver.answer = async () => {
      if (failures-- > 0) throw new Error('not now');
    };
    await send('Base.1.8.Success');
    await send('Base.1.8.Created');
    expect(receiver.messages).toEqual([]);
    await clock.advance(eventRetryAttempts * eventRetryInterval * 1000);
    expect(receiver.messages).toEqual(['Success', 'Created']);
    failures = Number.POSITIVE_INFINITY;
    await send('Base.1.8.Success');
    await clock.advance(eventRetryAttempts * eventRetryInterval * 1000 - 1);
    expect((await ask('GET', path)).status).toBe(200);
    await clock.advance(1);
    expect((await ask('GET', path)).status).toBe(404);
  });

  test('a subscription may be suspended in place of ended, and resumed', async () => {
    const { subscribe, send, receiver, clock, ask } = await createService();
    const path = String((await subscribe({ DeliveryRetryPolicy: 'SuspendRetries' })).at('/@odata.id'));
    receiver.answer = async () => {
      throw new Error('never');
    };
    await send('Base.1.8.Success');
    await clock.advance(3_600_000);
    expect((await ask('GET', path)).at('/Status/State')).toBe('Disabled');
    receiver.answer = async () => undefined;
    await send('Base.1.8.Created');
    expect(receiver.messages).toEqual([]);
    await clock.advance(1000);
    const resume = `${path}/Actions/EventDestination.ResumeSubscription`;
    expect((await ask('POST', resume, { DeliverBufferedEventDuration: 'P1Y' })).status).toBe(400);
    expect((await ask('POST', resume, { DeliverBufferedEventDuration: 'PT1M' })).status).toBe(204);
    await clock.advance(0);
    expect(receiver.messages).toEqual(['Created']);
    const suspend = `${path}/Actions/EventDestination.SuspendSubscription`;
    expect((await ask('POST', suspend, {})).status).toBe(204);
    await send('Base.1.8.Success');
    expect(receiver.messages).toEqual(['Created']);
  });

  test('what is resumed while it is being suspended loses nothing', async () => {
    const { subscribe, send, receiver, clock, ask } = await createService();
    const path = String((await subscribe()).at('/@odata.id'));
    receiver.answer = (_, signal) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    await send('Base.1.8.Success');
    const suspend = ask('POST', `${path}/Actions/EventDestination.SuspendSubscription`, {});
    receiver.answer = async () => undefined;
    const resume = ask('POST', `${path}/Actions/EventDestination.ResumeSubscription`, {});
    await Promise.all([suspend, resume]);
    await clock.advance(0);
    expect(receiver.messages).toEqual(['Success']);
  });

  test('nothing is sent once the service has ended', async () => {
    const { subscribe, service, receiver, clock } = await createService();
    await subscribe();
    (service.events as EventHub)[Symbol.dispose]();
    service.events.publish({ message: message('Base.Success'), origin: '', at: 0 });
    await clock.advance(0);
    expect(receiver.messages).toEqual([]);
  });

  test('retries may go on for ever, at longer and longer intervals', async () => {
    const { subscribe, send, receiver, clock, ask } = await createService();
    const path = String(
      (await subscribe({ DeliveryRetryPolicy: 'RetryForeverWithBackoff' })).at('/@odata.id'),
    );
    let attempts = 0;
    receiver.answer = async () => {
      attempts++;
      throw new Error('never');
    };
    await send('Base.1.8.Success');
    await clock.advance(24 * 3_600_000);
    expect(attempts).toBeGreaterThan(24);
    expect(attempts).toBeLessThan(40);
    expect((await ask('GET', path)).status).toBe(200);
  });

  test('a slow subscriber keeps nobody waiting, and is told of what it missed', async () => {
    const { ask, subscribe, send, receiver } = await createService();
    await subscribe({ Destination: 'http://192.0.2.1/slow' });
    await subscribe({ Destination: 'http://192.0.2.2/quick' });
    let release = () => {};
    const slow = new Promise<void>(resolve => {
      release = resolve;
    });
    receiver.answer = ({ url }) => (url.endsWith('slow') ? slow : Promise.resolve());
    for (let count = 0; count < 300; count++) await ask('POST', submit, { MessageId: 'Base.1.8.Success' });
    await send('Base.1.8.Created');
    expect(receiver.posts.filter(({ url }) => url.endsWith('quick'))).toHaveLength(301);
    release();
    await send('Base.1.8.Created');
    const got = receiver.posts
      .filter(({ url }) => url.endsWith('slow'))
      .map(({ body }) => JSON.stringify(body));
    expect(got.length).toBeLessThan(301);
    expect(got.filter(text => text.includes('EventBufferExceeded'))).toHaveLength(1);
    expect(got.at(-1)).toContain('Created');
  });

  test('subscriptions survive a restart of the service, with their secrets', async () => {
    const document = memoryDocument<KeptSubscriptions>();
    const open = (poster: EventPoster) =>
      EventHub.open(document, {
        clock: new VirtualClock(),
        log: silentLog,
        poster,
        settings: kept(newServiceSettings),
      });
    const before = await open(new FakeReceiver());
    const headers = { 'X-Secret': 'hush' };
    const wanted = { destination: 'http://192.0.2.1/', context: null, filter: allEvents, headers };
    const more = {
      retryPolicy: 'RetryForever',
      verifyCertificate: false,
      account: 2,
      userName: 'admin',
    } as const;
    const { id } = await before.subscriptions.create({ ...wanted, ...more });
    before[Symbol.dispose]();
    const receiver = new FakeReceiver();
    const after = await open(receiver);
    after.publish({ message: message('Base.Success'), origin: '/redfish/v1', at: 0 });
    await new Promise(resolve => setImmediate(resolve));
    expect(receiver.posts[0]?.headers).toEqual(headers);
    const next = await after.subscriptions.create({ ...wanted, ...more });
    expect(next.id).not.toBe(id);
  });

  test('what cannot be kept is none: a new subscription, a change, and an end', async () => {
    const document = memoryDocument<KeptSubscriptions>();
    const { write } = document;
    const hub = await EventHub.open(document, {
      clock: new VirtualClock(),
      log: silentLog,
      poster: new FakeReceiver(),
      settings: kept(newServiceSettings),
    });
    const table = hub.subscriptions;
    const wanted = { destination: 'http://192.0.2.1/', context: 'mine', filter: allEvents, headers: {} };
    const more = {
      retryPolicy: 'RetryForever',
      verifyCertificate: false,
      account: 2,
      userName: 'admin',
    } as const;
    const made = await table.create({ ...wanted, ...more });
    document.write = async () => {
      throw new Error('no space');
    };
    await expect(table.create({ ...wanted, ...more })).rejects.toThrow('no space');
    await expect(table.change(made.id, { context: 'new' })).rejects.toThrow('no space');
    await expect(table.remove(made.id)).rejects.toThrow('no space');
    expect(table.all).toEqual([made]);
    document.write = write;
    await table.remove(made.id);
    expect((await document.read())?.subscriptions).toEqual([]);
  });

  test('only so many subscriptions are taken', async () => {
    const { subscribe } = await createService();
    for (let count = 0; count < 64; count++) expect((await subscribe()).status).toBe(201);
    const answer = await subscribe();
    expect(answer.status).toBe(503);
    expect(answer.text).toContain('EventSubscriptionLimitExceeded');
  });

  test('a subscription is changed and deleted by whom it belongs to', async () => {
    const { subscribe, ask } = await createService();
    const path = String((await subscribe()).at('/@odata.id'));
    const changed = await ask('PATCH', path, { Context: 'new', DeliveryRetryPolicy: 'RetryForever' });
    expect(changed.at('/Context')).toBe('new');
    expect(changed.at('/DeliveryRetryPolicy')).toBe('RetryForever');
    expect((await ask('PATCH', path, { Destination: 'http://192.0.2.1/' })).text).toContain(
      'PropertyNotWritable',
    );
    expect((await ask('DELETE', path)).status).toBe(204);
    expect((await ask('GET', path)).status).toBe(404);
    expect((await ask('GET', subscriptions)).at('/Members@odata.count')).toBe(0);
  });
});

test('what clients do to resources of the service is told, but nobody hears of himself', async () => {
  const { ask, subscribe, receiver, clock, events } = await createService();
  await subscribe();
  const account = { UserName: 'eve', Password: 'a-password', RoleId: 'ReadOnly' };
  const made = await ask('POST', '/redfish/v1/AccountService/Accounts', account);
  const path = String(made.at('/@odata.id'));
  await ask('PATCH', path, { RoleId: 'Operator' });
  await ask('DELETE', path);
  await clock.advance(0);
  expect(receiver.messages).toEqual(['ResourceCreated', 'ResourceChanged', 'ResourceRemoved']);
  expect(events.slice(1).map(({ origin }) => origin)).toEqual([path, path, path]);
});

describe('over HTTP', () => {
  const ends: (() => Promise<unknown> | unknown)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0)) await end();
  });

  test('an event arrives, and a server that says no has not got it', async () => {
    const seen: { headers: IncomingHttpHeaders; body: string }[] = [];
    let status = 204;
    const server = createServer((request, response) => {
      let body = '';
      request.on('data', part => {
        body += part;
      });
      request.on('end', () => {
        seen.push({ headers: request.headers, body });
        response.writeHead(status).end();
      });
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    ends.push(() => new Promise(resolve => server.close(resolve)));
    const poster = new HttpEventPoster(new Destinations(['127.0.0.1']), systemClock);
    ends.push(() => poster[Symbol.asyncDispose]());
    const post: EventPost = {
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/here`,
      headers: { 'X-Mine': 'yes' },
      verifyCertificate: true,
      body: { Name: 'Events' },
    };
    const { signal } = new AbortController();
    await poster.post(post, signal);
    expect(seen[0]?.headers).toMatchObject({
      'x-mine': 'yes',
      'content-type': 'application/json;charset=utf-8',
    });
    expect(JSON.parse(seen[0]?.body ?? '')).toEqual({ Name: 'Events' });
    status = 302;
    await expect(poster.post(post, signal)).rejects.toThrow('302');
  });

  test('a server that never answers does not hold a delivery for ever', async () => {
    const clock = new VirtualClock();
    let asked = () => {};
    const arrived = new Promise<void>(resolve => {
      asked = resolve;
    });
    const server = createServer(() => asked());
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    ends.push(() => {
      server.closeAllConnections();
      server.close();
    });
    const poster = new HttpEventPoster(new Destinations(['127.0.0.1']), clock);
    ends.push(() => poster[Symbol.asyncDispose]());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const posted = poster.post(
      { url, headers: {}, verifyCertificate: true, body: {} },
      new AbortController().signal,
    );
    const outcome = expect(posted).rejects.toThrow('no answer in time');
    await arrived;
    await clock.advance(10_000);
    await outcome;
  });

  test('nothing is posted to where the lab file does not allow', () => {
    const poster = new HttpEventPoster(new Destinations(), systemClock);
    expect(poster.refusal('http://169.254.169.254/latest')).toBeDefined();
    expect(poster.refusal('https://192.168.1.50/Destination1')).toBeUndefined();
  });
});

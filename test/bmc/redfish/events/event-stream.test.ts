import { describe, expect, test } from 'vitest';
import type { RedfishResponse } from '../../../../src/bmc/redfish/protocol/request.ts';
import { basic, createFixture, type Fixture } from '../fixture.ts';

const sse = '/redfish/v1/EventService/SSE';
const submit = '/redfish/v1/EventService/Actions/EventService.SubmitTestEvent';
const subscriptions = '/redfish/v1/EventService/Subscriptions';

/** A client that listens. */
class Listener {
  readonly response: RedfishResponse;
  readonly #gone: AbortController;
  readonly #text: AsyncIterator<Buffer | string>;

  constructor(response: RedfishResponse, gone: AbortController) {
    this.response = response;
    this.#gone = gone;
    if (response.body === undefined || Buffer.isBuffer(response.body)) throw new RangeError('no stream');
    this.#text = response.body[Symbol.asyncIterator]();
  }

  /** The next piece of text; `undefined` at the end of the stream. */
  async next(): Promise<string | undefined> {
    const { done, value } = await this.#text.next();
    return done ? undefined : String(value);
  }

  /** The next event's ID and message. */
  async event(): Promise<{ id: string; message: string }> {
    const text = (await this.next()) ?? '';
    const [, id = '', data = '{}'] = /^id: (.*)\ndata: (.*)\n\n$/.exec(text) ?? [];
    const { Events = [] } = JSON.parse(data) as { Events?: { MessageId: string }[] };
    return { id, message: Events.at(-1)?.MessageId.split('.').at(-1) ?? text };
  }

  leave(): void {
    this.#gone.abort();
  }
}

async function listen(
  { api }: Fixture,
  url = sse,
  headers: Readonly<Record<string, string | undefined>> = {},
): Promise<Listener> {
  const gone = new AbortController();
  const response = await api.handle({
    method: 'GET',
    url,
    headers: { authorization: basic('bob', 'reader'), accept: 'text/event-stream', ...headers },
    body: (async function* () {})(),
    remote: '2001:db8::7',
    remotePort: 40_123,
    signal: gone.signal,
  });
  const listener = new Listener(response, gone);
  expect(response.status).toBe(200);
  expect(await listener.next()).toMatch(/^:/);
  return listener;
}

function send({ ask }: Fixture, MessageId: string, more: object = {}) {
  return ask('POST', submit, { MessageId, ...more });
}

describe('server-sent events', () => {
  test('a listener hears of what happens, as the content type says', async () => {
    const fixture = await createFixture();
    const listener = await listen(fixture);
    expect(listener.response.headers['Content-Type']).toMatch(/^text\/event-stream/);
    await send(fixture, 'Base.1.8.Success');
    await send(fixture, 'Base.1.8.Created');
    const [one, other] = [await listener.event(), await listener.event()];
    expect([one.message, other.message]).toEqual(['Success', 'Created']);
    expect(one.id).not.toBe(other.id);
  });

  test('a listener is among the subscriptions, and ends with its subscription', async () => {
    const fixture = await createFixture();
    const listener = await listen(fixture);
    const path = String((await fixture.ask('GET', subscriptions)).at('/Members/0/@odata.id'));
    const body = await fixture.ask('GET', path);
    expect(body.at('/SubscriptionType')).toBe('SSE');
    expect(body.at('/Context')).toBe('');
    expect(body.at('/Destination')).toBe('redfish-sse://[2001:db8::7]:40123');
    expect(body.at('/Actions')).toBeUndefined();
    expect((await fixture.ask('PATCH', path, { Context: 'x' })).status).toBe(405);
    expect((await fixture.ask('DELETE', path)).status).toBe(204);
    expect(await listener.next()).toBeUndefined();
  });

  test('the subscription of a listener that has left is gone', async () => {
    const fixture = await createFixture();
    const listener = await listen(fixture);
    listener.leave();
    expect(await listener.next()).toBeUndefined();
    expect((await fixture.ask('GET', subscriptions)).at('/Members@odata.count')).toBe(0);
  });

  test('a silent stream shows that it is alive', async () => {
    const fixture = await createFixture();
    const listener = await listen(fixture);
    const beat = listener.next();
    await fixture.clock.advance(30_000);
    expect(await beat).toBe(':\n\n');
  });

  test('a client that comes back hears of what it has missed', async () => {
    const fixture = await createFixture();
    const listener = await listen(fixture);
    await send(fixture, 'Base.1.8.Success');
    const { id } = await listener.event();
    listener.leave();
    await send(fixture, 'Base.1.8.Created');
    const again = await listen(fixture, sse, { 'last-event-id': id });
    expect((await again.event()).message).toBe('Created');
  });

  test.each([
    ["RegistryPrefix eq 'Base'", ['Success', 'Created']],
    ["MessageId eq 'Base.Created'", ['Created']],
    ["MessageId eq 'Base.1.8.Created' or EventType eq 'StatusChange'", ['Created', 'TaskStarted']],
    ["not (RegistryPrefix eq 'TaskEvent')", ['Success', 'Created']],
    ["ResourceType eq 'ComputerSystem' and RegistryPrefix eq 'Base'", ['Success']],
    ["OriginResource eq '/redfish/v1/Systems'", []],
    ["OriginResource eq '/redfish/v1/Systems' and SubordinateResources eq true", ['Success']],
    ["EventFormatType eq 'MetricReport'", []],
    ["EventFormatType eq 'Event'", ['Success', 'Created', 'TaskStarted']],
  ])('a listener hears only of what its filter lets through: %s', async (filter, expected) => {
    const fixture = await createFixture();
    const listener = await listen(fixture, `${sse}?$filter=${encodeURIComponent(filter)}`);
    await send(fixture, 'Base.1.8.Success', { OriginOfCondition: '/redfish/v1/Systems/n1' });
    await send(fixture, 'Base.1.8.Created');
    await send(fixture, 'TaskEvent.1.0.TaskStarted', { EventType: 'StatusChange' });
    for (const message of expected) expect((await listener.event()).message).toBe(message);
    const rest = listener.next();
    await fixture.clock.advance(30_000);
    expect(await rest).toBe(':\n\n');
  });

  test.each(['Nothing eq 1', "RegistryPrefix is 'Base'", '((('])(
    'a filter that is none is refused: %s',
    async filter => {
      const { ask } = await createFixture();
      expect((await ask('GET', `${sse}?$filter=${encodeURIComponent(filter)}`)).status).toBe(400);
    },
  );

  test('who accepts no event stream is told so', async () => {
    const { ask } = await createFixture();
    expect((await ask('GET', sse, undefined, { accept: 'application/json' })).status).toBe(406);
    expect((await ask('GET', sse, undefined, { authorization: undefined })).status).toBe(401);
    expect((await ask('HEAD', sse)).status).toBe(200);
  });

  test('a listener that cannot keep up is told that it has missed something', async () => {
    const fixture = await createFixture();
    const listener = await listen(fixture);
    for (let count = 0; count < 300; count++) await send(fixture, 'Base.1.8.Success');
    expect(await listener.next()).toContain('EventBufferExceeded');
    let heard = 1;
    await send(fixture, 'Base.1.8.Created');
    while ((await listener.event()).message !== 'Created') heard++;
    expect(heard).toBeLessThan(300);
  });

  test('only so many may listen', async () => {
    const fixture = await createFixture();
    const asOlga = { authorization: basic('olga', 'operator') };
    for (let count = 0; count < 16; count++) await listen(fixture);
    // One account cannot have all of them.
    expect((await fixture.ask('GET', sse, undefined, { authorization: basic('bob', 'reader') })).status).toBe(
      503,
    );
    for (let count = 0; count < 16; count++) await listen(fixture, sse, asOlga);
    expect((await fixture.ask('GET', sse)).status).toBe(503);
  });

  test.each([{ enabled: false }, { privilege: 'none' as const }, { password: Buffer.from('another') }])(
    'a listener whose account is no longer what it logged in with hears no more: %o',
    async change => {
      const fixture = await createFixture();
      const listener = await listen(fixture);
      const bob = fixture.service.accounts.find('bob');
      await fixture.service.accounts.change(bob?.id ?? 0, change);
      await send(fixture, 'Base.1.8.Success');
      expect(await listener.next()).toBeUndefined();
    },
  );

  test('a session lives as long as its client listens, and ends what it hears', async () => {
    const fixture = await createFixture();
    const sessions = '/redfish/v1/SessionService/Sessions';
    const login = await fixture.ask('POST', sessions, { UserName: 'bob', Password: 'reader' });
    const token = login.headers['X-Auth-Token'];
    const listener = await listen(fixture, sse, { authorization: undefined, 'x-auth-token': token });
    for (let beat = 0; beat < 10; beat++) {
      const text = listener.next();
      await fixture.clock.advance(600_000);
      expect(await text).toBe(':\n\n');
    }
    await fixture.ask('DELETE', login.headers.Location ?? '');
    await send(fixture, 'Base.1.8.Success');
    expect(await listener.next()).toBeUndefined();
  });
});

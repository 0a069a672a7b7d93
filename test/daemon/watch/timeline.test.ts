import { expect, test } from 'vitest';
import { Happenings } from '../../../src/daemon/watch/happenings.ts';
import { Timeline } from '../../../src/daemon/watch/timeline.ts';
import type { Activity } from '../../../src/node/activity.ts';
import { VirtualClock } from '../../../src/support/clock.ts';
import { RequestScope } from '../../../src/support/request-scope.ts';

function setUp() {
  const clock = new VirtualClock(1_000);
  const happenings = new Happenings();
  const timeline = new Timeline(happenings, clock);
  const happen = (activity: Activity, node = 'node-1') =>
    happenings.tell({ type: 'node', lab: 'lab', node, activity });
  const texts = (node = 'node-1') => timeline.of('lab', node).map(({ text }) => text);
  return { clock, happenings, timeline, happen, texts };
}

const scopeOf = (name = 'Chassis Control') =>
  new RequestScope(() => ({ face: 'ipmi', name, by: 'admin from 192.0.2.7' }));

const powerOn = (request: RequestScope | undefined): Activity => ({
  type: 'command',
  command: { type: 'power', action: 'on', by: 'IPMI' },
  reply: { accepted: true, operation: 1 },
  request,
});

const cloudCall = (status: string) => ({
  cloud: 'example',
  service: 'compute' as const,
  method: 'POST' as const,
  reason: 'power',
  path: '/v2.1/servers/1/action',
  status,
  milliseconds: 120,
});

test('a power command can be read from the request to the cloud’s answer, under one request ID', () => {
  const { happenings, timeline, happen } = setUp();
  const request = scopeOf();
  const act = {
    action: 'on',
    boot: {
      target: 'pxe',
      revision: 1,
      settings: { revision: 0, reset: false, changed: {} },
    },
  } as Extract<Activity, { type: 'call' }>['act'];
  happen(powerOn(request));
  happen({ type: 'call', id: 1, act, request });
  happenings.tell({ type: 'cloud', call: cloudCall('202'), request });
  happen({ type: 'call-ended', id: 1, act, request, error: undefined, milliseconds: 150 });
  happen({
    type: 'operation-ended',
    result: { id: 1, action: 'on', outcome: 'done', message: '', at: 2_000 },
    request,
  });
  const entries = timeline.of('lab', 'node-1');
  expect(entries.map(({ kind, text }) => `${kind}: ${text}`)).toEqual([
    'request: power on (Chassis Control, admin from 192.0.2.7)',
    'call: driver: on, booting from pxe',
    'cloud: example: POST compute /v2.1/servers/1/action: 202',
    'call: driver: on, booting from pxe: done',
    'operation: operation 1: on done',
  ]);
  expect(new Set(entries.map(entry => entry.request))).toEqual(new Set([request.id]));
  expect(entries[0]).toMatchObject({ id: 1, at: 1_000, lab: 'lab', node: 'node-1', face: 'ipmi' });
});

test('what went wrong stands out', () => {
  const { happenings, timeline, happen } = setUp();
  const request = scopeOf();
  happen({
    type: 'command',
    command: { type: 'power', action: 'reset', by: 'IPMI' },
    reply: { accepted: false, refusal: 'wrong-state', message: 'it is off' },
    request,
  });
  happenings.tell({ type: 'cloud', call: cloudCall('409'), request });
  happen({
    type: 'operation-ended',
    result: { id: 1, action: 'on', outcome: 'failed', message: 'no valid host', at: 2_000 },
    request,
  });
  expect(timeline.of('lab', 'node-1').map(({ severity }) => severity)).toEqual([
    'warning',
    'warning',
    'critical',
  ]);
});

test('calls of a cloud that are nobody’s, such as polls, or of an unknown request, are left out', () => {
  const { happenings, timeline, happen } = setUp();
  happen(powerOn(scopeOf()));
  happenings.tell({ type: 'cloud', call: cloudCall('200'), request: undefined });
  happenings.tell({ type: 'cloud', call: cloudCall('200'), request: scopeOf('another') });
  expect(timeline.after(0).map(({ kind }) => kind)).toEqual(['request']);
});

test('of one node the newest 256 entries are remembered, however much others do', () => {
  const { happen, texts } = setUp();
  happen({ type: 'observed', observation: { type: 'panicked', detail: 'first' } }, 'quiet');
  for (let count = 0; count < 5_000; count++) {
    happen({ type: 'observed', observation: { type: 'fetched', what: `file ${count}` } });
  }
  expect(texts('quiet')).toEqual(['seen: panic: first']);
  expect([texts().length, texts().at(0), texts().at(-1)]).toEqual([
    256,
    'seen: file 4744',
    'seen: file 4999',
  ]);
});

test('whoever comes back to the stream is given what came after what they have', () => {
  const { happen, timeline } = setUp();
  for (const what of ['one', 'two', 'three'])
    happen({ type: 'observed', observation: { type: 'fetched', what } });
  expect(timeline.lastId).toBe(3);
  expect(timeline.after(1).map(({ text }) => text)).toEqual(['seen: two', 'seen: three']);
  expect(timeline.after(3)).toEqual([]);
});

test('a listener is told each entry once, until it stops', () => {
  const { happen, timeline } = setUp();
  const told: number[] = [];
  const stop = timeline.listen(({ id }) => told.push(id));
  happen({ type: 'observed', observation: { type: 'panicked', detail: 'one' } });
  stop();
  happen({ type: 'observed', observation: { type: 'panicked', detail: 'two' } });
  expect(told).toEqual([1]);
});

test('a node that is no more is forgotten, and one made again under its name begins anew', () => {
  const { happen, timeline, texts } = setUp();
  happen({ type: 'observed', observation: { type: 'panicked', detail: 'old' } });
  timeline.forget('lab', 'node-1');
  expect(texts()).toEqual([]);
  happen({ type: 'observed', observation: { type: 'panicked', detail: 'new' } });
  expect(texts()).toEqual(['seen: panic: new']);
});

test('what is no news to a person is left out: load, and boots that were before', () => {
  const { happen, texts } = setUp();
  happen({ type: 'observed', observation: { type: 'load', load: 0.5 } });
  happen({
    type: 'observed',
    observation: { type: 'booted', revision: 1, cause: 'power-on', earlier: true },
  });
  expect(texts()).toEqual([]);
});

import { describe, expect, test } from 'vitest';
import {
  reaches,
  SessionShares,
  type WebRole,
  WebSessions,
  type WebUser,
} from '../../../src/daemon/web/web-sessions.ts';
import { VirtualClock } from '../../../src/support/clock.ts';

const administrator: WebUser = { name: 'me', lab: undefined, role: () => 'Administrator' };

describe('a ticket', () => {
  test('lets in once', () => {
    const sessions = new WebSessions(new VirtualClock());
    const ticket = sessions.ticket();
    expect(sessions.use(ticket)).toBe(true);
    expect(sessions.use(ticket)).toBe(false);
  });

  test('is good for a minute', async () => {
    const clock = new VirtualClock();
    const sessions = new WebSessions(clock);
    const ticket = sessions.ticket();
    await clock.advance(60_000);
    expect(sessions.use(ticket)).toBe(false);
  });

  test('cannot be made up', () => {
    const sessions = new WebSessions(new VirtualClock());
    sessions.ticket();
    for (const guess of ['', 'undefined', '__proto__']) expect(sessions.use(guess)).toBe(false);
  });
});

describe('a session', () => {
  test('ends with the day, however much it is used', async () => {
    const clock = new VirtualClock();
    const sessions = new WebSessions(clock);
    const { token } = sessions.open(administrator);
    for (let hour = 0; hour < 11; hour++) {
      await clock.advance(3_600_000);
      expect(sessions.find(token)?.role).toBe('Administrator');
    }
    await clock.advance(3_600_000);
    expect(sessions.find(token)).toBeUndefined();
  });

  test('has the role that its user has now, and ends when there is none', () => {
    let role: WebRole | undefined = 'Operator';
    let left = 0;
    const sessions = new WebSessions(new VirtualClock());
    const { token } = sessions.open({ name: 'op', lab: 'lab', role: () => role, left: () => left++ });
    role = 'ReadOnly';
    expect(sessions.find(token)?.role).toBe('ReadOnly');
    role = undefined;
    expect(sessions.find(token)).toBeUndefined();
    expect(left).toBe(1);
    role = 'Administrator';
    expect(sessions.find(token)).toBeUndefined();
  });

  test('of a lab sees that lab', () => {
    const sessions = new WebSessions(new VirtualClock());
    const { session } = sessions.open({ ...administrator, lab: 'one' });
    expect([...(session.labs ?? [])]).toEqual(['one']);
    expect(sessions.open(administrator).session.labs).toBeUndefined();
  });

  test('makes room for others when there are very many', () => {
    const sessions = new WebSessions(new VirtualClock());
    const tokens = Array.from(
      { length: 257 },
      (_, at) => sessions.open({ ...administrator, name: `user ${at}` }).token,
    );
    expect(sessions.find(tokens[0] ?? '')).toBeUndefined();
    expect(sessions.find(tokens[1] ?? '')).toBeDefined();
    expect(sessions.find(tokens[256] ?? '')).toBeDefined();
  });

  test('ends for nobody else when one user logs in again and again', () => {
    const sessions = new WebSessions(new VirtualClock());
    const other = sessions.open(administrator).token;
    const user = { ...administrator, lab: 'one' };
    const tokens = Array.from({ length: 300 }, () => sessions.open(user).token);
    expect(sessions.find(other)).toBeDefined();
    expect(tokens.filter(token => sessions.find(token))).toEqual(tokens.slice(-16));
  });

  test('that is over makes room before one that is not', () => {
    const sessions = new WebSessions(new VirtualClock());
    let gone = false;
    const open = (at: number, role: WebUser['role']) =>
      sessions.open({ name: `user ${at}`, lab: 'one', role }).token;
    const first = open(0, () => 'ReadOnly');
    for (let at = 1; at < 256; at++) open(at, () => (gone ? undefined : 'ReadOnly'));
    gone = true;
    open(256, () => 'ReadOnly');
    expect(sessions.find(first)).toBeDefined();
  });

  test('has its share of what stays open, and gets it back', () => {
    const sessions = new WebSessions(new VirtualClock());
    const [one, other] = [sessions.open(administrator).session, sessions.open(administrator).session];
    const shares = new SessionShares(2);
    const giveBack = shares.take(one);
    expect(shares.take(one)).toBeDefined();
    expect(shares.take(one)).toBeUndefined();
    expect(shares.take(other)).toBeDefined();
    giveBack?.();
    expect(shares.take(one)).toBeDefined();
  });

  test('has a token of its own for what changes something', () => {
    const sessions = new WebSessions(new VirtualClock());
    const [one, other] = [sessions.open(administrator).session, sessions.open(administrator).session];
    expect(sessions.isCsrf(one, one.csrf)).toBe(true);
    expect(sessions.isCsrf(one, other.csrf)).toBe(false);
    expect(sessions.isCsrf(one, undefined)).toBe(false);
    expect(sessions.isCsrf(one, '')).toBe(false);
  });
});

test('a role may do what lesser ones may', () => {
  expect(reaches('Administrator', 'Operator')).toBe(true);
  expect(reaches('Operator', 'Operator')).toBe(true);
  expect(reaches('ReadOnly', 'Operator')).toBe(false);
  expect(reaches('Operator', 'Administrator')).toBe(false);
});

import { expect, test } from 'vitest';
import { VirtualClock } from '../../src/support/clock.ts';
import { delay } from '../../src/support/delay.ts';
import { currentRequest, onBehalfOf, RequestScope } from '../../src/support/request-scope.ts';

const scopeOf = (name: string) => new RequestScope(() => ({ face: 'control', name, by: 'a test' }));

test('a request is found by all that is awaited and started on its behalf, and by nothing else', async () => {
  const clock = new VirtualClock();
  const scope = scopeOf('one');
  const other = scopeOf('other');
  const work = async () => {
    await delay(clock, 1_000);
    return currentRequest();
  };
  const both = Promise.all([onBehalfOf(scope, work), onBehalfOf(other, work), work()]);
  await clock.advance(1_000);
  expect(await both).toEqual([scope, other, undefined]);
  expect(currentRequest()).toBeUndefined();
});

test('what is done on nobody’s behalf does not know the request that had it begin', async () => {
  const clock = new VirtualClock();
  let found: RequestScope | undefined = scopeOf('none');
  onBehalfOf(scopeOf('begins it'), () => {
    onBehalfOf(undefined, () => {
      clock.after(1_000, () => {
        found = currentRequest();
      });
    });
  });
  await clock.advance(1_000);
  expect(found).toBeUndefined();
});

test('a request within another one has the last word, until it ends', () => {
  const outer = scopeOf('outer');
  const inner = scopeOf('inner');
  onBehalfOf(outer, () => {
    onBehalfOf(inner, () => expect(currentRequest()).toBe(inner));
    expect(currentRequest()).toBe(outer);
  });
});

test('what a request is called is found out once, when somebody wants to know', () => {
  let asked = 0;
  const scope = new RequestScope(() => {
    asked += 1;
    return { face: 'ipmi', name: 'Chassis Control', by: 'admin from 192.0.2.7' };
  });
  expect(asked).toBe(0);
  expect([scope.origin.name, scope.origin.by, asked]).toEqual(['Chassis Control', 'admin from 192.0.2.7', 1]);
});

test('every request has an ID of its own, which stays', () => {
  const scopes = Array.from({ length: 100 }, () => scopeOf('one'));
  const ids = scopes.map(({ id }) => id);
  expect(new Set(ids).size).toBe(100);
  expect(scopes.map(({ id }) => id)).toEqual(ids);
});

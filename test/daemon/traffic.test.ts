import { describe, expect, test } from 'vitest';
import { Traffic, watchIdle } from '../../src/daemon/traffic.ts';
import { VirtualClock } from '../../src/support/clock.ts';

const second = 1_000;

/** An idle watch over labs that come and go. */
function watch(size = 0) {
  const clock = new VirtualClock();
  const labs = { size };
  const traffic = new Traffic(clock);
  let ended = false;
  const timer = watchIdle(labs, traffic, clock, () => {
    ended = true;
  });
  return { clock, labs, traffic, timer, ended: () => ended };
}

describe('a daemon that has had no lab', () => {
  test('ends fifteen seconds after its start when nobody asks it for anything', async () => {
    const { clock, ended } = watch();
    await clock.advance(14 * second);
    expect(ended()).toBe(false);
    await clock.advance(2 * second);
    expect(ended()).toBe(true);
  });

  test('waits as long after every request', async () => {
    const { clock, traffic, ended } = watch();
    for (let count = 0; count < 5; count++) {
      await clock.advance(10 * second);
      traffic.begin()();
    }
    expect(ended()).toBe(false);
    await clock.advance(16 * second);
    expect(ended()).toBe(true);
  });

  test('does not end during a request, whatever others do', async () => {
    const { clock, traffic, ended } = watch();
    const done = traffic.begin();
    traffic.begin()();
    await clock.advance(60 * second);
    expect(ended()).toBe(false);
    done();
    done();
    await clock.advance(14 * second);
    expect(ended()).toBe(false);
    await clock.advance(2 * second);
    expect(ended()).toBe(true);
  });
});

describe('a daemon whose last lab goes', () => {
  test('ends as soon as that is answered', async () => {
    const { clock, labs, traffic, ended } = watch(1);
    const done = traffic.begin();
    labs.size = 0;
    await clock.advance(second);
    expect(ended()).toBe(false);
    done();
    await clock.advance(second);
    expect(ended()).toBe(true);
  });

  test('stays when it has labs, or is told to end otherwise', async () => {
    const { clock, labs, timer, ended } = watch(1);
    await clock.advance(60 * second);
    expect(ended()).toBe(false);
    timer.cancel();
    labs.size = 0;
    await clock.advance(60 * second);
    expect(ended()).toBe(false);
  });
});

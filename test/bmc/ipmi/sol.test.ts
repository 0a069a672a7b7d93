import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { StubBmc, type StubSession } from './stub-bmc.ts';

const plain = { encrypt: true, authenticate: true, test: false };
const retryInterval = 500;

/** Everything that waits for nothing but promises. */
const settle = (bmc: StubBmc) => bmc.clock.advance(0);

async function activated(history = ''): Promise<{ bmc: StubBmc; session: StubSession }> {
  const bmc = new StubBmc();
  bmc.node.serial.past = Buffer.from(history);
  const session = bmc.open();
  expect(bmc.sol.activate(session, plain)).toEqual({ ok: true });
  await bmc.clock.advance(5);
  return { bmc, session };
}

/** A packet that a console sends. */
function fromConsole(
  packet: { sequence?: number; acknowledged?: number; accepted?: number; operation?: number },
  text = '',
): Buffer {
  const { sequence = 0, acknowledged = 0, accepted = 0, operation = 0 } = packet;
  return Buffer.from([sequence, acknowledged, accepted, operation, ...Buffer.from(text)]);
}

/** What the BMC sent last: sequence, acknowledged, accepted, status, characters. */
function last(session: StubSession): [number, number, number, number, string] {
  const packet = session.sent.at(-1);
  expect(packet?.type).toBe(1);
  const [sequence = -1, acknowledged = -1, accepted = -1, status = -1, ...text] = packet?.payload ?? [];
  return [sequence, acknowledged, accepted, status, Buffer.from(text).toString()];
}

describe('activation', () => {
  test('begins with what the machine has said, and goes on without gap or doubling', async () => {
    const bmc = new StubBmc();
    bmc.node.serial.past = Buffer.from('BIOS ');
    const session = bmc.open();
    bmc.sol.activate(session, plain);
    bmc.node.serial.say('loads '); // before the history has been fetched
    await settle(bmc);
    bmc.node.serial.say('GRUB');
    expect(session.sent).toEqual([]); // the answer to the activation goes first
    await bmc.clock.advance(5);
    expect(last(session)).toEqual([1, 0, 0, 0, 'BIOS loads GRUB']);
  });

  test('a long history comes in packets of at most 255 bytes', async () => {
    const { bmc, session } = await activated('x'.repeat(600));
    const lengths: number[] = [];
    for (let sequence = 1; sequence <= 3; sequence++) {
      const [, , , , text] = last(session);
      lengths.push(text.length);
      bmc.sol.receive(session, fromConsole({ acknowledged: sequence, accepted: text.length }));
      await bmc.clock.advance(5);
    }
    expect(lengths).toEqual([251, 251, 98]);
  });

  test('is refused to a second session, without privilege, access, or protection', () => {
    const bmc = new StubBmc();
    const session = bmc.open();
    session.privilege = 'user';
    expect(bmc.sol.activate(session, plain)).toEqual({ ok: false, code: 0xd4 });
    session.privilege = 'operator';
    session.encrypted = false;
    expect(bmc.sol.activate(session, plain)).toEqual({ ok: false, code: 0x83 });
    bmc.memory.value = { ...bmc.memory.value, sol: { 2: [0x83] } };
    expect(bmc.sol.activate(session, { ...plain, encrypt: false })).toEqual({ ok: false, code: 0x84 });
    session.encrypted = true;
    session.authenticated = false;
    expect(bmc.sol.activate(session, plain)).toEqual({ ok: false, code: 0xcc });
    session.authenticated = true;
    bmc.memory.value = { ...bmc.memory.value, sol: { 1: [0x00] } };
    expect(bmc.sol.activate(session, plain)).toEqual({ ok: false, code: 0x81 });
    bmc.memory.value = { ...bmc.memory.value, sol: {} };
    expect(bmc.sol.activate(session, plain)).toEqual({ ok: true });
    expect(bmc.sol.activate(bmc.open(), plain)).toEqual({ ok: false, code: 0x80 });
    session.protocol = 'ipmi-1.5';
    expect(bmc.sol.activate(session, plain)).toEqual({ ok: false, code: 0xd5 });
  });

  test('ends with its session, and another one may have it', async () => {
    const { bmc, session } = await activated();
    bmc.sol.sessionClosed(bmc.open());
    expect(bmc.sol.owner).toBe(session);
    bmc.sol.sessionClosed(session);
    expect(bmc.sol.owner).toBeUndefined();
    expect(bmc.node.serial.listeners.size).toBe(0);
    expect(bmc.sol.activate(bmc.open(), plain)).toEqual({ ok: true });
  });

  test('in test mode leaves the port alone', () => {
    const bmc = new StubBmc();
    const session = bmc.open();
    bmc.sol.activate(session, { ...plain, test: true });
    bmc.sol.receive(session, fromConsole({ sequence: 1, operation: 0x10 }, 'x'));
    expect(last(session)).toEqual([0, 1, 1, 0, '']);
    expect(bmc.node.serial).toMatchObject({ written: [], breaks: 0 });
    expect(bmc.node.serial.listeners.size).toBe(0);
  });
});

describe('from the console', () => {
  test('characters are written and acknowledged', async () => {
    const { bmc, session } = await activated();
    bmc.sol.receive(session, fromConsole({ sequence: 1 }, 'ls\r'));
    expect(last(session)).toEqual([0, 1, 3, 0, '']);
    expect(Buffer.concat(bmc.node.serial.written).toString()).toBe('ls\r');
  });

  test('a repeated packet is acknowledged again and written once', async () => {
    const { bmc, session } = await activated();
    for (const sequence of [1, 1, 2, 2]) bmc.sol.receive(session, fromConsole({ sequence }, 'x'));
    expect(session.sent.map(({ payload }) => payload[1])).toEqual([1, 1, 2, 2]);
    expect(bmc.node.serial.written).toHaveLength(2);
  });

  test('a break reaches the port once', async () => {
    const { bmc, session } = await activated();
    bmc.sol.receive(session, fromConsole({ sequence: 1, operation: 0x10 }));
    bmc.sol.receive(session, fromConsole({ sequence: 1, operation: 0x10 }));
    expect(bmc.node.serial.breaks).toBe(1);
    expect(last(session)).toEqual([0, 1, 0, 0, '']);
  });

  test('a machine that is off takes nothing, and the same packet may come again', async () => {
    const { bmc, session } = await activated();
    bmc.node.set({ power: 'off' });
    bmc.sol.receive(session, fromConsole({ sequence: 1 }, 'x'));
    expect(last(session)).toEqual([0, 1, 0, 0x60, '']);
    bmc.node.set({ power: 'on' });
    bmc.sol.receive(session, fromConsole({ sequence: 1 }, 'x'));
    expect(last(session)).toEqual([0, 1, 1, 0, '']);
    expect(bmc.node.serial.written).toHaveLength(1);
  });

  test('strangers and stumps are ignored', async () => {
    const { bmc, session } = await activated();
    bmc.sol.receive(bmc.open(), fromConsole({ sequence: 1 }, 'x'));
    bmc.sol.receive(session, Buffer.from([1, 0, 0]));
    expect(bmc.node.serial.written).toEqual([]);
    expect(session.sent).toEqual([]);
  });
});

describe('to the console', () => {
  test('few characters wait for more, many do not', async () => {
    const { bmc, session } = await activated();
    bmc.node.serial.say('a');
    await bmc.clock.advance(4);
    bmc.node.serial.say('b');
    expect(session.sent).toEqual([]);
    await bmc.clock.advance(1);
    expect(last(session)).toEqual([1, 0, 0, 0, 'ab']);
    bmc.sol.receive(session, fromConsole({ acknowledged: 1, accepted: 2 }));
    bmc.node.serial.say('c');
    bmc.node.serial.say('d'.repeat(100));
    expect(last(session)[4]).toHaveLength(101);
  });

  test('a lost packet is sent again, the same, until it is acknowledged', async () => {
    const { bmc, session } = await activated('boot');
    await bmc.clock.advance(2 * retryInterval);
    const [first, ...again] = session.sent;
    expect(again).toEqual([first, first]);
    bmc.sol.receive(session, fromConsole({ acknowledged: 1, accepted: 4 }));
    await bmc.clock.advance(10 * retryInterval);
    expect(session.sent).toHaveLength(3);
  });

  test('a packet that is never acknowledged is given up, and the next one says so', async () => {
    const { bmc, session } = await activated('lost');
    bmc.node.serial.say('kept');
    await bmc.clock.advance(8 * retryInterval);
    expect(session.sent.filter(({ payload }) => payload[0] === 1)).toHaveLength(8);
    await bmc.clock.advance(5);
    expect(last(session)).toEqual([2, 0, 0, 0x08, 'kept']);
  });

  test('what was not accepted is sent anew, under a new number', async () => {
    const { bmc, session } = await activated('abcdef');
    bmc.node.serial.say('gh');
    bmc.sol.receive(session, fromConsole({ acknowledged: 1, accepted: 2 }));
    await bmc.clock.advance(5);
    expect(last(session)).toEqual([2, 0, 0, 0, 'cdefgh']);
  });

  test('a console that refuses is given a rest', async () => {
    const { bmc, session } = await activated('abcdef');
    bmc.sol.receive(session, fromConsole({ acknowledged: 1, accepted: 4, operation: 0x40 }));
    await bmc.clock.advance(retryInterval - 1);
    expect(session.sent).toHaveLength(1);
    await bmc.clock.advance(1);
    expect(last(session)).toEqual([2, 0, 0, 0, 'ef']);
  });

  test('acknowledgements of other packets change nothing', async () => {
    const { bmc, session } = await activated('abc');
    bmc.sol.receive(session, fromConsole({ acknowledged: 9, accepted: 3 }));
    await bmc.clock.advance(retryInterval);
    expect(last(session)).toEqual([1, 0, 0, 0, 'abc']);
  });

  test('a console may pause and flush', async () => {
    const { bmc, session } = await activated();
    bmc.sol.receive(session, fromConsole({ sequence: 1, operation: 0x08 }));
    bmc.node.serial.say('old');
    await bmc.clock.advance(1000);
    expect(last(session)).toEqual([0, 1, 0, 0, '']);
    bmc.sol.receive(session, fromConsole({ sequence: 2, operation: 0x02 }));
    bmc.node.serial.say('new');
    await bmc.clock.advance(5);
    expect(last(session)).toEqual([1, 0, 0, 0, 'new']);
  });

  test('of what a slow console leaves waiting, the newest is kept', async () => {
    const { bmc, session } = await activated('first');
    bmc.node.serial.say('x'.repeat(64 * 1024));
    bmc.node.serial.say('newest');
    let text = '';
    bmc.sol.receive(session, fromConsole({ acknowledged: 1, accepted: 5 }));
    for (;;) {
      const [sequence, , , status, characters] = last(session);
      if (text === '') expect(status).toBe(0x08); // something was lost
      text += characters;
      const sent = session.sent.length;
      bmc.sol.receive(session, fromConsole({ acknowledged: sequence, accepted: characters.length }));
      await bmc.clock.advance(5);
      if (session.sent.length === sent) break;
    }
    expect(text).toBe(`${'x'.repeat(64 * 1024 - 6)}newest`);
  });
});

test('over a line that loses and doubles packets, both sides get everything once and in order', async () => {
  const fate = fc.constantFrom('delivered', 'lost', 'doubled');
  const scenario = fc.record({
    said: fc.string({ minLength: 1, maxLength: 2000, unit: 'grapheme-ascii' }),
    fates: fc.array(fate, { minLength: 1, maxLength: 60 }),
  });
  await fc.assert(
    fc.asyncProperty(scenario, async ({ said, fates }) => {
      // Never more losses in a row than there are retries.
      const { bmc, session } = await activated();
      bmc.node.serial.say(said);
      let heard = '';
      let lastHeard = 0;
      let seen = 0;
      let turn = 0;
      let losses = 0;
      for (let step = 0; step < 400 && heard.length < said.length; step++) {
        await bmc.clock.advance(100);
        for (const { payload } of session.sent.slice(seen)) {
          seen += 1;
          const [sequence = 0] = payload;
          const planned = fates[turn++ % fates.length];
          const lost = planned === 'lost' && losses < 5;
          losses = lost ? losses + 1 : 0;
          if (lost || sequence === 0) continue;
          const text = payload.subarray(4).toString();
          if (sequence !== lastHeard) heard += text;
          lastHeard = sequence;
          const answer = fromConsole({ acknowledged: sequence, accepted: text.length });
          for (let copy = 0; copy < (planned === 'doubled' ? 2 : 1); copy++) bmc.sol.receive(session, answer);
        }
      }
      expect(heard).toBe(said);
    }),
    { numRuns: 30 },
  );
});

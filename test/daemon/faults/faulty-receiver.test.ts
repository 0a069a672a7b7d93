import { expect, test } from 'vitest';
import { FaultyReceiver } from '../../../src/daemon/faults/faulty-receiver.ts';
import { parseFault } from '../../../src/faults/fault.ts';
import { Faults } from '../../../src/faults/faults.ts';
import { VirtualClock } from '../../../src/support/clock.ts';

test('a datagram that is held back arrives in time, or when the fault is lifted, and once', async () => {
  const clock = new VirtualClock();
  const faults = new Faults(clock, () => 1);
  const taken: string[] = [];
  const receiver = new FaultyReceiver(
    { receive: datagram => taken.push(datagram.toString()) },
    faults.view('one', 'a'),
    clock,
  );
  const send = (text: string) =>
    receiver.receive(Buffer.from(text), { address: '192.0.2.1', port: 1 }, () => undefined);

  const slow = parseFault({ kind: 'bmc-slow', delay: '10min' });
  const { id } = faults.inject({ lab: 'one', nodes: ['a'], fault: slow });
  send('first');
  await clock.advance(300_000);
  send('second');
  await clock.advance(300_000);
  expect(taken).toEqual(['first']);
  faults.lift('one', id);
  send('third');
  await clock.advance(3_600_000);
  expect(taken).toEqual(['first', 'second', 'third']);
});

import { beforeEach, describe, expect, test } from 'vitest';
import { parseFault } from '../../src/faults/fault.ts';
import { type FaultNews, Faults } from '../../src/faults/faults.ts';
import { VirtualClock } from '../../src/support/clock.ts';

const unreachable = parseFault({ kind: 'bmc-unreachable' });
const slow = parseFault({ kind: 'bmc-slow', delay: '2s' });

let clock: VirtualClock;
let faults: Faults;
let news: FaultNews[];

beforeEach(() => {
  clock = new VirtualClock();
  faults = new Faults(clock, () => 7);
  news = [];
  faults.listen(one => news.push(one));
});

const told = () => news.map(({ phase, node, times }) => `${phase} ${node} ${times}`);

describe('the faults of labs', () => {
  test('are at the nodes that they were injected into, and nowhere else', () => {
    faults.inject({ lab: 'one', nodes: ['a', 'b'], fault: unreachable });
    expect(faults.view('one', 'a').find('bmc-unreachable')?.fault).toEqual(unreachable);
    expect(faults.view('one', 'b').live).toHaveLength(1);
    expect(faults.view('one', 'c').live).toEqual([]);
    expect(faults.view('two', 'a').live).toEqual([]);
    expect(faults.view('one', undefined).live).toEqual([]);
    expect(faults.view('one', 'a').find('bmc-slow')).toBeUndefined();
  });

  test('are once at a node that is named twice, and can be lifted', () => {
    const { id } = faults.inject({ lab: 'one', nodes: ['a', 'a'], fault: slow });
    faults.lift('one', id);
    expect(faults.view('one', 'a').live).toEqual([]);
  });

  test('are at the lab as a whole when they are of no node', () => {
    const { nodes } = faults.inject({ lab: 'one', nodes: [], fault: parseFault({ kind: 'cloud-errors' }) });
    expect(nodes).toEqual([]);
    expect(faults.view('one', undefined).find('cloud-errors')).toBeDefined();
    expect(told()).toEqual(['injected undefined 0']);
  });

  test('are seen by whoever looked before', () => {
    const view = faults.view('one', 'a');
    const { id } = faults.inject({ lab: 'one', nodes: ['a'], fault: slow });
    expect(view.find('bmc-slow')).toBeDefined();
    faults.lift('one', id);
    expect(view.find('bmc-slow')).toBeUndefined();
    expect(view.live).toEqual([]);
  });

  test('of one kind: the newest counts, then the one before it', () => {
    const view = faults.view('one', 'a');
    faults.inject({ lab: 'one', nodes: ['a'], fault: slow });
    const second = faults.inject({
      lab: 'one',
      nodes: ['a'],
      fault: parseFault({ kind: 'bmc-slow', delay: '9s' }),
    });
    expect(view.find('bmc-slow')?.fault.delay).toBe(9000);
    faults.lift('one', second.id);
    expect(view.find('bmc-slow')?.fault.delay).toBe(2000);
  });

  test('end by themselves when their time is over', async () => {
    faults.inject({ lab: 'one', nodes: ['a'], fault: unreachable, duration: 60_000 });
    await clock.advance(59_999);
    expect(faults.list('one')).toMatchObject([{ since: clock.now() - 59_999, until: clock.now() + 1 }]);
    await clock.advance(1);
    expect(faults.list('one')).toEqual([]);
    expect(told()).toEqual(['injected a 0', 'lifted a 0']);
  });

  test('are lifted by their ID, in their lab', () => {
    const { id } = faults.inject({ lab: 'one', nodes: ['a'], fault: unreachable });
    expect(() => faults.lift('two', id)).toThrow(`no fault ${id} is injected into lab two`);
    expect(() => faults.lift('one', 'f99')).toThrow('no fault f99');
    faults.lift('one', id);
    expect(() => faults.lift('one', id)).toThrow(`no fault ${id}`);
  });

  test('are lifted all together, of a lab or of all', () => {
    faults.inject({ lab: 'one', nodes: ['a'], fault: unreachable });
    faults.inject({ lab: 'two', nodes: ['a'], fault: unreachable });
    faults.liftAll('one');
    expect(faults.list('one')).toEqual([]);
    expect(faults.list('two')).toHaveLength(1);
    faults.liftAll();
    expect(faults.list('two')).toEqual([]);
  });

  test('leave a node that goes, and end with their last node', () => {
    faults.inject({ lab: 'one', nodes: ['a', 'b'], fault: unreachable });
    faults.leave('one', 'a');
    expect(faults.list('one')).toMatchObject([{ nodes: ['b'] }]);
    expect(faults.view('one', 'a').live).toEqual([]);
    faults.leave('one', 'b');
    expect(faults.list('one')).toEqual([]);
  });

  test('count each time that they are felt, and tell of it now and then', async () => {
    faults.inject({ lab: 'one', nodes: ['a', 'b'], fault: unreachable });
    const [a, b] = [faults.view('one', 'a').live[0], faults.view('one', 'b').live[0]];
    for (let times = 0; times < 100; times++) a?.felt();
    b?.felt();
    expect(faults.list('one')).toMatchObject([{ felt: 101 }]);
    await clock.advance(5_000);
    a?.felt();
    expect(told()).toEqual(['injected a 0', 'injected b 0', 'felt a 1', 'felt b 1', 'felt a 101']);
    faults.leave('one', 'a');
    expect(faults.list('one')).toMatchObject([{ felt: 102 }]);
    expect(told().at(-1)).toBe('lifted a 101');
  });

  test('say where they cannot be had, and where not at once', () => {
    faults.inject({ lab: 'one', nodes: ['a', 'b'], fault: parseFault({ kind: 'disk-fails' }) });
    faults.view('one', 'a').live[0]?.refuse('there is no disk 0');
    faults.view('one', 'b').live[0]?.grant('from its next power-on');
    expect(faults.list('one')).toMatchObject([
      { problems: { a: 'there is no disk 0' }, notes: { b: 'from its next power-on' } },
    ]);
  });
});

describe('chance', () => {
  const drawn = (seed: number, node: string, others: readonly string[] = []) => {
    const own = new Faults(new VirtualClock());
    own.inject({ lab: 'one', nodes: [...others, node], fault: slow, seed });
    const { live } = own.view('one', node);
    return Array.from({ length: 5 }, () => live[0]?.chance());
  };

  test('is the same again by the same seed, whatever other nodes there are', () => {
    expect(drawn(7, 'a')).toEqual(drawn(7, 'a', ['x', 'y']));
    expect(drawn(7, 'a')).not.toEqual(drawn(8, 'a'));
    expect(drawn(7, 'a')).not.toEqual(drawn(7, 'b'));
  });

  test('is told where it was chosen', () => {
    expect(faults.inject({ lab: 'one', nodes: ['a'], fault: slow }).seed).toBe(7);
  });
});

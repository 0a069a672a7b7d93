import { describe, expect, test } from 'vitest';
import { inParallel } from '../../src/support/parallel.ts';

describe('inParallel', () => {
  test('works on so many at a time and begins them in their order', async () => {
    const begun: number[] = [];
    let running = 0;
    let most = 0;
    await inParallel([1, 2, 3, 4, 5], 2, async item => {
      begun.push(item);
      most = Math.max(most, ++running);
      await new Promise(setImmediate);
      running--;
    });
    expect(begun).toEqual([1, 2, 3, 4, 5]);
    expect(most).toBe(2);
  });

  test('a failure stops what has not begun, and waits for what has', async () => {
    const ended: number[] = [];
    const work = inParallel([1, 2, 3, 4], 2, async item => {
      if (item === 1) throw new Error('first');
      await new Promise(setImmediate);
      ended.push(item);
    });
    await expect(work).rejects.toThrow('first');
    expect(ended).toEqual([2]);
  });

  test('has nothing to do without items', async () => {
    await expect(inParallel([], 8, async () => undefined)).resolves.toBeUndefined();
  });
});

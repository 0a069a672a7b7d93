import fc from 'fast-check';
import { expect, test } from 'vitest';
import { rowsInView } from '../../web/src/fleet/window.ts';

test('every row in view exists, and few others', () => {
  const place = fc.record({
    above: fc.integer({ min: -2000, max: 60_000 }),
    height: fc.integer({ min: 1, max: 2000 }),
    rowHeight: fc.integer({ min: 20, max: 100 }),
    count: fc.integer({ min: 0, max: 1500 }),
  });
  fc.assert(
    fc.property(place, ({ above, height, rowHeight, count }) => {
      const { first, end } = rowsInView({ above, height, rowHeight, count });
      const firstInView = Math.max(0, Math.floor(above / rowHeight));
      const lastInView = Math.min(count - 1, Math.floor((above + height - 1) / rowHeight));
      for (const row of [firstInView, lastInView]) {
        if (firstInView <= lastInView) expect(row >= first && row < end).toBe(true);
      }
      expect(first).toBeGreaterThanOrEqual(0);
      expect(end).toBeLessThanOrEqual(count);
      expect(end - first).toBeLessThanOrEqual(height / rowHeight + 34);
    }),
  );
});

import { describe, expect, test } from 'vitest';
import { layOut, type PicturedNode } from '../../web/src/lab/layout.ts';

const networks = ['provisioning', 'storage'];

function nodes(count: number): readonly PicturedNode[] {
  return Array.from({ length: count }, (_, index) => ({
    name: `node-${index + 1}`,
    networks: index % 10 === 0 ? ['provisioning', 'storage'] : ['provisioning'],
  }));
}

describe('the picture of a lab', () => {
  test('shows each node by its name while there is room', () => {
    const { groups, width } = layOut(networks, nodes(3), 400);
    expect(groups.map(({ title }) => title)).toEqual(['node-1', 'node-2', 'node-3']);
    expect(width).toBe(400);
  });

  test('shows many nodes by how they are wired, each of them once', () => {
    const { groups } = layOut(networks, nodes(100), 900);
    expect(groups.map(({ title }) => title)).toEqual(['10 nodes', '90 nodes']);
    const tiles = groups.flatMap(group => group.nodes.map(({ name }) => name));
    expect(new Set(tiles).size).toBe(100);
  });

  test.each([360, 900, 1400])(
    'keeps everything in its box, and no box on another, at a width of %i',
    given => {
      const { groups, width, height } = layOut(networks, nodes(100), given);
      let free = 0;
      for (const { x, y, width: own, height: tall, nodes: tiles } of groups) {
        expect(x).toBeGreaterThanOrEqual(free);
        free = x + own;
        for (const tile of tiles) {
          expect(tile.x + tile.size).toBeLessThanOrEqual(x + own);
          expect(tile.y + tile.size).toBeLessThanOrEqual(y + tall);
        }
      }
      expect(free).toBeLessThanOrEqual(width);
      expect(Math.max(...groups.map(group => group.y + group.height))).toBeLessThanOrEqual(height);
    },
  );

  test('leads each NIC to its own network, in order', () => {
    const { groups, lanes } = layOut(networks, nodes(1), 400);
    expect(groups[0]?.drops.map(({ lane, to }) => [lane, to])).toEqual([
      [0, lanes[0]?.y],
      [1, lanes[1]?.y],
    ]);
  });

  test('can be of a lab without nodes or networks', () => {
    expect(layOut([], [], 300).groups).toEqual([]);
    expect(layOut([], [{ name: 'a', networks: ['gone'] }], 300).groups[0]?.drops).toEqual([]);
  });
});

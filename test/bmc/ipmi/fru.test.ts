import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fruInventory } from '../../../src/bmc/ipmi/fru.ts';
import type { NodeSpec } from '../../../src/node/spec.ts';

const spec = (name: string): NodeSpec => ({
  name,
  uuid: '0f1e2d3c-4b5a-4678-8796-a5b4c3d2e1f0',
  cpus: 1,
  memory: 1,
  disks: [],
  nics: [],
  firmware: 'uefi',
});

/** The texts of the area at `offset`, after so many bytes of its own. */
function fields(inventory: Buffer, offset: number, headLength: number): string[] {
  const texts: string[] = [];
  let at = offset + headLength;
  while (inventory.readUInt8(at) !== 0xc1) {
    const length = inventory.readUInt8(at) & 0x3f;
    texts.push(inventory.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return texts;
}

test('tells name, serial, asset tag and UUID', () => {
  const inventory = fruInventory(spec('node-0'), 'rack 7', '1.2.3');
  const [version, internal, chassis = 0, board = 0, product = 0, multirecord] = inventory;
  expect([version, internal, multirecord]).toEqual([1, 0, 0]);
  expect(fields(inventory, chassis * 8, 3)).toEqual(['', '0F1E2D3C']);
  expect(fields(inventory, board * 8, 6)).toEqual([
    'QuintupleO',
    'Virtual Bare Metal',
    '0F1E2D3C',
    'node-0',
    '',
  ]);
  expect(fields(inventory, product * 8, 3)).toEqual([
    'QuintupleO',
    'Virtual Bare Metal',
    'node-0',
    '1.2.3',
    '0F1E2D3C',
    'rack 7',
    '',
    'UUID 0f1e2d3c-4b5a-4678-8796-a5b4c3d2e1f0',
  ]);
});

test('every area adds up to zero, whatever the texts', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 80 }), fc.string({ maxLength: 80 }), (name, assetTag) => {
      const inventory = fruInventory(spec(name), assetTag, '1.2.3');
      const sum = (bytes: Buffer) => bytes.reduce((total, byte) => total + byte, 0) & 0xff;
      expect(sum(inventory.subarray(0, 8))).toBe(0);
      let end = 8;
      for (const index of [2, 3, 4]) {
        const offset = inventory.readUInt8(index) * 8;
        expect(offset).toBe(end);
        end = offset + inventory.readUInt8(offset + 1) * 8;
        expect(sum(inventory.subarray(offset, end))).toBe(0);
      }
      expect(inventory.length).toBe(end);
      expect(fields(inventory, inventory.readUInt8(4) * 8, 3)).toHaveLength(8);
    }),
  );
});

import { expect, test } from 'vitest';
import { type BmcMemoryContent, emptyMemory } from '../../../src/bmc/ipmi/memory.ts';
import { memoryDocument } from '../../../src/support/document.ts';
import { KeptValue } from '../../../src/support/kept-value.ts';

test('a new BMC remembers nothing', async () => {
  expect((await KeptValue.open(memoryDocument<BmcMemoryContent>(), emptyMemory)).value).toEqual(emptyMemory);
});

test('what was changed is there again after a restart', async () => {
  const document = memoryDocument<BmcMemoryContent>();
  const store = await KeptValue.open(document, emptyMemory);
  await store.change({ clockOffset: 42, lan: { '3': [10, 0, 0, 1] } });
  await store.change({ controllerId: 'rack 7' });
  const expected = { ...emptyMemory, clockOffset: 42, lan: { '3': [10, 0, 0, 1] }, controllerId: 'rack 7' };
  expect(store.value).toEqual(expected);
  expect((await KeptValue.open(document, emptyMemory)).value).toEqual(expected);
});

test('parts that an older version did not write are as in a new BMC', async () => {
  const document = memoryDocument({ clockOffset: 7 } as BmcMemoryContent);
  expect((await KeptValue.open(document, emptyMemory)).value).toEqual({ ...emptyMemory, clockOffset: 7 });
});

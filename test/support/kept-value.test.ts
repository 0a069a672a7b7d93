import { expect, test } from 'vitest';
import { memoryDocument } from '../../src/support/document.ts';
import { KeptValue } from '../../src/support/kept-value.ts';

interface Settings {
  readonly timeout: number;
  readonly light: boolean;
}

test('a change that cannot be kept is none', async () => {
  const document = memoryDocument<Settings>({ timeout: 60, light: false });
  const settings = await KeptValue.open(document, { timeout: 30, light: false });
  const { write } = document;
  document.write = async () => {
    throw new Error('no space');
  };
  await expect(settings.change({ timeout: 90 })).rejects.toThrow('no space');
  expect(settings.value).toEqual({ timeout: 60, light: false });
  document.write = write;
  await settings.change({ light: true });
  expect(settings.value).toEqual({ timeout: 60, light: true });
  expect(await document.read()).toEqual({ timeout: 60, light: true });
});

test('of changes at the same moment all are kept', async () => {
  const document = memoryDocument<Settings>();
  const settings = await KeptValue.open(document, { timeout: 30, light: false });
  const { revision } = settings;
  await Promise.all([settings.change({ timeout: 90 }), settings.change({ light: true })]);
  expect(await document.read()).toEqual({ timeout: 90, light: true });
  expect(settings.revision).toBeGreaterThan(revision);
});

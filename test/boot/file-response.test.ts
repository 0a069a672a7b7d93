import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fileResponse, parseRange } from '../../src/boot/file-response.ts';

describe('parseRange', () => {
  test.each([
    { header: undefined, range: 'whole' },
    { header: 'bytes=0-0', range: { start: 0, end: 0 } },
    { header: 'bytes=5-', range: { start: 5, end: 9 } },
    { header: 'bytes=-3', range: { start: 7, end: 9 } },
    { header: 'bytes=-30', range: { start: 0, end: 9 } },
    { header: 'bytes=8-100', range: { start: 8, end: 9 } },
    { header: 'bytes=10-', range: 'unsatisfiable' },
    { header: 'bytes=-0', range: 'unsatisfiable' },
    { header: 'bytes=5-4', range: 'whole' },
    { header: 'bytes=0-1,3-4', range: 'whole' },
    { header: 'bytes=-', range: 'whole' },
    { header: 'lines=1-2', range: 'whole' },
  ])('$header of 10 bytes', ({ header, range }) => {
    expect(parseRange(header, 10)).toEqual(range);
  });

  test('never leaves the file', () => {
    fc.assert(
      fc.property(fc.string(), fc.nat(), (header, size) => {
        const range = parseRange(`bytes=${header}`, size);
        if (typeof range === 'string') return;
        expect(range.start).toBeGreaterThanOrEqual(0);
        expect(range.end).toBeLessThan(size);
        expect(range.start).toBeLessThanOrEqual(range.end);
      }),
    );
  });
});

describe('fileResponse', () => {
  let folder = '';
  let path = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'quintupleo-files-'));
    path = join(folder, 'digits');
    await writeFile(path, '0123456789');
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
  const ask = (headers: Record<string, string> = {}, method = 'GET') =>
    fileResponse(path, new Request('http://host/', { headers, method }));

  test('streams the whole file with its length', async () => {
    const response = await ask();
    expect(response.status).toBe(200);
    expect(response.headers.get('content-length')).toBe('10');
    expect(await response.text()).toBe('0123456789');
  });

  test('streams a part', async () => {
    const response = await ask({ range: 'bytes=2-4' });
    expect(response.status).toBe(206);
    expect(response.headers.get('content-range')).toBe('bytes 2-4/10');
    expect(response.headers.get('content-length')).toBe('3');
    expect(await response.text()).toBe('234');
  });

  test('refuses a part beyond the end', async () => {
    const response = await ask({ range: 'bytes=10-' });
    expect(response.status).toBe(416);
    expect(response.headers.get('content-range')).toBe('bytes */10');
  });

  test('answers HEAD without the content', async () => {
    const response = await ask({}, 'HEAD');
    expect(response.headers.get('content-length')).toBe('10');
    expect(await response.text()).toBe('');
  });

  test('streams an empty file', async () => {
    const empty = join(folder, 'empty');
    await writeFile(empty, '');
    const response = await fileResponse(empty, new Request('http://host/'));
    expect(response.headers.get('content-length')).toBe('0');
    expect(await response.text()).toBe('');
  });
});

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { bundle } from '../../src/appliance/bundle.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'quintupleo-bundle-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function put(files: Readonly<Record<string, unknown>>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), typeof content === 'string' ? content : JSON.stringify(content));
  }
}

const paths = async (root: string) => (await bundle(join(folder, root), 'opt/q')).map(({ path }) => path);

describe('bundle', () => {
  test('takes the built program and what runs of the libraries that it needs, theirs included', async () => {
    await put({
      'package.json': { dependencies: { one: '1' }, devDependencies: { tool: '1' } },
      'bin/q.js': '',
      'dist/main.js': '',
      'dist/main.d.ts': '',
      'dist/main.js.map': '',
      'dmtf/LICENSE.md': '',
      'dmtf/registries/Base.json': '',
      'src/main.ts': '',
      'node_modules/one/package.json': { dependencies: { two: '1', three: '1' } },
      'node_modules/one/lib/one.cjs': '',
      'node_modules/one/README.md': '',
      'node_modules/one/LICENSE': '',
      'node_modules/one/node_modules/two/package.json': {},
      'node_modules/two/package.json': {},
      'node_modules/three/package.json': { dependencies: { one: '1' } },
      'node_modules/tool/package.json': {},
    });
    expect(await paths('.')).toEqual([
      'opt/q/package.json',
      'opt/q/bin/q.js',
      'opt/q/dist/main.js',
      'opt/q/dmtf/LICENSE.md',
      'opt/q/dmtf/registries/Base.json',
      'opt/q/node_modules/one/LICENSE',
      'opt/q/node_modules/one/lib/one.cjs',
      'opt/q/node_modules/one/package.json',
      'opt/q/node_modules/one/node_modules/two/package.json',
      'opt/q/node_modules/three/package.json',
    ]);
  });

  test('finds libraries above the program, where npm puts them when the program itself is installed by it', async () => {
    await put({
      'node_modules/q/package.json': { dependencies: { one: '1' } },
      'node_modules/q/bin/q.js': '',
      'node_modules/q/dist/main.js': '',
      'node_modules/q/dmtf/Base.json': '',
      'node_modules/one/package.json': {},
    });
    expect(await paths('node_modules/q')).toContain('opt/q/node_modules/one/package.json');
  });

  test.each([
    ['was not built', { 'bin/q.js': '' }, /Build it|is empty/],
    [
      'lacks a library',
      {
        'bin/q.js': '',
        'dist/main.js': '',
        'dmtf/Base.json': '',
        'package.json': { dependencies: { one: '1' } },
      },
      /library one/,
    ],
  ])('refuses a program that %s', async (_, files, message) => {
    await put({ 'package.json': {}, ...files });
    await expect(paths('.')).rejects.toMatchObject({
      code: 'BUNDLE_INCOMPLETE',
      message: expect.stringMatching(message),
    });
  });
});

import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { StaticFiles } from '../../../src/daemon/web/static-files.ts';

async function site(): Promise<{ files: StaticFiles } & AsyncDisposable> {
  const folder = await mkdtemp(join(tmpdir(), 'quintupleo-web-'));
  await mkdir(join(folder, 'web', 'assets'), { recursive: true });
  await writeFile(join(folder, 'secret.txt'), 'secret');
  await writeFile(join(folder, 'web', 'index.html'), '<title>dashboard</title>');
  await writeFile(join(folder, 'web', 'assets', 'app-1234.js'), 'console.log(1);'.repeat(200));
  await writeFile(join(folder, 'web', 'key.pem'), 'no type that is served');
  await symlink(join(folder, 'secret.txt'), join(folder, 'web', 'link.txt'));
  return {
    files: await StaticFiles.read(join(folder, 'web')),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
}

test('the page answers for all of its own routes', async () => {
  await using it = await site();
  for (const path of ['/', '/labs/one/nodes/two', '/index.html']) {
    const answer = it.files.answer(path, '');
    expect(await answer.text()).toContain('dashboard');
    expect(answer.headers.get('cache-control')).toBe('no-cache');
  }
});

test('files that are named after their content are kept by browsers', async () => {
  await using it = await site();
  const answer = it.files.answer('/assets/app-1234.js', 'gzip, br');
  expect(answer.headers.get('cache-control')).toContain('immutable');
  expect(answer.headers.get('content-type')).toContain('text/javascript');
  expect(gunzipSync(await answer.arrayBuffer()).toString()).toContain('console.log');
  expect(await it.files.answer('/assets/app-1234.js', '').text()).toContain('console.log');
});

test('no path leads out of the dashboard', async () => {
  await using it = await site();
  for (const path of [
    '/../secret.txt',
    '/assets/../../secret.txt',
    '/..%2fsecret.txt',
    '/%2e%2e/secret.txt',
    '/link.txt',
    '/key.pem',
    '//etc/passwd.txt',
    '/\0.txt',
    '/constructor.js',
  ]) {
    const answer = it.files.answer(path, '');
    expect(answer.status, path).toBe(404);
    expect(await answer.text()).not.toContain('secret');
  }
});

test('says how the dashboard is built where it is not', async () => {
  const files = await StaticFiles.read('/nowhere/at/all');
  const answer = files.answer('/', '');
  expect(answer.status).toBe(404);
  expect(await answer.text()).toContain('npm run build');
});

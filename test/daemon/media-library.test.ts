import { once } from 'node:events';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { MediaRequest } from '../../src/bmc/redfish/media/media-source.ts';
import { stallTimeout } from '../../src/daemon/media-download.ts';
import { MediaLibrary, type MediaLibraryParts } from '../../src/daemon/media-library.ts';
import { updateSource } from '../../src/daemon/update-source.ts';
import { makeIdentity } from '../../src/support/certificate.ts';
import { VirtualClock } from '../../src/support/clock.ts';
import { Destinations } from '../../src/support/destinations.ts';

const never = new AbortController().signal;
const content = Buffer.from(Array.from({ length: 200_000 }, (_, index) => index % 251));

let folder = '';
const closers: (() => void)[] = [];

beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'quintupleo-media-')), 'media');
});
afterEach(async () => {
  for (const close of closers.splice(0)) close();
  await rm(join(folder, '..'), { recursive: true, force: true });
});

/** An image server that does as it is told. */
async function serve(answer: RequestListener, tls?: { key: string; cert: string }, address = '127.0.0.1') {
  const requests: IncomingMessage[] = [];
  const listener: RequestListener = (incoming, response) => {
    requests.push(incoming);
    answer(incoming, response);
  };
  const server = tls ? createTlsServer(tls, listener) : createServer(listener);
  server.listen(0, address);
  await once(server, 'listening');
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `${tls ? 'https' : 'http'}://${address}:${port}/live.iso`, port, requests };
}

const sends =
  (bytes: Buffer, headers: Record<string, string> = {}) =>
  (_: IncomingMessage, response: ServerResponse) => {
    response.writeHead(200, { 'content-length': bytes.length, ...headers }).end(bytes);
  };

function makeLibrary(parts: Partial<MediaLibraryParts> = {}): MediaLibrary {
  return new MediaLibrary({ folder, destinations: new Destinations(['127.0.0.1', '127.0.0.2']), ...parts });
}

const wanted = (url: string, more: Partial<MediaRequest> = {}): MediaRequest => ({
  url,
  verifyCertificate: true,
  writeProtected: true,
  slot: 'cd',
  ...more,
});

/** Half an image must never be left. */
async function expectNothingLeft(): Promise<void> {
  expect(await readdir(folder).catch(() => [])).toEqual([]);
}

describe('an image', () => {
  test('is fetched byte by byte, to a file of nobody else', async () => {
    const { url } = await serve(sends(content));
    const shares: number[] = [];
    const image = await makeLibrary().fetch('node-1', wanted(url), never, share => shares.push(share));
    expect(image).toEqual({ url, file: image.file, size: content.length, writeProtected: true });
    expect(image.file).toMatch(/\/media\/node-1-cd-[0-9a-f]{32}\.img$/);
    expect((await readFile(image.file)).equals(content)).toBe(true);
    expect((await stat(image.file)).mode & 0o777).toBe(0o600);
    expect(shares.at(-1)).toBe(1);
    expect(shares).toEqual([...shares].sort((one, other) => one - other));
    expect(await readdir(folder)).toHaveLength(1);
  });

  test('is not unpacked, whatever its server says of it', async () => {
    const packed = gzipSync(content);
    const { url, requests } = await serve(sends(packed, { 'content-encoding': 'x-gzip' }));
    const { file } = await makeLibrary().fetch('node-1', wanted(`${url}.gz`), never);
    expect((await readFile(file)).equals(packed)).toBe(true);
    expect(requests[0]?.headers['accept-encoding']).toBe('identity');
  });

  test('may come without a length', async () => {
    const { url } = await serve((_, response) => response.end(content));
    const { size } = await makeLibrary().fetch('node-1', wanted(url), never);
    expect(size).toBe(content.length);
  });

  test('that its server says is the same is not fetched again, and is another file', async () => {
    const { url, requests } = await serve((request, response) => {
      if (request.headers['if-none-match'] === '"one"') response.writeHead(304).end();
      else sends(content, { etag: '"one"' })(request, response);
    });
    const library = makeLibrary();
    const first = await library.fetch('node-1', wanted(url), never);
    const second = await library.fetch('node-2', wanted(url), never);
    const third = await library.fetch('node-3', wanted(url, { slot: 'usb', writeProtected: false }), never);
    expect(requests.map(({ headers }) => headers['if-none-match'])).toEqual([undefined, '"one"', '"one"']);
    expect((await stat(first.file)).ino).toBe((await stat(second.file)).ino);
    // A machine may write to it.
    expect((await stat(third.file)).ino).not.toBe((await stat(first.file)).ino);
    await library.remove(first);
    for (const { file } of [second, third]) expect((await readFile(file)).equals(content)).toBe(true);
    // By a library that was not there then.
    await makeLibrary().fetch('node-1', wanted(url), never);
    expect(requests.at(-1)?.headers['if-none-match']).toBe('"one"');
  });

  test('that is another one by now is fetched', async () => {
    let version = 0;
    const { url } = await serve((_, response) => {
      sends(Buffer.from(`version ${++version}`), { 'last-modified': 'Mon, 23 Nov 2026 15:00:00 GMT' })(
        _,
        response,
      );
    });
    const library = makeLibrary();
    const first = await library.fetch('node-1', wanted(url), never);
    const second = await library.fetch('node-1', wanted(url), never);
    expect(await readFile(first.file, 'utf8')).toBe('version 1');
    expect(await readFile(second.file, 'utf8')).toBe('version 2');
  });

  test('that many want at once is fetched once', async () => {
    const { url, requests } = await serve((request, response) => {
      if (request.headers['if-none-match']) response.writeHead(304).end();
      else sends(content, { etag: '"one"' })(request, response);
    });
    const library = makeLibrary();
    const nodes = Array.from({ length: 8 }, (_, index) => `node-${index}`);
    await Promise.all(nodes.map(node => library.fetch(node, wanted(url), never)));
    expect(requests.filter(({ headers }) => headers['if-none-match'] === undefined)).toHaveLength(1);
  });

  test('is gone when it is removed, and what is elsewhere stays', async () => {
    const { url } = await serve(sends(content, { etag: '"one"' }));
    const library = makeLibrary();
    const image = await library.fetch('node-1', wanted(url), never);
    const stranger = join(folder, '..', 'precious');
    await writeFile(stranger, 'x');
    await library.remove({ ...image, file: stranger });
    await library.remove({ ...image, file: join(folder, '../precious') });
    expect(await readFile(stranger, 'utf8')).toBe('x');
    await library.remove(image);
    await library.remove(image);
    await expectNothingLeft();
  });

  test('that no slot holds is gone after a restart, and half an image too', async () => {
    const { url } = await serve(sends(content, { etag: '"one"' }));
    const library = makeLibrary();
    const used = await library.fetch('node-1', wanted(url), never);
    await library.fetch('node-1', wanted(url), never);
    await writeFile(join(folder, 'node-1-cd-0.img.part'), 'half');
    await makeLibrary().sweep([used]);
    expect((await readdir(folder)).filter(name => !name.endsWith('.json'))).toEqual([
      used.file.split('/').at(-1),
    ]);
    await library.clear();
    await expectNothingLeft();
  });

  test('on its way is left alone when what an earlier daemon left is deleted', async () => {
    let finish = () => {};
    const { url } = await serve((_, response) => {
      response.writeHead(200, { 'content-length': content.length });
      response.write(content.subarray(0, 1000));
      finish = () => response.end(content.subarray(1000));
    });
    const library = makeLibrary();
    const fetched = library.fetch('node-1', wanted(url), never);
    await expect.poll(() => readdir(folder).catch(() => [])).toEqual([expect.stringMatching(/\.part$/)]);
    await library.sweep([]);
    finish();
    const { file } = await fetched;
    await library.sweep([]);
    expect((await readFile(file)).equals(content)).toBe(true);
  });

  test('may come from a client itself', async () => {
    async function* parts() {
      yield content.subarray(0, 1000);
      yield content.subarray(1000);
    }
    const upload = {
      name: 'mine.iso',
      content: parts(),
      size: content.length,
      writeProtected: true,
      slot: 'cd',
    } as const;
    const image = await makeLibrary().store('node-1', upload, never);
    expect(image).toMatchObject({ url: 'mine.iso', size: content.length });
    expect((await readFile(image.file)).equals(content)).toBe(true);
  });
});

describe('credentials', () => {
  test('are for the server that they were given for', async () => {
    const other = await serve(sends(content), undefined, '127.0.0.2');
    const { url, requests } = await serve((request, response) => {
      if (request.url === '/live.iso') response.writeHead(302, { location: '/moved.iso' }).end();
      else response.writeHead(307, { location: other.url }).end();
    });
    await makeLibrary().fetch('node-1', wanted(url, { username: 'ann', password: 'pass:word' }), never);
    const expected = `Basic ${Buffer.from('ann:pass:word').toString('base64')}`;
    expect(requests.map(({ headers }) => headers.authorization)).toEqual([expected, expected]);
    expect(other.requests.map(({ headers }) => headers.authorization)).toEqual([undefined]);
  });

  test('may be part of the URL, and are not shown', async () => {
    const { url, requests } = await serve(sends(content));
    const image = await makeLibrary().fetch('node-1', wanted(url.replace('//', '//ann:p%40ss@')), never);
    expect(requests[0]?.headers.authorization).toBe(`Basic ${Buffer.from('ann:p@ss').toString('base64')}`);
    expect(image.url).toBe(url);
  });
});

describe('a server', () => {
  const tls = async () => {
    const { key, certificate } = await makeIdentity({
      name: 'images.test',
      notBefore: Date.now() - 60_000,
      notAfter: Date.now() + 3_600_000,
    });
    return { key, cert: certificate };
  };

  test('with a certificate of nobody is not trusted, unless that is allowed', async () => {
    const { url } = await serve(sends(content), await tls());
    const library = makeLibrary();
    await expect(library.fetch('node-1', wanted(url), never)).rejects.toMatchObject({ kind: 'untrusted' });
    await expectNothingLeft();
    const { size } = await library.fetch('node-1', wanted(url, { verifyCertificate: false }), never);
    expect(size).toBe(content.length);
  });

  test.each([
    [401, 'unauthorized'],
    [403, 'unauthorized'],
    [404, 'not-found'],
    [410, 'not-found'],
    [500, 'unreachable'],
    [206, 'unreachable'],
    [304, 'unreachable'],
  ])('that says %i has no image: %s', async (status, kind) => {
    const { url } = await serve((_, response) => response.writeHead(status).end());
    await expect(makeLibrary().fetch('node-1', wanted(url), never)).rejects.toMatchObject({ kind });
    await expectNothingLeft();
  });

  test('that is not there cannot be reached', async () => {
    const { url } = await serve(sends(content));
    for (const close of closers.splice(0)) close();
    await expect(makeLibrary().fetch('node-1', wanted(url), never)).rejects.toMatchObject({
      kind: 'unreachable',
    });
  });

  test('that sends a page, or nothing, has no image', async () => {
    const answers = [
      sends(Buffer.from('log in'), { 'content-type': 'text/html; charset=utf-8' }),
      sends(Buffer.from('\n<!DOCTYPE html><title>Log in</title>'), {
        'content-type': 'application/octet-stream',
      }),
      sends(Buffer.alloc(0)),
    ];
    for (const answer of answers) {
      const { url } = await serve(answer);
      await expect(makeLibrary().fetch('node-1', wanted(url), never)).rejects.toMatchObject({
        kind: 'not-an-image',
        message: expect.stringContaining(url),
      });
    }
    await expectNothingLeft();
  });

  test('may not send without end', async () => {
    const { url } = await serve((_, response) => {
      const more = () => {
        while (response.write(content));
      };
      response.on('drain', more);
      more();
    });
    const library = makeLibrary({ limit: 1_000_000 });
    await expect(library.fetch('node-1', wanted(url), never)).rejects.toMatchObject({ kind: 'too-large' });
    await expectNothingLeft();
  });

  test('that announces too much is not listened to', async () => {
    const { url } = await serve((_, response) => {
      response.writeHead(200, { 'content-length': 10 ** 12 });
      response.write(content);
    });
    await expect(makeLibrary().fetch('node-1', wanted(url), never)).rejects.toMatchObject({
      kind: 'too-large',
    });
    const small = makeLibrary({ limit: 10 ** 13, freeSpace: async () => 10 ** 9 });
    await expect(small.fetch('node-1', wanted(url), never)).rejects.toMatchObject({ kind: 'no-space' });
    await expectNothingLeft();
  });

  test('that sends less than it announced has sent nothing', async () => {
    const { url } = await serve((request, response) => {
      response.writeHead(200, { 'content-length': content.length + 1 });
      response.write(content, () => request.socket.destroy());
    });
    await expect(makeLibrary().fetch('node-1', wanted(url), never)).rejects.toMatchObject({
      kind: 'interrupted',
    });
    await expectNothingLeft();
  });

  test.each(['before its answer', 'in the middle'])('that falls silent %s is given up', async when => {
    const clock = new VirtualClock();
    let silent = () => {};
    const isSilent = new Promise<void>(resolve => {
      silent = resolve;
    });
    const { url } = await serve((_, response) => {
      if (when === 'in the middle')
        response.writeHead(200, { 'content-length': 1_000_000 }).write(content, silent);
      else silent();
    });
    const fetching = makeLibrary({ clock }).fetch('node-1', wanted(url), never);
    const failed = expect(fetching).rejects.toMatchObject({ kind: 'interrupted' });
    await isSilent;
    // What was sent before may still come.
    for (const over = { is: false }; !over.is; await clock.advance(stallTimeout)) {
      fetching.then(
        () => {
          over.is = true;
        },
        () => {
          over.is = true;
        },
      );
      await new Promise(setImmediate);
    }
    await failed;
    await expectNothingLeft();
  });

  test('is left when the caller gives up', async () => {
    const giveUp = new AbortController();
    const { url } = await serve((_, response) => {
      response
        .writeHead(200, { 'content-length': 1_000_000 })
        .write(content, () => giveUp.abort(new Error('enough')));
    });
    const library = makeLibrary();
    const behind = library.fetch('node-2', wanted(url), AbortSignal.any([giveUp.signal]));
    await expect(library.fetch('node-1', wanted(url), giveUp.signal)).rejects.toThrow('enough');
    await expect(behind).rejects.toThrow('enough');
    await expectNothingLeft();
  });
});

describe('nothing is fetched', () => {
  const refused = { kind: 'refused' };

  test('from where nothing may be', async () => {
    const { url, requests } = await serve(sends(content));
    const library = makeLibrary({ destinations: new Destinations() });
    for (const to of [
      url,
      'file:///etc/passwd',
      'ftp://192.0.2.1/a.iso',
      'nonsense',
      url.replace('127.0.0.1', 'localhost'),
    ])
      await expect(library.fetch('node-1', wanted(to), never), to).rejects.toMatchObject(refused);
    expect(requests).toEqual([]);
  });

  test('by a redirect either, nor in the clear after a verified certificate', async () => {
    const inside = await serve(sends(content));
    for (const location of [inside.url, 'file:///etc/passwd', 'http://[::1]/', '']) {
      const { url } = await serve(
        (_, response) => response.writeHead(302, { location }).end(),
        undefined,
        '127.0.0.2',
      );
      const library = makeLibrary({ destinations: new Destinations(['127.0.0.2']) });
      await expect(library.fetch('node-1', wanted(url), never), location).rejects.toMatchObject(refused);
    }
    expect(inside.requests).toEqual([]);
  });

  test('by a name that leads elsewhere when it is connected to', async () => {
    const { port, requests } = await serve(sends(content));
    const addresses = ['192.0.2.1', '127.0.0.1'];
    const destinations = new Destinations(undefined, async () => [
      { address: addresses.pop() ?? '', family: 4 },
    ]);
    const fetching = makeLibrary({ destinations }).fetch(
      'node-1',
      wanted(`http://rebinds.test:${port}/`),
      never,
    );
    await expect(fetching).rejects.toMatchObject(refused);
    expect(requests).toEqual([]);
  });

  test('in a circle', async () => {
    const { url, requests } = await serve((_, response) =>
      response.writeHead(302, { location: '/live.iso' }).end(),
    );
    await expect(makeLibrary().fetch('node-1', wanted(url), never)).rejects.toMatchObject(refused);
    expect(requests).toHaveLength(6);
  });
});

test('credentials of a URL that are encoded wrongly are given as they stand', async () => {
  const { url, requests } = await serve(sends(content));
  const image = await makeLibrary().fetch('node-1', wanted(url.replace('//', '//olga:100%@')), never);
  expect(image.url).toBe(url);
  const sent = Buffer.from(String(requests[0]?.headers.authorization).slice(6), 'base64').toString();
  expect(sent).toBe('olga:100%');
});

describe('an image of firmware', () => {
  const read = async (url: string, more = never) => {
    const request = { url, verifyCertificate: true };
    const chunks: Uint8Array[] = [];
    const source = updateSource(new Destinations(['127.0.0.1']), new VirtualClock());
    for await (const chunk of source.open(request, more)) chunks.push(chunk);
    return Buffer.concat(chunks);
  };

  test('is read as it comes', async () => {
    const { url } = await serve(sends(content));
    expect((await read(url)).equals(content)).toBe(true);
  });

  test('is refused, missing or broken as one for a drive', async () => {
    await expect(read('http://127.0.0.2/')).rejects.toMatchObject({ kind: 'refused' });
    const { url } = await serve((request, response) => {
      if (request.url === '/live.iso') response.writeHead(404).end();
      else {
        response.writeHead(200, { 'content-length': content.length + 1 });
        response.write(content, () => request.socket.destroy());
      }
    });
    await expect(read(url)).rejects.toMatchObject({ kind: 'not-found' });
    await expect(read(`${url}.broken`)).rejects.toMatchObject({ kind: 'interrupted' });
  });

  test('may be left in the middle', async () => {
    const { url, requests } = await serve((_, response) => response.writeHead(200).write(content));
    const source = updateSource(new Destinations(['127.0.0.1']), new VirtualClock());
    for await (const _ of source.open({ url, verifyCertificate: true }, never)) break;
    const [request] = requests;
    await new Promise<void>(resolve => {
      if (!request || request.socket.destroyed) resolve();
      else request.socket.once('close', () => resolve());
    });
    expect(requests).toHaveLength(1);
  });
});

test('a folder that cannot be written to is told as it is', async () => {
  const { url } = await serve(sends(content));
  await writeFile(join(folder, '..', 'file'), '');
  await chmod(join(folder, '..', 'file'), 0o600);
  const library = makeLibrary({ folder: join(folder, '..', 'file', 'media') });
  await expect(library.fetch('node-1', wanted(url), never)).rejects.toMatchObject({ code: 'ENOTDIR' });
});

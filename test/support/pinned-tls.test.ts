import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fingerprintOf, type Identity, keptIdentity, makeIdentity } from '../../src/support/certificate.ts';
import { memoryDocument } from '../../src/support/document.ts';
import { connectPinned, isPeer, pinnedServerOptions } from '../../src/support/pinned-tls.ts';

const year = 365 * 86_400_000;
const make = (name: string) => makeIdentity({ name, notBefore: 0, notAfter: Date.now() + year });

describe('two that pin each other', () => {
  let server: ReturnType<typeof createServer>;
  let service: Identity;
  let manager: Identity;
  let port = 0;

  beforeAll(async () => {
    service = await make('service');
    manager = await make('manager');
    server = createServer(pinnedServerOptions(service), socket => {
      socket.on('error', () => socket.destroy());
      if (isPeer(socket, fingerprintOf(manager.certificate))) socket.end('welcome');
      else socket.destroy();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    port = (server.address() as AddressInfo).port;
  });
  afterAll(() => server.close());

  const connect = (identity: Identity, fingerprint: string) =>
    connectPinned({ host: '127.0.0.1', port, fingerprint }, identity, 10_000);

  test('speak to each other', async () => {
    const socket = await connect(manager, fingerprintOf(service.certificate));
    const [data] = await once(socket, 'data');
    expect(String(data)).toBe('welcome');
  });

  test('a client says nothing to somebody else', async () => {
    await expect(connect(manager, fingerprintOf(manager.certificate))).rejects.toMatchObject({
      code: 'PEER_IS_ANOTHER',
    });
  });

  test('a server says nothing to somebody else, whatever name its certificate bears', async () => {
    const stranger = await make('manager');
    const socket = await connect(stranger, fingerprintOf(service.certificate));
    const heard: unknown[] = [];
    socket.on('data', data => heard.push(data)).on('error', () => undefined);
    await new Promise<void>(resolve => socket.on('close', () => resolve()));
    expect(heard).toEqual([]);
  });
});

describe('keptIdentity', () => {
  test('makes one once', async () => {
    const document = memoryDocument<Identity>();
    const subject = () => ({ name: 'one', notBefore: 0, notAfter: year });
    const made = await keptIdentity(document, subject);
    expect(await keptIdentity(document, subject)).toEqual(made);
    expect(await keptIdentity(memoryDocument<Identity>(), subject)).not.toEqual(made);
  });
});

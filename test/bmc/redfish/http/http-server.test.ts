import { request as httpRequest } from 'node:http';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterEach, expect, test } from 'vitest';
import {
  type HttpParts,
  RedfishHttp,
  type RequestHandler,
} from '../../../../src/bmc/redfish/http/http-server.ts';
import { bytesOf } from '../../../../src/bmc/redfish/protocol/request-body.ts';
import { makeIdentity } from '../../../../src/support/certificate.ts';
import { silentLog } from '../../../../src/support/log.ts';

const open: AsyncDisposable[] = [];

afterEach(async () => {
  for (const one of open.splice(0)) await one[Symbol.asyncDispose]();
});

function server(parts: Partial<HttpParts> = {}): RedfishHttp {
  const made = new RedfishHttp({ tls: undefined, log: silentLog, ...parts });
  open.push(made);
  return made;
}

/** Answers with its name and what it was asked. */
function named(name: string): RequestHandler {
  return {
    async handle({ method, url, body }) {
      const parts: Buffer[] = [];
      for await (const part of body) parts.push(part);
      const text = `${name} ${method} ${url} ${Buffer.concat(parts)}`;
      return {
        status: 200,
        headers: { 'Content-Length': String(Buffer.byteLength(text)) },
        body: Buffer.from(text),
      };
    },
  };
}

const home = '127.0.0.1';

test('every address and port has its own service', async () => {
  const http = server();
  const one = await http.listen({ address: home, port: 0 }, named('one'));
  const two = await http.listen({ address: home, port: 0 }, named('two'));
  expect(await (await fetch(`http://${home}:${one.port}/a`)).text()).toBe('one GET /a ');
  const posted = await fetch(`http://${home}:${two.port}/b?c`, { method: 'POST', body: 'hello' });
  expect(await posted.text()).toBe('two POST /b?c hello');
});

test('a target that is a whole URL is its path', async () => {
  const { port } = await server().listen({ address: home, port: 0 }, named('one'));
  const text = await new Promise<string>((resolve, reject) => {
    const path = `http://${home}:${port}/redfish/v1?only`;
    httpRequest({ host: home, port, path, agent: false }, response => {
      response.setEncoding('utf8').once('data', resolve);
    })
      .once('error', reject)
      .end();
  });
  expect(text).toBe('one GET /redfish/v1?only ');
});

test('a port that is taken is the system’s error', async () => {
  const http = server();
  const { port } = await http.listen({ address: home, port: 0 }, named('one'));
  await expect(http.listen({ address: home, port }, named('two'))).rejects.toMatchObject({
    code: 'EADDRINUSE',
  });
});

test('a new certificate is shown to those who connect from then on', async () => {
  const first = await certificate();
  const second = await certificate();
  const http = server({ tls: first });
  const { port } = await http.listen({ address: home, port: 0 }, named('one'));
  expect(await shown(port)).toBe(first.certificate.trim());
  http.setCertificate(second);
  expect(await shown(port)).toBe(second.certificate.trim());
});

test('closing ends a stream, and tells who makes it', async () => {
  const http = server();
  let ended: (reason: string) => void = () => undefined;
  const told = new Promise<string>(resolve => {
    ended = resolve;
  });
  const { port, close } = await http.listen(
    { address: home, port: 0 },
    {
      handle: async ({ signal }) => ({
        status: 200,
        headers: { 'Content-Type': 'text/event-stream' },
        body: (async function* () {
          yield 'data: 1\n\n';
          await new Promise<void>(resolve => signal.addEventListener('abort', () => resolve()));
          ended('aborted');
        })(),
      }),
    },
  );
  const response = await fetch(`http://${home}:${port}/`);
  const reader = response.body?.getReader();
  expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe('data: 1\n\n');
  await close();
  expect(await told).toBe('aborted');
  await expect(reader?.read()).rejects.toThrow();
});

test('a client that is too slow with its headers is sent away', async () => {
  const http = server({ limits: { headersTimeout: 50, requestTimeout: 50, checkInterval: 20 } });
  const { port } = await http.listen({ address: home, port: 0 }, named('one'));
  const socket = connect(port, home);
  socket.write('GET / HTTP/1.1\r\nHost: x\r\nX-Slow:');
  const answer = await new Promise<string>(resolve => {
    let text = '';
    socket.on('data', data => {
      text += data;
    });
    socket.on('close', () => resolve(text));
  });
  expect(answer).toContain('408');
});

test('what is no HTTP is refused, and the next client served', async () => {
  const http = server();
  const { port } = await http.listen({ address: home, port: 0 }, named('one'));
  const socket = connect(port, home);
  socket.write('\x16\x03\x01 hello\r\n\r\n');
  await new Promise(resolve => socket.on('close', resolve).resume());
  expect((await fetch(`http://${home}:${port}/`)).status).toBe(200);
});

test.each([
  ['FAKEMETHOD / HTTP/1.1\r\n\r\n', 501],
  ['GET / NONSENSE\r\n\r\n', 400],
  [`GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
])('what the server does not know is told so: %#', async (text, status) => {
  const http = server();
  const { port } = await http.listen({ address: home, port: 0 }, named('one'));
  const socket = connect(port, home);
  socket.write(text);
  const answer = await new Promise(resolve => socket.once('data', resolve));
  expect(String(answer)).toContain(`HTTP/1.1 ${status} `);
  socket.destroy();
});

test.each(['HTTP', 'TLS'])('clients of %s that break off harm nobody else', async protocol => {
  const http = server({ tls: protocol === 'TLS' ? await certificate() : undefined });
  const { port } = await http.listen({ address: home, port: 0 }, named('one'));
  const breakOff = (socket: Socket, text: string) =>
    new Promise(resolve => {
      socket.on('error', () => undefined).once('close', resolve);
      socket.once('connect', () => socket.write(text, () => socket.resetAndDestroy()));
    });
  const begun = 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhello';
  await Promise.all(Array.from({ length: 20 }, () => breakOff(connect(port, home), begun)));
  if (protocol === 'HTTP') {
    expect((await fetch(`http://${home}:${port}/`)).status).toBe(200);
    return;
  }
  const raw = Array.from({ length: 20 }, () => connect(port, home));
  await Promise.all(
    raw.map(socket => {
      const tls = connectTls({ socket, rejectUnauthorized: false }, () => {
        tls.write(begun, () => socket.resetAndDestroy());
      });
      return new Promise(resolve => tls.on('error', () => undefined).once('close', resolve));
    }),
  );
  expect(await shown(port)).toContain('BEGIN CERTIFICATE');
});

test('a body that breaks off is the client’s doing', async () => {
  const http = server();
  let came: (error: unknown) => void = () => undefined;
  const failure = new Promise<unknown>(resolve => {
    came = resolve;
  });
  const { port } = await http.listen(
    { address: home, port: 0 },
    {
      async handle(request) {
        await bytesOf(request).catch(came);
        return { status: 400, headers: {}, body: undefined };
      },
    },
  );
  const socket = connect(port, home);
  socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhello', () => socket.destroy());
  expect(await failure).toMatchObject({ status: 400 });
});

test('more connections than there may be are closed', async () => {
  const http = server({ limits: { connections: 1 } });
  const { port } = await http.listen({ address: home, port: 0 }, named('one'));
  const first = connect(port, home);
  await new Promise(resolve => first.once('connect', resolve));
  const second = connect(port, home);
  await new Promise(resolve => second.on('error', () => undefined).once('close', resolve));
  first.destroy();
});

test('one client cannot have all connections', async () => {
  const http = server({ limits: { connectionsOfClient: 1 } });
  const { port } = await http.listen({ address: home, port: 0 }, named('one'));
  const first = connect(port, home);
  await new Promise(resolve => first.once('connect', resolve));
  const second = connect(port, home);
  await new Promise(resolve => second.on('error', () => undefined).once('close', resolve));
  const other = connect({ port, host: home, localAddress: '127.0.0.2' });
  other.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  expect(String(await new Promise(resolve => other.once('data', resolve)))).toMatch(/^HTTP\/1.1 200 /);
  first.destroy();
  other.destroy();
});

test('the head of an answer without its body says how long that would be', async () => {
  const http = server();
  const { port } = await http.listen({ address: home, port: 0 }, named('one'));
  const response = await new Promise<number | undefined>(resolve =>
    httpRequest({ host: home, port, method: 'HEAD', path: '/' }, answer => {
      answer.resume();
      resolve(Number(answer.headers['content-length']));
    }).end(),
  );
  expect(response).toBe('one HEAD / '.length);
});

function certificate() {
  return makeIdentity({ name: 'lab', notBefore: 0, notAfter: Date.UTC(2100, 0, 1) });
}

/** The certificate that a server shows, as PEM. */
function shown(port: number): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const socket = connectTls({ host: home, port, rejectUnauthorized: false }, () => {
      resolve(socket.getPeerX509Certificate()?.toString().trim());
      socket.destroy();
    });
    socket.on('error', reject);
  });
}

import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { QmpClient, type QmpEvent } from '../../../src/drivers/qemu/qmp.ts';
import { LineSplitter } from '../../../src/drivers/qemu/qmp-lines.ts';
import { systemClock, VirtualClock } from '../../../src/support/clock.ts';

const greeting = { QMP: { version: { qemu: { major: 7, minor: 2, micro: 0 } }, capabilities: [] } };

/** Answers one command: a line to send, or silence. */
type Behaviour = (
  command: { execute: string; arguments: unknown; id: number },
  socket: Socket,
) => object | undefined;

describe('QMP client', () => {
  let folder: string;
  let path: string;
  let server: Server;
  let behaviours: Record<string, Behaviour>;
  let greets: boolean;
  const sockets = new Set<Socket>();

  const say = (socket: Socket, message: object) => socket.write(`${JSON.stringify(message)}\r\n`);

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'qmp-'));
    path = join(folder, 'qmp');
    greets = true;
    behaviours = { qmp_capabilities: () => ({ return: {} }) };
    server = createServer(socket => {
      sockets.add(socket);
      if (greets) say(socket, greeting);
      const lines = new LineSplitter(1 << 16);
      socket.on('data', bytes => {
        for (const line of lines.push(bytes) ?? []) {
          const command = JSON.parse(line);
          const answer = behaviours[command.execute]?.(command, socket);
          if (answer) say(socket, { ...answer, id: command.id });
        }
      });
      socket.on('error', () => undefined);
    });
    await new Promise<void>(resolve => server.listen(path, resolve));
  });

  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
    await new Promise(resolve => server.close(resolve));
    await rm(folder, { recursive: true });
  });

  const connect = (onEvent: (event: QmpEvent) => void = () => undefined) =>
    QmpClient.connect(path, { clock: systemClock, onEvent });

  test('negotiates, then executes commands and returns what QEMU returned', async () => {
    behaviours['query-status'] = () => ({ return: { status: 'running' } });
    const qmp = await connect();
    expect(await qmp.execute('query-status')).toEqual({ status: 'running' });
    qmp.close();
  });

  test('answers go to the commands they belong to, in whatever order they come', async () => {
    let first: number | undefined;
    behaviours.echo = ({ arguments: args, id }, socket) => {
      if (first === undefined) {
        first = id;
        return undefined;
      }
      say(socket, { return: args, id });
      say(socket, { return: 'the first one', id: first });
      return undefined;
    };
    const qmp = await connect();
    const answers = await Promise.all([qmp.execute('echo', { n: 1 }), qmp.execute('echo', { n: 2 })]);
    expect(answers).toEqual(['the first one', { n: 2 }]);
    qmp.close();
  });

  test('a refusal is an error with what QEMU said', async () => {
    behaviours.quit = () => ({ error: { class: 'GenericError', desc: 'not now' } });
    const qmp = await connect();
    await expect(qmp.execute('quit')).rejects.toMatchObject({ kind: 'refused', message: 'not now' });
    qmp.close();
  });

  test('events are delivered, also one that comes in the middle of the negotiation', async () => {
    behaviours.qmp_capabilities = (_, socket) => {
      say(socket, { event: 'RESUME', timestamp: {} });
      return { return: {} };
    };
    behaviours.stop = (_, socket) => {
      say(socket, { event: 'STOP', data: { why: 'test' }, timestamp: {} });
      return { return: {} };
    };
    const events: QmpEvent[] = [];
    const qmp = await connect(event => events.push(event));
    await qmp.execute('stop');
    expect(events).toEqual([
      { event: 'RESUME', data: {} },
      { event: 'STOP', data: { why: 'test' } },
    ]);
    qmp.close();
  });

  test('a command that is not answered fails when its time is up; a late answer is nobody’s', async () => {
    const clock = new VirtualClock();
    let late: (() => void) | undefined;
    behaviours.slow = ({ id }, socket) => {
      late = () => say(socket, { return: 'late', id });
      return undefined;
    };
    behaviours.quick = () => ({ return: 'quick' });
    const qmp = await QmpClient.connect(path, { clock, onEvent: () => undefined });
    const slow = qmp.execute('slow', {}, { timeout: 1_000 });
    const failed = expect(slow).rejects.toMatchObject({ kind: 'timeout' });
    await qmp.execute('quick');
    await clock.advance(1_000);
    await failed;
    late?.();
    expect(await qmp.execute('quick')).toBe('quick');
    qmp.close();
  });

  test('a command is given up when its signal aborts, and the next one goes on', async () => {
    behaviours['query-name'] = () => ({ return: 'n1' });
    const qmp = await connect();
    const abort = new AbortController();
    const call = qmp.execute('never', {}, { signal: abort.signal });
    abort.abort(new Error('enough'));
    await expect(call).rejects.toThrow('enough');
    expect(await qmp.execute('query-name')).toBe('n1');
    qmp.close();
  });

  test('commands under way fail when QEMU goes away, and so do later ones', async () => {
    behaviours.quit = (_, socket) => {
      socket.destroy();
      return undefined;
    };
    const qmp = await connect();
    await expect(qmp.execute('quit')).rejects.toMatchObject({ kind: 'closed' });
    await qmp.closed;
    await expect(qmp.execute('query-status')).rejects.toMatchObject({ kind: 'closed' });
  });

  test('a peer that talks something else is left', async () => {
    behaviours.odd = (_, socket) => {
      socket.write('220 mail.example ESMTP\n');
      return undefined;
    };
    const qmp = await connect();
    await expect(qmp.execute('odd')).rejects.toMatchObject({ kind: 'protocol' });
    await qmp.closed;
  });

  test('a peer that never greets is left in time', async () => {
    greets = false;
    const call = QmpClient.connect(path, { clock: systemClock, onEvent: () => undefined, timeout: 20 });
    await expect(call).rejects.toMatchObject({ kind: 'timeout' });
  });

  test('where nobody listens, the error says so', async () => {
    const call = QmpClient.connect(join(folder, 'nobody'), { clock: systemClock, onEvent: () => undefined });
    await expect(call).rejects.toMatchObject({ kind: 'closed' });
  });
});

describe('line splitter', () => {
  test('gives the same lines however the bytes are cut', () => {
    const line = fc.string({ unit: 'grapheme', maxLength: 20 }).map(text => text.replace(/[\r\n]/g, ''));
    fc.assert(
      fc.property(fc.array(line), fc.infiniteStream(fc.integer({ min: 1, max: 7 })), (lines, cuts) => {
        const bytes = Buffer.from(lines.map(text => `${text}\n`).join(''));
        const splitter = new LineSplitter(1_000);
        const found: string[] = [];
        for (let at = 0; at < bytes.length; ) {
          const size = cuts.next().value;
          found.push(...(splitter.push(bytes.subarray(at, at + size)) ?? ['too long']));
          at += size;
        }
        expect(found).toEqual(lines);
      }),
    );
  });

  test('refuses a line that is too long, whether or not it ends', () => {
    expect(new LineSplitter(4).push(Buffer.from('12345'))).toBeUndefined();
    expect(new LineSplitter(4).push(Buffer.from('12345\n'))).toBeUndefined();
    expect(new LineSplitter(4).push(Buffer.from('1234\n1234\n'))).toEqual(['1234', '1234']);
  });
});

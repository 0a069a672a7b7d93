import { appendFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { QemuSerial } from '../../../src/drivers/qemu/serial.ts';
import { systemClock } from '../../../src/support/clock.ts';
import { silentLog } from '../../../src/support/log.ts';

/** QEMU's side of a serial port: a socket, and a log that comes a moment later. */
describe('serial port of a QEMU machine', () => {
  let folder: string;
  let log: string;
  let server: Server;
  let guest: Promise<Socket>;
  let typed: string;
  let port: QemuSerial;
  let told: string;
  let wake: () => void;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'serial-'));
    log = join(folder, 'log');
    typed = '';
    server = createServer();
    guest = new Promise(resolve => server.once('connection', resolve));
    server.on('connection', socket => {
      socket.on('data', bytes => {
        typed += bytes.toString();
        wake();
      });
    });
    const socket = join(folder, 'tty');
    await new Promise<void>(resolve => server.listen(socket, resolve));
    port = new QemuSerial(
      { log, socket },
      { clock: systemClock, log: silentLog, sendBreak: () => undefined },
    );
    told = '';
    wake = () => undefined;
    port.listen(bytes => {
      told += bytes.toString();
      wake();
    });
  });

  afterEach(async () => {
    port.close();
    (await guest).destroy();
    await new Promise(resolve => server.close(resolve));
    await rm(folder, { recursive: true });
  });

  const until = async (holds: () => boolean) => {
    while (!holds()) {
      await new Promise<void>(resolve => {
        wake = resolve;
      });
    }
  };
  const say = async (text: string) => {
    (await guest).write(text);
    appendFileSync(log, text);
  };

  test('tells what a fresh machine sends from its first byte on, and nothing twice', async () => {
    writeFileSync(log, 'first ');
    await port.attach(true);
    await say('second');
    await until(() => told.endsWith('second'));
    expect(told).toBe('first second');
    expect((await port.history()).toString()).toBe(told);
  });

  test('of a machine that was found running, only what is new is told; the rest is history', async () => {
    writeFileSync(log, 'before ');
    await port.attach(false);
    await say('after');
    await until(() => told !== '');
    expect('after'.startsWith(told)).toBe(true);
    await until(() => told === 'after');
    expect((await port.history()).toString()).toBe('before after');
  });

  test('a byte that is logged later than it is sent is not lost', async () => {
    await port.attach(true);
    (await guest).write('x');
    await new Promise(resolve => setImmediate(resolve));
    appendFileSync(log, 'x');
    await until(() => told === 'x');
  });

  test('the end of the log is told when QEMU has ended', async () => {
    await port.attach(true);
    appendFileSync(log, 'last words');
    await port.detach();
    expect(told).toBe('last words');
  });

  test('a machine that is off has its history, and takes nothing', async () => {
    writeFileSync(log, 'what it said');
    expect((await port.history()).toString()).toBe('what it said');
    port.write(Buffer.from('hello?'));
    rmSync(log);
    expect((await port.history()).length).toBe(0);
    await port.attach(true);
  });

  test('sends what is typed', async () => {
    await port.attach(true);
    port.write(Buffer.from('root\r'));
    await until(() => typed === 'root\r');
  });
});

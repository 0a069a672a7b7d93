import { execFileSync } from 'node:child_process';
import { appendFileSync, openSync, readSync, rmSync, writeFileSync } from 'node:fs';
import { constants, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { QemuSerial } from '../../../src/drivers/qemu/serial.ts';
import { silentLog } from '../../../src/support/log.ts';

/** QEMU's side of a serial port: a log that grows, and a FIFO that it holds open for reading and writing. */
describe('serial port of a QEMU machine', () => {
  let folder: string;
  let log: string;
  let guest: number;
  let port: QemuSerial;
  let told: string;
  let wake: () => void;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'serial-'));
    log = join(folder, 'log');
    const input = join(folder, 'in');
    execFileSync('mkfifo', [input]);
    guest = openSync(input, constants.O_RDWR | constants.O_NONBLOCK);
    port = new QemuSerial({ log, input }, { log: silentLog, sendBreak: () => undefined });
    told = '';
    wake = () => undefined;
    port.listen(bytes => {
      told += bytes.toString();
      wake();
    });
  });

  afterEach(async () => {
    port.close();
    await rm(folder, { recursive: true });
  });

  const until = async (holds: () => boolean) => {
    while (!holds()) {
      await new Promise<void>(resolve => {
        wake = resolve;
      });
    }
  };
  const say = (text: string) => appendFileSync(log, text);

  test('tells what a fresh machine sends from its first byte on, and nothing twice', async () => {
    writeFileSync(log, 'first ');
    await port.attach(true);
    say('second');
    await until(() => told.endsWith('second'));
    expect(told).toBe('first second');
    expect((await port.history()).toString()).toBe(told);
  });

  test('of a machine that was found running, only what is new is told; the rest is history', async () => {
    writeFileSync(log, 'before ');
    await port.attach(false);
    say('after');
    await until(() => told !== '');
    expect('after'.startsWith(told)).toBe(true);
    await until(() => told === 'after');
    expect((await port.history()).toString()).toBe('before after');
  });

  test('the end of the log is told when QEMU has ended', async () => {
    writeFileSync(log, '');
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
    expect(() => readSync(guest, Buffer.alloc(64))).toThrow('EAGAIN');
  });

  test('sends what is typed, in order', async () => {
    writeFileSync(log, '');
    await port.attach(true);
    for (const key of 'root\r') port.write(Buffer.from(key));
    const typed = Buffer.alloc(64);
    let length = 0;
    while (length < 5) {
      try {
        length += readSync(guest, typed, length, typed.length - length, null);
      } catch {
        await new Promise(resolve => setImmediate(resolve));
      }
    }
    expect(typed.toString('latin1', 0, length)).toBe('root\r');
  });
});

import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Disturbances } from '../../../src/drivers/qemu/disturbances.ts';
import { type MachinePaths, machinePaths } from '../../../src/drivers/qemu/layout.ts';
import { LineSplitter } from '../../../src/drivers/qemu/qmp-lines.ts';
import { newRun, type Run } from '../../../src/drivers/qemu/run.ts';
import { powerOnRecord } from '../../../src/drivers/qemu/run-record.ts';
import { RunWatch } from '../../../src/drivers/qemu/run-watch.ts';
import { QemuSerial } from '../../../src/drivers/qemu/serial.ts';
import { processStatus } from '../../../src/host/processes.ts';
import { noChange } from '../../../src/node/firmware-settings.ts';
import { systemClock } from '../../../src/support/clock.ts';
import { memoryDocument } from '../../../src/support/document.ts';
import { silentLog } from '../../../src/support/log.ts';

/** A QEMU that has not begun to run its machine, as far as QMP tells. */
class PrelaunchedQemu {
  status = 'prelaunch';
  /** Commands that it refuses. */
  readonly refused = new Set<string>();
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;

  constructor() {
    this.#server = createServer(socket => {
      this.#sockets.add(socket);
      const say = (message: object) => socket.write(`${JSON.stringify(message)}\r\n`);
      const lines = new LineSplitter(1 << 16);
      say({ QMP: {} });
      socket.on('error', () => undefined);
      socket.on('data', bytes => {
        for (const line of lines.push(bytes) ?? []) {
          const { id, execute } = JSON.parse(line);
          const error = { class: 'GenericError', desc: `no ${execute}` };
          say(this.refused.has(execute) ? { error, id } : { return: this.#execute(execute), id });
        }
      });
    });
  }

  listen(path: string): Promise<void> {
    return new Promise(resolve => this.#server.listen(path, resolve));
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise(resolve => this.#server.close(resolve));
  }

  #execute(command: string): object {
    if (command === 'cont') this.status = 'running';
    return command === 'query-status' ? { status: this.status } : {};
  }
}

describe('a machine that is not as its faults want', () => {
  let folder: string;
  let paths: MachinePaths;
  let qemu: PrelaunchedQemu;
  let watch: RunWatch;
  let disturbances: Disturbances;
  let run: Run;
  let logged: { msg: string; error: string }[];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'run-'));
    paths = machinePaths({ stateDirectory: folder, runtimeDirectory: folder }, 'lab', 'n0');
    await mkdir(dirname(paths.qmpSocket), { recursive: true });
    qemu = new PrelaunchedQemu();
    qemu.refused.add('set_link');
    await qemu.listen(paths.qmpSocket);
    disturbances = new Disturbances();
    logged = [];
    const serial = { log: paths.serialLog, input: paths.serialInput };
    watch = new RunWatch({
      ...{ id: 'lab/n0', paths, clock: systemClock, disturbances },
      log: pino({ level: 'warn' }, { write: line => logged.push(JSON.parse(line)) }),
      serial: new QemuSerial(serial, { log: silentLog, sendBreak: () => undefined }),
      record: memoryDocument(),
      observe: () => undefined,
      onEnd: () => undefined,
      onNewQemuNeeded: () => undefined,
      stop: new AbortController().signal,
    });
    const startTime = (await processStatus(process.pid))?.startTime ?? 0;
    const spec = {
      ...{ name: 'n0', uuid: '7d0f3c1e-52a4-4a3e-9b43-0c9d5a7e1f00', cpus: 1, memory: 2 ** 27 },
      ...{ disks: [], nics: [{ mac: '20:57:f8:00:01:00', network: 'net' }], firmware: 'bios' as const },
    };
    const boot = { target: 'default', settings: noChange, revision: 1 } as const;
    run = newRun({ pid: process.pid, startTime }, powerOnRecord(spec, [], boot));
  });

  afterEach(async () => {
    run.qmp?.close();
    await qemu.close();
    await rm(folder, { recursive: true });
  });

  const complaint = {
    msg: 'a machine is not as its faults want',
    error: expect.stringContaining('set_link'),
  };

  test('is let run all the same when it is found before it ran', async () => {
    await watch.reconnect(run);
    expect(qemu.status).toBe('running');
    expect(run.qmp).toBeDefined();
    expect(logged).toMatchObject([complaint]);
  });

  test('is let run all the same when it is powered on', async () => {
    disturbances.set([{ kind: 'nic-unplugged', nic: 0 }]);
    const { signal } = new AbortController();
    run.qmp = await watch.connect(run, signal);
    await watch.begin(run, run.qmp, signal);
    expect(qemu.status).toBe('running');
    expect(logged).toMatchObject([complaint]);
  });
});

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { CredentialsAnswer, NodeStatus } from '../../../src/daemon/api.ts';
import type { FaultStatus } from '../../../src/daemon/api-faults.ts';
import type { TimelineEntry } from '../../../src/daemon/api-watch.ts';
import type { FaultContent } from '../../../src/faults/fault.ts';
import { redfishLab, startDaemon, type TestDaemon } from '../../daemon/harness.ts';
import { hasProgram } from '../ipmi/programs.ts';

/** Faults as ipmitool and curl feel them, and that they are gone when they are lifted. */

const run = promisify(execFile);
const node = '/v1/labs/test/nodes/node-1';

let daemon: TestDaemon;
let port: number;
let origin: string;
let password: string;

/** What a program says, whether it succeeds or not. */
async function said(program: string, args: readonly string[]): Promise<string> {
  try {
    const { stdout, stderr } = await run(program, args, { timeout: 30_000, env: { PATH: process.env.PATH } });
    return stdout + stderr;
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    return `failed: ${stdout}${stderr}`;
  }
}

const ipmitool = (...args: string[]) =>
  said('ipmitool', [
    ...['-I', 'lanplus', '-H', '127.0.0.1', '-p', String(port), '-U', 'admin', '-P', password],
    ...['-N', '1', '-R', '2', ...args],
  ]);

/** The status and the seconds that it took. */
async function curl(path: string, ...args: string[]): Promise<{ status: string; seconds: number }> {
  const url = `${origin}${path}`;
  const options = [
    '-sk',
    '-m',
    '10',
    '-u',
    `admin:${password}`,
    '-o',
    '/dev/null',
    '-w',
    '%{http_code} %{time_total}',
  ];
  const [status = '', seconds = ''] = (await said('curl', [...options, ...args, url]))
    .replace('failed: ', '')
    .split(' ');
  return { status, seconds: Number(seconds) };
}

async function inject(fault: FaultContent): Promise<void> {
  const request = { nodes: ['node-1'], fault, seed: 3 };
  const { status } = await daemon.call<FaultStatus[]>('POST', '/v1/labs/test/faults', request);
  expect(status).toBe(200);
}

const faults = async () => (await daemon.call<FaultStatus[]>('GET', '/v1/labs/test/faults')).body;
const lift = () => daemon.call('DELETE', '/v1/labs/test/faults');
const system = '/redfish/v1/Systems/node-1';

describe.skipIf(!hasProgram('ipmitool') || !hasProgram('curl'))(
  'a fault is felt by clients until it is lifted',
  () => {
    beforeAll(async () => {
      daemon = await startDaemon();
      await daemon.run('POST', '/v1/labs/apply', redfishLab(2));
      const { body: status } = await daemon.call<NodeStatus>('GET', node);
      const { body: logins } = await daemon.call<CredentialsAnswer>('GET', '/v1/labs/test/credentials');
      port = status.bmc.port;
      origin = new URL(status.bmc.redfish?.url ?? '').origin;
      password = logins.nodes['node-1']?.[0]?.password ?? '';
    });

    afterAll(() => daemon?.[Symbol.asyncDispose]());

    afterEach(async () => {
      await lift();
      expect(await faults()).toEqual([]);
      expect(await ipmitool('power', 'status')).toMatch(/^Chassis Power is/);
      expect(await curl(system)).toMatchObject({ status: '200' });
    });

    test('a BMC that cannot be reached', async () => {
      await inject({ kind: 'bmc-unreachable' });
      expect(await ipmitool('power', 'status')).toContain('Unable to establish');
      expect(await curl(system)).toMatchObject({ status: '000' });
      expect((await faults())[0]?.felt).toBeGreaterThan(1);
      const { body } = await daemon.call<TimelineEntry[]>('GET', `${node}/timeline`);
      expect(body.map(({ text }) => text)).toContain('fault felt: the BMC cannot be reached');
    });

    test('a slow BMC', async () => {
      await inject({ kind: 'bmc-slow', delay: '700ms' });
      const { status, seconds } = await curl(system);
      expect(status).toBe('200');
      expect(seconds).toBeGreaterThanOrEqual(0.7);
      expect(await ipmitool('power', 'status')).toMatch(/Chassis Power is/);
    });

    test('a network that loses datagrams', async () => {
      await inject({ kind: 'bmc-lossy', loss: 1 });
      expect(await ipmitool('power', 'status')).toContain('Unable to establish');
      await lift();
      await inject({ kind: 'bmc-lossy', duplicate: 1 });
      expect(await ipmitool('power', 'status')).toContain('Chassis Power is');
      expect((await faults())[0]?.felt).toBeGreaterThan(5);
    });

    test('passwords that are others', async () => {
      await inject({ kind: 'wrong-password' });
      expect(await ipmitool('-v', 'power', 'status')).toContain('HMAC is invalid');
      expect(await curl(system)).toMatchObject({ status: '401' });
    });

    test('no room for a session', async () => {
      await inject({ kind: 'sessions-exhausted' });
      expect(await ipmitool('power', 'status')).toContain('insufficient resources');
      const body = JSON.stringify({ UserName: 'admin', Password: password });
      const post = ['-H', 'Content-Type: application/json', '-d', body];
      expect(await curl('/redfish/v1/SessionService/Sessions', ...post)).toMatchObject({ status: '503' });
    });

    test('a clock that is wrong', async () => {
      await inject({ kind: 'clock-skew', by: '-48h' });
      const day = new Date(Date.now() - 48 * 3_600_000).toISOString().slice(8, 10);
      expect((await ipmitool('sel', 'time', 'get')).slice(3, 5)).toBe(day);
    });

    test('a command that is not carried out', async () => {
      await inject({ kind: 'command-ignored' });
      expect(await ipmitool('power', 'on')).toContain('Up/On');
      expect(await ipmitool('power', 'status')).toContain('is off');
      // The node says so itself: it has seen no change.
      const { body } = await daemon.call<NodeStatus>('GET', node);
      expect(body).toMatchObject({ power: 'off', operation: { action: 'on', phase: { name: 'verifying' } } });
      expect(await ipmitool('power', 'off')).toContain('Down/Off');
    });

    test('a power state that is wrong', async () => {
      await inject({ kind: 'wrong-power-state', shows: 'on' });
      expect(await ipmitool('power', 'status')).toContain('is on');
      await lift();
      expect(await ipmitool('power', 'status')).toContain('is off');
    });

    test('a sensor over its threshold, with the event', async () => {
      await inject({ kind: 'sensor-over-threshold', sensor: 'Inlet Temp' });
      expect(await ipmitool('sdr')).toMatch(/Inlet Temp +\| 48 degrees C +\| cr/);
      expect(await ipmitool('sel', 'elist')).toMatch(/Inlet Temp \| Upper Critical going high \| Asserted/);
      await lift();
      expect(await ipmitool('sel', 'elist')).toMatch(/Inlet Temp \| Upper Critical going high \| Deasserted/);
    });

    test('a platform that refuses', async () => {
      await inject({ kind: 'driver-errors', error: 'refused' });
      const { body } = await daemon.call('POST', `${node}/power`, { action: 'on', wait: 10_000 });
      expect(body).toMatchObject({
        result: { outcome: 'failed', message: expect.stringContaining('on purpose') },
      });
    });

    test('a BMC that restarts', async () => {
      await inject({ kind: 'bmc-resets', every: '3s' });
      await expect
        .poll(() => curl(system), { timeout: 15_000, interval: 200 })
        .toMatchObject({ status: '503' });
      await lift();
      await expect
        .poll(() => curl(system), { timeout: 15_000, interval: 200 })
        .toMatchObject({ status: '200' });
    });

    test('what the driver cannot do is refused, and said', async () => {
      const cloud = { fault: { kind: 'cloud-errors' } };
      expect(await daemon.call('POST', '/v1/labs/test/faults', cloud)).toMatchObject({
        status: 404,
        body: { code: 'FAULT_NEEDS_CLOUD' },
      });
    });
  },
);

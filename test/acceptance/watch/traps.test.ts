import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CredentialsAnswer, NodeStatus } from '../../../src/daemon/api.ts';
import type { NotifyDefinition } from '../../../src/lab/definition.ts';
import { systemClock } from '../../../src/support/clock.ts';
import { poll } from '../../../src/support/wait.ts';
import { simulatedLab, startDaemon, type TestDaemon } from '../../daemon/harness.ts';
import { hasProgram, runClient } from '../ipmi/programs.ts';

/** Net-SNMP receives the daemon's traps, and FreeIPMI reads them. */

let daemon: TestDaemon;
let folder: string;
let receiver: ChildProcess;
let heard = '';

describe.skipIf(!hasProgram('snmptrapd'))('snmptrapd', () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'quintupleo-traps-'));
    const port = await freePort();
    await writeFile(join(folder, 'snmptrapd.conf'), 'disableAuthorization yes\n');
    receiver = spawn(
      'snmptrapd',
      ['-f', '-Lo', '-On', '-m', '', '-C', '-c', join(folder, 'snmptrapd.conf'), `udp:127.0.0.1:${port}`],
      { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, SNMP_PERSISTENT_DIR: folder } },
    );
    receiver.stdout?.on('data', chunk => {
      heard += String(chunk);
    });
    const ready = async () => heard.includes('NET-SNMP version') || undefined;
    await poll(systemClock, { every: 50, within: 30_000 }, ready);
    daemon = await startDaemon();
    const notify: NotifyDefinition = {
      webhooks: [],
      traps: [{ address: '127.0.0.1', port, community: 'laboratory', severity: 'ok' }],
      file: undefined,
      destinations: undefined,
    };
    await daemon.run('POST', '/v1/labs/apply', { ...simulatedLab(1), notify });
    await daemon.call('POST', '/v1/labs/test/nodes/node-1/power', { action: 'on', wait: 30_000 });
  });

  afterAll(async () => {
    await daemon.run('DELETE', '/v1/labs/test');
    await daemon[Symbol.asyncDispose]();
    receiver.kill();
    if (receiver.exitCode === null) await once(receiver, 'exit');
    await rm(folder, { recursive: true });
  });

  test('takes a node’s events for platform event traps of its BMC', async () => {
    // System ACPI power state, sensor-specific, S0: 22h 6Fh 00h.
    await expect.poll(() => heard, { timeout: 30_000 }).toMatch(/Enterprise Specific Trap \(2256640\)/);
    expect(heard).toContain('TRAP, SNMP v1, community laboratory');
    expect(heard).toContain('.1.3.6.1.4.1.3183.1.1 Enterprise Specific');
    expect(heard).toContain('.1.3.6.1.4.1.3183.1.1.1 = Hex-STRING: 8C 4F 6F 2E 4A 53');
  });

  test.skipIf(!hasProgram('ipmi-pet'))('tells FreeIPMI’s interpreter what has happened', async () => {
    const fields = /Trap \(2256640\)[^=]*= Hex-STRING: ((?:[0-9A-F]{2}\s+){47})/.exec(heard)?.[1] ?? '';
    const { body: node } = await daemon.call<NodeStatus>('GET', '/v1/labs/test/nodes/node-1');
    const { body: logins } = await daemon.call<CredentialsAnswer>('GET', '/v1/labs/test/credentials');
    const [login] = logins.nodes['node-1'] ?? [];
    // It asks the BMC for its sensors' names.
    const access = `-h ${node.bmc.address}:${node.bmc.port} -D LAN_2_0 -u admin -p ${login?.password} -l USER`;
    const options = ['--quiet-cache', '--sdr-cache-directory', folder];
    const { text } = await runClient(
      ['ipmi-pet', ...access.split(' '), ...options, '2256640', ...fields.trim().split(/\s+/)],
      folder,
    );
    expect(text).toMatch(/Host Power +\| System ACPI Power State +\| S0\/G0/);
  });
});

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4');
    socket.once('error', reject);
    socket.bind(0, '127.0.0.1', () => {
      const { port } = socket.address();
      socket.close(() => resolve(port));
    });
  });
}

import { spawn } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasProgram } from '../ipmi/programs.ts';
import { login, type RedfishLab, startRedfishLab } from './lab.ts';

/** All that Ironic's redfish hardware type does with a node, through its own client, Debian's python3-sushy. */

interface Step {
  readonly step: string;
  readonly ok: boolean;
  readonly value?: unknown;
  readonly error?: string;
}

const script = new URL('sushy-client.py', import.meta.url).pathname;

async function runSushy(url: string, system: string, image: string): Promise<Map<string, Step>> {
  const { user, password } = login;
  const folder = await mkdtemp(join(tmpdir(), 'quintupleo-sushy-'));
  const certificate = join(folder, 'certificate.pem');
  await writeFile(certificate, await certificateOf(new URL(url)));
  const child = spawn('/usr/bin/python3', [script, url, user, password, system, certificate, image], {
    env: { PATH: process.env.PATH, PYTHONWARNINGS: 'ignore' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  await rm(folder, { recursive: true });
  const steps = out.trim().split('\n');
  if (steps.length < 2) throw new Error(err);
  return new Map(steps.map(line => JSON.parse(line) as Step).map(step => [step.step, step]));
}

/** What a client of this lab trusts: PEM. */
async function certificateOf({ hostname, port }: URL): Promise<string> {
  const socket = connect({ host: hostname, port: Number(port), rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const { raw } = socket.getPeerCertificate();
  socket.destroy();
  return new X509Certificate(raw).toString();
}

/** An image that is nothing but zeros: no firmware boots it, and goes on to the next device. */
async function serveImage(): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer((_, response) => response.end(Buffer.alloc(1 << 20)));
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/empty.iso`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

const drivers = [
  ['simulated', { name: 'simulated', latency: 20, faultRate: 0, seed: 1 }, true],
  ['QEMU', { name: 'qemu', accel: 'auto', networking: 'user' }, hasProgram('qemu-system-x86_64')],
] as const;

describe.each(drivers)('sushy, with nodes of %s', (name, driver, usable) => {
  let lab: RedfishLab;
  let image: Awaited<ReturnType<typeof serveImage>>;

  beforeAll(async () => {
    if (!usable) return;
    image = await serveImage();
    lab = await startRedfishLab(driver);
  });

  afterAll(async () => {
    await lab?.[Symbol.asyncDispose]();
    await image?.[Symbol.asyncDispose]();
  });

  const services = name === 'simulated' ? (['all', 'own'] as const) : (['own'] as const);
  test.skipIf(!usable).each(services)('does all that Ironic asks of it: the service %s', async service => {
    const steps = await runSushy(lab.url(service, 'node-1'), 'node-1', image.url);
    expect([...steps.values()].filter(({ ok }) => !ok)).toEqual([]);
    const value = (step: string) => steps.get(step)?.value;
    expect(value('is_refused_with_a_wrong_password')).toBe(401);
    expect(value('finds_all_systems')).toEqual(service === 'all' ? ['node-1', 'node-2'] : ['node-1']);
    expect(value('reads_the_inventory')).toMatchObject({
      cpus: 1,
      memory: 1,
      macs: ['52:54:00:00:00:00'],
      health: 'OK',
    });
    expect(value('reads_storage')).toEqual([8 << 20]);
    expect(value('boots_from_the_network_once')).toEqual({
      before: ['Pxe', 'Once'],
      after: ['None', 'Disabled'],
    });
    expect(value('boots_from_disk_from_now_on')).toEqual(['Hdd', 'Continuous']);
    expect(value('ends_the_override')).toBe('Disabled');
    expect(value('sets_the_boot_mode')).toEqual(['UEFI', 'Legacy']);
    expect(value('inserts_media')).toEqual([true, image.url, true]);
    expect(value('boots_from_media_once')).toBe(true);
    expect(value('ejects_media')).toEqual([false, expect.toSatisfy(url => url === null || url === '')]);
    expect(value('lights_the_indicator')).toEqual(['Lit', 'Off']);
    expect(value('subscribes')).toBe(1);
    expect(value('is_told_why_media_cannot_be_had')).toBeGreaterThanOrEqual(400);
  });
});

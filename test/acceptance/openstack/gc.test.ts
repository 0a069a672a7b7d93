import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Host } from '../lab/host.ts';
import { Api } from './api.ts';
import { cloudEnvironment, cloudFolder, hasFakeHost } from './cloud.ts';
import { contentOf, differences, type ProjectContent } from './project.ts';

/** Labs of one file in one project, made by hosts that know nothing of each other. */

const text = `lab: twin
driver: openstack
expires: 4h
networks: { provision: { cidr: 192.168.66.0/24 } }
nodes: [{ name: n0, memory: 128MiB, availabilityZone: fake, disks: [1GiB] }]
`;

describe.skipIf(!hasFakeHost)('labs of one file', () => {
  let tenant: Api;
  let before: ProjectContent;
  const hosts: Host[] = [];

  beforeAll(async () => {
    tenant = await Api.connect('quintupleo');
    before = await contentOf(tenant);
    const cache = { QUINTUPLEO_CACHE_DIR: join(cloudFolder, 'cache') };
    for (const _ of [1, 2]) hosts.push(await Host.create({ ...cloudEnvironment('quintupleo'), ...cache }));
  });

  afterAll(async () => {
    for (const [index, host] of hosts.entries()) {
      await host.cli('down', `twin-${index}`);
      await host[Symbol.asyncDispose]();
    }
  });

  test('are side by side, and a leaked one is taken away by whoever knows its name', async () => {
    const [one, other] = hosts;
    if (!one || !other) throw new Error('two hosts are needed');
    for (const [index, host] of hosts.entries()) {
      await host.done('up', await host.file('twin', text), '--id', String(index));
    }
    expect(await other.done('gc')).not.toContain('to be taken away');

    await one.kill('daemon');
    await other.done('gc', '--lab', 'twin-0');
    expect(await other.done('gc', '--dry-run')).not.toContain('twin-0');
    expect((await other.node('twin-1', 'n0')).name).toBe('n0');
    expect(await other.done('up', await other.file('twin', text), '--id', '1', '--plan')).toContain(
      'Nothing',
    );

    await other.done('down', 'twin-1');
    expect(differences(before, await contentOf(tenant))).toEqual([]);
  });
});

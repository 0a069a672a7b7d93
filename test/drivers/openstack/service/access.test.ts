import { describe, expect, test } from 'vitest';
import type { Server } from '../../../../src/drivers/openstack/client/compute-types.ts';
import { OpenStack } from '../../../../src/drivers/openstack/client/openstack.ts';
import { type KeptService, ServiceAccess } from '../../../../src/drivers/openstack/service/access.ts';
import type { ServiceCloud } from '../../../../src/node/driver.ts';
import type { LabSpec } from '../../../../src/node/spec.ts';
import { type Document, memoryDocument } from '../../../../src/support/document.ts';
import { silentLog } from '../../../../src/support/log.ts';
import { ImpatientClock } from '../client/impatient-clock.ts';
import { StandInCloud } from '../stand-in/stand-in-cloud.ts';

const hour = 3_600_000;
const never = new AbortController().signal;
const fingerprint = Array.from({ length: 32 }, () => 'AB').join(':');

const metadata = { 'quintupleo:lab': 'lab', 'quintupleo:owner': 'beef01', 'quintupleo:service': 'bmc' };
const server: Server = { id: 'a', name: 'lab-bmc', status: 'ACTIVE', metadata, addresses: {} };
const others: readonly Server[] = [
  { ...server, id: 'b', metadata: { ...metadata, 'quintupleo:owner': 'beef02' } },
  { ...server, id: 'c', metadata: { ...metadata, 'quintupleo:lab': 'other' } },
  { ...server, id: 'd', metadata: {} },
];
const floating = { 'OS-EXT-IPS:type': 'floating', addr: '203.0.113.9', version: 4 };

function labWith(lease?: number): LabSpec {
  const nics = [
    { network: 'management', mac: '20:57:f8:01:00:00' },
    { network: 'provision', mac: '20:57:f8:01:00:01' },
  ];
  const service = { nics, address: '192.168.25.254', bmcs: [] };
  const cloud = { routers: [], serverGroups: [], hosts: [], service, lease };
  return { name: 'lab', networks: [], nodes: [], cloud };
}

/** A service instance that is known already, and what it was told. */
async function start(document: Document<KeptService> = memoryDocument({ server: 'a', fingerprint })) {
  const clock = new ImpatientClock();
  const cloud = await StandInCloud.start({ clock });
  const openstack = OpenStack.connect(cloud.config(), { clock, log: silentLog, random: () => 0.5 });
  const parts = { openstack, lab: 'lab', owner: 'beef01', clock, log: silentLog, document };
  const told: string[] = [];
  return {
    cloud,
    clock,
    document,
    told,
    open: () => ServiceAccess.open(parts),
    /** What `up` does, as a daemon that has just started. */
    admit: async (lab = labWith(), failure?: Error) => {
      const instance = await (await ServiceAccess.open(parts)).find(lab, [...others, server], never);
      await instance.admit(async cloud => {
        if (failure) throw failure;
        told.push(credentialIn(cloud));
      }, never);
    },
    valid: () => cloud.snapshot()['application-credentials'] ?? [],
    [Symbol.asyncDispose]: async () => {
      await openstack[Symbol.asyncDispose]();
      await cloud[Symbol.asyncDispose]();
    },
  };
}

function credentialIn({ clouds }: ServiceCloud): string {
  const { quintupleo } = (clouds as { clouds: Record<string, { auth: Record<string, string> }> }).clouds;
  return quintupleo?.auth.application_credential_id ?? '';
}

describe('a service instance', () => {
  test('is found at its floating IP, or at its address on the network of the BMCs', async () => {
    await using at = await start();
    const access = await at.open();
    const found = await access.find(labWith(), [...others, server], never);
    expect(found).toMatchObject({ host: '192.168.25.254', port: 8624, fingerprint });
    expect(found.interfaces).toEqual({ management: 'mgmt', provision: 'net1' });
    const reached = { ...server, addresses: { management: [floating] } };
    expect(await access.find(labWith(), [reached], never)).toMatchObject({ host: '203.0.113.9' });
    await expect(access.find(labWith(), others, never)).rejects.toMatchObject({ code: 'SERVICE_GONE' });
  });

  test('is told of the cloud as it was told here, with a credential of its own and no password', async () => {
    await using at = await start();
    let told: ServiceCloud | undefined;
    const instance = await (await at.open()).find(labWith(), [...others, server], never);
    await instance.admit(async cloud => {
      told = cloud;
    }, never);
    expect(told).toEqual({
      clouds: {
        clouds: {
          quintupleo: {
            auth_type: 'v3applicationcredential',
            auth: {
              auth_url: at.cloud.authUrl,
              application_credential_id: at.valid()[0],
              application_credential_secret: expect.any(String),
            },
            region_name: 'RegionOne',
            interface: 'public',
            verify: true,
          },
        },
      },
      ca: undefined,
    });
  });

  test('keeps its credential as long as that fits its lab', async () => {
    await using at = await start();
    await at.admit();
    await at.admit();
    expect(new Set(at.told).size).toBe(1);
    expect(at.valid()).toEqual([at.told[0]]);
    expect((await at.open()).facts(labWith())).toEqual({
      'service credential': 'restricted to what the service does',
    });
  });

  test('has one that is not restricted where the cloud refuses access rules, and it is said', async () => {
    await using at = await start();
    const refusal = at.cloud.inject({
      match: { service: 'compute', path: '/servers/detail' },
      times: Number.POSITIVE_INFINITY,
      respond: { type: 'status', status: 401 },
    });
    await at.admit();
    refusal.remove();
    await at.admit();
    expect(at.told[1]).toBe(at.told[0]);
    expect((await at.open()).facts(labWith())['service credential']).toMatch(/^not restricted/);
  });

  test('merely finding it makes and revokes nothing', async () => {
    await using at = await start();
    await at.admit(labWith(hour));
    at.cloud.forgetRequests();
    await (await at.open()).find(labWith(9 * hour), [...others, server], never);
    expect(at.cloud.requestsTo({ service: 'identity' })).toEqual([]);
  });

  test('gets another one when its lab has got a lease, and only then loses the first', async () => {
    await using at = await start();
    await at.admit();
    const [first] = at.told;
    await expect(at.admit(labWith(hour), new Error('it does not answer'))).rejects.toThrow('not answer');
    expect(at.valid()).toContain(first);
    await at.admit(labWith(hour));
    expect(at.told[1]).not.toBe(first);
    expect(at.valid()).toEqual([at.told[1]]);
  });

  test('gets another one when somebody has revoked it', async () => {
    await using at = await start();
    await at.admit();
    at.cloud.keystone.credentials.clear();
    await at.admit();
    expect(at.valid()).toEqual([at.told[1]]);
  });

  test('that was made anew gets one of its own, and what its forerunner had ends', async () => {
    await using at = await start();
    await at.admit();
    await at.document.write({
      server: 'before',
      fingerprint,
      credential: (await at.document.read())?.credential,
    });
    const [first] = at.told;
    const access = await at.open();
    at.cloud.inject({
      match: { service: 'compute', method: 'POST', path: '/servers/a/action' },
      respond: {
        type: 'status',
        status: 200,
        body: { output: `certificate fingerprint: ${fingerprint.replaceAll('A', '1')}\n` },
      },
    });
    const instance = await access.find(labWith(), [...others, server], never);
    expect(instance.fingerprint).toMatch(/^1B:/);
    expect(access.facts(labWith())).toEqual({});
    let second = '';
    await instance.admit(async cloud => {
      second = credentialIn(cloud);
      expect(at.valid()).toEqual([first, second]);
    }, never);
    expect(at.valid()).toEqual([second]);
  });
});

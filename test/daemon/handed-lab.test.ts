import { expect, test } from 'vitest';
import { handOver } from '../../src/daemon/handed-lab.ts';
import { recordFor } from '../../src/daemon/lab-record.ts';
import { simulatedLab } from './harness.ts';

test('a lab is handed over to be served there, without whatever lets one log in here', () => {
  const lab = simulatedLab(1);
  const service = { nics: [], address: '192.0.2.9', bmcs: [] };
  const redfish = {
    service: {
      address: '192.0.2.9',
      port: 443,
      users: [{ name: 'admin', password: undefined, privilege: 'administrator' as const }],
    },
    tls: true,
    identity: undefined,
    sessionTimeout: 1_800_000,
    destinations: undefined,
    mediaLimit: 2 ** 30,
  };
  const record = recordFor(
    {
      ...lab,
      redfish,
      driver: {
        name: 'openstack',
        cloud: 'mine',
        region: 'north',
        pollInterval: 5_000,
        environment: { env: { OS_PASSWORD: 'of the user' }, home: '/home/user', cwd: '/home/user' },
      },
      spec: { ...lab.spec, cloud: { routers: [], serverGroups: [], hosts: [], lease: 1, service } },
    },
    undefined,
  );
  const interfaces = { provisioning: 'net1' };
  const handed = handOver(record, { interfaces }, { clouds: { clouds: {} }, ca: undefined });
  const { definition, phase } = handed.record;
  expect(phase).toBe('up');
  expect(definition.driver).toEqual({ name: 'openstack', pollInterval: 5_000 });
  expect(definition.spec.cloud).toEqual({ routers: [], serverGroups: [], hosts: [], lease: 1 });
  expect(definition.spec.networks[0]?.cloud?.interface).toBe('net1');
  expect(handed.record.passwords).toEqual(record.passwords);
  expect(handed.record.redfish).toEqual(record.redfish);
  expect(definition.redfish).toEqual(redfish);
  expect(JSON.stringify(handed)).not.toContain('of the user');
});

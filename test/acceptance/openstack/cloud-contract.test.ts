import { homedir } from 'node:os';
import { describe, test } from 'vitest';
import { readCloudConfig } from '../../../src/drivers/openstack/client/clouds-file.ts';
import { cloudContract } from '../../drivers/openstack/cloud-contract.ts';

const cloud = process.env.QUINTUPLEO_TEST_OPENSTACK;
const named =
  cloud !== undefined || process.env.OS_CLOUD !== undefined || process.env.OS_AUTH_URL !== undefined;

if (named) {
  cloudContract(cloud ?? process.env.OS_CLOUD ?? 'OS_* variables', async () => ({
    config: await readCloudConfig({ cloud, env: process.env, home: homedir(), cwd: process.cwd() }),
    // Servers without guests are the fastest; where the zone is not there, the cloud chooses.
    zone: process.env.QUINTUPLEO_TEST_OPENSTACK_ZONE,
    patience: 180_000,
    pace: 100,
    dispose: async () => {},
  }));
} else {
  describe.skip('cloud contract', () => {
    test('needs QUINTUPLEO_TEST_OPENSTACK (an entry of clouds.yaml) or OS_* variables that name a cloud', () => {});
  });
}

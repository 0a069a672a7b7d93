import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SimulatedDriver } from '../../../src/drivers/simulated/simulated-driver.ts';
import { systemClock } from '../../../src/support/clock.ts';
import { driverContract } from '../contract.ts';

driverContract('simulated', async () => {
  const stateDirectory = await mkdtemp(join(tmpdir(), 'simulated-'));
  const options = { stateDirectory, clock: systemClock, latency: 0, faultRate: 0, seed: 1 };
  const lab = {
    name: 'contract',
    networks: [{ name: 'provisioning', cidr: '192.0.2.0/24', dhcp: true }],
    nodes: ['n1', 'n2'].map((name, index) => ({
      name,
      uuid: `7d0f3c1e-52a4-4a3e-9b43-0c9d5a7e1f0${index}`,
      cpus: 1,
      memory: 2 ** 30,
      disks: [{ name: 'root', size: 2 ** 30 }],
      nics: [{ mac: `20:57:f8:00:00:0${index}`, network: 'provisioning' }],
      firmware: 'bios' as const,
    })),
  };
  return {
    lab,
    createDriver: async () => {
      const driver = new SimulatedDriver(options);
      // What was kept of a lab is read when it is first asked for.
      await driver.existing(lab.name);
      return driver;
    },
    dispose: () => rm(stateDirectory, { recursive: true, force: true }),
  };
});

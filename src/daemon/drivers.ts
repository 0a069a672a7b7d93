import type { DriverChoice } from '../lab/definition.ts';
import type { Driver } from '../node/driver.ts';
import type { Clock } from '../support/clock.ts';
import type { Logger } from '../support/log.ts';

/** What every driver may need of the daemon. */
export interface DriverSurroundings {
  readonly lab: string;
  readonly stateDirectory: string;
  readonly runtimeDirectory: string;
  /** TCP port of the boot director. */
  readonly bootPort: number;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Makes the driver that a lab file chose. */
export async function createDriver(choice: DriverChoice, around: DriverSurroundings): Promise<Driver> {
  switch (choice.name) {
    case 'simulated': {
      const { SimulatedDriver } = await import('../drivers/simulated/simulated-driver.ts');
      return new SimulatedDriver({ ...choice, stateDirectory: around.stateDirectory, clock: around.clock });
    }
    case 'qemu': {
      const { QemuDriver } = await import('../drivers/qemu/qemu-driver.ts');
      return QemuDriver.create(choice, around);
    }
  }
}

/** Whether the driver's machines run on this host, so that they go down with it. */
export function diesWithHost(choice: DriverChoice): boolean {
  return choice.name === 'qemu';
}

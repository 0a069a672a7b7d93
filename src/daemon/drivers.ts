import { homedir } from 'node:os';
import { isDeepStrictEqual } from 'node:util';
import type { Hindrance } from '../drivers/openstack/client/hindrance.ts';
import { type CloudCall, type CloudCallCount, Clouds } from '../drivers/openstack/clouds.ts';
import type { ServiceParts } from '../drivers/openstack/provision/members/service.ts';
import type { FirmwareSource } from '../drivers/openstack/provision/resources/firmware-images.ts';
import type { DriverChoice } from '../lab/definition.ts';
import type { Driver } from '../node/driver.ts';
import type { Clock } from '../support/clock.ts';
import type { Logger } from '../support/log.ts';

/** What the drivers of all labs share. */
export interface DriverParts {
  readonly stateDirectory: string;
  readonly runtimeDirectory: string;
  /** Names this daemon among those who make labs in one project of a cloud. */
  readonly owner: string;
  /** TCP port of the boot director. */
  readonly bootPort: number;
  /** Makes the image by which a cloud's machines ask what to boot, or finds it. */
  readonly firmwareImage: FirmwareSource;
  /** What the service instances of labs are made with. */
  readonly service: ServiceParts;
  /** Hears of each call of a cloud's API. */
  readonly onCloudCall?: ((call: CloudCall) => void) | undefined;
  /** What stands between a lab and its cloud on purpose. */
  readonly hindranceOf?: ((lab: string) => Hindrance) | undefined;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Makes the drivers of labs. */
export class Drivers implements AsyncDisposable {
  readonly #parts: DriverParts;
  readonly #clouds: Clouds;

  constructor(parts: DriverParts) {
    this.#parts = parts;
    const { clock, log, onCloudCall } = parts;
    this.#clouds = new Clouds({
      clock,
      log,
      onCall: onCloudCall,
      env: process.env,
      home: homedir(),
      cwd: '/',
    });
  }

  /** Makes the driver that a lab file chose. */
  async create(lab: string, choice: DriverChoice): Promise<Driver> {
    const around = { ...this.#parts, lab };
    switch (choice.name) {
      case 'simulated': {
        const { SimulatedDriver } = await import('../drivers/simulated/simulated-driver.ts');
        return new SimulatedDriver({ ...choice, ...around });
      }
      case 'qemu': {
        const { QemuDriver } = await import('../drivers/qemu/qemu-driver.ts');
        return QemuDriver.create(choice, around);
      }
      case 'openstack': {
        const { OpenStackDriver } = await import('../drivers/openstack/openstack-driver.ts');
        return OpenStackDriver.create(choice, {
          ...around,
          clouds: this.#clouds,
          hindrance: this.#parts.hindranceOf?.(lab),
        });
      }
    }
  }

  /** Calls of clouds' APIs so far. */
  cloudCalls(): readonly CloudCallCount[] {
    return this.#clouds.counts();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#clouds[Symbol.asyncDispose]();
  }
}

/** Whether both mean the same machines; how a cloud is reached may differ. */
export function isSameDriver(one: DriverChoice, other: DriverChoice): boolean {
  return isDeepStrictEqual(withoutAccess(one), withoutAccess(other));
}

function withoutAccess(choice: DriverChoice): unknown {
  if (choice.name !== 'openstack') return choice;
  const { environment: _environment, pollInterval: _pollInterval, ...rest } = choice;
  return rest;
}

/** Whether the driver's machines run on this host, so that they go down with it. */
export function diesWithHost(choice: DriverChoice): boolean {
  return choice.name === 'qemu';
}

/** Whether the driver's machines exist only in the daemon that serves them. */
export function isMadeWhereServed(choice: DriverChoice): boolean {
  return choice.name === 'simulated';
}

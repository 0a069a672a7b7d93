import * as z from 'zod';
import { driverNames, duration, keysFor, whole, words } from './schema-parts.ts';

/** The lab file's `driver` section. */

const name = <Name extends string>(driver: Name) => z.literal(driver).meta({ description: 'This driver.' });

const qemu = z
  .strictObject({
    name: name('qemu'),
    ...keysFor('qemu', {
      accel: z.enum(['auto', 'kvm', 'tcg']).default('auto').meta({
        description:
          'How machines run: `kvm`, `tcg` (software emulation), or `auto`: KVM where a machine runs under it.',
      }),
      networking: z
        .enum(['auto', 'bridge', 'user'])
        .default('auto')
        .meta({
          description:
            "How networks are made: `bridge` (Linux bridges; needs root), `user` (QEMU's user networking), or `auto`: " +
            'bridges where they may be made.',
        }),
    }),
  })
  .meta({ title: 'qemu', description: 'QEMU machines on this host.' });

const openstack = z
  .strictObject({
    name: name('openstack'),
    ...keysFor('openstack', {
      cloud: words('the name of a cloud').optional().meta({
        description:
          'Name of a cloud in `clouds.yaml`. Default: `OS_CLOUD`, else the other `OS_*` variables.',
      }),
      region: words('the name of a region')
        .optional()
        .meta({ description: 'Region of the cloud. Default: as the cloud is configured.' }),
      pollInterval: duration().default('5s').meta({
        description:
          'How often the cloud is asked for the state of its machines while nothing moves, 1s to 10min. One question serves all machines of a project.',
      }),
    }),
  })
  .meta({ title: 'openstack', description: 'Instances of an OpenStack cloud, made by an ordinary tenant.' });

const faultRateError = 'must be a number from 0 to 1.';

const simulated = z
  .strictObject({
    name: name('simulated'),
    ...keysFor('simulated', {
      latency: duration().default('200ms').meta({ description: 'How long a power transition takes.' }),
      faultRate: z
        .number({ error: faultRateError })
        .min(0, { error: faultRateError })
        .max(1, { error: faultRateError })
        .default(0)
        .meta({ description: 'Share of driver calls that fail with a passing error, 0 to 1.' }),
      seed: whole(0, 2 ** 31 - 1)
        .default(1)
        .meta({ description: 'Seed of the faults, so that a run can be had again.' }),
    }),
  })
  .meta({ title: 'simulated', description: 'Nodes with no machine behind them, for tests at scale.' });

/** Which driver makes the machines. */
export const driverSchema = z
  .union([
    z.enum(driverNames),
    z.discriminatedUnion('name', [qemu, openstack, simulated], {
      error: `must be one of: ${driverNames.join(', ')}.`,
    }),
  ])
  .meta({
    description: 'Where the machines come from: the name of a driver, or its name and options.',
  });

/** What {@link driverSchema} reads. */
export type DriverContent = z.output<typeof driverSchema>;

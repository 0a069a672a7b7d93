import { QuintupleoError } from '../../../support/errors.ts';
import { isOpenStackError } from '../client/api-error.ts';
import type { CallContext } from '../client/call.ts';
import type { OpenStack } from '../client/openstack.ts';

/** What something takes of a project's quotas; what is not named it does not take. */
export interface Needs {
  readonly instances?: number;
  readonly cores?: number;
  /** MiB. */
  readonly ram?: number;
  readonly serverGroups?: number;
  readonly networks?: number;
  readonly subnets?: number;
  readonly ports?: number;
  readonly routers?: number;
  readonly floatingIps?: number;
  readonly trunks?: number;
  readonly volumes?: number;
  /** GiB. */
  readonly gigabytes?: number;
}

export type QuotaName = keyof Needs;

/** A quota that does not suffice. */
export interface Shortage {
  readonly quota: QuotaName;
  readonly needed: number;
  readonly left: number;
  readonly limit: number;
}

interface Limit {
  readonly limit: number;
  readonly used: number;
}

/** For people. */
const names: Readonly<Record<QuotaName, string>> = {
  instances: 'instances',
  cores: 'cores',
  ram: 'MiB of memory',
  serverGroups: 'server groups',
  networks: 'networks',
  subnets: 'subnets',
  ports: 'ports',
  routers: 'routers',
  floatingIps: 'floating IPs',
  trunks: 'trunks',
  volumes: 'volumes',
  gigabytes: 'GiB of volumes',
};

const quotaNames = Object.keys(names) as readonly QuotaName[];

/** All needs together. */
export function sumOf(all: readonly Needs[]): Needs {
  const sums: Partial<Record<QuotaName, number>> = {};
  for (const needs of all) {
    for (const name of quotaNames) {
      const amount = needs[name];
      if (amount) sums[name] = (sums[name] ?? 0) + amount;
    }
  }
  return sums;
}

/** The quotas of a project that do not suffice. What the cloud does not tell is taken to suffice. */
export async function shortages(openstack: OpenStack, needs: Needs, ctx: CallContext): Promise<Shortage[]> {
  if (quotaNames.every(name => !needs[name])) return [];
  const limits = await readLimits(openstack, needs, ctx);
  return quotaNames.flatMap(quota => {
    const needed = needs[quota] ?? 0;
    const known = limits[quota];
    if (!known || known.limit < 0 || needed === 0) return [];
    const left = Math.max(0, known.limit - known.used);
    return needed > left ? [{ quota, needed, left, limit: known.limit }] : [];
  });
}

/** For people: `20 instances needed, 3 of 10 left`. */
export function describeShortage({ quota, needed, left, limit }: Shortage): string {
  return `${needed} ${names[quota]} needed, ${left} of ${limit} left`;
}

/** @throws QuintupleoError `QUOTA_EXCEEDED` before anything is made that would not be finished */
export async function checkQuotas(openstack: OpenStack, needs: Needs, ctx: CallContext): Promise<void> {
  const short = await shortages(openstack, needs, ctx);
  if (short.length === 0) return;
  throw new QuintupleoError(
    `the project's quota does not suffice: ${short.map(describeShortage).join('; ')}`,
    {
      family: 'platform',
      code: 'QUOTA_EXCEEDED',
      remedy:
        'Take away what the project no longer needs ("quintupleo gc" finds leaked labs), or ask for a larger quota.',
    },
  );
}

async function readLimits(
  openstack: OpenStack,
  needs: Needs,
  ctx: CallContext,
): Promise<Partial<Record<QuotaName, Limit>>> {
  const [compute, network, volume] = await Promise.all([
    openstack.compute.limits(ctx),
    networkQuotas(openstack, ctx),
    needs.volumes ? openstack.volume.limits(ctx) : undefined,
  ]);
  const limit = (most: number | undefined, used: number | undefined) =>
    most === undefined ? {} : { limit: most, used: used ?? 0 };
  const all: Record<QuotaName, Partial<Limit>> = {
    instances: limit(compute.maxTotalInstances, compute.totalInstancesUsed),
    cores: limit(compute.maxTotalCores, compute.totalCoresUsed),
    ram: limit(compute.maxTotalRAMSize, compute.totalRAMUsed),
    serverGroups: limit(compute.maxServerGroups, compute.totalServerGroupsUsed),
    networks: network('network'),
    subnets: network('subnet'),
    ports: network('port'),
    routers: network('router'),
    floatingIps: network('floatingip'),
    trunks: network('trunk'),
    volumes: limit(volume?.maxTotalVolumes, volume?.totalVolumesUsed),
    gigabytes: limit(volume?.maxTotalVolumeGigabytes, volume?.totalGigabytesUsed),
  };
  return Object.fromEntries(Object.entries(all).filter(([, known]) => known.limit !== undefined));
}

async function networkQuotas(
  openstack: OpenStack,
  ctx: CallContext,
): Promise<(resource: string) => Partial<Limit>> {
  try {
    const quotas = await openstack.network.quotas(ctx);
    return resource => {
      const quota = quotas[resource];
      return quota ? { limit: quota.limit, used: quota.used + quota.reserved } : {};
    };
  } catch (error) {
    // An extension that not every cloud has, and not every policy shows.
    if (!isOpenStackError(error, 'not-found', 'forbidden', 'not-supported')) throw error;
    return () => ({});
  }
}

import type { LabDefinition } from '../lab/definition.ts';
import type { ServiceCloud, ServiceInstance } from '../node/driver.ts';
import type { LabRecord } from './lab-record.ts';

/** A lab that is handed over to another daemon to be served. Holds secrets. */
export interface HandedLab {
  readonly record: LabRecord;
  /** How the lab's cloud is reached; `undefined`: it needs none. */
  readonly cloud: ServiceCloud | undefined;
}

/** Whether an instance of the lab's own serves its nodes, rather than the daemon that makes it. */
export function isServedElsewhere({ spec }: LabDefinition): boolean {
  return spec.cloud?.service !== undefined;
}

/** A lab as the daemon in its service instance sees it: there it is the one that serves, on the instance's own interfaces. */
export function handOver(
  record: LabRecord,
  { interfaces }: Pick<ServiceInstance, 'interfaces'>,
  cloud: ServiceCloud,
): HandedLab {
  const { definition } = record;
  const { service: _service, ...settings } = definition.spec.cloud ?? {
    routers: [],
    serverGroups: [],
    hosts: [],
  };
  const networks = definition.spec.networks.map(network => ({
    ...network,
    cloud: { ...network.cloud, interface: interfaces[network.name] },
  }));
  return {
    record: {
      ...record,
      phase: 'up',
      message: '',
      definition: {
        ...definition,
        spec: { ...definition.spec, networks, cloud: settings },
        driver: withoutEnvironment(definition.driver),
      },
    },
    cloud,
  };
}

/** Where the user has clouds described is of no use elsewhere, and may hold passwords. */
function withoutEnvironment(driver: LabRecord['definition']['driver']): LabRecord['definition']['driver'] {
  if (driver.name !== 'openstack') return driver;
  const { environment: _environment, cloud: _cloud, region: _region, ...rest } = driver;
  return rest;
}

import { afterAll, beforeAll, describe } from 'vitest';
import type { CloudConfig } from '../../../src/drivers/openstack/client/cloud-config.ts';
import { CloudApi } from './cloud-api.ts';
import { catalogueContract } from './contract/catalogue.ts';
import { computeContract } from './contract/compute.ts';
import { identityContract } from './contract/identity.ts';
import { imageContract } from './contract/image.ts';
import { networkContract } from './contract/network.ts';
import { powerContract } from './contract/power.ts';
import { volumeContract } from './contract/volume.ts';
import { Workspace } from './contract/workspace.ts';

/** A cloud that the contract is tried on. */
export interface ContractCloud {
  /** With a password: some behaviour is of application credentials that the contract makes. */
  readonly config: CloudConfig;
  /** Availability zone for servers; the cloud's choice by default. */
  readonly zone?: string | undefined;
  /** Milliseconds within which any transition ends. */
  readonly patience: number;
  /** Milliseconds between two looks at something that changes. */
  readonly pace: number;
  /** Takes away what was needed for the cloud itself. */
  readonly dispose: () => Promise<void>;
}

/**
 * What this project takes for granted of a cloud, tried by an ordinary tenant: status codes, words of refusals, fields,
 * states and their order. Real clouds pass it, and so does the stand-in that the other tests use.
 */
export function cloudContract(name: string, createCloud: () => Promise<ContractCloud>): void {
  describe(`cloud contract: ${name}`, () => {
    let cloud: ContractCloud;
    let workspace: Workspace;

    beforeAll(async () => {
      cloud = await createCloud();
      workspace = new Workspace(cloud, await CloudApi.connect(cloud.config));
    });

    afterAll(async () => {
      await workspace?.clear();
      await cloud?.dispose();
    });

    const around = () => workspace;
    identityContract(around);
    networkContract(around);
    imageContract(around);
    volumeContract(around);
    catalogueContract(around);
    computeContract(around);
    powerContract(around);
  });
}

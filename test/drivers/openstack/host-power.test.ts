import { expect, test } from 'vitest';
import type { LabSpec } from '../../../src/node/spec.ts';
import { labOf, standInPlatform } from './lab-on-stand-in.ts';

const never = new AbortController().signal;

test('a lab’s hosts are powered off and on; its nodes are none', async () => {
  const nodes = labOf('lab', [undefined]);
  const platform = await standInPlatform(nodes);
  const nics = [{ network: 'provisioning', mac: '20:57:f8:00:02:01' }];
  const host = { name: 'seed', image: platform.cloud.imageId, nics };
  const lab: LabSpec = { ...nodes, cloud: { routers: [], serverGroups: [], hosts: [host] } };
  const driver = await platform.createDriver();
  try {
    for (const change of await driver.plan(lab)) await driver.apply(lab, change, never);
    const power = async () => [...(await driver.hosts())];
    expect(await power()).toEqual([['seed', 'on']]);
    await driver.switchHost('seed', false, never);
    expect(await power()).toEqual([['seed', 'off']]);
    await driver.switchHost('seed', false, never);
    await driver.switchHost('seed', true, never);
    expect(await power()).toEqual([['seed', 'on']]);
    await expect(driver.switchHost('n0', true, never)).rejects.toMatchObject({ kind: 'gone' });
  } finally {
    await driver[Symbol.asyncDispose]();
    await platform.dispose();
  }
});

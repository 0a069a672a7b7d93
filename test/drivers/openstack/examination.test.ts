import { describe, expect, test } from 'vitest';
import { OpenStack } from '../../../src/drivers/openstack/client/openstack.ts';
import { examinePlugs } from '../../../src/drivers/openstack/doctor/networks.ts';
import { examineCloud } from '../../../src/drivers/openstack/examination.ts';
import type { LabSpec } from '../../../src/node/spec.ts';
import type { Finding } from '../../../src/support/finding.ts';
import { silentLog } from '../../../src/support/log.ts';
import { labOf, never, nodeOf, ProviderPlatform } from './provider-platform.ts';
import type { StandInOptions } from './stand-in/stand-in-cloud.ts';

/** What the doctor finds, and whether the project is as it was. */
async function examine(lab: LabSpec | undefined, options: StandInOptions = {}): Promise<Finding[]> {
  await using platform = await ProviderPlatform.start(options);
  const { cloud, clock } = platform;
  await using openstack = OpenStack.connect(cloud.config(), { clock, log: silentLog, random: () => 0.5 });
  const before = cloud.snapshot();
  const findings: Finding[] = [];
  for await (const finding of examineCloud(openstack, lab, never)) findings.push(finding);
  expect(cloud.snapshot()).toEqual(before);
  return findings;
}

const of = (findings: readonly Finding[], check: string) =>
  findings.filter(finding => finding.check === check).map(({ result, message }) => `${result} ${message}`);

describe('a cloud', () => {
  test('that has all that labs need', async () => {
    const findings = await examine(undefined, { serialConsole: true });
    expect(findings.filter(({ result }) => result === 'fail')).toEqual([]);
    expect(of(findings, 'application credential')).toEqual(['ok may be made, and access rules are honoured']);
    expect(of(findings, 'serial console')).toEqual(['ok cannot be told without an instance that runs']);
    expect(of(findings, 'libvirt:pxe-first')).toEqual(['ok no flavor has it: taken not to be honoured']);
  });
});

describe('a lab on it', () => {
  test('is told the flavor and the boot strategy of each node, and what quotas leave', async () => {
    const findings = await examine(labOf([nodeOf(0), nodeOf(1)]));
    expect(of(findings, 'flavor')).toEqual([expect.stringMatching(/^ok \S+, \S+: \S+ \(.* cpu/)]);
    expect(of(findings, 'boot strategy')).toEqual([expect.stringMatching(/^ok \S+, \S+: director: /)]);
    expect(of(findings, 'quota')).toEqual([expect.stringContaining('suffices for 2 more instances')]);
  });

  test('is told what does not suffice', async () => {
    const findings = await examine(labOf([nodeOf(0), nodeOf(1)]), { quota: { instances: 1 } });
    expect(of(findings, 'quota')).toEqual(['fail 2 instances needed, 1 of 1 left']);
  });

  test('is told which node fits into no flavor, once', async () => {
    const findings = await examine(labOf([nodeOf(0, { memory: 2 ** 50 })]));
    const failed = findings.filter(({ result }) => result === 'fail');
    expect(failed.map(({ check }) => check)).toEqual(['flavor']);
  });

  test('is told what a strategy costs that was asked for', async () => {
    const findings = await examine(labOf([nodeOf(0, { cloud: { bootStrategy: 'rescue' } })]));
    expect(of(findings, 'boot strategy')).toEqual([
      expect.stringContaining('none: the lab file says rescue, but there is no iPXE image'),
    ]);
  });

  test('that is up needs nothing more', async () => {
    await using platform = await ProviderPlatform.start({ quota: { instances: 1 } });
    const { openstack, up } = platform.maker();
    await up(labOf([nodeOf(0)]));
    const findings: Finding[] = [];
    for await (const finding of examineCloud(openstack, labOf([nodeOf(0)]), never)) findings.push(finding);
    expect(of(findings, 'quota')).toEqual(['ok suffices: the lab has its instances']);
  });
});

test('addresses of a network that this host is plugged into must be on no other interface', async () => {
  const lab = labOf([]);
  const networks = lab.networks.map(network => ({ ...network, cloud: { interface: 'pxe0' } }));
  const ask = async (user: string | undefined) => {
    const host = { interfaces: async () => [], userOf: async () => user };
    const results = [];
    for await (const { result } of examinePlugs({ ...lab, networks }, host)) results.push(result);
    return results;
  };
  expect(await ask(undefined)).toEqual(['ok']);
  expect(await ask('192.0.2.1/24 of eth0')).toEqual(['fail']);
});

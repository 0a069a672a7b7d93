import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { OpenStack } from '../../../src/drivers/openstack/client/openstack.ts';
import { examineNetboot, type NetbootQuestion } from '../../../src/drivers/openstack/netboot/examination.ts';
import { examineDhcp, examinePlug, type HostView } from '../../../src/drivers/openstack/netboot/plug.ts';
import type { OpenStackDriver } from '../../../src/drivers/openstack/openstack-driver.ts';
import type { NetworkSpec } from '../../../src/node/spec.ts';
import { silentLog } from '../../../src/support/log.ts';
import { labOf, macOf, type StandInPlatform, standInPlatform } from './lab-on-stand-in.ts';

const never = new AbortController().signal;
const ctx = { reason: 'test' };
const lab = labOf('lab', [undefined]);
const [node] = lab.nodes;
if (!node) throw new Error('the lab has a node');

const host = (change: Partial<HostView> = {}): HostView => ({
  interfaces: async () => [{ name: 'pxe0', mtu: 1500, up: true, addresses: ['fe80::b:c/64'] }],
  userOf: async () => undefined,
  ...change,
});

describe('a node’s instance and network', () => {
  let platform: StandInPlatform;
  let driver: OpenStackDriver;
  let openstack: OpenStack;
  beforeEach(async () => {
    platform = await standInPlatform(lab);
    driver = await platform.createDriver();
    for (const change of await driver.plan(lab)) await driver.apply(lab, change, never);
    openstack = OpenStack.connect(platform.cloud.config(), {
      clock: platform.clock,
      log: silentLog,
      random: () => 0.5,
    });
  });
  afterEach(async () => {
    await openstack[Symbol.asyncDispose]();
    await driver[Symbol.asyncDispose]();
    await platform.dispose();
  });

  /** What is not well, as `RESULT CHECK`. */
  async function ills(change: Partial<NetbootQuestion> = {}): Promise<string[]> {
    const { servers } = await openstack.compute.listServers({ details: true }, ctx);
    const choice = { strategy: 'director', reason: 'it is', limits: [] } as const;
    const server = servers[0]?.id;
    const plugged = lab.networks.map(network => ({ ...network, cloud: { interface: 'pxe0' } }));
    const findings = await examineNetboot({
      ...{ openstack, lab: { ...lab, networks: plugged }, node: node ?? lab.nodes[0], server, choice },
      ...{ dhcp: async () => undefined, host: host(), signal: never, ...change },
    } as NetbootQuestion);
    return findings.filter(({ result }) => result !== 'ok').map(({ result, check }) => `${result} ${check}`);
  }

  async function port() {
    const [found] = await openstack.network.ports.list({ mac_address: macOf(0) }, ctx);
    if (!found) throw new Error('there is no port');
    return found;
  }

  test('are well after up, but for the plug that the lab file does not name', async () => {
    expect(await ills()).toEqual([]);
    const findings = await driver.examineNetboot(lab, node, never);
    expect(findings.filter(({ result }) => result === 'fail').map(({ check }) => check)).toEqual([
      'this host on provisioning',
    ]);
  });

  test('an instance that is gone', async () => {
    expect(await ills({ server: undefined })).toEqual(['fail instance']);
    expect(await ills({ server: '00000000-0000-0000-0000-000000000000' })).toEqual(['fail instance']);
  });

  test('a strategy that cannot netboot', async () => {
    const choice = { strategy: 'none', reason: 'nothing else can be had', limits: [] } as const;
    expect(await ills({ choice })).toEqual(['fail boot strategy']);
  });

  test('firmware that was deleted', async () => {
    for (const { id } of await openstack.image.list({ tag: ['quintupleo:firmware'] }, ctx))
      await openstack.image.delete(id, ctx);
    expect(await ills()).toEqual(['warn firmware']);
  });

  test('a port with port security, or none', async () => {
    const { id } = await port();
    await openstack.network.ports.update(id, { port_security_enabled: true }, ctx);
    expect(await ills()).toEqual(['fail network card']);
    await openstack.network.ports.delete(id, ctx);
    expect(await ills()).toEqual(['fail network card']);
  });

  test('a network on which Neutron itself serves DHCP', async () => {
    const { network_id } = await port();
    const [subnet] = await openstack.network.subnets.list({ network_id }, ctx);
    await openstack.network.subnets.update(subnet?.id ?? '', { enable_dhcp: true }, ctx);
    expect(await ills()).toEqual(['fail network provisioning']);
  });
});

describe('this host’s plug', () => {
  const network: NetworkSpec = {
    ...{ name: 'a', cidr: '192.0.2.0/24', dhcp: true },
    cloud: { interface: 'pxe0', mtu: 1500 },
  };
  const results = async (spec: NetworkSpec, view: HostView) =>
    (await examinePlug(spec, true, view)).map(({ result, message }) => `${result} ${message}`);

  test('is fine', async () => {
    expect(await results(network, host())).toEqual(['ok pxe0, fe80::b:c/64']);
  });

  test('is not named, not there, down, without the address that firmware asks, or too narrow', async () => {
    expect(await results({ ...network, cloud: {} }, host())).toEqual([
      expect.stringMatching(/^fail .* names no interface/),
    ]);
    expect(await results(network, host({ interfaces: async () => [] }))).toEqual([
      expect.stringMatching(/^fail there is no interface pxe0/),
    ]);
    const poor = { name: 'pxe0', mtu: 1400, up: false, addresses: [] };
    expect(await results(network, host({ interfaces: async () => [poor] }))).toEqual([
      expect.stringMatching(/^fail pxe0 is down/),
      expect.stringMatching(/^fail pxe0 does not have fe80::b:c/),
      expect.stringMatching(/^warn pxe0 carries 1400 bytes/),
    ]);
  });

  test('has addresses that something else of this host has too', async () => {
    const userOf = async () => '192.0.2.9/24 of eth0';
    expect(await results(network, host({ userOf }))).toEqual([
      expect.stringMatching(/^fail 192.0.2.0\/24 overlaps/),
    ]);
  });

  test('is not needed where nobody asks here', async () => {
    expect(await examinePlug({ ...network, dhcp: false, cloud: {} }, false, host())).toEqual([]);
  });

  test('serves DHCP, or says why not', () => {
    const [served] = examineDhcp(network, { trouble: undefined, heard: 'DHCPACK(pxe0) 192.0.2.7' });
    expect(served).toMatchObject({ result: 'ok', message: 'is served; last: DHCPACK(pxe0) 192.0.2.7' });
    expect(examineDhcp(network, { trouble: 'no dnsmasq', heard: undefined })).toMatchObject([
      { result: 'fail' },
    ]);
    expect(examineDhcp({ ...network, dhcp: false }, undefined)).toMatchObject([{ result: 'ok' }]);
  });
});

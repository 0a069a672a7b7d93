import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CloudHost } from '../../../src/node/cloud-spec.ts';
import type { DiskSpec, LabSpec, NetworkSpec, NodeSpec } from '../../../src/node/spec.ts';
import { macOf, ProviderPlatform } from './provider-platform.ts';

const gibibyte = 2 ** 30;
const networkNames = ['provision', 'storage', 'external'];

const network = (name: string, index: number): fc.Arbitrary<NetworkSpec> =>
  anyNetwork(name, index).filter(({ cloud }) => cloud?.subnet !== false || cloud.portSecurity !== true);

const anyNetwork = (name: string, index: number): fc.Arbitrary<NetworkSpec> =>
  fc.record({
    name: fc.constant(name),
    cidr: fc.constantFrom(`10.${index}.0.0/24`, `10.${index}.1.0/24`),
    dhcp: fc.constant(false),
    cloud: fc.record({
      subnet: fc.constantFrom(undefined, undefined, false),
      cidr6: fc.constantFrom(undefined, `fd00:${index}::/64`),
      mtu: fc.constantFrom(undefined, 1400),
      neutronDhcp: fc.constantFrom(undefined, true),
      portSecurity: fc.constantFrom(undefined, true),
    }),
  });

const disk = (index: number): fc.Arbitrary<DiskSpec> =>
  fc.record({
    name: fc.constant(`disk-${index}`),
    size: fc.integer({ min: 1, max: 3 }).map(size => size * gibibyte),
    cloud: fc.record({ source: fc.constantFrom('local' as const, 'volume' as const) }),
  });

const node = (index: number, networks: readonly string[]): fc.Arbitrary<NodeSpec> =>
  fc.record({
    name: fc.constant(`n-${index}`),
    uuid: fc.constant(`7d0f3c1e-52a4-4a3e-9b43-0c9d5a7e1f0${index}`),
    cpus: fc.constantFrom(1, 2),
    memory: fc.constantFrom(gibibyte, 4 * gibibyte),
    firmware: fc.constantFrom('bios' as const, 'uefi' as const),
    disks: fc.integer({ min: 0, max: 2 }).chain(count => fc.tuple(...[0, 1].slice(0, count).map(disk))),
    nics: fc
      .subarray([...networks])
      .map(on => on.map((name, nic) => ({ mac: macOf(index, nic), network: name }))),
    cloud: fc.record({
      bootStrategy: fc.constantFrom(undefined, undefined, 'none' as const),
      metadata: fc.constantFrom(undefined, { rack: 'r1' }),
    }),
  });

const host = (networks: readonly string[]): fc.Arbitrary<CloudHost> =>
  fc.record({
    name: fc.constant('seed'),
    image: fc.constant('empty'),
    volume: fc.constantFrom(undefined, gibibyte),
    nics: fc.constant(networks.slice(0, 1).map(name => ({ network: name, mac: macOf(99) }))),
    publicKey: fc.constantFrom(undefined, 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEeyVLGZsNnL'),
    userData: fc.constantFrom(undefined, '#cloud-config\n'),
  });

const lab: fc.Arbitrary<LabSpec> = fc
  .subarray(networkNames, { minLength: 1 })
  .chain(names => fc.tuple(...names.map(name => network(name, networkNames.indexOf(name)))))
  .chain(networks => {
    const names = networks.map(({ name }) => name);
    const routable = networks.filter(({ cloud }) => cloud?.subnet !== false).map(({ name }) => name);
    return fc.record({
      name: fc.constant('lab'),
      networks: fc.constant(networks),
      nodes: fc.subarray([0, 1, 2]).chain(some => fc.tuple(...some.map(index => node(index, names)))),
      cloud: fc.record({
        routers: fc.boolean().map(has => (has && routable.length > 0 ? [router(routable)] : [])),
        serverGroups: fc.subarray([{ name: 'apart', policy: 'soft-anti-affinity' as const }]),
        hosts: fc.array(host(names), { maxLength: 1 }),
        lease: fc.constantFrom(undefined, 3_600_000),
      }),
    });
  });

function router(networks: readonly string[]) {
  return { name: 'r', networks: networks.map(name => ({ network: name })) };
}

describe('any labs', { timeout: 120_000 }, () => {
  test('come up, become others, have nothing left to do then, and go without a trace', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(lab, { minLength: 1, maxLength: 3 }), async labs => {
        await using platform = await ProviderPlatform.start({ volumeQuota: { volumes: 100 } });
        const before = platform.cloud.snapshot();
        for (const wanted of labs) {
          await platform.maker().up(wanted);
          expect(await platform.maker().provider.plan(wanted)).toEqual([]);
        }
        await platform.maker().down();
        expect(platform.cloud.snapshot()).toEqual(before);
      }),
      { numRuns: Number(process.env.RUNS ?? 8) },
    );
  });
});

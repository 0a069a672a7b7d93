import { createHash, randomUUID } from 'node:crypto';
import {
  type Answer,
  ApiFault,
  bodyPart,
  type Call,
  type Fields,
  type Route,
  route,
  text,
  texts,
} from '../service.ts';
import type { Compute, Keypair, ServerGroup } from './compute.ts';
import { minorVersion } from './microversion.ts';
import type { Flavor } from './server.ts';

const policies = ['anti-affinity', 'affinity', 'soft-anti-affinity', 'soft-affinity'];

/** What servers are made of and beside: flavors, zones, limits, keypairs, server groups. */
export function catalogueRoutes(compute: Compute): readonly Route[] {
  const group = (call: Call): ServerGroup => {
    const found = compute.groups.get(call.params.id ?? '');
    if (found?.projectId === call.scope.projectId) return found;
    throw new ApiFault(404, `Instance group ${call.params.id} could not be found.`);
  };
  const groupView = ({ id, name, policy, projectId, userId }: ServerGroup, call: Call): Fields => ({
    id,
    name,
    members: compute.living(projectId).flatMap(server => (server.serverGroup === id ? [server.id] : [])),
    project_id: projectId,
    user_id: userId,
    ...(minorVersion(call.headers) >= 64 ? { policy, rules: {} } : { policies: [policy], metadata: {} }),
  });
  return [
    route('GET', '/flavors', call => ({
      status: 200,
      body: { flavors: compute.flavors.map(({ id, name }) => ({ id, name, links: flavorLinks(id, call) })) },
    })),
    route('GET', '/flavors/detail', call => ({
      status: 200,
      body: { flavors: compute.flavors.map(flavor => flavorView(flavor, call)) },
    })),
    route('GET', '/flavors/:id', call => ({
      status: 200,
      body: { flavor: flavorView(findFlavor(call, compute), call) },
    })),
    route('GET', '/flavors/:id/os-extra_specs', call => ({
      status: 200,
      body: { extra_specs: findFlavor(call, compute).extraSpecs },
    })),
    route('GET', '/os-availability-zone', () => ({
      status: 200,
      body: {
        availabilityZoneInfo: compute.zones.map(zoneName => ({
          zoneName,
          zoneState: { available: true },
          hosts: null,
        })),
      },
    })),
    route('GET', '/limits', call => ({ status: 200, body: { limits: limits(compute, call) } })),
    route('GET', '/os-keypairs', ({ scope, headers }) => ({
      status: 200,
      body: {
        keypairs: compute.keypairs
          .filter(({ userId }) => userId === scope.userId)
          .map(keypair => ({ keypair: keypairView(keypair, minorVersion(headers)) })),
      },
    })),
    route('POST', '/os-keypairs', call => createKeypair(call, compute)),
    route('GET', '/os-keypairs/:name', call => ({
      status: 200,
      body: { keypair: keypairView(findKeypair(call, compute), minorVersion(call.headers)) },
    })),
    route('DELETE', '/os-keypairs/:name', call => {
      const gone = findKeypair(call, compute);
      compute.keypairs = compute.keypairs.filter(keypair => keypair !== gone);
      return { status: minorVersion(call.headers) >= 2 ? 204 : 202 };
    }),
    route('GET', '/os-server-groups', call => ({
      status: 200,
      body: {
        server_groups: [...compute.groups.values()]
          .filter(({ projectId }) => projectId === call.scope.projectId)
          .map(found => groupView(found, call)),
      },
    })),
    route('POST', '/os-server-groups', call => {
      const wanted = bodyPart(call, 'server_group') ?? {};
      const policy = text(wanted.policy) ?? texts(wanted.policies)[0] ?? '';
      if (!policies.includes(policy)) {
        throw new ApiFault(
          400,
          `Invalid input for field/attribute policy. Value: ${policy}. '${policy}' is not one of [${policies.map(name => `'${name}'`).join(', ')}]`,
        );
      }
      const { projectId, userId } = call.scope;
      const made = { id: randomUUID(), projectId, userId, name: text(wanted.name) ?? '', policy };
      compute.groups.set(made.id, made);
      return { status: 200, body: { server_group: groupView(made, call) } };
    }),
    route('GET', '/os-server-groups/:id', call => ({
      status: 200,
      body: { server_group: groupView(group(call), call) },
    })),
    route('DELETE', '/os-server-groups/:id', call => {
      compute.groups.delete(group(call).id);
      return { status: 204 };
    }),
  ];
}

const flavorLinks = (id: string, { base }: Call): Fields[] => [
  { rel: 'self', href: `${base}/flavors/${id}` },
  { rel: 'bookmark', href: `${base.replace(/\/v2\.1$/, '')}/flavors/${id}` },
];

function flavorView(flavor: Flavor, call: Call): Fields {
  const minor = minorVersion(call.headers);
  return {
    id: flavor.id,
    name: flavor.name,
    ram: flavor.ram,
    disk: flavor.disk,
    vcpus: flavor.vcpus,
    swap: flavor.swap === 0 && minor < 75 ? '' : flavor.swap,
    'OS-FLV-EXT-DATA:ephemeral': flavor.ephemeral,
    'OS-FLV-DISABLED:disabled': false,
    'os-flavor-access:is_public': true,
    rxtx_factor: 1,
    links: flavorLinks(flavor.id, call),
    ...(minor >= 55 ? { description: null } : {}),
    ...(minor >= 61 ? { extra_specs: flavor.extraSpecs } : {}),
  };
}

function findFlavor({ params }: Call, compute: Compute): Flavor {
  const flavor = compute.flavors.find(({ id }) => id === params.id);
  if (!flavor) throw new ApiFault(404, `Flavor ${params.id} could not be found.`);
  return flavor;
}

function limits(compute: Compute, { scope }: Call): Fields {
  const servers = compute.living(scope.projectId);
  return {
    rate: [],
    absolute: {
      maxTotalInstances: compute.quota.instances,
      maxTotalCores: compute.quota.cores,
      maxTotalRAMSize: compute.quota.ram,
      maxServerMeta: 128,
      maxTotalKeypairs: 100,
      maxServerGroups: 10,
      maxServerGroupMembers: 10,
      totalInstancesUsed: servers.length,
      totalCoresUsed: servers.reduce((sum, { flavor }) => sum + flavor.vcpus, 0),
      totalRAMUsed: servers.reduce((sum, { flavor }) => sum + flavor.ram, 0),
      totalServerGroupsUsed: [...compute.groups.values()].filter(
        ({ projectId }) => projectId === scope.projectId,
      ).length,
    },
  };
}

function createKeypair(call: Call, compute: Compute): Answer {
  const wanted = bodyPart(call, 'keypair') ?? {};
  const name = text(wanted.name) ?? '';
  const publicKey = text(wanted.public_key) ?? '';
  const [, encoded] = publicKey.split(' ');
  if (encoded === undefined) {
    throw new ApiFault(400, 'Keypair data is invalid: failed to generate fingerprint');
  }
  const { userId } = call.scope;
  if (compute.keypairs.some(keypair => keypair.name === name && keypair.userId === userId)) {
    throw new ApiFault(409, `Key pair '${name}' already exists.`);
  }
  const hash = createHash('md5').update(Buffer.from(encoded, 'base64')).digest('hex');
  const keypair: Keypair = { userId, name, publicKey, fingerprint: (hash.match(/../g) ?? []).join(':') };
  compute.keypairs.push(keypair);
  const minor = minorVersion(call.headers);
  return {
    status: minor >= 2 ? 201 : 200,
    body: { keypair: { ...keypairView(keypair, minor), user_id: userId } },
  };
}

function findKeypair({ params, scope }: Call, compute: Compute): Keypair {
  const keypair = compute.keypairs.find(
    ({ name, userId }) => name === params.name && userId === scope.userId,
  );
  if (!keypair) throw new ApiFault(404, `Keypair ${params.name} not found for user ${scope.userId}`);
  return keypair;
}

const keypairView = ({ name, publicKey, fingerprint }: Keypair, minor: number): Fields => ({
  name,
  public_key: publicKey,
  fingerprint,
  ...(minor >= 2 ? { type: 'ssh' } : {}),
});

import type { LabSpec } from '../../node/spec.ts';
import { messageOf } from '../../support/errors.ts';
import { type Finding, fine } from '../../support/finding.ts';
import { isOpenStackError } from './client/api-error.ts';
import type { CallContext, ServiceType } from './client/call.ts';
import type { OpenStack } from './client/openstack.ts';

/** Services, and what a lab needs them for. */
const services: readonly { type: ServiceType; needed: boolean; why: string }[] = [
  { type: 'compute', needed: true, why: 'nodes are its instances' },
  { type: 'network', needed: true, why: "a lab's networks and ports are its own" },
  { type: 'image', needed: true, why: 'it holds the firmware by which nodes ask what to boot' },
  { type: 'block-storage', needed: false, why: 'disks may be volumes' },
];

/** Microversions of Nova's that are used, and for what. */
const microversions: readonly { version: string; needed: boolean; why: string }[] = [
  { version: '2.52', needed: true, why: 'servers carry tags from the moment they are made' },
  { version: '2.47', needed: true, why: 'a listing shows the flavors as they were' },
  { version: '2.17', needed: false, why: 'a BMC can send an NMI' },
  { version: '2.6', needed: false, why: 'a serial console can be asked for' },
  { version: '2.87', needed: false, why: 'instances that boot from volumes can be rescued' },
  { version: '2.93', needed: false, why: 'instances that boot from volumes can be rebuilt' },
];

/** Extensions of Neutron's that are used, and for what. */
const extensions: readonly { alias: string; needed: boolean; why: string }[] = [
  {
    alias: 'port-security',
    needed: true,
    why: 'without it the cloud drops the answers of a DHCP server in the lab',
  },
  { alias: 'standard-attr-tag', needed: true, why: 'what a lab makes is found again by its tags' },
  { alias: 'router', needed: false, why: 'a lab may have routers and floating IPs' },
  { alias: 'trunk', needed: false, why: "a node's card may carry VLANs" },
];

/** A MAC address that is none of Neutron's own. */
const probeMac = '52:54:00:00:00:01';
const probeCidr = '198.51.100.0/28';
const probeName = 'quintupleo-probe';

/** Ethernet's usual MTU: what the systems that are deployed on nodes take for granted. */
const usualMtu = 1500;

/**
 * Looks whether a project of a cloud can hold labs; each finding as it is made. What is tried out is made and deleted
 * again: a network, a subnet, a port, the record of an image.
 * @param lab - one that shall run there
 */
export async function* examineCloud(
  openstack: OpenStack,
  lab: LabSpec | undefined,
  signal: AbortSignal,
): AsyncIterable<Finding> {
  const ctx: CallContext = { reason: 'doctor', signal };
  const access = await checkAccess(openstack, ctx);
  yield access;
  if (access.result === 'fail') return;
  const missing = yield* checkServices(openstack, ctx);
  if (missing) return;
  yield* checkMicroversions(openstack, ctx);
  yield* checkExtensions(openstack, ctx);
  yield* tryNetwork(openstack, ctx);
  yield await tryImage(openstack, ctx);
  if (lab) yield* checkNetworks(openstack, lab, ctx);
}

async function checkAccess(openstack: OpenStack, ctx: CallContext): Promise<Finding> {
  const { name, authUrl, source } = openstack.config;
  const check = `cloud ${name}`;
  try {
    const { projectName, userName, roles } = await openstack.project(ctx);
    return fine(check, `project ${projectName}, user ${userName}, roles ${roles.join(', ')}, at ${authUrl}`);
  } catch (error) {
    const remedy = isOpenStackError(error, 'unauthorized')
      ? `See the credentials in ${source}.`
      : `See auth_url and the certificate settings in ${source}.`;
    return { check, result: 'fail', message: messageOf(error), remedy };
  }
}

/** @returns whether one is missing without which nothing can be done */
async function* checkServices(openstack: OpenStack, ctx: CallContext): AsyncGenerator<Finding, boolean> {
  let missing = false;
  for (const { type, needed, why } of services) {
    const check = `service ${type}`;
    if (await openstack.has(type, ctx)) {
      yield fine(check, why);
      continue;
    }
    missing ||= needed;
    const message = `the catalog has no such endpoint for this region and interface: ${why}`;
    const remedy = needed ? 'See region_name and interface in clouds.yaml.' : 'Labs do without it.';
    yield { check, result: needed ? 'fail' : 'warn', message, remedy };
  }
  return missing;
}

async function* checkMicroversions(openstack: OpenStack, ctx: CallContext): AsyncIterable<Finding> {
  const { version } = await openstack.compute.versions(ctx);
  const lacking = microversions.filter(wanted => minorOf(wanted.version) > minorOf(version));
  yield fine('Nova', `microversions up to ${version}`);
  for (const { version: wanted, needed, why } of lacking) {
    const remedy = needed ? 'This cloud is too old for labs.' : 'Labs do without it.';
    yield {
      check: `Nova ${wanted}`,
      result: needed ? 'fail' : 'warn',
      message: `not there: from it on ${why}`,
      remedy,
    };
  }
}

function minorOf(version: string): number {
  return Number(version.split('.')[1]);
}

async function* checkExtensions(openstack: OpenStack, ctx: CallContext): AsyncIterable<Finding> {
  const present = new Set(await openstack.network.extensions(ctx));
  for (const { alias, needed, why } of extensions) {
    if (present.has(alias)) {
      yield fine(`Neutron ${alias}`, why);
      continue;
    }
    const remedy = needed
      ? 'Ask the cloud’s operator for it; DHCP of your own cannot work without.'
      : 'Labs do without it.';
    yield {
      check: `Neutron ${alias}`,
      result: needed ? 'fail' : 'warn',
      message: `not there: ${why}`,
      remedy,
    };
  }
}

/** Policies show only when something is tried. */
async function* tryNetwork(openstack: OpenStack, ctx: CallContext): AsyncIterable<Finding> {
  const { networks, subnets, ports } = openstack.network;
  const made: (() => Promise<void>)[] = [];
  const once = { find: async () => undefined };
  // Deleting goes on though the one who asked has gone.
  const cleaning: CallContext = { reason: 'doctor' };
  try {
    const network = await networks.create(
      { name: probeName, description: probeName, port_security_enabled: false },
      once,
      ctx,
    );
    made.push(() => networks.delete(network.id, cleaning));
    yield fine('network without port security', 'may be made');
    yield checkMtu(network.mtu ?? undefined);
    const subnet = await subnets.create(
      { network_id: network.id, ip_version: 4, cidr: probeCidr, enable_dhcp: false, gateway_ip: null },
      once,
      ctx,
    );
    made.push(() => subnets.delete(subnet.id, cleaning));
    yield fine('subnet without DHCP', 'may be made');
    const port = await ports.create(
      { network_id: network.id, name: probeName, mac_address: probeMac, port_security_enabled: false },
      once,
      ctx,
    );
    made.push(() => ports.delete(port.id, cleaning));
    yield fine('port with a MAC address of our own', 'may be made');
  } catch (error) {
    const check = [
      'network without port security',
      'subnet without DHCP',
      'port with a MAC address of our own',
    ];
    yield {
      check: check[made.length] ?? 'network',
      result: 'fail',
      message: messageOf(error),
      remedy: isOpenStackError(error, 'over-limit')
        ? 'Delete what is not needed any more ("quintupleo gc" finds leaked labs), or ask for more quota.'
        : 'The cloud’s policy does not let members do it: ask its operator.',
    };
  } finally {
    for (const undo of made.reverse()) await undo();
  }
}

function checkMtu(mtu: number | undefined): Finding {
  const check = 'MTU';
  if (mtu === undefined || mtu >= usualMtu) return fine(check, `${mtu ?? 'unknown'}`);
  return {
    check,
    result: 'warn',
    message: `networks carry ${mtu} bytes, less than the ${usualMtu} that systems take for granted`,
    remedy: `Have the lab's DHCP server announce an MTU of ${mtu} (dnsmasq: --dhcp-option=option:mtu,${mtu}).`,
  };
}

async function tryImage(openstack: OpenStack, ctx: CallContext): Promise<Finding> {
  const check = 'image';
  try {
    const image = await openstack.image.create(
      { name: probeName, disk_format: 'iso', container_format: 'bare', visibility: 'private' },
      { find: async () => undefined },
      ctx,
    );
    await openstack.image.delete(image.id, { reason: 'doctor' });
    return fine(check, 'may be made');
  } catch (error) {
    const remedy =
      'Without an image of its own a lab’s nodes cannot ask what to boot: ask the cloud’s operator to let members upload.';
    return { check, result: 'fail', message: messageOf(error), remedy };
  }
}

/** Networks that exist are used as they are: what nodes on them will meet. */
async function* checkNetworks(openstack: OpenStack, lab: LabSpec, ctx: CallContext): AsyncIterable<Finding> {
  for (const { name, cloud } of lab.networks) {
    if (cloud?.existing === undefined) continue;
    const check = `network ${name}`;
    const all = await openstack.network.networks.list({}, ctx);
    const found = all.filter(network => [network.id, network.name].includes(cloud.existing ?? ''));
    const [network] = found;
    if (!network || found.length > 1) {
      const message = network ? `there are several named ${cloud.existing}` : `there is no ${cloud.existing}`;
      yield { check, result: 'fail', message, remedy: 'Give the ID of a network of the project.' };
      continue;
    }
    const subnets = await openstack.network.subnets.list({ network_id: network.id }, ctx);
    const served = subnets.find(subnet => subnet.enable_dhcp);
    if (network.port_security_enabled === true) {
      yield {
        check,
        result: 'warn',
        message: 'has port security, which drops the answers of a DHCP server of your own',
        remedy:
          'Nodes’ ports are made without it where the policy lets them; your server’s port needs that too.',
      };
    }
    if (served) {
      yield {
        check,
        result: 'warn',
        message: `Neutron itself serves DHCP on its subnet ${served.cidr}`,
        remedy: `Two DHCP servers disturb each other: openstack subnet set --no-dhcp ${served.id}`,
      };
    }
    if (network.port_security_enabled !== true && !served) yield fine(check, 'leaves DHCP to the lab');
  }
}

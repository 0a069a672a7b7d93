import type { LabSpec } from '../../node/spec.ts';
import { messageOf } from '../../support/errors.ts';
import { type Finding, fine } from '../../support/finding.ts';
import { isOpenStackError } from './client/api-error.ts';
import type { CallContext, ServiceType } from './client/call.ts';
import type { OpenStack } from './client/openstack.ts';
import { tryCredential } from './doctor/credential.ts';
import { examineLab } from './doctor/lab.ts';
import { tryImage, tryNetwork } from './doctor/probes.ts';
import { examineWays } from './doctor/ways.ts';

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

/**
 * Looks whether a project of a cloud can hold labs; each finding as it is made. What is tried out is made and deleted
 * again: a network, a subnet, a port, the record of an image, an application credential.
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
  yield await tryCredential(openstack, ctx);
  yield* examineWays(openstack, ctx);
  if (lab) yield* examineLab(openstack, lab, ctx);
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

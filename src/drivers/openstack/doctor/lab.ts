import type { LabSpec, NodeSpec } from '../../../node/spec.ts';
import { QuintupleoError } from '../../../support/errors.ts';
import { type Finding, fail, fine, warn } from '../../../support/finding.ts';
import { silentLog } from '../../../support/log.ts';
import type { CallContext } from '../client/call.ts';
import type { Flavor } from '../client/compute-types.ts';
import type { OpenStack } from '../client/openstack.ts';
import { chooseStrategy, type StrategyChoice } from '../machines/boot-strategies/choose.ts';
import { pxeFirstSign } from '../machines/boot-strategies/pxe-first.ts';
import { strategyOf } from '../machines/boot-strategies/strategies.ts';
import { findIpxeImages } from '../machines/ipxe-images.ts';
import { chooseFlavor } from '../provision/flavors.ts';
import { findLabs } from '../provision/inventory.ts';
import { LabMembers } from '../provision/members/lab-members.ts';
import { describeShortage, type Needs, shortages, sumOf } from '../provision/quotas.ts';
import { findInstance } from '../provision/resources/adoption.ts';
import { desiredNode } from '../provision/resources/desired-node.ts';
import { FirmwareImages } from '../provision/resources/firmware-images.ts';
import { examineExisting, examinePlugs } from './networks.ts';

/** What a lab will meet on a cloud: nothing is made. */
export async function* examineLab(
  openstack: OpenStack,
  lab: LabSpec,
  ctx: CallContext,
): AsyncIterable<Finding> {
  yield* examineExisting(openstack, lab, ctx);
  yield* examinePlugs(lab);
  yield* examineFlavors(lab, await openstack.compute.flavors(ctx));
  yield* examineStrategies(openstack, lab, ctx);
  yield* examineNeeds(openstack, lab, ctx);
}

/** The flavor that each node will get. */
export function* examineFlavors(lab: LabSpec, flavors: readonly Flavor[]): Iterable<Finding> {
  const nodesOf = new Map<string, string[]>();
  for (const node of lab.nodes) {
    if (node.cloud?.existing !== undefined) continue;
    try {
      const flavor = chooseFlavor(
        flavors,
        desiredNode(node, lab).flavor,
        node.cloud?.flavor,
        `node ${node.name}`,
      );
      gather(nodesOf, describeFlavor(flavor), node.name);
    } catch (error) {
      yield findingOf('flavor', error);
    }
  }
  for (const [flavor, nodes] of nodesOf) yield fine('flavor', `${list(nodes)}: ${flavor}`);
}

/** How each node will be told what to boot, and why so. */
async function* examineStrategies(
  openstack: OpenStack,
  lab: LabSpec,
  ctx: CallContext,
): AsyncIterable<Finding> {
  const images = await findIpxeImages(openstack, { log: silentLog });
  const findings = new Map<string, { finding: Finding; nodes: string[] }>();
  for (const node of lab.nodes) {
    let finding: Finding;
    try {
      const choice = chooseStrategy({
        wanted: node.cloud?.bootStrategy,
        ...(await signsOf(openstack, node, ctx)),
        rescueImage: images.rescue,
        ipxeImage: images.disk[node.firmware],
      });
      finding = strategyFinding(choice, strategyOf(choice.strategy, node.firmware, images).limits);
    } catch (error) {
      finding = findingOf('boot strategy', error);
    }
    const key = JSON.stringify(finding);
    const same = findings.get(key);
    if (same) same.nodes.push(node.name);
    else findings.set(key, { finding, nodes: [node.name] });
  }
  for (const { finding, nodes } of findings.values()) {
    yield { ...finding, message: `${list(nodes)}: ${finding.message}` };
  }
}

/** What says how a node may be booted: of one that the lab makes, its own file; of another, its instance. */
async function signsOf(openstack: OpenStack, { name, cloud }: NodeSpec, ctx: CallContext) {
  if (cloud?.existing === undefined) {
    const { bootStrategy = 'director' } = cloud ?? {};
    return { hasFirmware: bootStrategy === 'director', pxeFirst: undefined };
  }
  const instance = await findInstance(openstack, cloud.existing, name, ctx);
  return { hasFirmware: false, pxeFirst: pxeFirstSign(instance) };
}

function strategyFinding({ strategy, reason }: StrategyChoice, limits: readonly string[]): Finding {
  const check = 'boot strategy';
  const message = `${strategy}: ${reason}`;
  if (strategy === 'director') return fine(check, message);
  return warn(check, `${message}. ${limits.join(' ')}`);
}

/** What the lab needs of the project beside what it has already: things that must exist, and quotas. */
async function* examineNeeds(openstack: OpenStack, lab: LabSpec, ctx: CallContext): AsyncIterable<Finding> {
  const firmware = new FirmwareImages(openstack, notHere);
  const service = { image: notHere, manager: notHere };
  const members = new LabMembers(lab, '', openstack, firmware, service);
  const found = (await findLabs(openstack, lab.name, ctx)).flatMap(one => one.members);
  const needs: Needs[] = [];
  for (const member of members.all) {
    if (found.some(({ kind, name }) => kind === member.kind && name === member.name)) continue;
    try {
      needs.push(await member.needs());
    } catch (error) {
      // Said of the flavors already.
      if (member.kind === 'machine' && isOfFlavor(error)) continue;
      yield findingOf(`${member.kind} ${member.name}`, error);
    }
  }
  const wanted = sumOf(needs);
  const short = await shortages(openstack, wanted, ctx);
  const remedy =
    'Take away what the project no longer needs ("quintupleo gc" finds leaked labs), or ask for a larger quota.';
  for (const shortage of short) yield fail('quota', describeShortage(shortage), remedy);
  if (short.length > 0) return;
  const { instances = 0, cores = 0, ram = 0 } = wanted;
  const message = `suffices for ${instances} more instances with ${cores} cores and ${ram} MiB of memory`;
  yield fine('quota', instances === 0 ? 'suffices: the lab has its instances' : message);
}

function findingOf(check: string, error: unknown): Finding {
  if (!(error instanceof QuintupleoError)) throw error;
  return fail(check, error.message, error.remedy);
}

function isOfFlavor(error: unknown): boolean {
  return error instanceof QuintupleoError && error.code.includes('FLAVOR');
}

function describeFlavor(flavor: Flavor): string {
  const { name, vcpus, ram, disk } = flavor;
  const ephemeral = flavor['OS-FLV-EXT-DATA:ephemeral'] ?? 0;
  const disks = `${disk} GiB root disk${ephemeral === 0 ? '' : `, ${ephemeral} GiB ephemeral`}`;
  return `${name} (${vcpus} ${vcpus === 1 ? 'cpu' : 'cpus'}, ${ram} MiB, ${disks})`;
}

/** The doctor makes nothing of a lab. */
function notHere(): never {
  throw new QuintupleoError('nothing is made here', { family: 'bug', code: 'NOT_A_MAKER' });
}

function gather(groups: Map<string, string[]>, key: string, name: string): void {
  const group = groups.get(key);
  if (group) group.push(name);
  else groups.set(key, [name]);
}

const mostListed = 6;

/** Names for people: many alike are counted. */
function list(names: readonly string[]): string {
  const more = names.length - mostListed;
  return more > 0 ? `${names.slice(0, mostListed).join(', ')} and ${more} more` : names.join(', ');
}

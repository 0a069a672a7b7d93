import type { LabSpec, NodeSpec } from '../../../node/spec.ts';
import { messageOf } from '../../../support/errors.ts';
import { type Finding, fail } from '../../../support/finding.ts';
import { isOpenStackError } from '../client/api-error.ts';
import type { CallContext } from '../client/call.ts';
import type { Server } from '../client/compute-types.ts';
import type { OpenStack } from '../client/openstack.ts';
import type { DhcpView } from '../lab-dhcp.ts';
import type { StrategyChoice } from '../machines/boot-strategies/choose.ts';
import { isDeleted, powerOf } from '../machines/power-state.ts';
import { examineFirmware, examineInstance, examineStrategy } from './instance.ts';
import { examineDhcp, examinePlug, type HostView } from './plug.ts';
import { examinePort } from './port.ts';

/** A machine that is to netboot. */
export interface NetbootQuestion {
  readonly openstack: OpenStack;
  readonly lab: LabSpec;
  readonly node: NodeSpec;
  /** ID of its server, if one was found. */
  readonly server: string | undefined;
  readonly choice: (StrategyChoice & { readonly limits: readonly string[] }) | undefined;
  /** How DHCP is served on a network for a card. */
  readonly dhcp: (network: string, mac: string) => Promise<DhcpView | undefined>;
  readonly host?: HostView | undefined;
  readonly signal: AbortSignal;
}

/** What may keep a machine from a network boot: each thing that was looked at, as it is now. */
export async function examineNetboot(question: NetbootQuestion): Promise<Finding[]> {
  const ctx: CallContext = { reason: 'why', signal: question.signal };
  try {
    const server = await look(question, ctx);
    return [
      examineInstance(server),
      examineStrategy(question.choice),
      ...(server ? await examineServer(question, server, ctx) : []),
      ...(await examineHere(question)),
    ];
  } catch (error) {
    if (!isOpenStackError(error)) throw error;
    return [fail('cloud', messageOf(error), 'See with doctor what is wrong with the cloud.')];
  }
}

async function examineServer(
  { openstack, lab, node, choice }: NetbootQuestion,
  server: Server,
  ctx: CallContext,
): Promise<Finding[]> {
  const findings = choice?.strategy === 'director' ? [await examineFirmware(openstack, server, ctx)] : [];
  const [nic] = node.nics;
  const network = lab.networks.find(({ name }) => name === nic?.network);
  if (!nic || !network) {
    const remedy = 'Give it one in the lab file.';
    return [...findings, fail('network card', 'the lab file gives it none on a network of the lab', remedy)];
  }
  const isOn = powerOf(server) === 'on';
  return [...findings, ...(await examinePort({ openstack, nic, network, server: server.id, isOn, ctx }))];
}

/** What this host has to do with it. */
async function examineHere({ lab, node, choice, dhcp, host }: NetbootQuestion): Promise<Finding[]> {
  const [nic] = node.nics;
  const network = lab.networks.find(({ name }) => name === nic?.network);
  if (!nic || !network) return [];
  const plug = await examinePlug(network, choice?.strategy === 'director', host);
  // What keeps the host from the network keeps its DHCP, too.
  if (network.dhcp && plug.some(({ result }) => result === 'fail')) return plug;
  return [...plug, ...examineDhcp(network, await dhcp(network.name, nic.mac))];
}

async function look(
  { openstack, server: id }: NetbootQuestion,
  ctx: CallContext,
): Promise<Server | undefined> {
  if (id === undefined) return undefined;
  const server = await openstack.compute.findServer(id, ctx);
  return server && isDeleted(server) ? undefined : server;
}

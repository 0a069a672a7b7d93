import { X509Certificate } from 'node:crypto';
import type { CredentialsAnswer, LabStatus, Login, NodeStatus } from '../daemon/api.ts';
import type { EnrolledNode, Enrolment } from '../enrol/enrolment.ts';
import { QuintupleoError } from '../support/errors.ts';
import { usageError } from './cli.ts';

/** Bytes of a serial number that virtio tells. @see VIRTIO 1.1 §5.2.6.1 */
const longestSerial = 20;
const roleKey = 'quintupleo:role';
/** Best first. */
const privileges = ['administrator', 'operator', 'user', 'callback'];

/**
 * A lab as tools are told of it.
 * @throws QuintupleoError `EXPORT_IMPOSSIBLE` if nobody may log in at a BMC
 */
export function enrolmentOf(lab: LabStatus, credentials: CredentialsAnswer): Enrolment {
  return {
    version: 1,
    lab: lab.name,
    networks: (lab.networks ?? []).map(({ name, cidr, dhcp }) => ({ name, cidr, dhcp })),
    certificate: certificateOf(lab),
    nodes: lab.nodes.map((node, index) => enrolledNode(node, index, lab, credentials)),
  };
}

/** Which of a lab's nodes are meant; nothing given means all. */
export interface Selection {
  /** Names, in which `*` stands for anything. */
  readonly names?: readonly string[] | undefined;
  readonly roles?: readonly string[] | undefined;
}

/**
 * The same enrolment with some of its nodes.
 * @throws QuintupleoError `USAGE` if a name or role is that of no node
 */
export function selectNodes(enrolment: Enrolment, { names, roles }: Selection): Enrolment {
  const tests = [
    ...(names ?? []).map(name => ({ word: `node ${name}`, matches: matcher(name) })),
    ...(roles ?? []).map(role => ({
      word: `role ${role}`,
      matches: (node: EnrolledNode) => node.role === role,
    })),
  ];
  if (tests.length === 0) return enrolment;
  for (const { word, matches } of tests) {
    if (!enrolment.nodes.some(matches)) {
      throw usageError(
        `lab ${enrolment.lab} has no ${word}`,
        'See "quintupleo status" for those that there are.',
      );
    }
  }
  return {
    ...enrolment,
    nodes: enrolment.nodes.filter(node => tests.some(({ matches }) => matches(node))),
  };
}

function matcher(pattern: string): (node: EnrolledNode) => boolean {
  const parts = pattern.split('*').map(part => part.replace(/[^a-z0-9-]/gi, '\\$&'));
  const whole = new RegExp(`^${parts.join('.*')}$`);
  return ({ name }) => whole.test(name);
}

function certificateOf({ redfish }: LabStatus): Enrolment['certificate'] {
  if (redfish?.certificate === undefined || redfish.fingerprint === undefined) return null;
  const { certificate: pem, fingerprint } = redfish;
  const certificate = new X509Certificate(pem);
  return { pem, fingerprint, selfSigned: certificate.verify(certificate.publicKey) };
}

function enrolledNode(
  node: NodeStatus,
  index: number,
  lab: LabStatus,
  credentials: CredentialsAnswer,
): EnrolledNode {
  const { spec, bmc } = node;
  const login = bestLogin(credentials.nodes[node.name]);
  if (!login) {
    throw new QuintupleoError(`nobody may log in at the BMC of ${node.name}`, {
      family: 'user',
      code: 'EXPORT_IMPOSSIBLE',
      remedy: 'Give it a user in the lab file.',
    });
  }
  return {
    name: node.name,
    index,
    uuid: spec.uuid,
    role: spec.cloud?.metadata?.[roleKey] ?? null,
    architecture: 'x86_64',
    cpus: spec.cpus,
    memory: spec.memory,
    firmware: node.firmware,
    secureBoot: node.firmware === 'uefi' && spec.cloud?.secureBoot === true,
    disks: spec.disks.map(({ name, size }) => ({
      name,
      size,
      // A cloud gives its disks serial numbers of its own.
      serial: lab.driver === 'openstack' ? null : name.slice(0, longestSerial),
    })),
    nics: spec.nics.map(({ mac, network, cloud }, position) => ({
      mac,
      network,
      addresses: [...(cloud?.addresses ?? [])],
      netboot: position === 0,
    })),
    ipmi: {
      address: bmc.address,
      port: bmc.port,
      username: login.name,
      password: login.password,
      privilege: login.privilege,
      kg: credentials.kg?.[node.name] ?? null,
    },
    redfish: redfishOf(node, lab, login, credentials),
  };
}

/** Its own service is the one that is most like a server's; else it is found at the lab's. */
function redfishOf(
  { name, bmc }: NodeStatus,
  { redfish }: LabStatus,
  own: Login,
  credentials: CredentialsAnswer,
): EnrolledNode['redfish'] {
  const atLab = bestLogin(credentials.redfish);
  const access = bmc.redfish
    ? { url: bmc.redfish.url, login: own }
    : redfish?.url !== undefined && atLab && { url: redfish.url, login: atLab };
  if (!access) return null;
  return {
    url: new URL(access.url).origin,
    systemPath: `/redfish/v1/Systems/${name}`,
    username: access.login.name,
    password: access.login.password,
  };
}

function bestLogin(logins: readonly Login[] = []): Login | undefined {
  const rank = ({ privilege }: Login) => privileges.indexOf(privilege);
  return logins.toSorted((one, other) => rank(one) - rank(other))[0];
}

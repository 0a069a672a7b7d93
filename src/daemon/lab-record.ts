import { randomInt } from 'node:crypto';
import type { LabDefinition, UserDefinition } from '../lab/definition.ts';
import type { Login } from './api.ts';

/** What was on when a lab was stopped, and is powered on when it is started: names. */
export interface StoppedLab {
  readonly nodes: readonly string[];
  readonly hosts: readonly string[];
}

/** What the daemon keeps of a lab, so that it finds it again. Holds secrets. */
export interface LabRecord {
  readonly definition: LabDefinition;
  /** `applying` and `deleting` stay until what was begun is finished. */
  readonly phase: 'up' | 'applying' | 'deleting' | 'failed';
  readonly message: string;
  /** UDP ports that the daemon chose, by node. */
  readonly ports: Readonly<Record<string, number>>;
  /** Passwords that the daemon made up, by node and user name. */
  readonly passwords: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** The same of the Redfish services; what an earlier version kept does not have it. */
  readonly redfish?: RedfishRecord | undefined;
  /** Kept from a stop, until a start has ended. */
  readonly stopped?: StoppedLab | undefined;
}

/** What the daemon chose and made up for a lab's Redfish services. */
export interface RedfishRecord {
  /** TCP port of the service that shows all nodes. */
  readonly port?: number | undefined;
  /** TCP ports of the nodes' own services, by node. */
  readonly ports: Readonly<Record<string, number>>;
  /** Passwords at the service that shows all nodes, by user name. */
  readonly passwords: Readonly<Record<string, string>>;
}

/** The record of a lab that is being made or changed: ports and passwords stay as they are where they are still wanted. */
export function recordFor(definition: LabDefinition, before: LabRecord | undefined): LabRecord {
  const passwords: Record<string, Record<string, string>> = {};
  for (const [node, { users }] of Object.entries(definition.bmcs)) {
    const made = passwordsFor(users, before?.passwords[node]);
    if (Object.keys(made).length > 0) passwords[node] = made;
  }
  const ofNodes = (ports: Readonly<Record<string, number>> = {}) =>
    Object.fromEntries(Object.entries(ports).filter(([node]) => definition.bmcs[node] !== undefined));
  const redfish: RedfishRecord = {
    port: before?.redfish?.port,
    ports: ofNodes(before?.redfish?.ports),
    passwords: passwordsFor(definition.redfish?.service?.users ?? [], before?.redfish?.passwords),
  };
  const ports = ofNodes(before?.ports);
  return { definition, phase: 'applying', message: '', ports, passwords, redfish, stopped: before?.stopped };
}

function passwordsFor(
  users: readonly UserDefinition[],
  before: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const made = users.filter(({ password }) => password === undefined);
  return Object.fromEntries(made.map(({ name }) => [name, before[name] ?? makePassword()]));
}

/** The password of a node's user, made up or from the lab file. */
export function passwordOf(record: LabRecord, node: string, user: UserDefinition): string {
  return user.password ?? record.passwords[node]?.[user.name] ?? '';
}

/** The password of a user of the Redfish service that shows all nodes. */
export function servicePasswordOf({ redfish }: LabRecord, user: UserDefinition): string {
  return user.password ?? redfish?.passwords[user.name] ?? '';
}

/** Every login of a node's BMC. */
export function loginsOf(record: LabRecord, node: string): Login[] {
  const users = record.definition.bmcs[node]?.users ?? [];
  return users.map(user => ({
    name: user.name,
    password: passwordOf(record, node, user),
    privilege: user.privilege,
  }));
}

/** Every login of the Redfish service that shows all nodes. */
export function serviceLoginsOf(record: LabRecord): Login[] {
  const users = record.definition.redfish?.service?.users ?? [];
  return users.map(user => ({
    name: user.name,
    password: servicePasswordOf(record, user),
    privilege: user.privilege,
  }));
}

/** The TCP port of a node's own Redfish service; `undefined`: it has none. */
export function redfishPortOf({ definition, redfish }: LabRecord, node: string): number | undefined {
  const endpoint = definition.bmcs[node]?.redfish;
  return endpoint && (endpoint.port ?? redfish?.ports[node]);
}

const passwordAlphabet = 'abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789';

/** 16 characters fit IPMI 1.5's limit too, and none of them needs quoting in a shell. */
function makePassword(): string {
  return Array.from({ length: 16 }, () => passwordAlphabet[randomInt(passwordAlphabet.length)]).join('');
}

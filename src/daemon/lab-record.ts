import { randomInt } from 'node:crypto';
import type { LabDefinition, UserDefinition } from '../lab/definition.ts';

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
  /** Kept from a stop, until a start has ended. */
  readonly stopped?: StoppedLab | undefined;
}

/** The record of a lab that is being made or changed: ports and passwords stay as they are where they are still wanted. */
export function recordFor(definition: LabDefinition, before: LabRecord | undefined): LabRecord {
  const passwords: Record<string, Record<string, string>> = {};
  for (const [node, { users }] of Object.entries(definition.bmcs)) {
    const made: Record<string, string> = {};
    for (const { name, password } of users) {
      if (password === undefined) made[name] = before?.passwords[node]?.[name] ?? makePassword();
    }
    if (Object.keys(made).length > 0) passwords[node] = made;
  }
  const ports = Object.fromEntries(
    Object.entries(before?.ports ?? {}).filter(([node]) => definition.bmcs[node] !== undefined),
  );
  return { definition, phase: 'applying', message: '', ports, passwords, stopped: before?.stopped };
}

/** The password of a node's user, made up or from the lab file. */
export function passwordOf(record: LabRecord, node: string, user: UserDefinition): string {
  return user.password ?? record.passwords[node]?.[user.name] ?? '';
}

const passwordAlphabet = 'abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789';

/** 16 characters fit IPMI 1.5's limit too, and none of them needs quoting in a shell. */
function makePassword(): string {
  return Array.from({ length: 16 }, () => passwordAlphabet[randomInt(passwordAlphabet.length)]).join('');
}

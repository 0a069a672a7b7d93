import { randomInt } from 'node:crypto';
import type { LabDefinition } from '../lab/definition.ts';

/** What the daemon keeps of a lab, so that it finds it again. Holds secrets. */
export interface LabRecord {
  readonly definition: LabDefinition;
  /** `applying` and `deleting` stay until what was begun is finished. */
  readonly phase: 'up' | 'applying' | 'deleting' | 'failed';
  readonly message: string;
  /** UDP ports that the daemon chose, by node. */
  readonly ports: Readonly<Record<string, number>>;
  /** Passwords that the daemon made up, by user name. */
  readonly passwords: Readonly<Record<string, string>>;
}

/** The record of a lab that is being made or changed: ports and passwords stay as they are where they are still wanted. */
export function recordFor(definition: LabDefinition, before: LabRecord | undefined): LabRecord {
  const passwords: Record<string, string> = {};
  for (const { users } of Object.values(definition.bmcs)) {
    for (const { name, password } of users) {
      if (password === undefined) passwords[name] ??= before?.passwords[name] ?? makePassword();
    }
  }
  const ports = Object.fromEntries(
    Object.entries(before?.ports ?? {}).filter(([node]) => definition.bmcs[node] !== undefined),
  );
  return { definition, phase: 'applying', message: '', ports, passwords };
}

/** The password of a user, made up or from the lab file. */
export function passwordOf(record: LabRecord, user: { name: string; password: string | undefined }): string {
  return user.password ?? record.passwords[user.name] ?? '';
}

const passwordAlphabet = 'abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789';

/** 16 characters fit IPMI 1.5's limit too, and none of them needs quoting in a shell. */
function makePassword(): string {
  return Array.from({ length: 16 }, () => passwordAlphabet[randomInt(passwordAlphabet.length)]).join('');
}

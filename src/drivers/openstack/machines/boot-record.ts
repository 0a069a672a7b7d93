import type { NextBoot } from '../../../node/boot.ts';
import type { Observation } from '../../../node/driver.ts';
import type { FirmwareAnswer } from '../../../node/firmware.ts';
import { noChange } from '../../../node/firmware-settings.ts';

/** A boot that an act of ours began, or that somebody else's power-on did, until firmware has asked for it. */
export interface BegunBoot {
  readonly boot: NextBoot;
  readonly cause: 'power-on' | 'reset';
  /** Whether it has been told as `booted`. */
  readonly told: boolean;
  /** When Nova said that the machine is on; `undefined` until then. Milliseconds since the epoch. */
  readonly doneAt?: number | undefined;
  /** Whether firmware asked before that. */
  readonly askedEarly?: boolean | undefined;
}

/** What is kept of a machine's boots. Plain JSON. */
export interface BootRecord {
  /** What the machine boots next, when nothing else is begun. */
  readonly next: NextBoot;
  readonly begun?: BegunBoot | undefined;
  /** Revision of the boot that was told last. */
  readonly last?: number | undefined;
  /** And of its firmware settings. */
  readonly lastSettings?: number | undefined;
  /** What firmware was told lately, by the name of the boot; the newest last. */
  readonly answers: readonly { readonly boot: string; readonly answer: FirmwareAnswer }[];
  /** Whether it has been off since it last booted. */
  readonly wasOff: boolean;
}

/** What becomes of a record, and what is seen of the machine by that. */
export interface BootStep {
  readonly record: BootRecord;
  readonly seen: readonly Observation[];
}

/** How long firmware may take to ask, after the machine is on, for the boot to be the one that was begun. Milliseconds. */
export const unaskedFor = 180_000;

/**
 * A question that came while Nova was still resetting the machine may have been the one of the boot that the reset
 * cut short. So another one, within this many milliseconds of the reset's end, gets the same boot.
 */
export const askedEarlyFor = 20_000;

const keptAnswers = 4;

/** Of a machine of which nothing is known. */
export const noBoots: BootRecord = {
  next: { target: 'default', settings: noChange, revision: 0 },
  answers: [],
  wasOff: true,
};

/** What the machine boots when it next boots by itself. */
export function setNext(record: BootRecord, next: NextBoot): BootRecord {
  return { ...record, next };
}

/** An act that makes the machine boot is about to be done. */
export function begin(record: BootRecord, boot: NextBoot, cause: BegunBoot['cause']): BootRecord {
  return { ...record, next: boot, begun: { boot, cause, told: false } };
}

/** The act was not done. */
export function withdraw(record: BootRecord): BootRecord {
  return { ...record, begun: undefined };
}

/** Nova says that the machine is on, after it was off or after a reset of ours. */
export function nowOn(record: BootRecord, now: number): BootStep {
  // Its firmware has asked already.
  if (!record.begun && !record.wasOff) return { record, seen: [] };
  const begun = record.begun ?? { boot: record.next, cause: 'power-on', told: false };
  const done: BegunBoot = { ...begun, told: true, doneAt: now };
  return {
    record: { ...record, begun: done, ...lastOf(begun.boot), wasOff: false },
    seen: begun.told ? [] : [booted(begun.boot, begun.cause)],
  };
}

/** The machine was found on by who was not there when it booted. A reset that was under way is not known to be done. */
export function foundOn(record: BootRecord, now: number): BootStep {
  const poweredOn = record.begun?.cause === 'power-on' ? nowOn(record, now).record : withdraw(record);
  const { last, lastSettings: settings, wasOff } = poweredOn;
  const seen: Observation[] =
    last === undefined || wasOff
      ? []
      : [{ type: 'booted', revision: last, settings, cause: 'power-on', earlier: true }];
  return { record: poweredOn, seen };
}

/** The machine, which was on, is off. */
export function nowOff(record: BootRecord): BootRecord {
  return { ...record, begun: undefined, wasOff: true };
}

/**
 * Firmware asks what to boot.
 * @param name - of this boot
 * @param answerTo - what a boot means on this machine
 */
export function ask(
  record: BootRecord,
  name: string,
  now: number,
  answerTo: (boot: NextBoot) => FirmwareAnswer,
): BootStep & { readonly answer: FirmwareAnswer } {
  const same = record.answers.find(({ boot }) => boot === name);
  if (same) return { record, seen: [], answer: same.answer };
  const begun = record.begun && !isStale(record.begun, now) ? record.begun : undefined;
  const answer = answerTo(begun?.boot ?? record.next);
  const answers = [...record.answers.slice(1 - keptAnswers), { boot: name, answer }];
  if (!begun) {
    const cause = record.wasOff ? 'power-on' : 'guest';
    return {
      record: { ...record, answers, begun: undefined, ...lastOf(record.next), wasOff: false },
      seen: [booted(record.next, cause)],
      answer,
    };
  }
  if (begun.cause === 'reset' && begun.doneAt === undefined) {
    return { record: { ...record, answers, begun: { ...begun, askedEarly: true } }, seen: [], answer };
  }
  return {
    record: { ...record, answers, begun: undefined, ...lastOf(begun.boot), wasOff: false },
    seen: begun.told ? [] : [booted(begun.boot, begun.cause)],
    answer,
  };
}

function isStale({ doneAt, askedEarly }: BegunBoot, now: number): boolean {
  if (doneAt === undefined) return false;
  return now - doneAt >= (askedEarly ? askedEarlyFor : unaskedFor);
}

function booted(boot: NextBoot, cause: 'power-on' | 'reset' | 'guest'): Observation {
  return { type: 'booted', revision: boot.revision, settings: boot.settings.revision, cause };
}

function lastOf({ revision, settings }: NextBoot): Pick<BootRecord, 'last' | 'lastSettings'> {
  return { last: revision, lastSettings: settings.revision };
}

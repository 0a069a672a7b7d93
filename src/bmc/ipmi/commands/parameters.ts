import type { Bmc } from '../bmc.ts';
import type { CommandResponse } from '../command.ts';
import { CompletionCode } from '../completion.ts';
import type { BmcMemoryContent } from '../memory.ts';
import { done, refuse } from './answer.ts';
import { isLanChannel } from './lan-channel.ts';
import { SetInProgress } from './volatile.ts';

/** A numbered configuration parameter, as boot options, LAN, SOL and system information have them. */
export interface Parameter {
  readonly number: number;
  readonly name: string;
  /** Bytes that are written, least and most. */
  readonly length: readonly [number, number];
  /** Its bytes; `undefined` for a set selector that it does not have. */
  readonly read: (bmc: Bmc, setSelector: number) => readonly number[] | undefined;
  /** Absent: read-only. */
  readonly write?: (bmc: Bmc, data: Buffer) => CommandResponse | Promise<CommandResponse>;
}

/**
 * Reads a parameter.
 * @param revision - the byte before the parameter's own: its format's revision
 * @param revisionOnly - leaves the parameter's own bytes out
 */
export function readParameter(
  parameter: Parameter | undefined,
  bmc: Bmc,
  setSelector: number,
  revision: readonly number[],
  revisionOnly = false,
): CommandResponse {
  if (!parameter) return refuse(CompletionCode.parameterNotSupported);
  const bytes = revisionOnly ? [] : parameter.read(bmc, setSelector);
  if (!bytes) return refuse(CompletionCode.parameterOutOfRange);
  return { code: CompletionCode.ok, data: Uint8Array.from([...revision, ...bytes]) };
}

/** Writes a parameter. */
export function writeParameter(
  parameter: Parameter | undefined,
  bmc: Bmc,
  data: Buffer,
): CommandResponse | Promise<CommandResponse> {
  if (!parameter) return refuse(CompletionCode.parameterNotSupported);
  if (!parameter.write) return refuse(CompletionCode.readOnly);
  const [least, most] = parameter.length;
  if (data.length < least || data.length > most) return refuse(CompletionCode.lengthInvalid);
  return parameter.write(bmc, data);
}

/** What the LAN and the SOL configuration have in common: parameters of a channel. */
type FindParameter = (number: number) => Parameter | undefined;

/** The revision of both formats: 1.1. */
const channelRevision = 0x11;

/** Answers a command that writes a channel's parameter. @see IPMI 2.0 §23.1, §26.2 */
export function writeChannelParameter(
  find: FindParameter,
  bmc: Bmc,
  data: Buffer,
): CommandResponse | Promise<CommandResponse> {
  if (!isLanChannel(data.readUInt8(0))) return refuse(CompletionCode.invalidField);
  return writeParameter(find(data.readUInt8(1)), bmc, data.subarray(2));
}

/** Answers a command that reads a channel's parameter. @see IPMI 2.0 §23.2, §26.3 */
export function readChannelParameter(find: FindParameter, bmc: Bmc, data: Buffer): CommandResponse {
  const channel = data.readUInt8(0);
  if (!isLanChannel(channel)) return refuse(CompletionCode.invalidField);
  const revisionOnly = (channel & 0x80) !== 0;
  return readParameter(find(data.readUInt8(1)), bmc, data.readUInt8(2), [channelRevision], revisionOnly);
}

/** A parameter that always says the same and cannot be written. */
export function fixed(number: number, name: string, ...bytes: readonly number[]): Parameter {
  return { number, name, length: [bytes.length, bytes.length], read: () => bytes };
}

/** A parameter 0 that keeps two clients apart. */
export function setInProgressParameter(): Parameter {
  const mark = new SetInProgress();
  return {
    number: 0,
    name: 'Set In Progress',
    length: [1, 1],
    read: bmc => [mark.get(bmc)],
    write: (bmc, data) => refuse(mark.set(bmc, data.readUInt8(0) & 0x03)),
  };
}

/**
 * A parameter that is kept as it was written.
 * @param initial - its value until it is written; its length is the parameter's
 * @param accepts - whether a value can be meant; others are refused as invalid
 */
export function stored(
  section: 'bootOptions' | 'lan' | 'sol',
  number: number,
  name: string,
  initial: readonly number[],
  accepts: (data: Buffer) => boolean = () => true,
): Parameter {
  return {
    number,
    name,
    length: [initial.length, initial.length],
    read: bmc => bmc.memory.value[section][number] ?? initial,
    write: (bmc, data) =>
      accepts(data) ? remember(bmc, section, String(number), [...data]) : refuse(CompletionCode.invalidField),
  };
}

/** Keeps a value; answers when it is safe on disk. */
export async function remember(
  bmc: Bmc,
  section: 'bootOptions' | 'lan' | 'sol' | 'thresholds',
  key: string,
  value: readonly number[],
): Promise<CommandResponse> {
  const change: Partial<BmcMemoryContent> = {
    [section]: { ...bmc.memory.value[section], [key]: value },
  };
  await bmc.memory.change(change);
  return done;
}

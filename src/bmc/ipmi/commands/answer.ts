import type { Command, Refusal } from '../../../node/command.ts';
import type { Bmc } from '../bmc.ts';
import type { CommandResponse } from '../command.ts';
import { CompletionCode } from '../completion.ts';

/** Ways to answer a command. */

/** Done, with nothing to say. */
export const done: CommandResponse = { code: CompletionCode.ok };

/** Done, with data. */
export function answer(...data: readonly number[]): CommandResponse {
  return { code: CompletionCode.ok, data: Uint8Array.from(data) };
}

/** Not done. */
export function refuse(code: CompletionCode): CommandResponse {
  return { code };
}

const codeOf: Readonly<Record<Refusal, CompletionCode>> = {
  unsupported: CompletionCode.subFunctionDisabled,
  'wrong-state': CompletionCode.notInThisState,
  busy: CompletionCode.nodeBusy,
  'not-found': CompletionCode.notPresent,
};

/**
 * Hands a command to the node and answers when it is safe on disk.
 * @param codes - completion codes of refusals that this command tells in its own way
 */
export async function carryOut(
  bmc: Bmc,
  command: Command,
  codes: Partial<Record<Refusal, CompletionCode>> = {},
): Promise<CommandResponse> {
  const reply = await bmc.node.command(command);
  return reply.accepted ? done : refuse(codes[reply.refusal] ?? codeOf[reply.refusal]);
}

/** Who did something over IPMI, for the event log. */
export const byIpmi = 'ipmi';

/** A 16-bit number, least significant byte first. */
export function le16(value: number): [number, number] {
  return [value & 0xff, (value >> 8) & 0xff];
}

/** A 32-bit number, least significant byte first. */
export function le32(value: number): [number, number, number, number] {
  return [value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, (value >>> 24) & 0xff];
}

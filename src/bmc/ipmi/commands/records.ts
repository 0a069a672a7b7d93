import type { CommandResponse } from '../command.ts';
import { CompletionCode } from '../completion.ts';
import { answer, le16, refuse } from './answer.ts';

/** Reading records in parts, as SEL and SDR have it in common. */

/** Record IDs with a meaning: the first record when asked for, the last one when asked for, none next. */
export const recordId = { first: 0x0000, last: 0xffff } as const;

/** "The whole record" where a number of bytes is asked for. */
const entireRecord = 0xff;

/**
 * Answers with part of a record.
 * @param next - the record after it, if there is one
 */
export function readPart(
  record: Buffer,
  offset: number,
  count: number,
  next: number | undefined,
): CommandResponse {
  if (offset >= record.length) return refuse(CompletionCode.parameterOutOfRange);
  const end = count === entireRecord ? record.length : Math.min(record.length, offset + count);
  return answer(...le16(next ?? recordId.last), ...record.subarray(offset, end));
}

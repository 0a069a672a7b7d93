import { type EventEntry, eventLogCapacity } from '../../../node/event-log.ts';
import type { Bmc } from '../bmc.ts';
import { type CommandResponse, type IpmiCommand, NetFn } from '../command.ts';
import { CompletionCode } from '../completion.ts';
import { selRecord, selRecordLength, selTime } from '../sel.ts';
import { answer, byIpmi, carryOut, done, le16, le32, refuse } from './answer.ts';
import { readPart, recordId } from './records.ts';
import { Reservations } from './volatile.ts';

/** The System Event Log: the node's event log as IPMI tells it. @see IPMI 2.0 §31 */

const reservations = new Reservations();

/** Delete, Reserve and Get SEL Allocation Info are there. */
const supportedOperations = 0b1011;
const overflow = 0x80;

/** Clear SEL: its magic word, its two actions, and the answer that it is done. */
const clearWord = 'CLR';
const clearActions = { status: 0x00, initiate: 0xaa } as const;
const erasureComplete = 0x01;

export const selCommands: readonly IpmiCommand[] = [
  {
    name: 'Get SEL Info',
    netFn: NetFn.storage,
    command: 0x40,
    privilege: 'user',
    length: [0, 0],
    handle: ({ bmc }) => {
      const { entries, addedAt, clearedAt } = bmc.node.state.log;
      const full = entries.length >= eventLogCapacity;
      return answer(
        0x51,
        ...le16(entries.length),
        ...le16(freeRecords(bmc) * selRecordLength),
        ...le32(timeOrNever(bmc, addedAt)),
        ...le32(timeOrNever(bmc, clearedAt)),
        supportedOperations | (full ? overflow : 0),
      );
    },
  },
  {
    name: 'Get SEL Allocation Info',
    netFn: NetFn.storage,
    command: 0x41,
    privilege: 'user',
    length: [0, 0],
    handle: ({ bmc }) =>
      answer(
        ...le16(eventLogCapacity),
        ...le16(selRecordLength),
        ...le16(freeRecords(bmc)),
        ...le16(freeRecords(bmc)),
        1,
      ),
  },
  {
    name: 'Reserve SEL',
    netFn: NetFn.storage,
    command: 0x42,
    privilege: 'user',
    length: [0, 0],
    handle: ({ bmc }) => answer(...le16(reservations.reserve(bmc, epoch(bmc)))),
  },
  {
    name: 'Get SEL Entry',
    netFn: NetFn.storage,
    command: 0x43,
    privilege: 'user',
    length: [6, 6],
    handle: ({ bmc }, data) => {
      const offset = data.readUInt8(4);
      // Part of a record may be read only if it cannot have become another record's meanwhile.
      if (offset !== 0 && !isReserved(bmc, data)) return refuse(CompletionCode.reservationInvalid);
      const { entries } = bmc.node.state.log;
      const index = indexOf(entries, data.readUInt16LE(2));
      const entry = entries[index];
      if (!entry) return refuse(CompletionCode.notPresent);
      const record = selRecord(entry, bmc.memory.value.clockOffset);
      return readPart(record, offset, data.readUInt8(5), entries[index + 1]?.id);
    },
  },
  {
    name: 'Add SEL Entry',
    netFn: NetFn.storage,
    command: 0x44,
    privilege: 'operator',
    length: [selRecordLength, selRecordLength],
    handle: async ({ bmc }, data) => {
      const reply = await bmc.node.command({ type: 'add-record', record: [...data] });
      return reply.accepted && reply.eventId !== undefined
        ? answer(...le16(reply.eventId))
        : refuse(CompletionCode.outOfSpace);
    },
  },
  {
    name: 'Delete SEL Entry',
    netFn: NetFn.storage,
    command: 0x46,
    privilege: 'operator',
    length: [4, 4],
    handle: async ({ bmc }, data) => {
      if (!isReserved(bmc, data)) return refuse(CompletionCode.reservationInvalid);
      const { entries } = bmc.node.state.log;
      const entry = entries[indexOf(entries, data.readUInt16LE(2))];
      if (!entry) return refuse(CompletionCode.notPresent);
      const response = await carryOut(bmc, { type: 'delete-event', id: entry.id });
      return response.code === CompletionCode.ok ? answer(...le16(entry.id)) : response;
    },
  },
  {
    name: 'Clear SEL',
    netFn: NetFn.storage,
    command: 0x47,
    privilege: 'operator',
    length: [6, 6],
    handle: ({ bmc }, data) => clearSel(bmc, data),
  },
  {
    name: 'Get SEL Time',
    netFn: NetFn.storage,
    command: 0x48,
    privilege: 'user',
    length: [0, 0],
    handle: ({ bmc }) => answer(...le32(now(bmc))),
  },
  {
    name: 'Set SEL Time',
    netFn: NetFn.storage,
    command: 0x49,
    privilege: 'operator',
    length: [4, 4],
    handle: async ({ bmc }, data) => {
      await bmc.memory.change({ clockOffset: data.readUInt32LE(0) * 1000 - bmc.clock.now() });
      return done;
    },
  },
  {
    name: 'Get SEL Time UTC Offset',
    netFn: NetFn.storage,
    command: 0x5c,
    privilege: 'user',
    length: [0, 0],
    handle: () => answer(...le16(0)),
  },
  {
    name: 'Set SEL Time UTC Offset',
    netFn: NetFn.storage,
    command: 0x5d,
    privilege: 'operator',
    length: [2, 2],
    // The log is in UTC.
    handle: (_, data) => (data.readInt16LE(0) === 0 ? done : refuse(CompletionCode.invalidField)),
  },
];

/** The BMC's clock: seconds since the epoch. */
export function now(bmc: Bmc): number {
  return selTime(bmc.clock.now(), bmc.memory.value.clockOffset);
}

async function clearSel(bmc: Bmc, data: Buffer): Promise<CommandResponse> {
  if (!isReserved(bmc, data)) return refuse(CompletionCode.reservationInvalid);
  if (data.toString('latin1', 2, 5) !== clearWord) return refuse(CompletionCode.invalidField);
  switch (data.readUInt8(5)) {
    case clearActions.status:
      return answer(erasureComplete);
    case clearActions.initiate: {
      const response = await carryOut(bmc, { type: 'clear-log', by: byIpmi });
      // The client that cleared the log may go on to ask how far that is.
      reservations.renew(bmc, epoch(bmc));
      return response.code === CompletionCode.ok ? answer(erasureComplete) : response;
    }
    default:
      return refuse(CompletionCode.invalidField);
  }
}

/** Changes when entries go away. */
function epoch(bmc: Bmc): number {
  return bmc.node.state.log.clearedAt;
}

function isReserved(bmc: Bmc, data: Buffer): boolean {
  return reservations.holds(bmc, data.readUInt16LE(0), epoch(bmc));
}

function freeRecords(bmc: Bmc): number {
  return eventLogCapacity - bmc.node.state.log.entries.length;
}

function indexOf(entries: readonly EventEntry[], id: number): number {
  if (id === recordId.first) return 0;
  if (id === recordId.last) return entries.length - 1;
  return entries.findIndex(entry => entry.id === id);
}

function timeOrNever(bmc: Bmc, at: number): number {
  return at === 0 ? 0xffff_ffff : selTime(at, bmc.memory.value.clockOffset);
}

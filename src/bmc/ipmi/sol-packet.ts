/** Serial over LAN packets. @see IPMI 2.0 §15.9, table 15-2 */

/** RMCP+ payload type of SOL. */
export const solPayloadType = 0x01;

const headerLength = 4;

/** The longest packet, header included, that either side may send. */
export const solPayloadSize = 255;

/** The most characters in one packet. */
export const solMaximumCharacters = solPayloadSize - headerLength;

const sequenceMask = 0x0f;

/** What every packet has. */
interface SolHeader {
  /** 1 to 15, or 0 for a packet that only acknowledges and is not acknowledged itself. */
  readonly sequence: number;
  /** Sequence number of the packet that it acknowledges, or 0. */
  readonly acknowledged: number;
  /** How many of that packet's characters were taken. */
  readonly accepted: number;
  readonly characters: Buffer;
}

/** What a remote console sends. */
export interface ConsolePacket extends SolHeader {
  /** The acknowledged packet was not taken, or not whole: do not send until another packet comes. */
  readonly refused: boolean;
  /** Send a serial break. */
  readonly sendBreak: boolean;
  /** Do not send for now. */
  readonly pause: boolean;
  /** Forget what waits to be sent to the console. */
  readonly flushInbound: boolean;
}

/** What a BMC sends. */
export interface BmcPacket extends SolHeader {
  /** The acknowledged packet's characters were not taken. */
  readonly refused: boolean;
  /** The machine takes no characters now. */
  readonly unavailable: boolean;
  /** SOL has ended. */
  readonly deactivating: boolean;
  /** Characters from the machine have been lost. */
  readonly overrun: boolean;
}

/** A console's packet, or `undefined` for one that is too short. */
export function readConsolePacket(payload: Buffer): ConsolePacket | undefined {
  if (payload.length < headerLength) return undefined;
  const operation = payload.readUInt8(3);
  return {
    sequence: payload.readUInt8(0) & sequenceMask,
    acknowledged: payload.readUInt8(1) & sequenceMask,
    accepted: payload.readUInt8(2),
    refused: (operation & 0x40) !== 0,
    sendBreak: (operation & 0x10) !== 0,
    pause: (operation & 0x08) !== 0,
    flushInbound: (operation & 0x02) !== 0,
    characters: payload.subarray(headerLength),
  };
}

/** The bytes of a BMC's packet; what is left out is 0 or no. */
export function writeBmcPacket(packet: Partial<BmcPacket>): Buffer {
  const status =
    (packet.refused ? 0x40 : 0) |
    (packet.unavailable ? 0x20 : 0) |
    (packet.deactivating ? 0x10 : 0) |
    (packet.overrun ? 0x08 : 0);
  const header = [packet.sequence ?? 0, packet.acknowledged ?? 0, packet.accepted ?? 0, status];
  return Buffer.concat([Buffer.from(header), packet.characters ?? Buffer.alloc(0)]);
}

/** SNMP version 1 traps. @see RFC 1157 §4.1.6; ITU-T X.690 §8 */

/** A trap that an enterprise has defined. */
export interface SnmpTrap {
  readonly community: string;
  /** Dotted. */
  readonly enterprise: string;
  /** IPv4 address of what it is about. */
  readonly agent: string;
  readonly specificTrap: number;
  /** Milliseconds since whoever tells it began. */
  readonly uptime: number;
  /** Name, dotted, and value of its one variable. */
  readonly variable: { readonly name: string; readonly value: Uint8Array };
}

const tags = {
  integer: 0x02,
  octetString: 0x04,
  objectIdentifier: 0x06,
  sequence: 0x30,
  ipAddress: 0x40,
  timeTicks: 0x43,
  trap: 0xa4,
} as const;

const version1 = 0;
const enterpriseSpecific = 6;

/** A trap's datagram. */
export function snmpTrap({ community, enterprise, agent, specificTrap, uptime, variable }: SnmpTrap): Buffer {
  const binding = tagged(
    tags.sequence,
    objectIdentifier(variable.name),
    tagged(tags.octetString, variable.value),
  );
  return tagged(
    tags.sequence,
    integer(version1),
    tagged(tags.octetString, Buffer.from(community)),
    tagged(
      tags.trap,
      objectIdentifier(enterprise),
      tagged(tags.ipAddress, Buffer.from(agent.split('.').map(Number))),
      integer(enterpriseSpecific),
      integer(specificTrap),
      integer(Math.floor(uptime / 10) % 2 ** 32, tags.timeTicks),
      tagged(tags.sequence, binding),
    ),
  );
}

function tagged(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([tag, ...lengthOf(content.length)]), content]);
}

/** One byte where that is enough; else the bytes of the length after a byte with their number. */
function lengthOf(length: number): readonly number[] {
  if (length < 0x80) return [length];
  return length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
}

/** @param value - not negative */
function integer(value: number, tag: number = tags.integer): Buffer {
  const bytes: number[] = [];
  let rest = value;
  do {
    bytes.unshift(rest % 256);
    rest = Math.floor(rest / 256);
  } while (rest > 0);
  // The highest bit would be the sign.
  if ((bytes[0] ?? 0) >= 0x80) bytes.unshift(0);
  return tagged(tag, Buffer.from(bytes));
}

function objectIdentifier(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return tagged(tags.objectIdentifier, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

/** Seven bits a byte, each but the last with the highest bit set. */
function base128(arc: number): number[] {
  const bytes = [arc & 0x7f];
  for (let rest = arc >>> 7; rest > 0; rest >>>= 7) bytes.unshift((rest & 0x7f) | 0x80);
  return bytes;
}

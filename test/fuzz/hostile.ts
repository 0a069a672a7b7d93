import { lanRequest, openSessionPayload, packet15, packet20, presencePing } from '../bmc/ipmi/client.ts';
import type { Dice } from './dice.ts';
import { users } from './target.ts';

/** What a stranger on the network may know: what went over it, and the IDs that the BMC told. */
export interface Knowledge {
  /** Datagrams of honest clients, as they were sent. */
  readonly overheard: readonly Buffer[];
  /** Datagrams of sessions that are open, which are withheld: no datagram that differs may be carried out. */
  readonly withheld: readonly Buffer[];
  /** The BMC's session IDs, of sessions and of half-open ones. */
  readonly ids: readonly number[];
}

/** One way of making hostile datagrams, and how often it is taken. */
type Trick = readonly [weight: number, make: (dice: Dice, knowledge: Knowledge) => Buffer];

const rmcpIpmi = [0x06, 0x00, 0xff, 0x07];
const names = [
  '',
  'root',
  'no such user',
  'a name that is far too long for it',
  users.admin.name,
  users.bob.name,
];

const tricks: readonly Trick[] = [
  [4, dice => dice.bytes(dice.below(80))],
  [1, dice => dice.bytes(dice.below(1500))],
  [3, dice => Buffer.concat([Buffer.from(rmcpIpmi), dice.bytes(dice.below(100))])],
  [3, dice => Buffer.from([...rmcpIpmi, 0x06, dice.byte(), ...dice.bytes(dice.below(100))])],
  [1, dice => mutate(presencePing, dice)],
  [1, dice => Buffer.from([0x06, dice.byte(), dice.byte(), 0x06, ...dice.bytes(dice.below(30))])],
  [6, (dice, { overheard }) => Buffer.from(dice.pick(overheard) ?? presencePing)],
  [20, (dice, { overheard }) => mutate(dice.pick(overheard) ?? presencePing, dice)],
  [20, (dice, { withheld }) => differ(dice.pick(withheld) ?? presencePing, dice)],
  [5, (dice, { overheard }) => splice(overheard, dice)],
  [5, foreign],
  [5, forged],
  [4, sessionless],
  [8, openSession],
  [8, rakp1],
  [8, rakp3],
  [6, ipmi15],
];

const totalWeight = tricks.reduce((total, [weight]) => total + weight, 0);

/** A datagram that nobody honest sends. */
export function hostile(dice: Dice, knowledge: Knowledge): Buffer {
  let left = dice.below(totalWeight);
  for (const [weight, make] of tricks) {
    left -= weight;
    if (left < 0) return make(dice, knowledge);
  }
  return dice.bytes(20);
}

/** Changes a datagram in one to four ways. */
export function mutate(original: Buffer, dice: Dice): Buffer {
  let bytes: Buffer = Buffer.from(original);
  for (let times = 1 + dice.below(4); times > 0; times--) bytes = mutateOnce(bytes, dice);
  return bytes;
}

function mutateOnce(bytes: Buffer, dice: Dice): Buffer {
  const at = dice.below(Math.max(1, bytes.length));
  switch (dice.below(8)) {
    case 0:
      return bytes.subarray(0, at);
    case 1:
      return Buffer.concat([bytes, dice.bytes(1 + dice.below(24))]);
    case 2: // a piece twice
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(dice.below(at + 1))]);
    case 3: // a piece missing
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + dice.below(8))]);
    case 4: // the payload's length
      if (bytes.length > 15) bytes[14 + dice.below(2)] = dice.pick([0, 1, 0x10, 0x7f, 0xff, dice.byte()]);
      return bytes;
    case 5: // the payload's type and its two flags
      if (bytes.length > 5) bytes[5] = dice.pick([0, 1, 2, 0x10, 0x12, 0x14, 0x40, 0x80, 0xc0, dice.byte()]);
      return bytes;
    case 6:
      if (bytes.length > 0) bytes[at] = dice.pick([0, 0xff, dice.byte()]);
      return bytes;
    default:
      if (bytes.length > 0) bytes[at] = (bytes[at] ?? 0) ^ (1 << dice.below(8));
      return bytes;
  }
}

/** Changes what is authenticated: RMCP's four bytes in front are not, and bytes behind do not count in IPMI 1.5. */
function differ(original: Buffer, dice: Dice): Buffer {
  for (;;) {
    const bytes = mutate(original, dice);
    if (!bytes.subarray(4, original.length).equals(original.subarray(4))) return bytes;
  }
}

function splice(overheard: readonly Buffer[], dice: Dice): Buffer {
  const one = dice.pick(overheard) ?? presencePing;
  const other = dice.pick(overheard) ?? presencePing;
  const cut = dice.below(one.length + 1);
  return Buffer.concat([
    one.subarray(0, cut),
    other.subarray(dice.percent(70) ? cut : dice.below(other.length)),
  ]);
}

function someId(dice: Dice, { ids }: Knowledge): number {
  return dice.percent(80) ? (dice.pick(ids) ?? 1) : dice.bytes(4).readUInt32LE();
}

/** A request of any command, sealed by nobody. */
function anyRequest(dice: Dice): Buffer {
  const netFn = dice.percent(80) ? dice.pick([0x00, 0x04, 0x06, 0x0a, 0x0c, 0x2c]) : dice.below(64);
  return lanRequest(netFn, dice.below(0x70), dice.bytes(dice.below(24)), dice.byte());
}

/** A packet without protection for a session that has some, or for none. */
function foreign(dice: Dice, knowledge: Knowledge): Buffer {
  const type = dice.pick([0x00, 0x01, 0x40, 0x80, 0xc0, 0xc1, dice.byte()]);
  return packet20(type, anyRequest(dice), someId(dice, knowledge), dice.below(2000));
}

/** A packet in full dress for a session, whose code nobody could make. */
function forged(dice: Dice, knowledge: Knowledge): Buffer {
  const payload = dice.bytes(16 * (1 + dice.below(4)));
  const plain = packet20(
    0xc0,
    payload,
    someId(dice, knowledge),
    dice.pick([0, 1, 0xffff_ffff, dice.below(5000)]),
  );
  const pad = dice.percent(80) ? -(plain.length - 2) & 3 : dice.byte();
  const padding = Buffer.alloc(Math.min(pad, 16), 0xff);
  return Buffer.concat([plain, padding, Buffer.from([pad, 0x07]), dice.bytes(dice.pick([12, 16, 20, 0]))]);
}

/** A command without a session, in either format. */
function sessionless(dice: Dice): Buffer {
  const message = dice.percent(70) ? anyRequest(dice) : mutate(anyRequest(dice), dice);
  return dice.percent(50) ? packet20(0x00, message) : packet15(0, 0, message);
}

/** Begins sessions that nobody will finish. */
function openSession(dice: Dice): Buffer {
  const algorithm = () => dice.pick([0, 1, 1, 2, 3, 4, undefined, dice.byte()]);
  const algorithms = dice.percent(60) ? [1, 1, 1] : [algorithm(), algorithm(), algorithm()];
  const payload = openSessionPayload(algorithms, dice.below(6), dice.bytes(4).readUInt32LE());
  return packet20(0x10, dice.percent(70) ? payload : mutate(payload, dice));
}

function rakp1(dice: Dice, knowledge: Knowledge): Buffer {
  const name = Buffer.from(dice.percent(80) ? (dice.pick(names) ?? '') : dice.bytes(dice.below(20)));
  const payload = Buffer.concat([
    dice.bytes(4),
    idBytes(someId(dice, knowledge)),
    dice.bytes(16),
    Buffer.from([
      dice.pick([0x14, 0x04, 0x02, 0x10, dice.byte()]),
      0,
      0,
      dice.percent(80) ? name.length : dice.byte(),
    ]),
    name,
  ]);
  return packet20(0x12, dice.percent(70) ? payload : mutate(payload, dice));
}

function rakp3(dice: Dice, knowledge: Knowledge): Buffer {
  const status = dice.percent(80) ? 0 : dice.byte();
  const code = dice.bytes(dice.pick([0, 12, 16, 20, 32, dice.below(70)]));
  const payload = Buffer.concat([
    Buffer.from([dice.byte(), status, 0, 0]),
    idBytes(someId(dice, knowledge)),
    code,
  ]);
  return packet20(0x14, dice.percent(80) ? payload : mutate(payload, dice));
}

/** IPMI 1.5: challenges for users that there are, and sessions that nobody can activate. */
function ipmi15(dice: Dice, knowledge: Knowledge): Buffer {
  const name = Buffer.alloc(16);
  name.write(dice.pick(names) ?? '');
  const challenge = lanRequest(
    0x06,
    0x39,
    Buffer.from([dice.pick([2, 2, 2, 0, dice.byte()]), ...name]),
    dice.byte(),
  );
  const activate = lanRequest(0x06, 0x3a, Buffer.from([2, 4, ...dice.bytes(20)]), dice.byte());
  const id = someId(dice, knowledge);
  const guess = dice.pick([undefined, '', 'guess', users.admin.name]);
  switch (dice.below(4)) {
    case 0:
      return packet15(0, 0, challenge);
    case 1:
      return packet15(id, dice.below(3), activate, guess);
    case 2:
      return packet15(id, dice.below(100), anyRequest(dice), guess);
    default:
      return mutate(packet15(id, dice.below(100), anyRequest(dice), guess), dice);
  }
}

function idBytes(id: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(id);
  return bytes;
}

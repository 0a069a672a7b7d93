import {
  Client,
  HandshakeRefused,
  lanRequest,
  lanResponse,
  packet15,
  payload15,
  type Transport,
} from '../bmc/ipmi/client.ts';
import type { Dice } from './dice.ts';
import { users } from './target.ts';

/** What honest clients do between the hostile datagrams, and what has to come of it. */

/** A user of the BMC. */
export type User = (typeof users)[keyof typeof users];

const ok = 0x00;
const administrator = Buffer.from([0x04]);
const chassisControl = { netFn: 0x00, command: 0x02, powerOff: Buffer.from([0x00]) } as const;

/** Logs in. @throws HandshakeRefused */
export async function logIn(transport: Transport, dice: Dice, user: User): Promise<Client> {
  const client = new Client(transport, size => dice.bytes(size));
  const privilege = user.privilege === 'administrator' ? 4 : 2;
  const suite = dice.pick([3, 17]);
  await client.open({ suite, user: user.name, password: user.password, privilege });
  return client;
}

/** A whole visit of the administrator, as ipmitool's. @throws Error when an answer is missing or wrong */
export async function visit(transport: Transport, dice: Dice): Promise<void> {
  const client = await logIn(transport, dice, users.admin);
  await client.ask(0x06, 0x38, Buffer.from([0x8e, 0x04]));
  await client.ask(0x06, 0x54, Buffer.from([0x0e, 0x00, 0x80]), true);
  await expectAnswer(client, 0x06, 0x3b, administrator, administrator);
  await askStatus(client);
  for (const [netFn, command, data] of dice.percent(50) ? reads : []) {
    await expectAnswer(client, netFn, command, Buffer.from(data));
  }
  const id = Buffer.alloc(4);
  id.writeUInt32LE(client.sessionId);
  await expectAnswer(client, 0x06, 0x3c, id);
}

/** Commands of every group, so that strangers overhear them all. */
const reads: readonly (readonly [number, number, readonly number[]])[] = [
  [0x06, 0x01, []],
  [0x06, 0x04, []],
  [0x06, 0x37, []],
  [0x06, 0x42, [0x0e]],
  [0x06, 0x44, [0x0e, 0x02]],
  [0x06, 0x3d, [0x00]],
  [0x00, 0x00, []],
  [0x00, 0x09, [0x05, 0x00, 0x00]],
  [0x0a, 0x20, []],
  [0x0a, 0x40, []],
  [0x0a, 0x10, [0x00]],
  [0x0c, 0x02, [0x01, 0x03, 0x00, 0x00]],
];

/** Get Chassis Status says of the machine, which nobody has powered on, that it is off. */
export async function askStatus(client: Client): Promise<void> {
  const { code, data } = await client.command(0x00, 0x01);
  if (code !== ok || ((data[0] ?? 1) & 0x01) !== 0) {
    throw new Error(`an honest client was told status ${code} [${data.toString('hex')}]`);
  }
}

async function expectAnswer(
  client: Client,
  netFn: number,
  command: number,
  data: Buffer,
  expected?: Buffer,
): Promise<void> {
  const answer = await client.command(netFn, command, data);
  if (answer.code !== ok || (expected && !answer.data.equals(expected))) {
    const text = `${netFn.toString(16)}/${command.toString(16)}`;
    throw new Error(
      `an honest client was answered ${answer.code} [${answer.data.toString('hex')}] to ${text}`,
    );
  }
}

/** A power-off that the client does not send. */
export function withheldPowerOff(client: Client): Buffer {
  return client.request(chassisControl.netFn, chassisControl.command, chassisControl.powerOff);
}

/** An IPMI 1.5 session. */
export interface Session15 {
  readonly id: number;
  /** A datagram of the session, the next one in order. */
  request(netFn: number, command: number, data?: Uint8Array): Buffer;
}

/** Opens an IPMI 1.5 session. @throws Error when the BMC does not let it */
export async function logIn15(transport: Transport, user: User): Promise<Session15> {
  const exchange = async (datagram: Buffer) => {
    const reply = await transport.exchange(datagram);
    if (!reply) throw new Error('no answer to the opening of an IPMI 1.5 session');
    const answer = lanResponse(payload15(reply));
    if (answer.code !== ok) throw new HandshakeRefused(0, answer.code);
    return answer.data;
  };
  const name = Buffer.alloc(16);
  name.write(user.name);
  const challenge = await exchange(packet15(0, 0, lanRequest(0x06, 0x39, Buffer.from([2, ...name]), 1)));
  const id = challenge.readUInt32LE(0);
  const activation = Buffer.from([2, 4, ...challenge.subarray(4, 20), 1, 0, 0, 0]);
  const activated = await exchange(packet15(id, 0, lanRequest(0x06, 0x3a, activation, 2), user.password));
  let sequence = activated.readUInt32LE(5);
  let messageSequence = 3;
  return {
    id,
    request: (netFn, command, data = Buffer.alloc(0)) =>
      packet15(id, sequence++, lanRequest(netFn, command, data, messageSequence++), user.password),
  };
}

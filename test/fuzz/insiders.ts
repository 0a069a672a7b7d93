import { setImmediate } from 'node:timers/promises';
import type { IpmiCommand } from '../../src/bmc/ipmi/command.ts';
import { commands } from '../../src/bmc/ipmi/commands/index.ts';
import type { Client } from '../bmc/ipmi/client.ts';
import { lanRequest } from '../bmc/ipmi/client.ts';
import { Dice } from './dice.ts';
import { logIn } from './honest.ts';
import { mutate } from './hostile.ts';
import { createTarget, type Target, users } from './target.ts';

/** What a run saw. */
export interface InsidersReport {
  readonly packets: number;
  /** How many of the commands were carried out at least once. */
  readonly commands: number;
  /** Answers by completion code, in hexadecimal. */
  readonly codes: Readonly<Record<string, number>>;
}

/** Datagrams that one BMC gets: an administrator may take away its own password, so each batch has a new one. */
const batch = 400;

/**
 * Sends nonsense in sessions of users who have logged in. The administrator's may do whatever it says, but breaks
 * nothing; the other user's changes nothing.
 * @throws Error that says what was wrong, with the datagram, at the first thing that is
 */
export async function runInsiders(seed: number, packets: number): Promise<InsidersReport> {
  const dice = new Dice(seed);
  const done = new Set<IpmiCommand['name']>();
  const codes: Record<string, number> = {};
  let sent = 0;
  for (let turn = 0; sent < packets; turn++) {
    const target = await createTarget(dice);
    const user = turn % 2 === 0 ? users.admin : users.bob;
    let client = await open(target, dice, user);
    for (let at = 0; at < batch; at++) {
      // A client may have ended its own session, or reset the BMC.
      if ([...target.bmc.sessions].length === 0) {
        await target.clock.advance(3_000);
        const again = await open(target, dice, user).catch(() => undefined);
        if (!again) break;
        client = again;
      }
      await send(target, client, makeDatagram(client, dice), codes);
      sent++;
      if (dice.percent(3)) await target.clock.advance(dice.below(20_000));
    }
    const changes = target.changes.filter(() => user.privilege === 'user');
    if (changes.length > 0) throw new Error(`seed ${seed}: a mere user changed ${changes}`);
    for (const { command } of target.executed) done.add(command.name);
    await target.close();
  }
  return { packets: sent, commands: done.size, codes };
}

async function open(target: Target, dice: Dice, user: (typeof users)[keyof typeof users]): Promise<Client> {
  const exchange = async (datagram: Buffer) => {
    const answers: Buffer[] = [];
    target.bmc.receive(Buffer.from(datagram), here, answer => answers.push(answer));
    return answers[0];
  };
  const client = await logIn({ exchange }, dice, user);
  await client.command(0x06, 0x3b, Buffer.from([user.privilege === 'administrator' ? 4 : 2]));
  return client;
}

const here = { address: '192.0.2.7', port: 40_007 };

async function send(
  target: Target,
  client: Client,
  datagram: Buffer,
  codes: Record<string, number>,
): Promise<void> {
  const { bmc, drops, errors } = target;
  const countDrops = () => Object.values(drops.counts).reduce((total, count) => total + count, 0);
  const before = countDrops();
  const answers: Buffer[] = [];
  bmc.receive(Buffer.from(datagram), here, answer => answers.push(answer));
  for (let turn = 0; turn < 5 && answers.length === 0 && countDrops() === before; turn++)
    await setImmediate();
  const dropped = countDrops() - before;
  const isSol = (datagram[5] ?? 0) === 0xc1;
  if (errors.length > 0) throw new Error(`a mistake of ours: ${errors}: ${datagram.toString('hex')}`);
  // A serial port says things by itself, and is silent about what it does not take.
  if (!isSol && dropped + Math.min(1, answers.length) !== 1) {
    throw new Error(`${answers.length} answers and ${dropped} drops: ${datagram.toString('hex')}`);
  }
  for (const answer of answers) {
    const { payloadType, payload } = client.unseal(answer);
    if (payloadType !== 0) continue;
    const code = (payload[6] ?? 0).toString(16).padStart(2, '0');
    codes[code] = (codes[code] ?? 0) + 1;
    if (code === 'ff') throw new Error(`answered "unspecified error": ${datagram.toString('hex')}`);
  }
}

function makeDatagram(client: Client, dice: Dice): Buffer {
  const known = dice.pick(commands);
  const message = known && dice.percent(85) ? likely(known, dice) : anyMessage(dice);
  switch (dice.below(20)) {
    case 0: // a message that is cut, or not one
      return client.seal(0x00, mutate(message, dice).subarray(0, 200));
    case 1: // serial over LAN
      return client.seal(0x01, dice.bytes(dice.below(40)));
    case 2: // other payloads
      return client.seal(dice.below(0x40), dice.bytes(dice.below(40)));
    case 3: // not whole blocks, or a wrong pad
      return client.sealAsIs(0x00, dice.bytes(dice.pick([0, 1, 15, 16, 17, 31, 32, 33, 48, 64])));
    case 4: // long ago; or, seldom because all that follows is late then, far ahead
      return client.seal(0x00, message, dice.percent(3) ? 1_000_000 : dice.below(3));
    default:
      return client.seal(0x00, message);
  }
}

/** A command that there is, with data of about the right length. */
function likely({ netFn, command, group, length: [least, most] }: IpmiCommand, dice: Dice): Buffer {
  const wanted = least + dice.below(Math.min(most, 40) - Math.min(least, 40) + 1);
  const length = dice.percent(85) ? wanted : dice.below(48);
  // Small numbers and bit patterns name things that there are more often than others do.
  const data = Array.from({ length }, () =>
    dice.percent(60) ? dice.below(8) : dice.pick([0x0e, 0xff, 0x80, dice.byte()]),
  );
  const sequence = dice.byte();
  return lanRequest(netFn, command, Buffer.from(group === undefined ? data : [group, ...data]), sequence);
}

function anyMessage(dice: Dice): Buffer {
  return lanRequest(dice.below(64), dice.byte(), dice.bytes(dice.below(30)), dice.byte());
}

import { setImmediate } from 'node:timers/promises';
import type { Remote } from '../../src/bmc/ipmi/session.ts';
import type { Client, Transport } from '../bmc/ipmi/client.ts';
import { Dice } from './dice.ts';
import { askStatus, logIn, logIn15, visit, withheldPowerOff } from './honest.ts';
import { hostile } from './hostile.ts';
import { createTarget, maximumSessions, type Target, users } from './target.ts';

/** What a run saw. */
export interface StrangersReport {
  readonly packets: number;
  readonly answered: number;
  readonly dropped: Readonly<Record<string, number>>;
  readonly visits: number;
  readonly mostSessions: number;
}

/** How a run is made. */
export interface StrangersOptions {
  readonly seed: number;
  readonly packets: number;
  /** Called now and then, with what has been sent. */
  readonly onProgress?: ((sent: number) => void) | undefined;
}

/** Hostile datagrams between two visits of honest clients. */
const batch = 500;
/** Datagrams that strangers remember, and IDs. */
const memory = 300;
const somebody: Remote = { address: '192.0.2.66', port: 50_666 };
const honest: Remote = { address: '192.0.2.7', port: 40_007 };

/**
 * Throws datagrams of strangers at a BMC, while honest clients use it.
 * @throws Error that says what was wrong, with the datagram, at the first thing that is
 */
export async function runStrangers({
  seed,
  packets,
  onProgress,
}: StrangersOptions): Promise<StrangersReport> {
  const dice = new Dice(seed);
  const target = await createTarget(dice);
  const run = new StrangersRun(dice, target);
  await run.meetHonest();
  for (let sent = 0; sent < packets; sent++) {
    run.attack();
    if (sent % batch === batch - 1) {
      await run.meetHonest();
      onProgress?.(sent + 1);
    }
  }
  await run.meetHonest();
  await target.close();
  return { packets, ...run.result() };
}

class StrangersRun {
  readonly #dice: Dice;
  readonly #target: Target;
  readonly #overheard: Buffer[] = [];
  /** What honest clients are sending: a stranger who broke into a handshake under way could make it fail. */
  readonly #heard: Buffer[] = [];
  readonly #ids: number[] = [];
  /** The way of an honest client, along which strangers send too. */
  readonly #transport: Transport = {
    exchange: async datagram => {
      this.#heard.push(Buffer.from(datagram));
      for (let strangers = this.#dice.below(4); strangers > 0; strangers--) this.attack();
      const answers: Buffer[] = [];
      this.#target.bmc.receive(Buffer.from(datagram), honest, answer => answers.push(answer));
      for (let turn = 0; turn < 5 && answers.length === 0; turn++) await setImmediate();
      return answers[0];
    },
  };
  #withheld: Buffer[] = [];
  #resident: Client | undefined;
  #answered = 0;
  #visits = 0;
  #mostSessions = 0;
  #dropped: Record<string, number> = {};

  constructor(dice: Dice, target: Target) {
    this.#dice = dice;
    this.#target = target;
  }

  result(): Omit<StrangersReport, 'packets'> {
    return {
      answered: this.#answered,
      dropped: this.#dropped,
      visits: this.#visits,
      mostSessions: this.#mostSessions,
    };
  }

  /** One hostile datagram: answered without a session or dropped and counted, and nothing done. */
  attack(): void {
    const { bmc, drops, executed, changes, errors } = this.#target;
    const datagram = hostile(this.#dice, {
      overheard: this.#overheard,
      withheld: this.#withheld,
      ids: this.#ids,
    });
    const wrong = (what: string): never => {
      throw new Error(`${what}: ${datagram.toString('hex')}`);
    };
    const dropsBefore = { ...drops.counts };
    const sessionsBefore = [...bmc.sessions].length;
    const answers: Buffer[] = [];
    executed.length = 0;
    bmc.receive(Buffer.from(datagram), somebody, answer => answers.push(answer));

    const dropped = (Object.keys(drops.counts) as (keyof typeof drops.counts)[]).filter(
      reason => drops.counts[reason] !== dropsBefore[reason],
    );
    if (answers.length + dropped.length !== 1) {
      wrong(`${answers.length} answers, dropped for [${dropped}]`);
    }
    for (const reason of dropped) this.#dropped[reason] = (this.#dropped[reason] ?? 0) + 1;
    this.#answered += answers.length;
    if (dropped.includes('internal-error') || errors.length > 0) wrong(`a mistake of ours: ${errors}`);
    if (answers.some(answer => sessionIdOf(answer) !== 0)) wrong('answered in a session');
    if (changes.length > 0) wrong(`it changed something: ${changes}`);
    for (const { command, user } of executed) {
      if (command.privilege !== 'none' || user !== undefined) wrong(`${command.name} was carried out`);
    }
    if ([...bmc.sessions].length !== sessionsBefore) wrong('it opened or closed a session');
    for (const answer of answers) this.#learn(answer);
  }

  /** Honest clients come, while strangers go on, and are served. */
  async meetHonest(): Promise<void> {
    const { bmc, clock } = this.#target;
    const transport = this.#transport;
    await visit(transport, this.#dice);
    this.#visits++;

    // Nobody closes these: the table has to hold them within its bounds.
    await logIn(transport, this.#dice, users.bob);
    const old = await logIn15(transport, users.admin);

    if (!this.#resident) {
      this.#resident = await logIn(transport, this.#dice, users.admin);
      await this.#resident.command(0x06, 0x3b, Buffer.from([0x04]));
    }
    await askStatus(this.#resident);
    this.#withheld = [
      withheldPowerOff(this.#resident),
      withheldPowerOff(this.#resident),
      old.request(0x00, 0x02, Buffer.from([0x00])),
    ];

    const sessions = [...bmc.sessions];
    this.#mostSessions = Math.max(this.#mostSessions, sessions.length);
    if (sessions.length > maximumSessions) throw new Error(`${sessions.length} sessions are open`);
    this.#overheard.push(...this.#heard.splice(0));
    this.#overheard.splice(0, this.#overheard.length - memory);
    this.#remember(...sessions.map(({ id }) => id));
    // Now and then long enough for what nobody uses to time out.
    const quiet = this.#dice.percent(5) ? 58_000 : this.#dice.below(3_000);
    await clock.advance(quiet);
    this.#target.executed.length = 0;
  }

  /** IDs of half-open sessions are told to whoever begins one. */
  #learn(answer: Buffer): void {
    const isOpenSessionResponse = answer[4] === 0x06 && answer[5] === 0x11 && answer[17] === 0;
    if (isOpenSessionResponse) this.#remember(answer.readUInt32LE(24));
    const isChallenge = answer[4] === 0x00 && answer[19] === 0x39 && answer[20] === 0;
    if (isChallenge) this.#remember(answer.readUInt32LE(21));
  }

  #remember(...ids: readonly number[]): void {
    this.#ids.push(...ids);
    this.#ids.splice(0, this.#ids.length - 40);
  }
}

function sessionIdOf(datagram: Buffer): number {
  if (datagram[3] !== 0x07) return 0;
  return datagram.readUInt32LE(datagram[4] === 0x06 ? 6 : 9);
}

import type { FirmwareAnswer, FirmwareQuestion } from '../node/firmware.ts';
import type { Clock } from '../support/clock.ts';
import { messageOf } from '../support/errors.ts';
import type { Logger } from '../support/log.ts';
import { within } from '../support/wait.ts';

/** Tells firmware what to boot. */
export type FirmwareAsks = (question: FirmwareQuestion) => Promise<FirmwareAnswer | undefined>;

/** What came of a question: `failed` when nobody could say in time. */
export type FirmwareReply = FirmwareAnswer | 'unknown' | 'failed';

/** How long the one who knows may take. A firmware that gave up on its first try meanwhile waits for the same answer. */
export const firmwarePatience = 2_000;

/** Puts the questions of firmware to the one who knows; a machine is never kept waiting for long, and tries of one question are one. */
export class FirmwareDesk {
  readonly #asks: FirmwareAsks;
  readonly #clock: Clock;
  readonly #log: Logger;
  /** One a card at most: a new boot forgets what is still open from the last one. */
  readonly #open = new Map<string, { boot: string; reply: Promise<FirmwareReply> }>();

  constructor(asks: FirmwareAsks, clock: Clock, log: Logger) {
    this.#asks = asks;
    this.#clock = clock;
    this.#log = log;
  }

  ask(question: FirmwareQuestion): Promise<FirmwareReply> {
    const { mac, boot } = question;
    const open = this.#open.get(mac);
    if (open?.boot === boot) return open.reply;
    const answer = Promise.resolve().then(() => this.#asks(question));
    const entry = { boot, reply: this.#wait(question, answer) };
    this.#open.set(mac, entry);
    const close = () => {
      if (this.#open.get(mac) === entry) this.#open.delete(mac);
    };
    answer.then(close, close);
    return entry.reply;
  }

  async #wait(
    question: FirmwareQuestion,
    answer: Promise<FirmwareAnswer | undefined>,
  ): Promise<FirmwareReply> {
    try {
      const late = () => new Error(`no answer within ${firmwarePatience} ms`);
      return (await within(this.#clock, firmwarePatience, answer, late)) ?? 'unknown';
    } catch (error) {
      this.#log.error({ ...question, error: messageOf(error) }, 'what this machine shall boot is not known');
      return 'failed';
    }
  }
}

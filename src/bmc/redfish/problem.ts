import type { Message } from './message.ts';

/** A request that is refused: an HTTP status with messages of the registries. @see DSP0266 §8.6 (error responses) */
export class RedfishProblem extends Error {
  readonly status: number;
  /** The first one is the most telling. */
  readonly messages: readonly [Message, ...Message[]];
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    messages: Message | readonly [Message, ...Message[]],
    headers: Readonly<Record<string, string>> = {},
  ) {
    const all: readonly [Message, ...Message[]] = 'MessageId' in messages ? [messages] : messages;
    super(all[0].Message);
    this.name = 'RedfishProblem';
    this.status = status;
    this.messages = all;
    this.headers = headers;
  }
}

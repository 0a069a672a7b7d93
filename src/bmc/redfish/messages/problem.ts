import { type Message, message, withReason } from './message.ts';

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

/** Seconds after which a client may try again what cannot be done just now. */
const retryAfter = 5;

/**
 * Not now. Ironic's client tries a request again that is not a GET only when the text of the error holds `SYS518`, by
 * which one vendor's controllers say so.
 */
export function busy(reason: string): RedfishProblem {
  const told = message('Base.ServiceTemporarilyUnavailable', [retryAfter]);
  return new RedfishProblem(503, withReason(told, `${reason} (SYS518)`), {
    'Retry-After': String(retryAfter),
  });
}

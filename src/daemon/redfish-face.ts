import { type RedfishAnswered, RedfishApi } from '../bmc/redfish/api.ts';
import type { RequestHandler } from '../bmc/redfish/http/http-server.ts';
import { message } from '../bmc/redfish/messages/message.ts';
import { busy, RedfishProblem } from '../bmc/redfish/messages/problem.ts';
import { errorAnswer } from '../bmc/redfish/protocol/answers.ts';
import type { RedfishRequest, RedfishResponse } from '../bmc/redfish/protocol/request.ts';
import type { Clock } from '../support/clock.ts';
import { messageOf } from '../support/errors.ts';
import type { Logger } from '../support/log.ts';
import type { Service } from './redfish-service.ts';

/** Milliseconds for which a controller that starts anew answers nothing. */
const restartTime = 1_500;

/** What a {@link RedfishFace} works with. */
export interface FaceSurroundings {
  readonly clock: Clock;
  readonly log: Logger;
  /** Hears of each request when it has been answered. */
  readonly onAnswer?: ((answered: RedfishAnswered) => void) | undefined;
}

/** A Redfish service as requests reach it: made when the first one comes, since most of a thousand nodes are never asked. */
export class RedfishFace implements RequestHandler, AsyncDisposable {
  readonly #open: () => Promise<Service>;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #onAnswer: FaceSurroundings['onAnswer'];
  #opening: Promise<void> | undefined;
  #service: Service | undefined;
  #api: RedfishApi | undefined;
  #deafUntil = 0;
  #closed = false;

  constructor(open: () => Promise<Service>, { clock, log, onAnswer }: FaceSurroundings) {
    this.#open = open;
    this.#clock = clock;
    this.#log = log;
    this.#onAnswer = onAnswer;
  }

  /** The service, if somebody has asked for it. */
  get service(): Service | undefined {
    return this.#service;
  }

  /** Makes the service, if it is not there yet. */
  start(): Promise<void> {
    this.#opening ??= this.#start();
    return this.#opening;
  }

  async handle(request: RedfishRequest): Promise<RedfishResponse> {
    try {
      await this.start();
    } catch (error) {
      this.#log.error({ error: messageOf(error) }, 'a Redfish service could not be made');
      return errorAnswer(new RedfishProblem(500, message('Base.InternalError')));
    }
    if (!this.#api || this.#closed || this.#clock.now() < this.#deafUntil) {
      return errorAnswer(busy('The controller is being restarted.'));
    }
    return this.#api.handle(request);
  }

  /** As a controller that starts anew: sessions end, and for a moment there is no answer. */
  restart(): void {
    this.#deafUntil = this.#clock.now() + restartTime;
    this.#service?.sessions.closeOf();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    await this.#opening?.catch(() => undefined);
    this.#service?.[Symbol.dispose]();
  }

  async #start(): Promise<void> {
    try {
      this.#service = await this.#open();
      this.#api = new RedfishApi(this.#service);
      this.#api.onAnswer = this.#onAnswer;
    } catch (error) {
      // What could not be made, the next request tries again.
      this.#opening = undefined;
      throw error;
    }
  }
}

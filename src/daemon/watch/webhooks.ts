import { createHmac } from 'node:crypto';
import type { WebhookDefinition } from '../../lab/definition.ts';
import { BoundedQueue } from '../../support/bounded-queue.ts';
import type { Clock } from '../../support/clock.ts';
import { messageOf } from '../../support/errors.ts';
import type { HttpPoster } from '../../support/http-poster.ts';
import type { Logger } from '../../support/log.ts';
import { Outbox } from '../../support/outbox.ts';
import { isAtLeast, type Notice, type NoticeSink, noticeJson } from './notice.ts';

/** How many notices wait for one receiver. */
const capacity = 256;

/** Milliseconds before the second attempt, and the longest pause. */
const firstPause = 1_000;
const longestPause = 300_000;

/** How often one notice is tried: within 40 minutes. */
const mostAttempts = 16;

/** What webhooks work with. */
export interface WebhookParts {
  readonly clock: Clock;
  readonly log: Logger;
  readonly poster: Pick<HttpPoster, 'post'>;
  /** From 0 to 1. */
  readonly random: () => number;
}

/**
 * Posts notices to one receiver, in order, each until it is taken: signed, so that the receiver knows whose they are.
 * @see https://www.standardwebhooks.com
 */
export class Webhook implements NoticeSink {
  readonly #definition: WebhookDefinition;
  readonly #parts: WebhookParts;
  readonly #outbox: Outbox<Notice>;

  constructor(definition: WebhookDefinition, parts: WebhookParts) {
    this.#definition = definition;
    this.#parts = parts;
    const { clock, log, random } = parts;
    const receiver = new URL(definition.url).host;
    this.#outbox = new Outbox({
      clock,
      queue: new BoundedQueue<Notice>(capacity, lossBefore),
      send: (notices, signal) => this.#post(notices, signal),
      onFailure: error => log.info({ receiver, error: messageOf(error) }, 'a webhook was not taken'),
      pause: failures => {
        if (failures >= mostAttempts) return undefined;
        // Receivers that were down are not all asked at the same moment.
        return Math.min(firstPause * 2 ** (failures - 1), longestPause) * (0.5 + random() / 2);
      },
      giveUp: () => {
        log.warn({ receiver }, 'a webhook was given up');
        return 'skip';
      },
    });
  }

  offer(notice: Notice): void {
    if (isAtLeast(notice, this.#definition.severity)) this.#outbox.offer(notice);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#outbox.stop();
  }

  async #post(notices: readonly Notice[], signal: AbortSignal): Promise<void> {
    const { url, secret, verifyCertificate } = this.#definition;
    for (const notice of notices) {
      const body = noticeJson(notice);
      const seconds = Math.floor(this.#parts.clock.now() / 1000);
      const headers = {
        'webhook-id': notice.id,
        'webhook-timestamp': String(seconds),
        ...(secret !== undefined && {
          'webhook-signature': webhookSignature(secret, notice.id, seconds, body),
        }),
      };
      await this.#parts.poster.post({ url, headers, verifyCertificate, body }, signal);
    }
  }
}

/**
 * What shows that whoever knows the secret has sent this, and when.
 * @param secret - `whsec_` and base64, or any text
 * @param seconds - since the epoch
 */
export function webhookSignature(secret: string, id: string, seconds: number, body: string): string {
  const key = secret.startsWith('whsec_') ? Buffer.from(secret.slice(6), 'base64') : Buffer.from(secret);
  return `v1,${createHmac('sha256', key).update(`${id}.${seconds}.${body}`).digest('base64')}`;
}

function lossBefore({ id, at, lab, node }: Notice): Notice {
  const message = 'events before this one were lost: the receiver took none for too long';
  return { id: `${id}-lost`, at, lab, node, kind: 'events-lost', severity: 'warning', message };
}

import { createSocket, type Socket } from 'node:dgram';
import { petEnterprise, petVariable, platformEventTrap } from '../../bmc/ipmi/pet.ts';
import type { TrapDefinition } from '../../lab/definition.ts';
import type { Clock } from '../../support/clock.ts';
import { messageOf } from '../../support/errors.ts';
import type { Logger } from '../../support/log.ts';
import { isAtLeast, type Notice, type NoticeSink } from './notice.ts';
import { snmpTrap } from './traps-pdu.ts';

/** What a trap tells of a node besides the event. */
export interface TrapSubject {
  readonly uuid: string;
  /** IPv4 address of its BMC. */
  readonly address: string;
}

/** What traps are sent with. */
export interface TrapParts {
  readonly clock: Clock;
  readonly log: Logger;
  /** `undefined`: there is no such node. */
  readonly subject: (node: string) => TrapSubject | undefined;
}

/**
 * Sends entries of event logs to one receiver as platform event traps. Nobody acknowledges them: one that is lost is lost.
 */
export class Traps implements NoticeSink {
  readonly #definition: TrapDefinition;
  readonly #parts: TrapParts;
  readonly #socket: Socket;
  readonly #startedAt: number;
  #sequence = 0;

  constructor(definition: TrapDefinition, parts: TrapParts) {
    this.#definition = definition;
    this.#parts = parts;
    this.#startedAt = parts.clock.now();
    this.#socket = createSocket('udp4');
    this.#socket.on('error', error => this.#failed(error));
    this.#socket.unref();
  }

  offer(notice: Notice): void {
    const { severity, community, address, port } = this.#definition;
    const { clock, subject } = this.#parts;
    const about = subject(notice.node);
    if (!about || !notice.entry || !isAtLeast(notice, severity)) return;
    const event = platformEventTrap(notice.entry, about.uuid, ++this.#sequence);
    if (!event) return;
    const datagram = snmpTrap({
      community,
      enterprise: petEnterprise,
      agent: about.address,
      specificTrap: event.specificTrap,
      uptime: clock.now() - this.#startedAt,
      variable: { name: petVariable, value: event.fields },
    });
    this.#socket.send(datagram, port, address, error => {
      if (error) this.#failed(error);
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return new Promise(resolve => this.#socket.close(() => resolve()));
  }

  #failed(error: Error): void {
    const { address, port } = this.#definition;
    this.#parts.log.info({ receiver: `${address}:${port}`, error: messageOf(error) }, 'a trap was not sent');
  }
}

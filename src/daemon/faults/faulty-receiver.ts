import type { Receiver } from '../../bmc/ipmi/ipmi-server.ts';
import type { Remote, Send } from '../../bmc/ipmi/session.ts';
import { sessionRefusal } from '../../bmc/ipmi/session-refusal.ts';
import type { FaultView, LiveFault } from '../../faults/faults.ts';
import type { Clock } from '../../support/clock.ts';
import { whenOver } from './passing.ts';

/** Milliseconds by which a datagram that others overtake is late: longer than a client takes from an answer to its next request. */
const overtaken = 250;

/** Datagrams that are held back at a time: what a real network's buffers would not hold is lost. */
const mostHeld = 1024;

/** A BMC's IPMI face as faults let datagrams reach it. */
export class FaultyReceiver implements Receiver {
  readonly #receiver: Receiver;
  readonly #view: FaultView;
  readonly #clock: Clock;
  #held = 0;

  constructor(receiver: Receiver, view: FaultView, clock: Clock) {
    this.#receiver = receiver;
    this.#view = view;
    this.#clock = clock;
  }

  receive(datagram: Buffer, remote: Remote, send: Send): void {
    if (this.#view.live.length === 0) {
      this.#receiver.receive(datagram, remote, send);
      return;
    }
    const unreachable = this.#view.find('bmc-unreachable');
    if (unreachable) {
      unreachable.felt();
      return;
    }
    const answer: Send = (bytes, to) => this.#carry(bytes, carried => send(carried, to));
    this.#carry(datagram, carried => this.#takeInTime(carried, remote, answer));
  }

  /** Over a network that may lose a datagram, double it or let others overtake it. */
  #carry(datagram: Buffer, deliver: (datagram: Buffer) => void): void {
    const lossy = this.#view.find('bmc-lossy');
    if (!lossy) {
      deliver(datagram);
      return;
    }
    const { loss, duplicate, reorder } = lossy.fault;
    // As many draws for each datagram, so that one setting does not change what another one does.
    const [lost, doubled, late] = [
      lossy.chance() < loss,
      lossy.chance() < duplicate,
      lossy.chance() < reorder,
    ];
    if (lost || doubled || late) lossy.felt();
    if (lost) return;
    // Whoever takes a datagram may write into it.
    if (doubled) deliver(Buffer.from(datagram));
    if (late) this.#later(lossy, overtaken, () => deliver(datagram));
    else deliver(datagram);
  }

  #takeInTime(datagram: Buffer, remote: Remote, send: Send): void {
    const slow = this.#view.find('bmc-slow');
    if (!slow) {
      this.#take(datagram, remote, send);
      return;
    }
    slow.felt();
    const { delay, jitter } = slow.fault;
    this.#later(slow, delay + jitter * slow.chance(), () => this.#take(datagram, remote, send));
  }

  #take(datagram: Buffer, remote: Remote, send: Send): void {
    const exhausted = this.#view.find('sessions-exhausted');
    const refusal = exhausted && sessionRefusal(datagram);
    if (refusal) {
      exhausted.felt();
      send(refusal, remote);
    } else this.#receiver.receive(datagram, remote, send);
  }

  /** What a fault holds back arrives when that is lifted. */
  #later(fault: LiveFault, milliseconds: number, work: () => void): void {
    if (this.#held >= mostHeld) return;
    this.#held++;
    whenOver(this.#view, fault, this.#clock, milliseconds, () => {
      this.#held--;
      work();
    });
  }
}
